"""A register looked through, as files: workbook of counts, findings, room and survey list, and the same as layers of a GeoPackage."""

import io
from collections.abc import Mapping
from typing import Final

import geopandas as gpd
import pandas as pd
import xlsxwriter

from hatang.data.figures import is_missing
from hatang.data.geopackage import geopackage_bytes
from hatang.data.language import Language, text
from hatang.reports.workbook import OPTIONS, write_sheet

_ROOM: Final = ("asset_class", "asset_id", "owner", "length_m", "capacity", "used", "unknown", "reserve", "spare", "action")
_FINDINGS: Final = ("finding", "severity", "table", "asset_id", "other_id", "measured", "needed", "unit")

_COUNTED: Final = ("ways", "slots", "entries", "racks", "boxes", "operators")
"""Units that are words; the others are signs."""


def register_workbook(
    counts: Mapping[str, int], findings: pd.DataFrame, assets: pd.DataFrame, survey: pd.DataFrame, language: Language, *, note: str
) -> bytes:
    """Return the workbook: rows a table, findings in words, room of every asset, and the survey list by rank; every figure a number.

    Parameters
    ----------
    counts
        Rows that are kept, by table.
    findings
        FINDINGS contract.
    assets, survey
        As `hatang.pipeline.register.RegisterCheck` holds them.
    language
        Of every word.
    note
        Says of which file and day this is, on every sheet.
    """
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink, OPTIONS) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "border": 1})
        sheets: dict[str, tuple[tuple[str, ...], list[list[object]]]] = {
            "counts": (("table", "rows"), [[text(f"register.table.{name}", language), count] for name, count in counts.items()]),
            "findings": (_FINDINGS, _worded(findings, language)[list(_FINDINGS)].to_numpy(object).tolist()),
            "room": (_ROOM, _worded(assets, language)[list(_ROOM)].to_numpy(object).tolist()),
            "survey": (("rank", *_ROOM), _worded(survey, language)[["rank", *_ROOM]].to_numpy(object).tolist()),
        }
        for name, (columns, rows) in sheets.items():
            heads = [text(f"register.column.{column}", language) for column in columns]
            write_sheet(book, text(f"register.sheet.{name}", language), heads, rows, bold, note=note)
    return sink.getvalue()


def register_layers(findings: gpd.GeoDataFrame, assets: gpd.GeoDataFrame, survey: gpd.GeoDataFrame, *, crs: str) -> bytes:
    """Return findings that have a place, assets with their room, and the survey list as layers of one GeoPackage, codes as they are."""
    placed = gpd.GeoDataFrame(findings[findings.geometry.notna()])
    return geopackage_bytes({"findings": placed.to_crs(crs), "room": assets.to_crs(crs), "survey": survey.to_crs(crs)})


def _worded(frame: pd.DataFrame, language: Language) -> pd.DataFrame:
    """Return a frame with its codes in words."""
    words = {"finding": "finding", "severity": "register.severity", "table": "register.table", "asset_class": "asset", "action": "action"}
    worded = pd.DataFrame(frame).copy()
    for name, prefix in words.items():
        if name in worded:
            worded[name] = [text(f"{prefix}.{code}", language) for code in worded[name]]
    if "unit" in worded:
        worded["unit"] = [
            None if is_missing(unit) else text(f"register.unit.{unit}", language) if unit in _COUNTED else unit for unit in worded["unit"]
        ]
    return worded
