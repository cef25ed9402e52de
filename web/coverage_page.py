"""Page "Bản đồ": wards against the target, the evidence of the ward picked, layers, and downloads."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import streamlit as st
from streamlit_folium import st_folium

from hatang.data.contracts import ANY, Technology
from hatang.data.figures import shown, shown_date, shown_interval
from hatang.data.language import Language
from hatang.data.results import ResultSet
from hatang.web import chrome, runs, state
from hatang.web.downloads import downloads
from hatang.web.listing import Headline, gap_list, headline, operators, raw_list, selected, technologies, ward_detail, ward_list
from hatang.web.maps import SHOWN_AT_MOST, Overlay, coverage_map, overlays, view_of, ward_at
from hatang.web.state import language, say
from hatang.web.symbols import legend
from hatang.web.words import environment_name, operator_name, technology_name, verdict_name

_MAP: Final = "coverage_map"
_WIDTH: Final = 560
_HEIGHT: Final = 500
_LAYERS: Final = ("gaps", "sites", "assets", "works", "suggestions")
_BY_WARD: Final = ("sites", "assets")


def show() -> None:
    """Draw the page."""
    st.title(say("web.map.title"))
    offered = runs.offered(state.settings())
    with chrome.errors_spoken():
        results = runs.current(state.settings(), _run_chosen(offered))
        if results is None:
            st.info(say("web.map.empty"))
            return
        technology, operator = _filters(results)
        rows = selected(results.tables["ward_table"], technology=technology, operator=operator)
        chrome.labels(results)
        _headline(headline(rows), rows, results, technology=technology, operator=operator)
        _explorer(results, technology, operator)
        with st.expander(say("web.downloads.title")):
            downloads(results, scope="city")


def _run_chosen(offered: list[runs.RunEntry]) -> str | None:
    """Return the run picked in the sidebar: its period and date stand for it."""
    if len(offered) < 2:
        return offered[0].run_id if offered else None
    names = {entry.run_id: f"{entry.period} · {entry.as_of} · {entry.run_id[:6]}" for entry in offered}
    with st.sidebar:
        return st.selectbox(say("web.filter.run"), list(names), format_func=lambda name: names.get(name, name), key=state.RUN)


def _filters(results: ResultSet) -> tuple[str, str]:
    chosen = language()
    table = results.tables["ward_table"]
    kinds = technologies(table)
    with st.sidebar:
        technology = st.selectbox(
            say("web.filter.technology"), kinds, format_func=lambda name: technology_name(name, chosen), key=state.TECHNOLOGY
        )
        held = operators(table, str(technology))
        if st.session_state.get(state.OPERATOR) not in held:
            st.session_state[state.OPERATOR] = held[0] if held else ANY
        operator = st.selectbox(
            say("web.filter.operator"), held or [ANY], format_func=lambda name: operator_name(name, chosen), key=state.OPERATOR
        )
    return str(technology), str(operator)


def _headline(counts: Headline, rows: pd.DataFrame, results: ResultSet, *, technology: str, operator: str) -> None:
    """Show how many wards meet the target, out of how many, from when and what, and how far it may be off."""
    chosen = language()
    place = environment_name(rows["environment"].iloc[0], chosen) if len(rows) else ""
    subject = f"{technology_name(technology, chosen)} · {operator_name(operator, chosen)} · {place}"
    columns = st.columns([1, 1, 1, 2.2], vertical_alignment="center")
    for column, name in zip(columns, ("covered", "gap", "insufficient"), strict=False):
        with column.container(key=name):
            value = say("web.map.of_wards", count=shown(getattr(counts, name), "wards", chosen), total=shown(counts.total, "wards", chosen))
            st.metric(say(f"web.headline.{name}"), value)
    most = counts.covered + counts.insufficient
    columns[3].markdown(f"**{subject}**  \n{say('web.map.range', least=counts.covered, most=most, total=counts.total)}")
    columns[3].caption(
        say(
            "web.map.source",
            period=results.period,
            date=shown_date(results.as_of, chosen),
            datasets=len(results.inputs),
            run=results.run_id[:8],
        )
    )


@st.fragment
def _explorer(results: ResultSet, technology: str, operator: str) -> None:
    """Show the map and, beside it, the list of wards or the evidence of the one picked; a click reruns this part alone."""
    chosen = language()
    wards = runs.screen_wards(runs.home_of(state.settings()).home, results.run_id)
    rows = selected(results.tables["ward_table"], technology=technology, operator=operator)
    tables = {**results.tables, **_suggestions(results), "gaps": _gaps_of(results, technology, operator)}
    picked = _layers_picked(tables)
    left, right = st.columns([1.25, 1], gap="medium")
    with right:
        ward_code = _ward_picked(wards)
        if ward_code is None:
            chrome.table(ward_list(rows, chosen), say("web.map.list_alt"), height=_HEIGHT - 10, key="ward_list")
        else:
            _ward(results, ward_code, technology, operator)
    with left:
        drawn = [name for name in picked if name not in _BY_WARD or ward_code or len(tables[name]) <= SHOWN_AT_MOST]
        layers = overlays(tables, drawn, wards, chosen, ward_code=ward_code)
        center, zoom = view_of(wards, ward_code, width_px=_WIDTH, height_px=_HEIGHT)
        st_folium(
            coverage_map(wards, rows, chosen),
            key=_MAP,
            height=_HEIGHT,
            use_container_width=True,
            center=center,
            zoom=zoom,
            returned_objects=["last_clicked"],
            feature_group_to_add=[layer.group for layer in layers] or None,
            on_change=lambda: _clicked(wards),
        )
        st.html(legend(drawn, chosen))
        for note in _notes(picked, drawn, layers):
            st.caption(note)


def _suggestions(results: ResultSet) -> dict[str, pd.DataFrame]:
    """Return the suggestions of the road asked for last, where it was asked of this very assessment."""
    last = runs.current(state.settings())
    same = last is not None and (last.period, last.as_of, last.ward_version) == (results.period, results.as_of, results.ward_version)
    return {"suggestions": last.tables["suggestions"]} if last is not None and same and "suggestions" in last.tables else {}


def _layers_picked(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """Return the layers to draw, of those that hold anything."""
    chosen = language()
    offered = [name for name in _LAYERS if len(tables.get(name, ()))]
    before = st.session_state.get(state.LAYERS, ["gaps"])
    st.session_state[state.LAYERS] = [name for name in before if name in offered]
    picked = st.pills(
        say("web.map.layers"),
        offered,
        selection_mode="multi",
        format_func=lambda name: say(f"web.layer.{name}", count=shown(len(tables[name]), "assets", chosen)),
        key=state.LAYERS,
        label_visibility="collapsed",
    )
    return list(picked)


def _ward_picked(wards: gpd.GeoDataFrame) -> str | None:
    """Return the ward picked, in the list or on the map."""
    names = dict(zip(wards["ward_code"], wards["ward_name"], strict=True))
    code: str | None = st.selectbox(
        say("web.map.ward"),
        sorted(names, key=lambda code: str(names[code])),
        index=None,
        placeholder=say("web.map.ward_placeholder"),
        format_func=lambda code: str(names.get(code, code)),
        key=state.WARD,
        label_visibility="collapsed",
    )
    return code


def _notes(picked: Sequence[str], drawn: Sequence[str], layers: Sequence[Overlay]) -> list[str]:
    """Say of each layer that is not drawn whole how much of it is."""
    chosen = language()
    notes = [say("web.map.pick_ward", layer=say(f"web.layer_name.{name}")) for name in picked if name not in drawn]
    for name, layer in zip(drawn, layers, strict=False):
        if layer.drawn < layer.total:
            count, total = (shown(number, "assets", chosen) for number in (layer.drawn, layer.total))
            notes.append(say("web.map.shown", layer=say(f"web.layer_name.{name}"), drawn=count, total=total))
    return notes


def _clicked(wards: gpd.GeoDataFrame) -> None:
    """Pick the ward under a new click on the map; the list beside it says the same."""
    value: Mapping[str, Any] | None = st.session_state.get(_MAP)
    point = (value or {}).get("last_clicked")
    if point and point != st.session_state.get(state.CLICK):
        st.session_state[state.CLICK] = point
        st.session_state[state.WARD] = ward_at(wards, point["lng"], point["lat"])


def _gaps_of(results: ResultSet, technology: str, operator: str) -> pd.DataFrame:
    """Return the gaps that concern a selection: for 4G or 5G those of 4G, which lies under it; for one operator its own and nobody's."""
    gaps = results.tables.get("gaps")
    if gaps is None or gaps.empty:
        return pd.DataFrame()
    kinds = {Technology.MOBILE, Technology.LTE} if technology == Technology.MOBILE else {technology}
    own = gaps["technology"].isin({str(kind) for kind in kinds})
    if operator not in ("any", "all"):
        own &= gaps["operator"].isin({ANY, operator})
    return gaps[own]


