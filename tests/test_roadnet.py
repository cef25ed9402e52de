"""The network of roads: where they meet, what passes over, what hangs together."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from hatang.data.contracts import HUE_CRS, CrsError, EmptyDataError, ParameterError
from hatang.sharing.roadnet import RoadNetwork, road_network

X, Y = 560_000.0, 1_820_000.0


def roads(*rows: list[tuple[float, float]], bridge: tuple[int, ...] = ()) -> gpd.GeoDataFrame:
    """Return roads `R0`, `R1`, … through points in metres from a corner."""
    shapes = [shapely.LineString([(X + x, Y + y) for x, y in row]) for row in rows]
    columns = {"road_id": [f"R{n}" for n in range(len(rows))], "road_name": None, "bridge": [n in bridge for n in range(len(rows))]}
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=HUE_CRS)


def degrees(net: RoadNetwork) -> list[int]:
    ends = np.concatenate([net.edges["u"], net.edges["v"]])
    return sorted(np.bincount(ends, minlength=len(net.points)).tolist())


def test_two_roads_that_cross_meet_in_one_place() -> None:
    net = road_network(roads([(0, 0), (100, 0)], [(40, -30), (40, 70)]))
    assert degrees(net) == [1, 1, 1, 1, 4]
    assert sorted(net.edges["length_m"].round(6)) == [30, 40, 60, 70]
    assert net.notes == []


def test_a_bridge_passes_over_and_meets_at_its_ends_alone() -> None:
    net = road_network(roads([(0, 0), (100, 0)], [(40, -30), (40, 70)], [(40, 70), (90, 70)], bridge=(1,)))
    assert degrees(net) == [1, 1, 1, 1, 2]
    assert len(net.edges) == 3
    assert net.edges.loc[net.edges["road_id"] == "R0", "component"].tolist() == [1]  # 100 m against 150 m
    assert net.notes == [("road_apart", "R0")]


def test_a_road_that_ends_short_of_another_runs_into_it() -> None:
    given_roads = roads([(0, 0), (100, 0)], [(40, 0.8), (40, 50)])
    assert degrees(road_network(given_roads, snap_m=1.0)) == [1, 1, 1, 3]
    apart = road_network(given_roads, snap_m=0.5)
    assert apart.component.max() == 1
    assert apart.notes == [("road_apart", "R1")]


def test_roads_that_share_a_stretch_part_where_it_begins_and_ends() -> None:
    net = road_network(roads([(0, 0), (100, 0)], [(20, 0), (60, 0), (60, 50)]))
    assert sorted(net.edges["length_m"].round(6)) == [20, 40, 40, 40, 50]
    assert net.component.max() == 0


def test_a_road_that_crosses_itself_meets_itself() -> None:
    net = road_network(roads([(0, 0), (100, 0), (100, 50), (50, 50), (50, -50)]))
    assert degrees(net) == [1, 1, 4]  # the loop begins and ends in its crossing
    assert net.edges["length_m"].sum() == pytest.approx(300)


def test_what_has_no_length_is_named() -> None:
    dot = roads([(0, 0), (10, 0)], [(5, 5), (5, 5)])
    assert road_network(dot).notes == [("no_length", "R1")]
    with pytest.raises(EmptyDataError, match=r"error\.corridor\.no_line"):
        road_network(dot.iloc[1:])
    with pytest.raises(CrsError, match=r"error\.corridor\.crs"):
        road_network(dot.set_crs(None, allow_override=True))
    with pytest.raises(ParameterError, match=r"error\.sharing\.policy"):
        road_network(dot, snap_m=-1)


@given(st.lists(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=2, max_size=4, unique=True), min_size=1, max_size=8))
def test_no_metre_is_lost_and_edges_join_the_places_they_name(rows: list[list[tuple[int, int]]]) -> None:
    given_roads = roads(*rows)
    net = road_network(given_roads, snap_m=0.0)
    assert net.edges["length_m"].sum() == pytest.approx(given_roads.length.sum(), rel=1e-9)
    for end, name in ((0, "u"), (-1, "v")):
        at = shapely.get_coordinates(shapely.get_point(net.edges.geometry.to_numpy(), end))
        assert np.abs(at - net.points[net.edges[name]]).max() < 1e-4
    met = shapely.union_all(given_roads.geometry.to_numpy())
    inner = shapely.get_parts(shapely.boundary(shapely.node(met)))
    assert len(net.points) <= len(inner) + 2 * len(rows) + len(net.edges)
