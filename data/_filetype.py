"""What a file is, told by its content and never by its name; archives opened within limits."""

import gzip
import re
import shutil
import stat
import struct
import tempfile
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Final

from hatang.data._encoding import unicode_of
from hatang.data._secrecy import mark_in_companion
from hatang.data.contracts import Fault, RefusedError
from hatang.data.limits import Limits

HEAD_BYTES: Final = 65_536
_FREE_BYTES: Final = 10 * 1024**2
"""Below this size a high ratio of compression is harmless: a few rows of one value."""
_PLAIN_TYPES: Final = frozenset({0, stat.S_IFREG, stat.S_IFDIR})
"""File types of an archive's entries: unstated, a file, a folder; no link, device or pipe."""
PARTS: Final[Mapping[str, frozenset[str]]] = {
    ".bil": frozenset({".bil", ".hdr", ".prj"}),
    ".asc": frozenset({".asc", ".prj"}),
    ".grd": frozenset({".grd", ".tab"}),
    ".grc": frozenset({".grc", ".tab"}),
    ".shp": frozenset({".shp", ".shx", ".dbf", ".prj", ".cpg"}),
    ".tab": frozenset({".tab", ".dat", ".map", ".id", ".ind"}),
    ".mif": frozenset({".mif", ".mid"}),
}
"""Layers that are several files of one stem, by the ending of the file that stands for them."""
_BESIDE: Final = frozenset(
    {".txt", ".md", ".xml", ".qmd", ".qpj", ".sbn", ".sbx", ".pdf", ".docx", ".odt", ".png", ".jpg", ".qml", ".sld", ".ovr", ".tfw"}
)
"""Endings of notes and metadata that lie beside the data of an archive."""
_HGT_BYTES: Final = (2 * 1201**2, 2 * 3601**2)
"""Sizes of a square degree of SRTM; its files have no head, and their name says where they lie."""
_GEODATABASE: Final = re.compile(r"[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*")
"""Names of the files inside a geodatabase."""


class Form(StrEnum):
    """Forms of file that the readers take, and the two that contain others."""

    CSV = "csv"
    XLSX = "xlsx"
    GEOJSON = "geojson"
    GEOJSON_LINES = "geojsonl"
    GPKG = "gpkg"
    SHP = "shp"
    FLATGEOBUF = "fgb"
    KML = "kml"
    OSM_PBF = "pbf"
    OSM_XML = "osm"
    OVERPASS = "overpass"
    CELL_LIST = "cells"
    PARQUET = "parquet"
    MAPINFO_TAB = "tab"
    MAPINFO_MIF = "mif"
    GEODATABASE = "gdb"
    DXF = "dxf"
    TIFF = "tif"
    ASCII_GRID = "asc"
    BIL = "bil"
    NWT_GRD = "grd"
    NWT_GRC = "grc"
    SRTM = "hgt"
    ZIP = "zip"
    GZIP = "gzip"


@dataclass(frozen=True, slots=True)
class Member:
    """One file to read: the name to show, where it lies, and what it is."""

    name: str
    path: Path
    form: Form


