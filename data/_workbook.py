"""Sheets of a workbook as rows of text: the plain XML that spreadsheet programs write at once, anything else by openpyxl."""

import html
import re
import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import IO, Final
from xml.etree import ElementTree as ET

import openpyxl
from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format, is_timedelta_format
from openpyxl.utils.cell import column_index_from_string
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel

Lines = list[tuple[int, list[str]]]
"""Number of a row from 1 and its cells, without the empty ones at its end; empty rows are left out."""
_BLOCK: Final = 1 << 22
_SAMPLE: Final = 1 << 20
_BLANK: Final = " \t\r\n"
_CELL: Final = re.compile(
    rb'<c r="([A-Z]{1,3})([0-9]{1,7})"(?: s="([0-9]{1,6})")?(?: t="(s|n|str|b|e|inlineStr)")?'
    rb"(?:/>|>(?:<f[^<>]*/>|<f[^<>]*>[^<>]*</f>)?(?:<v>([^<>]*)</v>|<v/>|<is><t[^<>]*>([^<>]*)</t></is>)?</c>)"
)
_ANY_CELL: Final = re.compile(rb"<c[\s/>]")
_ROW_END: Final = b"</row>"
_ODD: Final = (b"<!", b"<?xml-", b":sheetData", b":row", b"AlternateContent")
"""What plain sheets do not hold: comments, CDATA, instructions, prefixed names, alternatives."""
_UTF8: Final = re.compile(
    rb'\s*(?:<\?xml version="1\.0"(?: encoding="(?i:utf-8)")?(?: standalone="(?:yes|no)")?\s*\?>\s*)?<(?:worksheet|sst)\b'
)
_STRING: Final = re.compile(rb"<si>(?:<t[^<>]*>([^<>]*)</t>|(.*?))</si>|<si/>", re.DOTALL)
_PHONETIC: Final = re.compile(rb"<rPh\b.*?</rPh>", re.DOTALL)
_TEXT: Final = re.compile(rb"<t(?: [^<>]*)?>([^<>]*)</t>")
_HEAD: Final = 512


class _NotPlainError(Exception):
    """A sheet, or a part that it needs, is not written as most programs do."""


def sheets(path: Path, limit: int | None) -> Iterator[tuple[str, Lines]]:
    """Yield title and rows of each sheet of a workbook, about `limit` rows only where it is given.

    Cells are texts as a CSV would hold them; a formula counts as the value it last had.
    """
    try:
        found = list(_plain_sheets(path, limit))
    except _NotPlainError:
        found = list(_other_sheets(path, limit))
    yield from found


def _plain_sheets(path: Path, limit: int | None) -> Iterator[tuple[str, Lines]]:
    """Yield the sheets of a workbook whose parts are plain.

    Raises
    ------
    _NotPlainError
        Where one is not.
    """
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
            raise _NotPlainError
        book = ET.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314 - entities were refused before
        links = ET.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
        targets = {link.get("Id"): (link.get("Type", ""), link.get("Target", "")) for link in links}
        epoch = CALENDAR_WINDOWS_1900
        if any(_local(part.tag) == "workbookPr" and part.get("date1904") in ("1", "true") for part in book):
            epoch = CALENDAR_MAC_1904
        shared = _shared(archive.read("xl/sharedStrings.xml")) if "xl/sharedStrings.xml" in names else []
        dated = _dated(archive.read("xl/styles.xml")) if "xl/styles.xml" in names else {}
        for sheet in book.iter():
            if _local(sheet.tag) != "sheet":
                continue
            kind, target = targets.get(next((v for k, v in sheet.attrib.items() if _local(k) == "id"), ""), ("", ""))
            entry = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            if kind.endswith("/chartsheet"):
                continue
            if not kind.endswith("/worksheet") or entry not in names:
                raise _NotPlainError
            with archive.open(entry) as part:
                yield sheet.get("name", ""), _Rows(shared, dated, epoch).read(part, limit)


def _local(tag: str) -> str:
    """Return a name without its namespace."""
    return tag.rpartition("}")[2]


def _shared(content: bytes) -> list[str]:
    """Return the texts that cells share."""
    if not _UTF8.match(content) or b"<!" in content:
        raise _NotPlainError
    texts = []
    for plain, rich in _STRING.findall(content):
        if rich:
            plain = b"".join(_TEXT.findall(_PHONETIC.sub(b"", rich)))
        texts.append(_words(plain))
    if len(texts) != content.count(b"<si>") + content.count(b"<si/>"):
        raise _NotPlainError
    return texts


def _words(content: bytes) -> str:
    """Return the text of an element."""
    text = content.decode()
    if "&" in text:
        text = html.unescape(text)
    return text.replace("x005F_", "").strip(_BLANK) if "x005F_" in text else text.strip(_BLANK)


