"""The synthetic city and the demo on it: seeded, plausible, labelled, and the same every time."""

import dataclasses
import datetime as dt
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from hatang.data.clauses import clauses_in_force
from hatang.data.contracts import CONSTRAINTS, HUE_CRS, PLANS, WORKS, Kind
from hatang.data.facts import ward_facts
from hatang.data.results import table_hash
from hatang.data.rules import rules_in_force
from hatang.data.settings import Settings
from hatang.data.store import Store
from hatang.data.synthetic_assets import plans_along, synthetic_assets, synthetic_fixed, synthetic_plans, synthetic_works, works_along
from hatang.data.synthetic_city import City, CityPlan, synthetic_city
from hatang.data.synthetic_files import demo_road
from hatang.data.synthetic_planning import synthetic_constraints, synthetic_undergrounding
from hatang.data.synthetic_radio import LEVEL_DBM, synthetic_radio
from hatang.data.wards import load_boundaries
from hatang.pipeline.demo import DemoOutcome, held_truth
from hatang.pipeline.inputs import gather
from hatang.pipeline.progress import Quiet
from hatang.pipeline.roadproposals import road_cases, road_proposals
from hatang.pipeline.roadtiming import road_timing
from hatang.pipeline.undergrounding import share_underground

SMALL = CityPlan(buildings=2_000, sites=200, devices=60, readings=8, streets_a_ward=2, works=6)


@pytest.fixture(scope="module")
def city(approximate_map: Path) -> City:
    boundaries = load_boundaries(Settings(home=approximate_map.parent, offline=True, boundaries=None))
    return synthetic_city(boundaries.frame, ward_facts(), plan=SMALL)


def test_the_full_plan_is_as_large_as_promised(approximate_map: Path) -> None:
    plan = CityPlan()
    boundaries = load_boundaries(Settings(home=approximate_map.parent, offline=True, boundaries=None))
    full = synthetic_city(boundaries.frame, ward_facts(), plan=plan)
    radio = synthetic_radio(full, plan=plan)
    assert len(full.buildings) >= 100_000
    assert len(radio.sites) >= 1_500
    assert len(radio.tests) >= 300_000
    assert len(synthetic_assets(full, plan=plan)) >= 20_000
    assert len(synthetic_works(full, plan=plan)) >= 40
    assert radio.tests["operator"].nunique() == 4
    assert set(radio.claims["technology"]) == {"4g", "5g"}
    assert synthetic_fixed(full, plan=plan)["Doanh nghiệp"].nunique() == 3


def test_the_road_that_the_demo_asks_about_has_plans_that_meet_and_works_to_join(city: City) -> None:
    road = shapely.LineString(shapely.get_coordinates(demo_road(city).geometry.iloc[0]))
    plans, works = plans_along(road), works_along(road)
    assert not set(plans["plan_id"]) & set(synthetic_plans(city, plan=SMALL)["plan_id"])
    assert not set(works["work_id"]) & set(synthetic_works(city, plan=SMALL)["work_id"])
    axes = gpd.GeoDataFrame({"road_id": ["R1"], "road_name": ["Phố"]}, geometry=[road], crs=HUE_CRS)
    for column in ("earliest", "latest", "start", "end", "join_deadline"):
        for frame in (plans, works):
            if column in frame:
                frame[column] = pd.to_datetime(frame[column])
    day = dt.date(2026, 9, 30)
    plans, works = (gpd.GeoDataFrame(table.conform(frame), crs=HUE_CRS) for table, frame in ((PLANS, plans), (WORKS, works)))
    rules = rules_in_force(day)
    found = road_proposals(
        road_cases(axes, plans, {}, rules),
        {},
        works,
        road_timing(axes, plans, works, as_of=day)["timing"],
        pd.DataFrame({"feature_id": [], "code": [], "severity": []}),
        clauses=clauses_in_force(day),
        prices={},
        rules=rules,
        key="length",
    )
    assert sorted(row["kind"] for row in found.rows) == ["join_works", "join_works", "joint_trench", "new_shared_set", "wait"]


def test_logs_are_as_dirty_as_real_ones(city: City) -> None:
    tests = synthetic_radio(city, plan=SMALL).tests
    signal = ["device_id", "rsrp_dbm", "rsrq_db", "sinr_db"]
    repeated = (tests[signal].fillna(0) == tests[signal].fillna(0).shift()).all(axis=1)
    assert 0.45 < repeated.mean() < 0.8
    assert (tests["rsrp_dbm"] == -200).any()
    assert tests["no_service"].any()


def test_claims_are_better_than_the_truth(city: City) -> None:
    radio = synthetic_radio(city, plan=SMALL)
    truth = radio.truth.merge(pd.DataFrame({"ward_code": city.wards["ward_code"], "area": city.wards.area}), on="ward_code")
    covered = (truth["true_share"] * truth["area"]).groupby([truth["operator"], truth["technology"]]).sum()
    claimed = radio.claims.set_index(["operator", "technology"]).area
    assert (claimed > covered.reindex(claimed.index)).mean() > 0.7
    assert LEVEL_DBM == -110


