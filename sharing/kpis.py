"""How much is used jointly: official ratios and the lengths behind them, each with numerator, denominator and what is not known.

A ratio is over what is known. Unknown tenants, slots or ways are counted apart and never as not shared. The register of assets names no
tenants: a pole counts as shared where two slots or more are used, a duct section where two ways or more are, which the definitions say.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from hatang.data.contracts import HUE_CRS, SHARING_KPIS, AssetClass, SuggestionKind
from hatang.sharing.near import parallel_runs

SHARED_FROM: Final = 2
"""Tenants, used slots or used ways from which something is used jointly."""
_BESIDE_M: Final = 20.0
_MEETS_M: Final = 50.0  # a plan that runs beside a work for less merely crosses it
_COUNTED: Final = ["indicator", "unit", "amount", "shared", "ward_code", "firm"]


def positions(sites: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return one row a position of base stations: `position`, `firm`, `operators` (how many are filed there), `tenants`, `ward_code`.

    Rows of one `mast_id` are one position; a row without it is a position of its own. `tenants` is the larger of the figure filed and the
    operators filed at the mast, where a figure is filed or operators are two or more; else it is missing: one filing does not say that
    nobody else is there. `firm` is the owner, else the operator where there is one alone.

    Parameters
    ----------
    sites
        SITES contract; with `ward_code` where wards are wanted.
    """
    if sites.empty:
        return gpd.GeoDataFrame(
            {name: pd.Series(dtype=object) for name in ("position", "firm", "operators", "tenants", "ward_code")},
            geometry=gpd.GeoSeries([], crs=sites.crs),
        )
    key = ("mast:" + sites["mast_id"]).where(sites["mast_id"].notna(), "site:" + sites["site_id"])
    wards = sites["ward_code"] if "ward_code" in sites else pd.Series(None, index=sites.index, dtype=object)
    rows = sites.assign(position=key, ward_code=wards).groupby("position", sort=True)
    operators = rows["operator"].nunique()
    stated = rows["tenants"].max().astype("float64")
    known = stated.notna() | (operators >= SHARED_FROM)
    tenants = pd.Series(np.fmax(stated.to_numpy(float), operators.to_numpy(float)), index=operators.index).where(known)
    alone = rows["operator"].first().where(operators == 1)
    frame = pd.DataFrame(
        {
            "position": operators.index,
            "firm": rows["owner"].first().fillna(alone).to_numpy(object),
            "operators": operators.to_numpy(),
            "tenants": tenants.to_numpy(),
            "ward_code": rows["ward_code"].first().to_numpy(object),
        }
    )
    return gpd.GeoDataFrame(frame, geometry=rows["geometry"].first().to_numpy(), crs=sites.crs)


def sharing_kpis(
    sites: gpd.GeoDataFrame,
    assets: gpd.GeoDataFrame,
    works: gpd.GeoDataFrame,
    plans: gpd.GeoDataFrame,
    *,
    period: str,
    ward_names: Mapping[str, str],
) -> pd.DataFrame:
    """Return the indicators of shared use (SHARING_KPIS contract) of the city, of each ward and of each firm.

    `shared_bts_share`, `shared_poles_share`, `shared_ducts_share`: the official ratios. `shared_duct_km`: the same of duct length.
    `tenanted_assets_share`: positions, poles and duct sections together. `works_joint_plan_share`: works beside which a plan with approved
    money runs whose dates meet the work's, over all works that can be judged; it is not told by firm. Assets that are stated to be out of
    service do not count.

    Parameters
    ----------
    sites, assets, works, plans
        Inputs of the contracts SITES, ASSETS, WORKS, PLANS, any CRS; the first three with `ward_code` where wards are wanted.
    ward_names
        Names by ward code.

    Examples
    --------
    >>> empty = gpd.GeoDataFrame(geometry=[], crs=HUE_CRS)
    >>> sharing_kpis(empty, empty, empty, empty, period="2026Q3", ward_names={})["denominator"].sum().item()
    0.0
    """
    counted = pd.concat([_sites(sites), _assets(assets), _works(works, plans)], ignore_index=True)
    both = counted[counted["indicator"].isin(["shared_bts_share", "shared_poles_share", "shared_ducts_share"])]
    counted = pd.concat([counted, both.assign(indicator="tenanted_assets_share", unit="assets")], ignore_index=True)
    return _tabulated(counted, _INDICATORS, ward_names=ward_names, period=period)