def _dated(content: bytes) -> dict[bytes, bool]:
    """Return number of a cell style → whether its numbers are spans of time, for the styles whose numbers are times at all."""
    root = ET.fromstring(content)  # noqa: S314 - entities were refused before
    formats: dict[int, str] = dict(BUILTIN_FORMATS)
    dated: dict[bytes, bool] = {}
    for part in root:
        if _local(part.tag) == "numFmts":
            formats.update({int(one.get("numFmtId", "0")): one.get("formatCode", "") for one in part})
    for part in root:
        if _local(part.tag) == "cellXfs":
            for number, one in enumerate(part):
                code = formats.get(int(one.get("numFmtId", "0")), "")
                if is_date_format(code):
                    dated[str(number).encode()] = bool(is_timedelta_format(code))
    return dated


class _Rows:
    """The rows of one plain sheet, put together block by block."""

    def __init__(self, shared: Sequence[str], dated: Mapping[bytes, bool], epoch: datetime) -> None:
        self._shared = shared
        self._dated = dated
        self._epoch = epoch
        self._places: dict[bytes, int] = {}
        self._lines: Lines = []

    def read(self, part: IO[bytes], limit: int | None) -> Lines:
        """Return the rows of a sheet."""
        rest = part.read(_HEAD)
        if not _UTF8.match(rest):
            raise _NotPlainError
        size = _SAMPLE if limit else _BLOCK
        while block := part.read(size):
            rest += block
            end = rest.rfind(_ROW_END) + len(_ROW_END)
            if end >= len(_ROW_END):
                self._take(rest[:end])
                rest = rest[end:]
            if limit and self._lines:
                return [line for line in self._lines if line[0] <= limit]
        self._take(rest)
        if not rest.rstrip().endswith(b"</worksheet>"):
            raise _NotPlainError
        return self._lines

    def _take(self, content: bytes) -> None:
        """Add the rows of a block."""
        found = _CELL.findall(content)
        if len(found) != len(_ANY_CELL.findall(content)) or any(odd in content for odd in _ODD):
            raise _NotPlainError
        shared, places, dated = self._shared, self._places, self._dated
        current = b""
        cells: list[str] = []
        for letters, number, style, kind, value, inline in found:
            if number != current:
                self._end(current, cells)
                current, cells = number, []
            place = places.get(letters)
            if place is None:
                place = places[letters] = column_index_from_string(letters.decode()) - 1
            if kind == b"s":
                text = shared[int(value)] if value else ""
            elif kind in (b"", b"n"):
                text = value.decode() if value.isdigit() and style not in dated and value[:1] != b"0" else self._number(value, style)
            else:
                text = self._other(kind, value, inline)
            if place == len(cells):
                cells.append(text)
            elif place > len(cells):
                cells.extend([""] * (place - len(cells)))
                cells.append(text)
            else:
                raise _NotPlainError
        self._end(current, cells)

    def _end(self, number: bytes, cells: list[str]) -> None:
        """Add a row that is complete."""
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            if self._lines and int(number) <= self._lines[-1][0]:
                raise _NotPlainError
            self._lines.append((int(number), cells))

    def _number(self, value: bytes, style: bytes) -> str:
        """Return a cell of a number as text: a time where its style shows one."""
        if not value:
            return ""
        text = value.decode()
        number = float(text) if "." in text or "e" in text.casefold() else int(text)
        if style in self._dated:
            try:
                return cell_text(from_excel(number, self._epoch, timedelta=self._dated[style]))
            except (ValueError, OverflowError):
                return "#VALUE!"
        return cell_text(number)

    def _other(self, kind: bytes, value: bytes, inline: bytes) -> str:
        """Return a cell that is neither a number nor a shared text."""
        if kind == b"b":
            return ("false", "true")[bool(int(value or b"0"))] if value else ""
        return _words(inline or value)


def _other_sheets(path: Path, limit: int | None) -> Iterator[tuple[str, Lines]]:
    """Yield the sheets of any workbook."""
    with warnings.catch_warnings(), path.open("rb") as stream:  # of a path openpyxl would judge the ending
        warnings.simplefilter("ignore")  # openpyxl warns of styles and validations that it leaves out
        book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
        for sheet in book.worksheets:
            sheet.reset_dimensions()  # some writers state A1 for any sheet, and openpyxl believes it
            lines: Lines = []
            for number, values in enumerate(sheet.iter_rows(values_only=True, max_row=limit), start=1):
                cells = [cell_text(value) for value in values]
                while cells and not cells[-1]:
                    cells.pop()
                if cells:
                    lines.append((number, cells))
            yield sheet.title, lines
        book.close()


def cell_text(value: object) -> str:
    """Return a cell of a workbook as a CSV would hold it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return ("false", "true")[value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value).strip(_BLANK)
