"""Projects of FiberQ, a plug-in of QGIS, as a register: poles, manholes and routes; its columns are Serbian.

What a route is for its cables is not said: how many ways it has, and who owns it, stays unknown.
"""

from collections.abc import Mapping
from typing import Final

import geopandas as gpd
import pandas as pd

FIBERQ_LAYERS: Final = ("Poles", "Manholes", "Route")
FIBERQ_MARKS: Final = frozenset({"Route", "_fiberq_metadata"})
"""Layers by which a project is known."""
_STATUS: Final = {"existing": "in_service", "planned": "planned", "postojece": "in_service", "planirano": "planned"}


def fiberq_register(layers: Mapping[str, gpd.GeoDataFrame]) -> dict[str, pd.DataFrame]:
    """Return the register's tables, not yet held to their contracts, of a project's layers."""
    register: dict[str, pd.DataFrame] = {}
    if "Poles" in layers:
        poles = layers["Poles"]
        register["poles"] = _named(poles, kind="telecom", material=poles["materijal"], height_m=poles["visina"])
    if "Manholes" in layers:
        holes = layers["Manholes"]
        register["chambers"] = _named(holes, ext_id=holes["broj_okna"], kind="manhole", status=_status(holes["stanje"]))
    routes = layers["Route"]
    lines = _named(routes, ext_id=routes["naziv"], length_m=routes["duzina"])
    aerial = routes["tip_trase"].astype(str).str.casefold().isin(("aerial", "vazdusna", "vazdušna"))
    register["duct_sections"], register["spans"] = lines[~aerial], lines[aerial]
    return register


def _named(layer: gpd.GeoDataFrame, **columns: object) -> pd.DataFrame:
    return pd.DataFrame({"asset_id": layer["fiberq_uuid"], **columns, "geometry": layer.geometry})


def _status(cells: pd.Series) -> pd.Series:
    return cells.astype("str").str.casefold().map(_STATUS)
