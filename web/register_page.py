"""Page "Hồ sơ hạ tầng": what the register holds and lacks, and a register's file looked through without storing it."""

import datetime as dt
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

import pandas as pd
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile
from streamlit_folium import st_folium

from hatang.data.contracts import HatangError, RefusedError
from hatang.data.figures import shown
from hatang.data.language import error_text
from hatang.data.results import ResultSet
from hatang.pipeline.assess import today
from hatang.pipeline.register import RegisterCheck, check_register, wards_of_register
from hatang.pipeline.registerfiles import write_register_check
from hatang.reports.geodata import inert_csv
from hatang.reports.register_words import AMOUNTS, FINDINGS, in_words, wards_in_words
from hatang.reports.register_workbook import wards_workbook
from hatang.web import chrome, runs, state
from hatang.web.commonroutes_part import common_routes_part
from hatang.web.downloads import archive
from hatang.web.register_map import register_map
from hatang.web.state import language, say
from hatang.web.symbols import register_legend
from hatang.web.waiting import Screen, plain
from hatang.web.words import known

_HEIGHT: Final = 480
_TYPES: Final = ("zip", "gpkg", "json", "geojson")
_SYSTEMS: Final = ("EPSG:9214", "EPSG:5898", "EPSG:5899", "EPSG:3405", "EPSG:32648", "EPSG:4326")
_LISTED: Final = 500
_SURVEYED: Final = ("rank", "asset_class", "asset_id", "owner", "length_m", "unknown")
_ACTIONS: Final = ("reuse", "full", "survey", "closed")


def show() -> None:
    """Draw the page."""
    st.title(say("web.register.title"))
    with chrome.errors_spoken():
        city = runs.current(state.settings(), st.session_state.get(state.RUN))
        if city is None or city.tables["assets"].empty:
            st.info(say("web.register.empty"))
        else:
            chrome.labels(city)
            _stored(city.tables["assets"])
            _wards(city)
        _ask()
        checked: tuple[str, dt.date, RegisterCheck] | None = st.session_state.get(state.REGISTER_CHECK)
        if checked is not None:
            _answer(*checked, city)
        common_routes_part(city, st.session_state.get("register_crs"))


def _stored(assets: pd.DataFrame) -> None:
    """List what is in the register by owner and class, and of how many assets room is known."""
    st.header(say("web.register.stored"))
    known_ways = assets["ways"].notna() & assets["ways_used"].notna()
    known_slots = assets["slots_total"].notna() & assets["slots_used"].notna()
    about = pd.DataFrame({"owner": assets["owner"].fillna(""), "asset_class": assets["asset_class"], "known": known_ways | known_slots})
    rows = about.groupby(["owner", "asset_class"])["known"].agg(["size", "sum"]).reset_index()
    table = pd.DataFrame(
        {
            say("register.column.owner"): [known(owner or None) for owner in rows["owner"]],
            say("register.column.asset_class"): [say(f"asset.{name}") for name in rows["asset_class"]],
            say("register.column.rows"): rows["size"].astype(int),
            say("web.register.known"): rows["sum"].astype(int),
            say("web.register.unknown"): (rows["size"] - rows["sum"]).astype(int),
        }
    )
    _shown(table, say("web.register.stored"))


def _wards(city: ResultSet) -> None:
    """List what is in the register ward by ward, and hand it out."""
    table, chosen = wards_of_register(city), language()
    st.subheader(say("register.sheet.wards"))
    st.caption(say("register.wards_note"))
    _shown(wards_in_words(table, chosen), say("register.sheet.wards"))
    book, rows = st.columns(2)
    content = wards_workbook(table, city, chosen)
    book.download_button("XLSX", content, file_name="ho-so-theo-xa.xlsx", key="wards_xlsx", on_click="ignore", width="stretch")
    rows.download_button("CSV", inert_csv(table), file_name="ho-so-theo-xa.csv", key="wards_csv", on_click="ignore", width="stretch")


def _shown(worded: pd.DataFrame, title: str) -> None:
    """Show a table in words, its figures rounded."""
    metres, figures = say("register.column.length_m"), worded.select_dtypes("number").columns
    words = {name: partial(shown, unit="m" if name == metres else "", language=language()) for name in figures}
    chrome.table(worded.style.format(words), title)  # type: ignore[arg-type]  # a formatter may take any value


def _ask() -> None:
    """Take a file to look through."""
    st.header(say("web.register.check"))
    st.caption(say("web.register.how"))
    file = st.file_uploader(say("web.register.file"), type=list(_TYPES), key="register_file")
    crs = st.selectbox(
        say("web.register.crs"),
        _SYSTEMS,
        index=None,
        accept_new_options=True,
        placeholder=say("web.register.crs_none"),
        help=say("web.register.crs_what"),
        key="register_crs",
    )
    if st.button(say("web.register.start"), type="primary", disabled=file is None, key="register_start") and file:
        _check(file, crs)


def _check(file: UploadedFile, crs: str | None) -> None:
    """Look a file through, under its own name in a folder of its own; nothing is stored."""
    screen, day = Screen(), today()
    st.session_state[state.REGISTER_CHECK] = None
    with tempfile.TemporaryDirectory(prefix="hatang-") as folder:
        path = Path(folder) / (Path(file.name.replace("\0", "")).name or "ho-so")
        path.write_bytes(file.getbuffer())
        try:
            check = check_register(path, state.settings().limits, as_of=day, crs=crs, progress=screen)
            st.session_state[state.REGISTER_CHECK] = (path.name, day, check)
        except HatangError as error:
            st.error(plain(error_text(error, language())))
            if isinstance(error, RefusedError):
                chrome.faults_table(error.faults)
    screen.done()


def _answer(name: str, day: dt.date, check: RegisterCheck, city: ResultSet | None) -> None:
    """Show counts, room on a map, what is wrong, what to survey, and the files."""
    st.header(plain(name))
    _listed(check.amounts, AMOUNTS, say("register.sheet.counts"))
    for column, action in zip(st.columns(len(_ACTIONS)), _ACTIONS, strict=True):
        column.metric(say(f"action.{action}"), int((check.assets["action"] == action).sum()))
    if len(check.assets):
        wards = None if city is None else runs.screen_wards(runs.home_of(state.settings()).home, city.run_id)
        drawn = register_map(wards, check.assets, check.findings, language())
        st_folium(drawn, key="register_map", height=_HEIGHT, use_container_width=True, returned_objects=[])
        st.html(register_legend(language()))
    st.subheader(say("register.sheet.findings"))
    if check.findings.empty:
        st.success(say("web.register.sound"))
    else:
        _listed(check.findings, FINDINGS, say("register.sheet.findings"))
    st.subheader(say("register.sheet.survey"))
    st.caption(say("web.register.ranked"))
    _listed(check.survey, _SURVEYED, say("register.sheet.survey"))
    with tempfile.TemporaryDirectory(prefix="hatang-") as folder:
        screen = Screen()
        paths = write_register_check(check, Path(folder), name=name, as_of=day, language=language(), openfibre=True, progress=screen)
        screen.done()
        content = archive({path.name: path.read_bytes() for path in paths})
    st.download_button(say("web.register.take"), content, file_name="ho-so.zip", key="register_files", on_click="ignore")


def _listed(frame: pd.DataFrame, columns: Sequence[str], title: str) -> None:
    """Show a table in words, as the workbook has it; one that is cut says so."""
    _shown(in_words(frame.head(_LISTED), columns, language()), title)
    if len(frame) > _LISTED:
        st.caption(say("web.register.more", shown=_LISTED, more=len(frame) - _LISTED, file="ho-so.xlsx"))
