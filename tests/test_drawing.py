"""Drawings, MapInfo tables, KMZ and geodatabases: what each gives, and how each can be wrong."""

import math
import zipfile
from pathlib import Path

import ezdxf
import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyogrio
import pyproj
import pytest
import shapely
from ezdxf import units

from hatang.data.contracts import HUE_CRS, MAP_CRS, Kind, RefusedError, Severity
from hatang.data.reading import ReadOptions, ReadOutcome, read, recognise
from hatang.data.settings import Settings
from hatang.data.store import Store
from hatang.pipeline.ingest import IngestOptions, ingest
from hatang.pipeline.progress import Quiet

CENTRE = (107.58, 16.46)
EAST, NORTH = pyproj.Transformer.from_crs(MAP_CRS, HUE_CRS, always_xy=True).transform(*CENTRE)


def run(path: Path, kind: Kind, mapping: str | None = None) -> tuple[ReadOutcome, gpd.GeoDataFrame]:
    options = ReadOptions()
    if mapping is not None:
        (path.parent / "mapping.yaml").write_text(mapping, encoding="utf-8")
        options = ReadOptions(mapping=path.parent / "mapping.yaml")
    outcome = read(path, path.parent / "out.arrow", kind, options)
    frame = pa.ipc.open_file(path.parent / "out.arrow").read_all().to_pandas()
    return outcome, gpd.GeoDataFrame(frame.drop(columns="geometry"), geometry=gpd.GeoSeries.from_wkb(frame["geometry"]), crs=MAP_CRS)


def refusal(path: Path, kind: Kind, mapping: str | None = None) -> str:
    with pytest.raises(RefusedError) as error:
        run(path, kind, mapping)
    return error.value.faults[0].code


def drawing(path: Path, *, attributes: bool = True) -> Path:
    """Write a drawing in metres of EPSG:9214: a duct on its layer, a chamber and a pole as blocks, a title."""
    document = ezdxf.new("R2010", units=units.M)
    space = document.modelspace()
    for name in ("HO_GA", "COT"):
        block = document.blocks.new(name)
        block.add_circle((0, 0), 0.5)
        for tag in ("MA", "CHU_SO_HUU"):
            block.add_attdef(tag, (0, 0))
    owned = {"CHU_SO_HUU": "Công ty Hạ tầng Huế"}
    space.add_blockref("HO_GA", (EAST, NORTH), {"layer": "VT"}).add_auto_attribs({"MA": "HG1", **owned} if attributes else {})
    space.add_blockref("COT", (EAST + 30, NORTH), {"layer": "VT"}).add_auto_attribs({"MA": "C1", **owned} if attributes else {})
    space.add_lwpolyline([(EAST, NORTH), (EAST + 100, NORTH)], dxfattribs={"layer": "TUYEN_CONG_BE"})
    space.add_text("BẢN VẼ", dxfattribs={"layer": "CHU"})
    document.saveas(path)
    return path


def test_blocks_and_layers_of_a_drawing_are_assets_with_their_attributes(tmp_path: Path) -> None:
    path = drawing(tmp_path / "ha-tang.dxf")
    mapping = "crs: EPSG:9214\ncolumns: {asset_id: MA, owner: CHU_SO_HUU}\nconstants: {owner: Sở KHCN, asset_id: T1}\n"
    outcome, frame = run(path, Kind.ASSETS, mapping)
    assert (outcome.rows_in, outcome.rows_refused) == (3, 0)
    assert list(frame["asset_class"]) == ["chamber", "pole", "duct_section"]
    assert list(frame["asset_id"]) == ["HG1", "C1", "T1"]
    assert list(frame["owner"]) == ["Công ty Hạ tầng Huế", "Công ty Hạ tầng Huế", "Sở KHCN"]
    assert list(frame.geom_type) == ["Point", "Point", "LineString"]
    np.testing.assert_allclose([frame.geometry[0].x, frame.geometry[0].y], CENTRE, atol=1e-8)
    assert frame.to_crs(HUE_CRS).length[2] == pytest.approx(100, abs=1e-4)


def test_a_drawing_without_a_stated_system_is_refused_not_guessed(tmp_path: Path) -> None:
    assert refusal(drawing(tmp_path / "ha-tang.dxf"), Kind.ASSETS, "columns: {asset_id: MA, owner: CHU_SO_HUU}") == "crs_unstated"


