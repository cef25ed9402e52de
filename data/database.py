"""The catalogue database: opened with its guards on, and brought to the revision that this version of the program knows."""

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, make_url
from sqlalchemy.exc import SQLAlchemyError

from hatang.data import _postgresql, _sqlite
from hatang.data.contracts import StoreError
from hatang.data.dbsessions import enter_always
from hatang.data.rowsecurity import is_secured, secure


@contextmanager
def database() -> Iterator[None]:
    """Name a failure of the database: the library's errors become StoreError.

    Raises
    ------
    StoreError
        Where the database refuses; its transaction was rolled back.
    """
    try:
        yield
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise StoreError("error.store.database", reason=reason) from error


def open_engine(url: str, *, session: str | None = None) -> Engine:
    """Return an engine for the catalogue at an SQLAlchemy URL.

    What each database needs stands in `_sqlite` and `_postgresql`. On PostgreSQL every connection enters `session`, the secret of
    `hatang.data.dbsessions.open_session`, where one is given.

    Raises
    ------
    StoreError
        Where the URL names no database, or one whose driver is not installed.
    """
    with database():
        sqlite = is_sqlite(url)
        arguments = _sqlite.ARGUMENTS if sqlite else _postgresql.ARGUMENTS if is_postgresql(url) else {}
        try:
            engine = create_engine(url, json_serializer=as_json, connect_args=arguments, pool_pre_ping=not sqlite)
        except ModuleNotFoundError as error:
            raise StoreError("error.store.driver", driver=error.name) from error
    if sqlite:
        _sqlite.guard(engine)
    elif session is not None:
        enter_always(engine, session)
    return engine


def is_sqlite(url: str | URL) -> bool:
    """Return whether a URL names an SQLite database."""
    return make_url(url).get_backend_name() == "sqlite"


def is_postgresql(url: str | URL) -> bool:
    """Return whether a URL names a PostgreSQL database."""
    return make_url(url).get_backend_name() == "postgresql"


def as_json(value: object) -> str:
    """Return JSON as the standard has it: numbers of numpy are numbers; what JSON does not know, NaN too, is words."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, default=_plain)
    except ValueError:
        return json.dumps(_finite(json.loads(json.dumps(value, default=_plain))), ensure_ascii=False)


def _plain(value: object) -> object:
    return value.item() if hasattr(value, "item") else str(value)


def _finite(value: Any) -> Any:
    """Return a document whose numbers that JSON does not know are words."""
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def current_revision(connection: Connection) -> str | None:
    """Return the revision a database stands at; None where it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


@cache
def head_revision() -> str:
    """Return the newest revision that this version of the program knows."""
    return str(_scripts().get_current_head())


def is_current(connection: Connection) -> bool:
    """Return whether a database is as this version of the program wants it: its revision, and on PostgreSQL its row-level security.

    Raises
    ------
    StoreError
        Where a database on a server was not prepared.
    """
    if not is_postgresql(connection.engine.url):
        return current_revision(connection) == head_revision()
    _postgresql.require_prepared(connection)
    return current_revision(connection) == head_revision() and is_secured(connection)


def may_change(connection: Connection) -> bool:
    """Return whether whoever opened this database may change a catalogue that is current; logins of roles only read."""
    return not is_postgresql(connection.engine.url) or _postgresql.may_change(connection)


def upgrade(connection: Connection) -> None:
    """Bring a database to the newest revision; nothing happens where it stands there.

    Raises
    ------
    StoreError
        Where a newer version of the program has been at work on it, or this login may not change it.
    """
    if is_current(connection):
        return
    current = current_revision(connection)
    known = {script.revision for script in _scripts().walk_revisions()}
    if current is not None and current not in known:
        raise StoreError("error.store.newer", revision=current)
    on_server = is_postgresql(connection.engine.url)
    if on_server and not _postgresql.become_owner(connection):
        raise StoreError("error.store.behind", revision=current or "-", wanted=head_revision())
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    if on_server:
        secure(connection)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "hatang.data:migrations")
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())
