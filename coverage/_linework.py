"""Polygons as bare lines: vertices, rings and owners; moved between coordinate systems and laid on a grid."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS

from hatang.coverage._cutting import Floats, Ints, Labels, cut, ring_signs, strips_of
from hatang.coverage._geodesic import ring_areas_m2
from hatang.coverage._projection import Projection
from hatang.coverage._tally import Tally, tallied
from hatang.data.contracts import MAP_CRS, ParameterError

Shapes = npt.NDArray[np.object_]

STRIP_ROWS = 64
"""Rows of cells that are cut and swept at once: small enough for the processor's cache."""


def polygons_of(shapes: Shapes) -> tuple[Shapes, Ints]:
    """Return the polygons of geometries of any type, lines, points and empty ones left out, and the position of the geometry of each."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    kind = shapely.get_type_id(parts)
    while (kind > shapely.GeometryType.POLYGON).any():
        parts, inner = shapely.get_parts(parts, return_index=True)
        owner, kind = owner[inner], shapely.get_type_id(parts)
    kept = (kind == shapely.GeometryType.POLYGON) & ~shapely.is_empty(parts)
    return parts[kept], owner[kept]


def union(shapes: Sequence[shapely.Geometry] | Shapes) -> shapely.Geometry:
    """Return the union of polygons, each made valid first where need be; parts of a multipolygon count as polygons of their own."""
    parts, _ = polygons_of(np.asarray(shapes, object))
    valid = shapely.is_valid(parts)
    parts[~valid] = shapely.make_valid(parts[~valid])
    return shapely.union_all(parts)


@dataclass(frozen=True, slots=True, eq=False)
class Linework:
    """Rings of polygons.

    Attributes
    ----------
    x, y
        Vertices of all rings, shape (n,), each ring closed, in `crs`.
    ring
        Offsets of the rings' vertices, shape (rings + 1,).
    owner
        Position of the polygon of each ring, shape (rings,).
    shell
        Whether a ring is an outer one, shape (rings,).
    count
        Number of polygons, those without rings too.
    """

    x: Floats
    y: Floats
    ring: Ints
    owner: Ints
    shell: npt.NDArray[np.bool_]
    count: int
    crs: CRS

    @classmethod
    def of(cls, shapes: Shapes, *, crs: CRS) -> Self:
        """Return the rings of geometries; what is not a polygon counts nothing.

        Raises
        ------
        ParameterError
            Where a coordinate is not finite.
        """
        parts, owner = polygons_of(shapes)
        kind, xy, offsets = shapely.to_ragged_array(parts, include_z=False) if len(parts) else (None, np.empty((0, 2)), ())
        if kind is None:
            ring, first = np.zeros(1, np.int64), np.zeros(1, np.int64)
        else:
            ring, first = np.asarray(offsets[0], np.int64), np.asarray(offsets[1], np.int64)
        shell = np.zeros(ring.size - 1, bool)
        shell[first[:-1]] = True
        return cls(
            *_finite(np.ascontiguousarray(xy[:, 0]), np.ascontiguousarray(xy[:, 1])),
            ring=ring,
            owner=np.repeat(owner, np.diff(first)),
            shell=shell,
            count=len(shapes),
            crs=crs,
        )

    def moved(self, projection: Projection) -> Self:
        """Return the rings with their vertices in another CRS; edges are straight there, whatever they were before.

        Raises
        ------
        ParameterError
            Where a vertex has no place there.
        """
        x, y = _finite(*projection.move(self.x, self.y))
        return replace(self, x=x, y=y, crs=projection.target)

    def united(self) -> Self:
        """Return the union of all polygons as one, in the same CRS."""
        first = np.append(np.flatnonzero(self.shell), self.shell.size)
        xy = np.column_stack([self.x, self.y])
        polygons = shapely.from_ragged_array(shapely.GeometryType.POLYGON, xy, (self.ring, first))
        return type(self).of(np.array([union(polygons)], object), crs=self.crs)

    def planar_area(self) -> Floats:
        """Return the area of each polygon in the square units of `crs`: outer rings less inner ones, however they turn."""
        return self._per_polygon(np.abs(ring_signs(self.x, self.y, self.ring)) / 2)

    def geodesic_area_m2(self) -> Floats:
        """Return the geodesic area of each polygon on WGS 84, in m²."""
        degrees = self.moved(Projection(self.crs, CRS(MAP_CRS), points=self.x.size))
        return self._per_polygon(ring_areas_m2(degrees.x, degrees.y, self.ring))

    def _per_polygon(self, areas: Floats) -> Floats:
        return np.bincount(self.owner, np.where(self.shell, areas, -areas), self.count).astype(np.float64)

    def edge_length(self) -> float:
        """Return the median length of some edges, in units of `crs`; 0 where there is none."""
        if self.x.size < 2:
            return 0.0
        some = np.linspace(0, self.x.size - 2, min(self.x.size - 1, 4096)).astype(np.int64)
        return float(np.median(np.hypot(self.x[some + 1] - self.x[some], self.y[some + 1] - self.y[some])))


def _finite(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ParameterError("error.integrate.coordinates", count=int((~(np.isfinite(x) & np.isfinite(y))).sum()))
    return x, y


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells that edges are cut into: `refined` × `refined` in each pixel of a window of a raster.

    `transform` is the raster's affine map (a, b, c, d, e, f) from column and row to x = a·column + b·row + c, y = d·column + e·row + f; it
    may turn and shear. `column`, `row`, `columns` and `rows` tell the window, in pixels.
    """

    transform: tuple[float, float, float, float, float, float]
    column: int
    row: int
    columns: int
    rows: int
    refined: int = 1

    def cells(self, lines: Linework) -> tuple[Floats, Floats]:
        """Return the vertices in columns and rows of cells of the window."""
        column, row = pixels(self.transform, lines)
        return (column - self.column) * self.refined, (row - self.row) * self.refined


