"""How suggestions fit plans and zones, under the suggestions of a page: in figures, and each with document and days."""

from typing import Final

import pandas as pd
import streamlit as st

from hatang.data.figures import shown
from hatang.reports.planfit import COLUMNS, FITS, fit_headings, fit_verdicts, suggestion_subjects, worded_fit
from hatang.web import chrome
from hatang.web.state import language, say
from hatang.web.words import known

_LISTED: Final = 500


def fit_section(fit: pd.DataFrame | None, suggestions: pd.DataFrame, about: str, *, numbered: bool = False) -> None:
    """Show whether each suggestion fits, what does not fit first; say so where no constraint speaks of any.

    Parameters
    ----------
    fit
        PLAN_FIT contract; `None` where the run is older than the table.
    suggestions
        `suggestion_id`, `kind`, and the column `about` that tells them apart; `rank` where they are numbered.
    """
    chosen = language()
    st.markdown(f"**{say('planfit.sheet')}**")
    if fit is None or fit.empty:
        st.caption(say("web.planfit.none"))
        return
    counts = fit_verdicts(fit, chosen).value_counts()
    words = [say(f"planfit.fit.{code}") for code in FITS]
    st.markdown(" · ".join(f"{word}: **{shown(counts[word], 'assets', chosen)}**" for word in words if word in counts))
    st.caption(say("planfit.what"))
    subjects = suggestion_subjects(suggestions, about, chosen, numbered=numbered)
    rows = worded_fit(fit, subjects, chosen)[list(COLUMNS[1:])].head(_LISTED)
    chrome.table(rows.map(known).set_axis(fit_headings(chosen)[1:], axis=1), say("planfit.sheet"))
    if len(fit) > _LISTED:
        st.caption(say("web.planfit.more", shown=_LISTED, total=len(fit)))
