"""Grids of people: pixels as published, nothing where there is none, the year and the publisher told; terrain beside it."""

import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import h3
import numpy as np
import pandas as pd
import pyogrio
import pyproj
import pytest
import rasterio
import shapely

from hatang.data.contracts import POPULATION, Kind, RefusedError
from hatang.data.reading import ReadOptions, read, recognise
from hatang.data.tablefile import arrow_table

STEP = 1 / 1200
WORLDPOP = np.array([[5.0, -99999.0, 0.0], [2.5, 7.5, -99999.0]], np.float32)
"""Three pixels with people, 15 in all; written at 107.58 E 16.46 N, 3 arc seconds."""


def grid(path: Path, values: np.ndarray, crs: str, transform: Any, nodata: float | None = None) -> Path:
    shape = {"count": 1, "height": values.shape[0], "width": values.shape[1]}
    with rasterio.open(path, "w", driver="GTiff", dtype=values.dtype.name, crs=crs, transform=transform, nodata=nodata, **shape) as target:
        target.write(values, 1)
    return path


def worldpop(folder: Path, name: str = "vnm_pop_2025_CN_100m_R2025A_v1.tif", nodata: float | None = -99999) -> Path:
    return grid(folder / name, WORLDPOP, "EPSG:4326", rasterio.Affine(STEP, 0, 107.58, 0, -STEP, 16.46), nodata)


def run(path: Path, kind: Kind = Kind.AUTO) -> pd.DataFrame:
    outcome = read(path, path.parent / "out.arrow", kind, ReadOptions())
    assert outcome.rows_in == outcome.rows_kept
    return arrow_table(path.parent / "out.arrow", outcome.kind)


def refusal(path: Path, kind: Kind) -> str:
    with pytest.raises(RefusedError) as error:
        run(path, kind)
    return error.value.faults[0].code


@pytest.mark.parametrize("nodata", [-99999, None])
def test_worldpop(tmp_path: Path, nodata: float | None) -> None:
    path = worldpop(tmp_path, nodata=nodata)
    assert recognise(path, ReadOptions()) is Kind.POPULATION
    frame = run(path)
    assert list(frame.columns) == POPULATION.names
    assert frame["population"].tolist() == [5.0, 2.5, 7.5]
    np.testing.assert_allclose(frame["x"], 107.58 + STEP * np.array([0.5, 0.5, 1.5]))
    np.testing.assert_allclose(frame["y"], 16.46 - STEP * np.array([0.5, 1.5, 1.5]))
    assert frame[["publisher", "year", "crs"]].drop_duplicates().to_numpy().tolist() == [["WorldPop", 2025, "EPSG:4326"]]
    assert frame[["west", "south", "east", "north"]].iloc[0].tolist() == pytest.approx([107.58, 16.46 - 2 * STEP, 107.58 + 3 * STEP, 16.46])


def test_both_tiles_of_ghsl_in_one_archive(tmp_path: Path) -> None:
    """Mollweide, 100 m; the two tiles of the city meet at y = 2,000,000 m (formats.md §4)."""
    x, _ = pyproj.Transformer.from_crs("EPSG:4326", "ESRI:54009", always_xy=True).transform(107.6, 16.26)
    left = np.floor(x / 100) * 100
    for tile, top in ((7, 2_000_200.0), (8, 2_000_000.0)):
        values = np.full((2, 2), float(tile))
        values[0, 0] = -200  # GHSL's sign for none
        name = f"GHS_POP_E2025_GLOBE_R2023A_54009_100_V1_0_R{tile}_C29"
        grid(tmp_path / f"{name}.tif", values, "ESRI:54009", rasterio.Affine(100, 0, left, 0, -100, top), -200)
    with zipfile.ZipFile(tmp_path / "ghs.zip", "w") as archive:
        for part in sorted(tmp_path.glob("*.tif")):
            archive.write(part, part.name)
            archive.writestr(part.name + ".ovr", b"II*\x00 overview")
    frame = run(tmp_path / "ghs.zip")
    assert frame["population"].tolist() == [7, 7, 7, 8, 8, 8]
    assert frame["publisher"].unique().tolist() == ["GHS-POP"]
    assert sorted(frame["south"].unique()) == [1_999_800, 2_000_000]


