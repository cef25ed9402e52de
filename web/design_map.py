"""The map of a joint design: each stretch by how it is gone along, the more operators together the wider."""

from collections.abc import Mapping
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from hatang.data.contracts import CORRIDOR, MAP_CRS, SUGGESTIONS, Table
from hatang.data.figures import is_missing, shown
from hatang.data.language import Language, text
from hatang.web.layers import CityMap, Shapes, Style, features
from hatang.web.maps import road_map
from hatang.web.words import operator_name

OPTIONS: Final[Mapping[str, Style]] = {
    "trench": Style("#C44E00", width=4, opacity=0.95),
    "works": Style("#8A5A00", width=4, opacity=0.95, dashes="10 5"),
    "way": Style("#1B6CA8", width=4, opacity=0.95, dashes="2 6"),
    "pole": Style("#2F7D4F", width=4, opacity=0.95, dashes="8 4 2 4"),
    "crossing": Style("#6B3FA0", width=6, opacity=0.95),
}
"""Colour, and how the line is broken, tell the options apart."""
_TOGETHER: Final = {name: Style(style.line, width=style.width + 4, opacity=0.95, dashes=style.dashes) for name, style in OPTIONS.items()}


def design_map(wards: gpd.GeoDataFrame, edges: gpd.GeoDataFrame, language: Language) -> CityMap:
    """Return the map of a joint design.

    Parameters
    ----------
    wards
        What `maps.display_wards` returns.
    edges
        DESIGN_EDGES contract, EPSG:4326; at least one row.
    """
    sheet = road_map(wards, edges, _empty(CORRIDOR), _empty(SUGGESTIONS), language)
    rows = pd.DataFrame(edges.drop(columns="geometry")).to_dict("records")
    styles = [f"{row['option']}{'+' if ', ' in row['operators'] else ''}" for row in rows]
    shapes = {**OPTIONS, **{f"{name}+": style for name, style in _TOGETHER.items()}}
    sheet.add_child(Shapes(features(edges, style=styles, tip=[_tip(row, language) for row in rows]), shapes))
    return sheet


def _tip(row: Mapping[Any, Any], language: Language) -> list[str]:
    lines = [] if is_missing(row["road_name"]) else [str(row["road_name"])]
    who = ", ".join(operator_name(name, language) for name in str(row["operators"]).split(", "))
    unit = text(f"share.design.unit.{row['unit']}", language)
    lines += [
        text(f"sharing.option.{row['option']}", language),
        f"{who} ({row['plan_ids']})",
        text(
            "web.design.tip",
            language,
            metres=shown(row["length_m"], "m", language),
            cost=shown(row["cost"], row["unit"], language),
            unit=unit,
        ),
    ]
    return lines if is_missing(row["uses"]) else [*lines, text("web.design.uses", language, names=row["uses"])]


def _empty(table: Table) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(table.conform(pd.DataFrame(columns=table.names)), geometry="geometry", crs=MAP_CRS)
