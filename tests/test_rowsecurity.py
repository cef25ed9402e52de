"""Row-level security on PostgreSQL, tried as each of the seven roles by everything that SQL offers: no row that the roles' table denies.

Every row of the organisation of the person says OURS7 in some text, every row of another says THEIRS7.
"""

import re
from collections.abc import Iterator

import pytest
from postgres import Server
from psycopg import errors
from securedrows import CLOSED, EMPTY, FOREIGN, OWN, READS, SAYS_NOTHING, Connection, P, denied, entered, expected, run

from hatang.data.contracts import Role
from hatang.data.layers import VIEWS
from hatang.data.roles import can
from hatang.data.rolesetup import ROLE_LOGINS, SCHEMA_OWNER, SERVICE


@pytest.fixture(params=list(Role))
def role(request: pytest.FixtureRequest) -> Role:
    return Role(request.param)


@pytest.fixture
def person(server: Server, secured: str, role: Role) -> Iterator[Connection]:
    """Return a connection by the login of a role, in a session of a person of that role in OWN."""
    with entered(server, secured, role) as connection:
        yield connection


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


def test_every_relation_of_the_schema_is_in_this_test(server: Server, secured: str) -> None:
    with server.connect(secured) as superuser:
        found = run(
            superuser, "SELECT relname FROM pg_class WHERE relnamespace = 'hatang'::regnamespace AND relkind IN ('r','v','m','p','f')"
        )
    names = set(re.findall(r"\('(\w+)',\)", found))
    assert names == {*READS, *CLOSED, *EMPTY, *SAYS_NOTHING}


def test_every_table_is_forced_and_has_a_policy_for_nobody_but_logins(server: Server, secured: str) -> None:
    with server.connect(secured) as superuser:
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


def test_without_a_session_a_login_sees_nothing(server: Server, secured: str, role: Role) -> None:
    with server.connect(secured, ROLE_LOGINS[role]) as connection:
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
