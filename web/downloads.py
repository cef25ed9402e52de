"""Downloads: the result folder of the pipeline, made when asked for, as single files and as one archive."""

import io
import tempfile
import zipfile
from pathlib import Path
from typing import Final, Literal

import streamlit as st

from hatang.data.results import ResultSet
from hatang.pipeline.report import write_report
from hatang.web import state
from hatang.web.chrome import errors_spoken
from hatang.web.state import language, say
from hatang.web.waiting import Screen

Scope = Literal["city", "ward", "road"]
_KEPT: Final = 3
_MEDIA: Final = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".pdf": "application/pdf",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".csv": "text/csv",
    ".gpkg": "application/geopackage+sqlite3",
    ".geojson": "application/geo+json",
    ".json": "application/json",
    ".ics": "text/calendar",
    ".png": "image/png",
    ".dxf": "image/vnd.dxf",
}


def downloads(results: ResultSet, *, scope: Scope, ward_code: str | None = None) -> None:
    """Offer the result folder of a run: a button makes it, then each file and the archive of all can be taken."""
    key = f"{results.run_id}-{scope}-{ward_code or ''}-{language()}"
    made: dict[str, dict[str, bytes]] = st.session_state.setdefault(state.DOWNLOADS, {})
    st.caption(say("web.downloads.what"))
    if key not in made:
        if not st.button(say("web.downloads.make"), key=f"make-{key}", type="primary"):
            return
        screen = Screen()
        with errors_spoken():
            made[key] = _folder(results, scope, ward_code, screen)
            for stale in list(made)[:-_KEPT]:
                del made[stale]
        screen.done()
    if key in made:
        _offer(made[key], key)


def _folder(results: ResultSet, scope: Scope, ward_code: str | None, screen: Screen) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory(prefix="hatang-") as folder:
        files = write_report(results, Path(folder), scope=scope, ward_code=ward_code, language=language(), progress=screen)
        return {path.name: path.read_bytes() for path in files}


def _offer(files: dict[str, bytes], key: str) -> None:
    st.download_button(
        say("web.downloads.all"),
        archive(files),
        file_name=f"hatang-{key}.zip",
        mime="application/zip",
        key=f"zip-{key}",
        type="primary",
        on_click="ignore",
    )
    columns = st.columns(4)
    for place, (name, content) in enumerate(files.items()):
        media = _MEDIA.get(Path(name).suffix, "application/octet-stream")
        columns[place % 4].download_button(
            name, content, file_name=name, mime=media, key=f"{name}-{key}", on_click="ignore", width="stretch"
        )


def archive(files: dict[str, bytes]) -> bytes:
    """Return files as one ZIP archive; equal files give equal bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in files.items():
            target.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()
