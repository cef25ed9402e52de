"""Aggregate: Parquet files of tests → one row per ward × keys with tests, devices, quantiles and shares, whatever the number of rows.

Rows stream through in batches: decoded, located, put in order by group. Each batch leaves a run of values and device words; runs wait in
memory, beyond the limit set on disk, and are joined group by group at the end. No figure depends on the order of files, rows, batches,
threads or workers.
"""

import queue
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Event, Lock
from typing import Any, Final

import numpy as np
import pandas as pd

from hatang.coverage._batches import Columns, Source, Work, batches, files_of, look_at, shares_of_work
from hatang.coverage._frame import Frame
from hatang.coverage._grouping import Grouper, Job, Keys
from hatang.coverage._merging import Run
from hatang.coverage._spill import Spill
from hatang.coverage.blocks import PIECE_ITEMS, Block, merged_table, table_of
from hatang.coverage.cluster import map_finish
from hatang.coverage.locate import WardIndex
from hatang.data.contracts import ParameterError

Progress = Callable[[int, int], None]
"""Called with rows done and rows in all; what it raises ends the aggregation."""

_MOST_ROWS: Final = 1_000_000
_FEWEST_ROWS: Final = 16_384
_SHARE_ROWS: Final = 5_000_000
_SHARE_BYTES: Final = 100
"""Rows in one task of a cluster: many enough that a block is smaller than its rows, few enough that a worker's memory holds one or two."""
_ROW_BYTES: Final = 150
"""A row on its way from file to run: decoded columns, positions, order."""


