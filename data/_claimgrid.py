"""Grids of predicted signal, as planning tools write them, to the area at or above a level: polygons on the grid's own pixels.

A grid is read some rows at a time and only the corners of the answer are kept, so that a large one takes no more memory than a small
one. Only levels in dBm are taken: a grid of best servers holds numbers of things, and a threshold on them means nothing. Of a grid of
classes the names must be ranges of levels, and the level one of their ends.
"""

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyproj
from rasterio.windows import Window

from hatang.data._classgrid import ClassLevels
from hatang.data._filetype import Form, Member, refused
from hatang.data._gridfile import grid_opened
from hatang.data._outlines import Outlines
from hatang.data._sourcetable import SourceTable
from hatang.data._vocabulary import technology_of
from hatang.data.limits import Limits
from hatang.data.mapping import FileMapping
from hatang.data.rules import rule_value, rules_in_force

_BANDS: Final[Mapping[Form, int]] = {Form.NWT_GRD: 4}
"""Band of the values where it is not the first: Vertical Mapper's first three are a picture."""
_WINDOW_PIXELS: Final = 1_000_000
_LOWEST, _HIGHEST = -160.0, -20.0
_NONE: Final = (0.0, -200.0, -999.0, -9999.0, -32768.0, -99999.0)
"""What tools write where there is no signal and state no value for it; a level is never one of them."""


def read_claim_grid(file: str, member: Member, mapping: FileMapping, limits: Limits, technology: str | None) -> SourceTable:
    """Return one row: the area at or above the level of a technology as polygons along pixel edges, in the grid's CRS.

    The level is the mapping's constant `level_dbm`, else the rule of the technology.

    Raises
    ------
    RefusedError
        Where the grid cannot be read, is too large, holds no levels in dBm, has a class on both sides of the level, or
        reaches the level nowhere, or as noise does.
    """
    level = _level(member, mapping, technology)
    classes = ClassLevels(member, level) if member.form is Form.NWT_GRC else None
    with grid_opened(member, limits) as grid:
        transform, crs = grid.transform, grid.crs
        outlines = Outlines(grid.width)
        for reached in _reached(grid, member, level, classes):
            outlines.add(reached)
            if outlines.corners > limits.corners:
                raise refused(member.name, "raster_corners", found=f"> {limits.corners}", most=limits.corners)
    area = outlines.polygons(tuple(transform)[:6])
    if area.is_empty:
        raise refused(member.name, "raster_level", found=f"{level:g} dBm")
    shapes = np.full(1, None, dtype=object)
    shapes[0] = area
    with member.path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    cells = pa.table({"level_dbm": [f"{level:g}"]})
    known = None if crs is None else pyproj.CRS(crs.to_wkt())
    return SourceTable(file, cells, np.array([1]), np.zeros(1, np.int32), (member.name,), (digest,), geometry=shapes, crs=known, sound=True)


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


def _reached(grid: Any, member: Member, level: float, classes: ClassLevels | None) -> Iterator[np.ndarray]:
    """Yield which pixels are at or above a level, some rows at a time from top to bottom, each block of the file decoded once."""
    height, width = grid.block_shapes[0]
    rows = min(max(_WINDOW_PIXELS // grid.width // height, 1) * height, grid.height)
    columns = min(max(_WINDOW_PIXELS // rows // width, 1) * width, grid.width)
    for first in range(0, grid.height, rows):
        reached = np.zeros((min(rows, grid.height - first), grid.width), np.bool_)
        for left in range(0, grid.width, columns):
            window = Window(left, first, min(columns, grid.width - left), len(reached))
            band = grid.read(_BANDS.get(member.form, 1), window=window, masked=classes is None)
            reached[:, left : left + columns] = classes.reached(band) if classes is not None else _levels(band, member) >= level
        yield reached


def _levels(band: Any, member: Member) -> np.ndarray:
    """Return levels in dBm, NaN where there is none."""
    levels = np.ma.filled(band.astype(np.float32), np.nan)
    levels[np.isin(levels, np.array(_NONE, np.float32)) | (levels < -1e30)] = np.nan
    foreign = (levels < _LOWEST) | (levels > _HIGHEST)
    if foreign.any():
        raise refused(member.name, "raster_units", found=f"{levels[foreign][0]:g}", low=f"{_LOWEST:g}", high=f"{_HIGHEST:g}")
    return levels
