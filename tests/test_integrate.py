"""Area and people of wards inside claims: hand-computed cases, GEOS and pixel-by-pixel clipping as judges."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from distributed import LocalCluster
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyproj import CRS, Geod, Transformer

from hatang.coverage import _measures, _projection
from hatang.coverage import integrate as module
from hatang.coverage._linework import Linework
from hatang.coverage._projection import Projection
from hatang.coverage.cluster import map_merge
from hatang.coverage.integrate import WardShapes, geodesic_area_m2, integrate, polygon_sums, union
from hatang.coverage.raster import Affine, Raster
from hatang.data.contracts import HUE_CRS, MAP_CRS, CancelledError, CrsError, MissingError, ParameterError, SchemaError

X, Y = 561_636.0, 1_821_406.0
"""A corner near the centre of Huế, EPSG:9214."""
PIXELS: Affine = (100.0, 0.0, X - 200.0, 0.0, -100.0, Y + 1200.0)


def frame(shapes: list[shapely.Geometry | None], **columns: list[str]) -> gpd.GeoDataFrame:
    """Return shapes, given in metres from the corner, with columns."""
    moved = [None if shape is None else shapely.transform(shape, lambda xy: xy + np.array([X, Y])) for shape in shapes]
    return gpd.GeoDataFrame(columns, geometry=moved, crs=HUE_CRS)


def wards_of(*shapes: shapely.Geometry) -> gpd.GeoDataFrame:
    return frame(list(shapes), ward_code=[f"{k:05d}" for k in range(len(shapes))])


def claims_of(*shapes: shapely.Geometry | None, operators: str = "") -> gpd.GeoDataFrame:
    return frame(list(shapes), operator=list(operators or "a" * len(shapes)), technology=["4g"] * len(shapes))


def box(x: float, y: float, width: float, height: float) -> shapely.Polygon:
    return shapely.box(x, y, x + width, y + height)


@pytest.fixture
def metric() -> gpd.GeoDataFrame:
    """Return two wards of 1 km² side by side."""
    return wards_of(box(0, 0, 1000, 1000), box(1000, 0, 1000, 1000))


def shares(found: pd.DataFrame) -> dict[tuple[str, str], float]:
    share = found["covered_area_m2"] / found["area_m2"]
    return dict(zip(zip(found["ward_code"], found["operator"], strict=True), share, strict=True))


def clipped(wards: gpd.GeoDataFrame, claims: gpd.GeoDataFrame) -> dict[tuple[str, str], float]:
    """Return the share of each ward in each operator's claims, by GEOS."""
    metres, out = wards.to_crs(HUE_CRS), {}
    for operator, rows in claims.to_crs(HUE_CRS).groupby("operator"):
        cover = union(list(rows.geometry))
        for code, shape in zip(metres["ward_code"], metres.geometry, strict=True):
            out[code, str(operator)] = shapely.intersection(shape, cover).area / shape.area
    return out


def people_by_pixel(shapes: gpd.GeoSeries, raster: Raster) -> np.ndarray:
    """Return people by clipping each shape with the polygon of each pixel: the definition, spelled out."""
    a, b, c, d, e, f = raster.transform
    row, column = (index.ravel() for index in np.indices(raster.shape))
    corners = np.stack([np.column_stack([column + i, row + j]) for i, j in [(0, 0), (1, 0), (1, 1), (0, 1)]], axis=1)
    pixels = shapely.polygons(corners @ np.array([[a, d], [b, e]]) + np.array([c, f]))
    weight = raster.window(0, raster.shape[0], 0, raster.shape[1]).ravel() / shapely.area(pixels)
    moved = np.asarray(shapes.to_crs(raster.crs).to_numpy(), object)
    return np.array([(weight * shapely.area(shapely.intersection(shape, pixels))).sum() for shape in moved])


def people(shape: tuple[int, int], *, seed: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).gamma(0.5, 20.0, shape)


def test_overlapping_claims_of_a_group_count_once(metric: gpd.GeoDataFrame) -> None:
    claims = claims_of(box(0, 0, 500, 1000), box(250, 0, 500, 1000), box(0, 0, 100, 100), operators="aab")
    found = integrate(metric, claims)
    assert shares(found) == pytest.approx({("00000", "a"): 0.75, ("00000", "b"): 0.01}, rel=1e-12)
    np.testing.assert_allclose(found["area_m2"], geodesic_area_m2(metric.geometry)[0], rtol=1e-12)


def test_overlapping_wards_are_credited_each_in_full() -> None:
    # The middle edge of the claim lies in both wards; the ward listed first must not take it alone.
    wards = wards_of(box(0, 0, 1000, 1000), box(0, 0, 1000, 1000), box(500, 250, 1000, 1000))
    found = shares(integrate(wards, claims_of(box(0, 0, 1000, 500))))
    assert found == pytest.approx({("00000", "a"): 0.5, ("00001", "a"): 0.5, ("00002", "a"): 0.125}, rel=1e-12)


