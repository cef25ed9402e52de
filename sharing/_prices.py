"""Prices at which operators and one virtual operator bid for edges, and what an edge loses at them: compiled loops.

The opening of an edge is split into shares. Where there is no existing way, each operator who builds has a share and so has the virtual
operator, who spans all terminals and stands for the network being in one piece. Where an existing way has room for `spare`, less than all,
every group of `spare + 1` operators has a share that each of its members pays for any use: of them, at least one must build.
"""

from typing import Final

import numpy as np

from hatang.coverage.compiled import compiled
from hatang.sharing._graph import FAR, Flags, Floats, Integers

MOST_GROUPED: Final = 6


@compiled
def shareholders(operators: int, virtual: bool, opening: Integers, spare: Integers) -> tuple[Integers, Integers]:  # noqa: FBT001
    """Return the shares of each edge as sets of operators (bits; 0 the virtual one), and where those of each edge begin; (edges + 1,).

    Groups have no shares where there are more than `MOST_GROUPED` operators: the bound holds without, and there would be too many.
    """
    grouped = operators <= MOST_GROUPED
    sets = 1 << operators if grouped else 1
    size, groups = np.zeros(sets, np.int64), np.zeros(operators + 2, np.int64)
    for group in range(1, sets):
        size[group] = size[group >> 1] + (group & 1)
        groups[size[group]] += 1
    first = np.zeros(len(opening) + 1, np.int64)
    for e in range(len(opening)):
        count = 0
        if opening[e] < FAR:
            count = operators
            if spare[e] == 0:
                count += 1 if virtual else 0
            elif spare[e] < operators:
                count += groups[spare[e] + 1]
        first[e + 1] = first[e] + count
    holder = np.zeros(first[-1], np.int64)
    for e in range(len(opening)):
        at = first[e]
        if at == first[e + 1]:
            continue
        for k in range(operators):
            holder[at] = 1 << k
            at += 1
        if 0 < spare[e] < operators:
            for group in range(sets):
                if size[group] == spare[e] + 1:
                    holder[at] = group
                    at += 1
    return holder, first


@compiled
def price(
    weight: Floats,
    holder: Integers,
    first: Integers,
    scarcity: Floats,
    opening: Integers,
    own: Integers,
    rent: Integers,
    spare: Integers,
    prices: Integers,
    builds: Flags,
) -> int:
    """Fill the prices of operators and, last, of the virtual one, (operators [+ 1], edges), and who builds at them; return what edges lose.

    The loss of an edge is the least, over all sets of operators, of what its use by them costs less what they pay: at most 0. Bounds of
    all operators at their prices plus the losses are a bound for the network, whatever the weights.
    """
    operators, virtual = len(builds), len(prices) > len(builds)
    lost, paid = 0, np.empty(operators, np.int64)
    for e in range(len(opening)):
        low, high = first[e], first[e + 1]
        lifted = int(scarcity[e]) if spare[e] < operators else 0
        way = rent[e] + lifted if spare[e] > 0 else FAR
        paid[:] = 0
        idle = 0
        if low == high:
            for k in range(operators):
                paid[k], builds[k, e] = way, 0
        else:
            top = weight[low:high].max()
            total = 0.0
            for j in range(low, high):
                total += np.exp(weight[j] - top)
            for j in range(low, high):
                share = int(opening[e] * (np.exp(weight[j] - top) / total))
                if j < low + operators:
                    k = j - low
                    builds[k, e] = own[e] + share <= way
                    paid[k] += min(own[e] + share, way)
                elif holder[j] == 0:
                    idle = share
                else:
                    for k in range(operators):
                        if holder[j] >> k & 1:
                            paid[k] += share
        for k in range(operators):
            prices[k, e] = paid[k]
        if virtual:
            prices[operators, e] = idle
        if way >= FAR and low == high:
            if virtual:
                prices[operators, e] = FAR
            continue
        paid.sort()
        least, taken = 0, idle
        for count in range(1, operators + 1):
            taken += paid[operators - count]
            use = FAR
            if count <= spare[e]:
                use = rent[e] * count
            if opening[e] < FAR and own[e] < FAR:
                use = min(use, opening[e] + own[e] * count - min(count, spare[e]) * max(own[e] - rent[e], 0))
            if use < FAR:
                least = min(least, use - taken)
        lost += least
    return lost


@compiled
def bid(
    weight: Floats,
    holder: Integers,
    first: Integers,
    scarcity: Floats,
    own: Integers,
    spare: Integers,
    use: Floats,
    building: Floats,
    step: float,
    step_of_scarcity: float,
    floor: float,
) -> None:
    """Move the weights of shares toward those who use an edge more, and the price of scarce ways with their use.

    `use` (operators [+ 1], edges) and `building` (operators, edges) are averages of 0 and 1.
    """
    operators = len(building)
    most = 1
    for e in range(len(own)):
        most = max(most, first[e + 1] - first[e])
    gain = np.empty(most)
    for e in range(len(own)):
        low, high = first[e], first[e + 1]
        if high > low + 1:
            mean = 0.0
            for j in range(low, high):
                if j < low + operators:
                    gain[j - low] = building[j - low, e]
                elif holder[j] == 0:
                    gain[j - low] = use[operators, e]
                else:
                    gain[j - low] = -float(spare[e])
                    for k in range(operators):
                        if holder[j] >> k & 1:
                            gain[j - low] += use[k, e]
                mean += gain[j - low]
            mean /= high - low
            top = -np.inf
            for j in range(low, high):
                weight[j] += step * (gain[j - low] - mean)
                top = max(top, weight[j])
            for j in range(low, high):
                weight[j] = max(weight[j] - top, floor)
        if 0 < spare[e] < operators:
            over = -float(spare[e])
            for k in range(operators):
                over += use[k, e] - building[k, e]
            scarcity[e] = max(0.0, scarcity[e] + step_of_scarcity * own[e] * over)
