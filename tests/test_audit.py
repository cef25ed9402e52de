"""The audit log: one record a change, in the change's own transaction; what tampering shows, and what only a noted head shows."""

import dataclasses
import datetime as dt
import hashlib
import json
import sqlite3
from pathlib import Path

import pandas as pd
import pytest
from alembic import command
from postgres import alter, unguarded
from sqlalchemy import create_engine, select, update

from hatang.data import audit
from hatang.data.contracts import FIXED, Kind, MissingError, ParameterError, RefusedError, StoreError
from hatang.data.database import _config
from hatang.data.models import AuditRow
from hatang.data.settings import Settings
from hatang.data.store import Dataset, Filing, Store
from hatang.data.wards import load_boundaries
from hatang.pipeline.assess import note_boundaries
from hatang.pipeline.wards import boundary_versions

pytestmark = pytest.mark.databases("sqlite", "postgresql")


def table(households: int) -> pd.DataFrame:
    rows = {"ward_code": ["19774"], "ward_name": ["A"], "operator": ["vnpt"], "households": [households], "households_served": [1]}
    return FIXED.conform(pd.DataFrame(rows))


def add(settings: Settings, number: int, organisation: str = "vnpt") -> Dataset:
    file = settings.home.parent / f"file-{number}.csv"
    file.write_text(f"file {number}")
    with Store.open(settings) as store, store.receive(file) as received:
        return store.add(received, table(number), Filing(Kind.FIXED, organisation, 1, 1, 0))[0]


@pytest.fixture
def named(settings: Settings) -> Settings:
    return settings.model_copy(update={"actor": "Nguyễn Văn A"})


@pytest.fixture
def logged(named: Settings) -> Settings:
    """Return a store with five records: four filings and a withdrawal."""
    ids = [add(named, number).id for number in range(1, 5)]
    with Store.open(named) as store:
        store.withdraw(ids[0])
    return named


def records(settings: Settings) -> list[AuditRow]:
    with Store.open(settings) as store, store.looking() as session:
        return list(session.scalars(select(AuditRow).order_by(AuditRow.seq)))


def found(settings: Settings, anchor: str | None = None) -> list[tuple[str, int | None]]:
    with Store.open(settings) as store:
        return [(fault.code, fault.row) for fault in store.verify(anchor=anchor)]


def test_every_change_is_recorded_with_who_and_what(logged: Settings) -> None:
    kept = records(logged)
    assert [row.action for row in kept] == ["file"] * 4 + ["withdraw"]
    assert {row.actor for row in kept} == {"Nguyễn Văn A"}
    assert kept[4].subject == kept[0].subject
    assert kept[0].detail["organisation"] == "vnpt"
    assert found(logged) == []


