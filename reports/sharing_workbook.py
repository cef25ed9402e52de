"""The sharing answer as XLSX: totals, suggestions, the corridor's assets, and the survey list."""

import io
from typing import Final

import pandas as pd
import xlsxwriter

from hatang.data.figures import shown_date
from hatang.data.language import Language, text
from hatang.data.results import ResultSet
from hatang.reports.workbook import OPTIONS, write_sheet

_CORRIDOR: Final = (
    "asset_id",
    "asset_class",
    "kind",
    "owner",
    "contact",
    "road_id",
    "chainage_m",
    "offset_m",
    "side",
    "length_m",
    "capacity",
    "used",
    "spare",
    "action",
)
_SUGGESTIONS: Final = (
    "rank",
    "kind",
    "road_id",
    "road_name",
    "owner",
    "contact",
    "asset_count",
    "spare",
    "dig_m_saved",
    "assumptions",
    "decision",
    "assets",
)
_WORDS: Final = {"asset_class": "asset", "side": "side", "action": "action"}


def sharing_workbook(results: ResultSet, language: Language) -> bytes:
    """Return the workbook of a result set that holds a sharing answer; every figure a real number, every code in words."""
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink, OPTIONS) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "border": 1})
        totals = results.tables["sharing_totals"]
        note = text(
            "report.note",
            language,
            as_of=shown_date(results.as_of, language),
            run=results.run_id,
            boundary=text(f"boundary.{results.boundary_source}", language),
        )
        if results.synthetic:
            note += " " + text("synthetic", language).upper()
        rows = [[text(f"sharing.total.{row.name}", language), row.value, row.unit] for row in totals.itertuples(index=False)]
        heads = [text(f"report.column.{name}", language) for name in ("indicator", "value", "unit")]
        write_sheet(book, text("sharing.sheet.totals", language), heads, rows, bold, title=text("report.preliminary", language), note=note)
        suggestions = _worded(results.tables["suggestions"], language)
        _frame(book, "suggestions", suggestions, _SUGGESTIONS, bold, language, note)
        corridor = _worded(results.tables["corridor"], language)
        _frame(book, "corridor", corridor, _CORRIDOR, bold, language, note)
        survey = corridor[results.tables["corridor"]["action"] == "survey"].sort_values(
            "length_m", ascending=False, na_position="last", kind="stable"
        )
        _frame(book, "survey", survey, _CORRIDOR, bold, language, note)
    return sink.getvalue()


def _frame(
    book: xlsxwriter.Workbook, name: str, frame: pd.DataFrame, columns: tuple[str, ...], bold: object, language: Language, note: str
) -> None:
    heads = [text(f"sharing.column.{column}", language) for column in columns]
    write_sheet(book, text(f"sharing.sheet.{name}", language), heads, frame[list(columns)].to_numpy(object).tolist(), bold, note=note)


def _worded(frame: pd.DataFrame, language: Language) -> pd.DataFrame:
    """Return a frame with its codes in words."""
    worded = pd.DataFrame(frame).copy()
    for column, prefix in _WORDS.items():
        if column in worded:
            worded[column] = [text(f"{prefix}.{code}", language) for code in worded[column]]
    if "assumptions" in worded:
        worded["kind"] = [text(f"suggestion.{code}", language) for code in worded["kind"]]
        worded["assumptions"] = [
            "; ".join(text(f"assumption.{name}", language) for name in str(cell).split(", ")) for cell in worded["assumptions"]
        ]
    return worded
