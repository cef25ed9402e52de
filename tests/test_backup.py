"""Backup and restore: a round trip, backups while others file, and archives that must be refused."""

import datetime as dt
import hashlib
import io
import json
import sqlite3
import tarfile
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest
from alembic import command
from sqlalchemy import create_engine
from typer.testing import CliRunner

from hatang.commands.main import app
from hatang.data.contracts import FIXED, Kind, ParameterError, RefusedError, StoreError
from hatang.data.database import _config
from hatang.data.mappingmemory import all_remembered, kept_text, recall, remember
from hatang.data.settings import Settings
from hatang.data.store import Dataset, Filing, Store
from hatang.pipeline.backup import back_up, bring_back
from hatang.pipeline.progress import Quiet

both = pytest.mark.databases("sqlite", "postgresql")


def table(households: int) -> pd.DataFrame:
    rows = {"ward_code": ["19774"], "ward_name": ["A"], "operator": ["vnpt"], "households": [households], "households_served": [1]}
    return FIXED.conform(pd.DataFrame(rows))


def add(settings: Settings, number: int, content: bytes | None = None) -> Dataset:
    file = settings.home.parent / f"file-{number}.csv"
    file.write_bytes(content or f"file {number}".encode())
    with Store.open(settings) as store, store.receive(file) as received:
        return store.add(received, table(number), Filing(Kind.FIXED, "vnpt", 1, 1, 0))[0]


@pytest.fixture
def place(settings: Settings, tmp_path: Path, new_catalogue: Callable[[], str | None]) -> Settings:
    """Return settings of a home where nothing stands yet, and of a database that is empty."""
    return settings.model_copy(update={"home": tmp_path / "new" / "home", "database_url": new_catalogue()})


@pytest.fixture
def archive(settings: Settings, tmp_path: Path) -> Path:
    """Return a backup of a store with two data sets, one of them withdrawn."""
    first = add(settings, 1)
    add(settings, 2)
    with Store.open(settings) as store:
        store.withdraw(first.id)
    back_up(tmp_path / "backup.tar", settings, Quiet())
    return tmp_path / "backup.tar"


def listed(settings: Settings) -> list[Dataset]:
    with Store.open(settings) as store:
        return store.datasets(include_withdrawn=True)


def nothing_left(folder: Path, *names: str) -> bool:
    return sorted(path.name for path in folder.iterdir()) == sorted(names) if folder.exists() else not names


@both
def test_a_round_trip_brings_everything_back(settings: Settings, place: Settings, archive: Path) -> None:
    city = settings.home / "boundaries/city.parquet"
    city.write_bytes(b"the city's own")
    stated = settings.home.parent / "stated.yaml"
    stated.write_text("columns: {households: Tổng hộ}\n", encoding="utf-8")
    remember(settings.home, "vnpt", Kind.FIXED, ["Mã xã", "Tổng hộ"], stated, file="ho.csv", used=dt.datetime(2026, 11, 26, tzinfo=dt.UTC))
    whole = archive.with_name("whole.tar")
    made = back_up(whole, settings, Quiet())
    assert made.sha256 == hashlib.sha256(whole.read_bytes()).hexdigest()
    assert made.files == 7  # the catalogue, two originals, two tables, the city's boundaries, a mapping
    found = bring_back(whole, place, Quiet())
    assert (found.datasets, found.faults, found.kept) == (2, (), None)
    assert listed(place) == listed(settings)
    assert (place.home / "boundaries/city.parquet").read_bytes() == b"the city's own"
    kept = recall(place.home, "vnpt", Kind.FIXED, ["Mã xã", "Tổng hộ"])
    assert kept is not None
    assert kept_text(kept) == kept_text(all_remembered(settings.home)[0])
    with Store.open(place) as store, Store.open(settings) as old:
        assert store.verify(anchor=old.audit_head().hash) == []  # the chain goes on
        assert store.audit_head().seq == old.audit_head().seq + 1
        pd.testing.assert_frame_equal(store.read(store.datasets()[0]), table(2))
    add(place, 3)
    assert len(listed(place)) == 3
    assert nothing_left(place.home.parent, "home", "file-3.csv")


