"""Who acts on a connection to PostgreSQL: a row of `sessions`, signed with a key that no login may read, in force for a time.

No setting says for whom a connection acts, because SQL can change settings. The program opens a session for a person it has recognised
and hands a secret over; the connection of a role's login enters with it, once; from then on the row names that connection by its number
and its beginning. A person's own login, as GIS clients use one, is bound by its name instead. The functions run as the owner of the
schema with a search path of their own; `acting_for`, which every policy asks, holds the row against the key, the clock, the person's row
in `users`, and the login. The signature is an HMAC-SHA256 (RFC 2104) of the row's content; the key is kept as its two padded forms.
"""

import datetime as dt
import secrets
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from hatang.data._postgresql import SCHEMA
from hatang.data.contracts import ParameterError

LONGEST: Final = dt.timedelta(days=1)
LONGEST_LOGIN: Final = dt.timedelta(days=366)
_BLOCK_BYTES: Final = 64
_INNER, _OUTER = 0x36, 0x5C
_FIXED: Final = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
_REFUSED: Final = "invalid_authorization_specification"

FUNCTIONS: Final = {
    "session_signature(hatang.sessions)": f"""
CREATE OR REPLACE FUNCTION {SCHEMA}.session_signature(s {SCHEMA}.sessions) RETURNS bytea LANGUAGE sql STABLE {_FIXED} AS $$
  SELECT sha256(k.outer_pad || sha256(k.inner_pad || convert_to(jsonb_build_array(
    s.id, s.user_id, s.organisation_id, s.role, encode(s.secret_sha256, 'hex'), s.login, s.backend_pid,
    extract(epoch FROM s.backend_start), extract(epoch FROM s.expires_at))::text, 'UTF8')))
  FROM {SCHEMA}.session_key k
$$""",
    "acting_for(text)": f"""
CREATE OR REPLACE FUNCTION {SCHEMA}.acting_for(wanted text) RETURNS integer LANGUAGE sql STABLE PARALLEL RESTRICTED {_FIXED} AS $$
  SELECT s.organisation_id
  FROM {SCHEMA}.sessions s JOIN {SCHEMA}.users u ON u.id = s.user_id
  WHERE s.role = wanted
    AND (s.login = session_user
      OR s.backend_pid = pg_backend_pid() AND s.backend_start = (SELECT a.backend_start FROM pg_stat_get_activity(pg_backend_pid()) a))
    AND s.expires_at > clock_timestamp()
    AND u.active AND u.role = s.role AND u.organisation_id = s.organisation_id
    AND pg_has_role(session_user, 'hatang_' || wanted, 'USAGE')
    AND s.signature = {SCHEMA}.session_signature(s)
  ORDER BY s.login NULLS FIRST, s.expires_at DESC
  LIMIT 1
$$""",
    "open_session(text, interval, text)": f"""
CREATE OR REPLACE FUNCTION {SCHEMA}.open_session(person text, lasting interval, own_login text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql {_FIXED} AS $$
DECLARE
  u {SCHEMA}.users;
  s {SCHEMA}.sessions;
  secret text := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
BEGIN
  SELECT * INTO u FROM {SCHEMA}.users WHERE name = person AND active;
  IF NOT FOUND THEN RAISE EXCEPTION 'no such person' USING ERRCODE = '{_REFUSED}'; END IF;
  IF own_login IS NOT NULL AND (own_login LIKE 'hatang\\_%' OR NOT EXISTS (
    SELECT FROM pg_roles r WHERE r.rolname = own_login AND NOT (r.rolsuper OR r.rolbypassrls)
      AND pg_has_role(r.oid, 'hatang_' || u.role, 'USAGE')))
  THEN RAISE EXCEPTION 'no such login of that role' USING ERRCODE = '{_REFUSED}'; END IF;
  DELETE FROM {SCHEMA}.sessions WHERE expires_at <= clock_timestamp() OR login = own_login;
  s.id := gen_random_uuid(); s.user_id := u.id; s.organisation_id := u.organisation_id; s.role := u.role;
  s.expires_at := clock_timestamp() + lasting; s.login := own_login;
  IF own_login IS NULL THEN s.secret_sha256 := sha256(convert_to(secret, 'UTF8')); END IF;
  s.signature := {SCHEMA}.session_signature(s);
  INSERT INTO {SCHEMA}.sessions SELECT (s).*;
  RETURN CASE WHEN own_login IS NULL THEN s.id || '.' || secret END;
END $$""",
    "enter(text)": f"""
CREATE OR REPLACE FUNCTION {SCHEMA}.enter(token text) RETURNS void LANGUAGE plpgsql {_FIXED} AS $$
DECLARE
  s {SCHEMA}.sessions;
  began timestamptz := (SELECT a.backend_start FROM pg_stat_get_activity(pg_backend_pid()) a);
BEGIN
  SELECT * INTO s FROM {SCHEMA}.sessions t
  WHERE t.id::text = split_part(token, '.', 1) AND t.secret_sha256 = sha256(convert_to(split_part(token, '.', 2), 'UTF8'))
    AND t.expires_at > clock_timestamp() AND t.signature = {SCHEMA}.session_signature(t);
  IF NOT FOUND OR NOT pg_has_role(session_user, 'hatang_' || s.role, 'USAGE') THEN
    RAISE EXCEPTION 'no such session' USING ERRCODE = '{_REFUSED}';
  END IF;
  IF EXISTS (SELECT FROM {SCHEMA}.sessions o WHERE o.backend_pid = pg_backend_pid() AND o.backend_start = began
             AND (o.user_id, o.organisation_id, o.role) IS DISTINCT FROM (s.user_id, s.organisation_id, s.role)) THEN
    RAISE EXCEPTION 'a connection acts for one person as long as it lives' USING ERRCODE = '{_REFUSED}';
  END IF;
  DELETE FROM {SCHEMA}.sessions WHERE backend_pid = pg_backend_pid();
  s.id := gen_random_uuid(); s.secret_sha256 := NULL; s.backend_pid := pg_backend_pid(); s.backend_start := began;
  s.signature := {SCHEMA}.session_signature(s);
  INSERT INTO {SCHEMA}.sessions SELECT (s).*;
END $$""",
}
"""The functions of sessions by their signatures, in the order they need each other."""
FOR_ROLES: Final = ("acting_for(text)", "enter(text)")
"""What a role's login may call."""
FOR_SERVICE: Final = ("open_session(text, interval, text)",)
"""What only the program may call."""


