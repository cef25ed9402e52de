"""Files that a browser sent, on their way into the store."""

import dataclasses
import tempfile
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from hatang.pipeline.ingest import IngestOptions, IngestOutcome, ingest
from hatang.web import state
from hatang.web.waiting import Screen

_NAME_BYTES: Final = 200
_SUFFIX: Final = 20


def taken(files: Sequence[UploadedFile], options: IngestOptions, mapping: str | None = None) -> IngestOutcome:
    """Return what became of files sent with a mapping's text."""
    screen = Screen()
    with saved(files) as paths:
        if mapping is not None:
            stated = paths[0].parent.parent / "mapping.yaml"
            stated.write_text(mapping, encoding="utf-8")
            options = dataclasses.replace(options, mapping=stated)
        outcome = ingest(paths, options, state.settings(), screen)
    screen.done()
    return outcome


def take_again(outcome: IngestOutcome, place: int, file: UploadedFile, options: IngestOptions, mapping: str | None) -> None:
    """Take one file of those sent again, put what became of it in its place, and draw the page anew."""
    (answered,) = taken([file], options, mapping).files
    every = (*outcome.files[:place], answered, *outcome.files[place + 1 :])
    st.session_state.setdefault(state.UPLOAD_SAID, {})[place] = (options, mapping)
    st.session_state[state.UPLOAD_OUTCOME] = (IngestOutcome(every), options.dry_run)
    st.rerun()


def said_of(place: int, options: IngestOptions) -> tuple[IngestOptions, str | None]:
    """Return what was said of a file when it was taken last: options, and the text of its mapping; `options` where nothing was."""
    said: dict[int, tuple[IngestOptions, str | None]] = st.session_state.get(state.UPLOAD_SAID, {})
    return said.get(place, (options, None))


@contextmanager
def saved(files: Sequence[UploadedFile]) -> Iterator[list[Path]]:
    """Yield where files that a browser sent lie meanwhile, each in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="hatang-") as folder:
        paths = []
        for place, file in enumerate(files):
            path = Path(folder, str(place), file_name(file.name))
            path.parent.mkdir()
            path.write_bytes(file.getbuffer())
            paths.append(path)
        yield paths


def file_name(sent: str) -> str:
    """Return the name of a file that a browser sent as a name that every disk takes, its ending kept.

    Examples
    --------
    >>> file_name("../../a.csv"), file_name(".."), len(file_name("ộ" * 300 + ".csv").encode())
    ('a.csv', 'tep', 199)
    """
    name = unicodedata.normalize("NFC", Path(sent.replace("\0", "")).name)
    if name in ("", "..") or len(name.encode(errors="replace")) <= _NAME_BYTES:
        return "tep" if name in ("", "..") else name
    suffix = Path(name).suffix[:_SUFFIX]
    room = _NAME_BYTES - len(suffix.encode(errors="replace"))
    return name.encode(errors="replace")[:room].decode(errors="ignore") + suffix
