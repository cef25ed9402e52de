"""Reading apart: each layer holds on its own, what goes wrong is named, and the program goes on."""

import dataclasses
import json
import multiprocessing
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from hatang.data import sandbox
from hatang.data._drivers import RASTER_DRIVERS, VECTOR_DRIVERS, clean_environment
from hatang.data._seccomp import filter_program
from hatang.data.contracts import BoundarySource, CancelledError, Kind, ParameterError, RefusedError, StoreError
from hatang.data.facts import ward_facts
from hatang.data.limits import Limits
from hatang.data.reading import ReadOptions, read, recognise
from hatang.data.sandbox import Cost, boundaries_apart, read_apart, recognise_apart, sandbox_report
from hatang.data.settings import Settings

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="these layers are Linux's")
NORMAL = Limits()


def write_log(path: Path, rows: int = 40) -> Path:
    """Write raw tests round Ngọ Môn."""
    random = np.random.default_rng(1)
    pd.DataFrame(
        {
            "time": pd.date_range("2026-08-01", periods=rows, freq="7s").strftime("%Y-%m-%d %H:%M:%S"),
            "lon": random.uniform(107.570, 107.585, rows).round(6),
            "lat": random.uniform(16.462, 16.472, rows).round(6),
            "operator": "viettel",
            "technology": "4g",
            "environment": "outdoor",
            "rsrp_dbm": random.integers(-120, -70, rows),
            "device_id": [f"d{n % 5}" for n in range(rows)],
        }
    ).to_csv(path, index=False)
    return path


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return write_log(tmp_path / "log.csv")


@pytest.fixture(scope="session")
def large_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_log(tmp_path_factory.mktemp("large") / "large.csv", 400_000)


def options(**limits: int) -> ReadOptions:
    return ReadOptions(limits=dataclasses.replace(NORMAL, **limits))


def code_of(work: Callable[[], object]) -> str:
    with pytest.raises(RefusedError) as caught:
        work()
    return caught.value.faults[0].code


def workers() -> list[int]:
    """Return the processes that read a file now: children of the children of the process that waits for requests."""
    host = sandbox._HOST._process
    assert host is not None

    def children(process: int) -> list[int]:
        try:
            return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
        except OSError:
            return []

    return [worker for watcher in children(host.pid) for worker in children(watcher)]


def gone(process: int) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if not Path(f"/proc/{process}").exists():
            return True
        time.sleep(0.02)
    return False


# What comes out ------------------------------------------------------------------------------------------------------------------------


def test_a_file_read_apart_is_read_alike(log: Path, tmp_path: Path) -> None:
    costs: list[Cost] = []
    apart = read_apart(log, tmp_path / "apart.arrow", Kind.AUTO, ReadOptions(operator="viettel"), note=costs.append)
    assert apart == read(log, tmp_path / "here.arrow", Kind.AUTO, ReadOptions(operator="viettel"))
    assert (tmp_path / "apart.arrow").read_bytes() == (tmp_path / "here.arrow").read_bytes()
    assert recognise_apart(log, ReadOptions()) is recognise(log, ReadOptions()) is Kind.MEASUREMENTS
    assert 0 < costs[0].seconds < NORMAL.wall_s
    assert sorted(path.name for path in tmp_path.iterdir()) == ["apart.arrow", "here.arrow", "log.csv"]


@pytest.mark.parametrize("suffix", ["gpkg", "geojson", "fgb", "parquet", "shp"])
def test_layers_read_apart_are_read_alike(tmp_path: Path, suffix: str) -> None:
    frame = gpd.GeoDataFrame(
        {"operator": ["vnpt"] * 2, "technology": ["4g"] * 2},
        geometry=[shapely.box(107.5, 16.3, 107.6, 16.4), shapely.box(107.6, 16.3, 107.7, 16.4)],
        crs="EPSG:4326",
    )
    path = tmp_path / f"claims.{suffix}"
    frame.to_parquet(path) if suffix == "parquet" else frame.to_file(path)
    apart = read_apart(path, tmp_path / "apart.arrow", Kind.CLAIMS, ReadOptions())
    assert apart == read(path, tmp_path / "here.arrow", Kind.CLAIMS, ReadOptions())
    assert (tmp_path / "apart.arrow").read_bytes() == (tmp_path / "here.arrow").read_bytes()


