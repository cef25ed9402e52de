"""Tables of text and workbooks: every way in which the same table can be written, and every way in which it can be broken."""

import gzip
import io
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pyarrow as pa
import pytest

from hatang.data.annotated import annotated
from hatang.data.contracts import Kind, MissingError, RefusedError, Severity
from hatang.data.reading import ReadOptions, ReadOutcome, read

HEADER = ["site_id", "site_name", "operator", "longitude", "latitude", "height_m"]
ROWS = [
    ["TTH0001", "Trạm Phú Hội", "Viettel", "107.5950", "16.4637", "42.5"],
    ["TTH0002", "Trạm Thuỷ Biều", "VinaPhone", "107.5500", "16.4400", "36"],
    ["TTH0003", "Trạm A Lưới", "MobiFone", "107.2330", "16.2730", "45"],
]


def csv_text(delimiter: str = ",", decimal: str = ".", newline: str = "\n") -> str:
    rows = [HEADER, *(row[:3] + [cell.replace(".", decimal) for cell in row[3:]] for row in ROWS)]
    return "".join(delimiter.join(row) + newline for row in rows)


Reader = Callable[..., tuple[ReadOutcome, list[dict[str, object]]]]


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    """Return a function that writes a file, reads it, and gives the outcome and the rows."""

    def run(content: bytes | str, name: str = "tram.csv", kind: Kind = Kind.SITES, mapping: str | None = None, **options: str) -> object:
        source = tmp_path / name
        source.write_bytes(content.encode() if isinstance(content, str) else content)
        if mapping is not None:
            (tmp_path / "mapping.yaml").write_text(mapping, encoding="utf-8")
        chosen = ReadOptions(mapping=tmp_path / "mapping.yaml" if mapping is not None else None, **options)
        outcome = read(source, tmp_path / "out.arrow", kind, chosen)
        return outcome, pa.ipc.open_file(tmp_path / "out.arrow").read_all().to_pylist()

    return run


def assert_whole(rows: list[dict[str, object]]) -> None:
    assert [row["site_id"] for row in rows] == ["TTH0001", "TTH0002", "TTH0003"]
    assert [row["site_name"] for row in rows] == [row[1] for row in ROWS]
    assert [row["operator"] for row in rows] == ["viettel", "vnpt", "mobifone"]
    assert [row["height_m"] for row in rows] == [42.5, 36.0, 45.0]


@pytest.mark.parametrize(
    "content",
    [
        csv_text(),
        csv_text(newline="\r\n"),
        csv_text().rstrip("\n"),
        csv_text(";"),
        csv_text("\t"),
        csv_text("|"),
        "\ufeff" + csv_text(),
        csv_text().encode("utf-16"),
        csv_text().encode("utf-16-le"),
        "CSV Version=0.2.0\n" + csv_text(),
        "DANH SÁCH TRẠM BTS\n\n" + csv_text(";"),
        csv_text().replace("\n", "\n\n", 2) + "\n\n",
        csv_text().replace("Trạm Phú Hội", '"Trạm Phú Hội"'),
        "".join(line + ",,\n" for line in csv_text().splitlines()),
    ],
    ids=["plain", "crlf", "no-last-newline", "semicolon", "tab", "bar", "bom", "utf-16", "utf-16-no-bom", "comment", "title", "blank-lines",
         "quoted", "trailing-commas"],
)  # fmt: skip
def test_the_same_table_however_it_is_written(reader: Reader, content: bytes | str) -> None:
    outcome, rows = reader(content)
    assert_whole(rows)
    assert (outcome.rows_in, outcome.rows_kept, outcome.rows_refused) == (3, 3, 0)
    assert not outcome.faults


def test_gzip_is_read_as_what_it_holds(reader: Reader, tmp_path: Path) -> None:
    outcome, rows = reader(gzip.compress(csv_text().encode()), "tram.csv.gz")
    assert_whole(rows)
    zipped = gzip.compress(csv_text().encode(), mtime=0)
    (tmp_path / "plain.csv").write_text(csv_text(), encoding="utf-8")
    read(tmp_path / "plain.csv", tmp_path / "plain.arrow", Kind.SITES, ReadOptions())
    (tmp_path / "packed.csv.gz").write_bytes(zipped)
    read(tmp_path / "packed.csv.gz", tmp_path / "packed.arrow", Kind.SITES, ReadOptions())
    assert (tmp_path / "plain.arrow").read_bytes() == (tmp_path / "packed.arrow").read_bytes()
    assert outcome.rows_kept == 3


