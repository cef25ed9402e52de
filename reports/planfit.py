"""Whether suggestions fit what plans and zones ask, in words: fits, does not, or no data, with the document and the days it holds."""

from typing import Any, Final

import pandas as pd

from hatang.data.contracts import PLAN_FIT
from hatang.data.figures import is_missing, shown_date
from hatang.data.language import Language, text
from hatang.reports.bargain_sheets import firms_named
from hatang.reports.workbook import write_sheet

COLUMNS: Final = ("suggestion_id", "subject", "constraint_kind", "fit", "fit_reason", "constraint_name", "document", "in_force")
FITS: Final = ("does_not_fit", "no_data", "fits")
"""What does not fit outranks what is not known, and that what fits."""


def worded_fit(fit: pd.DataFrame, subjects: pd.Series, language: Language) -> pd.DataFrame:
    """Return the table in words, what does not fit first, then what is not known.

    Parameters
    ----------
    fit
        PLAN_FIT contract.
    subjects
        What each suggestion is about, in words, by `suggestion_id`.
    """
    rows = pd.DataFrame(PLAN_FIT.conform(fit)).sort_values("fit", key=lambda codes: codes.map(FITS.index), kind="stable")
    asked = text("planfit.needs_document", language)
    return pd.DataFrame(
        {
            "suggestion_id": list(rows["suggestion_id"]),
            "subject": [subjects.get(name) for name in rows["suggestion_id"]],
            "constraint_kind": [text(f"planfit.kind.{code}", language) for code in rows["constraint_kind"]],
            "fit": [text(f"planfit.fit.{code}", language) for code in rows["fit"]],
            "fit_reason": [text(f"planfit.reason.{code}", language) for code in rows["reason"]],
            "constraint_name": list(rows["constraint_name"]),
            "document": [
                asked if not is_missing(lacks) and lacks else document
                for document, lacks in zip(rows["document"], rows["needs_document"], strict=True)
            ],
            "in_force": [
                None if is_missing(first) and is_missing(last) else _days(first, last, language)
                for first, last in zip(rows["valid_from"], rows["valid_to"], strict=True)
            ],
        },
        columns=list(COLUMNS),
    )


def fit_verdicts(fit: pd.DataFrame, language: Language) -> pd.Series:
    """Return one word a suggestion, by `suggestion_id`: does not fit where one constraint says so, no data where one is not known.

    A suggestion that no kind of constraint speaks of has none.
    """
    rank = {code: place for place, code in enumerate(FITS)}
    worst = PLAN_FIT.conform(fit).assign(rank=lambda rows: rows["fit"].map(rank)).groupby("suggestion_id")["rank"].min()
    return worst.map({place: text(f"planfit.fit.{code}", language) for code, place in rank.items()}).astype(object)


def suggestion_subjects(suggestions: pd.DataFrame, about: str, language: Language, *, numbered: bool = False) -> pd.Series:
    """Return the kind of each suggestion and what column `about` says of it, in words, by `suggestion_id`; first its rank if numbered."""
    ranks = [f"{rank}. " for rank in suggestions["rank"]] if numbered else [""] * len(suggestions)
    words = [
        rank + text(f"suggestion.{kind}", language) + ("" if is_missing(name) else f": {firms_named(name)}")
        for rank, kind, name in zip(ranks, suggestions["kind"], suggestions[about], strict=True)
    ]
    return pd.Series(words, index=list(suggestions["suggestion_id"]), dtype=object)


def fit_headings(language: Language) -> list[str]:
    """Return the headings of `worded_fit`."""
    return [text(f"planfit.column.{name}", language) for name in COLUMNS]


def fit_sheet(
    book: Any, fit: pd.DataFrame, subjects: pd.Series, bold: Any, language: Language, *, note: str, name: str = "planfit.sheet"
) -> None:
    """Write the sheet on how suggestions fit plans and zones; message `name` is its name, as its workbook names sheets."""
    rows = worded_fit(fit, subjects, language).to_numpy(object).tolist()
    title = text("planfit.what", language)
    write_sheet(book, text(name, language), fit_headings(language), rows, bold, title=title, note=note)


def _days(first: Any, last: Any, language: Language) -> str:
    """Return the days between which a constraint holds; a day that is not written is left out."""
    said = [shown_date(None if is_missing(day) else day, language) for day in (first, last)]
    return text("planfit.days", language, first=said[0], last=said[1])
