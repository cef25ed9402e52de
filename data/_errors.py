"""Errors and faults, public through `hatang.data.contracts`.

::

    HatangError
    ├── CrsError (ValueError)          a coordinate system is missing or wrong
    ├── SchemaError (ValueError)       a table breaks its contract
    ├── EmptyDataError (ValueError)    nothing to work on
    ├── ParameterError (ValueError)    an argument outside its range
    ├── RefusedError (ValueError)      an input file was refused; carries its faults
    ├── MissingError (LookupError)     a thing asked for by name is not there
    ├── StoreError (OSError)           the store or the disk failed; nothing was changed
    └── CancelledError (RuntimeError)  the user stopped a long job
"""

import dataclasses
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """What became of a faulty row."""

    REFUSED = "refused"
    REPAIRED = "repaired"
    WARNING = "warning"


@dataclasses.dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with an input: where it is, what stood there, what was expected and what to do.

    `code` selects the sentences of the catalogue (`fault.<code>.expected`, `fault.<code>.remedy`), which `fields` fill; `row` counts
    as a person does in the file (header line 1), or is None for the file as a whole; `count` says how many alike were folded into it.
    """

    code: str
    file: str
    severity: Severity = Severity.REFUSED
    row: int | None = None
    field: str | None = None
    found: str | None = None
    fields: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    count: int = 1

    def as_dict(self) -> dict[str, Any]:
        """Return the fault as plain values, for JSON and for the catalogue."""
        return {**dataclasses.asdict(self), "severity": str(self.severity), "fields": dict(self.fields)}


class HatangError(Exception):
    """Base of every error of the project; `message_id` and `fields` are rendered by web, commands and reports."""

    def __init__(self, message_id: str, **fields: object) -> None:
        self.message_id = message_id
        self.fields = fields
        super().__init__(message_id + (": " + ", ".join(f"{k}={v!r}" for k, v in fields.items()) if fields else ""))


class CrsError(HatangError, ValueError):
    """A coordinate reference system is missing or not the expected one."""


class SchemaError(HatangError, ValueError):
    """A table breaks its contract."""


class EmptyDataError(HatangError, ValueError):
    """There is nothing to work on."""


class ParameterError(HatangError, ValueError):
    """An argument lies outside its documented range."""


class RefusedError(HatangError, ValueError):
    """An input file was refused as a whole; nothing was stored."""

    def __init__(self, message_id: str, faults: Sequence[Fault] = (), **fields: object) -> None:
        super().__init__(message_id, **fields)
        self.faults = tuple(faults)


class MissingError(HatangError, LookupError):
    """A thing asked for by name is not there."""


class StoreError(HatangError, OSError):
    """The store or the disk failed; the catalogue is as it was before."""


class CancelledError(HatangError, RuntimeError):
    """The user stopped a long job."""
