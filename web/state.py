"""What a session remembers: its keys, written here once, and the language and settings every page asks for."""

from typing import Final

import streamlit as st

from hatang.data.language import LANGUAGES, Language, text
from hatang.data.settings import Settings

LANGUAGE: Final = "language"
RUN: Final = "run"
TECHNOLOGY: Final = "technology"
OPERATOR: Final = "operator"
WARD: Final = "ward"
LAYERS: Final = "layers"
CLICK: Final = "last_click"
ROAD: Final = "road"
ROAD_NAME: Final = "road_name"
ROAD_FILE: Final = "road_file"
ROAD_MAP: Final = "road_map"
ROAD_RESULT: Final = "road_result"
ROAD_REFUSAL: Final = "road_refusal"
ROAD_SAID: Final = "road_said"
ROUTE_RESULT: Final = "route_result"
COMMON_ROUTES: Final = "common_routes"
REGISTER_CHECK: Final = "register_check"
WORKS_RESULT: Final = "works_result"
UNDERGROUND_RESULT: Final = "underground_result"
DESIGN_RESULT: Final = "design_result"
DOWNLOADS: Final = "downloads"
UPLOAD: Final = "upload"
UPLOAD_OUTCOME: Final = "upload_outcome"
UPLOAD_SENT: Final = "upload_sent"
UPLOAD_SAID: Final = "upload_said"
CRS: Final = "upload_crs"
ANNOTATED: Final = "annotated"
KPI_SCOPE: Final = "kpi_scope"


def settings() -> Settings:
    """Return the installation's settings; the session's language outranks theirs."""
    found = Settings()
    chosen = st.session_state.get(LANGUAGE, found.lang)
    return found.model_copy(update={"lang": chosen if chosen in LANGUAGES else found.lang})


def language() -> Language:
    """Return the language of this session."""
    return settings().lang


def say(message_id: str, **fields: object) -> str:
    """Return a sentence of the catalogues in the session's language."""
    return text(message_id, language(), **fields)
