"""Entries of the catalogue as plain values, to and from its rows; public through `hatang.data.store`."""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Select, insert, select
from sqlalchemy.orm import Session, contains_eager

from hatang.data.contracts import Fault, Kind, MissingError, Severity
from hatang.data.models import DatasetRow, FaultRow, OrganisationRow, SubmissionRow

_ID_DIGITS: Final = 16


@dataclass(frozen=True, slots=True)
class Filing:
    """What is said and found out about a file that is about to be stored; `options` are those it was read with, as plain values."""

    kind: Kind
    organisation: str
    rows_in: int
    rows_kept: int
    rows_refused: int
    operator: str | None = None
    technology: str | None = None
    environment: str | None = None
    period: str | None = None
    repairs: Mapping[str, int] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    source: str | None = None
    licence: str | None = None
    synthetic: bool = False
    method_statement: str | None = None
    certified_by: str | None = None


@dataclass(frozen=True, slots=True)
class Dataset:
    """One entry of the catalogue; times are UTC.

    `sha256` is the hash of its canonical table (`hatang.data.results.table_hash`), `file_sha256` that of the bytes it is stored as, None
    where it was filed before those were kept.
    """

    id: str
    sha256: str
    kind: Kind
    organisation: str
    operator: str | None
    technology: str | None
    environment: str | None
    period: str | None
    rows_in: int
    rows_kept: int
    rows_refused: int
    repairs: Mapping[str, int]
    file_name: str
    original_sha256: str
    source: str | None
    licence: str | None
    synthetic: bool
    accepted_at: dt.datetime
    withdrawn_at: dt.datetime | None
    erased_at: dt.datetime | None = None
    method_statement: str | None = None
    certified_by: str | None = None
    file_sha256: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the entry as plain values, for JSON and for manifests."""
        moments = {name: getattr(self, name) for name in ("accepted_at", "withdrawn_at", "erased_at")}
        written = {name: None if moment is None else moment.isoformat() for name, moment in moments.items()}
        return {**asdict(self), "kind": str(self.kind), **written}


@dataclass(frozen=True, slots=True)
class Received:
    """A file being received: the store's own copy of its bytes, their hash, and a folder to work in that ends with the reception."""

    path: Path
    sha256: str
    folder: Path


def identity_of(filing: Filing, sha256: str) -> str:
    """Return what makes a table one and the same filing."""
    parts = [filing.organisation, filing.kind, filing.operator, filing.technology, filing.environment, filing.period, sha256]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def filed(session: Session, received: Received, filing: Filing, identity: str, sha256: str, *, generation: int) -> DatasetRow:
    """Return the new row of a data set, its submission and faults beside it; ids depend on nothing but what was filed."""
    organisation = organisation_of(session, filing.organisation)
    submission = SubmissionRow(
        organisation_id=organisation.id,
        organisation=organisation,
        accepted_at=dt.datetime.now(dt.UTC),
        file_name=received.path.name,
        original_sha256=received.sha256,
        options=dict(filing.options),
        method_statement=filing.method_statement,
        certified_by=filing.certified_by,
    )
    session.add(submission)
    session.flush()
    if filing.faults:
        session.execute(insert(FaultRow), [_fault_row(fault, n, submission) for n, fault in enumerate(filing.faults)])
    row = DatasetRow(
        id=hashlib.sha256(f"{identity}:{generation}".encode()).hexdigest()[:_ID_DIGITS],
        organisation_id=organisation.id,
        submission_id=submission.id,
        submission=submission,
        identity=identity,
        sha256=sha256,
        kind=str(filing.kind),
        operator=filing.operator,
        technology=filing.technology,
        environment=filing.environment,
        period=filing.period,
        rows_in=filing.rows_in,
        rows_kept=filing.rows_kept,
        rows_refused=filing.rows_refused,
        repairs=dict(filing.repairs),
        source=filing.source,
        licence=filing.licence,
        synthetic=filing.synthetic,
    )
    session.add(row)
    session.flush()
    return row


def organisation_of(session: Session, name: str) -> OrganisationRow:
    """Return the row of an organisation; a new one where nobody named it before."""
    organisation = session.scalar(select(OrganisationRow).where(OrganisationRow.name == name))
    if organisation is None:
        organisation = OrganisationRow(name=name)
        session.add(organisation)
        session.flush()
    return organisation


def _fault_row(fault: Fault, position: int, submission: SubmissionRow) -> dict[str, Any]:
    return {
        **fault.as_dict(),
        "position": position,
        "submission_id": submission.id,
        "organisation_id": submission.organisation_id,
    }


def in_order() -> Select[DatasetRow]:
    """Return the query of every entry in order of acceptance; conditions may name its submission.

    Numbers of submissions decide, not times: a clock that goes back changes no order.
    """
    joined = select(DatasetRow).join(DatasetRow.submission).options(contains_eager(DatasetRow.submission))
    return joined.order_by(DatasetRow.submission_id)


def only(session: Session, id_or_prefix: str) -> DatasetRow:
    rows = session.scalars(in_order().where(DatasetRow.id.startswith(id_or_prefix, autoescape=True)).limit(3)).all()
    if not rows:
        raise MissingError("error.dataset.missing", dataset=id_or_prefix)
    if len(rows) > 1:
        raise MissingError("error.dataset.ambiguous", dataset=id_or_prefix, ids=", ".join(row.id for row in rows))
    return rows[0]


def dataset_of(row: DatasetRow) -> Dataset:
    return Dataset(
        id=row.id,
        sha256=row.sha256,
        kind=Kind(row.kind),
        organisation=row.submission.organisation.name,
        operator=row.operator,
        technology=row.technology,
        environment=row.environment,
        period=row.period,
        rows_in=row.rows_in,
        rows_kept=row.rows_kept,
        rows_refused=row.rows_refused,
        repairs=row.repairs,
        file_name=row.submission.file_name,
        original_sha256=row.submission.original_sha256,
        source=row.source,
        licence=row.licence,
        synthetic=row.synthetic,
        accepted_at=utc(row.submission.accepted_at),
        withdrawn_at=None if row.withdrawn_at is None else utc(row.withdrawn_at),
        erased_at=None if row.erased_at is None else utc(row.erased_at),
        method_statement=row.submission.method_statement,
        certified_by=row.submission.certified_by,
        file_sha256=row.file_sha256,
    )


def utc(moment: dt.datetime) -> dt.datetime:
    """Return a stored moment with its zone, which SQLite drops."""
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)


def faults_of(row: DatasetRow) -> tuple[Fault, ...]:
    """Return the faults kept with a submission, in the order they were found."""
    return tuple(
        Fault(fault.code, fault.file, Severity(fault.severity), fault.row, fault.field, fault.found, fault.fields, fault.count)
        for fault in row.submission.faults
    )
