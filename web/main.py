"""The script that Streamlit runs: language, navigation, and the page asked for."""

import streamlit as st

from hatang.data.language import LANGUAGES
from hatang.web import (
    chrome,
    coverage_page,
    data_page,
    decisions_page,
    design_page,
    kpi_page,
    method_page,
    register_page,
    road_page,
    route_page,
    state,
    underground_page,
    violations_page,
    works_page,
)
from hatang.web.state import say
from hatang.web.vendor import STATIC

_KEPT = (state.RUN, state.TECHNOLOGY, state.OPERATOR, state.WARD, state.LAYERS)


def main() -> None:
    """Draw what stands around every page, then the page."""
    for key in _KEPT:
        # A widget's value is forgotten while another page is drawn, unless it is set anew.
        if key in st.session_state:
            st.session_state[key] = st.session_state[key]
    st.session_state.setdefault(state.LANGUAGE, state.language())
    st.set_page_config(page_title=say("web.name"), page_icon=str(STATIC / "hatang.png"), layout="wide")
    page = st.navigation(
        [
            st.Page(coverage_page.show, title=say("web.page.map"), url_path="ban-do", default=True),
            st.Page(road_page.show, title=say("web.page.road"), url_path="duong-moi"),
            st.Page(route_page.show, title=say("web.page.route"), url_path="tuyen-cap"),
            st.Page(works_page.show, title=say("web.page.works"), url_path="lich-cong-trinh"),
            st.Page(underground_page.show, title=say("web.page.underground"), url_path="ngam-hoa"),
            st.Page(design_page.show, title=say("web.page.design"), url_path="thiet-ke-chung"),
            st.Page(register_page.show, title=say("web.page.register"), url_path="ho-so"),
            st.Page(kpi_page.show, title=say("web.page.kpi"), url_path="chi-so"),
            st.Page(decisions_page.show, title=say("web.page.decisions"), url_path="de-xuat"),
            st.Page(violations_page.show, title=say("web.page.violations"), url_path="quy-chuan"),
            st.Page(data_page.show, title=say("web.page.data"), url_path="so-lieu"),
            st.Page(method_page.show, title=say("web.page.method"), url_path="phuong-phap"),
        ]
    )
    with st.sidebar:
        st.radio(
            "Ngôn ngữ / Language",
            LANGUAGES,
            format_func=lambda name: {"vi": "Tiếng Việt", "en": "English"}[name],
            key=state.LANGUAGE,
            horizontal=True,
        )
    chrome.translate(state.language())
    page.run()


main()
