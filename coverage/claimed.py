"""Claims as polygons a claimant: each operator's own, and derived ones for any, all, and 4G or 5G."""

from typing import Final

import geopandas as gpd
import pandas as pd
import shapely

from hatang.coverage.config import MOBILE
from hatang.coverage.integrate import union
from hatang.data.contracts import ALL, ANY, HUE_CRS, Technology

CLAIMANT: Final = ["operator", "technology", "environment"]


def claimants(claims: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return one polygon an operator × technology × environment (EPSG:9214), with `mobile`, `any` and `all` where they can be told.

    `any` is the union over operators that filed, `all` their intersection, `mobile` the union of 4G and 5G. Who filed nothing is not
    counted as claiming nothing.
    """
    if claims.empty:
        return gpd.GeoDataFrame({name: [] for name in CLAIMANT}, geometry=[], crs=HUE_CRS)
    metric = claims[[*CLAIMANT, "geometry"]].to_crs(HUE_CRS)
    rows = [(*key, union(list(part.geometry))) for key, part in metric.groupby(CLAIMANT, sort=True, observed=True)]
    own = pd.DataFrame(rows, columns=[*CLAIMANT, "geometry"])
    mobile = _merged(own[own["technology"].isin(MOBILE)], ["operator", "environment"], technology=str(Technology.MOBILE))
    each = pd.concat([own, mobile], ignore_index=True)
    anyone = _merged(each, ["technology", "environment"], operator=ANY)
    common = [
        {
            "operator": ALL,
            "technology": technology,
            "environment": environment,
            "geometry": shapely.intersection_all(part["geometry"].to_numpy()),
        }
        for (technology, environment), part in each.groupby(["technology", "environment"], sort=True, observed=True)
    ]
    return gpd.GeoDataFrame(pd.concat([each, anyone, pd.DataFrame(common)], ignore_index=True), geometry="geometry", crs=HUE_CRS)


def _merged(claims: pd.DataFrame, keys: list[str], **named: str) -> pd.DataFrame:
    """Return the union of claims per `keys`, the other columns named."""
    rows = [
        {**dict(zip(keys, key, strict=True)), **named, "geometry": union(list(part["geometry"]))}
        for key, part in claims.groupby(keys, sort=True, observed=True)
    ]
    return pd.DataFrame(rows, columns=[*CLAIMANT, "geometry"])
