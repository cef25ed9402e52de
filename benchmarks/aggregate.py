"""Parquet → ward × operator × technology table: ours beside the bare decode and its peers, with equality checked.

Databases get the ward of each test as a column: their own spatial joins would take hours. Ours locates every test all the same.
"""

import importlib.util
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from benchmarks.drawn import write_drawn
from benchmarks.harness import Line, Timing, race
from benchmarks.maps import city
from benchmarks.spark import by_spark, spark_missing
from hatang.coverage.aggregate import aggregate
from hatang.coverage.locate import WardIndex
from hatang.data.contracts import ENGINE_WARD
from hatang.pipeline.enginecache import engine_file

BY = ["operator", "technology"]
TIMED_ROWS = 1_000_000
"""Below it a run is over in milliseconds, and its ratio to another says nothing: only equality is judged."""
READ = ["lon", "lat", "rsrp_dbm", *BY, "device_id"]
_LIMIT_MB = 300
_DECODE_GOAL, _WALL_GOAL_S, _MEMORY_GOAL_MB = 4.0, 20.0, 3_000.0
_PART = 10
"""geopandas gets one test in so many, and ours beside it too: it takes minutes where others take seconds."""
_DUCKDB_MEMORY = "6GB"
"""Twice what ours may take."""
_LAST_BITS = 4
"""Units in the last place by which a quantile may differ from ours: peers interpolate by other formulas."""

Answer = Callable[[], np.ndarray]


