"""Storage of measurements: decoding the columns of an aggregation from an engine file and from the table as stored."""

import tempfile
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from benchmarks.aggregate import BY, TIMED_ROWS
from benchmarks.drawn import write_drawn
from benchmarks.harness import Line, race
from benchmarks.maps import city
from hatang.coverage.locate import WardIndex
from hatang.data.contracts import ENGINE_WARD
from hatang.pipeline.enginecache import engine_file

_GOAL = 2.0


def storage_lines(*, rows: int, runs: int, devices: int = 100_000) -> list[Line]:
    """Race the decode of an engine file, wards stored and coordinates stored, against that of float64 under zstd."""
    _, wards = city()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "tests.parquet")
        write_drawn(path, wards, rows=rows, devices=devices)
        laid_out = engine_file(Path(folder), path, "drawn", WardIndex.build(wards))
        megabytes = {file: file.stat().st_size / 1e6 for file in (path, laid_out)}
        lines = []
        for title, extra in (("", []), (" with devices", ["device_id"])):
            columns = ["rsrp_dbm", *BY, *extra]
            timings = race(
                {
                    "float64 zstd": lambda columns=columns: _decode(path, ["lon", "lat", *columns]),  # type: ignore[misc]
                    "wards stored": lambda columns=columns: _decode(laid_out, [ENGINE_WARD, *columns]),  # type: ignore[misc]
                    "int32 coordinates": lambda columns=columns: _decode(laid_out, ["lon", "lat", *columns]),  # type: ignore[misc]
                },
                runs=runs,
            )
            base = timings["float64 zstd"].cpu_s
            for name in ("wards stored", "int32 coordinates"):
                speed, ratio = rows / timings[name].cpu_s / 1e6, base / timings[name].cpu_s
                goal = _GOAL if name == "wards stored" else None
                lines.append(
                    Line(
                        f"decode{title}: {name}, {megabytes[laid_out]:.0f} MB",
                        speed,
                        "M rows/CPU s",
                        goal,
                        f"float64 zstd, {megabytes[path]:.0f} MB; {rows:,} rows of each",
                        ratio,
                        None if goal is None or rows < TIMED_ROWS else ratio >= goal and timings[name].answer[0] == rows,
                        timings[name].wall_s,
                        timings[name].peak_mb,
                    )
                )
    return lines


def _decode(path: Path, columns: list[str]) -> np.ndarray:
    """Read row group by row group on one thread, texts as codes."""
    file = pq.ParquetFile(path, read_dictionary=[*BY, "device_id"])
    groups = (file.read_row_group(at, columns=columns, use_threads=False) for at in range(file.num_row_groups))
    return np.array([sum(group.num_rows for group in groups)])
