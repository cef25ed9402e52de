"""How a table's contract is written and held, public through `hatang.data.contracts`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from hatang.data._errors import SchemaError

if TYPE_CHECKING:
    import pandas as pd
    import pandera.pandas as pa

ColumnType = Literal["text", "int", "float", "bool", "date", "time", "geometry"]
_DTYPES: Final[Mapping[str, str]] = {
    "text": "str",
    "int": "Int64",
    "float": "float64",
    "bool": "boolean",
    "date": "datetime64[us]",
    "time": "datetime64[us]",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: name, type, unit, range and whether it may be missing.

    `bound` says of a day which one is meant where a file names a month, quarter or year only; empty where such a day is refused.
    """

    name: str
    type: ColumnType = "text"
    unit: str = ""
    required: bool = False
    low: float | None = None
    high: float | None = None
    values: tuple[str, ...] = ()
    synonyms: tuple[str, ...] = ()
    sentinels: tuple[float, ...] = ()
    bound: Literal["first", "last", ""] = ""

    def check(self) -> "pa.Column":
        """Return the pandera column that holds this contract."""
        import pandera.pandas as pa  # noqa: PLC0415 - half a second, and every room imports the contracts

        checks: list[pa.Check] = []
        if self.low is not None:
            checks.append(pa.Check.ge(self.low))
        if self.high is not None:
            checks.append(pa.Check.le(self.high))
        if self.values:
            checks.append(pa.Check.isin(self.values))
        dtype = None if self.type == "geometry" else _DTYPES[self.type]
        return pa.Column(dtype, checks=checks, nullable=not self.required, name=self.name)


@dataclass(frozen=True, slots=True)
class Table:
    """A table's contract: columns, key, kind of geometry (`point`, `line`, `polygon`, or none), and whether every row must have it."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    geometry: Literal["point", "line", "polygon", "any", ""] = ""
    placed: bool = True

    @property
    def names(self) -> list[str]:
        """Return the column names in order, geometry last."""
        return [c.name for c in self.columns] + (["geometry"] if self.geometry else [])

    def __getitem__(self, name: str) -> Column:
        """Return the column called `name`."""
        return next(c for c in self.columns if c.name == name)

    def schema(self) -> "pa.DataFrameSchema":
        """Return the pandera schema of the table: types, ranges, values, and the unique key."""
        import pandera.pandas as pa  # noqa: PLC0415 - as in Column.check

        columns = {c.name: c.check() for c in self.columns}
        if self.geometry:
            columns["geometry"] = pa.Column(None, nullable=not self.placed)
        return pa.DataFrameSchema(columns, strict=False, unique=list(self.key) or None, coerce=True)

    def conform(self, frame: "pd.DataFrame") -> "pd.DataFrame":
        """Return `frame` with every column of the contract, in order and typed, absent ones empty.

        Raises
        ------
        SchemaError
            Where the frame breaks the contract; `fields` hold the table, and the faults with column, row position and value.
        """
        import pandas as pd  # noqa: PLC0415 - names, units and errors alone are asked for without a table
        import pandera.errors  # noqa: PLC0415 - as in Column.check

        absent = [c.name for c in self.columns if c.name not in frame]
        full = frame.assign(**{name: pd.Series([None] * len(frame), index=frame.index, dtype=object) for name in absent})
        try:
            checked = self.schema().validate(full, lazy=True)
        except pandera.errors.SchemaErrors as error:
            cases = error.failure_cases[["column", "check", "index", "failure_case"]].head(20)
            raise SchemaError("error.schema", table=self.name, faults=cases.to_dict("records")) from error
        return checked[self.names]
