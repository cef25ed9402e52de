"""The sharing answer for a road file, from the register in the store."""

import io
import json
from pathlib import Path

import ezdxf
import geopandas as gpd
import openpyxl
import pytest
import shapely
from ezdxf import units
from typer.testing import CliRunner

from hatang.commands.main import app
from hatang.data.contracts import RefusedError
from hatang.data.settings import Settings
from hatang.pipeline.ingest import IngestOptions, ingest
from hatang.pipeline.progress import Quiet
from hatang.pipeline.roadfile import read_road
from hatang.pipeline.runs import run_ids
from hatang.pipeline.share import share_road
from hatang.reports.sections import Scope, build_report
from hatang.reports.sharing_workbook import sharing_workbook

LON, LAT = 107.58, 16.46


def road_file(folder: Path, name: str = "road.geojson") -> Path:
    """Write a road of about 1 km running east."""
    path = folder / name
    shape = shapely.LineString([(LON, LAT), (LON + 0.0094, LAT)])
    gpd.GeoDataFrame({"road_id": ["R1"], "road_name": ["Đường mới"]}, geometry=[shape], crs="EPSG:4326").to_file(path, engine="pyogrio")
    return path


def register(folder: Path) -> Path:
    """Write a register of two ducts and a pole beside the road."""
    rows = [
        ("D1", "duct_section", "VNPT", 4, 1, shapely.LineString([(LON, LAT + 5e-5), (LON + 0.003, LAT + 5e-5)])),
        ("D2", "duct_section", "Viettel", 4, None, shapely.LineString([(LON, LAT - 5e-5), (LON + 0.002, LAT - 5e-5)])),
        ("D3", "duct_section", "FPT", 4, 1, shapely.LineString([(LON, LAT + 0.1), (LON + 0.002, LAT + 0.1)])),
    ]
    names = ["asset_id", "asset_class", "owner", "ways", "ways_used"]
    frame = gpd.GeoDataFrame([dict(zip(names, row[:5], strict=True)) for row in rows], geometry=[row[5] for row in rows], crs="EPSG:4326")
    path = folder / "register.gpkg"
    frame.to_file(path, engine="pyogrio")
    return path


def test_a_road_gets_its_answer_as_a_run_of_its_own(settings: Settings, tmp_path: Path) -> None:
    assert ingest([register(tmp_path)], IngestOptions(), settings, Quiet()).complete
    results = share_road(road_file(tmp_path), settings, progress=Quiet())
    corridor = results.tables["corridor"].set_index("asset_id")
    assert corridor["action"].to_dict() == {"D1": "reuse", "D2": "survey"}
    totals = results.tables["sharing_totals"].set_index("name")["value"]
    assert totals["dig_m_saved"] == pytest.approx(320, rel=0.01)
    assert totals["assets_survey"] == 1
    assert len(results.tables["ward_table"]) > 0
    again = share_road(road_file(tmp_path), settings, progress=Quiet())
    assert again.run_id == results.run_id
    assert len(run_ids(settings)) == 2


def test_a_drawing_is_a_road_where_its_coordinate_system_is_stated(settings: Settings, tmp_path: Path) -> None:
    """Axes of roads alone are the road: the frame, the kerb and the writing of the drawing are not."""
    ingest([register(tmp_path)], IngestOptions(), settings, Quiet())
    line = gpd.read_file(road_file(tmp_path)).to_crs("EPSG:9214").geometry[0]
    (west, south), (east, north) = line.coords[0], line.coords[-1]
    document = ezdxf.new("R2010", units=ezdxf.units.M)
    space = document.modelspace()
    middle = ((west + east) / 2, (south + north) / 2)
    space.add_line((west, south), middle, dxfattribs={"layer": "TIM_DUONG"})
    space.add_polyline2d([middle, (east, north)], dxfattribs={"layer": "TIM_DUONG"})
    space.add_lwpolyline([(west, south - 500), (east, south - 500), (east, north + 500)], close=True, dxfattribs={"layer": "KHUNG"})
    space.add_text("ĐƯỜNG MỚI", dxfattribs={"layer": "TIM_DUONG"})
    drawing = tmp_path / "duong.dxf"
    document.saveas(drawing)
    with pytest.raises(RefusedError) as unstated:
        share_road(drawing, settings, progress=Quiet())
    assert "crs_unstated" in {fault.code for fault in unstated.value.faults}
    results = share_road(read_road(drawing, settings, crs="EPSG:9214")[0], settings, progress=Quiet())
    totals = results.tables["sharing_totals"].set_index("name")["value"]
    assert totals["road_m"] == pytest.approx(line.length, rel=1e-6)
    assert totals["dig_m_saved"] == pytest.approx(320, rel=0.01)
    (tmp_path / "m.yaml").write_text("crs: EPSG:9214\nlayer: khung\n")
    frame = share_road(read_road(drawing, settings, mapping=tmp_path / "m.yaml")[0], settings, progress=Quiet())
    assert frame.tables["sharing_totals"].set_index("name")["value"]["road_m"] > 3 * line.length


@pytest.mark.parametrize(
    ("stated", "code"),
    [({"crs": "EPSG:0"}, "option_crs"), ({"crs": "EPSG:9214"}, "file_layers"), ({"crs": "EPSG:9214", "layer": "TIM"}, "drawing_layer")],
)
def test_a_drawing_of_which_no_layer_is_a_road_is_asked_about(
    settings: Settings, tmp_path: Path, stated: dict[str, str], code: str
) -> None:
    document = ezdxf.new("R2010")
    for name in ("A", "B"):
        document.modelspace().add_line((560_000, 1_820_000), (561_000, 1_820_000), dxfattribs={"layer": name})
    document.saveas(tmp_path / "x.dxf")
    (tmp_path / "m.yaml").write_text(f"layer: {stated['layer']}\n" if "layer" in stated else "{}")
    with pytest.raises(RefusedError) as error:
        read_road(tmp_path / "x.dxf", settings, mapping=tmp_path / "m.yaml", crs=stated["crs"])
    assert error.value.faults[0].code == code


