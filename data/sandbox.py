"""Files that came from outside are parsed in a process of their own, which can reach nothing but them and is ended when it takes too much.

The first reading starts a process that loads the program once (about a second, meanwhile the caller may go on); each file is then read
by a fork of it, a few hundredths of a second away, that ends with the file. What it may use is `hatang.data.limits`; what it gives up
before it opens the file is `hatang.data._confinement`. What it answers is plain text and one Arrow file, and is itself checked: a parser
that was taken over by a file can say something wrong about that file and nothing else.
"""

import dataclasses
import json
import logging
import os
import select
import shutil
import signal
import socket
import stat
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import geopandas as gpd
import pandas as pd
import shapely

from hatang.data._filetype import PARTS, refused
from hatang.data._readinghost import Host
from hatang.data._readinglibraries import EVERYTHING, expected
from hatang.data._registerbundle import bundled_register
from hatang.data._sourcetable import SourceTable, read_cells
from hatang.data._workeranswers import exhausted, faults_of, outcome_of
from hatang.data.atomic import disk
from hatang.data.contracts import BoundarySource, Fault, Kind, RefusedError, StoreError
from hatang.data.limits import Limits
from hatang.data.reading import ReadOptions, ReadOutcome, cells_of, read, recognise, sample_of
from hatang.data.registerfile import read_register
from hatang.data.wardfile import read_boundaries

__all__ = [
    "Cost",
    "SandboxReport",
    "boundaries_apart",
    "cells_apart",
    "prepare",
    "read_apart",
    "recognise_apart",
    "register_apart",
    "sample_apart",
    "sandbox_report",
]

T = TypeVar("T")
_LOGGER: Final = logging.getLogger(__name__)
_TICK_S: Final = 0.1
_START_S: Final = 60
_HEADING_BYTES: Final = 4_096
_CAN_FORK: Final = hasattr(os, "fork")
_HOST: Final = Host()
_CRASHES: Final = frozenset({signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL})


@dataclass(frozen=True, slots=True)
class Cost:
    """What reading a file took: time on the clock, processor time, and the most memory, of which the program itself has about 100 MB."""

    seconds: float
    cpu_s: float
    peak_mb: float


@dataclass(frozen=True, slots=True)
class SandboxReport:
    """What holds on this machine: each layer with "on" or why it is not, each trial with whether it was refused, and the drivers left."""

    layers: Mapping[str, str]
    refused: Mapping[str, bool]
    vector_drivers: tuple[str, ...]
    raster_drivers: tuple[str, ...]

    @property
    def tight(self) -> bool:
        """Whether every trial was refused."""
        return all(self.refused.values())


def _nothing() -> None:
    pass


def _forget(_: Cost) -> None:
    pass


def read_apart(
    source: Path,
    target: Path,
    kind: Kind,
    options: ReadOptions,
    *,
    heed: Callable[[], object] = _nothing,
    note: Callable[[Cost], object] = _forget,
) -> ReadOutcome:
    """Do what `hatang.data.reading.read` does, in a process apart.

    Parameters
    ----------
    source, target, kind, options
        As for `read`; the limits are those of the options.
    heed
        Called about ten times a second while waiting; what it raises ends the reading.
    note
        Told what the reading took, also where the file was refused.

    Raises
    ------
    RefusedError
        As `read`, and where the file broke the reader, or took more than its limits.
    StoreError
        Where the process cannot be started or the disk refuses.
    """
    if not _CAN_FORK:
        return _unprotected(lambda: read(source, target, kind, options))
    request = {"call": "read", "kind": str(kind), "options": _stated(options)}
    with _workplace(target.parent) as folder:
        made = folder / "table.arrow"
        value = _asked(source, request, folder, options, target=made, heed=heed, note=note)
        outcome = outcome_of(value, source.name)
        _take(made, target, source.name)
    return outcome


def recognise_apart(source: Path, options: ReadOptions, *, heed: Callable[[], object] = _nothing) -> Kind:
    """Do what `hatang.data.reading.recognise` does, in a process apart; raises as `read_apart` does."""
    if not _CAN_FORK:
        return _unprotected(lambda: recognise(source, options))
    with _workplace(None) as folder:
        value = _asked(source, {"call": "recognise", "options": _stated(options)}, folder, options, heed=heed)
    try:
        return Kind(value["kind"])
    except (KeyError, ValueError) as error:
        raise refused(source.name, "file_hostile", found="…") from error


def cells_apart(source: Path, options: ReadOptions) -> SourceTable | None:
    """Do what `hatang.data.reading.cells_of` does, in a process apart; raises as `read_apart` does."""
    if not _CAN_FORK:
        return _unprotected(lambda: cells_of(source, options))
    return _cells(source, options, sample=False)


def sample_apart(source: Path, options: ReadOptions) -> SourceTable | None:
    """Do what `hatang.data.reading.sample_of` does, in a process apart; raises as `read_apart` does."""
    if not _CAN_FORK:
        return _unprotected(lambda: sample_of(source, options))
    return _cells(source, options, sample=True)


