"""Layers of shapes: every vector form that GDAL reads, GeoParquet and DXF drawings, to rows of text with geometry."""

import hashlib
import json
import mmap
import re
import shutil
import struct
import tempfile
import unicodedata
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyogrio
import pyproj
import shapely

from hatang.data._encoding import decoded
from hatang.data._filetype import Form, Member, refused
from hatang.data._inspection import refuse_growth, refuse_secret
from hatang.data._legacytext import FONTS
from hatang.data._sourcetable import SourceTable, distinct_names
from hatang.data._vocabulary import fold
from hatang.data.contracts import Fault, Kind, RefusedError, Severity
from hatang.data.limits import Limits
from hatang.data.mapping import FileMapping

_KML_CHATTER: Final = frozenset(
    {"timestamp", "begin", "end", "altitudeMode", "tessellate", "extrude", "visibility", "drawOrder", "icon", "snippet"}
)
"""Columns that GDAL makes of every KML, whatever it holds."""
_NAMELESS: Final = frozenset({Form.MAPINFO_TAB, Form.MAPINFO_MIF})
"""Forms that write the parameters of a coordinate system but not its name."""
_NEEDED: Final[Mapping[Form, Sequence[str]]] = {
    Form.SHP: (".shx", ".dbf"),
    Form.MAPINFO_TAB: (".dat", ".map", ".id"),
    Form.MAPINFO_MIF: (".mid",),
}
"""Files without which a layer of several files cannot be read."""
_LINK: Final = re.compile(rb"<(?:\w{1,20}:)?NetworkLink[\s>]")
_ADDRESS: Final = re.compile(rb"<(?:\w{1,20}:)?href>([^<]{1,4096})")
_LINK_BYTES: Final = 8_192
_SHOWN: Final = 200
_BATCH_ROWS: Final = 16_384
_GDAL_GEOMETRY: Final = "wkb_geometry"
_TEST_LAYERS: Final = ("lte_message", "nr_message")
"""Layers of Network Survey whose levels are RSRP."""
_UNREADABLE: Final = (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, OSError, ValueError, UnboundLocalError)
"""What pyogrio raises of damaged layers; the last where a coordinate system cannot be written down."""
_BYTES: Final = "ISO-8859-1"
"""Reads any one-byte text without loss, to be told apart afterwards."""


def read_vector(
    file: str, members: Sequence[Member], mapping: FileMapping, limits: Limits, *, wanted: str | None = None, limit: int | None = None
) -> SourceTable:
    """Return the rows and shapes of one layer, attributes as text.

    Parameters
    ----------
    file : str
        Name of the file that was handed in, for faults.
    members : sequence of Member
        The layers' files; of several, the one the mapping's `layer` or `wanted` names.
    mapping : FileMapping
        Layer and encoding where they are stated.
    limits : Limits
        How much a drawing may hold.
    wanted : str, optional
        Name of the kind that is read: the layer of that name is taken where a file holds several.
    limit : int, optional
        Read that many features only, to recognise what the file is about.

    Raises
    ------
    RefusedError
        Where a layer has no features or no shapes, several could be meant, or the file is cut off.
    """
    member = _chosen_member(file, members, mapping, wanted)
    _check_whole(member)
    passed: tuple[Fault, ...] = ()
    links, address = _links(member.path) if member.form is Form.KML else (0, None)
    if links:
        passed = (Fault("kml_links", member.name, Severity.WARNING, found=address, count=links),)
    if len(members) > 1 and mapping.layer is not None and fold(mapping.layer) == fold(Path(member.name).stem):
        mapping = replace(mapping, layer=None)  # it named the file, whose own layer bears the name it was unpacked under
    if member.form is Form.PARQUET:
        table, shapes, crs = _parquet(member, limits, limit)
        guessed = None
    elif member.form is Form.DXF:
        named = mapping.layer is not None and fold(mapping.layer) == fold(Path(member.name).stem)
        layer = None if named else mapping.layer
        from hatang.data._drawing import read_drawing  # noqa: PLC0415 - ezdxf, half a second, and few files are drawings

        table, shapes, passed = read_drawing(member, limits, limit, layer=layer, roads=wanted == Kind.ROADS)
        crs = guessed = None  # a drawing is in metres of a system that it does not name
    else:
        table, shapes, crs, guessed = _layer(member, mapping, wanted, limit)
    if shapes is not None and not len(shapes):
        raise refused(member.name, "kml_links" if links else "file_layer_empty", found=address)
    names = distinct_names(table.column_names)
    cells = pa.table({name: _as_text(column) for name, column in zip(names, table.columns, strict=True)})
    if not names:
        cells = pa.table({"#1": pa.nulls(len(shapes) if shapes is not None else 0, pa.string())})
    rows = np.arange(1, cells.num_rows + 1, dtype=np.int64)
    digest = _digest(member.path)
    faults = () if guessed is None else (Fault("file_encoding", member.name, Severity.REPAIRED, found=guessed),)
    repairs = {} if guessed is None else {f"encoding:{guessed}": 1}
    return SourceTable(
        file,
        cells,
        rows,
        np.zeros(len(rows), np.int32),
        (member.name,),
        (digest,),
        geometry=shapes,
        crs=crs,
        crs_named=member.form not in _NAMELESS,
        faults=(*faults, *passed),
        repairs=repairs,
        cut=member.form is Form.SHP,
    )


