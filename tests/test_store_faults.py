"""What befalls a store in years of use: killed processes, full disks, several writers at once, files that rot."""

import multiprocessing
import os
import random
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from hatang.data.contracts import HatangError
from hatang.data.settings import Settings
from hatang.data.store import Store
from hatang.pipeline.backup import back_up, bring_back
from hatang.pipeline.ingest import IngestOptions, ingest
from hatang.pipeline.progress import Quiet

pytestmark = pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
POINTS = {"sqlite": 20, "postgresql": 8}
"""Kills; on a server fewer, since the files are what breaks, and those are the same."""
FAILED = 3
"""Exit code of a process that was told of the failure in a documented error."""
both = pytest.mark.databases("sqlite", "postgresql")


def log(folder: Path, name: str, rows: int = 200) -> Path:
    path = folder / name
    columns = {"time": "2026-08-01 08:00:00", "lon": 107.577, "lat": 16.4785, "operator": "viettel", "technology": "4g", "rsrp_dbm": -90}
    pd.DataFrame([{**columns, "device_id": f"{name}-{n}"} for n in range(rows)]).to_csv(path, index=False)
    return path


def take(settings: Settings, file: Path) -> str:
    outcome = ingest([file], IngestOptions(period="2026Q3"), settings, Quiet())
    assert outcome.complete, outcome.faults
    return outcome.datasets[0].id


def state(settings: Settings) -> tuple[list[str], list[str]]:
    """Return the entries of a store that is sound, and the files in it."""
    with Store.open(settings) as store:
        assert store.verify() == []
        entries = [dataset.id for dataset in store.datasets(include_withdrawn=True)]
    folders = (settings.home / name for name in ("originals", "datasets", "incoming"))
    return entries, sorted(path.name for folder in folders for path in folder.rglob("*") if path.is_file())


def process(target: Callable[..., None], *arguments: object) -> multiprocessing.process.BaseProcess:
    child = multiprocessing.get_context("fork").Process(target=target, args=arguments)
    child.start()
    return child


def ended(child: multiprocessing.process.BaseProcess) -> int | None:
    child.join(120)
    return child.exitcode


def _counted(settings: Settings, file: Path, point: int, count: object) -> None:
    """Ingest a file in this process, which dies without warning at its `point`-th event: a file opened, made, renamed or removed, …"""
    seen = 0

    def note(_name: str, _call: object) -> None:
        nonlocal seen
        seen += 1
        count.value = seen  # type: ignore[attr-defined]  # a number that parent and child share
        if seen == point:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(note)
    take(settings, file)
    os._exit(0)


def _timed(settings: Settings, file: Path, delay_s: float) -> None:
    """Ingest a file in this process, which another thread kills after a while."""

    def die() -> None:
        time.sleep(delay_s)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=die, daemon=True).start()
    take(settings, file)
    os._exit(0)


