"""Tables of text and workbooks: encoding, delimiter, header and rows told apart, every cell kept as it stands."""

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from hatang.data._encoding import GUESSED, decoded, unicode_of
from hatang.data._filetype import DAMAGE, HEAD_BYTES, Form, Member, refused
from hatang.data._inspection import refuse_secret
from hatang.data._legacytext import FONTS
from hatang.data._marks import without_marks
from hatang.data._sourcetable import SourceTable, distinct_names, joined
from hatang.data._vocabulary import fold, known_names
from hatang.data.contracts import Fault, RefusedError, Severity
from hatang.data.formats import names_of_headerless
from hatang.data.mapping import FileMapping

if TYPE_CHECKING:
    from hatang.data._workbook import Lines

_DELIMITERS: Final = (";", ",", "\t", "|")
_HEADER_LINES: Final = 20
_LIKE_A_TABLE: Final = 2
"""Known columns from which a sheet looks like a table of ours."""
_NAMES_SHOWN: Final = 200
_BAD_PARTS: Final = (KeyError, ValueError, TypeError, IndexError, AttributeError, SyntaxError)
"""What openpyxl raises where a part of a workbook is missing or is no XML (errors of XML parsers are SyntaxErrors)."""
_NUMBER: Final = re.compile(r"[-+]?\d[\d.,:/\s-]*")


def read_tabular(file: str, members: Sequence[Member], mapping: FileMapping, *, limit: int | None = None) -> SourceTable:
    """Return the table of a CSV, a workbook, or several CSV with the same columns.

    Parameters
    ----------
    file : str
        Name of the file that was handed in, for faults.
    members : sequence of Member
        What it holds, all of one form.
    mapping : FileMapping
        Delimiter and encoding where they are stated; else they are recognised.
    limit : int, optional
        Read about that many rows only, to recognise what the file is about.

    Raises
    ------
    RefusedError
        Where a file has no rows, is cut off, or cannot be split into columns.
    """
    read = _workbook if members[0].form is Form.XLSX else _text
    tables = [read(member, mapping, limit) for member in (members[:1] if limit else members)]
    for member, table in zip(members, tables, strict=False):
        if table.columns != tables[0].columns:
            raise refused(member.name, "file_mixed", found=", ".join(table.columns))
    table = without_marks(joined(file, tables))
    if not len(table.rows) and not table.lost:
        raise refused(file, "file_header_only", found=", ".join(table.columns))
    return table


def _text(member: Member, mapping: FileMapping, limit: int | None) -> SourceTable:
    """Return the table of one CSV."""
    try:
        content = member.path.read_bytes()
    except OSError as error:
        raise refused(member.name, "file_unreadable", found=error.strerror) from error
    digest = hashlib.sha256(content).hexdigest()
    text, encoding = _decoded(content, mapping, member.name)
    preview = text[: HEAD_BYTES * 2].decode("utf-8", errors="ignore")
    if len(text) > HEAD_BYTES * 2:
        preview = preview[: preview.rfind("\n") + 1] or preview
    delimiter, skipped, names = _layout(preview, mapping, member.name)
    heading = preview.splitlines()[:skipped]
    refuse_secret(member.name, (cell for line in heading[:-1] for cell in (line, *line.split(delimiter))), stamp=True)
    refuse_secret(member.name, heading[-1].split(delimiter) if heading else ())
    if limit:
        text = preview.encode()
    cells, rows, faults = _rows(text, delimiter, skipped, names, member.name)
    if not len(rows) and not faults:
        raise refused(member.name, "file_header_only", found=delimiter.join(names))
    repairs = {}
    if encoding in GUESSED and not mapping.encoding:
        repairs[f"encoding:{encoding}"] = 1
        faults.append(Fault("file_encoding", member.name, Severity.REPAIRED, found=encoding))
    lost = sum(fault.count for fault in faults if fault.code == "row_width")
    part = np.zeros(len(rows), np.int32)
    return SourceTable(member.name, cells, rows, part, (member.name,), (digest,), lost=lost, faults=tuple(faults), repairs=repairs)


def _decoded(content: bytes, mapping: FileMapping, name: str) -> tuple[bytes, str]:
    """Return the content as UTF-8 without mark, composed where it was Vietnamese of an old code page, and the encoding it was in."""
    encoding = mapping.encoding or unicode_of(content[:HEAD_BYTES])
    if encoding in FONTS:
        return content.decode("latin-1").encode(), str(encoding)
    if encoding is not None:
        try:
            return content.decode(encoding).lstrip("\ufeff").encode(), encoding
        except UnicodeDecodeError as error:
            code = "file_decoding" if mapping.encoding else "file_truncated"
            raise refused(name, code, found=f"{encoding}, byte {error.start}") from error
    if b"\x00" in content:
        raise refused(name, "file_binary")
    text, encoding = decoded(content)
    return (content if encoding == "utf-8" else text.encode()), encoding


