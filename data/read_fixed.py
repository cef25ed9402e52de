"""Served households of fixed lines: counts by ward and provider, wards by code or by name in any spelling."""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hatang.data._intake import Intake, is_none, repeats
from hatang.data._sourcetable import SourceTable
from hatang.data._statements import ReadOptions, operators
from hatang.data.contracts import FIXED, Severity
from hatang.data.facts import ward_facts
from hatang.data.gazetteer import ward_codes
from hatang.data.mapping import FileMapping

_COUNTS: Final = ("households", "households_served", "households_connected", "download_mbps")


def read_fixed(source: SourceTable, mapping: FileMapping, options: ReadOptions) -> tuple[Intake, pa.Table]:
    """Return served counts under the contract FIXED, and the intake with its faults and repairs.

    A ward is known by its code; by its name only where the row has no code. More homes served than there are is refused.

    Raises
    ------
    RefusedError
        Where the columns for ward, operator, households or served households are missing.
    """
    intake = Intake(source, FIXED, mapping)
    needed = ["operator"] if options.operator is None else []
    if not intake.has("ward_code") and not intake.has("ward_name"):
        needed.append("ward_code")
    intake.require([*needed, "households", "households_served"], options=["operator"])
    _name_wards(intake)
    intake.values["operator"] = operators(intake, options.operator)
    intake.read(_COUNTS)
    counts = intake.values
    served, connected = counts["households_served"], counts["households_connected"]
    over = served > counts["households"]
    intake.note(over, "served_more", field="households_served", found=intake.cells("households_served"))
    beyond = (connected > served) & ~over
    intake.note(beyond, "connected_more", Severity.WARNING, field="households_connected", found=intake.cells("households_connected"))
    _refuse_repeats(intake)
    return intake, intake.result()


def _name_wards(intake: Intake) -> None:
    """Fill code and official name of each row's ward; rows of unknown wards, or whose code and name are two wards, are refused."""
    names = dict(zip(ward_facts()["ward_code"], ward_facts()["ward_name"], strict=True))
    codes, spelt = intake.cells("ward_code"), intake.cells("ward_name")
    by_code = intake.worded("ward_code", lambda text: code if (code := text.removesuffix(".0")) in names else None)
    by_name = intake.worded("ward_name", lambda text: ward_codes([text])[0])
    coded = np.asarray(pc.is_valid(codes))
    named = np.asarray(pc.is_valid(spelt))
    unknown = coded & is_none(by_code)
    intake.note(unknown, "ward_unknown", field="ward_code", found=codes)
    intake.note(~coded & named & is_none(by_name), "ward_unknown", field="ward_name", found=spelt)
    intake.note(~coded & ~named, "cell_missing", field="ward_code")
    two = coded & ~unknown & ~is_none(by_name) & (by_name != by_code)
    pairs = pc.binary_join_element_wise(codes, spelt, ", ", null_handling="skip")
    intake.note(two, "ward_two", field="ward_code", found=pairs)
    found = np.where(coded, by_code, by_name)
    intake.values["ward_code"] = found
    intake.values["ward_name"] = np.array([names.get(code) for code in found], dtype=object)


def _refuse_repeats(intake: Intake) -> None:
    """Refuse rows of a ward and operator that an earlier row has counted."""
    kept = np.flatnonzero(~intake.refused)
    keys = [pa.array(intake.values[name][kept], pa.string()) for name in FIXED.key]
    again, origin = repeats(pc.dictionary_encode(pc.binary_join_element_wise(*keys, " ")).indices.to_numpy(), intake.source.rows[kept])
    exact, _ = repeats(pc.dictionary_encode(intake.whole_rows()).indices.to_numpy(), intake.source.rows)
    for code, chosen in (("duplicate_row", exact[kept]), ("duplicate_id", ~exact[kept])):
        mask, found = np.zeros(intake.count, bool), np.full(intake.count, None, dtype=object)
        mask[kept[again & chosen]] = True
        found[kept] = [f"= {row}" for row in origin]
        intake.note(mask, code, field="ward_code", found=found)
