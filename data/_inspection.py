"""What a file would do to those who parse it, found out without parsing it: entities, links, endless lines, impossible sizes.

Every check reads in blocks, or headings only, so that its memory does not grow with the file.
"""

import html
import re
import sqlite3
import struct
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Final
from xml.parsers import expat

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import shapely

from hatang.data._filetype import DAMAGE, Form, Member, archive_entries, links_crs, refused
from hatang.data._secrecy import OFFICE_PARTS, first_mark, is_tag_of_text, mark_in_part, mark_in_properties, mark_in_stream, mark_in_tag
from hatang.data.limits import Limits

_BLOCK: Final = 1 << 20
_OVERLAP: Final = 4_096
_SHOWN: Final = 80
_LINE_END: Final = re.compile(rb"[\r\n]")
_DXF_BLOCK: Final = re.compile(rb"(?:\n[ \t]*0[ \t]*\r?\n[ \t]*(?:BLOCK|INSERT)[ \t]*\r?\n)|\x00(?:BLOCK|INSERT)\x00")
"""A block or an insert of a drawing, written as text or in binary."""
_TAG_BYTES: Final = 64
_FEATURE: Final = b'"Feature"'
_PLAIN_MODULES: Final = frozenset({"rtree", "fts3", "fts4", "fts5"})
"""Virtual tables that a GeoPackage may hold: indexes over what is in the file."""
_MODULE: Final = re.compile(r"\busing\s+[\"'`\[]?(\w+)", re.IGNORECASE)
_FOREIGN_PARTS: Final = ("xl/externallinks/", "xl/connections.xml", "xl/querytables/", "xl/embeddings/", "xl/activex/", "xl/ctrlprops/")
_MACROS: Final = ("vbaproject.bin", "xl/macrosheets/", "xl/dialogsheets/")
_HEADER: Final = re.compile(r"<(?:odd|even|first)(?:Header|Footer)>(.*?)</", re.DOTALL)
_HEADER_CODE: Final = re.compile(r"&(?:\"[^\"]*\"|K[0-9A-F]{6}|\d+|[A-Z])")
_NODE: Final = re.compile(r">([^<>]+)<")
_PROPERTIES_BYTES: Final = 1 << 16
_PART_BYTES: Final = 8 << 20
_LIKE_A_MARK: Final = r"(?:^|[^\pL])[Mm][^\s\pN]{1,4}[Tt][^\pL\n\r]*(?:$|[\r\n])"
"""The quick look at a cell before the exact one: its last word, or that of a line, could be the stamp's."""
_COMMENT: Final = re.compile(r"/\*.*?\*/|--[^\n]*", re.DOTALL)
_FREE_BYTES: Final = 64 << 20
"""Below this size a high ratio of compression is harmless."""
_ABOUT: Final = (
    "SELECT metadata FROM gpkg_metadata",
    "SELECT styleName FROM layer_styles",
    "SELECT description FROM layer_styles",
    "SELECT title FROM gpkg_data_columns",
    "SELECT description FROM gpkg_data_columns",
)
"""Where a GeoPackage tells of itself beside its contents."""
_LONGEST_TAG: Final = 1 << 16
_GRID_SIZE: Final = re.compile(rb"\bn(?:cols|rows)\s+(\d{1,18})", re.IGNORECASE)
_TIFF_SIZES: Final = (256, 257)
_TIFF_TYPES: Final[Mapping[int, str]] = {1: "B", 3: "H", 4: "I", 16: "Q"}


def inspect(members: Sequence[Member], limits: Limits) -> None:
    """Raise where one of the files would make its reader open others, run something, or grow without measure.

    Raises
    ------
    RefusedError
        For the first thing found.
    """
    checks: Mapping[Form, Callable[[Member, Limits], None]] = {
        Form.CSV: _text,
        Form.DXF: _drawing,
        Form.XLSX: _workbook,
        Form.GEOJSON: _geojson,
        Form.GEOJSON_LINES: _geojson,
        Form.OVERPASS: _marked,
        Form.CELL_LIST: _marked,
        Form.FLATGEOBUF: _marked,
        Form.GPKG: _geopackage,
        Form.KML: _xml,
        Form.OSM_XML: _xml,
        Form.PARQUET: _parquet,
        Form.TIFF: _tiff,
        Form.ASCII_GRID: _ascii_grid,
    }
    for member in members:
        size = sum(part.stat().st_size for part in (member.path.iterdir() if member.path.is_dir() else (member.path,)))
        if size > limits.file_mb << 20:
            raise refused(member.name, "file_too_large", found=f"{size:,} byte")
        if member.form in checks:
            checks[member.form](member, limits)


