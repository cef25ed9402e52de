"""The catalogue database: opened with its guards on, and brought to the revision that this version of the program knows."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import SQLAlchemyError

from hatang.data.contracts import StoreError

_BUSY_TIMEOUT_MS: Final = 30_000


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


def open_engine(url: str) -> Engine:
    """Return an engine for the catalogue at an SQLAlchemy URL.

    SQLite runs in WAL mode, checks foreign keys, waits for other writers, and takes schema changes into transactions.

    Raises
    ------
    StoreError
        Where the URL names no database, or one whose driver is not installed.
    """
    with database():
        sqlite = make_url(url).get_backend_name() == "sqlite"
        # The driver's own transactions leave schema changes out; without them SQLAlchemy begins and ends every transaction.
        arguments = {"isolation_level": None} if sqlite else {}
        try:
            engine = create_engine(url, json_serializer=_as_json, connect_args=arguments)
        except ModuleNotFoundError as error:
            raise StoreError("error.store.driver", driver=error.name) from error
    if sqlite:
        event.listen(engine, "connect", _guard_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _as_json(value: object) -> str:
    """Return JSON; numbers of numpy are numbers, and what JSON does not know is words."""
    return json.dumps(value, ensure_ascii=False, default=lambda other: other.item() if hasattr(other, "item") else str(other))


def _guard_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in (f"busy_timeout={_BUSY_TIMEOUT_MS}", "journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def current_revision(connection: Connection) -> str | None:
    """Return the revision a database stands at; None where it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


@cache
def head_revision() -> str:
    """Return the newest revision that this version of the program knows."""
    return str(_scripts().get_current_head())


def upgrade(connection: Connection) -> None:
    """Bring a database to the newest revision; nothing happens where it stands there.

    Raises
    ------
    StoreError
        Where a newer version of the program has been at work on it.
    """
    current = current_revision(connection)
    if current == head_revision():
        return
    known = {script.revision for script in _scripts().walk_revisions()}
    if current is not None and current not in known:
        raise StoreError("error.store.newer", revision=current)
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "hatang.data:migrations")
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())
