"""Blank workbooks to fill in, one a kind of data set: headings that the readers know, lists to choose from, an example, and notes."""

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

import xlsxwriter

from hatang.data._marks import EXAMPLE_HEADING, EXAMPLE_WORDS
from hatang.data._vocabulary import fold, spellings
from hatang.data.contracts import INPUT_TABLES, OPERATOR_LABELS, Column, Kind, MissingError, Table
from hatang.data.facts import ward_facts
from hatang.data.language import Language, message_ids, text

TEMPLATE_KINDS: Final = tuple(Kind(name) for name in INPUT_TABLES if name not in (Kind.POPULATION, Kind.TERRAIN))
"""Kinds that have a template: every kind that comes in rows."""
INERT: Final = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
"""Options of a workbook in which text stays text, whatever it begins with."""
_OPEN: Final = frozenset({"scope", "outage_id"})
"""Columns of a contract that a reader fills where a row leaves them empty."""
_TIMED: Final = {"date": "ngày/tháng/năm", "time": "ngày/tháng/năm giờ:phút"}
_FILLED: Final = 1_000
"""Rows that lists to choose from are laid under."""
_MADE: Final = frozenset({"sufficiency"})
"""Columns that a reader works out and nobody fills."""
_UNITS: Final[Mapping[str, str]] = {
    "degree": "độ",
    "operators": "",
    "see unit": "",
    "households": "",
    "tests": "",
    "devices": "",
    "ways": "",
    "slots": "",
    "subscribers": "",
    "boxes": "",
    "layers": "",
    "lanes": "",
    "paths": "",
}
_LABELLED: Final[Mapping[str, str]] = {"indicator": "indicator", "item": "sharing.item"}
"""Columns whose lists are the labels of messages, which readers know beside the codes."""
_WKT: Final = "WKT (WGS 84)"
_SHAPES: Final[Mapping[str, str]] = {
    "line": "LINESTRING (107.5700 16.4600, 107.5750 16.4630)",
    "any": "",
    "polygon": "POLYGON ((107.57 16.46, 107.58 16.46, 107.58 16.47, 107.57 16.47, 107.57 16.46))",
}
_PLACE: Final = {"lon": 107.5909, "lat": 16.4637}
_EXAMPLES: Final[Mapping[str, object]] = {
    "operator": "Viettel",
    "technologies": "4G, 5G",
    "rsrp_dbm": -95,
    "level_dbm": -110,
    "rsrq_db": -11,
    "sinr_db": 12,
    "height_m": 42,
    "free_height_m": 6,
    "azimuth_deg": 120,
    "ways": 4,
    "ways_used": 1,
    "slots_total": 6,
    "slots_used": 2,
    "boxes_used": 1,
    "cover_m": 0.6,
    "households": 2100,
    "households_served": 1850,
    "households_connected": 1420,
    "samples": 420,
    "download_mbps": 85.5,
    "upload_mbps": 22.1,
    "latency_ms": 28,
    "cost_vnd": 850_000_000,
    "price_vnd": 850_000,
    "value": 83.2,
    "declarations.unit": "%",
    "declarations.scope": "phường, xã",
    "prices.unit": "m³",
    "verified": "không",
    "period": "2026Q3",
    "quadkey": "1322130010200000",
    "survey_date": dt.date(2026, 8, 15),
    "start": dt.date(2026, 10, 1),
    "earliest": dt.date(2026, 10, 1),
    "outages.start": dt.datetime.combine(dt.date(2026, 9, 25), dt.time(13, 5)),
    "outages.end": dt.datetime.combine(dt.date(2026, 9, 26), dt.time(7, 30)),
    "join_deadline": dt.date(2026, 9, 15),
}


def heading(table: Table, column: Column) -> str:
    """Return the heading of a column in a template, its unit in brackets: one that readers know as it is.

    Examples
    --------
    >>> heading(INPUT_TABLES["measurements"], INPUT_TABLES["measurements"]["download_mbps"])
    'Tốc độ tải xuống (Mbit/s)'
    """
    said = _said("heading", table, column, "vi")
    name = said if said and fold(said) in spellings(column.name, column.synonyms) else column.name
    unit = _UNITS.get(column.unit, column.unit)
    unit = _TIMED.get(column.type, unit)
    return f"{name} ({unit})" if unit else name


