"""What the register holds ward by ward: how many assets, how long its ducts are, and of how many the room is known."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hatang.data.contracts import HUE_CRS, REGISTER_WARDS, AssetClass
from hatang.sharing.capacity import spare_capacity
from hatang.sharing.policy import SharingPolicy


def register_by_ward(assets: gpd.GeoDataFrame, wards: gpd.GeoDataFrame, *, policy: SharingPolicy) -> pd.DataFrame:
    """Return the register ward by ward and class by class (REGISTER_WARDS contract).

    An asset counts where it stands, a line where its middle lies; the length of duct sections is cut at the borders, so that a ward may
    have length without a count. What lies in no ward comes last, without code and name.

    Parameters
    ----------
    assets
        ASSETS contract, any CRS; lengths are taken in EPSG:9214.
    wards
        WARDS contract, any CRS.
    policy
        The reserve that stays free.

    Examples
    --------
    >>> duct = shapely.LineString([(561000, 1821000), (561300, 1821000)])
    >>> columns = dict.fromkeys(("status", "sharable", "ways_used", "slots_total", "slots_used"))
    >>> assets = gpd.GeoDataFrame([{"asset_class": "duct_section", "ways": 2, **columns}], geometry=[duct], crs=HUE_CRS)
    >>> west, east = shapely.box(560000, 1820000, 561200, 1822000), shapely.box(561200, 1820000, 562000, 1822000)
    >>> wards = gpd.GeoDataFrame({"ward_code": ["1", "2"], "ward_name": ["A", "B"]}, geometry=[west, east], crs=HUE_CRS)
    >>> register_by_ward(assets, wards, policy=SharingPolicy())[["ward_code", "assets", "length_m", "room_unknown"]].values.tolist()
    [['1', 1, 200.0, 1], ['2', 0, 100.0, 0]]
    """
    metric, zones = assets.to_crs(HUE_CRS), wards.to_crs(HUE_CRS)
    room = spare_capacity(assets, policy=policy)
    known = room["spare"].notna().to_numpy(bool)
    shapes = metric.geometry.to_numpy(object)
    counted = pd.DataFrame(
        {
            "ward": _ward_at(shapes, zones),
            "asset_class": assets["asset_class"].to_numpy(object),
            "assets": 1,
            "room_known": known.astype(int),
            "room_unknown": (~known).astype(int),
            "spare": room["spare"].fillna(0).where(room["action"] == "reuse", 0).to_numpy(float),
        }
    )
    ducts = np.flatnonzero((assets["asset_class"] == AssetClass.DUCT_SECTION).to_numpy(bool))
    parts = [counted, _lengths(shapes[ducts], zones)]
    found = (
        pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True).groupby(["ward", "asset_class"]).sum(min_count=1)
    )
    table = found.reindex(columns=["assets", "length_m", "room_known", "room_unknown", "spare"]).reset_index()
    inside = table["ward"] < len(zones)
    position = table["ward"].where(inside, 0).astype(int)
    for name in ("ward_code", "ward_name"):
        table[name] = zones[name].to_numpy(object)[position] if len(zones) else None
        table[name] = table[name].where(inside, None)
    table["length_m"] = table["length_m"].where(table["asset_class"] == AssetClass.DUCT_SECTION)
    counts = ["assets", "room_known", "room_unknown", "spare"]
    return REGISTER_WARDS.conform(table.assign(**{name: table[name].fillna(0).astype("int64") for name in counts}))


def _ward_at(shapes: np.ndarray, zones: gpd.GeoDataFrame) -> np.ndarray:
    """Return the position of the ward in which each shape has its middle; the number of wards where it is none."""
    middle = shapely.centroid(shapes)
    lines = shapely.get_type_id(shapes) == shapely.GeometryType.LINESTRING
    middle[lines] = shapely.line_interpolate_point(shapes[lines], 0.5, normalized=True)
    where = np.full(len(shapes), len(zones))
    point, zone = shapely.STRtree(zones.geometry.to_numpy(object)).query(middle, predicate="intersects")
    where[point[::-1]] = zone[::-1]  # on a border the ward that stands first
    return where


def _lengths(lines: np.ndarray, zones: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return how long duct sections are in each ward, and outside all of them."""
    areas = zones.geometry.to_numpy(object)
    line, zone = shapely.STRtree(areas).query(lines, predicate="intersects")
    cut = shapely.length(shapely.intersection(lines[line], areas[zone]))
    total = shapely.length(lines)
    outside = np.clip(total - np.bincount(line, weights=cut, minlength=len(lines)), 0, None)
    beyond = outside > 1e-6 * np.maximum(total, 1)
    rows = pd.DataFrame({"ward": [*zone, *np.full(int(beyond.sum()), len(zones))], "length_m": [*cut, *outside[beyond]]})
    return rows[rows["length_m"] > 0].assign(asset_class=str(AssetClass.DUCT_SECTION))
