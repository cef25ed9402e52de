"""Many points from one coordinate system to another: PROJ at the nodes of tiles, polynomials between them.

A map projection is smooth: on a tile of some 28 km a polynomial of degree 5 in each coordinate is as close to PROJ as PROJ's own scatter
allows (some 4e-9 m: its geocentric steps are iterated). Each tile proves this of itself at points between its nodes; the points of one that
fails (a grid of datum shifts, the edge of a projection) go to PROJ. Tiles are numbered from the origin, so that a point's place depends on
the point alone: what coincides before coincides after.

References
----------
.. [1] L. N. Trefethen, "Approximation Theory and Approximation Practice", SIAM, 2013: interpolation at Chebyshev points (chapters 2–8).
"""

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
from pyproj import CRS, Transformer

from hatang.coverage.compiled import compiled

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_DEGREE: Final = 5
_TILE: Final = {True: 0.0045, False: 28_000.0}
"""Side of a tile: radians of a geographic system, metres of another."""
_CLOSE: Final = {True: 5e-15, False: 1e-8}
"""How near PROJ a tile must be, in the same units: 3e-8 m and 1e-8 m, twice PROJ's own scatter."""
_FEW: Final = 4096
"""Points of the first layer below which all go to PROJ itself."""
_TILES: Final = 1_000_000
_NODES: Final = np.cos(np.pi * (np.arange(10) + 0.5) / 10)
"""Chebyshev points, more than coefficients: the fit averages PROJ's scatter."""
_BETWEEN: Final = np.array([-1.0, -0.83, -0.31, 0.0, 0.47, 1.0])


class Projection:
    """From one coordinate system to another, for layers that must fit together."""

    def __init__(self, source: CRS, target: CRS, *, points: int) -> None:
        """Prepare for layers of which the first has `points` points: few are moved by PROJ alone, and then all layers are."""
        self.target = target
        self._transformer = None if source == target else _transformer(source.to_wkt(), target.to_wkt())
        units = [crs.axis_info[0].unit_conversion_factor if crs.axis_info else 0.0 for crs in (source, target)]
        self._tiled = points >= _FEW and all(units)
        if self._tiled:
            self._side, self._close = _TILE[source.is_geographic] / units[0], _CLOSE[target.is_geographic] / units[1]
        self._fitted: dict[tuple[int, int], Floats | None] = {}

    def move(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Return the points in the target system, x east and y north; infinite where PROJ finds no place.

        Parameters
        ----------
        x, y
            Finite coordinates in the source system, x east and y north, shape (n,).
        """
        if self._transformer is None or not self._tiled or not x.size:
            return self._exact(x, y)
        west, south = np.floor(x.min() / self._side), np.floor(y.min() / self._side)
        columns, rows = np.floor(x.max() / self._side) - west + 1, np.floor(y.max() / self._side) - south + 1
        if columns * rows > _TILES:
            return self._exact(x, y)
        used = np.flatnonzero(_used(x, y, self._side, west, south, int(columns), int(rows)))
        tiles = [(int(west) + t % int(columns), int(south) + t // int(columns)) for t in used.tolist()]
        self._fit([tile for tile in tiles if tile not in self._fitted])
        fits = [self._fitted[tile] for tile in tiles]
        slot = np.full(int(columns * rows), -1)
        known = np.array([fit is not None for fit in fits], bool)
        slot[used[known]] = np.arange(int(known.sum()))
        coefficients = np.array([fit for fit in fits if fit is not None], float).reshape(-1, 2, _DEGREE + 1, _DEGREE + 1)
        out_x, out_y, left = _evaluated(x, y, self._side, west, south, int(columns), slot, coefficients)
        if left.size:
            out_x[left], out_y[left] = self._exact(x[left], y[left])
        return out_x, out_y

    def _exact(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        if self._transformer is None:
            return x, y
        out_x, out_y = self._transformer.transform(x, y)
        return np.asarray(out_x, float), np.asarray(out_y, float)

    def _fit(self, tiles: list[tuple[int, int]]) -> None:
        """Fit polynomials to tiles, and keep of them those that prove close."""
        if not tiles:
            return
        corner = np.array(tiles, float)
        degree = _DEGREE + 1
        both = [self._sampled(corner, places) for places in (_NODES, _BETWEEN)]
        inverse = np.linalg.pinv(np.vander(_NODES, degree, increasing=True))
        between = np.vander(_BETWEEN, degree, increasing=True)
        with np.errstate(invalid="ignore"):  # infinite where a tile leaves the projection: it does not prove close
            coefficients = np.stack([inverse @ part @ inverse.T for part in both[0]], axis=1)
            off = [np.abs(between @ coefficients[:, axis] @ between.T - both[1][axis]).max(axis=(1, 2)) for axis in (0, 1)]
            close = (off[0] <= self._close) & (off[1] <= self._close)
        self._fitted |= {tile: coefficients[k] if close[k] else None for k, tile in enumerate(tiles)}

    def _sampled(self, corner: Floats, places: Floats) -> tuple[Floats, Floats]:
        """Return PROJ's answers at a square of places (−1 to 1) in each tile, shape (tiles, places, places)."""
        u = (corner[:, 0, None, None] + (places[None, :, None] + 1) / 2 + 0 * places[None, None, :]) * self._side
        v = (corner[:, 1, None, None] + (places[None, None, :] + 1) / 2 + 0 * places[None, :, None]) * self._side
        x, y = self._exact(u.ravel(), v.ravel())
        return x.reshape(u.shape), y.reshape(u.shape)


@lru_cache(maxsize=16)
def _transformer(source: str, target: str) -> Transformer:
    """Return PROJ's way from one system to another; finding it costs as much as moving some hundred thousand points."""
    return Transformer.from_crs(source, target, always_xy=True)


@compiled
def _used(x: Floats, y: Floats, side: float, west: float, south: float, columns: int, rows: int) -> npt.NDArray[np.bool_]:
    """Return which tiles hold a point."""
    used = np.zeros(columns * rows, np.bool_)
    for k in range(x.size):
        used[int(np.floor(y[k] / side) - south) * columns + int(np.floor(x[k] / side) - west)] = True
    return used


@compiled
def _evaluated(
    x: Floats, y: Floats, side: float, west: float, south: float, columns: int, slot: Ints, coefficients: Floats
) -> tuple[Floats, Floats, Ints]:
    """Return the points by the polynomials of their tiles, and the numbers of those whose tile has none."""
    out_x, out_y, left = np.empty(x.size), np.empty(x.size), np.empty(x.size, np.int64)
    n = 0
    for k in range(x.size):
        p, q = x[k] / side, y[k] / side
        i, j = np.floor(p), np.floor(q)
        s = slot[int(j - south) * columns + int(i - west)]
        if s < 0:
            left[n] = k
            n += 1
            continue
        u, v = 2.0 * (p - i) - 1.0, 2.0 * (q - j) - 1.0
        c = coefficients[s]
        sum_x, sum_y = 0.0, 0.0
        for a in range(_DEGREE, -1, -1):
            row_x, row_y = 0.0, 0.0
            for b in range(_DEGREE, -1, -1):
                row_x = row_x * v + c[0, a, b]
                row_y = row_y * v + c[1, a, b]
            sum_x = sum_x * u + row_x
            sum_y = sum_y * u + row_y
        out_x[k], out_y[k] = sum_x, sum_y
    return out_x, out_y, left[:n].copy()
