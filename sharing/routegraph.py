"""What an operator's route may run on: roads to dig along, ducts with room, poles of one owner, and how to get from one to another.

Works in EPSG:9214. The ends of duct sections that lie close together are one chamber; chambers and poles are joined to the nearest road by
a stretch to dig, and so are the two ends of the need.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.spatial import cKDTree
from shapely import ops

from hatang.data.contracts import HUE_CRS, AssetClass, ParameterError
from hatang.sharing.capacity import spare_capacity
from hatang.sharing.near import nearest
from hatang.sharing.policy import SharingPolicy
from hatang.sharing.roadnet import RoadNetwork, clustered

_Floats = npt.NDArray[np.float64]
_Integers = npt.NDArray[np.int64]

_CABLE_SLOTS: Final = 1
"""Slots of a pole that one cable takes."""
_OWNERS_APART_M: Final = 1e7
"""A third coordinate that keeps the chambers of different owners apart."""


class Leg(IntEnum):
    """What an edge runs on."""

    ROAD = 0
    ACCESS = 1
    DUCT = 2
    SPAN = 3


@dataclass(frozen=True, slots=True)
class Need:
    """From where to where (EPSG:9214) an operator needs how many ways, and whether poles will do."""

    start: shapely.Point
    end: shapely.Point
    ways: int
    poles: bool = True

    def __post_init__(self) -> None:
        """Check ranges.

        Raises
        ------
        ParameterError
            Where fewer than one way is needed, or both ends are one place.
        """
        if self.ways < 1:
            raise ParameterError("error.sharing.policy", name="ways", value=self.ways)
        if self.start.equals(self.end):
            raise ParameterError("error.route.same_place")


@dataclass(frozen=True, slots=True)
class RouteRules:
    """How far things may lie apart to be joined, and what a metre that exists counts for beside one to dig."""

    reach_m: float  # from a chamber or pole to the road
    joint_m: float  # ends of sections this close are one chamber
    end_m: float  # from an end of the need to the road
    existing_share: float  # a metre that exists counts as this share of a metre to dig


@dataclass(frozen=True)
class RouteGraph:
    """Places and what joins them.

    Attributes
    ----------
    places : array of float, shape (places, 2), EPSG:9214
        The need's start and end are the last two.
    edges : GeoDataFrame, EPSG:9214
        `u`, `v` (positions in `places`; the line runs from `u` to `v`), `leg` (`Leg`), `length_m`, `cost`, `known` (False where the room
        of an asset is not known), `road_name`, `owner`, and `first`, `second` (rows of the assets it rests on, −1 where none).
    assets : GeoDataFrame
        ASSETS contract with `spare` and `action`, EPSG:9214; ducts and poles that are open.
    """

    places: _Floats
    edges: gpd.GeoDataFrame
    assets: gpd.GeoDataFrame


def route_graph(net: RoadNetwork, assets: gpd.GeoDataFrame, need: Need, *, rules: RouteRules, policy: SharingPolicy) -> RouteGraph:
    """Return what a route for the need may run on; what is full or closed is not in it.

    Parameters
    ----------
    net
        The roads, `road_network`.
    assets
        ASSETS contract, any CRS.

    Raises
    ------
    ParameterError
        Where an end of the need lies farther from every road than the rules allow.
    """
    usable = _usable(assets, need, policy)
    ducts = np.flatnonzero((usable["asset_class"] == AssetClass.DUCT_SECTION).to_numpy(bool))
    poles = np.flatnonzero((usable["asset_class"] == AssetClass.POLE).to_numpy(bool))
    shapes = usable.geometry.to_numpy()
    ends = np.concatenate([shapely.get_coordinates(shapely.get_point(shapes[ducts], end)) for end in (0, -1)])
    chambers, which = _chambers(ends, usable["owner"].to_numpy(object)[ducts], rules.joint_m)
    own = np.concatenate([chambers, shapely.get_coordinates(shapes[poles])])
    joined, edge, at, away = _projected(net, own, rules.reach_m)
    terminals = np.array([[need.start.x, need.start.y], [need.end.x, need.end.y]])
    found, end_edge, end_at, end_away = _projected(net, terminals, rules.end_m)
    if len(found) < 2:
        which_end = "start" if 0 not in found else "end"
        point = need.start if which_end == "start" else need.end
        road_m = float(shapely.distance(net.edges.geometry.to_numpy(), point).min())
        msg = f"error.route.off_road.{which_end}"
        raise ParameterError(msg, road_m=round(road_m), limit_m=round(rules.end_m))
    edge, at, away = np.concatenate([edge, end_edge]), np.concatenate([at, end_at]), np.concatenate([away, end_away])
    first_own = len(net.points) + len(edge)
    first_end = first_own + len(own)
    members = np.concatenate([first_own + joined, first_end + found])
    feet = np.arange(len(net.points), first_own)
    foot_points = shapely.line_interpolate_point(net.edges.geometry.to_numpy()[edge], at)
    places = np.concatenate([net.points, shapely.get_coordinates(foot_points), own, terminals])
    roads = _road_pieces(net, edge, at, feet)
    frames = [
        roads,
        _straight(places, members, feet, away, net.edges["road_name"].to_numpy(object)[edge]),
        _sections(usable, ducts, first_own + which),
        _pole_spans(usable, poles, first_own + len(chambers), policy.span_max_m),
    ]
    edges = gpd.GeoDataFrame(pd.concat([frame for frame in frames if len(frame)], ignore_index=True), geometry="geometry", crs=HUE_CRS)
    exists = edges["leg"].isin((Leg.DUCT, Leg.SPAN)).to_numpy(bool)
    edges["cost"] = edges["length_m"] * np.where(exists, rules.existing_share, 1.0)
    return RouteGraph(places, edges, usable)


def _usable(assets: gpd.GeoDataFrame, need: Need, policy: SharingPolicy) -> gpd.GeoDataFrame:
    """Return open ducts and poles with room enough, or of whose room nothing is known."""
    metric = assets.to_crs(HUE_CRS).sort_values("asset_id", ignore_index=True)
    room = spare_capacity(metric, policy=policy)
    metric = metric.assign(spare=room["spare"], action=room["action"])
    duct = (metric["asset_class"] == AssetClass.DUCT_SECTION).to_numpy(bool) & (metric.geometry.geom_type == "LineString").to_numpy(bool)
    pole = (metric["asset_class"] == AssetClass.POLE).to_numpy(bool) & (metric.geometry.geom_type == "Point").to_numpy(bool) & need.poles
    needed = np.where(duct, need.ways, _CABLE_SLOTS)
    room_there = (metric["action"] == "reuse").to_numpy(bool) & (metric["spare"] >= needed).fillna(value=False).to_numpy(bool)
    kept = (duct | pole) & (room_there | (metric["action"] == "survey").to_numpy(bool)) & ~metric.geometry.is_empty.to_numpy(bool)
    return gpd.GeoDataFrame(metric[kept].reset_index(drop=True))


def _chambers(ends: _Floats, owner: npt.NDArray[np.object_], joint_m: float) -> tuple[_Floats, _Integers]:
    """Return the chambers of sections and that of each end: ends of one owner's that lie together."""
    if not len(ends):
        return np.empty((0, 2)), np.empty(0, np.int64)
    apart = np.tile(pd.factorize(owner)[0], 2) * _OWNERS_APART_M
    places, which = clustered(np.column_stack([ends, apart]), joint_m)
    return places[:, :2], which


