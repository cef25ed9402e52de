"""Documents marked as secret are refused, wherever the form of file carries the stamp; words that only look like one are read."""

import io
import json
import sqlite3
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import ezdxf
import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import rasterio
import shapely
import xlsxwriter
from openpyxl.comments import Comment

from hatang.data._secrecy import is_marked_secret, mark_in_stream
from hatang.data.contracts import AUTHORITY, Kind, RefusedError
from hatang.data.language import LANGUAGES, fault_text
from hatang.data.limits import Limits
from hatang.data.reading import ReadOptions, read, sample_of
from hatang.data.registerfile import read_register, register_geopackage
from hatang.data.settings import Settings
from hatang.data.store import Filing, Store
from hatang.data.tablefile import arrow_table
from hatang.pipeline.ingest import IngestOptions, _said, ingest
from hatang.pipeline.progress import Quiet

CSV: Final = "site_id,operator,lon,lat\nA1,vnpt,107.58,16.46\nA2,vnpt,107.59,16.47\n"
INNOCENT: Final = "Mật độ dân số; bảo mật; ông Mật, thôn Mật; mật ong"
Make = Callable[[Path, str], Path]


def beside(name: str, content: Callable[[str], bytes]) -> Make:
    """Return a ZIP of a good table with a document beside it."""

    def make(folder: Path, mark: str) -> Path:
        path = folder / "x.zip"
        with zipfile.ZipFile(path, "w") as packed:
            packed.writestr("tram.csv", CSV)
            packed.writestr(name, content(mark))
        return path

    return make


def packed(**parts: str) -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), text)
    return into.getvalue()


def runs(mark: str) -> str:
    """Return a paragraph of Word whose words are cut into runs of one letter."""
    return "<w:p>" + "".join(f"<w:r><w:t>{letter}</w:t></w:r>" for letter in mark) + "</w:p>"


def sheet(place: str) -> Make:
    def make(folder: Path, mark: str) -> Path:
        path = folder / "x.xlsx"
        with xlsxwriter.Workbook(path) as book:
            page = book.add_worksheet(mark[:31].replace(":", " ") if place == "sheet" else "Tram")
            for row, line in enumerate(CSV.splitlines()):
                page.write_row(row, 0, line.split(","))
            if place == "last row":
                page.write(60, 0, mark)
            elif place == "header":
                page.set_header(f"&C{mark}")
            elif place == "footer":
                page.set_footer(f"&R&B{mark}")
            elif place == "box":
                page.insert_textbox("H2", mark)
            elif place == "hidden sheet":
                other = book.add_worksheet("An")
                other.write(40, 3, mark)
                other.hide()
        if place == "comment":
            opened = openpyxl.load_workbook(path)
            opened.worksheets[0]["A2"].comment = Comment(mark, "x")
            opened.save(path)
        return path

    return make


def feature(**properties: str) -> dict[str, object]:
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Point", "coordinates": [107.58, 16.46]}}


def geojson(folder: Path, mark: str) -> Path:
    path = folder / "x.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature(site_id="A", operator="vnpt", note=mark)]}))
    return path


def geojson_title(folder: Path, mark: str) -> Path:
    path = folder / "x.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "description": mark, "features": [feature(site_id="A")]}, ensure_ascii=False))
    return path


def geojson_lines(folder: Path, mark: str) -> Path:
    path = folder / "x.geojsonl"
    path.write_text(json.dumps(feature(site_id="A")) + "\n" + json.dumps(feature(site_id="B", note=f"xem\n{mark}")) + "\n")
    return path


KML: Final = (
    '<kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>{}</name><Placemark><name>A1</name>'
    "<description><![CDATA[<b>{}</b>]]></description><Point><coordinates>107.58,16.46</coordinates></Point></Placemark></Document></kml>"
)


def kml(folder: Path, mark: str) -> Path:
    path = folder / "x.kml"
    path.write_text(KML.format("Trạm", mark))
    return path


def kmz(folder: Path, mark: str) -> Path:
    path = folder / "x.kmz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("doc.kml", KML.format(mark, "Trạm"))
    return path


def points(**columns: str) -> gpd.GeoDataFrame:
    rows = {name: [text] for name, text in {"site_id": "A1", "operator": "vnpt", **columns}.items()}
    return gpd.GeoDataFrame(rows, geometry=[shapely.Point(107.58, 16.46)], crs="EPSG:4326")


def attribute(name: str) -> Make:
    def make(folder: Path, mark: str) -> Path:
        points(ghi_chu=mark).to_file(folder / name)
        if not name.endswith(".shp"):
            return folder / name
        path = folder / "x.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for part in folder.glob("x.[!z]*"):
                archive.write(part, part.name)
        return path

    return make