def test_decimal_commas_are_understood_and_told(reader: Reader) -> None:
    outcome, rows = reader(csv_text(";", ","))
    assert_whole(rows)
    assert outcome.repairs == {
        "decimal_comma:longitude": 3,
        "decimal_comma:latitude": 3,
        "decimal_comma:height_m": 1,
    } or outcome.repairs == {
        "decimal_comma:lon": 3,
        "decimal_comma:lat": 3,
        "decimal_comma:height_m": 1,
    }
    assert {fault.severity for fault in outcome.faults} == {Severity.REPAIRED}
    assert next(f for f in outcome.faults if f.field == "height_m").row == 2
    silent, _ = reader(csv_text(";", ","), mapping="decimal: ','")
    assert silent.repairs == {}


def test_a_comma_beside_decimal_points_is_refused_not_guessed(reader: Reader) -> None:
    outcome, rows = reader(csv_text(";").replace("107.5500", "107,5500"))
    assert [row["site_id"] for row in rows] == ["TTH0001", "TTH0003"]
    (fault,) = outcome.faults
    assert (fault.code, fault.row, fault.field, fault.found) == ("cell_number", 3, "longitude", "107,5500")


@pytest.mark.parametrize("encoding", ["cp1258", "latin-1"])
def test_old_code_pages_are_recognised(reader: Reader, encoding: str) -> None:
    names = {"cp1258": "Trạm Phú Hội", "latin-1": "Site Métropole à côté"}
    written = unicodedata.normalize("NFC", names[encoding])
    content = csv_text().replace("Trạm Phú Hội", written).replace("Trạm Thuỷ Biều", "b").replace("Trạm A Lưới", "c")
    if encoding == "cp1258":
        content = "".join(_cp1258(letter) for letter in content)
    outcome, rows = reader(content.encode(encoding))
    assert rows[0]["site_name"] == written
    assert outcome.repairs == {f"encoding:{encoding}": 1}
    assert [fault.code for fault in outcome.faults] == ["file_encoding"]


def _cp1258(letter: str) -> str:
    """Return a letter as cp1258 writes it: tone marks apart from their vowel."""
    marks = unicodedata.normalize("NFD", letter)
    tones = [mark for mark in marks if mark in "\u0300\u0301\u0303\u0309\u0323"]
    return unicodedata.normalize("NFC", "".join(mark for mark in marks if mark not in tones)) + "".join(tones)


def test_text_encoded_twice_is_mended(reader: Reader) -> None:
    twice = "Công đoàn".encode().decode("cp1252")
    outcome, rows = reader(f"site_id,site_name,operator,longitude,latitude\nA1,{twice},Viettel,107.6,16.4\n")
    assert rows[0]["site_name"] == "Công đoàn"
    assert "encoding:utf-8 × 2" in outcome.repairs


def test_names_are_composed(reader: Reader) -> None:
    _, rows = reader(unicodedata.normalize("NFD", csv_text()))
    assert_whole(rows)


def test_rows_count_as_in_the_file(reader: Reader) -> None:
    text = csv_text().replace("MobiFone", "Beta")
    assert reader(text)[0].faults[0].row == 4
    assert reader("# đo kiểm\n" + text)[0].faults[0].row == 5
    assert reader(text.replace("Trạm Phú Hội", '"Trạm\nPhú Hội"'))[0].faults[0].row == 5


def test_a_row_of_another_width_is_refused_alone(reader: Reader) -> None:
    text = csv_text().replace("Trạm Thuỷ Biều", "Trạm, Thuỷ Biều")
    outcome, rows = reader(text)
    assert [row["site_id"] for row in rows] == ["TTH0001", "TTH0003"]
    (fault,) = outcome.faults
    assert (fault.code, fault.row, dict(fault.fields)) == ("row_width", 3, {"width": 6, "cells": 7})
    assert (outcome.rows_in, outcome.rows_kept, outcome.rows_refused) == (3, 2, 1)