def test_hexagons_of_kontur_keep_their_people(tmp_path: Path) -> None:
    ids = [h3.latlng_to_cell(16.46, lon, 8) for lon in (107.58, 107.60)]
    far = h3.latlng_to_cell(21.0, 105.8, 8)  # Hà Nội
    hexagons = [shapely.Polygon([(x, y) for y, x in h3.cell_to_boundary(cell)]) for cell in (*ids, far)]
    frame = gpd.GeoDataFrame({"h3": [*ids, far], "population": [1200.0, 30.0, 9000.0]}, geometry=hexagons, crs="EPSG:4326")
    pyogrio.write_dataframe(frame.to_crs("EPSG:3857"), tmp_path / "kontur_population_VN_20231101.gpkg", layer="population")
    found = run(tmp_path / "kontur_population_VN_20231101.gpkg")
    assert found["population"].sum() == pytest.approx(1230)
    assert found[["publisher", "year"]].drop_duplicates().to_numpy().tolist() == [["Kontur", 2023]]
    points = gpd.GeoSeries(gpd.points_from_xy(found["x"], found["y"]), crs="EPSG:3857").to_crs("EPSG:4326")
    inside = points.within(hexagons[0])
    assert found["population"][inside].sum() == pytest.approx(1200)


@pytest.mark.parametrize("head", ["", "h3,population\n", "h3_index,population\n"])
def test_hexagons_of_kontur_as_a_table(tmp_path: Path, head: str) -> None:
    ids = [h3.latlng_to_cell(lat, lon, 8) for lat, lon in ((16.46, 107.58), (16.46, 107.60), (21.0, 105.8))]
    path = tmp_path / "kontur_population_VN_20231101.csv"
    path.write_text(head + f"{ids[0]},1200\n{ids[1]},30.5\n{ids[2]},9000\n")
    found = run(path)
    assert found["population"].sum() == pytest.approx(1230.5)
    renamed = run(path.rename(tmp_path / "dan-so.csv"))  # told by its columns, not by its name
    assert (renamed["population"].sum(), renamed["publisher"].isna().all()) == (pytest.approx(1230.5), True)
    path.write_text(head + f"{ids[0]},1200\n{ids[1][:-1]},30\n")
    with pytest.raises(RefusedError) as error:
        run(path)
    assert [(fault.code, fault.row) for fault in error.value.faults] == [("h3_id", 2 + bool(head))]


def test_what_is_no_count_of_people_round_the_city_is_refused(tmp_path: Path) -> None:
    place = rasterio.Affine(STEP, 0, 107.58, 0, -STEP, 16.46)
    signal = grid(tmp_path / "a.tif", np.full((2, 2), -90, np.float32), "EPSG:4326", place)
    assert refusal(signal, Kind.POPULATION) == "population_none"
    away = grid(tmp_path / "b.tif", WORLDPOP, "EPSG:4326", rasterio.Affine(STEP, 0, 105.8, 0, -STEP, 21.0), -99999)
    assert refusal(away, Kind.POPULATION) == "population_none"
    assert refusal(grid(tmp_path / "c.tif", np.full((2, 2), 3e8, np.float32), "EPSG:4326", place), Kind.POPULATION) == "population_units"
    assert refusal(grid(tmp_path / "d.tif", WORLDPOP, None, place), Kind.POPULATION) == "file_crs"  # type: ignore[arg-type]
    turned = grid(tmp_path / "e.tif", WORLDPOP, "EPSG:4326", rasterio.Affine(STEP, STEP, 107.58, STEP, -STEP, 16.46))
    assert refusal(turned, Kind.POPULATION) == "file_geometry"
    (tmp_path / "f.csv").write_text("a,b\n1,2\n")
    assert refusal(tmp_path / "f.csv", Kind.POPULATION) == "kind_raster"
    assert refusal(tmp_path / "f.csv", Kind.TERRAIN) == "kind_raster"


def test_a_square_degree_of_srtm(tmp_path: Path) -> None:
    heights = np.full((1201, 1201), 12, ">i2")
    heights[0, 0], heights[5, 5], heights[6, 6] = -32768, -3, 1774
    with zipfile.ZipFile(tmp_path / "N16E107.SRTMGL3.hgt.zip", "w") as archive:
        archive.writestr("N16E107.hgt", heights.tobytes())
    frame = run(tmp_path / "N16E107.SRTMGL3.hgt.zip")
    row = frame.iloc[0]
    assert (row["tile"], row["publisher"], row["lowest_m"], row["highest_m"]) == ("N16E107.hgt", "SRTM", -3, 1774)
    assert (row["columns"], row["step_x"], row["void_share"]) == (1201, 1 / 1200, pytest.approx(1 / 1201**2))
    assert frame.geometry[0].bounds == (107, 16, 108, 17)


