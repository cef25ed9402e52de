"""Row-level security on PostgreSQL, tried as each of the seven roles by everything that SQL offers: no row that the roles' table denies.

Every row of the organisation of the person says OURS7 in some text, every row of another says THEIRS7.
"""

import datetime as dt
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import psycopg
import pytest
import shapely
from postgres import Server
from psycopg import errors

from hatang.data.contracts import AUTHORITY, CLAIMS, Fault, Kind, ParameterError
from hatang.data.database import open_engine
from hatang.data.dbsessions import bind_login, open_session
from hatang.data.layers import LAYERS, VIEWS, publish_gaps
from hatang.data.roles import Permission, Role, add_user, can, disable_user
from hatang.data.rolesetup import ROLE_LOGINS, SCHEMA_OWNER, SERVICE
from hatang.data.settings import Settings
from hatang.data.store import Filing, Store

Connection = psycopg.Connection[tuple[Any, ...]]
OWN, FOREIGN = "OURS7", "THEIRS7"
P = Permission
READS: dict[str, tuple[Permission, ...]] = {
    "organisations": (P.READ_RAW, P.READ_AUDIT, P.MANAGE_USERS),
    "submissions": (P.READ_RAW,),
    "datasets": (P.READ_RAW,),
    "faults": (P.READ_RAW,),
    "features": (P.READ_RAW,),
    "claims": (P.READ_RAW,),
    "users": (P.MANAGE_USERS,),
    "boundary_versions": (P.READ_RESULTS,),
    "gap_features": (P.READ_RESULTS,),
    "gaps": (P.READ_RESULTS,),
    "audit_log": (P.READ_AUDIT,),
}
"""What lets a role read each table and view, written by hand."""
CLOSED = ("sessions", "session_key")
EMPTY = {layer for layer in LAYERS if layer != "claims"}
"""Views whose kinds are not filed here."""
SAYS_NOTHING = ("alembic_version",)
A_DAY = dt.timedelta(days=1)


def claims(word: str) -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame(
        {"operator": [word], "technology": ["4g"], "environment": ["outdoor"], "geometry": [shapely.box(107.5, 16.4, 107.6, 16.5)]},
        crs="EPSG:4326",
    )
    return gpd.GeoDataFrame(CLAIMS.conform(frame), crs="EPSG:4326")


def fill(store: Store, folder: Path) -> None:
    """File for both organisations, add a person of each role to both, and publish gaps and boundaries of both."""
    for word in (OWN, FOREIGN):
        file = folder / f"{word}.gpkg"
        file.write_text(word)
        with store.receive(file) as received:
            faults = (Fault("rings", f"{word}.gpkg"),)
            store.add(received, claims(word), Filing(Kind.CLAIMS, word, 1, 1, 0, source=word, operator=word, faults=faults))
        with store.changing() as (session, _):
            for role in Role:
                add_user(session, name=f"{word} {role}", organisation=word, role=role, actor=word)
            publish_gaps(session, word, gpd.GeoDataFrame(claims(word).assign(gap_id=word, nearest_site_id="SITE"), crs="EPSG:4326"))


