"""A new shared set along a road: ways per side, trench, chambers, crossings and laterals; poles only where the law allows.

Works on one line in EPSG:9214. The ducts run beside the road at half its width and the distance of the pavement's middle; `left` and
`right` are seen along the line. A sketch for talks and estimates, not a design.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final, Literal

import geopandas as gpd
import pandas as pd
import shapely
from shapely import ops

from hatang.data.contracts import HUE_CRS, ParameterError, TrenchProfile
from hatang.sharing.beside import parallel_line, side_of
from hatang.sharing.chambers import Place, chamber_places
from hatang.sharing.streetrules import SIDES, Need, Side, StreetRules, shared_between_sides, ways_by_side
from hatang.sharing.trench import profile_for

_PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "sections": ("feature_id", "side", "from_id", "to_id", "length_m", "ways", "needed", "layers", "trench_top_mm", "trench_bottom_mm",
                 "cover_mm", "surface"),
    "chambers": ("feature_id", "side", "chainage_m", "chamber_reason", "before_entrance"),
    "crossings": ("feature_id", "from_id", "to_id", "length_m", "ways", "needed", "layers", "trench_top_mm", "trench_bottom_mm", "cover_mm",
                  "surface", "reason"),
    "laterals": ("feature_id", "from_id", "target_id", "side", "length_m", "ways", "needed", "layers", "trench_top_mm",
                 "trench_bottom_mm", "cover_mm", "surface"),
}  # fmt: skip


_DUG: Final = ("sections", "crossings", "laterals")


@dataclass(frozen=True)
class StreetSet:
    """A new set: its parts as frames in EPSG:9214, and what is to be said of it.

    `notes` are codes, each with the number that its sentence names or None. Poles are left out where some stand already
    (QCVN 33:2019/BTTTT), and elsewhere because ducts serve.
    """

    sections: gpd.GeoDataFrame
    chambers: gpd.GeoDataFrame
    crossings: gpd.GeoDataFrame
    laterals: gpd.GeoDataFrame
    notes: tuple[tuple[str, float | None], ...]

    def trenches(self) -> gpd.GeoDataFrame:
        """Return everything that is dug, with its `part`."""
        parts = {"section": self.sections, "crossing": self.crossings, "lateral": self.laterals}
        filled = [frame.assign(part=name) for name, frame in parts.items() if len(frame)]
        columns = ["feature_id", "part", *dict.fromkeys(name for part in _DUG for name in _PARTS[part] if name != "feature_id"), "geometry"]
        frame = pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=columns)
        return gpd.GeoDataFrame(frame.reindex(columns=columns), geometry="geometry", crs=HUE_CRS)


def empty_set() -> StreetSet:
    """Return a set of nothing, with the columns of every part."""
    return StreetSet(**{part: _frame([], columns) for part, columns in _PARTS.items()}, notes=())


def street_set(
    axis: shapely.LineString,
    needs: Sequence[Need],
    *,
    profiles: Sequence[TrenchProfile],
    rules: StreetRules,
    width_m: float | None = None,
    junctions: Sequence[shapely.Point] = (),
    entrances: Sequence[shapely.Point] = (),
    fronts: gpd.GeoDataFrame | None = None,
    targets: Mapping[str, shapely.Geometry] | None = None,
    cable_poles: int = 0,
    name: str = "R",
) -> StreetSet:
    """Return the new shared set along a road.

    Parameters
    ----------
    axis
        One line, EPSG:9214 (`road_axes`).
    needs
        What each operator needs; the reserve comes on top, side by side.
    profiles
        Trench profiles in force.
    width_m
        Of the road; None where not known, which then stands among the assumptions.
    junctions, entrances
        EPSG:9214; an entrance counts on its own side of the road.
    fronts
        Buildings that face the road (`frontage`), the nearest first: each has its entrance there, and as many as the rules allow a lateral.
    targets
        Gaps that laterals lead to, by id, any geometry in EPSG:9214; those beyond the longest lateral are left out.
    cable_poles
        Cable poles that stand on the road already: where there are any, no new ones are proposed (QCVN 33:2019/BTTTT).
    name
        Prefix of the ids.

    Raises
    ------
    ParameterError
        Where nothing is needed, a need is negative, or the ways of a side fit no profile.
    """
    homes = [] if fronts is None else list(zip(fronts["building_id"].astype(str), fronts.geometry.to_numpy(), strict=True))
    facing = {side_of(axis, point) for _, point in homes}
    if len(facing) == 1 and not any(need.side for need in needs):
        needs = [replace(need, side=next(iter(facing))) for need in needs]
    both = _both_sides(axis, targets or {}, facing, {need.side for need in needs if need.ways}, width_m, rules)
    most = max((profile.ways for profile in profiles), default=0)
    shared, reason = shared_between_sides(needs, both=both, most=most, rules=rules)
    ways = ways_by_side(shared, reserve_share=rules.reserve_share)
    if not ways:
        raise ParameterError("error.streetset.no_need")
    notes: list[tuple[str, float | None]] = [("width_assumed", rules.width_m)] if width_m is None else []
    if reason:
        notes.append((f"both_sides_{reason}", rules.both_sides_m if reason == "width" else None))
    offset = (rules.width_m if width_m is None else width_m) / 2 + rules.pavement_m
    rows: dict[str, list[dict[str, Any]]] = {part: [] for part in _PARTS}
    lines: dict[Side, shapely.LineString] = {}
    for side, (laid, needed) in ways.items():
        lines[side] = parallel_line(axis, offset if side == "left" else -offset)
        own = [point for point in (*entrances, *(point for _, point in homes)) if side_of(axis, point) == side]
        places = chamber_places(
            lines[side],
            junctions_m=[lines[side].project(point) for point in junctions],
            entrances_m=[lines[side].project(point) for point in own],
            rules=rules.chambers,
        )
        _lay(rows, lines[side], places, side, f"{name}-{side[0].upper()}", _trench(laid, needed, "sidewalk", profiles, rules))
    chambers = rows["chambers"]
    if len(lines) == 2:
        _cross(rows, min(laid for laid, _ in ways.values()), junctions, name, profiles, rules)
    for target, shape in sorted((targets or {}).items()):
        _lead(rows, chambers, axis, target, shape, offset, name, profiles, rules)
    led = {row["target_id"] for row in rows["laterals"]}
    unled = [key for key, shape in (targets or {}).items() if key not in led and 0 < axis.distance(shape) <= rules.lateral_m + offset]
    if unled:
        notes.append(("gaps_left_out", len(unled)))
    _serve(rows, lines, axis, homes[: rules.laterals], name, profiles, rules)
    if len(homes) > rules.laterals:
        notes.append(("laterals_left_out", len(homes) - rules.laterals))
    return StreetSet(
        **{part: _frame(rows[part], columns) for part, columns in _PARTS.items()},
        notes=(*notes, (f"no_poles_{'existing_poles' if cable_poles else 'ducts'}", None)),
    )


def _both_sides(
    axis: shapely.LineString,
    targets: Mapping[str, shapely.Geometry],
    facing: set[Side],
    told: set[Side | None],
    width_m: float | None,
    rules: StreetRules,
) -> Literal["width", "targets"] | None:
    """Return why ducts on one side do not do, whatever the needs: `facing` has the sides of buildings, `told` those of needs."""
    if width_m is not None and width_m > rules.both_sides_m:
        return "width"
    near = [shapely.get_point(shapely.shortest_line(shape, axis), 0) for shape in targets.values()]
    sides = facing | {side_of(axis, point) for point in near if 0 < axis.distance(point) <= rules.lateral_m}
    apart = bool(facing) and facing | told >= set(SIDES)
    return "targets" if len(sides) == len(SIDES) or apart else None


def _trench(laid: int, needed: int, surface: str, profiles: Sequence[TrenchProfile], rules: StreetRules) -> dict[str, Any]:
    profile = profile_for(laid, profiles, build=rules.build, surface=surface)
    return {
        "ways": laid,
        "needed": needed,
        "layers": profile.layers,
        "trench_top_mm": profile.top_mm,
        "trench_bottom_mm": profile.bottom_mm,
        "cover_mm": rules.build.cover_mm(surface),
        "surface": surface,
    }


def _lay(
    rows: dict[str, list[dict[str, Any]]], line: shapely.LineString, places: Sequence[Place], side: Side, name: str, trench: dict[str, Any]
) -> None:
    """Add the chambers of a side and the sections between them."""
    ids = [f"{name}-B{n:03d}" for n in range(1, len(places) + 1)]
    for chamber, place in zip(ids, places, strict=True):
        rows["chambers"].append(
            {
                "feature_id": chamber,
                "side": side,
                "chainage_m": place.at_m,
                "chamber_reason": place.reason,
                "before_entrance": place.blocked,
                "geometry": line.interpolate(place.at_m),
            }
        )
    for n, (start, end) in enumerate(pairwise(places), 1):
        shape = ops.substring(line, start.at_m, end.at_m)
        ends = {"feature_id": f"{name}-D{n:03d}", "side": side, "from_id": ids[n - 1], "to_id": ids[n]}
        rows["sections"].append({**ends, "length_m": shape.length, **trench, "geometry": shape})


def _cross(
    rows: dict[str, list[dict[str, Any]]],
    ways: int,
    junctions: Sequence[shapely.Point],
    name: str,
    profiles: Sequence[TrenchProfile],
    rules: StreetRules,
) -> None:
    """Join the two sides: at the beginning, and at each junction."""
    by_side = {side: [row for row in rows["chambers"] if row["side"] == side] for side in SIDES}
    starts = {(by_side["left"][0]["feature_id"], by_side["right"][0]["feature_id"]): "start"}
    for point in junctions:
        left, right = (min(by_side[side], key=lambda row: (row["geometry"].distance(point), row["feature_id"])) for side in SIDES)
        starts.setdefault((left["feature_id"], right["feature_id"]), "junction")
    found = {row["feature_id"]: row["geometry"] for row in rows["chambers"]}
    for (left_id, right_id), reason in starts.items():
        shape = shapely.LineString([found[left_id], found[right_id]])
        ends = {"feature_id": f"{name}-X{len(rows['crossings']) + 1:03d}", "from_id": left_id, "to_id": right_id, "reason": reason}
        rows["crossings"].append(
            {**ends, "length_m": shape.length, **_trench(ways, ways, "carriageway", profiles, rules), "geometry": shape}
        )


def _lead(
    rows: dict[str, list[dict[str, Any]]],
    chambers: Sequence[Mapping[str, Any]],
    axis: shapely.LineString,
    target: str,
    shape: shapely.Geometry,
    offset: float,
    name: str,
    profiles: Sequence[TrenchProfile],
    rules: StreetRules,
) -> None:
    """Add the lateral to a target: from a chamber of its own side, or under the road from one of the other."""
    near = shapely.get_point(shapely.shortest_line(shape, axis), 0)
    side = side_of(axis, near)
    own = [row for row in chambers if row["side"] == side]
    source = min(own or chambers, key=lambda row: (row["geometry"].distance(near), row["feature_id"]))
    start = source["geometry"]
    reach = start.distance(near)
    if reach > rules.lateral_m or reach == 0:
        return
    if not own:
        line = parallel_line(axis, offset if side == "left" else -offset)
        end = line.interpolate(line.project(start))
        under = shapely.LineString([start, end])
        ends = {"feature_id": f"{name}-X{len(rows['crossings']) + 1:03d}", "from_id": source["feature_id"], "to_id": target}
        trench = _trench(rules.lateral_ways, rules.lateral_ways, "carriageway", profiles, rules)
        rows["crossings"].append({**ends, "reason": "lateral", "length_m": under.length, **trench, "geometry": under})
        start = end
    line = shapely.LineString([start, near])
    if line.length == 0:
        return
    ends = {"feature_id": f"{name}-N{len(rows['laterals']) + 1:03d}", "from_id": source["feature_id"], "target_id": target, "side": side}
    trench = _trench(rules.lateral_ways, rules.lateral_ways, "sidewalk", profiles, rules)
    rows["laterals"].append({**ends, "length_m": line.length, **trench, "geometry": line})


def _serve(
    rows: dict[str, list[dict[str, Any]]],
    lines: Mapping[Side, shapely.LineString],
    axis: shapely.LineString,
    homes: Sequence[tuple[str, shapely.Point]],
    name: str,
    profiles: Sequence[TrenchProfile],
    rules: StreetRules,
) -> None:
    """Add the laterals to buildings: dug at right angles from the ducts of their side; their cable comes from the nearest chamber there."""
    trench = _trench(rules.lateral_ways, rules.lateral_ways, "sidewalk", profiles, rules)
    chambers = {side: [row for row in rows["chambers"] if row["side"] == side] for side in lines}
    for building, front in homes:
        side = side_of(axis, front)
        at = lines[side].project(front)
        shape = shapely.LineString([lines[side].interpolate(at), front])
        if shape.length > 0:
            source = min(chambers[side], key=lambda row: (abs(row["chainage_m"] - at), row["feature_id"]))["feature_id"]
            ends = {"feature_id": f"{name}-N{len(rows['laterals']) + 1:03d}", "from_id": source, "target_id": building, "side": side}
            rows["laterals"].append({**ends, "length_m": shape.length, **trench, "geometry": shape})


def _frame(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> gpd.GeoDataFrame:
    frame = pd.DataFrame(list(rows), columns=[*columns, "geometry"])
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=HUE_CRS)
