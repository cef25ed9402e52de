"""Runs of grouped rows and how several of them become one: group by group, in pieces of bounded size.

A run holds, for each of its groups, the values measured and one or two sets of device words. Runs from any number of batches, threads and
spill files are joined the same way, and what comes out depends on the rows alone: values are sorted, device words are sorted and distinct.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import numpy as np

from hatang.coverage._segments import (
    Counts,
    Int64s,
    Items,
    distinct,
    folded,
    gather,
    gather_counts,
    sort_counted,
    sort_segments,
)

NO_COUNTS: Final[Counts] = np.empty(0, np.uint64)
"""Stands for `upto` where every item is one row."""


class Stored(Protocol):
    """Items that lie elsewhere and come by the slice."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Return the type of the items."""

    def read(self, begin: int, end: int) -> Items:
        """Return the items of a range as an array of its own."""

    def mapped(self) -> Items:
        """Return all items as a mapping, to look at a few."""


@dataclass(frozen=True, slots=True)
class Column:
    """Segments of one kind of item; `items` and `upto` lie in memory or are stored."""

    items: Items | Stored
    starts: Int64s
    upto: Counts | Stored = field(default_factory=lambda: NO_COUNTS)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Return the type of the items."""
        return self.items.dtype

    def part(self, first: int, last: int) -> "Column":
        """Return segments `first` up to but without `last`, in memory."""
        begin, end = int(self.starts[first]), int(self.starts[last])
        return Column(_read(self.items, begin, end), self.starts[first : last + 1] - begin, _read_counts(self.upto, begin, end))


@dataclass(frozen=True, slots=True)
class Run:
    """Groups in ascending order, the number of rows of each, and their columns: values first, then one or two sets of device words.

    `ordered` says that every segment is sorted, its device words distinct.
    """

    groups: Counts
    tests: Int64s
    columns: tuple[Column, ...]
    ordered: bool = False

    @property
    def nbytes(self) -> int:
        """Return the bytes that the run holds in memory."""
        held = [self.groups, self.tests]
        held += [array for column in self.columns for array in (column.items, column.starts, column.upto) if isinstance(array, np.ndarray)]
        return sum(array.nbytes for array in held)


@dataclass(frozen=True, slots=True)
class Piece:
    """Groups that are worked on together; `giant` where one alone exceeds the bounds."""

    groups: Counts
    giant: bool


def _read(items: Items | Stored, begin: int, end: int) -> Items:
    return items[begin:end] if isinstance(items, np.ndarray) else items.read(begin, end)


def _read_counts(upto: Counts | Stored, begin: int, end: int) -> Counts:
    if isinstance(upto, np.ndarray) and len(upto) == 0:
        return NO_COUNTS
    return _read(upto, begin, end).astype(np.uint64, copy=False)


def all_groups(runs: Sequence[Run]) -> Counts:
    """Return every group of the runs once, ascending."""
    return np.unique(np.concatenate([NO_COUNTS, *(run.groups for run in runs)]))


def total_tests(runs: Sequence[Run], groups: Counts) -> Int64s:
    """Return the rows of each of `groups` over all runs."""
    total = np.zeros(len(groups), np.int64)
    for run in runs:
        total[np.searchsorted(groups, run.groups)] += run.tests
    return total


def pieces(runs: Sequence[Run], groups: Counts, *, items: int) -> list[Piece]:
    """Cut `groups` into pieces whose largest column holds about `items` items over all runs; a larger group stands alone."""
    if len(groups) == 0:
        return []
    load = np.zeros(len(groups), np.int64)
    for run in runs:
        held = np.max([np.diff(column.starts) for column in run.columns], axis=0)
        load[np.searchsorted(groups, run.groups)] += held
    giant = load > items
    # A giant begins a piece and ends it; between giants a piece begins where the running sum passes another multiple of the bound.
    step = np.cumsum(np.where(giant, 0, load)) // max(items, 1)
    alone = np.cumsum(giant) + np.concatenate([[0], np.cumsum(giant)[:-1]])
    begins = np.flatnonzero(np.concatenate([[True], (np.diff(step) > 0) | (np.diff(alone) > 0)]))
    ends = np.append(begins[1:], len(groups))
    return [Piece(groups[begin:end], bool(giant[begin])) for begin, end in zip(begins, ends, strict=True)]


def joined(parts: Sequence[tuple[Column, Int64s]], segments: int, *, values: bool, fold: bool) -> Column:
    """Return one sorted column of `segments` segments from `parts`, each with the target of its segments.

    Device words become distinct; values keep one item a row unless `fold` asks for `upto` or a part has it already.
    """
    sizes = np.zeros(segments + 1, np.int64)
    for column, target in parts:
        sizes[target + 1] += np.diff(column.starts)
    starts = np.cumsum(sizes)
    arrays = [np.asarray(column.items) for column, _ in parts]
    dtype = np.result_type(*arrays) if arrays else np.dtype(np.float32)
    items = np.empty(starts[-1], dtype)
    cursor = starts[:-1].copy()
    for array, (column, target) in zip(arrays, parts, strict=True):
        gather(np.asarray(array, dtype), column.starts, target, cursor, items)
    found = np.empty_like(starts)
    if not values:
        sort_segments(items, starts)
        return Column(items[: distinct(items, starts, found)], found)
    counted = any(len(np.asarray(column.upto)) for column, _ in parts)
    if not counted:
        sort_segments(items, starts)
        if not fold:
            return Column(items, starts)
    counts = np.ones(len(items), np.uint64)
    if counted:
        cursor = starts[:-1].copy()
        for column, target in parts:
            gather_counts(np.asarray(column.upto), column.starts, target, cursor, counts)
        sort_counted(items, counts, starts)
    kept = folded(items, counts, starts, found)
    return Column(items[:kept], found, counts[:kept])


def merged(runs: Sequence[Run], groups: Counts, which: int, *, fold: bool) -> Column:
    """Return column `which` of `groups` (consecutive among all groups of the runs) over all runs."""
    parts = []
    for run in runs:
        first, last = (int(place) for place in np.searchsorted(run.groups, [groups[0], groups[-1] + np.uint64(1)]))
        if last > first:
            parts.append((run.columns[which].part(first, last), np.searchsorted(groups, run.groups[first:last])))
    return joined(parts, len(groups), values=which == 0, fold=fold)


def chunks(runs: Sequence[Run], group: np.uint64, which: int, *, items: int, fold: bool) -> Iterator[Column]:
    """Yield column `which` of one group over all runs by ascending ranges of its items, each of about `items` at most.

    All rows with equal items come in one chunk. Segments of runs in memory are sorted in place, or as copies where they may not change.
    """
    segments: list[tuple[Column, Items, int, int]] = []
    for run in runs:
        place = int(np.searchsorted(run.groups, group))
        if place == len(run.groups) or run.groups[place] != group:
            continue
        column = run.columns[which]
        begin, end = int(column.starts[place]), int(column.starts[place + 1])
        view = (column.items if isinstance(column.items, np.ndarray) else column.items.mapped())[begin:end]
        if not run.ordered and view.flags.writeable:
            view.sort()
        elif not run.ordered:  # what came over a wire
            view = np.sort(view)
        segments.append((column, view, begin, end))
    step = max(1, items // (2 * max(1, len(segments))))
    samples = np.sort(np.concatenate([np.asarray(view[::step]) for _, view, _, _ in segments]))
    splits = np.unique(samples[len(segments) :: len(segments)])
    cuts = [np.concatenate([[0], np.searchsorted(view, splits), [len(view)]]) for _, view, _, _ in segments]
    for chunk in range(len(splits) + 1):
        parts = []
        for (column, view, begin, _), cut in zip(segments, cuts, strict=True):
            low, high = begin + int(cut[chunk]), begin + int(cut[chunk + 1])
            part = view[cut[chunk] : cut[chunk + 1]] if isinstance(column.items, np.ndarray) else column.items.read(low, high)
            upto = _read_counts(column.upto, low, high)
            if len(upto) and low > begin:
                upto = upto - _read_counts(column.upto, low - 1, low)[0]
            parts.append((Column(part, np.array([0, high - low]), upto), np.zeros(1, np.int64)))
        yield joined(parts, 1, values=which == 0, fold=fold)


def merge(runs: Sequence[Run], *, items: int) -> Iterator[tuple[Piece, int, Column]]:
    """Yield every column of every piece, folded, in order of group: piece by piece, in it column by column, of a giant chunk by chunk."""
    for piece in pieces(runs, all_groups(runs), items=items):
        for which in range(len(runs[0].columns)):
            if piece.giant:
                for chunk in chunks(runs, piece.groups[0], which, items=items, fold=True):
                    yield piece, which, chunk
            else:
                yield piece, which, merged(runs, piece.groups, which, fold=True)
