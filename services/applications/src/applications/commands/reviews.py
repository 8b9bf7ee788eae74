"""What the office does with a review: it is opened by what was submitted, claimed, released, and decided."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from kit import eventlog
from kit.errors import NotFound, Permanent
from kit.tokens import Actor
from madoguchi_contracts import ReviewClaimed
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications import hot, worklist
from applications.access import Action, allow
from applications.cases import Application, open_locked
from applications.commands.steps import Wish, check_claim, step_of
from applications.desk import Desk
from applications.errors import ImpossibleTransition
from applications.worklist import Review

_KNOWN = text("SELECT 1 FROM application_versions WHERE application_id = :id AND submission = :submission")
_FIND = text("SELECT application_id FROM reviews WHERE id = :id")
_CLAIM = text("UPDATE reviews SET claimed_by = :by, claimed_until = :until WHERE id = :id")
_RELEASE = text("UPDATE reviews SET claimed_by = NULL, claimed_until = NULL WHERE id = :id")


async def open_review(
    *,
    session: AsyncSession,
    desk: Desk,
    programme: str,
    application_id: UUID,
    submission: int,
    submitted_at: datetime,
    now: datetime,
) -> None:
    """Put a submission on the worklist, once, unless it has left the office's hands already.

    Raises Permanent when there is no such submission.
    """
    await hot.lock(session, application_id)  # the event that is recorded needs the aggregate's lock
    chosen = desk.programmes.get(programme)
    if chosen is None:
        raise Permanent(f"there is no programme {programme}")
    opened = await worklist.open_round(session, chosen, application_id, submission, since=submitted_at, now=now)
    if not opened:
        known = await session.execute(_KNOWN, {"id": application_id, "submission": submission})
        if known.one_or_none() is None:
            raise Permanent(f"there is no submission {submission} of this application")


async def claim_review(*, session: AsyncSession, desk: Desk, actor: Actor, review_id: UUID, now: datetime) -> Review:
    """Take a review on for the time of a lease; again for the same officer prolongs it.

    Raises Forbidden, NotFound, ReviewHeldByAnother, ImpossibleTransition (closed already).
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


async def decide(
    *, session: AsyncSession, desk: Desk, actor: Actor, review_id: UUID, wish: Wish, now: datetime
) -> Review:
    """Take a step of the main track that this review is about: recommend, approve, reject, or what the table has.

    Raises as `claim_review`, and SecondOfficerNeeded or Refused.
    """
    _, application = await _open(session, desk, actor, Action.DECIDE, review_id, now)
    await step_of(session, desk, actor, application, wish, None, now=now)
    return await _read(session, review_id)


async def _open(
    session: AsyncSession, desk: Desk, actor: Actor, action: Action, review_id: UUID, now: datetime
) -> tuple[Review, Application]:
    """The review and its application, locked; refused when it is closed, or in another officer's hands."""
    allow(actor, action)
    application_id = (await session.execute(_FIND, {"id": review_id})).scalar_one_or_none()
    if application_id is None:
        raise NotFound
    application = await open_locked(session, desk, actor, action, application_id, now=now)
    review = await _read(session, review_id)
    if review.closed_at is not None:
        raise ImpossibleTransition(
            rules=application.programme.workflow.rules, review_id=str(review_id), outcome=review.outcome
        )
    check_claim(review, actor, now)
    return review, application


async def _read(session: AsyncSession, review_id: UUID) -> Review:
    review = await worklist.read(session, review_id)
    if review is None:
        raise NotFound
    return review
