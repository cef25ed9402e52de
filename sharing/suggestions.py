"""First suggestions along a road: whose ways and poles to reuse, how many metres are then not dug, and whom to call."""

import hashlib
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import ops

from hatang.data.contracts import HUE_CRS, MAP_CRS, SUGGESTIONS, AssetClass, SuggestionKind
from hatang.sharing.corridor import clipped_to
from hatang.sharing.policy import SharingPolicy

_ID_DIGITS: Final = 12


def suggest_reuse(axes: gpd.GeoDataFrame, corridor: gpd.GeoDataFrame, *, policy: SharingPolicy) -> gpd.GeoDataFrame:
    """Return suggestions (SUGGESTIONS contract, EPSG:4326), ranked by metres not dug, then by length of pole line.

    `reuse_way`: ducts of one owner with spare ways that follow each other along the road; the metres not dug are those of the road's axis
    beside them, each counted once. `reuse_pole`: poles of one owner with free slots no farther apart than the longest span; a line of poles
    saves no digging. Money is left empty: no price stands in the rules.

    Parameters
    ----------
    axes
        Single lines in EPSG:9214 (`road_axes`).
    corridor
        CORRIDOR contract.
    """
    rows: list[dict[str, Any]] = []
    open_assets = corridor[corridor["action"] == "reuse"]
    for road, line in zip(axes.itertuples(), axes.geometry.to_numpy(), strict=True):
        here = open_assets[open_assets["road_id"] == road.road_id]
        for owner in sorted(here["owner"].unique()):
            mine = gpd.GeoDataFrame(here[here["owner"] == owner])
            ducts = gpd.GeoDataFrame(mine[mine["asset_class"] == AssetClass.DUCT_SECTION])
            spans = _spans(ducts, axes, line, policy=policy)
            rows += [
                _row(road, str(owner), SuggestionKind.REUSE_WAY, part, reach)
                for part, reach in _stretches(ducts, spans, policy.stretch_gap_m)
            ]
            poles = gpd.GeoDataFrame(mine[mine["asset_class"] == AssetClass.POLE])
            at = np.column_stack([poles["chainage_m"].to_numpy(float)] * 2)
            lines = _stretches(poles, at, policy.span_max_m)
            rows += [_row(road, str(owner), SuggestionKind.REUSE_POLE, part, reach) for part, reach in lines if len(part) > 1]
    if not rows:
        return gpd.GeoDataFrame(SUGGESTIONS.conform(pd.DataFrame(columns=SUGGESTIONS.names)), geometry="geometry", crs=MAP_CRS)
    frame = gpd.GeoDataFrame(rows, geometry="geometry", crs=HUE_CRS)
    frame = frame.sort_values(
        ["dig_m_saved", "reach_m", "suggestion_id"], ascending=[False, False, True], na_position="last", ignore_index=True
    )
    frame = frame.assign(rank=np.arange(1, len(frame) + 1)).to_crs(MAP_CRS)
    return gpd.GeoDataFrame(SUGGESTIONS.conform(frame), geometry="geometry", crs=MAP_CRS)


def metres_not_dug(axes: gpd.GeoDataFrame, corridor: gpd.GeoDataFrame, *, policy: SharingPolicy) -> float:
    """Return the metres of road axis beside which at least one owner's duct has room: each metre once, whoever owns it."""
    total = 0.0
    ducts = corridor[(corridor["action"] == "reuse") & (corridor["asset_class"] == AssetClass.DUCT_SECTION)]
    for road_id, line in zip(axes["road_id"], axes.geometry.to_numpy(), strict=True):
        spans = _spans(gpd.GeoDataFrame(ducts[ducts["road_id"] == road_id]), axes, line, policy=policy)
        total += sum(high - low for low, high in _united(spans, 0.0))
    return total


def _spans(ducts: gpd.GeoDataFrame, axes: gpd.GeoDataFrame, line: shapely.LineString, *, policy: SharingPolicy) -> np.ndarray:
    """Return from where to where along the axis each duct runs, in m, shape (ducts, 2)."""
    if ducts.empty:
        return np.empty((0, 2))
    spans = []
    for shape in clipped_to(axes, ducts, policy=policy):
        along = shapely.line_locate_point(line, shapely.points(shapely.get_coordinates(shape)))
        spans.append((float(along.min()), float(along.max())))
    return np.array(spans)


def _united(spans: np.ndarray, gap_m: float) -> list[tuple[float, float]]:
    """Return spans joined where they overlap or lie within `gap_m` of each other."""
    joined: list[tuple[float, float]] = []
    for low, high in sorted(map(tuple, spans.tolist())):
        if joined and low - joined[-1][1] <= gap_m:
            joined[-1] = (joined[-1][0], max(joined[-1][1], high))
        else:
            joined.append((low, high))
    return joined


def _stretches(assets: gpd.GeoDataFrame, spans: np.ndarray, gap_m: float) -> list[tuple[gpd.GeoDataFrame, list[tuple[float, float]]]]:
    """Return the assets of each stretch of road, with the spans of the axis they really cover."""
    found = []
    for low, high in _united(spans, gap_m):
        inside = (spans[:, 0] >= low) & (spans[:, 1] <= high)
        found.append((assets[inside], _united(spans[inside], 0.0)))
    return found


def _row(road: Any, owner: str, kind: SuggestionKind, assets: gpd.GeoDataFrame, covered: list[tuple[float, float]]) -> dict[str, Any]:
    names = sorted(assets["asset_id"])
    contacts = assets["contact"].dropna()
    low, high = covered[0][0], covered[-1][1]
    digest = hashlib.sha256("|".join([str(kind), str(road.road_id), owner, *names]).encode()).hexdigest()
    way = kind is SuggestionKind.REUSE_WAY
    return {
        "suggestion_id": f"S-{digest[:_ID_DIGITS]}",
        "kind": str(kind),
        "road_id": road.road_id,
        "road_name": road.road_name,
        "owner": owner,
        "contact": contacts.iloc[0] if len(contacts) else None,
        "assets": ", ".join(names),
        "asset_count": len(assets),
        "spare": assets["spare"].min(),
        "dig_m_saved": sum(b - a for a, b in covered) if way else np.nan,
        "reach_m": high - low,
        "saving_vnd": np.nan,
        "bound_pct": np.nan,
        "assumptions": "position_class_u, survey_before_use" if way else "position_class_u, load_check_before_use, no_new_poles",
        "decision": "open",
        "geometry": ops.substring(road.geometry, low, max(high, low + 0.01)),
    }