def test_workbook(reader: Reader) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["DANH SÁCH TRẠM"])
    sheet.append([])
    sheet.append(["Mã trạm", "Tên trạm", "Doanh nghiệp", "Kinh độ", "Vĩ độ", "Chiều cao (m)"])
    for row in ROWS:
        sheet.append([*row[:3], *(float(cell) for cell in row[3:])])
    sheet.append(["TTH0004", "Trạm X", "Beta", 107.5, 16.4, None])
    notes = book.create_sheet("Ghi chú", 0)
    notes.append(["Người lập", "Nguyễn Văn A"])
    stream = io.BytesIO()
    book.save(stream)
    outcome, rows = reader(stream.getvalue(), "tram.xlsx")
    assert_whole(rows)
    (fault,) = outcome.faults
    assert (fault.code, fault.row, fault.field, fault.found) == ("operator_unknown", 7, "Doanh nghiệp", "Beta")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b" \n\n", "file_empty"),
        (csv_text().splitlines()[0], "file_header_only"),
        (csv_text()[:-20], "file_truncated"),
        (csv_text().replace("Trạm A Lưới", '"Trạm A Lưới').rstrip("\n"), "file_truncated"),
        (gzip.compress(csv_text().encode())[:-20], "file_truncated"),
        ("<!DOCTYPE html><html><body>Login</body></html>", "file_html"),
        ("RATE_LIMITED", "file_error_text"),
        ("INVALID_TOKEN\n", "file_error_text"),
        ("Too many requests from this address", "file_error_text"),
        (b"%PDF-1.7 ...", "file_format"),
        (b"\x89PNG\r\n\x1a\n", "file_format"),
        (b"GIF89a\x00\x01\x00\x01", "file_binary"),
        ('{"status": "ok"}', "file_format"),
        ("<?xml version='1.0'?><gpx/>", "file_format"),
        ("<OGRVRTDataSource><OGRVRTLayer/></OGRVRTDataSource>", "file_hostile"),
        ("<VRTDataset rasterXSize='1'/>", "file_hostile"),
        ("452,4,1,2,0\n452,1,3,4,0\n", "file_header"),
        (csv_text("^"), "file_delimiter"),
        ("site_id,operator,longitude,latitude\n1,Viettel,107,55,16,44\n2,VNPT,107,51,16,41\n", "file_delimiter"),
        (csv_text().encode()[:200] + b"\xff\xfe\x00" * 3, "file_binary"),
    ],
    ids=["empty", "blank", "header-only", "cut-in-row", "cut-in-quotes", "cut-gzip", "html", "rate-limited", "token", "sentence",
        "pdf", "png",
         "binary", "json", "xml", "vrt", "raster-vrt", "no-header", "strange-delimiter", "unquoted-commas", "nul"],
)  # fmt: skip
def test_a_file_that_is_no_table_is_refused_for_what_it_is(reader: Reader, content: bytes | str, code: str) -> None:
    with pytest.raises(RefusedError) as error:
        reader(content)
    assert error.value.faults[0].code == code
    assert error.value.message_id == "error.reading.refused"


def test_a_delimiter_that_the_mapping_states_wrongly(reader: Reader) -> None:
    with pytest.raises(RefusedError) as error:
        reader(csv_text(","), mapping="delimiter: ';'")
    assert (error.value.faults[0].code, error.value.faults[0].found) == ("file_delimiter", ",".join(HEADER))


def test_missing_file_and_folder(tmp_path: Path) -> None:
    for path, code in ((tmp_path / "none.csv", "file_missing"), (tmp_path, "directory")):
        with pytest.raises(RefusedError) as error:
            read(path, tmp_path / "out.arrow", Kind.SITES, ReadOptions())
        assert error.value.faults[0].code == code
    assert not (tmp_path / "out.arrow").exists()


def archive(*entries: tuple[str, str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        for name, content in entries:
            packed.writestr(name, content)
    return stream.getvalue()


def test_an_archive_of_logs_is_one_table(reader: Reader) -> None:
    header, first, second, third = csv_text().splitlines(keepends=True)
    content = archive(
        ("a/x.csv", header + first),
        ("__MACOSX/a/._x.csv", "junk"),
        ("b/y.csv", header + second.replace("VinaPhone", "B")),
        ("b/z.csv", header + third),
        ("README.txt", "notes"),
    )
    outcome, rows = reader(content, "logs.zip")
    assert [row["site_id"] for row in rows] == ["TTH0001", "TTH0003"]
    (fault,) = outcome.faults
    assert (fault.file, fault.row) == ("logs.zip/b/y.csv", 2)


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ([("../x.csv", csv_text())], "file_archive"),
        ([("/etc/x.csv", csv_text())], "file_archive"),
        ([("C:\\x.csv", csv_text())], "file_archive"),
        ([("x.csv", gzip.compress(b"a,b"))], "file_archive"),
        ([("x.csv", "a,b\n" + "0" * 20_000_000)], "file_too_large"),
        ([("notes.txt", "nothing here")], "file_empty"),
        ([("x.csv", csv_text()), ("y.csv", "a,b\nc,d\n")], "file_mixed"),
    ],
    ids=["slip", "absolute", "drive", "nested", "bomb", "no-data", "mixed"],
)
def test_archives_that_are_not_opened(reader: Reader, entries: list[tuple[str, str | bytes]], code: str) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in entries:
            packed.writestr(name, content)
    with pytest.raises(RefusedError) as error:
        reader(stream.getvalue(), "x.zip")
    assert error.value.faults[0].code == code


