"""A catalogue copied between SQLite and PostgreSQL: every row, every hash, one transaction, and work that goes on afterwards."""

import json
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from assess_inputs import claim, claims
from postgres import Server, alter, unguarded
from sqlalchemy import make_url
from typer.testing import CliRunner

from hatang.commands.main import app
from hatang.data.audit import Action, record
from hatang.data.contracts import CLAIMS, FIXED, Choice, Fault, Kind, ParameterError, Role, StoreError
from hatang.data.decisions import Subject, decide, decisions
from hatang.data.rolesetup import SCHEMA_OWNER
from hatang.data.settings import Settings
from hatang.data.store import Dataset, Filing, Store
from hatang.pipeline.backup import back_up, bring_back
from hatang.pipeline.database import copy_database
from hatang.pipeline.progress import Quiet
from hatang.pipeline.users import add_user, list_users


@pytest.fixture
def filled(settings: Settings) -> Settings:
    """Return a store on SQLite with faults, people, a withdrawal, an erasure, words of many kinds and a number that JSON does not know."""
    ids = [add(settings, number).id for number in range(1, 5)]
    add(settings, 5, geographic=True)
    add_user(settings, name="Nguyễn Thị Ánh", organisation="vnpt", role=Role.OPERATOR)
    with Store.open(settings) as store:
        store.withdraw(ids[0])
        store.erase([store.dataset(ids[1])], reason="test")
        with store.changing() as (session, actor):
            subject = Subject("S-1", "run", "reuse_way", "R1", "vnpt", ("D1",), None)
            decide(session, subject, Choice.REFUSED, reason="½ “đ”", organisation="fpt", actor=actor)
            record(
                session, actor=actor, organisation="fpt", action=Action.USE_BOUNDARIES, subject="'; DROP TABLE users; --", detail={"é": 0.1}
            )
    return settings


def add(settings: Settings, number: int, *, geographic: bool = False) -> Dataset:
    rows = {"ward_code": ["19774"], "ward_name": ["A"], "operator": ["vnpt"], "households": [number], "households_served": [1]}
    frame: pd.DataFrame = FIXED.conform(pd.DataFrame(rows))
    if geographic:
        frame = gpd.GeoDataFrame(CLAIMS.conform(claims(claim(0, 0.5))), crs="EPSG:4326")
    file = settings.home.parent / f"tệp {number}.csv"
    file.write_text(f"file {number}")
    faults = (Fault("rings", file.name, row=number, found="½ “đ” \t\u2028", fields={"share": float("nan"), "n": 1}),)
    filing = Filing(Kind.CLAIMS if geographic else Kind.FIXED, "vnpt", 1, 1, 0, faults=faults, options={"limit": float("inf")})
    with Store.open(settings) as store, store.receive(file) as received:
        return store.add(received, frame, filing)[0]


def on_server(settings: Settings, server: Server) -> Settings:
    return settings.model_copy(update={"database_url": server.url(server.copy())})


def shown(settings: Settings) -> tuple[object, ...]:
    """Return everything a store says of itself."""
    with Store.open(settings) as store:
        datasets = store.datasets(include_withdrawn=True)
        faults = [store.faults(dataset) for dataset in datasets]
        with store.looking() as session:
            kept = decisions(session)
        return datasets, faults, store.audit_head(), store.verify(), [user.as_dict() for user in list_users(settings)], kept


def test_there_and_back_everything_is_equal(filled: Settings, server: Server, tmp_path: Path) -> None:
    there = on_server(filled, server)
    assert there.database_url is not None
    with Store.open(filled) as store:
        anchor = store.audit_head()
    copied = copy_database(there.database_url, filled, Quiet())
    assert (copied.faults, copied.head) == ((), anchor)
    assert copied.rows == {
        "organisations": 2, "submissions": 5, "users": 1, "datasets": 5, "faults": 5, "boundary_versions": 0, "audit_log": 10,
        "decisions": 1,
    }  # fmt: skip
    assert shown(there) == shown(filled)
    back = filled.model_copy(update={"database_url": f"sqlite:///{tmp_path / 'back.sqlite'}"})
    assert back.database_url is not None
    assert copy_database(back.database_url, there, Quiet()).rows == copied.rows
    assert shown(back) == shown(filled)
    with server.connect(str(make_url(there.database_url).database)) as reader:
        assert reader.execute(b"SELECT count(*) FROM claims").fetchone() == (1,)


def test_work_goes_on_where_the_numbers_ended(filled: Settings, server: Server) -> None:
    there = on_server(filled, server)
    copy_database(str(there.database_url), filled, Quiet())
    before = len(shown(there)[0])  # type: ignore[arg-type]
    add(there, 9)
    add_user(there, name="B", organisation="new", role=Role.READER)
    datasets, *_, faults, users, _ = shown(there)
    assert (len(datasets), faults, len(users)) == (before + 1, [], 2)  # type: ignore[arg-type]


def test_only_an_empty_database_that_is_another_is_filled(filled: Settings, server: Server) -> None:
    there = on_server(filled, server)
    add_user(there, name="A", organisation="x", role=Role.ADMIN)
    with pytest.raises(ParameterError, match=r"error\.copy\.not_empty"):
        copy_database(str(there.database_url), filled, Quiet())
    assert len(list_users(there)) == 1
    with pytest.raises(ParameterError, match=r"error\.copy\.same"):
        copy_database(filled.catalogue_url(), filled, Quiet())


