"""Join, wait or build alone: dates and money worked through by hand, each on the day and a day beyond."""

import dataclasses
import datetime as dt

import pytest

from hatang.data.contracts import ParameterError
from hatang.sharing.timing import PlanWindow, Timing, WorkWindow, advise, best_advice, gantt


def day(words: str) -> dt.date:
    return dt.date.fromisoformat(words)


TODAY = day("2026-11-24")
WORKS = WorkWindow("W1", day("2027-01-10"), day("2027-03-01"), day("2026-12-01"), open_trench=True, moratorium_until=day("2028-03-01"))
PLAN = PlanWindow("K1", day("2026-11-01"), day("2028-12-31"), "approved")


def told(plan: PlanWindow = PLAN, works: WorkWindow = WORKS, as_of: dt.date = TODAY) -> tuple[str, str]:
    found = advise(plan, works, as_of=as_of)
    return found.advice, found.reason


@pytest.mark.parametrize(
    ("status", "advice", "reason", "by"),
    [
        ("approved", "join", "windows_meet", day("2026-12-01")),
        ("requested", "wait", "approval_before_deadline", day("2026-12-01")),
        ("none", "alone", "no_budget", None),
        (None, "ask", "no_budget", day("2026-12-01")),
    ],
)
def test_the_budget_against_the_deadline_to_join(status: str | None, advice: str, reason: str, by: dt.date | None) -> None:
    plan = dataclasses.replace(PLAN, budget_status=status)  # type: ignore[arg-type]
    found = advise(plan, WORKS, as_of=TODAY)
    assert (found.advice, found.reason, found.decide_by) == (advice, reason, by)


@pytest.mark.parametrize("status", ["approved", "requested", "none", None])
def test_after_the_deadline_no_budget_helps(status: str | None) -> None:
    plan = dataclasses.replace(PLAN, budget_status=status)  # type: ignore[arg-type]
    assert advise(plan, WORKS, as_of=day("2026-12-01")).reason != "deadline_past"
    assert told(plan, as_of=day("2026-12-02")) == ("alone", "deadline_past")


def test_without_a_stated_deadline_the_start_closes_the_list() -> None:
    works = dataclasses.replace(WORKS, join_deadline=None)
    assert advise(PLAN, works, as_of=day("2027-01-10")).advice == "join"
    assert advise(PLAN, works, as_of=day("2027-01-10")).decide_by == day("2027-01-10")
    assert told(works=works, as_of=day("2027-01-11")) == ("alone", "deadline_past")


def test_windows_meet_on_a_shared_day_and_not_beside_it() -> None:
    assert told(PlanWindow("K", day("2027-03-01"), day("2028-12-31"), "approved")) == ("join", "windows_meet")
    assert told(PlanWindow("K", day("2027-03-02"), day("2028-12-31"), "approved")) == ("alone", "windows_apart")
    assert told(PlanWindow("K", day("2026-11-01"), day("2027-01-10"), "approved")) == ("join", "windows_meet")
    before = advise(PlanWindow("K", day("2026-11-01"), day("2027-01-09"), "approved"), WORKS, as_of=TODAY)
    assert (before.advice, before.reason, before.not_before) == ("alone", "windows_apart", day("2026-11-01"))


def test_a_moratorium_holds_off_whoever_did_not_join() -> None:
    late = advise(PLAN, WORKS, as_of=day("2027-02-01"))
    assert (late.advice, late.not_before) == ("alone", day("2028-03-02"))
    short = dataclasses.replace(PLAN, latest=day("2028-03-01"))
    held = advise(short, WORKS, as_of=day("2027-02-01"))
    assert (held.advice, held.reason, held.not_before) == ("wait", "moratorium", day("2028-03-02"))
    assert advise(dataclasses.replace(short, latest=day("2028-03-02")), WORKS, as_of=day("2027-02-01")).advice == "alone"


def test_works_without_an_open_trench_and_unknown_dates() -> None:
    assert told(works=dataclasses.replace(WORKS, open_trench=False)) == ("alone", "no_open_trench")
    assert told(works=dataclasses.replace(WORKS, open_trench=None)) == ("join", "windows_meet")
    assert told(works=dataclasses.replace(WORKS, end=None)) == ("ask", "dates_unknown")
    assert told(plan=dataclasses.replace(PLAN, earliest=None)) == ("ask", "dates_unknown")


def test_of_several_works_the_best_and_then_the_earliest_counts() -> None:
    later = WorkWindow("W2", day("2027-06-01"), day("2027-08-01"), day("2027-05-01"), open_trench=True)
    assert best_advice(PLAN, [later, WORKS], as_of=TODAY).work_id == "W1"
    assert best_advice(PLAN, [WORKS, later], as_of=day("2026-12-02")) == Timing("K1", "W2", "join", "windows_meet", day("2027-05-01"))
    closed = best_advice(PLAN, [WORKS, later], as_of=day("2027-05-02"))
    assert (closed.advice, closed.not_before) == ("alone", day("2028-03-02"))
    assert best_advice(PLAN, [], as_of=TODAY) == Timing("K1", None, "alone", "windows_apart", None, day("2026-11-01"))


def test_bars_of_the_calendar_by_hand() -> None:
    bars = gantt([PLAN, PlanWindow("K2", None, None)], [WORKS])
    assert bars[["id", "kind", "days"]].to_numpy().tolist() == [
        ["K1", "plan", 792],
        ["W1", "deadline", 1],
        ["W1", "works", 51],
        ["W1", "moratorium", 366],
    ]
    assert bars["start"].tolist()[3] == day("2027-03-02")
    assert gantt([], []).empty


def test_reversed_dates_are_named() -> None:
    with pytest.raises(ParameterError, match=r"error\.timing\.reversed.*W9"):
        WorkWindow("W9", day("2027-02-01"), day("2027-01-01"))
    with pytest.raises(ParameterError, match=r"error\.timing\.reversed.*K9"):
        PlanWindow("K9", day("2027-02-01"), day("2027-01-01"))
