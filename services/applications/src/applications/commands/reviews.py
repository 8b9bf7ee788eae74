"""What the office does: open a review, claim and release it, recommend, approve, reject.

A claim keeps two officers from doing the same work; it is a lease, so that nobody's holiday stops a case. It grants
nothing: whether a decision is possible is said by the programme's table alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from kit import eventlog
from kit.errors import NotFound, Permanent
from kit.tokens import Actor
from madoguchi_contracts import ReviewClaimed, ReviewOpened
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications import desk as contexts
from applications import hot
from applications.access import Action, allow
from applications.cases import Application, move, open_locked
from applications.desk import Desk
from applications.domain import UNDECIDED, review_due_on
from applications.errors import ImpossibleTransition, ReviewHeldByAnother
from applications.workflow import ReviewFacts

_OPEN = text("""
INSERT INTO reviews (id, application_id, submission, state, due_on, opened_at)
SELECT :id, v.application_id, v.submission, 'waiting', :due_on, :now
FROM application_versions v WHERE v.application_id = :application_id AND v.submission = :submission
ON CONFLICT (application_id, submission) DO NOTHING
RETURNING id
""")
_KNOWN = text("SELECT 1 FROM reviews WHERE application_id = :application_id AND submission = :submission")
_FIND = text("SELECT application_id FROM reviews WHERE id = :id")
_READ = text("""
SELECT id, application_id, submission, state, due_on, opened_at, claimed_by, claimed_until, recommended_by
FROM reviews WHERE id = :id
""")
_CLAIM = text("UPDATE reviews SET claimed_by = :by, claimed_until = :until WHERE id = :id")
_RELEASE = text("UPDATE reviews SET claimed_by = NULL, claimed_until = NULL WHERE id = :id")
_RECOMMEND = text("""
UPDATE reviews SET state = 'recommended', recommended_by = :by, claimed_by = NULL, claimed_until = NULL WHERE id = :id
""")
_DECIDE = text("""
UPDATE reviews SET state = :state, decided_by = :by, decided_at = :now, claimed_by = NULL, claimed_until = NULL
WHERE id = :id
""")
_IN_FORCE = text("UPDATE applications SET approved_submission = submission WHERE id = :id")


@dataclass(frozen=True)
class Review:
    """The row of one review."""

    id: UUID
    application_id: UUID
    submission: int
    state: str
    due_on: date
    opened_at: datetime
    claimed_by: UUID | None
    claimed_until: datetime | None
    recommended_by: UUID | None

    def holder(self, now: datetime) -> UUID | None:
        """The officer whose claim has not run out."""
        return self.claimed_by if self.claimed_until is not None and now < self.claimed_until else None


@dataclass(frozen=True)
class Remark:
    """What is wrong with one field, in the office's words."""

    field: str
    text: str


async def open_review(
    *, session: AsyncSession, desk: Desk, application_id: UUID, submission: int, submitted_at: datetime, now: datetime
) -> None:
    """Put a submission on the worklist, once. Raises Permanent when there is no such submission."""
    await session.execute(hot.LOCK, {"id": application_id})  # the event that is recorded needs the aggregate's lock
    where = {"application_id": application_id, "submission": submission}
    due_on = review_due_on(submitted_at, desk.review_business_days)
    opened = await session.execute(_OPEN, {**where, "id": uuid4(), "due_on": due_on, "now": now})
    review_id = opened.scalar_one_or_none()
    if review_id is None:
        if (await session.execute(_KNOWN, where)).one_or_none() is None:
            raise Permanent(f"there is no submission {submission} of this application")
        return
    event = ReviewOpened(application_id=application_id, review_id=review_id, submission=submission, due_on=due_on)
    await eventlog.record(session, event, now=now)


async def claim_review(*, session: AsyncSession, desk: Desk, actor: Actor, review_id: UUID, now: datetime) -> Review:
    """Take a review on for the time of a lease; again for the same officer prolongs it.

    Raises Forbidden, NotFound, ReviewHeldByAnother, ImpossibleTransition (decided already).
    """
    review, _ = await _open(session, desk, actor, Action.CLAIM, review_id, now)
    until = now + desk.claim_lease
    await session.execute(_CLAIM, {"id": review_id, "by": actor.account_id, "until": until})
    if review.holder(now) is None:
        event = ReviewClaimed(
            application_id=review.application_id,
            review_id=review.id,
            submission=review.submission,
            due_on=review.due_on,
            officer_id=actor.account_id,
        )
        await eventlog.record(session, event, now=now)
    return replace(review, claimed_by=actor.account_id, claimed_until=until)


