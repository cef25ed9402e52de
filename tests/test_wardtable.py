"""Evidence, claims and fibre joined into the ward table."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from assess_inputs import CONFIG, claim, claims, two_wards, units

from hatang.coverage.cells import cell_of, ward_cells
from hatang.coverage.claimed import claimants
from hatang.coverage.cleaning import FLOOR_DBM
from hatang.coverage.config import AssessConfig
from hatang.coverage.evidence import judged, speaking
from hatang.coverage.fibre import fibre_shares
from hatang.coverage.statistics import clopper_pearson
from hatang.coverage.wardtable import _level_at, ward_table
from hatang.data.contracts import FIXED, MAP_CRS, ParameterError

NO_CLAIMS = gpd.GeoDataFrame({"operator": [], "technology": [], "environment": []}, geometry=[], crs=MAP_CRS)
NO_FIXED = FIXED.conform(pd.DataFrame(columns=FIXED.names))


def spoken(*parts: pd.DataFrame) -> pd.DataFrame:
    joined = pd.concat(parts, ignore_index=True)
    return speaking(judged(joined.assign(cell=cell_of(joined["lon"], joined["lat"])), config=CONFIG), config=CONFIG)


def table(evidence: pd.DataFrame, filed: gpd.GeoDataFrame = NO_CLAIMS, fixed: pd.DataFrame = NO_FIXED) -> pd.DataFrame:
    wards = two_wards()
    found = ward_table(wards, ward_cells(wards), evidence, claimants(filed), fixed, config=CONFIG)
    return found.set_index(["ward_code", "operator", "technology"]).sort_index()


def nothing() -> pd.DataFrame:
    return spoken(units(0, count=1)).iloc[:0]


def served(ward: str, operator: str, households: int, reached: int) -> dict[str, object]:
    return {"ward_code": ward, "ward_name": "x", "operator": operator, "households": households, "households_served": reached}


def test_59_passes_are_covered_58_are_not_and_a_failing_ward_is_a_gap() -> None:
    rows = table(spoken(units(0, count=59), units(1, count=58)))
    assert rows.loc[("19753", "viettel", "4g"), "verdict"] == "covered"
    short = rows.loc[("19774", "viettel", "4g")]
    assert (short["verdict"], short["tests_needed"]) == ("insufficient", 1)
    failing = table(spoken(units(0, count=60, failures=30))).loc[("19753", "viettel", "4g")]
    assert (failing["verdict"], failing["pass_share"], failing["tests_needed"]) == ("gap", 0.5, 0)


def test_no_input_at_all_is_insufficient_and_empty() -> None:
    rows = table(nothing())
    assert len(rows) == 2 * 2 * 4
    assert set(rows["verdict"]) == {"insufficient"}
    mobile = rows.xs("4g", level="technology")
    assert set(mobile["tests_needed"]) == {59}
    assert set(mobile["tests"]) == {0}
    assert rows[["population_share", "population_lo", "claimed_area_share", "pass_share"]].isna().all().all()


def test_shares_are_weighted_by_the_area_of_cells() -> None:
    row = table(spoken(units(0, count=30), units(0, count=30, failures=30, at=(0.9, 0.9)))).loc[("19753", "viettel", "4g")]
    assert row["cells_measured"] == 2
    assert row["pass_share"] == 0.5
    assert row["area_share"] == row["population_share"]
    assert row["population_lo"] < row["population_share"] < row["population_hi"]


def test_any_takes_the_best_operator_and_all_the_worst() -> None:
    rows = table(spoken(units(0, count=60), units(0, count=60, failures=60, operator="vnpt")))
    assert rows.loc[("19753", "any", "4g"), "verdict"] == "covered"
    assert rows.loc[("19753", "any", "4g"), "tests"] == 60
    assert rows.loc[("19753", "all", "4g"), "verdict"] == "gap"


def test_mobile_is_4g_or_5g() -> None:
    rows = table(spoken(units(0, count=60, failures=60), units(0, count=60, technology="5g")))
    assert rows.loc[("19753", "viettel", "4g"), "verdict"] == "gap"
    assert rows.loc[("19753", "viettel", "mobile"), "verdict"] == "covered"


def test_derived_rows_are_never_worse_than_their_best_component() -> None:
    random = np.random.default_rng(7)
    parts = [
        units(
            0,
            count=int(n),
            failures=int(random.integers(0, n)),
            operator=operator,
            technology=technology,
            at=tuple(random.uniform(0.1, 0.9, 2)),
        )
        for operator in ("viettel", "vnpt", "mobifone")
        for technology in ("4g", "5g")
        for n in random.integers(2, 40, 5)
    ]
    rows = table(spoken(*parts)).loc["19753"]
    for name in ("population_share", "population_lo", "population_hi"):
        for operator in ("viettel", "vnpt", "mobifone"):
            for technology in ("4g", "5g"):
                assert rows.loc[(operator, "mobile"), name] >= rows.loc[(operator, technology), name]
                assert rows.loc[("any", technology), name] >= rows.loc[(operator, technology), name]
                assert rows.loc[("all", technology), name] <= rows.loc[(operator, technology), name]
            assert rows.loc[("all", "mobile"), name] <= rows.loc[(operator, "mobile"), name]
        for operator in ("any", "all"):
            for technology in ("4g", "5g"):
                assert rows.loc[(operator, "mobile"), name] >= rows.loc[(operator, technology), name]


def test_cells_tested_for_5g_alone_take_no_verdict_from_4g() -> None:
    """Any operator × 4G or 5G has more cells and a wider spread than any operator × 4G; still it is at least that."""
    tests = (
        units(0, count=30, at=(0.1, 0.1)),
        units(0, count=30, operator="vnpt", at=(0.5, 0.5)),
        units(0, count=4, failures=2, technology="5g", at=(0.9, 0.9)),
    )
    rows = table(spoken(*tests)).loc["19753"]
    assert rows.loc[("any", "4g"), "verdict"] == "covered"
    assert rows.loc[("any", "mobile"), "verdict"] == "covered"


def test_all_is_a_gap_where_one_operator_is_though_never_tested_together() -> None:
    rows = table(spoken(units(0, count=60, at=(0.1, 0.1)), units(0, count=60, failures=60, operator="vnpt", at=(0.9, 0.9))))
    row = rows.loc[("19753", "all", "4g")]
    assert (row["verdict"], row["population_lo"], row["tests"]) == ("gap", 0.0, 0)


def test_the_order_of_rows_does_not_matter() -> None:
    evidence = spoken(units(0, count=40, failures=3), units(1, count=30, operator="vnpt"), units(0, count=20, technology="5g"))
    pd.testing.assert_frame_equal(table(evidence), table(evidence.sample(frac=1, random_state=3)))


def test_claimed_shares_by_hand() -> None:
    filed = claims(claim(0, 0.75), claim(0.25, 1, operator="vnpt"), claim(0, 0.25, technology="5g"))
    rows = table(nothing(), filed)
    share = rows["claimed_area_share"].astype(float)
    assert share[("19753", "viettel", "4g")] == pytest.approx(1.0, abs=1e-6)
    assert share[("19774", "viettel", "4g")] == pytest.approx(0.5, abs=1e-4)
    assert share[("19753", "vnpt", "4g")] == pytest.approx(0.5, abs=1e-4)
    assert share[("19753", "all", "4g")] == pytest.approx(0.5, abs=1e-4)
    assert share[("19774", "any", "4g")] == pytest.approx(1.0, abs=1e-6)
    assert share[("19774", "viettel", "5g")] == 0.0
    assert share[("19753", "viettel", "mobile")] == pytest.approx(1.0, abs=1e-6)
    assert np.isnan(table(nothing())["claimed_area_share"].astype(float)).all()


def test_fibre_bounds_by_hand() -> None:
    # Two providers reach 60 and 70 of 100 households: any between 70 and 100, all between 30 and 60.
    fixed = FIXED.conform(pd.DataFrame([served("19753", "vnpt", 100, 60), served("19753", "viettel", 100, 70)]))
    shares = fibre_shares(fixed, config=CONFIG).set_index("operator")
    low, high = clopper_pearson([60, 70, 30], [100, 100, 100])
    assert shares.loc["vnpt", ["population_share", "population_lo", "population_hi"]].tolist() == pytest.approx([0.6, low[0], high[0]])
    assert shares.loc["any", ["population_share", "population_lo", "population_hi"]].tolist() == pytest.approx([0.7, low[1], 1.0])
    assert shares.loc["all", ["population_share", "population_lo", "population_hi"]].tolist() == pytest.approx([0.6, low[2], high[0]])


def test_fibre_verdicts() -> None:
    fixed = FIXED.conform(pd.DataFrame([served("19753", "vnpt", 500, 500), served("19774", "vnpt", 500, 200)]))
    rows = table(nothing(), fixed=fixed)
    assert rows.loc[("19753", "any", "fibre"), "verdict"] == "covered"
    assert rows.loc[("19774", "vnpt", "fibre"), "verdict"] == "gap"
    assert rows.loc[("19753", "vnpt", "fibre"), "evidence"] == "declared"
    empty = FIXED.conform(pd.DataFrame([served("19753", "vnpt", 0, 0)]))
    assert table(nothing(), fixed=empty).loc[("19753", "vnpt", "fibre"), "verdict"] == "insufficient"


def test_served_areas_of_fibre_are_declarations_where_no_counts_are_filed() -> None:
    # The first ward lies from 0 to 0.5, the second from 0.5 to 1: FPT serves all of the first and half of the second.
    area = {**claim(0, 0.75, operator="fpt", technology="fibre"), "environment": "premises"}
    columns = ["population_share", "population_lo", "population_hi"]
    rows = table(nothing(), claims(area))
    assert rows.loc[("19753", "fpt", "fibre"), ["verdict", "evidence"]].tolist() == ["covered", "declared"]
    assert rows.loc[("19774", "fpt", "fibre"), columns].tolist() == pytest.approx([0.5] * 3, abs=1e-4)
    assert rows.loc[("19774", "any", "fibre"), "verdict"] == "gap"
    # VNPT counts 60 of 100 homes in the second ward: together they reach 60 % to 100 %, both at most 50 %.
    fixed = FIXED.conform(pd.DataFrame([served("19774", "vnpt", 100, 60)]))
    low, high = (float(bound) for bound in clopper_pearson(60, 100))
    joint = table(nothing(), claims(area), fixed)
    assert joint.loc[("19774", "fpt", "fibre"), columns].tolist() == pytest.approx([0.5] * 3, abs=1e-4)
    assert joint.loc[("19774", "vnpt", "fibre"), "population_share"] == 0.6
    assert joint.loc[("19774", "any", "fibre"), columns].tolist() == pytest.approx([0.6, max(0.5, low), 1.0], abs=1e-4)
    assert joint.loc[("19774", "all", "fibre"), columns].tolist() == pytest.approx([0.5, low - 0.5, min(0.5, high)], abs=1e-4)


def test_invalid_claims_still_have_an_area() -> None:
    bow = claim(0, 1)
    box = shapely.get_coordinates(bow["geometry"])
    bow["geometry"] = shapely.Polygon(box[[0, 2, 1, 3]])
    assert 0 < float(table(nothing(), claims(bow)).loc[("19753", "viettel", "4g"), "claimed_area_share"]) < 1


def test_thresholds_outside_their_range_are_named() -> None:
    with pytest.raises(ParameterError, match=r"error\.assess\.share"):
        AssessConfig("2026Q3", "v", target_share=1.5)
    with pytest.raises(ParameterError, match=r"error\.assess\.level"):
        AssessConfig("2026Q3", "v", level_4g_dbm=-10)


@pytest.mark.parametrize(
    ("levels", "median", "tenth"),
    [
        ([-90.0, -100.0, -110.0], -100.0, -108.0),
        ([FLOOR_DBM, -100.0, -90.0], -100.0, np.nan),
        ([FLOOR_DBM, FLOOR_DBM, -90.0, -80.0], np.nan, np.nan),
        ([FLOOR_DBM], np.nan, np.nan),
        ([], np.nan, np.nan),
    ],
)
def test_a_quantile_that_rests_on_silence_is_no_level(levels: list[float], median: float, tenth: float) -> None:
    """By hand; numpy's linear rule for the levels themselves: −110 + 0.2 · 10 = −108."""
    for share, expected in ((0.5, median), (0.1, tenth)):
        assert _level_at(pd.Series(levels, dtype=float), share) == pytest.approx(expected, nan_ok=True)


def test_units_without_service_fail_and_stand_in_no_level() -> None:
    silent = units(0, count=30).assign(rsrp_dbm=FLOOR_DBM)
    rows = table(spoken(silent, units(0, count=10, at=(0.9, 0.9))))
    row = rows.loc[("19753", "viettel", "4g")]
    assert row["tests"] == 40
    assert row["pass_share"] == 0.25
    assert np.isnan(row["median_rsrp_dbm"])