_MAGIC: Final[Sequence[tuple[bytes, Form]]] = (
    (b"\x1f\x8b", Form.GZIP),
    (b"PK\x03\x04", Form.ZIP),
    (b"PK\x05\x06", Form.ZIP),
    (b"SQLite format 3\x00", Form.GPKG),
    (b"PAR1", Form.PARQUET),
    (b"fgb\x03", Form.FLATGEOBUF),
    (b"\x00\x00\x27\x0a", Form.SHP),
    (b"AutoCAD Binary DXF", Form.DXF),
    (b"II*\x00", Form.TIFF),
    (b"MM\x00*", Form.TIFF),
    (b"II+\x00", Form.TIFF),
    (b"MM\x00+", Form.TIFF),
    (b"HGPC1", Form.NWT_GRD),
    (b"HGPC8", Form.NWT_GRC),
)
_FOREIGN: Final[Sequence[tuple[bytes, str]]] = (
    (b"%PDF", "PDF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"\xd0\xcf\x11\xe0", "XLS/DOC"),
    (b"Rar!", "RAR"),
    (b"7z\xbc\xaf", "7z"),
    (b"AC10", "DWG"),
)
_OSM_HEADER: Final = b"\n\tOSMHeader"
"""What stands behind the first four bytes of a PBF: the kind of its first block."""
_OSM: Final = re.compile(r"<osm[\s>]")
_OVERPASS: Final = re.compile(r"\"osm3s\"\s*:|\"elements\"\s*:\s*\[\s*\{\s*\"type\"\s*:\s*\"(?:node|way|relation)\"")
_HTML: Final = re.compile(r"<!doctype\s+html|<html|<head[\s>]|<body[\s>]", re.IGNORECASE)
_REDIRECTS: Final = re.compile(r"<OGRVRTDataSource|<VRTDataset|<GDALTileIndexDataset|<!ENTITY|\"gdal_streamed_alg\"", re.IGNORECASE)
"""Files that make a library open other files: virtual data sets, XML entities, GDAL pipelines."""
_CRS_OBJECT: Final = re.compile(r"\"crs\"\s*:\s*\{", re.IGNORECASE)
_CRS_LINK: Final = re.compile(r"\"type\"\s*:\s*\"link\"|\"href\"\s*:", re.IGNORECASE)
_CRS_LENGTH: Final = 2_048
_ESCAPED: Final = re.compile(r"\\u00([2-7][0-9a-fA-F])")
_GEOJSON: Final = re.compile(
    r"\"type\"\s*:\s*\"(?:Feature|FeatureCollection|GeometryCollection|(?:Multi)?(?:Point|LineString|Polygon))\"|\"features\"\s*:"
)
_CELL_LIST: Final = re.compile(r"\{\s*(?:\"count\"\s*:\s*\d+\s*,\s*)?\"cells\"\s*:\s*\[")
_ERROR: Final = re.compile(r"\{\s*\"error\"\s*:")
"""What a service says instead of an answer."""
_OPENFIBRE: Final = re.compile(r"\{\s*\"networks\"\s*:\s*\[")
_LINES: Final = re.compile(r"\{[^\n]*\"type\"\s*:\s*\"Feature\"[^\n]*\}[ \t\r]*\n\s*\{")
"""One feature a line, as Microsoft writes buildings."""
DAMAGE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    RuntimeError,
    struct.error,
    UnicodeDecodeError,
    IndexError,
)
"""What reading a damaged archive raises, depending on the byte that is wrong."""
_DXF: Final = re.compile(r"(?:999\s*\n[^\n]*\n\s*)*0\s*\n\s*SECTION\b")
_GRID: Final = re.compile(r"ncols\s+\d+\s+nrows\s+\d+\s", re.IGNORECASE)
_MIF: Final = re.compile(r"version\s+\d+\s*\n", re.IGNORECASE)
_TAB_NATIVE: Final = re.compile(r"^\s*type\s+native\b", re.IGNORECASE | re.MULTILINE)
_TAB_OTHERS: Final = re.compile(r"^\s*(?:open\s+table|create\s+view|type\s+(?!native\b))", re.IGNORECASE | re.MULTILINE)
"""Tables of MapInfo that name files elsewhere: views, links and pictures."""
_REFUSAL: Final = re.compile(r"[A-Z]+(?:_[A-Z]+)+")
_SHOWN: Final = 80


def refused(file: str, code: str, *, found: object = None, field: str | None = None, **fields: object) -> RefusedError:
    """Return the error that refuses a file as a whole for one fault."""
    fault = Fault(code, file, field=field, found=None if found is None else str(found)[:200], fields=fields)
    return RefusedError("error.reading.refused", [fault], file=file)


@contextmanager
def opened(source: Path, limits: Limits) -> Iterator[tuple[Member, ...]]:
    """Yield the files to read at `source`: itself, what its gzip holds, or the members of its archive, laid out for reading meanwhile.

    Raises
    ------
    RefusedError
        Where there is no file, a directory, nothing in it, or something that must not or cannot be read.
    """
    form = _form_at(source)
    if form not in (Form.ZIP, Form.GZIP):
        yield (Member(source.name, source, form),)
        return
    with tempfile.TemporaryDirectory(prefix="hatang-") as folder:
        yield (_gunzipped if form is Form.GZIP else _unzipped)(source, Path(folder), limits)


def _form_at(path: Path, shown: str | None = None) -> Form:
    """Return what the file at `path` is, or raise what is wrong with it."""
    name = shown or path.name
    if path.is_dir():
        raise refused(name, "directory")
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
    except FileNotFoundError as error:
        raise refused(name, "file_missing") from error
    except OSError as error:
        raise refused(name, "file_unreadable", found=error.strerror) from error
    if head[4:].startswith(_OSM_HEADER):
        return Form.OSM_PBF
    for magic, form in _MAGIC:
        if head.startswith(magic):
            return _workbook_or_archive(path, name) if form is Form.ZIP else form
    if name.casefold().endswith(".hgt") and path.stat().st_size in _HGT_BYTES:
        return Form.SRTM
    for magic, what in _FOREIGN:
        if head.startswith(magic):
            raise refused(name, "file_format", found=what)
    return _text_form(head, name)


