"""The sharing answer as DXF for a designer: metres in EPSG:9214, a layer a kind, Vietnamese layer names."""

import io
from typing import Final

import ezdxf.filemanagement
import geopandas as gpd
import shapely
from ezdxf.document import Drawing
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
    "chamber": 4,
    "pole": 30,
    "violation": 1,
    "note": 7,
}
_TEXT_M: Final = 2.5
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
    for table, key in (("new_trenches", "trench"), ("new_chambers", "chamber"), ("new_poles", "pole"), ("violations", "violation")):
        if table not in results.tables or results.tables[table].empty:
            continue
        frame = gpd.GeoDataFrame(results.tables[table]).to_crs(HUE_CRS)
        for fields, shape in zip(frame.to_dict("records"), frame.geometry, strict=True):
            _draw(space, shape, names[key])
            name = str(fields["code" if key == "violation" else "feature_id"])
            words = f"{name} {fields['ways']}" if key == "trench" else name
            _label(space, words, shape.interpolate(0.5, normalized=True) if key == "trench" else shape.centroid, names[key])
    _note(space, results, roads, names["note"], language)
    return _bytes(drawing)


def _draw(space: Modelspace, shape: shapely.Geometry, layer: str) -> None:
    for part in shapely.get_parts(shape).tolist():
        points = shapely.get_coordinates(part)[:, :2].tolist()
        if part.geom_type == "Point":
            space.add_circle(points[0], _SYMBOL_M, dxfattribs={"layer": layer})
        else:
            space.add_lwpolyline(points, dxfattribs={"layer": layer}, close=part.geom_type == "Polygon")


def _label(space: Modelspace, words: str, place: shapely.Point, layer: str) -> None:
    clean = "".join(mark for mark in words if mark.isprintable())
    space.add_text(clean, height=_TEXT_M, dxfattribs={"layer": layer, "style": "VN"}).set_placement((place.x, place.y))


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
