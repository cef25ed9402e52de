"""Bill of quantities of a new shared set: what is dug, laid, filled and closed, priced where a price is known and never otherwise."""

from collections.abc import Mapping, Sequence
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from hatang.data.contracts import Price, TrenchProfile
from hatang.sharing.streetset import StreetSet
from hatang.sharing.trench import TrenchBuild, trench_quantities

ITEMS: Final[Mapping[str, str]] = {
    "trench_m": "m",
    "dig": "m³",
    "sand": "m³",
    "backfill": "m³",
    "spoil": "m³",
    "surface_sidewalk": "m²",
    "surface_carriageway": "m²",
    "duct": "m",
    "chamber": "chambers",
    "crossing": "crossings",
    "pole": "poles",
}
"""Items of the bill in their order, with their units; `trench_m` and `spoil` are for information where no price is given for them."""


def bill_of_quantities(sets: Sequence[StreetSet], prices: Mapping[str, Price], *, build: TrenchBuild, poles: int = 0) -> pd.DataFrame:
    """Return `item`, `unit`, `quantity`, `price_vnd`, `cost_vnd`, `price_from`, `price_source`, `price_verified`, a row an item.

    Price and cost are missing where no price of the item in its unit is known: nothing is guessed, and a sum over them would be too low.
    """
    amounts = dict.fromkeys(ITEMS, 0.0) | {"pole": float(poles)}
    for found in sets:
        amounts["chamber"] += len(found.chambers)
        amounts["crossing"] += len(found.crossings)
        _add_trenches(amounts, found.trenches(), build)
    rows = []
    for item, unit in ITEMS.items():
        price = prices.get(item)
        known = price if price is not None and price.unit == unit else None
        rows.append(
            {
                "item": item,
                "unit": unit,
                "quantity": amounts[item],
                "price_vnd": known.vnd if known else np.nan,
                "cost_vnd": known.vnd * amounts[item] if known else np.nan,
                "price_from": known.in_force_from.isoformat() if known else None,
                "price_source": known.source if known else None,
                "price_verified": known.verified if known else None,
            }
        )
    frame = pd.DataFrame(rows)
    texts = {name: frame[name].astype("object").where(frame[name].notna(), None) for name in ("price_from", "price_source")}
    return frame.assign(**texts, price_verified=frame["price_verified"].astype("boolean"))


def _add_trenches(amounts: dict[str, float], trenches: gpd.GeoDataFrame, build: TrenchBuild) -> None:
    for row in trenches.to_dict("records"):
        profile = TrenchProfile(int(row["ways"]), int(row["layers"]), float(row["trench_top_mm"]), float(row["trench_bottom_mm"]))
        length, ways = float(row["length_m"]), int(row["ways"])
        found = trench_quantities(profile, length_m=length, ways=ways, build=build, surface=str(row["surface"]))
        amounts["trench_m"] += length
        amounts["dig"] += found.dig_m3
        amounts["sand"] += found.sand_m3
        amounts["backfill"] += found.backfill_m3
        amounts["spoil"] += found.spoil_m3
        amounts["duct"] += found.ways_m
        amounts[f"surface_{row['surface']}"] += found.surface_m2
