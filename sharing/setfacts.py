"""What can be measured of a new shared set that is still a sketch, as facts that clauses can be held against, and what it has in all.

Works in EPSG:9214. Measured is what was laid out, not what it was laid out by: bends are those of the ducts as they lie, chambers those
that stand after entrances and neighbours have moved them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hatang.data.contracts import HUE_CRS, TrenchProfile
from hatang.sharing.chambers import ChamberRules, bends_of
from hatang.sharing.frontage import wall_distances
from hatang.sharing.rulecheck import facts_of
from hatang.sharing.streetset import StreetSet, empty_set

ASKED: Final[Mapping[str, tuple[str | None, str]]] = {
    "reserve_share": ("section", "sketch"),
    "chamber_spacing_m": ("section", "sketch"),
    "junction_chambers": ("junction", "roads"),
    "bend_chambers": ("bend", "sketch"),
    "lid_cover_m": ("chamber", "lid_cover"),
    "wall_distance_m": ("section", "buildings"),
    "floor_slope_pct": ("section", "levels"),
    **dict.fromkeys(("bracket_gap_telecom_m", "bracket_gap_power_m"), ("bracket", "brackets")),
    **dict.fromkeys(("chamber_length_m", "chamber_width_ratio", "chamber_depth_ratio", "duct_above_floor_mm"), ("chamber", "chamber_size")),
    "duct_gap_mm": ("trench", "sketch"),
    **dict.fromkeys(("overhead_cables", "separate_duct_banks", "routes_in"), ("road", "area")),
    "duct_cover_mm": ("trench", "sketch"),
    **dict.fromkeys(("trench_top_mm", "trench_bottom_mm"), ("trench", "profile")),
    "new_poles": ("road", "assets"),
    **dict.fromkeys(("boxes_per_operator", "slack_m"), ("pole", "attachments")),
    **dict.fromkeys([f"distance_{line}_m" for line in ("water", "sewer", "storm", "power", "tunnel")], ("section", "utilities")),
    "duct_fill_pct": ("section", "cables"),
}
"""For each parameter of a clause, of what in a set it is measured, and what is missing where it is not."""

_TRENCH: Final = (
    "duct_cover_mm",
    "reserve_share",
    "chamber_spacing_m",
    "wall_distance_m",
    "duct_gap_mm",
    "trench_top_mm",
    "trench_bottom_mm",
)


@dataclass(frozen=True)
class LaidOut:
    """One road's answer: its set (an empty one where none can be built) and what is known beside it, EPSG:9214.

    `junctions` is None where no roads are filed; `cable_poles` is how many stand along the road, None where nothing along it is known.
    """

    name: str
    axis: shapely.LineString
    ducts: StreetSet
    junctions: Sequence[shapely.Point] | None = None
    cable_poles: int | None = None
    new_poles: int = 0


def set_facts(
    laid: Sequence[LaidOut], buildings: gpd.GeoDataFrame, *, profiles: Sequence[TrenchProfile], gap_mm: float, chambers: ChamberRules
) -> gpd.GeoDataFrame:
    """Return what can be measured of the sets of roads, as `check_rules` takes it.

    Trenches: cover, gap between ducts, widths against the profile of their ways and layers; sections beside: reserve, length between
    chambers, distance to the nearest wall. Junctions and bends: chambers that stand there (`place_facts`). Roads with cable poles: new
    poles.

    Parameters
    ----------
    buildings
        BUILDINGS contract, EPSG:9214; empty where none are filed.
    profiles
        Trench profiles in force.
    gap_mm
        Clear gap that the ducts are laid with.
    chambers
        What is a bend, and how near to a place a chamber stands at it (`together_m`).
    """
    dug = [road.ducts.trenches() for road in laid if len(road.ducts.sections)] or [empty_set().trenches()]
    trenches = gpd.GeoDataFrame(pd.concat(dug, ignore_index=True), geometry="geometry", crs=HUE_CRS)
    section = trenches["part"] == "section"
    widths = {(profile.ways, profile.layers): profile for profile in profiles}
    own = [widths.get((ways, layers)) for ways, layers in zip(trenches["ways"], trenches["layers"], strict=True)]
    wide = trenches.assign(
        duct_cover_mm=trenches["cover_mm"].astype(float),
        reserve_share=((trenches["ways"] - trenches["needed"]).astype(float) / trenches["needed"].astype(float).clip(lower=1)).where(
            section
        ),
        chamber_spacing_m=trenches["length_m"].where(section).astype(float),
        wall_distance_m=np.where(section, wall_distances(trenches, buildings), np.nan),
        duct_gap_mm=float(gap_mm),
        trench_top_mm_needed=[profile.top_mm if profile else np.nan for profile in own],
        trench_bottom_mm_needed=[profile.bottom_mm if profile else np.nan for profile in own],
    )
    parts = [facts_of(wide, _TRENCH, conditions=["surface"])]
    parts += [place_facts(road.ducts, road.junctions or (), rules=chambers, name=road.name) for road in laid]
    parts.append(_pole_facts(laid))
    filled = [part for part in parts if len(part)]
    return gpd.GeoDataFrame(pd.concat(filled, ignore_index=True) if filled else parts[0], geometry="geometry", crs=HUE_CRS)


def place_facts(ducts: StreetSet, junctions: Sequence[shapely.Point], *, rules: ChamberRules, name: str) -> gpd.GeoDataFrame:
    """Return how many chambers stand at each junction and bend, on each side that has ducts: `junction_chambers`, `bend_chambers`.

    A junction is where the ducts pass nearest to it, a bend where they have turned by `bend_deg`; a chamber of that side counts up to
    `together_m` from there. QCVN 07-3:2023/BXD 2.2.1.9 asks for chambers there; how near and how far turned are settings of ours.

    Parameters
    ----------
    junctions
        Points on the axis, EPSG:9214.
    name
        Prefix of the ids: `<name>-L-J001` the first junction on the left, `<name>-R-K002` the second bend on the right.
    """
    rows: list[dict[str, Any]] = []
    for side, sections in ducts.sections.groupby("side", sort=True):
        line = shapely.LineString(np.concatenate([shapely.get_coordinates(shape) for shape in sections.geometry]))
        standing = ducts.chambers[ducts.chambers["side"] == side].geometry.to_numpy()
        places = [("junction_chambers", "J", line.interpolate(line.project(point))) for point in junctions]
        places += [("bend_chambers", "K", line.interpolate(at)) for at in bends_of(line, bend_deg=rules.bend_deg)]
        numbers: dict[str, int] = {}
        for parameter, letter, place in places:
            numbers[letter] = numbers.get(letter, 0) + 1
            count = int((shapely.distance(standing, place) <= rules.together_m + 1e-6).sum())
            row = {"feature_id": f"{name}-{str(side)[0].upper()}-{letter}{numbers[letter]:03d}", "surface": sections["surface"].iloc[0]}
            rows.append(row | {"parameter": parameter, "measured": float(count), "needed": np.nan, "geometry": place})
    return _facts(rows, "surface")


def set_things(laid: Sequence[LaidOut], *, rules: ChamberRules) -> pd.DataFrame:
    """Return what the sets have that clauses may speak of: `subject`, `number` (missing: unknown how many), `surface`, `poled_road`."""
    rows: list[tuple[str, float, str | None, str | None]] = []
    for road in laid:
        trenches, built = road.ducts.trenches(), len(road.ducts.sections) > 0
        for subject, part in (("trench", trenches), ("section", road.ducts.sections)):
            rows += [(subject, float(count), str(surface), None) for surface, count in part["surface"].value_counts().items()]
        places = place_facts(road.ducts, road.junctions or (), rules=rules, name=road.name)["parameter"].value_counts()
        rows.append(("bend", float(places.get("bend_chambers", 0)), None, None))
        junctions = np.nan if built and road.junctions is None else float(places.get("junction_chambers", 0))
        rows.append(("junction", junctions, None, None))
        if built:
            rows.append(("chamber", float(len(road.ducts.chambers)), str(road.ducts.sections["surface"].iloc[0]), None))
            rows.append(("bracket", np.nan, None, None))
        poled = None if road.cable_poles is None else ("yes" if road.cable_poles else "no")
        rows += [("pole", float(road.new_poles), None, poled), ("road", 1.0, None, poled)]
    return pd.DataFrame(rows, columns=["subject", "number", "surface", "poled_road"])


def _pole_facts(laid: Sequence[LaidOut]) -> gpd.GeoDataFrame:
    """Return the new poles of each road on which cable poles stand."""
    rows = [
        {"feature_id": road.name, "poled_road": "yes", "parameter": "new_poles", "measured": float(road.new_poles), "needed": np.nan}
        | {"geometry": road.axis}
        for road in laid
        if road.cable_poles
    ]
    return _facts(rows, "poled_road")


def _facts(rows: Sequence[Mapping[str, Any]], condition: str) -> gpd.GeoDataFrame:
    frame = pd.DataFrame(list(rows), columns=["feature_id", condition, "geometry", "parameter", "measured", "needed"])
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=HUE_CRS)
