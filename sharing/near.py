"""Pairs of features within a distance."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hatang.data.contracts import CrsError, ParameterError


def pairs_within(points: gpd.GeoDataFrame, lines: gpd.GeoDataFrame, *, distance_m: float) -> pd.DataFrame:
    """Return every pair of a point and a line no farther apart than `distance_m`, the distance itself included.

    Parameters
    ----------
    points, lines
        Frames in one metric CRS; any geometry will do.

    Returns
    -------
    `point`, `line` (row positions) and `distance_m`, sorted by point, then line.

    Raises
    ------
    CrsError
        Where a frame has no CRS, the two differ, or it is not metric.
    ParameterError
        Where the distance is negative or no number.

    Examples
    --------
    >>> points = gpd.GeoDataFrame(geometry=gpd.points_from_xy([0, 0], [1, 2]), crs="EPSG:9214")
    >>> lines = gpd.GeoDataFrame(geometry=[shapely.LineString([(-1, 0), (1, 0)])], crs="EPSG:9214")
    >>> pairs_within(points, lines, distance_m=1.0).values.tolist()
    [[0.0, 0.0, 1.0]]
    """
    if points.crs is None or points.crs != lines.crs or not points.crs.is_projected:
        raise CrsError("error.near.crs", left=str(points.crs), right=str(lines.crs))
    if not distance_m >= 0:
        raise ParameterError("error.near.distance", distance=distance_m)
    left, right = points.geometry.to_numpy(), lines.geometry.to_numpy()
    if not len(left) or not len(right):
        return pd.DataFrame({"point": np.array([], int), "line": np.array([], int), "distance_m": np.array([], float)})
    point, line = shapely.STRtree(right).query(left, predicate="dwithin", distance=distance_m)
    frame = pd.DataFrame({"point": point, "line": line, "distance_m": shapely.distance(left[point], right[line])})
    return frame.sort_values(["point", "line"], ignore_index=True)
