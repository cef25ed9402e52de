"""What is wrong in single rows of a register: named, the row left out or a cell emptied, the rest kept."""

from typing import Any, Final

import numpy as np
import pandas as pd
import shapely

from hatang.data.contracts import FINDINGS, Table

_USES: Final = (("slots_used", "slots_total"), ("entries_used", "entries_total"), ("racks_used", "racks_total"),
                ("used_moment_knm", "allow_moment_knm"), ("free_height_m", "height_m"))  # fmt: skip
"""What is used, or free, cannot exceed what there is."""
_DIMENSIONS: Final = {"point": 0, "line": 1}


class Checked:
    """A table while its rows are checked: what is left of it, and the findings so far."""

    def __init__(self, table: Table, frame: pd.DataFrame) -> None:
        self.table = table
        self.frame = frame.reset_index(drop=True)
        self.key = table.columns[0].name
        self.findings: list[dict[str, Any]] = []

    def leave_out(self, where: np.ndarray, finding: str, **columns: object) -> None:
        """Name rows and leave them out."""
        self.name(where, finding, "left_out", **columns)
        self.frame = self.frame[~where].reset_index(drop=True)

    def name(self, where: np.ndarray, finding: str, severity: str, **columns: object) -> None:
        """Name rows; columns are one value for all, or one a row of the table."""
        for row in np.flatnonzero(where):
            values = {name: value[row] if isinstance(value, np.ndarray) else value for name, value in columns.items()}
            own = self.frame[self.key][row]
            shape = self.frame["geometry"][row] if "geometry" in self.frame else None
            named = {"finding": finding, "table": self.table.name, "asset_id": "" if pd.isna(own) else str(own), "severity": severity}
            self.findings.append({**named, **values, "geometry": shape})


def checked_rows(table: Table, frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of a table that can be kept, typed enough for its contract, and what was wrong (FINDINGS contract).

    Left out: no id, an id that an earlier row has, no shape or one of the wrong kind, a line without length, dates reversed. Emptied: a
    number that is none or out of range, a word that no list has, use above capacity. A warning: no owner.
    """
    checked = Checked(table, frame)
    own = checked.frame[checked.key]
    checked.leave_out((own.isna() | (own.astype(str).str.strip() == "")).to_numpy(bool), "id_missing")
    if table.key:
        checked.leave_out(checked.frame.duplicated(list(table.key)).to_numpy(bool), "duplicate")
    _check_shapes(checked)
    _empty_cells(checked)
    _check_dates(checked)
    for used, total in _USES:
        if used in checked.frame and total in checked.frame and {used, total} <= set(table.names):
            has, of = (checked.frame[name].to_numpy(float, na_value=np.nan) for name in (used, total))
            checked.name(has > of, "above_capacity", "emptied", measured=has, needed=of, unit=table[used].unit)
            checked.frame.loc[has > of, used] = np.nan
    if "owner" in table.names and table.geometry and len(checked.frame):
        owner = checked.frame["owner"] if "owner" in checked.frame else pd.Series(None, index=checked.frame.index, dtype=object)
        checked.name(owner.isna().to_numpy(bool), "owner_unknown", "warning")
    found = pd.DataFrame(checked.findings, columns=FINDINGS.names)
    return checked.frame, FINDINGS.conform(found)


def _check_shapes(checked: Checked) -> None:
    if not checked.table.geometry:
        return
    shapes = checked.frame["geometry"].to_numpy(object)
    wanted = _DIMENSIONS[checked.table.geometry]
    checked.leave_out((shapely.is_missing(shapes) | shapely.is_empty(shapes) | (shapely.get_dimensions(shapes) != wanted)), "shape_missing")
    if wanted == 1:
        length = shapely.length(checked.frame["geometry"].to_numpy(object))
        checked.leave_out(length == 0, "zero_length", measured=0.0, unit="m")


def _empty_cells(checked: Checked) -> None:
    """Empty numbers and words that the contract does not take."""
    for column in checked.table.columns:
        if column.name not in checked.frame:
            continue
        cells = checked.frame[column.name]
        if column.type in ("int", "float"):
            number = pd.to_numeric(cells, errors="coerce").astype("float64")
            low, high = (np.inf * sign if bound is None else bound for bound, sign in ((column.low, -1), (column.high, 1)))
            wrong = (cells.notna() & number.isna()) | (number < low) | (number > high) | np.isinf(number)
            if column.type == "int":
                wrong |= number.notna() & (number % 1 != 0)
            checked.name(
                wrong.to_numpy(bool), "number_wrong", "emptied", other_id=column.name, measured=number.to_numpy(), unit=column.unit
            )
            checked.frame[column.name] = number.mask(wrong)
        elif column.values:  # noqa: PD011 - of the contract
            wrong = cells.notna() & ~cells.isin(column.values)
            checked.name(wrong.to_numpy(bool), "word_unknown", "emptied", other_id=column.name)
            checked.frame[column.name] = cells.astype(object).mask(wrong, None)
        elif column.type == "date":
            checked.frame[column.name] = pd.to_datetime(cells, errors="coerce")


def _check_dates(checked: Checked) -> None:
    if {"valid_from", "valid_to"} <= set(checked.frame.columns):
        wrong = checked.frame["valid_to"] < checked.frame["valid_from"]
        checked.leave_out(wrong.to_numpy(bool), "dates_reversed")
