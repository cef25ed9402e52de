"""Clauses of law that a sharing plan is held against, and profiles of trenches: plain values, public through `hatang.data.contracts`."""

import datetime as dt
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from hatang.data._errors import ParameterError

ClauseOperator = Literal[">=", "<=", "=="]
ClauseSeverity = Literal["breach", "warning"]

_COMPARE: Final[Mapping[str, Callable[[float, float], bool]]] = {">=": operator.ge, "<=": operator.le, "==": operator.eq}
_ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Clause:
    """One requirement: what is measured, how it compares with what is needed, in which text, and whether that text was read.

    `where` says for which things it holds (column: value). `value` is None where each thing has its own need, as the width of a trench
    follows from its ways. `unless` names a measure that, from its value on, makes the clause satisfied in another way.
    """

    code: str
    document: str
    clause: str
    parameter: str
    op: ClauseOperator
    value: float | None
    unit: str
    in_force_from: dt.date
    verified: bool
    severity: ClauseSeverity
    where: Mapping[str, str] = field(default_factory=dict)
    unless: tuple[str, float] | None = None

    def __post_init__(self) -> None:
        """Hold that what nobody read only warns.

        Raises
        ------
        ParameterError
            Where an unverified clause is a breach, or the comparison is none.
        """
        if not self.verified and self.severity != "warning":
            raise ParameterError("error.clause.unverified", code=self.code)
        if self.op not in _COMPARE:
            raise ParameterError("error.clause.operator", code=self.code, found=self.op)

    def holds(self, measured: float, needed: float) -> bool:
        """Return whether a measure satisfies the need; differences of rounding (1e-9 of the need) do not count.

        Examples
        --------
        >>> spacing = Clause("X", "QCVN", "1", "spacing_m", "<=", 100.0, "m", dt.date(2024, 7, 1), True, "breach")
        >>> spacing.holds(100.0, 100.0), spacing.holds(100.1, 100.0)
        (True, False)
        """
        return _COMPARE[self.op](measured, needed) or abs(measured - needed) <= _ROUNDING * max(1.0, abs(needed))


@dataclass(frozen=True, slots=True)
class TrenchProfile:
    """Widths of a trench for so many ways in so many layers."""

    ways: int
    layers: int
    top_mm: float
    bottom_mm: float


@dataclass(frozen=True, slots=True)
class Price:
    """What one unit of an item costs in VND, from when, where that stands, and whether the text was read."""

    item: str
    unit: str
    vnd: float
    in_force_from: dt.date
    source: str
    verified: bool