@pytest.mark.databases("sqlite")
def test_the_hash_is_what_the_page_says(logged: Settings) -> None:
    """Computed anew from raw SQL by the formula in the module's docstring."""
    connection = sqlite3.connect(logged.home / "catalogue.sqlite")
    before = "0" * 64
    for seq, at, *rest, detail, previous, stored in connection.execute(
        "SELECT seq, at, actor, organisation_id, action, subject, detail, previous_hash, hash FROM audit_log ORDER BY seq"
    ):
        moment = dt.datetime.fromisoformat(at).replace(tzinfo=dt.UTC).isoformat()
        content = json.dumps([seq, moment, *rest, json.loads(detail), previous], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        assert previous == before
        assert stored == hashlib.sha256(content.encode()).hexdigest()
        before = stored
    connection.close()


@pytest.mark.parametrize(
    ("statements", "codes"),
    [
        (["UPDATE audit_log SET actor = 'x' WHERE seq = 2"], [("audit_changed", 2)]),
        (["UPDATE audit_log SET at = '2020-01-01 00:00:00.000000' WHERE seq = 3"], [("audit_changed", 3)]),
        (["UPDATE audit_log SET detail = '{}' WHERE seq = 5"], [("audit_changed", 5)]),
        (["DELETE FROM audit_log WHERE seq = 2"], [("audit_gap", 3), ("audit_unrecorded", None)]),
        (["DELETE FROM audit_log WHERE seq = 1"], [("audit_gap", 2)]),
        (
            [
                "UPDATE audit_log SET seq = 9 WHERE seq = 2",
                "UPDATE audit_log SET seq = 2 WHERE seq = 3",
                "UPDATE audit_log SET seq = 3 WHERE seq = 9",
            ],
            [("audit_chain", 2), ("audit_changed", 2), ("audit_chain", 3), ("audit_changed", 3), ("audit_chain", 4)],
        ),
        (["UPDATE audit_log SET hash = previous_hash WHERE seq = 2"], [("audit_changed", 2), ("audit_chain", 3)]),
    ],
)
def test_tampering_within_the_chain_shows(logged: Settings, statements: list[str], codes: list[tuple[str, int | None]]) -> None:
    alter(logged, *statements)
    assert found(logged) == codes


def test_a_record_cut_off_at_the_end_shows_only_against_a_noted_head(logged: Settings) -> None:
    with Store.open(logged) as store:
        head = store.audit_head()
    alter(logged, "DELETE FROM audit_log WHERE seq = 5")
    assert found(logged) == []  # the withdrawal left no other trace
    assert found(logged, head.hash) == [("audit_anchor", None)]


def test_filings_that_lost_their_record_are_named(logged: Settings) -> None:
    alter(logged, "DELETE FROM audit_log WHERE seq >= 4")
    assert found(logged) == [("audit_unrecorded", None)]


def test_a_noted_head_stays_good_while_the_log_grows(logged: Settings) -> None:
    with Store.open(logged) as store:
        head = store.audit_head()
    add(logged, 9)
    assert found(logged, head.hash[:12]) == []
    assert (head.seq, len(records(logged))) == (5, 6)


def test_a_chain_rewritten_to_its_end_shows_against_a_noted_head(logged: Settings) -> None:
    if logged.database_url is not None:
        with Store.open(logged) as store, pytest.raises(StoreError, match="permission denied"), store.changing() as (session, _):
            session.execute(update(AuditRow).values(actor="somebody else"))
    with Store.open(unguarded(logged)) as store:
        head = store.audit_head()
        with store.changing() as (session, _):
            before = "0" * 64
            for row in session.scalars(select(AuditRow).order_by(AuditRow.seq)):
                row.actor, row.previous_hash = "somebody else", before
                row.hash = before = audit._hash(row)
    assert found(logged) == []
    assert found(logged, head.hash) == [("audit_anchor", None)]


def test_a_clock_that_goes_back_is_noted_and_changes_no_order(named: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    first = add(named, 1)

    class Back(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:  # type: ignore[override]
            return dt.datetime.now(tz) - dt.timedelta(hours=1)

    for module in ("hatang.data.audit.dt", "hatang.data._entries.dt"):
        monkeypatch.setattr(f"{module}", type("clock", (), {"datetime": Back, "UTC": dt.UTC, "tzinfo": dt.tzinfo}))
    second = add(named, 2)
    monkeypatch.undo()
    assert second.accepted_at < first.accepted_at
    with Store.open(named) as store:
        assert [entry.id for entry in store.datasets()] == [first.id, second.id]
    assert records(named)[1].detail["clock_back_s"] == pytest.approx(3600, abs=60)
    assert found(named) == []


def test_a_refused_change_leaves_no_record(logged: Settings) -> None:
    with Store.open(logged) as store:
        with pytest.raises(MissingError):
            store.withdraw("none")
        assert store.audit_head().seq == 5
    assert add(logged, 2).id  # stored before: nothing is changed, nothing recorded
    assert len(records(logged)) == 5


def test_boundaries_are_noted_once(named: Settings) -> None:
    boundaries = load_boundaries(named)
    with Store.open(named) as store:
        for _ in range(2):
            note_boundaries(store, boundaries)
    kept = boundary_versions(named)
    assert [(row.version, row.source) for row in kept] == [(boundaries.version, "approximate")]
    assert abs((kept[0].first_used_at - dt.datetime.now(dt.UTC)).total_seconds()) < 600
    assert [row.action for row in records(named)] == ["use_boundaries"]


def test_quota_in_rows_and_bytes(named: Settings) -> None:
    add(named, 1)
    limited = named.model_copy(update={"quota_rows": 1})
    with pytest.raises(RefusedError) as refused:
        add(limited, 2)
    assert [(fault.code, fault.fields["used"], fault.fields["limit"]) for fault in refused.value.faults] == [("quota_rows", 1, 1)]
    assert add(limited, 3, organisation="fpt").organisation == "fpt"  # each has its own
    with Store.open(named) as store:
        used = store.usage("vnpt")
        files = [path for folder in ("originals", "datasets") for path in (named.home / folder).glob("??/*")]
    assert used.rows == 1
    assert used.size_bytes < sum(path.stat().st_size for path in files)
    with pytest.raises(RefusedError) as refused:
        add(named.model_copy(update={"quota_bytes": used.size_bytes + 5}), 2)
    assert [fault.code for fault in refused.value.faults] == ["quota_bytes"]
    with Store.open(named) as store:
        assert len(store.datasets()) == 2
        assert store.verify() == []


def test_erased_files_are_gone_and_their_entry_stays(named: Settings) -> None:
    first, second = add(named, 1), add(named, 2)
    with Store.open(named) as store:
        store.erase([first], reason="36 months")
        store.erase([first], reason="again")
        gone = store.dataset(first.id)
        assert gone.erased_at is not None
        assert gone.withdrawn_at is not None
        assert not store.table_path(first).exists()
        assert store.table_path(second).exists()
        with pytest.raises(MissingError, match=r"error\.dataset\.erased"):
            store.read(gone)
        with pytest.raises(ParameterError, match=r"error\.dataset\.erased"):
            store.withdraw(first.id, undo=True)
        assert store.verify() == []
        assert store.usage("vnpt").rows == 1
    assert [row.action for row in records(named)] == ["file", "file", "erase"]
    assert add(named, 1).id != first.id


def test_a_file_that_another_entry_names_is_not_erased(named: Settings) -> None:
    first, second = add(named, 1), add(named, 1, organisation="fpt")
    with Store.open(named) as store:
        store.erase([first], reason="test")
        pd.testing.assert_frame_equal(store.read(second), table(1))
        assert store.verify() == []


def test_what_a_filing_says_of_its_method_is_kept(named: Settings, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("x")
    filing = Filing(Kind.FIXED, "vnpt", 1, 1, 0, method_statement="mô hình Hata, mức biên −110 dBm", certified_by="Trần Thị B")
    with Store.open(named) as store, store.receive(file) as received:
        store.add(received, table(1), filing)
    with Store.open(named) as store:
        shown = store.datasets()[0].as_dict()
    assert (shown["method_statement"], shown["certified_by"]) == ("mô hình Hata, mức biên −110 dBm", "Trần Thị B")


@pytest.mark.databases("sqlite")
def test_a_catalogue_of_revision_1_keeps_what_it_holds(named: Settings) -> None:
    """Data set filed, database taken down to revision 1, opened again."""
    old = add(named, 1)
    engine = create_engine(f"sqlite:///{named.home / 'catalogue.sqlite'}")
    with engine.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
    with engine.connect() as connection:
        tables = {name for (name,) in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")}
    engine.dispose()
    assert tables == {"alembic_version", "organisations", "submissions", "datasets", "faults"}
    new = add(named, 2)
    with Store.open(named) as store:
        assert store.revision == "0004"
        assert store.datasets() == [dataclasses.replace(old, file_sha256=None), new]
        assert store.verify() == []  # the older filing has no record, and needs none
        assert store.audit_head().seq == 1


@pytest.mark.databases("sqlite")
def test_a_database_that_refuses_the_record_refuses_the_change(named: Settings) -> None:
    dataset = add(named, 1)
    alter(named, "CREATE TRIGGER no_more BEFORE INSERT ON audit_log BEGIN SELECT RAISE(ABORT, 'no more'); END")
    with Store.open(named) as store:
        with pytest.raises(StoreError):
            store.withdraw(dataset.id)
        assert store.datasets() == [dataset]
    with pytest.raises(StoreError):
        add(named, 2)
    with Store.open(named) as store:
        assert store.datasets() == [dataset]
        assert store.verify() == []
