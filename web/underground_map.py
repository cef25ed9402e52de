"""The map of streets whose cables go underground or are tidied: each street by what is to be done, and over them what to survey."""

from collections.abc import Mapping
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from hatang.data.contracts import CORRIDOR, MAP_CRS, ROADS, SUGGESTIONS, Table
from hatang.data.figures import shown
from hatang.data.language import Language, text
from hatang.reports.underground_workbook import steps_said
from hatang.web.layers import CityMap, Shapes, Style, features
from hatang.web.maps import ACTIONS, road_map
from hatang.web.words import asset_name, known, operator_name

STREETS: Final[Mapping[str, Style]] = {
    "underground": Style("#00563F", width=6, opacity=0.85),
    "tidy": Style("#8C5A12", width=5, opacity=0.9, dashes="9 5"),
    "done": Style("#5A6B7A", width=4, opacity=0.9, dashes="2 5"),
}
"""Colour, and line whole or broken, tell what is to be done in a street."""


def underground_map(wards: gpd.GeoDataFrame, streets: gpd.GeoDataFrame, survey: gpd.GeoDataFrame, language: Language) -> CityMap:
    """Return the map.

    Parameters
    ----------
    wards
        What `maps.display_wards` returns.
    streets, survey
        UNDERGROUND_STREETS and UNDERGROUND_SURVEY contract, EPSG:4326; at least one street.
    """
    lines = streets.rename(columns={"street_id": "road_id", "street_name": "road_name"})[["road_id", "road_name", "geometry"]]
    roads = gpd.GeoDataFrame(ROADS.conform(lines), geometry="geometry", crs=MAP_CRS)
    sheet = road_map(wards, roads, _empty(CORRIDOR), _empty(SUGGESTIONS), language)
    rows = streets.drop(columns="geometry").to_dict("records")
    tips = [_street_tip(row, language) for row in rows]
    sheet.add_child(Shapes(features(streets, style=[_style(row) for row in rows], tip=tips), STREETS))
    looked = [_survey_tip(row, language) for row in survey.drop(columns="geometry").to_dict("records")]
    sheet.add_child(Shapes(features(survey, style=["survey"] * len(survey), tip=looked), ACTIONS))
    return sheet


def _style(row: Mapping[Any, Any]) -> str:
    if row["status"] == "done":
        return "done"
    return "tidy" if row["measure"] == "tidy" else "underground"


def _street_tip(row: Mapping[Any, Any], language: Language) -> list[str]:
    """Return a street, the joint ways it needs and on what they rest, and its order of work."""
    ways = text("web.underground.tip_ways", language, ways=shown(row["ways"], "ways", language))
    basis = text(f"underground.basis.{row['ways_basis']}", language)
    return [
        known(row["street_name"]),
        f"{shown(row['length_m'], 'm', language)} m",
        f"{ways} ({basis})",
        steps_said(row["steps"], language) or text("underground.nothing", language),
    ]


def _survey_tip(row: Mapping[Any, Any], language: Language) -> list[str]:
    return [
        f"{asset_name(row['asset_class'], language)} {row['asset_id']}",
        text("web.action.survey", language),
        operator_name(row["owner"], language),
    ]


def _empty(table: Table) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(table.conform(pd.DataFrame(columns=table.names)), geometry="geometry", crs=MAP_CRS)
