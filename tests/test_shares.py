"""Who pays what, by hand: every order of joining written out, and games whose answer is known without computing."""

from collections.abc import Callable, Mapping

import numpy as np
import pytest

from hatang.sharing.shares import EXACT_TO, in_core, no_more_than_alone, shapley, statutory

A, B, C = 1, 2, 4
TRENCH: Mapping[int, float] = {0: 0, A: 6, B: 8, C: 10, A | B: 10, A | C: 12, B | C: 12, A | B | C: 15}
"""Million VND that three firms, alone, two together, or all, pay for their trenches."""
ORDERS = {
    "ABC": (6, 10 - 6, 15 - 10),
    "ACB": (6, 12 - 6, 15 - 12),
    "BAC": (8, 10 - 8, 15 - 10),
    "BCA": (8, 12 - 8, 15 - 12),
    "CAB": (10, 12 - 10, 15 - 12),
    "CBA": (10, 12 - 10, 15 - 12),
}
"""What each adds when the three join in this order, in that order."""


def stairs(reach: list[float]) -> Callable[[int], float]:
    """Return the cost of one trench that is as long as the farthest of a group reaches."""
    return lambda group: max((metres for k, metres in enumerate(reach) if group >> k & 1), default=0.0)


def stairs_by_hand(reach: list[float]) -> list[float]:
    """Return each firm's part of a trench whose every stretch is split by those who reach beyond its beginning; `reach` ascends."""
    steps = [(here - before) / (len(reach) - n) for n, (before, here) in enumerate(zip([0.0, *reach], reach, strict=False))]
    return [sum(steps[: n + 1]) for n in range(len(reach))]


def test_three_firms_in_all_six_orders() -> None:
    """A: 6+6+2+3+2+3 = 22; B: 4+3+8+8+3+2 = 28; C: 5+6+5+4+10+10 = 40; a sixth of each, 15 together."""
    added = {firm: sum(steps[order.index(firm)] for order, steps in ORDERS.items()) for firm in "ABC"}
    assert added == {"A": 22, "B": 28, "C": 40}
    value = shapley(3, TRENCH.__getitem__)
    assert value.tolist() == pytest.approx([22 / 6, 28 / 6, 40 / 6], abs=1e-12)
    assert value.sum() == pytest.approx(15)


def test_the_core_by_hand() -> None:
    """A and B alone would pay 10: 4 + 6 is still in the core, and of 5 + 6 they would rather dig without C."""
    assert in_core(shapley(3, TRENCH.__getitem__), TRENCH.__getitem__)
    assert in_core([4, 6, 5], TRENCH.__getitem__)
    assert not in_core([5, 6, 4], TRENCH.__getitem__)
    assert not in_core([7, 3, 5], TRENCH.__getitem__), "A alone pays 6"


def test_a_game_whose_core_is_empty() -> None:
    """Any two pay 5, all three 9: the three pairs together may pay 15 at most, and pay twice 9. Each adds 4, 1 or 4, by its place: 3."""
    cost = [0, 4, 4, 5, 4, 5, 5, 9].__getitem__
    assert shapley(3, cost).tolist() == [3.0, 3.0, 3.0]
    halves = np.arange(0, 9.5, 0.5)
    splits = [(a, b, 9 - a - b) for a in halves for b in halves if a + b <= 9]
    assert len(splits) == 190
    assert not any(in_core(split, cost) for split in splits)


def test_shapley_may_lie_outside_a_core_that_is_not_empty() -> None:
    """Only with A is anything saved, and once: of the 6 saved A gets 4, B and C 1 each. A and B, 2 + 5, would pay 6 without C."""
    cost = [0, 6, 6, 6, 6, 6, 12, 12].__getitem__
    value = shapley(3, cost)
    assert value.tolist() == pytest.approx([2, 5, 5])
    assert not in_core(value, cost)
    assert in_core([0, 6, 6], cost)


def test_equal_firms_pay_the_same() -> None:
    """A trench of 12 and a duct of 1 for each: 15 for three, 5 each."""
    assert shapley(3, lambda group: 12 + group.bit_count() if group else 0).tolist() == pytest.approx([5, 5, 5])


def test_a_firm_that_adds_nothing_pays_nothing_and_one_that_adds_its_own_pays_that() -> None:
    """C rides for nothing, or comes with a lateral of 5 that nobody else needs: A and B share theirs as if it were not there."""
    two = {0: 0.0, A: 6.0, B: 8.0, A | B: 10.0}
    assert shapley(3, lambda group: two[group & 3]).tolist() == pytest.approx([4, 6, 0])
    assert shapley(3, lambda group: two[group & 3] + 5 * (group >> 2)).tolist() == pytest.approx([4, 6, 5])


def test_one_trench_as_far_as_each_reaches() -> None:
    """100, 200 and 300 m: 100/3 each; then 100/2 for two; then 100 for the last. Shapley's value of it is known in closed form."""
    assert stairs_by_hand([100, 200, 300]) == pytest.approx([100 / 3, 100 / 3 + 50, 100 / 3 + 50 + 100])
    for reach in ([100.0, 200.0, 300.0], [10.0, 20.0, 40.0, 80.0, 160.0, 320.0]):
        assert len(reach) <= EXACT_TO
        assert shapley(len(reach), stairs(reach)).tolist() == pytest.approx(stairs_by_hand(reach), abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_sampled_is_near_the_exact_and_sums_to_the_whole(seed: int) -> None:
    """Of 200 orders the mean of what a firm adds is off by its spread over the root of 200; four of these cover all firms here."""
    reach = [50.0, 100.0, 150.0, 200.0, 250.0, 300.0, 350.0, 400.0]
    assert len(reach) > EXACT_TO
    value = shapley(len(reach), stairs(reach), seed=seed)
    assert value.sum() == pytest.approx(400)
    random = np.random.default_rng(99)
    orders = [random.permutation(len(reach)) for _ in range(4000)]
    added = np.array(
        [[max(0.0, reach[k] - max((reach[j] for j in order[: list(order).index(k)]), default=0.0)) for k in range(8)] for order in orders]
    )
    assert (np.abs(value - stairs_by_hand(reach)) <= 4 * added.std(axis=0) / np.sqrt(200)).all()
    assert value.tolist() == shapley(len(reach), stairs(reach), seed=seed).tolist()


def test_the_statutory_key_by_hand() -> None:
    """Three stretches of 300, 200 and 100; A lays 2 ways, B 1, C 1. First by all: 150, 75, 75; second by A and B: 133⅓, 66⅔; third by C."""
    users = np.array([[True, True, False], [True, True, False], [True, False, True]])
    paid = statutory(np.array([300.0, 200.0, 100.0]), users, [2, 1, 1])
    assert paid.tolist() == pytest.approx([150 + 400 / 3, 75 + 200 / 3, 75 + 100])
    by_length = statutory(np.array([300.0, 200.0, 100.0]), users, [1, 1, 1])
    assert by_length.tolist() == pytest.approx([200, 200, 200])


def test_nobody_pays_more_than_alone_by_hand() -> None:
    """A pays 9 of 6: 3 too many. B has 2 left to save and C 4: they take 1 and 2 of it."""
    assert no_more_than_alone([9, 6, 6], [6, 8, 10]).tolist() == [6, 7, 8]
    assert no_more_than_alone([5, 5, 5], [5, 5, 4]).tolist() == [5, 5, 5], "together dearer than alone: there is no such split"
