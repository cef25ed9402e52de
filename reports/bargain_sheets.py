"""The money of a road's answer as rows of sheets: variants, who pays what, what holds where one leaves, rent or build; codes in words."""

import datetime as dt
from collections.abc import Mapping
from typing import Final

import pandas as pd

from hatang.data.clauses import clauses_in_force
from hatang.data.contracts import OPERATOR_LABELS
from hatang.data.figures import is_missing
from hatang.data.language import Language, text
from hatang.reports.sharing_lists import assumptions_text

SHEETS: Final[Mapping[str, tuple[str, ...]]] = {
    "variants": ("road_id", "variant", "recommended", "why", "dug_m", "saved_m", "reused_m", "cost_vnd_all", "saving_vnd_c",
                 "rent_vnd_year", "firms", "firms_in_time", "members", "rules", "violations", "assumptions"),
    "shares": ("rank", "kind", "road_id", "firm", "unit", "key", "alone", "total", "statutory", "capped", "saving", "not_above_alone",
               "statutory_in_core", "shapley", "shapley_in_core", "suggestion_id"),
    "leaving": ("rank", "kind", "road_id", "leaver", "firm", "unit", "key", "pays_before", "pays_after", "alone", "still_saves",
                "rest_dug_m", "rest_total", "suggestion_id"),
    "rent_or_build": ("road_id", "firm", "owner", "reuse_m", "ways", "ways_assumed", "rent_vnd_m_year", "rent_vnd_year", "rent_from",
                      "rent_source", "rent_verified", "build_vnd", "build_basis", "break_even_years"),
}  # fmt: skip
"""Sheets in their order, each the table of its name, with their columns."""
_FLAGS: Final = ["not_above_alone", "statutory_in_core", "shapley_in_core", "still_saves", "recommended", "rent_verified", "ways_assumed"]
_FIRMS: Final = ["firm", "leaver", "members"]
_CLAUSES: Final = ["rules", "violations"]
_MONEY: Final = {"cost_vnd": "cost_vnd_all", "saving_vnd": "saving_vnd_c"}
_PRICED: Final = ["cost_vnd", "saving_vnd", "build_vnd", "break_even_years"]
_CODES: Final = {
    "key": "sharing.key",
    "unit": "unit",
    "build_basis": "sharing.basis",
    "variant": "sharing.variant",
    "why": "sharing.why",
    "kind": "suggestion",
}


def worded(frame: pd.DataFrame, language: Language, as_of: dt.date) -> pd.DataFrame:
    """Return one of the tables with its codes in words; what has no price says so."""
    copy = pd.DataFrame(frame).copy()
    for name in copy.columns.intersection(_FLAGS):
        copy[name] = [None if is_missing(flag) else text("sharing.yes" if flag else "sharing.no", language) for flag in frame[name]]
    for name in copy.columns.intersection(_FIRMS):
        copy[name] = [firms_named(cell) for cell in frame[name]]
    for name in copy.columns.intersection(_CLAUSES):
        copy[name] = [clauses_named(cell, as_of) for cell in frame[name]]
    for name in copy.columns.intersection(list(_CODES)):
        copy[name] = [None if is_missing(code) else text(f"{_CODES[name]}.{code}", language) for code in frame[name]]
    for name in copy.columns.intersection(_PRICED):
        copy[name] = _or_no_price(frame[name], language)
    if "assumptions" in copy:
        copy["assumptions"] = [assumptions_text(cell, language) for cell in frame["assumptions"]]
    if "rent_from" in copy:
        copy["rent_from"] = [None if is_missing(day) else f"{day:%Y-%m-%d}" for day in frame["rent_from"]]
    return copy.rename(columns=_MONEY)


def _or_no_price(column: pd.Series, language: Language) -> pd.Series:
    none = text("sharing.no_price", language)
    return pd.Series([none if is_missing(value) else value for value in column], index=column.index, dtype=object)


def ranked(frame: pd.DataFrame, suggestions: pd.DataFrame) -> pd.DataFrame:
    """Return what belongs to suggestions with their rank and kind, in that order; other tables as they are."""
    if "suggestion_id" not in frame:
        return pd.DataFrame(frame)
    named = pd.DataFrame(suggestions[["suggestion_id", "rank", "kind"]])
    return frame.merge(named, on="suggestion_id").sort_values(["rank", "unit"], ascending=[True, False], kind="stable", ignore_index=True)


def firms_named(cell: object) -> str | None:
    """Return firms with commas between by their proper names; others as they stand.

    Examples
    --------
    >>> firms_named("viettel, vnpt, Ban QLDA")
    'Viettel, VNPT, Ban QLDA'
    """
    return None if is_missing(cell) else ", ".join(OPERATOR_LABELS.get(firm, firm) for firm in str(cell).split(", "))


def clauses_named(cell: object, as_of: dt.date) -> str | None:
    """Return codes of clauses with commas between as people cite them, each once; None where there are none.

    Examples
    --------
    >>> clauses_named("reserve, chamber_spacing", dt.date(2026, 9, 30))
    'QCVN 07-3:2023/BXD 2.2.1.2; QCVN 07-3:2023/BXD 2.2.1.9'
    """
    if is_missing(cell) or not cell:
        return None
    cited = {clause.code: f"{clause.document} {clause.clause}" for clause in clauses_in_force(as_of)}
    return "; ".join(dict.fromkeys(cited.get(code, code) for code in str(cell).split(", ")))
