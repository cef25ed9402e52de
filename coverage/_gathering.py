"""Work read on some threads into a heap of runs, of bounded size in memory and beyond it on disk."""

import queue
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock
from typing import Any, Final, TypeAlias

from hatang.coverage._batches import Work, batches
from hatang.coverage._grouping import Grouper
from hatang.coverage._merging import Run
from hatang.coverage._spill import Spill
from hatang.coverage.blocks import PIECE_ITEMS

Progress: TypeAlias = Callable[[int, int], None]
"""Called with rows done and rows in all; what it raises ends the aggregation."""

MOST_ROWS: Final = 1_000_000
_FEWEST_ROWS: Final = 16_384
_ROW_BYTES: Final = 150
"""A row on its way from file to run: decoded columns, positions, order."""


class Heap:
    """Runs that wait to be joined: in memory up to two fifths of the limit, then on disk."""

    def __init__(self, spill: Spill, limit_bytes: int, threads: int) -> None:
        self._spill, self._bound = spill, limit_bytes * 2 // 5
        self._waiting: list[Run] = []
        self._stored: list[Run] = []
        self._held = 0
        self._lock = Lock()
        self.items = min(PIECE_ITEMS, limit_bytes // (400 * threads))
        """Items joined at a time: with their counts and a copy, a tenth of the limit in all threads together."""
        self.rows = max(_FEWEST_ROWS, min(MOST_ROWS, limit_bytes // (8 * _ROW_BYTES * threads)))
        """Rows in a batch: an eighth of the limit in all threads together."""

    def add(self, run: Run) -> None:
        """Take a run; where too much waits, move all that waits to disk while the other threads stand still."""
        with self._lock:
            self._waiting.append(run)
            self._held += run.nbytes
            if self._held > self._bound:
                self._stored.append(self._spill.store(self._waiting, items=self.items))
                self._waiting, self._held = [], 0

    @property
    def spilled(self) -> bool:
        """Return whether some runs lie on disk, where they stay only as long as the spill is open."""
        return bool(self._stored)

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


def read_all(work: Sequence[Work], grouper: Callable[[], Grouper], heap: Heap, *, threads: int, progress: Progress | None) -> None:
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
