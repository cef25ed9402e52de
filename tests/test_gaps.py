"""Contradicted cells, gaps as polygons, and the scorecard."""

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from assess_inputs import CONFIG, SIDE_M, SOUTH, WEST, claim, claims, two_wards, units

from hatang.coverage.cells import cell_of, ward_cells
from hatang.coverage.claimed import claimants
from hatang.coverage.contradiction import cell_counts
from hatang.coverage.dryland import dry_areas, dry_wards
from hatang.coverage.evidence import judged, speaking
from hatang.coverage.gaps import find_gaps
from hatang.coverage.scorecard import scorecard
from hatang.coverage.wardtable import ward_table
from hatang.data.contracts import ASSETS, FIXED, HUE_CRS, MAP_CRS, SITES
from hatang.data.facts import declarations

AS_OF = dt.date(2026, 9, 30)


def evidence_at(*parts: pd.DataFrame) -> pd.DataFrame:
    joined = pd.concat(parts, ignore_index=True)
    return judged(joined.assign(cell=cell_of(joined["lon"], joined["lat"])), config=CONFIG)


def sites(*places: tuple[str, float, float]) -> gpd.GeoDataFrame:
    points = [shapely.Point(WEST + x * SIDE_M, SOUTH + y * SIDE_M) for _, x, y in places]
    frame = gpd.GeoDataFrame({"site_id": [name for name, _, _ in places], "operator": "vnpt"}, geometry=points, crs=HUE_CRS).to_crs(MAP_CRS)
    return gpd.GeoDataFrame(SITES.conform(frame), geometry="geometry", crs=MAP_CRS)


