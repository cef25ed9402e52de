"""Page "Ngầm hóa và chỉnh trang": a programme, one street or a drawn line; whom it concerns, ways needed, order of work, what to survey."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import streamlit as st
from streamlit_folium import st_folium

from hatang.data.contracts import HUE_CRS, HatangError, Kind
from hatang.data.figures import MISSING, is_missing, shown
from hatang.data.language import Language, error_text, text
from hatang.data.results import ResultSet
from hatang.pipeline.undergrounding import share_underground, underground_files
from hatang.reports.planfit import COLUMNS, fit_headings, worded_fit
from hatang.reports.underground_workbook import street_subjects, worded_streets
from hatang.web import chrome, runs, state
from hatang.web.maps import drawing_map
from hatang.web.road_page import drawn_lines
from hatang.web.state import language, say
from hatang.web.symbols import underground_legend
from hatang.web.underground_map import underground_map
from hatang.web.waiting import Screen, plain
from hatang.web.words import known, operator_name

_HEIGHT: Final = 480
_LISTED: Final = 500
_MEDIA: Final = {
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".gpkg": "application/geopackage+sqlite3",
}
_TABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "streets": {
        "street_name": "",
        "measure": "",
        "status": "",
        "length_m": "m",
        "owners": "assets",
        "poles": "assets",
        "uncounted": "assets",
        "ways": "ways",
        "ways_basis": "",
        "dead_cable_m": "m",
        "subscribers": "assets",
        "promoter": "",
        "document": "",
        "document_date": "",
    },
    "order": {"street_name": "", "rank": "assets", "step": ""},
    "suggestions": {"street_name": "", "kind": "", "amount": "m", "unit": "", "owners_named": ""},
    "owners": {
        "street_name": "",
        "owner": "",
        "contact": "",
        "poles": "assets",
        "uncounted": "assets",
        "cables": "ways",
        "ducts_m": "m",
    },
    "survey": {"street_name": "", "rank": "assets", "asset_class": "", "asset_id": "", "owner": "", "contact": "", "chainage_m": "m"},
}
"""Columns of each table and their units; none for words."""


def show() -> None:
    """Draw the page."""
    st.title(say("web.page.underground"))
    with chrome.errors_spoken():
        city = runs.current(state.settings(), st.session_state.get(state.RUN))
        if city is None:
            st.info(say("web.map.empty"))
            return
        chrome.labels(city)
        answer: ResultSet | None = st.session_state.get(state.UNDERGROUND_RESULT)
        if answer is None or (answer.period, answer.as_of) != (city.period, city.as_of):
            _ask(city)
        else:
            _answer(answer, city)


def _ask(city: ResultSet) -> None:
    """Offer the programme filed, a street by name, and a line drawn on the map."""
    st.markdown(say("web.underground.how"))
    wards = runs.screen_wards(runs.home_of(state.settings()).home, city.run_id)
    left, right = st.columns([1.7, 1], gap="medium")
    with left:
        drawn = st_folium(
            drawing_map(wards, gpd.GeoDataFrame(city.tables["assets"]), gpd.GeoDataFrame(city.tables["works"]), language()),
            key="underground_drawing",
            height=_HEIGHT,
            use_container_width=True,
            returned_objects=["all_drawings"],
        )
    with right:
        filed = any(entry.get("kind") == Kind.UNDERGROUNDING for entry in city.inputs)
        if not filed:
            st.info(say("web.underground.no_programme"))
        if st.button(say("web.underground.programme"), type="primary", disabled=not filed, key="underground_programme", width="stretch"):
            _compute(city)
        st.divider()
        name = st.text_input(say("web.underground.street"), key="underground_street", max_chars=120)
        if st.button(say("web.underground.one"), disabled=not name.strip(), key="underground_one", width="stretch"):
            _compute(city, street=name)
        st.divider()
        lines = drawn_lines((drawn or {}).get("all_drawings"), name)
        length = shown(float(lines.to_crs(HUE_CRS).length.sum()), "m", language())
        st.caption(say("web.road.drawn", lines=len(lines), metres=length) if len(lines) else say("web.road.none_drawn"))
        if st.button(say("web.underground.line"), disabled=lines.empty, key="underground_line", width="stretch"):
            _compute(city, road=lines)


def _compute(city: ResultSet, **what: Any) -> None:
    """Work it out for the period and date on the map and keep it, or say why not."""
    screen = Screen()
    try:
        st.session_state[state.UNDERGROUND_RESULT] = share_underground(
            runs.home_of(state.settings()), period=city.period, as_of=city.as_of, progress=screen, **what
        )
    except HatangError as error:
        screen.done()
        st.error(plain(error_text(error, language())))
        return
    screen.done()
    st.rerun()


def _answer(answer: ResultSet, city: ResultSet) -> None:
    """Show figures, map, tables, how it fits plans, and the files."""
    chosen = language()
    streets, survey = (gpd.GeoDataFrame(answer.tables[f"underground_{name}"]) for name in ("streets", "survey"))
    figures = {
        "streets": (len(streets), "assets"),
        "length_m": (float(streets["length_m"].sum()), "m"),
        "uncounted": (int(streets.loc[streets["ways_basis"] != "not_needed", "uncounted"].sum()), "assets"),
        "survey": (len(survey), "assets"),
    }
    columns = st.columns(len(figures) + 1, vertical_alignment="bottom")
    for column, (name, (value, unit)) in zip(columns, figures.items(), strict=False):
        column.metric(say(f"web.underground.figure.{name}"), shown(value, unit, chosen))
    if columns[-1].button(say("web.underground.another"), key="underground_another", width="stretch"):
        st.session_state[state.UNDERGROUND_RESULT] = None
        st.rerun()
    st.caption(say("web.underground.preliminary"))
    wards = runs.screen_wards(runs.home_of(state.settings()).home, city.run_id)
    drawn = underground_map(wards, streets, gpd.GeoDataFrame(survey.head(_LISTED)), chosen)
    st_folium(drawn, key="underground_answer", height=_HEIGHT, use_container_width=True, returned_objects=[])
    st.html(underground_legend(chosen))
    for name in _TABLES:
        title = say(f"underground.sheet.{name}")
        st.subheader(title)
        rows = street_rows(answer, name, chosen)
        if rows.empty:
            st.caption(say(f"web.underground.no_{name}"))
        else:
            chrome.table(rows, title)
    st.subheader(say("planfit.sheet"))
    st.caption(say("planfit.what"))
    fit = worded_fit(answer.tables["underground_fit"], street_subjects(answer, chosen), chosen)[list(COLUMNS[1:])]
    chrome.table(fit.map(known).set_axis(fit_headings(chosen)[1:], axis=1), say("planfit.sheet"))
    notes = answer.tables["underground_notes"]
    if len(notes):
        words = ", ".join(f"{row['id']} ({say('sharing.note.' + row['code'])})" for row in notes.to_dict("records"))
        st.warning(plain(say("web.underground.left_out", streets=words)))
    st.subheader(say("web.downloads.title"))
    for column, (name, content) in zip(st.columns(2), underground_files(answer, chosen).items(), strict=True):
        mime = _MEDIA[Path(name).suffix]
        column.download_button(name, content, file_name=name, mime=mime, key=f"underground-{name}", on_click="ignore", width="stretch")


def street_rows(answer: ResultSet, name: str, language: Language) -> pd.DataFrame:
    """Return one of the tables as people read it: figures by the one rounding, firms by their names, the sign for what is not known."""
    columns = _TABLES[name]
    names = answer.tables["underground_streets"].set_index("street_id")["street_name"]
    frame = worded_streets(answer.tables[f"underground_{name}"].head(_LISTED), language)
    frame["street_name"] = frame["street_id"].map(names)
    if "owner" in columns:
        frame["owner"] = [operator_name(owner, language) for owner in frame["owner"]]
    if "owners_named" in columns:
        frame["owners_named"] = [", ".join(operator_name(owner, language) for owner in cell.split(", ")) for cell in frame["owners_named"]]
    if "document" in columns:
        lacking = text("planfit.needs_document", language)
        frame["document"] = [lacking if is_missing(document) else document for document in frame["document"]]
    shown_columns = {
        column: [shown(value, unit, language) if unit else MISSING if is_missing(value) else str(value) for value in frame[column]]
        for column, unit in columns.items()
    }
    return pd.DataFrame(shown_columns).set_axis([text(f"underground.column.{column}", language) for column in columns], axis=1)
