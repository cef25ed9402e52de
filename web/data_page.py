"""Page "Số liệu": what the store holds, and files in, with what became of each row."""

import dataclasses
import datetime as dt
import json
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from hatang.data.contracts import OPERATOR_LABELS, Fault, Kind, Severity, Technology
from hatang.data.figures import shown, shown_date
from hatang.data.language import text
from hatang.pipeline.assess import assess
from hatang.pipeline.catalogue import list_datasets
from hatang.pipeline.forms import TEMPLATE_KINDS, annotated_copy, template
from hatang.pipeline.ingest import FileOutcome, IngestOptions, IngestOutcome
from hatang.web import chrome, runs, state
from hatang.web.columns import columns_asked
from hatang.web.sent import file_name, said_of, saved, take_again, taken
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
    Kind.WATER,
    Kind.CELLS,
    Kind.TILES,
    Kind.SPEEDS,
    Kind.CONSTRAINTS,
    Kind.UNDERGROUNDING,
    Kind.PRICES,
    Kind.DECLARATIONS,
    Kind.OUTAGES,
)
_TECHNOLOGIES: Final = (Technology.LTE, Technology.NR, Technology.FIBRE)
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_HUE: Final = ZoneInfo("Asia/Ho_Chi_Minh")


def show() -> None:
    """Draw the page."""
    st.title(say("web.data.title"))
    with chrome.errors_spoken():
        _catalogue()
        _templates()
        _upload()
        sent: tuple[IngestOutcome, bool] | None = st.session_state.get(state.UPLOAD_OUTCOME)
        if sent is not None:
            _outcome(*sent)
            _questions(sent[0])
            columns_asked(sent[0])
            _confirmations(sent[0])


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


def _templates() -> None:
    """Offer the blank workbook of a kind."""
    chosen = language()
    with st.expander(say("web.data.templates")):
        st.caption(say("web.data.templates_what"))
        kind = st.selectbox(
            say("web.column.kind"), TEMPLATE_KINDS, format_func=lambda name: text(f"web.kind.{name}", chosen), key="template-kind"
        )
        st.download_button(
            say("web.data.template"),
            template(Kind(kind), chosen),
            file_name=f"bieu-mau-{kind}.xlsx",
            mime=_XLSX,
            key="template",
            on_click="ignore",
        )


def _upload() -> None:
    """Take files with what the sender says of them; a rehearsal stores nothing."""
    chosen = language()
    st.header(say("web.data.upload"))
    with st.form(state.UPLOAD, border=True):
        files = st.file_uploader(say("web.data.files"), accept_multiple_files=True)
        columns = st.columns(4)
        kind = columns[0].selectbox(say("web.column.kind"), _KINDS, format_func=lambda name: text(f"web.kind.{name}", chosen), key="kind")
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
        mapping = st.file_uploader(say("web.fields.upload"), type=["yaml", "yml"])
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
        ask_outside=True,
    )
    stated = None if mapping is None else mapping.getvalue().decode("utf-8-sig", errors="replace")
    st.session_state[state.UPLOAD_SENT] = (options, files)
    st.session_state[state.UPLOAD_SAID] = dict.fromkeys(range(len(files)), (options, stated))
    st.session_state.pop(state.ANNOTATED, None)
    with chrome.errors_spoken():
        st.session_state[state.UPLOAD_OUTCOME] = (taken(files, options, stated), rehearsal)
    st.rerun()


def _questions(outcome: IngestOutcome) -> None:
    """Ask of each file in doubt which coordinate system it is in, and take it again with the answer."""
    sent: tuple[IngestOptions, list[UploadedFile]] | None = st.session_state.get(state.UPLOAD_SENT)
    if sent is None:
        return
    options, files = sent
    for place, file in enumerate(outcome.files):
        asked = [fault for fault in file.faults if file.dataset is None and fault.fields.get("candidates")]
        if not asked or place >= len(files):
            continue
        candidates: list[dict[str, Any]] = asked[0].fields["candidates"]
        st.subheader(say("web.data.crs_question", file=plain(file.file)))
        st.caption(say("web.data.crs_what"))
        chrome.table(
            pd.DataFrame([_candidate_row(candidate) for candidate in candidates]), say("web.data.crs_what"), key=f"crs_table_{place}"
        )
        with st.form(f"crs_{place}", border=False):
            names = [candidate["crs"] for candidate in candidates]
            chosen = st.radio(say("web.data.crs_choice"), names, index=None, key=f"{state.CRS}_{place}")
            again = st.form_submit_button(say("web.data.crs_send"))
        if again and chosen is not None:
            take_again(outcome, place, files[place], options, f"crs: {json.dumps(chosen)}\n")


