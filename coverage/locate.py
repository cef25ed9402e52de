"""Point → ward by one rule: a point belongs to the ward it intersects, of several to the one with the lowest code."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final, Self

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from hatang.coverage._arrayfile import read_arrays, write_arrays
from hatang.coverage._wardgrid import Polygons, WardGrid
from hatang.coverage._wardkernels import ROW_LIMIT
from hatang.data.contracts import MissingError, ParameterError, SchemaError, StoreError

_MAGIC: Final = b"HATANGWI"
_VERSION: Final = 1
"""Raised with every change of what the arrays of the grid mean; it is part of the content hash."""
_GRID_ARRAYS: Final = tuple(field.name for field in fields(WardGrid) if field.name not in {"frame", "columns"})
_NAMED: Final = 5
_MOST_VERTICES: Final = np.iinfo(np.int32).max


@dataclass(frozen=True, slots=True, eq=False)
class WardIndex:
    """Wards prepared for many look-ups: a two-level grid, where only points in a cell that a border crosses look at edges.

    A point belongs to a ward that it intersects, its border included; of several to the one whose code sorts first as text; of
    equal codes to the first row. The answer is that of `shapely.intersects_xy` on the prepared geometry, for every point: sides of edges
    are computed exactly, so that vertices and points on edges are no exception.

    Wards may overlap, leave gaps and be of many parts with holes; a missing or empty geometry holds no point. An invalid polygon is not
    repaired: as in GEOS, it holds what lies on one of its edges or inside an odd number of its rings. (GEOS differs only for a ring of
    four edges along the axes that run back on themselves, which it takes for a rectangle.) Where parts of one ward overlap, it
    therefore has holes; `shapely.make_valid(…, method="structure")` before `build` fills them.

    Attributes
    ----------
    codes : ndarray of str, shape (wards,)
        Ward codes in the order of the rows that `locate` answers.
    crs : pyproj.CRS or None
        CRS of the wards and of the coordinates that `locate` takes.
    bounds : tuple of float
        West, south, east and north of all wards, in units of the CRS; NaN where there is no polygon.
    hash : str
        SHA-256 of geometry, codes, CRS and format version: two indexes with equal hashes give equal answers.

    Notes
    -----
    Coordinates, where not 0, must lie between 1e-140 and 1e140 in size, so that no product of the exact arithmetic over- or underflows.
    Memory is 16 bytes a vertex for the rings, and for the grid 20 to 40 a vertex on maps of millions of vertices and up to 120 on smaller
    ones. The first call of `build` and `locate` on a machine compiles for a few seconds.

    References
    ----------
    .. [1] J. R. Shewchuk, "Adaptive Precision Floating-Point Arithmetic and Fast Robust Geometric Predicates", 1997.

    Examples
    --------
    >>> wards = gpd.GeoDataFrame({"ward_code": ["1", "2"]}, geometry=[shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)], crs="EPSG:9214")
    >>> index = WardIndex.build(wards)
    >>> index.locate([0.5, 1.0, 1.5, 9.0], 0.5).tolist()
    [0, 0, 1, -1]
    >>> index.crs.to_epsg(), index.bounds, len(index.hash)
    (9214, (0.0, 0.0, 2.0, 1.0), 64)
    """

    codes: npt.NDArray[np.str_]
    crs: pyproj.CRS | None
    bounds: tuple[float, float, float, float]
    hash: str
    _grid: WardGrid

    @classmethod
    def build(cls, wards: gpd.GeoDataFrame, *, threads: int = 2) -> Self:
        """Return the index of wards.

        Parameters
        ----------
        wards : GeoDataFrame
            Column `ward_code` and polygons, in any CRS or none.
        threads : int
            Threads to build with; they never change the index.

        Raises
        ------
        SchemaError
            Where there is no column `ward_code`, a geometry is neither polygon nor multipolygon, a coordinate is not finite, or there
            are more than 524,288 wards or 2,147,483,647 vertices.
        """
        codes, order, polygons = _content(wards)
        with ThreadPoolExecutor(1) as pool:  # hashing holds no lock
            digest = pool.submit(_digest, codes, order, polygons, wards.crs)
            grid = WardGrid.build(polygons, order, threads=max(threads, 1))
            return cls(codes, wards.crs, _bounds(polygons), digest.result(), grid)

    @classmethod
    def cached(cls, wards: gpd.GeoDataFrame, folder: Path, *, threads: int = 2) -> Self:
        """Return the index of `wards` from `folder` if it stands there by its hash, else build it and leave it there.

        A file that is broken or of another version is written anew.

        Raises
        ------
        SchemaError
            As `build` does.
        StoreError
            Where the disk refuses.
        """
        path = folder / f"{_digest(*_content(wards), wards.crs)}.wards"
        try:
            return cls.load(path)
        except (MissingError, StoreError):
            index = cls.build(wards, threads=threads)
            index.save(path)
            return index

    def save(self, path: Path) -> None:
        """Write the index to `path`: whole or not at all, also where several processes write there at once.

        Raises
        ------
        StoreError
            Where the disk refuses; what stood at `path` stays.
        """
        about = {
            "codes": self.codes.tolist(),
            "crs": None if self.crs is None else self.crs.to_json_dict(),
            "bounds": self.bounds,
            "hash": self.hash,
            "frame": self._grid.frame,
            "columns": self._grid.columns,
        }
        arrays = {name: getattr(self._grid, name) for name in _GRID_ARRAYS}
        write_arrays(path, arrays, magic=_MAGIC, version=_VERSION, about=about)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Return the index written to `path`, mapped into memory.

        Raises
        ------
        MissingError
            Where there is no such file.
        StoreError
            Where the file cannot be read, is no index, is of another version, is cut short or has a byte changed.
        """
        about, arrays = read_arrays(path, magic=_MAGIC, version=_VERSION)
        crs = None if about["crs"] is None else pyproj.CRS.from_json_dict(about["crs"])
        west, south, east, north = about["bounds"]
        x0, y0, size = about["frame"]
        grid = WardGrid((x0, y0, size), about["columns"], **arrays)
        return cls(np.array(about["codes"], str), crs, (west, south, east, north), about["hash"], grid)

    def locate(self, x: npt.ArrayLike, y: npt.ArrayLike, *, threads: int = 1) -> npt.NDArray[np.int32]:
        """Return the row of each point's ward.

        Parameters
        ----------
        x, y : array_like of float
            Coordinates in the CRS of the wards, of one shape or such that broadcast to one; taken as float64.
        threads : int
            Threads to work with; they never change the answer.

        Returns
        -------
        ndarray of int32
            Row position in the wards that the index was built from, of the shape of the points (scalars: shape (1,)); -1 outside every
            ward or where a coordinate is NaN or infinite.

        Raises
        ------
        ParameterError
            Where the shapes of `x` and `y` do not fit each other.

        Examples
        --------
        >>> wards = gpd.GeoDataFrame({"ward_code": ["1", "2"]}, geometry=[shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)])
        >>> WardIndex.build(wards).locate([0.5, 1.0, 1.5, 9.0, float("nan")], [0.5] * 5).tolist()
        [0, 0, 1, -1, -1]
        """
        px, py = np.atleast_1d(_numbers(x), _numbers(y))
        if px.shape != py.shape:
            try:
                px, py = np.broadcast_arrays(px, py)
            except ValueError as error:
                raise ParameterError("error.locate.shape", x=str(px.shape), y=str(py.shape)) from error
        return self._grid.locate(px.ravel(), py.ravel(), threads=threads).reshape(px.shape)


