"""A result set made by hand: real wards, invented verdicts, some hostile words; for tests of what shows and writes results."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hatang.data.clauses import clauses_in_force
from hatang.data.contracts import (
    ASSET_VIOLATIONS,
    ASSETS,
    CLAIMS,
    CORRIDOR,
    GAPS,
    HUE_CRS,
    MAP_CRS,
    OVERLAPS,
    PLANS,
    ROADS,
    SCORECARD,
    SITES,
    SUGGESTIONS,
    VIOLATIONS,
    WARD_TABLE,
    WORKS,
    Table,
)
from hatang.data.pricelist import prices_in_force
from hatang.data.results import ResultSet
from hatang.data.rules import rules_in_force
from hatang.data.settings import Settings
from hatang.data.wards import load_boundaries
from hatang.pipeline.roadproposals import road_cases, road_proposals
from hatang.sharing.policy import SharingPolicy
from hatang.sharing.suggestions import Room, suggest

HOSTILE = "<img src=x onerror=alert(1)></script>{{ 'x' }}`${1}"
PERIOD = "2026Q3"
AS_OF = dt.date(2026, 10, 1)


def city(settings: Settings, *, synthetic: bool = True) -> ResultSet:
    """Return an assessment of the 40 wards: 4G and 5G by two operators, fibre by one, gaps, sites, assets and works."""
    boundaries = load_boundaries(settings)
    wards = boundaries.frame
    random = np.random.default_rng(455)
    centre = wards.to_crs(HUE_CRS).geometry.representative_point()
    gaps = wards.iloc[:5]
    tables = {
        "ward_table": _ward_table(wards, boundaries.version, str(boundaries.source), random),
        "gaps": _frame(
            GAPS,
            {
                "gap_id": [f"gap-{row}" for row in range(5)],
                "gap_kind": ["unclaimed", "contradicted", "unclaimed", "contradicted", "unclaimed"],
                "ward_code": list(gaps["ward_code"]),
                "ward_name": list(gaps["ward_name"]),
                "operator": ["any", "viettel", "any", "vnpt", "any"],
                "technology": ["4g", "4g", "5g", "4g", "4g"],
                "environment": "outdoor",
                "period": PERIOD,
                "first_period": PERIOD,
                "rank": range(1, 6),
                "area_m2": 785_398.0,
                "population": [812.4, 530.0, 212.0, 99.5, 12.0],
                "population_spread": "even",
                "tests": [None, 40, None, 25, None],
                "devices": [None, 4, None, 3, None],
                "failures": [None, 22, None, 19, None],
                "nearest_site_operator": "vnpt",
                "nearest_site_m": 1_234.5,
                "ward_version": boundaries.version,
                "geometry": gpd.GeoSeries(centre.iloc[:5].buffer(500), crs=HUE_CRS).to_crs(MAP_CRS).to_numpy(),
            },
        ),
        "sites": _frame(
            SITES,
            {
                "site_id": [f"s{row}" for row in range(40)],
                "site_name": [HOSTILE, *[f"Trạm {row}" for row in range(1, 40)]],
                "operator": "vnpt",
                "technologies": "4g,5g",
                "structure": "A1",
                "height_m": 24.0,
                "tenants": 2,
                "geometry": wards.geometry.representative_point().to_numpy(),
            },
        ),
        "assets": _assets(wards),
        "works": _frame(
            WORKS,
            {
                "work_id": ["w1"],
                "work_name": ["Mở rộng đường 'A'"],
                "promoter": ["Ban QLDA"],
                "kind": "road_widen",
                "start": pd.Timestamp("2027-01-05"),
                "end": pd.Timestamp("2027-06-30"),
                "geometry": [shapely.LineString([(107.55, 16.45), (107.60, 16.47)])],
            },
        ),
        "claims": _frame(CLAIMS, {"operator": [], "technology": [], "environment": [], "geometry": []}),
        "scorecard": SCORECARD.conform(pd.DataFrame(columns=SCORECARD.names)),
        "ledger": pd.DataFrame(
            {"step": ["raw", "outside_city", "inaccurate", "latched", "merged_into_units", "units"], "rows": [1200, 40, 60, 300, 500, 300]}
        ),
        "wards": wards,
    }
    return ResultSet(
        run_id="0123456789abcdef",
        period=PERIOD,
        as_of=AS_OF,
        synthetic=synthetic,
        ward_version=boundaries.version,
        boundary_source=str(boundaries.source),
        inputs=(
            {
                "id": "01JABC",
                "sha256": "ab" * 32,
                "kind": "measurements",
                "organisation": "so-khcn",
                "operator": None,
                "technology": "4g",
                "period": PERIOD,
                "rows_in": 1200,
                "rows_kept": 1100,
                "rows_refused": 100,
                "file": HOSTILE,
                "source": None,
                "synthetic": synthetic,
            },
        ),
        configuration={name: rule.as_dict() for name, rule in rules_in_force(AS_OF).items()},
        versions={"hatang": "0.1.0"},
        tables=tables,
    )


def meeting_works(settings: Settings) -> ResultSet:
    """Return a run with one plan that meets works and should join them, and one of another firm that meets nobody."""
    base = city(settings)
    line = shapely.LineString([(107.57, 16.46), (107.59, 16.47)])
    window = {"window_from": [pd.Timestamp("2026-12-01")], "window_to": [pd.Timestamp("2027-02-01")]}
    left = {"left_id": ["k1"], "left_kind": "plan", "left_owner": "vnpt"}
    right = {"right_id": ["w1"], "right_kind": "work", "right_owner": HOSTILE}
    found = {**left, **right, "overlap_m": 412.0, "overlap_share": 0.4, "time": "meets", "group": 1, **window}
    groups = {"group": [1], "members": "k1, w1", "owners": f"{HOSTILE}, vnpt", "plans": 1, "works": 1, "pairs": 1, **window}
    advice = {"road_id": "hue", "plan_id": ["k1", "k2"], "operator": ["vnpt", "fpt"], "work_id": ["w1", None]}
    days = {"decide_by": [pd.Timestamp("2026-11-15"), pd.NaT], "not_before": [pd.NaT, pd.Timestamp("2027-01-01")]}
    bars = {"road_id": "hue", "id": ["k1", "w1", "w1"], "kind": ["plan", "works", "deadline"]}
    when = {
        "start": pd.to_datetime(["2026-12-01", "2026-11-01", "2026-11-15"]),
        "end": pd.to_datetime(["2027-03-01", "2027-02-01", "2026-11-15"]),
    }
    shared = base.with_tables(
        overlaps=gpd.GeoDataFrame(OVERLAPS.conform(pd.DataFrame(found)), geometry=[line], crs=MAP_CRS),
        overlap_groups=pd.DataFrame({**groups, "join_deadline": [pd.Timestamp("2026-11-15")], "dig_m_saved": [412.0]}),
        timing=pd.DataFrame({**advice, "advice": ["join", "alone"], "reason": ["windows_meet", "windows_apart"], **days}),
        calendar=pd.DataFrame({**bars, **when, "days": [91, 93, 1]}),
        works_notes=pd.DataFrame({"code": ["no_length"], "id": [HOSTILE]}),
    )
    return replace(shared, run_id="f" * 16)


def road(results: ResultSet) -> ResultSet:
    """Return the same run with a road's corridor and one suggestion."""
    line = shapely.LineString([(107.57, 16.46), (107.59, 16.47)])
    rows = 12
    corridor = _frame(
        CORRIDOR,
        {
            "asset_id": [f"a{row}" for row in range(rows)],
            "asset_class": ["pole", "chamber", "duct_section"] * 4,
            "owner": ["vnpt", "viettel", "vnpt", "fpt"] * 3,
            "contact": "Phòng Hạ tầng, 0234 000 000",
            "road_id": "r1",
            "chainage_m": np.linspace(10, 2000, rows),
            "offset_m": 4.5,
            "side": "left",
            "capacity": 4,
            "used": 2,
            "spare": 2,
            "action": ["reuse", "full", "survey", "closed"] * 3,
            "geometry": [line.interpolate(share, normalized=True) for share in np.linspace(0, 1, rows)],
        },
    )
    suggestions = _frame(
        SUGGESTIONS,
        {
            "suggestion_id": ["g1"],
            "kind": "reuse_way",
            "road_id": "r1",
            "rank": 1,
            "owner": "vnpt",
            "contact": "Phòng Hạ tầng, 0234 000 000",
            "assets": "a2,a5",
            "asset_count": 2,
            "spare": 2,
            "dig_m_saved": 843.6,
            "decision": "open",
            "geometry": [shapely.ops.substring(line, 0.2, 0.7, normalized=True)],
        },
    )
    return results.with_tables(
        corridor=corridor,
        suggestions=suggestions,
        sharing_totals=pd.DataFrame(
            {"name": ["road_m", "dig_m_saved", "assets_reuse", "assets_survey"], "value": [2405.0, 843.6, 3.0, 3.0], "unit": "m"}
        ),
        roads=_frame(ROADS, {"road_id": ["r1"], "road_name": ["Đường thử"], "width_m": 10.5, "geometry": [line]}),
    )