def test_a_claim_clipped_to_a_ward_adds_nothing_to_its_neighbour(metric: gpd.GeoDataFrame) -> None:
    exact = claims_of(metric.geometry[0], box(1000, 0, 1000, 1000)).set_geometry([metric.geometry[0], metric.geometry[1]], crs=HUE_CRS)
    one = exact.iloc[:1]
    assert shares(integrate(metric, one)) == pytest.approx({("00000", "a"): 1.0}, rel=1e-12)
    assert shares(integrate(metric, exact)) == pytest.approx({("00000", "a"): 1.0, ("00001", "a"): 1.0}, rel=1e-12)
    # The same border with vertices of its own.
    more = one.set_geometry(shapely.segmentize(one.geometry.to_numpy(), 37.0), crs=HUE_CRS)
    assert shares(integrate(metric, more)) == pytest.approx({("00000", "a"): 1.0}, rel=1e-12)


def test_holes_parts_and_what_lies_outside() -> None:
    ring = box(0, 0, 1000, 1000).difference(box(400, 400, 200, 200))
    wards = wards_of(ring, shapely.MultiPolygon([box(2000, 0, 100, 100), box(3000, 0, 100, 100)]))
    claim = shapely.MultiPolygon([box(-5000, 450, 5500, 100), box(3050, -50, 9000, 9000).difference(box(3060, 10, 20, 20))])
    found = shares(integrate(wards, claims_of(claim)))
    expected = {("00000", "a"): 40_000 / 960_000, ("00001", "a"): (50 * 100 - 400) / 20_000}
    assert found == pytest.approx(expected, rel=1e-12)