def _ward(results: ResultSet, ward_code: str, technology: str, operator: str) -> None:
    """Show a ward's verdict, every row of its table, claims beside tests, and its gaps."""
    chosen = language()
    ward = _row(results.tables["wards"], ward_code)
    rows = selected(results.tables["ward_table"], technology=technology, operator=operator)
    row = _row(rows, ward_code)
    with st.container(border=True):
        st.subheader(str(ward["ward_name"]))
        st.caption(say("web.ward.facts", code=ward_code, people=shown(ward["population"], "people", chosen), area=_area(ward, chosen)))
        share = shown_interval(row["population_share"], row["population_lo"], row["population_hi"], "share", chosen)
        subject = f"{technology_name(technology, chosen)} · {operator_name(operator, chosen)}"
        st.markdown(f"{subject}: **{verdict_name(row['verdict'], chosen)}**  \n{say('web.ward.share', share=share)}")
        if technology != Technology.FIBRE:
            tests, devices, needed = (shown(row[name], "tests", chosen) for name in ("tests", "devices", "tests_needed"))
            claimed = shown(row["claimed_population_share"], "share", chosen)
            st.markdown(say("web.ward.tests", tests=tests, devices=devices, needed=needed, claimed=claimed))
    st.markdown(f"**{say('web.ward.table')}**")
    detail = ward_detail(results.tables["ward_table"], ward_code, chosen)
    chrome.table(detail, say("web.ward.table"), height=250, key="ward_detail")
    raw = results.tables.get("raw_tests")
    filed = raw[raw["ward_code"] == ward_code] if raw is not None else pd.DataFrame()
    if len(filed):
        with st.expander(say("web.ward.raw", count=shown(int(filed["tests"].sum()), "tests", chosen))):
            chrome.table(raw_list(filed, chosen), say("web.ward.raw_alt"), height=180)
            st.caption(say("web.ward.raw_note"))
    gaps = results.tables.get("gaps")
    own = gaps[gaps["ward_code"] == ward_code] if gaps is not None and len(gaps) else pd.DataFrame()
    if own.empty:
        st.caption(say("web.ward.no_gaps"))
    else:
        st.markdown(f"**{say('web.ward.gaps', count=shown(len(own), 'assets', chosen))}**")
        chrome.table(gap_list(own, chosen), say("web.ward.gaps", count=len(own)), height=180)


def _row(frame: pd.DataFrame, ward_code: str) -> Mapping[str, Any]:
    found: list[dict[str, Any]] = pd.DataFrame(frame[frame["ward_code"] == ward_code]).to_dict("records")  # type: ignore[assignment]
    return found[0] if found else dict.fromkeys(frame.columns)


def _area(ward: Mapping[str, Any], chosen: Language) -> str:
    return shown(ward["area_km2_official"], "km²", chosen)
