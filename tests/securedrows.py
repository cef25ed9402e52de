"""What the tests of row-level security share: a catalogue with rows of two organisations in every table, and ways to try SQL on it.

Every row of the organisation of the person says OURS7 in some text, every row of another says THEIRS7.
"""

import datetime as dt
import re
from pathlib import Path
from typing import Any

import geopandas as gpd
import psycopg
import pytest
import shapely
from postgres import Server
from psycopg import errors

from hatang.data.contracts import AUTHORITY, CLAIMS, Choice, Fault, Kind, Role
from hatang.data.database import open_engine
from hatang.data.dbsessions import open_session
from hatang.data.decisions import Subject, decide
from hatang.data.layers import LAYERS, publish_gaps
from hatang.data.roles import Permission, add_user, can
from hatang.data.rolesetup import ROLE_LOGINS
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
    "decisions": (P.READ_RESULTS,),
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
            subject = Subject(f"S-{word}", "run", "reuse_way", "R1", word, ("D1",), 2)
            decide(session, subject, Choice.REFUSED, reason=word, organisation=word, actor=word)
            publish_gaps(session, word, gpd.GeoDataFrame(claims(word).assign(gap_id=word, nearest_site_id="SITE"), crs="EPSG:4326"))


def fill_all(server: Server, name: str, home: Path) -> None:
    """Fill a catalogue with rows of both organisations, in every table."""
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


def secret(server: Server, database: str, user: str, lasting: dt.timedelta = A_DAY) -> str:
    engine = open_engine(server.url(database))
    with Store(Path("/nonexistent"), engine) as store, store.looking() as session:
        return open_session(session, user=user, lasting=lasting)


def entered(server: Server, database: str, role: Role, word: str = OWN) -> Connection:
    connection = server.connect(database, ROLE_LOGINS[role])
    connection.execute(b"SELECT hatang.enter(%s)", (secret(server, database, f"{word} {role}"),))
    return connection


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
