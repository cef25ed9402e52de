"""The store: files named by content, rows committed last, nothing left of what failed."""

import stat
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from geopandas.testing import assert_geodataframe_equal
from postgres import alter
from sqlalchemy import update
from stored import add, claims, files, filing, served

from hatang.data.atomic import file_hash, is_locked, locked, place, replacing
from hatang.data.contracts import MEASUREMENTS, Kind, MissingError, ParameterError, RefusedError, StoreError
from hatang.data.database import open_engine
from hatang.data.models import Base, DatasetRow
from hatang.data.results import table_hash
from hatang.data.settings import Settings
from hatang.data.store import Store, printable

pytestmark = pytest.mark.databases("sqlite", "postgresql")
SERVER_ONLY = {"spatial_ref_sys", "session_key", "sessions", "features", "gap_features"}
"""Tables of PostgreSQL that are no part of the catalogue."""


@pytest.fixture
def original(tmp_path: Path) -> Path:
    path = tmp_path / "claims.gpkg"
    path.write_bytes(b"original bytes")
    return path


def test_models_and_migrations_agree(settings: Settings) -> None:
    with Store.open(settings):
        engine = open_engine(settings.catalogue_url())
        with engine.connect() as connection:
            options = {"compare_type": True, "compare_server_default": True, "include_name": lambda name, *_: name not in SERVER_ONLY}
            context = MigrationContext.configure(connection, opts=options)
            assert compare_metadata(context, Base.metadata) == []
        engine.dispose()


def test_every_row_names_its_organisation() -> None:
    tables = {name for name, table in Base.metadata.tables.items() if "organisation_id" not in table.columns}
    assert tables == {"organisations"}


@pytest.mark.databases("sqlite")
def test_sqlite_runs_with_its_guards_on(settings: Settings) -> None:
    with Store.open(settings):
        engine = open_engine(settings.catalogue_url())
        with engine.connect() as connection:
            values = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "foreign_keys", "busy_timeout")]
        engine.dispose()
    assert values == ["wal", 1, 30_000]


def test_a_table_is_stored_with_the_file_it_came_from(settings: Settings, original: Path) -> None:
    with Store.open(settings) as store:
        dataset, added = add(store, original)
        assert added
        assert dataset.sha256 == table_hash(claims())
        assert (dataset.kind, dataset.organisation, dataset.rows_kept, dataset.repairs) == (Kind.CLAIMS, "viettel", 1, {"rings": 1})
        assert dataset.accepted_at.utcoffset() is not None
        assert_geodataframe_equal(store.read(dataset), claims())
        assert store.faults(dataset) == filing().faults
    stored = [settings.home / name for name in files(settings)]
    assert [path.relative_to(settings.home).parts[:2] for path in stored] == [
        ("datasets", dataset.sha256[:2]),
        ("originals", dataset.original_sha256[:2]),
    ]
    assert stored[1].read_bytes() == b"original bytes"
    assert [stat.S_IMODE(path.stat().st_mode) for path in stored] == [0o444, 0o444]


def test_a_table_without_geometry_comes_back_equal(settings: Settings, original: Path) -> None:
    with Store.open(settings) as store:
        dataset, _ = add(store, original, served(), filing(Kind.FIXED))
        again = store.read(dataset)
    assert not isinstance(again, gpd.GeoDataFrame)
    pd.testing.assert_frame_equal(again, served())
    assert dataset.sha256 == table_hash(served())


def test_what_lies_beneath_missing_values_does_not_change_the_hash(settings: Settings, original: Path) -> None:
    values = served()["households_connected"].array
    noisy = served().assign(households_connected=pd.arrays.IntegerArray(values.to_numpy("int64", na_value=77), values.isna()))
    with Store.open(settings) as store:
        first, _ = add(store, original, served(), filing(Kind.FIXED))
        second, added = add(store, original, noisy, filing(Kind.FIXED))
    assert (second.id, added) == (first.id, False)


def test_the_same_filing_counts_once(settings: Settings, original: Path) -> None:
    with Store.open(settings) as store:
        first, _ = add(store, original)
        before = files(settings)
        again, added = add(store, original)
        assert (again, added) == (first, False)
        assert files(settings) == before
        assert store.find(first.original_sha256, {"kind": "auto"}) == first
        assert store.find(first.original_sha256, {"kind": "claims"}) is None


