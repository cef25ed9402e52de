"""What the plans along one road can do together: join open works, dig one trench, take one new set, or wait.

Stretches are spans of the road's axis. A joint trench is where two or more firms' plans lie and one day is in the window of all of them;
a plan takes part in one at most, and the day that spares most metres is taken first. The new set is one for everybody who plans there,
whatever the windows. Windows that are not known meet no other.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hatang.data.contracts import HUE_CRS, SuggestionKind
from hatang.sharing.dugcost import Dig, TrenchPrice, dig_of, joined_dig
from hatang.sharing.roadplans import RoadPlan, by_firm, same_firm, spans_beside, spans_of, ways_of
from hatang.sharing.stretches import Span, common, cut, metres, shape_of, united

_ID_DIGITS: Final = 12
_TRENCH: Final = ("reserve", "duct_gap", "duct_cover_sidewalk", "trench_top", "trench_bottom")
_SPEAKING: Final[Mapping[SuggestionKind, tuple[str, ...]]] = {
    SuggestionKind.REUSE_WAY: ("fill_1", "fill_2", "fill_3_more"),
    SuggestionKind.REUSE_POLE: ("no_new_poles", "boxes", "slack"),
    SuggestionKind.JOIN_WORKS: ("duct_gap", "duct_cover_sidewalk", "duct_cover_carriageway"),
    SuggestionKind.JOINT_TRENCH: _TRENCH,
    SuggestionKind.NEW_SHARED_SET: (*_TRENCH, "chamber_spacing", "chamber_at_junction", "chamber_at_bend", "lid_cover_sidewalk"),
}
_BESIDE: Final = {"water": "distance_water", "sewer": "distance_sewer", "power": "distance_power"}
"""What else speaks where the works' own line lies in the trench."""


@dataclass(frozen=True)
class RoadCase:
    """One road to make proposals for: its axis (EPSG:9214), the plans along it, and what of it ducts with room lie beside."""

    road_id: str
    road_name: Any
    axis: shapely.LineString
    plans: Sequence[RoadPlan]
    reusable: Sequence[Span]


@dataclass(frozen=True)
class ProposalPolicy:
    """How near works lie to a road, and how long and how close common stretches are, m."""

    beside_m: float = 20.0
    min_common_m: float = 50.0
    gap_m: float = 20.0


@dataclass(frozen=True)
class Joint:
    """A proposal that several parties pay together: whose shares are told; `promoter` is the one whose works are joined."""

    suggestion_id: str
    road_id: str
    dig: Dig
    plans: Sequence[RoadPlan]
    promoter: str | None = None


def rules_speaking(kind: SuggestionKind, in_force: frozenset[str], *more: str) -> str | None:
    """Return the codes of the clauses in force that speak of a kind of suggestion, with commas between; None where none does."""
    return ", ".join(code for code in (*_SPEAKING.get(kind, ()), *more) if code in in_force) or None


def suggestion_id(kind: SuggestionKind, road_id: str, owner: str, names: Sequence[str]) -> str:
    """Return the name of a suggestion: the digest of what it proposes, so that decisions hold in every later answer."""
    digest = hashlib.sha256("|".join([str(kind), road_id, owner, *names]).encode()).hexdigest()
    return f"S-{digest[:_ID_DIGITS]}"