def test_claims_are_united_only_where_they_overlap(metric: gpd.GeoDataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    united: list[int] = []
    true_union = Linework.united
    monkeypatch.setattr(Linework, "united", lambda self: united.append(self.count) or true_union(self))
    beside = [box(0, 0, 500, 333), box(500, 0, 700, 333), box(0, 333, 1200, 400).difference(box(300, 400, 50, 51))]
    raster = Raster(people((14, 30)), PIXELS, HUE_CRS)
    # Level and upright edges, on pixels and off them, in common or not, are no overlaps.
    integrate(metric, claims_of(*beside, *starry(2, count=1, reach_m=500, vertices=60), operators="aaab"), raster=raster)
    assert united == []
    integrate(metric, claims_of(box(0, 0, 500, 333), box(499, 0, 700, 333)), raster=raster)
    assert united == [2, 2]  # once in EPSG:9214, once in the raster's CRS


def test_invalid_claims_are_made_valid_and_what_is_no_polygon_counts_nothing(metric: gpd.GeoDataFrame) -> None:
    bow = shapely.Polygon([(0, 0), (100, 100), (100, 0), (0, 100)])
    twice = shapely.MultiPolygon([box(200, 0, 100, 100), box(250, 0, 100, 100)])
    mixed = shapely.GeometryCollection([shapely.Point(5, 5), shapely.LineString([(0, 0), (900, 900)]), box(500, 0, 10, 10)])
    nested = shapely.GeometryCollection([shapely.GeometryCollection([box(600, 0, 10, 10)])])
    claims = claims_of(bow, twice, mixed, nested, None, shapely.Polygon(), operators="abcdee")
    found = shares(integrate(metric, claims))
    expected = {("00000", "a"): 0.005, ("00000", "b"): 0.015, ("00000", "c"): 1e-4, ("00000", "d"): 1e-4}
    assert found == pytest.approx(expected, rel=1e-10)


def test_an_invalid_ward_is_made_valid() -> None:
    bow = shapely.Polygon([(0, 0), (100, 100), (100, 0), (0, 100)])
    found = integrate(wards_of(bow), claims_of(box(0, 0, 50, 100)))
    assert shares(found) == pytest.approx({("00000", "a"): 0.5}, rel=1e-10)
    assert found["area_m2"][0] == pytest.approx(5000, rel=1e-3)


def test_frames_must_share_a_crs(metric: gpd.GeoDataFrame) -> None:
    claims = claims_of(box(0, 0, 1, 1))
    with pytest.raises(CrsError, match=r"error\.integrate\.crs"):
        integrate(metric.to_crs(MAP_CRS), claims)
    with pytest.raises(CrsError, match=r"error\.integrate\.crs"):
        integrate(metric, claims.set_crs(None, allow_override=True))
    with pytest.raises(CrsError, match=r"error\.integrate\.crs"):
        WardShapes.build(metric.set_crs(None, allow_override=True))
    with pytest.raises(CrsError, match=r"error\.integrate\.crs"):
        polygon_sums(metric.geometry.set_crs(None, allow_override=True), raster=Raster(people((2, 2)), PIXELS, HUE_CRS))
    with pytest.raises(CrsError, match=r"error\.integrate\.crs"):
        geodesic_area_m2(metric.geometry.set_crs(None, allow_override=True))


def test_columns_and_coordinates_are_checked(metric: gpd.GeoDataFrame) -> None:
    claims = claims_of(box(0, 0, 1, 1))
    with pytest.raises(SchemaError, match=r"error\.integrate\.columns.*environment"):
        integrate(metric, claims, by=("operator", "environment"))
    with pytest.raises(SchemaError, match=r"error\.locate\.ward_code"):
        integrate(metric.drop(columns="ward_code"), claims)
    broken = claims.set_geometry([shapely.Polygon([(0, 0), (1, np.inf), (1, 0)])], crs=HUE_CRS)
    with pytest.raises(ParameterError, match=r"error\.integrate\.coordinates"):
        integrate(metric, broken)


def test_groups_are_named_by_the_columns_asked_for(metric: gpd.GeoDataFrame) -> None:
    claims = claims_of(box(0, 0, 500, 1000), box(500, 0, 500, 1000), operators="ab").assign(technology=["4g", "5g"])
    assert list(integrate(metric, claims).columns) == ["ward_code", "operator", "technology", "area_m2", "covered_area_m2"]
    assert integrate(metric, claims, by=["technology"])["technology"].tolist() == ["4g", "5g"]
    whole = integrate(metric, claims.assign(all="x"), by="all")
    assert (whole["covered_area_m2"] / whole["area_m2"]).tolist() == pytest.approx([1.0], rel=1e-12)


def test_no_claims_are_no_rows(metric: gpd.GeoDataFrame) -> None:
    empty = gpd.GeoDataFrame({"operator": [], "technology": []}, geometry=[], crs=HUE_CRS)
    raster = Raster(people((12, 24)), PIXELS, HUE_CRS)
    assert len(integrate(metric, empty)) == 0
    columns = list(integrate(metric, empty, raster=raster).columns)
    assert columns == list(integrate(metric, claims_of(box(0, 0, 9, 9)), raster=raster).columns)
    assert len(integrate(metric, claims_of(box(-900, 0, 9, 9)), raster=raster)) == 0
    assert len(integrate(metric.iloc[:0], claims_of(box(0, 0, 9, 9)), raster=raster)) == 0


# Whole coordinates make every kind of coincidence likely: shared vertices, collinear and crossing edges, edges along pixels.
corner = st.tuples(st.integers(0, 10), st.integers(0, 10))
triangle = st.lists(corner, min_size=3, max_size=3, unique=True).map(shapely.Polygon).filter(lambda shape: shape.area > 0)
rectangle = st.tuples(corner, st.integers(1, 6), st.integers(1, 6)).map(lambda t: box(*map(float, t[0]), float(t[1]), float(t[2])))
blob = st.lists(st.one_of(triangle, rectangle), min_size=1, max_size=3).map(shapely.union_all)


@settings(max_examples=150, deadline=None)
@given(st.lists(blob, min_size=1, max_size=4), st.lists(st.one_of(triangle, rectangle, blob), min_size=1, max_size=4), st.integers(1, 4))
@example([box(0, 0, 3, 3), box(3, 0, 3, 3)], [box(0, 0, 3, 3)], 1)
@example([box(0, 0, 3, 3)], [box(0, 0, 3, 3), box(0, 0, 3, 3)], 2)
@example([box(0, 0, 4, 4).difference(box(1, 1, 2, 2))], [box(1, 1, 2, 2)], 3)
def test_every_coincidence_agrees_with_clipping(wards: list[shapely.Geometry], claims: list[shapely.Geometry], pixel: int) -> None:
    scale = 97.0
    ward_frame = wards_of(*(shapely.transform(shape, lambda xy: xy * scale) for shape in wards))
    claim_frame = claims_of(*(shapely.transform(shape, lambda xy: xy * scale) for shape in claims))
    size = -(-12 // pixel)
    raster = Raster(people((size, size)), (pixel * scale, 0.0, X, 0.0, -pixel * scale, Y + size * pixel * scale), HUE_CRS)
    found = integrate(ward_frame, claim_frame, raster=raster).set_index("ward_code")
    expected = clipped(ward_frame, claim_frame)
    cover = union(list(claim_frame.geometry))
    inside = people_by_pixel(ward_frame.geometry.intersection(cover), raster)
    whole = people_by_pixel(ward_frame.geometry, raster)
    for row, code in enumerate(ward_frame["ward_code"]):
        if expected[code, "a"] < 1e-9:
            assert code not in found.index
            continue
        share = found.loc[code, "covered_area_m2"] / found.loc[code, "area_m2"]
        assert share == pytest.approx(expected[code, "a"], rel=1e-9)
        assert found.loc[code, "covered_population"] == pytest.approx(inside[row], rel=1e-9, abs=1e-9)
        assert found.loc[code, "population"] == pytest.approx(whole[row], rel=1e-9)


def starry(seed: int, *, count: int, reach_m: float, vertices: int) -> list[shapely.Polygon]:
    """Return ragged stars about the corner: long thin edges, crossings everywhere."""
    random = np.random.default_rng(seed)
    out = []
    for _ in range(count):
        angle = np.sort(random.uniform(0, 2 * np.pi, vertices))
        radius = reach_m * random.uniform(0.2, 1.0, vertices)
        centre = random.uniform(0, 1000, 2)
        out.append(shapely.Polygon(np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]) + centre))
    return [shape for shape in out if shape.is_valid]


