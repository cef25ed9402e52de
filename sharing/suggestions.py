"""One ranked list along a road: whose ways and poles to reuse, what is proposed beside, how many metres are not dug, and whom to call."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import ops

from hatang.data.contracts import HUE_CRS, MAP_CRS, SUGGESTIONS, AssetClass, SuggestionKind
from hatang.sharing.corridor import clipped_to
from hatang.sharing.policy import SharingPolicy
from hatang.sharing.proposals import rules_speaking, suggestion_id
from hatang.sharing.stretches import Span, metres, united

Money = Callable[[str, str, int, Sequence[Span]], tuple[float, Sequence[str]]]
"""What reusing an owner's ways spares, VND, and what is assumed of it: from road, owner, spare ways and spans of the axis."""


@dataclass(frozen=True, slots=True)
class Room:
    """A duct with room beside a road: whose it is, its spare ways, and what of the road's axis it runs beside, m."""

    owner: str
    spare: int
    span: Span


def suggest(
    axes: gpd.GeoDataFrame,
    corridor: gpd.GeoDataFrame,
    *,
    policy: SharingPolicy,
    proposals: Sequence[Mapping[str, Any]] = (),
    in_force: frozenset[str] = frozenset(),
    money: Money | None = None,
) -> gpd.GeoDataFrame:
    """Return suggestions (SUGGESTIONS contract, EPSG:4326), ranked by metres not dug, then by money, then by the length of road.

    `reuse_way`: ducts of one owner with spare ways that follow each other along the road; the metres not dug are those of the road's axis
    beside them, each counted once. `reuse_pole`: poles of one owner with free slots no farther apart than the longest span; a line of poles
    saves no digging. Money depends on who asks for how many ways: it is what `money` says of a `reuse_way`, and empty without it.

    Parameters
    ----------
    axes
        Single lines in EPSG:9214 (`road_axes`).
    corridor
        CORRIDOR contract.
    proposals
        Rows of what plans can do together (`proposals`), EPSG:9214.
    in_force
        Codes of the clauses in force.
    money
        `ReuseMoney`, of the same axes.
    """
    rows: list[dict[str, Any]] = [dict(row) for row in proposals]
    open_assets = corridor[corridor["action"] == "reuse"]
    for road, line in zip(axes.itertuples(), axes.geometry.to_numpy(), strict=True):
        here = open_assets[open_assets["road_id"] == road.road_id]
        for owner in sorted(here["owner"].unique()):
            mine = gpd.GeoDataFrame(here[here["owner"] == owner])
            ducts = gpd.GeoDataFrame(mine[mine["asset_class"] == AssetClass.DUCT_SECTION])
            spans = _spans(ducts, axes, line, policy=policy)
            rows += [
                _priced(_row(road, str(owner), SuggestionKind.REUSE_WAY, part, reach, in_force), reach, money)
                for part, reach in _stretches(ducts, spans, policy.stretch_gap_m)
            ]
            poles = gpd.GeoDataFrame(mine[mine["asset_class"] == AssetClass.POLE])
            at = np.column_stack([poles["chainage_m"].to_numpy(float)] * 2)
            lines = _stretches(poles, at, policy.span_max_m)
            rows += [_row(road, str(owner), SuggestionKind.REUSE_POLE, part, reach, in_force) for part, reach in lines if len(part) > 1]
    if not rows:
        return gpd.GeoDataFrame(SUGGESTIONS.conform(pd.DataFrame(columns=SUGGESTIONS.names)), geometry="geometry", crs=MAP_CRS)
    frame = gpd.GeoDataFrame(rows, geometry="geometry", crs=HUE_CRS)
    frame = frame.sort_values(
        ["dig_m_saved", "saving_vnd", "reach_m", "suggestion_id"],
        ascending=[False, False, False, True],
        na_position="last",
        ignore_index=True,
    )
    frame = frame.assign(rank=np.arange(1, len(frame) + 1)).to_crs(MAP_CRS)
    return gpd.GeoDataFrame(SUGGESTIONS.conform(frame), geometry="geometry", crs=MAP_CRS)