def test_it_is_a_tar_that_others_open(archive: Path) -> None:
    with tarfile.open(archive) as opened:
        names = opened.getnames()
        manifest = opened.extractfile("manifest.json")
        assert manifest is not None
        said = json.load(manifest)
        for name, sha256 in said["files"].items():
            member = opened.extractfile(name)
            assert member is not None
            assert hashlib.sha256(member.read()).hexdigest() == sha256
    assert names == [*said["files"], "manifest.json"]


def test_a_store_in_use_is_replaced_only_when_said_and_kept(settings: Settings, archive: Path) -> None:
    third = add(settings, 3)
    with pytest.raises(ParameterError, match=r"error\.backup\.not_empty"):
        bring_back(archive, settings, Quiet())
    assert len(listed(settings)) == 3
    found = bring_back(archive, settings, Quiet(), replace=True)
    assert len(listed(settings)) == 2
    assert found.kept is not None
    assert third in listed(settings.model_copy(update={"home": found.kept}))


def test_a_file_in_the_way_is_not_overwritten(settings: Settings, archive: Path) -> None:
    before = archive.read_bytes()
    with pytest.raises(ParameterError, match=r"error\.backup\.exists"):
        back_up(archive, settings, Quiet())
    assert archive.read_bytes() == before


def test_another_database_has_its_own_tools(settings: Settings, tmp_path: Path) -> None:
    elsewhere = settings.model_copy(update={"database_url": f"sqlite:///{tmp_path / 'x.sqlite'}"})
    for attempt in (lambda: back_up(tmp_path / "b.tar", elsewhere, Quiet()), lambda: bring_back(tmp_path / "b.tar", elsewhere, Quiet())):
        with pytest.raises(ParameterError, match=r"error\.backup\.database"):
            attempt()


@both
@pytest.mark.parametrize("folder", ["originals", "datasets"])
def test_a_store_that_lacks_a_file_is_not_backed_up(settings: Settings, archive: Path, folder: str) -> None:
    next((settings.home / folder).glob("??/*")).unlink()
    with pytest.raises(StoreError, match=r"error\.backup\.damaged"):
        back_up(archive.with_name("other.tar"), settings, Quiet())
    assert not archive.with_name("other.tar").exists()


@pytest.mark.parametrize("folder", ["originals", "datasets"])
def test_a_damaged_file_is_not_backed_up(settings: Settings, archive: Path, folder: str) -> None:
    path = next((settings.home / folder).glob("??/*"))
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(StoreError, match=r"error\.backup\.damaged"):
        back_up(archive.with_name("other.tar"), settings, Quiet())


@both
def test_a_backup_made_while_others_file_is_consistent(
    settings: Settings, place: Settings, tmp_path: Path, new_catalogue: Callable[[], str | None]
) -> None:
    add(settings, 0)
    with ThreadPoolExecutor() as pool:
        filing = [pool.submit(add, settings, number) for number in range(1, 9)]
        made = [pool.submit(back_up, tmp_path / f"{n}.tar", settings, Quiet()) for n in range(3)]
        for job in (*filing, *made):
            job.result(timeout=120)
    for n in range(3):
        home = place.model_copy(update={"home": place.home / str(n), "database_url": new_catalogue()})
        assert bring_back(tmp_path / f"{n}.tar", home, Quiet()).datasets >= 1
        with Store.open(home) as store:
            assert store.verify() == []
    assert list((settings.home / "incoming").iterdir()) == []


@both
def test_a_backup_of_an_older_program_is_brought_up(place: Settings, archive: Path) -> None:
    """The catalogue in the archive taken down to revision 1."""
    files = members(archive)
    path = archive.with_name("old.sqlite")
    path.write_bytes(files["catalogue.sqlite"])
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
    engine.dispose()
    files["catalogue.sqlite"] = path.read_bytes()
    assert bring_back(write(archive, files), place, Quiet()).datasets == 2
    with Store.open(place) as store:
        assert store.revision == "0004"


def members(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive) as opened:
        return {info.name: content.read() for info in opened if (content := opened.extractfile(info)) is not None}


