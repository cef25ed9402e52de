"""What is proposed for masts and for streets to go underground, in the columns of suggestions along roads, so that it is decided alike."""

from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from hatang.data.contracts import SUGGESTIONS
from hatang.data.results import load_table

MASTS: Final = "mast_suggestions"
DECIDABLE: Final = ("suggestions", "underground_suggestions", MASTS)
"""Tables of a run whose rows are decided on."""


def load_decidable(folder: Path, table: str) -> gpd.GeoDataFrame:
    """Return a table of a run as suggestions (columns of SUGGESTIONS, CRS and shapes as they are); what does not apply is missing.

    The road of a mast is the need that it serves, that of an undergrounding its street.
    """
    frame = gpd.GeoDataFrame(load_table(folder, table))
    if table == "suggestions":
        return frame
    columns = _of_masts(frame) if table == MASTS else _of_streets(frame, load_table(folder, "underground_streets"))
    same = {name: frame[name] for name in ("suggestion_id", "kind", "geometry")}
    whole = pd.DataFrame({**same, **columns, "asset_count": 1, "decision": "open"}, index=frame.index)
    return gpd.GeoDataFrame(whole.reindex(columns=SUGGESTIONS.names), geometry="geometry", crs=frame.crs)


def _of_masts(frame: pd.DataFrame) -> dict[str, Any]:
    """Return who has the mast, or builds it together, who needs it, and what it rests on."""
    return {
        "road_id": frame["need_id"],
        "owner": frame["owner"].where(frame["owner"].notna(), frame["operators"]),
        "members": frame["operators"],
        "assets": frame["mast_id"].where(frame["mast_id"].notna(), frame["need_id"]),
        "assumptions": frame["assumptions"],
    }


def _of_streets(frame: pd.DataFrame, streets: pd.DataFrame) -> dict[str, Any]:
    """Return whose cables and poles a street's proposal concerns, and its length where it is told in metres."""
    names = streets.set_index("street_id")["street_name"]
    return {
        "road_id": frame["street_id"],
        "road_name": frame["street_id"].map(names),
        "owner": frame["owners"],
        "members": frame["owners"],
        "assets": frame["street_id"],
        "reach_m": frame["amount"].where(frame["unit"] == "m"),
    }
