"""Use case: what one firm may be told of a road: its own plans there, what to do about each by when, and where it meets somebody.

Of others nothing is told: no name, no plan, no works, no budget, no day beyond a common window.
"""

import datetime as dt
from pathlib import Path
from typing import Final

import geopandas as gpd
import pandas as pd

from hatang.data.atomic import replacing
from hatang.data.contracts import HUE_CRS, MAP_CRS, Kind, MissingError
from hatang.data.geopackage import geopackage_bytes
from hatang.data.language import Language
from hatang.data.results import ResultSet
from hatang.data.rules import rule_value, rules_in_force
from hatang.data.settings import Settings
from hatang.data.store import Store
from hatang.pipeline.assess import assess, today
from hatang.pipeline.inputs import layer
from hatang.pipeline.progress import Progress
from hatang.pipeline.roadfile import road_lines
from hatang.pipeline.roadtiming import road_timing
from hatang.pipeline.works import meetings_of
from hatang.reports.calendar_file import sharing_calendar
from hatang.reports.geodata import with_run
from hatang.reports.works_workbook import road_meetings_workbook
from hatang.sharing.corridor import road_axes

_TOLD: Final = ["road_id", "plan_id", "advice", "reason", "decide_by", "not_before"]


def road_for_firm(
    road: Path | gpd.GeoDataFrame,
    firm: str,
    settings: Settings,
    *,
    period: str | None = None,
    as_of: dt.date | None = None,
    progress: Progress,
) -> tuple[dict[str, pd.DataFrame], ResultSet]:
    """Return `timing`, `calendar` and `meetings` of a firm's own plans along a road, and the assessment they rest on, which is not for it.

    The advice counts everybody's works, which are not named. `meetings` (MEETINGS contract, EPSG:4326) are those of `meetings_of` on the
    firm's plans along the road. Nothing of it is kept.

    Raises
    ------
    MissingError
        Where the firm has no plan along the road.
    RefusedError
        Where the file is refused.
    """
    as_of = as_of or today()
    progress.step("share.road")
    axes = road_axes(road_lines(road, settings))
    base = assess(settings, period=period, as_of=as_of, progress=progress)
    rules = rules_in_force(as_of)
    with Store.open(settings) as store:
        plans, _ = layer(store, Kind.PLANS, base.period)
    own = gpd.GeoDataFrame(plans[plans["operator"] == firm])
    reach = {"beside_m": rule_value(rules, "timing_beside_m"), "meets_m": rule_value(rules, "timing_meets_m")}
    found = road_timing(axes, own, gpd.GeoDataFrame(base.tables[str(Kind.WORKS)]), as_of=as_of, **reach)
    mine = set(found["timing"]["plan_id"])
    if not mine:
        raise MissingError("error.road.firm", firm=firm)
    told, _ = meetings_of(firm, settings, period=period, as_of=as_of, progress=progress)
    near = told.to_crs(HUE_CRS).intersects(axes.union_all().buffer(reach["beside_m"]))
    meetings = gpd.GeoDataFrame(told[told["own_id"].isin(mine) & near].reset_index(drop=True), geometry="geometry", crs=MAP_CRS)
    bars = found["calendar"]
    return {"timing": found["timing"][_TOLD], "calendar": bars[bars["kind"] == "plan"], "meetings": meetings}, base


def write_road_for_firm(told: dict[str, pd.DataFrame], base: ResultSet, out: Path, *, language: Language) -> list[Path]:
    """Write what a firm is told as `duong.xlsx`, `lich.ics` and `cuoc-gap.gpkg` (EPSG:4326) into a folder, each whole or not at all.

    Raises
    ------
    StoreError
        Where the disk refuses.
    """
    meetings = gpd.GeoDataFrame(told["meetings"])
    contents = {
        "duong.xlsx": road_meetings_workbook(told["timing"], meetings, base, language),
        "lich.ics": sharing_calendar(base.with_tables(**told), language),
        "cuoc-gap.gpkg": geopackage_bytes({"meetings": with_run(meetings, base)}),
    }
    for name, content in contents.items():
        with replacing(out / name) as beside:
            beside.write_bytes(content)
    return [out / name for name in contents]
