"""Page "Chỉ số dùng chung": each ratio with numerator, denominator and what is not known, masts near gaps, and the files of both."""

from collections.abc import Iterable
from typing import Final

import pandas as pd
import streamlit as st

from hatang.data.figures import shown
from hatang.data.language import Language, text
from hatang.data.results import ResultSet
from hatang.pipeline.kpis import with_roads
from hatang.reports.planfit import fit_verdicts
from hatang.reports.sharing_kpis import kpis_csv, kpis_workbook, worded
from hatang.web import chrome, runs, state
from hatang.web.declared_section import declared_section
from hatang.web.fit_section import fit_section
from hatang.web.state import language, say
from hatang.web.words import known, operator_name

_SCOPES: Final = ("city", "ward", "firm")
_FIGURES: Final = ("numerator", "denominator", "unknown")
_HEADLINES: Final = ("shared_bts_share", "shared_poles_share", "shared_ducts_share")
_MASTS_SHOWN: Final = 500


def show() -> None:
    """Draw the page."""
    st.title(say("web.page.kpi"))
    with chrome.errors_spoken():
        results = runs.current(state.settings(), st.session_state.get(state.RUN))
        if results is None:
            st.info(say("web.map.empty"))
            return
        chrome.labels(results)
        if "sharing_kpis" not in results.tables:
            st.info(say("web.kpi.none"))
            return
        _indicators(with_roads(results, runs.home_of(state.settings())))
        declared_section(results.tables.get("declared"))
        _masts(results)


def _indicators(results: ResultSet) -> None:
    chosen = language()
    kpis = pd.DataFrame(results.tables["sharing_kpis"])
    declared = results.tables["scorecard"].set_index("indicator")["declared"]
    city = kpis[kpis["scope"] == "city"].set_index("indicator")
    for column, name in zip(st.columns(len(_HEADLINES)), _HEADLINES, strict=True):
        column.metric(say(f"indicator.{name}"), shown(city.loc[name, "share"], "share", chosen))
        column.caption(say("web.kpi.declared", value=shown(declared.get(name), "share", chosen)))
    st.caption(say("web.kpi.what"))
    scope = st.radio(
        say("sharing.kpi.column.scope_name"),
        _SCOPES,
        format_func=lambda name: text(f"sharing.kpi.sheet.{name}", chosen),
        key=state.KPI_SCOPE,
        horizontal=True,
    )
    chrome.table(kpi_list(kpis[kpis["scope"] == scope], chosen), say("web.page.kpi"))
    with st.expander(say("sharing.kpi.column.definition")):
        st.markdown("\n".join(f"- **{say(f'indicator.{name}')}**: {say(f'sharing.kpi.definition.{name}')}" for name in city.index))
    book, table = st.columns(2)
    book.download_button("XLSX", kpis_workbook(results, chosen), file_name="chi-so-dung-chung.xlsx", on_click="ignore", width="stretch")
    table.download_button("CSV", kpis_csv(results), file_name="chi-so-dung-chung.csv", on_click="ignore", width="stretch")


def _masts(results: ResultSet) -> None:
    st.header(say("web.kpi.masts"))
    found = results.tables.get("mast_suggestions")
    if found is None or found.empty:
        st.caption(say("web.kpi.no_masts"))
        return
    st.caption(say("web.kpi.masts_what", needs=found["need_id"].nunique(), rows=len(found), most=_MASTS_SHOWN))
    chrome.table(mast_list(pd.DataFrame(found), results.tables["gaps"], language(), results.tables.get("mast_fit")), say("web.kpi.masts"))
    with st.expander(say("planfit.sheet")):
        fit_section(results.tables.get("mast_fit"), pd.DataFrame(found), "mast_id")


def kpi_list(kpis: pd.DataFrame, language: Language) -> pd.DataFrame:
    """Return indicators as people read them: every figure in the unit of its own row."""
    frame = worded(kpis, language)
    figures = {name: [shown(value, code, language) for value, code in zip(frame[name], kpis["unit"], strict=True)] for name in _FIGURES}
    frame = frame.assign(share=[shown(value, "share", language) for value in frame["share"]], **figures)
    frame["scope_name"] = [operator_name(name, language) for name in frame["scope_name"]]
    columns = ("indicator", "scope_name", "share", *_FIGURES, "unit")
    return frame[list(columns)].set_axis([text(f"sharing.kpi.column.{name}", language) for name in columns], axis=1)


def mast_list(masts: pd.DataFrame, gaps: pd.DataFrame, language: Language, fit: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return masts near gaps, those of the gaps ranked first on top, and whether each fits plans (`fit`); distances and heights in m."""
    verdicts = pd.Series(dtype=object) if fit is None else fit_verdicts(fit, language)
    order = gaps.set_index("gap_id")["rank"]
    wards = gaps.set_index("gap_id")["ward_name"]
    rows = masts.assign(_order=masts["need_id"].map(order)).sort_values(["_order", "rank"], kind="stable").head(_MASTS_SHOWN)
    columns: dict[str, Iterable[object]] = {
        "gap": rows["_order"].map(known),
        "ward": rows["need_id"].map(wards).map(known),
        "firms": [", ".join(operator_name(name, language) for name in str(cell).split(", ")) for cell in rows["operators"]],
        "action": [text(f"mast.action.{code}", language) for code in rows["action"]],
        "mast": rows["mast_id"].map(known),
        "owner": [operator_name(name, language) for name in rows["owner"]],
        "distance_m": [shown(value, "m", language) for value in rows["distance_m"]],
        "free_height_m": [shown(value, "m", language) for value in rows["free_height_m"]],
        "tenants": rows["tenants"].astype(object).map(known),
        "fit": [known(verdicts.get(name)) for name in rows["suggestion_id"]],
    }
    table = pd.DataFrame({name: list(values) for name, values in columns.items()})
    return table.set_axis([text(f"web.kpi.column.{name}", language) for name in columns], axis=1)
