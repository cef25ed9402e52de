"""What undergrounding streets takes as XLSX: streets, owners, order of work, what to survey, what is proposed, and how it fits plans."""

import io
from collections.abc import Mapping
from typing import Final

import pandas as pd
import xlsxwriter

from hatang.data.figures import is_missing
from hatang.data.language import Language, text
from hatang.data.results import ResultSet
from hatang.reports.planfit import fit_sheet, suggestion_subjects
from hatang.reports.sharing_workbook import dates_written
from hatang.reports.workbook import OPTIONS, run_note, write_sheet

_SHEETS: Final[Mapping[str, tuple[str, ...]]] = {
    "streets": (
        "street_id",
        "street_name",
        "from_place",
        "to_place",
        "measure",
        "status",
        "start",
        "end",
        "promoter",
        "document",
        "document_date",
        "length_m",
        "owners",
        "poles",
        "uncounted",
        "cables",
        "ways",
        "ways_basis",
        "ducts_m",
        "unknown_owners",
        "dead_cable_m",
        "subscribers",
        "steps",
    ),
    "owners": ("street_id", "owner", "contact", "poles", "uncounted", "cables", "ducts_m"),
    "order": ("street_id", "rank", "step"),
    "survey": ("street_id", "rank", "asset_id", "asset_class", "owner", "contact", "chainage_m", "survey_date"),
    "suggestions": ("street_id", "kind", "amount", "unit", "owners_named", "suggestion_id"),
}
_CODES: Final = {
    "measure": "underground.measure",
    "status": "underground.status",
    "ways_basis": "underground.basis",
    "step": "underground.step",
    "asset_class": "asset",
    "kind": "suggestion",
    "unit": "underground.unit",
}


def underground_workbook(results: ResultSet, language: Language) -> bytes:
    """Return the workbook; figures are numbers, dates 2027-01-31, codes words, what is not known an empty cell."""
    sink = io.BytesIO()
    note = run_note(results, language)
    with xlsxwriter.Workbook(sink, OPTIONS) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "border": 1})
        for name, columns in _SHEETS.items():
            frame = worded_streets(results.tables[f"underground_{name}"], language)
            heads = [text(f"underground.column.{column}", language) for column in columns]
            title = text("report.preliminary", language) if name == "streets" else ""
            rows = frame[list(columns)].to_numpy(object).tolist()
            write_sheet(book, text(f"underground.sheet.{name}", language), heads, rows, bold, title=title, note=note)
        fit_sheet(book, results.tables["underground_fit"], street_subjects(results, language), bold, language, note=note)
    return sink.getvalue()


def worded_streets(frame: pd.DataFrame, language: Language) -> pd.DataFrame:
    """Return one of the tables of undergrounding with its codes in words and its dates written, without its shapes."""
    plain = pd.DataFrame(frame.drop(columns="geometry", errors="ignore"))
    days = [str(name) for name in plain.columns if pd.api.types.is_datetime64_any_dtype(plain[name])]
    worded = dates_written(plain, *days)
    for column, prefix in _CODES.items():
        if column in worded:
            worded[column] = [None if is_missing(code) else text(f"{prefix}.{code}", language) for code in plain[column]]
    if "steps" in worded:
        worded["steps"] = [steps_said(cell, language) for cell in plain["steps"]]
    if "owners" in worded and "amount" in worded:
        worded = worded.rename(columns={"owners": "owners_named"})
    return worded


def steps_said(steps: object, language: Language) -> str | None:
    """Return the steps of a street in their order, numbered; None where there is nothing to do."""
    if is_missing(steps):
        return None
    codes = str(steps).split(", ")
    return "; ".join(f"{rank}. {text(f'underground.step.{code}', language)}" for rank, code in enumerate(codes, 1))


def street_subjects(results: ResultSet, language: Language) -> pd.Series:
    """Return what each suggestion is about, in words, by `suggestion_id`."""
    names = results.tables["underground_streets"].set_index("street_id")["street_name"]
    made = pd.DataFrame(results.tables["underground_suggestions"])
    return suggestion_subjects(made.assign(street=made["street_id"].map(names)), "street", language)
