"""A report as a neutral document: built once from a result set, rendered as DOCX and PDF, so that both hold the same words and numbers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Align = Literal["left", "right"]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; level 1 is a part (I, II…), 2 a section, 0 an appendix on a page of its own."""

    level: Literal[0, 1, 2]
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of running text."""

    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """A numbered table: caption, column headings, cells as people read them, and what the same cells are as values."""

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    values: Sequence[Sequence[object]]
    note: str = ""
    widths: Sequence[int] = ()

    def aligned(self) -> list[Align]:
        """Return for each column whether it holds figures, which stand to the right."""
        columns = zip(*self.values, strict=True) if self.values else [()] * len(self.header)
        return [
            "right" if any(isinstance(value, int | float) and not isinstance(value, bool) for value in column) else "left"
            for column in columns
        ]


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture with its caption."""

    caption: str
    png: bytes


Block = Heading | Paragraph | Table | Figure


@dataclass(frozen=True)
class Document:
    """A report: who reports to whom about what, as of when, the labels that stand on every page, and its blocks."""

    authority: str
    office: str
    sign: str
    place_date: str
    title: str
    subject: str
    addressee: str
    labels: Sequence[str]
    closing: str
    recipients: Sequence[str]
    signer: str
    blocks: Sequence[Block] = field(default_factory=tuple)

    def tables(self) -> list[Table]:
        """Return the document's tables in order."""
        return [block for block in self.blocks if isinstance(block, Table)]
