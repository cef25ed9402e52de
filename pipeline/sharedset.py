"""The new shared set of a road's answer: from plans, gaps and poles to trenches, chambers, quantities and violations."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import shapely

from hatang.data.clauses import trench_profiles
from hatang.data.contracts import HUE_CRS, MAP_CRS, SET_NOTES, AssetClass, Clause, MissingError, ParameterError, Price
from hatang.data.rules import Rule, rule_value
from hatang.sharing.beside import side_of_line
from hatang.sharing.chambers import ChamberRules
from hatang.sharing.frontage import frontage
from hatang.sharing.junctions import junctions_along
from hatang.sharing.near import parallel_runs
from hatang.sharing.quantities import bill_of_quantities
from hatang.sharing.rulecheck import check_rules
from hatang.sharing.rulecoverage import rule_coverage
from hatang.sharing.setfacts import ASKED, LaidOut, set_facts, set_things
from hatang.sharing.streetpoles import empty_poles, new_poles
from hatang.sharing.streetrules import Need, Side, StreetRules, ways_by_side
from hatang.sharing.streetset import StreetSet, empty_set, street_set
from hatang.sharing.trench import TrenchBuild

_ANY: Final = "any"
"""Who needs the ways that are assumed where no plan meets the road, which is said."""


def street_rules(rules: dict[str, Rule], clauses: Iterable[Clause]) -> StreetRules:
    """Return what a new set is laid out by: settings of the project from the rules, requirements of law from the clauses in force.

    Raises
    ------
    MissingError
        Where a rule or clause is not in force.
    """
    law = {clause.code: clause.value for clause in clauses}

    def required(code: str) -> float:
        found = law.get(code)
        if found is None:
            raise MissingError("error.rule.missing", rule=code)
        return found

    return StreetRules(
        chambers=ChamberRules(
            spacing_m=required("chamber_spacing"),
            bend_deg=rule_value(rules, "chamber_bend_deg"),
            entrance_clear_m=rule_value(rules, "chamber_entrance_clear_m"),
            together_m=rule_value(rules, "chamber_together_m"),
        ),
        build=TrenchBuild(
            duct_mm=rule_value(rules, "trench_duct_mm"),
            gap_mm=required("duct_gap"),
            bed_mm=rule_value(rules, "trench_bed_mm"),
            sand_above_mm=rule_value(rules, "trench_sand_above_mm"),
            cover_sidewalk_mm=required("duct_cover_sidewalk"),
            cover_carriageway_mm=required("duct_cover_carriageway"),
        ),
        reserve_share=rule_value(rules, "reserve_share"),
        both_sides_m=rule_value(rules, "street_both_sides_m"),
        ducts_m=rule_value(rules, "street_ducts_m"),
        side_m=rule_value(rules, "street_side_m"),
        width_m=rule_value(rules, "street_width_m"),
        pavement_m=rule_value(rules, "street_pavement_m"),
        assumed_ways=int(rule_value(rules, "street_ways")),
        lateral_m=rule_value(rules, "street_lateral_m"),
        lateral_ways=int(rule_value(rules, "street_lateral_ways")),
        laterals=int(rule_value(rules, "street_laterals")),
        pole_span_m=rule_value(rules, "street_pole_span_m"),
    )


@dataclass(frozen=True)
class Around:
    """What lies around the roads asked about, any CRS: PLANS, GAPS, ROADS, BUILDINGS contract; the last two empty where none are filed."""

    plans: gpd.GeoDataFrame
    gaps: gpd.GeoDataFrame
    roads: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame


def shared_set(
    axes: gpd.GeoDataFrame,
    corridor: gpd.GeoDataFrame,
    around: Around,
    *,
    clauses: Sequence[Clause],
    prices: Mapping[str, Price],
    limits: dict[str, Rule],
) -> dict[str, pd.DataFrame]:
    """Return `new_trenches`, `new_chambers`, `new_poles`, `boq`, `violations`, `rule_coverage` and `set_notes` of the roads.

    Shapes are in EPSG:4326. A road where ducts cannot be built, as its ways fit no trench or it has no room for one, gets poles where none
    stand, and is named in the notes; the rest is computed.
    """
    rules = street_rules(limits, clauses)
    laid: list[LaidOut] = []
    poles: list[gpd.GeoDataFrame] = []
    notes: list[tuple[str, str, float | None]] = []
    gaps, roads, buildings = around.gaps, around.roads.to_crs(HUE_CRS), around.buildings.to_crs(HUE_CRS)
    targets = dict(zip(gaps["gap_id"], gaps.to_crs(HUE_CRS).geometry, strict=True)) if len(gaps) else {}
    for road, axis in zip(axes.to_dict("records"), axes.geometry.to_numpy(), strict=True):
        name = str(road["road_id"])
        needs = _needs(axis, around.plans, limits, side_m=rules.side_m)
        if not needs:
            notes.append(("ways_assumed", name, rules.assumed_ways))
        along = corridor[corridor["road_id"] == name]
        here = along[along["asset_class"] == AssetClass.POLE]
        width = float(road["width_m"]) if pd.notna(road["width_m"]) and road["width_m"] > 0 else None
        junctions = junctions_along(axis, roads, half_width_m=(width or rules.width_m) / 2, snap_m=rule_value(limits, "road_snap_m"))
        notes.append(("junctions", name, len(junctions)) if len(roads) else ("junctions_unknown", name, None))
        homes = frontage(axis, buildings, reach_m=rules.lateral_m)
        if buildings.empty:
            notes.append(("buildings_unknown", name, None))
        else:
            notes += [("buildings", name, len(homes.fronts)), ("buildings_behind", name, homes.behind)]
        asked = needs or [Need(_ANY, rules.assumed_ways)]
        found = _ducts(
            axis, asked, rules, width_m=width, junctions=junctions, fronts=homes.fronts, targets=targets, cable_poles=len(here), name=name
        )
        met, poled = junctions if len(roads) else None, len(here) if len(along) else None
        if isinstance(found, StreetSet):
            laid.append(LaidOut(name, axis, found, junctions=met, cable_poles=poled))
            notes += [(code, name, amount) for code, amount in found.notes]
            continue
        row = new_poles(axis, cable_poles=len(here), rules=rules, width_m=width, side=_main_side(asked), name=name)
        poles.append(row)
        laid.append(LaidOut(name, axis, empty_set(), junctions=met, cable_poles=poled, new_poles=len(row)))
        notes.append((found[0], name, found[1]))
        notes.append(("poles_instead", name, len(row)) if len(row) else ("no_poles_existing_poles", name, None))
    sets = [road.ducts for road in laid if len(road.ducts.sections)]
    given = sets or [empty_set()]
    facts = set_facts(laid, buildings, profiles=trench_profiles(), gap_mm=rules.build.gap_mm, chambers=rules.chambers)
    violations = check_rules(facts, clauses)
    standing = _together([empty_poles(), *poles])
    return {
        "new_trenches": _together([found.trenches() for found in given]).to_crs(MAP_CRS),
        "new_chambers": _together([found.chambers for found in given]).to_crs(MAP_CRS),
        "new_poles": standing.to_crs(MAP_CRS),
        "boq": bill_of_quantities(sets, prices, build=rules.build, poles=len(standing)),
        "violations": violations.to_crs(MAP_CRS),
        "rule_coverage": rule_coverage(facts, set_things(laid, rules=rules.chambers), violations, clauses, asked=ASKED),
        "set_notes": SET_NOTES.conform(pd.DataFrame(notes, columns=SET_NOTES.names)),
    }


def _ducts(
    axis: shapely.LineString, needs: Sequence[Need], rules: StreetRules, *, width_m: float | None, **given: Any
) -> StreetSet | tuple[str, float | None]:
    """Return the set of ducts, or why none can be built, with the number that its sentence names."""
    if width_m is not None and width_m < rules.ducts_m:
        return "road_narrow", rules.ducts_m
    try:
        return street_set(axis, needs, profiles=trench_profiles(), rules=rules, width_m=width_m, **given)
    except ParameterError:
        return "ways_fit_no_trench", None


def _main_side(needs: Sequence[Need]) -> Side:
    """Return the side with more ways."""
    ways = ways_by_side(needs)
    return max(ways, key=lambda side: ways[side]) if ways else "right"


def _needs(axis: shapely.LineString, plans: gpd.GeoDataFrame, limits: dict[str, Rule], *, side_m: float) -> list[Need]:
    """Return what the plans that run beside the road ask for, on which side; a plan without its count of ways asks for one."""
    if plans.empty:
        return []
    road = gpd.GeoDataFrame(geometry=[axis], crs=HUE_CRS)
    metric = plans.to_crs(HUE_CRS).reset_index(drop=True)
    beside_m = rule_value(limits, "timing_beside_m")
    runs = parallel_runs(
        metric,
        road,
        offset_m=beside_m,
        max_angle_deg=rule_value(limits, "overlap_angle_deg"),
        min_overlap_m=rule_value(limits, "timing_meets_m"),
    )
    met = metric.iloc[sorted(set(runs["left"]))]
    sides = [side_of_line(axis, shape, beside_m=beside_m, least_m=side_m) for shape in met.geometry]
    asked: dict[tuple[str, Side | None], int] = {}
    for operator, ways, side in zip(met["operator"].astype(str), met["ways"].fillna(1).astype(int), sides, strict=True):
        asked[operator, side] = max(asked.get((operator, side), 0), ways)
    return [Need(operator, ways, side) for (operator, side), ways in sorted(asked.items(), key=str) if ways > 0]


def _together(parts: list[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), geometry="geometry", crs=HUE_CRS)
