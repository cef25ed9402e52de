"""Rows that speak of a ward: which one, and each of them once."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hatang.data._intake import Intake, is_none, repeats
from hatang.data.facts import ward_facts
from hatang.data.gazetteer import ward_codes


def name_wards(intake: Intake, needed: np.ndarray | None = None) -> None:
    """Fill code and official name of each row's ward; rows of unknown wards, or whose code and name are two wards, are refused.

    `needed` says which rows must name one, by default all.
    """
    names = dict(zip(ward_facts()["ward_code"], ward_facts()["ward_name"], strict=True))
    codes, spelt = intake.cells("ward_code"), intake.cells("ward_name")
    by_code = intake.worded("ward_code", lambda text: code if (code := text.removesuffix(".0")) in names else None)
    by_name = intake.worded("ward_name", lambda text: ward_codes([text])[0])
    coded = np.asarray(pc.is_valid(codes))
    named = np.asarray(pc.is_valid(spelt))
    unknown = coded & is_none(by_code)
    intake.note(unknown, "ward_unknown", field="ward_code", found=codes)
    intake.note(~coded & named & is_none(by_name), "ward_unknown", field="ward_name", found=spelt)
    intake.note(~coded & ~named if needed is None else ~coded & ~named & needed, "cell_missing", field="ward_code")
    two = coded & ~unknown & ~is_none(by_name) & (by_name != by_code)
    pairs = pc.binary_join_element_wise(codes, spelt, ", ", null_handling="skip")
    intake.note(two, "ward_two", field="ward_code", found=pairs)
    found = np.where(coded, by_code, by_name)
    intake.values["ward_code"] = found
    intake.values["ward_name"] = np.array([names.get(code) for code in found], dtype=object)


def refuse_repeats(intake: Intake, key: Sequence[str]) -> None:
    """Refuse rows whose values of all columns of `key` an earlier row of those kept has, naming that row."""
    kept = np.flatnonzero(~intake.refused)
    keys = [pa.array(intake.values[name][kept], pa.string()).fill_null("") for name in key]
    again, origin = repeats(pc.dictionary_encode(pc.binary_join_element_wise(*keys, " ")).indices.to_numpy(), intake.source.rows[kept])
    exact, _ = repeats(pc.dictionary_encode(intake.whole_rows()).indices.to_numpy(), intake.source.rows)
    for code, chosen in (("duplicate_row", exact[kept]), ("duplicate_id", ~exact[kept])):
        mask, found = np.zeros(intake.count, bool), np.full(intake.count, None, dtype=object)
        mask[kept[again & chosen]] = True
        found[kept] = [f"= {row}" for row in origin]
        intake.note(mask, code, field=key[0], found=found)