def refuse_secret(file: str, headings: Iterable[str], *, stamp: bool = False) -> None:
    """Raise where one of the headings marks a document as secret: such documents must not come here at all."""
    _refuse_mark(file, first_mark(headings, stamp=stamp))


def refuse_secret_cells(file: str, cells: pa.Table) -> None:
    """Raise where a cell of a layer's attributes is a mark of secrecy."""
    for column in cells.columns:
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            likely = pc.filter(column, pc.fill_null(pc.match_substring_regex(column, _LIKE_A_MARK), pa.scalar(False)))
            refuse_secret(file, map(str, pc.unique(likely).to_pylist()))


def _refuse_mark(file: str, mark: str | None) -> None:
    if mark is not None:
        raise refused(file, "file_secret", found=mark[:_SHOWN])


def tiff_size(stream: IO[bytes], file: str, limits: Limits) -> tuple[int, int]:
    """Return width and height of the first image of a TIFF, by its heading alone.

    Raises
    ------
    RefusedError
        Where the heading is damaged, or names more cells than the limits allow.

    References
    ----------
    TIFF 6.0, section 2; BigTIFF (2007) by its 8-byte offsets.
    """
    head = stream.read(16)
    order = {b"II": "<", b"MM": ">"}.get(head[:2])
    found: dict[int, int] = {}
    try:
        if order is None:
            raise refused(file, "file_malformed", found=head[:4].hex())
        large = struct.unpack(f"{order}H", head[2:4])[0] == 43
        offset = struct.unpack(f"{order}Q", head[8:16])[0] if large else struct.unpack(f"{order}I", head[4:8])[0]
        stream.seek(offset)
        count = struct.unpack(f"{order}Q", stream.read(8))[0] if large else struct.unpack(f"{order}H", stream.read(2))[0]
        width = 20 if large else 12
        for _ in range(min(count, 1_000)):
            entry = stream.read(width)
            tag, kind = struct.unpack(f"{order}HH", entry[:4])
            if tag in _TIFF_SIZES:
                form = _TIFF_TYPES[kind]
                found[tag] = struct.unpack_from(f"{order}{form}", entry, 12 if large else 8)[0]
        size = found[256], found[257]
    except (struct.error, KeyError, OSError, OverflowError) as error:
        raise refused(file, "file_malformed", found="TIFF") from error
    if size[0] * size[1] > limits.pixels:
        raise refused(file, "file_too_large", found=f"{size[0]:,} × {size[1]:,}")
    return size


def _tiff(member: Member, limits: Limits) -> None:
    """Refuse a picture with more cells than the limits allow, or whose tags mark it as secret."""
    with member.path.open("rb") as stream:
        tiff_size(stream, member.name, limits)
        for tag, content in _tiff_texts(stream):
            _refuse_mark(member.name, mark_in_tag(tag, content))