def metres_not_dug(axes: gpd.GeoDataFrame, corridor: gpd.GeoDataFrame, *, policy: SharingPolicy) -> float:
    """Return the metres of road axis beside which at least one owner's duct has room: each metre once, whoever owns it."""
    return sum(metres([room.span for room in rooms]) for rooms in ducts_with_room(axes, corridor, policy=policy).values())


def ducts_with_room(axes: gpd.GeoDataFrame, corridor: gpd.GeoDataFrame, *, policy: SharingPolicy) -> dict[str, list[Room]]:
    """Return road_id → the ducts beside it that are known to have room."""
    ducts = corridor[(corridor["action"] == "reuse") & (corridor["asset_class"] == AssetClass.DUCT_SECTION)]
    found = {}
    for road_id, line in zip(axes["road_id"], axes.geometry.to_numpy(), strict=True):
        here = gpd.GeoDataFrame(ducts[ducts["road_id"] == road_id])
        spans = _pairs(_spans(here, axes, line, policy=policy))
        spare = here["spare"].fillna(0).astype(int)
        found[str(road_id)] = [Room(str(owner), count, span) for owner, count, span in zip(here["owner"], spare, spans, strict=True)]
    return found


def _spans(ducts: gpd.GeoDataFrame, axes: gpd.GeoDataFrame, line: shapely.LineString, *, policy: SharingPolicy) -> np.ndarray:
    """Return from where to where along the axis each duct runs, in m, shape (ducts, 2)."""
    if ducts.empty:
        return np.empty((0, 2))
    spans = []
    for shape in clipped_to(axes, ducts, policy=policy):
        along = shapely.line_locate_point(line, shapely.points(shapely.get_coordinates(shape)))
        spans.append((float(along.min()), float(along.max())))
    return np.array(spans)


def _pairs(spans: np.ndarray) -> list[Span]:
    return [(float(low), float(high)) for low, high in spans]


def _stretches(assets: gpd.GeoDataFrame, spans: np.ndarray, gap_m: float) -> list[tuple[gpd.GeoDataFrame, list[tuple[float, float]]]]:
    """Return the assets of each stretch of road, with the spans of the axis they really cover."""
    found = []
    for low, high in united(_pairs(spans), gap_m):
        inside = (spans[:, 0] >= low) & (spans[:, 1] <= high)
        found.append((assets[inside], united(_pairs(spans[inside]))))
    return found


def _priced(row: dict[str, Any], covered: list[Span], money: Money | None) -> dict[str, Any]:
    """Return a row with what its reuse spares and what that assumes."""
    if money is None:
        return row
    vnd, notes = money(str(row["road_id"]), row["owner"], 0 if pd.isna(row["spare"]) else int(row["spare"]), covered)
    return row | {"saving_vnd": vnd, "assumptions": ", ".join([row["assumptions"], *notes])}


def _row(
    road: Any, owner: str, kind: SuggestionKind, assets: gpd.GeoDataFrame, covered: list[Span], in_force: frozenset[str]
) -> dict[str, Any]:
    names = sorted(assets["asset_id"])
    contacts = assets["contact"].dropna()
    low, high = covered[0][0], covered[-1][1]
    way = kind is SuggestionKind.REUSE_WAY
    return {
        "suggestion_id": suggestion_id(kind, str(road.road_id), owner, names),
        "kind": str(kind),
        "road_id": road.road_id,
        "road_name": road.road_name,
        "owner": owner,
        "contact": contacts.iloc[0] if len(contacts) else None,
        "members": owner,
        "assets": ", ".join(names),
        "asset_count": len(assets),
        "spare": assets["spare"].min(),
        "dig_m_saved": sum(b - a for a, b in covered) if way else np.nan,
        "reach_m": high - low,
        "saving_vnd": np.nan,
        "bound_pct": np.nan,
        "rules": rules_speaking(kind, in_force),
        "assumptions": "position_class_u, survey_before_use" if way else "position_class_u, load_check_before_use, no_new_poles",
        "decision": "open",
        "geometry": ops.substring(road.geometry, low, max(high, low + 0.01)),
    }
