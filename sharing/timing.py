"""Timing: whether an operator joins works, waits, or builds alone, and the calendar of the decisions.

Dates decide, and money: whoever joins must have its budget approved by the day the works close their list. An approval that is only
asked for is a condition, none at all is a reason not to promise. Where a date is not known, no answer is invented.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import pandas as pd

from hatang.data.contracts import ParameterError

Advice = Literal["join", "wait", "alone", "ask"]
Reason = Literal[
    "windows_meet", "approval_before_deadline", "moratorium", "deadline_past", "no_budget", "no_open_trench",
    "windows_apart", "dates_unknown",
]  # fmt: skip
_ORDER: Final[dict[str, int]] = {"join": 0, "ask": 1, "wait": 2, "alone": 3}


@dataclass(frozen=True, slots=True)
class WorkWindow:
    """Works: from when to when they dig, until which day one may join, and until when nobody may dig there afterwards."""

    work_id: str
    start: dt.date | None
    end: dt.date | None
    join_deadline: dt.date | None = None
    open_trench: bool | None = None
    moratorium_until: dt.date | None = None

    def __post_init__(self) -> None:
        """Check that dates run forward.

        Raises
        ------
        ParameterError
            Where the end is before the start.
        """
        if self.start and self.end and self.end < self.start:
            raise ParameterError("error.timing.reversed", name=self.work_id, start=self.start, end=self.end)

    @property
    def closes(self) -> dt.date | None:
        """The last day to join: the deadline, or the start where none is stated."""
        return self.join_deadline or self.start


@dataclass(frozen=True, slots=True)
class PlanWindow:
    """An operator's plan: between which days it wants to build, and whether the money is there."""

    plan_id: str
    earliest: dt.date | None
    latest: dt.date | None
    budget_status: Literal["none", "requested", "approved"] | None = None

    def __post_init__(self) -> None:
        """Check that dates run forward.

        Raises
        ------
        ParameterError
            Where the latest day is before the earliest.
        """
        if self.earliest and self.latest and self.latest < self.earliest:
            raise ParameterError("error.timing.reversed", name=self.plan_id, start=self.earliest, end=self.latest)


@dataclass(frozen=True, slots=True)
class Timing:
    """What to do about a plan beside works, why, and by when: the day to decide, or the first day on which to dig alone."""

    plan_id: str
    work_id: str | None
    advice: Advice
    reason: Reason
    decide_by: dt.date | None
    not_before: dt.date | None = None


def advise(plan: PlanWindow, works: WorkWindow, *, as_of: dt.date) -> Timing:
    """Return the advice for a plan that runs along works.

    - `join`: the windows meet, the list is still open, the money is approved.
    - `wait`: the same, but the money is only asked for: approval is due by the day the list closes; or the plan may start later.
    - `ask`: a date or the budget is not known.
    - `alone`: the list is closed, there is no budget in time, the works open no trench, or the windows do not meet; after the works a
      moratorium may hold it off, `not_before` says until when; where that is beyond the plan's own window it has to `wait`.

    Examples
    --------
    >>> works = WorkWindow("W1", dt.date(2027, 1, 10), dt.date(2027, 3, 1), dt.date(2026, 12, 1), True)
    >>> plan = PlanWindow("K1", dt.date(2026, 11, 1), dt.date(2027, 12, 31), "approved")
    >>> advise(plan, works, as_of=dt.date(2026, 11, 24)).advice
    'join'
    """
    after = _first_day(plan, works)

    def said(advice: Advice, reason: Reason, by: dt.date | None = None) -> Timing:
        if advice == "alone" and after and plan.latest and after > plan.latest:
            return Timing(plan.plan_id, works.work_id, "wait", "moratorium", by, after)
        return Timing(plan.plan_id, works.work_id, advice, reason, by, after if advice == "alone" else None)

    if works.open_trench is False:
        return said("alone", "no_open_trench")
    if None in (works.start, works.end, plan.earliest, plan.latest):
        return said("ask", "dates_unknown", works.closes)
    closes = works.closes
    if closes is not None and closes < as_of:
        return said("alone", "deadline_past")
    if plan.earliest > works.end or plan.latest < works.start:  # type: ignore[operator]
        return said("alone", "windows_apart")
    if plan.budget_status == "approved":
        return said("join", "windows_meet", closes)
    if plan.budget_status == "requested":
        return said("wait", "approval_before_deadline", closes)
    return said("alone", "no_budget") if plan.budget_status == "none" else said("ask", "no_budget", closes)


def best_advice(plan: PlanWindow, works: Iterable[WorkWindow], *, as_of: dt.date) -> Timing:
    """Return the best of the advice on several works: join before ask before wait before alone, then the earliest day to decide.

    Without any works along it a plan is built alone.
    """
    given = sorted(works, key=lambda work: work.work_id)
    found = [advise(plan, work, as_of=as_of) for work in given]
    if not found:
        return Timing(plan.plan_id, None, "alone", "windows_apart", None, plan.earliest)
    best = min(found, key=lambda timing: (_ORDER[timing.advice], timing.decide_by or dt.date.max, timing.work_id or ""))
    if best.advice != "alone":
        return best
    held = [timing.not_before for timing in found if timing.not_before]
    return Timing(best.plan_id, best.work_id, "alone", best.reason, None, max(held, default=None))


def gantt(plans: Sequence[PlanWindow], works: Sequence[WorkWindow]) -> pd.DataFrame:
    """Return the bars of a calendar by start: `id`, `kind` (plan, works, moratorium, deadline), `start`, `end`, `days` (both ends count).

    What has no dates has no bar.
    """
    bars: list[tuple[str, str, dt.date, dt.date]] = []
    bars += [(plan.plan_id, "plan", plan.earliest, plan.latest) for plan in plans if plan.earliest and plan.latest]
    for work in works:
        if work.start and work.end:
            bars.append((work.work_id, "works", work.start, work.end))
        if work.join_deadline:
            bars.append((work.work_id, "deadline", work.join_deadline, work.join_deadline))
        if work.end and work.moratorium_until and work.moratorium_until > work.end:
            bars.append((work.work_id, "moratorium", work.end + dt.timedelta(days=1), work.moratorium_until))
    rows: list[dict[str, Any]] = [
        {"id": name, "kind": kind, "start": start, "end": end, "days": (end - start).days + 1}
        for name, kind, start, end in sorted(bars, key=lambda bar: (bar[2], bar[3], bar[0], bar[1]))
    ]
    return pd.DataFrame(rows, columns=["id", "kind", "start", "end", "days"])


def _first_day(plan: PlanWindow, works: WorkWindow) -> dt.date | None:
    """Return the first day on which the plan may dig alone: its own, or the day after the moratorium that follows the works."""
    before = plan.latest is not None and works.start is not None and plan.latest < works.start
    free = works.moratorium_until + dt.timedelta(days=1) if works.moratorium_until and not before else None
    return max((day for day in (plan.earliest, free) if day), default=None)