def metadata(folder: Path, mark: str) -> Path:
    path = folder / "x.gpkg"
    points().to_file(path, layer="sites")
    with sqlite3.connect(path) as database:
        database.execute(
            "CREATE TABLE gpkg_metadata (id INTEGER PRIMARY KEY, md_scope TEXT, md_standard_uri TEXT, mime_type TEXT, metadata TEXT)"
        )
        database.execute("INSERT INTO gpkg_metadata VALUES (1, 'dataset', 'x', 'text/xml', ?)", (f"<a><b>{mark}</b></a>",))
    database.close()
    return path


def parquet(folder: Path, mark: str) -> Path:
    points(note=mark).to_parquet(folder / "x.parquet")
    return folder / "x.parquet"


def drawing(kind: str) -> Make:
    def make(folder: Path, mark: str) -> Path:
        path = folder / "x.dxf"
        document = ezdxf.new("R2000")  # type: ignore[attr-defined]  # ezdxf exports it without naming it
        space = document.modelspace()
        space.add_line((560000, 1820000), (560100, 1820000))
        if kind == "text":
            space.add_text(mark)
        elif kind == "mtext":
            space.add_mtext(f"{{\\fTimes New Roman|b1;{mark}}}\\PBản vẽ")
        else:
            block = document.blocks.new("KHUNG_TEN")
            block.add_attdef("DO_MAT", (0, 0))
            space.add_blockref("KHUNG_TEN", (560000, 1820000)).add_attrib("DO_MAT", mark)
        document.saveas(path)
        return path

    return make


def raster(folder: Path, mark: str) -> Path:
    path = folder / "x.tif"
    place = rasterio.Affine(0.01, 0, 107.5, 0, -0.01, 16.5)
    with rasterio.open(path, "w", driver="GTiff", width=4, height=4, count=1, dtype="float32", crs="EPSG:4326", transform=place) as grid:
        grid.write(np.zeros((1, 4, 4), np.float32))
        grid.update_tags(TIFFTAG_IMAGEDESCRIPTION=mark)
    return path


def csv_heading(folder: Path, mark: str) -> Path:
    path = folder / "x.csv"
    path.write_text(f"{mark}\n{CSV}")
    return path


FORMS: Final[dict[str, Make]] = {
    **{f"XLSX {place}": sheet(place) for place in ("last row", "header", "footer", "sheet", "box", "hidden sheet", "comment")},
    "DOCX body": beside("thu.docx", lambda mark: packed(word__document_xml=f"<w:body><w:p/>{runs(mark)}</w:body>")),
    "DOCX header": beside("thu.docx", lambda mark: packed(word__header1_xml=runs(mark))),
    "DOCX property": beside("thu.docx", lambda mark: packed(docProps__core_xml=f"<cp:keywords>hạ tầng; {mark}</cp:keywords>")),
    "ODT body": beside("thu.odt", lambda mark: packed(content_xml=f"<text:p><text:span>{mark}</text:span></text:p>")),
    "ODT header": beside("thu.odt", lambda mark: packed(styles_xml=f"<style:header><text:p>{mark}</text:p></style:header>")),
    "ODS cell": beside(
        "b.ods", lambda mark: packed(mimetype="x", content_xml=f"<table:table-cell><text:p>{mark}</text:p></table:table-cell>")
    ),
    "note": beside("doc.txt", lambda mark: f"Kính gửi\n{mark}\n".encode()),
    "metadata of a layer": beside("x.xml", lambda mark: f"<a><title>{mark}</title></a>".encode()),
    "PDF property": beside("thu.pdf", lambda mark: b"%PDF-1.7\n<< /Title <FEFF" + mark.encode("utf-16-be").hex().encode() + b"> >>"),
    "PDF metadata": beside("thu.pdf", lambda mark: b"%PDF-1.7\n<dc:title><rdf:li>" + mark.encode() + b"</rdf:li></dc:title>"),
    "PDF text": beside("thu.pdf", lambda mark: b"%PDF-1.7\nBT (" + mark.replace("(", "").encode() + b") Tj ET"),
    "CSV heading": csv_heading,
    "GeoJSON property": geojson,
    "GeoJSON description": geojson_title,
    "GeoJSON lines": geojson_lines,
    "KML description": kml,
    "KMZ name": kmz,
    **{f"attribute of {name}": attribute(name) for name in ("x.gpkg", "x.fgb", "x.shp")},
    "GPKG metadata": metadata,
    "GeoParquet": parquet,
    **{f"DXF {kind}": drawing(kind) for kind in ("text", "mtext", "title block")},
    "GeoTIFF description": raster,
}


def code_of(path: Path) -> str:
    """Return what a file ends as when its first rows are read."""
    try:
        sample_of(path, ReadOptions())
    except RefusedError as error:
        return error.faults[0].code
    return "read"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("mark", ["MẬT", "TUYỆT MẬT", "Tối mật"])
def test_a_marked_document_is_refused(form: str, mark: str, tmp_path: Path) -> None:
    assert code_of(FORMS[form](tmp_path, mark)) == "file_secret"


