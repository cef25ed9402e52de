"""What a superuser does once for an installation on PostgreSQL: login roles, the schema, PostGIS and the coordinate system of the city.

The program itself never acts as superuser. Three kinds of logins come of this, none of which may bypass row-level security:

- `hatang_schema` owns the schema and brings it to a revision; nobody works with it day by day.
- `hatang_service` is the program, which files and looks after the store for everybody.
- `hatang_<role>`, one for each of the seven roles, reads what that role may read, and nothing before its session is signed in
  (`hatang.data.dbsessions`). A person's own login is made a member of one of these.

No password is set here; until one is, nobody can sign in over the network by these names.
"""

from collections.abc import Iterator
from typing import Final

from pyproj import CRS

from hatang.data._postgresql import SCHEMA
from hatang.data.contracts import HUE_CRS, Role

SCHEMA_OWNER: Final = "hatang_schema"
SERVICE: Final = "hatang_service"
ROLE_LOGINS: Final = {role: f"hatang_{role}" for role in Role}
"""The login of each role."""
LOGINS: Final = (SCHEMA_OWNER, SERVICE, *ROLE_LOGINS.values())
_SAFE: Final = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
_WATCHING: Final = (
    "pg_stat_get_activity(integer)",
    "pg_stat_get_backend_activity(integer)",
    "pg_cancel_backend(integer)",
    "pg_terminate_backend(integer, bigint)",
)
"""By these one connection would see, or end, what another of the same login does for another organisation."""


def role_statements() -> Iterator[str]:
    """Yield what makes the logins of a server; what is there already is only held to its limits."""
    for login in LOGINS:
        yield (f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{login}') THEN CREATE ROLE {login} LOGIN; END IF; END $$")
        yield f"ALTER ROLE {login} {_SAFE}"
    # The owner's function that holds a session against its connection asks when that connection began.
    yield f"GRANT pg_read_all_stats TO {SCHEMA_OWNER}"
    # What connections do is seen from every database of a server, and these two are open to all.
    yield "REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC"


def database_statements(database: str) -> Iterator[str]:
    """Yield what prepares one database, within it."""
    name = '"' + database.replace('"', '""') + '"'
    yield f"REVOKE ALL ON DATABASE {name} FROM PUBLIC"
    yield f"GRANT CONNECT ON DATABASE {name} TO {', '.join(LOGINS)}"
    yield "REVOKE CREATE ON SCHEMA public FROM PUBLIC"
    yield "CREATE EXTENSION IF NOT EXISTS postgis SCHEMA public"
    yield _coordinate_system(HUE_CRS)
    for function in _WATCHING:
        yield f"REVOKE EXECUTE ON FUNCTION pg_catalog.{function} FROM PUBLIC"
    yield f"GRANT EXECUTE ON FUNCTION pg_catalog.{_WATCHING[0]} TO {SCHEMA_OWNER}"
    yield f"CREATE SCHEMA IF NOT EXISTS {SCHEMA} AUTHORIZATION {SCHEMA_OWNER}"
    yield f"GRANT USAGE ON SCHEMA {SCHEMA} TO {', '.join(LOGINS)}"


def script(database: str) -> str:
    """Return all of it for `psql`, the database made first."""
    name = '"' + database.replace('"', '""') + '"'
    lines = [r"\set ON_ERROR_STOP on", "SET client_min_messages = warning;", *(f"{line};" for line in role_statements())]
    lines.append(f"CREATE DATABASE {name} OWNER {SCHEMA_OWNER} ENCODING 'UTF8' TEMPLATE template0;")
    lines += [rf"\connect {name}", "SET client_min_messages = warning;"]
    lines += [f"{line};" for line in database_statements(database)]
    return "\n".join(lines) + "\n"


def _coordinate_system(name: str) -> str:
    """Return what makes PostGIS know a system that its own list may lack: pyproj's definition, under the same number.

    No PROJ string: it would lose the datum, 225 m; PostGIS asks PROJ by authority and number, and the WKT after that.
    """
    authority, code = name.split(":")
    wkt = CRS(name).to_wkt("WKT1_GDAL").replace("'", "''")
    values = f"({code}, '{authority}', {code}, '{wkt}', '')"
    columns = "srid, auth_name, auth_srid, srtext, proj4text"
    return f"INSERT INTO public.spatial_ref_sys ({columns}) VALUES {values} ON CONFLICT DO NOTHING"