def template(kind: Kind, language: Language) -> bytes:
    """Return the blank workbook of a kind: sheet of data, notes in `language`, and the lists to choose from.

    Headings are Vietnamese in both languages. The example row is marked in the first column; readers pass over it.

    Raises
    ------
    MissingError
        Where the kind comes in no rows: grids of population and of terrain.
    """
    if kind not in TEMPLATE_KINDS:
        raise MissingError("error.template.kind", kind=str(kind), known=", ".join(TEMPLATE_KINDS))
    table = INPUT_TABLES[kind]
    fields = [(heading(table, column), column) for column in table.columns if column.name not in _MADE]
    fields += [(words, column) for words, column in places(table) if column.name not in table.names]
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink, INERT) as book:
        book.set_properties({"title": text(f"kind.{kind}", language), "created": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)})
        data = book.add_worksheet(text("form.sheet.data", language))
        notes = book.add_worksheet(text("form.sheet.notes", language))
        lists = book.add_worksheet(text("form.sheet.lists", language))
        _data_sheet(book, data, table, fields, _list_sheet(book, lists, table, fields))
        _notes_sheet(book, notes, table, fields, language)
    return sink.getvalue()


def _needed(column: Column) -> bool:
    """Return whether a person must fill a column."""
    return column.required and column.name not in _OPEN


def places(table: Table) -> list[tuple[str, Column]]:
    """Return the columns that give a row its place, beside those of the contract."""
    degrees = [(words, Column(name, "float", "degree", required=table.geometry == "point", low=low, high=-low))
               for words, name, low in (("Kinh độ (độ)", "lon", -180.0), ("Vĩ độ (độ)", "lat", -90.0))]  # fmt: skip
    shape = [(_WKT, Column("wkt", required=table.geometry in ("line", "polygon")))]
    if table.name == "tiles":
        return []
    return {"point": degrees, "any": degrees + shape, "line": shape, "polygon": shape, "": []}[table.geometry]


def _choices(table: Table, column: Column) -> list[str]:
    """Return what may stand in a column that has a list to choose from."""
    if column.name == "operator":
        return list(OPERATOR_LABELS.values())
    if column.name in ("ward_code", "ward_name"):
        return [str(value) for value in ward_facts()[column.name]]
    if column.type == "bool":
        return ["có", "không"]
    if column.name in _LABELLED:
        prefix = _LABELLED[column.name]
        return [text(name, "vi") for name in sorted(message_ids("vi")) if name.startswith(f"{prefix}.")]
    return [_said(f"value.{value}", table, column, "vi") or value for value in column.values]


def _list_sheet(book: Any, sheet: Any, table: Table, fields: Sequence[tuple[str, Column]]) -> dict[str, str]:
    """Write the lists, one a column, and return where each stands."""
    bold = book.add_format({"bold": True})
    ranges: dict[str, str] = {}
    for _, column in fields:
        choices = _choices(table, column)
        if choices:
            place = len(ranges)
            letter = xlsxwriter.utility.xl_col_to_name(place)
            # One heading a column and none that a reader knows: the sheet must not be taken for data.
            sheet.write_string(0, place, f"[{column.name}]", bold)
            for row, choice in enumerate(choices, 1):
                sheet.write_string(row, place, choice)
            sheet.set_column(place, place, 24)
            ranges[column.name] = f"='{sheet.get_name()}'!${letter}$2:${letter}${len(choices) + 1}"
    return ranges