def aggregate(
    paths: str | Path | Sequence[str | Path],
    index: WardIndex,
    *,
    by: Sequence[str] = ("operator", "technology"),
    value: str = "rsrp_dbm",
    thresholds: Sequence[float] = (-110.0,),
    x: str = "lon",
    y: str = "lat",
    device: str = "device_id",
    memory_limit_bytes: int = 3_000_000_000,
    threads: int = 2,
    scheduler: Any = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Return tests, devices, quantiles and shares of each ward × keys over Parquet files of tests.

    Rows outside every ward, or without a position or a finite value, are left out. A key that is null, or NaN, is a key like any other and
    stands as missing in the table; a device that is null counts no device. The table is the same to the last bit for any order of files
    and rows, any size of row groups, any limit, any number of threads, with a scheduler or without.

    Parameters
    ----------
    paths : path or sequence of paths
        Parquet files; a folder stands for every `*.parquet` in it and below. A file named twice counts twice.
    index : WardIndex
        Wards; their CRS is that of `x` and `y`. An engine file made for this index (equal `hash`) brings its wards along.
    by : sequence of str, default operator and technology
        Key columns: texts, whole numbers, truth values, dates; plain or dictionary-coded.
    value : str
        Column of values, any numeric type; for levels in dBm. Quantiles are computed in float64.
    thresholds : sequence of float
        For each, a column `share_ge_<threshold:g>`: the share of tests whose value is at or above it.
    x, y : str
        Columns of coordinates in the CRS of the index.
    device : str
        Column of device ids: texts, or whole numbers.
    memory_limit_bytes : int, bytes, default 3 GB
        Bound on memory beyond what the process holds at the call; what exceeds it waits in the system's folder for temporary files. Reading
        itself takes some tens of megabytes a thread, however low the limit.
    threads : int, default 2
    scheduler : address of a Dask scheduler, a `distributed.Client` or `LocalCluster`, or None
        Where given, workers (who must see the files under the same paths) read shares of the files and send one block for each.
    progress : callable (rows done, rows in all), optional
        Called from the calling thread as rows are read; what it raises ends the aggregation and passes through.

    Returns
    -------
    DataFrame
        `ward_code`, `by` …, `tests` and `devices` (int64), `median`, `p10`, `p95` (float64, unit of `value`; linear
        interpolation, type 7 of Hyndman & Fan), `share_ge_…` (0–1). Sorted by ward code, then `by`, missing keys last. Only groups with
        tests have a row.

    Raises
    ------
    MissingError
        Where a path is not there, or the extra `cluster` is not installed.
    RefusedError
        Where a file is no Parquet file or is damaged.
    SchemaError
        Where a file lacks a column or has it in a kind that cannot serve, or files disagree about a column's kind.
    ParameterError
        Where an argument is out of range or names clash.
    StoreError
        Where the disk takes no more temporary files.

    References
    ----------
    Hyndman, R. J., & Fan, Y. (1996). Sample quantiles in statistical packages. The American Statistician 50(4), 361–365.

    Examples
    --------
    >>> import tempfile, geopandas as gpd, shapely
    >>> wards = gpd.GeoDataFrame({"ward_code": ["19774"]}, geometry=[shapely.box(107, 16, 108, 17)], crs="EPSG:4326")
    >>> tests = pd.DataFrame({"lon": [107.5, 107.6, 100.0], "lat": 16.5, "operator": "vnpt", "rsrp_dbm": [-90.0, -120.0, -80.0],
    ...                       "device_id": ["a", "a", "b"]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     tests.to_parquet(f"{folder}/tests.parquet")
    ...     found = aggregate(folder, WardIndex.build(wards), by=["operator"])
    >>> found.drop(columns=["p10", "p95"]).to_dict("records")
    [{'ward_code': '19774', 'operator': 'vnpt', 'tests': 2, 'devices': 1, 'median': -105.0, 'share_ge_-110': 0.5}]
    """
    columns = Columns(tuple(by), value, x, y, device)
    _check(columns, thresholds, memory_limit_bytes, threads)
    sources = [look_at(path, columns, index.hash) for path in files_of(paths)]
    job = _job(columns, sources, index)
    if scheduler is not None:
        return _over_cluster(sources, job, thresholds, memory_limit_bytes, scheduler, progress)
    with Spill() as spill:
        heap, keys = _Heap(spill, memory_limit_bytes, threads), Keys()
        _read_all(shares_of_work(sources, rows=_MOST_ROWS), lambda: Grouper(job, keys), heap, threads=threads, progress=progress)
        return table_of(heap.runs(), keys.seen(), job.frame, thresholds=thresholds, items=heap.items, threads=threads)


def block_of(
    paths: str | Path | Sequence[str | Path],
    index: WardIndex,
    *,
    by: Sequence[str] = ("operator", "technology"),
    value: str = "rsrp_dbm",
    x: str = "lon",
    y: str = "lat",
    device: str = "device_id",
    memory_limit_bytes: int = 3_000_000_000,
    threads: int = 2,
) -> Block:
    """Return what the tests of some files contribute, as one mergeable block; parameters and errors are those of `aggregate`.

    `Block.merge([block_of(a, …), block_of(b, …)]).table()` is `aggregate([a, b], …)`. The block itself is held in memory.
    """
    columns = Columns(tuple(by), value, x, y, device)
    _check(columns, (), memory_limit_bytes, threads)
    sources = [look_at(path, columns, index.hash) for path in files_of(paths)]
    job = _job(columns, sources, index)
    return _block(shares_of_work(sources, rows=_MOST_ROWS), job, limit_bytes=memory_limit_bytes, threads=threads)


class _Heap:
    """Runs that wait to be joined: in memory up to two fifths of the limit, then on disk."""

    def __init__(self, spill: Spill, limit_bytes: int, threads: int) -> None:
        self._spill, self._bound = spill, limit_bytes * 2 // 5
        self._waiting: list[Run] = []
        self._stored: list[Run] = []
        self._held = 0
        self._lock = Lock()
        self.items = min(PIECE_ITEMS, limit_bytes // (400 * threads))
        """Items joined at a time: with their counts and a copy, a tenth of the limit in all threads together."""
        self.rows = max(_FEWEST_ROWS, min(_MOST_ROWS, limit_bytes // (8 * _ROW_BYTES * threads)))
        """Rows in a batch: an eighth of the limit in all threads together."""

    def add(self, run: Run) -> None:
        """Take a run; where too much waits, move all that waits to disk while the other threads stand still."""
        with self._lock:
            self._waiting.append(run)
            self._held += run.nbytes
            if self._held > self._bound:
                self._stored.append(self._spill.store(self._waiting, items=self.items))
                self._waiting, self._held = [], 0

    def runs(self) -> list[Run]:
        """Return every run."""
        return self._stored + self._waiting


class _Stream:
    """The batches of one share of work, which several threads may take in turns."""

    def __init__(self, work: Work, rows: int) -> None:
        self.source = work.source
        self._batches: Iterator[Any] = batches(work, rows=rows)
        self._lock = Lock()

    def next(self) -> Any:
        """Return the next batch, None after the last."""
        with self._lock:
            return next(self._batches, None)


class _Streams:
    """All shares of work: a thread opens one that nobody reads; when all are open it helps with one that is not read to its end."""

    def __init__(self, work: Sequence[Work], rows: int) -> None:
        self._waiting = iter(work)
        self._rows = rows
        self._open: list[_Stream] = []
        self._lock = Lock()

    def take(self) -> _Stream | None:
        """Return a stream to read; None where all are read."""
        with self._lock:
            work = next(self._waiting, None)
            if work is not None:
                self._open.append(_Stream(work, self._rows))
                return self._open[-1]
            return self._open[0] if self._open else None

    def ended(self, stream: _Stream) -> None:
        """Take note that a stream is read to its end."""
        with self._lock:
            if stream in self._open:
                self._open.remove(stream)


def _read_all(work: Sequence[Work], grouper: Callable[[], Grouper], heap: _Heap, *, threads: int, progress: Progress | None) -> None:
    """Read all work into the heap on some threads; this one only waits, and tells of the progress."""
    streams = _Streams(work, heap.rows)
    total = sum(share.rows for share in work)
    stop = Event()
    ticks: queue.SimpleQueue[int | None] = queue.SimpleQueue()

    def read() -> None:
        own = grouper()
        try:
            while (stream := streams.take()) is not None:
                while not stop.is_set() and (batch := stream.next()) is not None:
                    run = own.run(batch, stream.source)
                    if run is not None:
                        heap.add(run)
                    ticks.put(batch.num_rows)
                streams.ended(stream)
        except BaseException:
            stop.set()
            raise
        finally:
            ticks.put(None)

    with ThreadPoolExecutor(threads) as pool:
        readers = [pool.submit(read) for _ in range(threads)]
        try:
            done, reading = 0, threads
            while reading:
                rows = ticks.get()
                reading -= rows is None
                done += rows or 0
                if rows and progress is not None:
                    progress(done, total)
        finally:
            stop.set()
        for reader in readers:
            reader.result()


def _block(work: Sequence[Work], job: Job, *, limit_bytes: int, threads: int) -> Block:
    """Return the block of some work."""
    with Spill() as spill:
        heap, keys = _Heap(spill, limit_bytes, threads), Keys()
        _read_all(work, lambda: Grouper(job, keys), heap, threads=threads, progress=None)
        return Block.of_runs(heap.runs(), keys.seen(), job.frame)


def _share_block(work: Work, shared: tuple[Job, int]) -> Block:
    """Return the block of one share, on a worker: a thread of it is a task of the cluster."""
    return _block([work], shared[0], limit_bytes=shared[1], threads=1)


def _over_cluster(
    sources: Sequence[Source], job: Job, thresholds: Sequence[float], limit_bytes: int, scheduler: Any, progress: Progress | None
) -> pd.DataFrame:
    """Return the table of all files, made by workers: of each share a block, of all blocks the table."""
    work = shares_of_work(sources, rows=min(_SHARE_ROWS, limit_bytes // _SHARE_BYTES))
    if not work:
        return Block.of_runs([], [], job.frame).table(thresholds=thresholds)
    total, done = sum(share.rows for share in work), 0

    def tell(share: Work) -> None:
        nonlocal done
        done += share.rows
        if progress is not None:
            progress(done, total)

    finish = partial(merged_table, thresholds=tuple(thresholds))
    return map_finish(_share_block, work, Block.merge, finish, scheduler=scheduler, shared=(job, limit_bytes), finished=tell)


def _check(columns: Columns, thresholds: Sequence[float], limit_bytes: int, threads: int) -> None:
    """Raise where an argument is out of range, or two columns of the table would have one name."""
    if limit_bytes < 1:
        raise ParameterError("error.aggregate.limit", limit=limit_bytes)
    if threads < 1:
        raise ParameterError("error.aggregate.threads", threads=threads)
    named = ["ward_code", *columns.by, "tests", "devices", "median", "p10", "p95", *(f"share_ge_{limit:g}" for limit in thresholds)]
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice or not np.all(np.isfinite(np.array(thresholds, np.float64))):
        raise ParameterError("error.aggregate.names", names=", ".join(twice) or ", ".join(map(str, thresholds)))


def _job(columns: Columns, sources: Sequence[Source], index: WardIndex) -> Job:
    """Return what all files have in common, and the rank of each ward's code."""
    wards, ranks = np.unique(index.codes, return_inverse=True)
    frame = Frame(columns.by, ("null",) * (len(columns.by) + 1), tuple(map(str, wards)))
    for source in sources:
        frame = frame.joined(Frame(columns.by, source.kinds, frame.wards))
    return Job(columns, index, frame, ranks.astype(np.int32))
