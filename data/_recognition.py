"""Which kind of data set a table is, by the columns and shapes it has."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import shapely

from hatang.data._filetype import refused
from hatang.data._intake import resolve
from hatang.data._sourcetable import SourceTable
from hatang.data._statements import ReadOptions
from hatang.data._vocabulary import fold, is_generic
from hatang.data.contracts import INPUT_TABLES, Kind, RefusedError, Table
from hatang.data.mapping import FileMapping

_DIMENSIONS: Final = {"point": 0, "line": 1, "polygon": 2}
_GENERIC_WEIGHT: Final = 0.25
_MADE: Final = frozenset(
    {"road_id", "site_id", "place_id", "cell_id", "village_id", "water_id", "constraint_id", "street_id", "outage_id"}
    | {"environment", "sufficiency", "scope"}
)
"""Required columns that a reader can fill itself."""
_MARKS: Final[Mapping[str, tuple[frozenset[str], ...]]] = {
    "measurements": (frozenset({"rsrp_dbm", "ss_rsrp", "no_service", "rsrq_db", "sinr_db"}),),
    "sites": (frozenset({"site_id", "site_name", "height_m", "structure", "technologies"}),),
    "fixed": (frozenset({"households_served"}),),
    "roads": (frozenset({"road_id", "road_name", "width_m"}),),
    "buildings": (frozenset({"building_id", "area_m2"}),),
    "villages": (frozenset({"village_id", "village_kind", "households"}), frozenset({"village_name"})),
    "water": (frozenset({"water_name", "water_class"}),),
    "places": (frozenset({"place_id", "place_name"}),),
    "cells": (frozenset({"azimuth_deg", "range_m"}),),
    "tiles": (frozenset({"quadkey"}),),
    "speeds": (frozenset({"samples"}),),
    "undergrounding": (frozenset({"measure", "dead_cable_m"}),),
    "prices": (frozenset({"price_vnd"}),),
    "declarations": (frozenset({"indicator"}), frozenset({"value"})),
    "outages": (frozenset({"outage_id", "cause", "end"}), frozenset({"start"})),
    "claims": (frozenset({"level_dbm", "download_mbps", "technology", "operator"}),),
}
"""Columns of which a table must have one to be of the kind: what it has beside them many kinds share."""


def likely_kind(source: SourceTable, mapping: FileMapping, options: ReadOptions) -> Kind:
    """Return the kind whose contract a table fits best.

    Raises
    ------
    RefusedError
        Where it fits none, or two equally well.
    """
    scores: dict[str, float] = {}
    for name, table in INPUT_TABLES.items():
        if name in (Kind.POPULATION, Kind.TERRAIN):  # grids are told by who published them
            continue
        if set(mapping.columns) - {c.name for c in table.columns} <= {"lon", "lat", "x", "y", "wkt"}:
            score = _score(source, table, mapping, options)
            if score > 0:
                scores[name] = score
    ranked = sorted(scores, key=lambda name: -scores[name])
    if not ranked or (len(ranked) > 1 and scores[ranked[0]] == scores[ranked[1]]):
        known = ", ".join(ranked) or ", ".join(INPUT_TABLES)
        raise refused(source.file, "kind_unknown", found=", ".join(source.columns), known=known)
    return Kind(ranked[0])


def _score(source: SourceTable, table: Table, mapping: FileMapping, options: ReadOptions) -> float:
    """Return how well a table fits a contract, 0 where it does not."""
    try:
        found = resolve(table, source.columns, mapping, cut=source.cut)
    except RefusedError:
        return 0.0
    own = {c.name for c in table.columns}
    given = {name for name in ("operator", "technology") if getattr(options, name)} | set(mapping.constants)
    there = (set(found) & own) | given
    missing = {c.name for c in table.columns if c.required} - there - _MADE - {"device_id"}
    if table.name in ("fixed", "speeds"):
        missing -= {"ward_code", "ward_name"} if there & {"ward_code", "ward_name"} else set()
    if table.name == "fixed" and "building_id" in found:
        missing -= {"households"}
    if table.name == "measurements" and source.geometry is not None:
        missing -= {"lon", "lat"}
    if table.name == "measurements" and {"x", "y"} <= set(found):
        missing -= {"lon", "lat"}
    if missing or not _shape_fits(source, table, found):
        return 0.0
    if not all(marks & set(found) for marks in _MARKS.get(table.name, ())):
        return 0.0
    weights = {name: _GENERIC_WEIGHT if is_generic(fold(column)) else 1.0 for name, column in found.items() if name in own}
    exact = sum(fold(column) == name for name, column in found.items() if name in own)
    return float(sum(weights.values()) + 0.1 * exact)


def _shape_fits(source: SourceTable, table: Table, found: Mapping[str, str]) -> bool:
    """Return whether most shapes of a source are of the kind that a table holds."""
    if source.geometry is None:
        placed = {"lon", "lat"} <= set(found) or {"x", "y"} <= set(found)
        if not table.geometry or table.name == "tiles":
            return True
        listed = not table.placed and bool({"ward_code", "ward_name"} & set(found))
        return "wkt" in found or listed or (placed and table.geometry in ("point", "any"))
    if not table.geometry and table.name != "measurements":
        return False
    dimension = shapely.get_dimensions(source.geometry)
    dimension = dimension[dimension >= 0]
    wanted = _DIMENSIONS.get("point" if table.name == "measurements" else table.geometry)
    return wanted is None or not len(dimension) or float(np.mean(dimension == wanted)) >= 0.5
