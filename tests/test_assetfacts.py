"""What a register measures of assets that stand, each by hand, and what it leaves unsaid."""

import datetime as dt

import geopandas as gpd
import pandas as pd
import shapely

from hatang.data.clauses import clauses_in_force, trench_profiles
from hatang.data.contracts import ASSETS, HUE_CRS
from hatang.sharing.assetfacts import asset_facts, asset_violations, way_facts

CLAUSES = clauses_in_force(dt.date(2026, 9, 30))
X, Y = 561_000.0, 1_821_000.0


def pole(name: str, at: float = 0, **columns: object) -> dict[str, object]:
    return {"asset_id": name, "asset_class": "pole", "owner": "EVN", **columns, "geometry": shapely.Point(X + at, Y)}


def chamber(name: str, at: float, **columns: object) -> dict[str, object]:
    return {"asset_id": name, "asset_class": "chamber", "owner": "VNPT", **columns, "geometry": shapely.Point(X + at, Y + 0.5)}


def duct(name: str, start: float, end: float, **columns: object) -> dict[str, object]:
    line = shapely.LineString([(X + start, Y), (X + end, Y)])
    return {"asset_id": name, "asset_class": "duct_section", "owner": "VNPT", "laying": "open_trench", **columns, "geometry": line}


def register(*rows: dict[str, object], roads: str | None = None) -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame(
        ASSETS.conform(pd.DataFrame(list(rows), columns=None if rows else ASSETS.names)), geometry="geometry", crs=HUE_CRS
    )
    return frame if roads is None else frame.assign(road_id=list(roads))


def measured(*rows: dict[str, object], roads: str | None = None) -> dict[tuple[str, str], float]:
    facts = asset_facts(register(*rows, roads=roads), profiles=trench_profiles(), end_m=2.0)
    return {(row.feature_id, row.parameter): round(row.measured, 6) for row in facts.itertuples()}


def broken(*rows: dict[str, object], roads: str | None = None) -> list[tuple[str, str, float, float]]:
    assets = register(*rows, roads=roads)
    found = asset_violations(asset_facts(assets, profiles=trench_profiles(), end_m=2.0), assets, CLAUSES)
    return [(row.feature_id, row.code, round(row.measured, 6), row.needed) for row in found.itertuples()]


def test_more_boxes_than_cables_hang_there_are_two_of_one_operator() -> None:
    """Five boxes and two slots in use: two operators at most, so one has three. Two boxes of two: one each may be. Unknown use: unknown."""
    rows = [pole("C1", boxes_used=5, slots_used=2), pole("C2", boxes_used=2, slots_used=2), pole("C3", boxes_used=5)]
    assert measured(*rows) == {("C1", "boxes_per_operator"): 3, ("C2", "boxes_per_operator"): 1}
    assert broken(*rows) == [("C1", "boxes", 3.0, 1.0)]
    assert broken(pole("C4", boxes_used=7, slots_total=6)) == [("C4", "boxes", 2.0, 1.0)], "no more operators than slots"


def test_a_coil_of_more_than_ten_metres_is_found() -> None:
    assert broken(pole("C1", slack_m=12.5), pole("C2", slack_m=10)) == [("C1", "slack", 12.5, 10.0)]


def test_a_pole_to_come_where_poles_carry_cables_is_found() -> None:
    """On road a stands a pole with cables; on b one without; of the last pole no road is known."""
    rows = [
        pole("A1", slots_used=3, status="in_service"),
        pole("A2", status="planned"),
        pole("B1", slots_used=0, status="in_service"),
        pole("B2", status="proposed"),
    ]
    assert broken(*rows, roads="aabb") == [("A2", "no_new_poles", 1.0, 0.0)]
    assert broken(*rows) == []


def test_cover_of_ducts_is_that_of_what_they_lie_under() -> None:
    """0.55 m is enough in a pavement and not in a carriageway, unless under a slab of 100 mm; on a bridge nothing is asked."""
    rows = [
        duct("D1", 0, 50, cover_m=0.55, surface="sidewalk"),
        duct("D2", 0, 50, cover_m=0.55, surface="carriageway"),
        duct("D3", 0, 50, cover_m=0.55, surface="carriageway", slab_mm=100),
        duct("D4", 0, 50, cover_m=0.1, surface="carriageway", laying="bridge"),
        duct("D5", 0, 50, cover_m=0.1, surface="carriageway", laying=None),
        duct("D6", 0, 50, cover_m=0.1),
    ]
    assert broken(*rows) == [("D2", "duct_cover_carriageway", 550.0, 700.0)]


def test_cover_of_a_utility_trench_is_that_of_its_lid() -> None:
    rows = [duct("H1", 0, 50, cover_m=0.25, surface="sidewalk", laying="hao"), chamber("B1", 90, lid_cover_m=0.5, surface="carriageway")]
    assert broken(*rows) == [("B1", "lid_cover_carriageway", 0.5, 0.7), ("H1", "lid_cover_sidewalk", 0.25, 0.3)]


