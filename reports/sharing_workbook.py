"""The sharing answer as XLSX: totals, the ranked list, shares, the corridor's assets, the survey list, the new set, and when to decide."""

import io
from collections.abc import Mapping
from typing import Any, Final

import pandas as pd
import xlsxwriter

from hatang.data.contracts import SuggestionKind
from hatang.data.figures import is_missing, shown
from hatang.data.language import Language, message_ids, text
from hatang.data.results import ResultSet
from hatang.reports.bargain_sheets import SHEETS, clauses_named, firms_named, ranked, worded
from hatang.reports.planfit import fit_sheet, suggestion_subjects
from hatang.reports.rulecoverage import COVERAGE_COLUMNS, worded_coverage
from hatang.reports.sharing_lists import assumptions_text
from hatang.reports.workbook import OPTIONS, run_note, write_sheet

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
    "members",
    "asset_count",
    "spare",
    "alone_m",
    "dug_m",
    "dig_m_saved",
    "saving_vnd",
    "bound_pct",
    "window_from",
    "window_to",
    "decide_by",
    "rules",
    "violations",
    "assumptions",
    "decision",
    "reason",
    "assets",
    "suggestion_id",
)
_BILL: Final = ("item", "unit", "quantity", "price_vnd", "cost_vnd", "price_from", "price_source", "price_verified")
_TRENCHES: Final = (
    "feature_id",
    "part",
    "side",
    "from_id",
    "to_id",
    "target_id",
    "length_m",
    "ways",
    "needed",
    "layers",
    "trench_top_mm",
    "trench_bottom_mm",
    "cover_mm",
    "surface",
)
_TIMING: Final = ("road_id", "plan_id", "operator", "work_id", "advice", "reason", "decide_by", "not_before")
_CALENDAR: Final = ("road_id", "id", "bar", "start", "end", "days")
_CHAMBERS: Final = ("feature_id", "side", "chainage_m", "chamber_reason", "before_entrance")
_POLES: Final = ("feature_id", "side", "chainage_m")
_VIOLATIONS: Final = ("feature_id", "document", "clause", "parameter", "op", "needed", "measured", "unit", "severity")
_WORDS: Final = {
    "asset_class": "asset",
    "side": "side",
    "action": "action",
    "part": "sharing.part",
    "surface": "sharing.surface",
    "chamber_reason": "sharing.chamber",
    "decision": "decision",
}


def sharing_workbook(results: ResultSet, language: Language) -> bytes:
    """Return the workbook of a result set that holds a sharing answer; every figure a real number, every code in words."""
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink, OPTIONS) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "border": 1})
        totals = results.tables["sharing_totals"]
        note = run_note(results, language)
        rows = [[text(f"sharing.total.{row.name}", language), row.value, row.unit] for row in totals.itertuples(index=False)]
        heads = [text(f"report.column.{name}", language) for name in ("indicator", "value", "unit")]
        write_sheet(book, text("sharing.sheet.totals", language), heads, rows, bold, title=text("report.preliminary", language), note=note)
        suggestions = _listed(results, language)
        _frame(book, "suggestions", suggestions, _SUGGESTIONS, bold, language, note)
        for name, columns in SHEETS.items():
            if name in results.tables:
                _frame(
                    book,
                    name,
                    worded(ranked(results.tables[name], results.tables["suggestions"]), language, results.as_of),
                    columns,
                    bold,
                    language,
                    note,
                )
        corridor = _worded(results.tables["corridor"], language)
        _frame(book, "corridor", corridor, _CORRIDOR, bold, language, note)
        survey = corridor[results.tables["corridor"]["action"] == "survey"].sort_values(
            "length_m", ascending=False, na_position="last", kind="stable"
        )
        _frame(book, "survey", survey, _CORRIDOR, bold, language, note)
        if "plan_fit" in results.tables:
            subjects = suggestion_subjects(results.tables["suggestions"], "owner", language, numbered=True)
            fit_sheet(book, results.tables["plan_fit"], subjects, bold, language, note=note, name="sharing.sheet.plan_fit")
        if "boq" in results.tables:
            _new_set(book, results, bold, language, note)
    return sink.getvalue()


