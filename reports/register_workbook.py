"""A register looked through, as files: workbook of counts, findings, room and survey list, and the same as layers of a GeoPackage."""

import io
from typing import Final

import geopandas as gpd
import pandas as pd
import xlsxwriter

from hatang.data.geopackage import geopackage_bytes
from hatang.data.language import Language, text
from hatang.data.results import ResultSet
from hatang.reports.register_words import AMOUNTS, FINDINGS, ROOM, SURVEY, in_words, wards_in_words
from hatang.reports.sharing_workbook import violations_worded
from hatang.reports.workbook import OPTIONS, run_note, write_sheet

_CLAUSES: Final = ("asset_class", "feature_id", "owner", "parameter", "measured", "needed", "unit", "document", "clause", "severity")
_VIOLATIONS: Final = ("asset_class", "asset_id", "owner", "parameter", "measured", "needed", "unit", "document", "clause", "severity")
"""What is shown of a violation, by its contract's name, and by what stands above the column."""


def register_workbook(
    amounts: pd.DataFrame,
    findings: pd.DataFrame,
    assets: pd.DataFrame,
    survey: pd.DataFrame,
    violations: pd.DataFrame,
    language: Language,
    *,
    note: str,
) -> bytes:
    """Return the workbook: amounts, findings in words, room of every asset, and the survey list by rank; every figure a number.

    Parameters
    ----------
    amounts, assets, survey, violations
        As `hatang.pipeline.register.RegisterCheck` holds them.
    findings
        FINDINGS contract.
    language
        Of every word.
    note
        Says of which file and day this is, on every sheet.
    """
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink, OPTIONS) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "border": 1})
        sheets = {"counts": (amounts, AMOUNTS), "findings": (findings, FINDINGS), "room": (assets, ROOM), "survey": (survey, SURVEY)}
        for name, (frame, columns) in sheets.items():
            worded = in_words(frame, columns, language)
            heads, rows = [str(head) for head in worded], worded.to_numpy(object).tolist()
            write_sheet(book, text(f"register.sheet.{name}", language), heads, rows, bold, note=note)
        heads = [text(f"register.column.{column}", language) for column in _VIOLATIONS]
        rows = violations_worded(violations, language)[list(_CLAUSES)].to_numpy(object).tolist()
        said = f"{text('sharing.standing', language)} {note}"
        write_sheet(book, text("register.sheet.violations", language), heads, rows, bold, note=said)
    return sink.getvalue()


def wards_workbook(table: pd.DataFrame, results: ResultSet, language: Language) -> bytes:
    """Return the register ward by ward (REGISTER_WARDS contract) as XLSX, with day and run of the assessment it is of."""
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink, OPTIONS) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "border": 1})
        worded = wards_in_words(table, language)
        heads, rows = [str(head) for head in worded], worded.to_numpy(object).tolist()
        note = f"{run_note(results, language)} {text('register.wards_note', language)}"
        write_sheet(book, text("register.sheet.wards", language), heads, rows, bold, note=note)
    return sink.getvalue()


def register_layers(
    findings: gpd.GeoDataFrame, assets: gpd.GeoDataFrame, survey: gpd.GeoDataFrame, violations: gpd.GeoDataFrame, *, crs: str
) -> bytes:
    """Return findings that have a place, assets with their room, the survey list, and what breaks a clause as layers, codes as they are."""
    placed = gpd.GeoDataFrame(findings[findings.geometry.notna()])
    layers = {"findings": placed, "room": assets, "survey": survey, "violations": violations}
    return geopackage_bytes({name: layer.to_crs(crs) for name, layer in layers.items()})
