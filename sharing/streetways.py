"""What lies along a road's axis from where to where: ways with room, pole lines with free slots, works that open the ground, closed ground.

Room is what is known to be free after the reserve: an asset of which nothing is known, that is full, or that is not to be shared, is none.
"""

import datetime as dt
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from hatang.data.contracts import HUE_CRS, AssetClass, DesignOption
from hatang.sharing.capacity import spare_capacity
from hatang.sharing.near import pairs_within, parallel_runs
from hatang.sharing.policy import SharingPolicy

CLOSED: Final = "closed"
"""Kind of a span in which nobody may dig."""
SPAN_COLUMNS: Final = ["edge", "kind", "from_m", "to_m", "spare", "id"]
_TOUCH_M: Final = 1.0
"""Spans this close follow each other."""
Window = tuple[dt.date, dt.date]


def ways_beside(edges: gpd.GeoDataFrame, assets: gpd.GeoDataFrame, *, policy: SharingPolicy, max_angle_deg: float) -> pd.DataFrame:
    """Return the stretches of road beside which an asset has room.

    Duct sections run along the road, within the corridor's reach and no more askew than `max_angle_deg`. Poles belong to the nearest road;
    two of one owner that follow each other within the longest span carry as many further cables as the fuller of them, and a line of
    poles reaches a crossing of roads that is within half a span.

    Parameters
    ----------
    edges
        Single lines in EPSG:9214.
    assets
        ASSETS contract, any CRS.

    Returns
    -------
    DataFrame
        `edge` (position), `kind` (`way` or `pole`), `from_m`, `to_m` along the edge, `spare` (ways or slots), `id` of the asset.
    """
    metric = gpd.GeoDataFrame(assets.to_crs(HUE_CRS).reset_index(drop=True))
    room = spare_capacity(metric, policy=policy)
    metric = gpd.GeoDataFrame(metric.assign(spare=room["spare"].where(room["action"] == "reuse").fillna(0).astype(int)))
    ducts = gpd.GeoDataFrame(metric[(metric["asset_class"] == AssetClass.DUCT_SECTION) & (metric["spare"] > 0)].reset_index(drop=True))
    poles = gpd.GeoDataFrame(metric[metric["asset_class"] == AssetClass.POLE].reset_index(drop=True))
    rows = _along(edges, ducts, reach_m=policy.corridor_m, max_angle_deg=max_angle_deg)
    found = [
        {"edge": edge, "kind": str(DesignOption.WAY), "from_m": low, "to_m": high, "spare": ducts["spare"].iloc[duct], "id": name}
        for edge, duct, low, high in rows
        for name in (str(ducts["asset_id"].iloc[duct]),)
    ]
    return pd.DataFrame([*found, *_pole_lines(edges, poles, policy)], columns=SPAN_COLUMNS)


def long_enough(spans: pd.DataFrame, lengths_m: npt.NDArray[np.float64], *, least_m: float) -> pd.DataFrame:
    """Return the spans whose unbroken run of room along their edge is worth the change into it.

    Nobody leaves a trench for one span of poles. A run that reaches an end of its edge may go on beyond and stays.

    Parameters
    ----------
    spans
        As `ways_beside` returns them.
    lengths_m
        Of the edges, shape (edges,).
    least_m
        Runs shorter than this are left out.

    Examples
    --------
    >>> spans = pd.DataFrame([(0, "pole", 100.0, 145.0, 2, "a"), (0, "way", 0.0, 30.0, 1, "b")], columns=SPAN_COLUMNS)
    >>> long_enough(spans, np.array([300.0]), least_m=100.0)["id"].tolist()
    ['b']
    """
    kept = np.zeros(len(spans), bool)
    for _, line in spans.reset_index(drop=True).groupby(["edge", "kind"]):
        length = float(lengths_m[int(line["edge"].iloc[0])])
        rows = sorted(zip(line["from_m"].tolist(), line["to_m"].tolist(), line.index.tolist(), strict=True))
        run: list[int] = []
        begin = end = 0.0
        for low, high, k in [*rows, (np.inf, np.inf, -1)]:
            if run and low > end + _TOUCH_M:
                at_end = begin <= _TOUCH_M or end >= length - _TOUCH_M
                kept[run] = at_end or end - begin >= least_m
                run = []
            begin, end = (low, high) if not run else (begin, max(end, high))
            run.append(k)
    return spans[kept].reset_index(drop=True)


def works_beside(
    edges: gpd.GeoDataFrame, works: gpd.GeoDataFrame, *, window: Window | None, reach_m: float, max_angle_deg: float
) -> pd.DataFrame:
    """Return the stretches of road in which works open the ground while the plans build, and those closed to digging all that time.

    Works whose dates are not known neither open nor close anything; nor does any where `window`, the days on which all plans may build, is
    not known. Columns as of `ways_beside`; `kind` is `works` or `closed`.

    Parameters
    ----------
    edges
        Single lines in EPSG:9214.
    works
        WORKS contract, any CRS; areas count where the road lies in them.
    window
        First and last day.
    """
    metric = gpd.GeoDataFrame(works.to_crs(HUE_CRS).reset_index(drop=True))
    kinds = [_meaning(row, window) for row in metric.to_dict("records")]
    metric = gpd.GeoDataFrame(metric[[kind is not None for kind in kinds]].reset_index(drop=True))
    kinds = [kind for kind in kinds if kind is not None]
    flat = shapely.get_dimensions(metric.geometry.to_numpy()) == 2
    lines = gpd.GeoDataFrame(metric[~flat].reset_index(drop=True))
    place = np.flatnonzero(~flat).tolist()
    beside = _along(edges, lines, reach_m=reach_m, max_angle_deg=max_angle_deg)
    spans = [(edge, place[line], low, high) for edge, line, low, high in beside]
    shapes = edges.geometry.to_numpy()
    areas = np.flatnonzero(flat)
    area, edge = shapely.STRtree(shapes).query(metric.geometry.to_numpy()[areas], predicate="intersects")
    for a, e in zip(areas[area].tolist(), edge.tolist(), strict=True):
        for part in shapely.get_parts(shapely.intersection(shapes[e], metric.geometry.iloc[a])).tolist():
            low, high = _reach(shapes[e], part)
            spans += [(e, a, low, high)] if high > low else []
    found = [
        {"edge": e, "kind": kinds[w], "from_m": low, "to_m": high, "spare": 0, "id": str(metric["work_id"].iloc[w])}
        for e, w, low, high in spans
    ]
    return pd.DataFrame(found, columns=SPAN_COLUMNS)