def _cells(source: Path, options: ReadOptions, *, sample: bool) -> SourceTable | None:
    """Return the rows of a table, or the first of them, as a worker wrote them."""
    with _workplace(None) as folder:
        made = folder / "cells.arrow"
        value = _asked(source, {"call": "cells", "sample": sample, "options": _stated(options)}, folder, options, target=made)
        if value.get("lost") is None:
            return None
        _check_plain(made, source.name)
        try:
            return read_cells(made, source.name, int(value["lost"]))
        except (TypeError, ValueError) as error:  # Arrow's errors of content are among them
            raise refused(source.name, "file_hostile", found="…") from error


def boundaries_apart(source: Path, *, origin: BoundarySource, limits: Limits) -> tuple[gpd.GeoDataFrame, tuple[Fault, ...]]:
    """Do what `hatang.data.wardfile.read_boundaries` does, in a process apart; raises as `read_apart` does."""
    if not _CAN_FORK:
        return _unprotected(lambda: read_boundaries(source, source=origin, limits=limits))
    options = ReadOptions(limits=limits)
    if not source.is_file():
        return read_boundaries(source, source=origin, limits=limits)  # says so
    with _workplace(None) as folder:
        made = folder / "wards.parquet"
        value = _asked(source, {"call": "boundaries", "boundary_source": str(origin)}, folder, options, target=made)
        faults = faults_of(value.get("faults"), source.name)
        _check_plain(made, source.name)
        return gpd.read_parquet(made), faults


def register_apart(source: Path, limits: Limits, crs: str | None = None) -> tuple[dict[str, pd.DataFrame], gpd.GeoDataFrame]:
    """Do what `hatang.data.registerfile.read_register` does with a file, in a process apart; raises as `read_apart` does."""
    if not _CAN_FORK:
        return _unprotected(lambda: read_register(source, limits, crs))
    with _workplace(None) as folder:
        made = folder / "register.arrow"
        _asked(source, {"call": "register", "crs": crs}, folder, ReadOptions(limits=limits), target=made)
        _check_plain(made, source.name)
        try:
            return bundled_register(made)
        except (TypeError, ValueError, KeyError, AttributeError, OSError, shapely.errors.ShapelyError) as error:
            raise refused(source.name, "file_hostile", found="…") from error


def sandbox_report(limits: Limits | None = None) -> SandboxReport:
    """Have a process apart try what it must not do, and return what came of it.

    Raises
    ------
    StoreError
        Where the process cannot be started.
    """
    limits = limits or Limits()
    options = ReadOptions(limits=limits)
    with _workplace(None) as folder, tempfile.NamedTemporaryFile() as outside, socket.create_server(("127.0.0.1", 0)) as listener:
        outside.write(b"x")
        outside.flush()
        request = {"call": "probe", "outside": outside.name, "port": listener.getsockname()[1], "process": os.getpid()}
        answer = _answered(Path(outside.name), request, folder, options, readable=[])
    if "value" not in answer:
        raise StoreError("error.reading.sandbox", reason=json.dumps(answer)[:200])
    value = answer["value"]
    return SandboxReport(answer["layers"], value["refused"], tuple(value["vector_drivers"]), tuple(value["raster_drivers"]))


def prepare() -> None:
    """Start the process in which files are read, without waiting for it: it loads while the caller does something else."""
    if _CAN_FORK:
        _HOST.start()


def _asked(
    source: Path,
    request: Mapping[str, Any],
    folder: Path,
    options: ReadOptions,
    *,
    target: Path | None = None,
    heed: Callable[[], object] = _nothing,
    note: Callable[[Cost], object] = _forget,
) -> dict[str, Any]:
    """Return what a worker made of a file, or raise what was wrong with it."""
    try:
        if not source.is_file():
            raise refused(source.name, "directory" if source.is_dir() else "file_missing")
    except OSError as cause:  # a name longer than any file's
        raise refused(source.name, "file_missing", found=cause.strerror) from cause
    suffixes = sorted(PARTS.get(source.suffix.casefold(), ()))
    beside = [part for suffix in suffixes for part in (source.with_suffix(suffix), source.with_suffix(suffix.upper())) if part.is_file()]
    mapping = [] if options.mapping is None else [options.mapping]
    readable = [path.absolute() for path in (source, *beside, *mapping)]
    request = {**request, "target": None if target is None else str(target)}
    answer = _answered(source, request, folder, options, readable=readable, heed=heed, note=note)
    try:
        if "value" in answer:
            return dict(answer["value"])
        if "refused" in answer:
            said = answer["refused"]
            fields = {str(name): field for name, field in said["fields"].items()}
            error: Exception = RefusedError(str(said["message_id"]), faults_of(said["faults"], source.name), **fields)
        elif "exhausted" in answer:
            error = exhausted(source.name, str(answer["exhausted"]), options.limits)
        elif "os_error" in answer:
            error = OSError(int(answer["os_error"]["errno"] or 0), str(answer["os_error"]["reason"]))
        else:
            _LOGGER.warning("%s: %s", source.name, answer["broken"]["trace"])
            error = refused(source.name, "file_malformed", found=str(answer["broken"]["what"]))
    except (KeyError, TypeError, ValueError, AttributeError) as cause:
        raise refused(source.name, "file_hostile", found="…") from cause
    raise error