def test_one_seed_gives_one_city_and_another_a_different_one(city: City) -> None:
    first, second = (synthetic_radio(city, plan=SMALL).tests for _ in range(2))
    assert table_hash(first) == table_hash(second)
    other = synthetic_city(city.wards, ward_facts(), plan=dataclasses.replace(SMALL, seed=7))
    assert table_hash(other.villages) != table_hash(city.villages)


def test_everything_is_named_as_simulated(city: City) -> None:
    assert city.villages["village_name"].str.contains("mô phỏng").all()
    assert city.roads["road_name"].str.contains("mô phỏng").all()
    assert synthetic_assets(city, plan=SMALL)["owner"].str.contains("mô phỏng").all()
    assert synthetic_works(city, plan=SMALL)["work_name"].str.contains("mô phỏng").all()
    assert synthetic_constraints(city, plan=SMALL)["Tên vùng"].str.contains("mô phỏng").all()
    assert synthetic_undergrounding(city, plan=SMALL)["Tên tuyến đường"].str.contains("mô phỏng").all()


def test_zones_and_programme_are_seeded_and_hold_every_case(city: City) -> None:
    zones, streets = synthetic_constraints(city, plan=SMALL), synthetic_undergrounding(city, plan=SMALL)
    assert table_hash(zones) == table_hash(synthetic_constraints(city, plan=SMALL))
    assert table_hash(streets) == table_hash(synthetic_undergrounding(city, plan=SMALL))
    assert zones["Loại ràng buộc"].nunique() == len(CONSTRAINTS["constraint_kind"].values)
    assert zones.geometry.is_valid.all()
    assert zones["Văn bản"].isna().any()
    assert set(streets["Hình thức"]) == {"ngầm hóa", "chỉnh trang"}
    assert 0 < streets["Chiều dài cáp không sử dụng"].isna().sum() < len(streets)


def test_the_demo_goes_through_the_whole_store(small_demo: DemoOutcome) -> None:
    with Store.open(small_demo.settings) as store:
        entries = store.datasets()
        inputs = gather(store, "2026Q3")
    assert {str(entry.kind) for entry in entries} >= {
        "measurements",
        "claims",
        "sites",
        "fixed",
        "assets",
        "works",
        "buildings",
        "villages",
        "places",
        "constraints",
        "undergrounding",
    }
    assert all(entry.synthetic for entry in entries)
    assert all("mô phỏng" in str(entry.source) for entry in entries)
    refused = {entry.file_name: entry.rows_refused for entry in entries if entry.kind is not Kind.MEASUREMENTS}
    assert set(refused.values()) == {0}, refused
    assert inputs.synthetic


def test_the_demo_s_zones_and_programme_come_to_something(small_demo: DemoOutcome) -> None:
    tables = small_demo.results.tables
    assert len(tables["mast_fit"])
    assert "no_layer" not in {*tables["plan_fit"]["reason"], *tables["mast_fit"]["reason"]}
    found = share_underground(small_demo.settings, period="2026Q3", as_of=small_demo.results.as_of, progress=Quiet())
    streets = found.tables["underground_streets"]
    assert (found.synthetic, len(streets), len(found.tables["underground_notes"])) == (True, 10, 0)
    fit = found.tables["underground_fit"]
    assert fit.loc[fit["fit"] == "does_not_fit", "constraint_kind"].unique().tolist() == ["moratorium"]
    assert {"not_needed", "at_least"} <= set(streets["ways_basis"])
    assert found.tables["ward_table"].equals(tables["ward_table"])


def test_the_demo_shows_three_verdicts_gaps_and_suggestions(small_demo: DemoOutcome) -> None:
    tables = small_demo.results.tables
    assert set(tables["ward_table"]["verdict"]) == {"covered", "gap", "insufficient"}
    assert len(tables["gaps"]) > 0
    assert len(tables["suggestions"]) > 0
    assert small_demo.results.synthetic
    assert 0 < small_demo.held <= small_demo.judged


def test_the_truth_is_counted_by_hand() -> None:
    table = pd.DataFrame(
        {
            "ward_code": ["1", "2", "3", "1"],
            "operator": ["a", "a", "a", "any"],
            "technology": "4g",
            "area_lo": [0.1, 0.5, None, 0.0],
            "area_hi": [0.3, 0.9, None, 1.0],
        }
    )
    truth = pd.DataFrame({"ward_code": ["1", "2", "3"], "operator": "a", "technology": "4g", "true_share": [0.2, 0.2, 0.2]})
    assert held_truth(table, truth) == (1, 2)