def gaps_of(filed: gpd.GeoDataFrame, evidence: pd.DataFrame, known: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    polygons = claimants(filed)
    own = polygons[~polygons["operator"].isin(["any", "all"]) & (polygons["technology"] != "mobile")]
    return find_gaps(two_wards(), polygons, cell_counts(evidence, own, config=CONFIG), known, config=CONFIG, as_of=AS_OF)[0]


@pytest.mark.parametrize(
    ("tests", "failures", "contradicted"),
    # Lower bound of failures > 5 %: 20 tests need 4 failures at the two-sided 90 % bound (0.0714); 3 of 20 give 0.0422 (scipy.stats.beta).
    [(20, 4, True), (20, 3, False), (4, 4, False), (5, 5, True)],
)
def test_contradiction_by_counts(tests: int, failures: int, contradicted: bool) -> None:
    polygons = claimants(claims(claim(0, 1)))
    counts = cell_counts(evidence_at(units(0, count=tests, failures=failures)), polygons[polygons["operator"] == "viettel"], config=CONFIG)
    assert counts.loc[counts["technology"] == "4g", "contradicted"].tolist() == [contradicted]


def test_one_device_contradicts_nobody() -> None:
    polygons = claimants(claims(claim(0, 1)))
    evidence = evidence_at(units(0, count=20, failures=20).assign(device_id="one"))
    assert not cell_counts(evidence, polygons, config=CONFIG)["contradicted"].any()


def test_tests_outside_the_claim_do_not_count() -> None:
    polygons = claimants(claims(claim(0.5, 1)))
    assert len(cell_counts(evidence_at(units(0, count=20, failures=20)), polygons, config=CONFIG)) == 0


def test_what_no_operator_claims_is_a_gap_with_its_people() -> None:
    gaps = gaps_of(claims(claim(0, 0.75), claim(0, 0.5, operator="vnpt")), evidence_at(units(0, count=1)), sites(("S1", 0, 0)))
    unclaimed = gaps[(gaps["gap_kind"] == "unclaimed") & (gaps["technology"] == "4g")]
    assert unclaimed["ward_code"].tolist() == ["19774"]
    row = unclaimed.iloc[0]
    assert row["area_m2"] == pytest.approx(8e6, rel=1e-3)
    assert row["population"] == pytest.approx(1500, rel=1e-3)
    assert (row["operator"], row["claims"], row["population_spread"]) == ("any", 2, "even")
    assert (row["nearest_site_id"], row["nearest_site_operator"]) == ("S1", "vnpt")
    assert row["nearest_site_m"] == pytest.approx(1.5 * SIDE_M, rel=1e-3)


@pytest.mark.parametrize(("width_m", "gaps", "left_out"), [(60.0, 1, [0, 0]), (40.0, 0, [0, 1]), (1.0, 0, [1, 0])])
def test_a_sliver_is_no_gap_and_is_counted(width_m: float, gaps: int, left_out: list[int]) -> None:
    # A strip along the border, 4 km long: 24 ha of 60 m, 16 ha of 40 m, 0.4 ha of 1 m; the rules are 1 ha and 50 m.
    polygons = claimants(claims(claim(0, 1 - width_m / (2 * SIDE_M))))
    counts = cell_counts(evidence_at(units(0, count=1)), polygons, config=CONFIG)
    found, out = find_gaps(two_wards(), polygons[polygons["technology"] == "4g"], counts, sites(), config=CONFIG, as_of=AS_OF)
    assert len(found) == gaps
    assert out.set_index("reason")["parts"].tolist() == left_out
    assert out["area_m2"].sum() == pytest.approx(0 if gaps else width_m * SIDE_M, rel=1e-2)


def test_contradicted_cells_become_a_gap_inside_claim_and_ward() -> None:
    evidence = evidence_at(units(0, count=20, failures=10))
    gaps = gaps_of(claims(claim(0, 1)), evidence, sites())
    (row,) = gaps[gaps["gap_kind"] == "contradicted"].itertuples()
    assert (row.operator, row.tests, row.failures, row.devices) == ("viettel", 20, 10, 20)
    assert row.failure_lo > 0.05
    assert two_wards().geometry.iloc[0].buffer(1e-6).contains(row.geometry)
    assert pd.isna(row.nearest_site_id)


def test_no_claims_are_no_gaps() -> None:
    empty = gpd.GeoDataFrame({"operator": [], "technology": [], "environment": []}, geometry=[], crs=MAP_CRS)
    gaps = gaps_of(empty, evidence_at(units(0, count=20, failures=20)), sites())
    assert len(gaps) == 0
    assert gaps.crs == MAP_CRS


def test_gaps_are_ranked_valid_and_named_alike_every_time() -> None:
    filed = claims(claim(0.1, 0.9), claim(0.3, 0.6, technology="5g"))
    evidence = evidence_at(units(1, count=30, failures=20, at=(0.3, 0.3)))
    first, second = (gaps_of(filed, evidence.sample(frac=1, random_state=seed), sites(("b", 1, 1), ("a", 1, 1))) for seed in (1, 2))
    pd.testing.assert_frame_equal(pd.DataFrame(first), pd.DataFrame(second))
    assert first["rank"].tolist() == list(range(1, len(first) + 1))
    assert first["population"].is_monotonic_decreasing
    assert first.is_valid.all()
    assert first["gap_id"].str.fullmatch("[0-9A-Z]{26}").all()
    assert (first["nearest_site_id"] == "a").sum() >= (first["nearest_site_id"] == "b").sum()


def score(evidence: pd.DataFrame, fixed: list[dict[str, object]], assets: list[dict[str, object]], tenants: list[int]) -> pd.DataFrame:
    wards = two_wards()
    counts = FIXED.conform(pd.DataFrame(fixed, columns=FIXED.names))
    empty = gpd.GeoDataFrame({"operator": [], "technology": [], "environment": []}, geometry=[], crs=MAP_CRS)
    table = ward_table(wards, ward_cells(wards), speaking(evidence, config=CONFIG), claimants(empty), counts, config=CONFIG)
    known = sites(*((f"s{n}", 0.1, 0.1) for n in range(len(tenants)))).assign(tenants=pd.array(tenants, dtype="Int64"))
    register = ASSETS.conform(pd.DataFrame(assets, columns=ASSETS.names).assign(geometry=shapely.Point(107.5, 16.4)))
    return scorecard(table, evidence, counts, known, register, declarations(), config=CONFIG).set_index("indicator")


def test_the_scorecard_counts_wards_and_keeps_the_undecided_apart() -> None:
    card = score(evidence_at(units(0, count=60), units(1, count=10)), [], [], [])
    row = card.loc["wards_4g"]
    assert (row["value"], row["lo"], row["hi"], row["numerator"], row["denominator"]) == (0.5, 0.5, 1.0, 1, 2)
    assert row["assessment"] == "insufficient"
    assert score(evidence_at(units(0, count=60), units(1, count=60)), [], [], []).loc["wards_4g", "assessment"] == "met"
    assert score(evidence_at(units(0, count=60, failures=60)), [], [], []).loc["wards_4g", "assessment"] == "not_met"


def test_declared_figures_stand_beside_ours() -> None:
    assets = [
        {"asset_id": "p1", "asset_class": "pole", "owner": "vnpt", "slots_total": 4, "slots_used": 3},
        {"asset_id": "p2", "asset_class": "pole", "owner": "vnpt", "slots_total": 4, "slots_used": 1},
        {"asset_id": "p3", "asset_class": "pole", "owner": "vnpt"},
    ]
    card = score(evidence_at(units(0, count=1)), [], assets, [1, 2, 2, 3])
    assert (card.loc["shared_bts_share", "value"], card.loc["shared_bts_share", "declared"]) == (0.75, 0.13)
    assert card.loc["shared_bts_share", "difference"] == pytest.approx(0.62)
    assert (card.loc["shared_poles_share", "numerator"], card.loc["shared_poles_share", "denominator"]) == (1, 2)
    assert np.isnan(card.loc["shared_ducts_share", "value"])
    assert card.loc["broadband_users_share", "assessment"] == "not_computed"


def test_households_connected_by_fibre() -> None:
    fixed = [
        {
            "ward_code": "19753",
            "ward_name": "x",
            "operator": "vnpt",
            "households": 100,
            "households_served": 90,
            "households_connected": 50,
        },
        {"ward_code": "19753", "ward_name": "x", "operator": "fpt", "households": 100, "households_served": 80, "households_connected": 30},
    ]
    row = score(evidence_at(units(0, count=1)), fixed, [], []).loc["fibre_households_share"]
    assert (row["value"], row["numerator"], row["denominator"]) == (0.8, 80, 100)


def test_nobody_lives_on_water() -> None:
    """The west quarter of ward 1 is a lake, a claim covers its west half: 1 of 3 dry quarters is claimed, 2 are a gap."""
    lake = gpd.GeoDataFrame(
        {"water_id": ["W1"]}, geometry=[shapely.box(WEST - 100, SOUTH - 100, WEST + SIDE_M / 4, SOUTH + SIDE_M + 100)], crs=HUE_CRS
    )
    polygons = claimants(claims(claim(0, 0.25)))
    wards, nothing = two_wards(), evidence_at(units(0, count=0))
    counts = cell_counts(nothing, polygons[polygons["operator"] == "viettel"], config=CONFIG)
    found, _ = find_gaps(wards, polygons, counts, sites(), config=CONFIG, as_of=AS_OF, water=lake.to_crs(MAP_CRS))
    mine = found[found["technology"] == "4g"].set_index("ward_code")
    assert mine["population"].to_dict() == {"19753": pytest.approx(1000 * 2 / 3, rel=1e-3), "19774": pytest.approx(3000, rel=1e-3)}
    assert set(mine["population_spread"]) == {"even"}
    spoken = speaking(nothing, config=CONFIG)
    table = ward_table(
        wards, ward_cells(wards), spoken, polygons, FIXED.conform(pd.DataFrame(columns=FIXED.names)), config=CONFIG, water=lake
    )
    row = table.set_index(["ward_code", "operator", "technology"]).loc[("19753", "viettel", "4g")]
    assert row["claimed_population_share"] == pytest.approx(1 / 3, rel=1e-3)
    assert row["claimed_area_share"] == pytest.approx(1 / 2, rel=1e-3)


def test_a_ward_that_is_all_water_keeps_its_people() -> None:
    sea = gpd.GeoDataFrame({"water_id": ["W1"]}, geometry=[two_wards().to_crs(HUE_CRS).union_all().buffer(10)], crs=HUE_CRS)
    assert dry_wards(two_wards(), sea).area.tolist() == pytest.approx([16e6, 16e6], rel=1e-6)


def test_people_of_cells_are_counted_on_dry_land() -> None:
    wards = two_wards()
    cells = ward_cells(wards)
    half = gpd.GeoDataFrame({"water_id": ["W1"]}, geometry=[shapely.box(WEST, SOUTH, WEST + SIDE_M / 2, SOUTH + SIDE_M)], crs=HUE_CRS)
    dry = pd.Series(dry_areas(wards, half, cells)).groupby(cells["ward_code"].to_numpy()).sum()
    whole = cells.groupby("ward_code")["area_m2"].sum()
    assert (dry / whole).tolist() == pytest.approx([0.5, 1.0], rel=1e-3)
