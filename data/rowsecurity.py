"""Forced row-level security on PostgreSQL, written from the one table of roles and made anew whenever that table changes.

Every table of the schema has its policies forced on its owner too. A role's login reads what `hatang.data.roles.PERMISSIONS` lets the role
read, and nothing without a session in force (`hatang.data.dbsessions`). Changing is the program's: a role's login holds no right to
write; the policies for writing stand all the same, so that a right granted by mistake reaches no foreign row.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from hatang.data._postgresql import SCHEMA
from hatang.data.contracts import Role
from hatang.data.dbsessions import FOR_ROLES, FOR_SERVICE, function_statements, key_statement
from hatang.data.layers import VIEWS, view_statements
from hatang.data.roles import PERMISSIONS, Permission, Reach
from hatang.data.rolesetup import ROLE_LOGINS, SCHEMA_OWNER, SERVICE


@dataclass(frozen=True, slots=True)
class Guard:
    """What a role must be permitted to do with the rows of a table, and what of them the program may change."""

    read: tuple[Permission, ...] = ()
    insert: Permission | None = None
    update: Permission | None = None
    organisation: str = "organisation_id"
    filed: str | None = None
    """Column that names a submission, which must be the same organisation's."""
    changed: tuple[str, ...] = ()
    removed: bool = False


_P = Permission
GUARDS: Final[Mapping[str, Guard]] = {
    "organisations": Guard((_P.READ_RAW, _P.READ_AUDIT, _P.MANAGE_USERS), insert=_P.MANAGE_USERS, organisation="id"),
    "submissions": Guard((_P.READ_RAW,), insert=_P.FILE_DATA),
    "datasets": Guard(
        (_P.READ_RAW,),
        insert=_P.FILE_DATA,
        update=_P.WITHDRAW_DATA,
        filed="submission_id",
        changed=("withdrawn_at", "erased_at", "file_sha256"),
    ),
    "faults": Guard((_P.READ_RAW,), insert=_P.FILE_DATA, filed="submission_id"),
    "features": Guard((_P.READ_RAW,), removed=True),
    "users": Guard((_P.MANAGE_USERS,), insert=_P.MANAGE_USERS, update=_P.MANAGE_USERS, changed=("active",)),
    "boundary_versions": Guard((_P.READ_RESULTS,)),
    "gap_features": Guard((_P.READ_RESULTS,), removed=True),
    "audit_log": Guard((_P.READ_AUDIT,)),
    "decisions": Guard((_P.READ_RESULTS,), insert=_P.SHARE_PLAN),
}
"""The tables with rows of organisations."""
CLOSED: Final = ("sessions", "session_key")
"""Tables that only functions of the owner reach."""
OPEN: Final = ("alembic_version",)
"""Tables that say nothing of anybody."""


def reach(role: Role, permissions: tuple[Permission, ...]) -> Reach | None:
    """Return how far any of some permissions of a role reaches; None where it has none of them.

    Examples
    --------
    >>> reach(Role.OPERATOR, (Permission.READ_RAW,)), reach(Role.COMMUNE, (Permission.READ_RAW,))
    (<Reach.OWN: 'own'>, None)
    """
    found = {PERMISSIONS[role].get(permission) for permission in permissions} - {None}
    return Reach.EVERY if Reach.EVERY in found else Reach.OWN if found else None


