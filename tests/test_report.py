"""The result folder: every file opens, all tell the same numbers and words, and nothing is half-written."""

import io
import json
import re
from pathlib import Path

import docx
import ezdxf.filemanagement
import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pypdf
import pytest
import shapely
from typer.testing import CliRunner

from hatang.commands.main import app
from hatang.data.contracts import WARD_KEY, MissingError, StoreError
from hatang.data.settings import Settings
from hatang.pipeline.demo import DemoOutcome
from hatang.pipeline.progress import Quiet
from hatang.pipeline.report import write_report
from hatang.reports.document import Table
from hatang.reports.geodata import report_csv
from hatang.reports.maps import verdict_map
from hatang.reports.pdf import report_pdf
from hatang.reports.sections import Scope, build_report

FILES = {
    "bao-cao.docx",
    "bao-cao.pdf",
    "bang-so-lieu.xlsx",
    "xa-phuong.csv",
    "du-lieu.gpkg",
    "khu-vuc-chua-phu.geojson",
    "ban-do.png",
    "chia-se.xlsx",
    "chia-se.dxf",
    "lich.ics",
    "manifest.json",
}

TOGETHER = ["Phuong an A B C", "Chia chi phi", "Neu mot ben rut", "Thue hay tu lam"]
NEW_SHEETS = [
    "Khoi luong",
    "Ranh - ong moi",
    "Be cap moi",
    "Cot moi",
    "Chua phu hop",
    "Da doi chieu",
    "Hien huu chua dat",
    "Thoi diem",
    "Lich",
]


def words_of_docx(path: Path) -> str:
    document = docx.Document(str(path))
    lines = [paragraph.text for paragraph in document.paragraphs]
    lines += [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    lines += [paragraph.text for section in document.sections for paragraph in section.footer.paragraphs]
    return "\n".join(lines)


def words_of_pdf(path: Path) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(path).pages)


def squeezed(words: str) -> str:
    return re.sub(r"[\s\u00ad-]+", "", words)


def test_the_folder_is_whole(small_demo: DemoOutcome) -> None:
    assert {path.name for path in small_demo.folder.iterdir()} == FILES
    assert {path.name for path in small_demo.files} == FILES


def test_csv_xlsx_and_gpkg_hold_the_full_values(small_demo: DemoOutcome) -> None:
    table = small_demo.results.tables["ward_table"]
    csv = pd.read_csv(small_demo.folder / "xa-phuong.csv", dtype={"ward_code": str}, encoding="utf-8-sig")
    sheet = pd.read_excel(small_demo.folder / "bang-so-lieu.xlsx", sheet_name=0, dtype={"ward_code": str})
    for other in (csv, sheet):
        assert list(other.columns) == list(table.columns)
        assert other[list(WARD_KEY)].astype(str).to_numpy().tolist() == table[list(WARD_KEY)].astype(str).to_numpy().tolist()
        for name in ("population_share", "population_lo", "claimed_area_share", "median_rsrp_dbm", "tests"):
            np.testing.assert_allclose(other[name].astype(float), table[name].astype(float), rtol=1e-12)
    wards = pyogrio.read_dataframe(small_demo.folder / "du-lieu.gpkg", layer="wards").set_index("ward_code")
    anyone = table[(table["operator"] == "any") & (table["technology"] == "4g")].set_index("ward_code")
    assert wards["verdict_4g"].to_dict() == anyone["verdict"].to_dict()


def test_docx_and_pdf_say_every_word_and_number_of_the_report(small_demo: DemoOutcome) -> None:
    report = build_report(small_demo.results, scope=Scope(), language="vi")
    documents = [squeezed(words_of_docx(small_demo.folder / "bao-cao.docx")), squeezed(words_of_pdf(small_demo.folder / "bao-cao.pdf"))]
    for block in report.blocks:
        said = (
            [block.caption, *block.header, *(cell for row in block.rows for cell in row)]
            if isinstance(block, Table)
            else [getattr(block, "text", "")]
        )
        for words in said:
            for number, document in enumerate(documents):
                assert squeezed(words) in document, (number, words)
    for document in documents:
        assert squeezed("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM") in document
        assert squeezed("số liệu mô phỏng").upper() in document


def test_the_numbered_sheets_hold_the_report_s_numbers(small_demo: DemoOutcome) -> None:
    report = build_report(small_demo.results, scope=Scope(), language="vi")
    book = openpyxl.load_workbook(small_demo.folder / "bang-so-lieu.xlsx", read_only=True)
    for number, table in enumerate(report.tables(), 1):
        rows = list(book[f"Bang {number}"].iter_rows(min_row=3, values_only=True))
        assert list(rows[0])[: len(table.header)] == list(table.header)
        assert len(rows) - 1 == len(table.values)
        for written, values in zip(rows[1:], table.values, strict=True):
            for cell, value in zip(written, values, strict=False):
                if isinstance(value, float | int) and not isinstance(value, bool):
                    assert cell == pytest.approx(value)


def test_layers_and_gaps(small_demo: DemoOutcome) -> None:
    package = small_demo.folder / "du-lieu.gpkg"
    layers = {name for name, _ in pyogrio.list_layers(package)}
    of_the_road = {"new_trenches", "new_chambers", "new_poles", "violations", "asset_violations"}
    assert layers == {"wards", "gaps", "claims", "sites", "assets", "works", "suggestions"} | of_the_road
    assert "9214" in str(pyogrio.read_info(package, layer="gaps")["crs"])
    gaps = gpd.read_file(small_demo.folder / "khu-vuc-chua-phu.geojson")
    assert len(gaps) == len(small_demo.results.tables["gaps"])
    assert gaps.is_valid.all()


