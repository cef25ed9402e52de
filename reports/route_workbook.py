"""The route for an operator's need as XLSX: totals by variant, legs, whom to call, what to survey first."""

import io
from collections.abc import Hashable, Mapping
from typing import Any, Final

import pandas as pd
import xlsxwriter

from hatang.data.figures import is_missing
from hatang.data.language import Language, text
from hatang.data.results import ResultSet
from hatang.reports.sharing_workbook import dates_written
from hatang.reports.workbook import OPTIONS, run_note, write_sheet

_SHEETS: Final = {
    "route_totals": ("variant", "dig_m", "reuse_m", "length_m", "dig_m_saved", "owners", "assets", "unknown"),
    "route_legs": (
        *("variant", "leg", "leg_kind", "owner", "contact", "road_name", "length_m", "asset_count", "spare", "room_known", "assets"),
    ),
    "route_owners": (
        *("variant", "owner", "contact", "duct_m", "span_m", "asset_count", "unknown", "spare"),
        *("rent_vnd_year", "rent_from", "rent_source", "rent_verified"),
    ),
    "route_survey": ("rank", "leg_kind", "owner", "contact", "length_m", "dig_m_saved", "dig_m_lost", "asset_count", "assets"),
    "route_notes": ("id", "note"),
}


def route_workbook(results: ResultSet, language: Language) -> bytes:
    """Return the workbook of a result set that holds a route; figures are numbers, dates 2027-01-31, codes words."""
    sink = io.BytesIO()
    need = results.tables["route_need"].iloc[0]
    title = text("sharing.route.title", language, **need_words(need, language))
    with xlsxwriter.Workbook(sink, OPTIONS) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "border": 1})
        for name, columns in _SHEETS.items():
            frame = worded(name, results.tables[name], language)
            heads = [text(f"sharing.column.{column}", language) for column in columns]
            rows = frame[list(columns)].to_numpy(object).tolist()
            write_sheet(book, text(f"sharing.sheet.{name}", language), heads, rows, bold, title=title, note=run_note(results, language))
    return sink.getvalue()


def need_words(need: pd.Series, language: Language) -> dict[str, str]:
    """Return what a need is, in words that fill `sharing.route.title`."""
    (x, y), (end_x, end_y) = next(iter(need["geometry"].coords)), list(need["geometry"].coords)[-1]
    poles = text(f"sharing.route.poles.{'yes' if need['poles'] else 'no'}", language)
    return {"start": f"{y:.5f}, {x:.5f}", "end": f"{end_y:.5f}, {end_x:.5f}", "ways": str(need["ways"]), "poles": poles}


def worded(name: str, frame: pd.DataFrame, language: Language) -> pd.DataFrame:
    """Return a table of the route with its codes in words and its columns called as the sheets call them."""
    copy = pd.DataFrame(frame).copy()
    if "variant" in copy:
        copy["variant"] = [text(f"sharing.variant.{code}", language) for code in copy["variant"]]
    if "leg_kind" in copy:
        copy["leg_kind"] = [text(f"sharing.leg.{code}", language) for code in copy["leg_kind"]]
    if name == "route_legs":
        copy["room_known"] = [_room(row, language) for row in frame.to_dict("records")]
    if name == "route_owners":
        copy = dates_written(copy, "rent_from").rename(columns={"assets": "asset_count"})
        copy["rent_verified"] = [
            None if is_missing(cell) else text(f"sharing.verified.{'yes' if cell else 'no'}", language) for cell in frame["rent_verified"]
        ]
    if name == "route_notes":
        copy["note"] = [text(f"sharing.note.{code}", language) for code in copy["code"]]
    return copy


def _room(row: Mapping[Hashable, Any], language: Language) -> str:
    """Return whether the room of a leg is known; nothing for one that is dug."""
    return "" if row["leg_kind"] == "dig" else text(f"sharing.room.{'known' if row['known'] else 'unknown'}", language)