def _answered(
    source: Path,
    request: Mapping[str, Any],
    folder: Path,
    options: ReadOptions,
    *,
    readable: list[Path],
    heed: Callable[[], object] = _nothing,
    note: Callable[[Cost], object] = _forget,
) -> dict[str, Any]:
    """Return a worker's answer, or raise what became of it where it gave none."""
    limits = options.limits
    full = {
        **request,
        "source": str(source.absolute()),
        "folder": str(folder),
        "readable": [str(path) for path in readable],
        "limits": dataclasses.asdict(limits),
        "quota_bytes": _quota_bytes(),
    }
    needed = expected(str(request["call"]), source.name)
    answer = _answer(full, needed, source, limits, heed, note)
    return answer if "unready" not in answer or needed == EVERYTHING else _answer(full, EVERYTHING, source, limits, heed, note)


def _answer(
    request: Mapping[str, Any],
    needed: bytes,
    source: Path,
    limits: Limits,
    heed: Callable[[], object],
    note: Callable[[Cost], object],
) -> dict[str, Any]:
    """Return the answer of one worker, for which `needed` is loaded."""
    heading, said = _heard(request, needed, limits.wall_s + _START_S, heed)
    note(Cost(float(heading["seconds"]), float(heading["cpu_s"]), float(heading["peak_mb"])))
    if heading["late"]:
        raise exhausted(source.name, "time", limits)
    if not said:
        ended = int(heading["signal"])
        _LOGGER.warning("%s: the reader was ended by signal %d", source.name, ended)
        if ended == signal.SIGXCPU:
            raise exhausted(source.name, "time", limits)
        if ended in _CRASHES:
            raise refused(source.name, "file_crash", found=signal.Signals(ended).name)
        if ended == signal.SIGSYS:
            raise refused(source.name, "file_hostile", found=signal.Signals(ended).name)
        raise exhausted(source.name, "memory", limits)
    try:
        answer = json.loads(said)
    except ValueError as error:
        raise refused(source.name, "file_hostile", found="…") from error
    if not isinstance(answer, dict):
        raise refused(source.name, "file_hostile", found="…")
    return answer


def _heard(request: Mapping[str, Any], needed: bytes, patience_s: float, heed: Callable[[], object]) -> tuple[dict[str, Any], bytes]:
    """Return a watcher's heading and what its worker said; leaving this early ends both of them."""
    deadline = time.monotonic() + patience_s
    with _HOST.connect(needed) as connection:
        try:
            connection.sendall(json.dumps(request).encode() + b"\n")
            said = bytearray()
            while time.monotonic() < deadline:
                heed()
                if select.select([connection], [], [], _TICK_S)[0]:
                    block = connection.recv(1 << 20)
                    if not block:
                        break
                    said += block
        except (BrokenPipeError, ConnectionResetError):
            said = bytearray()
    heading, _, rest = bytes(said).partition(b"\n")
    try:
        return dict(json.loads(heading[:_HEADING_BYTES])), rest
    except ValueError as error:
        _HOST.stop()
        raise StoreError("error.reading.sandbox", reason="…") from error


def _quota_bytes() -> int:
    """Return how large a file this process may write: what it has done by others is bound alike."""
    import resource  # noqa: PLC0415 - only on POSIX

    bound = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    return bound if bound != resource.RLIM_INFINITY else sys.maxsize


def _stated(options: ReadOptions) -> dict[str, str | None]:
    """Return options as plain values, but for the limits."""
    said = {field.name: getattr(options, field.name) for field in dataclasses.fields(options) if field.name != "limits"}
    return {**said, "mapping": None if options.mapping is None else str(options.mapping.absolute())}


@contextmanager
def _workplace(beside: Path | None) -> Iterator[Path]:
    """Yield a new folder in which a worker may write, removed at the end."""
    place = beside or Path(tempfile.gettempdir())
    with disk(place):
        folder = Path(tempfile.mkdtemp(prefix="apart-", dir=place)).resolve()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _take(made: Path, target: Path, file: str) -> None:
    """Move what a worker wrote to where it was wanted."""
    _check_plain(made, file)
    with disk(target):
        made.replace(target)


def _check_plain(made: Path, file: str) -> None:
    """Raise unless a worker left a plain file: a link could name another."""
    try:
        plain = stat.S_ISREG(made.lstat().st_mode)
    except OSError:
        plain = False
    if not plain:
        raise refused(file, "file_hostile", found="…")


def _unprotected(work: Callable[[], T]) -> T:
    """Do in this process what should be done apart, and say so."""
    warnings.warn("this system cannot fork: files are read without protection", RuntimeWarning, stacklevel=3)
    return work()
