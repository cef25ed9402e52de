"""The map of a need's route: what is to be dug, what runs on ducts and poles, and what is not known."""

from collections.abc import Mapping
from typing import Any, Final

import geopandas as gpd
import shapely

from hatang.data.contracts import MAP_CRS
from hatang.data.figures import is_missing, shown
from hatang.data.language import Language, text
from hatang.web.layers import CityMap, Shapes, Style, features
from hatang.web.maps import asset_traces, empty_map
from hatang.web.words import known

LEGS: Final[Mapping[str, Style]] = {
    "dig": Style("#B3541E", width=4, opacity=0.95, dashes="6 5"),
    "duct": Style("#00563F", width=6, opacity=0.95),
    "span": Style("#2E7EBB", width=5, opacity=0.95),
    "unknown": Style("#14202B", width=5, opacity=0.95, dashes="2 7"),
}
"""What a leg runs on; one of unknown room is dotted, whatever it runs on."""
_END: Final = Style("#14202B", "#FFFFFF", width=3, radius=7)


def route_map(
    wards: gpd.GeoDataFrame, assets: gpd.GeoDataFrame, legs: gpd.GeoDataFrame, need: gpd.GeoDataFrame, language: Language
) -> CityMap:
    """Draw the legs of one variant and both ends of the need over the trace of what there is.

    Parameters
    ----------
    assets
        ASSETS contract, EPSG:4326.
    legs
        ROUTE_LEGS contract, EPSG:4326, of one variant.
    need
        One row, the line from start to end, EPSG:4326.
    """
    sheet = empty_map(wards, language, bounds=tuple(shapely.total_bounds([*legs.geometry.array, *need.geometry.array])))
    sheet.add_child(asset_traces(assets))
    rows = legs.drop(columns="geometry").to_dict("records")
    styles = [row["leg_kind"] if row["known"] else "unknown" for row in rows]
    sheet.add_child(Shapes(features(legs, style=styles, tip=[_tip(row, language) for row in rows]), LEGS))
    places = shapely.get_coordinates(need.geometry.iloc[0])
    ends = gpd.GeoDataFrame(geometry=gpd.points_from_xy(places[[0, -1], 0], places[[0, -1], 1]), crs=MAP_CRS)
    tips = [[text(f"web.route.{name}", language)] for name in ("start", "end")]
    sheet.add_child(Shapes(features(ends, style=["end", "end"], tip=tips), {"end": _END}))
    return sheet


def _tip(row: Mapping[Any, Any], language: Language) -> list[str]:
    """Return what a leg runs on, whose it is, how long, and whether its room is known."""
    lines = [text(f"sharing.leg.{row['leg_kind']}", language), f"{shown(row['length_m'], 'm', language)} m"]
    if row["leg_kind"] == "dig":
        return [*lines, *([str(row["road_name"])] if not is_missing(row["road_name"]) else [])]
    room = text(f"sharing.room.{'known' if row['known'] else 'unknown'}", language)
    return [*lines, known(None if is_missing(row["owner"]) else str(row["owner"])), room, str(row["assets"])]
