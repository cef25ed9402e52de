"""The map of common routes: each firm's in its colour, over the stretches where it runs beside another."""

from collections.abc import Mapping
from typing import Any

import geopandas as gpd

from hatang.data.contracts import ANY
from hatang.data.figures import shown
from hatang.data.language import Language, text
from hatang.reports.commonroutes import BANDS, FIRM_COLOURS
from hatang.web.layers import CityMap, Shapes, Style, features
from hatang.web.maps import empty_map
from hatang.web.words import operator_name

_COUNTRY_ZOOM = 5
"""Routes may lie anywhere: the map may be drawn as small as a country."""


def firm_styles(firms: list[str]) -> dict[str, Style]:
    """Return how each firm's routes are drawn."""
    return {firm: Style(FIRM_COLOURS[number % len(FIRM_COLOURS)], width=2, opacity=1) for number, firm in enumerate(firms)}


def beside_style() -> Style:
    """Return how a stretch beside another firm is drawn: wide, beneath the routes; a round end would lengthen it by its own width."""
    return Style(BANDS[1], width=9, opacity=1, cap="butt")


def common_map(
    wards: gpd.GeoDataFrame | None, lines: gpd.GeoDataFrame, found: gpd.GeoDataFrame, language: Language, *, distance_m: float
) -> CityMap:
    """Draw the routes by firm, and beneath them where each runs beside another within a distance.

    Parameters
    ----------
    lines
        `firm` and lines, EPSG:4326; at least one row.
    found
        COMMON_ROUTES contract, EPSG:4326.
    """
    sheet = empty_map(wards, language, bounds=tuple(lines.total_bounds))
    sheet.options.update(min_zoom=_COUNTRY_ZOOM)
    chosen = (found["distance_m"] == distance_m) & (found["other"] != ANY) & found.geometry.notna()
    beside = gpd.GeoDataFrame(found[chosen])
    tips = [_tip(row, language) for row in beside.drop(columns="geometry").to_dict("records")]
    sheet.add_child(Shapes(features(beside, style=["beside"] * len(beside), tip=tips), {"beside": beside_style()}))
    whole = lines.dissolve("firm").reset_index()
    names = [[operator_name(firm, language)] for firm in whole["firm"]]
    sheet.add_child(Shapes(features(whole, style=list(whole["firm"]), tip=names), firm_styles(list(whole["firm"]))))
    return sheet


def _tip(row: Mapping[Any, Any], language: Language) -> list[str]:
    """Return who runs beside whom, for how long, and what share of its routes that is."""
    length, share = shown(row["beside_m"] / 1000, "km", language), shown(row["beside_share"], "share", language)
    firms = f"{operator_name(row['firm'], language)} – {operator_name(row['other'], language)}"
    return [firms, f"{length} km ({share})", text("routes.within", language, distance=shown(row["distance_m"], "m", language))]
