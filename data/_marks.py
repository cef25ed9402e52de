"""Columns and rows that our own workbooks carry for the person who fills them, and that are no data when the workbook comes back."""

import dataclasses
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hatang.data._sourcetable import SourceTable
from hatang.data._vocabulary import fold
from hatang.data.contracts import Fault, Severity

EXAMPLE_HEADING: Final = "Dòng mẫu"
"""Heading of the column that tells the example row of a template."""
EXAMPLE_WORDS: Final = "VÍ DỤ – xóa dòng này"
CORRECTION_HEADING: Final = "Lỗi cần sửa"
"""Heading of the column in which an annotated copy says what is wrong with a row."""
_RESERVED: Final = frozenset({fold(EXAMPLE_HEADING), fold(CORRECTION_HEADING)})


def without_marks(table: SourceTable) -> SourceTable:
    """Return a table without the columns that our workbooks add, and without the example row of a template, which is noted.

    Rows that hold nothing beside such marks go too; the row numbers of the others stay as they are in the file.
    """
    marks = [name for name in table.columns if fold(name) in _RESERVED]
    if not marks:
        return table
    example = np.zeros(len(table.rows), bool)
    for name in marks:
        if fold(name) == fold(EXAMPLE_HEADING):
            example |= np.asarray(pc.match_substring_regex(table.cells.column(name).combine_chunks(), r"(?i)^\s*v(í|i)\s*d(ụ|u)"), bool)
    cells = table.cells.drop_columns(marks)
    empty = np.ones(len(table.rows), bool)
    for column in cells.columns:
        empty &= ~np.asarray(pc.fill_null(pc.not_equal(column, ""), pa.scalar(False)), bool)
    kept = ~(example | empty)
    faults = tuple(
        Fault("example_row", table.parts[table.part[place]], Severity.WARNING, row=int(table.rows[place]))
        for place in np.flatnonzero(example)
    )
    return dataclasses.replace(
        table,
        cells=cells.filter(pa.array(kept)),
        rows=table.rows[kept],
        part=table.part[kept],
        faults=(*table.faults, *faults),
    )
