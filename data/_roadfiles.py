"""Road networks that others publish whole: OpenStreetMap (PBF, XML, Overpass JSON) and Overture's segments, cut to the city."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyproj
import shapely

from hatang.data._filetype import Form, Member, refused
from hatang.data._formats_of_roads import SEGMENT_MARKS
from hatang.data._osmxml import read_ways, tags_of
from hatang.data._shapes import HUE_BOX
from hatang.data._sourcetable import RowNote, SourceTable
from hatang.data.contracts import MAP_CRS, Fault, RefusedError, Severity

_TAGS: Final = ("highway", "name", "ref", "width", "est_width", "lanes", "bridge", "tunnel", "surface", "area")
"""Tags of OpenStreetMap that say something of a road's contract."""
_SEGMENT_COLUMNS: Final = ("id", "subtype", "class", "names", "road_surface", "road_flags", "width_rules", "connectors")
"""Columns of Overture's transportation segments that readers need or know them by; nested ones become JSON, as GDAL gives them."""
_BATCH_ROWS: Final = 50_000
_MALFORMED: Final = (RuntimeError, OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError, SyntaxError)
"""What the libraries below raise of a damaged file."""


def read_road_network(file: str, members: Sequence[Member], limit: int | None = None) -> SourceTable | None:
    """Return the roads of a published network that touch the city's box, None where the file is of another kind.

    Roads off the box are counted as rows lost, under one fault. A way of OpenStreetMap whose nodes the file does not hold all is cut where
    they are missing, never drawn across.

    Parameters
    ----------
    file : str
        Name of the file that was handed in, for faults.
    members : sequence of Member
        What it holds.
    limit : int, optional
        Read about that many roads only, to recognise what the file is about.

    Raises
    ------
    RefusedError
        Where the file is damaged, or stands beside others in an archive.
    """
    member = members[0]
    if len(members) > 1:
        if any(member.form in (Form.OSM_PBF, Form.OSM_XML, Form.OVERPASS) for member in members):
            raise refused(file, "file_layers", found=", ".join(member.name for member in members))
        return None
    roads = _Roads()
    try:
        if member.form is Form.OSM_PBF:
            _take_pbf(roads, member.path, limit)
        elif member.form is Form.OSM_XML:
            for way, places in read_ways(member.path, member.name, limit):
                roads.add(_runs(iter(places)), (way.number, *tags_of(way, _TAGS)))
        elif member.form is Form.OVERPASS:
            _take_overpass(roads, member.path)
        elif member.form is Form.PARQUET and _is_segments(member.path):
            _take_segments(roads, member.path, limit)
        else:
            return None
    except RefusedError:
        raise
    except _MALFORMED as error:
        raise refused(member.name, "file_malformed", found=(str(error).splitlines() or [""])[0]) from error
    return roads.table(file, member)


class _Roads:
    """The roads of a file that touch the city, and how many do not."""

    def __init__(self) -> None:
        self.columns: Sequence[str] = ("osm_id", *_TAGS)
        self.count = 0
        self.elsewhere = 0
        self._first_elsewhere: str | None = None
        self._rows: list[int] = []
        self._cells: list[Sequence[str | None]] = []
        self._shapes: list[Any] = []
        self._cut: list[bool] = []

    def add(self, parts: Sequence[np.ndarray], cells: Sequence[str | None]) -> None:
        """Take one road: runs of longitude and latitude, and its cells, the id first."""
        self.count += 1
        if parts and not any(_in_box(part) for part in parts):
            self.elsewhere += 1
            self._first_elsewhere = self._first_elsewhere or cells[0]
            return
        lines: list[Any] = [shapely.linestrings(part) for part in parts if len(part) > 1]
        self._rows.append(self.count)
        self._cells.append(cells)
        self._shapes.append(None if not lines else lines[0] if len(lines) == 1 else shapely.multilinestrings(lines))
        self._cut.append(len(parts) > 1)

    def table(self, file: str, member: Member) -> SourceTable:
        """Return what was taken as a table of text with shapes."""
        columns = list(zip(*self._cells, strict=True)) or [()] * len(self.columns)
        cells = pa.table({name: pa.array(column, pa.string()) for name, column in zip(self.columns, columns, strict=True)})
        shapes = np.full(len(self._rows), None, dtype=object)
        shapes[:] = self._shapes
        with member.path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        cut = np.array(self._cut, dtype=bool)
        ids = cells.column(0).combine_chunks()
        faults = []
        if self.elsewhere:
            faults.append(Fault("road_elsewhere", member.name, field=self.columns[0], found=self._first_elsewhere, count=self.elsewhere))
        return SourceTable(
            file,
            cells,
            np.array(self._rows, dtype=np.int64),
            np.zeros(len(self._rows), np.int32),
            (member.name,),
            (digest,),
            geometry=shapes,
            crs=pyproj.CRS(MAP_CRS),
            lost=self.elsewhere,
            faults=tuple(faults),
            notes=(RowNote(cut, "road_cut", Severity.REPAIRED, self.columns[0], ids),) if cut.any() else (),
        )


