"""Use case: the works register – whose plans and works meet in place and time, in which groups, and what each plan should do about it."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import shapely

from hatang.data.atomic import replacing
from hatang.data.contracts import HUE_CRS, Kind, MissingError, ParameterError
from hatang.data.geopackage import geopackage_bytes
from hatang.data.language import Language
from hatang.data.meetingkey import meeting_key
from hatang.data.results import ResultSet
from hatang.data.rules import Rule, rule_value, rules_in_force
from hatang.data.settings import Settings
from hatang.data.store import Store
from hatang.pipeline.assess import assess, today
from hatang.pipeline.inputs import layer
from hatang.pipeline.progress import Progress
from hatang.pipeline.roadtiming import dated, plan_window, work_window
from hatang.pipeline.runs import keep_run, load_run, remember, run_identity, run_ids
from hatang.reports.geodata import with_run
from hatang.reports.works_workbook import meetings_workbook
from hatang.sharing.overlap import OverlapPolicy, common_stretches, overlaps, told_to
from hatang.sharing.timing import PlanWindow, WorkWindow, best_advice, gantt
from hatang.sharing.worksregister import groups_of, usable

_PLACE: Final = "hue"
"""What stands where a road's answer names its road."""


@dataclass(frozen=True)
class _Register:
    """Plans and works that can be computed with (EPSG:9214), the rows left out, and when lines run side by side."""

    plans: gpd.GeoDataFrame
    works: gpd.GeoDataFrame
    notes: list[dict[str, str]]
    policy: OverlapPolicy


def share_works(settings: Settings, *, period: str | None = None, as_of: dt.date | None = None, progress: Progress) -> ResultSet:
    """Return the assessment of the period with the works register's answer added, as a run of its own.

    Added are `overlaps` (OVERLAPS contract, with where they run side by side), `overlap_groups`, `timing` and `calendar` (as of a road's
    answer, `road_id` being the city), and `works_notes` (code, id): rows that were left out, or count without their dates.
    """
    as_of = as_of or today()
    base = assess(settings, period=period, as_of=as_of, progress=progress)
    progress.step("share.works")
    identity = run_identity(
        [base.run_id], ward_version=base.ward_version, configuration=base.configuration, as_of=as_of.isoformat(), extra=("works",)
    )
    if identity in run_ids(settings):
        remember(settings, identity)
        return load_run(settings, identity)
    here = _register(settings, base)
    found = overlaps(here.plans, here.works, policy=here.policy)
    progress.step("share.calendar")
    advice, calendar, notes = _timing(here, found, as_of)
    shared = base.with_tables(
        overlaps=common_stretches(here.plans, here.works, found, policy=here.policy),
        overlap_groups=groups_of(found, here.works),
        timing=advice,
        calendar=calendar,
        works_notes=pd.DataFrame([*here.notes, *notes], columns=["code", "id"], dtype=object).drop_duplicates(ignore_index=True),
    )
    return keep_run(shared, identity, settings)


def meetings_of(
    firm: str, settings: Settings, *, period: str | None = None, as_of: dt.date | None = None, progress: Progress
) -> tuple[gpd.GeoDataFrame, ResultSet]:
    """Return what a firm is told in confidential mode (MEETINGS contract, EPSG:4326): where on its own plans it meets somebody, and when.

    With it comes the assessment it rests on, which is not for the firm.

    Raises
    ------
    MissingError
        Where the firm has no plan and no works in the register.
    """
    base = assess(settings, period=period, as_of=as_of or today(), progress=progress)
    progress.step("share.works")
    here = _register(settings, base)
    if firm not in {*here.plans["operator"].dropna(), *here.works["promoter"].dropna()}:
        raise MissingError("error.works.firm", firm=firm)
    found = overlaps(here.plans, here.works, policy=here.policy)
    told = told_to(firm, here.plans, here.works, found, secret=meeting_key(settings.home), policy=here.policy)
    return told, base


def write_meetings(meetings: gpd.GeoDataFrame, base: ResultSet, out: Path, *, language: Language) -> list[Path]:
    """Write `cuoc-gap.xlsx` and `cuoc-gap.gpkg` (EPSG:4326) into a folder, each whole or not at all.

    Of the assessment that the meetings rest on, only its day, name and boundaries are told, and whether it is synthetic.

    Raises
    ------
    StoreError
        Where the disk refuses.
    """
    contents = {
        "cuoc-gap.xlsx": meetings_workbook(meetings, base, language),
        "cuoc-gap.gpkg": geopackage_bytes({"meetings": with_run(meetings, base)}),
    }
    for name, content in contents.items():
        with replacing(out / name) as beside:
            beside.write_bytes(content)
    return [out / name for name in contents]


def overlap_policy(rules: dict[str, Rule]) -> OverlapPolicy:
    """Return when two lines run side by side, by the rules in force."""
    return OverlapPolicy(
        offset_m=rule_value(rules, "overlap_offset_m"),
        min_overlap_m=rule_value(rules, "overlap_min_m"),
        max_angle_deg=rule_value(rules, "overlap_angle_deg"),
        gap_m=rule_value(rules, "overlap_gap_m"),
    )


def _register(settings: Settings, base: ResultSet) -> _Register:
    with Store.open(settings) as store:
        filed, _ = layer(store, Kind.PLANS, base.period)
    city = shapely.union_all(gpd.GeoDataFrame(base.tables["wards"]).to_crs(HUE_CRS).geometry.to_numpy())
    plans, without = usable(gpd.GeoDataFrame(filed), key="plan_id", city=city)
    works, left_out = usable(gpd.GeoDataFrame(base.tables[str(Kind.WORKS)]), key="work_id", city=city)
    return _Register(plans, works, [*without, *left_out], overlap_policy(rules_in_force(base.as_of)))


def _timing(here: _Register, found: pd.DataFrame, as_of: dt.date) -> tuple[pd.DataFrame, pd.DataFrame, list[dict[str, str]]]:
    """Return the advice for each plan, the calendar's bars, and the rows whose dates are reversed."""
    notes: list[dict[str, str]] = []
    plans: dict[str, PlanWindow] = {}
    works: dict[str, WorkWindow] = {}
    for row in here.plans.to_dict("records"):
        try:
            plans[row["plan_id"]] = plan_window(row)
        except ParameterError:
            notes.append({"code": "dates_reversed", "id": row["plan_id"]})
    for row in here.works.to_dict("records"):
        try:
            works[row["work_id"]] = work_window(row)
        except ParameterError:
            notes.append({"code": "dates_reversed", "id": row["work_id"]})
    beside = found[(found["left_kind"] == "plan") & (found["right_kind"] == "work")].groupby("left_id")["right_id"].agg(list).to_dict()
    owners = dict(zip(here.plans["plan_id"], here.plans["operator"], strict=True))
    rows: list[dict[str, Any]] = []
    for name, plan in sorted(plans.items()):
        best = best_advice(plan, [works[work] for work in beside.get(name, []) if work in works], as_of=as_of)
        fields = {field: getattr(best, field) for field in ("plan_id", "work_id", "advice", "reason", "decide_by", "not_before")}
        rows.append({"road_id": _PLACE, "operator": owners[name], **fields})
    columns = ["road_id", "plan_id", "operator", "work_id", "advice", "reason", "decide_by", "not_before"]
    bars = gantt(list(plans.values()), list(works.values())).assign(road_id=_PLACE)
    return (
        dated(pd.DataFrame(rows, columns=columns), "decide_by", "not_before"),
        dated(bars[["road_id", "id", "kind", "start", "end", "days"]].astype({"days": "int64"}), "start", "end"),
        notes,
    )
