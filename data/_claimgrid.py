"""Grids of predicted signal, as planning tools write them, to the area at or above a level: polygons on the grid's own pixels.

A grid is read in strips, so that one larger than memory takes no more of it than a small one. Only levels in dBm are taken: a grid of
classes or of best servers holds numbers of things, and a threshold on them means nothing.
"""

import datetime as dt
import hashlib
import warnings
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyproj
import rasterio
import rasterio.features
import shapely
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.windows import Window

from hatang.data._filetype import Form, Member, refused
from hatang.data._sourcetable import SourceTable
from hatang.data._vocabulary import technology_of
from hatang.data.limits import Limits
from hatang.data.mapping import FileMapping
from hatang.data.rules import rule_value, rules_in_force

DRIVERS: Final[Mapping[Form, str]] = {
    Form.TIFF: "GTiff",
    Form.ASCII_GRID: "AAIGrid",
    Form.BIL: "EHdr",
    Form.NWT_GRD: "NWT_GRD",
    Form.NWT_GRC: "NWT_GRC",
}
"""The one driver that may open each form: no file is handed to a library that asks what it may be."""
_BANDS: Final[Mapping[Form, int]] = {Form.NWT_GRD: 4}
"""Band of the values where it is not the first: Vertical Mapper's first three are a picture."""
_CACHE_BYTES: Final = 64_000_000
_STRIP_PIXELS: Final = 4_000_000
_LOWEST, _HIGHEST = -160.0, -20.0
_NONE: Final = (0.0, -200.0, -999.0, -9999.0, -32768.0, -99999.0)
"""What tools write where there is no signal and state no value for it; a level is never one of them."""


def read_claim_grid(file: str, member: Member, mapping: FileMapping, limits: Limits, technology: str | None) -> SourceTable:
    """Return one row: the area at or above the level of a technology as polygons along pixel edges, in the grid's CRS.

    The level is the mapping's constant `level_dbm`, else the rule of the technology.

    Raises
    ------
    RefusedError
        Where the grid cannot be read, is too large, holds no levels in dBm, or reaches the level nowhere.
    """
    if member.form is Form.NWT_GRC:
        raise refused(member.name, "raster_units", found="GRC", low=f"{_LOWEST:g}", high=f"{_HIGHEST:g}")
    level = _level(member, mapping, technology)
    pieces: list[Any] = []
    try:
        with rasterio.Env(GDAL_CACHEMAX=_CACHE_BYTES), warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)  # refused below, by name
            with rasterio.open(member.path, driver=DRIVERS[member.form]) as grid:
                if grid.width * grid.height > limits.pixels:
                    raise refused(member.name, "file_too_large", found=f"{grid.width:,} × {grid.height:,}")
                transform, crs = grid.transform, grid.crs
                if transform.is_identity:
                    raise refused(member.name, "file_geometry", found=DRIVERS[member.form])
                for first, levels in _strips(grid, member):
                    pieces += _outlines(levels >= level, first)
    except RasterioError as error:
        raise refused(member.name, "file_malformed", found=(str(error).splitlines() or [""])[0]) from error
    if not pieces:
        raise refused(member.name, "raster_level", found=f"{level:g} dBm")
    area = shapely.multipolygons(_joined(pieces))

    def placed(pixels: np.ndarray) -> np.ndarray:
        column, row = pixels.T
        return np.column_stack(
            [transform.a * column + transform.b * row + transform.c, transform.d * column + transform.e * row + transform.f]
        )

    shapes = np.full(1, None, dtype=object)
    shapes[0] = shapely.transform(area, placed)
    with member.path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    cells = pa.table({"level_dbm": [f"{level:g}"]})
    known = None if crs is None else pyproj.CRS(crs.to_wkt())
    return SourceTable(file, cells, np.array([1]), np.zeros(1, np.int32), (member.name,), (digest,), geometry=shapes, crs=known)


def _level(member: Member, mapping: FileMapping, technology: str | None) -> float:
    """Return the level from which a pixel counts, dBm."""
    stated = mapping.constants.get("level_dbm")
    if stated is not None:
        try:
            return float(stated)
        except ValueError as error:
            raise refused(member.name, "cell_number", found=stated, field="level_dbm") from error
    meant = technology_of(technology or mapping.constants.get("technology") or "")
    if meant not in ("4g", "5g"):
        raise refused(member.name, "raster_technology", field="--technology", found=technology)
    return rule_value(rules_in_force(dt.date.max), f"level_{meant}_dbm")


def _strips(grid: Any, member: Member) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the levels of a grid from top to bottom: the first row of each strip, and its pixels, NaN where there is none."""
    rows = max(_STRIP_PIXELS // grid.width, 1)
    for first in range(0, grid.height, rows):
        window = Window(0, first, grid.width, min(rows, grid.height - first))
        band = grid.read(_BANDS.get(member.form, 1), window=window, masked=True)
        levels = np.ma.filled(band.astype(np.float32), np.nan)
        levels[np.isin(levels, np.array(_NONE, np.float32)) | (levels < -1e30)] = np.nan
        with np.errstate(invalid="ignore"):
            foreign = (levels < _LOWEST) | (levels > _HIGHEST)
        if foreign.any():
            raise refused(member.name, "raster_units", found=f"{levels[foreign][0]:g}", low=f"{_LOWEST:g}", high=f"{_HIGHEST:g}")
        yield first, levels


def _outlines(reached: np.ndarray, first: int) -> list[Any]:
    """Return the outlines of the pixels that reach the level, in columns and rows of the grid: whole numbers, and strips meet exactly."""
    found = rasterio.features.shapes(reached.view(np.uint8), mask=reached, connectivity=4)
    outlines = [shapely.Polygon(shape["coordinates"][0], shape["coordinates"][1:]) for shape, _ in found]
    return list(shapely.transform(np.array(outlines, dtype=object), lambda pixels: pixels + np.array([0, first]))) if outlines else []


def _joined(pieces: list[Any]) -> np.ndarray:
    """Return the outlines of all strips, those that meet across a border of strips made one."""
    parts = np.array(pieces, dtype=object)
    bounds = shapely.bounds(parts)
    tree = shapely.STRtree(parts)
    left, right = tree.query(parts, predicate="touches")
    across = bounds[left, 1] == bounds[right, 3]  # one begins on the row where the other ends: only strips cut so
    meeting = np.zeros(len(parts), bool)
    meeting[left[across]] = meeting[right[across]] = True
    if not meeting.any():
        return parts
    return np.concatenate([parts[~meeting], shapely.get_parts(shapely.union_all(parts[meeting]))])