def key_statement(connection: Connection) -> None:
    """Make the key of the sessions where there is none; removing it ends every session."""
    if connection.exec_driver_sql(f"SELECT count(*) FROM {SCHEMA}.session_key").scalar():
        return
    key = secrets.token_bytes(_BLOCK_BYTES)
    pads = {name: bytes(byte ^ pad for byte in key) for name, pad in (("inner", _INNER), ("outer", _OUTER))}
    connection.execute(text(f"INSERT INTO {SCHEMA}.session_key (inner_pad, outer_pad) VALUES (:inner, :outer)"), pads)


def open_session(session: Session, *, user: str, lasting: dt.timedelta) -> str:
    """Open a session for a person; return the secret that one connection after another of that role's login may enter with.

    Raises
    ------
    ParameterError
        Where nobody active has that name, or the time is none, or longer than a day.
    """
    return str(_opened(session, user, lasting, LONGEST, None))


def bind_login(session: Session, *, login: str, user: str, lasting: dt.timedelta) -> None:
    """Let a person's own login, a member of the login of the person's role, act for the person from now on.

    Raises
    ------
    ParameterError
        Where nobody active has that name, the login is none of that role or a shared one, or the time is none or longer than a year.
    """
    _opened(session, user, lasting, LONGEST_LOGIN, login)


def _opened(session: Session, user: str, lasting: dt.timedelta, longest: dt.timedelta, login: str | None) -> object:
    if not dt.timedelta(0) < lasting <= longest:
        raise ParameterError("error.session.time", longest=str(longest))
    try:
        return session.execute(
            text(f"SELECT {SCHEMA}.open_session(:user, :lasting, :login)"), {"user": user, "lasting": lasting, "login": login}
        ).scalar()
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != "28000":
            raise
        raise ParameterError("error.session.user", user=user, login=login or "-") from error


def enter_always(engine: Engine, token: str) -> None:
    """Let every connection of an engine enter a session before anything else."""

    def enter(connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {SCHEMA}.enter(%s)", (token,))
        connection.commit()

    event.listen(engine, "connect", enter)


def function_statements() -> Iterator[str]:
    """Yield what makes the functions, and lets only those call them who must."""
    for signature, definition in FUNCTIONS.items():
        yield definition
        yield f"REVOKE ALL ON FUNCTION {SCHEMA}.{signature} FROM PUBLIC"
