"""Shares with their intervals and the three-way verdict."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from hatang.coverage.statistics import clopper_pearson, further_tests, ratio_share, verdict
from hatang.data.contracts import ParameterError, Verdict


@given(st.integers(0, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.sampled_from([0.8, 0.9, 0.95]))
def test_clopper_pearson_equals_scipy(counts: tuple[int, int], level: float) -> None:
    k, n = counts
    low, high = clopper_pearson(k, n, level=level)
    if n == 0:
        assert np.isnan(low)
        assert np.isnan(high)
        return
    reference = binomtest(k, n).proportion_ci(confidence_level=level, method="exact")
    np.testing.assert_allclose([low, high], [reference.low, reference.high], rtol=1e-6, atol=1e-9)


def test_59_of_59_reaches_95_percent_and_58_of_58_does_not() -> None:
    # settled definition: lower bound of n passes of n is 0.05 ** (1 / n); 0.05 ** (1 / 59) = 0.9505, 0.05 ** (1 / 58) = 0.9497
    low, _ = clopper_pearson([59, 58], [59, 58])
    np.testing.assert_allclose(low, [0.05 ** (1 / 59), 0.05 ** (1 / 58)])
    assert verdict(float(low[0]), 1.0, target_share=0.95) is Verdict.COVERED
    assert verdict(float(low[1]), 1.0, target_share=0.95) is Verdict.INSUFFICIENT


def test_bad_arguments_are_named() -> None:
    with pytest.raises(ParameterError, match=r"error\.statistics\.counts"):
        clopper_pearson(3, 2)
    with pytest.raises(ParameterError, match=r"error\.statistics\.level"):
        clopper_pearson(1, 2, level=1.0)


def test_ratio_share_by_hand() -> None:
    # Cells of 3, 1 and 1 km² with 10/10, 5/10 and 0/10 passes: share = (3·1 + 1·0.5 + 1·0) / 5 = 0.7.
    # Variance = 3/2 · (0.9² + 0.2² + 0.7²) / 25 = 0.0804; effective = 0.7 · 0.3 / 0.0804 = 2.611940…
    estimate = ratio_share([10, 5, 0], [10, 10, 10], [3, 1, 1])
    assert estimate.share == pytest.approx(0.7)
    assert estimate.effective_tests == pytest.approx(0.21 / 0.0804)
    low, high = clopper_pearson(0.7 * estimate.effective_tests, estimate.effective_tests)
    assert (estimate.lo, estimate.hi) == (pytest.approx(float(low)), pytest.approx(float(high)))


def test_all_passing_cells_count_as_the_tests_made() -> None:
    assert ratio_share([20, 39], [20, 39], [1, 5]).lo == pytest.approx(0.05 ** (1 / 59))


def test_no_tests_is_no_share() -> None:
    estimate = ratio_share([], [], [])
    assert np.isnan([estimate.share, estimate.lo, estimate.hi]).all()


cells = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 30), st.floats(0.1, 10)).map(lambda c: (min(c[0], c[1]), c[1], c[2])),
    min_size=1,
    max_size=12,
)


@given(cells)
def test_the_share_lies_in_its_interval_whatever_the_order(drawn: list[tuple[int, int, float]]) -> None:
    k, n, w = map(list, zip(*drawn, strict=True))
    estimate = ratio_share(k, n, w)
    assert 0 <= estimate.lo <= estimate.share <= estimate.hi <= 1
    assert estimate.effective_tests <= sum(n) + 1e-9
    again = ratio_share(k[::-1], n[::-1], w[::-1])
    assert again.share == pytest.approx(estimate.share)
    assert again.lo == pytest.approx(estimate.lo, abs=1e-9)


@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n - 1), st.just(n))))
def test_one_more_pass_never_lowers_the_bounds(counts: tuple[int, int]) -> None:
    k, n = counts
    (less, more), (less_high, more_high) = clopper_pearson([k, k + 1], [n, n])
    assert less <= more
    assert less_high <= more_high


def test_verdicts() -> None:
    assert verdict(0.95, 1.0, target_share=0.95) is Verdict.COVERED
    assert verdict(0.1, 0.9499, target_share=0.95) is Verdict.GAP
    assert verdict(0.1, 0.95, target_share=0.95) is Verdict.INSUFFICIENT
    assert verdict(float("nan"), float("nan"), target_share=0.95) is Verdict.INSUFFICIENT


@pytest.mark.parametrize("made", [0, 1, 10, 58])
def test_further_passes_bring_a_verdict_and_one_fewer_does_not(made: int) -> None:
    needed = further_tests(1.0, made, target_share=0.95)
    assert made + needed == 59


def test_further_tests_at_a_low_share_bring_a_gap() -> None:
    needed = further_tests(0.8, 10, target_share=0.95)
    _, high = clopper_pearson(0.8 * (10 + needed), 10 + needed)
    assert high < 0.95
    assert further_tests(0.95, 50, target_share=0.95) == 100_000
