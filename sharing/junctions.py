"""Where a road meets others: junctions along an axis, found on the network of the roads around it.

Works in EPSG:9214. The road itself may lie in the roads again, in pieces and a little off: what runs along the axis is the road, what
leaves it makes a junction. Bridges and tunnels pass over and under.
"""

from itertools import pairwise
from typing import Final

import geopandas as gpd
import pandas as pd
import shapely
from shapely import ops

from hatang.data.contracts import HUE_CRS
from hatang.sharing.roadnet import road_network

_ALONG_SHARE: Final = 0.9
"""Of a bridge's or tunnel's length that lies on the road for it to be the road's own."""


def junctions_along(axis: shapely.LineString, roads: gpd.GeoDataFrame, *, half_width_m: float, snap_m: float) -> list[shapely.Point]:
    """Return the junctions of a road, points on its axis in its direction.

    Between its ends a road that leaves the axis makes a junction; at an end it takes two, as one goes on or turns.

    Parameters
    ----------
    axis
        One line.
    roads
        ROADS contract, any CRS; may hold the road itself.
    half_width_m
        What stays this near to the axis runs along it; ends within it of one another are one junction.
    snap_m
        How far a road may end from another that it runs into (`road_network`).

    Examples
    --------
    >>> axis = shapely.LineString([(0, 0), (100, 0)])
    >>> roads = gpd.GeoDataFrame({"road_id": ["b"], "road_name": None}, geometry=[shapely.LineString([(40, 0), (40, 90)])], crs=HUE_CRS)
    >>> [point.wkt for point in junctions_along(axis, roads, half_width_m=4, snap_m=1)]
    ['POINT (40 0)']
    """
    zone = axis.buffer(half_width_m + snap_m)
    metric = roads.to_crs(HUE_CRS)
    near = metric[metric.intersects(zone)]
    net = road_network(gpd.GeoDataFrame(pd.concat([_own(axis, near, zone), near]), geometry="geometry", crs=HUE_CRS), snap_m=snap_m)
    leaving: dict[int, int] = {}
    for u, v, shape in zip(net.edges["u"], net.edges["v"], net.edges.geometry, strict=True):
        if not zone.covers(shape):
            for vertex in (u, v):
                leaving[vertex] = leaving.get(vertex, 0) + 1
    places = {vertex: shapely.Point(net.points[vertex]) for vertex in leaving}
    met = sorted((axis.project(places[vertex]), count) for vertex, count in leaving.items() if zone.covers(places[vertex]))
    found: list[tuple[float, int]] = []
    for at, count in met:
        if found and at - found[-1][0] <= 2 * half_width_m:
            found[-1] = (found[-1][0], found[-1][1] + count)
        else:
            found.append((at, count))
    inner = (half_width_m + snap_m, axis.length - half_width_m - snap_m)
    return [axis.interpolate(at) for at, count in found if count > 1 or inner[0] < at < inner[1]]


def _own(axis: shapely.LineString, near: gpd.GeoDataFrame, zone: shapely.Geometry) -> gpd.GeoDataFrame:
    """Return the axis as roads: cut where a bridge or tunnel of its own begins and ends, that stretch flagged."""
    over: list[tuple[float, float]] = []
    for name in ("bridge", "tunnel"):
        flagged = near[near[name].eq(other=True).fillna(value=False)] if name in near else near.iloc[:0]
        for line in shapely.get_parts(flagged.geometry.to_numpy()).tolist():
            if line.length > 0 and line.intersection(zone).length >= _ALONG_SHARE * line.length:
                low, high = sorted(axis.project(shapely.get_point(line, end)) for end in (0, -1))
                over.append((low, high))
    stops = sorted({0.0, axis.length, *(at for stretch in over for at in stretch)})
    rows = []
    for low, high in pairwise(stops):
        middle = (low + high) / 2
        flag = any(a <= middle <= b for a, b in over)
        rows.append({"road_id": "", "road_name": None, "bridge": flag, "geometry": ops.substring(axis, low, high)})
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=HUE_CRS)
