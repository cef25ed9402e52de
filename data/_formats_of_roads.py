"""Published formats of roads: OpenStreetMap as tools export it, and Overture's transportation segments."""

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hatang.data._cells import words
from hatang.data._format import Draft, Format, among, mask, text_of
from hatang.data.contracts import Kind

_JOINED: Final = ("motorway", "trunk", "primary", "secondary", "tertiary")
_STREETS: Final = ("unclassified", "residential", "living_street", "service", "track", "road", "unknown", "busway")
_PATHS: Final = ("path", "footway", "cycleway", "pedestrian", "steps", "bridleway")
_ROADS: Final = (*_JOINED, *_STREETS, *_PATHS, *(f"{name}_link" for name in _JOINED), *(f"track_grade{grade}" for grade in range(1, 6)))
"""Values of `highway` (and of Geofabrik's `fclass`) that are ways on the ground today: not proposed ones, stops or rest areas."""
_LENGTH: Final = re.compile(r"(\d+(?:[.,]\d+)?)\s*(m|ft|')?", re.IGNORECASE)
_FOOT_M: Final = 0.3048
_DIGITS: Final = re.compile(r"\d+")
_WIDEST_M: Final = 200.0


def _osm_id(draft: Draft) -> None:
    """Take the number of a way out of `way/123` and `w123`."""
    column = draft.column("osm_id", "full_id", "id")
    if column is not None:
        digits = pc.replace_substring_regex(draft.cells("osm_id", "full_id", "id"), pattern=r"^(?:way/|w)(\d+)$", replacement=r"\1")
        draft.give("road_id", digits, column)


def _osm_name(draft: Draft) -> None:
    """Call a road without a name by its number: `QL1A`."""
    draft.give("road_name", pc.coalesce(draft.cells("name"), draft.cells("ref")), draft.column("name") or "ref")


def _osm_class(column: str) -> Callable[[Draft], None]:
    """Return the trap that refuses what is no way on the ground today."""

    def refuse(draft: Draft) -> None:
        there = among(draft.cells(column), _ROADS) & ~among(draft.cells("area"), ("yes",))
        draft.refuse(~there, "road_other", column)

    return refuse


def _osm_values(draft: Draft) -> None:
    """Give width in metres, lanes as a number, and bridge and tunnel as truths: the tags are free text."""
    for name, columns, meaning in (("width_m", ("width", "est_width"), _metres), ("lanes", ("lanes",), _lanes)):
        cells = pc.coalesce(*(draft.cells(column) for column in columns))
        found = words(cells, meaning)
        draft.give(name, text_of(found), draft.column(*columns) or name)
        draft.flag(mask(pc.is_valid(cells)) & (found == np.array(None)), "cell_cleared", columns[0])
    for name in ("bridge", "tunnel"):
        if draft.has(name):
            draft.give(name, text_of(words(draft.cells(name), _stands)), draft.column(name) or name)


def _metres(text: str) -> str | None:
    """Return a width of OpenStreetMap in metres, None where it is no width of a road.

    Examples
    --------
    >>> _metres("7,5"), _metres("7.5 m"), _metres("24'"), _metres("wide")
    ('7.5', '7.5', '7.315', None)
    """
    found = _LENGTH.fullmatch(text.strip())
    if found is None:
        return None
    metres = float(found[1].replace(",", ".")) * (_FOOT_M if found[2] in ("ft", "'") else 1.0)
    return f"{metres:.4g}" if metres <= _WIDEST_M else None


def _lanes(text: str) -> str | None:
    """Return a number of lanes; of several (`2;3`) the first."""
    found = _DIGITS.match(text)
    return found[0] if found is not None and int(found[0]) <= 20 else None


def _stands(text: str) -> str:
    return "false" if text.casefold() in ("no", "f", "false", "0") else "true"


def _segments(draft: Draft) -> None:
    """Refuse segments of railways and ferries, and give what Overture nests: the main name, and rules that hold along most of the road."""
    draft.refuse(~among(draft.cells("subtype"), ("road",)), "road_other", "subtype")
    draft.give("road_name", text_of(words(draft.cells("names"), _inside(lambda names: names["primary"]))), "names")
    draft.give("width_m", text_of(words(draft.cells("width_rules"), _inside(_longest))), "width_rules")
    draft.give("surface", text_of(words(draft.cells("road_surface"), _inside(_longest))), "road_surface")
    for name in ("bridge", "tunnel"):
        flagged = words(draft.cells("road_flags"), _inside(partial(_flagged, flag=f"is_{name}")))
        draft.give(name, pa.array(["true" if flag == "true" else "false" for flag in flagged], pa.string()), "road_flags")


def _inside(take: Callable[[Any], Any]) -> Callable[[str], str | None]:
    """Return what takes a value out of nested text; None where the text is not what it should be."""

    def read(text: str) -> str | None:
        try:
            value = take(json.loads(text))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None
        return None if value is None else str(value)

    return read


def _longest(rules: list[dict[str, Any]]) -> Any:
    """Return the value of the rule that holds along most of a segment: one without bounds holds along all of it."""

    def share(rule: dict[str, Any]) -> float:
        between = rule.get("between")
        return 1.0 if between is None else float(between[1]) - float(between[0])

    return max(rules, key=share)["value"] if rules else None


def _flagged(rules: list[dict[str, Any]], flag: str) -> str | None:
    """Return `true` where some part of a segment carries the flag."""
    return "true" if any(flag in (rule.get("values") or ()) for rule in rules) else None


SEGMENT_MARKS: Final = frozenset({"connectors", "road_surface", "road_flags", "width_rules"})
"""Columns that Overture's segments of roads have and its other themes do not; who cuts an area out keeps some of them."""
_OSM_COLUMNS: Final = {"surface": ("surface",), "wkt": ("wkt", "geometry", "geom", "the_geom")}

ROAD_FORMATS: Final = (
    Format(
        "osm_roads",
        "OpenStreetMap (PBF, XML, Overpass, xuất từ QGIS)",
        Kind.ROADS,
        frozenset({"highway"}),
        without=frozenset({"amenity", "shop", "road_id"}),
        columns={**_OSM_COLUMNS, "road_class": ("highway",)},
        constants={"source": "osm"},
        traps=(_osm_id, _osm_name, _osm_class("highway"), _osm_values),
    ),
    Format(
        "geofabrik_roads",
        "OpenStreetMap (Geofabrik, shapefile)",
        Kind.ROADS,
        frozenset({"osm_id", "code", "fclass", "oneway", "bridge", "tunnel"}),
        columns={**_OSM_COLUMNS, "road_class": ("fclass",)},
        constants={"source": "osm"},
        traps=(_osm_id, _osm_name, _osm_class("fclass"), _osm_values),
    ),
    Format(
        "overture_segments",
        "Overture Maps (transportation, segment)",
        Kind.ROADS,
        frozenset({"id", "subtype", "class"}),
        some=SEGMENT_MARKS,
        columns={"road_id": ("id",), "road_class": ("class",)},
        constants={"source": "overture"},
        traps=(_segments,),
    ),
)