def dug_together(results: ResultSet) -> ResultSet:
    """Return a road's run along which two firms plan: variants, shares, what holds if one leaves, and rent, as the program counts them."""
    roads = gpd.GeoDataFrame(results.tables["roads"]).to_crs(HUE_CRS)
    axes = roads.assign(road_name="Đường thử")
    ends = {"earliest": pd.Timestamp("2026-12-01"), "latest": pd.Timestamp("2027-06-30"), "budget_status": "approved", "ways": 2}
    plans = _frame(
        PLANS, {"plan_id": ["k1", "k2"], "operator": ["vnpt", HOSTILE], **ends, "geometry": list(results.tables["roads"].geometry) * 2}
    )
    rules, clauses, rooms = rules_in_force(results.as_of), clauses_in_force(results.as_of), {"r1": [Room("fpt", 2, (0.0, 500.0))]}
    timing = pd.DataFrame({"road_id": [], "plan_id": [], "reason": []})
    broken = pd.DataFrame({"feature_id": ["r1-D001"], "code": ["reserve"], "severity": ["breach"]})
    found = road_proposals(
        road_cases(axes, plans, rooms, rules),
        rooms,
        _frame(WORKS, {"work_id": [], "geometry": []}),
        timing,
        broken,
        clauses=clauses,
        prices=prices_in_force(results.as_of),
        rules=rules,
        key="length",
    )
    nothing = _frame(CORRIDOR, {name: [] for name in CORRIDOR.names})
    return results.with_tables(suggestions=suggest(axes, nothing, policy=SharingPolicy(), proposals=found.rows), **found.tables)


