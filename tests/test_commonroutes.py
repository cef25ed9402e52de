"""Who could have dug with whom: by hand, and four firms whose overlaps were measured apart from this code."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from hatang.data.contracts import ANY, COMMON_ROUTES, CrsError
from hatang.sharing.commonroutes import common_routes, pairs_of

X, Y = 561000.0, 1821000.0


def routes(**lines: list[list[tuple[float, float]]]) -> gpd.GeoDataFrame:
    rows = [(firm, shapely.LineString([(X + x, Y + y) for x, y in line])) for firm, parts in lines.items() for line in parts]
    return gpd.GeoDataFrame({"firm": [firm for firm, _ in rows]}, geometry=[line for _, line in rows], crs="EPSG:9214")


def row(found: gpd.GeoDataFrame, firm: str, other: str) -> pd.Series:
    return found[(found["firm"] == firm) & (found["other"] == other)].iloc[0]


def test_a_stretch_is_followed_from_one_line_into_the_next() -> None:
    """A's two lines lie beside B's for 60 m each: 120 m are longer than a crossing of 4 times the distance, 60 m alone would not be."""
    found = common_routes(routes(A=[[(0, 0), (60, 0)], [(60, 0), (120, 0)]], B=[[(-100, 10), (200, 10)]]), distances_m=(20.0,))
    assert row(found, "A", "B")[["near_m", "beside_m", "route_m", "beside_share"]].tolist() == pytest.approx([120, 120, 120, 1])
    assert row(found, "A", "B")["geometry"].length == pytest.approx(120)
    assert list(found.columns) == COMMON_ROUTES.names


def test_who_merely_crosses_is_near_and_never_beside() -> None:
    found = common_routes(routes(A=[[(0, 0), (1000, 0)]], B=[[(500, -500), (500, 500)]]), distances_m=(30.0, 100.0))
    assert found[found["firm"] == "A"]["near_m"].tolist() == pytest.approx([60, 200, 60, 200])
    assert found["beside_m"].tolist() == [0.0] * len(found)
    assert found.geometry.isna().all()


def test_a_stretch_beside_two_others_counts_once_for_any() -> None:
    found = common_routes(routes(A=[[(0, 0), (400, 0)]], B=[[(0, 5), (200, 5)]], C=[[(0, -5), (300, -5)]]), distances_m=(10.0,))
    lengths = [row(found, "A", other)["beside_m"] for other in ("B", "C", ANY)]
    assert lengths == pytest.approx([200 + 75**0.5, 300 + 75**0.5, 300 + 75**0.5], rel=1e-4)


def test_a_firm_by_itself_meets_nobody_and_rows_without_a_firm_are_not_looked_at() -> None:
    alone = routes(A=[[(0, 0), (100, 0)]], B=[[(0, 1), (100, 1)]])
    alone["firm"] = ["A", None]
    found = common_routes(alone, distances_m=(10.0,))
    assert found.empty
    assert pairs_of(found).empty


def test_pairs_stand_once_the_longest_first() -> None:
    found = common_routes(routes(C=[[(0, 0), (400, 0)]], B=[[(0, 5), (100, 5)]], A=[[(0, -5), (300, -5)]]), distances_m=(8.0, 20.0))
    pairs = pairs_of(found)
    assert pairs[["distance_m", "left", "right"]].to_numpy().tolist() == [
        [8.0, "A", "C"], [8.0, "B", "C"], [8.0, "A", "B"], [20.0, "A", "C"], [20.0, "B", "C"], [20.0, "A", "B"],
    ]  # fmt: skip
    assert pairs["left_beside_m"].iloc[0] == pytest.approx(row(found, "A", "C")["beside_m"])
    assert pairs["right_beside_m"].iloc[0] == pytest.approx(row(found, "C", "A")["beside_m"])


def test_order_of_rows_and_threads_do_not_matter() -> None:
    drawn = routes(A=[[(0, 0), (300, 40)], [(300, 40), (500, 0)]], B=[[(0, 20), (500, 30)]], C=[[(100, -50), (400, 60)]])
    first = common_routes(drawn, distances_m=(25.0, 60.0))
    second = common_routes(gpd.GeoDataFrame(drawn.iloc[::-1]), distances_m=(60.0, 25.0), threads=3)
    columns = ["firm", "other", "distance_m"]
    assert first[columns].to_numpy().tolist() == second[columns].to_numpy().tolist()
    np.testing.assert_allclose(second[["near_m", "beside_m"]], first[["near_m", "beside_m"]], rtol=1e-12)


def test_degrees_are_refused() -> None:
    with pytest.raises(CrsError):
        common_routes(routes(A=[[(0, 0), (9, 0)]], B=[[(0, 1), (9, 1)]]).to_crs("EPSG:4326"), distances_m=(10.0,))
