"""Tiles of terrain (SRTM, Copernicus) to one row each: where it lies, how fine it is, lowest and highest, how much of it is void."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyproj
import shapely
from rasterio.windows import Window

from hatang.data._filetype import Form, Member, refused
from hatang.data._gridfile import grid_opened, published
from hatang.data.contracts import MAP_CRS
from hatang.data.limits import Limits

_VOID: Final = (-32768, -99999, -9999)
_LOWEST, _HIGHEST = -500.0, 9000.0
_WINDOW_PIXELS: Final = 4_000_000
_CORNER: Final = re.compile(r"([ns])(\d{2})([ew])(\d{3})")


def read_terrain(members: Sequence[Member], limits: Limits) -> pa.Table:
    """Return one row a tile (TERRAIN contract), geometry as WKB in EPSG:4326.

    Raises
    ------
    RefusedError
        Where a tile cannot be read, names no place, or holds no heights in metres.
    """
    rows = [_of_srtm(member) if member.form is Form.SRTM else _of_grid(member, limits) for member in members]
    return pa.Table.from_pylist(rows)


def _of_srtm(member: Member) -> dict[str, Any]:
    """Return a square degree of SRTM: 16-bit heights from north-west, without a head; posts on its edges are its neighbours' too."""
    name = PurePosixPath(member.name).name
    corner = _CORNER.match(name.casefold())
    if corner is None:
        raise refused(member.name, "file_geometry", found=name)
    south, west = (int(corner[n + 1]) * (-1 if corner[n] in "sw" else 1) for n in (1, 3))
    heights = np.fromfile(member.path, dtype=">i2")
    side = int(len(heights) ** 0.5)
    found = _measured([heights], member)
    return _row(member, "EPSG:4326", (side, side), (1 / (side - 1), 1 / (side - 1)), shapely.box(west, south, west + 1, south + 1), found)


def _of_grid(member: Member, limits: Limits) -> dict[str, Any]:
    with grid_opened(member, limits) as grid:
        if grid.crs is None:
            raise refused(member.name, "file_crs")
        crs = pyproj.CRS(grid.crs.to_wkt())
        step = max(_WINDOW_PIXELS // grid.width, 1)
        bands = (
            np.ma.filled(grid.read(1, window=Window(0, row, grid.width, min(step, grid.height - row)), masked=True).astype(float), np.nan)
            for row in range(0, grid.height, step)
        )
        found = _measured(bands, member)
        bounds = pyproj.Transformer.from_crs(crs, MAP_CRS, always_xy=True).transform_bounds(*grid.bounds)
        size, steps = (grid.width, grid.height), (abs(grid.transform.a), abs(grid.transform.e))
    return _row(member, crs.to_string(), size, steps, shapely.box(*bounds), found)


def _measured(bands: Any, member: Member) -> tuple[float, float, float]:
    """Return lowest and highest height, m, and the share of cells that have none."""
    lowest, highest, void, cells = np.inf, -np.inf, 0, 0
    for band in bands:
        there = np.isfinite(band) & ~np.isin(band, _VOID)
        cells, void = cells + band.size, void + int((~there).sum())
        if there.any():
            lowest, highest = min(lowest, float(band[there].min())), max(highest, float(band[there].max()))
    if not _LOWEST <= lowest <= highest <= _HIGHEST:
        raise refused(member.name, "terrain_heights", found=f"{lowest:g} … {highest:g}")
    return lowest, highest, void / cells


def _row(
    member: Member, crs: str, size: tuple[int, int], steps: tuple[float, float], extent: Any, found: tuple[float, float, float]
) -> dict[str, Any]:
    return {
        "tile": PurePosixPath(member.name).name,
        "publisher": published(member)[1],
        "crs": crs,
        "columns": size[0],
        "rows": size[1],
        "step_x": float(steps[0]),
        "step_y": float(steps[1]),
        "lowest_m": found[0],
        "highest_m": found[1],
        "void_share": found[2],
        "geometry": shapely.to_wkb(extent),
    }
