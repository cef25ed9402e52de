"""Lists over all roads as files: suggestions with what was decided on them, and what of a road's plan breaks a clause."""

import io
from collections.abc import Sequence
from typing import Final

import geopandas as gpd
import pandas as pd
import xlsxwriter

from hatang.data.contracts import OPERATOR_LABELS, SuggestionKind
from hatang.data.decisions import Decision
from hatang.data.figures import is_missing, shown
from hatang.data.geopackage import geopackage_bytes
from hatang.data.language import Language, message_ids, text
from hatang.reports.geodata import inert_csv
from hatang.reports.workbook import OPTIONS, write_sheet

_SUGGESTIONS: Final = (
    "rank",
    "suggestion",
    "road",
    "ward",
    "owner",
    "asset_count",
    "spare",
    "dig_saved",
    "saving_vnd",
    "bound_pct",
    "shares",
    "violations",
    "assumptions",
    "decision",
    "decision_reason",
    "contact",
    "suggestion_id",
    "run",
    "as_of",
    "synthetic",
)
_HISTORY: Final = ("suggestion_id", "suggestion", "owner", "decision", "decision_reason", "decided_by", "decided_at", "owed")


def assumptions_text(names: object, language: Language) -> str:
    """Return what a suggestion assumes in words; a name without words stands as it is, `name=amount` with its amount.

    Examples
    --------
    >>> assumptions_text(None, "vi")
    ''
    """
    if is_missing(names) or not names:
        return ""
    known = message_ids(language)
    ids = [(name, f"assumption.{name.partition('=')[0]}", name.partition("=")[2]) for name in str(names).split(", ")]
    return "; ".join(text(message, language, amount=amount) if message in known else name for name, message, amount in ids)


def shares_text(shares: object, language: Language) -> str:
    """Return who pays what in words; empty where nobody shares.

    Examples
    --------
    >>> shares_text((("vnpt", 1200.0, "m"), ("viettel", 300.0, "m")), "vi")
    'VNPT 1.200 m; Viettel 300 m'
    """
    if not isinstance(shares, tuple):
        return ""
    return "; ".join(
        f"{OPERATOR_LABELS.get(firm, firm)} {shown(amount, unit, language)} {text(f'unit.{unit}', language)}"
        for firm, amount, unit in shares
    )


def owed_text(decision: Decision, language: Language) -> str:
    """Return the capacity that a refusal owes in words; empty where it owes none."""
    owed = decision.spare_owed
    if not owed:
        return ""
    count = None if owed["count"] is None else str(owed["count"])
    return owed_words(
        decision.kind, count, owed["unit"], owner=owed["owner"], assets=", ".join(owed["assets"]), why=owed.get("why"), language=language
    )


def owed_words(kind: str, count: str | None, unit: str, *, owner: object, assets: str, why: object, language: Language) -> str:
    """Return a capacity owed in words: so many (None: unknown, and `why`), of whom, in what; who refuses works owes them."""
    many = text("decisions.unknown", language) if count is None else count
    if kind == SuggestionKind.JOIN_WORKS:
        party = text("decisions.party_unknown", language) if is_missing(owner) else OPERATOR_LABELS.get(str(owner), str(owner))
        reason = "" if is_missing(why) else f" ({text(f'decisions.why.{why}', language)})"
        return text("decisions.owed_join", language, count=many, owner=party, assets=assets) + reason
    return text(f"decisions.owed_{unit}", language, count=many, owner=owner, assets=assets)


def suggestion_rows(suggestions: pd.DataFrame, language: Language) -> pd.DataFrame:
    """Return suggestions over all roads (`pipeline.decisions.all_suggestions`), codes in words, columns named as `web.column.*`."""
    rows = pd.DataFrame(suggestions.drop(columns="geometry")).rename(
        columns={"kind": "suggestion", "ward_name": "ward", "dig_m_saved": "dig_saved", "reason": "decision_reason", "run_id": "run"}
    )
    names = rows["road_name"].where(rows["road_name"].notna(), rows["road_id"])
    return rows.assign(
        road=names,
        suggestion=[text(f"suggestion.{code}", language) for code in rows["suggestion"]],
        decision=[text(f"decision.{code}", language) for code in rows["decision"]],
        shares=[shares_text(cell, language) for cell in rows.get("shares", [None] * len(rows))],
        assumptions=[assumptions_text(cell, language) for cell in rows["assumptions"]],
        synthetic=[text("synthetic", language) if flag else "" for flag in rows["synthetic"]],
    ).reindex(columns=list(_SUGGESTIONS))


def suggestions_csv(suggestions: pd.DataFrame, language: Language) -> bytes:
    """Return the list as CSV with full values."""
    return inert_csv(_titled(suggestion_rows(suggestions, language), language))


def suggestions_workbook(suggestions: pd.DataFrame, history: Sequence[Decision], language: Language) -> bytes:
    """Return the list as XLSX, and on a second sheet every decision made, the oldest first."""
    made = [
        [
            entry.suggestion_id,
            text(f"suggestion.{entry.kind}", language),
            entry.owner,
            text(f"decision.{entry.decision}", language),
            entry.reason,
            entry.decided_by,
            f"{entry.decided_at:%Y-%m-%d %H:%M}",
            owed_text(entry, language),
        ]
        for entry in history
    ]
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink, OPTIONS) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "border": 1})
        rows = _titled(suggestion_rows(suggestions, language), language)
        title = text("report.preliminary", language)
        heads = [str(name) for name in rows.columns]
        write_sheet(book, text("decisions.sheet.list", language), heads, rows.to_numpy(object).tolist(), bold, title=title)
        heads = [text(f"web.column.{name}", language) for name in _HISTORY]
        write_sheet(book, text("decisions.sheet.history", language), heads, made, bold, note=text("decisions.utc", language))
    return sink.getvalue()


def violations_geopackage(violations: gpd.GeoDataFrame, *, crs: str) -> bytes:
    """Return violations as the layer `violations`."""
    return geopackage_bytes({"violations": violations.to_crs(crs)})


def violations_csv(violations: gpd.GeoDataFrame) -> bytes:
    """Return violations as CSV with the contract's names and full values, the geometry left out."""
    return inert_csv(pd.DataFrame(violations.drop(columns="geometry")))


def _titled(rows: pd.DataFrame, language: Language) -> pd.DataFrame:
    return rows.rename(columns={name: text(f"web.column.{name}", language) for name in rows.columns})
