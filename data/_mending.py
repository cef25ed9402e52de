"""A source table with its text put right: headings and cells of old encodings, and a word about letters lost for good."""

import dataclasses
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hatang.data._legacytext import FONTS, Mender, converted
from hatang.data._sourcetable import SourceTable, distinct_names
from hatang.data.contracts import Fault, Severity

_BEYOND_ASCII: Final = r"[^\x00-\x7F]"
_LOST: Final = r"\pL\?+\pL|(?:^|\s)\?\?+\pL|\x{FFFD}"
_ADDRESS: Final = r"://|[?&]\w+="
_SHOWN: Final = 120


def with_text_mended(source: SourceTable, stated: str | None = None) -> SourceTable:
    """Return a source table whose headings and cells of TCVN3, VNI, VISCII, cp1258 or twice encoded text say what they mean.

    What was mended is counted as `encoding:NAME`, cell by cell, and told once a column with the first text as it stood. Letters that a
    program replaced by question marks cannot be brought back: they are told of.

    Parameters
    ----------
    source : SourceTable
        Rows as they stand in the file.
    stated : str, optional
        Encoding that the mapping states: one of `FONTS` is believed without proof.
    """
    forced = stated if stated in FONTS else None
    names = source.columns
    distinct = {name: _words_of(source.cells.column(name)) for name in names}
    heard = [name for name in names if not name.isascii()]
    mixed = Mender([*heard, *(word for words in distinct.values() for word in words)]) if heard or any(distinct.values()) else None
    if mixed is None:
        return source
    repairs: Counter[str] = Counter(source.repairs)
    faults = list(source.faults)
    headings = Mender(heard, beside=mixed.encoding)
    titles = [_meant(name, headings, forced)[0] for name in names]
    for name, title in zip(names, titles, strict=True):
        _, encoding = _meant(name, headings, forced)
        if encoding is not None:
            repairs[f"encoding:{encoding}"] += 1
            faults.append(_told(source, None, name, encoding, title, 1))
    columns = []
    for name, title in zip(names, titles, strict=True):
        column = source.cells.column(name)
        if distinct[name]:
            column, found = _column(column, Mender(distinct[name], beside=mixed.encoding), forced)
            for encoding, row, original, meant, count in found:
                repairs[f"encoding:{encoding}"] += count
                faults.append(_told(source, row, title, encoding, meant, count, original))
            faults += _lost(source, column, title)
        columns.append(column)
    cells = pa.table(columns, names=distinct_names(titles))
    return dataclasses.replace(source, cells=cells, faults=tuple(faults), repairs=dict(repairs))


def _words_of(column: Any) -> list[str]:
    """Return the distinct texts of a column that go beyond ASCII or hold question marks."""
    told = pc.match_substring_regex(column, pattern=_BEYOND_ASCII)
    told = pc.or_(told, pc.match_substring(column, pattern="?"))
    return [text for text in pc.unique(column.filter(pc.fill_null(told, fill_value=False))).to_pylist() if text is not None]


def _meant(text: str, mender: Mender, forced: str | None) -> tuple[str, str | None]:
    """Return what a text means and the encoding it was in, None where it stood right."""
    if forced is None:
        return mender.mend(text)
    meant = converted(text, forced)
    return meant, forced if meant != text else None


def _column(column: Any, mender: Mender, forced: str | None) -> tuple[Any, Iterator[tuple[str, int, str, str, int]]]:
    """Return a column mended, and for each encoding found: its first row, what stood there, what it means, and how many cells."""
    encoded = pc.dictionary_encode(column)
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    words = encoded.dictionary.to_pylist()
    meant = [_meant(word, mender, forced) if word is not None and not word.isascii() else (word, None) for word in words]
    if all(encoding is None for _, encoding in meant):
        return column, iter(())
    texts = pa.array([text for text, _ in meant], pa.string())
    codes = np.asarray(encoded.indices.fill_null(len(words)))
    by_word = np.array([*(encoding for _, encoding in meant), None], dtype=object)

    def found() -> Iterator[tuple[str, int, str, str, int]]:
        for encoding in sorted({encoding for _, encoding in meant if encoding is not None}):
            places = np.flatnonzero((by_word == encoding)[codes])
            word = int(codes[places[0]])
            yield encoding, int(places[0]), words[word], str(meant[word][0]), len(places)

    return texts.take(encoded.indices), found()


def _told(source: SourceTable, row: int | None, field: str, encoding: str, meant: str, count: int, original: str | None = None) -> Fault:
    """Return the fault that tells of text put right: of a heading where there is no row."""
    file = source.file if row is None else source.parts[source.part[row]]
    return Fault(
        "text_encoding",
        file,
        Severity.REPAIRED,
        row=None if row is None else int(source.rows[row]),
        field=field,
        found=(field if original is None else original)[:_SHOWN],
        fields={"encoding": encoding, "meant": meant[:_SHOWN]},
        count=count,
    )


def _lost(source: SourceTable, column: Any, title: str) -> Iterator[Fault]:
    """Yield a warning where letters of a column became question marks."""
    if not pc.any(pc.match_substring_regex(column, pattern=r"[?\x{FFFD}]")).as_py():
        return
    lost = pc.and_(pc.match_substring_regex(column, pattern=_LOST), pc.invert(pc.match_substring_regex(column, pattern=_ADDRESS)))
    places = np.flatnonzero(np.asarray(pc.fill_null(lost, fill_value=False)))
    if len(places):
        first = int(places[0])
        found = str(column[first])[:_SHOWN]
        part = source.parts[source.part[first]]
        yield Fault("text_lost", part, Severity.WARNING, row=int(source.rows[first]), field=title, found=found, count=len(places))
