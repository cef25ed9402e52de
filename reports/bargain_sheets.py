"""The money of a road's answer as rows of sheets: who pays what, and what the others pay where one leaves; codes in words."""

import datetime as dt
from collections.abc import Mapping
from typing import Final

import pandas as pd

from hatang.data.clauses import clauses_in_force
from hatang.data.contracts import OPERATOR_LABELS
from hatang.data.figures import is_missing
from hatang.data.language import Language, text

SHEETS: Final[Mapping[str, tuple[str, ...]]] = {
    "shares": ("suggestion_id", "road_id", "firm", "unit", "key", "alone", "total", "statutory", "capped", "saving", "not_above_alone",
               "statutory_in_core", "shapley", "shapley_in_core"),
    "leaving": ("suggestion_id", "road_id", "leaver", "firm", "unit", "key", "pays_before", "pays_after", "alone", "still_saves",
                "rest_dug_m", "rest_total"),
}  # fmt: skip
"""Sheets in their order, each the table of its name, with their columns."""
_FLAGS: Final = ["not_above_alone", "statutory_in_core", "shapley_in_core", "still_saves"]
_FIRMS: Final = ["firm", "leaver"]


def worded(frame: pd.DataFrame, language: Language) -> pd.DataFrame:
    """Return one of the tables with its codes in words."""
    copy = pd.DataFrame(frame).copy()
    for name in copy.columns.intersection(_FLAGS):
        copy[name] = [None if is_missing(flag) else text("sharing.yes" if flag else "sharing.no", language) for flag in frame[name]]
    for name in copy.columns.intersection(_FIRMS):
        copy[name] = [firms_named(cell) for cell in frame[name]]
    for name, prefix in (("key", "sharing.key"), ("unit", "unit")):
        if name in copy:
            copy[name] = [text(f"{prefix}.{code}", language) for code in frame[name]]
    return copy


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
