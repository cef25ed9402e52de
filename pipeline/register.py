"""Use case: a register's file looked through: its tables, what is wrong in them, and how much room is known."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from hatang.data.atomic import replacing
from hatang.data.contracts import FINDINGS, HUE_CRS, MAP_CRS
from hatang.data.geopackage import geopackage_bytes
from hatang.data.language import Language
from hatang.data.limits import Limits
from hatang.data.rules import rule_value, rules_in_force
from hatang.data.sandbox import register_apart
from hatang.pipeline.progress import Progress
from hatang.reports.register_workbook import register_workbook
from hatang.sharing.room import counted_room, duct_room, survey_first
from hatang.sharing.topology import TopologyTolerances, topology_findings


@dataclass(frozen=True)
class RegisterCheck:
    """The tables that can be kept, all findings (FINDINGS contract, EPSG:4326), and the room (ROOM contract).

    `room` is that of duct sections, then of poles, with `owner` and `length_m`; `survey` is what to survey of it, in order.
    """

    tables: dict[str, pd.DataFrame]
    findings: gpd.GeoDataFrame
    room: pd.DataFrame
    survey: pd.DataFrame

    def counts(self) -> dict[str, int]:
        """Return the rows of each table that has any."""
        return {name: len(frame) for name, frame in self.tables.items() if len(frame)}


def check_register(source: Path, limits: Limits, *, as_of: dt.date, metric_crs: str = HUE_CRS, progress: Progress) -> RegisterCheck:
    """Return a register's tables with what is wrong in rows and between them, under the rules in force on `as_of`.

    Parameters
    ----------
    source
        A ZIP of GraceTHD v2, a GeoPackage of FiberQ, or one that `register_geopackage` wrote; read in a process apart.
    metric_crs
        Where lengths are taken: EPSG:9214 in Huế.

    Raises
    ------
    RefusedError
        Where the file is no register, or damaged.
    """
    progress.step("share.register")
    tables, found = register_apart(source, limits)
    rules = rules_in_force(as_of)
    tolerances = TopologyTolerances(
        end_m=rule_value(rules, "register_end_m"),
        length_share=rule_value(rules, "register_length_share"),
        length_m=rule_value(rules, "register_length_m"),
    )
    loose = topology_findings(tables, tolerances=tolerances, metric_crs=metric_crs).to_crs(MAP_CRS)
    both = [part for part in (found, loose) if len(part)]
    findings = FINDINGS.conform(pd.DataFrame(pd.concat(both, ignore_index=True) if both else found))
    sections, poles = tables["duct_sections"], tables["poles"]
    ducts = duct_room(
        sections,
        tables["duct_ways"],
        reserve_share=rule_value(rules, "reserve_share"),
        reserve_ways=int(rule_value(rules, "reserve_ways")),
    )
    slots = counted_room(poles, total="slots_total", used="slots_used")
    lengths = gpd.GeoDataFrame(sections, geometry="geometry", crs=MAP_CRS).to_crs(metric_crs).length
    room = pd.concat(
        [
            ducts.assign(owner=sections["owner"].to_numpy(), length_m=lengths.to_numpy(float)),
            slots.assign(owner=poles["owner"].to_numpy(), length_m=np.nan),
        ],
        ignore_index=True,
    )
    return RegisterCheck(tables, gpd.GeoDataFrame(findings, geometry="geometry", crs=MAP_CRS), room, survey_first(room, room["length_m"]))


def write_register(checked: RegisterCheck, out: Path, *, file: str, language: Language) -> list[Path]:
    """Write `ho-so.xlsx` and `ho-so.gpkg` (a layer a table, and `findings`, EPSG:4326) into a folder, each whole or not at all.

    Raises
    ------
    StoreError
        Where the disk refuses.
    """
    placed = {name: gpd.GeoDataFrame(frame) for name, frame in checked.tables.items() if len(frame) and "geometry" in frame}
    contents = {
        "ho-so.xlsx": register_workbook(checked.counts(), checked.room, checked.survey, checked.findings, language, file=file),
        "ho-so.gpkg": geopackage_bytes({**placed, "findings": checked.findings}),
    }
    for name, content in contents.items():
        with replacing(out / name) as beside:
            beside.write_bytes(content)
    return [out / name for name in contents]
