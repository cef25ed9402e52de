"""What lies beside a road: on which side of its axis a point or a line is, and lines parallel to it.

Lines are in metres; `left` and `right` are seen along the axis.
"""

from typing import Final

import numpy as np
import shapely

from hatang.sharing.streetrules import Side

_MITRE_LIMIT: Final = 2.0
_STEP_M: Final = 5.0


def side_of(axis: shapely.LineString, point: shapely.Point) -> Side:
    """Return the side of the axis on which a point is; a point on the axis is on its right.

    Examples
    --------
    >>> side_of(shapely.LineString([(0, 0), (10, 0)]), shapely.Point(3, 2))
    'left'
    """
    return "left" if _offset(axis, point) > 0 else "right"


def side_of_line(axis: shapely.LineString, line: shapely.Geometry, *, beside_m: float, least_m: float) -> Side | None:
    """Return the side on which a line runs beside the axis, None where it runs on the axis or changes sides.

    Parameters
    ----------
    line
        Of any kind; only what lies within `beside_m` of the axis counts.
    least_m
        The line's mean offset from the axis, below which it tells no side.

    Examples
    --------
    >>> axis = shapely.LineString([(0, 0), (100, 0)])
    >>> side_of_line(axis, shapely.LineString([(0, -4), (100, -4)]), beside_m=20, least_m=1)
    'right'
    >>> side_of_line(axis, shapely.LineString([(0, 0.5), (100, 0.5)]), beside_m=20, least_m=1) is None
    True
    """
    near = shapely.intersection(line, axis.buffer(beside_m, cap_style="flat"))
    offsets = [
        _offset(axis, part.interpolate(at))
        for part in shapely.get_parts(near).tolist()
        if part.length > 0
        for at in np.arange(_STEP_M / 2, max(part.length, _STEP_M), _STEP_M).tolist()
    ]
    mean = float(np.mean(offsets)) if offsets else 0.0
    return None if abs(mean) < least_m else "left" if mean > 0 else "right"


def parallel_line(line: shapely.LineString, offset_m: float) -> shapely.LineString:
    """Return the line moved to its left by `offset_m` (negative: right), vertex for vertex; sharp corners are cut at twice the offset.

    Examples
    --------
    >>> parallel_line(shapely.LineString([(0, 0), (10, 0), (10, 10)]), 2).wkt
    'LINESTRING (0 2, 8 2, 8 10)'
    """
    points = shapely.get_coordinates(line)
    points = points[np.r_[True, np.hypot(*np.diff(points, axis=0).T) > 0]]
    steps = np.diff(points, axis=0)
    normals = np.column_stack([-steps[:, 1], steps[:, 0]]) / np.hypot(*steps.T)[:, None]
    before, after = np.vstack([normals[:1], normals]), np.vstack([normals, normals[-1:]])
    both = before + after
    square = np.maximum((both**2).sum(axis=1), 1e-12)
    moved = both * (2 / square)[:, None]
    size = np.hypot(*moved.T)
    moved *= (_MITRE_LIMIT / np.maximum(size, _MITRE_LIMIT))[:, None]  # a line that turns back on itself moves nowhere there
    return shapely.LineString(points + offset_m * moved)


def _offset(axis: shapely.LineString, point: shapely.Point) -> float:
    """Return the distance of a point from the axis, positive on its left."""
    at = axis.project(point)
    before, after = axis.interpolate(max(at - 0.5, 0)), axis.interpolate(min(at + 0.5, axis.length))
    cross = (after.x - before.x) * (point.y - before.y) - (after.y - before.y) * (point.x - before.x)
    return float(np.sign(cross) * axis.distance(point))
