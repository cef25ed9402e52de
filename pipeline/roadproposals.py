"""What the plans along roads can do together, as tables of the road's answer: proposals, shares, and what holds if a firm leaves."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from hatang.data.clauses import trench_profiles
from hatang.data.contracts import Clause, Price
from hatang.data.rules import Rule, rule_value
from hatang.sharing.bargain import ShareKey, if_one_leaves, shares_of
from hatang.sharing.dugcost import trench_price
from hatang.sharing.proposals import Joint, ProposalPolicy, RoadCase, together, with_works
from hatang.sharing.rentorbuild import rent_or_build
from hatang.sharing.reusesaving import ReuseMoney
from hatang.sharing.roadplans import plans_along
from hatang.sharing.suggestions import Room
from hatang.sharing.variants import variants_of

_SPACING: Final = "chamber_spacing"


@dataclass(frozen=True)
class Proposed:
    """Rows for the ranked list (SUGGESTIONS contract, EPSG:9214), and the tables that go with them by name."""

    rows: list[dict[str, Any]]
    tables: dict[str, pd.DataFrame]


def road_cases(
    axes: gpd.GeoDataFrame, plans: gpd.GeoDataFrame, rooms: Mapping[str, Sequence[Room]], rules: dict[str, Rule]
) -> list[RoadCase]:
    """Return each road with the plans along it and the ducts with room beside it."""
    reach = {"beside_m": rule_value(rules, "timing_beside_m"), "meets_m": rule_value(rules, "timing_meets_m")}
    return [
        RoadCase(str(road), name, axis, plans_along(axis, plans, **reach), [room.span for room in rooms.get(str(road), [])])
        for road, name, axis in zip(axes["road_id"], axes["road_name"], axes.geometry.to_numpy(), strict=True)
    ]


def road_proposals(
    cases: Sequence[RoadCase],
    rooms: Mapping[str, Sequence[Room]],
    works: gpd.GeoDataFrame,
    timing: pd.DataFrame,
    violations: pd.DataFrame,
    *,
    clauses: Iterable[Clause],
    prices: Mapping[str, Price],
    rules: dict[str, Rule],
    key: ShareKey,
) -> Proposed:
    """Return what the plans along the roads can do together, with `shares`, `leaving`, `rent_or_build` and `variants`.

    Parameters
    ----------
    rooms
        road_id → the ducts with room beside it.
    works
        WORKS contract, any CRS.
    timing, violations
        Of `road_timing` and `shared_set`.
    key
        What the statutory key of shares counts.
    """
    profiles, in_force = trench_profiles(), frozenset(clause.code for clause in clauses)
    policy = proposal_policy(rules)
    price, opening = trench_price(prices, profiles), trench_price(prices, profiles, laid=False)
    broken = _broken(violations)
    held = frozenset(timing.loc[timing["reason"] == "moratorium", "plan_id"].astype(str))
    rows: list[dict[str, Any]] = []
    joints: list[Joint] = []
    for case in cases:
        advised = timing[timing["road_id"] == case.road_id]
        found, mine = with_works(case, works, advised, opening=opening, in_force=in_force, policy=policy)
        rows += found
        joints += mine
        found, mine = together(case, price=price, in_force=in_force, held=held, violations=broken.get(case.road_id, []), policy=policy)
        rows += found
        joints += mine
    tables = {
        "shares": shares_of(joints, key=key),
        "leaving": if_one_leaves(joints, key=key),
        "rent_or_build": rent_or_build(cases, rooms, price=price, prices=prices),
        "variants": variants_of(cases, rooms, held, broken, price=price, prices=prices, in_force=in_force),
    }
    return Proposed(rows, tables)


def reuse_money(cases: Sequence[RoadCase], *, clauses: Iterable[Clause], prices: Mapping[str, Price], rules: dict[str, Rule]) -> ReuseMoney:
    """Return what prices the reuse of ways along roads: rent over the years of the rule, chambers by the clause in force, if one is."""
    spacing = next((clause.value for clause in clauses if clause.code == _SPACING), None)
    return ReuseMoney(cases, trench_price(prices, trench_profiles()), prices, rule_value(rules, "design_rent_years"), spacing)


def _broken(violations: pd.DataFrame) -> dict[str, list[str]]:
    """Return road_id → codes of the clauses that its new set breaks."""
    breaches = violations[violations["severity"] == "breach"]
    road = breaches["feature_id"].astype(str).str.rsplit("-", n=1).str[0]
    return {str(name): sorted(part.unique()) for name, part in breaches["code"].groupby(road)}


def proposal_policy(rules: dict[str, Rule]) -> ProposalPolicy:
    """Return how near works lie, and how long and close common stretches are, by the rules in force."""
    return ProposalPolicy(
        beside_m=rule_value(rules, "timing_beside_m"),
        min_common_m=rule_value(rules, "overlap_min_m"),
        gap_m=rule_value(rules, "overlap_gap_m"),
    )
