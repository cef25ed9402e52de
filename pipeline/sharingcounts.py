"""The indicators of shared use within an assessment: registers laid into wards, counted, and put into the scorecard."""

import datetime as dt
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hatang.coverage.locate import WardIndex
from hatang.data.contracts import ANY, HUE_CRS, MAP_CRS, SCORECARD, Kind, Technology
from hatang.data.rules import rule_value, rules_in_force
from hatang.pipeline.inputs import Inputs
from hatang.sharing.kpis import sharing_kpis
from hatang.sharing.masts import MastPolicy, suggest_masts

_OFFICIAL: Final = ("shared_bts_share", "shared_poles_share", "shared_ducts_share")


def counted_sharing(wards: gpd.GeoDataFrame, index: WardIndex, inputs: Inputs, *, period: str, as_of: dt.date) -> pd.DataFrame:
    """Return the indicators (SHARING_KPIS contract) of a period; what lies in several wards counts where its middle lies.

    What lies beyond the wards in use and the rule `inside_city_margin_m` is not the city's and counts nowhere; ingest has named it.
    """
    margin_m = rule_value(rules_in_force(as_of), "inside_city_margin_m")
    sites, assets, works = (
        _in_city(in_wards(gpd.GeoDataFrame(inputs[kind]), index), wards, margin_m) for kind in (Kind.SITES, Kind.ASSETS, Kind.WORKS)
    )
    names = dict(zip(wards["ward_code"], wards["ward_name"], strict=True))
    return sharing_kpis(sites, assets, works, gpd.GeoDataFrame(inputs[Kind.PLANS]), period=period, ward_names=names)


def in_wards(frame: gpd.GeoDataFrame, index: WardIndex) -> gpd.GeoDataFrame:
    """Return the frame (EPSG:4326) with `ward_code`, missing outside every ward or without a shape."""
    middle = frame.to_crs(MAP_CRS).geometry.representative_point()
    position = index.locate(middle.x.to_numpy(float), middle.y.to_numpy(float), threads=2)
    codes = [index.codes[place] if place >= 0 else None for place in position]
    return frame.assign(ward_code=pd.Series(codes, index=frame.index, dtype=object))


def _in_city(frame: gpd.GeoDataFrame, wards: gpd.GeoDataFrame, margin_m: float) -> gpd.GeoDataFrame:
    """Return the rows of a frame with `ward_code` that lie in a ward or within a margin of one."""
    placed = frame["ward_code"].notna().to_numpy(bool, copy=True)
    if placed.all():
        return frame
    beyond = np.flatnonzero(~placed)
    shapes = frame.iloc[beyond].to_crs(HUE_CRS).geometry.to_numpy()
    near, _ = shapely.STRtree(wards.to_crs(HUE_CRS).geometry.to_numpy()).query(shapes, predicate="dwithin", distance=margin_m)
    placed[beyond[near]] = True
    return gpd.GeoDataFrame(frame[placed].reset_index(drop=True))


def with_ratios(score: pd.DataFrame, kpis: pd.DataFrame) -> pd.DataFrame:
    """Return the scorecard with the official ratios of shared use counted by position, as `kpis` has them for the city."""
    city = kpis[(kpis["scope"] == "city") & kpis["indicator"].isin(_OFFICIAL) & (kpis["denominator"] > 0)]
    found = city.set_index("indicator").rename(columns={"share": "value"})
    put = score.copy()
    for name in ("value", "numerator", "denominator"):
        put[name] = put["indicator"].map(found[name]).fillna(score[name])
    put["difference"] = put["value"] - put["declared"]
    return SCORECARD.conform(put)


def masts_near(gaps: gpd.GeoDataFrame, inputs: Inputs, *, policy: MastPolicy) -> gpd.GeoDataFrame:
    """Return what masts and roofs near each gap of mobile service could do (MAST_SUGGESTIONS contract); `need_id` is the gap's.

    A gap that nobody claims is a need of every firm that files claims of its technology; a contradicted one of the firm that claims it.
    """
    mobile = gpd.GeoDataFrame(gaps[gaps["technology"] != Technology.FIBRE])
    claims = inputs[Kind.CLAIMS]
    filed = {str(name): tuple(sorted(part["operator"].unique())) for name, part in claims.groupby("technology")} if len(claims) else {}
    everyone = tuple(sorted({operator for name in (Technology.LTE, Technology.NR) for operator in filed.get(str(name), ())}))
    needed = [(filed.get(str(row.technology), everyone) if row.operator == ANY else (str(row.operator),)) for row in mobile.itertuples()]
    places = mobile["geometry"].to_numpy()
    needs = gpd.GeoDataFrame({"need_id": mobile["gap_id"].to_numpy(object), "operators": needed}, geometry=places, crs=MAP_CRS)
    return suggest_masts(needs, gpd.GeoDataFrame(inputs[Kind.SITES]), policy=policy)
