"""Use case: the catalogue copied into another database, and persons let in by its logins."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from hatang.data import dbsessions
from hatang.data.audit import Action, Head, check, head, record
from hatang.data.contracts import AUTHORITY, Fault, ParameterError
from hatang.data.copying import copy_rows
from hatang.data.layers import fill
from hatang.data.settings import Settings
from hatang.data.store import Store
from hatang.pipeline.progress import Progress


@dataclass(frozen=True, slots=True)
class Copied:
    """A catalogue that was copied: rows by table, what is wrong with its audit log, and the log's last record."""

    rows: Mapping[str, int]
    faults: tuple[Fault, ...]
    head: Head


def copy_database(url: str, settings: Settings, progress: Progress) -> Copied:
    """Copy the catalogue into an empty database, in one transaction; the files stay where they are, and the catalogue too.

    Raises
    ------
    ParameterError
        Where the target holds rows, or is the catalogue itself.
    StoreError
        Where a database refuses, the target was not prepared, a stored table is missing, or what is read back differs; the target is as
        it was.
    """
    elsewhere = settings.model_copy(update={"database_url": url, "database_session": None})
    if elsewhere.catalogue_url() == settings.catalogue_url():
        raise ParameterError("error.copy.same")
    progress.step("database.copying")
    with (
        Store.open(settings) as source,
        Store.open(elsewhere) as target,
        source.looking() as before,
        target.changing() as (after, _),  # both stand over one folder of files, whose one lock holds for both
    ):
        rows = copy_rows(before, after, progress.advance)
        fill(after, target.read)
        return Copied(rows, tuple(check(after, anchor=head(before).hash)), head(after))


def open_session(settings: Settings, *, user: str, lasting: dt.timedelta) -> str:
    """Return the secret by which the login of a person's role acts for that person for a while.

    Raises
    ------
    ParameterError
        Where nobody active has that name, the time is none or longer than a day, or the catalogue is not on PostgreSQL.
    """
    with Store.open(settings) as store:
        _require_server(store)
        with store.changing() as (session, _):
            return dbsessions.open_session(session, user=user, lasting=lasting)


def bind_login(settings: Settings, *, login: str, user: str, lasting: dt.timedelta) -> None:
    """Let a person's own login act for that person; recorded in the audit log.

    Raises
    ------
    ParameterError
        Where nobody active has that name, the login is none of that role, the time is none or longer than a year, or the catalogue is
        not on PostgreSQL.
    """
    with Store.open(settings) as store:
        _require_server(store)
        with store.changing() as (session, actor):
            dbsessions.bind_login(session, login=login, user=user, lasting=lasting)
            detail = {"login": login, "days": lasting.days}
            record(session, actor=actor, organisation=AUTHORITY, action=Action.BIND_LOGIN, subject=user, detail=detail)


def _require_server(store: Store) -> None:
    if not store.has_layers:
        raise ParameterError("error.session.server")
