"""When the plans along a road are decided: against the works along it, by budget, deadline and moratorium."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from hatang.data.contracts import HUE_CRS, ParameterError
from hatang.sharing.roadplans import spans_beside
from hatang.sharing.stretches import Span, common, metres
from hatang.sharing.timing import PlanWindow, WorkWindow, best_advice, gantt


def road_timing(
    axes: gpd.GeoDataFrame,
    plans: gpd.GeoDataFrame,
    works: gpd.GeoDataFrame,
    *,
    as_of: dt.date,
    beside_m: float = 20.0,
    meets_m: float = 50.0,
) -> dict[str, pd.DataFrame]:
    """Return `timing`, `calendar` and `timing_notes` of the roads.

    `timing` has the best advice for each plan along a road, `calendar` the bars of plans and works, `timing_notes` (code, id) the rows left
    out because their dates are reversed. What lies within `beside_m` of the axis for `meets_m` or more runs along the road; what is shorter
    is a crossing. A plan is advised on the works with which it shares as long a stretch of the road, not on those farther along it.
    """
    advice: list[dict[str, Any]] = []
    notes: list[dict[str, str]] = []
    bars: list[pd.DataFrame] = []
    for road, axis in zip(axes["road_id"].astype(str), axes.geometry.to_numpy(), strict=True):
        found_plans, found_works = [], []
        for row, spans in _along(axis, plans, beside_m, meets_m):
            try:
                found_plans.append((plan_window(row), row["operator"], spans))
            except ParameterError:
                notes.append({"code": "dates_reversed", "id": row["plan_id"]})
        for row, spans in _along(axis, works, beside_m, meets_m):
            try:
                found_works.append((work_window(row), spans))
            except ParameterError:
                notes.append({"code": "dates_reversed", "id": row["work_id"]})
        for plan, operator, own in found_plans:
            best = best_advice(plan, [work for work, spans in found_works if metres(common(own, spans)) >= meets_m], as_of=as_of)
            fields = {name: getattr(best, name) for name in ("plan_id", "work_id", "advice", "reason", "decide_by", "not_before")}
            advice.append({"road_id": road, "operator": operator, **fields})
        bars.append(gantt([plan for plan, _, _ in found_plans], [work for work, _ in found_works]).assign(road_id=road))
    columns = ["road_id", "plan_id", "operator", "work_id", "advice", "reason", "decide_by", "not_before"]
    calendar = pd.concat(bars, ignore_index=True)[["road_id", "id", "kind", "start", "end", "days"]]
    return {
        "timing": dated(pd.DataFrame(advice, columns=columns), "decide_by", "not_before"),
        "calendar": dated(calendar.astype({"days": "int64"}), "start", "end"),
        "timing_notes": pd.DataFrame(notes, columns=["code", "id"], dtype=object).drop_duplicates(ignore_index=True),
    }


def plan_window(row: Mapping[Any, Any]) -> PlanWindow:
    """Return when a plan (PLANS contract) is to be built.

    Raises
    ------
    ParameterError
        Where its dates are reversed.
    """
    return PlanWindow(row["plan_id"], _day(row["earliest"]), _day(row["latest"]), _known(row["budget_status"]))


def work_window(row: Mapping[Any, Any]) -> WorkWindow:
    """Return when works (WORKS contract) dig, and until when one may join.

    Raises
    ------
    ParameterError
        Where their dates are reversed.
    """
    start, end, deadline, moratorium = (_day(row[name]) for name in ("start", "end", "join_deadline", "moratorium_until"))
    return WorkWindow(row["work_id"], start, end, deadline, _known(row["open_trench"]), moratorium)


def dated(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Return a frame with these columns as dates, whatever they hold."""
    return frame.assign(**{name: pd.to_datetime(frame[name]).astype("datetime64[us]") for name in columns})


def _along(axis: shapely.LineString, layer: gpd.GeoDataFrame, beside_m: float, meets_m: float) -> list[tuple[dict[Any, Any], list[Span]]]:
    """Return the rows that run along the road, by id, each with what of the axis it lies beside."""
    if layer.empty:
        return []
    metric = layer.to_crs(HUE_CRS)
    near = metric[metric.intersects(axis.buffer(beside_m))].sort_values(metric.columns[0])
    beside = [spans_beside(axis, shape, beside_m) for shape in near.geometry]
    rows = near.drop(columns="geometry").to_dict("records")
    return [(row, spans) for row, spans in zip(rows, beside, strict=True) if metres(spans) >= meets_m]


def _day(value: object) -> dt.date | None:
    return None if pd.isna(value) else pd.Timestamp(value).date()  # type: ignore[call-overload,arg-type]


def _known(value: Any) -> Any:
    return None if pd.isna(value) else value
