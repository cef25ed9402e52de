"""What a worker says of a file, held to its form: it may have been taken over by the file."""

from collections.abc import Mapping
from typing import Any

from hatang.data._filetype import refused
from hatang.data.contracts import Fault, Kind, RefusedError, Severity
from hatang.data.keptrows import KeptRows
from hatang.data.language import fault_text
from hatang.data.limits import Limits
from hatang.data.reading import ReadOutcome


def exhausted(file: str, what: str, limits: Limits) -> RefusedError:
    """Return the error of a file that took more than it may."""
    found = {"memory": f"> {limits.memory_mb} MB", "time": f"> {limits.cpu_s} s", "file": f"> {2 * limits.file_mb} MB"}.get(what, "…")
    return refused(file, "file_exhausting", found=found, memory_mb=limits.memory_mb, seconds=limits.cpu_s)


def outcome_of(value: Mapping[str, Any], file: str) -> ReadOutcome:
    """Return what a worker says of a file that it read."""
    try:
        return ReadOutcome(
            kind=Kind(value["kind"]),
            rows_in=int(value["rows_in"]),
            rows_kept=int(value["rows_kept"]),
            rows_refused=int(value["rows_refused"]),
            repairs={str(name): int(count) for name, count in value["repairs"].items()},
            faults=faults_of(value["faults"], file),
            period=None if value["period"] is None else str(value["period"]),
            kept=KeptRows.told(value["parts"], value["runs"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise refused(file, "file_hostile", found="…") from error


def faults_of(said: Any, file: str) -> tuple[Fault, ...]:
    """Return the faults that a worker names, or raise where one has no sentence."""
    faults = []
    try:
        for fault in said:
            made = Fault(**{**fault, "severity": Severity(fault["severity"])})
            fault_text(made, "vi")
            faults.append(made)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise refused(file, "file_hostile", found="…") from error
    return tuple(faults)
