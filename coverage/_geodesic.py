"""Geodesic areas of rings on WGS 84: a series for short edges, long ones cut first, pyproj for rings with very long ones.

The area between an edge and the equator is ∫ Q dλ, with Q(φ) the area a radian of longitude up to latitude φ. For a straight line from end
to end in (λ, Q) that is a trapezoid. The geodesic bends away from it; with λ′ = sin α / r, Q′ = r cos α, r = N cos φ and Clairaut's
α′ = sin φ sin α / r, the next term of the trapezoid rule, − s³ (λ′Q″ − Q′λ″) / 12, comes to s³ sin φ sin α (1 + 2 cos² α) / (12 r). What
is left out is of the order s⁵/R³: some 1e-6 m² for an edge of 2 km. Taken from each ring's first vertex, small rings keep the digits that
they lose in pyproj's sums from the equator (some 1e-5 m²).

References
----------
.. [1] C. F. F. Karney, "Algorithms for geodesics", Journal of Geodesy 87, 2013, section 6: areas of geodesic polygons (pyproj's answer).
.. [2] J. P. Snyder, "Map Projections: A Working Manual", USGS Professional Paper 1395, 1987, eq. 3-12: the authalic q; Q = a² q / 2.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
from pyproj import Geod

from hatang.coverage.compiled import compiled

_WGS84: Final = Geod(ellps="WGS84")
_LONG_M: Final = 2_000.0
"""Edges longer than this are cut first: points are set on their geodesic."""
_VERY_LONG_M: Final = 100_000.0
"""Edges longer than this leave their ring to pyproj."""
_STEEP: Final = 85.0
"""Latitude, degrees, beyond which rings are left to pyproj."""


def ring_areas_m2(lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64], ring: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return the geodesic area of each closed ring, positive either way it turns.

    Parameters
    ----------
    lon, lat
        Vertices of all rings, degrees on WGS 84, shape (n,).
    ring
        Offsets of the rings' vertices, shape (rings + 1,).

    Returns
    -------
    Areas in m², shape (rings,).

    Examples
    --------
    >>> lon, lat = np.array([107.0, 107.01, 107.01, 107.0, 107.0]), np.array([16.0, 16.0, 16.01, 16.01, 16.0])
    >>> ring_areas_m2(lon, lat, np.array([0, 5])).round(3).tolist()
    [1184399.565]
    """
    areas: npt.NDArray[np.float64] = np.abs(_short(lon, lat, ring, _WGS84.a, _WGS84.es, _LONG_M, _STEEP))
    left = np.flatnonzero(np.isnan(areas))
    if left.size:
        areas[left] = np.abs(_short(*_cut(lon, lat, ring, left), _WGS84.a, _WGS84.es, _LONG_M, _STEEP))
    for k in left[np.isnan(areas[left])].tolist():
        some = slice(ring[k], ring[k + 1])
        areas[k] = abs(_WGS84.polygon_area_perimeter(lon[some], lat[some])[0])
    return areas


def _cut(
    lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64], ring: npt.NDArray[np.int64], some: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Return some rings with points set on their long edges, along the geodesic; very long edges are left."""
    sizes = ring[some + 1] - ring[some]
    offsets = np.append(0, np.cumsum(sizes))
    place = np.repeat(ring[some] - offsets[:-1], sizes) + np.arange(offsets[-1])
    x, y = lon[place], lat[place]
    radius = _WGS84.a * np.pi / 180
    length = radius * np.hypot(np.diff(x) * np.cos(np.radians((y[1:] + y[:-1]) / 2)), np.diff(y))
    length[offsets[1:-1] - 1] = 0.0  # from one ring to the next
    long = np.flatnonzero((length > 0.9 * _LONG_M) & (length < _VERY_LONG_M))
    azimuth, _, distance = _WGS84.inv(x[long], y[long], x[long + 1], y[long + 1])
    parts = np.ceil(np.asarray(distance) / (0.9 * _LONG_M)).astype(np.int64)
    before = np.repeat(np.arange(long.size), np.maximum(parts - 1, 0))
    step = np.arange(before.size) - np.searchsorted(before, before) + 1
    new_x, new_y, _ = _WGS84.fwd(
        x[long][before], y[long][before], np.asarray(azimuth)[before], (np.asarray(distance) / parts)[before] * step
    )
    added = np.bincount(np.searchsorted(offsets, long[before], side="right") - 1, minlength=some.size)
    x, y = np.insert(x, long[before] + 1, new_x), np.insert(y, long[before] + 1, new_y)
    return x, y, offsets + np.append(0, np.cumsum(added))


@compiled
def _short(
    lon: npt.NDArray[np.float64],
    lat: npt.NDArray[np.float64],
    ring: npt.NDArray[np.int64],
    a: float,
    e2: float,
    long_m: float,
    steep: float,
) -> npt.NDArray[np.float64]:
    """Return the signed area of each ring; NaN where an edge is long or far north or south."""
    e = np.sqrt(e2)
    radian = np.pi / 180.0
    areas = np.zeros(ring.size - 1)
    for k in range(ring.size - 1):
        total, base, before = 0.0, 0.0, 0.0
        for i in range(ring[k], ring[k + 1]):
            if abs(lat[i]) > steep:
                total = np.nan
                break
            sine = np.sin(lat[i] * radian)
            q = 0.5 * a * a * (1.0 - e2) * (sine / (1.0 - e2 * sine * sine) + np.arctanh(e * sine) / e)
            if i == ring[k]:
                base, before = q, 0.0
                continue
            q -= base  # from the first vertex instead of the equator: a closed ring does not mind, and no digits are lost
            east = (lon[i] - lon[i - 1]) * radian
            north = (lat[i] - lat[i - 1]) * radian
            sine = np.sin(0.5 * (lat[i] + lat[i - 1]) * radian)
            root = np.sqrt(1.0 - e2 * sine * sine)
            r = a / root * np.sqrt(1.0 - sine * sine)
            x, y = r * east, a * (1.0 - e2) / (root * root * root) * north
            s2 = x * x + y * y
            if s2 > long_m * long_m:
                total = np.nan
                break
            total += 0.5 * east * (q + before) + sine * x * (s2 + 2.0 * y * y) / (12.0 * r)
            before = q
        areas[k] = total
    return areas