def _in_box(places: np.ndarray) -> bool:
    """Return whether the bounds of a run of positions touch the city's box."""
    west, south, east, north = HUE_BOX
    low, high = places.min(axis=0), places.max(axis=0)
    return not (high[0] < west or low[0] > east or high[1] < south or low[1] > north)  # numbers that are none are judged later, by row


def _take_pbf(roads: _Roads, path: Path, limit: int | None) -> None:
    """Take the ways with a tag `highway`; places of nodes are kept and joined by osmium."""
    import osmium  # noqa: PLC0415 - a parser of files from outside: loaded where they are read and nowhere else

    entities = osmium.osm.NODE | osmium.osm.WAY
    ways: Any = osmium.FileProcessor(osmium.io.File(str(path), "pbf"), entities).with_locations("flex_mem")
    ways = ways.with_filter(osmium.filter.EntityFilter(osmium.osm.WAY)).with_filter(osmium.filter.KeyFilter("highway"))
    factory = osmium.geom.WKBFactory()
    for way in ways:
        try:
            parts = [np.frombuffer(bytes.fromhex(factory.create_linestring(way)), dtype="<f8", offset=9).reshape(-1, 2)]
        except (osmium.InvalidLocationError, RuntimeError):  # nodes that the file does not hold, or all in one place
            parts = _runs((node.lon, node.lat) if node.location.valid() else None for node in way.nodes)
        roads.add(parts, (str(way.id), *(way.tags.get(tag) for tag in _TAGS)))
        if limit is not None and roads.count >= limit:
            break


def _take_overpass(roads: _Roads, path: Path) -> None:
    """Take the ways with a tag `highway` of an answer of the Overpass API: with geometry, or with nodes beside them."""
    elements = json.loads(path.read_bytes())["elements"]
    nodes = {element["id"]: (element["lon"], element["lat"]) for element in elements if element["type"] == "node" and "lat" in element}
    for element in elements:
        tags: Mapping[str, Any] = element.get("tags") or {}
        if element["type"] != "way" or "highway" not in tags:
            continue
        if "geometry" in element:
            places = [None if place is None else (place["lon"], place["lat"]) for place in element["geometry"]]
        else:
            places = [nodes.get(node) for node in element.get("nodes", ())]
        roads.add(_runs(iter(places)), (str(element["id"]), *(None if tag not in tags else str(tags[tag]) for tag in _TAGS)))


def _runs(places: Iterator[tuple[float, float] | None]) -> list[np.ndarray]:
    """Return the runs of places that are known, cut where one is missing."""
    runs: list[list[tuple[float, float]]] = [[]]
    for place in places:
        if place is None:
            runs.append([])
        else:
            runs[-1].append(place)
    return [np.array(run, dtype=np.float64) for run in runs if run]


def _is_segments(path: Path) -> bool:
    """Return whether a Parquet file holds Overture's transportation segments."""
    try:
        names = set(pq.read_schema(path).names)
    except (pa.ArrowException, OSError, ValueError):
        return False  # the reader of layers says what is wrong with it
    return {"id", "subtype", "class", "geometry"} <= names and bool(SEGMENT_MARKS & names)


def _take_segments(roads: _Roads, path: Path, limit: int | None) -> None:
    """Take the segments batch by batch: only their boxes are held where they lie elsewhere."""
    with pq.ParquetFile(path) as file:
        there = [name for name in _SEGMENT_COLUMNS if name in file.schema_arrow.names]
        roads.columns = there
        for batch in file.iter_batches(_BATCH_ROWS, columns=[*there, "geometry"]):
            shapes = np.asarray(
                shapely.from_wkb(batch.column("geometry").to_numpy(zero_copy_only=False), on_invalid="ignore"), dtype=object
            )
            cells = [_flat(batch.column(name)) for name in there]
            for shape, *row in zip(shapes, *cells, strict=True):
                parts = [] if shape is None else [shapely.get_coordinates(part) for part in shapely.get_parts(shape) if not part.is_empty]
                roads.add(parts, row)
                if limit is not None and roads.count >= limit:
                    return


def _flat(column: Any) -> list[str | None]:
    """Return a column as text, nested values as JSON."""
    if pa.types.is_nested(column.type):
        return [None if value is None else json.dumps(value, ensure_ascii=False, default=str) for value in column.to_pylist()]
    return list(pc.cast(column, pa.string()).to_pylist())