def test_the_pdf_is_archival_and_of_one_family(small_demo: DemoOutcome) -> None:
    content = (small_demo.folder / "bao-cao.pdf").read_bytes()
    assert b"pdfaid:part>2<" in content.replace(b" ", b"")
    reader = pypdf.PdfReader(io.BytesIO(content))
    families = set()
    for page in reader.pages:
        for font in page["/Resources"].get("/Font", {}).values():
            families.add(re.sub(r"^[A-Z]{6}\+", "", font.get_object()["/BaseFont"].lstrip("/")).split("-")[0])
    assert len(families) == 1, families
    assert reader.metadata is not None
    assert reader.metadata.creation_date is not None
    assert f"{reader.metadata.creation_date:%Y-%m-%d}" == "2026-09-30"


def test_equal_results_give_equal_bytes(small_demo: DemoOutcome) -> None:
    report = build_report(small_demo.results, scope=Scope(), language="vi")
    assert report_pdf(report, as_of=small_demo.results.as_of) == (small_demo.folder / "bao-cao.pdf").read_bytes()
    assert report_csv(small_demo.results) == (small_demo.folder / "xa-phuong.csv").read_bytes()


def test_the_map_is_wide_enough(small_demo: DemoOutcome) -> None:
    png = verdict_map(small_demo.results, technology="4g", language="en")
    assert png.startswith(b"\x89PNG")
    assert int.from_bytes(png[16:20], "big") >= 1600


def test_the_drawing_and_workbook_of_the_road(small_demo: DemoOutcome) -> None:
    drawing = ezdxf.filemanagement.readfile(small_demo.folder / "chia-se.dxf")
    assert {"TUYEN DUONG", "DUNG LAI DUOC"} <= {layer.dxf.name for layer in drawing.layers}
    road = small_demo.results.tables["roads"].to_crs("EPSG:9214").geometry.iloc[0]
    drawn = [entity for entity in drawing.modelspace() if entity.dxf.layer == "TUYEN DUONG"]
    np.testing.assert_allclose(np.array(drawn[0].get_points("xy")), shapely.get_coordinates(road), atol=1e-6)
    sheets = pd.read_excel(small_demo.folder / "chia-se.xlsx", sheet_name=None, header=1)
    assert list(sheets) == ["Tong hop", "De xuat dung chung", *TOGETHER, "Cot - cong - be", "Can khao sat", "Khop quy hoach", *NEW_SHEETS]
    assert sheets["Phuong an A B C"]["Phương án"].str[0].tolist() == ["A", "B", "C"]
    assert len(sheets["Cot - cong - be"]) == len(small_demo.results.tables["corridor"])


def test_manifest_names_inputs_rules_and_files(small_demo: DemoOutcome) -> None:
    manifest = json.loads((small_demo.folder / "manifest.json").read_text("utf-8"))
    assert manifest["synthetic"] is True
    assert manifest["boundary_source"] == "approximate"
    assert manifest["configuration"]["target_share"]["value"] == 0.95
    assert len(manifest["inputs"]) >= 10
    assert set(manifest["files"]) == FILES - {"manifest.json"}


def test_a_ward_s_report_in_english(small_demo: DemoOutcome, tmp_path: Path) -> None:
    files = write_report(
        small_demo.results, tmp_path / "ward", scope="ward", ward_code="19753", language="en", crs="EPSG:4326", progress=Quiet()
    )
    words = words_of_docx(tmp_path / "ward" / "bao-cao.docx")
    assert "Phường Phú Xuân" in words
    assert "insufficient evidence" in words
    assert "4326" in str(pyogrio.read_info(tmp_path / "ward" / "du-lieu.gpkg", layer="wards")["crs"])
    assert len(files) == len(FILES)
    with pytest.raises(MissingError, match=r"error\.ward\.unknown"):
        write_report(small_demo.results, tmp_path / "other", scope="ward", ward_code="00000", progress=Quiet())


def test_a_folder_of_somebody_else_is_not_touched(small_demo: DemoOutcome, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(StoreError, match=r"error\.report\.not_ours"):
        write_report(small_demo.results, tmp_path, progress=Quiet())
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_text_never_becomes_a_formula(small_demo: DemoOutcome, tmp_path: Path) -> None:
    table = small_demo.results.tables["ward_table"].assign(ward_name="=HYPERLINK(1)")
    spoiled = small_demo.results.with_tables(ward_table=table)
    write_report(spoiled, tmp_path / "out", progress=Quiet())
    csv = pd.read_csv(tmp_path / "out" / "xa-phuong.csv", encoding="utf-8-sig")
    assert set(csv["ward_name"]) == {"'=HYPERLINK(1)"}
    cell = openpyxl.load_workbook(tmp_path / "out" / "bang-so-lieu.xlsx").worksheets[0]["B2"]
    assert (cell.value, cell.data_type) == ("=HYPERLINK(1)", "s")


def test_an_empty_store_still_reports(settings: Settings, tmp_path: Path) -> None:
    call = ["--home", str(settings.home), "--json", "report", "city", "--as-of", "2026-09-30", "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(app, call, env={"HATANG_OFFLINE": "1"})
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["summary"]["verdicts"]["4g"]["insufficient"] == 40
    assert "Chưa có số liệu nào được nạp" in words_of_docx(tmp_path / "out" / "bao-cao.docx")
    missing = CliRunner().invoke(app, ["--home", str(settings.home), "--json", "report", "ward", "99999", "--out", str(tmp_path / "x")])
    assert (missing.exit_code, json.loads(missing.stdout)["code"]) == (1, "error.ward.unknown")
