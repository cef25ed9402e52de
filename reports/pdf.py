"""The report as PDF/A-2b, set by typst from the same document, to send and to sign."""

import datetime as dt
import json
import tempfile
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import typst

from hatang.reports.document import Block, Document, Figure, Heading, Paragraph, Table


def report_pdf(report: Document, *, as_of: dt.date, fonts: Path | None = None) -> bytes:
    """Return the report as PDF/A-2b dated `as_of`.

    Parameters
    ----------
    fonts
        Folder of fonts to prefer (an office's Times New Roman); without it the compiler's own Libertinus Serif is used. Fonts of the
        system are never mixed in: some lack Vietnamese letters.
    """
    figures = [block for block in report.blocks if isinstance(block, Figure)]
    with as_file(files("hatang.reports").joinpath("templates", "report.typ")) as template, tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for number, figure in enumerate(figures):
            (root / f"figure-{number}.png").write_bytes(figure.png)
        (root / "report.json").write_text(json.dumps(_plain(report), ensure_ascii=False), "utf-8")
        (root / "report.typ").write_bytes(template.read_bytes())
        return bytes(
            typst.compile(
                root / "report.typ",
                root=root,
                format="pdf",
                font_paths=[] if fonts is None else [fonts],
                ignore_system_fonts=True,
                pdf_standards="a-2b",
                timestamp=int(dt.datetime.combine(as_of, dt.time(), dt.UTC).timestamp()),
            )
        )


def _plain(report: Document) -> dict[str, Any]:
    """Return the document as plain values for the template; figures by the name of their file."""
    numbered = iter(range(len(report.blocks)))
    return {
        **{
            name: getattr(report, name)
            for name in ("authority", "office", "sign", "place_date", "title", "subject", "addressee", "closing", "signer")
        },
        "labels": list(report.labels),
        "recipients": list(report.recipients),
        "runs": [{"landscape": landscape, "blocks": [_block(block, numbered) for block in blocks]} for landscape, blocks in report.runs()],
    }


def _block(block: Block, numbered: Any) -> dict[str, Any]:
    if isinstance(block, Heading):
        return {"kind": "heading", "level": block.level, "text": block.text}
    if isinstance(block, Paragraph):
        return {"kind": "paragraph", "text": block.text}
    if isinstance(block, Table):
        rows = [list(row) for row in block.rows]
        return {
            "kind": "table",
            "caption": block.caption,
            "header": list(block.header),
            "rows": rows,
            "note": block.note,
            "shares": block.shares(),
            "size": block.size_pt,
            "align": block.aligned(),
        }
    return {"kind": "figure", "caption": block.caption, "file": f"figure-{next(numbered)}.png"}