def test_curves_are_cut_within_five_centimetres_and_closed_lines_are_areas(tmp_path: Path) -> None:
    document = ezdxf.new("R2010")
    space = document.modelspace()
    space.add_arc((EAST, NORTH), 100, 0, 90, dxfattribs={"layer": "DUONG"})
    space.add_spline([(EAST, NORTH), (EAST + 50, NORTH + 20), (EAST + 100, NORTH)], dxfattribs={"layer": "DUONG"})
    document.saveas(tmp_path / "duong.dxf")
    outcome, frame = run(tmp_path / "duong.dxf", Kind.ROADS, "crs: EPSG:9214\n")
    assert outcome.rows_kept == 2
    arc = frame.to_crs(HUE_CRS).geometry[0]
    assert arc.length == pytest.approx(50 * math.pi, rel=5e-4)
    middles = shapely.get_coordinates(arc)
    middles = (middles[1:] + middles[:-1]) / 2
    assert np.abs(np.hypot(middles[:, 0] - EAST, middles[:, 1] - NORTH) - 100).max() <= 0.05 + 1e-3

    closed = ezdxf.new("R2010")
    closed.modelspace().add_lwpolyline([(EAST, NORTH), (EAST + 10, NORTH), (EAST, NORTH + 10)], close=True)
    closed.saveas(tmp_path / "vung.dxf")
    mapping = "crs: EPSG:9214\nconstants: {operator: Viettel, technology: 4G}\n"
    _, frame = run(tmp_path / "vung.dxf", Kind.CLAIMS, mapping)
    assert frame.to_crs(HUE_CRS).area[0] == pytest.approx(50, rel=1e-4)


def road_drawing(path: Path) -> Path:
    """Write a road's drawing: axis and edges on their layers, a frame round it, a lamp post."""
    document = ezdxf.new("R2010", units=units.M)
    space = document.modelspace()
    space.add_lwpolyline([(EAST, NORTH), (EAST + 200, NORTH), (EAST + 300, NORTH + 80)], dxfattribs={"layer": "TIM DUONG"})
    for aside in (-4, 4):
        space.add_line((EAST, NORTH + aside), (EAST + 200, NORTH + aside), dxfattribs={"layer": "MEP_NHUA"})
    space.add_lwpolyline([(EAST, NORTH), (EAST + 400, NORTH), (EAST + 400, NORTH + 300)], close=True, dxfattribs={"layer": "KHUNG"})
    space.add_point((EAST, NORTH), dxfattribs={"layer": "DEN"})
    document.saveas(path)
    return path


def test_of_a_roads_drawing_the_layers_named_for_roads_are_taken_and_the_rest_is_told(tmp_path: Path) -> None:
    outcome, frame = run(road_drawing(tmp_path / "duong.dxf"), Kind.ROADS, "crs: EPSG:9214\n")
    assert frame.to_crs(HUE_CRS).length.tolist() == pytest.approx([200 + math.hypot(100, 80)], abs=1e-3)
    (fault,) = [fault for fault in outcome.faults if fault.severity is Severity.WARNING]
    assert (fault.code, fault.severity, fault.found, fault.count) == ("drawing_passed", Severity.WARNING, "MEP_NHUA, KHUNG", 1)


def test_a_drawings_layer_is_the_one_that_the_mapping_names(tmp_path: Path) -> None:
    path = road_drawing(tmp_path / "duong.dxf")
    outcome, frame = run(path, Kind.ROADS, "crs: EPSG:9214\nlayer: mep_nhua\n")
    assert len(frame) == 2
    assert {fault.code for fault in outcome.faults} == {"id_made", "drawing_passed"}
    assert refusal(path, Kind.ROADS, "crs: EPSG:9214\nlayer: TIM\n") == "drawing_layer"


def test_a_drawing_that_is_cut_off_or_empty_is_refused(tmp_path: Path) -> None:
    path = drawing(tmp_path / "ha-tang.dxf")
    half = tmp_path / "nua.dxf"
    half.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert refusal(half, Kind.ASSETS, "crs: EPSG:9214") in ("file_malformed", "file_layer_empty")
    ezdxf.new("R2010").saveas(tmp_path / "trong.dxf")
    assert refusal(tmp_path / "trong.dxf", Kind.ASSETS, "crs: EPSG:9214") == "file_layer_empty"


@pytest.mark.parametrize("wide", [1, 10])
def test_blocks_within_blocks_are_counted_as_often_as_they_are_drawn(tmp_path: Path, wide: int) -> None:
    """Ten blocks, each of `wide` of the next: 10 inserts in all, or 10 + … + 10^9 of them."""
    document = ezdxf.new("R2010")
    for depth in range(10):
        block = document.blocks.new(f"B{depth}")
        for step in range(wide):
            block.add_blockref(f"B{depth + 1}", (step, 0)) if depth < 9 else block.add_point((step, 0))
    document.modelspace().add_blockref("B0", (EAST, NORTH), {"layer": "COT"})
    document.saveas(tmp_path / "bom.dxf")
    mapping = "crs: EPSG:9214\nconstants: {asset_id: C1, owner: VNPT}\n"
    if wide > 1:
        assert refusal(tmp_path / "bom.dxf", Kind.ASSETS, mapping) == "file_blocks"
        return
    outcome, frame = run(tmp_path / "bom.dxf", Kind.ASSETS, mapping)
    assert outcome.rows_in == 1
    assert list(frame["asset_class"]) == ["pole"]


def sites() -> gpd.GeoDataFrame:
    columns = {"site_id": ["HUE0001", "HUE0002"], "site_name": ["Phú Xuân", "Thuận Hóa"], "operator": ["Viettel", "VNPT"]}
    return gpd.GeoDataFrame(columns, geometry=shapely.points([107.58, 107.60], [16.46, 16.47]), crs=MAP_CRS)


