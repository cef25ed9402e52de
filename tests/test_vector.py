"""Layers of shapes in every form, and every way in which a layer can be wrong."""

import json
import sqlite3
import unicodedata
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from hatang.data._intake import resolve
from hatang.data.contracts import HUE_CRS, INPUT_TABLES, MAP_CRS, Kind, RefusedError, Severity
from hatang.data.mapping import FileMapping
from hatang.data.reading import ReadOptions, ReadOutcome, read, recognise

SQUARE = shapely.box(107.55, 16.40, 107.60, 16.45)
OTHER = shapely.box(107.20, 16.20, 107.25, 16.25)
BOWTIE = shapely.Polygon([(107.5, 16.4), (107.6, 16.5), (107.6, 16.4), (107.5, 16.5)])
SUFFIXES = (".gpkg", ".geojson", ".fgb", ".parquet", ".shp.zip", ".kml")


def claims(shapes: Sequence[BaseGeometry | None], crs: str | None = MAP_CRS) -> gpd.GeoDataFrame:
    """Return a layer of claims of Viettel's 4G."""
    count = len(shapes)
    return gpd.GeoDataFrame(
        {"operator": ["Viettel"] * count, "technology": ["4G"] * count, "level_dbm": [-110.0 + i for i in range(count)]},
        geometry=list(shapes),
        crs=crs,
    )


def written(frame: gpd.GeoDataFrame, folder: Path, suffix: str) -> Path:
    path = folder / f"vung{suffix}"
    if suffix == ".parquet":
        frame.to_parquet(path)
    elif suffix == ".shp.zip":
        frame.to_file(folder / "vung.shp", engine="pyogrio")
        with zipfile.ZipFile(path, "w") as packed:
            for part in sorted(folder.glob("vung.*")):
                if part != path:
                    packed.write(part, f"lop/{part.name}")
    elif suffix == ".kml":
        frame.to_file(path, driver="KML", engine="pyogrio")
    else:
        frame.to_file(path, engine="pyogrio")
    return path


def run(path: Path, kind: Kind = Kind.CLAIMS, mapping: str | None = None, **options: str) -> tuple[ReadOutcome, gpd.GeoDataFrame]:
    chosen = ReadOptions(**options)
    if mapping is not None:
        (path.parent / "mapping.yaml").write_text(mapping, encoding="utf-8")
        chosen = ReadOptions(mapping=path.parent / "mapping.yaml", **options)
    outcome = read(path, path.parent / "out.arrow", kind, chosen)
    frame = pa.ipc.open_file(path.parent / "out.arrow").read_all().to_pandas()
    return outcome, gpd.GeoDataFrame(frame.drop(columns="geometry"), geometry=gpd.GeoSeries.from_wkb(frame["geometry"]), crs=MAP_CRS)


def refusal(path: Path, kind: Kind = Kind.CLAIMS, **options: Any) -> Any:
    with pytest.raises(RefusedError) as error:
        run(path, kind, **options)
    return error.value.faults[0]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_form_gives_the_same_table(tmp_path: Path, suffix: str) -> None:
    crs = MAP_CRS if suffix in (".geojson", ".kml") else HUE_CRS
    path = written(claims([SQUARE, OTHER]).to_crs(crs), tmp_path, suffix)
    if suffix == ".shp.zip":  # names of ten letters
        outcome, frame = run(path, mapping="columns: {technology: technology}")
    else:
        outcome, frame = run(path)
    assert list(frame.columns) == ["operator", "technology", "environment", "level_dbm", "download_mbps", "geometry"]
    assert list(frame["operator"]) == ["viettel", "viettel"]
    assert list(frame["technology"]) == ["4g", "4g"]
    assert list(frame["level_dbm"]) == [-110.0, -109.0]
    assert shapely.equals_exact(shapely.normalize(frame.geometry.to_numpy()), shapely.normalize([SQUARE, OTHER]), tolerance=1e-7).all()
    assert outcome.repairs == {"environment_assumed": 2}
    assert recognise(path, ReadOptions()) is Kind.CLAIMS


