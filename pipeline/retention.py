"""Use case: raw tests whose time is over, listed and erased for good."""

import calendar
import datetime as dt
from dataclasses import dataclass

from hatang.data.contracts import Kind
from hatang.data.rules import rule_value, rules_in_force
from hatang.data.settings import Settings
from hatang.data.store import Dataset, Store

_RULE = "raw_tests_months"


@dataclass(frozen=True, slots=True)
class Retention:
    """Raw tests accepted before a day, and for how many months such are kept; `erased` says whether their files are gone now."""

    months: int
    before: dt.date
    datasets: tuple[Dataset, ...]
    erased: bool


def retain(settings: Settings, *, as_of: dt.date, dry_run: bool) -> Retention:
    """Erase the files of raw tests that were accepted longer ago than the rule `raw_tests_months` in force on `as_of` lets them be kept.

    Entries, their history and the results computed from them stay. A data set accepted on the day the time ends is kept that day. With
    `dry_run` nothing is erased.

    Raises
    ------
    StoreError
        Where the disk or the database refuses.
    """
    months = int(rule_value(rules_in_force(as_of), _RULE))
    before = months_before(as_of, months)
    with Store.open(settings) as store:
        tests = store.datasets(Kind.MEASUREMENTS, include_withdrawn=True)
        due = tuple(entry for entry in tests if entry.erased_at is None and entry.accepted_at.date() < before)
        if not dry_run:
            store.erase(due, reason=f"{_RULE}={months}")
        return Retention(months, before, due, not dry_run)


def months_before(day: dt.date, months: int) -> dt.date:
    """Return the same day some months earlier, the month's last where it is too short.

    Examples
    --------
    >>> months_before(dt.date(2026, 3, 31), 1), months_before(dt.date(2026, 1, 15), 36)
    (datetime.date(2026, 2, 28), datetime.date(2023, 1, 15))
    """
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
