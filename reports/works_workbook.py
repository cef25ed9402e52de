"""The works register's answer as XLSX: groups that could dig together, pairs, advice for each plan, the calendar, and rows left out."""

import io
from typing import Final

import pandas as pd
import xlsxwriter

from hatang.data.language import Language, text
from hatang.data.results import ResultSet
from hatang.reports.sharing_workbook import dates_written
from hatang.reports.workbook import OPTIONS, run_note, write_sheet

_GROUPS: Final = ("group", "members", "owners", "plans", "works", "pairs", "window_from", "window_to", "join_deadline", "dig_m_saved")
_PAIRS: Final = (
    "group",
    "left_id",
    "left_owner",
    "right_id",
    "right_owner",
    "overlap_m",
    "overlap_share",
    "window_from",
    "window_to",
    "time",
)
_TIMING: Final = ("plan_id", "operator", "work_id", "advice", "reason", "decide_by", "not_before")
_BARS: Final = ("id", "bar", "start", "end", "days")
_OWN_TIMING: Final = ("road_id", "plan_id", "advice", "reason", "decide_by", "not_before")
_MEETINGS: Final = ("meeting_id", "own_id", "from_m", "to_m", "window_from", "window_to")


def works_workbook(results: ResultSet, language: Language) -> bytes:
    """Return the workbook of a result set that holds the works register's answer; figures are numbers, dates 2027-01-31, codes words."""
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink, OPTIONS) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "border": 1})
        note = run_note(results, language)
        pairs = dates_written(results.tables["overlaps"], "window_from", "window_to")
        pairs["time"] = [text(f"sharing.time.{word}", language) for word in pairs["time"]]
        timing = dates_written(results.tables["timing"], "decide_by", "not_before")
        timing["advice"] = [text(f"sharing.advice.{word}", language) for word in timing["advice"]]
        timing["reason"] = [text(f"sharing.reason.{word}", language) for word in timing["reason"]]
        bars = dates_written(results.tables["calendar"], "start", "end")
        bars["bar"] = [text(f"sharing.bar.{word}", language) for word in bars["kind"]]
        left_out = results.tables["works_notes"].assign(
            note=[text(f"sharing.note.{code}", language) for code in results.tables["works_notes"]["code"]]
        )
        groups = dates_written(results.tables["overlap_groups"], "window_from", "window_to", "join_deadline")
        sheets = (
            ("groups", groups, _GROUPS),
            ("pairs", pairs, _PAIRS),
            ("timing", timing, _TIMING),
            ("calendar", bars, _BARS),
            ("works_notes", left_out, ("id", "note")),
        )
        for name, frame, columns in sheets:
            heads = [text(f"sharing.column.{column}", language) for column in columns]
            rows = frame[list(columns)].to_numpy(object).tolist()
            title = text("report.preliminary", language) if name == "groups" else ""
            write_sheet(book, text(f"sharing.sheet.{name}", language), heads, rows, bold, title=title, note=note)
    return sink.getvalue()


def road_meetings_workbook(timing: pd.DataFrame, meetings: pd.DataFrame, results: ResultSet, language: Language) -> bytes:
    """Return what one firm is told of a road: what to do about each of its plans, and where it meets somebody."""
    advice = dates_written(timing, "decide_by", "not_before")
    for name in ("advice", "reason"):
        advice[name] = [text(f"sharing.{name}.{word}", language) for word in timing[name]]
    note = f"{text('sharing.meetings.note', language)} {run_note(results, language)}"
    sheets = (("timing", advice, _OWN_TIMING), ("meetings", dates_written(meetings, "window_from", "window_to"), _MEETINGS))
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink, OPTIONS) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "border": 1})
        for name, frame, columns in sheets:
            heads = [text(f"sharing.column.{column}", language) for column in columns]
            rows = frame[list(columns)].to_numpy(object).tolist()
            write_sheet(book, text(f"sharing.sheet.{name}", language), heads, rows, bold, note=note)
    return sink.getvalue()


def meetings_workbook(meetings: pd.DataFrame, results: ResultSet, language: Language) -> bytes:
    """Return what one firm is told in confidential mode as XLSX, with day and run of the assessment it rests on."""
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink, OPTIONS) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "border": 1})
        heads = [text(f"sharing.column.{column}", language) for column in _MEETINGS]
        rows = dates_written(meetings, "window_from", "window_to")[list(_MEETINGS)].to_numpy(object).tolist()
        note = f"{text('sharing.meetings.note', language)} {run_note(results, language)}"
        write_sheet(book, text("sharing.sheet.meetings", language), heads, rows, bold, note=note)
    return sink.getvalue()
