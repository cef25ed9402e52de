"""Who pays what of a trench or set that several firms take together, and what the others pay where one of them leaves.

The statutory key comes first, piece of road by piece; Shapley's value, the core, and that nobody pays more than alone stand beside it as a
reference. In metres dug, and in VND where every price is known: then each pays its own ducts, and the key divides the rest.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from hatang.data.contracts import LEAVING, SHARES
from hatang.sharing.dugcost import Dig
from hatang.sharing.proposals import Joint
from hatang.sharing.roadplans import RoadPlan, by_firm, ways_of
from hatang.sharing.shares import Floats, in_core, no_more_than_alone, shapley, statutory

ShareKey = Literal["length", "number", "cross_section", "weight"]
_SLACK: Final = 1e-6


def shares_of(joints: Sequence[Joint], *, key: ShareKey) -> pd.DataFrame:
    """Return what each firm pays of each joint proposal (SHARES contract), in metres, and in VND where prices are known.

    Where the key counts what a firm's plans do not state, `statutory` and what follows from it are empty.

    Parameters
    ----------
    key
        What the statutory key counts in a metre of trench: `length` the firms in it alike, `number` their cables (else the ways they ask
        for), `cross_section` and `weight` of their cables.
    """
    rows = [row for joint in joints for unit in ("m", "VND") for row in _shares(joint, key, unit)]
    return SHARES.conform(pd.DataFrame(rows, columns=SHARES.names))


def if_one_leaves(joints: Sequence[Joint], *, key: ShareKey) -> pd.DataFrame:
    """Return for each firm of a joint proposal what each of the others pays once it has left, and what they dig (LEAVING contract).

    By the statutory key, no more than alone; where the key counts what is not stated, by length, which `key` says.
    """
    rows = [row for joint in joints for unit in ("m", "VND") for row in _leaving(joint, key, unit)]
    return LEAVING.conform(pd.DataFrame(rows, columns=LEAVING.names))


def key_quantity(plans: Sequence[RoadPlan], key: ShareKey) -> list[float] | None:
    """Return what the statutory key counts for each firm, firms by name; None where a plan does not state it.

    Examples
    --------
    >>> key_quantity([RoadPlan("K1", "vnpt", (), ways=2), RoadPlan("K2", "viettel", (), ways=1)], "number")
    [1.0, 2.0]
    """
    found = [_quantity(own, key) for own in by_firm(plans).values()]
    return None if any(value is None for value in found) else [float(value) for value in found if value is not None]


def _keyed(joint: Joint, key: ShareKey) -> list[float] | None:
    """Return what the key counts for each party; a promoter of works lays no cable: only length can be counted for it."""
    if joint.promoter is None:
        return key_quantity(joint.plans, key)
    return [1.0] * len(joint.dig.firms) if key == "length" else None


def _quantity(own: Sequence[RoadPlan], key: ShareKey) -> float | None:
    if key == "length":
        return 1.0
    if key == "number":
        return float(max(plan.cables or plan.ways or 0 for plan in own)) or float(ways_of(own)[0])
    each = []
    for plan in own:
        of_cable = _square(plan.cable_od_mm) if key == "cross_section" else plan.cable_kg_m
        if not plan.cables or not of_cable:
            return None
        each.append(plan.cables * of_cable)
    return max(each)


def _square(diameter_mm: float | None) -> float | None:
    return None if diameter_mm is None else math.pi / 4 * diameter_mm**2


def _cost(dig: Dig, unit: str) -> Callable[[int], float]:
    return dig.metres if unit == "m" else dig.vnd


def _shares(joint: Joint, key: ShareKey, unit: str) -> list[dict[str, Any]]:
    dig, cost = joint.dig, _cost(joint.dig, unit)
    alone, total = np.array(dig.alone(cost)), cost(dig.everyone)
    if not math.isfinite(total) or not np.isfinite(alone).all():
        return []
    value = shapley(len(dig.firms), cost)
    quantity = _keyed(joint, key)
    paid = None if quantity is None else _statutory(dig, dig.everyone, quantity, unit)
    kept = None if paid is None else no_more_than_alone(paid, alone)
    return [
        {
            "suggestion_id": joint.suggestion_id,
            "road_id": joint.road_id,
            "firm": firm,
            "unit": unit,
            "key": key,
            "alone": alone[number],
            "total": total,
            "statutory": np.nan if paid is None else paid[number],
            "statutory_in_core": None if paid is None else in_core(paid, cost),
            "not_above_alone": None if paid is None else bool(paid[number] <= alone[number] * (1 + _SLACK)),
            "capped": np.nan if kept is None else kept[number],
            "shapley": value[number],
            "shapley_in_core": in_core(value, cost),
            "saving": np.nan if kept is None else alone[number] - kept[number],
        }
        for number, firm in enumerate(dig.firms)
    ]


def _leaving(joint: Joint, key: ShareKey, unit: str) -> list[dict[str, Any]]:
    dig, cost = joint.dig, _cost(joint.dig, unit)
    alone = np.array(dig.alone(cost))
    if not math.isfinite(cost(dig.everyone)) or not np.isfinite(alone).all():
        return []
    quantity = _keyed(joint, key)
    used, counted = ("length", [1.0] * len(dig.firms)) if quantity is None else (key, quantity)
    before = no_more_than_alone(_statutory(dig, dig.everyone, counted, unit), alone)
    rows = []
    for leaver, firm in enumerate(dig.firms):
        rest = dig.everyone ^ 1 << leaver
        others = np.array([number != leaver for number in range(len(dig.firms))])
        after = _statutory(dig, rest, counted, unit)
        after[others] = no_more_than_alone(after[others], alone[others])
        rows += [
            {
                "suggestion_id": joint.suggestion_id,
                "road_id": joint.road_id,
                "leaver": firm,
                "firm": dig.firms[number],
                "unit": unit,
                "key": used,
                "pays_before": before[number],
                "pays_after": after[number],
                "alone": alone[number],
                "rest_dug_m": dig.metres(rest),
                "rest_total": cost(rest),
                "still_saves": bool(after[number] < alone[number] * (1 - _SLACK)),
            }
            for number in np.flatnonzero(others)
        ]
    return rows


def _statutory(dig: Dig, group: int, quantity: Sequence[float], unit: str) -> Floats:
    """Return what each firm pays, 0 for those outside the group: the opening by the key, in VND its own ducts besides."""
    members = np.array([bool(group >> number & 1) for number in range(len(dig.firms))])
    users = dig.wants & members[:, None]
    if unit == "m":
        return statutory(dig.lengths_m * users.any(axis=0), users, quantity)
    own = dig.own_vnd(group)
    paid: Floats = statutory(dig.opening_vnd(group) - own.sum(axis=0), users, quantity) + own.sum(axis=1)
    return paid
