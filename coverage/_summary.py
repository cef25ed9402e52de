"""From runs to the figures of each group: rows, distinct devices, quantiles and shares at or above thresholds."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from hatang.coverage._merging import Column, Piece, Run, all_groups, chunks, merged, pieces, total_tests
from hatang.coverage._segments import Counts, Int64s, below, order_statistics

QUANTILES: Final = (0.5, 0.1, 0.95)
"""Median, p10, p95."""

Floats: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Summary:
    """Figures by group, in ascending order of groups; `quantiles` has one column an entry of QUANTILES, `passed` one a threshold."""

    groups: Counts
    tests: Int64s
    devices: Int64s
    quantiles: Floats
    passed: Int64s


def summarise(runs: Sequence[Run], *, thresholds: Floats, items: int, threads: int) -> Summary:
    """Return the figures of every group of the runs; at most about `items` items of a column are joined at a time in each thread.

    Distinct devices are the larger of the counts of both sets of words: a clash in one hash is made good by the other.
    """
    groups = all_groups(runs)
    tests = total_tests(runs, groups)
    devices = np.zeros(len(groups), np.int64)
    statistics = np.zeros((len(groups), 2 * len(QUANTILES)))
    under = np.zeros((len(groups), len(thresholds)), np.int64)
    ranks, weight = _ranks(tests)

    def settle(piece: Piece) -> None:
        first = int(np.searchsorted(groups, piece.groups[0]))
        place = slice(first, first + len(piece.groups))
        if piece.giant:
            _pick(chunks(runs, piece.groups[0], 0, items=items, fold=False), ranks[place], thresholds, statistics[place], under[place])
        else:
            column = merged(runs, piece.groups, 0, fold=False)
            values = np.asarray(column.items).astype(np.float64)
            order_statistics(values, np.asarray(column.upto), column.starts, ranks[place], statistics[place])
            below(values, np.asarray(column.upto), column.starts, thresholds, under[place])
        for which in range(1, len(runs[0].columns)):
            if piece.giant:
                parts = chunks(runs, piece.groups[0], which, items=items, fold=False)
                found = np.array([sum(int(part.starts[-1]) for part in parts)])
            else:
                found = np.diff(merged(runs, piece.groups, which, fold=False).starts)
            devices[place] = np.maximum(devices[place], found)

    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(settle, pieces(runs, groups, items=items)):
            pass
    low, high = statistics[:, ::2], statistics[:, 1::2]
    return Summary(groups, tests, devices, _between(low, high, weight), tests[:, None] - under)


def _ranks(tests: Int64s) -> tuple[Int64s, Floats]:
    """Return for each group the ranks of the two rows round each quantile, and how far between them it lies."""
    virtual = (tests[:, None] - 1) * np.array(QUANTILES)
    low = np.floor(virtual).astype(np.int64)
    high = np.minimum(low + 1, tests[:, None] - 1)
    return np.stack([low, high], axis=2).reshape(len(tests), 2 * len(QUANTILES)), virtual - low


def _between(low: Floats, high: Floats, weight: Floats) -> Floats:
    """Interpolate as numpy does, from the nearer end, so that the figures are those of `numpy.quantile` to the last bit."""
    step = high - low
    return np.where(weight >= 0.5, high - step * (1 - weight), low + step * weight)


def _pick(parts: Iterable[Column], ranks: Int64s, thresholds: Floats, statistics: Floats, under: Int64s) -> None:
    """Write the order statistics of one group, and its rows below each threshold, from chunks in ascending order."""
    before = 0
    for part in parts:
        values, upto = np.asarray(part.items).astype(np.float64), np.asarray(part.upto)
        if len(values) == 0:
            continue
        rows = int(upto[-1]) if len(upto) else len(values)
        inside = np.flatnonzero((ranks[0] >= before) & (ranks[0] < before + rows))
        found = np.zeros((1, len(inside)))
        order_statistics(values, upto, part.starts, ranks[:, inside] - before, found)
        statistics[0, inside] = found[0]
        more = np.zeros_like(under)
        below(values, upto, part.starts, thresholds, more)
        under += more
        before += rows
