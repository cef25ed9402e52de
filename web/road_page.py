"""Page "Đường mới": a road drawn or uploaded, and the first sharing answer along it."""

import datetime as dt
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import shapely
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile
from streamlit_folium import st_folium

from hatang.data.contracts import HUE_CRS, MAP_CRS, ROADS, Fault, HatangError, RefusedError
from hatang.data.figures import shown, shown_date
from hatang.data.language import error_text, text
from hatang.data.results import ResultSet
from hatang.pipeline.roadfile import read_road
from hatang.pipeline.runs import marked
from hatang.pipeline.share import share_road
from hatang.reports.bargain_sheets import clauses_named
from hatang.reports.sharing_lists import assumptions_text
from hatang.web import chrome, runs, state
from hatang.web.bargain_tables import leaving_list, rent_list, share_list, variant_list
from hatang.web.downloads import downloads
from hatang.web.fit_section import fit_section
from hatang.web.listing import call_list, suggestion_list, survey_list
from hatang.web.maps import drawing_map, road_map
from hatang.web.state import language, say
from hatang.web.symbols import road_legend
from hatang.web.waiting import Screen, plain

_HEIGHT: Final = 540
_TYPES: Final = ("geojson", "json", "gpkg", "zip", "dxf")
_ZONES: Final = ("EPSG:9214", "EPSG:3405", "EPSG:5899", "EPSG:4326")
"""What a file that names no coordinate system may be in: VN-2000 of Huế, VN-2000/UTM 48N, VN-2000 zone 3° 107°45′, degrees."""
_TOTALS: Final = {"road_m": "m", "dig_m_saved": "m", "assets_reuse": "assets", "assets_survey": "assets"}


def show() -> None:
    """Draw the page."""
    st.title(say("web.road.title"))
    with chrome.errors_spoken():
        city = runs.current(state.settings(), st.session_state.get(state.RUN))
        if city is None:
            st.info(say("web.map.empty"))
            return
        chrome.labels(city)
        answer: ResultSet | None = st.session_state.get(state.ROAD_RESULT)
        if answer is None:
            _ask(city)
        else:
            _answer(answer, city)


def _ask(city: ResultSet) -> None:
    """Offer both ways to give a road, and what was wrong with the last one."""
    st.markdown(say("web.road.how"))
    wards = runs.screen_wards(runs.home_of(state.settings()).home, city.run_id)
    left, right = st.columns([1.7, 1], gap="medium")
    with left:
        drawn = st_folium(
            drawing_map(wards, gpd.GeoDataFrame(city.tables["assets"]), gpd.GeoDataFrame(city.tables["works"]), language()),
            key=f"{state.ROAD_MAP}-{st.session_state.get(state.ROAD_MAP, 0)}",
            height=_HEIGHT,
            use_container_width=True,
            returned_objects=["all_drawings"],
        )
        st.caption(say("web.road.traces"))
    with right:
        name = st.text_input(say("web.road.name"), key=state.ROAD_NAME, max_chars=120)
        lines = drawn_lines((drawn or {}).get("all_drawings"), name)
        length = shown(float(lines.to_crs(HUE_CRS).length.sum()), "m", language())
        st.caption(say("web.road.drawn", lines=len(lines), metres=length) if len(lines) else say("web.road.none_drawn"))
        compute, clear = st.columns(2)
        if compute.button(say("web.road.compute"), type="primary", disabled=lines.empty, key="compute_drawn", width="stretch"):
            _share(lines, city)
        if clear.button(say("web.road.clear"), disabled=lines.empty, key="clear_drawn", width="stretch"):
            _clear()
        st.divider()
        file = st.file_uploader(
            say("web.road.upload"), type=list(_TYPES), key=f"{state.ROAD_FILE}-{st.session_state.get(state.ROAD_MAP, 0)}"
        )
        zone = st.selectbox(say("web.road.crs"), _ZONES, index=None, placeholder=say("web.road.crs_of_file"), key="road_crs")
        if st.button(say("web.road.compute_file"), type="primary", disabled=file is None, key="compute_file", width="stretch") and file:
            _share_file(file, zone, city)
    refusal: HatangError | None = st.session_state.get(state.ROAD_REFUSAL)
    if refusal is not None:
        st.error(plain(error_text(refusal, language())))
        if isinstance(refusal, RefusedError):
            chrome.faults_table(refusal.faults)


