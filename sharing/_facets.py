"""Geometries of any kind taken apart into facets: straight pieces between two vertices, and single points as pieces without length."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from hatang.sharing._segments import bounds_of, cut_into_facets

_POINT, _LINE, _RING, _AREA = 0, 1, 2, 3


@dataclass(frozen=True, slots=True)
class Facets:
    """The facets of a column of geometries, in row order.

    Attributes
    ----------
    ends
        Both ends of each facet, shape (facets, 4): ax, ay, bx, by. A point has equal ends.
    first
        Row `r` owns the facets `first[r]` up to, not including, `first[r + 1]`; shape (rows + 1,).
    areas
        Rows that hold a polygon: what lies inside is nearer than the boundary tells.
    bounds
        West, south, east, north of all facets; infinite where there is none.
    """

    ends: npt.NDArray[np.float64]
    first: npt.NDArray[np.int64]
    areas: npt.NDArray[np.int64]
    bounds: tuple[float, float, float, float]

    @classmethod
    def of(cls, shapes: npt.NDArray[np.object_], *, lines_only: bool = False) -> "Facets":
        """Return the facets of `shapes`, shape (rows,).

        None, empty geometries and those with a coordinate that is not finite have no facet. With `lines_only`, points, areas and pieces
        without length have none either.
        """
        count, rows, kinds = len(shapes), np.arange(len(shapes)), shapely.get_type_id(shapes)
        while kinds.size and kinds.max() > _AREA:  # a collection may hold collections
            shapes, part = shapely.get_parts(shapes, return_index=True)
            rows, kinds = rows[part], shapely.get_type_id(shapes)
        polygons = kinds == _AREA
        areas = np.unique(rows[polygons & ~shapely.is_empty(shapes)]) if polygons.any() else np.empty(0, np.int64)
        if lines_only:
            chosen = (kinds == _LINE) | (kinds == _RING)
            shapes, rows = shapes[chosen], rows[chosen]
        elif areas.size:
            rings, part = shapely.get_rings(shapes[polygons], return_index=True)
            shapes, rows = np.concatenate([shapes[~polygons], rings]), np.concatenate([rows[~polygons], rows[polygons][part]])
            order = np.argsort(rows, kind="stable")
            shapes, rows = shapes[order], rows[order]
        xy, part = shapely.get_coordinates(shapes, return_index=True)
        finite = np.isfinite(xy).all(axis=1)
        if not finite.all():
            broken = np.unique(rows[part[~finite]])
            kept = ~np.isin(rows[part], broken)
            xy, part, areas = xy[kept], part[kept], np.setdiff1d(areas, broken)
        ends, first = cut_into_facets(xy, part, rows, count, lines_only)
        return cls(ends, first, areas, bounds_of(ends))