def test_a_tile_of_copernicus(tmp_path: Path) -> None:
    place = rasterio.Affine(1 / 3600, 0, 107, 0, -1 / 3600, 17)
    path = tmp_path / "Copernicus_DSM_COG_10_N16_00_E107_00_DEM.tif"
    row = run(grid(path, np.array([[0.0, 812.5]], np.float32), "EPSG:4326", place)).iloc[0]
    assert (row["publisher"], row["lowest_m"], row["highest_m"], row["void_share"]) == ("Copernicus DEM", 0, 812.5, 0)
    assert refusal(grid(path, np.array([[0.0, 1e5]], np.float32), "EPSG:4326", place), Kind.TERRAIN) == "terrain_heights"


def test_a_grid_under_another_name_is_what_the_sender_says(tmp_path: Path) -> None:
    path = worldpop(tmp_path, "dan-so.tif")
    (tmp_path / "m.yaml").write_text("constants: {publisher: Cục Thống kê, year: 2024}\n", "utf-8")
    read(path, tmp_path / "out.arrow", Kind.POPULATION, ReadOptions(mapping=tmp_path / "m.yaml"))
    frame = arrow_table(tmp_path / "out.arrow", Kind.POPULATION)
    assert frame[["publisher", "year"]].drop_duplicates().to_numpy().tolist() == [["Cục Thống kê", 2024]]
    assert recognise(path, ReadOptions()) is Kind.CLAIMS


SECOND = 1 / 3600


def people_as_points(
    path: Path, column: str = "population", rows: tuple[tuple[int, int, str], ...] = ((0, 0, "4.5"), (0, 3, "1.25"), (7, 1, "10"))
) -> Path:
    """Write the middles of pixels of one arc second, rows south of 16.46 N and east of 107.58 E, as Meta's CSV does."""
    lines = [f"{107.58 + (x + 0.5) * SECOND:.9f},{16.46 - (y + 0.5) * SECOND:.9f},{people}" for x, y, people in rows]
    path.write_text(f"longitude,latitude,{column}\n" + "\n".join([*lines, "105.850138889,21.030138889,900"]) + "\n")
    return path


@pytest.mark.parametrize(("column", "year"), [("population", None), ("population_2020", 2020), ("vnm_general_2020", 2020)])
def test_people_as_a_list_of_pixels(tmp_path: Path, column: str, year: int | None) -> None:
    path = people_as_points(tmp_path / "dan-so.csv", column)
    assert recognise(path, ReadOptions()) is Kind.POPULATION
    frame = run(path)
    assert list(frame.columns) == POPULATION.names
    assert frame["population"].tolist() == [4.5, 1.25, 10]
    np.testing.assert_allclose(frame["x"], 107.58 + SECOND * np.array([0.5, 0.5, 7.5]), atol=1e-9)
    np.testing.assert_allclose(frame["y"], 16.46 - SECOND * np.array([0.5, 3.5, 1.5]), atol=1e-9)
    assert frame[["publisher", "crs"]].drop_duplicates().to_numpy().tolist() == [["Meta HRSL", "EPSG:4326"]]
    assert frame["year"].isna().all() if year is None else frame["year"].eq(year).all()
    # the list reaches from Hà Nội to Huế: of the city's box it covers the north-west
    assert frame.loc[0, ["west", "north"]].tolist() == [106.9, 16.9]
    assert frame.loc[0, ["south", "east"]].tolist() == pytest.approx([16.46 - 4 * SECOND, 107.58 + 8 * SECOND])


@pytest.mark.parametrize(
    ("row", "code"),
    [("107.5803,16.4603,5", "population_grid"), ("107.580138889,16.459861111,2", "population_grid"), ("107.580416667,một,5", "cell_number"),
     ("107.580416667,16.459861111,", "cell_number"), ("107.580416667,16.459861111,3000000", "population_units")],
)  # fmt: skip
def test_a_list_of_pixels_with_one_wrong_row_is_refused(tmp_path: Path, row: str, code: str) -> None:
    path = people_as_points(tmp_path / "dan-so.csv")
    path.write_text(path.read_text() + row + "\n")
    with pytest.raises(RefusedError) as error:
        run(path)
    fault = error.value.faults[0]
    assert (fault.code, fault.row) == (code, None if code == "population_units" else 6)


@pytest.mark.parametrize("header", ["quadkey,rwi,error", "latitude,longitude,rwi,error"])
@pytest.mark.parametrize("kind", [Kind.AUTO, Kind.POPULATION])
def test_an_index_of_wealth_is_no_number_of_people(tmp_path: Path, header: str, kind: Kind) -> None:
    row = "13220212310120,-0.12,0.41" if header.startswith("quadkey") else "16.46,107.58,-0.12,0.41"
    (tmp_path / "vnm_relative_wealth_index.csv").write_text(f"{header}\n{row}\n{row}\n")
    assert refusal(tmp_path / "vnm_relative_wealth_index.csv", kind) == "format_not_people"
