"""What was filed, with its faults marked: a workbook to correct and to send again as it is."""

import io
import re
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import xlsxwriter

from hatang.data._marks import CORRECTION_HEADING
from hatang.data._sourcetable import SourceTable
from hatang.data.contracts import Fault, MissingError, Severity
from hatang.data.language import Language, text
from hatang.data.reading import ReadOptions
from hatang.data.sandbox import cells_apart
from hatang.data.templates import INERT

_MOST_ROWS: Final = 1_048_000
"""Rows that a sheet holds, a few kept back."""
_LONGEST_CELL: Final = 32_767
_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{0,10}[1-9])?")
"""Texts that are numbers and come back from a workbook as the same text."""
_SIGNS: Final = 15
_BY_ROW: Final = {**INERT, "in_memory": False, "constant_memory": True}
"""A large table is written row by row, so that it never stands in memory a second time."""


def annotated(source: Path, faults: Sequence[Fault], language: Language, options: ReadOptions) -> bytes:
    """Return the table of a file as a workbook in which every faulty cell is coloured and says what was found, expected and to do.

    Cells keep their text; those that are plainly numbers stay numbers. The last column, `Lỗi cần sửa`, lists what refuses a row; readers
    pass over it when the workbook comes back. Rows that could not be split into cells stand below the others with their text in the first
    cell. A second sheet lists every fault. No text becomes a formula or a link.

    Parameters
    ----------
    source
        The file as it was handed in: one CSV or one workbook, alone or compressed.
    faults
        What reading it found.
    language
        Language of what is said about the faults.
    options
        What the person who handed it in stated about it.

    Raises
    ------
    MissingError
        Where the file is no table, has rows on several sheets, or more rows than a sheet holds.
    RefusedError
        Where it cannot be read at all.
    """
    table = cells_apart(source, options)
    if table is None or len(table.rows) + table.lost > _MOST_ROWS or len(np.unique(table.rows)) < len(table.rows):
        raise MissingError("error.annotate.form", file=source.name)
    sink = io.BytesIO()
    with tempfile.TemporaryDirectory(prefix="hatang-") as folder, xlsxwriter.Workbook(sink, {**_BY_ROW, "tmpdir": folder}) as book:
        data, listed = (book.add_worksheet(text(f"form.sheet.{name}", language)) for name in ("data", "faults"))
        places = _data_sheet(book, data, table, faults, language)
        _fault_sheet(book, listed, faults, places, language)
    return sink.getvalue()


def _data_sheet(book: Any, sheet: Any, table: SourceTable, faults: Sequence[Fault], language: Language) -> dict[int, int]:
    """Write the table with its faults marked, and return in which row of the sheet (from 1) each row of the file stands."""
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "border": 1})
    colours = {
        Severity.REFUSED: book.add_format({"bg_color": "#F8CBAD", "border": 1, "border_color": "#C00000"}),
        Severity.REPAIRED: book.add_format({"bg_color": "#FFF2CC"}),
        Severity.WARNING: book.add_format({"bg_color": "#FFF2CC"}),
    }
    names = table.columns
    for place, name in enumerate((*names, CORRECTION_HEADING)):
        sheet.write_string(0, place, name, bold)
        sheet.set_column(place, place, 50 if place == len(names) else max(12, min(30, len(name) + 2)))
    by_row: defaultdict[int, list[Fault]] = defaultdict(list)
    for fault in faults:
        if fault.row is not None:
            by_row[fault.row].append(fault)
    known = {int(row) for row in table.rows}
    broken = [(row, [(fault.found or "")]) for row, found in sorted(by_row.items()) if row not in known
              for fault in found[:1] if fault.code == "row_width"]  # fmt: skip
    columns = [column.to_pylist() for column in table.cells.columns]
    rows = [*zip((int(row) for row in table.rows), zip(*columns, strict=True), strict=True), *broken]
    places = {}
    for line, (number, cells) in enumerate(rows, 1):
        places[number] = line + 1
        wrong = by_row.get(number, ())
        marked = _marked(wrong, names)
        for place, cell in enumerate(cells):
            about = marked.get(place, ())
            _write(sheet, line, place, cell, colours[about[0].severity] if about else None)
            if about:
                sheet.write_comment(line, place, "\n".join(_said(fault, language) for fault in about), {"x_scale": 2.5, "y_scale": 2})
        refusing = [fault for fault in wrong if fault.severity is Severity.REFUSED]
        if refusing:
            words = "; ".join(f"{fault.field or '–'}: {_said(fault, language)}" for fault in refusing)
            sheet.write_string(line, len(names), words[:_LONGEST_CELL], colours[Severity.REFUSED])
    sheet.freeze_panes(1, 0)
    if rows:
        sheet.autofilter(0, 0, len(rows), len(names))
    return places


