"""Tables without a place of their own: prices, figures that are declared, and outages."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hatang.data._cells import marks_missing
from hatang.data._intake import Intake, is_none
from hatang.data._periods import month_of, quarter_of
from hatang.data._sourcetable import SourceTable
from hatang.data._statements import ReadOptions, known_operators, operators
from hatang.data._vocabulary import fold, known_technologies, operator_of, technology_of
from hatang.data._wardrows import name_wards, refuse_repeats
from hatang.data.contracts import DECLARATIONS, OUTAGES, PRICES, Severity
from hatang.data.language import message_ids, text
from hatang.data.mapping import FileMapping

_UNITS: Final[Mapping[str, str]] = {
    "m2": "m²",
    "m3": "m³",
    "be": "chambers",
    "vi_tri_qua_duong": "crossings",
    "ty_le": "share",
    "share": "share",
    "mbps": "Mbit/s",
    "mbit_s": "Mbit/s",
    "tram": "stations",
    "tuyen": "streets",
}
"""Folded unit → how the contracts write it; others stay as they are."""
_PERCENT: Final = frozenset({"%", "phần trăm", "percent", "pct"})
_YEAR: Final = re.compile(r"(?:năm\s*)?((?:19|20)\d{2})(?:\.0)?", re.IGNORECASE)
_ID_DIGITS: Final = 12


def read_prices(source: SourceTable, mapping: FileMapping, options: ReadOptions) -> tuple[Intake, pa.Table]:
    """Return prices under the contract PRICES, and the intake with its faults; a price of an item and a day stands once.

    Raises
    ------
    RefusedError
        Where a column that must be there is not.
    """
    del options
    intake = Intake(source, PRICES, mapping)
    intake.require([column.name for column in PRICES.columns if column.required])
    intake.read(PRICES.names)
    intake.values["item"] = _coded(intake, "item", "sharing.item")
    intake.values["unit"] = _units(intake)
    _once(intake, PRICES.key)
    return intake, intake.result()


def read_declarations(source: SourceTable, mapping: FileMapping, options: ReadOptions) -> tuple[Intake, pa.Table]:
    """Return declared figures under the contract DECLARATIONS, and the intake with its faults.

    The scope is the one stated, else the ward's or the firm's that the row names, else the city's. Percentages become shares. A figure of
    an indicator that the project does not count is kept with a warning: it can be listed and not compared.

    Raises
    ------
    RefusedError
        Where a column that must be there is not.
    """
    intake = Intake(source, DECLARATIONS, mapping)
    period = [] if options.period else ["period"]
    intake.require(["indicator", "value", "unit", "document", "declared_on", *period], options=["period"])
    intake.read(["indicator", "value", "unit", "document", "declared_on", "definition"])
    intake.values["scope"] = intake.typed(DECLARATIONS["scope"])
    intake.values["indicator"] = _coded(intake, "indicator", "indicator")
    known = set(_labels("indicator").values())
    strange = np.array([code is not None and code not in known for code in intake.values["indicator"]])
    intake.note(strange, "declared_indicator", Severity.WARNING, field="indicator", found=intake.cells("indicator"))
    intake.values["period"] = _periods(intake, options.period)
    _operators_named(intake, options.operator)
    name_wards(intake, np.zeros(intake.count, bool))
    _scopes(intake)
    _values(intake)
    _once(intake, DECLARATIONS.key)
    return intake, intake.result()


def read_outages(source: SourceTable, mapping: FileMapping, options: ReadOptions) -> tuple[Intake, pa.Table]:
    """Return outages under the contract OUTAGES, and the intake with its faults; each names a station or a ward, and ends after it began.

    Raises
    ------
    RefusedError
        Where a column that must be there is not.
    """
    intake = Intake(source, OUTAGES, mapping)
    placed = [] if any(intake.has(name) for name in ("ward_code", "ward_name")) else ["site_id"]
    intake.require([*([] if options.operator else ["operator"]), "start", *placed], options=["operator"])
    intake.values["operator"] = operators(intake, options.operator)
    meant = intake.worded("technology", _network)
    cells = intake.cells("technology")
    given = np.asarray(pc.is_valid(cells)) & ~marks_missing(cells)
    intake.note(given & is_none(meant), "technology_unknown", field="technology", found=cells, known=known_technologies())
    intake.values["technology"] = np.where(is_none(meant), np.array(options.technology, dtype=object), meant)
    intake.read(["site_id", "start", "end", "cause"])
    name_wards(intake, is_none(intake.values["site_id"]))
    values = intake.values
    intake.note(values["end"] < values["start"], "dates_reversed", field="end", found=intake.cells("end"), first=intake.heading("start"))
    values["outage_id"] = _ids(intake)
    _once(intake, OUTAGES.key)
    return intake, intake.result()


def _network(said: str) -> str | None:
    """Return the network that a cell names, None where it names none that is kept."""
    meant = technology_of(said)
    return meant if meant in OUTAGES["technology"].values else None


def _labels(prefix: str) -> dict[str, str]:
    """Return folded label, in both languages, or code → code of the messages `prefix.*`."""
    codes = [name.removeprefix(f"{prefix}.") for name in message_ids("vi") if name.startswith(f"{prefix}.")]
    words = {fold(text(f"{prefix}.{code}", language)): code for code in codes for language in ("vi", "en")}
    return {**words, **{fold(code): code for code in codes}}


def _coded(intake: Intake, column: str, prefix: str) -> np.ndarray:
    """Return a column whose cells name something by its code or by its label; what nobody knows stays as it is written."""
    known = _labels(prefix)
    return intake.worded(column, lambda said: known.get(fold(said), said))


def _units(intake: Intake) -> np.ndarray:
    """Return the units of the rows as the contracts write them."""
    return intake.worded("unit", lambda said: "share" if said.casefold() in _PERCENT else _UNITS.get(fold(said), said))


def _values(intake: Intake) -> None:
    """Turn percentages into shares; refuse shares that are none, and digits that read two ways."""
    values = intake.values
    cells = intake.cells("value")
    percent = ~is_none(intake.worded("unit", lambda said: said if said.casefold() in _PERCENT else None))
    values["unit"] = _units(intake)
    values["value"] = np.where(percent, values["value"] / 100, values["value"])
    beyond = (values["unit"] == "share") & ((values["value"] < 0) | (values["value"] > 1))
    intake.note(beyond, "cell_range", field="value", found=cells, low="0", high="100 %", unit="share")
    if intake.mapping.decimal is None:
        doubtful = np.asarray(pc.match_substring_regex(cells, r"^[+-]?[1-9]\d{0,2}[.,]\d{3}$").fill_null(False))
        intake.note(doubtful & ~beyond, "cell_thousands", field="value", found=cells)


def _periods(intake: Intake, option: str | None) -> np.ndarray:
    """Return quarter, month or year of each row, the option's where it has none; other texts are refused."""
    stated = intake.worded("period", _period)
    cells = intake.cells("period")
    empty = ~np.asarray(pc.is_valid(cells)) | marks_missing(cells)
    intake.note(~empty & is_none(stated), "period_unknown", field="period", found=cells)
    if option is None:
        intake.note(empty, "cell_missing", field="period")
    return np.where(empty, np.array(option, dtype=object), stated)


