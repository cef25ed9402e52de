"""Use case: a register's file looked through: its tables, what is wrong in them, and how much room is known."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd

from hatang.data.contracts import FINDINGS, HUE_CRS, MAP_CRS
from hatang.data.limits import Limits
from hatang.data.registerfile import read_register
from hatang.data.rules import rule_value, rules_in_force
from hatang.pipeline.progress import Progress
from hatang.sharing.room import duct_room
from hatang.sharing.topology import TopologyTolerances, topology_findings


@dataclass(frozen=True)
class RegisterCheck:
    """The tables that can be kept, all findings (FINDINGS contract, EPSG:4326), and the room in duct sections (ROOM contract)."""

    tables: dict[str, pd.DataFrame]
    findings: gpd.GeoDataFrame
    room: pd.DataFrame


def check_register(source: Path, limits: Limits, *, as_of: dt.date, metric_crs: str = HUE_CRS, progress: Progress) -> RegisterCheck:
    """Return a register's tables with what is wrong in rows and between them, under the rules in force on `as_of`.

    Parameters
    ----------
    source
        As `read_register` takes it.
    metric_crs
        Where lengths are taken: EPSG:9214 in Huế.

    Raises
    ------
    RefusedError
        Where the file is no register, or damaged.
    """
    progress.step("share.register")
    tables, found = read_register(source, limits)
    rules = rules_in_force(as_of)
    tolerances = TopologyTolerances(
        end_m=rule_value(rules, "register_end_m"),
        length_share=rule_value(rules, "register_length_share"),
        length_m=rule_value(rules, "register_length_m"),
    )
    loose = topology_findings(tables, tolerances=tolerances, metric_crs=metric_crs).to_crs(MAP_CRS)
    both = [part for part in (found, loose) if len(part)]
    findings = FINDINGS.conform(pd.DataFrame(pd.concat(both, ignore_index=True) if both else found))
    room = duct_room(
        tables["duct_sections"],
        tables["duct_ways"],
        reserve_share=rule_value(rules, "reserve_share"),
        reserve_ways=int(rule_value(rules, "reserve_ways")),
    )
    return RegisterCheck(tables, gpd.GeoDataFrame(findings, geometry="geometry", crs=MAP_CRS), room)