def test_widths_of_a_trench_by_ways_and_layers_and_the_gap_of_ducts() -> None:
    """Six ways have one profile, 600/500; four have two: without layers nothing is asked. 25 mm between ducts is 5 too few."""
    narrow = {"trench_top_mm": 550, "trench_bottom_mm": 500}
    rows = [duct("D1", 0, 50, ways=6, **narrow), duct("D2", 0, 50, ways=4, **narrow), duct("D3", 0, 50, ways=4, layers=1, **narrow)]
    assert broken(*rows, duct("D4", 0, 50, duct_gap_mm=25)) == [
        ("D4", "duct_gap", 25.0, 30.0),
        ("D3", "trench_bottom", 500.0, 650.0),
        ("D1", "trench_top", 550.0, 600.0),
        ("D3", "trench_top", 550.0, 750.0),
    ]


def test_chambers_that_follow_are_as_far_apart_as_they_stand() -> None:
    """Chambers at 0, 80 and 230 of one section: 80 and 150 m. Where an end has none, or nobody knows how the duct lies, nothing is said."""
    rows = [duct("D1", 0, 230), chamber("B1", 0), chamber("B2", 80), chamber("B3", 230), duct("D2", 230, 500)]
    assert measured(*rows) == {("D1", "chamber_spacing_m"): 150}, "the last of a section stands here"
    facts = asset_facts(register(*rows), profiles=(), end_m=2.0)
    assert facts["measured"].round(6).tolist() == [80.0, 150.0]
    assert facts.length.round(6).tolist() == [80.0, 150.0]
    assert broken(*rows) == [("D1", "chamber_spacing", 150.0, 100.0)]
    assert broken(duct("D3", 0, 150, laying="hdd"), chamber("B1", 0), chamber("B2", 150)) == []


def test_a_chamber_against_the_trenches_that_end_in_it() -> None:
    """500 mm at the bottom of the trench: 520/500 = 1.04, under 1.1. 0.6 m of cover alone: 700/600 = 1.17. Handholes are not asked."""
    inside = {"length_mm": 1400, "width_mm": 520, "depth_mm": 700, "floor_gap_mm": 150}
    rows = [
        duct("D1", 0, 90, trench_bottom_mm=500, cover_m=0.6),
        chamber("B1", 0, kind="manhole", **inside),
        chamber("B2", 90, kind="handhole", **inside),
        chamber("B3", 45, kind="manhole", width_mm=100),
    ]
    found = measured(*rows)
    assert (found["B1", "chamber_width_ratio"], found["B1", "chamber_depth_ratio"]) == (1.04, round(700 / 600, 6))
    assert broken(*rows) == [
        ("B1", "chamber_length", 1.4, 1.5),
        ("B1", "chamber_width", 1.04, 1.1),
        ("B1", "duct_above_floor", 150.0, 200.0),
        ("B2", "duct_above_floor", 150.0, 200.0),
    ]


def test_what_is_abandoned_or_not_known_is_no_fact() -> None:
    assert measured(pole("C1", boxes_used=9, slots_used=1, status="abandoned"), duct("D1", 0, 90), chamber("B1", 400), pole("C2")) == {}
    assert broken() == []


def test_a_finding_says_whose_it_is() -> None:
    assets = register(pole("C1", slack_m=11), duct("D1", 0, 50, duct_gap_mm=20))
    found = asset_violations(asset_facts(assets, profiles=(), end_m=2.0), assets, CLAUSES)
    assert found[["feature_id", "asset_class", "owner", "severity"]].to_numpy().tolist() == [
        ["D1", "duct_section", "VNPT", "breach"],
        ["C1", "pole", "EVN", "breach"],
    ]
    assert found.crs == HUE_CRS


def test_fill_of_a_way_by_its_cables_only_warns() -> None:
    """In 100 mm: one cable of 75, 5625/10000 = 56.25 %; two of 40, 32 %; three of 30 and one unmeasured: unknown; stated 45 %: stated."""
    ways = pd.DataFrame(
        {
            "way_id": ["W1", "W2", "W3", "W4", "W5"],
            "section_id": "D1",
            "inner_mm": 100.0,
            "fill_pct": [None, None, None, 45.0, 99.0],
        }
    )
    sizes = {"W1": [75.0], "W2": [40.0, 40.0], "W3": [30.0, 30.0, None], "W4": [None, None, None]}
    cables = pd.DataFrame([{"asset_id": way, "cable_outer_mm": size} for way, outers in sizes.items() for size in outers])
    assets = register(duct("D1", 0, 50))
    facts = way_facts(ways, cables, assets)
    assert facts[["feature_id", "cables", "measured"]].to_numpy().tolist() == [
        ["D1/W1", "1", 56.25],
        ["D1/W2", "2", 32.0],
        ["D1/W4", "3+", 45.0],
    ]
    found = asset_violations(facts, assets, CLAUSES)
    assert found[["code", "feature_id", "severity", "owner"]].to_numpy().tolist() == [
        ["fill_1", "D1/W1", "warning", "VNPT"],
        ["fill_2", "D1/W2", "warning", "VNPT"],
        ["fill_3_more", "D1/W4", "warning", "VNPT"],
    ]
