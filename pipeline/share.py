"""Use case: the first sharing answer for a road, beside the assessment of its period."""

import datetime as dt
from pathlib import Path
from typing import Final

import geopandas as gpd
import pandas as pd

from hatang.data.clauses import clauses_in_force
from hatang.data.contracts import HUE_CRS, MAP_CRS, AssetClass, Kind, SuggestionKind
from hatang.data.pricelist import prices_in_force
from hatang.data.results import ResultSet, table_hash
from hatang.data.rules import rule_value, rules_in_force
from hatang.data.settings import Settings
from hatang.data.store import Store
from hatang.pipeline.assess import assess, today
from hatang.pipeline.assetrules import road_findings
from hatang.pipeline.inputs import layer
from hatang.pipeline.progress import Progress
from hatang.pipeline.roadfile import road_lines
from hatang.pipeline.roadproposals import reuse_money, road_cases, road_proposals
from hatang.pipeline.roadtiming import road_timing
from hatang.pipeline.runs import keep_run, load_run, remember, run_identity, run_ids
from hatang.pipeline.sharedset import Around, shared_set
from hatang.sharing.corridor import corridor_assets, road_axes
from hatang.sharing.planfit import plan_fit
from hatang.sharing.policy import SharingPolicy
from hatang.sharing.suggestions import ducts_with_room, metres_not_dug, suggest

_REUSE: Final = (SuggestionKind.REUSE_WAY, SuggestionKind.REUSE_POLE)
_TOGETHER: Final = (SuggestionKind.JOIN_WORKS, SuggestionKind.JOINT_TRENCH, SuggestionKind.NEW_SHARED_SET, SuggestionKind.WAIT)


def share_road(
    road: Path | gpd.GeoDataFrame,
    settings: Settings,
    *,
    period: str | None = None,
    as_of: dt.date | None = None,
    progress: Progress,
) -> ResultSet:
    """Return the assessment of the period with `roads`, `corridor` and `suggestions` added, as a run of its own.

    Parameters
    ----------
    road
        A file of road lines in any form that `ingest` takes, or a frame (ROADS contract, any CRS).

    Raises
    ------
    RefusedError
        Where the file is refused.
    EmptyDataError
        Where the road has no length.
    """
    as_of = as_of or today()
    progress.step("share.road")
    roads = road_lines(road, settings)
    axes = road_axes(roads)
    base = assess(settings, period=period, as_of=as_of, progress=progress)
    rules = rules_in_force(as_of)
    policy = SharingPolicy(
        corridor_m=rule_value(rules, "corridor_m"),
        reserve_ways=int(rule_value(rules, "reserve_ways")),
        span_max_m=rule_value(rules, "span_max_m"),
        stretch_gap_m=rule_value(rules, "stretch_gap_m"),
        end_m=rule_value(rules, "register_end_m"),
    )
    kept = roads.to_crs(MAP_CRS)
    with Store.open(settings) as store:
        filed, _ = layer(store, Kind.PRICES, base.period)
    clauses, prices = clauses_in_force(as_of), prices_in_force(as_of, settings.prices, filed.to_dict("records"))
    identity = run_identity(
        [base.run_id, table_hash(kept)],
        ward_version=base.ward_version,
        configuration=base.configuration,
        as_of=as_of.isoformat(),
        extra=("road", repr(clauses), repr(sorted(prices.items())), settings.share_key),
    )
    if identity in run_ids(settings):
        remember(settings, identity)
        return load_run(settings, identity)
    progress.step("share.corridor")
    assets = gpd.GeoDataFrame(base.tables[str(Kind.ASSETS)])
    corridor = corridor_assets(axes, assets, policy=policy)
    progress.step("share.set")
    with Store.open(settings) as store:
        plans, _ = layer(store, Kind.PLANS, base.period)
        constraints, _ = layer(store, Kind.CONSTRAINTS, base.period)
        filed, _ = layer(store, Kind.ROADS, base.period)
        buildings, _ = layer(store, Kind.BUILDINGS, base.period)
    gaps = gpd.GeoDataFrame(base.tables["gaps"])
    around = Around(gpd.GeoDataFrame(plans), gaps, gpd.GeoDataFrame(filed), gpd.GeoDataFrame(buildings))
    new = shared_set(axes, corridor, around, clauses=clauses, prices=prices, limits=rules)
    works = gpd.GeoDataFrame(base.tables[str(Kind.WORKS)])
    new["asset_violations"] = road_findings(assets, corridor, clauses=clauses, end_m=rule_value(rules, "register_end_m"))
    new |= road_timing(
        axes,
        gpd.GeoDataFrame(plans),
        works,
        as_of=as_of,
        beside_m=rule_value(rules, "timing_beside_m"),
        meets_m=rule_value(rules, "timing_meets_m"),
    )
    progress.step("share.suggest")
    rooms = ducts_with_room(axes, corridor, policy=policy)
    cases = road_cases(axes, gpd.GeoDataFrame(plans), rooms, rules)
    proposed = road_proposals(
        cases, rooms, works, new["timing"], new["violations"], clauses=clauses, prices=prices, rules=rules, key=settings.share_key
    )
    in_force = frozenset(clause.code for clause in clauses)
    money = reuse_money(cases, clauses=clauses, prices=prices, rules=rules)
    suggestions = suggest(axes, corridor, policy=policy, proposals=proposed.rows, in_force=in_force, money=money)
    new |= {**proposed.tables, "plan_fit": plan_fit(suggestions, gpd.GeoDataFrame(constraints), on=as_of)}
    shared = base.with_tables(
        **new, roads=kept, corridor=corridor, suggestions=suggestions, sharing_totals=_totals(axes, corridor, suggestions, policy)
    )
    return keep_run(shared, identity, settings)


def _totals(axes: gpd.GeoDataFrame, corridor: gpd.GeoDataFrame, suggestions: gpd.GeoDataFrame, policy: SharingPolicy) -> pd.DataFrame:
    """Return the answer in few figures: `name`, `value`, `unit`."""
    ducts = corridor[corridor["asset_class"] == AssetClass.DUCT_SECTION]
    rows: list[tuple[str, float, str]] = [
        ("road_m", float(axes.to_crs(HUE_CRS).length.sum()), "m"),
        ("assets", float(len(corridor)), "assets"),
        ("dig_m_saved", metres_not_dug(axes, corridor, policy=policy), "m"),
        ("ducts_m", float(ducts["length_m"].sum()), "m"),
        ("owners", float(suggestions.loc[suggestions["kind"].isin(_REUSE), "owner"].nunique()), "owners"),
    ]
    rows += [(str(kind), float((suggestions["kind"] == kind).sum()), "suggestions") for kind in (*_REUSE, *_TOGETHER)]
    rows += [
        (f"assets_{action}", float((corridor["action"] == action).sum()), "assets") for action in ("reuse", "full", "survey", "closed")
    ]
    return pd.DataFrame(rows, columns=["name", "value", "unit"])