def _layout(preview: str, mapping: FileMapping, name: str) -> tuple[str, int, list[str]]:
    """Return delimiter, number of lines up to and including the header, and the column names.

    Of the delimiters the one is taken under which a line of words precedes rows of the same width, widest first; lines before it
    (titles, comments) are passed over.
    """
    best: tuple[tuple[int, float, int], str, int, list[str]] | None = None
    first = next((line for line in preview.splitlines() if line.strip()), "")
    for delimiter in [mapping.delimiter] if mapping.delimiter else _DELIMITERS:
        reader = csv.reader(io.StringIO(preview, newline=""), delimiter=delimiter)
        lines = [(reader.line_num, row) for row in _safely(reader) if any(cell.strip() for cell in row)][:200]
        widths = Counter(len(_without_tail(row)) for _, row in lines)
        for position, (line, row) in enumerate(lines[:_HEADER_LINES]):
            header = _without_tail(row)
            share = sum(count for width, count in widths.items() if 0 < width <= len(header)) / len(lines)
            if len(header) >= 2 and _is_header(header):
                score = (known_names(header), share - 0.01 * position, len(header))
                if best is None or score > best[0]:
                    best = score, delimiter, line, header
    if best is None and (found := _headerless(preview)) is not None:
        return found
    if best is None:
        cells = re.split(r"[;,\t|]", first)
        code = "file_header" if len(cells) > 1 and not _is_header(cells) else "file_delimiter"
        raise refused(name, code, found=first[:120])
    return best[1], best[2], distinct_names(best[3])


def _headerless(preview: str) -> tuple[str, int, list[str]] | None:
    """Return delimiter, no line to skip, and the columns of a known format whose files have no header; None where it is none."""
    first = next(csv.reader(io.StringIO(preview, newline="")), [])
    names = names_of_headerless(first)
    return None if names is None else (",", 0, list(names))