def test_the_form_is_told_by_content_not_by_name(tmp_path: Path) -> None:
    path = written(claims([SQUARE]), tmp_path, ".gpkg")
    outcome, _ = run(path.rename(tmp_path / "vung.csv"))
    assert outcome.rows_kept == 1


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
@pytest.mark.parametrize("suffix", [".gpkg", ".parquet", ".shp.zip"])
def test_a_layer_without_crs_is_refused_and_a_mapping_mends_it(tmp_path: Path, suffix: str) -> None:
    planar = claims([SQUARE]).to_crs(HUE_CRS)
    path = written(planar.set_crs(None, allow_override=True), tmp_path, suffix)
    assert refusal(path).code == "crs_unstated"
    _, frame = run(path, mapping=f"crs: {HUE_CRS}")
    assert shapely.equals_exact(shapely.normalize(frame.geometry.iloc[0]), shapely.normalize(SQUARE), tolerance=1e-7)


def test_a_mapping_that_names_another_crs_wins_and_says_so(tmp_path: Path) -> None:
    path = written(claims([SQUARE]).to_crs(HUE_CRS).set_crs("EPSG:3405", allow_override=True), tmp_path, ".gpkg")
    outcome, frame = run(path, mapping=f"crs: {HUE_CRS}")
    assert [(f.code, f.severity) for f in outcome.faults if f.code == "crs_overridden"] == [("crs_overridden", Severity.WARNING)]
    assert abs(frame.total_bounds[0] - 107.55) < 1e-6


@pytest.mark.parametrize("crs", [MAP_CRS, HUE_CRS])
def test_exchanged_axes_are_put_right(tmp_path: Path, crs: str) -> None:
    planar = claims([SQUARE, OTHER]).to_crs(crs)
    swapped = planar.set_geometry(shapely.transform(planar.geometry.to_numpy(), lambda xy: xy[:, ::-1])).set_crs(crs, allow_override=True)
    outcome, frame = run(written(swapped, tmp_path, ".gpkg"))
    assert outcome.repairs["axes_swapped"] == 2
    assert next(f for f in outcome.faults if f.code == "axes_swapped").severity is Severity.REPAIRED
    np.testing.assert_allclose(frame.total_bounds, [107.20, 16.20, 107.60, 16.45], atol=1e-6)


def test_axes_that_are_right_for_some_rows_only_are_not_touched(tmp_path: Path) -> None:
    wrong = shapely.transform(SQUARE, lambda xy: xy[:, ::-1])
    outcome, frame = run(written(claims([wrong, OTHER]), tmp_path, ".geojson"))
    assert len(frame) == 1
    assert [(f.code, f.row) for f in outcome.faults if f.severity is Severity.REFUSED] == [("position_range", 1)]


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".parquet", ".shp.zip"])
def test_an_empty_layer_is_refused(tmp_path: Path, suffix: str) -> None:
    path = written(claims([SQUARE]), tmp_path, suffix) if suffix == ".shp.zip" else written(claims([SQUARE]).iloc[:0], tmp_path, suffix)
    if suffix == ".shp.zip":
        (tmp_path / "e").mkdir()
        path = written(claims([SQUARE]).iloc[:0], tmp_path / "e", suffix)
    assert refusal(path).code in ("file_layer_empty", "file_geometry")


def test_rings_that_cross_themselves_are_mended_and_told(tmp_path: Path) -> None:
    outcome, frame = run(written(claims([SQUARE, BOWTIE]), tmp_path, ".gpkg"))
    fault = next(f for f in outcome.faults if f.code == "geometry_repaired")
    assert (fault.row, fault.severity) == (2, Severity.REPAIRED)
    assert fault.found is not None
    assert fault.found.startswith("Self-intersection")
    assert outcome.repairs["geometry_repaired"] == 1
    assert frame.geometry.is_valid.all()
    assert frame.geometry.iloc[1].area == pytest.approx(0.005)  # two triangles of 0.1 by 0.05 over two


