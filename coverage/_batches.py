"""Parquet files of tests: looked at, cut into pieces of work, and read batch by batch.

The interface of `aggregate` takes paths, so that this room, which is pure otherwise, opens files here (and for what exceeds its memory in
`hatang.coverage._spill`), and nowhere else.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from hatang.data.contracts import ENGINE_KEY, ENGINE_WARD, EngineLayout, MissingError, RefusedError, SchemaError

_CODED_BYTES: Final = 4
"""A text column of fewer bytes a row than this is stored as codes throughout; past it the writer gave its dictionary up, and asking for
codes would build one anew."""
_STREAMED_BYTES: Final = 1 << 18
"""Read-ahead of each column, so that a row group of any size is never held as a whole."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of the columns that an aggregation reads."""

    by: tuple[str, ...]
    value: str
    x: str
    y: str
    device: str


@dataclass(frozen=True, slots=True)
class Source:
    """One file: what to read of it, and the kinds of its keys and devices."""

    path: Path
    metadata: Any
    read: tuple[str, ...]
    coded: tuple[str, ...]
    position: tuple[str, str] | None
    layout: EngineLayout | None
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Work:
    """Some row groups of one file."""

    source: Source
    row_groups: tuple[int, ...]
    rows: int


def files_of(paths: str | Path | Sequence[str | Path]) -> list[Path]:
    """Return the files named, those of a folder in its place: every `*.parquet` in it and below.

    Raises
    ------
    MissingError
        Where a path is not there, or a folder holds no such file.
    """
    found: list[Path] = []
    for path in map(Path, [paths] if isinstance(paths, str | Path) else paths):
        if path.is_dir():
            inside = sorted(path.rglob("*.parquet"))
            if not inside:
                raise MissingError("error.aggregate.folder", folder=str(path))
            found += inside
        elif path.is_file():
            found.append(path)
        else:
            raise MissingError("error.aggregate.missing", file=str(path))
    return found


def look_at(path: Path, columns: Columns, index_hash: str) -> Source:
    """Read a file's schema and say what of it to read.

    Raises
    ------
    RefusedError
        Where it is no Parquet file, or a damaged one.
    SchemaError
        Where a column is missing or of a kind that cannot serve, or an engine file does not fit the ward index.
    """
    with _readable(path):
        metadata = pq.read_metadata(path)
        schema = metadata.schema.to_arrow_schema()
    layout = EngineLayout.of(schema.metadata)
    if layout is None and ENGINE_KEY in (schema.metadata or {}):
        raise SchemaError("error.aggregate.stale", file=str(path))
    position: tuple[str, str] | None = (columns.x, columns.y)
    if layout is not None and layout.index_hash == index_hash and (columns.x, columns.y) == (layout.x, layout.y):
        position = None
    elif layout is not None and not layout.exact:
        raise SchemaError("error.aggregate.stale", file=str(path))
    wanted = [*columns.by, columns.value, columns.device, *(position or (ENGINE_WARD,))]
    absent = [name for name in dict.fromkeys(wanted) if name not in schema.names]
    if absent:
        raise SchemaError("error.aggregate.column", file=str(path), column=", ".join(absent), columns=", ".join(schema.names))
    for name in (columns.value, *(position or ())):
        if not _numeric(schema.field(name).type):
            raise SchemaError("error.aggregate.number", file=str(path), column=name, type=str(schema.field(name).type))
    kinds = tuple(_kind(schema.field(name).type) for name in columns.by)
    device = _kind(schema.field(columns.device).type)
    if device not in {"text", "whole", "number", "null"}:
        raise SchemaError("error.aggregate.device", file=str(path), column=columns.device, type=str(schema.field(columns.device).type))
    texts = [name for name in (*columns.by, columns.device) if _kind(schema.field(name).type) == "text"]
    coded = tuple(name for name in dict.fromkeys(texts) if _stored_as_codes(metadata, name))
    return Source(
        path, metadata, tuple(dict.fromkeys(wanted)), coded, position, layout, (*kinds, "whole" if device == "number" else device)
    )


def shares_of_work(sources: Sequence[Source], *, rows: int) -> list[Work]:
    """Cut files into shares of consecutive row groups with about `rows` rows each."""
    found: list[Work] = []
    for source in sources:
        held: list[int] = []
        count = 0
        for row_group in range(source.metadata.num_row_groups):
            held.append(row_group)
            count += source.metadata.row_group(row_group).num_rows
            if count >= rows:
                found.append(Work(source, tuple(held), count))
                held, count = [], 0
        if count:
            found.append(Work(source, tuple(held), count))
    return found


def batches(work: Work, *, rows: int) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a share, at most `rows` at a time.

    Raises
    ------
    RefusedError
        Where the file is damaged.
    """
    source = work.source
    with _readable(source.path):
        file = pq.ParquetFile(
            source.path,
            metadata=source.metadata,
            read_dictionary=list(source.coded),
            pre_buffer=False,
            buffer_size=_STREAMED_BYTES,
            page_checksum_verification=True,
        )
        stream = file.iter_batches(rows, row_groups=list(work.row_groups), columns=list(source.read), use_threads=False)
    with file:
        while True:
            with _readable(source.path):
                batch = next(stream, None)
            if batch is None:
                return
            yield batch


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Name the file that cannot be read."""
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        raise RefusedError("error.aggregate.unreadable", file=str(path), reason=str(error).strip().split("\n")[0]) from error


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _numeric(kind: pa.DataType) -> bool:
    kind = _plain(kind)
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind) or pa.types.is_null(kind))


def _kind(kind: pa.DataType) -> str:
    """Return the kind of a key: columns of different widths, or coded and plain ones, are of one kind."""
    kind = _plain(kind)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return "text"
    if pa.types.is_integer(kind):
        return "whole"
    if pa.types.is_floating(kind):
        return "number"
    return str(kind)


def _stored_as_codes(metadata: Any, name: str) -> bool:
    place = next((at for at in range(metadata.num_columns) if metadata.schema.column(at).path == name), None)
    if place is None or metadata.num_row_groups == 0:
        return False
    first = metadata.row_group(0).column(place)
    return bool(first.has_dictionary_page and first.total_uncompressed_size < _CODED_BYTES * max(first.num_values, 1))
