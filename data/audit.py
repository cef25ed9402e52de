"""The audit log: every change of the catalogue as a row chained to the one before by its hash.

A record is written in the transaction of the change it names, so that neither is there without the other. Its hash is the sha256 of the
JSON list [seq, at, actor, organisation id, action, subject, detail, previous hash] (UTF-8, keys sorted, no blanks, times ISO 8601 in
UTC); the first record follows 64 zeros.

A row changed, deleted, inserted or moved breaks the chain. What the chain alone cannot show: records cut off at its end, and a chain
rewritten from some point to its end by somebody who can write to the database. Both show against a head noted elsewhere (on paper, in
minutes, in another office's mail), which is why `hatang catalogue verify` prints it; and data sets that lost their record are named.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hatang.data._entries import organisation_of, utc
from hatang.data.contracts import Fault
from hatang.data.models import AuditRow, DatasetRow

LOG: Final = "audit_log"
"""What faults of the chain name in place of a file."""
_START: Final = "0" * 64


class Action(StrEnum):
    """What can be done to the catalogue."""

    FILE = "file"
    WITHDRAW = "withdraw"
    RESTORE = "restore"
    ERASE = "erase"
    USE_BOUNDARIES = "use_boundaries"
    ADD_USER = "add_user"
    DISABLE_USER = "disable_user"
    RESTORE_BACKUP = "restore_backup"
    BIND_LOGIN = "bind_login"
    DECIDE = "decide"


@dataclass(frozen=True, slots=True)
class Head:
    """The last record of the chain: its number and its hash; 0 and 64 zeros where there is none."""

    seq: int
    hash: str


def record(
    session: Session, *, actor: str, organisation: str, action: Action, subject: str, detail: Mapping[str, Any] | None = None
) -> None:
    """Add a record in the transaction of the change it names; the caller is alone in the store.

    The number decides the order. A clock that went back is noted in the detail (`clock_back_s`).
    """
    last = session.scalar(select(AuditRow).order_by(AuditRow.seq.desc()).limit(1))
    now = dt.datetime.now(dt.UTC)
    said = dict(detail or {})
    if last is not None and utc(last.at) > now:
        said["clock_back_s"] = round((utc(last.at) - now).total_seconds(), 3)
    row = AuditRow(
        seq=1 if last is None else last.seq + 1,
        organisation_id=organisation_of(session, organisation).id,
        at=now,
        actor=actor,
        action=str(action),
        subject=subject,
        detail=said,
        previous_hash=_START if last is None else last.hash,
    )
    row.hash = _hash(row)
    session.add(row)
    session.flush()


def _hash(row: AuditRow) -> str:
    """Return the hash of a record's content and of the one before it."""
    content = [row.seq, utc(row.at).isoformat(), row.actor, row.organisation_id, row.action, row.subject, row.detail, row.previous_hash]
    written = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()


def head(session: Session) -> Head:
    """Return the last record of the chain."""
    last = session.execute(select(AuditRow.seq, AuditRow.hash).order_by(AuditRow.seq.desc()).limit(1)).first()
    return Head(0, _START) if last is None else Head(last.seq, last.hash)


def check(session: Session, *, anchor: str | None = None) -> Iterator[Fault]:
    """Yield a fault for each place where the chain is broken, and for data sets that lost their record.

    Parameters
    ----------
    anchor
        Hash, or how it begins, of a head noted earlier; it must still stand in the chain.
    """
    expected, before, anchored = 1, _START, anchor is None or _START.startswith(anchor)
    for row in session.scalars(select(AuditRow).order_by(AuditRow.seq).execution_options(yield_per=1000)):
        if row.seq != expected:
            yield Fault("audit_gap", LOG, row=row.seq, found=str(row.seq), fields={"seq": expected})
        elif row.previous_hash != before:
            yield Fault("audit_chain", LOG, row=row.seq, found=row.previous_hash, fields={"seq": row.seq, "hash": before})
        if row.hash != (content := _hash(row)):
            yield Fault("audit_changed", LOG, row=row.seq, found=content, fields={"seq": row.seq, "hash": row.hash})
        anchored = anchored or (anchor is not None and row.hash.startswith(anchor))
        expected, before = row.seq + 1, row.hash
    if not anchored:
        yield Fault("audit_anchor", LOG, found=before, fields={"hash": anchor, "seq": expected - 1})
    yield from _unrecorded(session)


def _unrecorded(session: Session) -> Iterator[Fault]:
    """Yield data sets without a record though one filed before them has one; those older than the log have none."""
    recorded = select(AuditRow.subject).where(AuditRow.action == str(Action.FILE))
    first = session.scalar(select(func.min(DatasetRow.submission_id)).where(DatasetRow.id.in_(recorded)))
    if first is not None:
        late = select(DatasetRow.id).where(DatasetRow.submission_id > first, DatasetRow.id.not_in(recorded)).order_by(DatasetRow.id)
        for dataset in session.scalars(late):
            yield Fault("audit_unrecorded", LOG, found=dataset, fields={"dataset": dataset})