def _text_form(head: bytes, name: str) -> Form:
    """Return what a text file is, from its first bytes."""
    encoding = unicode_of(head)
    if encoding is None and b"\x00" in head:
        raise refused(name, "file_binary")
    text = head.decode(encoding or "utf-8", errors="replace").strip().lstrip("\ufeff")
    if not text:
        raise refused(name, "file_empty")
    if _REDIRECTS.search(_unescaped(text)) or links_crs(text):
        raise refused(name, "file_hostile", found=text[:_SHOWN])
    if text.startswith("<"):
        if _HTML.search(text):
            raise refused(name, "file_html", found=text[:_SHOWN])
        if "<kml" in text:
            return Form.KML
        if _OSM.search(text):
            return Form.OSM_XML
        raise refused(name, "file_format", found="XML")
    if text.startswith("!table"):
        if _TAB_OTHERS.search(text) or not _TAB_NATIVE.search(text):
            raise refused(name, "file_hostile", found=" ".join(text.split())[:_SHOWN])
        return Form.MAPINFO_TAB
    if _GRID.match(text):
        return Form.ASCII_GRID
    if _DXF.match(text):
        return Form.DXF
    if _MIF.match(text) and re.search(r"^\s*columns\s+\d+", text, re.IGNORECASE | re.MULTILINE):
        return Form.MAPINFO_MIF
    if text[0] in "{[":
        if _OVERPASS.search(text):
            return Form.OVERPASS
        if _CELL_LIST.match(text):
            return Form.CELL_LIST
        if _ERROR.match(text):
            raise refused(name, "file_error_text", found=text[:_SHOWN])
        if _OPENFIBRE.match(text) or _GEOJSON.search(text):
            return Form.GEOJSON_LINES if _LINES.match(text) else Form.GEOJSON
        raise refused(name, "file_format", found="JSON")
    lines = text.splitlines()
    if _REFUSAL.fullmatch(lines[0].strip()) or (len(lines) == 1 and not re.search(r"[,;\t|]", text) and " " in text):
        raise refused(name, "file_error_text", found=text[:_SHOWN])
    return Form.CSV


def links_crs(text: str) -> bool:
    r"""Return whether JSON names a coordinate system by a link, in whatever order its members stand and however its letters are written.

    Examples
    --------
    >>> links_crs('"crs": {"properties": {"href": "x"}, "type": "li\u006ek"}'), links_crs('"crs": {"type": "name"}, "href": 1')
    (True, False)
    """
    plain = _unescaped(text)
    for found in _CRS_OBJECT.finditer(plain):
        about = plain[found.end() : found.end() + _CRS_LENGTH]
        depth = 1
        for place, letter in enumerate(about):
            depth += (letter == "{") - (letter == "}")
            if not depth:
                about = about[:place]
                break
        if _CRS_LINK.search(about):
            return True
    return False


