"""Part of page "Số liệu": which column of a refused file is which field, chosen, tried on the first rows and sent again."""

import dataclasses
from collections.abc import Sequence
from typing import Final

import pandas as pd
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from hatang.data.contracts import Kind, RefusedError
from hatang.data.language import text
from hatang.pipeline.forms import TEMPLATE_KINDS
from hatang.pipeline.ingest import FileOutcome, IngestOptions, IngestOutcome
from hatang.pipeline.mappings import Field, Sample, fields_of, first_rows, guess, preview, stated
from hatang.web import chrome, state
from hatang.web.sent import saved, take_again
from hatang.web.state import language, say
from hatang.web.waiting import plain

_ASKED: Final = frozenset({"file_columns", "file_geometry", "kind_unknown", "operator_unknown", "technology_unknown"})


def columns_asked(outcome: IngestOutcome) -> None:
    """Ask of each refused file whose columns were not understood which is which, and take it again with the answer."""
    sent: tuple[IngestOptions, list[UploadedFile]] | None = st.session_state.get(state.UPLOAD_SENT)
    if sent is None:
        return
    options, files = sent
    for place, (file, content) in enumerate(zip(outcome.files, files, strict=False)):
        if file.dataset is None and not file.held_back and any(fault.code in _ASKED for fault in file.faults):
            _ask(outcome, place, file, content, options)


def _ask(outcome: IngestOutcome, place: int, file: FileOutcome, content: UploadedFile, options: IngestOptions) -> None:
    """Show the form of one file."""
    chosen = language()
    try:
        with saved([content]) as (path,):
            sample = first_rows(path, state.settings())
    except RefusedError:
        return  # the list of faults says why
    if sample is None:
        return
    st.subheader(say("web.fields.title", file=plain(file.file)))
    st.caption(say("web.fields.what"))
    kind = options.kind
    if kind is Kind.AUTO:
        picked = st.selectbox(
            say("web.fields.kind", file=file.file),
            TEMPLATE_KINDS,
            index=None,
            format_func=lambda name: text(f"web.kind.{name}", chosen),
            key=f"map-kind-{place}",
        )
        if picked is None:
            return
        kind = Kind(picked)
    with st.form(f"map-{place}-{kind}"):
        answer = _fields(fields_of(kind, chosen), sample, guess(kind, sample.columns), f"{place}-{kind}")
        tried = st.form_submit_button(say("web.fields.try"), key=f"map-try-{place}")
        again = st.form_submit_button(say("web.fields.send"), type="primary", key=f"map-send-{place}")
    options = dataclasses.replace(options, kind=kind)
    if again:
        with chrome.errors_spoken():
            take_again(outcome, place, content, options, stated(*answer))
    if tried:
        with chrome.errors_spoken():
            _try(content, options, stated(*answer), place)


def _try(content: UploadedFile, options: IngestOptions, mapping: str, place: int) -> None:
    """Show the first rows as they are read with a mapping, and offer the mapping."""
    st.download_button(
        say("web.fields.yaml"), mapping, file_name="khai-bao.yaml", mime="application/yaml", key=f"map-yaml-{place}", on_click="ignore"
    )
    with saved([content]) as (path,):
        beside = path.parent.parent / "mapping.yaml"
        beside.write_text(mapping, encoding="utf-8")
        frame, faults = preview(path, dataclasses.replace(options, mapping=beside), state.settings())
    shown = pd.DataFrame({name: frame[name].astype(str) for name in frame.columns if frame[name].notna().any()})
    st.caption(say("web.fields.preview"))
    chrome.table(shown, say("web.fields.preview"), key=f"map-preview-{place}")
    chrome.faults_table(faults)


def _fields(
    fields: Sequence[Field], sample: Sample, guessed: dict[str, str], key: str
) -> tuple[dict[str, str], dict[str, str], dict[str, str], str]:
    """Draw the fields and return what was chosen: columns, units, values for all rows, coordinate system."""
    columns: dict[str, str] = {}
    units: dict[str, str] = {}
    constants: dict[str, str] = {}

    def draw(field: Field) -> None:
        label = plain(f"{field.label} ({field.unit})" if field.unit else field.label) + (" \\*" if field.required else "")
        parts = st.columns(3)
        column = parts[0].selectbox(
            label,
            sample.columns,
            index=sample.columns.index(guessed[field.name]) if field.name in guessed else None,
            placeholder=say("web.fields.none"),
            format_func=lambda name: f"{name}: {sample.values(name)}",
            key=f"map-column-{key}-{field.name}",
        )
        if field.choices:
            value = parts[1].selectbox(
                say("web.fields.constant", field=plain(field.label)),
                field.choices,
                index=None,
                placeholder="–",
                key=f"map-constant-{key}-{field.name}",
            )
        else:
            value = parts[1].text_input(
                say("web.fields.constant", field=plain(field.label)), max_chars=200, key=f"map-constant-{key}-{field.name}"
            )
        unit = None
        if field.units:
            unit = parts[2].selectbox(
                say("web.fields.unit", field=plain(field.label)),
                field.units,
                index=None,
                placeholder=say("web.fields.same"),
                key=f"map-unit-{key}-{field.name}",
            )
        if column is not None:
            columns[field.name] = column
        if value and value.strip():
            constants[field.name] = value.strip()
        if unit is not None and field.name not in ("x", "y"):
            units[field.name] = unit

    for field in fields:
        if field.asked:
            draw(field)
    crs = ""
    with st.expander(say("web.fields.optional")):
        for field in fields:
            if not field.asked:
                draw(field)
        if any(field.name == "x" for field in fields):
            crs = st.text_input(say("web.fields.crs"), max_chars=200, key=f"map-crs-{key}")
    return columns, units, constants, crs
