"""A PostgreSQL server of the tests' own: in a temporary folder, on a socket there, gone at their end.

Skipped, with the command that enables it, where there is no server with PostGIS; HATANG_REQUIRE_POSTGRES=1 makes that a failure.
"""

import itertools
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from hatang.data.database import open_engine, upgrade
from hatang.data.rolesetup import SCHEMA_OWNER, SERVICE, database_statements, role_statements
from hatang.data.settings import Settings

HOW = "sudo apt-get install postgresql postgresql-15-postgis-3"
_UNPRIVILEGED = "postgres"
_TEMPLATE = "hatang_template"


def programs() -> Path | None:
    """Return the folder of the newest server that has PostGIS."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    sharing = [path for path in found if (Path("/usr/share/postgresql") / path.parent.name / "extension/postgis.control").is_file()]
    return max(sharing, key=lambda path: int(path.parent.name), default=None)


class Server:
    """A running server; every database is a copy of one that was prepared once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = itertools.count()

    def url(self, database: str, user: str = SERVICE) -> str:
        return f"postgresql+psycopg://{user}@/{database}?host={self.folder}"

    def connect(self, database: str, user: str = _UNPRIVILEGED) -> "psycopg.Connection[tuple[object, ...]]":
        """Return a connection that commits every statement; the superuser's unless said otherwise."""
        options = "-c search_path=hatang,public -c timezone=UTC"
        where = {"host": str(self.folder), "dbname": database, "user": user}
        return psycopg.connect(**where, autocommit=True, options=options, prepare_threshold=None)  # what a test prepares is its own

    def prepare(self) -> None:
        """Make the logins, and the database that others are copied from."""
        with self.connect("postgres") as connection:
            for statement in (*role_statements(), f"CREATE DATABASE {_TEMPLATE} OWNER {SCHEMA_OWNER} ENCODING 'UTF8' TEMPLATE template0"):
                connection.execute(statement.encode())
        self._grant(_TEMPLATE)
        self.upgrade(_TEMPLATE)

    def upgrade(self, database: str) -> None:
        """Bring a database to the newest revision, as the owner of its schema."""
        engine = open_engine(self.url(database, SCHEMA_OWNER))
        with engine.begin() as connection:
            upgrade(connection)
        engine.dispose()

    def empty(self) -> str:
        """Return a new database that is prepared but holds no table."""
        return self._new("template0")

    def copy(self, database: str = _TEMPLATE) -> str:
        """Return a new database like another, at the newest revision unless one is named."""
        return self._new(database)

    def drop(self, database: str) -> None:
        with self.connect("postgres") as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)".encode())

    def _new(self, template: str) -> str:
        name = f"test_{next(self._numbers)}"
        with self.connect("postgres") as connection:
            connection.execute(f"CREATE DATABASE {name} OWNER {SCHEMA_OWNER} ENCODING 'UTF8' TEMPLATE {template}".encode())
        self._grant(name)
        return name

    def _grant(self, database: str) -> None:
        with self.connect(database) as connection:
            for statement in database_statements(database):  # what a copy has is not made twice; rights on a database are never copied
                connection.execute(statement.encode())


@contextmanager
def running() -> Iterator[Server]:
    """Start a server and stop it at the end; as an unprivileged user, since none starts as root."""
    programs_folder = programs()
    if programs_folder is None:
        if os.environ.get("HATANG_REQUIRE_POSTGRES") == "1":
            pytest.fail(f"PostgreSQL with PostGIS is required: {HOW}")
        pytest.skip(f"no PostgreSQL with PostGIS; to enable: {HOW}")
    folder = Path(tempfile.mkdtemp(prefix="hatang-pg-"))
    as_user = {"user": _UNPRIVILEGED, "group": _UNPRIVILEGED, "extra_groups": []} if os.getuid() == 0 else {}
    if as_user:
        shutil.chown(folder, _UNPRIVILEGED, _UNPRIVILEGED)
    data = folder / "data"
    options = f"-k {folder} -c listen_addresses= -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=60"

    def call(program: str, *arguments: str) -> None:
        command = [str(programs_folder / program), *arguments]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, **as_user)  # type: ignore[call-overload]
        assert done.returncode == 0, done.stderr + (folder / "log").read_text() if (folder / "log").is_file() else done.stderr

    try:
        made = ("-U", _UNPRIVILEGED, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions")
        call("initdb", "-D", str(data), *made)
        call("pg_ctl", "-D", str(data), "-l", str(folder / "log"), "-o", options, "-w", "start")
        try:
            server = Server(folder)
            server.prepare()
            yield server
        finally:
            call("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def unguarded(settings: Settings) -> Settings:
    """Return settings by which a store is opened with every right there is."""
    if settings.database_url is None:
        return settings
    return settings.model_copy(update={"database_url": make_url(settings.database_url).set(username=_UNPRIVILEGED).render_as_string()})


def alter(settings: Settings, *statements: str) -> None:
    """Do to a catalogue what no login of the program may, whatever database it stands in."""
    if settings.database_url is None:
        connection = sqlite3.connect(settings.home / "catalogue.sqlite")
        with connection:
            for statement in statements:
                connection.execute(statement)
        connection.close()
        return
    url = make_url(settings.database_url)
    with psycopg.connect(host=str(url.query["host"]), dbname=url.database, user=_UNPRIVILEGED, options="-c search_path=hatang") as session:
        for statement in statements:
            session.execute(statement.encode())
