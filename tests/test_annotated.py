"""A wrong file, its marked copy, the copy corrected: accepted, with nothing lost and no text run as a formula."""

import datetime as dt
import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from test_commands_ingest import call, document, home

from hatang.data.annotated import annotated
from hatang.data.contracts import Kind, MissingError, RefusedError
from hatang.data.reading import ReadOptions, ReadOutcome, read

__all__ = ["home"]
HEADER = ["Mã tài sản", "Loại tài sản", "Chủ sở hữu", "Kinh độ", "Vĩ độ", "Số vị trí", "Ghi chú"]
ROWS: list[list[Any]] = [
    ["0001", "cột", "VNPT", 107.59, 16.46, 6, "=HYPERLINK(\"http://x\")"],
    ["0002", "cây", "VNPT", 107.591, 16.46, 6, "+cmd|' /C calc'!A0"],
    ["0003", "cột", "VNPT", 107.592, 16.46, -4, "@x"],
    ["0004", "cột", None, 107.593, 16.46, "sáu", None],
]  # fmt: skip


def wrong_workbook(path: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in [HEADER, *ROWS]:
        sheet.append(row)
    for row in sheet.iter_rows():
        for cell in row:
            if isinstance(cell.value, str):
                cell.data_type = "s"
    book.save(path)
    return path


def attempt(path: Path, tmp_path: Path) -> ReadOutcome:
    return read(path, tmp_path / "t.arrow", Kind.ASSETS, ReadOptions())


def test_wrong_workbook_annotated_corrected_accepted(tmp_path: Path) -> None:
    wrong = wrong_workbook(tmp_path / "so.xlsx")
    first = attempt(wrong, tmp_path)
    assert (first.rows_in, first.rows_kept, first.rows_refused) == (4, 1, 3)
    book = openpyxl.load_workbook(io.BytesIO(annotated(wrong, first.faults, "vi", ReadOptions())))
    sheet = book.worksheets[0]
    assert [cell.value for cell in sheet[1]] == [*HEADER, "Lỗi cần sửa"]
    said = {(cell.row, cell.column): cell.comment.text for row in sheet.iter_rows() for cell in row if cell.comment}
    assert set(said) == {(3, 2), (4, 6), (5, 3), (5, 6)}
    assert "gặp «cây»" in said[3, 2]
    assert "pole" in said[3, 2]
    assert all(sheet.cell(*place).fill.fgColor.rgb == "FFF8CBAD" for place in said)
    assert sheet["H2"].value is None
    assert all(str(sheet.cell(row, 8).value).strip() for row in (3, 4, 5))
    sheet["B3"], sheet["F4"], sheet["C5"], sheet["F5"] = "cột", 4, "VNPT", 6
    corrected = tmp_path / "so-sua.xlsx"
    book.save(corrected)
    again = attempt(corrected, tmp_path)
    assert (again.rows_in, again.rows_kept, again.rows_refused) == (4, 4, 0)


def test_cells_come_back_as_they_were_and_nothing_is_a_formula(tmp_path: Path) -> None:
    wrong = wrong_workbook(tmp_path / "so.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(annotated(wrong, attempt(wrong, tmp_path).faults, "vi", ReadOptions())))
    sheet = book.worksheets[0]
    assert [[cell.value for cell in row[:7]] for row in sheet.iter_rows(min_row=2)] == ROWS
    assert {cell.data_type for page in book.worksheets for row in page.iter_rows() for cell in row} <= {"s", "n"}


def test_every_fault_stands_in_the_list_with_its_row(tmp_path: Path) -> None:
    wrong = wrong_workbook(tmp_path / "so.xlsx")
    faults = attempt(wrong, tmp_path).faults
    listed = openpyxl.load_workbook(io.BytesIO(annotated(wrong, faults, "en", ReadOptions()))).worksheets[1]
    assert [row[1].value for row in listed.iter_rows(min_row=2)] == [fault.row for fault in faults]
    assert listed.cell(2, 1).value == "refused"


def test_rows_that_cannot_be_split_are_not_lost(tmp_path: Path) -> None:
    wrong = tmp_path / "so.csv"
    wrong.write_text("ward_code,operator,households,households_served\n19753,vnpt,100,90\n19774,vnpt,80,70,9\n19813,viettel,50,40\n")
    outcome = read(wrong, tmp_path / "t.arrow", Kind.FIXED, ReadOptions())
    book = openpyxl.load_workbook(io.BytesIO(annotated(wrong, outcome.faults, "vi", ReadOptions())))
    sheet = book.worksheets[0]
    assert sheet["A4"].value == "19774,vnpt,80,70,9"
    for place, value in enumerate(("19774", "vnpt", 80, 70), 1):
        sheet.cell(4, place, value)
    book.save(tmp_path / "sua.xlsx")
    assert read(tmp_path / "sua.xlsx", tmp_path / "t.arrow", Kind.FIXED, ReadOptions()).rows_kept == 3


def test_a_file_that_is_no_table_has_no_copy(tmp_path: Path) -> None:
    layer = tmp_path / "lop.geojson"
    layer.write_text('{"type": "FeatureCollection", "features": []}')
    with pytest.raises(MissingError):
        annotated(layer, (), "vi", ReadOptions())
    layer.write_bytes(b"")
    with pytest.raises(RefusedError):
        annotated(layer, (), "vi", ReadOptions())


@pytest.mark.usefixtures("home")
def test_the_command_writes_the_copy_and_takes_it_back(tmp_path: Path) -> None:
    wrong, copy = wrong_workbook(tmp_path / "so.xlsx"), tmp_path / "loi.xlsx"
    done = document("ingest", wrong, "--kind", "assets", "--annotate", copy, "--dry-run")
    assert done["exit_code"] == 0
    book = openpyxl.load_workbook(copy)
    sheet = book.worksheets[0]
    sheet["B3"], sheet["F4"], sheet["C5"], sheet["F5"] = "cột", 4, "VNPT", 6
    book.save(copy)
    taken = document("ingest", copy, "--kind", "assets")
    assert [entry["rows_kept"] for entry in taken["datasets"]] == [4]  # type: ignore[index,attr-defined]
    none = call("ingest", copy, "--kind", "assets", "--annotate", tmp_path / "khong.xlsx", "--dry-run")
    assert none.exit_code == 0
    assert not (tmp_path / "khong.xlsx").exists()
    assert call("ingest", wrong, copy, "--annotate", copy).exit_code == 1


def test_a_day_stays_a_day_and_a_drawn_shape_is_marked(tmp_path: Path) -> None:
    """Days came back with their midnight; a fault of a shape written as WKT coloured no cell."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Mã công trình", "Ngày khởi công", "Ngày hoàn thành", "WKT (WGS 84)"])
    sheet.append(["CT1", dt.date(2026, 10, 1), dt.date(2026, 12, 1), "LINESTRING (107.57 16.46, 107.58 16.46)"])
    sheet.append(["CT2", dt.date(2026, 12, 1), dt.date(2026, 10, 1), "LINESTRING (107.57 16.46, 107.58 16.47)"])
    sheet.append(["CT3", dt.date(2026, 10, 1), None, "LINESTRING (107.57 16.46, 107.57 16.46)"])
    book.save(tmp_path / "ct.xlsx")
    outcome = read(tmp_path / "ct.xlsx", tmp_path / "t.arrow", Kind.WORKS, ReadOptions())
    reversed_, flat = outcome.faults
    assert (reversed_.row, reversed_.field, reversed_.found) == (3, "Ngày hoàn thành", "2026-10-01")
    assert reversed_.fields["first"] == "Ngày khởi công"
    assert (flat.row, flat.field) == (4, "WKT (WGS 84)")
    marked = openpyxl.load_workbook(io.BytesIO(annotated(tmp_path / "ct.xlsx", outcome.faults, "vi", ReadOptions()))).worksheets[0]
    assert {(cell.row, cell.column) for row in marked.iter_rows() for cell in row if cell.comment} == {(3, 3), (4, 4)}
    assert [marked.cell(row, 2).value for row in (2, 3, 4)] == ["2026-10-01", "2026-12-01", "2026-10-01"]
    assert "Ngày khởi công" in str(marked["E3"].value)
