"""Timing along a road: which plans and works run along it, what each is told, and the calendar that is written."""

import datetime as dt

import geopandas as gpd
import pandas as pd
import shapely

from hatang.data.contracts import HUE_CRS, PLANS, WORKS
from hatang.pipeline.roadtiming import road_timing

X, Y = 561_000.0, 1_821_000.0
DAY = dt.date(2026, 11, 24)


def line(*points: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString([(X + x, Y + y) for x, y in points])


AXES = gpd.GeoDataFrame({"road_id": ["R1"]}, geometry=[line((0, 0), (400, 0))], crs=HUE_CRS)
ALONG = line((0, 10), (300, 10))
ACROSS = line((100, -200), (100, 200))


def layer(table: object, *rows: dict[str, object]) -> gpd.GeoDataFrame:
    frame = pd.DataFrame(list(rows), columns=table.names) if not rows else pd.DataFrame(list(rows))  # type: ignore[attr-defined]
    return gpd.GeoDataFrame(table.conform(frame), geometry="geometry", crs=HUE_CRS)  # type: ignore[attr-defined]


def plan(name: str, shape: shapely.Geometry, status: str = "approved", **dates: str) -> dict[str, object]:
    window = {"earliest": "2026-11-01", "latest": "2027-12-31", **dates}
    return {"plan_id": name, "operator": "vnpt", "budget_status": status, **window, "geometry": shape}


def work(name: str, shape: shapely.Geometry, **dates: str) -> dict[str, object]:
    window = {"start": "2027-01-10", "end": "2027-03-01", "join_deadline": "2026-12-01", **dates}
    return {"work_id": name, "open_trench": True, **window, "geometry": shape}


def test_what_runs_along_the_road_counts_and_what_crosses_it_does_not() -> None:
    plans = layer(PLANS, plan("K1", ALONG), plan("K2", ACROSS), plan("K3", ALONG, "requested"))
    works = layer(WORKS, work("W1", ALONG.buffer(5)), work("W2", ACROSS))
    found = road_timing(AXES, plans, works, as_of=DAY)
    assert found["timing"][["plan_id", "work_id", "advice"]].to_numpy().tolist() == [["K1", "W1", "join"], ["K3", "W1", "wait"]]
    assert found["timing"]["decide_by"].tolist() == [pd.Timestamp("2026-12-01")] * 2
    assert found["calendar"][["id", "kind"]].to_numpy().tolist() == [["K1", "plan"], ["K3", "plan"], ["W1", "deadline"], ["W1", "works"]]
    assert found["timing_notes"].empty


def test_reversed_dates_are_named_and_the_rest_stands() -> None:
    plans = layer(PLANS, plan("K1", ALONG), plan("K2", ALONG, latest="2026-01-01"))
    works = layer(WORKS, work("W1", ALONG, end="2026-01-01"))
    found = road_timing(AXES, plans, works, as_of=DAY)
    assert found["timing_notes"]["id"].tolist() == ["K2", "W1"]
    assert found["timing"][["plan_id", "advice", "work_id"]].to_numpy().tolist() == [["K1", "alone", None]]


def test_what_lies_far_away_is_no_ones_business() -> None:
    far = line((0, 5000), (300, 5000))
    found = road_timing(AXES, layer(PLANS, plan("K1", far)), layer(WORKS, work("W1", far)), as_of=DAY)
    assert all(table.empty for table in found.values())


def test_an_empty_register_gives_empty_tables() -> None:
    found = road_timing(AXES, layer(PLANS), layer(WORKS), as_of=DAY)
    assert all(table.empty for table in found.values())
    assert str(found["timing"]["decide_by"].dtype) == "datetime64[us]"


def test_what_is_beside_the_road_and_what_crosses_it_follows_the_rules() -> None:
    plans, works = layer(PLANS, plan("K1", ALONG)), layer(WORKS)
    assert len(road_timing(AXES, plans, works, as_of=DAY)["timing"]) == 1
    assert road_timing(AXES, plans, works, as_of=DAY, beside_m=9.0)["timing"].empty
    assert road_timing(AXES, plans, works, as_of=DAY, meets_m=400.0)["timing"].empty