def _links(path: Path) -> tuple[int, str | None]:
    """Return how many links to more of its content a KML holds, from which nothing is fetched, and the first address."""
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        places = [found.end() for found in _LINK.finditer(content)]
        address = _ADDRESS.search(content, places[0], places[0] + _LINK_BYTES) if places else None
        return len(places), None if address is None else address[1].decode(errors="replace").strip()[:_SHOWN]


def _digest(path: Path) -> str:
    """Return the SHA-256 of a file, of a folder that of its files by name."""
    if path.is_dir():
        return hashlib.sha256("".join(part.name + _digest(part) for part in sorted(path.iterdir())).encode()).hexdigest()
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _chosen_member(file: str, members: Sequence[Member], mapping: FileMapping, wanted: str | None) -> Member:
    """Return the one file to read among the members of an archive."""
    if len(members) == 1:
        return members[0]
    for name in (mapping.layer, wanted):
        named = [member for member in members if name is not None and fold(Path(member.name).stem) == fold(name)]
        if len(named) == 1:
            return named[0]
    raise refused(file, "file_layers", found=", ".join(member.name for member in members))


def _layer(
    member: Member, mapping: FileMapping, wanted: str | None, limit: int | None
) -> tuple[pa.Table, np.ndarray, pyproj.CRS | None, str | None]:
    """Return attributes, shapes and CRS of a layer that GDAL reads, and the encoding that was guessed."""
    stated = mapping.encoding
    plain = member.form is not Form.SHP
    if not plain and stated is None:
        plain, stated = _of_utf8(member)
    with _named_as_it_is(member) as path:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # GDAL tells of curves, measures and ring orders that are made plain here anyway
                layers = [str(name) for name, kind in pyogrio.list_layers(path) if kind is not None]
                refuse_secret(member.name, layers)
                if mapping.layer is None and len(layers) > 1:
                    layers = _of_known_format(path, layers) or layers
                name = _chosen_layer(member, layers, mapping, wanted)
                meta, table = pyogrio.read_arrow(path, layer=name, encoding=None if plain else _BYTES, max_features=limit)
        except RefusedError:
            raise
        except _UNREADABLE as error:
            raise refused(member.name, "file_malformed", found=str(error).splitlines()[0]) from error
    column = meta["geometry_name"] or _GDAL_GEOMETRY
    if meta["geometry_type"] is None or column not in table.column_names:
        raise refused(member.name, "file_geometry", found=", ".join(table.column_names))
    wkb = table.column(column)
    attributes = table.drop_columns([column])
    if member.form is Form.KML:
        attributes = attributes.drop_columns([n for n in attributes.column_names if n in _KML_CHATTER])
    if plain:
        return attributes, _from_wkb(wkb), _crs(meta["crs"]), None
    recoded, encoding = _recoded(attributes, stated)
    guessed = encoding if stated is None and encoding != _BYTES else None
    return recoded, _from_wkb(wkb), _crs(meta["crs"]), guessed


