"""Point → ward: intersects, lowest code wins; and the area of wards inside claims."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from hatang.coverage.cells import cell_of, cell_polygons, ward_cells
from hatang.coverage.integrate import geodesic_area_m2, integrate
from hatang.coverage.locate import WardIndex
from hatang.data.contracts import CrsError, SchemaError


def dirty_wards() -> gpd.GeoDataFrame:
    """Return four wards that overlap, leave a gap, have a hole and are of several parts, not in the order of their codes."""
    shapes = [
        shapely.box(1, 0, 2, 1),
        shapely.box(0, 0, 1, 1).difference(shapely.box(0.4, 0.4, 0.6, 0.6)),
        shapely.box(1.5, 0.5, 3, 1.5),
        shapely.union(shapely.box(5, 0, 6, 1), shapely.box(7, 0, 8, 1)),
    ]
    return gpd.GeoDataFrame({"ward_code": ["00002", "00001", "00003", "00004"]}, geometry=shapes, crs="EPSG:9214")


@pytest.fixture
def wards() -> gpd.GeoDataFrame:
    return dirty_wards()


coordinate = st.one_of(st.floats(-1, 9), st.sampled_from([0.0, 0.4, 0.5, 0.6, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0]))


@given(st.lists(st.tuples(coordinate, coordinate), min_size=1, max_size=40))
def test_every_point_is_where_geos_says_by_the_lowest_code(points: list[tuple[float, float]]) -> None:
    frame = dirty_wards()
    x, y = (np.array(axis) for axis in zip(*points, strict=True))
    found = WardIndex.build(frame).locate(x, y)
    for px, py, row in zip(x, y, found, strict=True):
        touched = np.flatnonzero(frame.intersects(shapely.Point(px, py)))
        hits = [(frame["ward_code"][place], place) for place in touched]
        assert row == (min(hits)[1] if hits else -1)


def test_nan_and_infinity_are_outside(wards: gpd.GeoDataFrame) -> None:
    assert WardIndex.build(wards).locate([np.nan, np.inf, 1.5], [0.5, 0.5, np.nan]).tolist() == [-1, -1, -1]


def test_threads_do_not_change_the_answer(wards: gpd.GeoDataFrame) -> None:
    xy = np.random.default_rng(1).uniform(0, 8, (2, 500))
    index = WardIndex.build(wards)
    np.testing.assert_array_equal(index.locate(*xy, threads=1), index.locate(*xy, threads=4))


def test_a_saved_index_answers_alike(wards: gpd.GeoDataFrame, tmp_path: Path) -> None:
    index = WardIndex.build(wards)
    index.save(tmp_path / "index")
    xy = np.random.default_rng(2).uniform(0, 8, (2, 500))
    np.testing.assert_array_equal(WardIndex.load(tmp_path / "index").locate(*xy), index.locate(*xy))


def test_wards_without_codes_are_refused() -> None:
    with pytest.raises(SchemaError, match=r"error\.locate\.ward_code"):
        WardIndex.build(gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1, 1)]))


@pytest.fixture
def metric() -> gpd.GeoDataFrame:
    """Return two wards of 1 km² side by side near the centre of Huế."""
    x, y = 561_636.0, 1_821_406.0
    return gpd.GeoDataFrame(
        {"ward_code": ["1", "2"]},
        geometry=[shapely.box(x, y, x + 1000, y + 1000), shapely.box(x + 1000, y, x + 2000, y + 1000)],
        crs="EPSG:9214",
    )


def claim(x: float, y: float, width: float, height: float, operator: str = "a") -> dict[str, object]:
    x, y = x + 561_636.0, y + 1_821_406.0
    return {"operator": operator, "technology": "4g", "geometry": shapely.box(x, y, x + width, y + height)}


def test_overlapping_claims_of_a_group_count_once(metric: gpd.GeoDataFrame) -> None:
    claims = gpd.GeoDataFrame([claim(0, 0, 500, 1000), claim(250, 0, 500, 1000), claim(0, 0, 100, 100, "b")], crs="EPSG:9214")
    found = integrate(metric, claims).set_index(["ward_code", "operator"])
    assert len(found) == 2
    share = found["covered_area_m2"] / found["area_m2"]
    assert share[("1", "a")] == pytest.approx(0.75)
    assert share[("1", "b")] == pytest.approx(0.01)
    np.testing.assert_allclose(found["area_m2"], geodesic_area_m2(metric.geometry)[0])


def test_overlapping_wards_are_credited_each_in_full(metric: gpd.GeoDataFrame) -> None:
    twice = gpd.GeoDataFrame({"ward_code": ["1", "2"]}, geometry=[metric.geometry[0]] * 2, crs=metric.crs)
    claims = gpd.GeoDataFrame([claim(0, 0, 1000, 500)], crs="EPSG:9214")
    assert (integrate(twice, claims)["covered_area_m2"] / integrate(twice, claims)["area_m2"]).tolist() == pytest.approx([0.5, 0.5])


def test_frames_must_share_a_crs(metric: gpd.GeoDataFrame) -> None:
    claims = gpd.GeoDataFrame([claim(0, 0, 1, 1)], crs="EPSG:9214")
    with pytest.raises(CrsError, match=r"error\.integrate\.crs"):
        integrate(metric.to_crs(4326), claims)
    with pytest.raises(CrsError):
        integrate(metric, claims.set_crs(None, allow_override=True))


def test_no_claims_are_no_rows(metric: gpd.GeoDataFrame) -> None:
    empty = gpd.GeoDataFrame({"operator": [], "technology": []}, geometry=[], crs="EPSG:9214")
    assert len(integrate(metric, empty)) == 0


def test_parts_of_cells_fill_each_ward(metric: gpd.GeoDataFrame) -> None:
    parts = ward_cells(metric)
    np.testing.assert_allclose(parts.groupby("ward_code")["area_m2"].sum(), metric.area, rtol=1e-9)


def test_the_cell_of_a_point_holds_it() -> None:
    xy = np.random.default_rng(3).uniform((107.0, 16.0), (108.0, 16.8), (50, 2))
    names = cell_of(xy[:, 0], xy[:, 1])
    shapes = cell_polygons(names)
    assert shapely.intersects_xy(shapes.to_numpy(), xy[:, 0], xy[:, 1]).all()
