"""The map of a register looked through: every asset by what can be done with it, and what is wrong, where it is."""

from collections.abc import Mapping
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from hatang.data.figures import is_missing, shown
from hatang.data.language import Language, text
from hatang.reports.register_words import FINDINGS, in_words
from hatang.web.layers import CityMap, Shapes, Style, features
from hatang.web.maps import ACTIONS, SHOWN_AT_MOST, empty_map
from hatang.web.tips import room_tip

FAULTS: Final[Mapping[str, Style]] = {
    "left_out": Style("#B00020", width=3.5, opacity=1, radius=10),
    "emptied": Style("#7A1F5C", width=3, opacity=1, dashes="6 3", radius=10),
    "warning": Style("#C44E00", width=2.5, opacity=1, dashes="2 4", radius=10),
}
"""What became of a row in which something is wrong: a ring, or a line, around it."""


def register_map(wards: gpd.GeoDataFrame | None, assets: gpd.GeoDataFrame, findings: gpd.GeoDataFrame, language: Language) -> CityMap:
    """Draw a register's assets, each by what can be done with it, and over them the findings that have a place.

    Parameters
    ----------
    wards
        What `display_wards` returns; None where there are none to draw.
    assets
        As `hatang.pipeline.register.RegisterCheck` holds them; at least one row.
    findings
        FINDINGS contract, EPSG:4326. Those of one place and kind of finding lie on each other; the first 2,000 are drawn, rows left out
        before warnings.
    """
    sheet = empty_map(wards, language, bounds=tuple(assets.total_bounds))
    tips = [room_tip(row, language) for row in _records(assets)]
    sheet.add_child(Shapes(features(assets, style=list(assets["action"]), tip=tips), ACTIONS))
    placed = findings[findings.geometry.notna()].sort_values("severity", key=lambda codes: codes.map(list(FAULTS).index), kind="stable")
    drawn = gpd.GeoDataFrame(placed.head(SHOWN_AT_MOST))
    tips = [_fault_tip(row, language) for row in in_words(drawn, FINDINGS, language).itertuples(index=False, name=None)]
    sheet.add_child(Shapes(features(drawn, style=list(drawn["severity"]), tip=tips), FAULTS))
    return sheet


def _fault_tip(row: tuple[Any, ...], language: Language) -> list[str]:
    """Return what is wrong, what became of the row, which asset it is, and what was measured and needed."""
    finding, severity, table, asset, other, measured, needed, unit = row
    figures = [
        f"{text(f'register.column.{name}', language)}: {shown(value, '', language)} {unit or ''}".rstrip()
        for name, value in (("measured", measured), ("needed", needed))
        if not is_missing(value)
    ]
    return [f"{severity}: {finding}", f"{table} {asset}" + ("" if is_missing(other) else f" – {other}"), *figures]


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in frame.drop(columns="geometry").to_dict("records")]
