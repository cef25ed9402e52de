"""Decisions on suggestions: open, accepted or refused, by whom, when and why, every change a row of its own.

A suggestion's name is the digest of what it proposes, so that a decision holds for the same suggestion in every later answer. Who refuses
coordination owes the capacity that was asked for; which assets of whose that is stands in the row, as it was on that day.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hatang.data._entries import organisation_of, utc
from hatang.data.audit import Action, record
from hatang.data.contracts import Choice, ParameterError, SuggestionKind
from hatang.data.models import DecisionRow

CITY_TIME: Final = dt.timezone(dt.timedelta(hours=7))
"""Huế's time, by which moments are shown."""
REASON_LIMIT: Final = 2_000
_SLOTS: Final = (SuggestionKind.REUSE_POLE, SuggestionKind.SHARE_MAST, SuggestionKind.COLOCATE_NEW_MAST)
_COORDINATION: Final = (
    SuggestionKind.REUSE_WAY,
    SuggestionKind.JOIN_WORKS,
    SuggestionKind.JOINT_TRENCH,
    SuggestionKind.NEW_SHARED_SET,
    *_SLOTS,
)
"""Kinds that ask another for room; waiting, tidying and removing ask nobody."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The suggestion decided on, as its run shows it; `spare` is None where nobody knows the occupancy.

    `members` and `asked` are of one to join works: who takes part, and the ways that the plan states.
    """

    suggestion_id: str
    run_id: str
    kind: str
    road_id: str
    owner: str
    assets: tuple[str, ...]
    spare: int | None
    members: tuple[str, ...] = ()
    asked: int | None = None

    def owed(self, party: str | None = None) -> dict[str, Any]:
        """Return the capacity owed once this is refused: `count` (None: unknown), `unit`, `assets`, `owner`; empty where none is asked for.

        Who refuses to join works owes the ways that the joint plan has: `owner` is `party`, the one that refused (None: not stated), and
        where the plan states no ways, `why` says so.

        Examples
        --------
        >>> Subject("S-1", "r", "reuse_pole", "R1", "VNPT", ("C1", "C2"), 2).owed()
        {'count': 2, 'unit': 'slots', 'assets': ['C1', 'C2'], 'owner': 'VNPT'}
        >>> Subject("S-2", "r", "wait", "R1", "VNPT", (), None).owed()
        {}
        """
        if self.kind not in _COORDINATION:
            return {}
        if self.kind == SuggestionKind.JOIN_WORKS:
            plan = {"count": self.asked, "unit": "ways", "assets": list(self.assets), "owner": party}
            return plan if self.asked is not None else plan | {"why": "plan_ways_unknown"}
        unit = "slots" if self.kind in _SLOTS else "ways"
        return {"count": self.spare, "unit": unit, "assets": list(self.assets), "owner": self.owner}


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision; the time is Huế's."""

    id: int
    suggestion_id: str
    run_id: str
    kind: str
    road_id: str
    owner: str
    decision: Choice
    reason: str | None
    spare_owed: Mapping[str, Any]
    decided_by: str
    organisation: str
    decided_at: dt.datetime

    def as_dict(self) -> dict[str, Any]:
        """Return the decision as plain values, for JSON."""
        return {**asdict(self), "decision": str(self.decision), "decided_at": self.decided_at.isoformat()}


def decisions(session: Session, suggestion_id: str | None = None) -> list[Decision]:
    """Return every decision, of one suggestion or of all, in the order they were made."""
    query = select(DecisionRow).order_by(DecisionRow.id)
    if suggestion_id is not None:
        query = query.where(DecisionRow.suggestion_id == suggestion_id)
    return [_decision(row) for row in session.scalars(query)]


def standing(session: Session) -> dict[str, Decision]:
    """Return the decision that holds for each suggestion that was ever decided on; one reopened is there as `open`."""
    return {decision.suggestion_id: decision for decision in decisions(session)}


def decide(
    session: Session,
    subject: Subject,
    choice: Choice,
    *,
    reason: str | None,
    organisation: str,
    actor: str,
    party: str | None = None,
) -> Decision:
    """Add a decision; recorded in the audit log. The caller is alone in the store. What holds already is not written twice.

    Parameters
    ----------
    party
        Of a refusal to join works: which of its members refused.

    Raises
    ------
    ParameterError
        Where a refusal has no reason, the reason is too long, there is nothing to reopen, or the party takes no part.
    """
    if party is not None and (choice is not Choice.REFUSED or party not in subject.members or subject.kind != SuggestionKind.JOIN_WORKS):
        raise ParameterError("error.decision.party", party=party, members=", ".join(subject.members) or "–")
    if choice is Choice.REFUSED and not reason:
        raise ParameterError("error.decision.reason", suggestion=subject.suggestion_id)
    if reason is not None and len(reason) > REASON_LIMIT:
        raise ParameterError("error.decision.long", most=REASON_LIMIT)
    last = next(iter(decisions(session, subject.suggestion_id)[-1:]), None)
    if choice is Choice.OPEN and (last is None or last.decision is Choice.OPEN):
        raise ParameterError("error.decision.open", suggestion=subject.suggestion_id)
    said = party is None or (last is not None and last.spare_owed.get("owner") == party)
    if last is not None and said and (last.decision, last.reason) == (choice, reason or None):
        return last
    row = DecisionRow(
        organisation=organisation_of(session, organisation),
        suggestion_id=subject.suggestion_id,
        run_id=subject.run_id,
        kind=subject.kind,
        road_id=subject.road_id,
        owner=subject.owner,
        decision=str(choice),
        reason=reason or None,
        spare_owed=subject.owed(party) if choice is Choice.REFUSED else {},
        decided_by=actor,
        decided_at=dt.datetime.now(dt.UTC),
    )
    session.add(row)
    session.flush()
    detail = {"decision": row.decision, "reason": row.reason, "run": row.run_id, "spare_owed": row.spare_owed}
    record(session, actor=actor, organisation=organisation, action=Action.DECIDE, subject=row.suggestion_id, detail=detail)
    return _decision(row)


def _decision(row: DecisionRow) -> Decision:
    return Decision(
        id=row.id,
        suggestion_id=row.suggestion_id,
        run_id=row.run_id,
        kind=row.kind,
        road_id=row.road_id,
        owner=row.owner,
        decision=Choice(row.decision),
        reason=row.reason,
        spare_owed=row.spare_owed,
        decided_by=row.decided_by,
        organisation=row.organisation.name,
        decided_at=utc(row.decided_at).astimezone(CITY_TIME),
    )
