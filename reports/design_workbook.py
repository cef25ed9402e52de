"""A joint design as XLSX: totals with the bound, what each operator pays, stretches, and what was left out or assumed."""

import io
from typing import Final

import pandas as pd
import xlsxwriter

from hatang.data.contracts import DESIGN_OPERATORS, DESIGN_TOTALS
from hatang.data.language import Language, text
from hatang.data.results import ResultSet
from hatang.reports.design_words import noted
from hatang.reports.workbook import OPTIONS, run_note, write_sheet

_EDGES: Final = (
    "edge_id",
    "part",
    "road_id",
    "road_name",
    "option",
    "operators",
    "plan_ids",
    "users",
    "spare",
    "uses",
    "length_m",
    "cost",
    "unit",
)
_ANSWERS: Final = {True: "form.yes", False: "form.no"}


def design_workbook(results: ResultSet, language: Language) -> bytes:
    """Return the workbook of a result set that holds a joint design; figures are numbers, codes words."""
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink, OPTIONS) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "border": 1})
        for name, (frame, columns) in design_sheets(results, language).items():
            heads = [text(f"sharing.column.{column}", language) for column in columns]
            rows = frame[list(columns)].to_numpy(object).tolist()
            title = text("report.preliminary", language) if name == "design_totals" else ""
            write_sheet(book, text(f"sharing.sheet.{name}", language), heads, rows, bold, title=title, note=run_note(results, language))
    return sink.getvalue()


def design_sheets(results: ResultSet, language: Language) -> dict[str, tuple[pd.DataFrame, tuple[str, ...]]]:
    """Return each table of a joint design in words, with the columns that are shown, by its name."""
    totals = results.tables["design_totals"].copy()
    totals["part"] = totals["part"].replace("all", text("sharing.part.all", language))
    for name in ("proven", "in_core"):
        totals[name] = [text(_ANSWERS[bool(value)], language) for value in totals[name]]
    edges = pd.DataFrame(results.tables["design_edges"]).copy()
    edges["option"] = [text(f"sharing.option.{word}", language) for word in edges["option"]]
    return {
        "design_totals": (totals, tuple(DESIGN_TOTALS.names)),
        "design_operators": (results.tables["design_operators"], tuple(DESIGN_OPERATORS.names)),
        "design_edges": (edges, _EDGES),
        "design_notes": (noted(results, language), ("id", "note")),
    }
