"""People inside claims: rasters of any form and turn against clipping pixel by pixel, progress, and what stops half-way."""

from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from laid_out import PIXELS, X, Y, box, claims_of, frame, people, people_by_pixel, starry, two_wards, wards_of

from hatang.coverage import _measures
from hatang.coverage.integrate import geodesic_area_m2, integrate, polygon_sums, union
from hatang.coverage.raster import Affine, Raster
from hatang.data.contracts import HUE_CRS, MAP_CRS, CancelledError, CrsError, MissingError, ParameterError


@pytest.fixture
def metric() -> gpd.GeoDataFrame:
    return two_wards()


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
