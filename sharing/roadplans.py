"""Where along a road's axis who plans to dig, and when: what the joint proposals, their shares and the variants are counted from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from hatang.data.contracts import HUE_CRS, OPERATOR_LABELS
from hatang.sharing.stretches import Span, metres, spans_inside, united


@dataclass(frozen=True, slots=True)
class RoadPlan:
    """A plan along a road: what of the axis it runs beside (m from the axis's first point), and in which window; None where not known."""

    plan_id: str
    operator: str
    spans: tuple[Span, ...]
    ways: int | None = None
    earliest: pd.Timestamp | None = None
    latest: pd.Timestamp | None = None
    budget_status: str | None = None
    cost_vnd_per_m: float | None = None
    cables: int | None = None
    cable_od_mm: float | None = None
    cable_kg_m: float | None = None

    @property
    def dated(self) -> bool:
        """Whether both ends of the window are known and run forward."""
        return self.earliest is not None and self.latest is not None and self.earliest <= self.latest

    def open_on(self, day: pd.Timestamp) -> bool:
        """Return whether the plan may dig on a day; no where its window is not known."""
        return self.earliest is not None and self.latest is not None and self.earliest <= day <= self.latest


def plans_along(axis: shapely.LineString, plans: gpd.GeoDataFrame, *, beside_m: float, meets_m: float) -> list[RoadPlan]:
    """Return the plans that run along an axis for `meets_m` or more within `beside_m` of it, by id; what is shorter crosses it.

    Parameters
    ----------
    axis
        One line in EPSG:9214.
    plans
        PLANS contract, any CRS. A declared cost counts by the metre of the plan's own line.

    Examples
    --------
    >>> axis = shapely.LineString([(561000, 1821000), (561400, 1821000)])
    >>> line = shapely.LineString([(561100, 1821010), (561300, 1821010)])
    >>> frame = gpd.GeoDataFrame({"plan_id": ["K1"], "operator": ["vnpt"], "ways": [2]}, geometry=[line], crs=HUE_CRS)
    >>> plans_along(axis, frame, beside_m=20, meets_m=50)[0].spans
    ((100.0, 300.0),)
    """
    if plans.empty:
        return []
    metric = plans.to_crs(HUE_CRS)
    near = metric[metric.intersects(axis.buffer(beside_m))].sort_values("plan_id", kind="stable")
    found = []
    for row, shape in zip(near.to_dict("records"), near.geometry.to_numpy(), strict=True):
        spans = spans_beside(axis, shape, beside_m)
        if metres(spans) >= meets_m:
            cost, length = _number(row, "cost_vnd"), float(shape.length)
            found.append(
                RoadPlan(
                    plan_id=str(row["plan_id"]),
                    operator=str(row["operator"]),
                    spans=tuple(spans),
                    ways=_count(row, "ways"),
                    earliest=_day(row, "earliest"),
                    latest=_day(row, "latest"),
                    budget_status=None if pd.isna(row.get("budget_status")) else str(row["budget_status"]),
                    cost_vnd_per_m=cost / length if cost is not None and length > 0 else None,
                    cables=_count(row, "cables"),
                    cable_od_mm=_number(row, "cable_od_mm"),
                    cable_kg_m=_number(row, "cable_kg_m"),
                )
            )
    return found


def spans_beside(axis: shapely.LineString, shape: shapely.Geometry, beside_m: float) -> list[Span]:
    """Return what of an axis lies beside a shape: square to the ends of a line, and inside an area or `beside_m` around it."""
    zone = shapely.buffer(shape, beside_m, cap_style="flat" if shapely.get_dimensions(shape) == 1 else "round")
    return united(spans_inside(axis, zone))


def spans_of(plans: Iterable[RoadPlan]) -> list[Span]:
    """Return what of the axis plans cover together."""
    return united([span for plan in plans for span in plan.spans])


def by_firm(plans: Sequence[RoadPlan]) -> dict[str, list[RoadPlan]]:
    """Return each firm's plans, firms by name: a firm digs once where several plans of its own lie."""
    return {firm: [plan for plan in plans if plan.operator == firm] for firm in sorted({plan.operator for plan in plans})}


def same_firm(left: str, right: str) -> bool:
    """Return whether a plan's operator and a register's owner are one, whatever way it is written.

    Examples
    --------
    What stands in brackets behind a name does not count.

    >>> same_firm("vnpt", "VNPT (mô phỏng)"), same_firm("vnpt", "Viettel")
    (True, False)
    """
    one, other = (OPERATOR_LABELS.get(name, name).split("(")[0].strip().casefold() for name in (left, right))
    return one == other


def ways_of(plans: Iterable[RoadPlan]) -> tuple[int, bool]:
    """Return the most ways that a firm's plans ask for, and whether that was assumed: a plan that names none asks for one."""
    named = [plan.ways for plan in plans]
    return max(ways or 1 for ways in named), any(not ways for ways in named)


def _day(row: dict[Any, Any], name: str) -> pd.Timestamp | None:
    return None if pd.isna(row.get(name)) else pd.Timestamp(row[name])


def _number(row: dict[Any, Any], name: str) -> float | None:
    return None if pd.isna(row.get(name)) else float(row[name])


def _count(row: dict[Any, Any], name: str) -> int | None:
    return None if pd.isna(row.get(name)) else int(row[name])
