"""Grids of people (WorldPop, GHS-POP, HRSL, also as a list of pixels) and hexagons (Kontur) to the pixels with people round the city.

Pixels stay those of the publisher, in its own CRS: nothing is moved or smoothed. Hexagons are laid on pixels of 50 m of their own CRS, the
people of each spread evenly over the pixels whose middle lies in it.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import h3
import numpy as np
import pandas as pd
import pyarrow as pa
import pyproj
import rasterio
import rasterio.features
import shapely
from rasterio.windows import Window

from hatang.data._cells import numbers
from hatang.data._filetype import Member, refused
from hatang.data._formats_of_claims import is_hexagon
from hatang.data._gridfile import grid_opened, published
from hatang.data._shapes import HUE_BOX
from hatang.data._sourcetable import SourceTable
from hatang.data._vocabulary import fold
from hatang.data.contracts import MAP_CRS, POPULATION, Fault, RefusedError
from hatang.data.limits import Limits
from hatang.data.mapping import FileMapping

_WINDOW_PIXELS: Final = 4_000_000
_HEXAGON_PIXEL: Final = 50.0
_MERCATOR: Final = "EPSG:3857"
_INDEX: Final = ("h3", "h3_index")
"""Names of the column of cells where hexagons come as a table."""
_SECOND: Final = 1 / 3600
_OFF_GRID: Final = 0.05
"""Share of a pixel that rounding to five decimals can move its middle, three times over."""
_COUNTS: Final = re.compile(r"population(?:_20\d\d)?|vnm_general_20\d\d")
_MOST: Final = 1e6
"""People of one pixel: above it, a grid counts something else."""


def read_people(members: Sequence[Member], mapping: FileMapping, limits: Limits) -> pa.Table:
    """Return the pixels with people of grids of one publication (POPULATION contract): several tiles are one table.

    Raises
    ------
    RefusedError
        Where a grid cannot be read, names no CRS, is turned, holds no counts, or has nobody round the city.
    """
    return _table([_pixels(member, mapping, limits) for member in members], members[0].name)


def read_hexagons(source: SourceTable, member: Member, mapping: FileMapping) -> pa.Table:
    """Return hexagons of people as pixels (POPULATION contract).

    Raises
    ------
    RefusedError
        Where there is no column of people, no shapes and no cells, a cell is none, or there is nobody round the city.
    """
    by_name = {fold(name): name for name in source.cells.column_names}
    wanted = [mapping.columns.get("population", ""), "population", *POPULATION["population"].synonyms]
    name = next((by_name[fold(word)] for word in wanted if fold(word) in by_name), None)
    if name is None:
        raise refused(member.name, "kind_raster", field="population", found=", ".join(source.cells.column_names))
    people = np.nan_to_num(np.asarray(numbers(source.cells.column(name)).values, float))
    shapes, crs = source.geometry, source.crs
    index = next((by_name[word] for word in _INDEX if word in by_name), None)
    if shapes is None and index is not None:
        cells = source.cells.column(index).to_pylist()
        strange = next((place for place, cell in enumerate(cells) if not is_hexagon(cell)), None)
        if strange is not None:
            fault = Fault("h3_id", member.name, row=int(source.rows[strange]), field=index, found=cells[strange])
            raise RefusedError("error.reading.refused", [fault], file=member.name)
        shapes = np.array([shapely.Polygon([(x, y) for y, x in h3.cell_to_boundary(cell)]) for cell in cells], dtype=object)
        crs = pyproj.CRS(MAP_CRS)
    if shapes is None or crs is None:
        raise refused(member.name, "file_crs" if shapes is not None else "file_geometry", found=", ".join(source.cells.column_names))
    west, south, east, north = pyproj.Transformer.from_crs(MAP_CRS, _MERCATOR, always_xy=True).transform_bounds(*HUE_BOX)
    move = pyproj.Transformer.from_crs(crs, _MERCATOR, always_xy=True)
    moved = shapely.transform(shapes, lambda points: np.column_stack(move.transform(points[:, 0], points[:, 1])))
    middle = shapely.get_coordinates(shapely.centroid(moved))
    near = (middle[:, 0] > west) & (middle[:, 0] < east) & (middle[:, 1] > south) & (middle[:, 1] < north) & (people > 0)
    _check_counts(people[near], member)
    moved, people = moved[near], people[near]
    if not len(moved):
        raise refused(member.name, "population_none")
    left, bottom, right, top = shapely.total_bounds(moved)
    size = int(np.ceil((top - bottom) / _HEXAGON_PIXEL)), int(np.ceil((right - left) / _HEXAGON_PIXEL))
    place = rasterio.Affine(_HEXAGON_PIXEL, 0, left, 0, -_HEXAGON_PIXEL, top)
    owner = rasterio.features.rasterize(zip(moved, range(1, len(moved) + 1), strict=True), size, transform=place, dtype="int32")
    counts = np.bincount(owner.ravel(), minlength=len(moved) + 1)
    rows, columns = np.nonzero(owner)
    hexagon = owner[rows, columns]
    each = {
        "population": people[hexagon - 1] / counts[hexagon],
        "x": left + (columns + 0.5) * _HEXAGON_PIXEL,
        "y": top - (rows + 0.5) * _HEXAGON_PIXEL,
        "pixel_width": _HEXAGON_PIXEL,
        "pixel_height": _HEXAGON_PIXEL,
        "crs": _MERCATOR,
        **dict(zip(("west", "south", "east", "north"), (west, south, east, north), strict=True)),
        **_said(member, mapping),
    }
    return _table([pd.DataFrame(each)], member.name)


def read_points(source: SourceTable, member: Member, mapping: FileMapping) -> pa.Table:
    """Return a list of the middles of pixels of one arc second, as Meta hands HRSL out, as pixels (POPULATION contract).

    What the list covers is not said in it: the box round all its points is taken, as far as it lies in that round the city.

    Raises
    ------
    RefusedError
        Where a cell is no number, a point lies off the grid or stands twice, or there is nobody round the city.
    """
    names = {fold(name): name for name in source.cells.column_names}
    counted = next(name for name in names if _COUNTS.fullmatch(name))
    values = {}
    for name in ("longitude", "latitude", counted):
        parsed = numbers(source.cells.column(names[name]).combine_chunks(), decimal=mapping.decimal or ".")
        _refuse_first(source, parsed.bad | np.isnan(parsed.values), "cell_number", names[name])
        values[name] = np.asarray(parsed.values, float)
    lon, lat, people = values.values()
    steps = np.column_stack([(axis - axis.min()) / _SECOND for axis in (lon, lat)])
    places = np.rint(steps).astype(np.int64)
    _, first = np.unique(places, axis=0, return_index=True)
    again = np.ones(len(places), bool)
    again[first] = False
    _refuse_first(source, (np.abs(steps - places) > _OFF_GRID).any(axis=1) | again, "population_grid", names["longitude"])
    west, south, east, north = HUE_BOX
    near = (lon > west) & (lon < east) & (lat > south) & (lat < north) & (people > 0)
    _check_counts(people[near], member)
    half = _SECOND / 2
    each = {
        "population": people[near],
        "x": lon[near],
        "y": lat[near],
        "pixel_width": _SECOND,
        "pixel_height": _SECOND,
        "crs": MAP_CRS,
        "west": max(west, lon.min() - half),
        "south": max(south, lat.min() - half),
        "east": min(east, lon.max() + half),
        "north": min(north, lat.max() + half),
        **_said(member, mapping, "Meta HRSL", _year_in(counted)),
    }
    return _table([pd.DataFrame(each)], member.name)


def _refuse_first(source: SourceTable, wrong: np.ndarray, code: str, column: str) -> None:
    """Raise where a row is wrong, naming the first and counting them."""
    if wrong.any():
        place = int(np.argmax(wrong))
        found = source.cells.column(column)[place].as_py()
        fault = Fault(
            code, source.parts[source.part[place]], row=int(source.rows[place]), field=column, found=found, count=int(wrong.sum())
        )
        raise RefusedError("error.reading.refused", [fault], file=source.file)


def _year_in(name: str) -> int | None:
    """Return the year that the name of a column of people ends in."""
    return int(name[-4:]) if name[-4:].isdigit() else None


def _pixels(member: Member, mapping: FileMapping, limits: Limits) -> pd.DataFrame:
    """Return the pixels of one grid that have people, those in the box round the city."""
    with grid_opened(member, limits) as grid:
        crs = mapping.crs or (None if grid.crs is None else pyproj.CRS(grid.crs.to_wkt()))
        if crs is None:
            raise refused(member.name, "file_crs")
        a, b, c, d, e, f = tuple(grid.transform)[:6]
        if b or d or a <= 0 or e >= 0:
            raise refused(member.name, "file_geometry", found=f"{a:g}, {b:g}, {d:g}, {e:g}")
        west, south, east, north = pyproj.Transformer.from_crs(MAP_CRS, crs, always_xy=True).transform_bounds(*HUE_BOX)
        left, right = (int(np.clip(np.floor((x - c) / a), 0, grid.width)) for x in (west, east + a))
        top, bottom = (int(np.clip(np.floor((y - f) / e), 0, grid.height)) for y in (north, south + e))
        found = []
        step = max(_WINDOW_PIXELS // max(right - left, 1), 1)
        for first in range(top, bottom, step):
            window = Window(left, first, right - left, min(step, bottom - first))
            band = grid.read(1, window=window, masked=True).astype(np.float64)
            people = np.nan_to_num(np.ma.filled(band, 0.0), nan=0.0, posinf=0.0, neginf=0.0)
            rows, columns = np.nonzero(people > 0)
            _check_counts(people[rows, columns], member)
            found.append((rows + first, columns + left, people[rows, columns]))
    if not found:
        raise refused(member.name, "population_none")
    rows, columns, people = (np.concatenate([part[n] for part in found]) for n in range(3))
    bounds = (c + left * a, f + bottom * e, c + right * a, f + top * e)
    return pd.DataFrame(
        {
            "population": people,
            "x": c + (columns + 0.5) * a,
            "y": f + (rows + 0.5) * e,
            "pixel_width": a,
            "pixel_height": -e,
            "crs": crs.to_string(),
            **dict(zip(("west", "south", "east", "north"), bounds, strict=True)),
            **_said(member, mapping),
        }
    )


def _check_counts(people: np.ndarray, member: Member) -> None:
    """Raise where a number cannot be people of one pixel."""
    if len(people) and people.max() > _MOST:
        raise refused(member.name, "population_units", found=f"{people.max():g}")


def _said(member: Member, mapping: FileMapping, maker: str | None = None, made: int | None = None) -> Mapping[str, Any]:
    """Return publisher and year, the mapping's before those of the name the file was published under, else those its columns give away."""
    _, publisher, year = published(member)
    publisher, year = publisher or maker, year or made
    stated = mapping.constants.get("year")
    return {"publisher": mapping.constants.get("publisher", publisher), "year": int(stated) if stated and stated.isdigit() else year}


def _table(parts: Sequence[pd.DataFrame], file: str) -> pa.Table:
    """Return pixels as the contract has them, or raise where there are none."""
    whole = pd.concat(parts, ignore_index=True)
    if whole.empty:
        raise refused(file, "population_none")
    return pa.Table.from_pandas(whole.astype({"year": "Int64", "publisher": object})[POPULATION.names], preserve_index=False)
