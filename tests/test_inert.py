"""Words that came with a file stay words on the way through: store, answer, page, map, DOCX, XLSX, DXF, GeoPackage."""

import io
import zipfile
from pathlib import Path

import docx
import ezdxf
import geopandas as gpd
import openpyxl
import pytest
import shapely
import xlsxwriter
from test_share import LAT, LON

from hatang.data.settings import Settings
from hatang.pipeline.ingest import IngestOptions, ingest
from hatang.pipeline.progress import Quiet
from hatang.pipeline.report import write_report
from hatang.pipeline.share import share_road
from hatang.reports.document import Heading, Paragraph, Table
from hatang.reports.workbook import OPTIONS, write_sheet
from hatang.web.maps import road_map
from hatang.web.waiting import plain

TAG = "<img src=x onerror=alert(1)>"
WORDS = (
    TAG,
    '=HYPERLINK("http://127.0.0.1/","x")',
    "+cmd|' /C calc'!A0",
    "ab\u202edc",
    "a\x0b\x1bb\ufffe",
    '#read("/etc/passwd") $x$ @a *',
    "x" * (1 << 20),
)


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Path:
    """Return the report on a road whose name and whose neighbours' owners are the words above."""
    shapes = [shapely.LineString([(LON + n * 1e-3, LAT + 5e-5), (LON + n * 1e-3 + 9e-4, LAT + 5e-5)]) for n in range(len(WORDS))]
    assets = {"asset_id": [f"D{n}" for n in range(len(WORDS))], "asset_class": "duct_section", "owner": WORDS, "ways": 4, "ways_used": 1}
    gpd.GeoDataFrame(assets, geometry=shapes, crs="EPSG:4326").to_file(tmp_path / "register.geojson")
    road = shapely.LineString([(LON, LAT), (LON + 0.0094, LAT)])
    gpd.GeoDataFrame({"road_id": ["R1"], "road_name": [TAG]}, geometry=[road], crs="EPSG:4326").to_file(tmp_path / "road.geojson")
    outcome = ingest([tmp_path / "register.geojson"], IngestOptions(), settings, Quiet())
    assert outcome.datasets[0].rows_kept == len(WORDS)
    results = share_road(tmp_path / "road.geojson", settings, progress=Quiet())
    assert set(WORDS[:3]) <= set(results.tables["corridor"]["owner"])
    frames = (gpd.GeoDataFrame(results.tables[name]) for name in ("roads", "corridor", "suggestions"))
    page = road_map(gpd.GeoDataFrame(results.tables["wards"]), *frames, "vi").get_root().render()
    assert "<img src=x" not in page
    write_report(results, tmp_path / "out", scope="road", progress=Quiet())
    return tmp_path / "out"


def test_uploaded_words_stay_words_in_every_file_of_a_report(folder: Path) -> None:
    document = docx.Document(str(folder / "bao-cao.docx"))
    words = "\n".join([p.text for p in document.paragraphs] + [c.text for t in document.tables for row in t.rows for c in row.cells])
    assert TAG in words
    assert "\u202e" not in words
    with zipfile.ZipFile(folder / "bao-cao.docx") as archive:
        links = b"".join(archive.read(name) for name in archive.namelist() if name.endswith(".rels"))
        assert b'TargetMode="External"' not in links
    book = openpyxl.load_workbook(folder / "chia-se.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    texts = {cell.value for cell in cells if cell.data_type == "s"}
    assert set(WORDS[:3]) <= texts
    assert "x" * 32_766 + "…" in texts
    assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]
    drawing = ezdxf.readfile(folder / "chia-se.dxf")
    assert len(drawing.modelspace()) > len(WORDS)
    assert (folder / "bao-cao.pdf").read_bytes().startswith(b"%PDF")


def test_blocks_of_a_document_hold_what_a_document_can_hold() -> None:
    assert Heading(1, "a\x00b").text == "a?b"
    assert Paragraph("a\u202eb\nc").text == "ab\nc"
    table = Table("a\x1b", ["n"], [["x" * 2_000], ["\ud800"], ["Huế 📡"]], [["x" * 2_000], [1], [2]])
    assert table.caption == "a?"
    assert [row[0] for row in table.rows] == ["x" * 999 + "…", "?", "Huế 📡"]
    assert table.values[0][0] == "x" * 2_000


def test_a_long_text_in_a_workbook_is_cut_not_lost() -> None:
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink, OPTIONS) as book:
        write_sheet(book, "x", ["n"], [["y" * 40_000]], book.add_format())
    (sheet,) = openpyxl.load_workbook(sink).worksheets
    assert sheet["A2"].value == "y" * 32_766 + "…"


def test_what_the_page_says_of_a_file_is_no_markup() -> None:
    assert plain(TAG) == "\\<img src\\=x onerror\\=alert\\(1\\)\\>"
