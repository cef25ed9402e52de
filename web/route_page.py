"""Page "Tuyến cáp": an operator's need from here to there, the route on what exists, whom to call, what to survey first."""

from typing import Final

import geopandas as gpd
import pandas as pd
import shapely
import streamlit as st
from streamlit_folium import st_folium

from hatang.data.contracts import MAP_CRS, HatangError
from hatang.data.figures import shown
from hatang.data.language import error_text, text
from hatang.data.results import ResultSet
from hatang.data.rules import rule_value, rules_in_force
from hatang.pipeline.needroute import Place, place_of, share_route
from hatang.pipeline.runs import marked
from hatang.reports.route_workbook import need_words, worded
from hatang.web import chrome, runs, state
from hatang.web.downloads import downloads
from hatang.web.maps import drawing_map
from hatang.web.road_page import drawn_lines
from hatang.web.route_map import route_map
from hatang.web.state import language, say
from hatang.web.symbols import route_legend
from hatang.web.waiting import Screen, plain

_HEIGHT: Final = 540
_LEGS: Final = ("leg", "leg_kind", "owner", "road_name", "length_m", "asset_count", "spare", "room_known")
_OWNERS: Final = (
    "owner",
    "contact",
    "duct_m",
    "span_m",
    "asset_count",
    "spare",
    "rent_vnd_year",
    "rent_from",
    "rent_source",
    "rent_verified",
)
_SURVEY: Final = ("rank", "leg_kind", "owner", "contact", "length_m", "dig_m_saved", "dig_m_lost", "asset_count", "assets")


def show() -> None:
    """Draw the page."""
    st.title(say("web.route.title"))
    with chrome.errors_spoken():
        city = runs.current(state.settings(), st.session_state.get(state.RUN))
        if city is None:
            st.info(say("web.map.empty"))
            return
        chrome.labels(city)
        answer: ResultSet | None = st.session_state.get(state.ROUTE_RESULT)
        if answer is None or (answer.period, answer.as_of) != (city.period, city.as_of):
            _ask(city)
        else:
            _answer(answer, city)


def _ask(city: ResultSet) -> None:
    """Take both ends, by words or by a line drawn, and what is needed between them."""
    st.markdown(say("web.route.how"))
    wards = runs.screen_wards(runs.home_of(state.settings()).home, city.run_id)
    left, right = st.columns([1.7, 1], gap="medium")
    with left:
        drawn = st_folium(
            drawing_map(wards, gpd.GeoDataFrame(city.tables["assets"]), gpd.GeoDataFrame(city.tables["works"]), language()),
            key="route_draw",
            height=_HEIGHT,
            use_container_width=True,
            returned_objects=["all_drawings"],
        )
        st.caption(say("web.road.traces"))
    with right:
        lines = drawn_lines((drawn or {}).get("all_drawings"), "")
        ends = _ends_of(lines.geometry.iloc[-1]) if len(lines) else None
        start = st.text_input(say("web.route.start"), key="route_start", max_chars=60, placeholder="16.4637, 107.5909")
        end = st.text_input(say("web.route.end"), key="route_end", max_chars=60, placeholder="16.4800, 107.6100")
        if ends is not None and not (start.strip() or end.strip()):
            st.caption(say("web.route.drawn", start=_spelled(ends[0]), end=_spelled(ends[1])))
        ways = st.number_input(say("web.route.ways"), min_value=1, max_value=48, value=1, key="route_ways")
        poles = st.checkbox(say("web.route.poles"), value=True, key="route_poles")
        given = bool(start.strip() and end.strip()) or ends is not None
        if st.button(say("web.route.compute"), type="primary", disabled=not given, key="compute_route", width="stretch"):
            _find(start, end, ends, int(ways), city, poles=poles)


def _ends_of(line: shapely.Geometry) -> tuple[Place, Place]:
    """Return both ends of a line drawn as latitude and longitude."""
    (x, y), (end_x, end_y) = shapely.get_coordinates(line)[[0, -1]].tolist()
    return (y, x), (end_y, end_x)


def _spelled(place: Place) -> str:
    return f"{place[0]:.5f}, {place[1]:.5f}"