def drawn_lines(drawings: list[Mapping[str, Any]] | None, name: str) -> gpd.GeoDataFrame:
    """Return what was drawn as roads (ROADS contract, EPSG:4326); only lines count."""
    shapes = [shapely.geometry.shape(drawing["geometry"]) for drawing in drawings or ()]
    lines = [shape for shape in shapes if shape.geom_type == "LineString" and shape.length > 0]
    frame = pd.DataFrame(
        {"road_id": [f"ve-{place + 1}" for place in range(len(lines))], "road_name": name.strip() or None, "geometry": lines}
    )
    return gpd.GeoDataFrame(ROADS.conform(frame.astype({"road_id": "str"})), geometry="geometry", crs=MAP_CRS)


def _share_file(file: UploadedFile, zone: str | None, city: ResultSet) -> None:
    """Read an uploaded file under its own name, in a folder of its own, and compute its answer; what is to be said of it is kept."""
    with tempfile.TemporaryDirectory(prefix="hatang-") as folder:
        path = Path(folder) / (Path(file.name.replace("\0", "")).name or "duong")
        path.write_bytes(file.getbuffer())
        try:
            lines, said = read_road(path, runs.home_of(state.settings()), crs=zone)
        except HatangError as error:
            st.session_state[state.ROAD_REFUSAL] = error
            st.rerun()
    _share(lines, city, said=said)


def _share(road: gpd.GeoDataFrame, city: ResultSet, *, said: tuple[Fault, ...] = ()) -> None:
    """Compute the answer for the period and date on the map and keep it, or keep why it was refused."""
    screen = Screen()
    try:
        st.session_state[state.ROAD_RESULT] = share_road(
            road, runs.home_of(state.settings()), period=city.period, as_of=city.as_of, progress=screen
        )
        st.session_state[state.ROAD_REFUSAL] = None
        st.session_state[state.ROAD_SAID] = said
    except HatangError as error:
        st.session_state[state.ROAD_REFUSAL] = error
    screen.done()
    st.rerun()


def _clear() -> None:
    """Forget road, answer and refusal; a new key makes map and uploader anew."""
    st.session_state[state.ROAD_MAP] = st.session_state.get(state.ROAD_MAP, 0) + 1
    st.session_state[state.ROAD_RESULT] = None
    st.session_state[state.ROAD_REFUSAL] = None
    st.session_state[state.ROAD_SAID] = ()
    st.rerun()


def _answer(answer: ResultSet, city: ResultSet) -> None:
    """Show the corridor on the map, what it spares, whom to call and what to survey."""
    chosen = language()
    answer = marked(answer, runs.home_of(state.settings()))
    corridor, suggestions, roads = (gpd.GeoDataFrame(answer.tables[name]) for name in ("corridor", "suggestions", "roads"))
    wards = runs.screen_wards(runs.home_of(state.settings()).home, city.run_id)
    figures = st.columns([1, 1, 1, 1, 1], vertical_alignment="bottom")
    totals = answer.tables["sharing_totals"].set_index("name")["value"]
    for column, (name, unit) in zip(figures, _TOTALS.items(), strict=False):
        sign = " m" if unit == "m" else ""
        column.metric(say(f"web.road.{name}"), shown(totals.get(name), unit, chosen) + sign)
    if figures[4].button(say("web.road.another"), key="another", width="stretch"):
        _clear()
    st.caption(say("web.road.preliminary"))
    chrome.faults_table(st.session_state.get(state.ROAD_SAID, ()))
    left, right = st.columns([1.25, 1], gap="medium")
    with left:
        st_folium(
            road_map(wards, roads, corridor, suggestions, chosen),
            key="road_answer",
            height=_HEIGHT,
            use_container_width=True,
            returned_objects=[],
        )
        st.html(road_legend(chosen))
    with right:
        st.markdown(f"**{say('web.road.call')}**")
        if len(corridor):
            chrome.table(call_list(corridor, chosen), say("web.road.call"))
        else:
            st.caption(say("web.road.no_assets"))
    st.markdown(f"**{say('web.road.suggestions')}**")
    if len(suggestions):
        chrome.table(suggestion_list(suggestions, chosen), say("web.road.suggestions"))
    else:
        st.caption(say("web.road.no_suggestions"))
    fit_section(answer.tables.get("plan_fit"), suggestions, "owner", numbered=True)
    _variants(answer)
    _bargain(answer)
    if totals.get("assets_survey", 0):
        st.markdown(f"**{say('web.road.survey_list')}**")
        chrome.table(survey_list(corridor, chosen), say("web.road.survey_list"))
    with st.expander(say("web.downloads.title"), expanded=True):
        downloads(answer, scope="road")


