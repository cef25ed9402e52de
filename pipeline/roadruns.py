"""Runs that answer for a road: which there are, for which roads, and what of each does not meet a clause."""

from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import pandas as pd

from hatang.data.contracts import ASSET_VIOLATIONS, MAP_CRS
from hatang.data.results import ResultSet, load_table
from hatang.data.settings import Settings
from hatang.pipeline.decisions import road_runs
from hatang.pipeline.runs import runs_folder

_SUBJECTS: Final = {"violations": "plan", "asset_violations": "standing"}
"""Tables of a run that hold violations, and of what they are."""


@dataclass(frozen=True, slots=True)
class RoadRun:
    """One answer to choose: its name, its date, its roads by name with commas between, how much of plan and assets breaks a clause."""

    run_id: str
    as_of: str
    roads: str
    violations: int


def checked_roads(settings: Settings) -> list[RoadRun]:
    """Return the runs of roads whose plan was held against the clauses, the newest first."""
    found = []
    for manifest in road_runs(settings, "violations"):
        roads = load_table(runs_folder(settings) / manifest["run_id"], "roads")
        names = roads["road_name"].where(roads["road_name"].notna(), roads["road_id"]).astype(str)
        count = sum(manifest["totals"].get(name, 0) for name in _SUBJECTS)
        found.append(RoadRun(manifest["run_id"], manifest["as_of"], ", ".join(dict.fromkeys(names)), count))
    return found


def every_violation(run: ResultSet) -> gpd.GeoDataFrame:
    """Return what of a road's plan and of the assets that stand along it does not meet a clause (ASSET_VIOLATIONS contract, EPSG:4326).

    `subject` says of which it is, `plan` or `standing`; breaches first, then warnings, the plan's before the assets'.
    """
    parts = [
        pd.DataFrame(ASSET_VIOLATIONS.conform(pd.DataFrame(run.tables[table]))).assign(subject=subject)
        for table, subject in _SUBJECTS.items()
        if len(run.tables.get(table, ()))
    ]
    empty = pd.DataFrame(ASSET_VIOLATIONS.conform(pd.DataFrame(columns=ASSET_VIOLATIONS.names))).assign(subject=pd.Series(dtype=object))
    whole = pd.concat(parts, ignore_index=True).sort_values("severity", kind="stable", ignore_index=True) if parts else empty
    return gpd.GeoDataFrame(whole[["subject", *ASSET_VIOLATIONS.names]], geometry="geometry", crs=MAP_CRS)