def common_window(plans: pd.DataFrame) -> Window | None:
    """Return the days on which all plans may build; None where a plan does not say, or there is no such day.

    Examples
    --------
    >>> plans = pd.DataFrame({"earliest": ["2027-01-01", "2027-03-01"], "latest": ["2027-12-31", "2027-06-30"]})
    >>> [day.isoformat() for day in common_window(plans)]
    ['2027-03-01', '2027-06-30']
    """
    first, last = pd.to_datetime(plans["earliest"]), pd.to_datetime(plans["latest"])
    if first.isna().any() or last.isna().any() or not len(plans) or first.max() > last.min():
        return None
    return first.max().date(), last.min().date()


def _meaning(work: dict[Any, Any], window: Window | None) -> str | None:
    """Return what works mean to those who dig in a window: an open trench, closed ground, or nothing."""
    start, end, until = (pd.to_datetime(work[name]) for name in ("start", "end", "moratorium_until"))
    if window is None or pd.isna(end):
        return None
    first, last = (pd.Timestamp(day) for day in window)
    if pd.notna(until) and end <= first and last <= until:
        return CLOSED
    opens = pd.notna(work["open_trench"]) and bool(work["open_trench"])
    return str(DesignOption.WORKS) if opens and pd.notna(start) and start <= end and start <= last and first <= end else None


def _along(
    edges: gpd.GeoDataFrame, lines: gpd.GeoDataFrame, *, reach_m: float, max_angle_deg: float
) -> list[tuple[int, int, float, float]]:
    """Return (edge, line, from, to) where lines run along edges."""
    if lines.empty:
        return []
    pairs = parallel_runs(edges, lines, offset_m=reach_m, min_overlap_m=0.0, max_angle_deg=max_angle_deg)
    shapes, others = edges.geometry.to_numpy(), lines.geometry.to_numpy()
    left, right = pairs["left"].to_numpy(), pairs["right"].to_numpy()
    clipped = shapely.intersection(others[right], shapely.buffer(shapes[left], reach_m, cap_style="flat"))
    found = []
    for edge, line, shape in zip(left.tolist(), right.tolist(), clipped, strict=True):
        for part in shapely.get_parts(shape).tolist():
            low, high = _reach(shapes[edge], part)
            if high > low:
                found.append((edge, line, low, high))
    return found


def _reach(edge: shapely.LineString, shape: shapely.Geometry) -> tuple[float, float]:
    """Return from where to where along an edge a shape lies."""
    at = shapely.line_locate_point(edge, shapely.points(shapely.get_coordinates(shape)))
    return (float(at.min()), float(at.max())) if at.size else (0.0, 0.0)


def _pole_lines(edges: gpd.GeoDataFrame, poles: gpd.GeoDataFrame, policy: SharingPolicy) -> list[dict[str, Any]]:
    """Return the spans between poles with free slots that follow each other along an edge."""
    if poles.empty:
        return []
    pairs = pairs_within(poles, edges, distance_m=policy.corridor_m)
    pairs = pairs.sort_values(["point", "distance_m", "line"]).drop_duplicates("point")
    here = poles.iloc[pairs["point"]].reset_index(drop=True)
    line = edges.geometry.to_numpy()[pairs["line"]]
    placed = pd.DataFrame(here[["asset_id", "owner", "spare"]]).assign(
        edge=pairs["line"].to_numpy(), at=shapely.line_locate_point(line, shapely.centroid(poles.geometry.to_numpy()[pairs["point"]]))
    )
    rows: list[dict[str, Any]] = []
    for _, line_of_poles in placed.sort_values(["edge", "owner", "at", "asset_id"]).groupby(["edge", "owner"]):
        edge = int(line_of_poles["edge"].iloc[0])
        length = float(edges.geometry.iloc[edge].length)
        at: npt.NDArray[np.float64] = line_of_poles["at"].to_numpy(float)
        spare, names = line_of_poles["spare"].tolist(), line_of_poles["asset_id"].tolist()
        spans = [(at[i], at[i + 1], min(spare[i], spare[i + 1]), f"{names[i]}–{names[i + 1]}") for i in range(len(at) - 1)]
        spans = [span for span in spans if span[1] - span[0] <= policy.span_max_m]
        half = policy.span_max_m / 2
        spans += [(0.0, at[0], spare[0], names[0])] if at[0] <= half else []
        spans += [(at[-1], length, spare[-1], names[-1])] if length - at[-1] <= half else []
        rows += [
            {"edge": edge, "kind": str(DesignOption.POLE), "from_m": float(low), "to_m": float(high), "spare": free, "id": str(name)}
            for low, high, free, name in spans
            if free > 0 and high > low
        ]
    return rows
