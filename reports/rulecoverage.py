"""How far a road's new set could be held against each clause, in words: the sheet of `chia-se.xlsx` and the page of clauses."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from hatang.data.clauses import clauses_in_force
from hatang.data.figures import is_missing, shown
from hatang.data.language import Language, message_ids, text

COVERAGE_COLUMNS: Final = (
    *("parameter", "judged", "violating", "unjudged", "judged_state", "document", "clause", "op", "needed", "unit", "clause_read"),
    "severity",
)


def coverage_state(row: Mapping[Any, Any], language: Language) -> str:
    """Return whether a clause was judged, in words, and what is missing where it was not, or not everywhere.

    Parameters
    ----------
    row
        Of RULE_COVERAGE.

    Examples
    --------
    >>> coverage_state({"judged": 0, "unjudged": 4, "lacks": "buildings"}, "en")
    'not measured yet: lacks buildings with their outlines within 100 m'
    """
    lacks = row["lacks"]
    if is_missing(lacks):
        return text("rulecover.all", language)
    if lacks == "no_such":
        return text("rulecover.no_such", language)
    missing = text(f"rulecover.lacks.{lacks}", language)
    if not row["judged"]:
        return text("rulecover.nothing", language, lacks=missing)
    return text("rulecover.part", language, left=shown(row["unjudged"], "ways", language), lacks=missing)


def coverage_sum(coverage: pd.DataFrame, language: Language) -> str:
    """Return in one sentence how many clauses were measured, how many not at all, and how many speak of nothing in the set."""
    none = coverage["lacks"].eq("no_such").fillna(value=False)
    judged, no_such = int((coverage["judged"] > 0).sum()), int(none.sum())
    counts = {"judged": judged, "clauses": len(coverage), "nothing": len(coverage) - judged - no_such, "no_such": no_such}
    return text("rulecover.sum", language, **{name: shown(count, "assets", language) for name, count in counts.items()})


def worded_coverage(coverage: pd.DataFrame, language: Language, as_of: dt.date) -> pd.DataFrame:
    """Return the clauses in force on a day with `COVERAGE_COLUMNS`, what was judged of each, codes in words; needs of a profile empty.

    Parameters
    ----------
    coverage
        RULE_COVERAGE contract.
    """
    known = message_ids(language)
    clauses = {clause.code: clause for clause in clauses_in_force(as_of)}
    rows = []
    for row in coverage.to_dict("records"):
        clause = clauses[row["code"]]
        rows.append(
            {
                "parameter": text(f"clause.{clause.code}", language),
                **{name: None if is_missing(row[name]) else int(row[name]) for name in ("judged", "violating", "unjudged")},
                "judged_state": coverage_state(row, language),
                "document": clause.document,
                "clause": clause.clause,
                "op": clause.op,
                "needed": clause.value,
                "unit": text(f"clause.unit.{clause.unit}", language) if f"clause.unit.{clause.unit}" in known else clause.unit,
                "clause_read": text(f"sharing.verified.{'yes' if clause.verified else 'no'}", language),
                "severity": text(f"sharing.severity.{clause.severity}", language),
            }
        )
    return pd.DataFrame(rows, columns=list(COVERAGE_COLUMNS), dtype=object)
