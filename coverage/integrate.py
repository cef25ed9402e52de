"""Area of wards inside coverage, per group of claims."""

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Geod

from hatang.data.contracts import HUE_CRS, MAP_CRS, CrsError

_WGS84 = Geod(ellps="WGS84")


def geodesic_area_m2(geometry: gpd.GeoSeries) -> pd.Series:
    """Return the geodesic area (WGS 84) of each polygon in m², on its index; NaN for a missing one."""
    degrees = geometry.to_crs(MAP_CRS)
    areas = [np.nan if shape is None else abs(_WGS84.geometry_area_perimeter(shape)[0]) for shape in degrees]
    return pd.Series(areas, index=geometry.index, name="area_m2", dtype=float)


def union(shapes: Sequence[shapely.Geometry]) -> shapely.Geometry:
    """Return the union of polygons, made valid first where need be."""
    array = np.asarray(shapes, object)
    return shapely.union_all(np.where(shapely.is_valid(array), array, shapely.make_valid(array)))


def integrate(wards: gpd.GeoDataFrame, claims: gpd.GeoDataFrame, *, by: Sequence[str] = ("operator", "technology")) -> pd.DataFrame:
    """Return the area of each ward inside the union of each group's claims.

    Computed planar in EPSG:9214 and scaled per ward by geodesic/planar. Overlapping claims of a group count once, overlapping wards each
    in full.

    Parameters
    ----------
    wards
        Frame with `ward_code` and polygons.
    claims
        Frame with the columns `by` and polygons, in the CRS of `wards`.

    Returns
    -------
    One row a ward and group that it meets: `ward_code`, `by`…, `area_m2` of the ward, `covered_area_m2`; a missing row means nothing
    covered.

    Raises
    ------
    CrsError
        Where a frame has no CRS, or the two differ.
    """
    if wards.crs is None or claims.crs is None or wards.crs != claims.crs:
        raise CrsError("error.integrate.crs", wards=str(wards.crs), claims=str(claims.crs))
    keys = list(by)
    metric = wards.to_crs(HUE_CRS).geometry.to_numpy()
    planar, geodesic = shapely.area(metric), geodesic_area_m2(wards.geometry).to_numpy()
    covers = claims.to_crs(HUE_CRS)
    parts = []
    for group, rows in covers.groupby(keys, sort=True, observed=True):
        cover = union(list(rows.geometry))
        shapely.prepare(cover)
        covered = shapely.area(shapely.intersection(metric, cover))
        part = pd.DataFrame(
            {"ward_code": wards["ward_code"].to_numpy(), "area_m2": geodesic, "covered_area_m2": covered * geodesic / planar}
        )
        named = pd.DataFrame([group] * len(part), columns=keys)
        parts.append(pd.concat([part, named], axis=1)[covered > 0])
    columns = ["ward_code", *keys, "area_m2", "covered_area_m2"]
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    return frame[columns].sort_values(["ward_code", *keys], ignore_index=True)
