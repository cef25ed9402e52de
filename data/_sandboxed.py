"""The process behind `hatang.data.sandbox`: it loads the program once and forks a worker for each file, which it confines first.

What few files need is loaded with the first that may need it (`hatang.data._readinglibraries`).

Never imported by the program; started as `python -I -m hatang.data._sandboxed HANDLE`, with one thread and a clean environment. It holds
no file, no key and no connection but the socket on which it is asked. For each request there are two processes: a worker, which gives up
everything it does not need before it opens the file, and a watcher, which ends the worker when its time is up or nobody waits any more.
Both live for one file.
"""

import gc
import json
import os
import resource
import select
import signal
import socket
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from errno import EFBIG
from functools import partial
from pathlib import Path
from typing import Any, Final

import pyogrio

from hatang.data._confinement import LAYERS, confine, die_with_parent
from hatang.data._drivers import RASTER_DRIVERS, VECTOR_DRIVERS
from hatang.data._errors import HatangError, RefusedError
from hatang.data._readinglibraries import Watchman, load
from hatang.data._registerbundle import write_register
from hatang.data._sourcetable import write_cells
from hatang.data.contracts import BoundarySource, Kind
from hatang.data.limits import Limits
from hatang.data.reading import ReadOptions, cells_of, read, recognise, sample_of
from hatang.data.registerfile import read_register
from hatang.data.wardfile import read_boundaries

_REQUEST_BYTES: Final = 1 << 20
_ANSWER_BYTES: Final = 1 << 28
_BLOCK: Final = 1 << 16
_NEAR_BYTES: Final = 1 << 25


def main() -> int:
    """Answer requests until nobody holds the other end."""
    control = socket.socket(fileno=int(sys.argv[1]))
    strange = set(pyogrio.list_drivers()) - VECTOR_DRIVERS - RASTER_DRIVERS
    if strange:
        sys.stderr.write(f"drivers beyond the list: {sorted(strange)}\n")
        return 3
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        message, handles, _, _ = socket.recv_fds(control, 1, 1)
        if not message:
            return 0
        load(message)
        if os.fork() == 0:
            control.close()
            _ended(partial(_watch, handles[0]))
        for handle in handles:
            os.close(handle)


def _ended(work: Callable[[], None]) -> None:
    """Do the work of a forked process and end it, whatever happens."""
    try:
        work()
    finally:
        os._exit(0)


