"""Runs that answer for a road: which there are, for which roads, and with how many violations."""

from dataclasses import dataclass

from hatang.data.results import load_table
from hatang.data.settings import Settings
from hatang.pipeline.decisions import road_runs
from hatang.pipeline.runs import runs_folder


@dataclass(frozen=True, slots=True)
class RoadRun:
    """One answer to choose: its name, its date, its roads by name with commas between, and how many violations it has."""

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
        found.append(RoadRun(manifest["run_id"], manifest["as_of"], ", ".join(dict.fromkeys(names)), manifest["totals"]["violations"]))
    return found
