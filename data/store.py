"""The store of an installation: a catalogue database, and beside it files named by the hash of what they hold.

::

    HATANG_HOME/catalogue.sqlite                  organisations, submissions, data sets, faults, users, audit log
    HATANG_HOME/originals/<aa>/<sha256>           the bytes as filed
    HATANG_HOME/datasets/<aa>/<sha256>.parquet    canonical tables, EPSG:4326
    HATANG_HOME/incoming/<id>/                    a file being received, held by a lock

Files are immutable and come first, flushed to disk; the catalogue's rows come last, in one transaction. A reception notes what it is about
to place, so that after a crash in between the next `open` finds the dead reception and removes exactly that. Beside it only `erase` removes
stored files, and only those of data sets marked so: should the catalogue be lost or the wrong one be named, what was filed stays.
"""

import datetime as dt
import shutil
import sqlite3
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, Self

import pandas as pd
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session
from ulid import ULID

from hatang.data._entries import Dataset, Filing, Received, dataset_of, faults_of, filed, identity_of, in_order, only
from hatang.data.atomic import copy_hashed, disk, file_hash, is_locked, locked, place, replacing
from hatang.data.audit import Action, Head, check, head, record
from hatang.data.contracts import Fault, Kind, MissingError, ParameterError, RefusedError, Severity, StoreError
from hatang.data.database import current_revision, database, head_revision, open_engine, upgrade
from hatang.data.models import DatasetRow, OrganisationRow, SubmissionRow
from hatang.data.quota import Quota, Usage, quota_faults, stored_bytes
from hatang.data.results import table_hash
from hatang.data.settings import Settings
from hatang.data.tablefile import read_table, write_table

__all__ = ["Dataset", "Filing", "Received", "Store", "printable"]

_NOTE: Final = "placing"


