"""One file on its way to a canonical table: which rows are still in, what was mended, and every fault so far."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hatang.data._cells import Parsed, degrees, marks_missing, numbers, tidy, times, truths, words
from hatang.data._periods import bounds_of
from hatang.data._sourcetable import SourceTable
from hatang.data._vocabulary import fold, likely, spellings, unit_in, value_of
from hatang.data.contracts import Column, Fault, RefusedError, Severity, Table
from hatang.data.mapping import FileMapping

FAULTS_LISTED: Final = 1_000
"""So many faults of one kind are listed row by row; the rest are folded into one that counts them."""
_ARROW: Final[Mapping[str, pa.DataType]] = {
    "text": pa.string(),
    "int": pa.int64(),
    "float": pa.float64(),
    "bool": pa.bool_(),
    "date": pa.timestamp("us"),
    "time": pa.timestamp("us"),
}
_BESIDE: Final = ("lon", "lat", "x", "y", "wkt", "ss_rsrp", "session", "building_id")
"""Columns that readers use and no table stores."""
_NO_COORDINATE: Final = (2147483647.0, -99999.0)
_CUT_BYTES: Final = (8, 9, 10)
"""Bytes of a name that was cut after ten: fewer where the cut fell within a letter or behind a space."""
_MIDNIGHT: Final = "T00:00:00"
_UTC_COLUMNS: Final = frozenset({"time_utc", "timestamp_utc", "utc_time"})
_ONE_GROUP: Final = r"^[+-]?\d{1,3}[.,]\d{3}$"
"""Digits of which nothing says whether the last three are thousands or decimals."""
_SHOWN: Final = 120
_COLUMNS_SHOWN: Final = 1_000


class Intake:
    """The rows of a source table under one contract.

    Readers ask it for columns by their contract name; it finds them by mapping, name or synonym, types them, and notes what is wrong.
    `values` holds the typed columns, `refused` and `dropped` the rows that are out; `faults` and `repairs` are complete once `result`
    was called.
    """

    def __init__(self, source: SourceTable, table: Table, mapping: FileMapping) -> None:
        self.source = source
        self.table = table
        self.mapping = mapping
        self.count = len(source.rows)
        self.refused = np.zeros(self.count, bool)
        self.dropped = np.zeros(self.count, bool)
        self.repairs: Counter[str] = Counter(source.repairs)
        self.faults: list[Fault] = list(source.faults)
        self.values: dict[str, np.ndarray] = {}
        self.found_in = resolve(table, source.columns, mapping, cut=source.cut)
        self._tidy: dict[str, Any] = {}
        self._taken: defaultdict[tuple[Any, ...], list[int]] = defaultdict(list)
        self._mended: list[tuple[np.ndarray, str, dict[str, Any]]] = []
        for name, column in _begun_by(self.found_in, table, mapping) if source.cut else ():
            self.about_file("column_cut", Severity.REPAIRED, field=column, found=column, name=name)
        for note in source.notes:
            if note.severity is Severity.REFUSED:
                self.note(note.where, note.code, field=note.column, found=note.found)
            else:
                self.repaired(note.where, note.code, field=note.column, found=note.found)

    def has(self, name: str) -> bool:
        """Return whether the file, or a constant of the mapping, gives the column."""
        return name in self.found_in or name in self.mapping.constants

    def heading(self, name: str) -> str:
        """Return what the file calls a column of the contract, the contract's own name where the file does not have it."""
        column = self.found_in.get("wkt" if name == "geometry" and self.source.geometry is None else name, name)
        plain = column.rstrip("′")  # what a format gives under a column's name stands beside the column
        return plain if plain in self.source.columns else column

    def cells(self, name: str) -> Any:
        """Return the tidy cells of a column, all null where the file does not have it; constants fill what is empty."""
        if name not in self._tidy:
            constant = pa.scalar(self.mapping.constants.get(name), pa.string())
            if name in self.found_in:
                cells = tidy(self.source.cells.column(self.found_in[name]).combine_chunks())
                self._tidy[name] = pc.if_else(pc.is_valid(cells), cells, constant)
            else:
                self._tidy[name] = pa.repeat(constant, self.count)
        return self._tidy[name]

    def blank(self, name: str, where: np.ndarray) -> None:
        """Take the words of a column's cells at `where` as understood, so that they are not read as numbers."""
        if where.any():
            self._tidy[name] = pc.if_else(pa.array(where), pa.scalar(None, pa.string()), self.cells(name))

    def replace(self, name: str, cells: Any) -> None:
        """Take other cells for those of a column, where a reader knows what its words mean as numbers."""
        self._tidy[name] = cells

    def note(
        self,
        mask: np.ndarray,
        code: str,
        severity: Severity = Severity.REFUSED,
        *,
        field: str | None = None,
        found: Any = None,
        folded: bool = False,
        **fields: object,
    ) -> None:
        """Note a fault of the rows at `mask`, refusing them where the severity says so.

        `found` holds what stood there: one text for all, or as many as there are rows. `folded` lists the first row only.
        """
        places = np.flatnonzero(mask)
        if not len(places):
            return
        if severity is Severity.REFUSED:
            self.refused[places] = True
        listed = places[: 1 if folded else FAULTS_LISTED]
        for position, place in enumerate(listed):
            rest = len(places) - len(listed) if position == len(listed) - 1 else 0
            self.faults.append(
                Fault(
                    code,
                    self.source.parts[self.source.part[place]],
                    severity,
                    row=int(self.source.rows[place]),
                    field=field if field is None else self.heading(field),
                    found=_shown(found, int(place)),
                    fields=fields,
                    count=1 + rest,
                )
            )

    def repaired(self, mask: np.ndarray, code: str, *, name: str = "", folded: bool = True, **about: Any) -> None:
        """Note a repair of the rows at `mask`, counted under `name` (the code where it has none); rows refused in the end do not count."""
        if mask.any():
            self._mended.append((mask, code, {"name": name or code, "folded": folded, **about}))

    def about_file(self, code: str, severity: Severity, *, field: str | None = None, found: str | None = None, **fields: object) -> None:
        """Note a fault of the file as a whole that does not refuse it."""
        self.faults.append(Fault(code, self.source.file, severity, field=field, found=found, fields=fields))

    def refusal(self, code: str, *, field: str | None = None, found: str | None = None, **fields: object) -> RefusedError:
        """Return the error that refuses the file for `code`, carrying every fault so far."""
        fault = Fault(code, self.source.file, field=field, found=found, fields=fields)
        return RefusedError("error.reading.refused", [fault, *self.faults], file=self.source.file)

    def require(self, names: Sequence[str], *, options: Sequence[str] = ()) -> None:
        """Raise where the file lacks any of the columns, naming those it has and a mapping that might do."""
        missing = [name for name in names if not self.has(name)]
        if missing:
            known = {c.name: c.synonyms for c in self.table.columns}
            free = [c for c in self.source.columns if c not in self.found_in.values()]
            lines = [f"{name}: {likely(name, known.get(name, ()), free) or '…'}" for name in missing]
            raise self.refusal(
                "file_columns",
                field=", ".join(missing),
                found=", ".join(self.source.columns)[:_COLUMNS_SHOWN],
                missing=", ".join(missing),
                mapping="columns: {" + ", ".join(lines) + "}",
                options=" ".join(f"--{name}" for name in missing if name in options) or "–",
            )

    def read(self, names: Sequence[str], *, lenient: Sequence[str] = ()) -> None:
        """Type the columns `names` into `values`, noting unreadable and impossible cells; `lenient` ones become missing, others refuse."""
        for name in names:
            column = self.table[name]
            self.values[name] = self.typed(column, lenient=name in lenient)
            if column.required:
                cells = self.cells(name)
                self.note(~np.asarray(pc.is_valid(cells)) | marks_missing(cells), "cell_missing", field=name)

    def typed(self, column: Column, *, lenient: bool = False) -> np.ndarray:
        """Return a column as its contract types it: float64 with NaN, datetime64 with NaT, or objects with None."""
        cells = self.cells(column.name)
        if column.type in ("int", "float"):
            return self._number(column, cells, lenient=lenient)
        if column.type in ("date", "time"):
            parsed = times(cells, utc=fold(self.found_in.get(column.name, "")) in _UTC_COLUMNS)
            if column.bound and parsed.bad.any():
                parsed = self._bounded(column, parsed, cells)
            self._unreadable(column, parsed, cells, "cell_date", lenient=lenient)
            days = parsed.values.astype("datetime64[D]").astype("datetime64[us]")
            return np.asarray(parsed.values if column.type == "time" else days)
        if column.type == "bool":
            parsed = truths(cells)
            self._unreadable(column, parsed, cells, "cell_bool", lenient=lenient)
            return np.asarray(parsed.values, dtype=object)
        if column.values:
            return self._one_of(column, cells, lenient=lenient)
        return _objects(pc.if_else(pa.array(marks_missing(cells)), pa.scalar(None, pa.string()), cells))

    def numbers(self, name: str, *, whole: bool = False, money: bool = False) -> Parsed:
        """Return a column read as numbers, as its file writes them."""
        pointed = self.found_in.get(name) in self.source.pointed
        return numbers(self.cells(name), whole=whole, money=money, decimal=self.mapping.decimal, pointed=pointed)

    def coordinate(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Return a column of coordinates as float64 without limits, and where a cell could not be read."""
        cells = self.cells(name)
        if name in ("lon", "lat"):
            self.replace(name, degrees(cells))
        parsed = self.numbers(name)
        self.note(parsed.bad, "cell_number", field=name, found=cells)
        self.commas(name, parsed)
        none = np.isin(parsed.values, _NO_COORDINATE)
        self.repaired(none | parsed.marked, "sentinel", name=f"sentinel:{name}", field=name, found=cells)
        return np.where(none, np.nan, parsed.values), parsed.bad

    def commas(self, name: str, parsed: Parsed) -> None:
        """Note numbers with a decimal comma or thousands in a file of which nothing says that it writes them so."""
        if self.mapping.decimal is None:
            for code, mask in (("decimal_comma", parsed.comma), ("thousands", parsed.thousands)):
                self.repaired(mask, code, name=f"{code}:{name}", field=name, found=self.cells(name))

    def worded(self, name: str, meaning: Callable[[str], str | None]) -> np.ndarray:
        """Return what `meaning` makes of a column's cells, None where it knows nothing."""
        return words(self.cells(name), meaning)

    def whole_rows(self) -> Any:
        """Return each row's cells as one text: equal rows have equal texts."""
        return whole_rows(self.source.cells)

    def take_over(self, part: "Intake", start: int) -> None:
        """Take what the reading of a part of the rows, from row `start` on, gave beside its table; faults stay as many as of one piece."""
        self.refused[start : start + part.count] = part.refused
        self.repairs.update(part.repairs)
        for fault in part.faults:
            listed = self._taken[fault.code, fault.severity, fault.file, fault.field]
            if len(listed) < (1 if fault.severity is Severity.REPAIRED else FAULTS_LISTED):
                listed.append(len(self.faults))
                self.faults.append(fault)
            else:
                last = self.faults[listed[-1]]
                self.faults[listed[-1]] = replace(last, count=last.count + fault.count)

    def result(self, geometry: np.ndarray | None = None) -> pa.Table:
        """Return the rows kept, typed by the contract, `geometry` as WKB; count the repairs of the rows that stay."""
        self.settle()
        kept = ~self.refused & ~self.dropped
        types = {c.name: _ARROW[c.type] for c in self.table.columns}
        arrays = {name: _arrow(self.values[name][kept] if name in self.values else None, kind, kept.sum()) for name, kind in types.items()}
        if geometry is not None:
            arrays["geometry"] = pa.array(geometry[kept], pa.binary())
        return pa.table(arrays)

    def settle(self) -> None:
        """Count the repairs of the rows that stay, now that every row has been judged."""
        for mask, code, about in self._mended:
            stays = mask & ~self.refused
            name = about.pop("name")
            if stays.any():
                self.repairs[name] += int(stays.sum())
                self.note(stays, code, Severity.REPAIRED, **about)
        self._mended.clear()
        again = self.dropped & ~self.refused
        self.repairs["duplicate"] += int(again.sum())
        self.note(again, "duplicate_dropped", Severity.REPAIRED, folded=True)

    def _number(self, column: Column, cells: Any, *, lenient: bool) -> np.ndarray:
        """Return a numeric column in the contract's unit, sentinels and impossible values taken out."""
        factor = self.mapping.factor(column.name, column.unit, unit_in(self.found_in.get(column.name, "")))
        money = column.unit == "VND"
        parsed = self.numbers(column.name, whole=column.type == "int" and column.name not in self.mapping.units, money=money)
        if money and factor != 1.0 and self.mapping.decimal is None:
            # 1.250 million may be twelve hundred and fifty million, or one and a quarter: a thousandfold error that nobody would see
            self.note(
                parsed.thousands & np.asarray(pc.match_substring_regex(cells, _ONE_GROUP).fill_null(False)),
                "cell_money",
                field=column.name,
                found=cells,
            )
        self._unreadable(column, parsed, cells, "cell_number" if column.type == "float" else "cell_integer", lenient=lenient)
        self.commas(column.name, parsed)
        sentinel = np.isin(parsed.values, column.sentinels)
        self.repaired(sentinel | parsed.marked, "sentinel", name=f"sentinel:{column.name}", field=column.name, found=cells)
        with np.errstate(over="ignore"):
            values = np.where(sentinel, np.nan, parsed.values) * factor
        low, high = (-np.inf if column.low is None else column.low), (np.inf if column.high is None else column.high)
        outside = (values < low) | (values > high) | np.isinf(values)
        if lenient:
            self.repaired(outside, "cell_cleared", name=f"range:{column.name}", field=column.name, found=cells)
        else:
            self.note(outside, "cell_range", field=column.name, found=cells, low=_bound(low), high=_bound(high), unit=column.unit)
        return np.where(outside, np.nan, values)

    def _bounded(self, column: Column, parsed: Parsed, cells: Any) -> Parsed:
        """Take the first or the last day of the months, quarters and years that stand for a day, each named as a repair."""
        ends = words(pc.if_else(pa.array(parsed.bad), cells, pa.scalar(None, pa.string())), bounds_of)
        named = ~is_none(ends)
        values = parsed.values.copy()
        for place in np.flatnonzero(named):
            values[place] = np.datetime64(ends[place][column.bound == "last"], "us")
        self.repaired(
            named, f"date_{column.bound}", name=f"date_{column.bound}:{column.name}", folded=False, field=column.name, found=cells
        )
        return replace(parsed, values=values, bad=parsed.bad & ~named)

    def _unreadable(self, column: Column, parsed: Parsed, cells: Any, code: str, *, lenient: bool) -> None:
        """Note the cells that could not be read."""
        if lenient:
            self.repaired(parsed.bad, "cell_cleared", name=f"unreadable:{column.name}", field=column.name, found=cells)
        else:
            self.note(parsed.bad, code, field=column.name, found=cells)

    def _one_of(self, column: Column, cells: Any, *, lenient: bool) -> np.ndarray:
        """Return a column of fixed values, understood in either language."""
        values = words(cells, lambda text: value_of(column.name, text, column.values))
        unknown = np.asarray(pc.is_valid(cells)) & ~marks_missing(cells) & is_none(values)
        if lenient:
            self.repaired(unknown, "cell_cleared", name=f"unreadable:{column.name}", field=column.name, found=cells)
        else:
            self.note(unknown, "cell_value", field=column.name, found=cells, known=", ".join(column.values))
        return values


def resolve(table: Table, columns: Sequence[str], mapping: FileMapping, *, cut: bool = False) -> dict[str, str]:
    """Return contract name → file column, by the mapping, then by the contract's own name, then by synonyms in their order.

    Names for coordinates, sessions and SS-RSRP that readers need beside the contract are found alike. A column serves one name only.
    `cut` says that the form cut names after ten bytes: a name of which that is the beginning, and of no other, is meant.

    Raises
    ------
    RefusedError
        Where the mapping points at a column the file does not have.
    """
    folded: dict[str, str] = {}
    for column in columns:
        folded.setdefault(fold(column), column)
    found: dict[str, str] = {}
    faults = []
    for name, column in mapping.columns.items():
        actual = column if column in columns else folded.get(fold(column))
        if actual is None:
            known = ", ".join(columns)[:_COLUMNS_SHOWN]
            faults.append(Fault("mapping_absent", mapping.file, field=name, found=column, fields={"known": known}))
        else:
            found[name] = actual
    if faults:
        raise RefusedError("error.reading.mapping", faults, file=mapping.file)
    if mapping.closed:
        return found
    wanted: dict[str, tuple[str, ...]] = {c.name: c.synonyms for c in table.columns}
    wanted.update({name: () for name in _BESIDE if name not in wanted})
    wanted["lon"], wanted["lat"] = (tuple(s for s in wanted[axis] if s not in ("x", "y")) for axis in ("lon", "lat"))
    names = {name: spellings(name, synonyms) for name, synonyms in wanted.items()}
    for rank in range(max(len(spelt) for spelt in names.values())):
        for name, spelt in names.items():
            candidate = folded.get(spelt[rank]) if rank < len(spelt) else None
            if candidate is not None and name not in found and candidate not in found.values():
                found[name] = candidate
    return {**found, **_begun(names, columns, found)} if cut else found


def _begun_by(found: Mapping[str, str], table: Table, mapping: FileMapping) -> list[tuple[str, str]]:
    """Return contract name and file column where the column only begins a name that is known."""
    known = {c.name: spellings(c.name, c.synonyms) for c in table.columns}
    return [
        (name, column)
        for name, column in found.items()
        if name not in mapping.columns and fold(column) not in known.get(name, (fold(column),))
    ]


def _begun(names: Mapping[str, Sequence[str]], columns: Sequence[str], found: Mapping[str, str]) -> dict[str, str]:
    """Return contract name → file column for names cut after ten bytes that can be the beginning of one contract name only."""
    free = [column for column in columns if column not in found.values() and len(column.rstrip("\ufffd").encode()) in _CUT_BYTES]
    meant = {column: [name for name, spelt in names.items() if any(word.startswith(fold(column)) for word in spelt)] for column in free}
    sure = {column: known[0] for column, known in meant.items() if len(known) == 1 and known[0] not in found}
    return {name: column for column, name in sure.items() if list(sure.values()).count(name) == 1}


def whole_rows(cells: pa.Table) -> Any:
    """Return each row's cells as one text: equal rows have equal texts."""
    columns = [column.combine_chunks() for column in cells.columns]
    return pc.binary_join_element_wise(*columns, "\x1f", null_handling="replace", null_replacement="")


def repeats(codes: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where a code came before, and the file's row in which it first came."""
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    origin = first[inverse]
    return origin != np.arange(len(codes)), rows[origin]


def is_none(values: np.ndarray) -> np.ndarray:
    """Return where an array of objects holds None."""
    return np.asarray(values == np.array(None), dtype=bool)


def _objects(cells: Any) -> np.ndarray:
    """Return cells as an array of objects, None where null."""
    return np.asarray(cells.to_numpy(zero_copy_only=False), dtype=object)


def _arrow(values: np.ndarray | None, kind: pa.DataType, count: int) -> Any:
    """Return typed values as an Arrow array, null where missing."""
    if values is None:
        return pa.nulls(count, kind)
    if values.dtype == object:
        return pa.array(values, kind, from_pandas=True)
    missing = np.isnat(values) if values.dtype.kind == "M" else np.isnan(values)
    if pa.types.is_integer(kind):
        return pa.array(np.where(missing, 0, values).astype(np.int64), kind, mask=missing)
    return pa.array(values, kind, mask=missing)


def _bound(value: float) -> str:
    """Return a bound as a fault shows it."""
    return f"{value:g}".replace("inf", "∞")


def _shown(found: Any, place: int) -> str | None:
    """Return what a fault shows of the cell at `place`; a day of a workbook as the day it is."""
    if found is None or isinstance(found, str):
        return found
    value = found[place]
    text = value.as_py() if isinstance(value, pa.Scalar) else value
    return None if text is None else str(text).removesuffix(_MIDNIGHT)[:_SHOWN]