def _projected(net: RoadNetwork, points: _Floats, reach_m: float) -> tuple[_Integers, _Integers, _Floats, _Floats]:
    """Return of the points within reach of a road: their rows, the edge, the metres along it, and the metres to it."""
    if not len(points):
        nothing, no_rows = np.empty(0), np.empty(0, np.int64)
        return no_rows, no_rows, nothing, nothing
    frame = gpd.GeoDataFrame(geometry=shapely.points(points), crs=HUE_CRS)
    found = nearest(frame, gpd.GeoDataFrame(net.edges), k=1, max_distance_m=reach_m)
    row, edge = found["point"].to_numpy(np.int64), found["line"].to_numpy(np.int64)
    at = shapely.line_locate_point(net.edges.geometry.to_numpy()[edge], shapely.points(points[row]))
    return row, edge, at, found["distance_m"].to_numpy(float)


def _road_pieces(net: RoadNetwork, edge: _Integers, at: _Floats, feet: _Integers) -> pd.DataFrame:
    """Return the roads' edges, cut where a chamber, a pole or an end of the need is joined to them."""
    count = len(net.edges)
    row = np.concatenate([np.arange(count), edge, np.arange(count)])
    metre = np.concatenate([np.zeros(count), at, net.edges["length_m"].to_numpy(float)])
    place = np.concatenate([net.edges["u"].to_numpy(np.int64), feet, net.edges["v"].to_numpy(np.int64)])
    kind = np.concatenate([np.zeros(count), np.ones(len(edge)), np.full(count, 2.0)])
    order = np.lexsort((kind, metre, row))
    row, metre, place = row[order], metre[order], place[order]
    same = np.flatnonzero(row[:-1] == row[1:])
    lines = net.edges.geometry.to_numpy()[row[same]]
    whole = np.diff(metre)[same] >= net.edges["length_m"].to_numpy(float)[row[same]]
    pieces = [
        line if all_of_it else _piece(line, low, high)
        for line, all_of_it, low, high in zip(lines, whole, metre[same], metre[same + 1], strict=True)
    ]
    return _edges(place[same], place[same + 1], Leg.ROAD, np.diff(metre)[same], pieces, road_name=_names(net)[row[same]])


