"""Map builders: result frames in, folium maps and layers out; nothing here knows of a page or a session.

Verdicts differ by pattern as well as by colour, so that they survive colour blindness and a black-and-white printer.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hatang.data.contracts import HUE_CRS, MAP_CRS, Verdict
from hatang.data.figures import MISSING, shown
from hatang.data.language import Language, text
from hatang.web.layers import CityMap, Labels, PenWords, RoadPen, Shapes, Sheet, Style, features
from hatang.web.tips import asset_tip, corridor_tip, gap_tip, overlap_tip, site_tip, suggestion_tip, ward_tip, work_tip

SIMPLIFY_M: Final = 100.0
SHOWN_AT_MOST: Final = 2_000
"""Points of one layer drawn at a time; more are named by count, and shown ward by ward."""
PATTERNS: Final[Mapping[str, str]] = {
    "gap": '<rect width="8" height="8" fill="#F7C79E"/><path d="M-2,2 l4,-4 M0,8 l8,-8 M6,10 l4,-4" stroke="#C44E00" stroke-width="2"/>',
    "insufficient": '<rect width="8" height="8" fill="#E6E8EA"/><circle cx="2" cy="2" r="1" fill="#8A949D"/>'
    '<circle cx="6" cy="6" r="1" fill="#8A949D"/>',
}
_THINNED: Final = 3
_MARGIN: Final = 0.15
_TRACE: Final = Style("#A9B6C1", "#A9B6C1", width=1.2, opacity=0.8, radius=1.2)
_BORDER: Final = "#FFFFFF"
VERDICTS: Final[Mapping[str, Style]] = {
    str(Verdict.COVERED): Style(_BORDER, "#5BA3D4", width=1.2, opacity=0.9),
    str(Verdict.GAP): Style(_BORDER, "url(#gap)", width=1.2, opacity=1),
    str(Verdict.INSUFFICIENT): Style(_BORDER, "url(#insufficient)", width=1.2, opacity=1),
    "none": Style("#9FB0BF", "#F4F7F9", width=0.8, opacity=1),
}
LAYERS: Final[Mapping[str, Style]] = {
    "selected": Style("#14202B", width=3.5),
    "unclaimed": Style("#7A1F5C", "#E58FC4", width=1.5, opacity=0.45, dashes="4 3"),
    "contradicted": Style("#7A1F5C", "#7A1F5C", width=1.2, opacity=0.4),
    "site": Style("#FFFFFF", "#0B3C5D", width=1, opacity=0.95, radius=5),
    "pole": Style("#FFFFFF", "#8C5A12", width=1, opacity=0.95, radius=4),
    "chamber": Style("#FFFFFF", "#14202B", width=1, opacity=0.95, radius=5),
    "duct_section": Style("#8C5A12", width=3),
    "work": Style("#B8860B", "#E6B800", width=4, opacity=0.35, dashes="8 5", radius=6),
    "suggestion": Style("#007A5E", width=6, opacity=0.85),
}
ACTIONS: Final[Mapping[str, Style]] = {
    "reuse": Style("#00563F", "#00A37A", width=3, opacity=1, radius=7),
    "full": Style("#5A3A00", "#E69F00", width=3, opacity=1, dashes="2 4", radius=6),
    "survey": Style("#14202B", "#FFFFFF", width=2.5, opacity=1, dashes="3 3", radius=6),
    "closed": Style("#7A7A7A", "#BDBDBD", width=2, opacity=1, dashes="1 5", radius=4),
}
"""What to do with an asset of a corridor: colour, and line or ring, tell it."""
MEETS: Final[Mapping[str, Style]] = {
    "meets": Style("#00563F", width=5, opacity=1),
    "apart": Style("#5A6B7A", width=3, opacity=1, dashes="2 5"),
}
"""Where plans and works run side by side: at one time, or not (as far as is known)."""
_PLACES: Final = (("sea", 107.93, 16.58), ("quang_tri", 107.20, 16.66), ("da_nang", 108.06, 16.02), ("laos", 107.16, 16.04))
_SON_CHA: Final = (108.2048, 16.2178)
"""Hòn Sơn Chà, an island of Huế that an approximate boundary may leave out."""


@dataclass(frozen=True, slots=True)
class Overlay:
    """One layer over the choropleth, and how many of its shapes are drawn."""

    group: folium.FeatureGroup
    drawn: int
    total: int


def display_wards(wards: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the wards simplified for the screen: borders moved by some 100 m at most, neighbours still meeting.

    Parameters
    ----------
    wards
        WARDS contract; any CRS.

    Returns
    -------
    GeoDataFrame
        `ward_code`, `ward_name`, geometry in EPSG:4326, same index.
    """
    metric = wards.to_crs(HUE_CRS).geometry
    simple = shapely.coverage_simplify(np.asarray(metric.array, dtype=object), SIMPLIFY_M)
    return gpd.GeoDataFrame(wards[["ward_code", "ward_name"]], geometry=simple, crs=HUE_CRS).to_crs(MAP_CRS)


