"""The report's tables as XLSX: real numbers to compute with, the ward table first, then the numbered tables and a data dictionary."""

import datetime as dt
import io
from collections.abc import Sequence
from typing import Any, Final

import pandas as pd
import xlsxwriter

from hatang.data.contracts import WARD_TABLE
from hatang.data.figures import is_missing, shown_date
from hatang.data.language import Language, text
from hatang.data.results import ResultSet
from hatang.reports.declared_sheet import declared_rows
from hatang.reports.document import Document

_SHEET_NAME_LIMIT: Final = 31
_CELL_LIMIT: Final = 32_767
"""What a cell of a workbook holds; a longer text would be left out."""
_WIDEST: Final = 60
OPTIONS: Final = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "in_memory": True,
}
"""Text never becomes a formula, a link or a number, whatever it begins with."""


def run_note(results: ResultSet, language: Language) -> str:
    """Return what stands above a sheet: day of the figures, run and boundaries, and that the data are synthetic where they are."""
    note = text(
        "report.note",
        language,
        as_of=shown_date(results.as_of, language),
        run=results.run_id,
        boundary=text(f"boundary.{results.boundary_source}", language),
    )
    return f"{note} {text('synthetic', language).upper()}" if results.synthetic else note


def report_workbook(results: ResultSet, report: Document, *, language: Language) -> bytes:
    """Return the workbook; its first sheet is the ward table with the contract's names and full values.

    After the report's numbered tables come the raw tests, declared figures beside ours, and what the columns mean.

    Text never becomes a formula or a link, whatever it begins with.
    """
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink, OPTIONS) as book:
        book.set_properties({"title": report.subject, "created": dt.datetime.combine(results.as_of, dt.time())})
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "border": 1})
        table = pd.DataFrame(results.tables["ward_table"])
        write_sheet(
            book, text("report.sheet.wards", language), [str(name) for name in table.columns], table.to_numpy(object).tolist(), bold
        )
        for number, block in enumerate(report.tables(), 1):
            sheet = text("report.sheet.table", language, number=number)
            write_sheet(book, sheet, block.header, block.values, bold, title=block.caption, note=block.note)
        raw = results.tables.get("raw_tests")
        if raw is not None and len(raw):
            said = {name: text(f"report.raw.{name}", language) for name in ("title", "note")}
            names = [str(name) for name in raw.columns]
            write_sheet(book, text("report.sheet.raw", language), names, raw.to_numpy(object).tolist(), bold, **said)
        declared = results.tables.get("declared")
        if declared is not None and len(declared):
            said = {name: text(f"report.declared.{name}", language) for name in ("title", "note")}
            header, rows = declared_rows(declared, language)
            note = f"{said['note']} {run_note(results, language)}"
            write_sheet(book, text("report.sheet.declared", language), header, rows, bold, title=said["title"], note=note)
        dictionary = [[column.name, column.unit or "–", text(f"column.{column.name}", language)] for column in WARD_TABLE.columns]
        headings = [text(f"report.dictionary.{name}", language) for name in ("column", "unit", "meaning")]
        write_sheet(book, text("report.sheet.dictionary", language), headings, dictionary, bold)
    return sink.getvalue()


def write_sheet(
    book: Any, name: str, header: Sequence[str], rows: Sequence[Sequence[object]], bold: Any, *, title: str = "", note: str = ""
) -> None:
    """Write a sheet: title and note above where given, a row for each line of the note; header frozen and filtered."""
    sheet = book.add_worksheet(name[:_SHEET_NAME_LIMIT])
    top = 0
    for words in (title, *note.split("\n")):
        if words:
            sheet.write_string(top, 0, words)
            top += 1
    for column, words in enumerate(header):
        sheet.write_string(top, column, words, bold)
        texts = [str(row[column]) for row in rows[:200]]
        sheet.set_column(column, column, min(_WIDEST, max(10, 2 + max(map(len, [words, *texts]), default=0))))
    for line, row in enumerate(rows, top + 1):
        for column, value in enumerate(row):
            _cell(sheet, line, column, value)
    sheet.freeze_panes(top + 1, 0)
    if rows:
        sheet.autofilter(top, 0, top + len(rows), len(header) - 1)


def _cell(sheet: Any, line: int, column: int, value: object) -> None:
    if is_missing(value):
        return
    if isinstance(value, bool):
        sheet.write_boolean(line, column, value)
    elif isinstance(value, int | float):
        sheet.write_number(line, column, value)
    else:
        words = str(value)
        sheet.write_string(line, column, words if len(words) <= _CELL_LIMIT else words[: _CELL_LIMIT - 1] + "…")
