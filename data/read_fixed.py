"""Served households of fixed lines: counts by ward and provider, wards by code or by name in any spelling."""

from typing import Final

import pyarrow as pa

from hatang.data._intake import Intake
from hatang.data._sourcetable import SourceTable
from hatang.data._statements import ReadOptions, operators
from hatang.data._wardrows import name_wards, refuse_repeats
from hatang.data.contracts import FIXED, Severity
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
    name_wards(intake)
    intake.values["operator"] = operators(intake, options.operator)
    intake.read(_COUNTS)
    counts = intake.values
    served, connected = counts["households_served"], counts["households_connected"]
    over = served > counts["households"]
    intake.note(over, "served_more", field="households_served", found=intake.cells("households_served"))
    beyond = (connected > served) & ~over
    intake.note(beyond, "connected_more", Severity.WARNING, field="households_connected", found=intake.cells("households_connected"))
    refuse_repeats(intake, FIXED.key)
    return intake, intake.result()