@pytest.mark.parametrize("form", FORMS)
def test_a_document_that_only_holds_the_word_is_not(form: str, tmp_path: Path) -> None:
    assert code_of(FORMS[form](tmp_path, INNOCENT[:31] if form == "XLSX sheet" else INNOCENT)) != "file_secret"


STAMPS: Final = (
    "MẬT",
    "TỐI MẬT",
    "Tuyệt mật",
    "( TUYỆT MẬT )",
    "Độ mật: Mật",
    "MỨC ĐỘ MẬT: TỐI MẬT",
    "TUYET MAT",
    "TOI MAT",
    "DO MAT: MAT",
)
OLD: Final = (
    "MËT",
    "tuyÖt mËt",
    "TUYÖT MËT",
    "MAÄT",
    "TUYEÄT MAÄT",
    "Tèi mËt",
    "TOÁI MAÄT",
    "MÂòT",
    "MẬT".encode().decode("cp1252", "replace"),
)
SENTENCES: Final = (
    "Mật độ dân số",
    "mật ong",
    "Bảo mật",
    "Bí mật",
    "Nguyễn Văn Mật",
    "thôn Mật",
    "Tôi mất",
    "toi mat",
    "MẶT",
    "Tối mát",
    "MAT",
    "Mật",
)


@pytest.mark.parametrize("mark", [*STAMPS, *(unicodedata.normalize("NFD", mark) for mark in STAMPS)])
def test_stamps_are_known(mark: str) -> None:
    assert is_marked_secret(mark)
    assert mark_in_stream(io.BytesIO(f'{{"a":"{mark}"}}'.encode())) is not None
    assert mark_in_stream(io.BytesIO(json.dumps({"a": mark}).encode())) is not None


@pytest.mark.parametrize("mark", OLD[:-1])
def test_stamps_of_old_fonts_are_known(mark: str) -> None:
    assert is_marked_secret(mark)
    assert mark_in_stream(io.BytesIO(f"a\n{mark}\nb".encode("latin-1"))) is not None


@pytest.mark.parametrize("words", SENTENCES)
def test_words_are_no_stamps(words: str) -> None:
    assert not is_marked_secret(words)
    assert mark_in_stream(io.BytesIO(f'{{"a":"{words}"}}'.encode())) is None


@pytest.mark.parametrize("shift", range(8))
def test_a_word_is_whole_wherever_a_block_ends(shift: int) -> None:
    content = ("x" * ((1 << 20) - 10 + shift) + '\n"MẬT ĐỘ","bảo MẬT"\n').encode()
    assert mark_in_stream(io.BytesIO(content)) is None
    assert mark_in_stream(io.BytesIO(content + b'"T\xe1\xbb\x90I M\xe1\xba\xacT"')) is not None


def test_a_marked_register_is_refused(tmp_path: Path) -> None:
    poles = gpd.GeoDataFrame(
        pd.DataFrame({"asset_id": ["P1"], "owner": ["TỐI MẬT"]}), geometry=[shapely.Point(107.58, 16.46)], crs="EPSG:4326"
    )
    path = tmp_path / "x.gpkg"
    path.write_bytes(register_geopackage({"poles": poles}))
    with pytest.raises(RefusedError) as caught:
        read_register(path, Limits())
    assert caught.value.faults[0].code == "file_secret"


def test_a_marked_file_stored_by_a_laxer_version_is_found_when_it_comes_again(settings: Settings, tmp_path: Path) -> None:
    plain = "village_name,lon,lat\nThôn 1,107.58,16.46\n"
    marked = tmp_path / "thon.csv"
    marked.write_text("MẬT;;\n" + plain, encoding="utf-8")
    (tmp_path / "plain.csv").write_text(plain, encoding="utf-8")
    options = IngestOptions(kind=Kind.VILLAGES)
    outcome = read(tmp_path / "plain.csv", tmp_path / "t.arrow", Kind.VILLAGES, ReadOptions())
    counts = {"rows_in": outcome.rows_in, "rows_kept": outcome.rows_kept, "rows_refused": 0}
    with Store.open(settings) as store, store.receive(marked) as received:  # as a version that did not see the mark stored it
        filing = Filing(kind=Kind.VILLAGES, organisation=AUTHORITY, options=_said(options, marked.name), **counts)
        held, _ = store.add(received, arrow_table(tmp_path / "t.arrow", Kind.VILLAGES), filing)
    again = ingest([marked], options, settings, Quiet())
    assert [fault.code for fault in again.faults] == ["file_secret", "stored_secret"]
    assert again.faults[1].fields["dataset"] == held.id
    assert (again.complete, again.datasets) == (False, ())
    with Store.open(settings) as store:
        assert store.datasets() == [held]
    for language in LANGUAGES:
        assert held.id in fault_text(again.faults[1], language)