def _watch(handle: int) -> None:
    """Have one request answered by a worker; end it when its time is up or the other end is closed."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    asked = socket.socket(fileno=handle)
    text = b""
    while not text.endswith(b"\n"):
        block = asked.recv(_BLOCK)
        if not block or len(text) > _REQUEST_BYTES:
            return
        text += block
    request = json.loads(text)
    start = time.monotonic()
    answer, into = os.pipe()
    worker = os.fork()
    if worker == 0:
        os.close(answer)
        os.close(asked.detach())
        _ended(lambda: _work(request, into))
    os.close(into)
    said, late = _heard(answer, asked, start + request["limits"]["wall_s"])
    with suppress(ProcessLookupError):
        os.kill(worker, signal.SIGKILL)
    _, status, usage = os.wait4(worker, 0)
    heading = {
        "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) and said is None else 0,
        "late": late,
        "seconds": time.monotonic() - start,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss / 1024,
    }
    with suppress(BrokenPipeError):
        asked.sendall(json.dumps(heading).encode() + b"\n" + (said or b""))


def _heard(answer: int, asked: socket.socket, deadline: float) -> tuple[bytes | None, bool]:
    """Return what a worker says until it ends, None where it was cut off, and whether its time was up."""
    said = bytearray()
    while (left := deadline - time.monotonic()) > 0:
        ready, _, _ = select.select([answer, asked.fileno()], [], [], left)
        if asked.fileno() in ready:  # nothing more is ever sent on it: it was closed
            return None, False
        if answer in ready:
            block = os.read(answer, _BLOCK)
            if not block:
                return (bytes(said[:-1]), False) if said.endswith(b"\n") else (None, False)
            said += block
            if len(said) > _ANSWER_BYTES:
                return None, False
    return None, True


def _work(request: Mapping[str, Any], into: int) -> None:
    """Confine this process, do what is asked, and say what came of it."""
    die_with_parent()
    gc.disable()  # the process ends with its file; looking through millions of cells for cycles takes a third of the time
    os.setsid()
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    limits = Limits(**request["limits"])
    folder = Path(request["folder"])
    tempfile.tempdir = str(folder)
    os.environ["TMPDIR"] = str(folder)
    written_bytes = min(2 * limits.file_mb << 20, request["quota_bytes"])
    layers = confine(folder, [Path(path) for path in request["readable"]], limits, written_bytes, layers=request.get("layers", LAYERS))
    answer: dict[str, Any] = {"layers": layers}
    watchman = Watchman()
    try:
        answer["value"] = _CALLS[request["call"]](request, limits)
    except MemoryError:
        answer["exhausted"] = "memory"
    except RefusedError as error:
        answer["refused"] = {
            "message_id": error.message_id,
            "fields": error.fields,
            "faults": [fault.as_dict() for fault in error.faults],
        }
    except OSError as error:
        answer["os_error"] = {"errno": error.errno, "reason": error.strerror or str(error)}
        if error.errno == EFBIG and written_bytes < request["quota_bytes"]:
            answer = {"layers": layers, "exhausted": "file"}
        elif isinstance(error, HatangError):
            raise
    except Exception as error:  # noqa: BLE001 - whatever a library makes of a broken file ends here, in a process that ends
        answer["broken"] = {"what": f"{type(error).__name__}: {error}"[:200], "trace": traceback.format_exc()[-4000:]}
    if "value" not in answer and _is_full():
        answer = {"layers": layers, "exhausted": "memory"}
    if watchman.missed is not None:
        answer = {"layers": layers, "unready": watchman.missed}
    with os.fdopen(into, "wb") as pipe:
        pipe.write(json.dumps(answer, default=str).encode() + b"\n")


def _is_full() -> bool:
    """Return whether this process once came near its bound of memory: libraries then fail in words of their own."""
    bound = resource.getrlimit(resource.RLIMIT_AS)[0]
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return False
    peak_kb = int(status.partition("VmPeak:")[2].split()[0])
    return bound != resource.RLIM_INFINITY and (peak_kb << 10) + _NEAR_BYTES > bound


def _options(request: Mapping[str, Any], limits: Limits) -> ReadOptions:
    stated = dict(request["options"])
    mapping = stated.pop("mapping")
    return ReadOptions(**stated, mapping=None if mapping is None else Path(mapping), limits=limits)


def _read(request: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
    outcome = read(Path(request["source"]), Path(request["target"]), Kind(request["kind"]), _options(request, limits))
    return {
        "kind": outcome.kind,
        "rows_in": outcome.rows_in,
        "rows_kept": outcome.rows_kept,
        "rows_refused": outcome.rows_refused,
        "repairs": dict(outcome.repairs),
        "faults": [fault.as_dict() for fault in outcome.faults],
        "period": outcome.period,
        "parts": outcome.kept.parts,
        "runs": outcome.kept.runs,
    }


def _recognise(request: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
    return {"kind": recognise(Path(request["source"]), _options(request, limits))}


def _cells(request: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
    look = sample_of if request["sample"] else cells_of
    table = look(Path(request["source"]), _options(request, limits))
    if table is not None:
        write_cells(table, Path(request["target"]))
    return {"lost": None if table is None else table.lost}


def _boundaries(request: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
    frame, faults = read_boundaries(Path(request["source"]), source=BoundarySource(request["boundary_source"]), limits=limits)
    frame.to_parquet(request["target"], index=False)
    return {"faults": [fault.as_dict() for fault in faults]}


def _register(request: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
    write_register(*read_register(Path(request["source"]), limits, request["crs"]), Path(request["target"]))
    return {}


def _probe(request: Mapping[str, Any], _: Limits) -> dict[str, Any]:
    """Try what no reader may do, on files and an address that the request names, and say what came of each."""
    import pyarrow as pa  # noqa: PLC0415 - its open goes past Python and so past the audit hook
    import rasterio  # noqa: PLC0415 - not every reading needs it

    outside, port = request["outside"], request["port"]

    def connect() -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            pass

    def fork() -> None:
        if os.fork() == 0:
            os._exit(0)

    attempts: dict[str, Callable[[], Any]] = {
        "read": lambda: Path(outside).read_bytes(),
        "read_by_library": lambda: pa.OSFile(outside).read(1),
        "write": lambda: Path(outside + ".new").write_bytes(b""),
        "change": lambda: Path(outside).chmod(0o600),
        "connect": connect,
        "fork": fork,
        "signal": lambda: os.kill(request["process"], 0),
        "memory": lambda: bytearray(
            request["limits"]["memory_mb"] << 21
        ),  # twice the allowance: what was freed since it was set adds to it
    }
    refused = {}
    for name, attempt in attempts.items():
        try:
            attempt()
            refused[name] = False
        except (OSError, MemoryError):
            refused[name] = True
    with rasterio.Env() as environment:
        raster = sorted(environment.drivers())
    return {"refused": refused, "vector_drivers": sorted(pyogrio.list_drivers()), "raster_drivers": raster}


_CALLS: Final[Mapping[str, Callable[[Mapping[str, Any], Limits], dict[str, Any]]]] = {
    "read": _read,
    "recognise": _recognise,
    "cells": _cells,
    "boundaries": _boundaries,
    "register": _register,
    "probe": _probe,
}

if __name__ == "__main__":
    sys.exit(main())