def _confirmations(outcome: IngestOutcome) -> None:
    """Ask of each file that lies mostly outside the city whether it is meant, and store it where a person says so."""
    sent: tuple[IngestOptions, list[UploadedFile]] | None = st.session_state.get(state.UPLOAD_SENT)
    if sent is None:
        return
    options, files = sent
    for place, file in enumerate(outcome.files):
        few = file.few_inside
        if few is None or not file.held_back or place >= len(files):
            continue
        with st.container(border=True):
            st.caption(say("web.data.few_inside_what"))
            if st.button(say("web.data.few_inside_send", file=plain(file.file), **_inside(few)), key=f"few-inside-{place}"):
                with chrome.errors_spoken():
                    last, mapping = said_of(place, options)
                    take_again(outcome, place, files[place], dataclasses.replace(last, ask_outside=False), mapping)


def _inside(few: Fault) -> dict[str, str]:
    """Return how many rows of a file lie in the city, as people write numbers."""
    inside, total = int(few.fields["inside"]), int(few.fields["total"])
    chosen = language()
    return {
        "inside": shown(inside, "tests", chosen),
        "total": shown(total, "tests", chosen),
        "share": shown(inside / total, "share", chosen),
    }


def _candidate_row(candidate: dict[str, Any]) -> dict[str, str]:
    """Return a coordinate system and where the file would lie in it, as a row to show."""
    return {
        say("web.column.crs"): candidate["crs"],
        say("web.column.crs_name"): candidate["why"] + (" (x ↔ y)" if candidate["swapped"] else ""),
        say("web.column.first_point"): f"{candidate['first_lon']:.5f}, {candidate['first_lat']:.5f}",
        say("web.column.centre"): f"{candidate['centre_lon']:.5f}, {candidate['centre_lat']:.5f}",
        say("web.column.in_hue"): shown(candidate["share_inside"], "share", language()),
    }


def _marked_copy(place: int, outcome: FileOutcome) -> None:
    """Offer a file of which rows were refused with its faults marked: a button makes the copy, then it can be taken."""
    sent: tuple[IngestOptions, list[UploadedFile]] | None = st.session_state.get(state.UPLOAD_SENT)
    if (
        sent is None
        or place >= len(sent[1])
        or not any(fault.row is not None and fault.severity is Severity.REFUSED for fault in outcome.faults)
    ):
        return
    file = sent[1][place]
    made: dict[str, bytes | None] = st.session_state.setdefault(state.ANNOTATED, {})
    key = f"{file.file_id}-{language()}"
    if key not in made:
        if not st.button(say("web.data.annotate", file=plain(outcome.file)), key=f"annotate-{place}"):
            return
        with chrome.errors_spoken(), st.spinner(say("web.data.annotating")), saved([file]) as (path,):
            made[key] = annotated_copy(path, outcome.faults, language(), state.settings())
    content = made.get(key)
    if content is None:
        st.info(say("form.annotated_none", file=plain(outcome.file)))
        return
    label, name = say("web.data.annotated", file=plain(outcome.file)), file_name(f"{Path(outcome.file).stem}-loi-can-sua.xlsx")
    st.download_button(label, content, file_name=name, mime=_XLSX, key=f"annotated-{place}", on_click="ignore")


def _outcome(outcome: IngestOutcome, rehearsal: bool) -> None:  # noqa: FBT001 - what was sent, and whether for real
    """Say of each file what became of it, then list the faults row by row."""
    chosen = language()
    for place, file in enumerate(outcome.files):
        name = plain(file.file)
        if file.few_inside is not None:
            st.warning(say("web.data.few_inside", file=name, **_inside(file.few_inside)))
        if file.held_back:
            continue
        if file.dataset is None:
            st.error(say("web.data.refused", file=name))
            _marked_copy(place, file)
            continue
        entry = file.dataset
        kept, rows, refused = (shown(value, "tests", chosen) for value in (entry.rows_kept, entry.rows_in, entry.rows_refused))
        said = "rehearsed" if rehearsal else "stored" if file.added else "already"
        # A file of which rows are refused is no file in order: amber, with the counts.
        show = st.warning if entry.rows_refused or file.few_inside else st.success
        said = f"{said}_part" if entry.rows_refused else said
        show(say(f"web.data.{said}", file=name, kind=say(f"web.kind.{entry.kind}"), kept=kept, rows=rows, refused=refused))
        _marked_copy(place, file)
    chrome.faults_table(outcome.faults)