def _unescaped(text: str) -> str:
    """Return JSON with the letters of ASCII that it writes by their numbers."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "\\u00" in text else text


def _workbook_or_archive(path: Path, name: str) -> Form:
    """Return whether a ZIP file is a workbook or an archive; documents of other kinds are refused."""
    names = _archive(path, name).namelist()
    if "xl/workbook.xml" in names:
        return Form.XLSX
    if "[Content_Types].xml" in names or "mimetype" in names:
        raise refused(name, "file_format", found="DOCX/PPTX/ODF")
    return Form.ZIP


def _archive(path: Path, name: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except DAMAGE as error:
        raise refused(name, "file_truncated", found=str(error)) from error


def _gunzipped(source: Path, folder: Path, limits: Limits) -> tuple[Member, ...]:
    """Return the one file inside a gzip, under the name without its ending."""
    inner = folder / "content"
    limit = min(limits.file_mb << 20, max(_FREE_BYTES, limits.ratio * source.stat().st_size))
    try:
        with gzip.open(source) as packed, inner.open("wb") as unpacked:
            written = 0
            while block := packed.read(1 << 20):
                written += len(block)
                if written > limit:
                    raise refused(source.name, "file_too_large")
                unpacked.write(block)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise refused(source.name, "file_truncated") from error
    form = _form_at(inner, source.name)
    if form in (Form.ZIP, Form.GZIP):
        raise refused(source.name, "file_archive", found="gzip")
    return (Member(source.name, inner, form),)


def _unzipped(source: Path, folder: Path, limits: Limits) -> tuple[Member, ...]:
    """Return the readable members of an archive, written under harmless names; a shapefile's parts keep one stem."""
    members = []
    with _archive(source, source.name) as archive:
        entries = archive_entries(archive, source, source.name, limits)
        mains = {(path.with_suffix(""), main) for e in entries if (main := (path := PurePosixPath(e.filename)).suffix.casefold()) in PARTS}
        stems: dict[PurePosixPath, str] = {}
        for position, entry in enumerate(entries):
            inside = PurePosixPath(entry.filename)
            if (database := _database_of(inside)) is not None:
                new = database not in stems
                inner = folder / f"{stems.setdefault(database, f'{position:05d}')}.{Form.GEODATABASE}"
                if new:
                    inner.mkdir()
                    members.append(Member(f"{source.name}/{database}", inner, Form.GEODATABASE))
                _write(archive, entry, inner / inside.name, source)
                continue
            suffix = inside.suffix.casefold()
            whole = next((m for m, parts in PARTS.items() if suffix in parts and (inside.with_suffix(""), m) in mains), None)
            stem = stems.setdefault(inside if whole is None else inside.with_suffix(whole), f"{position:05d}")
            target = folder / (stem + (suffix if whole is not None else ""))
            _write(archive, entry, target, source)
            if whole is not None and suffix != whole:
                continue
            shown = f"{source.name}/{entry.filename}"
            mark = mark_in_companion(target, entry.filename)
            if mark is not None:
                raise refused(shown, "file_secret", found=mark[:_SHOWN])
            if whole == ".bil":  # pixels without a head: what they are stands beside them
                members.append(Member(shown, target, Form.BIL))
            elif (form := _member_form(target, shown, suffix)) is not None:
                members.append(Member(shown, target, form))
    if not members:
        raise refused(source.name, "file_empty")
    return tuple(members)


def _write(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, source: Path) -> None:
    """Write what a member of an archive holds to `target`."""
    try:
        with archive.open(entry) as packed, target.open("wb") as unpacked:
            shutil.copyfileobj(packed, unpacked, 1 << 20)
    except DAMAGE as error:
        raise refused(source.name, "file_truncated", found=entry.filename) from error


def _database_of(inside: PurePosixPath) -> PurePosixPath | None:
    """Return the geodatabase, a folder named `….gdb`, that a member is a file of, None where it is of none."""
    folder = inside.parent
    return folder if folder.suffix.casefold() == ".gdb" and _GEODATABASE.fullmatch(inside.name) else None


def _member_form(path: Path, shown: str, suffix: str) -> Form | None:
    """Return what a member is; notes and metadata that lie beside the data are passed over."""
    table = suffix == ".txt" and PurePosixPath(shown).name.casefold().startswith("sup_")  # ANFR's tables
    if suffix in _BESIDE and not table:
        return None
    form = _form_at(path, shown)
    if form in (Form.ZIP, Form.GZIP):
        raise refused(shown, "file_archive", found=form)
    return form


def archive_entries(archive: zipfile.ZipFile, source: Path, shown: str, limits: Limits) -> list[zipfile.ZipInfo]:
    """Return the entries worth reading, or raise where the archive could write elsewhere or grow without measure."""
    entries = archive.infolist()
    if len(entries) > limits.entries:
        raise refused(shown, "file_too_large", found=f"{len(entries):,}")
    seen: set[str] = set()
    for entry in entries:
        parts = PurePosixPath(entry.filename.replace("\\", "/"))
        plain = stat.S_IFMT(entry.external_attr >> 16) in _PLAIN_TYPES
        folded = unicodedata.normalize("NFC", str(parts)).casefold()
        if (
            not entry.filename
            or parts.is_absolute()
            or ".." in parts.parts
            or ":" in entry.filename
            or not plain
            or entry.flag_bits & 1
            or folded in seen
        ):
            raise refused(shown, "file_archive", found=entry.filename)
        seen.add(folded)
    total = sum(e.file_size for e in entries)
    if total > limits.file_mb << 20 or (total > _FREE_BYTES and total > limits.ratio * source.stat().st_size):
        raise refused(shown, "file_too_large", found=f"{total:,} byte")
    return [e for e in entries if not e.is_dir() and not _hidden(e.filename)]


def _hidden(name: str) -> bool:
    """Return whether a member is a leftover of some operating system."""
    return any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)
