"""The store among processes: full disks, deaths at any point, many writers at once; nothing half-done is left."""

import multiprocessing
import os
import resource
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, event
from stored import add, claims, files, filing

from hatang.data.atomic import locked
from hatang.data.contracts import StoreError
from hatang.data.database import open_engine
from hatang.data.settings import Settings
from hatang.data.store import Store

pytestmark = pytest.mark.databases("sqlite", "postgresql")


@pytest.fixture
def original(tmp_path: Path) -> Path:
    path = tmp_path / "claims.gpkg"
    path.write_bytes(b"original bytes")
    return path


def _limited(settings: Settings, original: Path, limit_bytes: int) -> None:
    """Add a table in this process, whose files may not grow past a limit."""
    with Store.open(settings) as store:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))
        try:
            add(store, original)
        except StoreError:
            os._exit(3)
    os._exit(0)


def in_process(target: Callable[..., None], *arguments: object) -> int | None:
    process = multiprocessing.get_context("fork").Process(target=target, args=arguments)
    process.start()
    process.join()
    return process.exitcode


@pytest.mark.parametrize("limit_bytes", [0, 5, 2_000, 50_000])
@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_a_disk_that_is_full_changes_nothing(settings: Settings, tmp_path: Path, limit_bytes: int) -> None:
    small, large = tmp_path / "small.gpkg", tmp_path / "large.gpkg"
    small.write_bytes(b"small")
    large.write_bytes(b"x" * 40_000)
    with Store.open(settings) as store:
        first, _ = add(store, small, claims(0.2))
    before = files(settings)
    if limit_bytes > 40_000 and settings.database_url is not None:  # the files fit, and the catalogue's disk is the server's
        assert in_process(_limited, settings, large, limit_bytes) == 0
        return
    assert in_process(_limited, settings, large, limit_bytes) == 3
    assert files(settings) == before
    with Store.open(settings) as store:
        assert store.datasets() == [first]
        assert store.verify() == []
        assert add(store, large)[1]


def _killed(settings: Settings, original: Path, point: str) -> None:
    """Add a table in this process, which dies without warning at a point."""

    def die(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with Store.open(settings) as store:
        if point == "receive":
            with store.receive(original):
                die()
        if point == "insert":
            event.listen(Engine, "before_cursor_execute", lambda *call: die() if "INSERT INTO datasets" in call[2] else None)
        if point == "place":
            sys.addaudithook(lambda name, call: die() if name == "os.rename" and "/datasets/" in str(call[1]) else None)
        if point == "commit":
            event.listen(Engine, "commit", die)
        add(store, original)


@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("point", ["receive", "insert", "place", "commit"])
def test_a_process_killed_at_any_point_changes_nothing(settings: Settings, original: Path, tmp_path: Path, point: str) -> None:
    with Store.open(settings) as store:
        first, _ = add(store, original, claims(0.2))
    before = files(settings)
    other = tmp_path / "other.gpkg"
    other.write_bytes(b"other original")
    assert in_process(_killed, settings, other, point) == -signal.SIGKILL
    left = files(settings)
    assert left != before
    with Store.open(settings) as store:
        assert files(settings) == before
        assert store.datasets() == [first]
        assert store.verify() == []
        assert add(store, other)[1]


def _open_and_add(settings: Settings, original: Path, width: float) -> None:
    with Store.open(settings) as store:
        add(store, original, claims(width))
        add(store, original, claims(0.9))
    os._exit(0)


@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_processes_that_open_and_add_at_once_all_succeed(settings: Settings, original: Path) -> None:
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_open_and_add, args=(settings, original, 0.01 * (n + 1))) for n in range(6)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 6
    with Store.open(settings) as store:
        assert len(store.datasets()) == 7
        assert store.verify() == []


@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
@pytest.mark.databases("postgresql")
def test_what_a_dead_process_sent_last_is_waited_for_before_its_files_are_judged(settings: Settings, original: Path) -> None:
    """Another connection stands for the server that is still committing."""
    assert in_process(_killed, settings, original, "commit") == -signal.SIGKILL
    engine = open_engine(str(settings.database_url))
    with engine.connect() as connection, ThreadPoolExecutor() as pool:
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('hatang.catalogue'))")
        opening = pool.submit(Store.open, settings)
        with pytest.raises(TimeoutError):
            opening.result(timeout=0.5)
        assert [path.name for path in (settings.home / "incoming").iterdir()] != []
        connection.rollback()
        opening.result(timeout=30).close()
    engine.dispose()


def test_a_reception_at_work_is_not_cleared_away(settings: Settings, original: Path) -> None:
    with Store.open(settings) as store, store.receive(original) as received:
        with Store.open(settings) as other:
            other.verify()
        assert received.path.read_bytes() == b"original bytes"
        assert store.add(received, claims(), filing())[1]


def test_a_reception_ends_only_while_nobody_looks_for_dead_ones(settings: Settings, original: Path) -> None:
    """Another process that clears up must never find half of a folder."""
    with Store.open(settings) as store, ThreadPoolExecutor() as pool:
        reception = store.receive(original)
        received = reception.__enter__()
        with locked(settings.home / "lock"):
            end = pool.submit(reception.__exit__, None, None, None)
            with pytest.raises(TimeoutError):
                end.result(timeout=0.2)
            assert received.path.is_file()
        end.result(timeout=10)
        assert not received.folder.exists()
