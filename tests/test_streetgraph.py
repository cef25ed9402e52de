"""The network a joint design works on: what lies along roads, where they are cut for it, and what each stretch can take."""

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from hatang.data.contracts import ASSETS, HUE_CRS, WORKS, ParameterError
from hatang.sharing.policy import SharingPolicy
from hatang.sharing.roadnet import RoadNetwork, road_network
from hatang.sharing.streetgraph import Rates, StreetGraph, network_of, street_graph
from hatang.sharing.streetways import SPAN_COLUMNS, common_window, long_enough, ways_beside, works_beside

X, Y = 560_000.0, 1_820_000.0
WINDOW = (dt.date(2027, 1, 1), dt.date(2027, 12, 31))
RATES = Rates("m", trench=1.0, duct=0.0, way=0.1, pole=0.1, works_share=0.5)
NOTHING = pd.DataFrame(columns=SPAN_COLUMNS)
NO_ENDS = np.empty((0, 2))


def line(*points: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString([(X + x, Y + y) for x, y in points])


def net_of(*lines: shapely.LineString) -> RoadNetwork:
    names = [f"R{n}" for n in range(len(lines))]
    return road_network(gpd.GeoDataFrame({"road_id": names, "road_name": None}, geometry=list(lines), crs=HUE_CRS))


def assets(*rows: dict[str, object]) -> gpd.GeoDataFrame:
    plain = {"owner": "VNPT", "status": "in_service", "sharable": "yes"}
    frame = pd.DataFrame([{**plain, "asset_id": f"A{n}", **row} for n, row in enumerate(rows)], columns=ASSETS.names)
    return gpd.GeoDataFrame(ASSETS.conform(frame), geometry="geometry", crs=HUE_CRS)


def duct(low: float, high: float, *, ways: int | None = 4, used: int | None = 1, **more: object) -> dict[str, object]:
    return {"asset_class": "duct_section", "ways": ways, "ways_used": used, "geometry": line((low, 4), (high, 4)), **more}


def pole(at: float, *, slots: int = 6, used: int | None = 2, **more: object) -> dict[str, object]:
    point = shapely.Point(X + at, Y - 5)
    return {"asset_class": "pole", "slots_total": slots, "slots_used": used, "geometry": point, **more}


def works(shape: shapely.Geometry, **dates: object) -> gpd.GeoDataFrame:
    row = {
        "geometry": shape,
        "work_id": "W1",
        "promoter": "HueWACO",
        "kind": "water",
        "start": "2027-03-01",
        "end": "2027-06-30",
        "open_trench": True,
        **dates,
    }
    return gpd.GeoDataFrame(WORKS.conform(pd.DataFrame([row], columns=WORKS.names)), geometry="geometry", crs=HUE_CRS)


def spans(net: RoadNetwork, *rows: dict[str, object], reserve: int = 0) -> list[list[object]]:
    found = ways_beside(net.edges, assets(*rows), policy=SharingPolicy(reserve_ways=reserve), max_angle_deg=30)
    return found[["kind", "from_m", "to_m", "spare"]].sort_values("from_m").round(3).to_numpy().tolist()


def graph(net: RoadNetwork, found: pd.DataFrame = NOTHING, ends: object = NO_ENDS, **more: object) -> StreetGraph:
    return street_graph(net, found, np.asarray(ends, float).reshape(-1, 2), snap_m=20.0, **more)  # type: ignore[arg-type]


def test_room_is_what_is_known_to_be_free_after_the_reserve() -> None:
    net = net_of(line((0, 0), (300, 0)))
    assert spans(net, duct(20, 110)) == [["way", 20, 110, 3]]
    assert spans(net, duct(20, 110), reserve=2) == [["way", 20, 110, 1]]
    unknown, full, closed = duct(20, 110, used=None), duct(20, 110, used=4), duct(20, 110, sharable="no")
    assert spans(net, unknown, full, closed, duct(20, 110, status="abandoned")) == []
    assert spans(net, duct(20, 110, geometry=line((50, -40), (50, 40)))) == []  # it crosses the road
    assert spans(net, duct(20, 110, geometry=line((20, 40), (110, 40)))) == []  # it is another street's


def test_poles_carry_what_the_fuller_of_two_can_and_reach_a_crossing_near_by() -> None:
    net = net_of(line((0, 0), (300, 0)))
    assert spans(net, pole(20), pole(65, used=5), pole(110)) == [["pole", 0, 20, 4], ["pole", 20, 65, 1], ["pole", 65, 110, 1]]
    assert spans(net, pole(100), pole(190)) == []  # farther apart than the longest span
    assert spans(net, pole(100), pole(145, owner="Điện lực")) == []
    assert spans(net, pole(100), pole(145, used=None)) == []


def test_a_run_of_room_too_short_to_change_into_is_left_out() -> None:
    rows = [(0, "pole", 20, 65, 1, "a"), (0, "pole", 65, 110, 1, "b"), (0, "pole", 150, 170, 1, "c"), (0, "pole", 260, 300, 1, "d")]
    found = pd.DataFrame([*rows, (1, "pole", 20, 65, 1, "e"), (0, "way", 120, 160, 1, "f")], columns=SPAN_COLUMNS)
    kept = long_enough(found, np.array([300.0, 300.0]), least_m=90.0)
    assert kept["id"].tolist() == ["a", "b", "d"]
    assert long_enough(found, np.array([300.0, 300.0]), least_m=0.0).equals(found)
    assert long_enough(NOTHING, np.array([300.0]), least_m=90.0).empty


def test_works_open_the_ground_where_the_windows_meet() -> None:
    net = net_of(line((0, 0), (300, 0)))

    def beside(shape: shapely.Geometry, window: tuple[dt.date, dt.date] | None = WINDOW, **dates: object) -> list[list[object]]:
        found = works_beside(net.edges, works(shape, **dates), window=window, reach_m=20, max_angle_deg=30)
        return found[["kind", "from_m", "to_m", "id"]].round(3).to_numpy().tolist()

    along = line((50, 6), (150, 6))
    assert beside(along) == [["works", 50, 150, "W1"]]
    assert beside(along.buffer(10, cap_style="flat")) == [["works", 50, 150, "W1"]]
    assert beside(line((50, -60), (50, 60))) == []
    assert beside(along, start="2028-01-01", end="2028-03-01") == beside(along, open_trench=None) == beside(along, start=None) == []
    assert beside(along, window=None) == []
    closed = {"start": "2026-01-01", "end": "2026-12-31"}
    assert beside(along, **closed, moratorium_until="2028-12-31") == [["closed", 50, 150, "W1"]]
    assert beside(along, **closed, moratorium_until="2027-06-30") == []  # afterwards they may still dig


def test_days_on_which_all_may_build() -> None:
    plans = pd.DataFrame({"earliest": ["2027-01-01", "2027-05-01"], "latest": ["2027-04-30", "2027-12-31"]})
    assert common_window(plans) is None
    assert common_window(plans.assign(latest=None)) is None
    assert common_window(plans.iloc[:1]) == (dt.date(2027, 1, 1), dt.date(2027, 4, 30))


def test_roads_are_cut_where_room_begins_and_rooms_side_by_side_add_up() -> None:
    net = net_of(line((0, 0), (300, 0)), line((300, 0), (300, 100)))
    found = ways_beside(
        net.edges, assets(duct(0, 90), duct(90, 180, used=2), duct(0, 90, used=3)), policy=SharingPolicy(), max_angle_deg=30
    )
    edges = graph(net, found).edges
    assert edges[["length_m", "way_spare"]].round(3).to_numpy().tolist() == [[90, 4], [90, 2], [120, 0], [100, 0]]
    assert edges["way_ids"].tolist() == ["A0, A2", "A1", None, None]
    assert shapely.length(edges.geometry.to_numpy()) == pytest.approx(edges["length_m"].to_numpy())
    assert (edges["v"].to_numpy()[:2] == edges["u"].to_numpy()[1:3]).all()


def test_ends_are_moved_to_the_nearest_place_and_those_off_the_network_are_known() -> None:
    net = net_of(line((0, 0), (300, 0)), line((300, 0), (300, 100)))
    found = graph(net, ends=[(X + 120, Y + 15), (X + 120, Y + 60), (X - 3, Y), (X + 300.2, Y + 0.2)])
    assert found.edges["length_m"].round(3).tolist() == [120, 180, 100]
    assert found.ends[1] == -1
    assert found.ends[0] == found.edges["v"].iloc[0]
    assert found.ends[2] == found.edges["u"].iloc[0]
    assert found.ends[3] == found.edges["v"].iloc[1]
    with pytest.raises(ParameterError, match=r"error\.sharing\.policy"):
        street_graph(net, NOTHING, NO_ENDS, snap_m=-1)


def test_each_stretch_costs_what_its_options_do() -> None:
    net = net_of(line((0, 0), (100, 0)), line((100, 0), (100, 50)))
    edges = graph(net, over=frozenset({"R1"})).edges
    edges = edges.assign(pole_spare=[2, 0], way_spare=[0, 1])
    network, legend = network_of(edges, RATES)
    assert network.cost.tolist() == [100, 50, np.inf]
    assert network.rent.tolist()[1:] == [5, 10]
    assert network.spare.tolist() == [0, 1, 2]
    assert legend.to_numpy().tolist() == [[0, "way", "trench", 100], [1, "way", "crossing", 50], [0, "pole", "trench", 100]]
    network, legend = network_of(edges.assign(works_id=["W1", None], closed=[False, True]), Rates("VND", 100.0, 7.0, None, None, 0.2))
    assert network.cost.tolist() == [2000, np.inf]
    assert network.cost_per_operator.tolist() == [700, 350]
    assert network.spare.tolist() == [0, 0]  # without a price nothing is rented
    assert legend["built"].tolist() == ["works", "crossing"]
    with pytest.raises(ParameterError, match=r"error\.sharing\.policy"):
        Rates("m", -1.0, 0.0, None, None, 0.5)
    with pytest.raises(ParameterError, match=r"error\.sharing\.policy"):
        Rates("m", 1.0, 0.0, None, None, 1.5)


@given(st.lists(st.tuples(st.floats(0, 300), st.floats(0, 300), st.integers(1, 5)), max_size=6), st.lists(st.floats(0, 300), max_size=4))
def test_no_metre_is_lost_and_no_room_is_made(rows: list[tuple[float, float, int]], at: list[float]) -> None:
    net = net_of(line((0, 0), (300, 0)))
    found = pd.DataFrame([(0, "way", min(a, b), max(a, b), n, f"A{i}") for i, (a, b, n) in enumerate(rows)], columns=SPAN_COLUMNS)
    edges = graph(net, found, ends=[(X + metre, Y) for metre in at]).edges
    assert edges["length_m"].sum() == pytest.approx(300)
    room = sum(n * abs(a - b) for a, b, n in rows)
    assert (edges["way_spare"] * edges["length_m"]).sum() <= room + 2 * sum(n for *_, n in rows) + 1e-6
    degree = np.bincount(np.concatenate([edges["u"], edges["v"]]))
    assert sorted(degree[degree > 0]) == [1, 1, *[2] * (len(edges) - 1)]
