"""Canonical tables as files: GeoParquet in EPSG:4326, plain Parquet where a table has no geometry; Arrow on the way from a reader."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyarrow.feather as feather
import pyarrow.parquet as pq

from hatang.data.contracts import INPUT_TABLES, MAP_CRS, Kind


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write a canonical table."""
    frame.to_parquet(path, index=False, compression="zstd")


def read_table(path: Path) -> pd.DataFrame:
    """Return a canonical table; a GeoDataFrame where it has geometry."""
    geographic = b"geo" in (pq.read_schema(path).metadata or {})
    return gpd.read_parquet(path) if geographic else pd.read_parquet(path)


def arrow_table(path: Path, kind: Kind) -> pd.DataFrame:
    """Return the Arrow file that a reader wrote (geometry as WKB in EPSG:4326), held against the contract of its kind.

    Raises
    ------
    SchemaError
        Where the table breaks the contract.
    """
    table = INPUT_TABLES[str(kind)]
    frame = feather.read_table(path, memory_map=False).to_pandas()
    if table.geometry:
        frame = gpd.GeoDataFrame(frame.assign(geometry=gpd.GeoSeries.from_wkb(frame["geometry"])), geometry="geometry", crs=MAP_CRS)
    return table.conform(frame)
