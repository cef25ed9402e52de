"""GIS files: the layers of a result set as GeoPackage, its gaps as GeoJSON, and the ward table as CSV."""

import io
from typing import Final

import geopandas as gpd
import pandas as pd
import shapely

from hatang.data.contracts import ANY, ASSETS, CLAIMS, GAPS, MAP_CRS, SITES, SUGGESTIONS, WARDS, WORKS, Table
from hatang.data.geopackage import geojson_bytes, geopackage_bytes
from hatang.data.results import ResultSet

_LAYERS: Final = {
    "wards": WARDS,
    "gaps": GAPS,
    "claims": CLAIMS,
    "sites": SITES,
    "assets": ASSETS,
    "works": WORKS,
    "suggestions": SUGGESTIONS,
}
_SHARED: Final = (
    *("new_trenches", "new_chambers", "new_poles", "violations", "asset_violations"),
    *("overlaps", "route_legs", "route_survey", "design_edges"),
)
"""Layers of the sharing answers: a road, the works register, a need, a joint design; beside the others where there are."""
_DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r")


def report_geopackage(results: ResultSet, *, crs: str) -> bytes:
    """Return every layer of `interfaces`: always all of them, empty ones with their columns; wards with their headline results."""
    layers = {name: layer(results, name, table).to_crs(crs) for name, table in _LAYERS.items()}
    for name in _SHARED:
        if name in results.tables:
            layers[name] = gpd.GeoDataFrame(results.tables[name], geometry="geometry", crs=MAP_CRS).to_crs(crs)
    layers["wards"] = _headlines(layers["wards"], results.tables["ward_table"])
    return geopackage_bytes(layers)


def report_geojson(results: ResultSet) -> bytes:
    """Return the gaps in EPSG:4326, coordinates to a decimetre, valid."""
    gaps = layer(results, "gaps", GAPS)
    rounded = shapely.set_precision(gaps.geometry.to_numpy(), 1e-6)
    return geojson_bytes(gaps.set_geometry(gpd.GeoSeries(rounded, index=gaps.index, crs=MAP_CRS)))


def with_run(frame: gpd.GeoDataFrame, results: ResultSet) -> gpd.GeoDataFrame:
    """Return a layer that is handed out by itself with the run it is of, its day, and whether the data are synthetic."""
    return frame.assign(run_id=results.run_id, as_of=results.as_of.isoformat(), synthetic=results.synthetic)


def report_csv(results: ResultSet) -> bytes:
    """Return the ward table as CSV with full values, UTF-8 with BOM; text that a spreadsheet would run is kept inert by an apostrophe."""
    return inert_csv(results.tables["ward_table"])


def inert_csv(frame: pd.DataFrame) -> bytes:
    """Return a table as CSV, UTF-8 with BOM; text that a spreadsheet would run is kept inert by an apostrophe."""
    table = pd.DataFrame(frame).copy()
    for name in table.select_dtypes(["object", "string"]):
        table[name] = table[name].map(lambda value: f"'{value}" if isinstance(value, str) and value.startswith(_DANGEROUS) else value)
    sink = io.StringIO()
    table.to_csv(sink, index=False, lineterminator="\r\n")
    return sink.getvalue().encode("utf-8-sig")


def layer(results: ResultSet, name: str, table: Table) -> gpd.GeoDataFrame:
    """Return a layer in EPSG:4326, empty with its columns where the result set has none."""
    frame = results.tables.get(name)
    if frame is None or frame.empty:
        frame = table.conform(pd.DataFrame(columns=table.names))
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=MAP_CRS)


def _headlines(wards: gpd.GeoDataFrame, table: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return wards with the verdict and population share of any operator per technology."""
    rows = table[table["operator"] == ANY].drop_duplicates(["ward_code", "technology"])
    wide = rows.pivot_table(index="ward_code", columns="technology", values=["verdict", "population_share"], aggfunc="first")
    wide.columns = pd.Index(["_".join(map(str, name)) for name in wide.columns.to_list()])
    joined = wards.merge(wide.reset_index(), on="ward_code", how="left")
    return gpd.GeoDataFrame(joined, geometry="geometry", crs=wards.crs)