def write(archive: Path, files: dict[str, bytes], *, agree: bool = True, extra: Callable[[tarfile.TarFile], None] | None = None) -> Path:
    """Write a changed backup beside the true one, its manifest agreeing with what it holds unless said otherwise."""
    content = {name: data for name, data in files.items() if name != "manifest.json"}
    manifest = json.loads(files["manifest.json"])
    if agree:
        manifest["files"] = {name: hashlib.sha256(data).hexdigest() for name, data in content.items()}
    path = archive.with_name("changed.tar")
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as out:
        for name, data in content.items():
            put(out, name, data)
        if extra is not None:
            extra(out)
        put(out, "manifest.json", json.dumps(manifest).encode())
    return path


def put(out: tarfile.TarFile, name: str, data: bytes = b"", *, kind: bytes = tarfile.REGTYPE, link: str = "") -> None:
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = len(data), kind, link
    assert info.linkname == link
    out.addfile(info, io.BytesIO(data))


def refused(path: Path, place: Settings) -> str:
    """Return why a restore was refused; nothing may be left of it."""
    with pytest.raises(RefusedError) as error:
        bring_back(path, place, Quiet())
    assert not place.home.exists()
    assert nothing_left(place.home.parent)
    return error.value.faults[0].code


def test_a_backup_rewritten_by_the_test_is_still_good(archive: Path, place: Settings) -> None:
    assert bring_back(write(archive, members(archive)), place, Quiet()).datasets == 2


@pytest.mark.parametrize(
    "hostile",
    [
        {"name": "../outside", "data": b"x"},
        {"name": "/outside", "data": b"x"},
        {"name": "originals/../../outside", "data": b"x"},
        {"name": "originals/ab/" + "ab" * 32, "kind": tarfile.SYMTYPE, "link": "/etc/passwd"},
        {"name": "originals/ab/" + "ab" * 32, "kind": tarfile.LNKTYPE, "link": "catalogue.sqlite"},
        {"name": "originals/ab", "kind": tarfile.DIRTYPE},
        {"name": "catalogue.sqlite", "data": b"a second one"},
        {"name": "catalogue.sqlite-wal", "data": b"x"},
        {"name": "originals/ab/" + "cd" * 32, "data": b"x"},
        {"name": "fifo", "kind": tarfile.FIFOTYPE},
        {"name": "x" * 300, "data": b"x"},
        {"name": "results/\x1b[31m", "data": b"x"},
        {"name": "mappings/../../outside.yaml", "data": b"x"},
        {"name": "mappings/lock", "data": b"x"},
    ],
)
def test_members_that_no_backup_holds_are_refused(archive: Path, place: Settings, hostile: dict[str, object]) -> None:
    path = write(archive, members(archive), extra=lambda out: put(out, **hostile))  # type: ignore[arg-type]
    assert refused(path, place) == "backup_member"


@pytest.mark.parametrize("part", [0.0, 0.05, 0.3, 0.7, 0.95, 0.999])
def test_an_archive_cut_off_anywhere_is_refused(archive: Path, place: Settings, part: float) -> None:
    content = archive.read_bytes()
    cut = archive.with_name("cut.tar")
    cut.write_bytes(content[: int(part * (len(content) - 2 * tarfile.BLOCKSIZE))])
    assert refused(cut, place) == "backup_truncated"