def dig_avoided(suggestions: pd.DataFrame, *, period: str) -> pd.DataFrame:
    """Return `dig_avoided_m` (SHARING_KPIS contract) of city and owners: metres not dug of suggestions accepted, over those decided.

    What is still open is unknown. A plan digs once: of several suggestions to build together that it is in, the one accepted counts, else
    the one that spares most. What is built together is not told by owner.

    Parameters
    ----------
    suggestions
        SUGGESTIONS contract, each suggestion once.

    Examples
    --------
    >>> made = pd.DataFrame({"owner": ["a", "a"], "dig_m_saved": [80.0, 20.0], "decision": ["accepted", "open"]})
    >>> made = made.assign(kind="reuse_way", road_id="R1", assets=["D1", "D2"])
    >>> dig_avoided(made, period="2026Q3")[["scope", "numerator", "denominator", "unknown"]].values.tolist()
    [['city', 80.0, 80.0, 20.0], ['firm', 80.0, 80.0, 20.0]]
    """
    saving = _once(suggestions[suggestions["dig_m_saved"].notna()])
    owners = saving["owner"].mask(saving["kind"].isin(_TOGETHER), None)
    said = [pd.NA if word == "open" else word == "accepted" for word in saving["decision"]]
    counted = _counted("dig_avoided_m", "m", saving["dig_m_saved"], said, [None] * len(saving), owners)
    return _tabulated(counted, (("dig_avoided_m", "m"),), ward_names={}, period=period)


def _once(suggestions: pd.DataFrame) -> pd.DataFrame:
    """Return suggestions without those that would spare the metres of a plan a second time."""
    order = suggestions.assign(_later=suggestions["decision"] != "accepted").sort_values(
        ["_later", "dig_m_saved"], ascending=[True, False], kind="stable"
    )
    dug: set[tuple[str, str]] = set()
    kept = []
    for place, kind, road, assets in zip(order.index, order["kind"], order["road_id"], order["assets"], strict=True):
        named = str(assets).split(", ") if kind in _TOGETHER else []
        plans = {(str(road), plan) for plan in (named[:1] if kind == SuggestionKind.JOIN_WORKS else named)}
        if not plans & dug:
            kept.append(place)
            dug |= plans
    return suggestions.loc[sorted(kept)]


def tabulated_works(indicator: str, joined: list[object], *, period: str) -> pd.DataFrame:
    """Return an indicator of works (SHARING_KPIS contract) of the city: whether each is joined, missing where not known."""
    nobody = [None] * len(joined)
    return _tabulated(
        _counted(indicator, "works", np.ones(len(joined)), joined, nobody, nobody), ((indicator, "works"),), ward_names={}, period=period
    )


def _tabulated(counted: pd.DataFrame, indicators: Iterable[tuple[str, str]], *, ward_names: Mapping[str, str], period: str) -> pd.DataFrame:
    counted = counted.astype({"amount": float, "shared": "boolean"})
    rows = [_row(name, unit, counted[counted["indicator"] == name], ("city", "city", "city"), period) for name, unit in indicators]
    for scope, column in (("ward", "ward_code"), ("firm", "firm")):
        placed = counted[counted[column].notna()]
        for (indicator, code), part in placed.groupby(["indicator", column], sort=True):
            name = ward_names.get(str(code), str(code)) if scope == "ward" else str(code)
            rows.append(_row(str(indicator), str(part["unit"].iloc[0]), part, (scope, str(code), name), period))
    return SHARING_KPIS.conform(pd.DataFrame(rows))


_TOGETHER: Final = frozenset({SuggestionKind.JOIN_WORKS, SuggestionKind.JOINT_TRENCH, SuggestionKind.NEW_SHARED_SET})
_INDICATORS: Final = (
    ("shared_bts_share", "positions"),
    ("shared_poles_share", "poles"),
    ("shared_ducts_share", "sections"),
    ("shared_duct_km", "km"),
    ("tenanted_assets_share", "assets"),
    ("works_joint_plan_share", "works"),
)
"""Indicators of the registers with their units, in the order of reports."""


def _row(indicator: str, unit: str, part: pd.DataFrame, scope: tuple[str, str, str], period: str) -> dict[str, Any]:
    known = part["shared"].notna()
    shared = float(part.loc[known & part["shared"].fillna(value=False), "amount"].sum())
    of = float(part.loc[known, "amount"].sum())
    return {
        "indicator": indicator,
        **dict(zip(("scope", "scope_code", "scope_name"), scope, strict=True)),
        "period": period,
        "unit": unit,
        "share": min(1.0, shared / of) if of else np.nan,
        "numerator": shared,
        "denominator": of,
        "unknown": float(part.loc[~known, "amount"].sum()),
    }


