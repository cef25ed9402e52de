"""Who pays what of a joint cost: the statutory key, Shapley's value, the core, and nobody paying more than alone.

Coalitions are sets of operators as bits: operator `k` is in `group` where `group >> k & 1`.
"""

import math
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
CoalitionCost = Callable[[int], float]
"""The cost of a coalition on its own, from its bits; 0 for the empty one."""

EXACT_TO: Final = 6
"""So many operators have all their coalitions looked at."""
_ORDERS: Final = 200
_TOLERANCE: Final = 1e-9


def shapley(operators: int, cost: CoalitionCost, *, seed: int = 0) -> Floats:
    """Return Shapley's value: what each adds to the cost on joining, over all orders of joining.

    Up to `EXACT_TO` operators every coalition is looked at; beyond, the mean over 200 orders drawn from `seed`, which still sums to the
    cost of all.

    Parameters
    ----------
    operators : int
    cost : callable (bits) -> float
        Called once for each coalition looked at.
    seed : int

    Returns
    -------
    ndarray of float, shape (operators,), in the unit of `cost`

    References
    ----------
    L. S. Shapley, "A value for n-person games", Contributions to the Theory of Games II (1953). J. Castro, D. Gómez, J. Tejada, "Polynomial
    calculation of the Shapley value based on sampling", Computers & Operations Research 36 (2009), for the sample.

    Examples
    --------
    A trench of 10 that both need, and 2 that only the second needs:

    >>> shapley(2, {0: 0.0, 1: 10.0, 2: 12.0, 3: 12.0}.__getitem__).tolist()
    [5.0, 7.0]
    """
    known: dict[int, float] = {0: 0.0}

    def of(group: int) -> float:
        if group not in known:
            known[group] = float(cost(group))
        return known[group]

    value = np.zeros(operators)
    if operators <= EXACT_TO:
        for group in range(1 << operators):
            size = group.bit_count()
            for k in range(operators):
                if not group >> k & 1:
                    value[k] += (of(group | 1 << k) - of(group)) / (operators * math.comb(operators - 1, size))
        return value
    random = np.random.default_rng(seed)
    for _ in range(_ORDERS):
        group = 0
        for k in random.permutation(operators).tolist():
            value[k] += (of(group | 1 << k) - of(group)) / _ORDERS
            group |= 1 << k
    return value


def in_core(shares: Sequence[float] | Floats, cost: CoalitionCost) -> bool:
    """Return whether no coalition pays more than it would on its own; beyond `EXACT_TO` operators, no single one and no all-but-one.

    Parameters
    ----------
    shares : sequence of float
        What each operator pays.
    cost : callable (bits) -> float

    References
    ----------
    D. B. Gillies, "Solutions to general non-zero-sum games", Contributions to the Theory of Games IV (1959).

    Examples
    --------
    >>> alone = {0: 0.0, 1: 10.0, 2: 12.0, 3: 12.0}.__getitem__
    >>> in_core([5, 7], alone), in_core([11, 1], alone)
    (True, False)
    """
    paid = np.asarray(shares, np.float64)
    count, everyone = len(paid), (1 << len(paid)) - 1
    some = [bits for k in range(count) for bits in (1 << k, everyone ^ 1 << k)]
    groups = range(1, everyone) if count <= EXACT_TO else some
    slack = _TOLERANCE * max(paid.sum(), 1.0)
    return all(sum(paid[k] for k in range(count) if group >> k & 1) <= cost(group) + slack for group in groups)


def no_more_than_alone(shares: Sequence[float] | Floats, alone: Sequence[float] | Floats) -> Floats:
    """Return shares of which none exceeds what its operator would pay alone: the excess goes to the others by what they still save.

    Where all together pay more than alone, there are no such shares, and these are returned as they are.

    Parameters
    ----------
    shares, alone : sequence of float, shape (operators,)

    Examples
    --------
    >>> no_more_than_alone([8, 2, 2], [5, 6, 4]).tolist()
    [5.0, 4.0, 3.0]
    """
    paid, limit = np.asarray(shares, np.float64), np.asarray(alone, np.float64)
    excess, room = np.maximum(paid - limit, 0), np.maximum(limit - paid, 0)
    if excess.sum() == 0 or excess.sum() > room.sum():
        return paid.copy()
    capped: Floats = paid - excess + room * (excess.sum() / room.sum())
    return capped


def statutory(opening: Floats, users: npt.NDArray[np.bool_], quantity: Sequence[float] | Floats) -> Floats:
    """Return what each operator pays of openings: those in one trench divide it by their quantity there.

    Parameters
    ----------
    opening : ndarray of float, shape (edges,)
        Cost of opening each edge.
    users : ndarray of bool, shape (operators, edges)
        Who builds there; each edge with a cost has at least one.
    quantity : sequence of float, shape (operators,)
        What the key counts in a metre of trench: 1 for length, else number, cross-section or weight of cables; above 0.

    Examples
    --------
    >>> statutory(np.array([12.0, 5.0]), np.array([[True, False], [True, True]]), [1, 2]).tolist()
    [4.0, 13.0]
    """
    weights = users * np.asarray(quantity, np.float64)[:, None]
    total = weights.sum(axis=0)
    used = total > 0
    parts: Floats = (weights[:, used] / total[used]) * opening[used]
    paid: Floats = parts.sum(axis=1)
    return paid
