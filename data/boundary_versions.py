"""Which versions of the ward boundaries anything was computed with, where they came from and when they were first used."""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from hatang.data._entries import organisation_of, utc
from hatang.data.audit import Action, record
from hatang.data.contracts import AUTHORITY
from hatang.data.models import BoundaryRow


@dataclass(frozen=True, slots=True)
class BoundaryVersion:
    """One version: its name (`hatang.data.wards`), source, file and first use in UTC."""

    version: str
    source: str
    origin: str
    first_used_at: dt.datetime


def known(session: Session, version: str) -> bool:
    """Return whether a version was used before."""
    return session.get(BoundaryRow, version) is not None


def note(session: Session, *, version: str, source: str, origin: str, actor: str) -> None:
    """Keep a version at its first use; recorded in the audit log. The caller is alone in the store."""
    if known(session, version):
        return
    owner = organisation_of(session, AUTHORITY).id
    now = dt.datetime.now(dt.UTC)
    session.add(BoundaryRow(version=version, organisation_id=owner, source=source, origin=origin, first_used_at=now))
    said = {"source": source, "origin": origin}
    record(session, actor=actor, organisation=AUTHORITY, action=Action.USE_BOUNDARIES, subject=version, detail=said)


def versions(session: Session) -> list[BoundaryVersion]:
    """Return every version used, in order of first use."""
    rows = session.scalars(select(BoundaryRow).order_by(BoundaryRow.first_used_at, BoundaryRow.version))
    return [BoundaryVersion(row.version, row.source, row.origin, utc(row.first_used_at)) for row in rows]