def _find(start: str, end: str, ends: tuple[Place, Place] | None, ways: int, city: ResultSet, *, poles: bool) -> None:
    """Compute the route and keep it, or say why there is none; what was written goes before what was drawn."""
    screen = Screen()
    home = runs.home_of(state.settings())
    try:
        first, last = (place_of(start), place_of(end)) if ends is None or start.strip() or end.strip() else ends
        found = share_route(first, last, home, ways=ways, poles=poles, period=city.period, as_of=city.as_of, progress=screen)
    except HatangError as error:
        screen.done()
        st.error(plain(error_text(error, language())))
        return
    st.session_state[state.ROUTE_RESULT] = found
    screen.done()
    st.rerun()


def _answer(answer: ResultSet, city: ResultSet) -> None:
    """Show the variants side by side, one of them on the map, whom to call, what to survey, and the files."""
    chosen = language()
    answer = marked(answer, runs.home_of(state.settings()))
    need = gpd.GeoDataFrame(answer.tables["route_need"], geometry="geometry", crs=MAP_CRS)
    st.markdown(f"**{plain(say('sharing.route.title', **need_words(need.iloc[0], chosen)))}**")
    totals = {str(row["variant"]): row for row in answer.tables["route_totals"].to_dict("records")}
    variants = list(totals)
    best = "known" if "known" in variants else variants[-1]
    figures = st.columns([1, 1, 1, 1, 1], vertical_alignment="bottom")
    here, surveyed = totals[best], totals["surveyed"]
    extra = here["dig_m"] - surveyed["dig_m"]
    told = {"dig": here["dig_m"], "reuse": here["reuse_m"], "saved": here["dig_m_saved"], "if_surveyed": extra}
    for column, (name, value) in zip(figures, told.items(), strict=False):
        column.metric(say(f"web.route.{name}"), f"{shown(value, 'm', chosen)} m")
    if figures[4].button(say("web.route.another"), key="route_another", width="stretch"):
        st.session_state[state.ROUTE_RESULT] = None
        st.rerun()
    share = shown(rule_value(rules_in_force(answer.as_of), "reuse_m_share"), "share", chosen)
    st.caption(say("web.route.approximate", share=share))
    variant = st.radio(
        say("web.route.shown"),
        variants,
        index=variants.index(best),
        format_func=lambda name: text(f"sharing.variant.{name}", chosen),
        horizontal=True,
        key="route_variant",
    )
    _legs(answer, city, need, variant)
    _owners(answer, variant)
    _survey(answer)
    with st.expander(say("web.downloads.title"), expanded=True):
        downloads(answer, scope="city")


def _legs(answer: ResultSet, city: ResultSet, need: gpd.GeoDataFrame, variant: str) -> None:
    """Draw one variant and list its legs."""
    legs = answer.tables["route_legs"]
    mine = gpd.GeoDataFrame(legs[legs["variant"] == variant], geometry="geometry", crs=MAP_CRS)
    left, right = st.columns([1.25, 1], gap="medium")
    with left:
        wards = runs.screen_wards(runs.home_of(state.settings()).home, city.run_id)
        drawn = route_map(wards, gpd.GeoDataFrame(answer.tables["assets"]), mine, need, language())
        st_folium(drawn, key="route_answer", height=_HEIGHT, use_container_width=True, returned_objects=[])
        st.html(route_legend(language()))
    with right:
        st.markdown(f"**{say('sharing.sheet.route_legs')}**")
        _table("route_legs", pd.DataFrame(mine.drop(columns="geometry")), _LEGS)


def _owners(answer: ResultSet, variant: str) -> None:
    """List whom to call."""
    owners = answer.tables["route_owners"]
    mine = owners[owners["variant"] == variant]
    st.markdown(f"**{say('sharing.sheet.route_owners')}**")
    if mine.empty:
        st.caption(say("web.route.no_owner"))
        return
    _table("route_owners", mine, _OWNERS)
    st.caption(say("web.route.rent_note"))


def _survey(answer: ResultSet) -> None:
    """List what to survey first."""
    st.markdown(f"**{say('sharing.sheet.route_survey')}**")
    if answer.tables["route_survey"].empty:
        st.caption(say("web.route.no_survey"))
        return
    _table("route_survey", pd.DataFrame(answer.tables["route_survey"]).drop(columns="geometry"), _SURVEY)


def _table(name: str, frame: pd.DataFrame, columns: tuple[str, ...]) -> None:
    """Show a table of the route in words, numbers as numbers."""
    rows = worded(name, frame, language())[list(columns)]
    figures = {column: 0 for column in columns if "_m" in column or column == "rent_vnd_year"}
    rows = rows.round(figures).rename(columns={column: say(f"sharing.column.{column}") for column in columns})
    chrome.table(rows, say(f"sharing.sheet.{name}"))
