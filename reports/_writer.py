"""What every part of the report is written with: words, figures and operators in its language, and its numbered tables."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from hatang.data.contracts import AUTHORITY, OPERATOR_LABELS
from hatang.data.figures import MISSING, is_missing, shown, shown_date, shown_interval, shown_spread
from hatang.data.language import Language, text
from hatang.data.results import ResultSet
from hatang.reports.document import Block, Heading, Paragraph, Table

MOST_ROWS: Final = 60
"""Rows of a list that is cut in the text; appended tables hold ten times as many."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A share with its bounds."""

    value: object
    low: object
    high: object

    @classmethod
    def of(cls, row: Any) -> "Interval":
        return cls(None, None, None) if row is None else cls(row.population_share, row.population_lo, row.population_hi)

    @property
    def cell(self) -> object:
        return None if is_missing(self.value) else self.value


class ReportWriter:
    """Has the results and the language of one report; numbers its tables as they come."""

    def __init__(self, results: ResultSet, language: Language) -> None:
        self._results = results
        self._language = language
        self._numbered = 0

    def say(self, message_id: str, **fields: object) -> str:
        return text(message_id, self._language, **fields)

    def _frame(self, name: str) -> pd.DataFrame:
        return self._results.tables.get(name, pd.DataFrame())

    def _spread(self, name: str) -> str:
        return shown_spread(self._frame(name), self._language)

    def _fig(self, value: object, unit: str) -> str:
        return shown(value, unit, self._language)

    def _operator(self, code: str) -> str:
        return OPERATOR_LABELS.get(code) or self.say(f"operator.{code}")

    def _organisation(self, code: str) -> str:
        """Return the name of who filed: the authority and the firms by name, anybody else as they wrote it."""
        return self.say(f"organisation.{code}") if code == AUTHORITY else OPERATOR_LABELS.get(code, code)

    def _table(
        self,
        name: str,
        columns: Sequence[tuple[str, Callable[[Any], object], str]],
        rows: pd.DataFrame,
        **fields: object,
    ) -> Table:
        """Return the next numbered table; a column is its heading's message, a getter of the value, and its unit ('' for words)."""
        self._numbered += 1
        values = [[getter(row) for _, getter, _ in columns] for row in rows.head(MOST_ROWS * 10).itertuples()]
        cells = [[self._cell(value, unit) for value, (_, _, unit) in zip(line, columns, strict=True)] for line in values]
        number = self.say("report.table", number=self._numbered)
        caption = f"{number}. {self.say(f'report.caption.{name}', **fields)}"
        plain = [[value.cell if isinstance(value, Interval) else None if is_missing(value) else value for value in line] for line in values]
        return Table(caption, [self.say(f"report.column.{heading}") for heading, _, _ in columns], cells, plain, self._label())

    def _cell(self, value: object, unit: str) -> str:
        if isinstance(value, Interval):
            return shown_interval(value.value, value.low, value.high, unit, self._language)
        if not unit:
            return MISSING if is_missing(value) else str(value)
        return self._fig(value, unit)

    def _label(self) -> str:
        """Return what stands under every table: date, boundaries, and that data are synthetic."""
        results = self._results
        source = self.say(f"boundary.{results.boundary_source}")
        note = self.say("report.note", as_of=shown_date(results.as_of, self._language), run=results.run_id, boundary=source)
        return f"{note} {self.say('synthetic').capitalize()}." if results.synthetic else note

    def _missing(self, name: str) -> list[Block]:
        return [Heading(2, self.say(f"report.section.{name}")), Paragraph(self.say(f"report.missing.{name}"))]
