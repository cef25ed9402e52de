"""What a published format is: the columns by which it is known, what they mean, and the traps that its rows hold."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyproj

from hatang.data._cells import tidy
from hatang.data._sourcetable import RowNote, SourceTable
from hatang.data._vocabulary import fold
from hatang.data.contracts import Fault, Kind, RefusedError, Severity
from hatang.data.mapping import FileMapping

_SHOWN: Final = 200
_ANY_WORD: Final = r"^(?:true|t|yes|y|1|1\.0)$"


class Draft:
    """A table of a known format on its way to the reader of its kind.

    Traps ask it for columns by their folded names, give it columns under names of the contract, and mark rows that must not count.
    """

    def __init__(self, source: SourceTable, mapping: FileMapping) -> None:
        self.source = source
        self.mapping = mapping
        self.count = len(source.rows)
        self.columns: dict[str, str] = {}
        self.geometry = source.geometry
        self.crs = source.crs
        self._names: dict[str, str] = {}
        for column in source.columns:
            self._names.setdefault(fold(column), column)
        self._added: dict[str, Any] = {}
        self._notes: list[RowNote] = list(source.notes)

    def has(self, name: str) -> bool:
        """Return whether the file has a column of that folded name."""
        return name in self._names

    def column(self, *names: str) -> str | None:
        """Return the file's own name of the first column there is."""
        return next((self._names[name] for name in names if name in self._names), None)

    def cells(self, *names: str) -> Any:
        """Return the tidy cells of the first column there is, all null where there is none."""
        column = self.column(*names)
        return pa.nulls(self.count, pa.string()) if column is None else tidy(self.source.cells.column(column).combine_chunks())

    def said(self, name: str) -> np.ndarray:
        """Return where a column of truths says yes."""
        return mask(pc.match_substring_regex(pc.utf8_lower(self.cells(name)), pattern=_ANY_WORD))

    def give(self, name: str, cells: Any, origin: str) -> None:
        """Give a column under its contract's name; `origin` says in faults where it comes from."""
        shown = origin
        while shown in self._added or shown in self.source.columns:
            shown += "′"
        self._added[shown] = cells
        self.columns[name] = shown

    def repeat(self, places: np.ndarray) -> None:
        """Take the rows at `places` instead, in that order and as often as they stand there; each keeps its number in the file.

        To be called before anything is given or marked.
        """
        source = self.source
        self.source = replace(
            source,
            cells=source.cells.take(pa.array(places)),
            rows=source.rows[places],
            part=source.part[places],
            geometry=None if source.geometry is None else source.geometry[places],
        )
        self.geometry = self.source.geometry
        self.count = len(places)

    def refuse(self, where: np.ndarray, code: str, column: str) -> None:
        """Refuse the rows at `where`, showing what their cells of the folded `column` hold."""
        self._note(where, code, Severity.REFUSED, column)

    def flag(self, where: np.ndarray, code: str, column: str) -> None:
        """Keep the rows at `where`, but count them under `code`."""
        self._note(where, code, Severity.REPAIRED, column)

    def refusal(self, code: str, *, found: object = None, field: str | None = None) -> RefusedError:
        """Return the error that refuses the file as a whole, all its rows counted."""
        shown = None if found is None else str(found)[:_SHOWN]
        fault = Fault(code, self.source.file, field=field, found=shown, count=self.count + self.source.lost)
        return RefusedError("error.reading.refused", [fault], file=self.source.file)

    def finished(self) -> SourceTable:
        """Return the table with what was given and marked."""
        cells = self.source.cells
        for name, column in self._added.items():
            cells = cells.append_column(name, column)
        return replace(self.source, cells=cells, geometry=self.geometry, crs=self.crs, notes=tuple(self._notes))

    def _note(self, where: np.ndarray, code: str, severity: Severity, column: str) -> None:
        if where.any():
            self._notes.append(RowNote(where, code, severity, self.column(column) or column, self.cells(column)))


Trap = Callable[[Draft], None]
"""What must be done to the rows of a format before they can be read as others are."""


