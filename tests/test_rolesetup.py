"""A database prepared by its superuser: what the script makes, and what is refused before."""

import shutil
import subprocess

import psycopg
import pytest
from postgres import Server, alter, programs
from typer.testing import CliRunner

from hatang.commands.main import app
from hatang.data.contracts import StoreError
from hatang.data.rolesetup import LOGINS, SCHEMA_OWNER, SERVICE, script
from hatang.data.settings import Settings
from hatang.data.store import Store

pytestmark = pytest.mark.databases("postgresql")


def test_the_script_that_is_printed_prepares_a_database(server: Server, settings: Settings) -> None:
    printed = CliRunner().invoke(app, ["db", "prepare", "--database", "it's mine"]).stdout
    assert printed.rstrip("\n") == script("it's mine").rstrip("\n")
    psql = shutil.which("psql") or str(programs() or "") + "/psql"
    command = [psql, "-X", "-q", "-h", str(server.folder), "-U", "postgres", "postgres"]
    done = subprocess.run(command, input=printed, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    made = settings.model_copy(update={"database_url": server.url("it's mine", SCHEMA_OWNER)})
    with Store.open(made) as store:
        assert store.datasets() == []
    server.drop('"it\'s mine"')


def test_no_login_may_bypass_anything(server: Server) -> None:
    with server.connect("postgres") as connection:
        found = connection.execute(
            "SELECT rolname FROM pg_roles WHERE rolname LIKE 'hatang%' "
            "AND NOT (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication) AND rolcanlogin"
        ).fetchall()
    assert {name for (name,) in found} == set(LOGINS)


def test_the_city_s_coordinates_keep_their_datum(server: Server, settings: Settings) -> None:
    """Ngọ Môn as pyproj has it (docs of the coordinate systems: 107.5791, 16.4676); without the datum it lies 225 m away."""
    assert settings.database_url is not None
    with server.connect(server.copy()) as connection:
        point = "ST_Transform(ST_SetSRID(ST_Point(107.5791, 16.4676), 4326), 9214)"
        found = connection.execute(f"SELECT ST_X({point}), ST_Y({point})".encode()).fetchone()
    assert found == pytest.approx((561636.671, 1821406.847), abs=0.001)


def test_a_database_that_was_not_prepared_is_refused(server: Server, settings: Settings) -> None:
    with server.connect("postgres") as superuser:
        superuser.execute(b"CREATE DATABASE bare TEMPLATE template0")
    for user in (SERVICE, "postgres"):
        with pytest.raises(StoreError, match=r"error\.store\.unprepared"):
            Store.open(settings.model_copy(update={"database_url": server.url("bare", user)}))
    server.drop("bare")


@pytest.mark.parametrize("login", LOGINS)
def test_a_login_reaches_no_other_database_of_its_server(server: Server, login: str) -> None:
    """From there it would see what others of the same login ask."""
    for database in ("postgres", "template1"):
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            server.connect(database, login)


def test_only_the_owner_brings_it_to_a_revision(server: Server, settings: Settings) -> None:
    empty = server.empty()
    older = ["UPDATE alembic_version SET version_num = '0002'"]
    for database, statements in (
        (empty, []),
        (server.copy(), older),
        (server.copy(), ["COMMENT ON SCHEMA hatang IS 'of another program'"]),
    ):
        old = settings.model_copy(update={"database_url": server.url(database)})
        alter(old, *statements)
        with pytest.raises(StoreError, match=r"error\.store\.behind"):
            Store.open(old)
    with Store.open(settings.model_copy(update={"database_url": server.url(empty, SCHEMA_OWNER)})) as store:
        assert store.datasets() == []
