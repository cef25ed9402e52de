"""Sessions and logins on PostgreSQL: for whom a connection acts, how long, and what nobody can forge."""

import datetime as dt
import time
from pathlib import Path

import pytest
from postgres import Server
from psycopg import errors
from securedrows import A_DAY, CLOSED, FOREIGN, OWN, denied, entered, run, secret

from hatang.data.contracts import ParameterError, Role, StoreError
from hatang.data.database import open_engine
from hatang.data.dbsessions import bind_login, open_session
from hatang.data.roles import disable_user
from hatang.data.rolesetup import ROLE_LOGINS, SCHEMA_OWNER, SERVICE
from hatang.data.settings import Settings
from hatang.data.store import Store


def test_a_session_ends_with_its_time_its_person_and_its_key(server: Server, copied: str) -> None:
    login = ROLE_LOGINS[Role.OPERATOR]
    with server.connect(copied, login) as connection:
        connection.execute(b"SELECT hatang.enter(%s)", (secret(server, copied, f"{OWN} operator", dt.timedelta(seconds=0.5)),))
        assert OWN in run(connection, "TABLE hatang.datasets")
        time.sleep(0.6)
        assert run(connection, "TABLE hatang.datasets") == ""
    with entered(server, copied, Role.OPERATOR) as connection, Store(Path("/nonexistent"), open_engine(server.url(copied))) as store:
        with store.looking() as session:
            disable_user(session, name=f"{OWN} operator", actor="test")
        assert run(connection, "TABLE hatang.datasets") == ""
        with store.looking() as session, pytest.raises(ParameterError, match=r"error\.session\.user"):
            open_session(session, user=f"{OWN} operator", lasting=A_DAY)
        for lasting in (dt.timedelta(0), dt.timedelta(days=2)):
            with store.looking() as session, pytest.raises(ParameterError, match=r"error\.session\.time"):
                open_session(session, user=f"{OWN} owner", lasting=lasting)
    with entered(server, copied, Role.OWNER) as connection, server.connect(copied) as superuser:
        assert OWN in run(connection, "TABLE hatang.datasets")
        run(superuser, "TRUNCATE session_key", "COMMENT ON SCHEMA hatang IS NULL")
        assert run(connection, "TABLE hatang.datasets") == ""
        server.upgrade(copied)
        assert run(connection, "TABLE hatang.datasets") == ""
        with entered(server, copied, Role.OWNER) as later:
            assert OWN in run(later, "TABLE hatang.datasets")


def test_a_row_written_without_the_key_opens_nothing(server: Server, copied: str) -> None:
    with entered(server, copied, Role.OPERATOR) as connection, server.connect(copied) as superuser:
        run(superuser, f"UPDATE sessions SET organisation_id = (SELECT id FROM organisations WHERE name = '{FOREIGN}')")
        assert run(connection, "TABLE hatang.datasets") == ""
        run(superuser, f"UPDATE sessions SET user_id = (SELECT id FROM users WHERE name = '{FOREIGN} operator')")
        assert run(connection, "TABLE hatang.datasets") == ""
    with entered(server, copied, Role.OPERATOR) as connection, server.connect(copied) as superuser:
        run(superuser, "UPDATE sessions SET expires_at = expires_at + interval '1 hour'")
        assert run(connection, "TABLE hatang.datasets") == ""
    another = server.connect(copied, ROLE_LOGINS[Role.OPERATOR])
    with another, entered(server, copied, Role.OPERATOR), server.connect(copied) as superuser:
        run(superuser, f"UPDATE sessions SET backend_pid = {another.info.backend_pid} WHERE backend_pid IS NOT NULL")
        assert run(another, "TABLE hatang.datasets") == ""


def test_a_connection_acts_for_one_person_as_long_as_it_lives(server: Server, secured: str) -> None:
    own, foreign = (secret(server, secured, f"{word} operator") for word in (OWN, FOREIGN))
    lead = secret(server, secured, f"{FOREIGN} lead")
    with server.connect(secured, ROLE_LOGINS[Role.OPERATOR]) as connection:
        for wrong in (lead, "", "x.y", own[:-1], own.split(".")[0], f"{own.split('.')[0]}.{foreign.split('.')[1]}"):
            with pytest.raises(errors.InvalidAuthorizationSpecification, match="no such session"):
                connection.execute(b"SELECT hatang.enter(%s)", (wrong,))
        for _ in range(2):
            connection.execute(b"SELECT hatang.enter(%s)", (own,))
        with pytest.raises(errors.InvalidAuthorizationSpecification, match="as long as it lives"):
            connection.execute(b"SELECT hatang.enter(%s)", (foreign,))
        assert FOREIGN not in run(connection, "TABLE hatang.datasets")
        with server.connect(secured, ROLE_LOGINS[Role.OPERATOR]) as another:
            assert run(another, "TABLE hatang.datasets") == ""
            another.execute(b"SELECT hatang.enter(%s)", (foreign,))
            assert OWN not in run(another, "TABLE hatang.datasets")
        assert OWN in run(connection, "TABLE hatang.datasets")