def _marked(faults: Sequence[Fault], names: Sequence[str]) -> dict[int, tuple[Fault, ...]]:
    """Return place of a column → the faults of its cell, those that refuse the row first; a row that cannot be split is one cell."""
    found: dict[int, tuple[Fault, ...]] = {}
    for fault in sorted(faults, key=lambda fault: fault.severity is not Severity.REFUSED):
        whole = (fault.field or "") in names
        fields = [fault.field or ""] if whole else (fault.field or "").split(", ")
        places = [names.index(name) for name in fields if name in names] or ([0] if fault.code == "row_width" else [])
        for place in places:
            found[place] = (*found.get(place, ()), fault)
    return found


def _write(sheet: Any, line: int, place: int, cell: str | None, form: Any) -> None:
    """Write a cell as it was: a number where its text is one and nothing else, a day without its midnight, else text."""
    cell = cell and cell.removesuffix("T00:00:00")
    if not cell:
        sheet.write_blank(line, place, None, form)
    elif _NUMBER.fullmatch(cell) and len(cell.replace(".", "").lstrip("-0")) <= _SIGNS and cell != "-0":
        sheet.write_number(line, place, float(cell), form)
    else:
        sheet.write_string(line, place, cell[:_LONGEST_CELL], form)


def _said(fault: Fault, language: Language) -> str:
    """Return what was found, what was expected and what to do, on one line."""
    found = "" if fault.found is None else text("fault.found", language, found=fault.found) + "; "
    expected = text(f"fault.{fault.code}.expected", language, **fault.fields)
    remedy = text(f"fault.{fault.code}.remedy", language, **fault.fields)
    return f"{found}{text('fault.expected', language, expected=expected)}; {remedy}"


def _fault_sheet(book: Any, sheet: Any, faults: Sequence[Fault], places: dict[int, int], language: Language) -> None:
    """List every fault, with the row of the file and the row of this workbook."""
    bold = book.add_format({"bold": True, "border": 1})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    # Headings in brackets name no column that a reader knows.
    heads = ("severity", "row", "row_here", "field", "found", "expected", "remedy", "count")
    for place, name in enumerate(heads):
        sheet.write_string(0, place, f"[{text(f'form.faults.{name}', language)}]", bold)
        sheet.set_column(place, place, (12, 12, 14, 22, 30, 50, 60, 10)[place])
    for line, fault in enumerate(faults, 1):
        sheet.write_string(line, 0, text(f"severity.{fault.severity}", language))
        if fault.row is not None:
            sheet.write_number(line, 1, fault.row)
            if fault.row in places:
                sheet.write_url(
                    line, 2, f"internal:'{text('form.sheet.data', language)}'!A{places[fault.row]}", string=str(places[fault.row])
                )
        words = (
            fault.field or "",
            (fault.found or "")[:_LONGEST_CELL],
            text(f"fault.{fault.code}.expected", language, **fault.fields),
            text(f"fault.{fault.code}.remedy", language, **fault.fields),
        )
        for place, cell in enumerate(words, 3):
            sheet.write_string(line, place, cell, wrapped)
        sheet.write_number(line, 7, fault.count)
    sheet.freeze_panes(1, 0)