def test_a_refusal_comes_out_with_every_fault(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("colour,price\nred,3\n", "utf-8")
    with pytest.raises(RefusedError) as here:
        read(path, tmp_path / "x.arrow", Kind.SITES, ReadOptions())
    with pytest.raises(RefusedError) as apart:
        read_apart(path, tmp_path / "x.arrow", Kind.SITES, ReadOptions())
    assert apart.value.faults == here.value.faults
    assert (apart.value.message_id, apart.value.fields) == (here.value.message_id, here.value.fields)
    assert not (tmp_path / "x.arrow").exists()


def test_a_mapping_is_read_apart_too(log: Path, tmp_path: Path) -> None:
    mapping = tmp_path / "m.yaml"
    mapping.write_text("constants: {environment: in_vehicle}\n", "utf-8")
    assert read_apart(log, tmp_path / "x.arrow", Kind.MEASUREMENTS, ReadOptions(mapping=mapping)).rows_kept == 40


def test_boundaries_are_read_apart(tmp_path: Path) -> None:
    facts = ward_facts()
    boxes = [shapely.box(107 + 0.01 * n, 16, 107.01 + 0.01 * n, 16.1) for n in range(len(facts))]
    path = tmp_path / "wards.gpkg"
    gpd.GeoDataFrame(facts[["ward_code", "ward_name"]], geometry=boxes, crs="EPSG:4326").to_file(path)
    wards, faults = boundaries_apart(path, origin=BoundarySource.CITY, limits=NORMAL)
    assert list(wards["ward_code"]) == sorted(facts["ward_code"])
    assert "boundaries_area" in [fault.code for fault in faults]
    assert code_of(lambda: boundaries_apart(tmp_path / "no.gpkg", origin=BoundarySource.CITY, limits=NORMAL)) == "boundaries_no_file"


# What holds ----------------------------------------------------------------------------------------------------------------------------


@LINUX
def test_every_trial_is_refused_on_this_machine() -> None:
    report = sandbox_report()
    assert report.refused == dict.fromkeys(report.refused, True)
    assert report.tight
    assert report.layers["limits"] == report.layers["audit"] == "on"
    assert set(report.vector_drivers) <= VECTOR_DRIVERS
    assert set(report.raster_drivers) <= RASTER_DRIVERS | VECTOR_DRIVERS


PROBE = """
import json, os, socket, sys
from pathlib import Path
import pyogrio
import pyarrow as pa
from hatang.data._confinement import confine
from hatang.data.limits import Limits

layer, folder, outside, link, port, parent = sys.argv[1:]
child = os.fork()  # a fork has one thread, without which no process may leave its namespaces
if child:
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
report = confine(Path(folder), [], Limits(memory_mb=512), 1 << 20, layers=[layer])

def connected(): socket.create_connection(("127.0.0.1", int(port)), timeout=1).close()
def forked():
    if os.fork() == 0: os._exit(0)
def written(): Path("big").write_bytes(bytes(2 << 20))
def library_connects(): pyogrio.read_info(f"/vsicurl/http://127.0.0.1:{port}/x.geojson")

trials = {
    "read": lambda: Path(outside).read_bytes(),
    "library_reads": lambda: pa.OSFile(outside).read(1),
    "link": lambda: pyogrio.read_info(link),
    "write": lambda: Path(outside + ".new").write_bytes(b"x"),
    "connect": connected,
    "fork": forked,
    "signal": lambda: os.kill(int(parent), 0),
    "memory": lambda: bytearray(1 << 30),
    "file": written,
    "chmod": lambda: os.chmod(outside, 0o600),
}
done = []
for name, trial in trials.items():
    try:
        trial()
        done.append(name)
    except (OSError, MemoryError, pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError):
        pass
Path("own").write_text("x"); Path("own").rename("mine"); Path("mine").unlink()  # its own folder stays its own
print(json.dumps([report, done]))
"""


@pytest.fixture
def server() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@LINUX
@pytest.mark.parametrize(
    ("layer", "refused"),
    [
        ("limits", {"memory", "file"}),
        ("namespace", {"connect"}),
        ("landlock", {"read", "library_reads", "link", "write"}),
        ("syscalls", {"connect", "fork", "signal", "chmod"}),
        ("audit", {"read", "write", "connect", "fork", "signal", "chmod"}),
    ],
)
def test_each_layer_holds_alone(tmp_path: Path, server: int, layer: str, refused: set[str]) -> None:
    # The child has every driver of GDAL: a virtual layer points at a file of the server, and only the layer under test is between them.
    outside, own = tmp_path / "secret.csv", tmp_path / "own"
    outside.write_text("name\nsecret\n")
    own.mkdir()
    link = own / "link.vrt"
    link.write_text(
        f"<OGRVRTDataSource><OGRVRTLayer name='secret'><SrcDataSource>{outside}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
    )
    arguments = [layer, str(own), str(outside), str(link), str(server), str(os.getpid())]
    done = subprocess.run([sys.executable, "-c", PROBE, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    report, passed = json.loads(done.stdout)
    if layer in ("namespace", "landlock", "syscalls") and report[layer] != "on":
        pytest.skip(f"{layer}: {report[layer]}")
    everything = {"read", "library_reads", "link", "write", "connect", "fork", "signal", "memory", "file", "chmod"}
    beside = {"signal", "connect"} if layer == "landlock" else set()  # newer kernels refuse these too
    assert set(passed) | beside == everything - refused


def test_a_machine_without_a_table_of_calls_goes_without_that_layer() -> None:
    with pytest.raises(OSError, match="sparc64"):
        filter_program("sparc64", 1)
    for machine in ("x86_64", "aarch64"):
        assert len(filter_program(machine, 1)) % 8 == 0


def test_nothing_of_the_environment_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HATANG_DATABASE_URL", "postgresql://city:password@db/catalogue")
    monkeypatch.setenv("https_proxy", "http://proxy:3128")
    passed = clean_environment("/nowhere")
    assert not any("password" in value or "proxy:3128" in value for value in passed.values())
    assert {"VRT", "OGR_VRT", "HTTP", "GDALG", "OAPIF", "WMS", "SQLite", "PDF"} <= set(passed["GDAL_SKIP"].split(","))


# What goes wrong -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("bound", "code"), [({"memory_mb": 30}, "file_exhausting"), ({"cpu_s": 1}, "file_exhausting")])
def test_a_file_that_takes_too_much_is_refused(large_log: Path, tmp_path: Path, bound: dict[str, int], code: str) -> None:
    costs: list[Cost] = []
    work = lambda: read_apart(large_log, tmp_path / "x.arrow", Kind.MEASUREMENTS, options(**bound), note=costs.append)  # noqa: E731
    assert code_of(work) == code
    assert costs[0].cpu_s < 2.5
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("ended_by", "code"),
    [
        (signal.SIGSEGV, "file_crash"),
        (signal.SIGABRT, "file_crash"),
        (signal.SIGKILL, "file_exhausting"),
        (signal.SIGSYS, "file_hostile"),
        (signal.SIGSTOP, "file_exhausting"),
    ],
)
def test_a_reader_that_dies_is_named_and_the_next_file_is_read(
    large_log: Path, log: Path, tmp_path: Path, ended_by: signal.Signals, code: str
) -> None:
    def kill() -> None:
        for worker in workers():
            os.kill(worker, ended_by)

    read_apart(log, tmp_path / "x.arrow", Kind.MEASUREMENTS, ReadOptions())  # the host runs
    late = options(wall_s=2) if ended_by is signal.SIGSTOP else ReadOptions()
    assert code_of(lambda: read_apart(large_log, tmp_path / "y.arrow", Kind.MEASUREMENTS, late, heed=kill)) == code
    assert read_apart(log, tmp_path / "x.arrow", Kind.MEASUREMENTS, ReadOptions()).rows_kept == 40


@pytest.mark.parametrize("error", [CancelledError("error.cancelled"), KeyboardInterrupt()])
def test_who_stops_ends_the_reader(large_log: Path, log: Path, tmp_path: Path, error: BaseException) -> None:
    read_apart(log, tmp_path / "x.arrow", Kind.MEASUREMENTS, ReadOptions())
    seen: list[int] = []

    def stop() -> None:
        seen.extend(workers())
        if seen:
            raise error

    with pytest.raises(type(error)):
        read_apart(large_log, tmp_path / "y.arrow", Kind.MEASUREMENTS, ReadOptions(), heed=stop)
    assert all(gone(worker) for worker in seen)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.csv", "x.arrow"]


def test_a_host_that_was_ended_is_started_again(log: Path, tmp_path: Path) -> None:
    read_apart(log, tmp_path / "x.arrow", Kind.MEASUREMENTS, ReadOptions())
    host = sandbox._HOST._process
    assert host is not None
    host.kill()
    host.wait()
    assert read_apart(log, tmp_path / "x.arrow", Kind.MEASUREMENTS, ReadOptions()).rows_kept == 40


def test_a_host_that_cannot_start_is_an_error_of_ours(log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox._HOST.stop()
    monkeypatch.setattr(sys, "executable", "/no/python")
    with pytest.raises(StoreError, match=r"error\.reading\.sandbox"):
        read_apart(log, tmp_path / "x.arrow", Kind.MEASUREMENTS, ReadOptions())


@LINUX
def test_the_host_has_one_thread_so_that_its_forks_are_whole(log: Path, tmp_path: Path) -> None:
    read_apart(log, tmp_path / "x.arrow", Kind.MEASUREMENTS, ReadOptions())
    host = sandbox._HOST._process
    assert host is not None
    assert len(list(Path(f"/proc/{host.pid}/task").iterdir())) == 1


def test_many_at_once(log: Path, tmp_path: Path) -> None:
    def one(place: int) -> bytes:
        read_apart(log, tmp_path / f"{place}.arrow", Kind.MEASUREMENTS, ReadOptions())
        return (tmp_path / f"{place}.arrow").read_bytes()

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(one, range(12)))) == 1


@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_a_fork_asks_the_same_host(log: Path, tmp_path: Path) -> None:
    read_apart(log, tmp_path / "x.arrow", Kind.MEASUREMENTS, ReadOptions())
    host = sandbox._HOST._process
    process = multiprocessing.get_context("fork").Process(
        target=read_apart, args=(log, tmp_path / "y.arrow", Kind.MEASUREMENTS, ReadOptions())
    )
    process.start()
    process.join()
    assert process.exitcode == 0
    assert (tmp_path / "y.arrow").read_bytes() == (tmp_path / "x.arrow").read_bytes()
    assert sandbox._HOST._process is host
    assert host is not None
    assert host.poll() is None


def test_the_host_ends_with_the_program(log: Path, tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from hatang.data import sandbox; from hatang.data.reading import ReadOptions\n"
        "from hatang.data.contracts import Kind\n"
        f"sandbox.read_apart(Path({str(log)!r}), Path({str(tmp_path / 'x.arrow')!r}), Kind.MEASUREMENTS, ReadOptions())\n"
        "print(sandbox._HOST._process.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL
    assert gone(int(done.stdout))


# What a reader that was taken over could say -------------------------------------------------------------------------------------------


def heading(**more: Any) -> dict[str, Any]:
    return {"signal": 0, "late": False, "seconds": 0.1, "cpu_s": 0.1, "peak_mb": 1.0, **more}


GOOD = {"kind": "sites", "rows_in": 1, "rows_kept": 1, "rows_refused": 0, "repairs": {}, "faults": [], "period": None}


@pytest.mark.parametrize(
    "said",
    [
        b"no json",
        b"[]",
        b"{}",
        json.dumps({"value": {}}).encode(),
        json.dumps({"value": {**GOOD, "kind": "nonsense"}}).encode(),
        json.dumps({"value": {**GOOD, "faults": [{"code": "x", "file": "f", "severity": "refused"}]}}).encode(),
        json.dumps({"value": {**GOOD, "faults": [{"code": "file_line", "file": "f", "severity": "refused"}]}}).encode(),  # no limit
        json.dumps({"value": {**GOOD, "faults": [{"code": "file_line", "shell": "rm"}]}}).encode(),
        json.dumps({"value": {**GOOD, "repairs": 3}}).encode(),
        json.dumps({"refused": {"faults": 3}}).encode(),
        json.dumps({"value": GOOD}).encode(),  # and no file
    ],
)
def test_an_answer_that_is_none_is_hostile(log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    monkeypatch.setattr(sandbox, "_heard", lambda *_: (heading(), said))
    assert code_of(lambda: read_apart(log, tmp_path / "x.arrow", Kind.SITES, ReadOptions())) == "file_hostile"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.csv"]


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_what_is_left_must_be_a_plain_file(log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    def heard(request: dict[str, Any], *_: object) -> tuple[dict[str, Any], bytes]:
        made = Path(request["target"])
        {"link": lambda: made.symlink_to("/etc/hostname"), "pipe": lambda: os.mkfifo(made), "folder": made.mkdir}[kind]()
        return heading(), json.dumps({"value": GOOD}).encode()

    monkeypatch.setattr(sandbox, "_heard", heard)
    assert code_of(lambda: read_apart(log, tmp_path / "x.arrow", Kind.SITES, ReadOptions())) == "file_hostile"


def test_without_forks_files_are_read_here_with_a_warning(log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "_CAN_FORK", False)
    with pytest.warns(RuntimeWarning, match="without protection"):
        assert read_apart(log, tmp_path / "x.arrow", Kind.MEASUREMENTS, ReadOptions()).rows_kept == 40


# Limits --------------------------------------------------------------------------------------------------------------------------------


def test_limits_are_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HATANG_LIMITS__MEMORY_MB", "8192")
    assert Settings().limits == dataclasses.replace(NORMAL, memory_mb=8192)
    with pytest.raises(ParameterError, match=r"HATANG_LIMITS__ROWS"):
        Limits(rows=0)


def test_the_program_takes_no_memory_of_a_large_file(large_log: Path, tmp_path: Path) -> None:
    # Only the reader holds the file's 28 MB and what is made of it: the most that this process ever held does not move.
    read_apart(large_log, tmp_path / "x.arrow", Kind.MEASUREMENTS, ReadOptions())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    cost: list[Cost] = []
    read_apart(large_log, tmp_path / "x.arrow", Kind.MEASUREMENTS, ReadOptions(), note=cost.append)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 4_096  # kB
    assert cost[0].peak_mb > 200
    assert threading.active_count() < 20