def _period(said: str) -> str | None:
    """Return a period as contracts write it.

    Examples
    --------
    >>> _period("Quý I/2026"), _period("01/2026"), _period("năm 2025"), _period("hè")
    ('2026Q1', '2026-01', '2025', None)
    """
    year = _YEAR.fullmatch(said.strip())
    return year[1] if year else month_of(said) or quarter_of(said)


def _operators_named(intake: Intake, option: str | None) -> None:
    """Fill the firm that a row speaks of: its own, else the one that files; unknown ones are refused."""
    named = intake.worded("operator", operator_of)
    cells = intake.cells("operator")
    given = np.asarray(pc.is_valid(cells)) & ~marks_missing(cells)
    intake.note(given & is_none(named), "operator_unknown", field="operator", found=cells, known=known_operators())
    intake.values["operator"] = np.where(given, named, np.array(option, dtype=object))


def _scopes(intake: Intake) -> None:
    """Fill the scope of each row, and refuse rows that name another, or do not name whose they are."""
    values = intake.values
    warded, owned = ~is_none(values["ward_code"]), ~is_none(values["operator"])
    own = np.where(warded, "ward", np.where(owned, "operator", "city")).astype(object)
    stated = np.where(is_none(values["scope"]), own, values["scope"])
    intake.note((stated == "ward") & ~warded, "cell_missing", field="ward_code")
    intake.note((stated == "operator") & ~owned, "cell_missing", field="operator")
    narrower = ((stated == "city") & (warded | owned)) | ((stated == "operator") & warded)
    intake.note(narrower, "declared_scope", field="scope", found=intake.cells("scope"))
    values["scope"] = stated


def _ids(intake: Intake) -> np.ndarray:
    """Return the ids of outages, made from what they are known by where a row has none."""
    ids = intake.worded("outage_id", lambda said: said)
    bare = is_none(ids)
    names = ("operator", "technology", "site_id", "ward_code", "start")
    for place in np.flatnonzero(bare & ~intake.refused):
        known_by = "\x1f".join(str(intake.values[name][place]) for name in names)
        ids[place] = hashlib.sha256(known_by.encode()).hexdigest()[:_ID_DIGITS]
    intake.repaired(bare, "id_made", name="id_made:outage_id", field="outage_id")
    return ids


def _once(intake: Intake, key: Sequence[str]) -> None:
    """Refuse rows that repeat the key of an earlier one."""
    days = {name: intake.values[name] for name in key if intake.values[name].dtype.kind == "M"}
    for name, values in days.items():
        intake.values[name] = values.astype("datetime64[D]").astype(str).astype(object)
    refuse_repeats(intake, key)
    intake.values.update(days)