def packed(folder: Path, target: Path, *, leave: str = "") -> Path:
    """Put every file under `folder` into a ZIP, but those whose name ends with `leave`."""
    with zipfile.ZipFile(target, "w") as archive:
        for part in sorted(folder.rglob("*")):
            if part.is_file() and not (leave and part.name.endswith(leave)):
                archive.write(part, f"giao/{part.relative_to(folder)}")
    return target


@pytest.mark.parametrize("suffix", [".tab", ".mif", ".gdb", ".kmz"])
def test_other_forms_give_the_same_sites(tmp_path: Path, suffix: str) -> None:
    folder = tmp_path / "lop"
    folder.mkdir()
    if suffix == ".kmz":
        pyogrio.write_dataframe(sites(), folder / "doc.kml", driver="KML")
        path = packed(folder, tmp_path / "tram.kmz")
    else:
        driver = "OpenFileGDB" if suffix == ".gdb" else "MapInfo File"
        options = {"FORMAT": "MIF"} if suffix == ".mif" else {}
        pyogrio.write_dataframe(sites(), folder / f"Tram_BTS{suffix}", driver=driver, dataset_options=options, encoding="UTF-8")
        path = packed(folder, tmp_path / "tram.zip")
    assert recognise(path, ReadOptions()) is Kind.SITES
    outcome, frame = run(path, Kind.SITES)
    assert (outcome.rows_in, outcome.rows_kept) == (2, 2)
    assert list(frame["site_id"]) == ["HUE0001", "HUE0002"]
    assert list(frame["operator"]) == ["viettel", "vnpt"]
    np.testing.assert_allclose(shapely.get_coordinates(frame.geometry), [[107.58, 16.46], [107.60, 16.47]], atol=1e-6)
    if suffix != ".kmz":
        assert list(frame["site_name"]) == ["Phú Xuân", "Thuận Hóa"]


@pytest.mark.parametrize(("suffix", "part"), [(".tab", ".map"), (".tab", ".dat"), (".mif", ".mid")])
def test_a_mapinfo_layer_without_one_of_its_files_is_refused(tmp_path: Path, suffix: str, part: str) -> None:
    folder = tmp_path / "lop"
    folder.mkdir()
    options = {"FORMAT": "MIF"} if suffix == ".mif" else {}
    pyogrio.write_dataframe(sites(), folder / f"tram{suffix}", driver="MapInfo File", dataset_options=options, encoding="UTF-8")
    assert refusal(packed(folder, tmp_path / "tram.zip", leave=part), Kind.SITES) == "file_parts"


@pytest.mark.parametrize(
    "text",
    [
        '!table\n!version 300\n\nDefinition Table\n  Type LINKED Charset "Neutral"\n',
        '!table\n!version 300\n\nDefinition Table\n  File "/etc/passwd"\n  Type "RASTER"\n',
        '!table\n!version 100\nopen table "../bi-mat" Hide\ncreate view x as select * from bi-mat\n',
    ],
)
def test_a_mapinfo_table_that_points_at_other_files_is_hostile(tmp_path: Path, text: str) -> None:
    path = tmp_path / "tram.tab"
    path.write_text(text, encoding="ascii")
    assert refusal(path, Kind.SITES) == "file_hostile"


@pytest.mark.parametrize("form", ["tab", "mif", "gdb", "dxf"])
def test_each_form_is_read_apart_and_stored(tmp_path: Path, settings: Settings, form: str) -> None:
    """As the command does: through the store, in a process that has the listed drivers only."""
    mapping = None
    if form == "dxf":
        path, kind = drawing(tmp_path / "ha-tang.dxf"), Kind.ASSETS
        mapping = tmp_path / "mapping.yaml"
        mapping.write_text(
            "crs: EPSG:9214\ncolumns: {asset_id: MA, owner: CHU_SO_HUU}\nconstants: {owner: Sở KHCN, asset_id: T1}\n", "utf-8"
        )
    else:
        folder = tmp_path / "lop"
        folder.mkdir()
        driver = "OpenFileGDB" if form == "gdb" else "MapInfo File"
        pyogrio.write_dataframe(
            sites(), folder / f"tram.{form}", driver=driver, dataset_options={"FORMAT": "MIF"} if form == "mif" else {}, encoding="UTF-8"
        )
        path, kind = packed(folder, tmp_path / "tram.zip"), Kind.SITES
    outcome = ingest([path], IngestOptions(mapping=mapping), settings, Quiet())
    assert outcome.complete, outcome.faults
    (dataset,) = outcome.datasets
    assert (dataset.kind, dataset.rows_in, dataset.rows_refused) == (kind, 3 if form == "dxf" else 2, 0)
    with Store.open(settings) as store:
        table = store.read(dataset)
    assert list(table[f"{'asset' if form == 'dxf' else 'site'}_id"]) == (["HG1", "C1", "T1"] if form == "dxf" else ["HUE0001", "HUE0002"])