def pixels(transform: tuple[float, float, float, float, float, float], lines: Linework) -> tuple[Floats, Floats]:
    """Return the vertices in fractional columns and rows of a raster; the origin is taken off first, so that no digit is lost."""
    a, b, c, d, e, f = transform
    x, y = lines.x - c, lines.y - f
    if b == 0.0 and d == 0.0:
        return x / a, y / e
    determinant = a * e - b * d
    return (e * x - b * y) / determinant, (a * y - d * x) / determinant


Pieces = tuple[Ints, Ints, Labels, Floats]
"""What `cut` returns."""


class Layer:
    """Polygons laid on a grid, ready to be cut strip by strip."""

    def __init__(self, lines: Linework, grid: Grid, *, single: bool = False) -> None:
        """Lay `lines` on `grid`; `single` takes all its polygons for one."""
        self.x, self.y = grid.cells(lines)
        self.columns, self.rows = grid.columns * grid.refined, grid.rows * grid.refined
        turned = ring_signs(self.x, self.y, lines.ring) < 0
        owner = np.ones(lines.owner.size, np.int64) if single else lines.owner + 1
        edges = np.diff(lines.ring) - 1
        self.first = np.delete(np.arange(self.x.size), lines.ring[1:] - 1)
        self.label = np.repeat(np.where(turned == lines.shell, -owner, owner), edges).astype(np.int32)
        self.offsets, self.edges = strips_of(self.y, self.first, self.rows, STRIP_ROWS)

    def columns_of(self, strips: range) -> tuple[int, int] | None:
        """Return the first column that edges in these strips may enter and the one behind the last; None where there are no edges."""
        vertex = self.first[self.edges[self.offsets[strips.start] : self.offsets[strips.stop]]]
        if not vertex.size:
            return None
        x = self.x[np.concatenate([vertex, vertex + 1])]
        return int(np.clip(x.min(), 0, self.columns - 1)), int(np.clip(x.max(), 0, self.columns - 1)) + 1

    def pieces(self, strip: int, west: Ints, east: Ints, column: int, end: int) -> Pieces:
        """Return the pieces in one strip of rows and, in each row, the columns from `west` to `east`, within `column` to `end`."""
        edges = self.edges[self.offsets[strip] : self.offsets[strip + 1]]
        return cut(self.x, self.y, self.first, self.label, edges, strip * STRIP_ROWS, west, east, column, end)

    def tally(self, strip: int, column: int, end: int) -> Tally:
        """Return what the cells of one strip and the columns from `column` to `end` hold."""
        rows = min(STRIP_ROWS, self.rows - strip * STRIP_ROWS)
        pieces = self.pieces(strip, np.full(rows, column), np.full(rows, end), column, end)
        return tallied(*pieces, column, end)