def test_a_login_of_a_person_s_own_reads_the_layers(server: Server, copied: str) -> None:
    """As QGIS does: a plain login, no other statement than its query."""
    engine = open_engine(server.url(copied))
    with server.connect(copied) as superuser, Store(Path("/nonexistent"), engine) as store:
        run(superuser, "CREATE ROLE gis_own LOGIN IN ROLE hatang_operator, hatang_lead", "CREATE ROLE gis_none LOGIN")
        try:
            with server.connect(copied, "gis_own") as gis:
                assert run(gis, "SELECT * FROM hatang.claims") == ""
                with store.looking() as session:
                    bind_login(session, login="gis_own", user=f"{OWN} operator", lasting=dt.timedelta(days=90))
                found = gis.execute(
                    b"SELECT operator, ST_SRID(geometry), ST_Area(ST_Transform(geometry, 9214)) FROM hatang.claims"
                ).fetchall()
                assert [(name, srid) for name, srid, _ in found] == [(OWN, 4326)]  # a member of lead too, but here for an operator
                assert found[0][2] == pytest.approx(118.2e6, rel=0.01)  # 0.1° × 0.1° at 16.45° N: 10.68 km × 11.07 km
                assert "SITE" not in run(gis, "SELECT t::text FROM hatang.gaps t", "SELECT t::text FROM hatang.gap_features t")
            for login in ("gis_none", "hatang_operator", "postgres", "nobody"):
                with store.looking() as session, pytest.raises(ParameterError, match=r"error\.session\.user"):
                    bind_login(session, login=login, user=f"{OWN} operator", lasting=A_DAY)
        finally:
            run(superuser, "DROP ROLE gis_own", "DROP ROLE gis_none")


def test_the_program_itself_changes_no_record_and_reads_no_key(server: Server, secured: str) -> None:
    with server.connect(secured, SERVICE) as service:
        for statement in (
            *(f"TABLE hatang.{table}" for table in CLOSED),
            "UPDATE hatang.audit_log SET actor = 'x'",
            "DELETE FROM hatang.audit_log",
            "TRUNCATE hatang.audit_log",
            "DELETE FROM hatang.datasets",
            "UPDATE hatang.datasets SET sha256 = 'x'",
            "UPDATE hatang.submissions SET organisation_id = 1",
            "UPDATE hatang.users SET role = 'lead'",
            f"SET ROLE {SCHEMA_OWNER}",
            "ALTER TABLE hatang.datasets DISABLE ROW LEVEL SECURITY",
        ):
            assert denied(service, statement), statement


def test_the_store_opened_in_a_session_shows_what_the_person_may_read(server: Server, secured: str, tmp_path: Path) -> None:
    token = secret(server, secured, f"{OWN} operator")
    url = server.url(secured, ROLE_LOGINS[Role.OPERATOR])
    with Store.open(Settings(home=tmp_path, database_url=url, database_session=token)) as store:  # type: ignore[arg-type]
        (entry,) = store.datasets()
        assert entry.organisation == OWN
        (tmp_path / "incoming/dead").mkdir()
        (tmp_path / "incoming/dead/placing").write_text("originals/aa/theirs")
        (tmp_path / "originals/aa").mkdir(parents=True)
        (tmp_path / "originals/aa/theirs").write_text("named by a row that this login does not see")
        for change in (lambda: store.withdraw(entry.id), lambda: store.erase([], reason="x"), store.verify):
            with pytest.raises(StoreError, match=r"error\.store\.reader"):
                change()
    for limited in (token, None):
        with Store.open(Settings(home=tmp_path, database_url=url, database_session=limited)):  # type: ignore[arg-type]
            assert (tmp_path / "originals/aa/theirs").exists()
