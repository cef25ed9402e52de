"""Shares with their intervals: Clopper–Pearson for counts, Korn–Graubard for shares over sampled cells; and the verdict.

Until a calibrated surface exists the share of a ward at or above the level is a ratio estimate over its H3 cells. Its design-based
variance gives an effective number of tests, never above the number made; Clopper–Pearson on that number gives the interval (Korn and
Graubard 1998). Where every test passed the variance says nothing and the number made counts: 59 passes of 59 for a lower bound of 95 %.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import special

from hatang.data.contracts import ParameterError, Verdict

_MOST_TESTS: Final = 100_000
Floats = npt.NDArray[np.float64]


def clopper_pearson(passes: npt.ArrayLike, tests: npt.ArrayLike, *, level: float = 0.9) -> tuple[Floats, Floats]:
    """Return the two-sided exact interval of a share from counts, whole or effective.

    Parameters
    ----------
    passes, tests : array_like of the same shape
        `0 <= passes <= tests`; fractional counts stand for effective ones.
    level
        Two-sided confidence, 0–1.

    Returns
    -------
    Lower and upper bounds, NaN where there are no tests.

    References
    ----------
    Clopper and Pearson, Biometrika 26 (1934), through the beta distribution.

    Examples
    --------
    >>> low, high = clopper_pearson([59, 58], [59, 59])
    >>> [round(float(bound), 4) for bound in (*low, *high)]
    [0.9505, 0.9221, 1.0, 0.9991]
    """
    if not 0 < level < 1:
        raise ParameterError("error.statistics.level", level=level)
    k, n = np.broadcast_arrays(np.asarray(passes, float), np.asarray(tests, float))
    if ((k < 0) | (k > n)).any():
        raise ParameterError("error.statistics.counts", passes=float(k[(k < 0) | (k > n)].flat[0]))
    tail = (1 - level) / 2
    with np.errstate(invalid="ignore"):
        low = np.where(k > 0, special.betaincinv(np.where(k > 0, k, 1), n - k + 1, tail), 0.0)
        high = np.where(k < n, special.betaincinv(k + 1, np.where(k < n, n - k, 1), 1 - tail), 1.0)
    empty = n == 0
    return np.where(empty, np.nan, low), np.where(empty, np.nan, high)


@dataclass(frozen=True, slots=True)
class Share:
    """An estimated share with its interval, 0–1, and the effective number of tests behind it."""

    share: float
    lo: float
    hi: float
    effective_tests: float


def ratio_share(passes: npt.ArrayLike, tests: npt.ArrayLike, weights: npt.ArrayLike, *, level: float = 0.9) -> Share:
    """Return the weighted share over sampled cells with its Korn–Graubard interval.

    Parameters
    ----------
    passes, tests, weights : array_like, one entry a sampled cell
        Counts of the cell, and what it stands for: area in m² or people.

    Examples
    --------
    >>> ratio_share([59], [59], [1.0]).lo > 0.95, ratio_share([10, 0], [10, 10], [3.0, 1.0]).share
    (True, 0.75)
    """
    k, n, w = np.asarray(passes, float), np.asarray(tests, float), np.asarray(weights, float)
    sampled = (n > 0) & (w > 0)
    k, n, w = k[sampled], n[sampled], w[sampled]
    if not len(n):
        return Share(np.nan, np.nan, np.nan, 0.0)
    means = k / n
    share = float(min(1.0, (w * means).sum() / w.sum()))
    cells, made = len(n), float(n.sum())
    spread = cells / (cells - 1) * ((w * (means - share)) ** 2).sum() / w.sum() ** 2 if cells > 1 else 0.0
    effective = made if spread == 0 or share in (0.0, 1.0) else float(np.clip(share * (1 - share) / spread, 1.0, made))
    low, high = clopper_pearson(share * effective, effective, level=level)
    return Share(share, min(float(low), share), max(float(high), share), effective)


def verdict(lo: float, hi: float, *, target_share: float) -> Verdict:
    """Return `covered` where the whole interval reaches the target, `gap` where none of it does, else `insufficient`.

    Examples
    --------
    >>> verdict(0.96, 1.0, target_share=0.95), verdict(0.2, 0.9, target_share=0.95), verdict(float("nan"), 1.0, target_share=0.95)
    (<Verdict.COVERED: 'covered'>, <Verdict.GAP: 'gap'>, <Verdict.INSUFFICIENT: 'insufficient'>)
    """
    if lo >= target_share:
        return Verdict.COVERED
    return Verdict.GAP if hi < target_share else Verdict.INSUFFICIENT


def further_tests(share: float, effective_tests: float, *, target_share: float, level: float = 0.9) -> int:
    """Return how many further tests at the share seen so far would bring a verdict; 0 where there is one.

    Without tests: how many passes in a row are needed (59 at 95 %). A share next to the target hardly ever brings one: the most that is
    asked for is 100,000.

    Examples
    --------
    >>> [further_tests(share, tests, target_share=0.95) for share, tests in ((float("nan"), 0), (1.0, 20), (1.0, 59))]
    [59, 39, 0]
    """
    seen = 1.0 if np.isnan(share) else share

    def concluded(tests: float) -> bool:
        low, high = clopper_pearson(seen * tests, tests, level=level)
        return bool(low >= target_share or high < target_share)

    if effective_tests > 0 and concluded(effective_tests):
        return 0
    few, many = max(effective_tests, 0.0), effective_tests + 1.0
    while not concluded(many):
        few, many = many, many * 2
        if many > _MOST_TESTS:
            return _MOST_TESTS
    while many - few > 0.01:
        middle = (few + many) / 2
        few, many = (few, middle) if concluded(middle) else (middle, many)
    return int(np.ceil(many - effective_tests))
