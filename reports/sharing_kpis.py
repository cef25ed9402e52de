"""The indicators of shared use as XLSX and CSV: each ratio with numerator, denominator, what is not known, and its definition."""

import io
from typing import Final

import pandas as pd
import xlsxwriter

from hatang.data.language import Language, text
from hatang.data.results import ResultSet
from hatang.reports.geodata import inert_csv
from hatang.reports.planfit import fit_sheet, suggestion_subjects
from hatang.reports.workbook import OPTIONS, run_note, write_sheet

COLUMNS: Final = ("indicator", "scope_name", "share", "numerator", "denominator", "unknown", "unit", "period")
_SCOPES: Final = ("city", "ward", "firm")


def kpis_workbook(results: ResultSet, language: Language) -> bytes:
    """Return the workbook: the city with definitions, then wards, then firms; full values."""
    sink = io.BytesIO()
    note = run_note(results, language)
    kpis = pd.DataFrame(results.tables["sharing_kpis"])
    with xlsxwriter.Workbook(sink, OPTIONS) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "border": 1})
        heads = [text(f"sharing.kpi.column.{name}", language) for name in COLUMNS]
        for scope in _SCOPES:
            frame = worded(kpis[kpis["scope"] == scope], language)
            rows = frame[list(COLUMNS)].to_numpy(object).tolist()
            if scope == "city":
                rows = [[*row, text(f"sharing.kpi.definition.{code}", language)] for row, code in zip(rows, frame["code"], strict=True)]
            more = [text("sharing.kpi.column.definition", language)] if scope == "city" else []
            write_sheet(book, text(f"sharing.kpi.sheet.{scope}", language), [*heads, *more], rows, bold, note=note)
        if "mast_fit" in results.tables:
            masts = suggestion_subjects(results.tables["mast_suggestions"], "mast_id", language)
            fit_sheet(book, results.tables["mast_fit"], masts, bold, language, note=note)
    return sink.getvalue()


def kpis_csv(results: ResultSet) -> bytes:
    """Return the table as CSV with the contract's names and full values, UTF-8 with BOM; text that a spreadsheet would run is inert."""
    return inert_csv(results.tables["sharing_kpis"])


def worded(kpis: pd.DataFrame, language: Language) -> pd.DataFrame:
    """Return indicators with their names and units in words; `code` keeps the indicator's own name."""
    frame = pd.DataFrame(kpis).assign(code=kpis["indicator"])
    city = frame["scope"] == "city"
    return frame.assign(
        indicator=[text(f"indicator.{name}", language) for name in frame["code"]],
        scope_name=frame["scope_name"].where(~city, text("sharing.kpi.city", language)),
        unit=[text(f"sharing.kpi.unit.{name}", language) for name in frame["unit"]],
    )