def test_collections_give_their_polygons(tmp_path: Path) -> None:
    mixed = shapely.GeometryCollection([shapely.Point(107.5, 16.4), SQUARE, shapely.GeometryCollection([OTHER])])
    outcome, frame = run(written(claims([mixed, shapely.GeometryCollection([shapely.Point(107.5, 16.4)])]), tmp_path, ".geojson"))
    assert list(frame.geometry.geom_type) == ["MultiPolygon"]
    assert frame.geometry.iloc[0].area == pytest.approx(SQUARE.area + OTHER.area)
    assert outcome.repairs["geometry_collection"] == 1
    assert [(f.code, f.row, f.found) for f in outcome.faults if f.severity is Severity.REFUSED] == [
        ("geometry_type", 2, "GeometryCollection")
    ]


def test_heights_are_left_out(tmp_path: Path) -> None:
    _, frame = run(written(claims([shapely.force_3d(SQUARE, 12.0)]), tmp_path, ".gpkg"))
    assert not frame.geometry.has_z.any()


@pytest.mark.parametrize(
    ("shape", "code"),
    [
        (None, "geometry_missing"),
        (shapely.Polygon(), "geometry_missing"),
        (shapely.Point(107.5, 16.4), "geometry_type"),
        (shapely.box(556_000, 1_815_000, 557_000, 1_816_000), "position_range"),
    ],
)
def test_a_shape_that_is_none_is_refused_alone(tmp_path: Path, shape: BaseGeometry | None, code: str) -> None:
    outcome, frame = run(written(claims([SQUARE, shape]), tmp_path, ".parquet"))
    assert len(frame) == 1
    assert [(f.code, f.row) for f in outcome.faults if f.severity is Severity.REFUSED] == [(code, 2)]


def test_coordinates_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    broken = shapely.transform(SQUARE, lambda xy: np.where(np.arange(len(xy))[:, None] == 2, np.nan, xy))
    outcome, _ = run(written(claims([SQUARE, broken]), tmp_path, ".parquet"))
    assert [(f.code, f.row) for f in outcome.faults if f.severity is Severity.REFUSED] == [("geometry_coordinates", 2)]


def test_wrong_type_throughout_refuses_the_file(tmp_path: Path) -> None:
    fault = refusal(written(claims([SQUARE.boundary, OTHER.boundary]), tmp_path, ".gpkg"))
    assert fault.code == "file_rows"


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".parquet", ".fgb", ".kml"])
def test_a_file_cut_off_is_refused(tmp_path: Path, suffix: str) -> None:
    shapes = [shapely.Point(107 + i / 200, 16.4).buffer(0.01) for i in range(40)]
    path = written(claims(shapes), tmp_path, suffix)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    assert refusal(path).code in ("file_truncated", "file_malformed")


def test_a_shapefile_needs_its_parts(tmp_path: Path) -> None:
    claims([SQUARE]).to_file(tmp_path / "vung.shp", engine="pyogrio")
    (tmp_path / "vung.dbf").unlink()
    fault = refusal(tmp_path / "vung.shp")
    assert (fault.code, fault.found) == ("file_parts", ".dbf")


def test_vietnamese_attributes_of_old_shapefiles(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"ma_duong": ["D1"], "ten_duong": ["Đường Lê Lợi"]}, geometry=[SQUARE.boundary], crs=MAP_CRS)
    frame.to_file(tmp_path / "duong.shp", engine="pyogrio", encoding="UTF-8")
    (tmp_path / "duong.cpg").unlink()
    _, roads = run(tmp_path / "duong.shp", Kind.ROADS)
    assert list(roads["road_name"]) == ["Đường Lê Lợi"]