@dataclass(frozen=True)
class Format:
    """A format that somebody publishes, in words of its own.

    Attributes
    ----------
    name, title
        Short name, and the name people know it by.
    kind
        Kind of data set its files hold.
    marks, without
        Folded columns by which it is known: all of `marks` are there and none of `without`.
    some, alone
        Columns of which at least one is there too, where there are any; whether there are no columns but `marks`.
    prefix
        How the folded name of one column more must begin, where a format has a column for each firm.
    decimal
        Its decimal sign; None where people make its files, whose columns tell.
    columns
        Contract name → folded names in the file, the first there is counts.
    units, constants
        Contract name → unit in the file, or value of every row; what a person states in a mapping goes first.
    crs
        Coordinate system of its x and y, where the publisher has one only.
    traps
        Run in order before the rows are read.
    anchored
        Whether rows of 5G without SS-RSRP carry the level of their 4G anchor.
    closed
        Whether no column counts but those named here: a foreign column may look like one of ours and mean something else.
    tried
        Whether a real file of it has been read, not only one written from its publisher's schema.
    refusal
        Code by which every file of it is refused, None where it is read.
    """

    name: str
    title: str
    kind: Kind
    marks: frozenset[str]
    without: frozenset[str] = frozenset()
    some: frozenset[str] = frozenset()
    alone: bool = False
    prefix: str = ""
    decimal: str | None = "."
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    crs: str | None = None
    traps: tuple[Trap, ...] = ()
    anchored: bool = False
    closed: bool = True
    tried: bool = False
    refusal: str | None = None

    def fits(self, columns: frozenset[str]) -> bool:
        """Return whether a table with these folded columns is of this format."""
        if self.alone:
            return self.marks == columns
        marked = self.marks <= columns and not self.without & columns and bool(not self.some or self.some & columns)
        return marked and (not self.prefix or any(column.startswith(self.prefix) for column in columns))

    def adapted(self, source: SourceTable, mapping: FileMapping) -> tuple[SourceTable, FileMapping]:
        """Return the table and the mapping with what is known of the format; what a person states in `mapping` goes first.

        Raises
        ------
        RefusedError
            Where files of this format, or this file of it, prove nothing here.
        """
        draft = Draft(source, mapping)
        if self.refusal is not None:
            raise draft.refusal(self.refusal, found=self.title)
        for name, names in self.columns.items():
            column = draft.column(*names)
            if column is not None:
                draft.columns[name] = column
        for trap in self.traps:
            trap(draft)
        crs = mapping.crs or (None if self.crs is None else pyproj.CRS(self.crs))
        full = replace(
            mapping,
            crs=crs,
            decimal=mapping.decimal or self.decimal,
            columns={**draft.columns, **mapping.columns},
            units={**self.units, **mapping.units},
            constants={**self.constants, **mapping.constants},
            closed=self.closed,
        )
        return replace(draft.finished(), anchored=self.anchored), full


def mask(booleans: Any) -> np.ndarray:
    """Return an Arrow array of booleans as numpy, null as False."""
    return np.asarray(booleans.fill_null(False), dtype=bool)


def among(cells: Any, words: Sequence[str]) -> np.ndarray:
    """Return where tidy cells hold one of the words, whatever their case."""
    return mask(pc.is_in(pc.utf8_lower(cells), value_set=pa.array(words, pa.string())))


def text_of(values: np.ndarray) -> Any:
    """Return an array of objects as cells of text, None as null."""
    return pa.array(values, pa.string(), from_pandas=True)


def objects(cells: Any) -> np.ndarray:
    """Return cells as an array of objects, null as None."""
    return np.asarray(cells.to_numpy(zero_copy_only=False), dtype=object)


def plmn(draft: Draft, mcc: Sequence[str], mnc: Sequence[str]) -> Any:
    """Return the serving network of each row as `452-04`, null where the row does not name one.

    Signs for "none" of loggers (0, −1, 2147483647) name no network.
    """
    country, network = (pc.replace_substring_regex(draft.cells(*names), pattern=r"\.0$", replacement="") for names in (mcc, mnc))
    known = mask(pc.match_substring_regex(country, pattern=r"^[2-7]\d\d$")) & mask(pc.match_substring_regex(network, pattern=r"^\d{1,3}$"))
    both = pc.binary_join_element_wise(country, pc.utf8_lpad(network, width=2, padding="0"), "-")
    return pc.if_else(pa.array(known), both, pa.scalar(None, pa.string()))


def serving(*, mcc: Sequence[str] = ("mcc",), mnc: Sequence[str] = ("mnc",), name: Sequence[str] = ()) -> Trap:
    """Return the trap that takes the serving network's MCC and MNC for the operator, its name where a row has none of them."""

    def take(draft: Draft) -> None:
        code = plmn(draft, mcc, mnc)
        draft.give("operator", pc.coalesce(code, draft.cells(*name)), ", ".join([mcc[0], mnc[0], *name[:1]]))

    return take


def refuse_where(column: str, words: Sequence[str], code: str) -> Trap:
    """Return the trap that refuses the rows whose cells of `column` hold one of the words."""

    def refuse(draft: Draft) -> None:
        draft.refuse(among(draft.cells(column), words), code, column)

    return refuse


def whole_id(name: str, column: str) -> Trap:
    """Return the trap that gives numbers which a tool wrote as `17.0` as the ids they are."""

    def take(draft: Draft) -> None:
        draft.give(name, pc.replace_substring_regex(draft.cells(column), pattern=r"\.0+$", replacement=""), draft.column(column) or column)

    return take


TRUE: Final = ("true", "t", "1", "1.0", "yes")
FALSE: Final = ("false", "f", "0", "0.0", "no")
