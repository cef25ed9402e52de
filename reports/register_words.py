"""Tables of a register looked through, in words: the same on its page and in its workbook."""

from collections.abc import Sequence
from typing import Final

import pandas as pd

from hatang.data.figures import is_missing
from hatang.data.language import Language, text

AMOUNTS: Final = ("table", "amount", "unit")
FINDINGS: Final = ("finding", "severity", "table", "asset_id", "other_id", "measured", "needed", "unit")
ROOM: Final = ("asset_class", "asset_id", "owner", "length_m", "capacity", "used", "unknown", "reserve", "spare", "action")
SURVEY: Final = ("rank", *ROOM)
WARDS: Final = ("ward_code", "ward_name", "asset_class", "assets", "length_m", "room_known", "room_unknown", "spare", "spare_unit")
_SPARE_UNITS: Final = {"duct_section": "ways", "pole": "slots"}
_WORDS: Final = {
    "finding": "finding",
    "severity": "register.severity",
    "table": "register.table",
    "asset_class": "asset",
    "action": "action",
}
"""Columns that hold codes, with what their messages begin with."""
_COUNTED: Final = ("items", "sections", "ways", "cables", "slots", "entries", "racks", "boxes", "operators")
"""Units that are words; the others are signs."""


def in_words(frame: pd.DataFrame, columns: Sequence[str], language: Language) -> pd.DataFrame:
    """Return columns of a register's table under their titles, codes and units in words, figures as they are.

    Examples
    --------
    >>> in_words(pd.DataFrame([("chambers", 6, "items"), ("spans", 0.4, "km")], columns=AMOUNTS), AMOUNTS, "vi").values.tolist()
    [['bể cáp', 6.0, 'cái'], ['khoảng vượt treo', 0.4, 'km']]
    """
    worded = pd.DataFrame(frame)[list(columns)].reset_index(drop=True)
    for name, prefix in _WORDS.items():
        if name in worded:
            worded[name] = [text(f"{prefix}.{code}", language) for code in worded[name]]
    if "unit" in worded:
        worded["unit"] = [_unit(unit, language) for unit in worded["unit"]]
    return worded.rename(columns={name: text(f"register.column.{name}", language) for name in columns})


def wards_in_words(table: pd.DataFrame, language: Language) -> pd.DataFrame:
    """Return the register ward by ward (REGISTER_WARDS contract) under its titles; what lies in no ward is called so.

    `spare` is missing where nothing is known, or where a class has neither ways nor slots.
    """
    units = table["asset_class"].map(_SPARE_UNITS)
    names = table["ward_name"].astype(object).where(table["ward_name"].notna(), text("register.outside", language))
    told = table["spare"].astype("Float64").where(units.notna() & (table["room_known"] > 0))
    frame = pd.DataFrame(table).assign(ward_name=names, spare=told, spare_unit=units)
    worded = in_words(frame, WARDS, language)
    worded[text("register.column.spare_unit", language)] = [_unit(unit, language) for unit in units]
    return worded


def _unit(unit: object, language: Language) -> str | None:
    return None if is_missing(unit) else text(f"register.unit.{unit}", language) if unit in _COUNTED else str(unit)
