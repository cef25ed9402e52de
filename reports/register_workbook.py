"""A register looked through, as files: workbook of counts, findings, room and survey list, and the same as layers of a GeoPackage."""

import io

import geopandas as gpd
import pandas as pd
import xlsxwriter

from hatang.data.geopackage import geopackage_bytes
from hatang.data.language import Language, text
from hatang.reports.register_words import AMOUNTS, FINDINGS, ROOM, SURVEY, in_words
from hatang.reports.workbook import OPTIONS, write_sheet


def register_workbook(
    amounts: pd.DataFrame, findings: pd.DataFrame, assets: pd.DataFrame, survey: pd.DataFrame, language: Language, *, note: str
) -> bytes:
    """Return the workbook: amounts, findings in words, room of every asset, and the survey list by rank; every figure a number.

    Parameters
    ----------
    amounts, assets, survey
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
    return sink.getvalue()


def register_layers(findings: gpd.GeoDataFrame, assets: gpd.GeoDataFrame, survey: gpd.GeoDataFrame, *, crs: str) -> bytes:
    """Return findings that have a place, assets with their room, and the survey list as layers of one GeoPackage, codes as they are."""
    placed = gpd.GeoDataFrame(findings[findings.geometry.notna()])
    return geopackage_bytes({"findings": placed.to_crs(crs), "room": assets.to_crs(crs), "survey": survey.to_crs(crs)})
