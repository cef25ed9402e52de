"""Rent ways beside a road or build: for each firm that plans there, what renting costs a year, and after how many years it costs as much.

The rent is the dated price of `rent_duct`, by the metre, year and way. What a firm would build for the same metres costs by the price table
where it is complete, else as much as the firm's plan declares; where neither is known, nothing is said.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from hatang.data.contracts import RENT_OR_BUILD, Price
from hatang.sharing.dugcost import TrenchPrice
from hatang.sharing.proposals import RoadCase
from hatang.sharing.roadplans import RoadPlan, by_firm, same_firm, spans_of, ways_of
from hatang.sharing.stretches import common, metres
from hatang.sharing.suggestions import Room

RENT: Final = "rent_duct"
_UNIT: Final = "m/year"


def rent_or_build(
    cases: Sequence[RoadCase], rooms: Mapping[str, Sequence[Room]], *, price: TrenchPrice, prices: Mapping[str, Price]
) -> pd.DataFrame:
    """Return for each firm and each owner of ducts along its plans the rent against own building (RENT_OR_BUILD contract).

    Only ducts of others that are known to have as many spare ways as the firm needs count.

    Parameters
    ----------
    rooms
        road_id → its ducts with room.
    price
        VND of a metre of trench by its ways.
    """
    rent = rent_price(prices)
    rows = [
        _row(case, firm, own, owner, [room for room in rooms.get(case.road_id, []) if room.owner == owner], price, rent)
        for case in cases
        for firm, own in by_firm(case.plans).items()
        for owner in sorted({room.owner for room in rooms.get(case.road_id, [])})
        if not same_firm(firm, owner)
    ]
    return RENT_OR_BUILD.conform(pd.DataFrame([row for row in rows if row["reuse_m"] > 0], columns=RENT_OR_BUILD.names))


def rent_price(prices: Mapping[str, Price]) -> Price | None:
    """Return the rent of a way by the metre and year; None where none is given in that unit."""
    rent = prices.get(RENT)
    return rent if rent is not None and rent.unit == _UNIT else None


def _row(
    case: RoadCase, firm: str, own: Sequence[RoadPlan], owner: str, rooms: Sequence[Room], price: TrenchPrice, rent: Price | None
) -> dict[str, Any]:
    ways, assumed = ways_of(own)
    stretch = common(spans_of(own), [room.span for room in rooms if room.spare >= ways])
    reuse_m = metres(stretch)
    yearly = reuse_m * ways * rent.vnd if rent is not None else math.nan
    build, basis = reuse_m * price(ways), "prices"
    if math.isnan(build):
        build, basis = _declared(own, stretch), "declared"
    return {
        "road_id": case.road_id,
        "firm": firm,
        "owner": owner,
        "reuse_m": reuse_m,
        "ways": ways,
        "ways_assumed": assumed,
        "rent_vnd_m_year": rent.vnd if rent is not None else np.nan,
        "rent_vnd_year": yearly,
        "rent_from": rent.in_force_from if rent is not None else None,
        "rent_source": rent.source if rent is not None else None,
        "rent_verified": rent.verified if rent is not None else None,
        "build_vnd": build,
        "build_basis": None if math.isnan(build) else basis,
        "break_even_years": build / yearly if yearly > 0 else np.nan,
    }


def _declared(own: Sequence[RoadPlan], stretch: Sequence[tuple[float, float]]) -> float:
    """Return what the firm's plans declare for their part of a stretch, VND; NaN where one of them declares nothing."""
    parts = [(plan, metres(common(plan.spans, stretch))) for plan in own]
    return sum(length * (math.nan if plan.cost_vnd_per_m is None else plan.cost_vnd_per_m) for plan, length in parts if length > 0)