def aggregate_lines(*, rows: int, runs: int, devices: int = 5_000_000) -> list[Line]:
    """Race `aggregate` on `rows` tests against decoding alone, numpy, geopandas, and DuckDB and Spark where they are installed."""
    name, wards = city()
    index = WardIndex.build(wards)
    with tempfile.TemporaryDirectory() as folder:
        path, part, few = (Path(folder, f"{name}.parquet") for name in ("tests", "part", "few"))
        for file, count in ((path, rows), (part, rows // _PART), (few, 1_000)):
            write_drawn(file, wards, rows=count, devices=devices, index=index)
        laid_out = engine_file(Path(folder), path, "drawn", index)
        aggregate([few, laid_out], index)  # loads the compiled loops: a contender is forked, and would do so in every run
        contenders: dict[str, Answer] = {
            "hatang": lambda: _numbers(aggregate(path, index)),
            "hatang on an engine file": lambda: _numbers(aggregate(laid_out, index)),
            "bare decode": lambda: _decoded(path, READ),
        }
        slow: dict[str, Answer] = {
            "numpy.quantile of each group": lambda: _numbers(_by_numpy(path, wards, BY)),
        }
        slowest: dict[str, Answer] = {
            "hatang": lambda: _numbers(aggregate(part, index)),
            "geopandas": lambda: _numbers(_by_geopandas(part, wards)),
        }
        if importlib.util.find_spec("duckdb"):
            contenders["DuckDB, wards given"] = lambda: _numbers(_by_duckdb(path, wards, BY))
        missing = spark_missing()
        if missing is None:
            slow |= {
                "Spark, wards given": lambda: _numbers(by_spark(path, wards, BY)),
                "Spark, start": lambda: _numbers(by_spark(few, wards, BY)),
            }
        timings = race(contenders, runs=runs) | race(slow, runs=1)
        slowly = race(slowest, runs=1)
        bounded = race({"hatang": lambda: _numbers(aggregate(path, index, memory_limit_bytes=_LIMIT_MB * 10**6))}, runs=1)["hatang"]
    lines = _lines(f"{rows:,} tests, {name}", timings, timed=rows >= TIMED_ROWS)
    lines.append(_peer_line(f"aggregate: geopandas, {rows // _PART:,} tests", slowly["geopandas"], slowly["hatang"]))
    if missing is not None:
        lines.append(Line("aggregate: Spark, wards given", float("nan"), "CPU s", None, missing, None, None))
    small = f"aggregate, {rows:,} tests: memory where {_LIMIT_MB} MB are allowed"
    same = bool(np.array_equal(bounded.answer, timings["hatang"].answer))
    said = "the limit set; the same table" if same else "the limit set; ANOTHER table"
    held = same and not bounded.peak_mb > _LIMIT_MB
    return [*lines, Line(small, bounded.peak_mb, "MB", _LIMIT_MB, said, None, held, bounded.wall_s)]


def large_lines(*, rows: int, devices: int = 5_000_000) -> list[Line]:
    """Hold wall time and memory of a large aggregation by quarter, on two threads, against the goals and against DuckDB."""
    name, wards = city()
    index, keys = WardIndex.build(wards), [*BY, "quarter"]
    with tempfile.TemporaryDirectory() as folder:
        path, few = Path(folder, "tests.parquet"), Path(folder, "few.parquet")
        write_drawn(path, wards, rows=rows, devices=devices, index=index)
        write_drawn(few, wards, rows=1_000, devices=devices, index=index)
        aggregate(few, index, by=keys)
        contenders: dict[str, Answer] = {"hatang": lambda: _numbers(aggregate(path, index, by=keys))}
        if importlib.util.find_spec("duckdb"):
            contenders["DuckDB"] = lambda: _numbers(_by_duckdb(path, wards, keys))
        timings = race(contenders, runs=1)
    ours = timings["hatang"]
    title = f"aggregate, {rows:,} tests by quarter, {name}"
    lines = [
        Line(f"{title}: wall", ours.wall_s, "s", _WALL_GOAL_S, "2 threads", None, ours.wall_s <= _WALL_GOAL_S, None, ours.peak_mb),
        Line(f"{title}: memory", ours.peak_mb, "MB", _MEMORY_GOAL_MB, "2 threads", None, not ours.peak_mb > _MEMORY_GOAL_MB),
        ours.line(f"{title}: CPU", f"{len(ours.answer):,} groups"),
    ]
    if "DuckDB" in timings:
        lines.append(_peer_line(f"{title}: DuckDB, wards given", timings["DuckDB"], ours))
    return lines


def _lines(title: str, timings: dict[str, Timing], *, timed: bool) -> list[Line]:
    base, ratio = timings["hatang"], timings["hatang"].cpu_s / timings["bare decode"].cpu_s
    held = ratio <= _DECODE_GOAL if timed else None
    decode = f"bare decode of the same columns, {timings['bare decode'].cpu_s:.3g} s"
    lines = [base.line(f"aggregate, {title}", decode, goal=_DECODE_GOAL, ratio=ratio, holds=held)]
    start = timings.pop("Spark, start", None)
    return lines + [
        _peer_line(f"aggregate: {name}", timing, base, start if name.startswith("Spark") else None)
        for name, timing in timings.items()
        if name not in {"hatang", "bare decode"}
    ]


def _peer_line(name: str, timing: Timing, ours: Timing, start: Timing | None = None) -> Line:
    """Return the line of a peer; of its ratio, its start with a thousand tests is taken off."""
    differing, said = _compared(timing.answer, ours.answer)
    if start is None:
        return timing.line(name, said, ratio=timing.cpu_s / ours.cpu_s, holds=differing == 0)
    said += f"; ratio without the {start.cpu_s:.2g} s of its start; memory not measured"
    ratio = max(timing.cpu_s - start.cpu_s, 0.0) / ours.cpu_s
    return replace(timing, peak_mb=float("nan")).line(name, said, ratio=ratio, holds=differing == 0)


def _numbers(table: pd.DataFrame) -> np.ndarray:
    """Return the figures of a table in the order of its keys: tests, devices, three quantiles, one share."""
    return table.select_dtypes("number").to_numpy(np.float64)


def _compared(found: np.ndarray, wanted: np.ndarray) -> tuple[int, str]:
    """Return how many groups differ from ours beyond the last bits of quantiles, and a sentence that says what was compared."""
    if found.shape != wanted.shape:
        return max(len(found), len(wanted)), f"{len(found)} groups instead of {len(wanted)}"
    exact = np.isin(np.arange(found.shape[1]), (0, 1))
    off = np.abs(found - wanted) / np.spacing(np.abs(wanted))
    differing = int(((found != wanted)[:, exact].any(axis=1) | (off > _LAST_BITS).any(axis=1)).sum())
    bits = off[:, ~exact].max(axis=1, initial=0)
    last = int(((bits > 0) & (bits <= _LAST_BITS)).sum())
    said = f"counts, devices, quantiles, shares: {differing} of {len(wanted):,} groups differ"
    return differing, said if last == 0 else f"{said}; {last} by at most {bits.max():.0f} ulp"


def _decoded(path: Path, columns: list[str]) -> np.ndarray:
    file = pq.ParquetFile(path)
    groups = (file.read_row_group(at, columns=columns, use_threads=False) for at in range(file.num_row_groups))
    return np.array([sum(group.num_rows for group in groups)])


def _by_numpy(path: Path, wards: gpd.GeoDataFrame, by: list[str]) -> pd.DataFrame:
    """Return the table by the definition: every group by itself, quantiles by `numpy.quantile`."""
    tests = pd.read_parquet(path, columns=[ENGINE_WARD, "rsrp_dbm", "device_id", *by])
    tests = tests[tests[ENGINE_WARD] >= 0]
    tests["ward_code"] = wards["ward_code"].to_numpy()[tests[ENGINE_WARD]]
    rows = []
    for _, group in tests.groupby(["ward_code", *by]):
        level = group["rsrp_dbm"].to_numpy(np.float64)
        rows.append([len(level), group["device_id"].nunique(), *np.quantile(level, (0.5, 0.1, 0.95)), (level >= -110).mean()])
    return pd.DataFrame(rows)


def _by_geopandas(path: Path, wards: gpd.GeoDataFrame) -> pd.DataFrame:
    tests = pd.read_parquet(path, columns=READ)
    points = gpd.GeoDataFrame(tests, geometry=gpd.points_from_xy(tests["lon"], tests["lat"]), crs=wards.crs)
    found = gpd.sjoin(points, wards[["ward_code", "geometry"]], predicate="intersects").sort_values("ward_code", kind="stable")
    found = found[~found.index.duplicated()]  # a point on a border is in the ward of the lowest code
    found = found.assign(rsrp_dbm=found["rsrp_dbm"].astype(np.float64), passed=found["rsrp_dbm"] >= -110)
    groups = found.groupby(["ward_code", *BY])
    level = groups["rsrp_dbm"]
    columns = {"tests": groups.size(), "devices": groups["device_id"].nunique(), "median": level.median()}
    columns |= {"p10": level.quantile(0.1), "p95": level.quantile(0.95), "share_ge_-110": groups["passed"].mean()}
    return pd.DataFrame(columns).reset_index()


def _by_duckdb(path: Path, wards: gpd.GeoDataFrame, by: list[str]) -> pd.DataFrame:
    import duckdb  # noqa: PLC0415 - a peer that need not be installed

    keys = ", ".join(by)
    level = "rsrp_dbm::DOUBLE"
    codes = wards[["ward_code"]].assign(**{ENGINE_WARD: range(len(wards))})
    connection = duckdb.connect(config={"threads": 2, "memory_limit": _DUCKDB_MEMORY, "temp_directory": str(path.parent / "duckdb")})
    connection.register("codes", codes)
    share = f"avg(CASE WHEN {level} >= -110 THEN 1 ELSE 0 END)"
    figures = [f"quantile_cont({level}, {share_below})" for share_below in (0.5, 0.1, 0.95)]
    query = (
        f"SELECT ward_code, {keys}, count(*) AS tests, count(DISTINCT device_id) AS devices, {', '.join(figures)}, {share} AS share "  # noqa: S608
        f"FROM '{path}' JOIN codes USING ({ENGINE_WARD}) GROUP BY ALL ORDER BY ward_code, {keys}"
    )
    found: pd.DataFrame = connection.execute(query).df()
    return found
