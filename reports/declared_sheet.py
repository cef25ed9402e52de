"""The sheet "So với công bố": every official figure with its document and day, ours beside it, and why the two are not compared."""

from typing import Any, Final

import pandas as pd

from hatang.data.contracts import OPERATOR_LABELS
from hatang.data.figures import is_missing, shown_date
from hatang.data.language import Language, message_ids, text

DECLARED_COLUMNS: Final = (
    "indicator",
    "scope",
    "whose",
    "period",
    "unit",
    "declared",
    "document",
    "declared_on",
    "counted_period",
    "counted",
    "lo",
    "hi",
    "difference",
    "comparison",
    "definition",
)


def declared_rows(declared: pd.DataFrame, language: Language) -> tuple[list[str], list[list[object]]]:
    """Return headings and rows of the sheet; numbers are full values (shares 0–1), words are those of the catalogues.

    Parameters
    ----------
    declared
        DECLARED contract.
    """
    header = [text(f"report.declared.{name}", language) for name in DECLARED_COLUMNS]
    return header, [[_cell(name, row, language) for name in DECLARED_COLUMNS] for row in declared.to_dict("records")]


def _cell(name: str, row: Any, language: Language) -> object:
    """Return one cell of the sheet."""
    if name == "indicator":
        return _known(f"indicator.{row[name]}", str(row[name]), language)
    if name == "scope":
        return text(f"form.value.{row[name]}.scope", language)
    if name == "whose":
        firm = None if is_missing(row["operator"]) else OPERATOR_LABELS.get(str(row["operator"]), str(row["operator"]))
        return ", ".join(words for words in (firm, None if is_missing(row["ward_name"]) else str(row["ward_name"])) if words) or None
    if name == "unit":
        return _known(f"unit.{row[name]}", str(row[name]), language)
    if name == "declared_on":
        return shown_date(row[name].date(), language)
    if name == "comparison":
        return text(f"report.declared.comparison.{row[name]}", language)
    return row[name]


def _known(message_id: str, otherwise: str, language: Language) -> str:
    """Return the words for a code, the code itself where the catalogues have none."""
    return text(message_id, language) if message_id in message_ids(language) else otherwise
