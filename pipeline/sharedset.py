"""The new shared set of a road's answer: from plans, gaps and poles to trenches, chambers, quantities and violations."""

from collections.abc import Iterable, Mapping
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hatang.data.clauses import trench_profiles
from hatang.data.contracts import HUE_CRS, MAP_CRS, AssetClass, Clause, ParameterError, Price
from hatang.sharing.near import parallel_runs
from hatang.sharing.quantities import bill_of_quantities
from hatang.sharing.rulecheck import check_rules, facts_of
from hatang.sharing.streetset import Need, StreetRules, StreetSet, empty_set, street_set

_MEETS_M: Final = 50.0  # a plan that runs beside the road for less merely crosses it
_ASSUMED: Final = (Need("any", 3),)
"""Where no plan meets the road: a sketch for three ways, which is said."""


def shared_set(
    axes: gpd.GeoDataFrame,
    corridor: gpd.GeoDataFrame,
    plans: gpd.GeoDataFrame,
    gaps: gpd.GeoDataFrame,
    *,
    clauses: Iterable[Clause],
    prices: Mapping[str, Price],
) -> dict[str, pd.DataFrame]:
    """Return `new_trenches`, `new_chambers`, `boq`, `violations` and `set_notes` (code, road_id) of the roads; shapes in EPSG:4326.

    A road whose ways fit no trench is left out and named in the notes; the rest is computed.
    """
    rules, profiles = StreetRules(), trench_profiles()
    sets: list[StreetSet] = []
    notes: list[dict[str, str]] = []
    targets = dict(zip(gaps["gap_id"], gaps.to_crs(HUE_CRS).geometry, strict=True)) if len(gaps) else {}
    for road, axis in zip(axes.to_dict("records"), axes.geometry.to_numpy(), strict=True):
        name = str(road["road_id"])
        needs = _needs(axis, plans)
        if not needs:
            notes.append({"code": "ways_assumed", "road_id": name})
        here = corridor[(corridor["road_id"] == name) & (corridor["asset_class"] == AssetClass.POLE)]
        width = float(road["width_m"]) if pd.notna(road["width_m"]) and road["width_m"] > 0 else None
        try:
            found = street_set(
                axis,
                needs or _ASSUMED,
                profiles=profiles,
                rules=rules,
                width_m=width,
                targets=targets,
                cable_poles=len(here),
                name=name,
            )
        except ParameterError:
            notes.append({"code": "ways_fit_no_trench", "road_id": name})
            continue
        notes += [{"code": code, "road_id": name} for code in (*found.assumptions, f"no_poles_{found.no_poles}")]
        sets.append(found)
    given = sets or [empty_set()]
    trenches = _together([found.trenches() for found in given])
    chambers = _together([found.chambers for found in given])
    violations = check_rules(_facts(trenches), clauses)
    return {
        "new_trenches": trenches.to_crs(MAP_CRS),
        "new_chambers": chambers.to_crs(MAP_CRS),
        "boq": bill_of_quantities(sets, prices, build=rules.build),
        "violations": violations.to_crs(MAP_CRS),
        "set_notes": pd.DataFrame(notes, columns=["code", "road_id"], dtype=object),
    }


def _needs(axis: shapely.LineString, plans: gpd.GeoDataFrame) -> list[Need]:
    """Return what the plans that run beside the road ask for; a plan without its count of ways asks for one."""
    if plans.empty:
        return []
    road = gpd.GeoDataFrame(geometry=[axis], crs=HUE_CRS)
    metric = plans.to_crs(HUE_CRS).reset_index(drop=True)
    runs = parallel_runs(metric, road, offset_m=20.0, max_angle_deg=20.0, min_overlap_m=_MEETS_M)
    met = metric.iloc[sorted(set(runs["left"]))]
    ways = met.assign(ways=met["ways"].fillna(1).astype(int)).groupby("operator")["ways"].max()
    return [Need(str(operator), int(count)) for operator, count in ways.items() if count > 0]


def _facts(trenches: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return what can be measured of a set that is still a sketch."""
    sections = trenches.assign(
        duct_cover_mm=trenches["cover_mm"].astype(float),
        reserve_share=(trenches["ways"] - trenches["needed"]).astype(float) / trenches["needed"].astype(float).clip(lower=1),
        chamber_spacing_m=trenches["length_m"].where(trenches["part"] == "section").astype(float),
    )
    sections["reserve_share"] = sections["reserve_share"].where(sections["part"] == "section", np.nan)
    return facts_of(sections, ["duct_cover_mm", "reserve_share", "chamber_spacing_m"], conditions=["surface"])


def _together(parts: list[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), geometry="geometry", crs=HUE_CRS)
