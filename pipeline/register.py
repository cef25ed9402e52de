"""Use case: a register's file looked through: its tables, what is wrong in them, and how much room is known."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj

from hatang.data.clauses import clauses_in_force
from hatang.data.contracts import FINDINGS, HUE_CRS, MAP_CRS, REGISTER_TABLES, ParameterError
from hatang.data.limits import Limits
from hatang.data.results import ResultSet
from hatang.data.rules import rule_value, rules_in_force
from hatang.data.sandbox import register_apart
from hatang.pipeline.assetrules import register_violations
from hatang.pipeline.progress import Progress
from hatang.sharing.policy import SharingPolicy
from hatang.sharing.registerwards import register_by_ward
from hatang.sharing.room import counted_room, duct_room
from hatang.sharing.topology import TopologyTolerances, topology_findings

_COUNTED: Final = (
    ("poles", "slots_total", "slots_used"),
    ("chambers", "entries_total", "entries_used"),
    ("station_houses", "racks_total", "racks_used"),
)
_UNITS: Final = {"duct_sections": "sections", "duct_ways": "ways", "spans": "sections", "attachments": "cables"}
"""What the rows of a table are counted in, where they are not things of which each is one."""
_CLASSES: Final = {"duct_sections": "duct_section", "poles": "pole", "chambers": "chamber", "station_houses": "station_house"}


@dataclass(frozen=True)
class RegisterCheck:
    """The tables that can be kept, all findings (FINDINGS contract, EPSG:4326), and every asset with its room.

    `crs` is where lengths are taken. `amounts` says of each table that holds something how many rows it has and, of lines, how long they
    are: `table`, `amount`, `unit`. `assets` has a row for each duct section, pole, chamber and station house: `asset_class`, `asset_id`,
    `owner`, `length_m` of a section, the columns of ROOM, and its shape in EPSG:4326. `survey` holds those of which too little is known,
    the most worth knowing first, `violations` what does not meet which clause (ASSET_VIOLATIONS contract, EPSG:4326), for review.
    """

    tables: dict[str, pd.DataFrame]
    crs: str
    amounts: pd.DataFrame
    findings: gpd.GeoDataFrame
    assets: gpd.GeoDataFrame
    survey: gpd.GeoDataFrame
    violations: gpd.GeoDataFrame


def check_register(source: Path, limits: Limits, *, as_of: dt.date, crs: str | None = None, progress: Progress) -> RegisterCheck:
    """Return a register's tables with what is wrong in rows and between them, under the rules in force on `as_of`.

    Parameters
    ----------
    source
        A file as `read_register` takes it; it is read in a process apart.
    crs
        What a file is in that does not say. Lengths are taken in it, too, unless it is in degrees; in EPSG:9214 where none is given.

    Raises
    ------
    ParameterError
        Where the coordinate system is none, or neither in degrees nor in metres.
    RefusedError
        Where the file is no register, or damaged, or says no coordinate system and none is given.
    """
    metric_crs = lengths_crs(crs)
    progress.step("share.register")
    tables, found = register_apart(source, limits, crs)
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
    assets = _assets(tables, room, metric_crs)
    placed = gpd.GeoDataFrame(findings, geometry="geometry", crs=MAP_CRS)
    clauses = clauses_in_force(as_of)
    violations = register_violations(tables, clauses=clauses, end_m=tolerances.end_m, metric_crs=metric_crs)
    return RegisterCheck(tables, metric_crs, _amounts(tables, metric_crs), placed, assets, _survey(assets), violations)


def wards_of_register(results: ResultSet) -> pd.DataFrame:
    """Return what the register of a run holds ward by ward (REGISTER_WARDS contract), under the rules of its day."""
    policy = SharingPolicy(reserve_ways=int(rule_value(rules_in_force(results.as_of), "reserve_ways")))
    assets, wards = (gpd.GeoDataFrame(results.tables[name]) for name in ("assets", "wards"))
    return register_by_ward(assets, wards, policy=policy)


def lengths_crs(crs: str | None) -> str:
    """Return where lengths are taken, given what a user names.

    Raises
    ------
    ParameterError
        Where that is no coordinate system, or one neither in degrees nor in metres.

    Examples
    --------
    >>> lengths_crs(None), lengths_crs("EPSG:2154"), lengths_crs("EPSG:4326")
    ('EPSG:9214', 'EPSG:2154', 'EPSG:9214')
    """
    if crs is None:
        return HUE_CRS
    try:
        found = pyproj.CRS.from_user_input(crs)
    except pyproj.exceptions.CRSError as error:
        raise ParameterError("error.register.crs", crs=crs) from error
    if found.is_projected and found.axis_info[0].unit_name == "metre":
        return crs
    if found.is_geographic:
        return HUE_CRS
    raise ParameterError("error.register.crs", crs=crs)


def _amounts(tables: Mapping[str, pd.DataFrame], metric_crs: str) -> pd.DataFrame:
    """Return how many rows each table holds, and how long its lines are."""
    rows: list[tuple[str, float, str]] = []
    for name, frame in tables.items():
        if len(frame):
            rows.append((name, len(frame), _UNITS.get(name, "items")))
            if REGISTER_TABLES[name].geometry == "line":
                rows.append((name, float(gpd.GeoDataFrame(frame).to_crs(metric_crs).length.sum()) / 1000, "km"))
    return pd.DataFrame(rows, columns=["table", "amount", "unit"])


def _assets(tables: Mapping[str, pd.DataFrame], ducts: pd.DataFrame, metric_crs: str) -> gpd.GeoDataFrame:
    """Return every asset that can have room, class by class, with what is known of it."""
    rooms = {"duct_sections": ducts, **{name: counted_room(tables[name], total=total, used=used) for name, total, used in _COUNTED}}
    parts = []
    for name, room in rooms.items():
        table = gpd.GeoDataFrame(tables[name]).reset_index(drop=True)
        lengths = table.to_crs(metric_crs).length if name == "duct_sections" else pd.Series(np.nan, index=table.index)
        about = pd.DataFrame({"asset_class": _CLASSES[name], "owner": table["owner"], "length_m": lengths.astype("float64")})
        parts.append(about.join(room.reset_index(drop=True)).assign(geometry=table.geometry))
    whole = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    return gpd.GeoDataFrame(whole[["asset_class", "asset_id", *whole.columns.drop(["asset_class", "asset_id"])]], crs=MAP_CRS)


def _survey(assets: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the assets to be surveyed: first the metres that need not be dug if there is room, then the places that are unknown."""
    chosen = assets[assets["action"] == "survey"]
    worth = {"metres": chosen["length_m"].fillna(0.0).round(3), "places": chosen["unknown"].fillna(0).astype("int64")}
    ranked = chosen.assign(**worth).sort_values(["metres", "places", "asset_id"], ascending=[False, False, True], kind="stable")
    ranked = ranked.drop(columns=list(worth)).reset_index(drop=True)
    ranked.insert(0, "rank", np.arange(1, len(ranked) + 1))
    return gpd.GeoDataFrame(ranked, geometry="geometry", crs=MAP_CRS)