def ward_at(wards: gpd.GeoDataFrame, lon: float, lat: float) -> str | None:
    """Return the code of the ward at a point in degrees, or None outside all of them."""
    hits = wards.loc[wards.contains(shapely.Point(lon, lat)), "ward_code"]
    return None if hits.empty else str(hits.iloc[0])


def view_of(wards: gpd.GeoDataFrame, ward_code: str | None, *, width_px: int, height_px: int) -> tuple[tuple[float, float], float]:
    """Return centre (latitude, longitude) and zoom that fit a ward, or the whole city, into a map of this size.

    Web Mercator: 256 px span 360 degrees of longitude at zoom 0, and as much of latitude times the cosine.
    """
    own = wards[wards["ward_code"] == ward_code]
    west, south, east, north = own.total_bounds if len(own) else _with_island(wards.total_bounds)
    latitude = (south + north) / 2
    across = width_px * 360 / 256 / (east - west)
    up = height_px * 360 / 256 * np.cos(np.radians(latitude)) / (north - south)
    zoom = np.floor((np.log2(min(across, up)) - _MARGIN) * 4) / 4
    return (float(latitude), float((west + east) / 2)), float(zoom)


def coverage_map(wards: gpd.GeoDataFrame, rows: pd.DataFrame, language: Language) -> CityMap:
    """Draw every ward's verdict against the target.

    Parameters
    ----------
    wards
        What `display_wards` returns.
    rows
        Rows of the ward table for one operator, technology and environment; a ward without a row is drawn blank.
    """
    joined = wards.merge(rows.drop(columns="ward_name"), on="ward_code", how="left")
    verdicts = joined["verdict"].fillna("none")
    tips = [ward_tip(row, language) for row in _records(joined)]
    figures = [_ward_figure(row, language) for row in _records(joined)]
    sheet = _blank(wards)
    sheet.add_child(Shapes(features(joined, style=list(verdicts), tip=tips), VERDICTS))
    sheet.add_child(Labels([*_ward_labels(wards, figures), *_place_labels(language)]))
    return sheet


def drawing_map(wards: gpd.GeoDataFrame, assets: gpd.GeoDataFrame, works: gpd.GeoDataFrame, language: Language) -> CityMap:
    """Draw the wards blank with the tool to draw a road line; ducts, poles and works trace the streets for orientation.

    Parameters
    ----------
    assets, works
        ASSETS and WORKS contract, EPSG:4326; either may be empty.
    """
    sheet = empty_map(wards, language)
    sheet.add_child(asset_traces(assets))
    tips = [work_tip(row, language) for row in _records(works)]
    sheet.add_child(Shapes(features(works, style=["work"] * len(works), tip=tips), LAYERS))
    sheet.add_child(PenWords(_pen_words(language)))
    sheet.add_child(RoadPen())
    return sheet


def asset_traces(assets: gpd.GeoDataFrame) -> Shapes:
    """Return assets as the faint trace of a street: lines as they are, of points one in some 100 m, where it stands."""
    shapes = np.asarray(assets.geometry.array, dtype=object)
    points = shapely.get_type_id(shapes) == shapely.GeometryType.POINT
    places = shapely.get_coordinates(shapes[points])
    thinned = places[np.unique(places.round(_THINNED), axis=0, return_index=True)[1]]
    lines = shapely.get_parts(shapes[~points])
    traces = gpd.GeoDataFrame(geometry=[shapely.MultiPoint(thinned), shapely.MultiLineString(list(lines))], crs=MAP_CRS)
    return Shapes(_bare(traces, "trace"), {"trace": _TRACE}, interactive=False, canvas=True)


