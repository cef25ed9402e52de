"""Benchmarks run at their smallest size, so that they cannot rot; inequality with a peer fails, slowness never does."""

import geopandas as gpd
import pytest
import shapely

from benchmarks.gates import gate_lines
from benchmarks.harness import Line, table
from benchmarks.locate import locate_lines
from benchmarks.stress import stress_wards


@pytest.mark.slow
def test_locate_equals_its_peers() -> None:
    lines = locate_lines(count=20_000)
    exact = [line for line in lines if "sedonadb" not in line.name and "duckdb" not in line.name and "within" not in line.name]
    assert [line.holds for line in exact] == [True, True, True]
    assert "geopandas sjoin within" in table("Benchmarks", lines)


@pytest.mark.slow
def test_stress_wards_keep_what_wards_share() -> None:
    wards = gpd.GeoDataFrame({"ward_code": ["1", "2"]}, geometry=[shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)], crs="EPSG:4326")
    rough = stress_wards(wards, vertices=2_000, seed=1)
    assert abs(rough.count_coordinates().sum() - 2_000) < 20
    assert shapely.coverage_is_valid(rough.geometry.to_numpy())
    assert rough.geometry[0].boundary.intersection(rough.geometry[1].boundary).length > 1
    assert rough.equals(stress_wards(wards, vertices=2_000, seed=1))
    assert not rough.equals(stress_wards(wards, vertices=2_000, seed=2))


@pytest.mark.slow
def test_gates_are_measured() -> None:
    held, error = gate_lines(seeds=[455])
    assert 0 < held.figure <= 1
    assert error.figure < 15


def test_a_table_says_what_does_not_hold() -> None:
    assert "| NO |" in table("t", [Line("x", 1.0, "s", 0.5, "peer", 2.0, False)])
