"""Aggregate: Parquet files of tests → one row per ward × keys with tests, devices, quantiles and shares, whatever the number of rows.

Rows stream through in batches: decoded, located, put in order by group. Each batch leaves a run of values and device words; runs wait in
memory, beyond the limit set on disk, and are joined group by group at the end. No figure depends on the order of files, rows, batches,
threads or workers.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import pandas as pd

from hatang.coverage._batches import Columns, Source, Work, files_of, look_at, shares_of_work
from hatang.coverage._frame import Frame
from hatang.coverage._gathering import MOST_ROWS, Heap, Progress, read_all
from hatang.coverage._grouping import Grouper, Job, Keys
from hatang.coverage._spill import Spill
from hatang.coverage.blocks import Block, Bundle, merged_table, table_of
from hatang.coverage.cluster import map_finish
from hatang.coverage.locate import WardIndex
from hatang.data.contracts import ParameterError, SchemaError

_SHARE_ROWS: Final = 5_000_000
_SHARE_BYTES: Final = 100
"""Rows in one task of a cluster: many enough that a block is smaller than its rows, few enough that a worker's memory holds one or two."""


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
        Where given, workers (who must see the files under the same paths) read shares of the files and send what is left of each, no rows.
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
    if scheduler is None:
        with Aggregation(
            index,
            by=by,
            value=value,
            thresholds=thresholds,
            x=x,
            y=y,
            device=device,
            memory_limit_bytes=memory_limit_bytes,
            threads=threads,
        ) as whole:
            whole.take(paths, progress=progress)
            return whole.table()
    columns = Columns(tuple(by), value, x, y, device)
    _check(columns, thresholds, memory_limit_bytes, threads)
    sources = [look_at(path, columns, index.hash) for path in files_of(paths)]
    return _over_cluster(sources, _job(columns, sources, index), thresholds, memory_limit_bytes, scheduler, progress)


class Aggregation:
    """An aggregation whose files come one after another: once `take` returns, they may be gone. Use it as a context manager.

    Parameters are those of `aggregate`, which is one that takes all files at once: the table is the same however they come.

    Examples
    --------
    >>> import tempfile, geopandas as gpd, shapely
    >>> wards = gpd.GeoDataFrame({"ward_code": ["19774"]}, geometry=[shapely.box(107, 16, 108, 17)], crs="EPSG:4326")
    >>> with tempfile.TemporaryDirectory() as folder, Aggregation(WardIndex.build(wards), by=[]) as tests:
    ...     for level in (-90.0, -100.0):
    ...         row = {"lon": 107.5, "lat": 16.5, "rsrp_dbm": level, "device_id": "a"}
    ...         pd.DataFrame([row]).to_parquet(f"{folder}/day.parquet")
    ...         tests.take(f"{folder}/day.parquet")
    ...     tests.table()["median"].tolist()
    [-95.0]
    """

    def __init__(
        self,
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
    ) -> None:
        self._columns = Columns(tuple(by), value, x, y, device)
        _check(self._columns, thresholds, memory_limit_bytes, threads)
        self._thresholds, self._threads = tuple(thresholds), threads
        self._job = _job(self._columns, [], index)
        self._spill, self._keys = Spill(), Keys()
        self._heap = Heap(self._spill, memory_limit_bytes, threads)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._spill.close()

    def take(self, paths: str | Path | Sequence[str | Path], *, progress: Progress | None = None) -> None:
        """Read files and keep what the table needs of them; errors are those of `aggregate`, and end the aggregation.

        Raises
        ------
        SchemaError
            Also where device ids are texts after files that had none at all.
        """
        sources = [look_at(path, self._columns, self._job.index.hash) for path in files_of(paths)]
        job = _with_kinds(self._job, sources)
        if self._keys.seen() and job.frame.word_sets != self._job.frame.word_sets:
            raise SchemaError("error.aggregate.kinds", left=", ".join(self._job.frame.kinds), right=", ".join(job.frame.kinds))
        self._job = job
        work = shares_of_work(sources, rows=MOST_ROWS)
        read_all(work, lambda: Grouper(job, self._keys), self._heap, threads=self._threads, progress=progress)

    def table(self) -> pd.DataFrame:
        """Return the table of all files taken so far, as `aggregate` describes it."""
        return table_of(
            self._heap.runs(),
            self._keys.seen(),
            self._job.frame,
            thresholds=self._thresholds,
            items=self._heap.items,
            threads=self._threads,
        )


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
    return _block(shares_of_work(sources, rows=MOST_ROWS), job, limit_bytes=memory_limit_bytes, threads=threads)


def _block(work: Sequence[Work], job: Job, *, limit_bytes: int, threads: int) -> Block:
    """Return the block of some work."""
    with Spill() as spill:
        heap, keys = Heap(spill, limit_bytes, threads), Keys()
        read_all(work, lambda: Grouper(job, keys), heap, threads=threads, progress=None)
        return Block.of_runs(heap.runs(), keys.seen(), job.frame)


def _share(work: Work, shared: tuple[Job, int]) -> Block | Bundle:
    """Return what one share leaves, on a worker: a thread of it is a task of the cluster.

    Runs are sorted and folded where those of many shares meet; to do it here too would cost as much again.
    """
    job, limit_bytes = shared
    with Spill() as spill:
        heap, keys = Heap(spill, limit_bytes, 1), Keys()
        read_all([work], lambda: Grouper(job, keys), heap, threads=1, progress=None)
        if heap.spilled:
            return Block.of_runs(heap.runs(), keys.seen(), job.frame)
        return Bundle(job.frame, tuple(keys.seen()), tuple(heap.runs()))


def _over_cluster(
    sources: Sequence[Source], job: Job, thresholds: Sequence[float], limit_bytes: int, scheduler: Any, progress: Progress | None
) -> pd.DataFrame:
    """Return the table of all files, made by workers: of each share its runs, of several a block, of all the table."""
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
    return map_finish(_share, work, Block.merge, finish, scheduler=scheduler, shared=(job, limit_bytes), finished=tell)


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
    return _with_kinds(Job(columns, index, frame, ranks.astype(np.int32)), sources)


def _with_kinds(job: Job, sources: Sequence[Source]) -> Job:
    """Return the job with the kinds of the sources' columns joined to those it has."""
    frame = job.frame
    for source in sources:
        frame = frame.joined(Frame(frame.by, source.kinds, frame.wards))
    return replace(job, frame=frame)