TRANSFORMS: dict[str, Affine] = {
    "north up": PIXELS,
    "south up": (100.0, 0.0, X - 200.0, 0.0, 100.0, Y - 200.0),
    "mirrored": (-100.0, 0.0, X + 1200.0, 0.0, -100.0, Y + 1200.0),
    "turned": (80.0, 60.0, X - 500.0, 60.0, -80.0, Y + 300.0),
    "sheared": (100.0, 30.0, X - 500.0, 0.0, -90.0, Y + 1200.0),
    "oblong": (170.0, 0.0, X - 333.0, 0.0, -40.0, Y + 700.0),
    "coarse": (3000.0, 0.0, X - 1500.0, 0.0, -3000.0, Y + 2000.0),
}


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS.keys())
def test_people_agree_with_clipping_pixel_by_pixel(transform: Affine) -> None:
    wards = wards_of(*starry(1, count=4, reach_m=700, vertices=40), box(0, 0, 400, 300))
    claims = claims_of(*starry(2, count=5, reach_m=500, vertices=60))
    raster = Raster(people((14, 16)), transform, HUE_CRS)
    found = integrate(wards, claims, raster=raster)
    cover = union(list(claims.geometry))
    np.testing.assert_array_equal(found["ward_code"], wards["ward_code"])
    np.testing.assert_allclose(found["population"], people_by_pixel(wards.geometry, raster), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(
        found["covered_population"], people_by_pixel(wards.geometry.intersection(cover), raster), rtol=1e-9, atol=1e-9
    )


def test_people_in_degrees_are_clipped_in_degrees() -> None:
    wards = wards_of(*starry(5, count=3, reach_m=900, vertices=30)).to_crs(MAP_CRS)
    claims = claims_of(*starry(6, count=3, reach_m=700, vertices=50), operators="aab").to_crs(MAP_CRS)
    west, _, _, north = wards.total_bounds
    raster = Raster(people((20, 20)), (1 / 1200, 0.0, west - 0.001, 0.0, -1 / 1200, north - 0.001), MAP_CRS)
    metric = integrate(wards.to_crs(HUE_CRS), claims.to_crs(HUE_CRS), raster=raster)
    found = integrate(wards, claims, raster=raster)
    for operator, rows in claims.groupby("operator"):
        mine = found[found["operator"] == operator]
        cover = union(list(rows.geometry))
        np.testing.assert_allclose(mine["covered_population"], people_by_pixel(wards.geometry.intersection(cover), raster), rtol=1e-9)
    # From another CRS the vertices alone are moved: the edges of the union are cut in the raster's CRS all the same.
    pd.testing.assert_frame_equal(metric, found, check_exact=False, rtol=1e-6)


def test_people_of_polygons() -> None:
    raster = Raster(people((14, 30)), PIXELS, HUE_CRS)
    shapes = [*starry(8, count=6, reach_m=400, vertices=30), None, shapely.Polygon([(0, 0), (100, 100), (100, 0), (0, 100)])]
    series = frame(shapes).geometry.set_axis([f"g{k}" for k in range(len(shapes))])
    found = polygon_sums(series, raster=raster)
    assert found.index.equals(series.index)
    known = series[series.notna() & series.is_valid]
    np.testing.assert_allclose(found.loc[known.index, "population"], people_by_pixel(known, raster), rtol=1e-9)
    np.testing.assert_allclose(found.loc[known.index, "area_m2"], geodesic_area_m2(known), rtol=1e-12)
    assert found["population"].iloc[-2] == 0
    bow = people_by_pixel(gpd.GeoSeries([union([series.iloc[-1]])], crs=HUE_CRS), raster)
    assert found["population"].iloc[-1] == pytest.approx(bow[0], rel=1e-9)


Written = Callable[..., Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Return a writer of one-band rasters, whose pixels lie at PIXELS unless told."""

    def write(values: np.ndarray, *, name: str = "people.tif", driver: str = "GTiff", **profile: object) -> Path:
        profile = {"crs": HUE_CRS, "transform": rasterio.Affine(*PIXELS), **profile}
        rows, columns = values.shape
        with rasterio.open(tmp_path / name, "w", driver=driver, width=columns, height=rows, count=1, dtype=values.dtype, **profile) as file:
            file.write(values, 1)
        return tmp_path / name

    return write


NO_DATA = {"minus": (-99999.0, np.float32), "huge": (3.0e38, np.float32), "nan": (np.nan, np.float32), "byte": (255, np.uint8)}


@pytest.mark.parametrize(("mark", "dtype"), NO_DATA.values(), ids=NO_DATA.keys())
def test_no_data_counts_nothing(metric: gpd.GeoDataFrame, written: Written, mark: float, dtype: type) -> None:
    values = np.full((14, 30), 3, dtype)
    values[4, 5] = values[7, 7] = mark
    path = written(values, nodata=mark)
    expected = np.where(values == 3, 3.0, 0.0)
    claims = claims_of(box(100, 100, 1500, 700))
    known = integrate(metric, claims, raster=Raster(expected, PIXELS, HUE_CRS))
    pd.testing.assert_frame_equal(integrate(metric, claims, raster=path), known, check_exact=True)
    pd.testing.assert_frame_equal(integrate(metric, claims, raster=str(path)), known, check_exact=True)
    assert known["population"].tolist() == pytest.approx([3 * 98, 300], rel=1e-12)


def test_negative_and_nan_count_nothing_where_no_mark_is_set(metric: gpd.GeoDataFrame, written: Written) -> None:
    values = np.full((14, 30), 3, np.float32)
    values[4, 5], values[5, 5], values[6, 6] = -99999.0, np.nan, np.inf
    found = integrate(metric, claims_of(box(0, 0, 2000, 1000)), raster=written(values))
    assert found["covered_population"].tolist() == pytest.approx([3 * 97, 300], rel=1e-12)


def test_other_formats_and_scaled_values_are_read(metric: gpd.GeoDataFrame, written: Written) -> None:
    values = people((14, 30)).astype(np.float32)
    claims = claims_of(box(100, 100, 1500, 700))
    known = integrate(metric, claims, raster=Raster(values, PIXELS, HUE_CRS))
    envi = integrate(metric, claims, raster=written(values, name="people.img", driver="ENVI"))
    pd.testing.assert_frame_equal(envi, known, check_exact=False, rtol=1e-12)
    path = written(values)
    with rasterio.open(path, "r+") as file:
        file.scales, file.offsets = (0.5,), (1.0,)
    scaled = integrate(metric, claims, raster=path)
    np.testing.assert_allclose(scaled["population"], known["population"] * 0.5 + 100, rtol=1e-12)


def test_a_raster_without_place_or_of_another_kind_is_refused(metric: gpd.GeoDataFrame, written: Written, tmp_path: Path) -> None:
    claims = claims_of(box(0, 0, 9, 9))
    values = people((14, 30))
    with pytest.raises(MissingError, match=r"error\.raster\.missing"):
        integrate(metric, claims, raster=tmp_path / "none.tif")
    with pytest.raises(CrsError, match=r"error\.raster\.crs"):
        integrate(metric, claims, raster=written(values, crs=None))
    text = tmp_path / "text.tif"
    text.write_text("people")
    with pytest.raises(ParameterError, match=r"error\.raster\.unreadable"):
        integrate(metric, claims, raster=text)
    for transform in [(0.0, 0.0, X, 0.0, -100.0, Y), (100.0, 50.0, X, 200.0, 100.0, Y), (np.nan, 0.0, X, 0.0, 1.0, Y)]:
        with pytest.raises(ParameterError, match=r"error\.raster\.transform"):
            Raster(values, transform, HUE_CRS)
    with pytest.raises(ParameterError, match=r"error\.raster\.transform"):
        Raster(values[0], PIXELS, HUE_CRS)
    with pytest.raises(CrsError, match=r"error\.raster\.crs"):
        Raster(values, PIXELS, None)


def test_a_file_that_names_other_files_is_not_followed(metric: gpd.GeoDataFrame, written: Written, tmp_path: Path) -> None:
    target = written(people((14, 30)))
    virtual = tmp_path / "people.vrt"
    virtual.write_text(
        f'<VRTDataset rasterXSize="30" rasterYSize="14"><SRS>EPSG:9214</SRS><GeoTransform>{X}, 100, 0, {Y}, 0, -100</GeoTransform>'
        f'<VRTRasterBand dataType="Float64" band="1"><SimpleSource><SourceFilename>{target}</SourceFilename></SimpleSource></VRTRasterBand>'
        "</VRTDataset>"
    )
    with rasterio.open(virtual) as file:
        assert file.read(1).sum() > 0
    with pytest.raises(ParameterError, match=r"error\.raster\.unreadable"):
        integrate(metric, claims_of(box(0, 0, 9, 9)), raster=virtual)


def test_a_broken_file_is_refused(metric: gpd.GeoDataFrame, written: Written) -> None:
    path = written(people((14, 30)), compress="deflate")
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(ParameterError, match=r"error\.raster\.unreadable"):
        integrate(metric, claims_of(box(0, 0, 900, 900)), raster=path)


def test_windows_do_not_change_the_sums(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    transform: Affine = (4.0, 0.0, X - 200.0, 0.0, -4.0, Y + 1200.0)
    wards = wards_of(*starry(1, count=4, reach_m=700, vertices=40))
    claims = claims_of(*starry(2, count=5, reach_m=500, vertices=60), operators="aabbb")
    path = written(people((350, 380)), transform=rasterio.Affine(*transform), tiled=True, blockxsize=64, blockysize=64)
    once = integrate(wards, claims, raster=path)
    monkeypatch.setattr(_measures, "_WINDOW_PIXELS", 1)
    pd.testing.assert_frame_equal(integrate(wards, claims, raster=path), once, check_exact=False, rtol=1e-13)
    pd.testing.assert_frame_equal(integrate(wards, claims, raster=path), integrate(wards, claims, raster=path), check_exact=True)


def test_prepared_wards_answer_alike(metric: gpd.GeoDataFrame) -> None:
    claims = claims_of(*starry(2, count=5, reach_m=500, vertices=60))
    raster = Raster(people((14, 30)), PIXELS, HUE_CRS)
    shapes = WardShapes.build(metric)
    pd.testing.assert_frame_equal(integrate(shapes, claims, raster=raster), integrate(metric, claims, raster=raster), check_exact=True)
    with pytest.raises(CrsError, match=r"error\.integrate\.crs"):
        integrate(shapes, claims.to_crs(MAP_CRS))


def test_the_order_of_claims_and_of_vertices_does_not_matter(metric: gpd.GeoDataFrame) -> None:
    claims = claims_of(*starry(2, count=5, reach_m=500, vertices=60), operators="aabbb")
    turned = claims.set_geometry(shapely.reverse(claims.geometry.to_numpy()), crs=HUE_CRS).iloc[::-1]
    pd.testing.assert_frame_equal(integrate(metric, claims), integrate(metric, turned), check_exact=False, rtol=1e-12)


def test_more_claims_never_cover_less(metric: gpd.GeoDataFrame) -> None:
    stars = starry(4, count=6, reach_m=600, vertices=40)
    before = 0.0
    for count in range(1, len(stars) + 1):
        covered = integrate(metric, claims_of(*stars[:count]))["covered_area_m2"].sum()
        assert covered >= before * (1 - 1e-12)
        before = covered


def test_geodesic_area_does_not_ask_which_way_a_ring_turns() -> None:
    ring = box(0, 0, 1000, 1000).difference(box(400, 400, 200, 200))
    askew = shapely.Polygon(ring.exterior.coords[::-1], [ring.interiors[0].coords])
    areas = geodesic_area_m2(frame([ring, askew, shapely.Polygon(askew.exterior, [askew.interiors[0].coords[::-1]])]).geometry)
    np.testing.assert_allclose(areas, areas[0], rtol=1e-12)
    # Planar 960,000 m²; the scale of TM-3 at 0.6° from its meridian is 0.9999 × (1 + 4.6e-5): closed form of the projection.
    assert areas[0] == pytest.approx(960_000 / (0.9999 * (1 + 61_000**2 / (2 * 6.36e6**2))) ** 2, rel=1e-6)


SYSTEMS = [(MAP_CRS, HUE_CRS, 1e-8), (HUE_CRS, MAP_CRS, 1e-12), ("EPSG:32648", HUE_CRS, 1e-8), (MAP_CRS, "EPSG:3857", 3e-8)]


@pytest.mark.parametrize(("source", "target", "close"), SYSTEMS, ids=[f"{a} to {b}" for a, b, _ in SYSTEMS])
def test_many_points_are_moved_as_proj_moves_them(source: str, target: str, close: float) -> None:
    degrees = np.random.default_rng(7).uniform((102.0, 8.0), (110.0, 23.0), (20_000, 2)).T
    x, y = Transformer.from_crs(MAP_CRS, source, always_xy=True).transform(*degrees)
    found = Projection(CRS(source), CRS(target), points=x.size).move(x, y)
    expected = Transformer.from_crs(source, target, always_xy=True).transform(x, y)
    np.testing.assert_allclose(found, expected, rtol=0, atol=close)
    # A point's place depends on the point alone.
    alone = Projection(CRS(source), CRS(target), points=x.size).move(x[:3].copy(), y[:3].copy())
    np.testing.assert_array_equal(alone, np.array(found)[:, :3])


def test_tiles_that_do_not_prove_close_and_few_points_go_to_proj(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = np.random.default_rng(7).uniform((107.0, 16.0), (108.0, 17.0), (5_000, 2)).T
    expected = Transformer.from_crs(MAP_CRS, HUE_CRS, always_xy=True).transform(x, y)
    np.testing.assert_array_equal(Projection(CRS(MAP_CRS), CRS(HUE_CRS), points=10).move(x, y), expected)
    monkeypatch.setattr(_projection, "_CLOSE", {True: 0.0, False: 0.0})
    np.testing.assert_array_equal(Projection(CRS(MAP_CRS), CRS(HUE_CRS), points=x.size).move(x, y), expected)


def test_vertices_without_a_place_in_the_raster_are_refused(metric: gpd.GeoDataFrame) -> None:
    polar = metric.to_crs(MAP_CRS).set_geometry([shapely.box(0, 80, 1, 95)] * 2, crs=MAP_CRS)
    with pytest.raises(ParameterError, match=r"error\.integrate\.coordinates"):
        polygon_sums(polar.geometry, raster=Raster(people((2, 2)), PIXELS, "EPSG:3857"))


@pytest.mark.parametrize("reach_m", [5.0, 500.0, 900.0, 30_000.0])
def test_geodesic_areas_are_those_of_karney(reach_m: float) -> None:
    # pyproj sums from the equator and keeps some 1e-3 m²; edges beyond 2 km go to it.
    degrees = frame([*starry(3, count=8, reach_m=reach_m, vertices=50), None]).to_crs(MAP_CRS).geometry
    expected = [abs(Geod(ellps="WGS84").geometry_area_perimeter(shape)[0]) for shape in degrees.iloc[:-1]]
    found = geodesic_area_m2(degrees)
    np.testing.assert_allclose(found.iloc[:-1], expected, rtol=2e-11, atol=2e-3)
    assert np.isnan(found.iloc[-1])


def test_geodesic_areas_of_small_shapes_are_those_of_an_equal_area_plane() -> None:
    # On a Lambert azimuthal plane about the shape a geodesic of some hundred metres is straight to nanometres.
    for shape in frame(starry(4, count=4, reach_m=150, vertices=60)).to_crs(MAP_CRS).geometry:
        x, y = shape.exterior.xy
        plane = gpd.GeoSeries([shape], crs=MAP_CRS).to_crs(f"+proj=laea +lon_0={x[0]} +lat_0={y[0]} +ellps=WGS84 +datum=WGS84")
        assert geodesic_area_m2(gpd.GeoSeries([shape], crs=MAP_CRS))[0] == pytest.approx(plane.area[0], rel=3e-9)


def contours(west: float, south: float, east: float, north: float, *, seed: int, rows: int) -> shapely.MultiPolygon:
    """Return a claim as a radio planning tool would draw it: the cells of a noisy field above its median, holes and islands and all."""
    random = np.random.default_rng(seed)
    field = random.normal(size=(rows, rows))
    for _ in range(6):
        field = (field + np.roll(field, 1, 0) + np.roll(field, -1, 0) + np.roll(field, 1, 1) + np.roll(field, -1, 1)) / 5
    on = field > np.median(field)
    i, j = np.nonzero(on)
    width, height = (east - west) / rows, (north - south) / rows
    cells = shapely.box(west + j * width, south + i * height, west + (j + 1) * width, south + (i + 1) * height)
    return shapely.simplify(shapely.coverage_union_all(cells), 1.2 * min(width, height))


@pytest.fixture(scope="module")
def real(reference: Path) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return the real wards and contour claims of three operators, EPSG:4326."""
    wards = gpd.read_parquet(reference / "boundaries/hue_wards_2025.parquet")[["ward_code", "geometry"]]
    shapes = [shapely.make_valid(contours(*wards.total_bounds, seed=seed, rows=150)) for seed in range(3)]
    names = {"operator": ["viettel", "vnpt", "mobifone"], "technology": ["4g"] * 3}
    return wards, gpd.GeoDataFrame(names, geometry=shapes, crs=wards.crs)


@pytest.mark.reference
def test_real_wards_agree_with_geos(real: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]) -> None:
    wards, claims = real
    found = shares(integrate(wards, claims))
    expected = clipped(wards, claims)
    assert found.keys() == {key for key, share in expected.items() if share > 0}
    for key, share in found.items():
        assert share == pytest.approx(expected[key], rel=1e-9)


@pytest.mark.reference
def test_claims_clipped_to_real_wards_fill_them_and_no_neighbour(real: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]) -> None:
    wards, claims = (part.to_crs(HUE_CRS) for part in real)
    cut = shapely.intersection(wards.geometry.to_numpy(), claims.geometry[0])
    own = gpd.GeoDataFrame({"operator": wards["ward_code"].tolist(), "technology": "4g"}, geometry=cut, crs=HUE_CRS)
    found = shares(integrate(wards, own))
    expected = clipped(wards, claims.iloc[:1])
    assert all(ward == operator for ward, operator in found)
    for code in wards["ward_code"]:
        assert found[code, code] == pytest.approx(expected[code, "viettel"], rel=1e-9)
    together = shares(integrate(wards, own.assign(operator="all")))
    assert together == pytest.approx({(code, "all"): expected[code, "viettel"] for code in wards["ward_code"]}, rel=1e-9)


