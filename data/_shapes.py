"""Shapes of rows: positions to points, coordinates to WGS 84, and geometry made valid, flat and of the kind its table wants."""

from typing import Any, Final

import numpy as np
import pyarrow.compute as pc
import pyproj
import shapely
from shapely import GeometryType

from hatang.data._intake import Intake
from hatang.data._vocabulary import fold, unit_in
from hatang.data.contracts import MAP_CRS, Severity
from hatang.data.crs import Doubt, asked, judged, official

HUE_BOX: Final = (106.9, 15.9, 108.3, 16.9)
"""West, south, east, north of Huế city with a margin, degrees: nothing hangs on it but the order of axes."""
_WGS84: Final = pyproj.CRS(MAP_CRS)
_KINDS: Final = {
    "point": (GeometryType.POINT,),
    "line": (GeometryType.LINESTRING, GeometryType.MULTILINESTRING),
    "polygon": (GeometryType.POLYGON, GeometryType.MULTIPOLYGON),
    "any": (
        GeometryType.POINT,
        GeometryType.LINESTRING,
        GeometryType.POLYGON,
        GeometryType.MULTIPOINT,
        GeometryType.MULTILINESTRING,
        GeometryType.MULTIPOLYGON,
    ),
}
_TYPE_NAMES: Final = {
    GeometryType.MISSING: "–",
    GeometryType.POINT: "Point",
    GeometryType.LINESTRING: "LineString",
    GeometryType.LINEARRING: "LinearRing",
    GeometryType.POLYGON: "Polygon",
    GeometryType.MULTIPOINT: "MultiPoint",
    GeometryType.MULTILINESTRING: "MultiLineString",
    GeometryType.MULTIPOLYGON: "MultiPolygon",
    GeometryType.GEOMETRYCOLLECTION: "GeometryCollection",
}
_DEGREE_WORDS: Final = frozenset({"wgs_84", "wgs84", "epsg_4326"})
"""What the heading of a column of WKT says in brackets where its shapes are in degrees."""
_LIMITS: Final = (180.0, 90.0)


def positions(intake: Intake) -> tuple[np.ndarray, np.ndarray] | None:
    """Return longitude and latitude (degrees of WGS 84) that a layer of points or columns of the file give, NaN where a row has none.

    Columns named as longitude and latitude are degrees unless the mapping names a CRS; `x` and `y` need one. None where the file has no
    coordinates at all. Impossible positions are refused.

    Raises
    ------
    RefusedError
        Where nothing names the CRS, or the numbers cannot be in the one that is named.
    """
    if intake.source.geometry is not None:
        return _of_layer(intake, intake.source.geometry)
    pair = next((names for names in (("x", "y"), ("lon", "lat")) if set(names) <= set(intake.mapping.columns)), None)
    pair = pair or next((names for names in (("lon", "lat"), ("x", "y")) if all(intake.has(name) for name in names)), None)
    if pair is None:
        return None
    (first, unread), (second, unread_too) = (intake.coordinate(name) for name in pair)
    there = np.isfinite(first), np.isfinite(second)
    lacking = ~(there[0] & there[1]) if intake.table.placed else there[0] != there[1]
    intake.note(lacking & ~unread & ~unread_too, "position_missing", field=pair[0])
    field = ", ".join(intake.found_in.get(name, name) for name in pair)
    return _placed(intake, field, np.column_stack([first, second]), _WGS84 if pair == ("lon", "lat") else None)


def shapes_of(intake: Intake) -> np.ndarray | None:
    """Return the shapes of a layer, a WKT column or coordinate columns, in degrees of WGS 84; None where the file has none of them.

    Raises
    ------
    RefusedError
        Where nothing names the CRS, or the numbers cannot be in the one that is named.
    """
    shapes = intake.source.geometry
    assumed = None
    if shapes is None:
        if not intake.has("wkt"):
            found = positions(intake)
            return None if found is None else _points(*found)
        shapes = _from_wkt(intake)
        placed = intake.has("lon") and intake.has("lat")  # a file with both writes its shapes in the degrees it names
        named = fold(unit_in(intake.found_in.get("wkt", "")) or "") in _DEGREE_WORDS
        assumed = _WGS84 if placed or named else None
        if placed and (intake.mapping.crs or intake.source.crs or _WGS84).equals(_WGS84, ignore_axis_order=True):
            shapes = _where_no_shape(intake, shapes)
    stated = intake.source.crs
    if stated is not None and intake.mapping.crs is not None and not stated.equals(intake.mapping.crs, ignore_axis_order=True):
        intake.about_file("crs_overridden", Severity.WARNING, found=stated.name, crs=intake.mapping.crs.name)
    return _degrees(intake, shapely.force_2d(shapes), assumed)