def _new_set(book: xlsxwriter.Workbook, results: ResultSet, bold: object, language: Language, note: str) -> None:
    """Write the bill of quantities, the new set's parts, and what breaks a clause."""
    bill = results.tables["boq"]
    none = text("sharing.no_price", language)
    rows = [
        [
            text(f"sharing.item.{row.item}", language),
            text(f"unit.{row.unit}", language),
            row.quantity,
            *(
                [none, none, none, none, none]
                if is_missing(row.price_vnd)
                else [
                    row.price_vnd,
                    row.cost_vnd,
                    row.price_from,
                    row.price_source,
                    text(f"sharing.verified.{'yes' if row.price_verified else 'no'}", language),
                ]
            ),
        ]
        for row in bill.itertuples(index=False)
    ]
    heads = [text(f"sharing.column.{name}", language) for name in _BILL]
    notes = "\n".join([note, *(_set_note(row, language) for row in results.tables["set_notes"].to_dict("records"))])
    write_sheet(book, text("sharing.sheet.boq", language), heads, rows, bold, title=text("report.preliminary", language), note=notes)
    trenches = _worded(results.tables["new_trenches"], language)
    _frame(book, "new_trenches", trenches, _TRENCHES, bold, language, note)
    _frame(book, "new_chambers", _worded(results.tables["new_chambers"], language), _CHAMBERS, bold, language, note)
    if "new_poles" in results.tables:
        _frame(book, "new_poles", _worded(results.tables["new_poles"], language), _POLES, bold, language, note)
    _frame(book, "violations", violations_worded(results.tables["violations"], language), _VIOLATIONS, bold, language, note)
    if "rule_coverage" in results.tables:
        judged = worded_coverage(results.tables["rule_coverage"], language, results.as_of)
        _frame(book, "rule_coverage", judged, COVERAGE_COLUMNS, bold, language, f"{text('rulecover.what', language)} {note}")
    if "asset_violations" in results.tables:
        standing = violations_worded(results.tables["asset_violations"], language)
        said = f"{text('sharing.standing', language)} {note}"
        _frame(book, "asset_violations", standing, ("asset_class", "owner", *_VIOLATIONS), bold, language, said)
    timing = dates_written(results.tables["timing"], "decide_by", "not_before")
    timing["advice"] = [text(f"sharing.advice.{name}", language) for name in timing["advice"]]
    timing["reason"] = [text(f"sharing.reason.{name}", language) for name in timing["reason"]]
    left_out = [f"{row.id}: {text(f'sharing.note.{row.code}', language)}" for row in results.tables["timing_notes"].itertuples()]
    _frame(book, "timing", timing, _TIMING, bold, language, "\n".join([note, *left_out]))
    bars = dates_written(results.tables["calendar"], "start", "end")
    bars["bar"] = [text(f"sharing.bar.{name}", language) for name in bars["kind"]]
    _frame(book, "calendar", bars, _CALENDAR, bold, language, note)


def _set_note(row: Mapping[Any, Any], language: Language) -> str:
    """Return what was assumed or left out of a road's new set; a run of before notes had amounts shows none."""
    words = text(f"sharing.note.{row['code']}", language, amount=shown(row.get("amount"), "", language))
    return f"{row['road_id']}: {words}"


def violations_worded(violations: pd.DataFrame, language: Language) -> pd.DataFrame:
    """Return violations (VIOLATIONS or ASSET_VIOLATIONS contract) with what is asked, units and codes in words."""
    worded = _worded(violations, language)
    known = message_ids(language)
    worded["severity"] = [text(f"sharing.severity.{name}", language) for name in worded["severity"]]
    worded["parameter"] = [text(f"clause.{code}", language) for code in worded["code"]]
    worded["unit"] = [text(f"clause.unit.{unit}", language) if f"clause.unit.{unit}" in known else unit for unit in worded["unit"]]
    return worded


def dates_written(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Return a copy with its dates as 2027-01-31, which sorts as it reads."""
    copy = pd.DataFrame(frame).copy()
    for name in columns:
        copy[name] = pd.Series([None if is_missing(day) else f"{day:%Y-%m-%d}" for day in frame[name]], index=frame.index, dtype=object)
    return copy


def _frame(
    book: xlsxwriter.Workbook, name: str, frame: pd.DataFrame, columns: tuple[str, ...], bold: object, language: Language, note: str
) -> None:
    heads = [text(f"sharing.column.{column}", language) for column in columns]
    write_sheet(book, text(f"sharing.sheet.{name}", language), heads, frame[list(columns)].to_numpy(object).tolist(), bold, note=note)


def _listed(results: ResultSet, language: Language) -> pd.DataFrame:
    """Return the ranked list with its codes, parties and clauses in words; what has no price says so."""
    frame = _worded(results.tables["suggestions"], language).reindex(columns=list(_SUGGESTIONS))
    for name in ("owner", "members"):
        frame[name] = [firms_named(cell) for cell in frame[name]]
    for name in ("rules", "violations"):
        frame[name] = [clauses_named(cell, results.as_of) for cell in frame[name]]
    none = text("sharing.no_price", language)
    found = results.tables["suggestions"]
    spared = found["dig_m_saved"].notna() & ~found["kind"].isin((SuggestionKind.REUSE_WAY, SuggestionKind.REUSE_POLE))
    money = [none if asked and is_missing(vnd) else vnd for asked, vnd in zip(spared, frame["saving_vnd"], strict=True)]
    frame["saving_vnd"] = pd.Series(money, index=frame.index, dtype=object)
    return dates_written(frame, "window_from", "window_to", "decide_by")


def _worded(frame: pd.DataFrame, language: Language) -> pd.DataFrame:
    """Return a frame with its codes in words."""
    worded = pd.DataFrame(frame).copy()
    for column, prefix in _WORDS.items():
        if column in worded:
            worded[column] = [None if is_missing(code) else text(f"{prefix}.{code}", language) for code in worded[column]]
    if "assumptions" in worded:
        worded["kind"] = [text(f"suggestion.{code}", language) for code in worded["kind"]]
        worded["assumptions"] = [assumptions_text(cell, language) or None for cell in worded["assumptions"]]
    return worded
