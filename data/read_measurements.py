"""Tests of the mobile networks: the logs of every format, and any table that names position and level.

Latched repeats stay in: cleaning them is part of the estimate, and needs every column kept here.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hatang.data._cells import marks_missing, writes_points
from hatang.data._intake import Intake, is_none, repeats, whole_rows
from hatang.data._shapes import positions
from hatang.data._sourcetable import SourceTable
from hatang.data._statements import ReadOptions, environments, operators
from hatang.data._vocabulary import NONE, NSA, OTHER, known_technologies, technology_of
from hatang.data.contracts import MEASUREMENTS, Environment, Technology
from hatang.data.mapping import FileMapping

_LENIENT: Final = ("rsrq_db", "sinr_db", "accuracy_m", "speed_kmh", "download_mbps", "upload_mbps", "latency_ms")
"""A wrong value here is taken out; the test of the level beside it still counts."""
_SPEEDS: Final = ("download_mbps", "upload_mbps", "latency_ms")
_DIGEST_DIGITS: Final = 12


def read_measurements(source: SourceTable, mapping: FileMapping, options: ReadOptions) -> tuple[Intake, pa.Table]:
    """Return the tests of a table under the contract MEASUREMENTS, and the intake with its faults and repairs.

    Networks whose level is no RSRP (2G, 3G, Wi-Fi) are refused. A row of 5G counts as 5G where the file gives its SS-RSRP; a 5G row of a
    log without it carries the level of the 4G anchor and counts as 4G. Rows without service stay, with no level.

    Raises
    ------
    RefusedError
        Where a column without which no row makes sense is missing.
    """
    intake, place = _opened(source, mapping, options)
    if intake.has("time"):
        intake.dropped, _ = repeats(pc.dictionary_encode(intake.whole_rows()).indices.to_numpy(), intake.source.rows)
    return intake, _judged(intake, place, options)


def read_measurements_in_parts(
    source: SourceTable, mapping: FileMapping, options: ReadOptions, rows: int
) -> Iterator[tuple[Intake, pa.Table]]:
    """Yield the tests of a large table part by part, `rows` at a time, and the intake of the whole, complete with the last of them.

    What hangs on all rows is settled first: the coordinate system, the order of axes, decimal points, and tests that stand twice. The
    tables together are what `read_measurements` returns; only one part at a time stands in objects.

    Raises
    ------
    RefusedError
        As `read_measurements`.
    """
    whole, place = _opened(source, mapping, options)
    again = _repeated(source, rows) if whole.has("time") else np.zeros(whole.count, bool)
    numeric = [whole.found_in[name] for name in (*_LENIENT, "rsrp_dbm", "ss_rsrp") if name in whole.found_in]
    pointed = frozenset(column for column in numeric if any(writes_points(chunk) for chunk in source.cells.column(column).chunks))
    source = replace(source, pointed=pointed)
    for start in range(0, whole.count, rows):
        stop = min(start + rows, whole.count)
        part = Intake(source.between(start, stop), MEASUREMENTS, mapping)
        part.refused, part.dropped = whole.refused[start:stop].copy(), again[start:stop]
        table = _judged(part, None if place is None else (place[0][start:stop], place[1][start:stop]), options)
        whole.take_over(part, start)
        if stop == whole.count:
            whole.settle()
        yield whole, table


def _opened(source: SourceTable, mapping: FileMapping, options: ReadOptions) -> tuple[Intake, tuple[np.ndarray, np.ndarray] | None]:
    """Return the intake of a table that has every column it needs, and the positions of its rows."""
    intake = Intake(source, MEASUREMENTS, mapping)
    place = positions(intake)
    if place is None:
        intake.require(("lon", "lat"))
    intake.require([] if options.operator else ["operator"], options=["operator"])
    intake.require([] if options.technology else ["technology"], options=["technology"])
    if not any(intake.has(name) for name in ("rsrp_dbm", "ss_rsrp", "no_service", *_SPEEDS)):
        intake.require(["rsrp_dbm"])
    return intake, place


def _judged(intake: Intake, place: tuple[np.ndarray, np.ndarray] | None, options: ReadOptions) -> pa.Table:
    """Return the tests of an intake whose positions are known, each row judged by itself."""
    if place is not None:
        intake.values["lon"], intake.values["lat"] = place
    intake.values["operator"] = operators(intake, options.operator)
    intake.values["environment"] = environments(intake, options.environment, Environment.OUTDOOR)
    intake.read(["time", "no_service", "cell_id", *_LENIENT], lenient=_LENIENT)
    technology, silent = _technologies(intake, options.technology)
    intake.values["no_service"] = silent.astype(object)
    intake.values["device_id"] = _devices(intake)
    intake.values["technology"], intake.values["rsrp_dbm"] = _levels(intake, technology, silent, anchored=intake.source.anchored)
    return intake.result()


def _repeated(source: SourceTable, rows: int) -> np.ndarray:
    """Return which rows repeat an earlier one in every cell, told by 128 bits of a hash of each."""
    digests = np.empty((source.cells.num_rows, 2), np.uint64)
    for start in range(0, len(digests), rows):
        texts = whole_rows(source.cells.slice(start, rows)).to_pylist()
        hashed = b"".join(hashlib.blake2b(text.encode(), digest_size=16).digest() for text in texts)
        digests[start : start + rows] = np.frombuffer(hashed, np.uint64).reshape(-1, 2)
    order = np.lexsort((digests[:, 1], digests[:, 0]))  # stable: of equal rows the first comes first
    repeated = np.zeros(len(digests), bool)
    repeated[order[1:]] = (digests[order[1:]] == digests[order[:-1]]).all(axis=1)
    return repeated


def _technologies(intake: Intake, option: str | None) -> tuple[np.ndarray, np.ndarray]:
    """Return the technology each row states (`4g`, `5g`, `nsa`) and where there was no service; networks without RSRP are refused.

    A row without service that names its technology stands for that one. A phone that names none has no 4G either: such rows count as 4G
    unless the option says otherwise.
    """
    cells = intake.cells("technology")
    meant = intake.worded("technology", technology_of)
    filled = np.asarray(pc.is_valid(cells)) & ~marks_missing(cells)
    silent = (meant == NONE) | (intake.values["no_service"] == np.array(True))
    other = np.isin(meant.astype(str), (OTHER, Technology.FIBRE)) & ~silent
    modes = np.asarray(cells.to_numpy(zero_copy_only=False), dtype=object)
    for mode in sorted(set(modes[other])):
        intake.note(other & (modes == mode), "technology_other", field="technology", found=mode, folded=True)
    unknown = is_none(meant) & ~silent
    known = known_technologies()
    if option is None:
        intake.note(unknown & filled, "technology_unknown", field="technology", found=cells, known=known)
        intake.note(unknown & ~filled, "cell_missing", field="technology")
    else:
        intake.repaired(unknown & filled, "technology_replaced", field="technology", found=cells, option=option)
        contrary = ~unknown & ~other & ~silent & (meant != option) & ~((meant == NSA) | (meant == Technology.NR))
        intake.note(contrary, "option_contrary", field="technology", found=cells, option=option)
    nameless = silent & ~np.isin(meant.astype(str), (Technology.LTE, Technology.NR, NSA))
    return np.where(nameless, option or Technology.LTE, np.where(unknown, np.array(option, dtype=object), meant)), silent


def _levels(intake: Intake, technology: np.ndarray, silent: np.ndarray, *, anchored: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return technology and level of each row: SS-RSRP makes a row 5G, a 5G row without it is its 4G anchor's."""
    field = "rsrp_dbm"
    level, marked, wrong = _level(intake, field)
    cells = intake.cells(field)
    new_radio = np.isin(technology.astype(str), (Technology.NR, NSA)) & ~silent
    if intake.has("ss_rsrp"):
        own, _, _ = _level(intake, "ss_rsrp")
        level = np.where(new_radio & ~np.isnan(own), own, level)
        anchor = new_radio & np.isnan(own)
    else:
        anchor = new_radio if anchored else technology == NSA
    intake.repaired(anchor, "nsa_as_4g", field="technology", found=intake.cells("technology"))
    radio = np.where(anchor, Technology.LTE, np.where(technology == NSA, Technology.NR, technology))
    lacking = np.isnan(level) & ~silent & ~intake.refused
    timed = np.any([~np.isnan(intake.values[name]) for name in _SPEEDS], axis=0) & ~np.asarray(pc.is_valid(cells))
    intake.repairs[f"sentinel:{field}"] += int((marked & ~intake.refused).sum())
    limits = MEASUREMENTS[field]
    intake.note(lacking & marked, "sentinel_level", field=field, found=cells)
    intake.note(lacking & wrong, "cell_range", field=field, found=cells, low=limits.low, high=limits.high, unit=limits.unit)
    intake.note(lacking & ~marked & ~wrong & ~timed, "level_missing", field=field)
    return radio, np.where(silent, np.nan, level)


