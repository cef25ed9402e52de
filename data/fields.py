"""What a file of a kind may say, field by field, and which of a file's columns says it most likely."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hatang.data._intake import resolve
from hatang.data._vocabulary import likely
from hatang.data.contracts import INPUT_TABLES, OPERATOR_LABELS, Column, Kind, Technology
from hatang.data.language import Language, message_ids, text
from hatang.data.mapping import UNITS, FileMapping
from hatang.data.templates import places

_FILLED: Final = frozenset({"environment", "device_id", "scope", "outage_id"})
"""What readers put in, and say so, where a file does not hold it."""
_WORTH: Final = frozenset({"time", "rsrp_dbm"})
"""What need not be in a file, but is what most files are sent for."""
_METRES: Final = (Column("x", "float", "m"), Column("y", "float", "m"))


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a kind: its name in the contract, what people call it, its unit, the units a file may use, and values it may hold.

    `required` fields must be answered; those `asked` for stand in front.
    """

    name: str
    label: str
    unit: str
    units: tuple[str, ...]
    required: bool
    asked: bool
    choices: tuple[str, ...]


def fields_of(kind: Kind, language: Language) -> tuple[Field, ...]:
    """Return the fields of a kind that a file may fill, required ones first.

    Examples
    --------
    >>> fields_of(Kind.MEASUREMENTS, "vi")[0].required, "kbit/s" in {u for f in fields_of(Kind.MEASUREMENTS, "vi") for u in f.units}
    (True, True)
    """
    table = INPUT_TABLES[kind]
    place = [column for _, column in places(table) if column.name not in table.names]
    metres = list(_METRES) if any(column.name == "lon" for column in (*place, *table.columns)) else []
    known = message_ids(language)
    found = []
    for column in (*table.columns, *place, *metres):
        ids = (f"form.heading.{kind}.{column.name}", f"form.heading.{column.name}")
        label = next((text(name, language) for name in ids if name in known), column.name)
        choices = {"operator": tuple(OPERATOR_LABELS), "technology": (Technology.LTE, Technology.NR, Technology.FIBRE)}
        found.append(
            Field(
                column.name,
                label,
                "" if column.unit == "see unit" else column.unit,
                tuple(UNITS.get(column.unit, ())),
                column.required and column.name not in _FILLED,
                (column.required and column.name not in _FILLED) or column.name in _WORTH,
                tuple(str(value) for value in choices.get(column.name, column.values)),
            )
        )
    return tuple(sorted(found, key=lambda field: (not field.required, not field.asked)))


def guess(kind: Kind, columns: Sequence[str]) -> dict[str, str]:
    """Return field → the column that says it, by its name, else the one whose name looks most like it; a column serves one field.

    Examples
    --------
    >>> guess(Kind.FIXED, ["Mã xã", "Hãng", "Số hộ gia đình"])["ward_code"]
    'Mã xã'
    """
    table = INPUT_TABLES[kind]
    found = resolve(table, columns, FileMapping())
    for column in table.columns:
        free = [name for name in columns if name not in found.values()]
        close = likely(column.name, column.synonyms, free) if column.required and column.name not in found else None
        if close is not None:
            found[column.name] = close
    return found