@pytest.fixture(scope="module")
def database(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return a filled catalogue; nobody changes it for good."""
    name = server.copy()
    home = tmp_path_factory.mktemp("home")
    with Store.open(Settings(home=home, offline=True, database_url=server.url(name), actor=AUTHORITY)) as store:
        fill(store, home)
    with server.connect(name) as superuser:
        for word in (OWN, FOREIGN):
            superuser.execute(
                b"INSERT INTO boundary_versions SELECT %s, id, 'city', %s, now() FROM organisations WHERE name = %s", (word, word, word)
            )
            superuser.execute(
                b"UPDATE gap_features SET organisation_id = (SELECT id FROM organisations WHERE name = %s) WHERE run_id = %s", (word, word)
            )
        superuser.execute(
            b"CREATE FUNCTION public.leak(said text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS "
            b"$$ BEGIN RAISE NOTICE '%', said; RETURN true; END $$"
        )
        superuser.execute(b"ANALYZE")
    yield name
    server.drop(name)


@pytest.fixture
def copied(server: Server, database: str) -> Iterator[str]:
    """Return a catalogue of the test's own with the same rows."""
    name = server.copy(database)
    yield name
    server.drop(name)


def secret(server: Server, database: str, user: str, lasting: dt.timedelta = A_DAY) -> str:
    engine = open_engine(server.url(database))
    with Store(Path("/nonexistent"), engine) as store, store.looking() as session:
        return open_session(session, user=user, lasting=lasting)


def entered(server: Server, database: str, role: Role, word: str = OWN) -> Connection:
    connection = server.connect(database, ROLE_LOGINS[role])
    connection.execute(b"SELECT hatang.enter(%s)", (secret(server, database, f"{word} {role}"),))
    return connection


@pytest.fixture(params=list(Role))
def role(request: pytest.FixtureRequest) -> Role:
    return Role(request.param)


@pytest.fixture
def person(server: Server, database: str, role: Role) -> Iterator[Connection]:
    """Return a connection by the login of a role, in a session of a person of that role in OWN."""
    with entered(server, database, role) as connection:
        yield connection


def run(connection: Connection, *statements: str) -> str:
    """Return everything that comes of statements: rows, notices, and errors."""
    said: list[str] = []

    def note(diagnostic: errors.Diagnostic) -> None:
        said.append(str(diagnostic.message_primary))

    connection.add_notice_handler(note)
    try:
        for statement in statements:
            cursor = connection.cursor()
            if re.match(r"COPY .* TO STDOUT", statement):
                with cursor.copy(statement.encode()) as copy:
                    said += [bytes(block).decode() for block in copy]
            else:
                cursor.execute(statement.encode())
                if cursor.description is not None:
                    said += [str(row) for row in cursor.fetchall()]
    finally:
        connection.remove_notice_handler(note)
    return "\n".join(said)


def denied(connection: Connection, statement: str) -> bool:
    """Return whether a statement is refused for want of a right."""
    with pytest.raises(psycopg.Error) as error:
        run(connection, statement)
    return isinstance(error.value, errors.InsufficientPrivilege | errors.InvalidAuthorizationSpecification)


def expected(role: Role, relation: str, *, own: bool) -> bool:
    return any(can(role, permission, own_organisation=own) for permission in READS[relation])


WAYS = {
    "select": ["SELECT t::text FROM hatang.{} t"],
    "star": ["SELECT * FROM hatang.{}"],
    "copy": ["COPY (SELECT * FROM hatang.{}) TO STDOUT"],
    "copy csv": ["COPY (TABLE hatang.{}) TO STDOUT WITH (FORMAT csv, HEADER)"],
    "cursor": ["BEGIN", "DECLARE c CURSOR FOR TABLE hatang.{}", "FETCH ALL c", "COMMIT"],
    "held cursor": ["DECLARE c CURSOR WITH HOLD FOR TABLE hatang.{}", "FETCH ALL c", "CLOSE c"],
    "prepared": ["PREPARE p AS SELECT t::text FROM hatang.{} t", "EXECUTE p", "EXECUTE p", "DEALLOCATE p"],
    "generic plan": ["SET plan_cache_mode = force_generic_plan", "PREPARE p AS TABLE hatang.{}", "EXECUTE p", "DEALLOCATE p", "RESET ALL"],
    "aggregate": ["SELECT json_agg(t) FROM hatang.{} t"],
    "xml": ["SELECT query_to_xml('TABLE hatang.{}', true, false, '')", "SELECT table_to_xml('hatang.{}', true, false, '')"],
    "leaky": ["SELECT count(*) FROM hatang.{} t WHERE public.leak(t::text)"],
    "leaky join": ["SELECT count(*) FROM (VALUES (1)) v (x), hatang.{} t WHERE public.leak(t::text) AND v.x > 0"],
    "block": ["DO $$ DECLARE r record; BEGIN FOR r IN TABLE hatang.{} LOOP RAISE NOTICE '%', r; END LOOP; END $$"],
    "lateral": ["SELECT x FROM generate_series(1, 2), LATERAL (SELECT t::text AS x FROM hatang.{} t) y"],
    "parallel": [
        "SET parallel_setup_cost = 0",
        "SET parallel_tuple_cost = 0",
        "SET min_parallel_table_scan_size = 0",
        "SELECT t::text FROM hatang.{} t",
        "RESET ALL",
    ],
}
"""Ways to read a relation."""


@pytest.mark.parametrize("way", WAYS)
def test_no_way_to_read_shows_a_row_that_the_role_may_not_read(person: Connection, role: Role, way: str) -> None:
    foreign_rows, tried = 0, 0
    for relation in READS:
        readable = expected(role, relation, own=True)
        statements = [statement.format(relation) for statement in WAYS[way]]
        said = ""
        try:
            said = run(person, *statements)
        except errors.InsufficientPrivilege:
            assert not readable, relation
            for reset in (b"ROLLBACK", b"DEALLOCATE ALL", b"RESET ALL"):
                person.execute(reset)
        else:
            assert readable, relation
        tried += 1
        assert (OWN in said) == readable, relation
        assert (FOREIGN in said) == expected(role, relation, own=False), relation
        foreign_rows += FOREIGN in said and not expected(role, relation, own=False)
    assert tried
    assert foreign_rows == 0


def test_tables_are_copied_row_by_row_too(person: Connection, role: Role) -> None:
    for relation in READS.keys() - set(VIEWS):
        if expected(role, relation, own=True):
            said = run(person, f"COPY hatang.{relation} TO STDOUT")
            assert (OWN in said, FOREIGN in said) == (True, expected(role, relation, own=False)), relation


def test_every_relation_of_the_schema_is_in_this_test(server: Server, database: str) -> None:
    with server.connect(database) as superuser:
        found = run(
            superuser, "SELECT relname FROM pg_class WHERE relnamespace = 'hatang'::regnamespace AND relkind IN ('r','v','m','p','f')"
        )
    names = set(re.findall(r"\('(\w+)',\)", found))
    assert names == {*READS, *CLOSED, *EMPTY, *SAYS_NOTHING}


def test_every_table_is_forced_and_has_a_policy_for_nobody_but_logins(server: Server, database: str) -> None:
    with server.connect(database) as superuser:
        bare = run(
            superuser,
            "SELECT relname FROM pg_class c WHERE relnamespace = 'hatang'::regnamespace AND relkind IN ('r', 'p') AND NOT "
            "(relrowsecurity AND relforcerowsecurity AND EXISTS (SELECT FROM pg_policy WHERE polrelid = c.oid))",
        )
        to_public = run(superuser, "SELECT polname FROM pg_policy WHERE 0 = ANY (polroles)")
        views = run(
            superuser,
            "SELECT relname FROM pg_class WHERE relnamespace = 'hatang'::regnamespace AND relkind = 'v' AND NOT "
            "(coalesce(reloptions, '{}') @> '{security_invoker=true,security_barrier=true}')",
        )
        owners = run(superuser, "SELECT DISTINCT relowner::regrole FROM pg_class WHERE relnamespace = 'hatang'::regnamespace")
        functions = run(
            superuser,
            "SELECT proname FROM pg_proc WHERE pronamespace = 'hatang'::regnamespace AND NOT (prosecdef "
            f"AND proowner::regrole::text = '{SCHEMA_OWNER}' AND proconfig @> ARRAY['search_path=pg_catalog, pg_temp'] "
            "AND NOT has_function_privilege('public', oid, 'EXECUTE'))",
        )
    assert (bare, to_public, views, functions) == ("", "", "", "")
    assert owners == f"('{SCHEMA_OWNER}',)"


def test_without_a_session_a_login_sees_nothing(server: Server, database: str, role: Role) -> None:
    with server.connect(database, ROLE_LOGINS[role]) as connection:
        for relation in READS:
            try:
                assert run(connection, f"TABLE hatang.{relation}") == "", relation
            except errors.InsufficientPrivilege:
                assert not expected(role, relation, own=True)


def test_no_setting_changes_for_whom_a_connection_acts(person: Connection, role: Role) -> None:
    before = {relation: run(person, f"TABLE hatang.{relation}") for relation in READS if expected(role, relation, own=True)}
    for login in ("postgres", SCHEMA_OWNER, SERVICE, *(login for other, login in ROLE_LOGINS.items() if other is not role)):
        for change in (f"SET ROLE {login}", f"SET SESSION AUTHORIZATION {login}", f"SELECT set_config('role', '{login}', false)"):
            assert denied(person, change), change
        assert denied(person, f"SELECT set_config('session_authorization', '{login}', false)")
    assert denied(person, "SET session_replication_role = replica")
    for change in (
        "SELECT set_config('hatang.organisation', 'THEIRS7', false)",
        "SET hatang.role = 'lead'",
        "SET application_name = 'THEIRS7'",
        "SET search_path = pg_temp, public, hatang",
        "RESET ALL",
        "DISCARD ALL",
    ):
        run(person, change)
        assert {relation: run(person, f"TABLE hatang.{relation}") for relation in before} == before, change
    run(person, "SET row_security = off")
    for relation in before.keys() - set(VIEWS):
        with pytest.raises(errors.InsufficientPrivilege, match="row-level security"):
            run(person, f"TABLE hatang.{relation}")


def test_functions_and_the_catalogue_of_the_database_tell_nothing(person: Connection, role: Role) -> None:
    for statement in (
        "SELECT * FROM pg_stats WHERE schemaname = 'hatang'",
        "SELECT * FROM information_schema.tables",
        "SELECT * FROM information_schema.columns WHERE table_schema = 'hatang'",
        "SELECT * FROM pg_class",
        "SELECT * FROM pg_description",
        "SELECT * FROM geometry_columns",
        "SELECT hatang.acting_for(r) FROM unnest(ARRAY['lead', 'planner', 'admin', 'operator']) r",
    ):
        assert FOREIGN not in run(person, statement), statement
    for other in Role:
        acting = run(person, f"SELECT hatang.acting_for('{other}') IS NULL")
        assert acting == f"({other is not role},)"
    for statement in (
        *(f"TABLE hatang.{table}" for table in CLOSED),
        "TABLE pg_statistic",
        "TABLE pg_authid",
        "TABLE pg_stat_activity",
        "SELECT * FROM pg_stat_get_activity(NULL)",
        "SELECT pg_terminate_backend(1)",
        "SELECT pg_read_file('PG_VERSION')",
        "SELECT pg_ls_dir('.')",
        "COPY hatang.alembic_version TO '/tmp/x'",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "CREATE TEMP TABLE t (x int)",
        "CREATE TABLE public.t (x int)",
        "CREATE TABLE hatang.t (x int)",
        "CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE VIEW public.v AS SELECT 1",
        "CREATE SCHEMA s",
        "CREATE EXTENSION dblink",
        "SELECT hatang.session_signature(NULL)",
        "SELECT hatang.open_session('THEIRS7 lead', '1 hour')",
        "ALTER TABLE hatang.datasets NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY owner ON hatang.datasets",
        "CREATE POLICY p ON hatang.datasets USING (true)",
        f"GRANT {SCHEMA_OWNER} TO {ROLE_LOGINS[role]}",
        f"ALTER ROLE {ROLE_LOGINS[role]} BYPASSRLS",
    ):
        assert denied(person, statement), statement


def test_plans_and_errors_tell_nothing(person: Connection, role: Role) -> None:
    for relation in READS:
        if not expected(role, relation, own=True) or expected(role, relation, own=False):
            continue
        assert FOREIGN not in run(
            person, f"EXPLAIN (ANALYZE, VERBOSE, COSTS OFF, TIMING OFF) SELECT * FROM hatang.{relation} t WHERE public.leak(t::text)"
        )
        run(person, f"SELECT 1 / (CASE WHEN t::text LIKE '%{FOREIGN}%' THEN 0 ELSE 1 END) FROM hatang.{relation} t")
        run(person, f"SELECT count(*) FROM hatang.{relation} t WHERE CASE WHEN t::text LIKE '%{FOREIGN}%' THEN t::text::int ELSE 1 END > 0")


def test_no_role_holds_a_right_to_change_anything(person: Connection) -> None:
    for relation in (*READS.keys() - set(VIEWS), *CLOSED, *SAYS_NOTHING):
        for statement in (
            f"INSERT INTO hatang.{relation} SELECT * FROM hatang.{relation}",
            f"INSERT INTO hatang.{relation} DEFAULT VALUES",
            f"DELETE FROM hatang.{relation}",
            f"TRUNCATE hatang.{relation}",
            f"DO $$ BEGIN LOCK TABLE hatang.{relation} IN ACCESS EXCLUSIVE MODE; END $$",
        ):
            assert denied(person, statement), statement
    assert denied(person, "UPDATE hatang.datasets SET withdrawn_at = now()")
    assert denied(person, "SELECT nextval('hatang.submissions_id_seq')")
    assert denied(person, "COPY hatang.submissions FROM STDIN")


def test_a_right_granted_by_mistake_reaches_no_foreign_row(server: Server, copied: str, role: Role) -> None:
    with server.connect(copied) as superuser:
        run(superuser, f"GRANT ALL ON ALL TABLES IN SCHEMA hatang TO {ROLE_LOGINS[role]}")
        run(superuser, f"GRANT ALL ON ALL SEQUENCES IN SCHEMA hatang TO {ROLE_LOGINS[role]}")
        ids = {
            word: superuser.execute(
                b"SELECT o.id, s.id FROM organisations o LEFT JOIN submissions s ON s.organisation_id = o.id WHERE o.name = %s", (word,)
            ).fetchone()
            for word in (OWN, FOREIGN)
        }
        (own, _), (foreign, theirs) = ids[OWN] or (0, 0), ids[FOREIGN] or (0, 0)
        before = {relation: run(superuser, f"SELECT t::text FROM {relation} t WHERE t::text LIKE '%{FOREIGN}%'") for relation in READS}
        with entered(server, copied, role) as person:
            columns = "organisation_id, accepted_at, file_name, original_sha256, options"
            submission = f"INSERT INTO hatang.submissions ({columns}) VALUES ({{}}, now(), 'x', 'x', '{{{{}}}}')"
            fault = "INSERT INTO hatang.faults VALUES ({}, 99, {}, 'x', 'x', 'x', NULL, NULL, NULL, '{{}}', 1)"
            assert refused(person, submission.format(foreign)) != can(role, P.FILE_DATA, own_organisation=False)
            assert refused(person, submission.format(own)) != can(role, P.FILE_DATA, own_organisation=True)
            everywhere = can(role, P.FILE_DATA, own_organisation=False)
            assert refused(person, fault.format(theirs, own))  # another's submission, whoever asks
            assert refused(person, fault.format(theirs, own)) == refused(person, fault.format(987_654, own))  # there or not: the same
            assert refused(person, fault.format(theirs, foreign)) != everywhere
            for relation in READS:
                if relation in VIEWS or relation == "audit_log":
                    continue
                column = "id" if relation == "organisations" else "organisation_id"
                touched = f"UPDATE hatang.{relation} SET {column} = {column} WHERE {column} = {foreign}"
                for statement in (touched, f"DELETE FROM hatang.{relation}"):
                    changed = person.execute(statement.encode()).rowcount
                    needed = {"datasets": P.WITHDRAW_DATA, "users": P.MANAGE_USERS}.get(relation)
                    may = statement == touched and needed is not None and can(role, needed, own_organisation=False)
                    assert (changed > 0) == (may and expected(role, relation, own=False)), statement
            if can(role, P.WITHDRAW_DATA, own_organisation=True) and not can(role, P.WITHDRAW_DATA, own_organisation=False):
                assert person.execute(b"UPDATE hatang.datasets SET withdrawn_at = now() WHERE source = 'OURS7'").rowcount == 1
                assert refused(person, f"UPDATE hatang.datasets SET organisation_id = {foreign}")  # given away
            for closed in CLOSED:
                assert run(person, f"TABLE hatang.{closed}") == ""
                assert person.execute(f"DELETE FROM hatang.{closed}".encode()).rowcount == 0
        after = {relation: run(superuser, f"SELECT t::text FROM {relation} t WHERE t::text LIKE '%{FOREIGN}%'") for relation in READS}
    assert after == before


def refused(connection: Connection, statement: str) -> bool:
    """Return whether a policy refuses a statement."""
    try:
        connection.execute(statement.encode())
    except errors.InsufficientPrivilege as error:
        return "row-level security" in str(error)
    return False


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


def test_a_connection_acts_for_one_person_as_long_as_it_lives(server: Server, database: str) -> None:
    own, foreign = (secret(server, database, f"{word} operator") for word in (OWN, FOREIGN))
    lead = secret(server, database, f"{FOREIGN} lead")
    with server.connect(database, ROLE_LOGINS[Role.OPERATOR]) as connection:
        for wrong in (lead, "", "x.y", own[:-1], own.split(".")[0], f"{own.split('.')[0]}.{foreign.split('.')[1]}"):
            with pytest.raises(errors.InvalidAuthorizationSpecification, match="no such session"):
                connection.execute(b"SELECT hatang.enter(%s)", (wrong,))
        for _ in range(2):
            connection.execute(b"SELECT hatang.enter(%s)", (own,))
        with pytest.raises(errors.InvalidAuthorizationSpecification, match="as long as it lives"):
            connection.execute(b"SELECT hatang.enter(%s)", (foreign,))
        assert FOREIGN not in run(connection, "TABLE hatang.datasets")
        with server.connect(database, ROLE_LOGINS[Role.OPERATOR]) as another:
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


def test_the_program_itself_changes_no_record_and_reads_no_key(server: Server, database: str) -> None:
    with server.connect(database, SERVICE) as service:
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


def test_the_store_opened_in_a_session_shows_what_the_person_may_read(server: Server, database: str, tmp_path: Path) -> None:
    token = secret(server, database, f"{OWN} operator")
    url = server.url(database, ROLE_LOGINS[Role.OPERATOR])
    with Store.open(Settings(home=tmp_path, database_url=url, database_session=token)) as store:  # type: ignore[arg-type]
        assert [entry.organisation for entry in store.datasets()] == [OWN]