def test_shapefiles_of_cp1258_keep_their_last_letter(tmp_path: Path) -> None:
    """GDAL's conversion of cp1258 drops a letter that could still take a tone mark."""
    name = "Tuyến Thuỷ Phù, xã Phú Hồ"
    frame = gpd.GeoDataFrame({"ma_duong": ["D1"], "ten_duong": ["#" * 40]}, geometry=[SQUARE.boundary], crs=MAP_CRS)
    frame.to_file(tmp_path / "duong.shp", engine="pyogrio", encoding="UTF-8")
    (tmp_path / "duong.cpg").unlink()
    table = (tmp_path / "duong.dbf").read_bytes()
    (tmp_path / "duong.dbf").write_bytes(table.replace(b"#" * 40, cp1258(name).ljust(40)))
    outcome, roads = run(tmp_path / "duong.shp", Kind.ROADS)
    assert list(roads["road_name"]) == [name]
    assert outcome.repairs == {"encoding:cp1258": 1}
    assert run(tmp_path / "duong.shp", Kind.ROADS, mapping="encoding: cp1258")[0].repairs == {}


def cp1258(text: str) -> bytes:
    """Return text as cp1258 writes it: tone marks apart from their vowel."""
    apart = []
    for letter in text:
        marks = unicodedata.normalize("NFD", letter)
        tones = [mark for mark in marks if mark in "\u0300\u0301\u0303\u0309\u0323"]
        apart.append(unicodedata.normalize("NFC", "".join(m for m in marks if m not in tones)) + "".join(tones))
    return "".join(apart).encode("cp1258")


def test_one_layer_of_several_is_named_by_kind_or_mapping(tmp_path: Path) -> None:
    path = tmp_path / "hai-lop.gpkg"
    claims([SQUARE]).to_file(path, layer="claims", engine="pyogrio")
    claims([OTHER]).to_file(path, layer="cu", engine="pyogrio")
    _, frame = run(path)
    assert frame.geometry.iloc[0].equals(SQUARE)
    _, frame = run(path, mapping="layer: cu")
    assert frame.geometry.iloc[0].equals(OTHER)
    assert refusal(path, Kind.BUILDINGS).code == "file_layers"
    assert refusal(path, mapping="layer: khac").code == "file_layers"


@pytest.mark.parametrize(
    "document",
    [
        {"type": "gdal_streamed_alg", "command_line": "gdal vector pipeline ! read /etc/passwd", "features": []},
        {"type": "FeatureCollection", "crs": {"type": "link", "properties": {"href": "http://example.org/crs"}}, "features": []},
    ],
    ids=["pipeline", "crs-link"],
)
def test_layers_that_point_elsewhere_are_not_opened(tmp_path: Path, document: dict[str, object]) -> None:
    path = tmp_path / "x.geojson"
    path.write_text(json.dumps(document), encoding="utf-8")
    assert refusal(path).code == "file_hostile"


def test_a_database_that_is_no_geopackage(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "x.gpkg") as database:
        database.execute("create table t (a)")
    fault = refusal(tmp_path / "x.gpkg")
    assert (fault.code, fault.found) == ("file_format", "SQLite")


@pytest.mark.reference
def test_real_places_of_the_city(reference: Path, tmp_path: Path) -> None:
    """24 places of GeoNames, as the data card says; their ids are GeoNames' own."""
    (tmp_path / "m.yaml").write_text("columns: {place_id: geonameid}\nconstants: {kind: town}\n", encoding="utf-8")
    source = reference / "boundaries" / "hue_places_geonames.gpkg"
    outcome = read(source, tmp_path / "out.arrow", Kind.PLACES, ReadOptions(mapping=tmp_path / "m.yaml"))
    assert (outcome.rows_in, outcome.rows_kept, outcome.faults) == (24, 24, ())


@pytest.mark.reference
def test_real_register_in_another_country_and_crs(reference: Path, tmp_path: Path) -> None:
    """GraceTHD sample: 25 cheminements in Lambert-93, read as roads by a mapping."""
    (tmp_path / "m.yaml").write_text("columns: {road_id: cm_code}\n", encoding="utf-8")
    outcome = read(
        reference / "registers" / "gracethd_v2" / "t_cheminement.shp",
        tmp_path / "out.arrow",
        Kind.ROADS,
        ReadOptions(mapping=tmp_path / "m.yaml"),
    )
    assert (outcome.rows_in, outcome.rows_kept) == (25, 25)


