"""Page "Lịch công trình": whose plans and works meet, on the map, in a table and on a calendar; what each plan should do by when."""

import datetime as dt
from typing import Final

import altair as alt
import geopandas as gpd
import pandas as pd
import streamlit as st
from streamlit_folium import st_folium

from hatang.data.contracts import MAP_CRS, HatangError
from hatang.data.figures import shown
from hatang.data.language import error_text
from hatang.data.results import ResultSet
from hatang.pipeline.works import share_works
from hatang.web import chrome, runs, state
from hatang.web.downloads import downloads
from hatang.web.listing import group_list, note_list, pair_list, timing_list
from hatang.web.maps import works_map
from hatang.web.state import language, say
from hatang.web.symbols import works_legend
from hatang.web.waiting import Screen, plain
from hatang.web.words import operator_name

_HEIGHT: Final = 480
_SOON_DAYS: Final = 60
_COLOURS: Final = {"plan": "#2E7EBB", "works": "#8A5A00", "deadline": "#C44E00", "moratorium": "#8A949D"}
_ROW_PX: Final = 18
_MOST_BARS: Final = 60


def show() -> None:
    """Draw the page."""
    st.title(say("web.works.title"))
    with chrome.errors_spoken():
        city = runs.current(state.settings(), st.session_state.get(state.RUN))
        if city is None:
            st.info(say("web.map.empty"))
            return
        chrome.labels(city)
        st.markdown(say("web.works.how"))
        answer: ResultSet | None = st.session_state.get(state.WORKS_RESULT)
        if answer is None or (answer.period, answer.as_of) != (city.period, city.as_of):
            _ask(city)
        else:
            _answer(answer, city)


def _ask(city: ResultSet) -> None:
    """Offer to compare plans and works for the period and date on the map."""
    if not st.button(say("web.works.compute"), type="primary", key="compute_works"):
        return
    screen = Screen()
    try:
        st.session_state[state.WORKS_RESULT] = share_works(
            runs.home_of(state.settings()), period=city.period, as_of=city.as_of, progress=screen
        )
    except HatangError as error:
        screen.done()
        st.error(plain(error_text(error, language())))
        return
    screen.done()
    st.rerun()


def _answer(answer: ResultSet, city: ResultSet) -> None:
    """Show who meets whom, the groups, the advice and the calendar, for the firms picked."""
    chosen = language()
    found = gpd.GeoDataFrame(answer.tables["overlaps"], geometry="geometry", crs=MAP_CRS)
    groups, timing, bars = (answer.tables[name] for name in ("overlap_groups", "timing", "calendar"))
    soon = _due_soon(timing, answer.as_of)
    figures = st.columns(4)
    for column, (name, value) in zip(
        figures,
        {"pairs": len(found), "groups": len(groups), "join": int((timing["advice"] == "join").sum()), "soon": len(soon)}.items(),
        strict=True,
    ):
        column.metric(say(f"web.works.{name}", days=_SOON_DAYS), shown(value, "assets", chosen))
    parties = sorted({*found["left_owner"].dropna(), *found["right_owner"].dropna(), *timing["operator"].dropna()})
    picked = st.multiselect(
        say("web.works.parties"),
        parties,
        format_func=lambda name: operator_name(name, chosen),
        key="works_parties",
        placeholder=say("web.works.everybody"),
    )
    if picked:
        found = gpd.GeoDataFrame(found[found["left_owner"].isin(picked) | found["right_owner"].isin(picked)])
        groups = groups[groups["group"].isin(found["group"].dropna())]
        timing = timing[timing["operator"].isin(picked)]
        named = {*found["left_id"], *found["right_id"], *timing["plan_id"], *timing["work_id"].dropna()}
        bars = bars[bars["id"].isin(named)]
    if found.empty:
        st.info(say("web.works.nobody"))
    else:
        left, right = st.columns([1.25, 1], gap="medium")
        with left:
            wards = runs.screen_wards(runs.home_of(state.settings()).home, city.run_id)
            works = gpd.GeoDataFrame(answer.tables["works"])
            st_folium(
                works_map(wards, works, found, chosen),
                key="works_answer",
                height=_HEIGHT,
                use_container_width=True,
                returned_objects=[],
            )
            st.html(works_legend(chosen))
        with right:
            st.markdown(f"**{say('web.works.groups')}**")
            chrome.table(group_list(groups, chosen), say("web.works.groups"))
            st.caption(say("web.works.spared"))
            st.markdown(f"**{say('web.works.who')}**")
            chrome.table(pair_list(found, chosen), say("web.works.who"))
    st.markdown(f"**{say('web.works.advice')}**")
    chrome.table(timing_list(timing, chosen), say("web.works.advice"))
    _calendar(bars)
    notes = answer.tables["works_notes"]
    if len(notes):
        st.markdown(f"**{say('web.works.left_out')}**")
        chrome.table(note_list(notes, chosen), say("web.works.left_out"))
    with st.expander(say("web.downloads.title"), expanded=True):
        downloads(answer, scope="city")


def _due_soon(timing: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    """Return the plans that have to decide within the next days."""
    first = pd.Timestamp(as_of)
    return timing[timing["decide_by"].between(first, first + pd.Timedelta(days=_SOON_DAYS))]


def _calendar(bars: pd.DataFrame) -> None:
    """Draw plans, works, deadlines and moratoria as bars, the earliest first."""
    st.markdown(f"**{say('web.works.calendar')}**")
    if bars.empty:
        st.caption(say("web.works.no_dates"))
        return
    order = list(dict.fromkeys(bars.sort_values(["start", "end"])["id"]))[:_MOST_BARS]
    words = {kind: say(f"sharing.bar.{kind}") for kind in _COLOURS}
    drawn = bars[bars["id"].isin(order)].assign(word=lambda frame: frame["kind"].map(words))
    drawn = drawn.assign(end=drawn["end"] + pd.Timedelta(days=1))  # the last day counts whole
    scale = alt.Scale(domain=list(words.values()), range=list(_COLOURS.values()))
    colour = alt.Color("word:N", title=None, scale=scale)
    chart = (
        alt.Chart(drawn[["id", "word", "start", "end", "days"]])
        .mark_bar(strokeWidth=2)
        .encode(
            x=alt.X("start:T", title=None, axis=alt.Axis(format="%m/%Y", orient="top")),
            x2="end:T",
            y=alt.Y("id:N", title=None, sort=order, axis=alt.Axis(labelOverlap=False)),
            color=colour.legend(orient="bottom"),
            stroke=alt.Stroke("word:N", legend=None, scale=scale),  # a single day stays visible
            tooltip=[
                alt.Tooltip("id:N", title=say("sharing.column.id")),
                alt.Tooltip("word:N", title=say("sharing.column.bar")),
                alt.Tooltip("start:T", title=say("sharing.column.start"), format="%d/%m/%Y"),
                alt.Tooltip("days:Q", title=say("sharing.column.days")),
            ],
        )
        .properties(height=alt.Step(_ROW_PX), description=say("web.works.calendar"))
    )
    st.altair_chart(chart, width="stretch")
    if bars["id"].nunique() > len(order):
        st.caption(say("web.works.more", shown=len(order), total=bars["id"].nunique()))
