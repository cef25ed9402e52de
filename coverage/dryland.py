"""Where people of a ward may live when no raster says so: evenly over the ward less its surfaces of water."""

from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from hatang.coverage.cells import cell_polygons
from hatang.coverage.integrate import geodesic_area_m2
from hatang.data.contracts import HUE_CRS

_GRID_M: Final = 0.01


def dry_wards(wards: gpd.GeoDataFrame, water: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
    """Return the wards (EPSG:9214) less surfaces of water.

    Where nothing of a ward is left it stays whole: somebody is counted there, and must live somewhere.

    Parameters
    ----------
    wards
        WARDS contract, any CRS.
    water
        WATER contract, any CRS; None or empty leaves the wards whole.

    Examples
    --------
    >>> ward = gpd.GeoDataFrame({"ward_code": ["1"]}, geometry=[shapely.box(0, 0, 10, 10)], crs=HUE_CRS)
    >>> lake = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 5, 10)], crs=HUE_CRS)
    >>> float(dry_wards(ward, lake).area.sum())
    50.0
    """
    metric = wards.to_crs(HUE_CRS)
    if water is None or water.empty:
        return metric
    surfaces = np.asarray(water.geometry.to_crs(HUE_CRS).to_numpy(), object)
    whole = np.asarray(metric.geometry.to_numpy(), object)
    wet = shapely.union_all(shapely.make_valid(surfaces), grid_size=_GRID_M)
    dry = shapely.difference(whole, wet, grid_size=_GRID_M)
    left = np.where(shapely.area(dry) > 0, dry, whole)
    return metric.set_geometry(gpd.GeoSeries(left, index=metric.index, crs=HUE_CRS))


def dry_areas(wards: gpd.GeoDataFrame, water: gpd.GeoDataFrame | None, parts: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Return the area less water, m², of each part of an H3 cell in a ward (`ward_code`, `cell`); shape (len(parts),)."""
    dry = dry_wards(wards, water).set_index("ward_code").geometry
    hexagons = cell_polygons(parts["cell"].unique()).to_crs(HUE_CRS)
    cut = shapely.intersection(np.asarray(dry.loc[list(parts["ward_code"])], object), np.asarray(hexagons.loc[list(parts["cell"])], object))
    return geodesic_area_m2(gpd.GeoSeries(cut, crs=HUE_CRS)).to_numpy(float)