@pytest.mark.reference
def test_real_project_with_several_layers(reference: Path, tmp_path: Path) -> None:
    """FiberQ's demo project, which names no owner; a layer may be named, then it alone is read: 6 poles as the data card says."""
    source = reference / "registers" / "fiberq_demo.gpkg"
    with pytest.raises(RefusedError) as error:
        read(source, tmp_path / "out.arrow", Kind.ASSETS, ReadOptions())
    assert error.value.faults[0].code == "file_rows"
    assert {fault.field for fault in error.value.faults[1:]} >= {"owner"}
    named = "layer: Poles\ncolumns: {asset_id: fiberq_uuid}\nconstants: {asset_class: pole, owner: FiberQ}\n"
    (tmp_path / "m.yaml").write_text(named, encoding="utf-8")
    outcome = read(source, tmp_path / "out.arrow", Kind.ASSETS, ReadOptions(mapping=tmp_path / "m.yaml"))
    assert (outcome.rows_in, outcome.rows_kept) == (6, 4)
    assert [(f.code, f.row) for f in outcome.faults] == [("geometry_missing", 5), ("duplicate_row", 6)]


def cut_shapefile(frame: gpd.GeoDataFrame, folder: Path, names: Sequence[str]) -> Path:
    """Return a zipped shapefile of a frame, its columns under `names`, each cut after ten bytes of UTF-8 as tools do."""
    frame.columns = [*(f"c{place}" for place in range(len(names))), "geometry"]
    path = written(frame, folder, ".shp.zip")
    table = bytearray((folder / "vung.dbf").read_bytes())
    for place, name in enumerate(names):
        table[32 + 32 * place : 43 + 32 * place] = name.encode()[:10].ljust(11, b"\0")
    (folder / "vung.dbf").write_bytes(table)
    with zipfile.ZipFile(path, "w") as packed:
        for part in sorted(folder.glob("vung.*")):
            if part != path:
                packed.write(part, part.name)
    return path


def test_names_that_a_shapefile_cuts_are_understood(tmp_path: Path) -> None:
    """A DBF keeps ten bytes of a name: `environment` without its end had been passed over, and indoor claims stored as outdoor."""
    indoor = claims([SQUARE]).assign(environment="indoor")
    path = cut_shapefile(indoor[["operator", "technology", "environment", "geometry"]], tmp_path, ("operator", "technology", "environment"))
    outcome, frame = run(path)
    assert list(frame["environment"]) == ["indoor"]
    assert outcome.repairs == {}
    (cut,) = [fault for fault in outcome.faults if fault.code == "column_cut"]
    assert (cut.found, cut.severity, cut.fields["name"]) == ("environmen", Severity.REPAIRED, "environment")


@pytest.mark.parametrize(
    "names", [("ma_cong_trinh", "loai_cong_trinh", "ngay_khoi_cong"), ("Mã công trình", "Loại công trình", "Ngày khởi công")]
)
def test_vietnamese_names_cut_within_a_letter_are_understood(tmp_path: Path, names: Sequence[str]) -> None:
    """`Ngày khởi công` is cut within `ở`: its name alone is no UTF-8, its rows are."""
    line = shapely.LineString([(107.57, 16.46), (107.58, 16.47)])
    row = {"id": ["CT1"], "kind": ["Mở rộng đường"], "start": ["01/10/2026"]}
    path = cut_shapefile(gpd.GeoDataFrame(row, geometry=[line], crs=MAP_CRS), tmp_path, names)
    assert recognise(path, ReadOptions()) is Kind.WORKS
    outcome, frame = run(path, Kind.WORKS)
    assert (frame["work_id"][0], frame["kind"][0], str(frame["start"][0].date())) == ("CT1", "road_widen", "2026-10-01")
    assert {fault.fields["name"] for fault in outcome.faults} == {"work_id", "kind", "start"}


def test_a_cut_name_that_could_be_two_is_not_guessed() -> None:
    """`toc_do_tai` begins speeds downwards and upwards, and stays open; without a form that cuts names nothing is completed."""
    table = INPUT_TABLES["fixed"]
    assert resolve(table, ["ma_xa", "toc_do_tai"], FileMapping(), cut=True) == {"ward_code": "ma_xa"}
    assert resolve(table, ["ma_xa", "ho_co_ket_"], FileMapping()) == {"ward_code": "ma_xa"}


