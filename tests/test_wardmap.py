"""The approximate ward map: exact by construction, and close to the real wards."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from hatang.data.contracts import HUE_CRS
from hatang.data.facts import ward_facts
from hatang.data.geodesy import geodesic_area_m2
from hatang.data.wardmap import approximate_wards


@pytest.fixture(scope="module")
def wards() -> gpd.GeoDataFrame:
    return approximate_wards(ward_facts())


@pytest.fixture(scope="module")
def real(reference: Path) -> np.ndarray:
    frame = gpd.read_parquet(reference / "boundaries/hue_wards_2025.parquet").set_index("ward_code")
    return frame.loc[ward_facts()["ward_code"]].to_crs(HUE_CRS).geometry.to_numpy()


def test_each_ward_is_one_polygon_without_holes_round_its_label_point(wards: gpd.GeoDataFrame) -> None:
    facts = ward_facts()
    assert list(wards["ward_code"]) == list(facts["ward_code"])
    assert set(wards.geom_type) == {"Polygon"}
    assert shapely.get_num_interior_rings(wards.geometry.to_numpy()).sum() == 0
    assert shapely.contains(wards.geometry.to_numpy(), shapely.points(facts["label_lon"], facts["label_lat"])).all()


def test_wards_are_one_valid_coverage_without_holes(wards: gpd.GeoDataFrame) -> None:
    assert wards.is_valid.all()
    assert shapely.coverage_is_valid(wards.geometry.to_numpy())
    outline = shapely.coverage_union_all(wards.geometry.to_numpy())
    assert shapely.get_num_geometries(outline) == 1
    assert shapely.get_num_interior_rings(shapely.get_geometry(outline, 0)) == 0


def test_each_ward_has_its_official_area(wards: gpd.GeoDataFrame) -> None:
    official = ward_facts()["area_km2_official"] * 1e6
    planar = wards.to_crs(HUE_CRS).area
    np.testing.assert_allclose(planar, official, rtol=1e-8)
    np.testing.assert_allclose(geodesic_area_m2(wards.geometry), official, rtol=5e-4)


def test_the_map_is_the_same_every_time(wards: gpd.GeoDataFrame) -> None:
    few = ward_facts().iloc[:6].reset_index(drop=True)
    first, second = approximate_wards(few), approximate_wards(few)
    assert (first.geometry.to_wkb() == second.geometry.to_wkb()).all()
    assert len(wards) == 40


@pytest.mark.reference
def test_it_is_close_to_the_real_wards(wards: gpd.GeoDataFrame, real: np.ndarray) -> None:
    ours = wards.to_crs(HUE_CRS).geometry.to_numpy()
    outline, city = shapely.union_all(ours), shapely.union_all(real)
    overlap = [mine.intersection(theirs).area / mine.union(theirs).area for mine, theirs in zip(ours, real, strict=True)]
    assert outline.intersection(city).area / outline.union(city).area >= 0.88
    assert np.mean(overlap) >= 0.50

    west, south, east, north = city.bounds
    xy = np.random.default_rng(455).uniform((west, south), (east, north), (20_000, 2))
    right = np.zeros(len(xy), bool)
    inside = np.zeros(len(xy), bool)
    for mine, theirs in zip(ours, real, strict=True):
        in_theirs = shapely.contains_xy(theirs, xy)
        inside |= in_theirs
        right |= in_theirs & shapely.contains_xy(mine, xy)
    assert right.sum() / inside.sum() >= 0.72


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("hole_turned", [False, True])
def test_a_hole_is_taken_off_whichever_way_its_ring_turns(turned: bool, hole_turned: bool) -> None:
    shell, hole = shapely.box(107, 16, 107.2, 16.2), shapely.box(107.05, 16.05, 107.15, 16.15)
    rings = [ring.reverse() if back else ring for ring, back in ((shell.exterior, turned), (hole.exterior, hole_turned))]
    shape = shapely.Polygon(rings[0], [rings[1]])
    whole, inner, holed, many = geodesic_area_m2(gpd.GeoSeries([shell, hole, shape, shapely.MultiPolygon([shape])], crs="EPSG:4326"))
    np.testing.assert_allclose([holed, many], whole - inner, rtol=1e-12)


def test_geodesic_area_of_a_degree_cell_at_the_equator() -> None:
    # One by one degree at the equator on WGS 84: 12,308.778 km² (geographiclib).
    cell = gpd.GeoSeries([shapely.box(0, 0, 1, 1)], crs="EPSG:4326", index=["a"])
    area = geodesic_area_m2(cell)
    assert list(area.index) == ["a"]
    np.testing.assert_allclose(area, [12308.778361469453e6], rtol=1e-9)
    assert isinstance(area, pd.Series)
