"""Use case: the store into one file, and back from one."""

import contextlib
import datetime as dt
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ulid import ULID

from hatang.data.atomic import disk, locked
from hatang.data.audit import Action, record
from hatang.data.backup import CATALOGUE, Backup, unpack_backup, write_backup
from hatang.data.contracts import AUTHORITY, Fault, ParameterError, RefusedError
from hatang.data.copying import copy_rows, require_empty_database
from hatang.data.database import is_postgresql
from hatang.data.layers import fill
from hatang.data.settings import Settings
from hatang.data.store import Store
from hatang.pipeline.progress import Progress

_HELD: Final = ("originals", "datasets", "results", "incoming")
"""Folders of a store that is in use when anything stands in them."""


@dataclass(frozen=True, slots=True)
class Restored:
    """A store that was restored: its data sets, what is wrong with its audit log, and where the store before it is kept."""

    datasets: int
    faults: tuple[Fault, ...]
    kept: Path | None


def back_up(file: Path, settings: Settings, progress: Progress) -> Backup:
    """Write the catalogue, every stored file and the city's own boundaries into one new file; others may go on filing meanwhile.

    Raises
    ------
    ParameterError
        Where the file exists, or the catalogue stands neither in the data folder nor on PostgreSQL.
    StoreError
        Where the disk refuses, or a stored file is missing or damaged; no file is left then.
    """
    _own_database(settings)
    with Store.open(settings) as store:
        progress.step("backup.writing")
        return write_backup(store, file, progress.advance)


def bring_back(file: Path, settings: Settings, progress: Progress, *, replace: bool = False) -> Restored:
    """Restore a backup into the data folder: unpacked beside it, checked, brought to the newest revision, then put in its place.

    With `replace` the store that stands there is renamed and kept. Nobody should work on it meanwhile.

    Raises
    ------
    ParameterError
        Where the data folder holds a store and `replace` is not said, the server's database is not empty, or the catalogue stands
        neither in the data folder nor on PostgreSQL.
    RefusedError
        Where the archive is unreadable, foreign, cut off, hostile or damaged, or lacks a file that its catalogue names.
    StoreError
        Where the disk refuses, or a newer version of the program made the backup. In every case nothing is changed.
    """
    _own_database(settings)
    home = settings.home.absolute()
    used = _in_use(home)
    if used and not replace:
        raise ParameterError("error.backup.not_empty", folder=str(home))
    _require_empty(settings)
    progress.step("backup.restoring")
    with _staging(home) as staged:
        digest = unpack_backup(file, staged)
        own = settings.model_copy(update={"home": staged, "database_url": None, "database_session": None})
        with Store.open(own) as store:
            faults = store.verify(progress.advance)
            broken = [fault for fault in faults if fault.code.startswith("stored_file")]
            if broken:
                raise RefusedError("error.backup.refused", broken, file=file.name)
            datasets = len(store.datasets(include_withdrawn=True))
            with store.changing() as (session, actor):
                detail = {"sha256": digest, "file": file.name}
                record(session, actor=actor, organisation=AUTHORITY, action=Action.RESTORE_BACKUP, subject=digest, detail=detail)
        kept = _moved_aside(home) if used else None
        if settings.database_url is None:
            _put(staged, home)
        else:
            _put_on_server(own, settings)
        return Restored(datasets, tuple(faults), kept)


def _own_database(settings: Settings) -> None:
    """Refuse a catalogue that stands neither in the data folder nor on a server."""
    if settings.database_url is not None and not is_postgresql(settings.database_url):
        raise ParameterError("error.backup.database")


def _require_empty(settings: Settings) -> None:
    """Refuse a server's database that holds rows: it is not moved aside as a folder is."""
    if settings.database_url is not None:
        require_empty_database(settings.database_url)


def _put_on_server(staged: Settings, settings: Settings) -> None:
    """Put a checked store's rows on the server and its files in their place; the rows are committed last."""
    with Store.open(staged) as source, Store.open(settings) as target, source.looking() as before, target.changing() as (after, _):
        copy_rows(before, after)
        fill(after, source.read)
        _put(staged.home, settings.home.absolute(), rows=False)


def _in_use(home: Path) -> bool:
    """Return whether a store stands in a folder; computed maps and engine files are none."""
    return (home / CATALOGUE).exists() or any(any((home / name).iterdir()) for name in _HELD if (home / name).is_dir())


@contextlib.contextmanager
def _staging(home: Path) -> Iterator[Path]:
    """Yield a new folder beside a home, on the same file system; it is gone at the end."""
    folder = home.with_name(f".{home.name}.{ULID()}")
    with disk(folder):
        folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _moved_aside(home: Path) -> Path:
    """Rename the store that stands at `home`, once nobody files into it; return where it is kept."""
    kept = home.with_name(f"{home.name}.{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%SZ}.{str(ULID())[-4:]}")
    with disk(home), locked(home / "lock"):
        home.rename(kept)
    return kept


def _put(staged: Path, home: Path, *, rows: bool = True) -> None:
    """Move a checked store's files into their place, and where `rows` the catalogue, last: until then there is none."""
    with disk(home):
        home.mkdir(parents=True, exist_ok=True)
        for path in sorted(staged.rglob("*"), key=lambda path: (path.name == CATALOGUE, path)):
            if path.is_file() and (rows or path.relative_to(staged).parts[0] in ("originals", "datasets", "boundaries", "mappings")):
                target = home / path.relative_to(staged)
                target.parent.mkdir(parents=True, exist_ok=True)
                path.replace(target)
