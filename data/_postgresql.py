"""What only PostgreSQL needs: the schema that holds the catalogue, settings of every connection, and what must stand before the first use.

A database is prepared once by its superuser (`hatang.data.rolesetup`); the schema's owner brings it to a revision; everybody else works
under row-level security.
"""

from typing import Any, Final

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from hatang.data._sqlite import BUSY_TIMEOUT_MS
from hatang.data.contracts import StoreError

SCHEMA: Final = "hatang"
ARGUMENTS: Final[dict[str, Any]] = {
    "application_name": "hatang",
    "connect_timeout": 10,
    "options": f"-c search_path={SCHEMA},public -c timezone=UTC -c lock_timeout={BUSY_TIMEOUT_MS} "
    "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3",
}
"""PostGIS stands in `public`. The server notices within a minute when a client's machine is gone, and ends its transaction."""


def take_turn(session: Session) -> None:
    """Wait until no other transaction changes the catalogue, and keep others waiting until this one ends; nothing on SQLite.

    The lock on the data folder ends with its process; the server may still be committing what that process sent last.

    Raises
    ------
    StoreError
        Where this login only reads: it sees some rows of many, and may not judge by them which files are still named.
    """
    if session.get_bind().dialect.name == "postgresql":
        if not may_change(session.connection()):
            raise StoreError("error.store.reader")
        session.execute(text("SELECT pg_advisory_xact_lock(hashtext('hatang.catalogue'))"))


def may_change(connection: Connection) -> bool:
    """Return whether this login is one that files, and so sees every row."""
    return bool(connection.exec_driver_sql(f"SELECT has_table_privilege('{SCHEMA}.datasets', 'INSERT')").scalar())


def require_prepared(connection: Connection) -> None:
    """Refuse a database in which the schema is missing, or closed to this login.

    Raises
    ------
    StoreError
        Where the database was not prepared.
    """
    usable = "SELECT coalesce(has_schema_privilege(to_regnamespace('" + SCHEMA + "')::oid, 'USAGE'), false)"
    if not connection.exec_driver_sql(usable).scalar():
        raise StoreError("error.store.unprepared", schema=SCHEMA)


def become_owner(connection: Connection) -> bool:
    """Act as the schema's owner until the transaction ends, so that whatever is made is the owner's; return whether this login may."""
    owner = connection.exec_driver_sql(
        f"SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = '{SCHEMA}' AND pg_has_role(nspowner, 'MEMBER')"
    ).scalar()
    if owner is None:
        return False
    connection.exec_driver_sql(f"SET LOCAL ROLE {owner}")
    return True
