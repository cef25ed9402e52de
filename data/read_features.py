"""Things with a shape, by their contracts: claims, sites, assets, works, plans, roads, buildings, villages, places, water and zones."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from shapely import GeometryType

from hatang.data._intake import Intake, is_none, repeats
from hatang.data._shapes import HUE_BOX, fitted, shapes_of
from hatang.data._sourcetable import SourceTable
from hatang.data._statements import ReadOptions, environments, operators, technologies
from hatang.data._vocabulary import technology_of
from hatang.data._wardrows import name_wards
from hatang.data.contracts import CLAIMS, ROADS, AssetClass, Environment, Severity, Table
from hatang.data.mapping import FileMapping

_MADE_IDS: Final[Mapping[str, str]] = {
    "roads": "road_id",
    "buildings": "building_id",
    "sites": "site_id",
    "places": "place_id",
    "cells": "cell_id",
    "villages": "village_id",
    "water": "water_id",
    "constraints": "constraint_id",
    "undergrounding": "street_id",
}
"""Tables whose rows may come without an id: it is made from their content, so that the same row has the same id in every file.

An asset, a work or a plan is written about to its owner, and needs the number its owner knows.
"""
_KNOWN_BY: Final[Mapping[str, Sequence[str]]] = {"villages": ("ward_code", "village_name", "village_kind")}
"""Tables whose made ids stand for what a row is known by, so that they stay when its other cells change."""
_ID_DIGITS: Final = 12
_OCCUPANCY: Final = (("ways_used", "ways"), ("slots_used", "slots_total"))
_SPANS: Final = (("start", "end"), ("earliest", "latest"), ("valid_from", "valid_to"))
_STATED: Final = ("operator", "technology", "environment")


def read_features(source: SourceTable, table: Table, mapping: FileMapping, options: ReadOptions) -> tuple[Intake, pa.Table]:
    """Return the features of a layer or of a table with coordinates under the contract `table`, and the intake with faults and repairs.

    Use that exceeds capacity becomes unknown, which is never room; a row that repeats an earlier one, or its id, is refused.

    Raises
    ------
    RefusedError
        Where a required column, the geometry or the CRS is missing.
    """
    intake = Intake(source, table, mapping)
    shapes = shapes_of(intake)
    if shapes is None and (table.placed or not (intake.has("ward_code") or intake.has("ward_name"))):
        raise intake.refusal("file_geometry", found=", ".join(source.columns)[:1000])
    if shapes is None:
        shapes = np.full(intake.count, None, dtype=object)
    if table is ROADS:
        _refuse_elsewhere(intake, shapes)
    made = _MADE_IDS.get(table.name)
    stated = {name for name in _STATED if name in {c.name for c in table.columns}}
    given = {"operator": options.operator, "technology": options.technology, "environment": Environment.OUTDOOR}
    needed = [c.name for c in table.columns if c.required and c.name != made and not (c.name in stated and given[c.name])]
    intake.require(needed, options=_STATED)
    warded = () if table.placed else ("ward_code", "ward_name")
    intake.read([c.name for c in table.columns if c.name not in stated and c.name != made and c.name not in warded])
    _states(intake, table, options)
    if not table.placed:
        name_wards(intake, shapely.is_missing(shapes) & ~intake.refused)
    if made is not None:
        intake.values[made] = intake.typed(table[made])
    _judge(intake)
    wanted = _kinds(intake, table)
    shapes = _footprints(intake, shapes, wanted)
    wkb = fitted(intake, shapes, wanted)
    if made is not None:
        _make_ids(intake, made, wkb)
    _refuse_repeats(intake, table, wkb)
    if not table.placed:
        intake.note(is_none(wkb) & ~intake.refused, "position_open", Severity.WARNING, field="geometry", folded=True)
    return intake, intake.result(wkb)


def _refuse_elsewhere(intake: Intake, shapes: np.ndarray) -> None:
    """Refuse the roads off the city's box where the file has roads in it too: it is one of a country, and only ours count."""
    west, south, east, north = shapely.bounds(shapes).T
    with np.errstate(invalid="ignore"):
        off = (east < HUE_BOX[0]) | (west > HUE_BOX[2]) | (north < HUE_BOX[1]) | (south > HUE_BOX[3])
    if (~off & ~np.isnan(west)).any():
        intake.note(off & ~intake.refused, "road_elsewhere", field="geometry", folded=True)


def _states(intake: Intake, table: Table, options: ReadOptions) -> None:
    """Fill operator, technology and environment."""
    names = {c.name for c in table.columns}
    if "operator" in names:
        intake.values["operator"] = operators(intake, options.operator)
    if table is CLAIMS:
        intake.values["technology"] = technologies(intake, options.technology)
        fibre = bool((intake.values["technology"] == "fibre").all())
        assumed = Environment.PREMISES if fibre else Environment.OUTDOOR
        intake.values["environment"] = environments(intake, options.environment, assumed)
    if "technologies" in names:
        intake.values["technologies"] = intake.worded("technologies", _listed)


