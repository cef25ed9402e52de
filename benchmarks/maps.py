"""Ward maps that benchmarks run on: the real ones where HATANG_REFERENCE_DIR holds them, else the boundaries in use."""

import geopandas as gpd

from benchmarks.stress import stress_wards
from hatang.data.settings import Settings
from hatang.data.wards import load_boundaries

CITY, COUNTRY, STRESS = "40 wards", "country", "stress set"


def city() -> tuple[str, gpd.GeoDataFrame]:
    """Return the name and the wards of the city in EPSG:4326: the real 40, or those in use."""
    folder = Settings().reference_dir
    if folder is not None:
        return CITY, gpd.read_parquet(folder / "boundaries/hue_wards_2025.parquet")
    boundaries = load_boundaries(Settings())
    return f"{len(boundaries.frame)} wards, {boundaries.source}", boundaries.frame


def country() -> gpd.GeoDataFrame | None:
    """Return the 3,321 units of the country in EPSG:4326, None where they are not at hand."""
    folder = Settings().reference_dir
    return None if folder is None else gpd.read_parquet(folder / "boundaries/vn_wards_2025_simplified30m.parquet")


def stress(wards: gpd.GeoDataFrame, *, seed: int) -> gpd.GeoDataFrame:
    """Return the stress set made from a map of the country: seven million vertices."""
    return stress_wards(wards, seed=seed)