def test_the_owner_may_copy_into_a_database_without_tables(filled: Settings, server: Server) -> None:
    there = filled.model_copy(update={"database_url": server.url(server.empty(), SCHEMA_OWNER)})
    assert copy_database(str(there.database_url), filled, Quiet()).faults == ()
    assert shown(there) == shown(filled)


@pytest.mark.parametrize(
    "change", ["NEW.found := 'x'", "NEW.count := NEW.count + 1", "RETURN NULL", "RAISE EXCEPTION 'no'", "NEW.fields := '{}'"]
)
def test_a_database_that_keeps_something_else_is_left_empty(filled: Settings, server: Server, change: str) -> None:
    there = on_server(filled, server)
    body = f"BEGIN {change}; RETURN NEW; END"
    alter(there, f"CREATE FUNCTION public.bend() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
    alter(there, "CREATE TRIGGER bend BEFORE INSERT ON faults FOR EACH ROW EXECUTE FUNCTION public.bend()")
    with pytest.raises(StoreError, match=r"error\.(copy\.differs|store\.database)"):
        copy_database(str(there.database_url), filled, Quiet())
    assert shown(there)[0] == []


def test_a_broken_chain_is_copied_as_it_is_and_said(filled: Settings, server: Server) -> None:
    alter(filled, "UPDATE audit_log SET actor = 'x' WHERE seq = 2")
    there = on_server(filled, server)
    copied = copy_database(str(there.database_url), filled, Quiet())
    assert [fault.code for fault in copied.faults] == ["audit_changed"]


def test_a_table_that_is_missing_stops_the_copy(filled: Settings, server: Server) -> None:
    there = on_server(filled, server)
    with Store.open(filled) as store:
        store.table_path(store.datasets(Kind.CLAIMS)[0]).unlink()
    with pytest.raises(StoreError, match=r"error\.store\.table"):
        copy_database(str(there.database_url), filled, Quiet())
    assert list_users(there) == []


@pytest.mark.databases("postgresql")
def test_a_backup_of_a_server_is_restored_to_a_folder_and_to_a_server(
    filled: Settings, tmp_path: Path, new_catalogue: Callable[[], str | None]
) -> None:
    back_up(tmp_path / "b.tar", filled, Quiet())
    before = shown(filled)
    embedded = filled.model_copy(update={"home": tmp_path / "one", "database_url": None})
    on_another = filled.model_copy(update={"home": tmp_path / "two", "database_url": new_catalogue()})
    for place in (embedded, on_another):
        assert bring_back(tmp_path / "b.tar", place, Quiet()).faults == ()
        assert shown(place)[:2] == before[:2]
    assert not (tmp_path / "two/catalogue.sqlite").exists()
    for replace in (False, True):  # a server's rows are never replaced
        with pytest.raises(ParameterError, match=r"error\.(copy|backup)\.not_empty"):
            bring_back(tmp_path / "b.tar", on_another, Quiet(), replace=replace)
    assert shown(on_another)[:2] == before[:2]


@pytest.mark.databases("postgresql")
@pytest.mark.usefixtures("environment")
def test_sessions_and_logins_on_the_command_line(settings: Settings, server: Server) -> None:
    def call(*arguments: str) -> tuple[int, dict[str, object]]:
        done = CliRunner().invoke(app, ["--json", "db", *arguments])
        return done.exit_code, json.loads(done.stdout)

    add_user(settings, name="Hà", organisation="vnpt", role=Role.OPERATOR)
    secret = str(call("session", "Hà", "--minutes", "5")[1]["session"])
    database = str(make_url(str(settings.database_url)).database)
    with server.connect(database, "hatang_operator") as connection:
        connection.execute(b"SELECT hatang.enter(%s)", (secret,))
        assert connection.execute(b"SELECT name FROM organisations").fetchall() == [("vnpt",)]
    assert call("session", "nobody")[1]["code"] == "error.session.user"
    with server.connect(database) as superuser:
        superuser.execute(b"CREATE ROLE ha LOGIN IN ROLE hatang_operator")
        try:
            assert call("bind", "ha", "Hà", "--days", "3") == (0, {"login": "ha", "user": "Hà", "days": 3})
            with server.connect(database, "ha") as connection:
                assert connection.execute(b"SELECT name FROM organisations").fetchall() == [("vnpt",)]
        finally:
            superuser.execute(b"DROP ROLE ha")
    with Store.open(unguarded(settings)) as store:
        assert store.audit_head().seq == 2
        assert store.verify() == []


@pytest.mark.usefixtures("environment")
def test_on_the_command_line(filled: Settings, server: Server) -> None:
    there = on_server(filled, server)
    done = CliRunner().invoke(app, ["--json", "db", "copy", "--to", str(there.database_url)])
    said = json.loads(done.stdout)
    assert (done.exit_code, said["rows"]["datasets"], said["audit"]["records"], said["faults"]) == (0, 5, 10, [])
    assert shown(there) == shown(filled)
    for command in (["session", "x"], ["bind", "x", "y"]):
        assert json.loads(CliRunner().invoke(app, ["--json", "db", *command]).stdout)["code"] == "error.session.server"


def test_a_connection_that_breaks_off_leaves_nothing(filled: Settings, server: Server) -> None:
    """The server ends the copying connection at its last table."""
    there = on_server(filled, server)
    alter(
        there,
        "CREATE FUNCTION public.fall() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); "
        "RETURN NEW; END $$",
        "ALTER FUNCTION public.fall() SECURITY DEFINER",
        "CREATE TRIGGER fall BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION public.fall()",
    )
    with pytest.raises(StoreError, match=r"error\.store\.database"):
        copy_database(str(there.database_url), filled, Quiet())
    assert shown(there)[0] == []
