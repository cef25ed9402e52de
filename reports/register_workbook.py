"""A register looked through, as XLSX: how much of what, room known and unknown, what to survey first, and what is wrong."""

import io
from collections.abc import Mapping
from typing import Final

import pandas as pd
import xlsxwriter

from hatang.data.language import Language, text
from hatang.reports.workbook import OPTIONS, write_sheet

_ROOM: Final = ("asset_id", "owner", "length_m", "capacity", "used", "unknown", "reserve", "spare", "action")
_FINDINGS: Final = ("finding", "table", "asset_id", "other_id", "measured", "needed", "unit", "severity")


def register_workbook(
    counts: Mapping[str, int], room: pd.DataFrame, survey: pd.DataFrame, findings: pd.DataFrame, language: Language, *, file: str
) -> bytes:
    """Return the workbook.

    Parameters
    ----------
    counts
        Rows by table.
    room, survey
        ROOM contract with `owner` and `length_m`; what to survey, the most telling first.
    findings
        FINDINGS contract.
    """
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink, OPTIONS) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "border": 1})
        said = findings.assign(
            finding=[text(f"finding.{code}", language) for code in findings["finding"]],
            table=[text(f"register.table.{name}", language) for name in findings["table"]],
            severity=[text(f"register.severity.{name}", language) for name in findings["severity"]],
        )
        rows = pd.DataFrame({"table": [text(f"register.table.{name}", language) for name in counts], "count": list(counts.values())})
        worded = [part.assign(action=[text(f"action.{name}", language) for name in part["action"]]) for part in (room, survey)]
        sheets = (
            ("counts", rows, ("table", "count")),
            ("room", worded[0], _ROOM),
            ("survey", worded[1], _ROOM),
            ("findings", said, _FINDINGS),
        )
        for name, frame, columns in sheets:
            heads = [text(f"register.column.{column}", language) for column in columns]
            cells = pd.DataFrame(frame)[list(columns)].to_numpy(object).tolist()
            note = text("register.note", language, file=file) + (" " + text("register.survey.note", language) if name == "survey" else "")
            write_sheet(book, text(f"register.sheet.{name}", language), heads, cells, bold, note=note)
    return sink.getvalue()
