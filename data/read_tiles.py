"""Speeds by map tile (Ookla's open data and what is made of it): where people measured, without firm or technology."""

import re
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from hatang.data._intake import Intake, is_none
from hatang.data._periods import quarter_of
from hatang.data._shapes import HUE_BOX, positions
from hatang.data._sourcetable import SourceTable
from hatang.data._statements import ReadOptions
from hatang.data._wardrows import refuse_repeats
from hatang.data.contracts import TILES
from hatang.data.mapping import FileMapping

ZOOM: Final = 16
"""Level of the tiles: 2¹⁶ by 2¹⁶ of them cover Web Mercator, each about 586 m wide at Huế."""
_DIGITS: Final = f"^[0-3]{{{ZOOM}}}$"
_LENIENT: Final = ("download_mbps", "upload_mbps", "latency_ms", "latency_down_ms", "latency_up_ms")
_DAY: Final = re.compile(r"(\d{4})-(\d{2})-\d{2}_performance")
_NETWORK: Final = re.compile(r"(?<![a-z])(mobile|fixed)(?![a-z])")


def read_tiles(source: SourceTable, mapping: FileMapping, options: ReadOptions) -> tuple[Intake, pa.Table]:
    """Return the tiles of a table under the contract TILES, and the intake with its faults and repairs.

    A tile's shape is made from its quadkey, which is exact; a position in the file that lies in another tile refuses the row. Network and
    quarter, which the publisher writes into file names only, are taken from there where no column or mapping states them. Of a file of the
    whole world only Huế's tiles are kept.

    Raises
    ------
    RefusedError
        Where quadkeys or counts are missing.
    """
    intake = Intake(source, TILES, mapping)
    intake.require(["quadkey", "tests", "devices"])
    quadkeys = intake.cells("quadkey")
    good = np.asarray(pc.match_substring_regex(quadkeys, pattern=_DIGITS).fill_null(False), dtype=bool)
    intake.note(~good, "tile_quadkey", field="quadkey", found=quadkeys, digits=ZOOM)
    intake.values["quadkey"] = np.asarray(quadkeys.to_numpy(zero_copy_only=False), dtype=object)
    boxes = np.full((intake.count, 4), np.nan)
    boxes[good] = tile_bounds(intake.values["quadkey"][good])
    _refuse_elsewhere(intake, boxes)
    _refuse_contrary(intake, boxes)
    intake.values["network"] = _networks(intake)
    intake.values["period"] = _periods(intake, options)
    intake.read(["tests", "devices", *_LENIENT], lenient=_LENIENT)
    refuse_repeats(intake, TILES.key)
    shapes = np.full(intake.count, None, dtype=object)
    shapes[good] = shapely.to_wkb(shapely.box(*boxes[good].T))
    return intake, intake.result(shapes)


def tile_bounds(quadkeys: np.ndarray) -> np.ndarray:
    """Return west, south, east and north of Web Mercator tiles in degrees of WGS 84.

    Parameters
    ----------
    quadkeys : ndarray of str, shape (n,)
        Sixteen digits of 0–3 each: bit by bit the column (1) and row (2) of the tile, from the coarsest.

    Returns
    -------
    ndarray of float64, shape (n, 4)

    References
    ----------
    Bing Maps Tile System; EPSG Guidance Note 7-2, Popular Visualisation Pseudo Mercator, for the latitude of a row.

    Examples
    --------
    >>> tile_bounds(np.array(["1322130010200000"])).round(3).tolist()
    [[107.578, 16.462, 107.584, 16.468]]
    """
    digits = np.array(quadkeys, dtype=f"S{ZOOM}").view("u1").reshape(-1, ZOOM) - ord("0")
    weights = 2.0 ** np.arange(ZOOM)[::-1]
    column, row = (digits & 1) @ weights, (digits >> 1) @ weights
    side = 2.0**ZOOM
    west, east = (360.0 * (column + step) / side - 180.0 for step in (0, 1))
    north, south = (np.degrees(np.arctan(np.sinh(np.pi * (1.0 - 2.0 * (row + step) / side)))) for step in (0, 1))
    return np.column_stack([west, south, east, north])


def _refuse_elsewhere(intake: Intake, boxes: np.ndarray) -> None:
    """Refuse the tiles off Huế where the file has tiles of Huế too: it is one of the world, and only ours count."""
    west, south, east, north = HUE_BOX
    here = (boxes[:, 2] > west) & (boxes[:, 0] < east) & (boxes[:, 3] > south) & (boxes[:, 1] < north)
    if here.any():
        intake.note(~here & ~np.isnan(boxes[:, 0]), "tile_elsewhere", field="quadkey", found=intake.cells("quadkey"), folded=True)


def _refuse_contrary(intake: Intake, boxes: np.ndarray) -> None:
    """Refuse the tiles whose row gives a position in another tile."""
    if intake.source.geometry is not None:
        centres = shapely.centroid(intake.source.geometry)
        lon, lat = shapely.get_x(centres), shapely.get_y(centres)
        if intake.source.crs is None or not intake.source.crs.is_geographic:
            return
    elif intake.has("lon") and intake.has("lat"):
        lon, lat = positions(intake) or (boxes[:, 0], boxes[:, 1])
    else:
        return
    spare = 0.5 * (boxes[:, 2:] - boxes[:, :2])  # centres in files are rounded, those of joined tiles lie on borders
    with np.errstate(invalid="ignore"):
        off = (lon < boxes[:, 0] - spare[:, 0]) | (lon > boxes[:, 2] + spare[:, 0])
        off |= (lat < boxes[:, 1] - spare[:, 1]) | (lat > boxes[:, 3] + spare[:, 1])
    intake.note(off & ~intake.refused, "tile_contrary", field="quadkey", found=intake.cells("quadkey"))


def _networks(intake: Intake) -> np.ndarray:
    """Return the network of each row: what its cell says, else what the name of its file says."""
    stated = intake.typed(TILES["network"])
    named = [_NETWORK.search(name.casefold()) for name in intake.source.parts]
    by_name = np.array([None if found is None else found[1] for found in named], dtype=object)[intake.source.part]
    networks = np.where(is_none(stated), by_name, stated)
    intake.note(is_none(networks), "tile_network", field="network", found=intake.cells("network"))
    return networks


def _periods(intake: Intake, options: ReadOptions) -> np.ndarray:
    """Return the quarter of each row: what its cell says, else the name of its file, else the option."""
    stated = intake.worded("period", quarter_of)
    days = [_DAY.search(name) for name in intake.source.parts]
    by_name = np.array([options.period if day is None else quarter_of(f"{day[1]}-{day[2]}") for day in days], dtype=object)
    return np.where(is_none(stated), by_name[intake.source.part], stated)
