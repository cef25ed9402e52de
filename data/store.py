"""The store of an installation: a catalogue database, and beside it files named by the hash of what they hold.

::

    HATANG_HOME/catalogue.sqlite                  organisations, submissions, data sets, faults, users, decisions, audit log
    HATANG_HOME/originals/<aa>/<sha256>           the bytes as filed
    HATANG_HOME/datasets/<aa>/<sha256>.parquet    canonical tables, EPSG:4326
    HATANG_HOME/incoming/<id>/                    a file being received, held by a lock

Files are immutable and come first, flushed to disk; the catalogue's rows come last, in one transaction. A reception notes what it is about
to place, so that after a crash in between the next `open` finds the dead reception and removes exactly that. Beside it only `erase` removes
stored files, and only those of data sets marked so: should the catalogue be lost or the wrong one be named, what was filed stays.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Self

import pandas as pd
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from hatang.data._entries import Dataset, Filing, Received, dataset_of, faults_of, filed, identity_of, in_order, only
from hatang.data._postgresql import take_turn
from hatang.data._soundness import first_line, unnamed, unsound
from hatang.data._storedfiles import StoredFiles, printable
from hatang.data.atomic import copy_hashed, disk, file_hash
from hatang.data.audit import Action, Head, check, head, record
from hatang.data.contracts import Fault, Kind, MissingError, ParameterError, RefusedError, StoreError
from hatang.data.copying import write_sqlite
from hatang.data.database import current_revision, database, is_current, is_postgresql, may_change, open_engine, upgrade
from hatang.data.layers import add_features, remove_features
from hatang.data.models import DatasetRow, OrganisationRow, SubmissionRow
from hatang.data.quota import Quota, Usage, quota_faults, stored_bytes
from hatang.data.results import table_hash
from hatang.data.settings import Settings
from hatang.data.tablefile import read_table, write_table

__all__ = ["Dataset", "Filing", "Received", "Store", "printable"]


class Store:
    """The catalogue and its files; use it as a context manager."""

    def __init__(self, home: Path, engine: Engine, *, actor: str = "", quota: Quota | None = None) -> None:
        self._files = StoredFiles(home)
        self._engine = engine
        self._actor = actor
        self._quota = quota or Quota()

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
        store = cls(home, open_engine(settings.catalogue_url(), session=settings.session_secret()), actor=settings.actor, quota=quota)
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
        return self._files.home

    def table_path(self, dataset: Dataset) -> Path:
        """Return where the canonical table of an entry stands; only to read."""
        return self._files.table(dataset.sha256)

    @property
    def revision(self) -> str:
        """Return the revision of the catalogue database."""
        with database(), self._engine.connect() as connection:
            return str(current_revision(connection))

    @property
    def has_layers(self) -> bool:
        """Return whether GIS clients read geometries from the catalogue's database (`hatang.data.layers`)."""
        return is_postgresql(self._engine.url)

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
        with self._files.alone():
            try:
                with self._turn() as session:
                    same = session.scalars(select(DatasetRow).where(DatasetRow.identity == identity)).all()
                    stored = next((row for row in same if row.withdrawn_at is None), None)
                    if stored is not None:
                        return dataset_of(stored), False
                    self._weigh(session, received, filing, written)
                    row = filed(session, received, filing, identity, sha256, generation=len(same))
                    # The file replaces an equal table's, whose bytes another version of the writer may have laid out otherwise.
                    for equal in session.scalars(select(DatasetRow).where(DatasetRow.sha256 == sha256)):
                        equal.file_sha256 = written_sha256
                    add_features(session, row, frame)
                    entry = dataset_of(row)
                    self._record(session, Action.FILE, entry, file=entry.file_name, original=received.sha256, table=sha256)
                    if rehearsal:
                        session.rollback()
                    else:
                        places = self._files.pair(received.sha256, sha256)
                        self._files.place(received.folder, dict(zip((received.path, written), places, strict=True)))
                    return entry, True
            except BaseException:
                self._files.take_back(received.folder, self._named)
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
        path = self._files.table(dataset.sha256)
        try:
            return read_table(path)
        except Exception as error:  # a damaged file fails in any way: Arrow, pandas' metadata, WKB, CRS
            raise StoreError("error.store.table", dataset=dataset.id, file=str(path), reason=first_line(error)) from error

    def withdraw(self, id_or_prefix: str, *, undo: bool = False) -> Dataset:
        """Let an entry count no longer, or again where `undo`; its table and its history stay.

        Raises
        ------
        MissingError
            Where no id, or more than one, begins so.
        ParameterError
            Where `undo` would let one table count twice, because it was filed again meanwhile, or its files were erased.
        """
        with self._files.alone(), self._turn() as session:
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
        with self._files.alone():
            with self._turn() as session:
                for dataset in datasets:
                    row = only(session, dataset.id)
                    remove_features(session, row.id)
                    if row.erased_at is None:
                        row.erased_at = dt.datetime.now(dt.UTC)
                        row.withdrawn_at = row.withdrawn_at or row.erased_at
                        self._record(session, Action.ERASE, dataset, reason=reason)
            with self._session() as session:
                erased = session.scalars(select(DatasetRow).where(DatasetRow.erased_at.is_not(None))).all()
                marked = {path for row in erased for path in self._files.pair(row.submission.original_sha256, row.sha256)}
            self._files.remove(marked - self._named())

    def usage(self, organisation: str) -> Usage:
        """Return what an organisation has stored."""
        with self._session() as session:
            return self._usage(session, organisation)

    def audit_head(self) -> Head:
        """Return the last record of the audit log: note it elsewhere, to see later that nothing before it was touched."""
        with self._session() as session:
            return head(session)

    def working(self) -> AbstractContextManager[Path]:
        """Return a folder of the store's own to work in, gone at the end, or at the next `open` after a crash."""
        return self._files.working()

    def snapshot(self, target: Path) -> dict[Path, str | None]:
        """Copy the catalogue, consistent at one moment, to a new SQLite file; return the stored files it names, sorted, and their hashes.

        The hash of a table's bytes is None where it was filed before those were kept.

        Raises
        ------
        StoreError
            Where the disk or the database refuses.
        """
        with self._files.alone(), disk(target), self._session() as session:
            write_sqlite(session, target)
            query = select(SubmissionRow.original_sha256, DatasetRow.sha256, DatasetRow.file_sha256).join(DatasetRow.submission)
            rows = session.execute(query.where(DatasetRow.erased_at.is_(None))).all()
            originals = {self._files.original(original): original for original, *_ in rows}
            tables = {self._files.table(table): sha256 for _, table, sha256 in rows}
            return dict(sorted({**originals, **tables}.items()))

    @contextmanager
    def changing(self) -> Iterator[tuple[Session, str]]:
        """Yield a session of the catalogue alone, and who acts; it commits at the end, or leaves no trace."""
        with self._files.alone(), self._turn() as session:
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
        with self._files.alone():  # what is placed now is named a moment later
            faults = list(unnamed(self._files, self._named()))
        with self._session() as session:
            faults += check(session, anchor=anchor)
        for dataset in self.datasets(include_withdrawn=True):
            if dataset.erased_at is None:
                faults += unsound(self._files, dataset)
            advance()
        return faults

    def _prepare(self) -> None:
        """Bring the database to the newest revision; remove what a reception left whose process died."""
        incoming = self._files.incoming
        with disk(incoming):
            with database(), self._engine.connect() as connection:
                settled = is_current(connection) and not (may_change(connection) and any(incoming.iterdir()))
            if settled:
                return
        with self._files.alone():
            with database(), self._engine.begin() as connection:
                upgrade(connection)
            self._files.bury(self._named)

    def _named(self) -> set[Path]:
        """Return every file that a row names whose files were not erased."""
        with self._turn() as session:
            return set(self._files_of(session))

    def _files_of(self, session: Session, organisation: str | None = None) -> Iterator[Path]:
        """Yield the original and the table of every entry not erased, of one organisation or of all."""
        query = select(SubmissionRow.original_sha256, DatasetRow.sha256).join(DatasetRow.submission).where(DatasetRow.erased_at.is_(None))
        if organisation is not None:
            query = query.join(SubmissionRow.organisation).where(OrganisationRow.name == organisation)
        for original, table in session.execute(query):
            yield from self._files.pair(original, table)

    def _usage(self, session: Session, organisation: str) -> Usage:
        rows = select(func.coalesce(func.sum(DatasetRow.rows_kept), 0)).join(DatasetRow.submission).join(SubmissionRow.organisation)
        kept = session.scalar(rows.where(OrganisationRow.name == organisation, DatasetRow.erased_at.is_(None)))
        return Usage(stored_bytes(self._files_of(session, organisation)), int(kept or 0))

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

    @contextmanager
    def _turn(self) -> Iterator[Session]:
        """Yield a session that changes the catalogue, or must know what another has just changed; one at a time."""
        with self._session() as session:
            take_turn(session)
            yield session

    @contextmanager
    def _session(self) -> Iterator[Session]:
        """Yield a session whose transaction commits at the end, or leaves no trace."""
        with database(), Session(self._engine, expire_on_commit=False) as session, session.begin():
            yield session