class Store:
    """The catalogue and its files; use it as a context manager."""

    def __init__(self, home: Path, engine: Engine, *, actor: str = "", quota: Quota | None = None) -> None:
        self._home = home
        self._engine = engine
        self._actor = actor
        self._quota = quota or Quota()
        self._incoming = home / "incoming"

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Open the store of an installation; make it on first use, bring its database to the newest revision, clear up after a crash.

        Raises
        ------
        StoreError
            Where the folder or the database cannot be used, or a newer version of the program made it.
        """
        home = settings.home.absolute()
        with disk(home):
            (home / "incoming").mkdir(parents=True, exist_ok=True)
        quota = Quota(settings.quota_bytes, settings.quota_rows)
        store = cls(home, open_engine(settings.catalogue_url()), actor=settings.actor, quota=quota)
        try:
            store._prepare()
        except BaseException:
            store.close()
            raise
        return store

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections to the database."""
        self._engine.dispose()

    @property
    def home(self) -> Path:
        """Return the data folder."""
        return self._home

    def table_path(self, dataset: Dataset) -> Path:
        """Return where the canonical table of an entry stands; only to read."""
        return self._table(dataset.sha256)

    @property
    def revision(self) -> str:
        """Return the revision of the catalogue database."""
        with database(), self._engine.connect() as connection:
            return str(current_revision(connection))

    @contextmanager
    def receive(self, path: Path) -> Iterator[Received]:
        """Copy the bytes of a file into the store's own working folder, hashed; the folder is gone at the end.

        Raises
        ------
        RefusedError
            Where the file cannot be read.
        StoreError
            Where the disk refuses.
        """
        with self.working() as folder:
            copy = folder / "original" / printable(path.name)
            with disk(copy):
                copy.parent.mkdir()
            yield Received(copy, copy_hashed(path, copy), folder)

    def add(self, received: Received, frame: pd.DataFrame, filing: Filing, *, rehearsal: bool = False) -> tuple[Dataset, bool]:
        """Store a canonical table with the file it came from; return its entry and whether it is new.

        A table that the same organisation filed with the same kind, operator, technology, environment and period counts once: its entry
        is returned and nothing is added, until it is withdrawn.

        Parameters
        ----------
        received
            The file being received; its copy becomes the stored original.
        frame
            The canonical table (contract of `filing.kind`), geometry in EPSG:4326.
        filing
            What is said and found out about it.
        rehearsal
            Return the entry as it would be, and leave no trace.

        Raises
        ------
        RefusedError
            Where the organisation's quota is used up.
        StoreError
            Where the disk or the database refuses; the catalogue is as it was before.
        """
        written = received.folder / "table.parquet"
        with disk(written):
            write_table(frame, written)
            sha256, written_sha256 = table_hash(read_table(written)), file_hash(written)
        identity = identity_of(filing, sha256)
        with self._alone():
            try:
                with self._session() as session:
                    same = session.scalars(select(DatasetRow).where(DatasetRow.identity == identity)).all()
                    stored = next((row for row in same if row.withdrawn_at is None), None)
                    if stored is not None:
                        return dataset_of(stored), False
                    self._weigh(session, received, filing, written)
                    row = filed(session, received, filing, identity, sha256, generation=len(same))
                    # The file replaces an equal table's, whose bytes another version of the writer may have laid out otherwise.
                    for equal in session.scalars(select(DatasetRow).where(DatasetRow.sha256 == sha256)):
                        equal.file_sha256 = written_sha256
                    entry = dataset_of(row)
                    self._record(session, Action.FILE, entry, file=entry.file_name, original=received.sha256, table=sha256)
                    if rehearsal:
                        session.rollback()
                    else:
                        self._place(received.folder, {received.path: self._original(received.sha256), written: self._table(sha256)})
                    return entry, True
            except BaseException:
                self._take_back(received.folder)
                raise

    def find(self, original_sha256: str, options: Mapping[str, Any]) -> Dataset | None:
        """Return the entry in force of a file with these bytes, read with these options; None where there is none."""
        query = in_order().where(SubmissionRow.original_sha256 == original_sha256)
        with self._session() as session:
            rows = session.scalars(query.where(DatasetRow.withdrawn_at.is_(None)))
            return next((dataset_of(row) for row in rows if row.submission.options == options), None)

    def datasets(self, kind: Kind | None = None, *, include_withdrawn: bool = False) -> list[Dataset]:
        """Return the entries in order of acceptance, of one kind or of all."""
        query = in_order()
        if kind is not None:
            query = query.where(DatasetRow.kind == str(kind))
        if not include_withdrawn:
            query = query.where(DatasetRow.withdrawn_at.is_(None))
        with self._session() as session:
            return [dataset_of(row) for row in session.scalars(query)]

    def dataset(self, id_or_prefix: str) -> Dataset:
        """Return the entry with this id, or with the only id that begins so; withdrawn ones too.

        Raises
        ------
        MissingError
            Where no id, or more than one, begins so.
        """
        with self._session() as session:
            return dataset_of(only(session, id_or_prefix))

    def withdrawn(self, ids: Iterable[str]) -> list[Dataset]:
        """Return those of some entries that were withdrawn, in order of acceptance."""
        query = in_order().where(DatasetRow.id.in_(list(ids)), DatasetRow.withdrawn_at.is_not(None))
        with self._session() as session:
            return [dataset_of(row) for row in session.scalars(query)]

    def faults(self, dataset: Dataset) -> tuple[Fault, ...]:
        """Return what was refused, repaired or warned about when the file was read."""
        with self._session() as session:
            return faults_of(only(session, dataset.id))

    def read(self, dataset: Dataset) -> pd.DataFrame:
        """Return a canonical table; a GeoDataFrame in EPSG:4326 where its kind has geometry.

        Raises
        ------
        MissingError
            Where it was erased.
        StoreError
            Where its file is missing or damaged.
        """
        if dataset.erased_at is not None:
            raise MissingError("error.dataset.erased", dataset=dataset.id)
        path = self._table(dataset.sha256)
        try:
            return read_table(path)
        except Exception as error:  # a damaged file fails in any way: Arrow, pandas' metadata, WKB, CRS
            raise StoreError("error.store.table", dataset=dataset.id, file=str(path), reason=_first_line(error)) from error

    def withdraw(self, id_or_prefix: str, *, undo: bool = False) -> Dataset:
        """Let an entry count no longer, or again where `undo`; its table and its history stay.

        Raises
        ------
        MissingError
            Where no id, or more than one, begins so.
        ParameterError
            Where `undo` would let one table count twice, because it was filed again meanwhile, or its files were erased.
        """
        with self._alone(), self._session() as session:
            row = only(session, id_or_prefix)
            if undo and row.erased_at is not None:
                raise ParameterError("error.dataset.erased", dataset=row.id)
            if undo and row.withdrawn_at is not None:
                again = select(DatasetRow).where(DatasetRow.identity == row.identity, DatasetRow.withdrawn_at.is_(None))
                other = session.scalar(again)
                if other is not None:
                    raise ParameterError("error.dataset.filed_again", dataset=row.id, other=other.id)
                row.withdrawn_at = None
                self._record(session, Action.RESTORE, dataset_of(row))
            elif not undo and row.withdrawn_at is None:
                row.withdrawn_at = dt.datetime.now(dt.UTC)
                self._record(session, Action.WITHDRAW, dataset_of(row))
            session.flush()
            return dataset_of(row)

    def erase(self, datasets: Iterable[Dataset], *, reason: str) -> None:
        """Remove the files of data sets for good; their rows and their history stay, withdrawn and marked.

        A file that another data set names stays. After a crash the files of what is marked are removed by the next call.
        """
        with self._alone():
            with self._session() as session:
                for dataset in datasets:
                    row = only(session, dataset.id)
                    if row.erased_at is None:
                        row.erased_at = dt.datetime.now(dt.UTC)
                        row.withdrawn_at = row.withdrawn_at or row.erased_at
                        self._record(session, Action.ERASE, dataset, reason=reason)
            with self._session() as session:
                erased = session.scalars(select(DatasetRow).where(DatasetRow.erased_at.is_not(None))).all()
                marked = {path for row in erased for path in (self._original(row.submission.original_sha256), self._table(row.sha256))}
            with disk(self._home):
                for path in marked - self._named():
                    path.unlink(missing_ok=True)

    def usage(self, organisation: str) -> Usage:
        """Return what an organisation has stored."""
        with self._session() as session:
            return self._usage(session, organisation)

    def audit_head(self) -> Head:
        """Return the last record of the audit log: note it elsewhere, to see later that nothing before it was touched."""
        with self._session() as session:
            return head(session)

    @contextmanager
    def working(self) -> Iterator[Path]:
        """Yield a folder of the store's own to work in, gone at the end, or at the next `open` after a crash."""
        folder = self._incoming / str(ULID())
        with ExitStack() as held:
            with disk(folder), self._alone():
                folder.mkdir()
                held.enter_context(locked(folder / "lock"))
            held.callback(self._clear, folder)
            yield folder

    def snapshot(self, target: Path) -> dict[Path, str | None]:
        """Copy the catalogue database, consistent at one moment, to a new file; return the stored files it names, sorted, and their hashes.

        The hash of a table's bytes is None where it was filed before those were kept.

        Raises
        ------
        StoreError
            Where the disk or the database refuses.
        """
        with self._alone(), database(), disk(target):
            connection = self._engine.raw_connection()
            copy = sqlite3.connect(target)
            try:
                connection.driver_connection.backup(copy)  # type: ignore[union-attr]  # an open connection has its driver's
                copy.execute("PRAGMA journal_mode=DELETE")
            except sqlite3.Error as error:
                raise StoreError("error.store.database", reason=_first_line(error)) from error
            finally:
                copy.close()
                connection.close()
            with self._session() as session:
                query = select(SubmissionRow.original_sha256, DatasetRow.sha256, DatasetRow.file_sha256).join(DatasetRow.submission)
                rows = session.execute(query.where(DatasetRow.erased_at.is_(None))).all()
            originals = {self._original(original): original for original, *_ in rows}
            tables = {self._table(table): sha256 for _, table, sha256 in rows}
            return dict(sorted({**originals, **tables}.items()))

    @contextmanager
    def changing(self) -> Iterator[tuple[Session, str]]:
        """Yield a session of the catalogue alone, and who acts; it commits at the end, or leaves no trace."""
        with self._alone(), self._session() as session:
            yield session, self._actor

    @contextmanager
    def looking(self) -> Iterator[Session]:
        """Yield a session of the catalogue to read from."""
        with self._session() as session:
            yield session

    def verify(self, advance: Callable[[], object] = lambda: None, *, anchor: str | None = None) -> list[Fault]:
        """Hash every stored file anew and walk the audit log; return one fault for each thing that is not as it was written.

        Files: missing, damaged, or named by no entry. The log: see `hatang.data.audit.check`, which `anchor` is handed to. `advance` is
        called after each entry.
        """
        with self._alone():  # what is placed now is named a moment later
            named = self._named()
            stored = (path for folder in ("originals", "datasets") for path in sorted((self._home / folder).glob("??/*")))
            faults = [Fault("stored_file_unnamed", self._name(path), Severity.WARNING) for path in stored if path not in named]
        with self._session() as session:
            faults += check(session, anchor=anchor)
        for dataset in self.datasets(include_withdrawn=True):
            if dataset.erased_at is None:
                faults += self._check(dataset)
            advance()
        return faults

    def _check(self, dataset: Dataset) -> Iterator[Fault]:
        """Yield a fault for the entry's original and for its table where they are not what the catalogue says."""
        original, table = self._original(dataset.original_sha256), self._table(dataset.sha256)
        for path, stored in ((original, dataset.original_sha256), (table, dataset.file_sha256)):
            name, expected = self._name(path), stored or dataset.sha256
            try:
                found = file_hash(path)
                if stored is None or (found == stored and path == table):  # the bytes are sound: are they of this table?
                    found, expected = table_hash(read_table(path)), dataset.sha256
            except FileNotFoundError:
                yield Fault("stored_file_missing", name, fields={"dataset": dataset.id})
                continue
            except Exception as error:  # noqa: BLE001 - whatever a damaged file makes of its reader is what was found
                found = _first_line(error)
            if found != expected:
                yield Fault("stored_file_damaged", name, found=found, fields={"dataset": dataset.id})

    def _prepare(self) -> None:
        """Bring the database to the newest revision; remove what a reception left whose process died."""
        with disk(self._incoming):
            if self.revision == head_revision() and not any(self._incoming.iterdir()):
                return
        with self._alone():
            with database(), self._engine.begin() as connection:
                upgrade(connection)
            for folder in self._incoming.glob("*/"):
                if not is_locked(folder / "lock"):
                    self._take_back(folder)
                    shutil.rmtree(folder, ignore_errors=True)

    def _clear(self, folder: Path) -> None:
        """Remove a reception's folder; alone, so that nobody who looks for dead receptions finds half of it."""
        with self._alone():
            shutil.rmtree(folder, ignore_errors=True)

    def _place(self, folder: Path, files: Mapping[Path, Path]) -> None:
        """Put files at their places; a note in the reception's folder says first which places were empty."""
        new = [self._name(target) for target in files.values() if not target.exists()]
        with replacing(folder / _NOTE) as note:
            note.write_text("\n".join(new), "utf-8")
        for written, target in files.items():
            place(written, target)

    def _take_back(self, folder: Path) -> None:
        """Remove what a reception placed and no row names; the caller is alone in the store."""
        note = folder / _NOTE
        if not note.is_file():
            return
        named = self._named()
        with disk(self._home):
            for name in note.read_text("utf-8").splitlines():
                if self._home / name not in named:
                    (self._home / name).unlink(missing_ok=True)

    def _named(self) -> set[Path]:
        """Return every file that a row names whose files were not erased."""
        with self._session() as session:
            return set(self._files(session))

    def _files(self, session: Session, organisation: str | None = None) -> Iterator[Path]:
        """Yield the original and the table of every entry not erased, of one organisation or of all."""
        query = select(SubmissionRow.original_sha256, DatasetRow.sha256).join(DatasetRow.submission).where(DatasetRow.erased_at.is_(None))
        if organisation is not None:
            query = query.join(SubmissionRow.organisation).where(OrganisationRow.name == organisation)
        for original, table in session.execute(query):
            yield self._original(original)
            yield self._table(table)

    def _usage(self, session: Session, organisation: str) -> Usage:
        rows = select(func.coalesce(func.sum(DatasetRow.rows_kept), 0)).join(DatasetRow.submission).join(SubmissionRow.organisation)
        kept = session.scalar(rows.where(OrganisationRow.name == organisation, DatasetRow.erased_at.is_(None)))
        return Usage(stored_bytes(self._files(session, organisation)), int(kept or 0))

    def _weigh(self, session: Session, received: Received, filing: Filing, table: Path) -> None:
        """Refuse what would pass the organisation's quota."""
        if self._quota == Quota():
            return
        used, new = self._usage(session, filing.organisation), Usage(stored_bytes((received.path, table)), filing.rows_kept)
        faults = quota_faults(self._quota, used, new, file=received.path.name, organisation=filing.organisation)
        if faults:
            raise RefusedError("error.reading.refused", faults, file=received.path.name)

    def _record(self, session: Session, action: Action, entry: Dataset, **detail: object) -> None:
        said = {"organisation": entry.organisation, **detail}
        record(session, actor=self._actor, organisation=entry.organisation, action=action, subject=entry.id, detail=said)

    def _name(self, path: Path) -> str:
        return path.relative_to(self._home).as_posix()

    def _original(self, sha256: str) -> Path:
        return self._home / "originals" / sha256[:2] / sha256

    def _table(self, sha256: str) -> Path:
        return self._home / "datasets" / sha256[:2] / f"{sha256}.parquet"

    def _alone(self) -> AbstractContextManager[None]:
        """Return a lock under which files are placed, rows committed and leftovers removed, by one process at a time."""
        return locked(self._home / "lock")

    @contextmanager
    def _session(self) -> Iterator[Session]:
        """Yield a session whose transaction commits at the end, or leaves no trace."""
        with database(), Session(self._engine, expire_on_commit=False) as session, session.begin():
            yield session


def printable(name: str) -> str:
    r"""Return a file name as it can be stored, printed and sent: composed letters, no control characters, no broken bytes.

    Examples
    --------
    >>> printable("số\x1bđo.csv")
    'số?đo.csv'
    """
    return "".join(mark if mark.isprintable() else "?" for mark in unicodedata.normalize("NFC", name))


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
