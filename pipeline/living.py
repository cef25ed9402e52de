"""Where people live, from the grids of people that were filed."""

from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

if TYPE_CHECKING:
    from hatang.coverage.people import People

_GRID: Final = ["crs", "pixel_width", "pixel_height", "publisher", "year"]
_EXTENT: Final = ["west", "south", "east", "north"]
_MOST_CELLS: Final = 400_000_000


def in_force(filed: pd.DataFrame) -> pd.DataFrame:
    """Return the pixels in force of all filed (POPULATION contract, in order of acceptance): all tiles of the grid filed last."""
    if filed.empty:
        return filed
    last = filed.iloc[-1]
    same = pd.Series(True, index=filed.index)
    for name in _GRID:
        same &= filed[name].isna() if pd.isna(last[name]) else (filed[name] == last[name]).fillna(False).astype(bool)
    return filed[same].drop_duplicates(["x", "y"], keep="last")


def people_of(pixels: pd.DataFrame, wards: gpd.GeoDataFrame) -> "People | None":
    """Return where people live by the pixels in force, None where there are none."""
    if pixels.empty:
        return None
    width, height = float(pixels["pixel_width"].iloc[0]), float(pixels["pixel_height"].iloc[0])
    x, y = pixels["x"].to_numpy(float), pixels["y"].to_numpy(float)
    left, top = x.min() - width / 2, y.max() + height / 2
    columns = np.rint((x - left) / width - 0.5).astype(np.int64)
    rows = np.rint((top - y) / height - 0.5).astype(np.int64)
    size = int(rows.max()) + 1, int(columns.max()) + 1
    if size[0] * size[1] > _MOST_CELLS:
        return None
    from hatang.coverage.people import People  # noqa: PLC0415 - compiled loops, which who files data never runs
    from hatang.coverage.raster import Raster  # noqa: PLC0415 - as above

    values = np.zeros(size)
    np.add.at(values, (rows, columns), pixels["population"].to_numpy(float))
    raster = Raster(values, (width, 0.0, left, 0.0, -height, top), pyproj.CRS(pixels["crs"].iloc[0]))
    tiles = pixels[_EXTENT].drop_duplicates().to_numpy(float)
    extent = shapely.union_all(shapely.box(*tiles.T), grid_size=width / 1000)
    return People.of(wards, raster, extent, source_of(pixels))


def source_of(pixels: pd.DataFrame) -> str:
    """Return publisher and year of pixels as people read them."""
    said = [pixels[name].iloc[0] for name in ("publisher", "year")]
    return " ".join(str(word) for word in said if not pd.isna(word)) or "raster"
