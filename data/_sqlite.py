"""What only SQLite needs: guards on every connection, schema changes inside transactions, a consistent copy of a live database."""

import sqlite3
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, event

from hatang.data.contracts import StoreError

BUSY_TIMEOUT_MS: Final = 30_000
"""How long a writer waits for another, in both databases."""
ARGUMENTS: Final[dict[str, Any]] = {"isolation_level": None}
"""The driver's own transactions leave schema changes out; without them SQLAlchemy begins and ends every transaction."""


def guard(engine: Engine) -> None:
    """Let every connection run in WAL mode, check foreign keys, wait for other writers and flush to disk."""
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)


def _set_pragmas(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in (f"busy_timeout={BUSY_TIMEOUT_MS}", "journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def close_journal(engine: Engine) -> None:
    """Let a database be one file, for whoever copies it next."""
    connection = engine.raw_connection()
    connection.cursor().execute("PRAGMA journal_mode=DELETE")
    connection.close()


def snapshot(engine: Engine, target: Path) -> None:
    """Copy a live database, consistent at one moment, to a new file without journal.

    Raises
    ------
    StoreError
        Where the database refuses.
    """
    connection = engine.raw_connection()
    copy = sqlite3.connect(target)
    try:
        connection.driver_connection.backup(copy)  # type: ignore[union-attr]  # an open connection has its driver's
        copy.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise StoreError("error.store.database", reason=str(error).splitlines()[0]) from error
    finally:
        copy.close()
        connection.close()
