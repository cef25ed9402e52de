"""A stream of tests too long for the disk: drawn block by block, aggregated, deleted, with every figure known from plain counting.

A process of its own draws the rows and writes a few blocks at a time as Parquet files. It also counts the tests of each group at
each level of the 0.01 dB lattice, from which `numpy.quantile` gives the quantiles, and the devices of every 40th group, one bit a device.
"""

import multiprocessing
import tempfile
from collections.abc import Iterator
from multiprocessing.connection import Connection
from multiprocessing.queues import Queue
from pathlib import Path
from time import perf_counter, process_time

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.drawn import BLOCK_ROWS, OPERATORS, QUARTERS, TECHNOLOGIES, Draw, drawn
from benchmarks.harness import Line, Peak
from benchmarks.maps import city
from hatang.coverage.aggregate import Aggregation
from hatang.coverage.compiled import compiled
from hatang.coverage.locate import WardIndex

_BY = ("operator", "technology", "quarter")
_SHAPE = (len(OPERATORS), len(TECHNOLOGIES), len(QUARTERS))
_LOWEST, _LEVELS = -14_000, 9_601
_EVERY = 40
_BLOCKS_A_FILE, _FILES_WAITING = 4, 3
LIMIT_BYTES = 3_000_000_000


def stream_lines(*, rows: int, devices: int = 50_000_000, limit_bytes: int = LIMIT_BYTES) -> list[Line]:
    """Aggregate `rows` tests that are never on disk together, and hold each figure against plain counting."""
    name, wards = city()
    index = WardIndex.build(wards)
    index.locate([0.0], [0.0])
    fork = multiprocessing.get_context("fork")
    with tempfile.TemporaryDirectory() as folder:
        files: Queue[Path | None] = fork.Queue(_FILES_WAITING)
        ours, theirs = fork.Pipe(duplex=False)
        source = fork.Process(target=_draw, args=(Path(folder), wards, index, rows, devices, files, theirs))
        source.start()
        theirs.close()
        warm = Path(folder, "warm.parquet")
        pq.write_table(next(drawn(wards, rows=1_000, devices=devices)).table(), warm)
        with Aggregation(index, by=_BY) as tests:  # the compiled loops are loaded before the clock starts
            tests.take(warm)
            tests.table()
        peak, cpu, wall, waited = Peak(), process_time(), perf_counter(), 0.0
        with Aggregation(index, by=_BY, memory_limit_bytes=limit_bytes) as tests:
            while True:
                begun = perf_counter()
                path = files.get()
                waited += perf_counter() - begun
                if path is None:
                    break
                tests.take(path)
                path.unlink()
            found = tests.table()
        used, passed, megabytes = process_time() - cpu, perf_counter() - wall, peak.megabytes()
        wanted, counted = ours.recv()
        source.join()
    differing = _differing(found, wanted)
    title = f"aggregate, {rows:,} tests of {devices:,} devices in a stream, {len(found):,} groups, {name}"
    said = f"counting: {differing} groups differ (devices of {counted} groups)"
    busy = passed - waited
    return [
        Line(title, used, "CPU s", None, said, None, differing == 0, busy, megabytes),
        Line(f"{title}: memory", megabytes, "MB", limit_bytes / 1e6, "the limit set", None, megabytes * 2**20 <= limit_bytes),
    ]


def _draw(
    folder: Path, wards: gpd.GeoDataFrame, index: WardIndex, rows: int, devices: int, files: "Queue[Path | None]", out: Connection
) -> None:
    """Write the files one after another, then send the table that counting gives and for how many groups devices were counted."""
    groups = len(index.codes) * int(np.prod(_SHAPE))
    levels = np.zeros((groups, _LEVELS), np.int64)
    seen = np.zeros((-(-groups // _EVERY), devices // 8 + 1), np.uint8)
    for number, blocks in enumerate(_in_fours(drawn(wards, rows=rows, devices=devices))):
        for draw in blocks:
            ward = index.locate(draw.place[:, 0].copy(), draw.place[:, 1].copy())
            key = np.ravel_multi_index((draw.operator, draw.technology, draw.quarter), _SHAPE)
            _count(
                ward,
                key,
                int(np.prod(_SHAPE)),
                np.rint(draw.level.astype(np.float64) * 100).astype(np.int64) - _LOWEST,
                draw.device,
                levels,
                seen,
            )
        path = folder / f"{number}.parquet"
        table = pa.concat_tables([draw.table() for draw in blocks])
        pq.write_table(table, path, compression="lz4", use_dictionary=list(_BY), row_group_size=BLOCK_ROWS)
        files.put(path)
    files.put(None)
    out.send((_counted(levels, seen, index), len(seen)))


def _in_fours(draws: Iterator[Draw]) -> Iterator[list[Draw]]:
    held: list[Draw] = []
    for draw in draws:
        held.append(draw)
        if len(held) == _BLOCKS_A_FILE:
            yield held
            held = []
    if held:
        yield held


@compiled
def _count(
    ward: np.ndarray, key: np.ndarray, keys: int, level: np.ndarray, device: np.ndarray, levels: np.ndarray, seen: np.ndarray
) -> None:
    """Count each row's level in its group, and set the bit of its device where the group is one of those watched."""
    for row in range(ward.shape[0]):
        if ward[row] < 0:
            continue
        group = ward[row] * keys + key[row]
        levels[group, level[row]] += 1
        if group % _EVERY == 0:
            seen[group // _EVERY, device[row] >> 3] |= np.uint8(1 << (device[row] & 7))


def _counted(levels: np.ndarray, seen: np.ndarray, index: WardIndex) -> pd.DataFrame:
    """Return the table of all groups; devices are -1 where they were not counted."""
    lattice = ((np.arange(_LEVELS) + _LOWEST) / 100).astype(np.float32).astype(np.float64)
    rows = []
    for group in np.flatnonzero(levels.any(axis=1)):
        ward, *key = (int(place) for place in np.unravel_index(group, (len(index.codes), *_SHAPE)))
        names = [values[place] for values, place in zip((OPERATORS, TECHNOLOGIES, QUARTERS), key, strict=True)]
        values = np.repeat(lattice, levels[group])
        devices = -1 if group % _EVERY else int(np.bitwise_count(seen[group // _EVERY]).sum())
        rows.append([str(index.codes[ward]), *names, len(values), devices, *np.quantile(values, (0.5, 0.1, 0.95)), (values >= -110).mean()])
    columns = ["ward_code", *_BY, "tests", "devices", "median", "p10", "p95", "share_ge_-110"]
    return pd.DataFrame(rows, columns=columns).sort_values(["ward_code", *_BY], ignore_index=True)


def _differing(found: pd.DataFrame, wanted: pd.DataFrame) -> int:
    """Count the groups that are not the same to the last bit."""
    keys = ["ward_code", *_BY]
    if not np.array_equal(found[keys].to_numpy(str), wanted[keys].to_numpy(str)):
        return max(len(found), len(wanted))
    known = wanted["devices"].where(wanted["devices"] >= 0, found["devices"])
    left, right = (table.drop(columns=keys).to_numpy(np.float64) for table in (found, wanted.assign(devices=known)))
    return int((left != right).any(axis=1).sum())
