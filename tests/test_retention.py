"""Retention: raw tests older than the rule lets them be are erased, nothing else is."""

import datetime as dt
import json
from pathlib import Path

import pandas as pd
import pytest
from postgres import alter
from typer.testing import CliRunner

from hatang.commands.main import app
from hatang.data.contracts import FIXED, MEASUREMENTS, Kind
from hatang.data.rules import rules_in_force
from hatang.data.settings import Settings
from hatang.data.store import Dataset, Filing, Store
from hatang.pipeline.retention import months_before, retain

pytestmark = pytest.mark.databases("sqlite", "postgresql")

TODAY = dt.date(2026, 11, 25)
CUTOFF = dt.date(2023, 11, 25)
"""36 months before, the rule of data/rules/store.toml."""


def add(settings: Settings, kind: Kind, accepted: dt.date, number: int) -> Dataset:
    """Return a data set as if it had been accepted on a day."""
    if kind is Kind.MEASUREMENTS:
        rows = {
            "lon": [107.5],
            "lat": [16.4],
            "operator": "viettel",
            "technology": "4g",
            "environment": "outdoor",
            "device_id": f"d{number}",
        }
        frame = MEASUREMENTS.conform(pd.DataFrame(rows))
    else:
        rows = {"ward_code": ["19774"], "ward_name": "A", "operator": "vnpt", "households": number, "households_served": 1}
        frame = FIXED.conform(pd.DataFrame(rows))
    file = settings.home.parent / f"{kind}-{number}.csv"
    file.write_text(f"{kind} {number}")
    with Store.open(settings) as store, store.receive(file) as received:
        dataset, _ = store.add(received, frame, Filing(kind, "viettel", 1, 1, 0))
    where = f"id = (SELECT submission_id FROM datasets WHERE id = '{dataset.id}')"  # noqa: S608 - an id of the store's own
    alter(settings, f"UPDATE submissions SET accepted_at = '{accepted} 08:00:00.000000' WHERE {where}")  # noqa: S608 - as above
    return dataset


@pytest.fixture
def old_and_new(settings: Settings) -> tuple[str, str]:
    """Return the ids of tests just due and just not yet; claims of any age stand beside them."""
    due = add(settings, Kind.MEASUREMENTS, CUTOFF - dt.timedelta(days=1), 1)
    kept = add(settings, Kind.MEASUREMENTS, CUTOFF, 2)
    add(settings, Kind.FIXED, dt.date(2020, 1, 1), 3)
    return due.id, kept.id


def stored(settings: Settings) -> int:
    return sum(1 for folder in ("originals", "datasets") for _ in (settings.home / folder).glob("??/*"))


def test_the_rule_is_dated_and_sourced() -> None:
    rule = rules_in_force(TODAY)["raw_tests_months"]
    assert (rule.value, rule.unit, rule.verified) == (36, "months", False)
    assert months_before(TODAY, 36) == CUTOFF


def test_a_rehearsal_lists_and_erases_nothing(settings: Settings, old_and_new: tuple[str, str]) -> None:
    found = retain(settings, as_of=TODAY, dry_run=True)
    assert ([entry.id for entry in found.datasets], found.erased, found.before) == ([old_and_new[0]], False, CUTOFF)
    assert stored(settings) == 6


def test_what_is_due_is_erased_once(settings: Settings, old_and_new: tuple[str, str]) -> None:
    retain(settings, as_of=TODAY, dry_run=False)
    assert stored(settings) == 4
    assert retain(settings, as_of=TODAY, dry_run=False).datasets == ()
    with Store.open(settings) as store:
        assert [entry.id for entry in store.datasets(Kind.MEASUREMENTS)] == [old_and_new[1]]
        assert store.dataset(old_and_new[0]).erased_at is not None
        assert store.verify() == []


def test_withdrawn_tests_are_erased_too(settings: Settings, old_and_new: tuple[str, str]) -> None:
    with Store.open(settings) as store:
        withdrawn = store.withdraw(old_and_new[0])
    retain(settings, as_of=TODAY, dry_run=False)
    with Store.open(settings) as store:
        assert store.dataset(old_and_new[0]).withdrawn_at == withdrawn.withdrawn_at
    assert stored(settings) == 4


def test_files_left_by_a_crash_after_the_commit_go_at_the_next_call(
    settings: Settings, old_and_new: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "unlink", crash)
    with pytest.raises(KeyboardInterrupt):
        retain(settings, as_of=TODAY, dry_run=False)
    monkeypatch.undo()
    assert stored(settings) == 6
    with Store.open(settings) as store:
        assert [fault.code for fault in store.verify()] == ["stored_file_unnamed"] * 2
    retain(settings, as_of=TODAY, dry_run=False)
    assert stored(settings) == 4
    assert old_and_new


@pytest.mark.usefixtures("environment")
def test_on_the_command_line(settings: Settings) -> None:
    old = add(settings, Kind.MEASUREMENTS, dt.date(2001, 1, 1), 1)
    said = json.loads(CliRunner().invoke(app, ["--json", "catalogue", "retain", "--dry-run"]).stdout)
    assert (said["datasets"], said["erased"], said["months"]) == ([old.id], False, 36)
    assert json.loads(CliRunner().invoke(app, ["--json", "catalogue", "retain"]).stdout)["erased"] is True
    assert "files erased" in CliRunner().invoke(app, ["--lang", "en", "catalogue", "list", "--all"]).stdout