async def release_review(*, session: AsyncSession, desk: Desk, actor: Actor, review_id: UUID, now: datetime) -> Review:
    """Give a claim back; it is no error if there is none. Raises as `claim_review`."""
    review, _ = await _open(session, desk, actor, Action.RELEASE, review_id, now)
    await session.execute(_RELEASE, {"id": review_id})
    return replace(review, claimed_by=None, claimed_until=None)


async def recommend_approval(
    *, session: AsyncSession, desk: Desk, actor: Actor, review_id: UUID, now: datetime
) -> Review:
    """The first of four eyes: this officer finds that the application can be approved. The claim ends with it."""
    review, application = await _open(session, desk, actor, Action.DECIDE, review_id, now)
    await _move(session, desk, actor, application, review, "recommend", now)
    await session.execute(_RECOMMEND, {"id": review_id, "by": actor.account_id})
    return replace(review, state="recommended", recommended_by=actor.account_id, claimed_by=None, claimed_until=None)


async def approve_application(
    *, session: AsyncSession, desk: Desk, actor: Actor, review_id: UUID, now: datetime
) -> Review:
    """The second of four eyes: what was submitted is in force from now on (AS-80). Raises SecondOfficerNeeded too."""
    review, application = await _open(session, desk, actor, Action.DECIDE, review_id, now)
    await _move(session, desk, actor, application, review, "approve", now)
    await session.execute(_IN_FORCE, {"id": application.id})
    return await _decided(session, actor, review, "approved", now)


async def reject_application(
    *,
    session: AsyncSession,
    desk: Desk,
    actor: Actor,
    review_id: UUID,
    reason: str,
    remarks: Sequence[Remark],
    now: datetime,
) -> Review:
    """Send the application back for correction (AS-81), with a reason for the mail and remarks for the screen."""
    review, application = await _open(session, desk, actor, Action.DECIDE, review_id, now)
    note = {"text": reason, "remarks": [{"field": one.field, "text": one.text} for one in remarks]}
    sealed = desk.lock_away(note, contexts.of_reason(application.id, review.submission))
    await _move(session, desk, actor, application, review, "reject", now, reason=reason, note=sealed)
    return await _decided(session, actor, review, "rejected", now)


async def _open(
    session: AsyncSession, desk: Desk, actor: Actor, action: Action, review_id: UUID, now: datetime
) -> tuple[Review, Application]:
    """The review and its application, locked; refused when it is decided, or in another officer's hands."""
    allow(actor, action)
    application_id = (await session.execute(_FIND, {"id": review_id})).scalar_one_or_none()
    if application_id is None:
        raise NotFound
    application = await open_locked(session, desk, actor, action, application_id, now=now)
    row: Any = (await session.execute(_READ, {"id": review_id})).one()
    review = Review(**row._mapping)
    if review.state not in UNDECIDED:
        raise ImpossibleTransition(rules=("AS-82",), review_id=str(review_id), state=review.state)
    if review.holder(now) not in {None, actor.account_id}:
        raise ReviewHeldByAnother(review_id=str(review_id))
    return review, application


async def _move(
    session: AsyncSession,
    desk: Desk,
    actor: Actor,
    application: Application,
    review: Review,
    command: str,
    now: datetime,
    *,
    reason: str = "",
    note: str | None = None,
) -> None:
    facts = ReviewFacts(review.id, review.due_on)
    case = replace(application.case(now), review=facts, reason=reason)
    await move(session, desk, application, case, command, actor=actor, note=note)


async def _decided(session: AsyncSession, actor: Actor, review: Review, state: str, now: datetime) -> Review:
    await session.execute(_DECIDE, {"id": review.id, "state": state, "by": actor.account_id, "now": now})
    return replace(review, state=state, claimed_by=None, claimed_until=None)
