"""The network of road lines: noded where roads meet, bridges and tunnels passing over and under, its parts that hang together.

Works in EPSG:9214. Roads meet where their lines cross, run into each other, or end within `snap_m` of one another. A bridge or a tunnel
meets others at its own two ends alone.
"""

import itertools
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree
from shapely import ops

from hatang.data.contracts import HUE_CRS, CrsError, EmptyDataError, ParameterError

_SAME_M = 1e-6


@dataclass(frozen=True)
class RoadNetwork:
    """Where roads meet and end, and what joins these places.

    Attributes
    ----------
    points : array of float, shape (vertices, 2), EPSG:9214
    edges : GeoDataFrame, EPSG:9214
        `u`, `v` (positions in `points`), `road_id`, `road_name`, `length_m`, `component`; the line runs from `u` to `v`.
    component : array of int, shape (vertices,)
        Which part each vertex belongs to, 0 the part with most metres.
    notes : list of (code, id)
        Rows left out: `no_length`, and `road_apart` for each road none of which lies in part 0.
    """

    points: npt.NDArray[np.float64]
    edges: gpd.GeoDataFrame
    component: npt.NDArray[np.int64]
    notes: list[tuple[str, str]]


def road_network(roads: gpd.GeoDataFrame, *, snap_m: float = 1.0) -> RoadNetwork:
    """Return the network of roads.

    Parameters
    ----------
    roads
        ROADS contract, any CRS.
    snap_m
        How far a road may end from another that it runs into.

    Raises
    ------
    CrsError
        Where the frame has no CRS.
    EmptyDataError
        Where no line with a length is left.
    ParameterError
        Where `snap_m` is negative.

    Examples
    --------
    >>> lines = [shapely.LineString([(0, 0), (10, 0)]), shapely.LineString([(5, -5), (5, 5)])]
    >>> roads = gpd.GeoDataFrame({"road_id": ["a", "b"], "road_name": None}, geometry=lines, crs=HUE_CRS)
    >>> net = road_network(roads)
    >>> len(net.points), sorted(net.edges["length_m"])
    (5, [5.0, 5.0, 5.0, 5.0])
    """
    if roads.crs is None:
        raise CrsError("error.corridor.crs")
    if not snap_m >= 0:
        raise ParameterError("error.sharing.policy", name="snap_m", value=snap_m)
    lines, notes = _lines(roads)
    cuts = _cuts(lines, snap_m)
    pieces = [
        {"road_id": road_id, "road_name": name, "geometry": piece}
        for road_id, name, line, at in zip(lines["road_id"], lines["road_name"], lines.geometry.to_numpy(), cuts, strict=True)
        for piece in _pieces(line, at)
    ]
    edges = gpd.GeoDataFrame(pieces, geometry="geometry", crs=HUE_CRS)
    ends = np.concatenate([shapely.get_coordinates(shapely.get_point(edges.geometry.to_numpy(), end)) for end in (0, -1)])
    points, which = clustered(ends, snap_m)
    u, v = np.split(which, 2)
    length = edges.length.to_numpy()
    kept = (u != v) | (length > 2 * snap_m)
    edges = edges.assign(u=u, v=v, length_m=length)[kept].reset_index(drop=True)
    component = _components(edges, len(points))
    edges["component"] = component[edges["u"].to_numpy()]
    main = set(edges.loc[edges["component"] == 0, "road_id"])
    notes += [("road_apart", str(road)) for road in sorted(set(edges["road_id"]) - main)]
    return RoadNetwork(points, edges, component, notes)


def _lines(roads: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[tuple[str, str]]]:
    """Return single simple lines by road, whether each passes over or under others, and the rows without a length."""
    metric = roads.to_crs(HUE_CRS)
    over = np.zeros(len(metric), bool)
    for name in ("bridge", "tunnel"):
        if name in metric:
            over |= metric[name].eq(other=True).fillna(value=False).to_numpy(bool)
    rows, notes = [], []
    for road, shape, above in zip(metric.itertuples(), metric.geometry.to_numpy(), over, strict=True):
        parts = [part for part in shapely.get_parts(shape).tolist() if part.length > 0] if shape is not None else []
        if not parts:
            notes.append(("no_length", str(road.road_id)))
        for part in parts:
            simple = [part] if part.is_simple else shapely.get_parts(shapely.node(part)).tolist()
            rows += [{"road_id": str(road.road_id), "road_name": road.road_name, "over": above, "geometry": line} for line in simple]
    if not rows:
        raise EmptyDataError("error.corridor.no_line")
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=HUE_CRS), notes


def _cuts(lines: gpd.GeoDataFrame, snap_m: float) -> list[list[float]]:
    """Return the metres along each line at which another meets it."""
    shapes, over = lines.geometry.to_numpy(), lines["over"].to_numpy(bool)
    cuts: list[list[float]] = [[] for _ in shapes]
    tree = shapely.STRtree(shapes)
    left, right = tree.query(shapes, predicate="intersects")
    for a, b in zip(left.tolist(), right.tolist(), strict=True):
        if a < b and not over[a] and not over[b]:
            for point in _meeting_points(shapes[a], shapes[b]):
                cuts[a].append(shapes[a].project(point))
                cuts[b].append(shapes[b].project(point))
    ends = np.concatenate([shapely.get_point(shapes, 0), shapely.get_point(shapes, -1)])
    which = np.tile(np.arange(len(shapes)), 2)
    found, near = tree.query(ends, predicate="dwithin", distance=snap_m + _SAME_M)
    for end, line in zip(found.tolist(), near.tolist(), strict=True):
        if which[end] != line and not over[line]:
            cuts[line].append(shapes[line].project(ends[end]))
    return cuts


def _meeting_points(one: shapely.LineString, other: shapely.LineString) -> list[shapely.Point]:
    """Return where two lines meet: the points they share, and both ends of each stretch they share."""
    points: list[shapely.Point] = []
    for part in shapely.get_parts(one.intersection(other)).tolist():
        points += [part] if part.geom_type == "Point" else [shapely.get_point(part, 0), shapely.get_point(part, -1)]
    return points


def _pieces(line: shapely.LineString, at: list[float]) -> list[shapely.LineString]:
    """Return a line cut at these metres."""
    inner = sorted({round(m, 6) for m in at if _SAME_M < m < line.length - _SAME_M})
    stops = [0.0, *inner, line.length]
    cut = (ops.substring(line, low, high) for low, high in itertools.pairwise(stops))
    return [piece for piece in cut if isinstance(piece, shapely.LineString)]


def clustered(ends: npt.NDArray[np.float64], snap_m: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Return places, ends within `snap_m` of each other being one (the first of them), and the place of each end."""
    pairs = cKDTree(ends).query_pairs(snap_m + _SAME_M, output_type="ndarray")
    joined = coo_array((np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), shape=(len(ends), len(ends)))
    _, label = connected_components(joined, directed=False)
    _, first, which = np.unique(label, return_index=True, return_inverse=True)
    return ends[first], which.astype(np.int64)


def _components(edges: pd.DataFrame, count: int) -> npt.NDArray[np.int64]:
    """Return the part of each vertex, the one with most metres first."""
    u, v = edges["u"].to_numpy(), edges["v"].to_numpy()
    joined = coo_array((np.ones(len(u), bool), (u, v)), shape=(count, count))
    parts, label = connected_components(joined, directed=False)
    metres = np.bincount(label[u], weights=edges["length_m"].to_numpy(), minlength=parts)
    order = np.argsort(-metres, kind="stable")
    rank = np.empty(parts, np.int64)
    rank[order] = np.arange(parts)
    return rank[label]
