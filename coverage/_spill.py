"""Runs on disk: what exceeds the memory set for an aggregation waits in temporary files, sorted and folded.

Beside `hatang.coverage._batches` this is the only module of the room that touches a disk: the bound on memory forces it. The files lie
where the system keeps temporary ones (`TMPDIR`; a folder in memory would defeat the bound). They have no name there, so that nothing is
left when the process ends, however it ends.
"""

import errno
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO, Final, Self, cast

import numpy as np
import numpy.typing as npt

from hatang.coverage._merging import Column, Run, all_groups, merge, total_tests
from hatang.coverage._segments import Int64s, Items
from hatang.data.contracts import StoreError

_ALIGNED: Final = 8


class StoredItems:
    """Items in a stretch of a file, read by the slice; safe to share between threads."""

    def __init__(self, file: BinaryIO, dtype: npt.DTypeLike) -> None:
        self._file, self.dtype, self._count = file, np.dtype(dtype), 0
        self._base = -(-file.seek(0, os.SEEK_END) // _ALIGNED) * _ALIGNED
        file.seek(self._base)

    def append(self, array: Items) -> None:
        """Write items behind those that are there; nobody else may write to the file meanwhile."""
        view = np.ascontiguousarray(array, self.dtype).view(np.uint8).data
        while view:
            view = view[self._file.write(view) :]
        self._count += len(array)

    def read(self, begin: int, end: int) -> Items:
        """Return the items of a range as an array of its own."""
        found = np.empty(end - begin, self.dtype)
        view = found.view(np.uint8).data
        done = 0
        with _named():
            while done < len(view):
                got = os.preadv(self._file.fileno(), [view[done:]], self._base + begin * self.dtype.itemsize + done)
                if got == 0:
                    raise OSError(errno.EIO, os.strerror(errno.EIO))
                done += got
        return found

    def mapped(self) -> Items:
        """Return all items as a mapping, to look at a few."""
        if self._count == 0:
            return np.empty(0, self.dtype)
        return np.memmap(self._file, self.dtype, mode="r", offset=self._base, shape=(self._count,))


class Spill:
    """Nameless temporary files, one a column, that take run after run; use it as a context manager."""

    def __init__(self) -> None:
        self._files: dict[str, BinaryIO] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files, and with them of every run stored."""
        for file in self._files.values():
            file.close()

    def store(self, runs: Sequence[Run], *, items: int) -> Run:
        """Merge `runs` into one on disk, piece by piece, and return it.

        Raises
        ------
        StoreError
            Where the disk refuses, for one that is full.
        """
        groups = all_groups(runs)
        tests = total_tests(runs, groups)
        kinds = [np.result_type(*(run.columns[which].dtype for run in runs)) for which in range(len(runs[0].columns))]
        counts = np.uint32 if int(tests.sum()) < 1 << 32 else np.uint64
        with _named():
            writers = [
                _Writer(groups, self._stretch(f"items {which}", kind), None if which else self._stretch("upto", counts))
                for which, kind in enumerate(kinds)
            ]
            for piece, which, column in merge(runs, items=items):
                writers[which].write(int(np.searchsorted(groups, piece.groups[0])), column)
        return Run(groups, tests, tuple(writer.column() for writer in writers), ordered=True)

    def _stretch(self, column: str, kind: npt.DTypeLike) -> StoredItems:
        """Return an empty stretch at the end of a column's file."""
        if column not in self._files:
            # Closed by `close`.
            self._files[column] = cast("BinaryIO", tempfile.TemporaryFile(buffering=0))  # noqa: SIM115
        return StoredItems(self._files[column], kind)


class _Writer:
    """Appends chunks of one column to its files, `items` and for values `upto`."""

    def __init__(self, groups: Items, items: StoredItems, upto: StoredItems | None) -> None:
        self._sizes: Int64s = np.zeros(len(groups) + 1, np.int64)
        self._items, self._upto = items, upto
        self._last, self._before = -1, np.uint64(0)

    def write(self, first: int, column: Column) -> None:
        """Append the segments of `column`, which belong to the groups from place `first` on."""
        upto = np.asarray(column.upto)
        self._sizes[first + 1 : first + len(column.starts)] += np.diff(column.starts)
        self._items.append(np.asarray(column.items))
        if self._upto is not None and len(upto):
            if first == self._last:  # another chunk of a giant group: its counts go on where the last ones ended
                upto = upto + self._before
            self._upto.append(upto)
            self._last, self._before = first, upto[-1]

    def column(self) -> Column:
        """Return what was written."""
        starts = np.cumsum(self._sizes)
        return Column(self._items, starts) if self._upto is None else Column(self._items, starts, self._upto)


@contextmanager
def _named() -> Iterator[None]:
    """Name a disk's refusal: OSError becomes StoreError."""
    try:
        yield
    except StoreError:
        raise
    except OSError as error:
        folder = tempfile.gettempdir()
        raise StoreError("error.aggregate.spill", folder=folder, reason=error.strerror or str(error)) from error
