"""Runs as the pages see them: opened once for all sessions, never changed.

`st.cache_data` would pickle every frame anew on each look; a result set is frozen, so one copy serves everybody. Keys are the home and
the run's name, which is the hash of all that went into it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import geopandas as gpd
import streamlit as st

from hatang.data.results import ResultSet
from hatang.data.settings import Settings
from hatang.pipeline.runs import load_run, marked, run_ids, run_manifests, with_results
from hatang.web.maps import display_wards

_OF_A_PART: Final = {"corridor", "overlaps", "route_legs", "design_totals", "underground_streets"}
"""Tables that only answers for a road, the works register, a need, a joint design or undergrounding hold."""


@dataclass(frozen=True, slots=True)
class RunEntry:
    """One run to choose: its name, period and date."""

    run_id: str
    period: str
    as_of: str


def home_of(settings: Settings) -> Settings:
    """Return the settings whose results the pages show: the city's own, else the demo city's."""
    return with_results(settings)


def current(settings: Settings, run_id: str | None = None) -> ResultSet | None:
    """Return the run chosen, else the newest; None where there is none yet."""
    source = home_of(settings)
    names = run_ids(source)
    if not names:
        return None
    return marked(opened(source.home, run_id if run_id in names else names[0]), source)


def offered(settings: Settings) -> list[RunEntry]:
    """Return the runs of the whole city, the newest first; those that answer for a part of it are not among them."""
    manifests = run_manifests(home_of(settings))
    return [RunEntry(entry["run_id"], entry["period"], entry["as_of"]) for entry in manifests if not _OF_A_PART & set(entry["totals"])]


@st.cache_resource(max_entries=4, show_spinner=False)
def opened(home: Path, run_id: str) -> ResultSet:
    """Return a run, opened once."""
    return load_run(Settings(home=home), run_id)


@st.cache_resource(max_entries=4, show_spinner=False)
def screen_wards(home: Path, run_id: str) -> gpd.GeoDataFrame:
    """Return a run's wards simplified for the screen."""
    return display_wards(gpd.GeoDataFrame(opened(home, run_id).tables["wards"]))
