"""GIS layers as bytes: GDAL needs files, so they are written to a folder of their own and read back."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import pandas as pd


def geopackage_bytes(layers: Mapping[str, gpd.GeoDataFrame]) -> bytes:
    """Return one GeoPackage with the layers in their order; empty layers keep their columns."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "layers.gpkg"
        for name, frame in layers.items():
            kind = None if len(frame) else "Unknown"
            _writable(frame).to_file(path, layer=name, driver="GPKG", engine="pyogrio", geometry_type=kind)
        return path.read_bytes()


def geojson_bytes(frame: gpd.GeoDataFrame) -> bytes:
    """Return a frame in EPSG:4326 as GeoJSON (RFC 7946)."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "layer.geojson"
        kind = None if len(frame) else "Unknown"
        _writable(frame).to_file(path, driver="GeoJSON", engine="pyogrio", RFC7946="YES", geometry_type=kind)
        return path.read_bytes()


def _writable(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return a frame whose columns GDAL can write: nullable types become plain ones."""
    plain = frame.copy()
    for name in [str(column) for column in plain.columns if column != plain.geometry.name]:
        if isinstance(plain[name].dtype, pd.BooleanDtype):
            plain[name] = plain[name].astype("Int64").astype(float)
        elif isinstance(plain[name].dtype, pd.Int64Dtype):
            plain[name] = plain[name].astype("float64") if plain[name].isna().any() else plain[name].astype("int64")
        elif not len(plain) and plain[name].dtype == object:
            plain[name] = plain[name].astype(str)
    return plain