def road_map(
    wards: gpd.GeoDataFrame, roads: gpd.GeoDataFrame, corridor: gpd.GeoDataFrame, suggestions: gpd.GeoDataFrame, language: Language
) -> CityMap:
    """Draw a road's corridor: the road, each asset by what to do with it, and the stretches that a suggestion spares from digging."""
    drawn = np.asarray([*roads.geometry.array, *corridor.geometry.array], dtype=object)
    sheet = empty_map(wards, language, bounds=tuple(shapely.total_bounds(drawn)))
    names = [[str(name)] if isinstance(name, str) else [] for name in roads["road_name"]]
    sheet.add_child(Shapes(features(roads, style=["road"] * len(roads), tip=names), {"road": Style("#14202B", width=2)}))
    if len(suggestions):
        tips = [suggestion_tip(row, language) for row in _records(suggestions)]
        sheet.add_child(Shapes(features(suggestions, style=["suggestion"] * len(tips), tip=tips), LAYERS))
    tips = [corridor_tip(row, language) for row in _records(corridor)]
    sheet.add_child(Shapes(features(corridor, style=list(corridor["action"]), tip=tips), ACTIONS))
    return sheet


def works_map(wards: gpd.GeoDataFrame, works: gpd.GeoDataFrame, found: gpd.GeoDataFrame, language: Language) -> CityMap:
    """Draw where plans and works run side by side over the works themselves; those that meet in time stand out.

    Parameters
    ----------
    found
        OVERLAPS contract with geometry, EPSG:4326; at least one row.
    """
    sheet = empty_map(wards, language, bounds=tuple(found.total_bounds))
    tips = [work_tip(row, language) for row in _records(works)]
    sheet.add_child(Shapes(features(works, style=["work"] * len(works), tip=tips), LAYERS))
    styles = ["meets" if row["time"] == "meets" else "apart" for row in _records(found)]
    sheet.add_child(Shapes(features(found, style=styles, tip=[overlap_tip(row, language) for row in _records(found)]), MEETS))
    return sheet


def overlays(
    tables: Mapping[str, pd.DataFrame], chosen: Sequence[str], wards: gpd.GeoDataFrame, language: Language, *, ward_code: str | None = None
) -> list[Overlay]:
    """Return the layers that lie over the choropleth, in the order of `chosen`.

    Parameters
    ----------
    tables
        Tables of a result set, EPSG:4326.
    chosen
        Of `gaps`, `sites`, `assets`, `works`, `suggestions`.
    ward_code
        The ward picked: outlined, and the only one whose sites and assets are drawn.
    """
    picked = wards[wards["ward_code"] == ward_code]
    area = None if picked.empty else picked.geometry.iloc[0]
    layers = [_overlay(name, tables.get(name), area, language) for name in chosen]
    return layers + ([] if picked.empty else [_group("selected", Shapes(_bare(picked, "selected"), LAYERS, interactive=False), 1, 1)])


def _overlay(name: str, frame: pd.DataFrame | None, area: shapely.Geometry | None, language: Language) -> Overlay:
    """Return one layer; points are limited to the ward picked, and to what a browser draws at ease."""
    if not isinstance(frame, gpd.GeoDataFrame) or frame.empty:
        return _group(name, Shapes(_bare(gpd.GeoDataFrame(geometry=[]), name), LAYERS), 0, 0)
    many = name in ("sites", "assets")
    found = frame[frame.intersects(area)] if many and area is not None else frame
    drawn = found.head(SHOWN_AT_MOST)
    styles, tip = _LAYER_RULES[name]
    tips = [tip(row, language) for row in _records(drawn)]
    shapes = Shapes(features(drawn, style=styles(drawn), tip=tips), LAYERS, cluster=many)
    return _group(name, shapes, len(drawn), len(frame))


def _group(name: str, shapes: Shapes, drawn: int, total: int) -> Overlay:
    group = folium.FeatureGroup(name=name)
    group.add_child(shapes)
    return Overlay(group, drawn, total)


def _bare(frame: gpd.GeoDataFrame, style: str) -> dict[str, Any]:
    return features(frame, style=[style] * len(frame), tip=[[]] * len(frame))