def _counted(indicator: str, unit: str, amount: Any, shared: Any, wards: Any, firms: Any) -> pd.DataFrame:
    columns = {"amount": amount, "shared": shared, "ward_code": wards, "firm": firms}
    return pd.DataFrame({name: pd.Series(list(values), dtype=object) for name, values in columns.items()}).assign(
        indicator=indicator, unit=unit
    )[_COUNTED]


def _jointly(used: pd.Series) -> list[object]:
    """Return whether each is used jointly; missing where not known."""
    return [pd.NA if pd.isna(value) else bool(value >= SHARED_FROM) for value in used]


def _sites(sites: gpd.GeoDataFrame) -> pd.DataFrame:
    found = positions(sites)
    return _counted("shared_bts_share", "positions", np.ones(len(found)), _jointly(found["tenants"]), found["ward_code"], found["firm"])


def _assets(assets: gpd.GeoDataFrame) -> pd.DataFrame:
    if assets.empty:
        return pd.DataFrame(columns=_COUNTED)
    serving = assets[assets["status"].isna() | (assets["status"] == "in_service")]
    parts = []
    for indicator, unit, kind, used in (
        ("shared_poles_share", "poles", AssetClass.POLE, "slots_used"),
        ("shared_ducts_share", "sections", AssetClass.DUCT_SECTION, "ways_used"),
    ):
        here = gpd.GeoDataFrame(serving[serving["asset_class"] == kind])
        wards = here["ward_code"] if "ward_code" in here else [None] * len(here)
        parts.append(_counted(indicator, unit, np.ones(len(here)), _jointly(here[used]), wards, here["owner"]))
        if kind is AssetClass.DUCT_SECTION:
            km = here.to_crs(HUE_CRS).length / 1000
            parts.append(_counted("shared_duct_km", "km", km, _jointly(here[used]), wards, here["owner"]))
    return pd.concat(parts, ignore_index=True)


def _works(works: gpd.GeoDataFrame, plans: gpd.GeoDataFrame) -> pd.DataFrame:
    if works.empty:
        return pd.DataFrame(columns=_COUNTED)
    metric = works.to_crs(HUE_CRS).reset_index(drop=True)
    wards = metric["ward_code"] if "ward_code" in metric else [None] * len(metric)
    return _counted("works_joint_plan_share", "works", np.ones(len(metric)), _joined(metric, plans), wards, [None] * len(metric))


def _joined(works: gpd.GeoDataFrame, plans: gpd.GeoDataFrame) -> list[object]:
    """Return whether an approved plan runs beside each work in its time; missing where one that may do so has no dates or no budget status.

    A work that is an area is met by a plan with `_MEETS_M` of its line inside it.
    """
    if plans.empty:  # nobody filed plans: that no work is joined is not known
        return [pd.NA] * len(works)
    answers: list[object] = [False] * len(works)
    lines = plans.to_crs(HUE_CRS).reset_index(drop=True)
    for place, plan in sorted(_met(works, lines)):
        work, row = works.iloc[place], lines.iloc[plan]
        if answers[place] is True or row["budget_status"] in ("none", "requested"):
            continue
        dates = (work["start"], work["end"], row["earliest"], row["latest"])
        if pd.isna(row["budget_status"]) or any(pd.isna(day) for day in dates):
            answers[place] = pd.NA
        elif row["earliest"] <= work["end"] and work["start"] <= row["latest"]:
            answers[place] = True
    return answers


def _met(works: gpd.GeoDataFrame, plans: gpd.GeoDataFrame) -> Iterable[tuple[int, int]]:
    """Return which plan (place) meets which work (place)."""
    linear = works.geom_type.isin(["LineString", "MultiLineString"]).to_numpy()
    met: set[tuple[int, int]] = set()
    if linear.any():
        at = np.flatnonzero(linear)
        runs = parallel_runs(
            plans, gpd.GeoDataFrame(works[linear]).reset_index(drop=True), offset_m=_BESIDE_M, max_angle_deg=20.0, min_overlap_m=_MEETS_M
        )
        met |= {(int(at[right]), int(left)) for left, right in zip(runs["left"], runs["right"], strict=True)}
    for place in np.flatnonzero(~linear):
        inside = plans.geometry.intersection(works.geometry.iloc[place]).length
        met |= {(int(place), int(plan)) for plan in np.flatnonzero(inside.to_numpy() >= _MEETS_M)}
    return met
