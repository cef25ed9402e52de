"""A report as a neutral document: built once from a result set, rendered as DOCX and PDF, so that both hold the same words and numbers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from hatang.data.figures import shown_words

Align = Literal["left", "right"]
WIDE_COLUMNS: Final = 9
"""A table with more columns stands on a landscape page."""
_LINE_PT: Final = {False: 453.5, True: 700.0}
"""Width of the text on a portrait and on a landscape page."""
_SIZES_PT: Final = {False: (11.0, 10.0, 9.0), True: (8.5,)}
_CHARACTER_EM: Final = 0.47
"""Mean advance of the characters of a Times-like face; bold ones are wider."""
_BOLD: Final = 1.12
_PADDING_CHARACTERS: Final = 2.2
_LONGEST_PARAGRAPH: Final = 20_000
_ROOM: Final = 1.3
"""What a line should hold beyond the longest words of its columns, so that sentences do not run down the page word by word."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; level 1 is a part (I, II…), 2 a section, 0 an appendix on a page of its own."""

    level: Literal[0, 1, 2]
    text: str

    def __post_init__(self) -> None:
        """Keep out what no document can hold."""
        object.__setattr__(self, "text", shown_words(self.text))


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of running text."""

    text: str

    def __post_init__(self) -> None:
        """Keep out what no document can hold."""
        object.__setattr__(self, "text", shown_words(self.text, most=_LONGEST_PARAGRAPH))


@dataclass(frozen=True, slots=True)
class Table:
    """A numbered table: caption, column headings, cells as people read them, and what the same cells are as values."""

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    values: Sequence[Sequence[object]]
    note: str = ""

    def __post_init__(self) -> None:
        """Keep out of the cells that people read what no document can hold; the values stay as they are."""
        object.__setattr__(self, "caption", shown_words(self.caption))
        object.__setattr__(self, "rows", [[shown_words(cell) for cell in row] for row in self.rows])

    def aligned(self) -> list[Align]:
        """Return for each column whether it holds figures, which stand to the right."""
        columns = zip(*self.values, strict=True) if self.values else [()] * len(self.header)
        return [
            "right" if any(isinstance(value, int | float) and not isinstance(value, bool) for value in column) else "left"
            for column in columns
        ]

    @property
    def wide(self) -> bool:
        """Return whether the table needs a landscape page."""
        return len(self.header) > WIDE_COLUMNS

    @property
    def size_pt(self) -> float:
        """Return the largest of the sizes in which no column is so narrow that its sentences run down the page."""
        needed = self._needed().sum() * _ROOM
        sizes = _SIZES_PT[self.wide]
        return next((size for size in sizes if needed <= self._line(size)), sizes[-1])

    def _needed(self) -> NDArray[np.float64]:
        """Return the characters that each column's longest word needs."""
        columns = zip(self.header, *self.rows, strict=True)
        words = [max(_longest_word(head) * _BOLD, *map(_longest_word, cells), 0.0) for head, *cells in columns]
        return np.array(words) + _PADDING_CHARACTERS

    def _line(self, size_pt: float) -> float:
        """Return how many characters of a size a line holds."""
        return _LINE_PT[self.wide] / (size_pt * _CHARACTER_EM)

    def shares(self) -> list[float]:
        """Return each column's share of the line: what its longest word needs, and of the rest by how much its longest cell lacks.

        References
        ----------
        CSS 2.2, 17.5.2.2, automatic table layout: minimum and maximum content widths.

        Examples
        --------
        >>> table = Table("", ["n", "remark"], [["1", "claimed, and not confirmed by any test"]], [[1, ""]])
        >>> [round(share, 2) for share in table.shares()]
        [0.04, 0.96]
        """
        needed = self._needed()
        longest = np.array([max(map(len, column)) for column in zip(self.header, *self.rows, strict=True)], float)
        lacking = np.maximum(longest + _PADDING_CHARACTERS - needed, 0.0)
        rest = max(self._line(self.size_pt) - needed.sum(), 0.0)
        widths = needed + rest * (lacking / lacking.sum() if lacking.any() else 1 / len(needed))
        return [float(width) for width in widths / widths.sum()]


def _longest_word(words: str) -> float:
    return float(max(map(len, words.split()), default=0))


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

    def runs(self) -> list[tuple[bool, list[Block]]]:
        """Return the blocks in order, cut where pages turn to landscape (True) or back.

        A wide table takes the heading and the paragraphs that introduce it along, so that they do not stand alone on a page.
        """
        runs: list[tuple[bool, list[Block]]] = [(False, [])]
        for place, block in enumerate(self.blocks):
            wide = isinstance(block, Table) and block.wide
            landscape, current = runs[-1]
            if wide and not landscape:
                cut = _introduction(current)
                runs[-1:] = [(False, current[:cut]), (True, current[cut:])]
            elif landscape and not wide and not _introduces_wide(self.blocks[place:]):
                runs.append((False, []))
            runs[-1][1].append(block)
        return [run for run in runs if run[1]]


def _introduction(blocks: Sequence[Block]) -> int:
    """Return where the last heading stands if only paragraphs follow it; else the end."""
    for place in range(len(blocks) - 1, -1, -1):
        if isinstance(blocks[place], Heading):
            above = place > 0 and isinstance(blocks[place - 1], Heading)  # a part's heading right above the section's
            return place - 1 if above else place
        if not isinstance(blocks[place], Paragraph):
            break
    return len(blocks)


def _introduces_wide(blocks: Sequence[Block]) -> bool:
    """Return whether the first of these blocks, a heading or paragraph, has but paragraphs between itself and a wide table."""
    for place, block in enumerate(blocks):
        if isinstance(block, Table):
            return block.wide
        if not isinstance(block, Paragraph) and (place > 0 or not isinstance(block, Heading)):
            return False
    return False
