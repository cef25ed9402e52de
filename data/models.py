"""The catalogue's tables as SQLAlchemy models: one model for SQLite now and PostgreSQL when there are many users.

Every row carries its organisation, so that forced row-level security can bind on one column. Times are UTC; SQLite drops the zone, which
`hatang.data._entries` puts back.
"""

import datetime as dt
from typing import Any, Final

from sqlalchemy import JSON, DateTime, ForeignKey, Index, Integer, MetaData, String, Text, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

_NAMES: Final = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
_SHA256: Final = String(64)
_WORD: Final = String(40)
_MOMENT: Final = DateTime(timezone=True)


class Base(DeclarativeBase):
    """Base of the catalogue's models; constraints are named, so that a migration can find them."""

    metadata = MetaData(naming_convention=_NAMES)


class OrganisationRow(Base):
    """Who files data and owns what was filed: an operator, an owner of infrastructure, or the authority itself."""

    __tablename__ = "organisations"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)


class SubmissionRow(Base):
    """One accepted file: who filed it, when, its bytes and the options it was read with."""

    __tablename__ = "submissions"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    accepted_at: Mapped[dt.datetime] = mapped_column(_MOMENT)
    file_name: Mapped[str] = mapped_column(Text)
    original_sha256: Mapped[str] = mapped_column(_SHA256, index=True)
    options: Mapped[dict[str, Any]] = mapped_column(JSON)
    method_statement: Mapped[str | None] = mapped_column(Text)
    certified_by: Mapped[str | None] = mapped_column(Text)

    organisation: Mapped[OrganisationRow] = relationship(lazy="joined", innerjoin=True)
    faults: Mapped[list["FaultRow"]] = relationship(order_by="FaultRow.position")


class DatasetRow(Base):
    """One canonical table, named by the hash of its content; withdrawn, its files erased when their time is over, its row never deleted."""

    __tablename__ = "datasets"
    # A table counts once: two processes that file the same one at the same time cannot both commit it.
    __table_args__ = (
        Index(
            "uq_datasets_identity_in_force",
            "identity",
            unique=True,
            sqlite_where=text("withdrawn_at IS NULL"),
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"), unique=True)
    identity: Mapped[str] = mapped_column(_SHA256)
    sha256: Mapped[str] = mapped_column(_SHA256, index=True)
    file_sha256: Mapped[str | None] = mapped_column(_SHA256)
    kind: Mapped[str] = mapped_column(_WORD, index=True)
    operator: Mapped[str | None] = mapped_column(_WORD)
    technology: Mapped[str | None] = mapped_column(_WORD)
    environment: Mapped[str | None] = mapped_column(_WORD)
    period: Mapped[str | None] = mapped_column(String(6))
    rows_in: Mapped[int] = mapped_column(Integer)
    rows_kept: Mapped[int] = mapped_column(Integer)
    rows_refused: Mapped[int] = mapped_column(Integer)
    repairs: Mapped[dict[str, int]] = mapped_column(JSON)
    source: Mapped[str | None] = mapped_column(Text)
    licence: Mapped[str | None] = mapped_column(Text)
    synthetic: Mapped[bool]
    withdrawn_at: Mapped[dt.datetime | None] = mapped_column(_MOMENT)
    erased_at: Mapped[dt.datetime | None] = mapped_column(_MOMENT)

    submission: Mapped[SubmissionRow] = relationship(lazy="joined", innerjoin=True)


class FaultRow(Base):
    """One fault of an accepted file: what was refused, repaired or warned about, and where."""

    __tablename__ = "faults"

    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    code: Mapped[str] = mapped_column(String(60))
    file: Mapped[str] = mapped_column(Text)
    severity: Mapped[str] = mapped_column(_WORD)
    row: Mapped[int | None] = mapped_column(Integer)
    field: Mapped[str | None] = mapped_column(Text)
    found: Mapped[str | None] = mapped_column(Text)
    fields: Mapped[dict[str, Any]] = mapped_column(JSON)
    count: Mapped[int] = mapped_column(Integer)


class UserRow(Base):
    """A person who may act for an organisation, in one of the roles of `hatang.data.roles`; disabled, never deleted."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    role: Mapped[str] = mapped_column(_WORD)
    active: Mapped[bool]
    added_at: Mapped[dt.datetime] = mapped_column(_MOMENT)

    organisation: Mapped[OrganisationRow] = relationship(lazy="joined", innerjoin=True)


class BoundaryRow(Base):
    """A version of the ward boundaries that something was computed with: where it came from and when it was first used."""

    __tablename__ = "boundary_versions"

    version: Mapped[str] = mapped_column(String(60), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    source: Mapped[str] = mapped_column(_WORD)
    origin: Mapped[str] = mapped_column(Text)
    first_used_at: Mapped[dt.datetime] = mapped_column(_MOMENT)


class DecisionRow(Base):
    """One decision on a suggestion: a new row for each change of mind, so that none is ever overwritten; the last one holds."""

    __tablename__ = "decisions"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    suggestion_id: Mapped[str] = mapped_column(_WORD, index=True)
    run_id: Mapped[str] = mapped_column(_SHA256)
    kind: Mapped[str] = mapped_column(_WORD)
    road_id: Mapped[str] = mapped_column(Text)
    owner: Mapped[str] = mapped_column(Text)
    decision: Mapped[str] = mapped_column(_WORD)
    reason: Mapped[str | None] = mapped_column(Text)
    spare_owed: Mapped[dict[str, Any]] = mapped_column(JSON)
    decided_by: Mapped[str] = mapped_column(Text)
    decided_at: Mapped[dt.datetime] = mapped_column(_MOMENT)

    organisation: Mapped[OrganisationRow] = relationship(lazy="joined", innerjoin=True)


class AuditRow(Base):
    """One change of the catalogue, chained to the one before by its hash (`hatang.data.audit`)."""

    __tablename__ = "audit_log"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    at: Mapped[dt.datetime] = mapped_column(_MOMENT)
    actor: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(_WORD)
    subject: Mapped[str] = mapped_column(Text, index=True)
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
    previous_hash: Mapped[str] = mapped_column(_SHA256)
    hash: Mapped[str] = mapped_column(_SHA256)
