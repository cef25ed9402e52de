"""Mappings that files were taken with, kept by organisation, kind and heading, and used again for files with the same heading.

Only what belongs to a heading is kept. What states one file's facts is not: the operator, technology, environment, quarter or day that a
mapping names for every row, and a coordinate system in degrees, whose datum no number betrays. Files are asked for those each time.
"""

import datetime as dt
import hashlib
import json
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from hatang.data._vocabulary import fold, unit_in
from hatang.data.atomic import disk, locked, replacing
from hatang.data.contracts import INPUT_TABLES, Kind, MissingError, RefusedError
from hatang.data.mapping import FileMapping, load_mapping, mapping_text

_FOLDER: Final = "mappings"
_OF_ONE_FILE: Final = frozenset({"operator", "technology", "environment", "period"})
_ID_DIGITS: Final = 12


@dataclass(frozen=True, slots=True)
class Remembered:
    """A mapping that is kept: for whom, which kind and which heading, and the file it was last stated for, and when (UTC)."""

    id: str
    organisation: str
    kind: Kind
    columns: tuple[str, ...]
    file: str
    used: str
    path: Path

    def as_dict(self) -> dict[str, Any]:
        """Return what is known of it as plain values, without its place."""
        return {name: list(value) if isinstance(value, tuple) else str(value) for name, value in asdict(self).items() if name != "path"}


def signature(columns: Sequence[str]) -> str:
    """Return what headings with the same columns have in common, whatever their order, case and accents; units in brackets count.

    Examples
    --------
    >>> signature(["Kinh độ", "RSRP (dBm)"]) == signature(["rsrp [DBM]", "KINH DO"])
    True
    >>> signature(["Tốc độ (kbit/s)"]) == signature(["Tốc độ (Mbit/s)"])
    False
    """
    return hashlib.sha256(json.dumps(sorted(_plain(column) for column in columns)).encode()).hexdigest()


def lasting(mapping: FileMapping, kind: Kind) -> FileMapping | None:
    """Return what of a mapping belongs to the heading it was stated for; None where nothing does."""
    table = INPUT_TABLES[kind]
    days = {column.name for column in table.columns if column.type in ("date", "time")}
    constants = {name: value for name, value in mapping.constants.items() if name not in _OF_ONE_FILE | days}
    projected = mapping.crs if mapping.crs is not None and mapping.crs.is_projected else None
    kept = replace(mapping, constants=constants, crs=projected)
    return kept if kept.columns or kept.units or kept.constants else None


def remember(home: Path, organisation: str, kind: Kind, columns: Sequence[str], mapping: Path, *, file: str, used: dt.datetime) -> None:
    """Keep a mapping file for later files of an organisation with this heading, in place of an earlier one.

    Raises
    ------
    RefusedError
        Where the mapping file cannot be read.
    StoreError
        Where the disk refuses.
    """
    kept = lasting(load_mapping(mapping), kind)
    if kept is None:
        return
    target = _place(home, organisation, kind, columns)
    with disk(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    about = {
        "organisation": organisation,
        "kind": str(kind),
        "columns": list(columns),
        "file": file,
        "used": used.isoformat("T", "seconds"),
    }
    with locked(target.parent / "lock"), replacing(target) as beside:
        beside.write_text(f"# {json.dumps(about)}\n{mapping_text(kept)}", encoding="utf-8")


def recall(home: Path, organisation: str, kind: Kind, columns: Sequence[str]) -> Remembered | None:
    """Return the mapping kept for an organisation's files with this heading; None where none is, or several kinds have one.

    `Kind.AUTO` asks for any kind. A mapping that no longer fits the contract of its kind counts as none.
    """
    kinds = [Kind(name) for name in INPUT_TABLES] if kind is Kind.AUTO else [kind]
    found = [entry for one in kinds if (entry := _entry(_place(home, organisation, one, columns))) is not None and _fits(entry)]
    return found[0] if len(found) == 1 else None


def remembers(home: Path) -> bool:
    """Return whether any mapping is kept."""
    return any((home / _FOLDER).glob("*.yaml"))


def all_remembered(home: Path) -> tuple[Remembered, ...]:
    """Return every mapping that is kept, by organisation, kind and time; files that are no such mapping are passed over."""
    found = [entry for path in (home / _FOLDER).glob("*.yaml") if (entry := _entry(path)) is not None]
    return tuple(sorted(found, key=lambda entry: (entry.organisation, entry.kind, entry.used, entry.id)))


def find(home: Path, mapping_id: str) -> Remembered:
    """Return the one mapping that is kept under an id, or whose id begins so.

    Raises
    ------
    MissingError
        Where none has that id, or several begin so.
    """
    found = [entry for entry in all_remembered(home) if mapping_id and entry.id.startswith(mapping_id)]
    if len(found) != 1:
        raise MissingError("error.mapping.unknown", mapping=mapping_id)
    return found[0]


def kept_text(entry: Remembered) -> str:
    """Return the text of a kept mapping, without the line that says for whom it is.

    Raises
    ------
    MissingError
        Where it was forgotten meanwhile.
    """
    try:
        return entry.path.read_text(encoding="utf-8").partition("\n")[2]
    except OSError as error:
        raise MissingError("error.mapping.unknown", mapping=entry.id) from error


def forget(home: Path, mapping_id: str) -> Remembered:
    """Keep a mapping no longer, and return what it was.

    Raises
    ------
    MissingError
        As `find`.
    StoreError
        Where the disk refuses.
    """
    found = find(home, mapping_id)
    with disk(found.path):
        found.path.unlink(missing_ok=True)
    return found


def _plain(column: str) -> str:
    """Return a heading without case and accents; one of signs that are no Latin letters as it is."""
    return f"{fold(column) or unicodedata.normalize('NFKC', column).casefold().strip()}|{(unit_in(column) or '').casefold()}"


def _place(home: Path, organisation: str, kind: Kind, columns: Sequence[str]) -> Path:
    """Return where the mapping of an organisation, a kind and a heading stands, whether or not there is one."""
    key = json.dumps([organisation, str(kind), signature(columns)])
    return home / _FOLDER / f"{hashlib.sha256(key.encode()).hexdigest()[:_ID_DIGITS]}.yaml"


def _entry(path: Path) -> Remembered | None:
    """Return what the first line of a kept mapping says, None where it is none."""
    try:
        with path.open(encoding="utf-8") as kept:
            about = json.loads(kept.readline().removeprefix("# "))
        columns = tuple(str(column) for column in about["columns"])
        return Remembered(path.stem, str(about["organisation"]), Kind(about["kind"]), columns, str(about["file"]), str(about["used"]), path)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _fits(entry: Remembered) -> bool:
    """Return whether a kept mapping can still be read and names columns that its kind has."""
    try:
        load_mapping(entry.path).check_against(INPUT_TABLES[entry.kind])
    except (RefusedError, KeyError):
        return False
    return True
