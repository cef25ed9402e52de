"""Sheets read the quick way and by openpyxl: the same rows, and what is not plain is left to openpyxl."""

import datetime as dt
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from hatang.data import _workbook
from hatang.data._workbook import _NotPlainError, _other_sheets, _plain_sheets, sheets

ROWS: list[list[object]] = [
    ["Mã", "Giá trị", "Ngày"],
    ["0001", 1, dt.datetime.fromisoformat("2026-08-15")],
    ["a & b <c> \"d\" 'e'", -0.5, dt.datetime.fromisoformat("2026-08-15T10:30:05")],
    [None, 107.487712, None, "sau ô trống"],
    ["  hai đầu \n", 1e-7, True, False],
    ["dòng 1\ndòng 2", 12345678901234, 123456789012345678, 1e300],
    [None, None, None, None, dt.time(10, 30), dt.timedelta(hours=30)],
    ["=1+1", "Ω ộ 😀", 0.30000000000000004, -95.0],
]  # fmt: skip


def by_openpyxl(path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in ROWS:
        sheet.append(row)
    sheet["H9"] = "#N/A"
    sheet["H9"].data_type = "e"
    book.create_sheet("Ẩn & kín").sheet_state = "hidden"
    book.worksheets[1].append(["x"])
    book.save(path)


def by_xlsxwriter(path: Path, *, in_rows: bool = False) -> None:
    with xlsxwriter.Workbook(
        str(path), {"constant_memory": in_rows, "default_date_format": "dd/mm/yyyy hh:mm", "remove_timezone": True}
    ) as book:
        sheet = book.add_worksheet("Số liệu")
        for number, row in enumerate(ROWS):
            sheet.write_row(number * 2, 1, row)
        sheet.write_formula(20, 0, "=SUM(B1:B9)", None, 7.5)
        sheet.write_formula(21, 0, '="a"&"b"', None, "ab")
        sheet.write_formula(22, 0, "=1=1", None, True)
        sheet.write_blank(23, 3, None, book.add_format({"bold": True}))
        if not in_rows:  # else it stands in the cell, which is not plain
            sheet.write_rich_string(24, 0, "một ", book.add_format({"bold": True}), "hai")
        book.add_worksheet("Trống")


@pytest.mark.parametrize(
    "write", [by_openpyxl, by_xlsxwriter, lambda path: by_xlsxwriter(path, in_rows=True)], ids=["openpyxl", "xlsxwriter", "inline"]
)
@pytest.mark.parametrize("limit", [None, 3])
def test_both_ways_give_the_same_rows(write: Callable[[Path], None], limit: int | None, tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    write(path)
    quick, slow = list(_plain_sheets(path, limit)), list(_other_sheets(path, limit))
    assert quick == slow
    assert any(lines for _, lines in quick)


def test_cells_are_as_a_csv_would_hold_them(tmp_path: Path) -> None:
    by_openpyxl(tmp_path / "t.xlsx")
    (title, lines), (hidden, _) = sheets(tmp_path / "t.xlsx", None)
    assert (title, hidden) == ("Sheet", "Ẩn & kín")
    rows = dict(lines)
    assert rows[2] == ["0001", "1", "2026-08-15T00:00:00"]
    assert rows[4] == ["", "107.487712", "", "sau ô trống"]
    assert rows[5] == ["hai đầu", "1e-07", "true", "false"]
    assert rows[6][:2] == ["dòng 1\ndòng 2", "12345678901234"]
    assert rows[9] == ["", "", "", "", "", "", "", "#N/A"]
    assert 10 not in rows


def changed(path: Path, part: str, change: Callable[[str], str]) -> Path:
    """Write the workbook anew with one part changed, as another program might have written it."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    before = parts[part].decode()
    parts[part] = change(before).encode()
    assert parts[part] != before.encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda text: text.replace("<row ", "<!-- <c r=\"A1\"><v>9</v></c> --><row ", 1), id="comment"),
        pytest.param(lambda text: text.replace('<c r="A1" t="s">', '<c t="s" r="A1">'), id="order"),
        pytest.param(lambda text: text.replace('<c r="A1" t="s">', '<c t="s">'), id="unnumbered"),
        pytest.param(lambda text: text.replace("<v>0</v>", "<v><![CDATA[0]]></v>", 1), id="cdata"),
        pytest.param(
            lambda text: re.sub(r"<(/?)(worksheet|sheetData|row|c|v)\b", r"<\1x:\2", text).replace("xmlns=", "xmlns:x="), id="prefix"
        ),
    ],
)  # fmt: skip
def test_what_is_not_plain_is_read_by_openpyxl(change: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Mã", "Tên"])
        sheet.write_row(1, 0, ["1", 2])
    wanted = list(sheets(path, None))
    changed(path, SHEET, change)
    with pytest.raises(_NotPlainError):
        list(_plain_sheets(path, None))
    assert list(sheets(path, None)) == wanted
    monkeypatch.setattr(_workbook, "_other_sheets", lambda *_: [])
    assert list(sheets(path, None)) == []


def test_a_sheet_that_ends_early_is_not_taken_for_whole(tmp_path: Path) -> None:
    by_openpyxl(tmp_path / "t.xlsx")
    changed(tmp_path / "t.xlsx", SHEET, lambda text: text[: text.rfind("<row")])
    with pytest.raises(_NotPlainError):
        list(_plain_sheets(tmp_path / "t.xlsx", None))


def test_rows_over_many_blocks_are_all_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_workbook, "_BLOCK", 777)
    monkeypatch.setattr(_workbook, "_SAMPLE", 777)
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink) as book:
        sheet = book.add_worksheet()
        for number in range(500):
            sheet.write_row(number, 0, [f"t{number}", number, number / 8])
    path = tmp_path / "t.xlsx"
    path.write_bytes(sink.getvalue())
    ((_, lines),) = _plain_sheets(path, None)
    assert lines == [(number + 1, [f"t{number}", str(number), cell]) for number in range(500) for cell in [_workbook.cell_text(number / 8)]]
    ((_, few),) = _plain_sheets(path, 5)
    assert few == lines[: len(few)]
    assert 0 < len(few) <= 5
