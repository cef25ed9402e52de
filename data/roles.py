"""The seven roles and what each may do, in one table that code and tests read; and the people who hold them.

Nobody signs in yet: the table is what pages, interface and database will ask. A permission over what organisations file reaches either
one's own organisation or every one.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hatang.data._entries import organisation_of, utc
from hatang.data.audit import Action, record
from hatang.data.contracts import MissingError, ParameterError, Role
from hatang.data.models import UserRow


class Permission(StrEnum):
    """What people may do."""

    READ_RESULTS = "read_results"
    READ_RAW = "read_raw"
    FILE_DATA = "file_data"
    WITHDRAW_DATA = "withdraw_data"
    ASSESS = "assess"
    SHARE_PLAN = "share_plan"
    CONFIRM_GAP = "confirm_gap"
    ANSWER = "answer"
    SET_TARGETS = "set_targets"
    COMMIT = "commit"
    READ_AUDIT = "read_audit"
    MANAGE_USERS = "manage_users"
    MANAGE_STORE = "manage_store"


class Reach(StrEnum):
    """Whose things a permission is over."""

    OWN = "own"
    EVERY = "every"


def _row(*, every: tuple[Permission, ...] = (), own: tuple[Permission, ...] = ()) -> Mapping[Permission, Reach]:
    return {**dict.fromkeys(own, Reach.OWN), **dict.fromkeys(every, Reach.EVERY)}


_P = Permission
PERMISSIONS: Final[Mapping[Role, Mapping[Permission, Reach]]] = {
    Role.LEAD: _row(
        every=(_P.READ_RESULTS, _P.READ_RAW, _P.FILE_DATA, _P.WITHDRAW_DATA, _P.ASSESS, _P.SET_TARGETS, _P.COMMIT, _P.READ_AUDIT)
    ),
    Role.PLANNER: _row(every=(_P.READ_RESULTS, _P.READ_RAW, _P.ASSESS, _P.SHARE_PLAN), own=(_P.FILE_DATA, _P.WITHDRAW_DATA)),
    Role.COMMUNE: _row(every=(_P.READ_RESULTS,), own=(_P.FILE_DATA, _P.CONFIRM_GAP)),
    Role.OPERATOR: _row(every=(_P.READ_RESULTS,), own=(_P.READ_RAW, _P.FILE_DATA, _P.WITHDRAW_DATA, _P.ANSWER, _P.COMMIT)),
    Role.OWNER: _row(every=(_P.READ_RESULTS,), own=(_P.READ_RAW, _P.FILE_DATA, _P.WITHDRAW_DATA, _P.ANSWER)),
    Role.READER: _row(every=(_P.READ_RESULTS,)),
    Role.ADMIN: _row(every=(_P.READ_RESULTS, _P.READ_AUDIT, _P.MANAGE_USERS, _P.MANAGE_STORE)),
}
"""Role → permission → reach; what is not there is not allowed. The IT centre runs the system and sees no raw data through it."""


def can(role: Role, permission: Permission, *, own_organisation: bool) -> bool:
    """Return whether a role may do something to a thing of the person's own organisation, or of another.

    Examples
    --------
    >>> can(Role.OPERATOR, Permission.READ_RAW, own_organisation=True), can(Role.OPERATOR, Permission.READ_RAW, own_organisation=False)
    (True, False)
    """
    reach = PERMISSIONS[role].get(permission)
    return reach is Reach.EVERY or (reach is Reach.OWN and own_organisation)


@dataclass(frozen=True, slots=True)
class User:
    """A person who may act for an organisation; times are UTC."""

    id: int
    name: str
    organisation: str
    role: Role
    active: bool
    added_at: dt.datetime

    def as_dict(self) -> dict[str, Any]:
        """Return the user as plain values, for JSON."""
        return {**asdict(self), "role": str(self.role), "added_at": self.added_at.isoformat()}

    def can(self, permission: Permission, *, organisation: str) -> bool:
        """Return whether this person may do something to a thing of an organisation; somebody disabled may do nothing."""
        return self.active and can(self.role, permission, own_organisation=organisation == self.organisation)


def users(session: Session) -> list[User]:
    """Return everybody in the order they were added, disabled ones too."""
    return [_user(row) for row in session.scalars(select(UserRow).order_by(UserRow.id))]


def add_user(session: Session, *, name: str, organisation: str, role: Role, actor: str) -> User:
    """Add a person; recorded in the audit log. The caller is alone in the store.

    Raises
    ------
    ParameterError
        Where the name or the organisation is empty, or somebody has that name.
    """
    if not name or not organisation:
        raise ParameterError("error.user.empty")
    if session.scalar(select(UserRow).where(UserRow.name == name)) is not None:
        raise ParameterError("error.user.exists", user=name)
    row = UserRow(
        organisation=organisation_of(session, organisation), name=name, role=str(role), active=True, added_at=dt.datetime.now(dt.UTC)
    )
    session.add(row)
    session.flush()
    detail = {"organisation": organisation, "role": str(role)}
    record(session, actor=actor, organisation=organisation, action=Action.ADD_USER, subject=name, detail=detail)
    return _user(row)


def disable_user(session: Session, *, name: str, actor: str) -> User:
    """Let a person do nothing from now on; recorded in the audit log. The caller is alone in the store.

    Raises
    ------
    MissingError
        Where nobody has that name.
    """
    row = session.scalar(select(UserRow).where(UserRow.name == name))
    if row is None:
        raise MissingError("error.user.missing", user=name)
    if row.active:
        row.active = False
        record(session, actor=actor, organisation=row.organisation.name, action=Action.DISABLE_USER, subject=name)
    return _user(row)


def _user(row: UserRow) -> User:
    return User(row.id, row.name, row.organisation.name, Role(row.role), row.active, utc(row.added_at))
