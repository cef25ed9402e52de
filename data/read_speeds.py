"""Medians by ward that an official system publishes (i-Speed of VNNIC), where too few samples are an answer of their own."""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hatang.data._cells import marks_missing
from hatang.data._intake import Intake, is_none
from hatang.data._periods import month_of, quarter_of
from hatang.data._sourcetable import SourceTable
from hatang.data._statements import ReadOptions, operators
from hatang.data._vocabulary import fold
from hatang.data._wardrows import name_wards, refuse_repeats
from hatang.data.contracts import MIN_SAMPLES, SPEEDS
from hatang.data.mapping import FileMapping

_MEDIANS: Final = ("download_mbps", "upload_mbps", "latency_ms")
_TOO_FEW: Final = frozenset(
    {"khong_du_mau", "khong_du_so_mau", "chua_du_mau", "chua_du_so_mau", "thieu_mau", "insufficient", "insufficient_samples", "n_a_300"}
)


def read_speeds(source: SourceTable, mapping: FileMapping, options: ReadOptions) -> tuple[Intake, pa.Table]:
    """Return medians by ward, operator and network under the contract SPEEDS, and the intake with its faults and repairs.

    A row of fewer than `MIN_SAMPLES` samples, or one that says in words that they were too few, is kept as `insufficient` without medians:
    a ward not measured enough is neither good nor bad. A row that gives medians and no count of samples is refused.

    Raises
    ------
    RefusedError
        Where the columns for ward, operator, network, samples or medians are missing.
    """
    intake = Intake(source, SPEEDS, mapping)
    needed = ["operator"] if options.operator is None else []
    if not intake.has("ward_code") and not intake.has("ward_name"):
        needed.append("ward_code")
    intake.require([*needed, "network", "samples"], options=["operator"])
    if not any(intake.has(name) for name in _MEDIANS):
        intake.require(["download_mbps"])
    name_wards(intake)
    intake.values["operator"] = operators(intake, options.operator)
    intake.read(["network"])
    intake.values["period"] = _periods(intake, options.period)
    _judge_samples(intake)
    refuse_repeats(intake, SPEEDS.key)
    return intake, intake.result()


def _periods(intake: Intake, option: str | None) -> np.ndarray:
    """Return the month or quarter of each row, the option's where it has none; texts that are neither are refused."""
    stated = intake.worded("period", lambda text: month_of(text) or quarter_of(text))
    cells = intake.cells("period")
    filled = np.asarray(pc.is_valid(cells)) & ~marks_missing(cells)
    intake.note(filled & is_none(stated), "period_unknown", field="period", found=cells)
    return np.where(is_none(stated), np.array(option, dtype=object), stated)


def _judge_samples(intake: Intake) -> None:
    """Fill samples and medians, and tell the rows with too few of the former."""
    said = {name: intake.worded(name, _says_too_few) for name in ("samples", *_MEDIANS)}
    few = np.any([~is_none(column) for column in said.values()], axis=0)
    for name, words in said.items():
        intake.blank(name, ~is_none(words))
    intake.read(["samples", *_MEDIANS])
    samples = intake.values["samples"]
    measured = np.any([~np.isnan(intake.values[name]) for name in _MEDIANS], axis=0)
    cells = intake.cells("samples")
    intake.note(measured & (~np.asarray(pc.is_valid(cells)) | marks_missing(cells)) & ~few, "cell_missing", field="samples")
    few |= (samples < MIN_SAMPLES) | ~measured
    intake.repaired(few, "samples_insufficient", field="samples", found=cells, least=MIN_SAMPLES)
    for name in _MEDIANS:
        intake.values[name] = np.where(few, np.nan, intake.values[name])
    intake.values["sufficiency"] = np.where(few, "insufficient", "sufficient").astype(object)


def _says_too_few(text: str) -> str | None:
    """Return a cell's words where they say that there were too few samples."""
    folded = fold(text)
    return folded if folded in _TOO_FEW or text.strip().startswith("<") else None