def test_equal_input_has_equal_ids_in_every_store(
    settings: Settings, original: Path, tmp_path: Path, new_catalogue: Callable[[], str | None]
) -> None:
    elsewhere = settings.model_copy(update={"home": tmp_path / "elsewhere", "database_url": new_catalogue()})
    with Store.open(settings) as one, Store.open(elsewhere) as two:
        assert add(one, original)[0].id == add(two, original)[0].id


@pytest.mark.parametrize("changed", [{"period": "2026Q4"}, {"operator": "vnpt"}, {"organisation": "vnpt"}, {"environment": None}])
def test_another_filing_of_the_same_table_is_another_data_set(settings: Settings, original: Path, changed: dict[str, object]) -> None:
    with Store.open(settings) as store:
        first, _ = add(store, original)
        second, added = add(store, original, what=filing(**changed))
        assert added
        assert (second.sha256, second.id != first.id) == (first.sha256, True)
        assert [entry.id for entry in store.datasets()] == [first.id, second.id]


def test_a_rehearsal_leaves_no_trace(settings: Settings, original: Path) -> None:
    with Store.open(settings) as store:
        with store.receive(original) as received:
            rehearsed, added = store.add(received, claims(), filing(), rehearsal=True)
        assert added
        assert store.datasets() == []
        assert files(settings) == []
        assert add(store, original)[0].id == rehearsed.id


def test_entries_are_listed_in_order_and_by_kind(settings: Settings, original: Path) -> None:
    with Store.open(settings) as store:
        ids = [add(store, original, claims(width / 10))[0].id for width in (3, 1, 2)]
        fixed, _ = add(store, original, served(), filing(Kind.FIXED))
        assert [entry.id for entry in store.datasets(Kind.CLAIMS)] == ids
        assert [entry.id for entry in store.datasets()] == [*ids, fixed.id]


def test_withdrawn_entries_count_no_longer_until_undone(settings: Settings, original: Path) -> None:
    with Store.open(settings) as store:
        first, _ = add(store, original)
        withdrawn = store.withdraw(first.id[:8])
        assert withdrawn.withdrawn_at is not None
        assert store.withdraw(first.id) == withdrawn
        assert store.datasets() == []
        assert store.datasets(include_withdrawn=True) == [withdrawn]
        assert store.withdraw(first.id, undo=True) == first
        assert store.datasets() == [first]


def test_a_withdrawn_table_may_be_filed_again_but_never_counts_twice(settings: Settings, original: Path) -> None:
    with Store.open(settings) as store:
        first, _ = add(store, original)
        store.withdraw(first.id)
        second, added = add(store, original)
        assert added
        assert (second.sha256, second.id != first.id) == (first.sha256, True)
        with pytest.raises(ParameterError, match=r"error\.dataset\.filed_again"):
            store.withdraw(first.id, undo=True)
        assert store.verify() == []


def test_an_id_is_found_by_its_beginning(settings: Settings, original: Path) -> None:
    with Store.open(settings) as store:
        first, _ = add(store, original)
        add(store, original, claims(0.2))
        assert store.dataset(first.id) == first
        with pytest.raises(MissingError, match=r"error\.dataset\.missing"):
            store.dataset("no such id")
        with pytest.raises(MissingError, match=r"error\.dataset\.missing"):
            store.dataset("%")
        with pytest.raises(MissingError, match=r"error\.dataset\.ambiguous"):
            store.dataset("")


def test_verify_names_what_is_missing_or_damaged(settings: Settings, original: Path) -> None:
    with Store.open(settings) as store:
        dataset, _ = add(store, original)
        assert store.verify() == []
        table, stored = (settings.home / name for name in files(settings))
        stored.chmod(0o644)
        stored.write_bytes(b"other bytes")
        table.chmod(0o644)
        table.write_bytes(table.read_bytes()[:-100])
        found = store.verify()
        assert [(fault.code, fault.fields["dataset"]) for fault in found] == [("stored_file_damaged", dataset.id)] * 2
        with pytest.raises(StoreError, match=r"error\.store\.table"):
            store.read(dataset)
        table.unlink()
        stored.unlink()
        assert [fault.code for fault in store.verify()] == ["stored_file_missing"] * 2
        with pytest.raises(StoreError, match=r"error\.store\.table"):
            store.read(dataset)


def test_filing_again_after_withdrawal_mends_a_damaged_file(settings: Settings, original: Path) -> None:
    with Store.open(settings) as store:
        dataset, _ = add(store, original)
        (settings.home / files(settings)[0]).unlink()
        store.withdraw(dataset.id)
        add(store, original)
        assert store.verify() == []


