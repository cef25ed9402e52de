"""Parquet → ward × operator × technology table: ours beside the bare decode and its peers, on the wards in use, with equality checked."""

import importlib.util
import tempfile
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from distributed import LocalCluster

from benchmarks.drawn import write_drawn
from benchmarks.harness import Line, Timing, race
from hatang.coverage.aggregate import aggregate
from hatang.coverage.locate import WardIndex
from hatang.data.contracts import ENGINE_WARD
from hatang.data.settings import Settings
from hatang.data.wards import load_boundaries
from hatang.pipeline.enginecache import engine_file

BY = ["operator", "technology"]
TIMED_ROWS = 1_000_000
"""Below it a run is over in milliseconds, and its ratio to another says nothing: only equality is judged."""
_LIMIT_MB = 300
READ = ["lon", "lat", "rsrp_dbm", *BY, "device_id"]


def aggregate_lines(*, rows: int, runs: int, devices: int = 5_000_000, by: list[str] | None = None) -> list[Line]:
    """Race `aggregate` on `rows` tests against decoding alone, geopandas, and DuckDB where it is installed.

    DuckDB is given the wards stored in an engine file: its own spatial join would take hours. So it is held against ours on that file.
    """
    keys = by or BY
    boundaries = load_boundaries(Settings())
    wards = boundaries.frame
    index = WardIndex.build(wards)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "tests.parquet")
        write_drawn(path, wards, rows=rows, devices=devices)
        laid_out = engine_file(Path(folder), path, "drawn", index)
        aggregate(laid_out, index, by=keys)  # loads the compiled loops: a contender is forked, and would do so in every run
        contenders: dict[str, Callable[[], np.ndarray]] = {
            "hatang": lambda: _numbers(aggregate(path, index, by=keys)),
            "hatang on an engine file": lambda: _numbers(aggregate(laid_out, index, by=keys)),
            "bare decode": lambda: _decoded(path, [*READ, *keys]),
            "geopandas": lambda: _numbers(_by_geopandas(path, wards, keys)),
        }
        if importlib.util.find_spec("duckdb"):
            contenders["duckdb, wards stored"] = lambda: _numbers(_by_duckdb(laid_out, wards, keys))
        timings = race(contenders, runs=runs)
        bounded = race({"peak": lambda: _peak_mb(lambda: aggregate(path, index, by=keys, memory_limit_bytes=_LIMIT_MB * 10**6))}, runs=1)
    peak = float(bounded["peak"].answer[0])
    return [_memory_line(rows, peak), *_lines(f"{rows:,} tests, {boundaries.source}", timings, timed=rows >= TIMED_ROWS)]


def cluster_line(*, rows: int, devices: int = 5_000_000) -> Line:
    """Return the CPU seconds of two workers and the client against those of one process; the table must be the same."""
    boundaries = load_boundaries(Settings())
    index = WardIndex.build(boundaries.frame)
    with tempfile.TemporaryDirectory() as folder, LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster:
        path = Path(folder, "tests.parquet")
        write_drawn(path, boundaries.frame, rows=rows, devices=devices)
        aggregate(path, index, scheduler=cluster)  # every worker loads the compiled loops
        begun = _cpu_s(cluster)
        spread = aggregate(path, index, scheduler=cluster)
        used = _cpu_s(cluster) - begun
        begun = _cpu_s(None)
        alone = aggregate(path, index)
        own = _cpu_s(None) - begun
    same = alone.equals(spread)
    return Line(
        f"aggregate on two workers, {rows:,} tests",
        used,
        "CPU s",
        1.5,
        "hatang on two threads",
        used / own,
        same and (rows < TIMED_ROWS or used <= 1.5 * own),
    )


def _lines(title: str, timings: dict[str, Timing], *, timed: bool) -> list[Line]:
    base, decode = timings["hatang"], timings["bare decode"]
    ratio = base.cpu_s / decode.cpu_s
    lines = [
        Line(f"aggregate, {title}", base.cpu_s, "CPU s", 4.0, "bare decode", ratio, ratio <= 4.0 if timed else None),
    ]
    for name, timing in timings.items():
        if name in {"hatang", "bare decode"}:
            continue
        own = timings["hatang on an engine file"] if name.startswith("duckdb") else base
        differing = _differing(timing.answer, own.answer)
        lines.append(
            Line(f"aggregate: {name}", timing.cpu_s, "CPU s", None, f"{differing} differ", timing.cpu_s / own.cpu_s, differing == 0)
        )
    return lines