@pytest.mark.parametrize("content", [b"no archive at all" * 100, b"\0" * 2048, b"PK\x03\x04" + b"\1" * 4096, b"<html>" + b" " * 1024])
def test_what_is_no_backup_is_refused(place: Settings, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "foreign"
    path.write_bytes(content)
    place.home.parent.mkdir()
    assert refused(path, place) == "backup_foreign"


def test_a_missing_file_or_a_directory_is_refused(place: Settings, tmp_path: Path) -> None:
    place.home.parent.mkdir()
    assert refused(tmp_path / "none.tar", place) == "file_unreadable"
    assert refused(tmp_path, place) == "file_unreadable"


def test_a_file_that_is_missing_from_the_archive_is_noticed(archive: Path, place: Settings) -> None:
    files = members(archive)
    name = next(name for name in files if name.startswith("datasets/"))
    del files[name]
    assert refused(write(archive, files, agree=False), place) == "backup_truncated"
    assert refused(write(archive, files), place) == "stored_file_missing"


def test_changed_content_is_noticed(archive: Path, place: Settings) -> None:
    files = members(archive)
    original = next(name for name in files if name.startswith("originals/"))
    other = {**files, original: b"file Y"}
    assert refused(write(archive, other, agree=False), place) == "backup_hash"
    assert refused(write(archive, other), place) == "backup_hash"  # an original answers to its own name
    tables = [name for name in files if name.startswith("datasets/")]
    swapped = {**files, tables[0]: files[tables[1]]}
    assert refused(write(archive, swapped), place) == "stored_file_damaged"


def test_a_flipped_bit_is_noticed(archive: Path, place: Settings) -> None:
    content = bytearray(archive.read_bytes())
    content[tarfile.BLOCKSIZE + 5_000] ^= 1
    flipped = archive.with_name("flipped.tar")
    flipped.write_bytes(content)
    assert refused(flipped, place) == "backup_hash"


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER t AFTER INSERT ON users BEGIN DELETE FROM audit_log; END",
        "CREATE VIEW v AS SELECT * FROM users",
        "CREATE VIRTUAL TABLE f USING fts5(x)",
    ],
)
def test_a_catalogue_that_would_run_something_is_refused(archive: Path, place: Settings, statement: str) -> None:
    files = members(archive)
    path = archive.with_name("hostile.sqlite")
    path.write_bytes(files["catalogue.sqlite"])
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()
    assert refused(write(archive, {**files, "catalogue.sqlite": path.read_bytes()}), place) == "backup_member"


def test_a_catalogue_that_is_no_database_is_refused(archive: Path, place: Settings) -> None:
    assert refused(write(archive, {**members(archive), "catalogue.sqlite": b"no database" * 999}), place) == "backup_foreign"


def test_a_catalogue_of_a_newer_program_is_not_restored(archive: Path, place: Settings) -> None:
    files = members(archive)
    path = archive.with_name("newer.sqlite")
    path.write_bytes(files["catalogue.sqlite"])
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    with pytest.raises(StoreError, match=r"error\.store\.newer"):
        bring_back(write(archive, {**files, "catalogue.sqlite": path.read_bytes()}), place, Quiet())
    assert not place.home.exists()


def test_memory_stays_flat(settings: Settings, place: Settings, tmp_path: Path) -> None:
    """An original of 64 MB through backup and restore with less than 16 MB at once."""
    add(settings, 1, b"x" * 64_000_000)
    tracemalloc.start()
    try:
        back_up(tmp_path / "b.tar", settings, Quiet())
        bring_back(tmp_path / "b.tar", place, Quiet())
        assert tracemalloc.get_traced_memory()[1] < 16_000_000
    finally:
        tracemalloc.stop()


def test_on_the_command_line(settings: Settings, place: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add(settings, 1)
    monkeypatch.delenv("HATANG_DATABASE_URL", raising=False)

    def call(home: Path, *arguments: str) -> tuple[int, dict[str, object]]:
        monkeypatch.setenv("HATANG_HOME", str(home))
        done = CliRunner().invoke(app, ["--json", "catalogue", *arguments])
        return done.exit_code, json.loads(done.stdout)

    file = str(tmp_path / "b.tar")
    code, made = call(settings.home, "backup", file)
    assert (code, made["files"]) == (0, 3)
    assert call(place.home, "restore", file) == (0, {"folder": str(place.home), "datasets": 1, "kept": None, "faults": []})
    code, said = call(place.home, "restore", file)
    assert (code, said["code"]) == (1, "error.backup.not_empty")
    code, said = call(place.home, "restore", file, "--replace")
    assert code == 0
    assert Path(str(said["kept"])).is_dir()
    code, said = call(tmp_path / "third", "restore", str(tmp_path / "file-1.csv"))
    assert (code, said["code"]) == (1, "error.backup.refused")
