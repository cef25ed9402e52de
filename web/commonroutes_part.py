"""Part of the page of the register: who could have dug with whom, of the ducts filed or of files that are not stored."""

import tempfile
from functools import partial
from pathlib import Path
from typing import Final

import geopandas as gpd
import pandas as pd
import streamlit as st
from pandas.io.formats.style import Styler
from streamlit.runtime.uploaded_file_manager import UploadedFile
from streamlit_folium import st_folium

from hatang.data.contracts import HatangError, RefusedError
from hatang.data.figures import shown
from hatang.data.language import error_text
from hatang.data.results import ResultSet
from hatang.pipeline.assess import today
from hatang.pipeline.commonroutes import CommonRoutes, Routes, compare_routes, note_of, routes_of_city, routes_of_files, write_common_routes
from hatang.reports.commonroutes import FIRMS, PAIRS, routes_firms, routes_heads, routes_pairs
from hatang.web import chrome, runs, state
from hatang.web.commonroutes_map import common_map
from hatang.web.downloads import archive
from hatang.web.state import language, say
from hatang.web.symbols import firms_legend
from hatang.web.waiting import Screen, plain
from hatang.web.words import operator_name

_HEIGHT: Final = 480
_TYPES: Final = ("zip", "gpkg", "json", "geojson")


def common_routes_part(city: ResultSet | None, crs: str | None) -> None:
    """Draw the part: ask for files or take the city's ducts, then show the answer.

    Parameters
    ----------
    city
        The run on the page, None where there is none.
    crs
        What a file is in that does not say.
    """
    st.header(say("routes.title"))
    st.caption(say("web.routes.what"))
    files = st.file_uploader(say("web.routes.files"), type=list(_TYPES), accept_multiple_files=True, key="routes_files_sent")
    ready = bool(files) or (city is not None and len(city.tables["assets"]) > 0)
    if st.button(say("web.routes.start"), disabled=not ready, key="routes_start"):
        _compare(files, city, crs)
    answer: CommonRoutes | None = st.session_state.get(state.COMMON_ROUTES)
    if answer is not None:
        _answer(answer, city)


def _compare(files: list[UploadedFile], city: ResultSet | None, crs: str | None) -> None:
    """Compare the routes of the files, each under its own name in a folder of its own, or those of the city where there are none."""
    screen, day = Screen(), today()
    st.session_state[state.COMMON_ROUTES] = None
    try:
        with tempfile.TemporaryDirectory(prefix="hatang-") as folder:
            if files:
                paths = [
                    Path(folder) / str(number) / (Path(file.name.replace("\0", "")).name or "ho-so") for number, file in enumerate(files)
                ]
                for path, file in zip(paths, files, strict=True):
                    path.parent.mkdir()
                    path.write_bytes(file.getbuffer())
                routes = routes_of_files(paths, state.settings().limits, crs=crs, progress=screen)
            else:
                routes = Routes(gpd.GeoDataFrame(), "") if city is None else routes_of_city(city)
        st.session_state[state.COMMON_ROUTES] = compare_routes(routes, as_of=day, crs=crs, progress=screen)
    except HatangError as error:
        st.error(plain(error_text(error, language())))
        if isinstance(error, RefusedError):
            chrome.faults_table(error.faults)
    screen.done()


def _answer(answer: CommonRoutes, city: ResultSet | None) -> None:
    """Show where the answer comes from, the pairs and firms at a distance, the map, and the files."""
    chosen = language()
    st.markdown(plain(note_of(answer, chosen)))
    if answer.found.empty:
        st.info(say("routes.said.nobody"))
        return
    distances = sorted(answer.found["distance_m"].unique())
    distance = st.radio(
        say("routes.column.distance_m"),
        distances,
        format_func=lambda one: f"{shown(one, 'm', chosen)} m",
        horizontal=True,
        key="routes_distance",
    )
    wards = None if city is None else runs.screen_wards(runs.home_of(state.settings()).home, city.run_id)
    drawn = common_map(wards, answer.routes.lines, answer.found, chosen, distance_m=distance)
    st_folium(drawn, key="routes_map", height=_HEIGHT, use_container_width=True, returned_objects=[])
    st.html(firms_legend(sorted(answer.routes.lines["firm"].unique()), distance, chosen))
    for name, frame, columns in (("pairs", routes_pairs(answer.found), PAIRS), ("firms", routes_firms(answer.found), FIRMS)):
        title = say(f"routes.sheet.{name}")
        st.subheader(title)
        chrome.table(_worded(frame[frame["distance_m"] == distance], columns[1:]), title)
    with tempfile.TemporaryDirectory(prefix="hatang-") as folder:
        screen = Screen()
        paths = write_common_routes(answer, Path(folder), language=chosen, progress=screen)
        screen.done()
        content = archive({path.name: path.read_bytes() for path in paths})
    st.download_button(say("web.routes.take"), content, file_name="tuyen-chung.zip", key="routes_files", on_click="ignore")


def _worded(frame: pd.DataFrame, columns: tuple[str, ...]) -> Styler:
    """Return firms as they are called and figures as people read them, under their titles; what sorts is the figure itself."""
    chosen = language()
    units = {"km": "km", "share": "share"}
    titles = dict(zip(columns, routes_heads(columns, chosen), strict=True))
    words = {
        title: partial(shown, unit=units[name.rsplit("_", 1)[-1]], language=chosen)
        if name.rsplit("_", 1)[-1] in units
        else partial(operator_name, language=chosen)
        for name, title in titles.items()
    }
    return frame[list(columns)].rename(columns=titles).reset_index(drop=True).style.format(words)  # type: ignore[arg-type]  # a formatter may take any value