@pytest.mark.reference
def test_people_of_real_wards_agree_with_clipping(real: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]) -> None:
    wards, claims = real
    wards = wards.iloc[:6]
    west, south, east, north = wards.total_bounds
    step = 1 / 120
    raster = Raster(people((int((north - south) / step), int((east - west) / step))), (step, 0.0, west, 0.0, -step, north), MAP_CRS)
    found = integrate(wards, claims.iloc[:1], raster=raster)
    inside = people_by_pixel(wards.geometry.intersection(claims.geometry[0]), raster)
    np.testing.assert_allclose(found["covered_population"], inside[inside > 0], rtol=1e-9)
    np.testing.assert_allclose(
        polygon_sums(wards.geometry, raster=raster)["population"], people_by_pixel(wards.geometry, raster), rtol=1e-9
    )


@pytest.mark.reference
def test_dirty_wards_of_the_country_agree_with_geos(reference: Path) -> None:
    wards = gpd.read_parquet(reference / "boundaries/vn_wards_2025_simplified30m.parquet")[["ward_code", "geometry"]]
    wards = wards.cx[105.6:106.1, 20.8:21.2].to_crs(HUE_CRS)
    claims = claims_of(contours(*wards.total_bounds, seed=9, rows=120))
    claims = claims.set_geometry(shapely.transform(claims.geometry.to_numpy(), lambda xy: xy - np.array([X, Y])), crs=HUE_CRS)
    found = shares(integrate(wards, claims))
    for key, share in clipped(wards, claims).items():
        assert found.get(key, 0.0) == pytest.approx(share, rel=1e-9, abs=1e-12)