def _data_sheet(book: Any, sheet: Any, table: Table, fields: Sequence[tuple[str, Column]], ranges: Mapping[str, str]) -> None:
    """Write headings, the example row and the lists to choose from."""
    needed = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "border": 1, "bg_color": "#DCE9F5"})
    plain = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "border": 1})
    grey = {"italic": True, "font_color": "#595959", "bg_color": "#F2F2F2"}
    example, date = book.add_format(grey), book.add_format({**grey, "num_format": "dd/mm/yyyy"})
    timed = book.add_format({**grey, "num_format": "dd/mm/yyyy hh:mm"})
    as_text, as_date = book.add_format({"num_format": "@"}), book.add_format({"num_format": "dd/mm/yyyy"})
    as_time = book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
    sheet.write_string(0, 0, EXAMPLE_HEADING, plain)
    sheet.write_string(1, 0, EXAMPLE_WORDS, example)
    sheet.set_column(0, 0, 22)
    for place, (words, column) in enumerate(fields, 1):
        kept = {"date": as_date, "time": as_time, "text": as_text}.get(column.type)
        sheet.set_column(place, place, max(12, len(words) + 2), kept)
        sheet.write_string(0, place, words, needed if _needed(column) else plain)
        value = _example(table, column)
        if isinstance(value, dt.date):
            moment = value if isinstance(value, dt.datetime) else dt.datetime.combine(value, dt.time())
            sheet.write_datetime(1, place, moment, timed if column.type == "time" else date)
        elif isinstance(value, str):
            sheet.write_string(1, place, value, example)
        else:
            sheet.write_number(1, place, value, example)
        if column.name in ranges:
            sheet.data_validation(1, place, _FILLED, place, {"validate": "list", "source": ranges[column.name], "error_type": "warning"})
    sheet.freeze_panes(1, 1)


def _example(table: Table, column: Column) -> Any:
    """Return what the example row holds in a column."""
    if column.name in _PLACE:
        return _PLACE[column.name]
    if column.name == "wkt":
        return _SHAPES[table.geometry]
    for name in (f"{table.name}.{column.name}", column.name):
        if name in _EXAMPLES:
            return _EXAMPLES[name]
    choices = _choices(table, column)
    if choices:
        return choices[-1 if column.type == "bool" else 0]
    if column.type in ("date", "time"):
        return dt.date(2026, 12, 31)
    if column.type in ("int", "float"):
        return max(column.low or 0, 1)
    return f"{table.name[:3].upper()}-001" if column.name.endswith("_id") else "…"


def _notes_sheet(book: Any, sheet: Any, table: Table, fields: Sequence[tuple[str, Column]], language: Language) -> None:
    """Write what each column means: unit, range, whether it must be filled, and on what the demand rests."""
    bold = book.add_format({"bold": True, "border": 1})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    # The sheet begins with one cell a line and a heading in brackets, so that no reader takes it for data.
    sheet.write_string(0, 0, text("form.notes.how", language))
    sheet.write_string(1, 0, text("form.notes.basis", language, basis=text(f"form.basis.{_basis(table)}", language)))
    for place, name in enumerate(("column", "meaning", "unit", "range", "required", "values")):
        sheet.write_string(3, place, "[" + text(f"form.notes.{name}", language) + "]", bold)
        sheet.set_column(place, place, (34, 52, 16, 18, 12, 60)[place])
    for row, (words, column) in enumerate(fields, 4):
        lowest, highest = ("" if bound is None else f"{bound:g}" for bound in (column.low, column.high))
        meaning = _said("meaning", table, column, language) or _said("heading", table, column, language) or column.name
        cells = (
            words,
            meaning,
            "–" if column.unit in ("", "see unit") else column.unit,
            f"{lowest} … {highest}" if lowest or highest else "–",
            text("form.yes" if _needed(column) else "form.no", language),
            ", ".join(_choices(table, column)) if not column.name.startswith("ward_") else text("form.notes.lists", language),
        )
        for place, cell in enumerate(cells):
            sheet.write_string(row, place, cell, wrapped)


def _basis(table: Table) -> str:
    """Return which sentence says on what the demand for a table rests."""
    return {"assets": "shared", "sites": "shared", "claims": "claims", "fixed": "plan", "speeds": "plan"}.get(table.name, "none")


def _said(what: str, table: Table, column: Column, language: Language) -> str | None:
    """Return what the catalogues say of a column, of this table before all others; None where they say nothing."""
    known = message_ids(language)
    ids = (f"form.{what}.{table.name}.{column.name}", f"form.{what}.{column.name}")
    return next((text(name, language) for name in ids if name in known), None)