def _listed(text: str) -> str | None:
    """Return the technologies of a site as `4g;5g`, others kept in lower case.

    Examples
    --------
    >>> _listed("2G/LTE, NR")
    '2g;4g;5g'
    """
    words = [word.strip() for word in text.replace("/", ",").replace(";", ",").replace("|", ",").split(",") if word.strip()]
    known = [meant if (meant := technology_of(word)) in ("4g", "5g") else word.casefold() for word in words]
    return ";".join(dict.fromkeys(str(word) for word in known)) or None


def _judge(intake: Intake) -> None:
    """Note what columns say against each other."""
    values = intake.values
    for used, total in _OCCUPANCY:
        if used in values:
            over = values[used] > values[total]
            intake.repaired(over, "used_more", name=f"used_more:{used}", field=used, found=intake.cells(used), total=intake.heading(total))
            values[used] = np.where(over, np.nan, values[used])
    for first, last in _SPANS:
        if first in values:
            intake.note(values[last] < values[first], "dates_reversed", field=last, found=intake.cells(last), first=intake.heading(first))
    if "free_height_m" in values:
        over = values["free_height_m"] > values["height_m"]
        intake.note(over, "free_height", Severity.WARNING, field="free_height_m", found=intake.cells("free_height_m"))


def _kinds(intake: Intake, table: Table) -> np.ndarray:
    """Return what shape each row wants."""
    if "asset_class" not in intake.values:
        return np.full(intake.count, table.geometry, dtype=object)
    classes = intake.values["asset_class"]
    return np.where(classes == AssetClass.DUCT_SECTION, "line", np.where(is_none(classes), "any", "point")).astype(object)


def _footprints(intake: Intake, shapes: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return the shapes, outlines of poles and chambers replaced by a point inside them."""
    areas = (wanted == "point") & np.isin(shapely.get_type_id(shapes), (GeometryType.POLYGON, GeometryType.MULTIPOLYGON))
    areas &= "asset_class" in intake.values and ~shapely.is_empty(shapes)
    if not areas.any():
        return shapes
    intake.repaired(areas, "footprint", field="geometry", found="Polygon")
    inside = shapes.copy()
    inside[areas] = shapely.point_on_surface(shapely.make_valid(shapes[areas]))
    return inside


def _make_ids(intake: Intake, name: str, wkb: np.ndarray) -> None:
    """Give the rows without an id one made from their content."""
    values = intake.values[name]
    open_rows = is_none(values)
    if not open_rows.any():
        return
    known_by = _KNOWN_BY.get(intake.table.name)
    columns = None if known_by is None else [pa.array(intake.values[column], pa.string()) for column in known_by]
    whole = intake.whole_rows() if columns is None else pc.binary_join_element_wise(*columns, "\x1f", null_handling="replace")
    text = whole.to_pylist()
    made = values.copy()
    for place in np.flatnonzero(open_rows & ~intake.refused):  # hashing is by row
        made[place] = hashlib.sha256(text[place].encode() + (b"" if columns or wkb[place] is None else wkb[place])).hexdigest()[:_ID_DIGITS]
    intake.values[name] = made
    intake.repaired(open_rows, "id_made", name=f"id_made:{name}", field=name)


def _refuse_repeats(intake: Intake, table: Table, wkb: np.ndarray) -> None:
    """Refuse rows that repeat an earlier row in everything, then rows that repeat its key alone."""
    shapes = pc.dictionary_encode(pa.array(wkb, pa.binary())).indices.fill_null(-1).to_numpy()
    cells = pc.dictionary_encode(intake.whole_rows()).indices.to_numpy().astype(np.int64)
    same, first = repeats(cells * (len(cells) + 2) + shapes, intake.source.rows)
    _refuse(intake, same & ~intake.refused, first, "duplicate_row")
    for key in table.key:
        kept = np.flatnonzero(~intake.refused)
        codes = pc.dictionary_encode(pa.array(intake.values[key][kept], pa.string())).indices.to_numpy()
        again, origin = repeats(codes, intake.source.rows[kept])
        mask, rows = np.zeros(intake.count, bool), np.zeros(intake.count, np.int64)
        mask[kept[again]], rows[kept] = True, origin
        _refuse(intake, mask, rows, "duplicate_id", field=key)


def _refuse(intake: Intake, mask: np.ndarray, first: np.ndarray, code: str, *, field: str | None = None) -> None:
    """Refuse rows, each fault naming its id and the row it repeats."""
    found = np.full(intake.count, None, dtype=object)
    for place in np.flatnonzero(mask):
        found[place] = f"= {first[place]}" if field is None else f"{intake.values[field][place]} = {first[place]}"
    intake.note(mask, code, field=field, found=found)
