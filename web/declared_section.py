"""Declared figures beside ours on a page: date, source, definition, the difference, and why two figures are not compared."""

from typing import Final

import pandas as pd
import streamlit as st

from hatang.data.figures import MISSING, is_missing, shown
from hatang.data.language import Language
from hatang.reports.declared_sheet import DECLARED_COLUMNS, declared_rows
from hatang.web import chrome
from hatang.web.state import language, say
from hatang.web.words import known

_FIGURES: Final = {"declared": "unit", "counted": "counted_unit", "lo": "counted_unit", "hi": "counted_unit", "difference": "unit"}
"""Column of figures → column with its unit."""


def declared_section(declared: pd.DataFrame | None) -> None:
    """Show every declared figure with ours; say which template is filled where nothing is declared.

    Parameters
    ----------
    declared
        DECLARED contract; `None` where the run is older than the table.
    """
    st.header(say("web.declared.title"))
    if declared is None or declared.empty:
        st.info(say("web.declared.none"))
        return
    st.caption(say("web.declared.what"))
    chrome.table(declared_list(declared, language()), say("web.declared.title"))


def declared_list(declared: pd.DataFrame, language: Language) -> pd.DataFrame:
    """Return declared figures (DECLARED contract) as people read them: each in the unit of its row, the sign for what is not known."""
    header, rows = declared_rows(declared, language)
    table = pd.DataFrame(rows, columns=list(DECLARED_COLUMNS), dtype=object)
    for name, unit in _FIGURES.items():
        cells = zip(declared[name], declared[unit], strict=True)
        table[name] = [MISSING if is_missing(value) or is_missing(code) else shown(value, str(code), language) for value, code in cells]
    return table.map(known).set_axis(header, axis=1)
