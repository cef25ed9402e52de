"""Runs: an assessment is named by the hash of all that went into it, and kept in a folder of that name."""

import hashlib
import importlib.metadata
import json
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pandas as pd

from hatang.data.contracts import DECIDED, MissingError
from hatang.data.decisions import Decision, standing
from hatang.data.results import ResultSet, load_results, save_results
from hatang.data.settings import Settings
from hatang.data.store import Dataset, Store

_DIGITS: Final = 16
_LATEST: Final = "latest"


def run_identity(
    inputs: Iterable[str], *, ward_version: str, configuration: Mapping[str, Any], as_of: str, extra: Iterable[str] = ()
) -> str:
    """Return the run's name: a hash of inputs (in any order), boundaries, configuration, date and package version."""
    parts = {
        "inputs": sorted(inputs),
        "ward_version": ward_version,
        "configuration": configuration,
        "as_of": as_of,
        "version": versions()["hatang"],
        "extra": list(extra),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:_DIGITS]


def versions() -> dict[str, str]:
    """Return the versions that a result depends on."""
    packages = ("hatang", "numpy", "pandas", "geopandas", "shapely", "pyproj", "scipy", "h3")
    return {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in packages}}


def runs_folder(settings: Settings) -> Path:
    """Return the folder that holds an installation's runs."""
    return settings.home / "results"


def remember(settings: Settings, run_id: str) -> None:
    """Make a run the one that map and reports open."""
    (runs_folder(settings) / _LATEST).write_text(run_id, "utf-8")


def latest_run(settings: Settings) -> ResultSet | None:
    """Return the run made last, or None where there is none."""
    pointer = runs_folder(settings) / _LATEST
    if not pointer.is_file():
        return None
    return load_run(settings, pointer.read_text("utf-8").strip())


def run_ids(settings: Settings) -> list[str]:
    """Return the names of every run kept, the newest first."""
    manifests = runs_folder(settings).glob("*/manifest.json")
    return [path.parent.name for path in sorted(manifests, key=lambda path: (-path.stat().st_mtime, path.parent.name))]


def run_manifests(settings: Settings) -> list[dict[str, Any]]:
    """Return the manifest of every run kept, the newest first: what there is to choose, without opening any table."""
    return [json.loads((runs_folder(settings) / name / "manifest.json").read_text("utf-8")) for name in run_ids(settings)]


def load_run(settings: Settings, run_id: str) -> ResultSet:
    """Return the run with this name, or with the only name that begins so.

    Raises
    ------
    MissingError
        Where there is none, or more than one.
    """
    found = [name for name in run_ids(settings) if name.startswith(run_id)]
    if len(found) != 1:
        raise MissingError("error.run.missing", run=run_id, runs=", ".join(run_ids(settings)[:10]) or "–")
    return marked(load_results(runs_folder(settings) / found[0]), settings)


def keep_run(results: ResultSet, run_id: str, settings: Settings) -> ResultSet:
    """Save what was computed as a run of this name, make it the one that map and reports open, and return it as `load_run` would."""
    kept = replace(results, run_id=run_id)
    save_results(kept, runs_folder(settings) / run_id)
    remember(settings, run_id)
    return marked(kept, settings)


def marked(results: ResultSet, settings: Settings) -> ResultSet:
    """Return a run that says which of its inputs have been withdrawn since, and what was decided on its suggestions; asked at every look.

    What is saved of the run stays as it was.
    """
    withdrawn = tuple(dataset.id for dataset in withdrawn_inputs(results, settings))
    shown = results if withdrawn == results.withdrawn_inputs else replace(results, withdrawn_inputs=withdrawn)
    suggestions = results.tables.get("suggestions")
    if suggestions is None or suggestions.empty:
        return shown
    with Store.open(settings) as store, store.looking() as session:
        held = standing(session)
    made = [held[str(name)] for name in suggestions["suggestion_id"] if str(name) in held]
    return shown.with_tables(suggestions=with_decisions(suggestions, held), decided=_decided(made)) if made else shown


def with_decisions(suggestions: pd.DataFrame, held: Mapping[str, Decision]) -> pd.DataFrame:
    """Return suggestions with `decision` and `reason` as they hold; the frame given stays as it is."""
    found = [held.get(str(name)) for name in suggestions["suggestion_id"]]
    return suggestions.assign(
        decision=pd.Series(["open" if entry is None else str(entry.decision) for entry in found], index=suggestions.index, dtype="str"),
        reason=pd.Series([None if entry is None else entry.reason for entry in found], index=suggestions.index, dtype="str"),
    )


def _decided(made: Sequence[Decision]) -> pd.DataFrame:
    """Return decisions that hold as a table (DECIDED contract), also of what was reopened; the day is the city's."""
    rows = [
        {
            **{name: getattr(entry, name) for name in ("suggestion_id", "kind", "owner", "reason", "decided_by", "organisation")},
            "decision": str(entry.decision),
            "decided_on": pd.Timestamp(entry.decided_at.date()),
            "owed_count": entry.spare_owed.get("count"),
            "owed_unit": entry.spare_owed.get("unit"),
            "owed_assets": ", ".join(entry.spare_owed["assets"]) if entry.spare_owed else None,
            "owed_by": entry.spare_owed.get("owner"),
            "owed_why": entry.spare_owed.get("why"),
        }
        for entry in made
    ]
    return DECIDED.conform(pd.DataFrame(rows))


def withdrawn_inputs(results: ResultSet, settings: Settings) -> list[Dataset]:
    """Return the inputs of a run that count no longer."""
    with Store.open(settings) as store:
        return store.withdrawn(str(entry["id"]) for entry in results.inputs if "id" in entry)


def with_results(settings: Settings) -> Settings:
    """Return settings unchanged where they have results, else those of the demo city where that has, so that the map opens on something."""
    demo = settings.model_copy(update={"home": settings.home / "demo", "database_url": None, "database_session": None})
    return settings if run_ids(settings) or not run_ids(demo) else demo