@pytest.mark.slow
def test_the_cluster_gives_the_same_table_though_a_worker_dies(
    workers: LocalCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(11)
    wards = wards_of(*(box(500 * k, 0, 500, 900) for k in range(6)), box(200, 100, 700, 500))
    discs = [shapely.Point(x, y).buffer(r, 40) for x, y, r in random.uniform((0, 0, 50), (3000, 900, 600), (40, 3))]
    claims = claims_of(*discs, operators="abcdefgh" * 5)
    raster = Raster(people((14, 34)), PIXELS, "EPSG:9214")
    alone = integrate(wards, claims, raster=raster)
    assert len(alone) > 40
    mark = tmp_path / "died"

    def through(_: object, pieces: list[object], merge: object, *, scheduler: object, shared: object, finished: object) -> object:
        return map_merge(killing, pieces, merge, scheduler=scheduler, shared=(shared, str(mark)), finished=finished)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "map_merge", through)
    told: list[tuple[int, int]] = []
    found = integrate(
        wards, claims, raster=raster, scheduler=workers.scheduler_address, progress=lambda done, every: told.append((done, every))
    )
    assert told == [(7 * k, 56) for k in range(9)] + [(56, 56)]
    assert mark.exists()
    pd.testing.assert_frame_equal(found, alone, check_exact=True)
    assert integrate(wards, claims.iloc[:0], raster=raster, scheduler=workers).empty