def test_a_frame_in_another_crs_gives_the_same_answer(settings: Settings, tmp_path: Path) -> None:
    ingest([register(tmp_path)], IngestOptions(), settings, Quiet())
    frame = gpd.read_file(road_file(tmp_path)).to_crs("EPSG:9214")
    results = share_road(frame, settings, progress=Quiet())
    assert set(results.tables["corridor"]["asset_id"]) == {"D1", "D2"}
    assert results.tables["roads"].crs == "EPSG:4326"


def test_an_empty_store_still_answers(settings: Settings, tmp_path: Path) -> None:
    results = share_road(road_file(tmp_path), settings, progress=Quiet())
    assert len(results.tables["suggestions"]) == 0
    assert len(sharing_workbook(results, "vi")) > 0


def test_a_file_that_is_no_road_is_refused(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(RefusedError):
        share_road(tmp_path / "none.geojson", settings, progress=Quiet())


def test_the_command_names_owner_and_metres(settings: Settings, tmp_path: Path) -> None:
    ingest([register(tmp_path)], IngestOptions(), settings, Quiet())
    call = ["--home", str(settings.home), "share", "road", str(road_file(tmp_path)), "--as-of", "2026-09-30"]
    words = CliRunner().invoke(app, call, env={"HATANG_OFFLINE": "1"})
    assert words.exit_code == 0, words.stderr
    assert "không phải đào 320 m" in words.stderr
    assert "VNPT" in words.stderr
    document = json.loads(CliRunner().invoke(app, ["--json", *call], env={"HATANG_OFFLINE": "1"}).stdout)
    assert document["summary"]["assets_reuse"] == 1
    assert document["files"] == []
    written = json.loads(
        CliRunner().invoke(app, ["--json", *call, "--out", str(tmp_path / "phuong-an")], env={"HATANG_OFFLINE": "1"}).stdout
    )
    assert written["run_id"] == document["run_id"]
    assert {"bao-cao.docx", "chia-se.xlsx", "chia-se.dxf", "manifest.json"} <= set(written["files"])
    assert {path.name for path in (tmp_path / "phuong-an").iterdir()} == set(written["files"])


def test_a_drawing_is_a_road_with_a_mapping_and_what_is_left_out_is_said(settings: Settings, tmp_path: Path) -> None:
    ingest([register(tmp_path)], IngestOptions(), settings, Quiet())
    lines = gpd.read_file(road_file(tmp_path)).to_crs("EPSG:9214").geometry
    document = ezdxf.new("R2010", units=units.M)
    for line in lines:
        document.modelspace().add_lwpolyline(list(line.coords), dxfattribs={"layer": "TIM_DUONG"})
    document.modelspace().add_line(lines.iloc[0].coords[0], lines.iloc[0].coords[-1], dxfattribs={"layer": "MEP"})
    document.saveas(tmp_path / "duong.dxf")
    call = ["--home", str(settings.home), "--json", "share", "road", str(tmp_path / "duong.dxf"), "--as-of", "2026-09-30"]
    refused = CliRunner().invoke(app, call, env={"HATANG_OFFLINE": "1"})
    assert refused.exit_code == 1
    assert json.loads(refused.stdout)["faults"][0]["code"] == "crs_unstated"
    mapping = tmp_path / "khai-bao.yaml"
    mapping.write_text("crs: EPSG:9214\n", "utf-8")
    told = CliRunner().invoke(app, [*call, "--mapping", str(mapping)], env={"HATANG_OFFLINE": "1"})
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["summary"]["dig_m_saved"] == pytest.approx(320, abs=0.5)
    assert "MEP" in told.stderr


def test_money_of_reuse_with_its_years_of_rent_is_told_in_every_file(settings: Settings, tmp_path: Path) -> None:
    """With a whole price table the saving of reuse assumes ten years of rent: said with its amount in the report and the workbook."""
    line = shapely.LineString([(LON, LAT + 5e-5), (LON + 0.003, LAT + 5e-5)])
    gpd.GeoDataFrame({"plan_id": ["K1"], "operator": ["viettel"], "ways": [2]}, geometry=[line], crs="EPSG:4326").to_file(
        tmp_path / "plans.gpkg", engine="pyogrio"
    )
    units = {"dig": "m³", "sand": "m³", "backfill": "m³", "surface_sidewalk": "m²", "duct": "m", "chamber": "chambers"}
    prices = tmp_path / "prices.csv"
    rows = [f"{item},{unit},100000,2026-01-01,thử" for item, unit in units.items()]
    prices.write_text("\n".join(["item,unit,price_vnd,valid_from,source", *rows]), "utf-8")
    assert ingest([register(tmp_path), tmp_path / "plans.gpkg", prices], IngestOptions(), settings, Quiet()).complete
    results = share_road(road_file(tmp_path), settings, progress=Quiet())
    reused = results.tables["suggestions"].query("kind == 'reuse_way'").iloc[0]
    assert reused["saving_vnd"] < 0
    assert "rent_years=10" in reused["assumptions"]
    book = openpyxl.load_workbook(io.BytesIO(sharing_workbook(results, "vi")))
    assert any("tiền thuê 10 năm" in str(cell) for row in book["De xuat dung chung"].iter_rows(values_only=True) for cell in row)
    assert "tiền thuê 10 năm" in repr(build_report(results, scope=Scope("road"), language="vi"))
