"""Page "Thiết kế chung": wards are chosen, the plans there designed together; map, certificate, who pays what, files."""

from typing import Final

import geopandas as gpd
import streamlit as st
from streamlit_folium import st_folium

from hatang.data.contracts import MAP_CRS, HatangError
from hatang.data.figures import shown, shown_date
from hatang.data.language import error_text
from hatang.data.results import ResultSet
from hatang.pipeline.jointdesign import Ask, plans_by_ward, share_design
from hatang.reports.design_words import certificate, noted
from hatang.web import chrome, runs, state
from hatang.web.design_map import design_map
from hatang.web.downloads import downloads
from hatang.web.listing import design_edge_list, design_note_list, design_operator_list
from hatang.web.state import language, say
from hatang.web.symbols import design_legend
from hatang.web.waiting import Screen, plain

_HEIGHT: Final = 520
_EXACT_S: Final = 60.0
_QUICK_S: Final = 10.0


def show() -> None:
    """Draw the page."""
    st.title(say("web.design.title"))
    with chrome.errors_spoken():
        city = runs.current(state.settings(), st.session_state.get(state.RUN))
        if city is None:
            st.info(say("web.map.empty"))
            return
        chrome.labels(city)
        st.markdown(say("web.design.how"))
        answer: ResultSet | None = st.session_state.get(state.DESIGN_RESULT)
        if answer is None or (answer.period, answer.as_of) != (city.period, city.as_of):
            _ask(city)
        else:
            _answer(answer, city)


def _ask(city: ResultSet) -> None:
    """Offer the wards that have plans, and design what is chosen; the button to stop draws the page anew, which ends the work."""
    home = runs.home_of(state.settings())
    counts = plans_by_ward(home, city)
    if not counts:
        st.info(say("web.design.no_plans"))
        return
    names = city.tables["wards"].set_index("ward_code")["ward_name"]
    chosen = st.multiselect(
        say("web.design.wards"),
        sorted(counts, key=lambda code: (-counts[code], code)),
        format_func=lambda code: say("web.design.ward", name=names[code], plans=counts[code]),
        key="design_wards",
        placeholder=say("web.design.choose"),
    )
    exact = st.checkbox(say("web.design.exact", seconds=shown(_EXACT_S, "assets", language())), key="design_exact")
    if not st.button(say("web.design.compute"), type="primary", key="compute_design", disabled=not chosen):
        return
    screen = Screen()
    st.button(say("web.design.stop"), key="stop_design")
    try:
        ask = Ask(wards=tuple(chosen), exact=exact, seconds=_EXACT_S if exact else _QUICK_S)
        st.session_state[state.DESIGN_RESULT] = share_design(ask, home, period=city.period, as_of=city.as_of, progress=screen)
    except HatangError as error:
        screen.done()
        st.error(plain(error_text(error, language())))
        return
    screen.done()
    st.rerun()


def _answer(answer: ResultSet, city: ResultSet) -> None:
    """Show the design: figures, certificate, map, who pays what, stretches, notes, files."""
    here = language()
    edges = gpd.GeoDataFrame(answer.tables["design_edges"], geometry="geometry", crs=MAP_CRS)
    operators, notes = answer.tables["design_operators"], noted(answer, here)
    whole = answer.tables["design_totals"].iloc[0]
    unit = str(whole["unit"])
    if st.button(say("web.design.another"), key="another_design"):
        del st.session_state[state.DESIGN_RESULT]
        st.rerun()
    shares = {"dug": whole["dug_m"], "rented": whole["rented_m"], f"cost.{unit}": whole["cost"], f"saved.{unit}": whole["saved"]}
    for column, (name, value) in zip(st.columns(4), shares.items(), strict=True):
        column.metric(say(f"web.design.{name}"), shown(value, unit if "." in name else "m", here))
    st.success(plain(certificate(answer, here)))
    st.caption(say("web.design.certificate", as_of=shown_date(answer.as_of, here)))
    wards = runs.screen_wards(runs.home_of(state.settings()).home, city.run_id)
    st_folium(design_map(wards, edges, here), key="design_answer", height=_HEIGHT, use_container_width=True, returned_objects=[])
    st.html(design_legend(here))
    st.markdown(f"**{say('web.design.operators')}**")
    chrome.table(design_operator_list(operators, here), say("web.design.operators"))
    st.caption(say("web.design.shares", unit=say(f"share.design.unit.{unit}")))
    st.caption(say("share.design.core" if whole["in_core"] else "share.design.no_core"))
    st.markdown(f"**{say('web.design.stretches')}**")
    chrome.table(design_edge_list(edges, here), say("web.design.stretches"))
    if len(notes):
        st.markdown(f"**{say('web.design.notes')}**")
        chrome.table(design_note_list(notes, here), say("web.design.notes"))
    with st.expander(say("web.downloads.title"), expanded=True):
        downloads(answer, scope="city")
