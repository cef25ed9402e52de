"""A table as it stands in a file: cells of text with the row and the file they come from, and shapes where it has them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyproj

from hatang.data.contracts import Fault, Severity


@dataclass(frozen=True)
class RowNote:
    """What a format says against some rows before they are read: where, the fault's code, and the column and cells that show it."""

    where: np.ndarray
    code: str
    severity: Severity
    column: str
    found: pa.Array


@dataclass(frozen=True)
class SourceTable:
    """Rows of one kind from one or several files, not yet understood.

    Attributes
    ----------
    file
        Name of the file that was handed in.
    cells
        pyarrow Table of strings, one column a column of the file; null where a cell is empty.
    rows
        Row of each record as a person counts in the file: lines of a text or sheet from 1, features of a layer from 1.
    part, parts
        Position in `parts` of the file each row comes from: several for an archive of logs.
    digests
        SHA-256 of each part's content, which names a session where a log has no device.
    geometry, crs
        Shapes of the rows (object array), and the coordinate system the file states; None where it has none.
    crs_named
        Whether the form names coordinate systems. One that writes their parameters only (MapInfo) cannot tell VN-2000 from WGS 84.
    sound
        Whether the shapes are valid by the way they were made, so that nobody need look: on a large area that costs more than the rest.
    lost
        Rows that could not even be split into cells; their faults stand in `faults`.
    repairs
        What was mended while reading the text, by name, with how often.
    notes
        What the file's format says against some of its rows.
    anchored
        Whether rows of 5G without SS-RSRP carry the level of their 4G anchor.
    cut
        Whether the form cuts names of columns after ten bytes, as the table of a shapefile does.
    pointed
        Columns known to write decimal points, where the rows are a part of a table and need not show it.
    """

    file: str
    cells: pa.Table
    rows: np.ndarray
    part: np.ndarray
    parts: tuple[str, ...]
    digests: tuple[str, ...]
    geometry: np.ndarray | None = None
    crs: pyproj.CRS | None = None
    crs_named: bool = True
    sound: bool = False
    lost: int = 0
    faults: tuple[Fault, ...] = ()
    repairs: dict[str, int] = field(default_factory=dict)
    notes: tuple[RowNote, ...] = ()
    anchored: bool = False
    pointed: frozenset[str] = frozenset()
    cut: bool = False

    @property
    def columns(self) -> list[str]:
        """Return the column names as in the file; a name that came twice carries `#2`."""
        return list(self.cells.column_names)

    def between(self, start: int, stop: int) -> "SourceTable":
        """Return some of the rows, without what is said of the file as a whole."""
        return replace(
            self,
            cells=self.cells.slice(start, stop - start),
            rows=self.rows[start:stop],
            part=self.part[start:stop],
            geometry=None if self.geometry is None else self.geometry[start:stop],
            lost=0,
            faults=(),
            repairs={},
            notes=(),
        )


def distinct_names(names: Sequence[str]) -> list[str]:
    """Return the names with repeated ones numbered and empty ones named by position.

    Examples
    --------
    >>> distinct_names(["a", "", "a"])
    ['a', '#2', 'a#2']
    """
    seen: dict[str, int] = {}
    distinct = []
    for position, name in enumerate(names, start=1):
        plain = name.strip() or f"#{position}"
        seen[plain] = seen.get(plain, 0) + 1
        distinct.append(plain if seen[plain] == 1 else f"{plain}#{seen[plain]}")
    return distinct


def write_cells(table: SourceTable, path: Path) -> None:
    """Write the rows of a table as an Arrow file: their numbers, then the columns of text."""
    names = ["#", *table.columns]
    columns = [pa.array(table.rows, pa.int64()), *table.cells.columns]
    written = pa.Table.from_arrays(columns, schema=pa.schema([(name, column.type) for name, column in zip(names, columns, strict=True)]))
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, written.schema) as writer:
        writer.write_table(written)


def read_cells(path: Path, file: str, lost: int) -> SourceTable:
    """Return what `write_cells` wrote.

    Raises
    ------
    ValueError
        Where the file is no such table.
    """
    with pa.OSFile(str(path), "rb") as source:
        written = pa.ipc.open_file(source).read_all()
    written.validate(full=True)
    if written.schema.types != [pa.int64(), *[pa.string()] * (written.num_columns - 1)]:
        raise ValueError(str(written.schema))
    rows = np.asarray(written.column(0), np.int64)
    return SourceTable(file, written.remove_column(0), rows, np.zeros(len(rows), np.int32), (file,), ("",), lost=lost)


def joined(file: str, tables: Sequence[SourceTable]) -> SourceTable:
    """Return the rows of several tables with the same columns as one table."""
    if len(tables) == 1:
        return tables[0]
    repairs: dict[str, int] = {}
    for table in tables:
        for name, count in table.repairs.items():
            repairs[name] = repairs.get(name, 0) + count
    return SourceTable(
        file=file,
        cells=pa.concat_tables([table.cells for table in tables]),
        rows=np.concatenate([table.rows for table in tables]),
        part=np.repeat(np.arange(len(tables), dtype=np.int32), [len(table.rows) for table in tables]),
        parts=tuple(table.parts[0] for table in tables),
        digests=tuple(table.digests[0] for table in tables),
        lost=sum(table.lost for table in tables),
        faults=tuple(fault for table in tables for fault in table.faults),
        repairs=repairs,
    )