@pytest.mark.parametrize("other", ["3G", "2G/3G", "mất sóng"])
def test_no_option_turns_another_network_into_a_claim_of_4g(tmp_path: Path, other: str) -> None:
    """A row of 3G in a file handed in with `--technology 4g` had been stored as 4G."""
    path = written(claims([SQUARE, OTHER]).assign(technology=["4G", other]), tmp_path, ".gpkg")
    for options in ({}, {"technology": "4g"}):
        outcome, frame = run(path, **options)
        assert (outcome.rows_kept, list(frame["technology"])) == (1, ["4g"])
        assert [(f.code, f.row, f.field, f.found) for f in outcome.faults if f.row == 2] == [("technology_other", 2, "technology", other)]


@pytest.mark.parametrize("layer", ["roads", "Roads"])
@pytest.mark.parametrize(("driver", "suffix"), [("ESRI Shapefile", ".shp"), ("MapInfo File", ".tab"), ("MapInfo File", ".mif")])
def test_the_mapping_chooses_among_the_layers_of_one_zip(tmp_path: Path, driver: str, suffix: str, layer: str) -> None:
    road = gpd.GeoDataFrame({"road_name": ["Le Loi"]}, geometry=[shapely.LineString([(107.58, 16.46), (107.59, 16.47)])], crs=MAP_CRS)
    site = gpd.GeoDataFrame({"site_id": ["T1"], "operator": ["vnpt"]}, geometry=[shapely.Point(107.58, 16.46)], crs=MAP_CRS)
    for name, frame in (("roads", road), ("sites", site)):
        frame.to_file(tmp_path / f"{name}{suffix}", driver=driver, engine="pyogrio")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for part in sorted([*tmp_path.glob("roads.*"), *tmp_path.glob("sites.*")]):
            archive.write(part, part.name)
    with pytest.raises(RefusedError) as error:
        recognise(tmp_path / "a.zip", ReadOptions())
    assert error.value.faults[0].code == "file_layers"
    (tmp_path / "m.yaml").write_text(f"layer: {layer}\ncrs: EPSG:4326\n")
    outcome = read(tmp_path / "a.zip", tmp_path / "out.arrow", Kind.AUTO, ReadOptions(mapping=tmp_path / "m.yaml"))
    assert (outcome.kind, outcome.rows_kept) == (Kind.ROADS, 1)
    assert pa.ipc.open_file(tmp_path / "out.arrow").read_all().column("road_name").to_pylist() == ["Le Loi"]


LINK = '<NetworkLink id="a"><name>x</name><Link><href>http://127.0.0.1:9/x.kml</href></Link></NetworkLink>'
MARK = "<Placemark><name>Tram 1</name><ExtendedData><Data name='operator'><value>vnpt</value></Data></ExtendedData>"
MARK += "<Point><coordinates>107.58,16.46</coordinates></Point></Placemark>"


@pytest.mark.parametrize("suffix", [".kml", ".kmz"])
def test_links_of_a_kml_are_named_and_not_opened(tmp_path: Path, suffix: str) -> None:
    def document(body: str) -> Path:
        text = f"<kml xmlns='http://www.opengis.net/kml/2.2'><Document>{body}</Document></kml>"
        path = tmp_path / f"a{suffix}"
        if suffix == ".kml":
            path.write_text(text)
        else:
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("doc.kml", text)
        return path

    outcome = read(document(LINK + MARK + LINK), tmp_path / "out.arrow", Kind.SITES, ReadOptions())
    links = [(fault.found, fault.count) for fault in outcome.faults if fault.code == "kml_links"]
    assert (outcome.rows_kept, links) == (1, [("http://127.0.0.1:9/x.kml", 2)])
    with pytest.raises(RefusedError) as error:
        read(document(LINK), tmp_path / "out.arrow", Kind.SITES, ReadOptions())
    assert error.value.faults[0].code == "kml_links"