def _variants(answer: ResultSet) -> None:
    """Show the variants of each road side by side, and say which one is recommended and why."""
    variants = answer.tables.get("variants")
    if variants is None:
        return
    chosen = language()
    st.markdown(f"**{say('web.road.variants')}**")
    if variants.empty:
        st.caption(say("web.road.nobody_plans"))
        return
    for row in variants[variants["recommended"]].to_dict("records"):
        words = {name: text(f"sharing.{name}.{row[name]}", chosen) for name in ("variant", "why")}
        st.markdown(say("web.road.recommended", metres=shown(row["dug_m"], "m", chosen), saved=shown(row["saved_m"], "m", chosen), **words))
        st.caption(say("web.road.assumed", assumptions=assumptions_text(row["assumptions"], chosen)))
    chrome.table(variant_list(variants, chosen), say("web.road.variants"))
    for row in variants[variants["violations"].notna()].to_dict("records"):
        words = {
            "variant": text(f"sharing.variant.{row['variant']}", chosen),
            "clauses": clauses_named(row["violations"], answer.as_of) or "",
        }
        st.caption(say("web.road.broken", **words))
    st.caption(say("web.road.no_price") if variants["cost_vnd"].isna().all() else _prices(answer))


def _prices(answer: ResultSet) -> str:
    """Return whose prices the money rests on, since when, and whether their text was read."""
    bill = answer.tables["boq"]
    rows = bill.loc[bill["price_vnd"].notna(), ["price_source", "price_from", "price_verified"]].drop_duplicates()
    named = [
        say(
            "web.road.price",
            source=plain(row["price_source"]),
            day=shown_date(dt.date.fromisoformat(row["price_from"]), language()),
            verified=say(f"sharing.verified.{'yes' if row['price_verified'] else 'no'}"),
        )
        for row in rows.to_dict("records")
    ]
    return say("web.road.prices", sources="; ".join(named))


def _bargain(answer: ResultSet) -> None:
    """Show who pays what of what is built together, what holds if one leaves, and rent against building; what is empty is left out."""
    chosen, suggestions = language(), answer.tables["suggestions"]
    empty = pd.DataFrame()
    shares, leaving, rent = (answer.tables.get(name, empty) for name in ("shares", "leaving", "rent_or_build"))
    if len(shares):
        title = say("web.road.shares", key=text(f"sharing.key.{shares['key'].iloc[0]}", chosen))
        with st.expander(title):
            chrome.table(share_list(shares, suggestions, chosen), title)
    if len(leaving):
        with st.expander(say("web.road.leaving")):
            chrome.table(leaving_list(leaving, suggestions, chosen), say("web.road.leaving"))
    if len(rent):
        with st.expander(say("web.road.rent")):
            chrome.table(rent_list(rent, chosen), say("web.road.rent"))
            if not rent["rent_verified"].fillna(value=True).all():
                st.caption(say("web.road.rent_unverified"))
