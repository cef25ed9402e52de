"""OpenStreetMap as XML (`.osm`, Overpass, JOSM): the ways with a tag `highway`, and the places of their nodes, by streaming.

Read twice, for nodes may stand behind the ways: first the ways, then the nodes that these name and no others. Nothing is held of what lies
between, so that memory grows with the roads of a file and not with the file. A document type, and with it any entity, is refused.
"""

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from xml.parsers import expat

import numpy as np

from hatang.data._filetype import refused

Place = tuple[float, float]
_BLOCK: Final = 1 << 16
_NODES: Final = 100_000
"""Nodes are looked up so many at a time."""
_DEEPEST: Final = 8
"""Elements of OpenStreetMap stand at most four deep; what goes deeper was written to be deep."""
_GONE: Final = ("delete", "modify_delete")


@dataclass(slots=True)
class Way:
    """A way with a tag `highway`: its nodes by number, their places where the way itself gives them, and its tags."""

    number: str
    nodes: "array[int]" = field(default_factory=lambda: array("q"))
    places: list[Place | None] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)


def read_ways(path: Path, name: str, limit: int | None = None) -> Iterator[tuple[Way, list[Place | None]]]:
    """Yield each road of a file with the places of its nodes in order, None where the file does not hold a node.

    Parameters
    ----------
    path : Path
        An XML document of OpenStreetMap, API version 0.6.
    name : str
        Name of the file, for faults.
    limit : int, optional
        Yield so many roads only.

    Returns
    -------
    iterator of (Way, list of (float, float) or None)
        Longitude and latitude in degrees of WGS 84.

    Raises
    ------
    RefusedError
        Where the document declares a type, is nested deeper than any of OpenStreetMap, or is no XML.
    ValueError
        Where a number is none.

    References
    ----------
    OpenStreetMap wiki, "OSM XML"; JOSM file format (`action`); Overpass `out geom` (`nd` with `lat` and `lon`).
    """
    ways: list[Way] = []
    _parse(path, name, _Ways(ways, limit))
    numbers = np.unique(np.concatenate([np.empty(0, np.int64), *(np.asarray(way.nodes, np.int64) for way in ways)]))
    known = _Nodes(numbers)
    if any(None in way.places for way in ways):
        _parse(path, name, known)
        known.settle()
    for way in ways:
        rows = np.searchsorted(numbers, np.asarray(way.nodes, np.int64))
        yield (
            way,
            [
                place if place is not None else (float(known.lon[row]), float(known.lat[row])) if known.held[row] else None
                for place, row in zip(way.places, rows, strict=True)
            ],
        )


class _Ways:
    """Gathers the roads."""

    def __init__(self, ways: list[Way], limit: int | None) -> None:
        self.ways = ways
        self.limit = limit
        self.way: Way | None = None

    def begun(self, tag: str, about: Mapping[str, str]) -> None:
        if tag == "way":
            self.way = Way(about["id"]) if _stands(about) else None
        elif self.way is None:
            return
        elif tag == "nd":
            self.way.nodes.append(int(about["ref"]))
            self.way.places.append((float(about["lon"]), float(about["lat"])) if "lat" in about and "lon" in about else None)
        elif tag == "tag":
            self.way.tags[about["k"]] = about["v"]

    def ended(self, tag: str) -> bool:
        """Take the end of an element; return whether enough is known."""
        if tag == "way" and self.way is not None:
            if "highway" in self.way.tags:
                self.ways.append(self.way)
            self.way = None
        return self.limit is not None and len(self.ways) >= self.limit


class _Nodes:
    """Gathers the places of the nodes whose numbers are asked for, sorted."""

    def __init__(self, numbers: np.ndarray) -> None:
        self.numbers = numbers
        self.lon = np.zeros(len(numbers))
        self.lat = np.zeros(len(numbers))
        self.held = np.zeros(len(numbers), bool)
        self._seen: tuple[array[int], array[float], array[float]] = (array("q"), array("d"), array("d"))

    def begun(self, tag: str, about: Mapping[str, str]) -> None:
        if tag == "node" and "lat" in about and "lon" in about and _stands(about):
            ids, lon, lat = self._seen
            ids.append(int(about["id"]))
            lon.append(float(about["lon"]))
            lat.append(float(about["lat"]))
            if len(self._seen[0]) >= _NODES:
                self.settle()

    def ended(self, tag: str) -> bool:
        """Take the end of an element: any node may be asked for, to the last."""
        del tag
        return False

    def settle(self) -> None:
        """Keep the places of the nodes that are asked for, and forget the others."""
        ids, lon, lat = (np.asarray(kept) for kept in self._seen)
        if len(self.numbers) and len(ids):
            rows = np.searchsorted(self.numbers, ids).clip(max=len(self.numbers) - 1)
            asked = self.numbers[rows] == ids
            self.lon[rows[asked]], self.lat[rows[asked]] = lon[asked], lat[asked]
            self.held[rows[asked]] = True
        self._seen = (array("q"), array("d"), array("d"))


def _stands(about: Mapping[str, str]) -> bool:
    """Return whether an element is there: an editor keeps what it is about to delete, a history what was deleted."""
    return about.get("action") not in _GONE and about.get("visible") != "false"


def _parse(path: Path, name: str, reader: _Ways | _Nodes) -> None:
    """Have `reader` hear every element of a document, until it knows enough."""
    parser = expat.ParserCreate()
    depth = 0
    enough = False

    def begun(tag: str, about: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise refused(name, "file_malformed", found=f"<{tag}> {depth}")
        reader.begun(tag, about)

    def ended(tag: str) -> None:
        nonlocal depth, enough
        depth -= 1
        enough = enough or reader.ended(tag)

    def typed(*_: object) -> None:
        raise refused(name, "file_hostile", found="<!DOCTYPE")

    parser.StartElementHandler = begun
    parser.EndElementHandler = ended
    parser.StartDoctypeDeclHandler = typed
    parser.EntityDeclHandler = typed
    _fed(parser, path, name, lambda: enough)


def _fed(parser: expat.XMLParserType, path: Path, name: str, enough: Callable[[], bool]) -> None:
    """Give a document to a parser block by block, its end included, unless enough is known before."""
    try:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                parser.Parse(block, False)
                if enough():
                    return
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise refused(name, "file_malformed", found=str(error)) from error


def tags_of(way: Way, wanted: Sequence[str]) -> tuple[str | None, ...]:
    """Return the values of some tags of a way, None where it has none.

    Examples
    --------
    >>> tags_of(Way("7", tags={"highway": "primary"}), ("highway", "name"))
    ('primary', None)
    """
    return tuple(way.tags.get(tag) for tag in wanted)