@contextmanager
def _named_as_it_is(member: Member) -> Iterator[Path]:
    """Yield a path of the member whose ending says what it is: GDAL goes by names where they exist, and files come under any."""
    if member.path.suffix == f".{member.form}":
        yield member.path
        return
    with tempfile.TemporaryDirectory(prefix="hatang-") as folder:
        named = Path(folder) / f"layer.{member.form}"
        try:
            named.symlink_to(member.path.resolve())
        except OSError:  # file systems and users that may not link
            shutil.copyfile(member.path, named)
        yield named


def _chosen_layer(member: Member, layers: list[str], mapping: FileMapping, wanted: str | None) -> str:
    """Return the layer to read: the one the mapping names, the one named as the kind, or the only one with shapes."""
    if not layers:
        raise refused(member.name, "file_geometry")
    if mapping.layer is not None:
        if mapping.layer not in layers:
            raise refused(member.name, "file_layers", found=", ".join(layers))
        return mapping.layer
    named = [name for name in layers if wanted is not None and fold(name) == fold(wanted)]
    if len(layers) == 1 or len(named) == 1:
        return (named or layers)[0]
    raise refused(member.name, "file_layers", found=", ".join(layers))


def _of_known_format(path: Path, layers: list[str]) -> list[str]:
    """Return the layers of a phone's log that hold tests of 4G or 5G; it writes one for every radio, most of them empty."""
    known = [name for name in layers if fold(name) in _TEST_LAYERS]
    return [name for name in known if pyogrio.read_info(path, layer=name)["features"]]


def _crs(text: str | None) -> pyproj.CRS | None:
    """Return a file's CRS, None where it states none or one that is not on Earth."""
    if not text:
        return None
    try:
        crs = pyproj.CRS(text)
    except pyproj.exceptions.CRSError:
        return None
    return crs if (crs.is_geographic or crs.is_projected or crs.is_compound) and not crs.name.casefold().startswith("undefined") else None


def _of_utf8(member: Member) -> tuple[bool, str | None]:
    """Return whether a shapefile's attributes are UTF-8 all through, and `utf-8` where only a name is not, cut within a letter.

    They are UTF-8 where the file says so, or where they cannot be anything else.
    """
    page = member.path.with_suffix(".cpg")
    stated = page.is_file() and page.read_text(errors="replace").strip().casefold() in ("utf-8", "utf8", "65001")
    table = member.path.with_suffix(".dbf").read_bytes()
    begin = int.from_bytes(table[8:10], "little")
    names, rows = (_decodes(part) for part in (table[32:begin], table[begin:]))
    if stated or rows:
        return names, None if names else "utf-8"
    return False, None


def _decodes(content: bytes) -> bool:
    """Return whether bytes are UTF-8."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _recoded(table: pa.Table, encoding: str | None) -> tuple[pa.Table, str]:
    """Return a table whose text was read byte for byte in the encoding stated, else in the one it looks like; and which that is.

    GDAL's own conversion of cp1258 loses the last letter of a text, which waits for a tone mark.
    """
    texts = [column for column in table.columns if pa.types.is_string(column.type)]
    sample = "\n".join([*table.column_names, *(str(text) for column in texts for text in pc.unique(column).to_pylist())])
    chosen = encoding or decoded(sample.encode(_BYTES))[1]
    if chosen in FONTS:
        chosen = _BYTES  # letters under the wrong name, which the whole table is mended of afterwards

    def recode(text: str | None) -> str | None:
        return None if text is None else unicodedata.normalize("NFC", text.encode(_BYTES).decode(chosen, errors="replace"))

    columns = [pa.array(map(recode, column.to_pylist()), pa.string()) if column in texts else column for column in table.columns]
    return pa.table(columns, names=[str(recode(name)) for name in table.column_names]), chosen


def _parquet(member: Member, limits: Limits, limit: int | None) -> tuple[pa.Table, np.ndarray | None, pyproj.CRS | None]:
    """Return attributes, shapes and CRS of a GeoParquet file; one without shapes is a plain table."""
    try:
        table = _all_rows(member, limits) if limit is None else _first_rows(member.path, limit)
        geo = json.loads((table.schema.metadata or {}).get(b"geo", b"null"))
        primary = None if geo is None else str(geo["primary_column"])
        about = {} if geo is None else dict(geo["columns"][primary])
    except RefusedError:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:  # ValueError: Arrow's, JSON's and Unicode's errors
        raise refused(member.name, "file_malformed", found=(str(error).splitlines() or [""])[0]) from error
    if primary is None:
        return table, None, None
    if primary not in table.column_names:
        raise refused(member.name, "file_geometry", found=", ".join(table.column_names))
    if about.get("encoding") != "WKB":
        raise refused(member.name, "file_format", found=f"GeoParquet {about.get('encoding')}")
    crs = "OGC:CRS84" if "crs" not in about else about["crs"] and json.dumps(about["crs"])
    others = [name for name in geo["columns"] if name in table.column_names]
    return table.drop_columns(others), _from_wkb(table.column(primary)), _crs(crs)


def _all_rows(member: Member, limits: Limits) -> pa.Table:
    """Return a Parquet file's rows, block by block: what a dictionary of few values grows to shows only as it is read."""
    blocks, held = [], 0
    with pq.ParquetFile(member.path) as file:
        for batch in file.iter_batches(_BATCH_ROWS):
            block = pa.table(
                [c.dictionary_decode() if pa.types.is_dictionary(c.type) else c for c in batch.columns], names=batch.schema.names
            )
            blocks.append(block)
            held += block.nbytes
            refuse_growth(member, held, limits)
        empty = file.schema_arrow.empty_table()
        return pa.concat_tables(blocks).replace_schema_metadata(file.schema_arrow.metadata) if blocks else empty