def _piece(line: shapely.LineString, low: float, high: float) -> shapely.LineString:
    """Return the stretch of a line between two metres; of no length where both are one."""
    piece = ops.substring(line, low, high)
    return piece if isinstance(piece, shapely.LineString) else shapely.LineString([piece, piece])


def _names(net: RoadNetwork) -> npt.NDArray[np.object_]:
    """Return the name of each edge's road, its id where it has none."""
    named = net.edges["road_name"].where(net.edges["road_name"].notna(), net.edges["road_id"])
    return named.to_numpy(object)


def _straight(places: _Floats, u: _Integers, v: _Integers, length_m: _Floats, names: npt.NDArray[np.object_]) -> pd.DataFrame:
    """Return the stretches to dig between a road and what is joined to it."""
    return _edges(u, v, Leg.ACCESS, length_m, _between(places[u], places[v]), road_name=names)


def _between(one: _Floats, other: _Floats) -> list[shapely.LineString]:
    """Return the straight lines from places to others, row by row."""
    return [shapely.LineString(ends) for ends in np.stack([one, other], axis=1)]


def _sections(usable: gpd.GeoDataFrame, ducts: _Integers, chambers: _Integers) -> pd.DataFrame:
    """Return the duct sections from chamber to chamber."""
    u, v = np.split(chambers, 2)
    chosen = usable.iloc[ducts]
    known = (chosen["action"] == "reuse").to_numpy(bool)
    lines = chosen.geometry.to_numpy()
    return _edges(u, v, Leg.DUCT, shapely.length(lines), list(lines), known=known, owner=chosen["owner"].to_numpy(object), first=ducts)


def _pole_spans(usable: gpd.GeoDataFrame, poles: _Integers, first_place: int, span_max_m: float) -> pd.DataFrame:
    """Return the pairs of poles of one owner that a cable can span."""
    chosen = usable.iloc[poles]
    points = shapely.get_coordinates(chosen.geometry.to_numpy())
    owner = chosen["owner"].to_numpy(object)
    pairs = cKDTree(points).query_pairs(span_max_m, output_type="ndarray") if len(points) else np.empty((0, 2), np.int64)
    pairs = pairs[owner[pairs[:, 0]] == owner[pairs[:, 1]]]
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))].astype(np.int64)
    a, b = pairs[:, 0], pairs[:, 1]
    known = (chosen["action"] == "reuse").to_numpy(bool)
    return _edges(
        first_place + a,
        first_place + b,
        Leg.SPAN,
        np.hypot(*(points[a] - points[b]).T),
        _between(points[a], points[b]),
        known=known[a] & known[b],
        owner=owner[a],
        first=poles[a],
        second=poles[b],
    )


def _edges(
    u: _Integers,
    v: _Integers,
    leg: Leg,
    length_m: _Floats,
    lines: list[shapely.LineString],
    *,
    known: npt.NDArray[np.bool_] | bool = True,
    road_name: npt.NDArray[np.object_] | None = None,
    owner: npt.NDArray[np.object_] | None = None,
    first: _Integers | int = -1,
    second: _Integers | int = -1,
) -> pd.DataFrame:
    columns = {"u": u, "v": v, "leg": int(leg), "length_m": length_m, "known": known, "road_name": road_name, "owner": owner}
    geometry = pd.Series(lines, dtype=object)
    return pd.DataFrame({**columns, "first": first, "second": second, "geometry": geometry}, index=np.arange(len(u)))