def violating(results: ResultSet) -> ResultSet:
    """Return a road's run whose plan breaks a clause that was read and one that was not, and a pole that breaks one that was."""
    line = results.tables["roads"].geometry.iloc[0]
    violations = {
        "violation_id": ["duct_cover_sidewalk:T1", "distance_power:T2"],
        "feature_id": ["T1", HOSTILE],
        "code": ["duct_cover_sidewalk", "distance_power"],
        "document": ["TCVN 8700:2011", "QCVN 07-3:2023/BXD"],
        "clause": ["độ sâu", "bảng 1"],
        "parameter": ["duct_cover_mm", "distance_power_m"],
        "op": ">=",
        "measured": [420.0, 0.35],
        "needed": [500.0, 0.5],
        "unit": ["mm", "m"],
        "verified": [True, False],
        "severity": ["breach", "warning"],
        "geometry": [shapely.ops.substring(line, 0.1, 0.4, normalized=True), line.interpolate(0.8, normalized=True)],
    }
    coil = {
        "asset_class": "pole",
        "owner": HOSTILE,
        "violation_id": "slack:C1",
        "feature_id": ["C1"],
        "code": "slack",
        "document": "QCVN 33:2019/BTTTT",
        "clause": "cáp dự trữ trên cột",
        "parameter": "slack_m",
        "op": "<=",
        "measured": 12.5,
        "needed": 10.0,
        "unit": "m",
        "verified": True,
        "severity": "breach",
        "geometry": [line.interpolate(0.6, normalized=True)],
    }
    return results.with_tables(violations=_frame(VIOLATIONS, violations), asset_violations=_frame(ASSET_VIOLATIONS, coil))


def _frame(table: Table, columns: Mapping[str, Any]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(table.conform(pd.DataFrame(columns)), geometry="geometry", crs=MAP_CRS)


def _assets(wards: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    points = wards.geometry.representative_point().to_numpy()
    return _frame(
        ASSETS,
        {
            "asset_id": [f"a{row}" for row in range(len(points))],
            "asset_class": "pole",
            "owner": "viettel",
            "slots_total": 4,
            "slots_used": 1,
            "geometry": points,
        },
    )


def _ward_table(wards: gpd.GeoDataFrame, version: str, source: str, random: np.random.Generator) -> pd.DataFrame:
    rows = []
    for technology, environment in (("4g", "outdoor"), ("5g", "outdoor"), ("mobile", "outdoor"), ("fibre", "premises")):
        for operator in ("any", "all", "viettel", "vnpt"):
            for ward in wards.itertuples():
                share = float(random.beta(14, 2))
                half = float(random.uniform(0.005, 0.09))
                low, high = max(share - half, 0.0), min(share + half, 1.0)
                tests = int(random.integers(0, 400))
                rows.append(
                    {
                        "ward_code": ward.ward_code,
                        "ward_name": ward.ward_name,
                        "operator": operator,
                        "technology": technology,
                        "environment": environment,
                        "period": PERIOD,
                        "tests": tests,
                        "devices": tests // 9,
                        "median_rsrp_dbm": -95.25,
                        "pass_share": share,
                        "pass_lo": low,
                        "pass_hi": high,
                        "claimed_area_share": 0.97,
                        "claimed_population_share": 0.99,
                        "population_share": share,
                        "population_lo": low,
                        "population_hi": high,
                        "verdict": "covered" if low >= 0.9 else "gap" if high < 0.9 else "insufficient",
                        "tests_needed": 0 if tests > 59 else 59 - tests,
                        "boundary_source": source,
                        "ward_version": version,
                        "evidence": "tests",
                        "population_spread": "even",
                    }
                )
    return WARD_TABLE.conform(pd.DataFrame(rows))
