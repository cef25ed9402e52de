"""Assets that stand already held against the clauses: those along a road, and those of a register's file."""

from collections.abc import Iterable, Mapping
from typing import Final

import geopandas as gpd
import pandas as pd

from hatang.data.clauses import trench_profiles
from hatang.data.contracts import ASSETS, HUE_CRS, MAP_CRS, AssetClass, Clause
from hatang.sharing.assetfacts import asset_facts, asset_violations, way_facts

_CLASSES: Final = {"poles": AssetClass.POLE, "chambers": AssetClass.CHAMBER, "duct_sections": AssetClass.DUCT_SECTION}


def road_findings(assets: gpd.GeoDataFrame, corridor: gpd.GeoDataFrame, *, clauses: Iterable[Clause], end_m: float) -> gpd.GeoDataFrame:
    """Return what of the assets along roads does not meet which clause (ASSET_VIOLATIONS contract, EPSG:4326).

    Parameters
    ----------
    assets
        ASSETS contract, any CRS.
    corridor
        CORRIDOR contract: which of them are along which road.
    end_m
        How far an end of a section may lie from its chamber.
    """
    roads = dict(zip(corridor["asset_id"], corridor["road_id"], strict=True))
    along = gpd.GeoDataFrame(assets[assets["asset_id"].isin(roads)]).to_crs(HUE_CRS)
    along = along.assign(road_id=along["asset_id"].map(roads))
    return asset_violations(asset_facts(along, profiles=trench_profiles(), end_m=end_m), along, clauses).to_crs(MAP_CRS)


def register_violations(
    tables: Mapping[str, pd.DataFrame], *, clauses: Iterable[Clause], end_m: float, metric_crs: str = HUE_CRS
) -> gpd.GeoDataFrame:
    """Return what of a register does not meet which clause (ASSET_VIOLATIONS contract, EPSG:4326), its ways by how full they are.

    A pole and a chamber may have one id: each class is told apart until the end.

    Parameters
    ----------
    tables
        REGISTER_TABLES contracts, shapes in EPSG:4326.
    """
    filled = {kind: pd.DataFrame(tables[name]).astype(object) for name, kind in _CLASSES.items() if len(tables[name])}
    parts = [rows.assign(asset_class=str(kind), asset_id=f"{kind}:" + rows["asset_id"].astype(str)) for kind, rows in filled.items()]
    whole = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=ASSETS.names)
    placed = whole[whole["geometry"].notna()].assign(owner=lambda rows: rows["owner"].fillna(""))
    assets = gpd.GeoDataFrame(ASSETS.conform(placed), geometry="geometry", crs=MAP_CRS).to_crs(metric_crs)
    facts = [asset_facts(assets, profiles=trench_profiles(), end_m=end_m)]
    sections = gpd.GeoDataFrame(tables["duct_sections"]).to_crs(metric_crs)
    ways = way_facts(tables["duct_ways"], tables["attachments"], sections)
    ways = ways.assign(feature_id=f"{AssetClass.DUCT_SECTION}:" + ways["feature_id"].astype(str))
    facts += [ways] if len(ways) else []
    together = gpd.GeoDataFrame(pd.concat(facts, ignore_index=True), geometry="geometry", crs=metric_crs)
    found = asset_violations(together, assets, clauses)
    return found.assign(owner=found["owner"].replace("", None), feature_id=found["feature_id"].str.split(":", n=1).str[1]).to_crs(MAP_CRS)