def killing(pieces: list[tuple[int, Linework]], shared: tuple[object, str]) -> object:
    """Do one group; the first worker that comes to the fourth dies there as if its machine lost power."""
    work, mark = shared
    if pieces[0][0] == 3:
        try:
            os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            pass
        else:
            os.kill(os.getpid(), signal.SIGKILL)
    return module._reach(pieces, work)  # type: ignore[arg-type]


def test_progress_rises_to_the_whole_and_who_stops_it_leaves_nothing(metric: gpd.GeoDataFrame, written: Written) -> None:
    # Many short edges make cells small and strips of cells many.
    turn = np.linspace(0, 2 * np.pi, 20_000)
    waves = [1000 + 400 * np.exp(1j * turn) * (1 + 0.1 * np.sin((8 + k) * turn)) for k in range(3)]
    claims = claims_of(*(shapely.Polygon(np.column_stack([wave.real, wave.imag + 500])) for wave in waves), operators="abc")
    path = written(people((14, 30)))
    whole = integrate(metric, claims, raster=path)
    told: list[tuple[int, int]] = []
    seen = integrate(metric, claims, raster=path, progress=lambda done, every: told.append((done, every)))
    pd.testing.assert_frame_equal(seen, whole)
    assert told == sorted(told)
    assert told[0] == (0, 3 * len(metric))
    assert told[-1] == (3 * len(metric), 3 * len(metric))
    middle = [done for done, _ in told if 0 < done < 3 * len(metric)]
    assert middle

    def stop(done: int, _: int) -> None:
        if done:
            raise CancelledError("error.cancelled")

    with pytest.raises(CancelledError, match=r"error\.cancelled"):
        integrate(metric, claims, raster=path, progress=stop)
    pd.testing.assert_frame_equal(integrate(metric, claims, raster=path), whole)


def test_sums_of_polygons_tell_their_progress_too(metric: gpd.GeoDataFrame, written: Written) -> None:
    path = written(people((14, 30)))
    told: list[int] = []
    sums = polygon_sums(metric.geometry, raster=path, progress=lambda done, _: told.append(done))
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0, len(metric))

    def stop(_done: int, _every: int) -> None:
        raise CancelledError("error.cancelled")

    with pytest.raises(CancelledError):
        polygon_sums(metric.geometry, raster=path, progress=stop)
    pd.testing.assert_frame_equal(polygon_sums(metric.geometry, raster=path), sums)