def _first_rows(path: Path, limit: int) -> pa.Table:
    """Return the first rows of a Parquet file without reading the others."""
    with pq.ParquetFile(path) as file:
        return pa.Table.from_batches(list(islice(file.iter_batches(limit), 1)), file.schema_arrow)


def _from_wkb(column: Any) -> np.ndarray:
    """Return the shapes of a WKB column, None where null or broken."""
    with np.errstate(invalid="ignore"):  # coordinates that are no numbers are refused later, by row
        return np.asarray(shapely.from_wkb(column.to_numpy(), on_invalid="ignore"), dtype=object)


def _as_text(column: Any) -> Any:
    """Return a typed column as the text a CSV would hold; bytes that are no UTF-8 become marks, binary and nested values nothing."""
    kind = column.type
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_nested(kind):
        return pa.nulls(len(column), pa.string())
    text = pc.cast(column, pa.string())
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        content = pc.cast(text, pa.binary()).to_pylist()
        return pa.array([None if cell is None else cell.decode(errors="replace") for cell in content], pa.string())
    return text


def _check_whole(member: Member) -> None:
    """Raise where a file is shorter than it says, before a library reads what is left of it as if it were all."""
    if member.form is Form.GEODATABASE:  # GDAL checks the tables of one as it opens them
        return
    try:
        size = member.path.stat().st_size
        with member.path.open("rb") as stream:
            head = stream.read(100)
            stream.seek(max(0, size - 16))
            tail = stream.read()
    except OSError as error:
        raise refused(member.name, "file_unreadable", found=error.strerror) from error
    missing = [suffix for suffix in _NEEDED.get(member.form, ()) if not member.path.with_suffix(suffix).is_file()]
    if missing:
        raise refused(member.name, "file_parts", found=", ".join(missing))
    short = False
    if member.form is Form.GPKG and head[68:70] != b"GP":
        raise refused(member.name, "file_format", found="SQLite")
    if member.form is Form.GPKG and len(head) == 100:
        page = struct.unpack(">H", head[16:18])[0]
        short = size < struct.unpack(">I", head[28:32])[0] * (65536 if page == 1 else page)
    elif member.form is Form.SHP:
        short = len(head) < 100 or size < 2 * struct.unpack(">I", head[24:28])[0]
    elif member.form is Form.PARQUET:
        short = not tail.endswith(b"PAR1")
    elif member.form in (Form.GEOJSON, Form.GEOJSON_LINES):
        short = not tail.rstrip().endswith((b"}", b"]"))
    elif member.form is Form.KML:
        short = not tail.rstrip().endswith(b"</kml>")
    if short:
        raise refused(member.name, "file_truncated", found=f"{size:,} byte")