def _safely(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    """Yield the rows up to the first that no CSV can hold."""
    try:
        yield from reader
    except csv.Error:
        return


def _is_header(cells: Sequence[str]) -> bool:
    """Return whether a line names columns: words, not numbers."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    return len(filled) >= max(2, len(cells) // 2) and sum(bool(_NUMBER.fullmatch(cell)) for cell in filled) <= len(filled) // 4


def _without_tail(row: Sequence[str]) -> list[str]:
    """Return the row without the empty cells that delimiters at the line's end leave."""
    end = len(row)
    while end and not row[end - 1].strip():
        end -= 1
    return list(row[:end])


def _rows(text: bytes, delimiter: str, skipped: int, names: list[str], file: str) -> tuple[pa.Table, np.ndarray, list[Fault]]:
    """Return the cells, the line each row starts on, and the rows that could not be split."""
    newlines = text.count(b"\n") or text.count(b"\r")
    lines = newlines + (not text.endswith((b"\n", b"\r"))) - skipped
    if b"\n" in text and len(delimiter.encode()) == 1:
        try:
            table = pa_csv.read_csv(
                pa.BufferReader(text),
                read_options=pa_csv.ReadOptions(column_names=names, skip_rows=skipped, block_size=1 << 23),
                parse_options=pa_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
                convert_options=pa_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
            )
        except pa.ArrowInvalid:
            table = None  # rows of unequal width: the slow way says which
        if table is not None and table.num_rows == lines and not _cut_off(text):
            return table.combine_chunks(), np.arange(skipped + 1, skipped + 1 + lines, dtype=np.int64), []
    return _rows_one_by_one(text, delimiter, skipped, names, file)


def _cut_off(text: bytes) -> bool:
    """Return whether the text ends within a quoted cell."""
    return text.count(b'"') % 2 == 1


def _rows_one_by_one(text: bytes, delimiter: str, skipped: int, names: list[str], file: str) -> tuple[pa.Table, np.ndarray, list[Fault]]:
    """Return what `_rows` does, for files with blank lines, line breaks within cells, or rows of unequal width."""
    width = len(names)
    kept: list[list[str]] = []
    rows: list[int] = []
    faults: list[Fault] = []
    start = end = 0
    reader = csv.reader(io.StringIO(text.decode(), newline=""), delimiter=delimiter)
    try:
        for cells in reader:
            start, end = end + 1, reader.line_num
            if start <= skipped or not any(cell.strip() for cell in cells):
                continue
            if len(cells) > width:
                cells = _without_tail(cells)
            if len(cells) == width:
                kept.append(cells)
                rows.append(start)
            else:
                faults.append(_ill_width(file, start, cells, width, delimiter))
    except csv.Error as error:
        raise refused(file, "file_malformed", found=f"{reader.line_num}: {error}") from error
    unfinished = not text.endswith((b"\n", b"\r"))
    if unfinished and ((faults and faults[-1].row == start) or (end > start and _cut_off(text))):
        raise refused(file, "file_truncated", found=text[-60:].decode(errors="ignore"))
    if faults and not kept:
        raise refused(file, "file_delimiter", found=faults[0].found)
    columns = list(zip(*kept, strict=True)) if kept else [()] * width
    cells_table = pa.table({name: pa.array(column, pa.string()) for name, column in zip(names, columns, strict=True)})
    return cells_table, np.array(rows, np.int64), faults


def _ill_width(file: str, row: int, cells: Sequence[str], width: int, delimiter: str) -> Fault:
    """Return the fault of a row with too many or too few cells."""
    return Fault("row_width", file, row=row, found=delimiter.join(cells)[:120], fields={"width": width, "cells": len(cells)})


def _workbook(member: Member, mapping: FileMapping, limit: int | None) -> SourceTable:
    """Return the table of a workbook: the sheet that the mapping's `layer` names, else the one whose header names most known columns.

    Sheets with the same columns are one table, each a part of its own; both they and other sheets that look like tables are told.
    """
    from hatang.data._workbook import Lines, sheets  # noqa: PLC0415 - openpyxl, and most tables are text

    found: list[tuple[tuple[int, int], str, list[str], Lines]] = []
    titles = []
    try:
        for title, lines in sheets(member.path, limit):
            refuse_secret(member.name, [title, *(cell for _, cells in lines[:_HEADER_LINES] for cell in cells)])
            titles.append(title)
            best: tuple[tuple[int, int], str, list[str], Lines] | None = None
            for position, (_, cells) in enumerate(lines[:_HEADER_LINES]):
                score = (known_names(cells), len(cells))
                beside = all(cell.startswith("[") for cell in cells)  # lists, notes and faults of our own workbooks
                if not beside and len(cells) >= 2 and _is_header(cells) and (best is None or score > best[0]):
                    best = score, title, cells, lines[position + 1 :]
            found += [] if best is None else [best]
    except RefusedError:
        raise
    except (*DAMAGE, *_BAD_PARTS) as error:
        raise refused(member.name, "file_truncated", found=str(error)) from error
    named = [sheet for sheet in found if mapping.layer is not None and fold(sheet[1]) == fold(mapping.layer)]
    if mapping.layer is not None and not named and len(titles) > 1:
        raise refused(member.name, "file_layers", field="layer", found=", ".join(titles))
    if not found:
        raise refused(member.name, "file_header", found=member.name)
    (best_known, _), chosen, header, lines = named[0] if named else max(found, key=lambda sheet: sheet[0])
    if not lines:
        raise refused(member.name, "file_header_only", found=", ".join(header))
    others = [] if named else [sheet for sheet in found if sheet[1] != chosen and sheet[3]]
    same = [sheet for sheet in others if sheet[2] == header and best_known]
    passed = [title for score, title, cells, _ in others if score[0] >= _LIKE_A_TABLE and cells != header]
    taken = [chosen, *(title for _, title, _, _ in same)]
    tables = [_sheet(f"{member.name}/{title}" if same else member.name, header, rows) for title, rows in zip(
        taken, [lines, *(sheet[3] for sheet in same)], strict=True)]  # fmt: skip
    told = [("sheets_joined", taken)] if same else []
    told += [("sheets_passed", passed)] if passed else []
    faults = tuple(Fault(code, member.name, Severity.WARNING, found=", ".join(names)[:_NAMES_SHOWN]) for code, names in told)
    return replace(joined(member.name, tables), faults=faults)


def _sheet(shown: str, header: list[str], lines: "Lines") -> SourceTable:
    """Return the rows of a sheet below its header."""
    names = distinct_names(header)
    width = len(names)
    padded = [(row + [""] * width)[:width] for _, row in lines]
    cells = pa.table({name: pa.array(column, pa.string()) for name, column in zip(names, zip(*padded, strict=True), strict=True)})
    digest = hashlib.sha256(repr(padded).encode()).hexdigest()
    rows = np.array([row for row, _ in lines], np.int64)
    return SourceTable(shown, cells, rows, np.zeros(len(rows), np.int32), (shown,), (digest,))