def with_works(
    case: RoadCase,
    works: gpd.GeoDataFrame,
    timing: pd.DataFrame,
    *,
    opening: TrenchPrice,
    in_force: frozenset[str],
    policy: ProposalPolicy,
) -> tuple[list[dict[str, Any]], list[Joint]]:
    """Return rows (SUGGESTIONS contract) of plans that join works, or wait for them, as the timing advises, and what shares come from.

    What is spared is the digging and the reinstatement that would be done twice along the common stretch, at the size of the trench that
    the plan's own ways need, less its part of what the trench grows by where others lay in it too. The promoter and all who join divide it
    together, the same under each one's suggestion, while ducts and bed stay each plan's own. Where nobody knows whether the works open a
    trench, no metre counts as spared; where a price is missing, no money does; where no other promoter is known, nothing is divided. Who
    waits spares nothing yet.

    Parameters
    ----------
    works
        WORKS contract, any CRS.
    timing
        `roadtiming.road_timing`'s advice for this road.
    opening
        VND of opening a metre of trench by its ways, without what is laid in it.
    """
    by_id = {str(row["work_id"]): row for row in works.to_crs(HUE_CRS).to_dict("records")} if len(works) else {}
    plans = {plan.plan_id: plan for plan in case.plans}
    rows: list[dict[str, Any]] = []
    joining: dict[str, list[tuple[dict[str, Any], RoadPlan, list[Span]]]] = {}
    for row in timing.to_dict("records"):
        plan, work = plans.get(str(row["plan_id"])), by_id.get(str(row["work_id"]))
        if plan is None or work is None or row["advice"] not in ("join", "wait"):
            continue  # what is asked, or built alone, is told by the timing
        kind = SuggestionKind.JOIN_WORKS if row["advice"] == "join" else SuggestionKind.WAIT
        promoter = None if pd.isna(work["promoter"]) else str(work["promoter"])
        both = common(plan.spans, spans_beside(case.axis, work["geometry"], policy.beside_m))
        ways, assumed = ways_of([plan])
        opened = bool(work["open_trench"]) if not pd.isna(work["open_trench"]) else None
        spared = metres(both) if kind is SuggestionKind.JOIN_WORKS and opened else np.nan
        other = promoter is not None and not same_firm(plan.operator, promoter)
        notes = ["own_ducts_laid", *(["ways_assumed"] if assumed else []), *([] if opened is not None else ["open_trench_unknown"])]
        if opened:
            notes += ["prices_missing"] if math.isnan(opening(ways)) else ["opening_as_plan"]
        notes += [] if other else ["promoter_unknown" if promoter is None else "promoter_is_firm"]
        made = _row(
            case,
            kind,
            owner=promoter or str(row["work_id"]),
            members=[plan.operator, *([promoter] if promoter else [])],
            names=[plan.plan_id, str(work["work_id"])],
            spans=both,
            assumptions=notes if kind is SuggestionKind.JOIN_WORKS else [f"wait_{row['reason']}"],
        ) | {
            "ways": plan.ways or None,
            "dig_m_saved": spared,
            "alone_m": metres(both),
            "dug_m": metres(both) - spared,
            "saving_vnd": opening(ways) * spared,
            "decide_by": row["decide_by"],
            "window_from": row["not_before"] if kind is SuggestionKind.WAIT else _later(plan.earliest, work["start"]),
            "window_to": _sooner(plan.latest, work["end"]) if kind is SuggestionKind.JOIN_WORKS else None,
            "rules": rules_speaking(kind, in_force, *([_BESIDE[work["kind"]]] if work["kind"] in _BESIDE else [])),
        }
        rows.append(made)
        if spared > 0 and (other or promoter is None):
            joining.setdefault(str(work["work_id"]), []).append((made, plan, both))
    joints: list[Joint] = []
    for work_id, parties in joining.items():
        promoter = None if pd.isna(by_id[work_id]["promoter"]) else str(by_id[work_id]["promoter"])
        plans_in = [replace(plan, spans=tuple(both)) for _, plan, both in parties]
        dig = joined_dig(plans_in, promoter, opening)
        if len(dig.firms) > 2:
            _grown([made for made, _, _ in parties], dig, plans_in)
        if promoter is not None:
            joints += [Joint(made["suggestion_id"], case.road_id, dig, plans_in, promoter) for made, _, _ in parties]
    return rows, joints


def _grown(rows: Sequence[dict[str, Any]], dig: Dig, plans: Sequence[RoadPlan]) -> None:
    """Take from what each who joins spares its part of what the trench grows by; a firm with several plans bears it once."""
    parts = dict(zip(dig.firms, dig.growth_vnd(), strict=True))
    for made, plan in zip(rows, plans, strict=True):
        grown = float(parts.pop(plan.operator, 0.0))
        unheld = ["no_profile_for_all"] if math.isnan(grown) and not math.isnan(made["saving_vnd"]) else []
        made["saving_vnd"] -= grown
        made["assumptions"] = ", ".join([made["assumptions"], "joined_by_others", *unheld])


def together(
    case: RoadCase,
    *,
    price: TrenchPrice,
    in_force: frozenset[str],
    held: frozenset[str],
    violations: Sequence[str] = (),
    policy: ProposalPolicy,
) -> tuple[list[dict[str, Any]], list[Joint]]:
    """Return rows (SUGGESTIONS contract) of joint trenches and of the new set of a road, and what their shares are counted from.

    `bound_pct` says by how much fewer metres could be dug at most on the same stretches: were all ducts with room beside them used.

    Parameters
    ----------
    price
        VND of a metre of trench by its ways.
    held
        Plans that a moratorium holds off beyond their own window.
    violations
        Codes of the clauses that the new set breaks.
    """
    rows, joints = [], []
    left = [plan for plan in case.plans if plan.dated]
    while found := _best_day(left, policy):
        taken: set[str] = set()
        for span, plans in found:
            notes = _notes(plans, held)
            row, joint = _joint(case, SuggestionKind.JOINT_TRENCH, plans, [span], price, in_force, notes)
            begins, ends = ([day for plan in plans if (day := getattr(plan, name)) is not None] for name in ("earliest", "latest"))
            rows.append(row | {"window_from": max(begins), "window_to": min(ends)})
            joints.append(joint)
            taken |= {plan.plan_id for plan in plans}
        left = [plan for plan in left if plan.plan_id not in taken]
    if len(by_firm(case.plans)) > 1:
        notes = ["built_at_once", *(["window_unknown"] if not all(plan.dated for plan in case.plans) else []), *_notes(case.plans, held)]
        notes += ["instead_of_joint_trench"] if rows else []
        row, joint = _joint(case, SuggestionKind.NEW_SHARED_SET, case.plans, None, price, in_force, notes)
        if row["dig_m_saved"] >= policy.min_common_m:
            rows.append(row | {"violations": ", ".join(violations) or None})
            joints.append(joint)
    return rows, joints