def test_a_damaged_archive_is_truncated(reader: Reader) -> None:
    with pytest.raises(RefusedError) as error:
        reader(archive(("x.csv", csv_text()))[:-30], "x.zip")
    assert error.value.faults[0].code == "file_truncated"


def register_book(path: Path, *sheets: tuple[str, list[str], list[list[object]]]) -> Path:
    book = openpyxl.Workbook()
    book.active.title = "Bìa"  # type: ignore[union-attr]  # a new workbook has a sheet
    book.active.append(["Sổ tài sản hạ tầng 2026"])  # type: ignore[union-attr]
    for title, header, rows in sheets:
        sheet = book.create_sheet(title)
        for row in [["Bảng kê"], header, *rows]:
            sheet.append(row)
    book.save(path)
    return path


ASSET_HEADER = ["Mã tài sản", "Loại tài sản", "Chủ sở hữu", "Kinh độ", "Vĩ độ"]
POLE_SHEET = ("Cột", ASSET_HEADER, [["C1", "Cột", "VNPT", 107.58, 16.46], ["C2", "Cột", "VNPT", 107.59, 16.46]])
CHAMBER_SHEET = ("Hố ga", ASSET_HEADER, [["H1", "Hố ga", "VNPT", 107.6, 16.46], ["H2", "Hầm rượu", "VNPT", 107.6, 16.47]])
PLAN_SHEET = ("Kế hoạch", ["Mã kế hoạch", "Doanh nghiệp", "Số ống"], [["K1", "VNPT", 2]])


def test_sheets_of_the_same_headings_are_one_table_and_others_are_named(tmp_path: Path) -> None:
    path = register_book(tmp_path / "so.xlsx", POLE_SHEET, CHAMBER_SHEET, PLAN_SHEET)
    outcome = read(path, tmp_path / "out.arrow", Kind.AUTO, ReadOptions())
    assert (outcome.kind, outcome.rows_in, outcome.rows_kept) == (Kind.ASSETS, 4, 3)
    said = {(fault.code, fault.file, fault.row, fault.found) for fault in outcome.faults}
    assert said == {
        ("sheets_joined", "so.xlsx", None, "Cột, Hố ga"),
        ("sheets_passed", "so.xlsx", None, "Kế hoạch"),
        ("cell_value", "so.xlsx/Hố ga", 4, "Hầm rượu"),
    }
    frame = pa.ipc.open_file(tmp_path / "out.arrow").read_all().to_pandas()
    assert frame["asset_id"].tolist() == ["C1", "C2", "H1"]
    with pytest.raises(MissingError):  # rows of two sheets have the same numbers: no one sheet can be marked
        annotated(path, outcome.faults, "vi", ReadOptions())


@pytest.mark.parametrize(("layer", "ids"), [("Hố ga", ["H1"]), ("ho ga", ["H1"]), ("Cột", ["C1", "C2"])])
def test_the_mapping_chooses_a_sheet(tmp_path: Path, layer: str, ids: list[str]) -> None:
    path = register_book(tmp_path / "so.xlsx", POLE_SHEET, CHAMBER_SHEET, PLAN_SHEET)
    (tmp_path / "m.yaml").write_text(f"layer: {layer}\n", encoding="utf-8")
    outcome = read(path, tmp_path / "out.arrow", Kind.ASSETS, ReadOptions(mapping=tmp_path / "m.yaml"))
    assert pa.ipc.open_file(tmp_path / "out.arrow").read_all().to_pandas()["asset_id"].tolist() == ids
    assert {fault.code for fault in outcome.faults} <= {"cell_value"}
    (tmp_path / "m.yaml").write_text("layer: Cống\n", encoding="utf-8")
    with pytest.raises(RefusedError) as error:
        read(path, tmp_path / "out.arrow", Kind.ASSETS, ReadOptions(mapping=tmp_path / "m.yaml"))
    assert (error.value.faults[0].code, error.value.faults[0].found) == ("file_layers", "Bìa, Cột, Hố ga, Kế hoạch")
