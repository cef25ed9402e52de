"""Junctions along a road: by hand on crossings, ends, bridges, and a road that is filed a little off."""

import geopandas as gpd
import pytest
import shapely

from hatang.data.contracts import HUE_CRS
from hatang.sharing.junctions import junctions_along

X, Y = 560_000.0, 1_820_000.0
Points = list[tuple[float, float]]


def line(points: Points) -> shapely.LineString:
    return shapely.LineString([(X + x, Y + y) for x, y in points])


def roads(*rows: Points, bridge: tuple[int, ...] = ()) -> gpd.GeoDataFrame:
    columns = {"road_id": [f"R{n}" for n in range(len(rows))], "road_name": None, "bridge": [n in bridge for n in range(len(rows))]}
    return gpd.GeoDataFrame(columns, geometry=[line(row) for row in rows], crs=HUE_CRS)


AXIS: Points = [(0, 0), (100, 0), (200, 0)]


def found(axis: Points, layer: gpd.GeoDataFrame) -> list[float]:
    whole = line(axis)
    return [round(whole.project(point), 6) for point in junctions_along(whole, layer, half_width_m=4, snap_m=1)]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([[(60, -50), (60, 50)], [(150, 0.5), (150, 90)]], [60, 150]),  # a crossing; one that ends half a metre short
        ([AXIS, [(60, -50), (60, 50)]], [60]),  # the road is filed itself
        ([[(-80, 2), (300, 2)], [(60, -50), (60, 50)]], [60]),  # filed 2 m off and longer
        ([[(0, 0), (-90, 0)], [(200, 0), (200, 90)]], []),  # goes on at one end, turns at the other
        ([[(0, -90), (0, 90)], [(200, 0), (290, 0)], [(200, 0), (200, 70)]], [0, 200]),  # ends at another road; forks
        ([[(60, -50), (60, 0)], [(66, 0), (66, 50)], [(80, 0), (80, 50)]], [60, 80]),  # set off by 6 m: one; by 14 m: another
        ([[(60, 3), (60, -3)], [(20, 30), (180, 30)]], []),  # a stub within the road's width; a road beside it
        ([], []),
    ],
)
def test_junctions_are_where_roads_leave_the_axis(rows: list[Points], expected: list[float]) -> None:
    assert found(AXIS, roads(*rows)) == expected


def test_bridges_pass_over_and_the_road_s_own_bridge_passes_over_others() -> None:
    across = [(60, -50), (60, 50)]
    assert found(AXIS, roads(across, bridge=(0,))) == []
    own = [AXIS, [(40, 1), (80, 1)], across, [(120, -50), (120, 50)]]
    assert found(AXIS, roads(*own)) == [60, 120]
    assert found([(0, 0), (200, 0)], roads([(0, 0), (40, 0)], [(40, 0), (80, 0)], [(80, 0), (200, 0)], across, bridge=(1,))) == []


def test_a_road_turned_round_has_the_same_junctions_from_its_other_end() -> None:
    layer = roads([(60, -50), (60, 50)], [(150, 0), (150, 90)])
    assert found(AXIS[::-1], layer) == [50, 140]