def _best_day(plans: Sequence[RoadPlan], policy: ProposalPolicy) -> list[tuple[Span, list[RoadPlan]]]:
    """Return the common stretches, with who shares each, of the day that spares most metres; the earliest of equal ones."""
    best: tuple[float, list[tuple[Span, list[RoadPlan]]]] = (0.0, [])
    for day in sorted({plan.earliest for plan in plans if plan.earliest is not None}):
        spared, found = _common([plan for plan in plans if plan.open_on(day)], policy)
        if spared > best[0]:
            best = (spared, found)
    return best[1]


def _common(plans: Sequence[RoadPlan], policy: ProposalPolicy) -> tuple[float, list[tuple[Span, list[RoadPlan]]]]:
    """Return the metres that firms spare on their common stretches, and each stretch with the plans in it."""
    pieces, has = cut([spans_of(own) for own in by_firm(plans).values()])
    shared = [(float(begin), float(end)) for begin, end in pieces[has.sum(axis=0) > 1]]
    found, spared = [], 0.0
    for span in united(shared, policy.gap_m):
        inside = common(shared, [span])
        if metres(inside) >= policy.min_common_m:
            found.append((span, [plan for plan in plans if common(plan.spans, inside)]))
            spared += sum(metres(common(spans_of(own), inside)) for own in by_firm(plans).values()) - metres(inside)
    return spared, found


def _joint(
    case: RoadCase,
    kind: SuggestionKind,
    plans: Sequence[RoadPlan],
    within: Sequence[Span] | None,
    price: TrenchPrice,
    in_force: frozenset[str],
    assumptions: Sequence[str],
) -> tuple[dict[str, Any], Joint]:
    dig = dig_of(plans, price, within=within)
    spans = common(spans_of(plans), within) if within is not None else spans_of(plans)
    dug, alone = dig.metres(dig.everyone), sum(dig.alone(dig.metres))
    row = _row(
        case,
        kind,
        owner=", ".join(dig.firms),
        members=dig.firms,
        names=[plan.plan_id for plan in plans],
        spans=spans,
        assumptions=[*assumptions, "along_axis", "trench_only"],
    ) | {
        "alone_m": alone,
        "dug_m": dug,
        "dig_m_saved": alone - dug,
        "saving_vnd": sum(dig.alone(dig.vnd)) - dig.vnd(dig.everyone),
        "bound_pct": 100 * metres(common(spans, case.reusable)) / dug,
        "rules": rules_speaking(kind, in_force),
    }
    return row, Joint(row["suggestion_id"], case.road_id, dig, plans)


def _row(
    case: RoadCase,
    kind: SuggestionKind,
    *,
    owner: str,
    members: Sequence[str],
    names: Sequence[str],
    spans: Sequence[Span],
    assumptions: Sequence[str],
) -> dict[str, Any]:
    return {
        "suggestion_id": suggestion_id(kind, case.road_id, owner, sorted(names)),
        "kind": str(kind),
        "road_id": case.road_id,
        "road_name": case.road_name,
        "owner": owner,
        "contact": None,
        "members": ", ".join(members),
        "assets": ", ".join(names),
        "asset_count": len(names),
        "reach_m": metres(spans),
        "bound_pct": np.nan,
        "assumptions": ", ".join(assumptions),
        "decision": "open",
        "geometry": shape_of(case.axis, spans),
    }


def _notes(plans: Sequence[RoadPlan], held: frozenset[str]) -> list[str]:
    """Return what is assumed of plans that dig together."""
    notes = ["budget_not_approved"] if any(plan.budget_status != "approved" for plan in plans) else []
    notes += ["moratorium_lifted"] if any(plan.plan_id in held for plan in plans) else []
    return [*notes, "ways_assumed"] if any(ways_of(own)[1] for own in by_firm(plans).values()) else notes


def _later(left: Any, right: Any) -> Any:
    return None if pd.isna(left) or pd.isna(right) else max(pd.Timestamp(left), pd.Timestamp(right))


def _sooner(left: Any, right: Any) -> Any:
    return None if pd.isna(left) or pd.isna(right) else min(pd.Timestamp(left), pd.Timestamp(right))
