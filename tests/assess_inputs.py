"""Small inputs for the tests of the assessment: a city of two square wards, and tests, claims and sites on it."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hatang.coverage.config import AssessConfig
from hatang.data.contracts import HUE_CRS, MAP_CRS, WARDS

WEST, SOUTH, SIDE_M = 560_000.0, 1_820_000.0, 4_000.0
CONFIG = AssessConfig("2026Q3", "test-1")


def two_wards() -> gpd.GeoDataFrame:
    """Return two wards of 16 km² side by side, 1,000 and 3,000 people."""
    shapes = [shapely.box(WEST + k * SIDE_M, SOUTH, WEST + (k + 1) * SIDE_M, SOUTH + SIDE_M) for k in range(2)]
    facts = {
        "ward_code": ["19753", "19774"],
        "ward_name": ["Phường Phú Xuân", "Phường Kim Long"],
        "kind": "phường",
        "area_km2_official": 16.0,
    }
    frame = gpd.GeoDataFrame({**facts, "population": [1000, 3000], "boundary_source": "city"}, geometry=shapes, crs=HUE_CRS).to_crs(MAP_CRS)
    return gpd.GeoDataFrame(WARDS.conform(frame), geometry="geometry", crs=MAP_CRS)


def units(
    ward: int, *, count: int, failures: int = 0, operator: str = "viettel", technology: str = "4g", at: tuple[float, float] = (0.5, 0.5)
) -> pd.DataFrame:
    """Return cleaned units at one place of a ward (fractions of its side), each from a device of its own; the first `failures` fail."""
    x, y = WEST + (ward + at[0]) * SIDE_M, SOUTH + at[1] * SIDE_M
    place = gpd.GeoSeries([shapely.Point(x, y)], crs=HUE_CRS).to_crs(MAP_CRS).iloc[0]
    return pd.DataFrame(
        {
            "operator": operator,
            "technology": technology,
            "environment": "outdoor",
            "device_id": [f"d{n}" for n in range(count)],
            "day": pd.Timestamp("2026-08-01"),
            "ward_code": ["19753", "19774"][ward],
            "lon": place.x,
            "lat": place.y,
            "rsrp_dbm": np.where(np.arange(count) < failures, -120.0, -90.0),
            "download_mbps": 40.0,
        }
    )


def claim(west: float, east: float, *, operator: str = "viettel", technology: str = "4g") -> dict[str, object]:
    """Return a claim over the city from one fraction of its width to another, its full height."""
    shape = shapely.box(WEST + west * 2 * SIDE_M, SOUTH, WEST + east * 2 * SIDE_M, SOUTH + SIDE_M)
    return {"operator": operator, "technology": technology, "environment": "outdoor", "geometry": shape}


def claims(*rows: dict[str, object]) -> gpd.GeoDataFrame:
    """Return claims in EPSG:4326."""
    return gpd.GeoDataFrame(list(rows), geometry="geometry", crs=HUE_CRS).to_crs(MAP_CRS)