def test_a_table_swapped_for_another_valid_one_is_noticed(settings: Settings, original: Path) -> None:
    with Store.open(settings) as store:
        add(store, original)
        table = settings.home / files(settings)[0]
        table.unlink()
        claims(0.3).to_parquet(table)
        assert [fault.found for fault in store.verify()] == [file_hash(table)]
        with store.changing() as (session, _):
            session.execute(update(DatasetRow).values(file_sha256=None))  # as of a data set filed before bytes were hashed
        assert [fault.found for fault in store.verify()] == [table_hash(claims(0.3))]


def test_files_that_no_entry_names_are_named_and_kept(settings: Settings, original: Path, new_catalogue: Callable[[], str | None]) -> None:
    with Store.open(settings) as store:
        add(store, original)
    if settings.database_url is None:
        (settings.home / "catalogue.sqlite").rename(settings.home / "lost.sqlite")
    settings = settings.model_copy(update={"database_url": new_catalogue()})
    kept = files(settings)
    with Store.open(settings) as store:
        assert [(fault.code, fault.file) for fault in store.verify()] == [("stored_file_unnamed", name) for name in reversed(kept)]
        assert files(settings) == kept
        add(store, original)
        assert store.verify() == []


def test_a_file_that_cannot_be_read_is_refused(settings: Settings, tmp_path: Path) -> None:
    with Store.open(settings) as store:
        with pytest.raises(RefusedError, match=r"error\.reading\.refused") as refused, store.receive(tmp_path / "none.csv"):
            pass
        assert refused.value.faults[0].code == "file_unreadable"
        assert list((settings.home / "incoming").iterdir()) == []


def test_a_home_that_cannot_be_made_is_named(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match=r"error\.store\.write"):
        Store.open(settings.model_copy(update={"home": tmp_path / "file"}))


@pytest.mark.databases("sqlite")
def test_a_file_that_is_no_database_is_named(settings: Settings) -> None:
    settings.home.mkdir(exist_ok=True)
    (settings.home / "catalogue.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreError, match=r"error\.store\.database"):
        Store.open(settings)


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("url", "message"),
    [("no url", "database"), ("nosuch://x/y", "database"), ("mysql+nosuchdriver://x/y", "database"), ("oracle+oracledb://x/y", "driver")],
)
def test_a_database_that_cannot_be_opened_is_named(settings: Settings, url: str, message: str) -> None:
    with pytest.raises(StoreError, match=rf"error\.store\.{message}"):
        Store.open(settings.model_copy(update={"database_url": url}))


def test_a_catalogue_of_a_newer_program_is_left_alone(settings: Settings) -> None:
    with Store.open(settings):
        pass
    alter(settings, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match=r"error\.store\.newer"):
        Store.open(settings)


def test_names_are_made_printable() -> None:
    assert printable("so\u0302\u0301 \x1b[31mđo\udcff.csv") == "số ?[31mđo?.csv"


def test_a_lock_ends_with_its_holder(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with locked(path):
        assert is_locked(path)
    assert not is_locked(path)


def test_looking_for_a_lock_makes_no_file(tmp_path: Path) -> None:
    assert not is_locked(tmp_path / "lock")
    assert not list(tmp_path.iterdir())


def test_a_failed_write_leaves_what_stood_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("before")

    def fill_the_disk() -> None:
        with replacing(path) as beside:
            beside.write_text("half")
            raise OSError(28, "No space left on device")

    with pytest.raises(StoreError, match=r"error\.store\.write"):
        fill_the_disk()
    assert [(entry.name, entry.read_text()) for entry in tmp_path.iterdir()] == [("file", "before")]


def test_placing_needs_a_place(tmp_path: Path) -> None:
    (tmp_path / "written").write_text("x")
    (tmp_path / "in the way").write_text("x")
    with pytest.raises(StoreError, match=r"error\.store\.write"):
        place(tmp_path / "written", tmp_path / "in the way" / "aa" / "file")


def test_measurements_of_a_quarter_are_hashed_and_stored_as_plain_parquet(settings: Settings, original: Path) -> None:
    rows = pd.DataFrame(
        {"lon": [107.5], "lat": [16.4], "operator": "viettel", "technology": "4g", "environment": "outdoor", "device_id": "a"}
    )
    frame = MEASUREMENTS.conform(rows)
    with Store.open(settings) as store:
        dataset, _ = add(store, original, frame, filing(Kind.MEASUREMENTS))
        pd.testing.assert_frame_equal(store.read(dataset), frame)