def _numbers(values: npt.ArrayLike) -> npt.NDArray[np.floating]:
    """Return numbers as floating point of the width they have; chunks are widened later, to spare memory."""
    array = np.asarray(values)
    return array if array.dtype.kind == "f" else np.asarray(values, np.float64)


def _content(wards: gpd.GeoDataFrame) -> tuple[npt.NDArray[np.str_], npt.NDArray[np.int32], Polygons]:
    """Return the codes by row, the rows by rank, and the polygons by rank."""
    if "ward_code" not in wards:
        raise SchemaError("error.locate.ward_code", columns=", ".join(map(str, wards.columns)))
    codes = wards["ward_code"].to_numpy(str)
    order = np.argsort(codes, kind="stable").astype(np.int32)
    shapes = np.asarray(wards.geometry.to_numpy(), object)[order]
    kinds = shapely.get_type_id(shapes)
    polygonal = np.isin(kinds, (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON))
    other = ~polygonal & (kinds != shapely.GeometryType.MISSING)
    if other.any():
        raise SchemaError("error.locate.geometry", count=int(other.sum()), wards=", ".join(codes[order[other]][:_NAMED]))
    shapes[~polygonal] = shapely.Polygon()
    if not len(shapes):
        return codes, order, Polygons(np.empty((0, 2)), np.zeros(1, np.int64), np.zeros(1, np.int64))
    _, vertices, offsets = shapely.to_ragged_array(shapes, include_z=False)
    rings, *outer = (np.asarray(part, np.int64) for part in offsets)
    ranks = outer[0] if len(outer) == 1 else outer[0][outer[1]]
    if len(shapes) > ROW_LIMIT or len(vertices) > _MOST_VERTICES:
        raise SchemaError(
            "error.locate.size", wards=len(shapes), vertices=len(vertices), most_wards=ROW_LIMIT, most_vertices=_MOST_VERTICES
        )
    polygons = Polygons(np.ascontiguousarray(vertices, np.float64), rings, ranks)
    with np.errstate(all="ignore"):
        finite = np.isfinite(vertices.sum())  # quicker than to look at each; a sum may also overflow, hence the second look
    if not finite:
        bad = np.flatnonzero(~np.isfinite(vertices).all(axis=1))
        broken = np.unique(np.searchsorted(rings[ranks], bad, side="right") - 1)
        if len(broken):
            raise SchemaError("error.locate.coordinates", count=len(broken), wards=", ".join(codes[order[broken]][:_NAMED]))
    return codes, order, polygons


def _bounds(polygons: Polygons) -> tuple[float, float, float, float]:
    if not len(polygons.vertices):
        return (np.nan, np.nan, np.nan, np.nan)
    (west, south), (east, north) = polygons.vertices.min(axis=0).tolist(), polygons.vertices.max(axis=0).tolist()
    return west, south, east, north


def _digest(codes: npt.NDArray[np.str_], order: npt.NDArray[np.int32], polygons: Polygons, crs: pyproj.CRS | None) -> str:
    """Return the content hash; counts stand before lists, so that no two contents read alike."""
    head = [f"wards {_VERSION}", "" if crs is None else crs.to_string(), str(len(codes)), *codes.tolist()]
    digest = hashlib.sha256("\0".join(head).encode())
    for array in (order, polygons.wards, polygons.rings, polygons.vertices):
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
