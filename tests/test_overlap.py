"""Overlap of plans and works: by hand on lines of Huế's grid, what confidential mode gives away, four real firms in Kenya."""

import datetime as dt

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.__main__ import SMALL
from benchmarks.overlap import drawn_plans
from hatang.data.contracts import HUE_CRS, MAP_CRS, MEETINGS, OVERLAPS, PLANS, ParameterError
from hatang.sharing.overlap import OverlapPolicy, overlaps, told_to

X, Y = 561_000.0, 1_821_000.0


def line(*points: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString([(X + x, Y + y) for x, y in points])


def plan(
    name: str, firm: str | None, shape: shapely.Geometry, start: str | None = "2027-01-01", stop: str | None = "2027-06-30"
) -> dict[str, object]:
    return {"plan_id": name, "operator": firm, "earliest": start, "latest": stop, "cost_vnd": 1e9, "geometry": shape}


def plans(*rows: dict[str, object]) -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame(list(rows), geometry="geometry", crs=HUE_CRS)
    return frame.assign(earliest=pd.to_datetime(frame["earliest"]), latest=pd.to_datetime(frame["latest"]))


def work(name: str, shape: shapely.Geometry, start: str = "2027-03-01", stop: str = "2027-09-30") -> gpd.GeoDataFrame:
    row = {"work_id": [name], "promoter": ["Ban QLDA"], "start": pd.to_datetime([start]), "end": pd.to_datetime([stop])}
    return gpd.GeoDataFrame(row, geometry=[shape], crs=HUE_CRS)


A = plan("A", "viettel", line((0, 0), (200, 0)))
B = plan("B", "vnpt", line((100, 5), (500, 5)), "2027-06-30", "2027-12-31")


def test_parallel_counts_and_a_crossing_does_not() -> None:
    found = overlaps(plans(A, B, plan("C", "fpt", line((150, -200), (150, 200)))))
    assert found[["left_id", "right_id", "left_owner", "right_owner", "time"]].to_numpy().tolist() == [
        ["A", "B", "viettel", "vnpt", "meets"]
    ]
    row = found.iloc[0]
    assert row["overlap_m"] == pytest.approx(100)
    assert row["overlap_share"] == pytest.approx(0.5)
    assert (row["window_from"].date(), row["window_to"].date()) == (dt.date(2027, 6, 30), dt.date(2027, 6, 30))
    assert list(found) == OVERLAPS.names


@pytest.mark.parametrize(("offset", "length", "pairs"), [(8.0, 50.0, 1), (8.001, 50.0, 0), (8.0, 49.9, 0)])
def test_limits_are_included(offset: float, length: float, pairs: int) -> None:
    assert (
        len(overlaps(plans(plan("A", "viettel", line((0, 0), (300, 0))), plan("B", "vnpt", line((0, offset), (length, offset)))))) == pairs
    )


@pytest.mark.parametrize(
    ("ours", "theirs", "time"),
    [
        (("2027-01-01", "2027-02-01"), ("2027-02-02", "2027-03-01"), "apart"),
        (("2027-01-01", None), ("2027-02-02", "2027-03-01"), "unknown"),
        ((None, "2027-01-01"), ("2027-02-02", None), "apart"),
        (("2027-03-01", "2027-01-01"), ("2027-02-02", "2027-03-01"), "unknown"),  # dates reversed
        ((None, None), (None, None), "unknown"),
    ],
)
def test_a_window_that_is_not_known_does_not_meet(ours: tuple[str, str], theirs: tuple[str, str], time: str) -> None:
    found = overlaps(plans(plan("A", "viettel", A["geometry"], *ours), plan("B", "vnpt", B["geometry"], *theirs)))
    assert found["time"].tolist() == [time]
    assert found["group"].isna().all()
    assert found["window_from"].isna().all()


def test_own_plans_are_no_news_and_an_unknown_owner_may_be_anyone() -> None:
    assert overlaps(plans(A, {**B, "operator": "viettel"})).empty
    assert len(overlaps(plans({**A, "operator": None}, {**B, "operator": None}))) == 1


def test_groups_are_those_who_meet_however_indirectly() -> None:
    far = [plan("E", "cmc", line((0, 900), (200, 900))), plan("F", "vnpt", line((0, 903), (200, 903)))]
    late = plan("D", "fpt", line((300, 0), (500, 0)), "2029-01-01", "2029-02-01")
    found = overlaps(plans(A, B, late, *far), work("W", line((400, 0), (900, 0))))
    groups = {(row.left_id, row.right_id): row.group for row in found.itertuples()}
    assert {pair for pair, group in groups.items() if group is pd.NA} == {("B", "D"), ("D", "W")}
    assert groups[("A", "B")] == groups[("B", "W")] == 1
    assert groups[("E", "F")] == 2


def test_works_may_be_areas() -> None:
    found = overlaps(plans(A), work("W", shapely.box(X + 20, Y - 5, X + 90, Y + 5)))
    assert found[["left_kind", "right_kind", "overlap_m"]].to_numpy().tolist() == [["plan", "work", 70.0]]
    assert overlaps(plans(A), work("W", shapely.box(X + 20, Y - 5, X + 60, Y + 5))).empty
    second = work("V", shapely.box(X + 80, Y - 5, X + 150, Y + 5)).assign(promoter="Cấp nước")
    both = gpd.GeoDataFrame(pd.concat([work("W", shapely.box(X + 20, Y - 5, X + 90, Y + 5)), second]), crs=HUE_CRS)
    areas = overlaps(plans(A), both)
    assert areas[areas["left_kind"] == "work"]["overlap_m"].isna().tolist() == [True]


def test_a_plan_and_a_work_may_bear_one_id() -> None:
    found = overlaps(plans(A), work("A", line((0, 2), (200, 2))))
    assert len(found) == 1
    assert len(told_to("viettel", plans(A), work("A", line((0, 2), (200, 2))), found, secret=b"k")) == 1


def test_nothing_meets_in_empty_tables() -> None:
    assert list(overlaps(plans(A))) == OVERLAPS.names
    nobody = gpd.GeoDataFrame(PLANS.conform(pd.DataFrame(columns=PLANS.names)), geometry="geometry", crs=MAP_CRS)
    assert overlaps(nobody).empty


def told(owner: str, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return told_to(owner, frame, None, overlaps(frame), secret=b"key of the authority")


def test_both_are_told_one_meeting_each_along_its_own_line() -> None:
    frame = plans(A, B)
    ours, theirs = told("viettel", frame), told("vnpt", frame)
    assert list(ours) == MEETINGS.names
    assert ours["meeting_id"].tolist() == theirs["meeting_id"].tolist()
    assert ours[["own_id", "from_m", "to_m"]].to_numpy().tolist() == [["A", 90, 200]]  # 8 m round the end of B: 93.8 m, outwards to tens
    assert theirs[["own_id", "from_m", "to_m"]].to_numpy().tolist() == [["B", 0, 110]]
    stretch = ours.to_crs(HUE_CRS).geometry.iloc[0]
    assert stretch.distance(shapely.Point(X + 90, Y)) < 0.01
    assert stretch.length == pytest.approx(110, abs=0.01)
    assert told("fpt", frame).empty


@settings(deadline=None, max_examples=20)
@given(st.floats(-400, 400), st.floats(200, 2000), st.integers(0, 300), st.floats(0, 1e12))
def test_what_a_firm_is_told_does_not_change_with_what_it_must_not_know(turn: float, on: float, days: int, cost: float) -> None:
    """The other's line beyond the stretch, its terminals, cost and window beyond the common one are moved: the notice stays as it is."""
    latest = str((pd.Timestamp("2027-12-31") + pd.Timedelta(days=days)).date())
    moved = {**B, "latest": latest, "cost_vnd": cost, "geometry": line((100, 5), (300, 5), (300 + on, 5 + turn))}
    kept, changed = told("viettel", plans(A, B)), told("viettel", plans(A, moved))
    pd.testing.assert_frame_equal(pd.DataFrame(kept), pd.DataFrame(changed))


def test_a_crossing_within_a_meeting_pair_is_no_stretch_of_its_own() -> None:
    ring = plan("B", "vnpt", line((0, 4), (100, 4), (100, 300), (400, 300), (400, -200)))
    long = plan("A", "viettel", line((0, 0), (600, 0)))
    assert told("viettel", plans(long, ring))[["from_m", "to_m"]].to_numpy().tolist() == [[0, 110]]


def test_settings_out_of_range_are_refused() -> None:
    for wrong in ({"offset_m": 0.0}, {"max_angle_deg": -1.0}, {"min_overlap_m": -1.0}, {"gap_m": -1.0}):
        with pytest.raises(ParameterError):
            OverlapPolicy(**wrong)
    with pytest.raises(ParameterError):
        told_to("viettel", plans(A, B), None, overlaps(plans(A, B)), secret=b"")


def test_the_answer_is_that_of_a_tree_and_of_any_number_of_threads() -> None:
    assert all(bench.holds is not False for bench in SMALL["overlap"]())
    drawn = drawn_plans(400, seed=1)
    pd.testing.assert_frame_equal(overlaps(drawn), overlaps(drawn, threads=3))