def fitted(intake: Intake, shapes: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """Return the shapes valid and of the kind each row wants, as WKB; rows whose shape cannot be so are refused.

    Parameters
    ----------
    kind
        `point`, `line`, `polygon` or `any`, one a row.
    """
    missing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    if intake.table.placed:
        intake.note(missing & ~intake.refused, "geometry_missing", field="geometry")
    wrong = ~missing & ~_finite(shapes)
    intake.note(wrong, "geometry_coordinates", field="geometry", found="NaN")
    usable = ~missing & ~wrong
    fixed = shapes.copy()
    fixed[~usable] = None
    fixed = _valid(intake, fixed)
    for name, allowed in _KINDS.items():
        fixed = _parts_of(intake, fixed, kind == name, name, allowed)
    with np.errstate(over="ignore"):  # coordinates far off the Earth have been refused
        lengths = shapely.length(fixed)
    short = (kind != "point") & np.isin(shapely.get_type_id(fixed), _KINDS["line"]) & (lengths == 0)
    intake.note(short, "zero_length", field="geometry")
    return np.asarray(shapely.to_wkb(fixed), dtype=object)


def _where_no_shape(intake: Intake, shapes: np.ndarray) -> np.ndarray:
    """Return the shapes, rows whose cell for one is empty placed at their longitude and latitude."""
    bare = ~np.asarray(pc.is_valid(intake.cells("wkt")))
    if not bare.any():
        return shapes
    (lon, _), (lat, _) = intake.coordinate("lon"), intake.coordinate("lat")
    return np.where(bare, _points(lon, lat), shapes)


def _of_layer(intake: Intake, shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions of a layer of points; other shapes are refused."""
    types = shapely.get_type_id(shapes)
    intake.note(types != GeometryType.POINT, "geometry_type", field="geometry", found=_names_of(types), kind="point")
    return _placed(intake, "geometry", np.column_stack([shapely.get_x(shapes), shapely.get_y(shapes)]), None)


def _settled(intake: Intake, field: str, given: np.ndarray, assumed: pyproj.CRS | None) -> pyproj.CRS:
    """Return the CRS of coordinates: the mapping's, the file's, or the one assumed; in doubt the file is refused with what it could be.

    What a person states is taken even where another system fits better, with a warning; not where metres stand for degrees.
    """
    person = intake.mapping.crs
    stated = person or intake.source.crs or assumed
    judgement = judged(given[:, 0], given[:, 1], stated, named=intake.source.crs_named or person is not None)
    if judgement.crs is not None:
        return judgement.crs
    if not judgement.candidates or judgement.doubt is None:
        raise intake.refusal("file_crs", field=field, found=None if stated is None else stated.name)
    fields = asked(judgement)
    found = f"{given[0, 0]:.10g}, {given[0, 1]:.10g}" if stated is None else stated.name
    if person is None or judgement.doubt in (Doubt.DEGREES, Doubt.METRES):
        raise intake.refusal(str(judgement.doubt), field=field, found=found, **fields)
    if judgement.doubt is Doubt.ELSEWHERE:
        intake.about_file(str(judgement.doubt), Severity.WARNING, field=field, found=found, **fields)
    return official(person)


def _placed(intake: Intake, field: str, given: np.ndarray, assumed: pyproj.CRS | None) -> tuple[np.ndarray, np.ndarray]:
    """Return coordinates in degrees; off the Earth and the origin that loggers write for "none" are refused."""
    crs = _settled(intake, field, given, assumed)
    lon, lat, swapped = _to_degrees(given[:, 0], given[:, 1], crs)
    if swapped:
        _note_swap(intake)
    there = np.isfinite(given).all(axis=1)
    off = there & (_off_earth(lon, lat) | (given == 0).all(axis=1))
    intake.note(off, "position_range", field=field, found=_pairs(given, off))
    return lon, lat


def _points(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Return positions as points, None where there is none."""
    shapes = np.full(len(lon), None, dtype=object)
    there = np.isfinite(lon) & np.isfinite(lat)
    shapes[there] = shapely.points(lon[there], lat[there])
    return shapes


def _names_of(types: np.ndarray) -> np.ndarray:
    """Return the names of geometry types."""
    return np.array([_TYPE_NAMES[GeometryType(kind)] for kind in types], dtype=object)


def _to_degrees(first: np.ndarray, second: np.ndarray, crs: pyproj.CRS) -> tuple[np.ndarray, np.ndarray, bool]:
    """Return longitude, latitude, and whether the axes had to be exchanged: they are where only that puts every row into Huế's box."""
    lon, lat = _transformed(first, second, crs)
    if not _inside(lon, lat).all():
        other = _transformed(second, first, crs)
        there = np.isfinite(first) & np.isfinite(second)
        if there.any() and _inside(*other)[there].all():
            return *other, True
    return lon, lat, False


def _transformed(first: np.ndarray, second: np.ndarray, crs: pyproj.CRS) -> tuple[np.ndarray, np.ndarray]:
    """Return coordinates of a CRS (east, north) in degrees, not finite where they cannot be."""
    if crs.equals(_WGS84, ignore_axis_order=True):
        return first, second
    lon, lat = pyproj.Transformer.from_crs(crs, _WGS84, always_xy=True).transform(first, second)
    return np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)


def _inside(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Return which positions lie in Huế's box."""
    west, south, east, north = HUE_BOX
    return np.asarray((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north), dtype=bool)


def _note_swap(intake: Intake) -> None:
    intake.repairs["axes_swapped"] += intake.count
    intake.about_file("axes_swapped", Severity.REPAIRED, field="lon, lat")


def _off_earth(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Return which positions are no degrees."""
    return np.asarray(~((np.abs(lon) <= _LIMITS[0]) & (np.abs(lat) <= _LIMITS[1])), dtype=bool)


def _pairs(coordinates: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Return the coordinates at `where` as text, for faults."""
    text = np.full(len(coordinates), None, dtype=object)
    text[where] = [f"{x:.10g}, {y:.10g}" for x, y in coordinates[where]]
    return text


def _from_wkt(intake: Intake) -> np.ndarray:
    """Return the shapes of a WKT column; text that is none is refused."""
    cells = intake.cells("wkt")
    with np.errstate(over="ignore", invalid="ignore"):  # coordinates that are no numbers are refused later, by row
        shapes = shapely.from_wkt(np.asarray(cells.to_numpy(zero_copy_only=False), dtype=object), on_invalid="ignore")
    broken = np.asarray(cells.is_valid()) & shapely.is_missing(shapes)
    intake.note(broken, "geometry_text", field="wkt", found=cells)
    return np.asarray(shapes, dtype=object)


def _degrees(intake: Intake, shapes: np.ndarray, assumed: pyproj.CRS | None) -> np.ndarray:
    """Return shapes in degrees of WGS 84, axes exchanged where only that puts them all into Huế's box."""
    coordinates, index = shapely.get_coordinates(shapes, return_index=True)
    if not len(coordinates):
        return shapes
    crs = _settled(intake, "geometry", coordinates, assumed)
    lon, lat, swapped = _to_degrees(coordinates[:, 0], coordinates[:, 1], crs)
    if swapped:
        _note_swap(intake)
    off = _off_earth(lon, lat) & np.isfinite(coordinates).all(axis=1)
    rows = np.zeros(len(shapes), bool)
    rows[index[off]] = True
    found = np.full(len(shapes), None, dtype=object)
    found[index[off][::-1]] = _pairs(coordinates, off)[off][::-1]  # the first bad vertex of a shape is written last
    intake.note(rows, "position_range", field="geometry", found=found)
    return np.asarray(shapely.set_coordinates(shapes.copy(), np.column_stack([lon, lat])), dtype=object)


def _finite(shapes: np.ndarray) -> np.ndarray:
    """Return which shapes have only finite coordinates."""
    coordinates, index = shapely.get_coordinates(shapes, return_index=True)
    finite = np.ones(len(shapes), bool)
    finite[index[~np.isfinite(coordinates).all(axis=1)]] = False
    return finite


def _valid(intake: Intake, shapes: np.ndarray) -> np.ndarray:
    """Return the shapes valid; rings that cross themselves are mended without losing area."""
    if intake.source.sound:
        return shapes
    invalid = ~shapely.is_valid(shapes) & ~shapely.is_missing(shapes) & ~intake.refused
    if not invalid.any():
        return shapes
    reasons = np.full(len(shapes), None, dtype=object)
    reasons[invalid] = shapely.is_valid_reason(shapes[invalid])
    intake.repaired(invalid, "geometry_repaired", folded=False, field="geometry", found=reasons)
    mended = shapes.copy()
    mended[invalid] = shapely.make_valid(shapes[invalid], method="structure", keep_collapsed=False)
    return mended


def _parts_of(intake: Intake, shapes: np.ndarray, rows: np.ndarray, name: str, allowed: tuple[GeometryType, ...]) -> np.ndarray:
    """Return the shapes with those of `rows` of an allowed type: collections give the parts that fit, one-part points are unwrapped."""
    types = shapely.get_type_id(shapes)
    odd = rows & ~np.isin(types, allowed) & ~shapely.is_missing(shapes)
    if not odd.any():
        return shapes
    fitting = shapes.copy()
    kept = np.zeros(len(shapes), bool)
    for place in np.flatnonzero(odd):  # few rows, each with a collection of its own
        part = _extract(shapes[place], allowed)
        if part is not None:
            fitting[place], kept[place] = part, True
    typed = _names_of(types)
    intake.note(odd & ~kept, "geometry_type", field="geometry", found=typed, kind=name)
    intake.repaired(kept, "geometry_collection", folded=False, field="geometry", found=typed, kind=name)
    return fitting


def _extract(shape: Any, allowed: tuple[GeometryType, ...]) -> Any:
    """Return the parts of one shape that are allowed as one shape, None where there are none, or several points."""
    parts = [shape]
    while any(part.geom_type in ("GeometryCollection", "MultiPoint") for part in parts):
        parts = [piece for part in parts for piece in (shapely.get_parts(part) if hasattr(part, "geoms") else [part])]
    fitting = [part for part in parts if shapely.get_type_id(part) in allowed and not part.is_empty]
    if len(fitting) == 1:
        return fitting[0]
    if fitting and allowed == _KINDS["polygon"]:
        return shapely.union_all(fitting)
    if fitting and allowed == _KINDS["line"]:
        return shapely.multilinestrings([line for part in fitting for line in shapely.get_parts(part)])
    return None