def _level(intake: Intake, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a column of levels in dBm, NaN where there is none; where it holds a sign for "none", and where it is impossible."""
    column = MEASUREMENTS["rsrp_dbm"]
    parsed = intake.numbers(name)
    intake.commas(name, parsed)
    values = parsed.values
    marked = (np.isin(values, column.sentinels) & ~np.isnan(values)) | parsed.marked
    with np.errstate(invalid="ignore"):
        wrong = parsed.bad | (~marked & ((values < (column.low or 0)) | (values > (column.high or 0))))
    return np.where(marked | wrong, np.nan, values), marked, wrong


def _devices(intake: Intake) -> np.ndarray:
    """Return the device of each row; where none is named, the session: its name in the file under the hash of the file's content."""
    source = intake.source
    names = np.array([f"session:{digest[:_DIGEST_DIGITS]}" for digest in source.digests], dtype=object)[source.part]
    if intake.has("session"):
        sessions = intake.cells("session")
        named = pc.binary_join_element_wise(pa.array(names, pa.string()), sessions, ":", null_handling="skip")
        names = np.asarray(named.to_numpy(zero_copy_only=False), dtype=object)
    devices = intake.cells("device_id")
    given = np.asarray(pc.is_valid(devices)) & ~marks_missing(devices)
    return np.where(given, np.asarray(devices.to_numpy(zero_copy_only=False), dtype=object), names)
