"""Page "Số liệu": what the store holds, and files in, with what became of each row."""

import datetime as dt
import tempfile
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from hatang.data.contracts import OPERATOR_LABELS, Kind, Technology
from hatang.data.figures import shown, shown_date
from hatang.data.language import text
from hatang.pipeline.assess import assess
from hatang.pipeline.catalogue import list_datasets
from hatang.pipeline.ingest import IngestOptions, IngestOutcome, ingest
from hatang.web import chrome, runs, state
from hatang.web.state import language, say
from hatang.web.waiting import Screen, plain
from hatang.web.words import known, operator_name, technology_name

_KINDS: Final = (
    Kind.AUTO,
    Kind.MEASUREMENTS,
    Kind.CLAIMS,
    Kind.FIXED,
    Kind.SITES,
    Kind.ASSETS,
    Kind.WORKS,
    Kind.ROADS,
    Kind.PLANS,
    Kind.BUILDINGS,
    Kind.VILLAGES,
    Kind.PLACES,
    Kind.CELLS,
    Kind.TILES,
    Kind.SPEEDS,
)
_TECHNOLOGIES: Final = (Technology.LTE, Technology.NR, Technology.FIBRE)
_HUE: Final = ZoneInfo("Asia/Ho_Chi_Minh")


def show() -> None:
    """Draw the page."""
    st.title(say("web.data.title"))
    with chrome.errors_spoken():
        _catalogue()
        _upload()
        sent: tuple[IngestOutcome, bool] | None = st.session_state.get(state.UPLOAD_OUTCOME)
        if sent is not None:
            _outcome(*sent)


def _catalogue() -> None:
    """List the city's own data sets; where there are none, say whose figures the map shows and what to do."""
    settings = state.settings()
    datasets = list_datasets(settings)
    if not datasets:
        demo = runs.home_of(settings).home != settings.home
        st.info(say("web.data.empty_demo" if demo else "web.data.empty"))
        return
    chosen = language()
    rows = [
        {
            say("web.column.id"): entry.id[-8:],
            say("web.column.kind"): say(f"web.kind.{entry.kind}"),
            say("web.column.operator"): operator_name(entry.operator, chosen),
            say("web.column.technology"): technology_name(entry.technology, chosen) if entry.technology else known(None),
            say("web.column.period"): known(entry.period),
            say("web.column.rows_in"): shown(entry.rows_in, "tests", chosen),
            say("web.column.rows_kept"): shown(entry.rows_kept, "tests", chosen),
            say("web.column.rows_refused"): shown(entry.rows_refused, "tests", chosen),
            say("web.column.file"): entry.file_name,
            say("web.column.origin"): known(entry.source),
            say("web.column.accepted"): shown_date(entry.accepted_at.date(), chosen),
            say("web.column.synthetic"): say("synthetic") if entry.synthetic else "",
        }
        for entry in datasets
    ]
    chrome.table(pd.DataFrame(rows), say("web.data.title"))
    st.caption(say("web.data.assess_what"))
    if st.button(say("web.data.assess"), key="assess"):
        screen = Screen()
        with chrome.errors_spoken():
            results = assess(settings, as_of=dt.datetime.now(_HUE).date(), progress=screen)
            st.success(say("web.data.assessed", period=results.period, run=results.run_id[:8]))
        screen.done()


def _upload() -> None:
    """Take files with what the sender says of them; a rehearsal stores nothing."""
    chosen = language()
    st.header(say("web.data.upload"))
    with st.form(state.UPLOAD, border=True):
        files = st.file_uploader(say("web.data.files"), accept_multiple_files=True)
        columns = st.columns(4)
        kind = columns[0].selectbox(say("web.column.kind"), _KINDS, format_func=lambda name: text(f"web.kind.{name}", chosen))
        operator = columns[1].selectbox(
            say("web.column.operator"),
            list(OPERATOR_LABELS),
            index=None,
            placeholder=say("web.data.in_file"),
            format_func=lambda name: operator_name(name, chosen),
        )
        technology = columns[2].selectbox(
            say("web.column.technology"),
            _TECHNOLOGIES,
            index=None,
            placeholder=say("web.data.in_file"),
            format_func=lambda name: technology_name(name, chosen),
        )
        period = columns[3].text_input(say("web.data.period"), placeholder="2026Q3", max_chars=6)
        source = st.text_input(say("web.data.source"), max_chars=200)
        rehearsal = st.checkbox(say("web.data.dry_run"), value=True, help=say("web.data.dry_run_help"))
        if not st.form_submit_button(say("web.data.send"), type="primary"):
            return
    if not files:
        st.warning(say("web.data.no_file"))
        return
    options = IngestOptions(
        kind=Kind(kind),
        operator=operator,
        technology=technology,
        period=period.strip() or None,
        source=source.strip() or None,
        dry_run=rehearsal,
    )
    screen = Screen()
    with tempfile.TemporaryDirectory(prefix="hatang-") as folder, chrome.errors_spoken():
        paths = []
        for place, file in enumerate(files):
            path = Path(folder, str(place), Path(file.name.replace("\0", "")).name or "tep")
            path.parent.mkdir()
            path.write_bytes(file.getbuffer())
            paths.append(path)
        st.session_state[state.UPLOAD_OUTCOME] = (ingest(paths, options, state.settings(), screen), rehearsal)
    screen.done()
    st.rerun()


def _outcome(outcome: IngestOutcome, rehearsal: bool) -> None:  # noqa: FBT001 - what was sent, and whether for real
    """Say of each file what became of it, then list the faults row by row."""
    chosen = language()
    for file in outcome.files:
        name = plain(file.file)
        if file.dataset is None:
            st.error(say("web.data.refused", file=name))
            continue
        entry = file.dataset
        kept, rows, refused = (shown(value, "tests", chosen) for value in (entry.rows_kept, entry.rows_in, entry.rows_refused))
        said = "rehearsed" if rehearsal else "stored" if file.added else "already"
        st.success(say(f"web.data.{said}", file=name, kind=say(f"web.kind.{entry.kind}"), kept=kept, rows=rows, refused=refused))
    chrome.faults_table(outcome.faults)
