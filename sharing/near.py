"""What is near to what: pairs within a distance, the nearest, parallel runs, and how much of a line lies near to others.

For poles, chambers and ducts against roads and routes. Every answer is exact: nothing is buffered or sampled. A distance is that of
`shapely.distance`, to the bit where GEOS is built without fused operations; where it is so close to the limit that rounding could decide,
GEOS is asked. All functions give the same answer on any number of threads.

None, empty geometries and geometries with a coordinate that is not finite are near to nothing. Z is not looked at.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from hatang.data.contracts import CrsError, ParameterError
from hatang.sharing._boxtree import box_tree, nearest_rows
from hatang.sharing._facets import Facets
from hatang.sharing._segments import Grid, Lattice, fill_grid, lengths_near, pairs_near, runs_beside, stable_order, strips_of

_Found = tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.float64]]

_NOTHING: _Found = (np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0))

_ROUNDING = 64 * float(np.finfo(np.float64).eps)
"""Bound of the rounding of a distance, relative to the extent of the data."""

_STRIPS = 1024

_ANGLE_SLACK_DEG = 1e-9
"""A direction this close to the limit is at the limit: 0.02 mm in 1,000 km."""


def pairs_within(points: gpd.GeoDataFrame, lines: gpd.GeoDataFrame, *, distance_m: float, threads: int = 1) -> pd.DataFrame:
    """Return every pair of a point and a line no farther apart than `distance_m`, the distance itself included.

    Parameters
    ----------
    points, lines : GeoDataFrame
        In one metric CRS; any geometry will do. The inside of an area is at distance 0.
    distance_m : float
        At least 0, m; infinity pairs everything.
    threads : int
        How many threads share the work.

    Returns
    -------
    DataFrame
        `point`, `line` (row positions, each pair once) and `distance_m`, sorted by point, then line.

    Raises
    ------
    CrsError
        Where a frame has no CRS, the two differ, or it is not metric.
    ParameterError
        Where the distance is negative or no number.

    References
    ----------
    The set is that of `shapely.STRtree(lines).query(points, predicate="dwithin", distance=distance_m)`.

    Examples
    --------
    >>> points = gpd.GeoDataFrame(geometry=gpd.points_from_xy([0, 0], [1, 2]), crs="EPSG:9214")
    >>> lines = gpd.GeoDataFrame(geometry=[shapely.LineString([(-1, 0), (1, 0)])], crs="EPSG:9214")
    >>> pairs_within(points, lines, distance_m=1.0).values.tolist()
    [[0.0, 0.0, 1.0]]
    """
    _require(points, lines, distance_m)
    shapes, others = points.geometry.to_numpy(), lines.geometry.to_numpy()
    left, right = Facets.of(shapes), Facets.of(others)
    found = _NOTHING
    if len(left.ends) and len(right.ends):
        extent = _extent(left, right)
        margin = _ROUNDING * extent
        reach = min(distance_m, extent) + margin
        lattice, grid = _gridded(left, reach, margin)

        def near(turn: npt.NDArray[np.int64], begin: int, end: int) -> _Found:
            return pairs_near(grid, lattice, left.first, right.ends, right.first, turn, begin, end, reach + 2 * margin, distance_m + margin)

        found = _sorted(_over_rows(near, right, threads), len(shapes), len(others))
        if left.areas.size or right.areas.size:
            found = _with_insides(found, shapes, others, left, right)
        found = _settled(found, shapes, others, distance_m, margin)
    return _frame(found, ("point", "line", "distance_m"))


def nearest(
    points: gpd.GeoDataFrame, lines: gpd.GeoDataFrame, *, max_distance_m: float | None = None, k: int = 1, threads: int = 1
) -> pd.DataFrame:
    """Return the `k` lines nearest to each point; of lines equally far, those that stand first.

    Parameters
    ----------
    points, lines : GeoDataFrame
        In one metric CRS; any geometry will do. The inside of an area is at distance 0.
    max_distance_m : float, optional
        Lines farther than this, m, are not returned; the distance itself is included.
    k : int
        At least 1. A point has fewer rows where fewer lines are in reach.
    threads : int
        How many threads share the work.

    Returns
    -------
    DataFrame
        `point`, `line` (row positions) and `distance_m`, sorted by point, distance, line.

    Raises
    ------
    CrsError
        Where a frame has no CRS, the two differ, or it is not metric.
    ParameterError
        Where the distance is negative or no number, or `k` is below 1.

    Examples
    --------
    >>> points = gpd.GeoDataFrame(geometry=gpd.points_from_xy([0, 9], [1, 2]), crs="EPSG:9214")
    >>> ways = [shapely.LineString([(0, 4), (9, 4)]), shapely.LineString([(0, 0), (9, 0)])]
    >>> nearest(points, gpd.GeoDataFrame(geometry=ways, crs="EPSG:9214")).values.tolist()
    [[0.0, 1.0, 1.0], [1.0, 0.0, 2.0]]
    """
    limit = np.inf if max_distance_m is None else max_distance_m
    _require(points, lines, limit)
    if k < 1:
        raise ParameterError("error.near.count", count=k)
    shapes, others = points.geometry.to_numpy(), lines.geometry.to_numpy()
    left, right = Facets.of(shapes), Facets.of(others)
    found = _NOTHING
    if len(left.ends) and len(right.ends):
        margin = _ROUNDING * _extent(left, right)
        tree = box_tree(right.ends, right.first)
        count = min(k, len(right.first) - 1)

        def near(turn: npt.NDArray[np.int64], begin: int, end: int) -> _Found:
            return nearest_rows(tree, left.ends, left.first, turn, begin, end, count, limit + margin, margin)

        found = _over_rows(near, left, threads)
        if left.areas.size or right.areas.size:
            found = _with_insides(found, shapes, others, left, right)
        found = _settled(found, shapes, others, limit, margin)
        point, line, distance = found
        order = np.lexsort((line, distance, point))
        rank = np.arange(len(order)) - np.searchsorted(point[order], point[order])
        order = order[rank < k]
        found = point[order], line[order], distance[order]
    return _frame(found, ("point", "line", "distance_m"))


def parallel_runs(
    left: gpd.GeoDataFrame, right: gpd.GeoDataFrame, *, offset_m: float, min_overlap_m: float, max_angle_deg: float, threads: int = 1
) -> pd.DataFrame:
    """Return the pairs of lines that run side by side, and for how long.

    For a segment AB of the left line and a segment CD of the right one whose directions differ by at most `max_angle_deg` (mod 180, the
    limit included), the overlap is the stretch of AB that lies beside CD: that projects at a right angle into CD, and whose distance from
    the straight line through CD is at most `offset_m`. That distance changes steadily along AB, so the stretch is one piece, which may
    end within AB. Its length is measured along CD. The overlap of two lines is the sum over their segments.

    So the sum counts a stretch of the left line once for each segment of the right line that it lies beside: twice beside a line that
    runs out and back, and a little at the outside of a bend less, at its inside more, than the line's own length. `length_within` counts
    each stretch once, whatever the direction. The overlap of A on B is not exactly that of B on A, as each is measured along the other.

    Parameters
    ----------
    left, right : GeoDataFrame
        In one metric CRS. Of a collection or multi-line all lines count for the row; points and areas have no direction and run beside
        nothing; neither does a piece without length (a vertex given twice changes nothing).
    offset_m : float
        At least 0, m. An offset that exceeds it by no more than the resolution of the coordinates is at the limit.
    min_overlap_m : float
        At least 0, m. Pairs that run beside each other for nothing at all are not returned, even where it is 0.
    max_angle_deg : float
        At least 0; from 90 on, any direction will do. An angle within 1e-9° of the limit is at the limit.
    threads : int
        How many threads share the work.

    Returns
    -------
    DataFrame
        `left`, `right` (row positions, each pair once) and `overlap_m`, at least `min_overlap_m`; sorted by left, then right. Given the
        same frame twice, each line runs beside itself, and a pair is returned in both orders.

    Raises
    ------
    CrsError
        Where a frame has no CRS, the two differ, or it is not metric.
    ParameterError
        Where offset, overlap or angle is negative or no number.

    Examples
    --------
    >>> ducts = gpd.GeoDataFrame(geometry=[shapely.LineString([(10, 2), (60, 2)])], crs="EPSG:9214")
    >>> roads = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (40, 0)])], crs="EPSG:9214")
    >>> parallel_runs(ducts, roads, offset_m=5, min_overlap_m=20, max_angle_deg=15).values.tolist()
    [[0.0, 0.0, 30.0]]
    """
    _require(left, right, offset_m)
    if not min_overlap_m >= 0:
        raise ParameterError("error.near.distance", distance=min_overlap_m)
    if not max_angle_deg >= 0:
        raise ParameterError("error.near.angle", angle=max_angle_deg)
    ours, theirs = (Facets.of(frame.geometry.to_numpy(), lines_only=True) for frame in (left, right))
    found = _NOTHING
    if len(ours.ends) and len(theirs.ends):
        extent = _extent(ours, theirs)
        margin = _ROUNDING * extent
        step = _resolution(ours, theirs)
        offset = min(offset_m, extent) + step
        angle = np.deg2rad(max_angle_deg + _ANGLE_SLACK_DEG)
        cosine, sine = (float(np.cos(angle)), float(np.sin(angle))) if max_angle_deg < 90 else (0.0, 1.0)
        lattice, grid = _gridded(ours, offset, margin)

        def beside(turn: npt.NDArray[np.int64], begin: int, end: int) -> _Found:
            return runs_beside(
                grid, lattice, ours.first, theirs.ends, theirs.first, turn, begin, end, offset + 2 * margin, offset, cosine, sine
            )

        row, other, length = _over_rows(beside, theirs, threads)
        kept = length >= min_overlap_m - step - margin  # as much is lost where vertices are rounded
        found = _sorted((row[kept], other[kept], length[kept]), len(left), len(right))
    return _frame(found, ("left", "right", "overlap_m"))


def length_within(left: gpd.GeoDataFrame, right: gpd.GeoDataFrame, *, distance_m: float, threads: int = 1) -> pd.DataFrame:
    """Return for each pair how much of the left line lies within `distance_m` of the right geometry, each stretch counted once.

    What `shapely.length(left ∩ buffer(right))` approaches as the buffer's arcs are drawn ever finer. Direction does not matter: a line
    that crosses counts with twice the distance.

    Parameters
    ----------
    left : GeoDataFrame
        Lines; points and areas have no length here.
    right : GeoDataFrame
        Points and lines, in the CRS of `left`, which is metric.
    distance_m : float
        At least 0, m. A distance that exceeds it by no more than the resolution of the coordinates is at the limit.
    threads : int
        How many threads share the work.

    Returns
    -------
    DataFrame
        `left`, `right` (row positions, each pair once) and `length_m`, above 0; sorted by left, then right.

    Raises
    ------
    CrsError
        Where a frame has no CRS, the two differ, or it is not metric.
    ParameterError
        Where the distance is negative or no number, or the right frame holds an area.

    Examples
    --------
    >>> ducts = gpd.GeoDataFrame(geometry=[shapely.LineString([(10, 3), (60, 3)])], crs="EPSG:9214")
    >>> roads = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (40, 0)])], crs="EPSG:9214")
    >>> length_within(ducts, roads, distance_m=5).round(6).values.tolist()
    [[0.0, 0.0, 34.0]]
    """
    found = _lengths(left, right, distance_m, threads, merged=False)
    return _frame(_sorted(found, len(left), len(right)), ("left", "right", "length_m"))


def length_within_any(left: gpd.GeoDataFrame, right: gpd.GeoDataFrame, *, distance_m: float, threads: int = 1) -> pd.Series:
    """Return how much of each left line lies within `distance_m` of any right geometry, each stretch counted once.

    As `length_within`, over all of `right` together: where two of them are near to the same stretch, it counts once.

    Parameters
    ----------
    left, right, distance_m, threads
        As for `length_within`.

    Returns
    -------
    Series
        `length_m` on the index of `left`; 0 where nothing is near.

    Raises
    ------
    CrsError, ParameterError
        As `length_within`.

    Examples
    --------
    >>> ducts = gpd.GeoDataFrame(geometry=[shapely.LineString([(10, 3), (60, 3)])], crs="EPSG:9214")
    >>> roads = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (40, 0)])] * 2, crs="EPSG:9214")
    >>> length_within_any(ducts, roads, distance_m=5).round(6).tolist()
    [34.0]
    """
    row, _, length = _lengths(left, right, distance_m, threads, merged=True)
    total = np.zeros(len(left))
    total[row] = length
    return pd.Series(total, index=left.index, name="length_m")


def _lengths(left: gpd.GeoDataFrame, right: gpd.GeoDataFrame, distance_m: float, threads: int, *, merged: bool) -> _Found:
    """Return left row, right row (0 where `merged`) and length."""
    _require(left, right, distance_m)
    ours, theirs = Facets.of(left.geometry.to_numpy(), lines_only=True), Facets.of(right.geometry.to_numpy())
    if theirs.areas.size:
        raise ParameterError("error.near.areas", row=int(theirs.areas[0]))
    if not (len(ours.ends) and len(theirs.ends)):
        return _NOTHING
    if merged:
        theirs = replace(theirs, first=np.array([0, len(theirs.ends)]))
    extent = _extent(ours, theirs)
    margin = _ROUNDING * extent
    distance = min(distance_m, extent) + _resolution(ours, theirs)
    lattice, grid = _gridded(theirs, distance, margin)

    def near(turn: npt.NDArray[np.int64], begin: int, end: int) -> _Found:
        return lengths_near(grid, lattice, theirs.first, ours.ends, ours.first, turn, begin, end, distance + 2 * margin, distance)

    return _over_rows(near, ours, threads)


def _require(left: gpd.GeoDataFrame, right: gpd.GeoDataFrame, distance_m: float) -> None:
    if left.crs is None or left.crs != right.crs or not left.crs.is_projected or left.crs.axis_info[0].unit_name != "metre":
        raise CrsError("error.near.crs", left=str(left.crs), right=str(right.crs))
    if not distance_m >= 0:
        raise ParameterError("error.near.distance", distance=distance_m)


def _extent(left: Facets, right: Facets) -> float:
    """Return a length that no distance between the two exceeds, m."""
    a, b = left.bounds, right.bounds
    return float(np.hypot(max(a[2], b[2]) - min(a[0], b[0]), max(a[3], b[3]) - min(a[1], b[1])))


def _resolution(left: Facets, right: Facets) -> float:
    """Return the step of float64 at the largest coordinate, eightfold, m: what a vertex is moved by rounding at most."""
    return 8 * float(np.spacing(max(np.abs(left.bounds).max(), np.abs(right.bounds).max())))


def _gridded(facets: Facets, reach: float, margin: float) -> tuple[Lattice, Grid]:
    """Return a grid whose cells suit the density of the facets, their length and the reach of a search (m)."""
    west, south, east, north = facets.bounds
    sample = facets.ends[:: max(1, len(facets.ends) // 4096)]
    width, height = np.quantile(sample[:, 0], (0.05, 0.95)), np.quantile(sample[:, 1], (0.05, 0.95))
    wide, high = float(np.diff(width)[0]), float(np.diff(height)[0])
    count = len(facets.ends)
    spacing = max(float(np.sqrt(wide * high / count)), max(wide, high) / count)
    length = float(np.abs(facets.ends[:, 2:] - facets.ends[:, :2]).sum()) / count
    size = max(reach, 0.75 * spacing, 1.5 * length, max(east - west, north - south) / 2**30) or 1.0
    columns, rows = int((east - west) / size) + 1, int((north - south) / size) + 1
    stride, mask, buckets = columns, -1, columns * rows
    if buckets > 64 + 8 * count:  # rows of cells share buckets, scattered by the golden ratio
        buckets = 1 << int(np.ceil(np.log2(64 + 4 * count)))
        stride, mask = 0x9E3779B1, buckets - 1
    lattice = Lattice(west, south, 1 / size, columns, rows, stride, mask, buckets)
    return lattice, fill_grid(facets.ends, facets.first, lattice, margin)


def _over_rows(kernel: Callable[[npt.NDArray[np.int64], int, int], _Found], facets: Facets, threads: int) -> _Found:
    """Return the answers of a kernel for all rows, which it takes in an order that keeps neighbours together: caches stay warm."""
    rows = len(facets.first) - 1
    turn = stable_order(strips_of(facets.ends, facets.first, facets.bounds[1], facets.bounds[3], _STRIPS), _STRIPS)
    if threads <= 1:
        return kernel(turn, 0, rows)
    work = np.cumsum(np.diff(facets.first)[turn])
    cuts = np.searchsorted(work, np.linspace(0, len(facets.ends), 4 * threads + 1)[1:-1])
    edges = [0, *cuts.tolist(), rows]
    with ThreadPoolExecutor(threads) as pool:
        parts = list(pool.map(partial(kernel, turn), edges[:-1], edges[1:]))
    first, second, third = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return first, second, third


def _sorted(found: _Found, rows: int, others: int) -> _Found:
    """Return the pairs sorted by the first row, then the second."""
    first, second, third = found
    order = stable_order(second, others)
    order = order[stable_order(first[order], rows)]
    return first[order], second[order], third[order]


def _with_insides(found: _Found, shapes: npt.NDArray[np.object_], others: npt.NDArray[np.object_], left: Facets, right: Facets) -> _Found:
    """Return the pairs with those added or set to 0 m where an area holds what is in it, sorted."""
    a, b = shapely.STRtree(others).query(shapes[left.areas], predicate="intersects")
    c, d = shapely.STRtree(shapes).query(others[right.areas], predicate="intersects")
    rows = np.concatenate([found[0], left.areas[a], d])
    columns = np.concatenate([found[1], b, right.areas[c]])
    distance = np.concatenate([found[2], np.zeros(len(a) + len(c))])
    order = np.lexsort((distance, columns, rows))
    rows, columns, distance = rows[order].astype(np.int32), columns[order].astype(np.int32), distance[order]
    first = np.ones(len(rows), dtype=bool)
    first[1:] = (rows[1:] != rows[:-1]) | (columns[1:] != columns[:-1])
    return rows[first], columns[first], distance[first]


def _settled(found: _Found, shapes: npt.NDArray[np.object_], others: npt.NDArray[np.object_], limit: float, margin: float) -> _Found:
    """Return the pairs within the limit; where rounding could decide, GEOS does."""
    rows, columns, distance = found
    doubtful = np.flatnonzero(np.abs(distance - limit) <= margin) if np.isfinite(limit) else np.empty(0, np.int64)
    if doubtful.size:
        distance = distance.copy()
        distance[doubtful] = shapely.distance(shapes[rows[doubtful]], others[columns[doubtful]])
        kept = distance <= limit
        return rows[kept], columns[kept], distance[kept]
    return rows, columns, distance


def _frame(found: _Found, names: tuple[str, str, str]) -> pd.DataFrame:
    rows, columns, values = found
    return pd.DataFrame({names[0]: rows.astype(np.int64), names[1]: columns.astype(np.int64), names[2]: values})
