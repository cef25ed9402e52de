"""The sharing answer as DXF for a designer: metres in EPSG:9214, a layer a kind, Vietnamese layer names."""

import io
import math
from typing import Final

import ezdxf.filemanagement
import geopandas as gpd
import shapely
from ezdxf import bbox, zoom
from ezdxf.document import Drawing
from ezdxf.enums import TextEntityAlignment
from ezdxf.layouts.layout import Modelspace

from hatang.data.contracts import HUE_CRS
from hatang.data.figures import is_missing, shown_date
from hatang.data.language import Language, text
from hatang.data.results import ResultSet

_COLOURS: Final = {
    "road": 7,
    "reuse": 3,
    "full": 1,
    "survey": 2,
    "closed": 8,
    "suggestion": 5,
    "trench": 6,
    "crossing": 30,
    "lateral": 9,
    "chamber": 4,
    "pole": 40,
    "violation": 1,
    "note": 7,
}
_TEXT_M: Final = 2.5
_SMALL_M: Final = 1.0
"""Height of the names of laterals, of which there may be hundreds."""
_SYMBOL_M: Final = 0.8


def sharing_drawing(results: ResultSet, language: Language) -> bytes:
    """Return the drawing: road axes, the corridor's assets by what can be done with them, suggestions, and a note with date and CRS."""
    drawing = ezdxf.filemanagement.new("R2010", setup=True)
    drawing.header["$INSUNITS"] = 6  # metres
    drawing.styles.new("VN", dxfattribs={"font": "arial.ttf"})
    space = drawing.modelspace()
    names = {key: text(f"drawing.layer.{key}", language) for key in _COLOURS}
    for key, colour in _COLOURS.items():
        drawing.layers.add(names[key], color=colour)
    roads = gpd.GeoDataFrame(results.tables["roads"]).to_crs(HUE_CRS)
    for shape in roads.geometry:
        _draw(space, shape, names["road"])
    corridor = gpd.GeoDataFrame(results.tables["corridor"]).to_crs(HUE_CRS)
    for row, shape in zip(corridor.itertuples(), corridor.geometry, strict=True):
        _draw(space, shape, names[str(row.action)])
        spare = "?" if row.action == "survey" else "" if is_missing(row.spare) else f" +{row.spare!s}"
        _label(space, f"{row.asset_id}{spare}", shape.centroid, names[str(row.action)])
    suggestions = gpd.GeoDataFrame(results.tables["suggestions"]).to_crs(HUE_CRS)
    for row, shape in zip(suggestions.itertuples(), suggestions.geometry, strict=True):
        _draw(space, shape, names["suggestion"])
        _label(space, f"{row.rank}. {row.owner}", shape.interpolate(0.5, normalized=True), names["suggestion"])
    if "new_trenches" in results.tables:
        _new_set(space, results, names)
    _note(space, results, roads, names["note"], language)
    found = bbox.extents(space, fast=True)
    space.reset_extents(found.extmin, found.extmax)
    zoom.extents(space, factor=1.05)
    return _bytes(drawing)


def _new_set(space: Modelspace, results: ResultSet, names: dict[str, str]) -> None:
    """Draw the new set: sections, crossings and laterals each on a layer, named along their lines; chambers, poles and violations.

    Names of a single road are without its id.
    """
    roads = list(results.tables["roads"]["road_id"])
    own = f"{roads[0]}-" if len(roads) == 1 else ""
    trenches = gpd.GeoDataFrame(results.tables["new_trenches"]).to_crs(HUE_CRS)
    for row, shape in zip(trenches.to_dict("records"), trenches.geometry, strict=True):
        key = "trench" if row["part"] == "section" else str(row["part"])
        name = str(row["feature_id"]).removeprefix(own)
        _draw(space, shape, names[key])
        words, height = (name, _SMALL_M) if key == "lateral" else (f"{name} {row['ways']}", _TEXT_M)
        _along(space, words, shapely.LineString(shapely.get_coordinates(shape)), names[key], height)
    for table, key, column in (
        ("new_chambers", "chamber", "feature_id"),
        ("new_poles", "pole", "feature_id"),
        ("violations", "violation", "code"),
    ):
        if table not in results.tables or results.tables[table].empty:
            continue
        frame = gpd.GeoDataFrame(results.tables[table]).to_crs(HUE_CRS)
        for words, shape in zip(frame[column].astype(str), frame.geometry, strict=True):
            _draw(space, shape, names[key])
            _label(space, words.removeprefix(own), shape.centroid, names[key])


def _draw(space: Modelspace, shape: shapely.Geometry, layer: str) -> None:
    for part in shapely.get_parts(shape).tolist():
        points = shapely.get_coordinates(part)[:, :2].tolist()
        if part.geom_type == "Point":
            space.add_circle(points[0], _SYMBOL_M, dxfattribs={"layer": layer})
        else:
            space.add_lwpolyline(points, dxfattribs={"layer": layer}, close=part.geom_type == "Polygon")


def _label(space: Modelspace, words: str, place: shapely.Point, layer: str) -> None:
    space.add_text(_clean(words), height=_TEXT_M, dxfattribs={"layer": layer, "style": "VN"}).set_placement((place.x, place.y))


def _clean(words: str) -> str:
    """Return words without signs that no drawing can show."""
    return "".join(mark for mark in words if mark.isprintable())


def _along(space: Modelspace, words: str, line: shapely.LineString, layer: str, height: float) -> None:
    """Write words on the middle of a line in its direction, never upside down."""
    before, middle, after = (line.interpolate(share, normalized=True) for share in (0.45, 0.5, 0.55))
    (x0, y0), (x, y), (x1, y1) = shapely.get_coordinates([before, middle, after]).tolist()
    turn = math.degrees(math.atan2(y1 - y0, x1 - x0))
    turn = turn - 180 if turn > 90 else turn + 180 if turn < -90 else turn
    entity = space.add_text(_clean(words), height=height, rotation=turn, dxfattribs={"layer": layer, "style": "VN"})
    entity.set_placement((x, y), align=TextEntityAlignment.BOTTOM_CENTER)


def _note(space: Modelspace, results: ResultSet, roads: gpd.GeoDataFrame, layer: str, language: Language) -> None:
    west, _, _, north = roads.total_bounds
    lines = [
        text("drawing.crs", language),
        text("report.preliminary", language),
        f"{shown_date(results.as_of, language)} · {results.run_id}",
    ]
    if results.synthetic:
        lines.insert(0, text("synthetic", language).upper())
    for number, words in enumerate(lines):
        space.add_text(words, height=_TEXT_M * 2, dxfattribs={"layer": layer, "style": "VN"}).set_placement(
            (west, north + 60 - number * _TEXT_M * 3)
        )


def _bytes(drawing: Drawing) -> bytes:
    sink = io.StringIO()
    drawing.write(sink)
    return sink.getvalue().encode("utf-8")