def statements() -> Iterator[str]:
    """Yield everything that secures the schema, for its owner; doing it again changes nothing."""
    everybody = ", ".join((SERVICE, *ROLE_LOGINS.values()))
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA {SCHEMA} FROM PUBLIC, {everybody}"
    yield f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA {SCHEMA} FROM PUBLIC, {everybody}"
    yield from function_statements()
    yield f"GRANT EXECUTE ON FUNCTION {', '.join(f'{SCHEMA}.{name}' for name in FOR_ROLES)} TO {', '.join(ROLE_LOGINS.values())}"
    yield f"GRANT EXECUTE ON FUNCTION {', '.join(f'{SCHEMA}.{name}' for name in FOR_SERVICE)} TO {SERVICE}"
    for table in (*GUARDS, *CLOSED, *OPEN):
        yield f"ALTER TABLE {SCHEMA}.{table} ENABLE ROW LEVEL SECURITY"
        yield f"ALTER TABLE {SCHEMA}.{table} FORCE ROW LEVEL SECURITY"
        yield from _dropped(table)
        yield f"CREATE POLICY owner ON {SCHEMA}.{table} TO {SCHEMA_OWNER} USING (true) WITH CHECK (true)"
    for table in OPEN:
        yield f"CREATE POLICY everybody ON {SCHEMA}.{table} FOR SELECT TO {everybody} USING (true)"
        yield f"GRANT SELECT ON {SCHEMA}.{table} TO {everybody}"
    for table, guard in GUARDS.items():
        yield f"CREATE POLICY service ON {SCHEMA}.{table} TO {SERVICE} USING (true) WITH CHECK (true)"
        yield f"GRANT SELECT, INSERT{', DELETE' if guard.removed else ''} ON {SCHEMA}.{table} TO {SERVICE}"
        if guard.changed:
            yield f"GRANT UPDATE ({', '.join(guard.changed)}) ON {SCHEMA}.{table} TO {SERVICE}"
        for role in Role:
            yield from _policies(table, guard, role)
    yield f"GRANT USAGE, UPDATE ON ALL SEQUENCES IN SCHEMA {SCHEMA} TO {SERVICE}"
    yield from view_statements()
    for view, table in VIEWS.items():
        readers = (login for role, login in ROLE_LOGINS.items() if reach(role, GUARDS[table].read) is not None)
        yield f"GRANT SELECT ON {SCHEMA}.{view} TO {', '.join((SERVICE, *readers))}"


def _dropped(table: str) -> Iterator[str]:
    """Yield what removes every policy of a table, those of another version of the program too."""
    names = f"SELECT polname FROM pg_policy WHERE polrelid = '{SCHEMA}.{table}'::regclass"
    drop = f"EXECUTE format('DROP POLICY %I ON {SCHEMA}.{table}', name)"
    yield f"DO $$ DECLARE name name; BEGIN FOR name IN {names} LOOP {drop}; END LOOP; END $$"


def _policies(table: str, guard: Guard, role: Role) -> Iterator[str]:
    login = ROLE_LOGINS[role]
    readable = _condition(role, guard, guard.read)
    if readable is not None:
        yield f"CREATE POLICY read_{role} ON {SCHEMA}.{table} FOR SELECT TO {login} USING ({readable})"
        yield f"GRANT SELECT ON {SCHEMA}.{table} TO {login}"
    if guard.insert is not None and (own := _condition(role, guard, (guard.insert,))) is not None:
        filed = "" if guard.filed is None else f" AND {_same_submission(table, guard.filed)}"
        yield f"CREATE POLICY insert_{role} ON {SCHEMA}.{table} FOR INSERT TO {login} WITH CHECK ({own}{filed})"
    if guard.update is not None and (own := _condition(role, guard, (guard.update,))) is not None:
        yield f"CREATE POLICY update_{role} ON {SCHEMA}.{table} FOR UPDATE TO {login} USING ({own}) WITH CHECK ({own})"


def _same_submission(table: str, column: str) -> str:
    """Return the condition that a row names a submission of its own organisation, one that the writer may see.

    Whether another's submission is there or not, the answer is the same: the foreign key, which passes by every policy, is never asked.
    """
    own = f"s.id = {table}.{column} AND s.organisation_id = {table}.organisation_id"
    return f"EXISTS (SELECT FROM {SCHEMA}.submissions s WHERE {own})"


def _condition(role: Role, guard: Guard, permissions: tuple[Permission, ...]) -> str | None:
    """Return the condition on a row; the sub-select is asked once a statement, not once a row."""
    acting = f"(SELECT {SCHEMA}.acting_for('{role}'))"
    match reach(role, permissions):
        case Reach.EVERY:
            return f"{acting} IS NOT NULL"
        case Reach.OWN:
            return f"{guard.organisation} = {acting}"
        case _:
            return None


def version() -> str:
    """Return the hash of everything that secures the schema."""
    return hashlib.sha256("\n".join(statements()).encode()).hexdigest()[:16]


def is_secured(connection: Connection) -> bool:
    """Return whether a schema is secured as this version of the program says."""
    said = f"SELECT obj_description('{SCHEMA}'::regnamespace, 'pg_namespace')"
    return bool(connection.exec_driver_sql(said).scalar() == version())


def secure(connection: Connection) -> None:
    """Secure the schema as its owner; the key of the sessions is kept where there is one."""
    for statement in statements():
        connection.exec_driver_sql(statement.replace("%", "%%"))
    key_statement(connection)
    connection.exec_driver_sql(f"COMMENT ON SCHEMA {SCHEMA} IS '{version()}'")