def _tiff_texts(stream: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield the tags of the first image that hold words, with their bytes."""
    stream.seek(0)
    head = stream.read(16)
    order = {b"II": "<", b"MM": ">"}[head[:2]]
    large = struct.unpack(f"{order}H", head[2:4])[0] == 43
    word, width = ("Q", 20) if large else ("I", 12)
    try:
        stream.seek(struct.unpack_from(f"{order}{word}", head, 8 if large else 4)[0])
        count = struct.unpack(f"{order}{'Q' if large else 'H'}", stream.read(8 if large else 2))[0]
        entries = [stream.read(width) for _ in range(min(count, 1_000))]
        for entry in entries:
            tag, _, size = struct.unpack_from(f"{order}HH{word}", entry)
            if is_tag_of_text(tag):
                if size <= struct.calcsize(word):
                    yield tag, entry[-struct.calcsize(word) :][:size]
                    continue
                stream.seek(struct.unpack(f"{order}{word}", entry[-struct.calcsize(word) :])[0])
                yield tag, stream.read(min(size, _LONGEST_TAG))
    except (struct.error, OSError, OverflowError):
        return  # the reader says what is wrong with it


def _marked(member: Member, limits: Limits) -> None:
    """Refuse a file of text, or one that holds its text plainly, with a mark of secrecy."""
    del limits
    with member.path.open("rb") as stream:
        _refuse_mark(member.name, mark_in_stream(stream))


def _ascii_grid(member: Member, limits: Limits) -> None:
    """Refuse a grid with more cells than the limits allow, or with a line that nobody wrote."""
    with member.path.open("rb") as stream:
        head = stream.read(_OVERLAP)
    counts = [int(count) for count in _GRID_SIZE.findall(head)[:2]]
    if len(counts) == 2 and counts[0] * counts[1] > limits.pixels:
        raise refused(member.name, "file_too_large", found=f"{counts[0]:,} × {counts[1]:,}")
    _text(member, limits)


def _text(member: Member, limits: Limits) -> None:
    """Refuse a text with a line that no person or program wrote as one row."""
    longest = run = 0
    for block in _blocks(member.path):
        ends = [match.start() for match in (_first(block), _last(block)) if match is not None]
        if not ends:
            run += len(block)
        else:
            longest, run = max(longest, run + ends[0]), len(block) - ends[-1]
        if max(longest, run) > limits.line_mb << 20:
            raise refused(member.name, "file_line", limit=limits.line_mb)


def _first(block: bytes) -> re.Match[bytes] | None:
    return _LINE_END.search(block)


def _last(block: bytes) -> re.Match[bytes] | None:
    place = max(block.rfind(b"\n"), block.rfind(b"\r"))
    return None if place < 0 else _LINE_END.match(block, place)


def _drawing(member: Member, limits: Limits) -> None:
    """Refuse a drawing with more blocks and inserts than the limits allow, before all of it is held in memory."""
    count, before = 0, b""
    for block in _blocks(member.path):
        window = before + block
        matches = [match.end() for match in _DXF_BLOCK.finditer(window)]
        count += len(matches)
        if count > limits.blocks:
            raise refused(member.name, "file_blocks", found=f"> {limits.blocks:,}", limit=f"{limits.blocks:,}")
        before = window[max([*matches, len(window) - _TAG_BYTES]) :]
    _marked(member, limits)


def _geojson(member: Member, limits: Limits) -> None:
    """Refuse a link to a coordinate system wherever it stands, and more features than the limits allow."""
    features, before = 0, b""
    for block in _blocks(member.path):
        window = before + block
        if links_crs(window.decode("latin-1")):
            raise refused(member.name, "file_hostile", found="crs: link")
        features += block.count(_FEATURE) + (before[1 - len(_FEATURE) :] + block[: len(_FEATURE) - 1]).count(_FEATURE)
        if features > limits.features:
            raise refused(member.name, "file_features", found=f"> {features:,}", limit=f"{limits.features:,}")
        before = window[-_OVERLAP:]
    _marked(member, limits)


def _xml(member: Member, limits: Limits) -> None:
    """Refuse a document type, which can name entities, and documents marked secret."""
    with member.path.open("rb") as stream:
        refuse_document_type(stream, member.name)
    _marked(member, limits)


def refuse_document_type(stream: IO[bytes], file: str) -> None:
    """Raise where an XML document declares a type before its first element; whatever its encoding and however far down."""
    parser = expat.ParserCreate()
    state = {"typed": False, "begun": False}

    def typed(*_: Any) -> None:
        state["typed"] = True

    def begun(*_: Any) -> None:
        state["begun"] = True

    parser.StartDoctypeDeclHandler = typed
    parser.EntityDeclHandler = typed
    parser.StartElementHandler = begun
    try:
        while not state["begun"] and not state["typed"] and (block := stream.read(_OVERLAP)):
            parser.Parse(block, False)
    except (expat.ExpatError, LookupError, ValueError) as error:  # the latter of an encoding that nobody knows, or expat cannot read
        if not state["begun"] and not state["typed"]:
            raise refused(file, "file_malformed", found=str(error)) from error
    if state["typed"]:
        raise refused(file, "file_hostile", found="<!DOCTYPE")


def _workbook(member: Member, limits: Limits) -> None:
    """Refuse a workbook with macros, links to others, queries, things embedded, or entities."""
    try:
        with zipfile.ZipFile(member.path) as archive:
            for entry in archive_entries(archive, member.path, member.name, limits):
                name = entry.filename.casefold()
                if name.startswith((*_FOREIGN_PARTS, *_MACROS)) or name.endswith(_MACROS):
                    raise refused(member.name, "file_hostile", found=entry.filename)
                if not name.endswith((".xml", ".rels")):
                    continue
                with archive.open(entry) as part:
                    refuse_document_type(part, f"{member.name}/{entry.filename}")
                if name.startswith("docprops/"):
                    _refuse_mark(member.name, mark_in_properties(_properties(archive, entry)))
                elif name == "xl/sharedstrings.xml":
                    with archive.open(entry) as part:
                        _refuse_mark(member.name, mark_in_stream(part))
                elif name.startswith(OFFICE_PARTS):
                    with archive.open(entry) as part:
                        _refuse_mark(member.name, mark_in_part(part.read(_PART_BYTES), name))
                if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                    refuse_secret(member.name, _page_headings(archive, entry), stamp=True)
    except DAMAGE as error:
        raise refused(member.name, "file_truncated", found=str(error)) from error


def _properties(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[str]:
    """Yield what stands among a document's properties: title, subject, keywords, category, and those of the office's own."""
    with archive.open(entry) as part:
        content = part.read(_PROPERTIES_BYTES).decode("utf-8", errors="replace")
    yield from map(html.unescape, _NODE.findall(content))


def _page_headings(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[str]:
    """Yield what stands at the head and foot of a sheet's printed pages: the last part of the sheet."""
    tail = b""
    with archive.open(entry) as part:
        while block := part.read(_BLOCK):
            tail = (tail + block)[-(1 << 16) :]
    for text in _HEADER.findall(tail.decode("utf-8", errors="replace")):
        yield from _HEADER_CODE.split(html.unescape(text))


def _geopackage(member: Member, limits: Limits) -> None:
    """Refuse a GeoPackage whose layers are not tables, or whose tables are not in the file; triggers stay, for nothing is ever written."""
    del limits
    address = f"{member.path.absolute().as_uri()}?mode=ro&immutable=1"
    try:
        connection = sqlite3.connect(address, uri=True)
        try:
            connection.execute("PRAGMA trusted_schema = OFF")
            schema = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
            listed = any(name == "gpkg_contents" for _, name, _ in schema)
            about = connection.execute("SELECT table_name, identifier, description FROM gpkg_contents").fetchall() if listed else []
            told = [text for question in _ABOUT for text in _answers(connection, question)]
        finally:
            connection.close()
    except sqlite3.Error:
        return  # the reader says what is wrong with it
    layers = {str(row[0]).casefold() for row in about}
    for kind, name, sql in schema:
        said = " ".join(_COMMENT.sub(" ", str(sql)).casefold().split())
        using = _MODULE.search(said) if said.startswith("create virtual") else None
        strange = said.startswith("create virtual") and (using is None or using[1].casefold() not in _PLAIN_MODULES)
        if strange or (kind == "view" and str(name).casefold() in layers) or "attach database" in said:
            raise refused(member.name, "file_hostile", found=str(sql))
    refuse_secret(member.name, (str(text) for row in about for text in row if text), stamp=True)
    refuse_secret(member.name, (part for text in told for part in (text, *_NODE.findall(f">{text}<"))), stamp=True)


def _answers(connection: sqlite3.Connection, question: str) -> Iterator[str]:
    """Yield the texts of one column of a table that need not be there."""
    try:
        yield from (str(row[0]) for row in connection.execute(question).fetchmany(1_000) if row[0])
    except sqlite3.Error:
        return


def _parquet(member: Member, limits: Limits) -> None:
    """Refuse a Parquet that says it has more rows or columns than the limits allow."""
    try:
        with pq.ParquetFile(member.path) as file:
            about = file.metadata
            rows, columns = about.num_rows, about.num_columns
            held = sum(about.row_group(group).total_byte_size for group in range(about.num_row_groups))
            told = [text.decode(errors="replace") for pair in (about.metadata or {}).items() for text in pair if len(text) <= _SHOWN]
    except (pa.ArrowException, OSError, ValueError):
        return  # the reader says what is wrong with it
    refuse_size(member.name, rows, columns, limits)
    refuse_growth(member, held, limits)
    refuse_secret(member.name, told, stamp=True)


def refuse_growth(member: Member, held: int, limits: Limits) -> None:
    """Raise where a file holds far more bytes than it takes, as an archive must not either."""
    if held > _FREE_BYTES and held > limits.ratio * member.path.stat().st_size:
        raise refused(member.name, "file_too_large", found=f"{held:,} byte")


def refuse_size(file: str, rows: int, columns: int, limits: Limits) -> None:
    """Raise where a table has more rows or columns than the limits allow."""
    if rows > limits.rows:
        raise refused(file, "file_rows_many", found=f"{rows:,}", limit=f"{limits.rows:,}")
    if columns > limits.columns:
        raise refused(file, "file_columns_many", found=f"{columns:,}", limit=f"{limits.columns:,}")


def refuse_shapes(file: str, shapes: np.ndarray | None, limits: Limits) -> None:
    """Raise where a layer has more shapes, or these more vertices, than the limits allow."""
    if shapes is None:
        return
    if len(shapes) > limits.features:
        raise refused(file, "file_features", found=f"{len(shapes):,}", limit=f"{limits.features:,}")
    vertices = int(shapely.get_num_coordinates(shapes).sum())
    if vertices > limits.vertices:
        raise refused(file, "file_vertices", found=f"{vertices:,}", limit=f"{limits.vertices:,}")


def _blocks(path: Path) -> Iterator[bytes]:
    """Yield the bytes of a file."""
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            yield block
