"""Three ways to serve everybody who plans along a road: reuse first (A), one trench or set for all (B), each alone (C, the reference)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from hatang.data.contracts import VARIANTS, Price, SuggestionKind
from hatang.sharing.dugcost import TrenchPrice, dig_of
from hatang.sharing.proposals import RoadCase, rules_speaking
from hatang.sharing.rentorbuild import rent_price
from hatang.sharing.roadplans import RoadPlan, by_firm, same_firm, spans_of, ways_of
from hatang.sharing.stretches import cut
from hatang.sharing.suggestions import Room

_EQUAL_M: Final = 0.5
"""Variants that differ by less dig as much as each other."""
_RULES_ALONE: Final = ("new_area_underground", "new_area_shared")


def variants_of(
    cases: Sequence[RoadCase],
    rooms: Mapping[str, Sequence[Room]],
    held: frozenset[str],
    broken: Mapping[str, Sequence[str]],
    *,
    price: TrenchPrice,
    prices: Mapping[str, Price],
    in_force: frozenset[str],
) -> pd.DataFrame:
    """Return the variants A, B and C of each road along which somebody plans (VARIANTS contract), and which is recommended and why.

    Recommended is what digs least; where C digs no more than the others, there is nothing to share. `firms_in_time` counts those that can
    build in their own window: all but those held by a moratorium, in B those whose windows have one day in common.

    Parameters
    ----------
    rooms
        road_id → its ducts with room. In A each stretch of a firm lies in its own duct, else in that with most spare ways, those who need
        fewest first; what finds none is dug alone.
    held
        Plans that a moratorium holds off beyond their own window.
    broken
        road_id → codes of the clauses that the new set breaks.
    price
        VND of a metre of trench by its ways.
    """
    rows: list[dict[str, Any]] = []
    for case in cases:
        if case.plans:
            three = _three(case, rooms.get(case.road_id, []), held, broken.get(case.road_id, []), price, prices, in_force)
            rows += _recommended(three)
    return VARIANTS.conform(pd.DataFrame(rows, columns=VARIANTS.names))


def _three(
    case: RoadCase,
    rooms: Sequence[Room],
    held: frozenset[str],
    broken: Sequence[str],
    price: TrenchPrice,
    prices: Mapping[str, Price],
    in_force: frozenset[str],
) -> list[dict[str, Any]]:
    dig = dig_of(case.plans, price)
    firms = by_firm(case.plans)
    waiting = {firm for firm, own in firms.items() if any(plan.plan_id in held for plan in own)}
    alone_m, alone_vnd = sum(dig.alone(dig.metres)), sum(dig.alone(dig.vnd))
    reused = _reused(case, rooms, price, rent_price(prices))
    assumed = ["ways_assumed"] if any(ways_of(own)[1] for own in firms.values()) else []
    common = {"road_id": case.road_id, "members": ", ".join(firms), "firms": len(firms)}
    still = {firm for firm, length in reused["dug_by_firm"].items() if length > _EQUAL_M}
    together_m, together_vnd = dig.metres(dig.everyone), dig.vnd(dig.everyone)
    return [
        {
            **common,
            "variant": "A",
            "dug_m": reused["dug_m"],
            "reused_m": alone_m - reused["dug_m"],
            "saved_m": alone_m - reused["dug_m"],
            "cost_vnd": reused["cost_vnd"],
            "saving_vnd": alone_vnd - reused["cost_vnd"],
            "rent_vnd_year": reused["rent_vnd_year"],
            "firms_in_time": len(firms) - len(waiting & still),
            "rules": rules_speaking(SuggestionKind.REUSE_WAY, in_force),
            "violations": None,
            "assumptions": ", ".join([*assumed, "survey_before_use", "reuse_by_stretch", "rent_apart", "along_axis", "trench_only"]),
        },
        {
            **common,
            "variant": "B",
            "dug_m": together_m,
            "reused_m": 0.0,
            "saved_m": alone_m - together_m,
            "cost_vnd": together_vnd,
            "saving_vnd": alone_vnd - together_vnd,
            "rent_vnd_year": 0.0,
            "firms_in_time": _in_one_window(firms, waiting),
            "rules": rules_speaking(SuggestionKind.NEW_SHARED_SET, in_force),
            "violations": ", ".join(broken) or None,
            "assumptions": ", ".join([*assumed, "built_at_once", "along_axis", "trench_only"]),
        },
        {
            **common,
            "variant": "C",
            "dug_m": alone_m,
            "reused_m": 0.0,
            "saved_m": 0.0,
            "cost_vnd": alone_vnd,
            "saving_vnd": 0.0 if np.isfinite(alone_vnd) else np.nan,
            "rent_vnd_year": 0.0,
            "firms_in_time": len(firms) - len(waiting),
            "rules": ", ".join(code for code in _RULES_ALONE if code in in_force) or None,
            "violations": None,
            "assumptions": ", ".join([*assumed, "along_axis", "trench_only"]),
        },
    ]


def _recommended(three: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the three with the one that is recommended, and why."""
    least = min(row["dug_m"] for row in three)
    equal = [row for row in three if row["dug_m"] <= least + _EQUAL_M]
    reference = three[-1]
    best = reference if reference in equal else max(equal, key=lambda row: row["firms_in_time"])
    if best is reference:
        why = "nothing_to_share"
    elif best["firms_in_time"] < best["firms"]:
        why = "least_dug_other_days"
    else:
        why = "least_dug" if len(equal) == 1 else "least_dug_in_time"
    return [{**row, "recommended": row is best, "why": why if row is best else None} for row in three]


def _reused(case: RoadCase, rooms: Sequence[Room], price: TrenchPrice, rent: Price | None) -> dict[str, Any]:
    """Return what is still dug, by firm too, what it costs, and the rent a year, where ducts with room are used first."""
    firms = by_firm(case.plans)
    need = {firm: ways_of(own)[0] for firm, own in firms.items()}
    pieces, has = cut([*(spans_of(own) for own in firms.values()), *([room.span] for room in rooms)])
    dug_by_firm = dict.fromkeys(firms, 0.0)
    rented = 0.0
    for (begin, end), here in zip(pieces, has.T, strict=True):
        beside = [room for room, there in zip(rooms, here[len(firms) :], strict=True) if there]
        left = [room.spare for room in beside]
        for firm in sorted((name for name, wants in zip(firms, here, strict=False) if wants), key=lambda name: (need[name], name)):
            fitting = [place for place, spare in enumerate(left) if spare >= need[firm]]
            if not fitting:
                dug_by_firm[firm] += end - begin
                continue
            own = [place for place in fitting if same_firm(firm, beside[place].owner)]
            taken = max(own or fitting, key=left.__getitem__)
            left[taken] -= need[firm]
            rented += 0.0 if own else need[firm] * (end - begin)
    return {
        "dug_by_firm": dug_by_firm,
        "dug_m": sum(dug_by_firm.values()),
        "cost_vnd": sum(length * price(need[firm]) for firm, length in dug_by_firm.items()),
        "rent_vnd_year": 0.0 if rented == 0 else (rented * rent.vnd if rent is not None else np.nan),
    }


def _in_one_window(firms: Mapping[str, Sequence[RoadPlan]], waiting: set[str]) -> int:
    """Return how many firms can dig on one day, the day on which most can; those that are held cannot."""
    days = {plan.earliest for own in firms.values() for plan in own if plan.dated and plan.earliest is not None}
    able = [{firm for firm, own in firms.items() if all(plan.open_on(day) for plan in own)} - waiting for day in days]
    return max((len(group) for group in able), default=0)