@both
@pytest.mark.slow
def test_an_ingest_killed_at_20_random_points_leaves_a_sound_store(settings: Settings, tmp_path: Path, catalogue: str) -> None:
    """SIGKILL at so many random events, and after as many random spans of time, of an ingest that nobody kills."""
    draw = random.Random(20261125)  # noqa: S311 - a repeatable draw
    take(settings, log(tmp_path, "first.csv"))
    count = multiprocessing.get_context("fork").Value("i", 0)
    began = time.monotonic()
    assert ended(process(_counted, settings, log(tmp_path, "whole.csv"), -1, count)) == 0
    length_s, events = time.monotonic() - began, count.value
    points = POINTS[catalogue]
    assert events > points
    before = state(settings)
    attempts: list[tuple[Callable[..., None], tuple[object, ...]]] = [
        (_counted, (draw.randrange(1, events), count)) for _ in range(points // 2)
    ]
    attempts += [(_timed, (draw.uniform(0, length_s),)) for _ in range(points // 2)]
    killed, sound = 0, 0
    for n, (attempt, arguments) in enumerate(attempts):
        file = log(tmp_path, f"{n}.csv")
        killed += ended(process(attempt, settings, file, *arguments)) == -signal.SIGKILL
        entries, files = state(settings)
        if entries == before[0]:
            assert files == before[1], n
        else:
            assert (len(entries), len(files)) == (len(before[0]) + 1, len(before[1]) + 2), n
        again = take(settings, file)
        entries, files = state(settings)
        assert (entries, len(files)) == ([*before[0], again], len(before[1]) + 2), n
        before = entries, files
        sound += 1
    assert sound == points
    assert killed >= points // 2  # every one by events at least


def _limited(work: Callable[[], object], limit_bytes: int) -> None:
    """Work in this process, whose files may not grow past a limit, as on a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))
    try:
        work()
    except (HatangError, AssertionError):
        os._exit(FAILED)
    os._exit(0)


@pytest.mark.parametrize("limit_bytes", [0, 1_000, 8_000, 30_000, 100_000])
def test_a_full_disk_changes_nothing(settings: Settings, tmp_path: Path, limit_bytes: int) -> None:
    take(settings, log(tmp_path, "first.csv"))
    before = state(settings)
    file = log(tmp_path, "large.csv", rows=3_000)
    assert ended(process(_limited, lambda: take(settings, file), limit_bytes)) == FAILED
    assert state(settings) == before
    take(settings, file)
    assert len(state(settings)[0]) == 2


@pytest.mark.parametrize("limit_bytes", [0, 10_000, 150_000])
def test_a_full_disk_leaves_no_half_backup_and_no_half_store(settings: Settings, tmp_path: Path, limit_bytes: int) -> None:
    take(settings, log(tmp_path, "first.csv", rows=3_000))
    archive = tmp_path / "b.tar"
    assert ended(process(_limited, lambda: back_up(archive, settings, Quiet()), limit_bytes)) == FAILED
    assert not archive.exists()
    assert [path.name for path in tmp_path.iterdir() if "b.tar" in path.name] == []
    before = state(settings)
    back_up(archive, settings, Quiet())
    place = settings.model_copy(update={"home": tmp_path / "new/home"})
    assert ended(process(_limited, lambda: bring_back(archive, place, Quiet()), limit_bytes)) == FAILED
    assert not list((tmp_path / "new").iterdir())
    bring_back(archive, place, Quiet())
    assert state(place) == before


def _taking(settings: Settings, files: list[Path]) -> None:
    for file in files:
        take(settings, file)
    os._exit(0)


@both
def test_two_writers_at_once_file_everything_once(settings: Settings, tmp_path: Path) -> None:
    """Four files each, two of them the same, in opposite order."""
    files = [log(tmp_path, f"{n}.csv") for n in range(6)]
    writers = [process(_taking, settings, files[:4]), process(_taking, settings, files[:1:-1])]
    assert [ended(writer) for writer in writers] == [0, 0]
    entries, stored = state(settings)
    assert (len(entries), len(set(entries)), len(stored)) == (6, 6, 12)
    with Store.open(settings) as store:
        assert store.audit_head().seq == 6


def _holding(settings: Settings, file: Path, held: object, go: object) -> None:
    with Store.open(settings) as store, store.changing():
        held.set()  # type: ignore[attr-defined]  # events that parent and child share
        go.wait(60)  # type: ignore[attr-defined]
    take(settings, file)
    os._exit(0)


@both
def test_a_writer_waits_for_another_instead_of_failing(settings: Settings, tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    held, go = context.Event(), context.Event()
    one = process(_holding, settings, log(tmp_path, "one.csv"), held, go)
    assert held.wait(60)
    two = process(_taking, settings, [log(tmp_path, "two.csv")])
    two.join(0.5)
    assert two.is_alive()
    go.set()
    assert (ended(one), ended(two)) == (0, 0)
    assert len(state(settings)[0]) == 2


def test_any_flipped_bit_of_a_stored_file_is_detected(settings: Settings, tmp_path: Path) -> None:
    """One bit at 20 places of an original and of a table."""
    draw = random.Random(7)  # noqa: S311 - a repeatable draw
    take(settings, log(tmp_path, "first.csv"))
    for folder in ("originals", "datasets"):
        (path,) = (settings.home / folder).glob("??/*")
        content = path.read_bytes()
        path.chmod(0o644)
        found = 0
        for _ in range(20):
            place = draw.randrange(len(content))
            path.write_bytes(content[:place] + bytes([content[place] ^ 1 << draw.randrange(8)]) + content[place + 1 :])
            with Store.open(settings) as store:
                found += [fault.code for fault in store.verify()] == ["stored_file_damaged"]
        path.write_bytes(content)
        assert found == 20, folder
    state(settings)


@both
def test_a_dead_process_s_lock_holds_nobody_up(settings: Settings, tmp_path: Path) -> None:
    held = multiprocessing.get_context("fork").Event()
    child = process(_holding, settings, tmp_path / "none", held, multiprocessing.get_context("fork").Event())
    assert held.wait(60)
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    assert ended(child) == -signal.SIGKILL
    began = time.monotonic()
    take(settings, log(tmp_path, "after.csv"))
    assert time.monotonic() - began < 30
    assert len(state(settings)[0]) == 1


def test_a_quota_refuses_a_file_as_a_fault(settings: Settings, tmp_path: Path) -> None:
    limited = settings.model_copy(update={"quota_rows": 100})
    outcome = ingest([log(tmp_path, "a.csv", rows=100), log(tmp_path, "b.csv", rows=1)], IngestOptions(), limited, Quiet())
    assert [file.dataset is not None for file in outcome.files] == [True, False]
    assert [fault.code for fault in outcome.files[1].faults] == ["quota_rows"]
    assert len(state(settings)[0]) == 1
