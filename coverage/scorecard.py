"""Scorecard of Plan 455: each indicator with target, value, interval, numerator and denominator, and the declared figure beside it."""

from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from hatang.coverage.config import AssessConfig
from hatang.coverage.fibre import fibre_lines
from hatang.data.contracts import ANY, SCORECARD, Environment, Technology, Verdict

_LEAD: Final = "skhcn"
_WARDS: Final = {"wards_mobile": Technology.MOBILE, "wards_4g": Technology.LTE, "wards_5g": Technology.NR, "wards_fibre": Technology.FIBRE}


def scorecard(
    table: pd.DataFrame,
    units: pd.DataFrame,
    fixed: pd.DataFrame,
    sites: gpd.GeoDataFrame,
    assets: pd.DataFrame,
    declared: pd.DataFrame,
    *,
    config: AssessConfig,
) -> pd.DataFrame:
    """Return the scorecard (SCORECARD contract).

    Parameters
    ----------
    table
        The ward table.
    units, fixed, sites, assets
        Judged units, and inputs of the contracts FIXED, SITES, ASSETS; may be empty.
    declared
        Official figures already declared: `indicator`, `value`, `unit`, `source`, `date`; shown beside ours where the unit is the
        same, never used.
    """
    rows = [_wards(name, str(technology), table, config=config) for name, technology in _WARDS.items()]
    rows.append(_households(fixed))
    rows.append({**_blank("broadband_users_share", "share"), "target_2030": 0.95})
    speeds = units["download_mbps"].dropna() if "download_mbps" in units else pd.Series(dtype=float)
    rows.append(
        {
            **_blank("mobile_download_mbps", "Mbit/s"),
            "value": speeds.median() if len(speeds) else np.nan,
            "denominator": len(speeds) or np.nan,
        }
    )
    rows += _sharing(sites, assets)
    frame = pd.DataFrame(rows).merge(_beside(declared), on=["indicator", "unit"], how="left")
    frame = frame.assign(difference=frame["value"].astype(float) - frame["declared"].astype(float))
    return SCORECARD.conform(frame)


def _wards(indicator: str, technology: str, table: pd.DataFrame, *, config: AssessConfig) -> dict[str, Any]:
    """Return the share of wards that are covered; undecided wards make its interval."""
    rows = table[(table["operator"] == ANY) & (table["technology"] == technology)]
    rows = rows[rows["environment"].isin([str(Environment.OUTDOOR), str(Environment.PREMISES)])]
    wards = len(rows)
    covered, undecided = (int((rows["verdict"] == str(kind)).sum()) for kind in (Verdict.COVERED, Verdict.INSUFFICIENT))
    low, high = covered / wards, (covered + undecided) / wards
    assessment = "met" if low >= config.wards_target else "not_met" if high < config.wards_target else "insufficient"
    values = {"target_2030": config.wards_target, "value": low, "lo": low, "hi": high, "numerator": covered, "denominator": wards}
    return {**_blank(indicator, "share"), **values, "assessment": assessment}


def _households(fixed: pd.DataFrame) -> dict[str, Any]:
    """Return the share of households connected by fibre, over the wards and providers that filed it."""
    row = _blank("fibre_households_share", "share")
    lines = fibre_lines(fixed)
    known = lines[lines["households_connected"].notna() & (lines["basis"] != "survey")] if len(lines) else lines
    if known.empty:
        return row
    households = known.groupby("ward_code")["households"].max().sum()
    connected = known["households_connected"].sum()
    return {**row, "value": min(1.0, connected / households), "numerator": connected, "denominator": households}


def _sharing(sites: gpd.GeoDataFrame, assets: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the official ratios of shared use, where the register tells tenants or slots."""
    ratios: list[tuple[str, float, float]] = []
    tenants = sites["tenants"].dropna() if len(sites) else pd.Series(dtype=float)
    ratios.append(("shared_bts_share", float((tenants >= 2).sum()), float(len(tenants))))
    for indicator, kind, used in (("shared_poles_share", "pole", "slots_used"), ("shared_ducts_share", "duct_section", "ways_used")):
        known = assets.loc[assets["asset_class"] == kind, used].dropna() if len(assets) else pd.Series(dtype=float)
        ratios.append((indicator, float((known >= 2).sum()), float(len(known))))
    return [
        {**_blank(name, "share"), "value": shared / known, "numerator": shared, "denominator": known} if known else _blank(name, "share")
        for name, shared, known in ratios
    ]


def _blank(indicator: str, unit: str) -> dict[str, Any]:
    return {"indicator": indicator, "clause": "I.2.a", "unit": unit, "lead": _LEAD, "assessment": "not_computed"}


def _beside(declared: pd.DataFrame) -> pd.DataFrame:
    """Return the declared figures as columns of the scorecard."""
    columns = {"value": "declared", "source": "declared_source", "date": "declared_date"}
    return declared[["indicator", "unit", *columns]].rename(columns=columns)