def _memory_line(rows: int, peak_mb: float) -> Line:
    name = f"aggregate, {rows:,} tests: memory beyond what the process held"
    return Line(name, peak_mb, "MB", _LIMIT_MB, "the limit set", peak_mb / _LIMIT_MB, peak_mb <= _LIMIT_MB)


def _peak_mb(run: Callable[[], object]) -> np.ndarray:
    """Return the peak of resident memory during a run beyond that before it (Linux)."""
    Path("/proc/self/clear_refs").write_text("5", "ascii")
    before = _resident_mb("VmRSS")
    run()
    return np.array([_resident_mb("VmHWM") - before])


def _resident_mb(name: str) -> float:
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))


def _numbers(table: pd.DataFrame) -> np.ndarray:
    """Return the figures of a table in the order of its keys."""
    return table.select_dtypes("number").to_numpy(np.float64)


def _differing(found: np.ndarray, wanted: np.ndarray) -> int:
    """Count rows that differ; peers interpolate quantiles in another order, so that the last bits of those may."""
    if found.shape != wanted.shape:
        return max(len(found), len(wanted))
    return int((~np.isclose(found, wanted, rtol=1e-12, atol=0)).any(axis=1).sum())


def _decoded(path: Path, columns: list[str]) -> np.ndarray:
    file = pq.ParquetFile(path)
    groups = (file.read_row_group(at, columns=list(dict.fromkeys(columns)), use_threads=False) for at in range(file.num_row_groups))
    return np.array([sum(group.num_rows for group in groups)])


def _by_geopandas(path: Path, wards: gpd.GeoDataFrame, by: list[str]) -> pd.DataFrame:
    tests = pd.read_parquet(path, columns=list(dict.fromkeys([*READ, *by])))
    points = gpd.GeoDataFrame(tests, geometry=gpd.points_from_xy(tests["lon"], tests["lat"]), crs=wards.crs)
    found = gpd.sjoin(points, wards[["ward_code", "geometry"]], predicate="intersects").sort_values("ward_code", kind="stable")
    found = found[~found.index.duplicated()]  # a point on a border is in the ward of the lowest code
    found = found.assign(rsrp_dbm=found["rsrp_dbm"].astype(np.float64), passed=found["rsrp_dbm"] >= -110)
    groups = found.groupby(["ward_code", *by])
    level = groups["rsrp_dbm"]
    columns = {"tests": groups.size(), "devices": groups["device_id"].nunique(), "median": level.median()}
    columns |= {"p10": level.quantile(0.1), "p95": level.quantile(0.95), "share_ge_-110": groups["passed"].mean()}
    return pd.DataFrame(columns).reset_index()


def _by_duckdb(path: Path, wards: gpd.GeoDataFrame, by: list[str]) -> pd.DataFrame:
    import duckdb  # noqa: PLC0415 - a peer that need not be installed

    keys = ", ".join(by)
    level = "rsrp_dbm::DOUBLE"
    codes = wards[["ward_code"]].assign(ward_row=range(len(wards)))
    connection = duckdb.connect(config={"threads": 2})
    connection.register("codes", codes)
    share = f"avg(CASE WHEN {level} >= -110 THEN 1 ELSE 0 END)"
    figures = [f"quantile_cont({level}, {share_below})" for share_below in (0.5, 0.1, 0.95)]
    query = (
        f"SELECT ward_code, {keys}, count(*) AS tests, count(DISTINCT device_id) AS devices, {', '.join(figures)}, {share} AS share "  # noqa: S608
        f"FROM '{path}' JOIN codes USING ({ENGINE_WARD}) GROUP BY ALL ORDER BY ward_code, {keys}"
    )
    found: pd.DataFrame = connection.execute(query).df()
    return found


def _cpu_s(cluster: LocalCluster | None) -> float:
    """Return the CPU seconds of this process, and of the workers of a cluster."""
    from time import process_time  # noqa: PLC0415 - sent to the workers by name

    if cluster is None:
        return process_time()
    with cluster.get_client() as client:
        return process_time() + sum(client.run(process_time).values())
