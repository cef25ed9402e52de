"""Areas on the ellipsoid: what is published as an area is geodesic on WGS 84."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Geod

from hatang.data.contracts import MAP_CRS

_WGS84 = Geod(ellps="WGS84")


def geodesic_area_m2(geometry: gpd.GeoSeries) -> pd.Series:
    """Return the geodesic area of each polygon in m², on the index of `geometry` (any CRS; computed in EPSG:4326).

    Rings are turned first: sums of signed areas would add a hole that turns like its shell.
    """
    degrees = shapely.orient_polygons(geometry.to_crs(MAP_CRS).to_numpy())
    areas = [abs(_WGS84.geometry_area_perimeter(shape)[0]) for shape in degrees]
    return pd.Series(np.array(areas, float), index=geometry.index, name="area_m2")
