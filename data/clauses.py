"""The register of clauses that sharing plans are held against, and the trench profiles, from `rules/clauses.toml`."""

import datetime as dt
import tomllib
from functools import cache
from importlib.resources import files

from hatang.data.contracts import Clause, TrenchProfile


@cache
def _register() -> tuple[tuple[Clause, ...], tuple[TrenchProfile, ...]]:
    content = tomllib.loads(files("hatang.data").joinpath("rules/clauses.toml").read_text("utf-8"))
    clauses = tuple(
        Clause(
            code=entry["code"],
            document=entry["document"],
            clause=entry["clause"],
            parameter=entry["parameter"],
            op=entry["op"],
            value=None if entry["value"] == "profile" else float(entry["value"]),
            unit=entry["unit"],
            in_force_from=entry["from"],
            verified=entry["verified"],
            severity=entry["severity"],
            where=entry.get("where", {}),
            unless=(entry["unless"]["parameter"], float(entry["unless"]["value"])) if "unless" in entry else None,
        )
        for entry in content["clause"]
    )
    profiles = tuple(
        TrenchProfile(int(entry["ways"]), int(entry["layers"]), float(entry["top_mm"]), float(entry["bottom_mm"]))
        for entry in content["trench"]
    )
    return clauses, profiles


def clauses_in_force(as_of: dt.date) -> tuple[Clause, ...]:
    """Return the clauses in force on a day; of several of one code the latest counts."""
    found = {
        clause.code: clause
        for clause in sorted(_register()[0], key=lambda clause: (clause.code, clause.in_force_from))
        if clause.in_force_from <= as_of
    }
    return tuple(found.values())


def trench_profiles() -> tuple[TrenchProfile, ...]:
    """Return the profiles of TCVN 8700:2011 in the order of the standard."""
    return _register()[1]
