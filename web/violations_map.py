"""The map of what breaks a clause: the road, the new trenches and chambers in grey, and over them each violation by its severity."""

from collections.abc import Mapping
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from hatang.data.contracts import CORRIDOR, MAP_CRS, SUGGESTIONS, Table
from hatang.data.figures import is_missing, shown
from hatang.data.language import Language, message_ids, text
from hatang.web.layers import CityMap, Shapes, Style, features
from hatang.web.maps import road_map

SEVERITIES: Final[Mapping[str, Style]] = {
    "breach": Style("#B00020", "#F3B6BF", width=6, opacity=0.9, radius=8),
    "warning": Style("#5C4300", "#FFE08A", width=5, opacity=0.9, dashes="3 7", radius=7),
}
"""Colour, and line broken or not, tell a breach from a warning."""
_SIGNS: Final = {">=": "≥", "<=": "≤", "==": "="}
_PLAN: Final = Style("#6B7A87", "#C9D3DC", width=2, opacity=0.9, radius=3)


def violations_map(
    wards: gpd.GeoDataFrame, tables: Mapping[str, pd.DataFrame], violations: gpd.GeoDataFrame, language: Language
) -> CityMap:
    """Return the map of a road's run.

    Parameters
    ----------
    wards
        What `maps.display_wards` returns.
    tables
        Tables of the run: `roads`, and `new_trenches`, `new_chambers`, `new_poles` where it has them.
    violations
        VIOLATIONS contract, EPSG:4326.
    """
    sheet = road_map(wards, gpd.GeoDataFrame(tables["roads"]), _empty(CORRIDOR), _empty(SUGGESTIONS), language)
    for name in ("new_trenches", "new_chambers", "new_poles"):
        plan = tables.get(name)
        if plan is not None and len(plan):
            drawn = gpd.GeoDataFrame(plan)
            sheet.add_child(Shapes(features(drawn, style=["plan"] * len(drawn), tip=[[]] * len(drawn)), {"plan": _PLAN}, interactive=False))
    tips = [_tip(row, language) for row in pd.DataFrame(violations.drop(columns="geometry")).to_dict("records")]
    sheet.add_child(Shapes(features(violations, style=list(violations["severity"]), tip=tips), SEVERITIES))
    return sheet


def clause_name(code: object, language: Language) -> str:
    """Return what a clause asks for, in words; its code where the catalogues have none.

    Examples
    --------
    >>> clause_name("no_such_clause", "vi")
    'no_such_clause'
    """
    message = f"clause.{code}"
    return text(message, language) if message in message_ids(language) else str(code)


def unit_name(unit: object, language: Language) -> str:
    """Return a unit in words; the sign itself where the catalogues have none.

    Examples
    --------
    >>> unit_name("mm", "vi")
    'mm'
    """
    message = f"clause.unit.{unit}"
    return text(message, language) if message in message_ids(language) else str(unit)


def with_unit(value: object, unit: object, language: Language) -> str:
    """Return a value with its unit, shares in per cent; a missing one as a dash.

    Examples
    --------
    >>> with_unit(420.0, "mm", "vi"), with_unit(0.09, "share", "vi"), with_unit(None, "mm", "vi")
    ('420 mm', '9,0%', '–')
    """
    figure = shown(value, "share" if unit == "share" else "", language)
    return figure if unit == "share" or is_missing(value) else f"{figure} {unit_name(unit, language)}"


def compared(op: object, value: object, unit: object, language: Language) -> str:
    """Return a need as people read it: at least, at most, or exactly so much.

    Examples
    --------
    >>> compared(">=", 0.5, "m", "en")
    '≥ 0.5 m'
    """
    return f"{_SIGNS[str(op)]} {with_unit(value, unit, language)}"


def _tip(row: Mapping[Any, Any], language: Language) -> list[str]:
    measured = with_unit(row["measured"], row["unit"], language)
    return [
        clause_name(row["code"], language),
        text(f"sharing.severity.{row['severity']}", language),
        text("web.violations.tip", language, measured=measured, needed=compared(row["op"], row["needed"], row["unit"], language)),
        f"{row['document']}, {row['clause']}",
        " · ".join(str(row[name]) for name in ("feature_id", "owner") if not is_missing(row.get(name))),
    ]


def _empty(table: Table) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(table.conform(pd.DataFrame(columns=table.names)), geometry="geometry", crs=MAP_CRS)
