"""Who could have dug with whom: how much of each firm's routes lies along another's, how near, and where.

Lines laid at different times along one road: had they been planned together, one trench would have done. Positions of routes digitised from
maps are coarse, so the answer is told for several distances. It says nothing of when either was built.
"""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hatang.data.contracts import ANY, COMMON_ROUTES, CrsError
from hatang.sharing.near import length_within_any
from hatang.sharing.stretches import between, spans_inside, united

_ARCS = 32
"""Segments to a quarter of a circle: a buffer drawn so lies within 0.03 % of its distance."""


def common_routes(
    routes: gpd.GeoDataFrame, *, distances_m: tuple[float, ...], max_angle_deg: float = 30.0, gap_m: float = 20.0, threads: int = 1
) -> gpd.GeoDataFrame:
    """Return for each ordered pair of firms how much of the one's routes lies along the other's (COMMON_ROUTES contract).

    Parameters
    ----------
    routes
        Lines in a metric CRS, with `firm`; rows without one are not looked at. A route drawn twice counts twice.
    distances_m
        How near counts, m, above 0.
    max_angle_deg
        A stretch no longer than a crossing at this angle would be is not beside the other.
    gap_m
        Stretches this close along a line are one.
    threads
        How many threads share the work; the answer is the same for any number.

    Returns
    -------
    GeoDataFrame
        Sorted by firm, other and distance; `other` is `any` for all others together, and last. `near_m` is exact (`length_within_any`)
        and counts crossings, `beside_m` does not: it is the length of the shape, the stretches beside the other's routes, missing where
        there are none. Shares are of `route_m`, all of the firm's routes.

    Raises
    ------
    CrsError, ParameterError
        As `length_within_any`.

    Examples
    --------
    >>> lines = [shapely.LineString([(0, 0), (100, 0)]), shapely.LineString([(0, 3), (40, 3)]), shapely.LineString([(70, -50), (70, 50)])]
    >>> routes = gpd.GeoDataFrame({"firm": ["A", "B", "C"]}, geometry=lines, crs="EPSG:9214")
    >>> found = common_routes(routes, distances_m=(5.0,))
    >>> found[found["firm"] == "A"][["other", "near_m", "beside_m"]].round(1).values.tolist()
    [['B', 44.0, 44.0], ['C', 10.0, 0.0], ['any', 54.0, 44.0]]
    """
    if routes.crs is None or not routes.crs.is_projected:
        raise CrsError("error.near.crs", left=str(routes.crs), right=str(routes.crs))
    lines = {str(firm): gpd.GeoDataFrame(part[["geometry"]]) for firm, part in routes.groupby("firm", sort=True)}
    rows, shapes = [], []
    for firm, own in lines.items():
        total = float(own.geometry.length.sum())
        others = {other: part for other, part in lines.items() if other != firm}
        parts = [*others.items(), *([(ANY, gpd.GeoDataFrame(pd.concat(list(others.values()))))] if others else [])]
        for other, theirs in parts:
            for distance in sorted(set(distances_m)):
                near = min(float(length_within_any(own, theirs, distance_m=distance, threads=threads).sum()), total)
                beside = _beside(own, theirs, distance, 2 * distance / np.sin(np.deg2rad(min(max_angle_deg, 90.0))), gap_m)
                length = 0.0 if beside is None else float(beside.length)
                shares = (near / total, min(length / total, 1.0)) if total else (np.nan, np.nan)
                rows.append((firm, other, distance, near, length, total, *shares))
                shapes.append(beside)
    names = [name for name in COMMON_ROUTES.names if name != "geometry"]
    frame = pd.DataFrame(rows, columns=names).assign(geometry=pd.Series(shapes, dtype=object))
    return gpd.GeoDataFrame(COMMON_ROUTES.conform(frame), geometry="geometry", crs=routes.crs)


def pairs_of(found: pd.DataFrame) -> pd.DataFrame:
    """Return who could have dug with whom, a row a pair and distance: both sides of COMMON_ROUTES, the longest stretch first.

    Returns
    -------
    DataFrame
        `distance_m`, `left`, `right`, and of each side `near_m`, `beside_m`, `beside_share` under `left_…` and `right_…`; sorted by
        distance, then by the longer of the two `beside_m`, then by name.

    Examples
    --------
    >>> lines = [shapely.LineString([(0, 0), (100, 0)]), shapely.LineString([(0, 3), (40, 3)])]
    >>> routes = gpd.GeoDataFrame({"firm": ["A", "B"]}, geometry=lines, crs="EPSG:9214")
    >>> pairs = pairs_of(common_routes(routes, distances_m=(5.0,)))
    >>> pairs[["left", "right", "left_beside_m", "right_beside_m", "right_beside_share"]].round(2).values.tolist()
    [['A', 'B', 44.0, 40.0, 1.0]]
    """
    figures = ["near_m", "beside_m", "beside_share"]
    sides = pd.DataFrame(found)[["firm", "other", "distance_m", *figures]]
    left = sides[(sides["firm"] < sides["other"]) & (sides["other"] != ANY)].rename(columns={name: f"left_{name}" for name in figures})
    right = sides.rename(columns={"firm": "other", "other": "firm", **{name: f"right_{name}" for name in figures}})
    pairs = left.merge(right, on=["firm", "other", "distance_m"])
    longer = pairs[["left_beside_m", "right_beside_m"]].max(axis=1)
    order = ["distance_m", "longer", "firm", "other"]
    ranked = pairs.assign(longer=longer).sort_values(order, ascending=[True, False, True, True], kind="stable", ignore_index=True)
    names = ["distance_m", "firm", "other", *(f"{side}_{name}" for side in ("left", "right") for name in figures)]
    return ranked[names].rename(columns={"firm": "left", "other": "right"})


def _beside(
    own: gpd.GeoDataFrame, theirs: gpd.GeoDataFrame, distance: float, crossing: float, gap: float
) -> shapely.MultiLineString | None:
    """Return the stretches of own lines, followed from one into the next, that lie near others for longer than a crossing."""
    shapes = shapely.get_parts(own.geometry.to_numpy(object))
    found = []
    zone = shapely.union_all(shapely.buffer(shapely.get_parts(theirs.geometry.to_numpy(object)), distance, quad_segs=_ARCS))
    for line in shapely.get_parts(shapely.line_merge(shapely.MultiLineString(list(shapes)))):
        if shapely.intersects(zone, line):
            found += [between(line, begin, end) for begin, end in united(spans_inside(line, zone), gap) if end - begin > crossing]
    return shapely.MultiLineString(found) if found else None
