"""Served households of fixed lines by ward and provider: as counts, as a list of buildings or homes, or from a survey."""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hatang.data._cells import truths
from hatang.data._homes import counted_by_ward
from hatang.data._intake import Intake, is_none
from hatang.data._sourcetable import SourceTable
from hatang.data._statements import ReadOptions, operators
from hatang.data._vocabulary import line_of
from hatang.data._wardrows import name_wards, refuse_repeats
from hatang.data.contracts import FIXED, Severity
from hatang.data.mapping import FileMapping

_COUNTS: Final = ("households", "households_served", "households_connected", "download_mbps", "upload_mbps")
_HOME: Final = ("building_id", "operator", "technology")
_FIBRE: Final = "fibre"


def read_fixed(source: SourceTable, mapping: FileMapping, options: ReadOptions) -> tuple[Intake, pa.Table]:
    """Return served households under the contract FIXED, and the intake with its faults and repairs.

    A ward is known by its code; by its name only where the row has no code. More homes served than there are is refused. A table with
    `building_id` holds one row a building (or home) and provider, `households_served` a number or yes and no, `households` 1 where
    nothing says more; it is counted by ward, against every building of the ward that the file names, whoever serves it.

    Raises
    ------
    RefusedError
        Where the columns for ward, operator, households or served households are missing.
    """
    intake = Intake(source, FIXED, mapping)
    listed = intake.has("building_id")
    needed = ["operator"] if options.operator is None else []
    if not intake.has("ward_code") and not intake.has("ward_name"):
        needed.append("ward_code")
    intake.require([*needed, *([] if listed else ["households"]), "households_served"], options=["operator"])
    name_wards(intake)
    intake.values["operator"] = operators(intake, options.operator)
    intake.values["technology"] = _lines(intake)
    intake.read(["basis"])
    basis = intake.values["basis"]
    intake.values["basis"] = np.where(is_none(basis), "building" if listed else "count", basis)
    if listed:
        _read_homes(intake)
    else:
        intake.read(_COUNTS)
    counts = intake.values
    served, connected = counts["households_served"], counts["households_connected"]
    over = served > counts["households"]
    intake.note(over, "served_more", field="households_served", found=intake.cells("households_served"))
    beyond = (connected > served) & ~over
    intake.note(beyond, "connected_more", Severity.WARNING, field="households_connected", found=intake.cells("households_connected"))
    refuse_repeats(intake, _HOME if listed else FIXED.key)
    if not listed:
        return intake, intake.result()
    intake.settle()
    kept = ~intake.refused & ~intake.dropped
    return intake, counted_by_ward({name: counts[name][kept] for name in (*FIXED.names, "building_id")})


def _lines(intake: Intake) -> np.ndarray:
    """Return the technology of each row, fibre where nothing says it; unknown ones are refused."""
    meant = intake.worded("technology", line_of)
    cells = intake.cells("technology")
    known = ", ".join(FIXED["technology"].values)
    intake.note(is_none(meant) & np.asarray(pc.is_valid(cells)), "technology_unknown", field="technology", found=cells, known=known)
    return np.where(is_none(meant), _FIBRE, meant)


def _read_homes(intake: Intake) -> None:
    """Type a list of buildings: its ids, and served homes that may be said by yes and no."""
    ids = intake.worded("building_id", lambda text: text)
    intake.note(is_none(ids), "cell_missing", field="building_id")
    intake.values["building_id"] = ids
    said = truths(intake.cells("households_served")).values
    worded = ~is_none(said) & ~np.asarray(pc.match_substring_regex(intake.cells("households_served"), r"^\d+$").fill_null(False))
    cells = intake.cells("households_served")
    homes = pc.coalesce(intake.cells("households"), pa.scalar("1", pa.string()))
    answers = pc.if_else(pa.array([value is True for value in said]), homes, pa.scalar("0", pa.string()))
    intake.replace("households", homes)
    intake.replace("households_served", pc.if_else(pa.array(worded), answers, cells))
    intake.read(_COUNTS)
    if not intake.refused.all() and (intake.values["households_served"] >= intake.values["households"])[~intake.refused].all():
        intake.about_file("fixed_all_served", Severity.WARNING, field="households_served", found=str(int((~intake.refused).sum())))
