"""What a file, an option or a habit states about every row: operator, technology, environment."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc

from hatang.data._intake import Intake, is_none
from hatang.data._vocabulary import NONE, OTHER, environment_of, known_technologies, operator_of, technology_of
from hatang.data.contracts import OPERATOR_LABELS, Environment, Fault, RefusedError
from hatang.data.limits import Limits


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the person who hands a file in states about it.

    `operator`, `technology` and `environment` fill what the file leaves open or names in words nobody knows; a row that plainly names
    another is refused, so that an option never turns one firm's rows into another's. `period` (`2026Q3`) counts where the rows have no
    times. `mapping` is the path of a mapping file, `limits` how large the file may be. `crs` is the coordinate system, before that of the
    mapping.
    """

    operator: str | None = None
    technology: str | None = None
    environment: str | None = None
    period: str | None = None
    mapping: Path | None = None
    limits: Limits = field(default_factory=Limits)
    crs: str | None = None


def checked(options: ReadOptions, file: str) -> ReadOptions:
    """Return the options with operator, technology and environment as the contracts write them.

    Raises
    ------
    RefusedError
        Where one of them is unknown.
    """
    meanings: tuple[tuple[str, str | None, Callable[[str], str | None], str], ...] = (
        ("operator", options.operator, operator_of, known_operators()),
        ("technology", options.technology, _stored_technology, known_technologies()),
        ("environment", options.environment, environment_of, ", ".join(Environment)),
    )
    faults = [
        Fault(f"{name}_unknown", file, field=f"--{name}", found=text, fields={"known": known})
        for name, text, meaning, known in meanings
        if text is not None and meaning(text) is None
    ]
    if faults:
        raise RefusedError("error.reading.options", faults, file=file)
    plain = {name: meaning(text) if text is not None else None for name, text, meaning, _ in meanings}
    return replace(options, operator=plain["operator"], technology=plain["technology"], environment=plain["environment"])


def known_operators() -> str:
    """Return the operators known by name, for messages."""
    return ", ".join(OPERATOR_LABELS.values())


def operators(intake: Intake, option: str | None) -> np.ndarray:
    """Return the operator of each row; unknown ones are refused unless the option says whose the file is."""
    return _stated(intake, "operator", intake.worded("operator", operator_of), option, known_operators())


def technologies(intake: Intake, option: str | None) -> np.ndarray:
    """Return the stored technology of each row of a table of claims; a row of another network is refused, whatever the option says."""
    other = np.isin(intake.worded("technology", technology_of).astype(str), (OTHER, NONE))
    told = np.logical_or.reduce([note.where for note in intake.source.notes if note.code == "technology_other"], initial=False)
    intake.note(other & ~told, "technology_other", field="technology", found=intake.cells("technology"))
    meant = intake.worded("technology", _stored_technology)
    return _stated(intake, "technology", meant, option, known_technologies(), judged=other | told)


def environments(intake: Intake, option: str | None, assumed: str) -> np.ndarray:
    """Return the environment of each row; where nothing states one it is assumed, and that is noted."""
    meant = _stated(intake, "environment", intake.worded("environment", environment_of), option, ", ".join(Environment), optional=True)
    open_rows = is_none(meant) & ~np.asarray(pc.is_valid(intake.cells("environment")))
    intake.repaired(open_rows, "environment_assumed", field="environment", environment=assumed)
    return np.where(open_rows, assumed, meant)


def _stated(
    intake: Intake, name: str, meant: np.ndarray, option: str | None, known: str, *, optional: bool = False, judged: Any = False
) -> np.ndarray:
    """Return what rows state, the option where they state nothing that is known; unknown and contrary rows are refused.

    Of the rows `judged` it has been said already what they are: they take no option.
    """
    cells: Any = intake.cells(name)
    filled = np.asarray(pc.is_valid(cells)) | judged
    unknown = is_none(meant) & ~np.asarray(judged, bool)
    if option is None:
        intake.note(unknown & filled, f"{name}_unknown", field=name, found=cells, known=known)
        if not optional:
            intake.note(~filled, "cell_missing", field=name)
        return meant
    contrary = ~is_none(meant) & (meant != option)
    intake.note(contrary, "option_contrary", field=name, found=cells, option=option)
    intake.repaired(unknown & filled, f"{name}_replaced", field=name, found=cells, option=option)
    return np.where(unknown, option, meant)


def _stored_technology(text: str) -> str | None:
    """Return a technology that a claim or an option can name."""
    meant = technology_of(text)
    return meant if meant in ("4g", "5g", "fibre") else "5g" if meant == "nsa" else None