def _blank(wards: gpd.GeoDataFrame | None, bounds: Iterable[float] | None = None) -> CityMap:
    sheet = CityMap(_with_island(wards.total_bounds) if wards is not None and bounds is None else tuple(bounds or ()))
    sheet.add_child(Sheet(PATTERNS))
    island = gpd.GeoDataFrame(geometry=[shapely.Point(_SON_CHA)], crs=MAP_CRS)
    sheet.add_child(Shapes(_bare(island, "island"), {"island": Style("#9FB0BF", "#F4F7F9", radius=3)}, interactive=False))
    return sheet


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as plain values, the geometry left out."""
    rows: list[dict[str, Any]] = frame.drop(columns="geometry", errors="ignore").to_dict("records")  # type: ignore[assignment]
    return rows


def _with_island(bounds: Iterable[float]) -> tuple[float, float, float, float]:
    west, south, east, north = bounds
    return west, south, max(east, _SON_CHA[0] + 0.03), north


def empty_map(wards: gpd.GeoDataFrame | None, language: Language, *, bounds: Iterable[float] | None = None) -> CityMap:
    """Return the wards without verdicts, beneath something else; without wards, an empty sheet over the bounds."""
    sheet = _blank(wards, bounds)
    if wards is None:
        return sheet
    sheet.add_child(Shapes(_bare(wards, "none"), VERDICTS, interactive=False, ground=True))
    sheet.add_child(Labels([*_ward_labels(wards, None), *_place_labels(language)]))
    return sheet


def _ward_figure(row: Mapping[str, Any], language: Language) -> str:
    """Return what stands under a ward's name: its share, or where that concludes nothing the whole interval."""
    share, low, high = (shown(row[f"population_{part}"], "share", language) for part in ("share", "lo", "hi"))
    unsure = row["verdict"] == Verdict.INSUFFICIENT and MISSING not in (low, high)
    return f"{low.removesuffix('%')}–{high}" if unsure else share


def _ward_labels(wards: gpd.GeoDataFrame, figures: Sequence[str] | None) -> list[dict[str, Any]]:
    """Return names (and figures) of the wards, the largest first: where two collide on screen, the larger ward keeps its own."""
    shapes = np.asarray(wards.geometry.array, dtype=object)
    points = shapely.get_coordinates(shapely.point_on_surface(shapes)).round(5).tolist()
    boxes = shapely.bounds(shapes).round(5).tolist()
    labels = [
        {
            "lon": lon,
            "lat": lat,
            "west": west,
            "east": east,
            "lines": [str(name).removeprefix("Phường ").removeprefix("Xã "), *([figures[row]] if figures else [])],
            "room": True,
            "size": shapes[row].area,
        }
        for row, ((lon, lat), (west, _, east, _), name) in enumerate(zip(points, boxes, wards["ward_name"], strict=True))
    ]
    return sorted(labels, key=lambda label: -label["size"])


def _place_labels(language: Language) -> list[dict[str, Any]]:
    places = (*_PLACES, ("son_cha", _SON_CHA[0], _SON_CHA[1] + 0.018))
    return [{"lon": lon, "lat": lat, "lines": [text(f"web.place.{name}", language)], "room": False} for name, lon, lat in places]


def _pen_words(language: Language) -> dict[str, Any]:
    def words(name: str) -> str:
        return text(f"web.pen.{name}", language)

    def button(name: str) -> dict[str, str]:
        return {"title": words(f"{name}_title"), "text": words(name)}

    line = {"start": words("start"), "cont": words("cont"), "end": words("end")}
    return {
        "draw": {
            "toolbar": {
                "actions": button("cancel"),
                "finish": button("finish"),
                "undo": button("undo"),
                "buttons": {"polyline": words("polyline")},
            },
            "handlers": {"polyline": {"error": words("error"), "tooltip": line}},
        },
        "edit": {
            "toolbar": {
                "actions": {"save": button("save"), "cancel": button("cancel"), "clearAll": button("clear_all")},
                "buttons": {
                    "edit": words("edit"),
                    "editDisabled": words("edit_disabled"),
                    "remove": words("remove"),
                    "removeDisabled": words("remove_disabled"),
                },
            },
            "handlers": {
                "edit": {"tooltip": {"text": words("edit_text"), "subtext": ""}},
                "remove": {"tooltip": {"text": words("remove_text")}},
            },
        },
    }


def _named(column: str) -> Callable[[pd.DataFrame], list[str]]:
    return lambda frame: list(frame[column])


def _always(name: str) -> Callable[[pd.DataFrame], list[str]]:
    return lambda frame: [name] * len(frame)


_LAYER_RULES: Final[Mapping[str, tuple[Callable[[pd.DataFrame], list[str]], Callable[[Mapping[str, Any], Language], list[str]]]]] = {
    "gaps": (_named("gap_kind"), gap_tip),
    "sites": (_always("site"), site_tip),
    "assets": (_named("asset_class"), asset_tip),
    "works": (_always("work"), work_tip),
    "suggestions": (_always("suggestion"), suggestion_tip),
}
"""How each layer's rows are styled and what their tooltips say."""
