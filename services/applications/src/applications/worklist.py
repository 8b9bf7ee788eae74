"""The office's worklist: a review is a round of looking at one submission.

It follows the programme's table and has no states of its own: it is open while the main track is in one of the states
under review, and whatever step leaves them closes it. Four eyes and who may decide are said by the table too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from kit import eventlog
from madoguchi_contracts import ReviewOpened
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications.cases import Application
from applications.domain import review_due_on
from applications.programme import Programme
from applications.workflow import Effect, Transition

# Only what is still under review, and not twice: the event of a submission may be heard after it was withdrawn.
_OPEN = text("""
INSERT INTO reviews (id, application_id, submission, round, due_on, opened_at)
SELECT :id, a.id, a.submission, 1 + (SELECT count(*) FROM reviews r
                                     WHERE r.application_id = a.id AND r.submission = a.submission), :due_on, :now
FROM applications a JOIN tracks t ON t.application_id = a.id AND t.track = :main AND t.subject = a.id
WHERE a.id = :application_id AND a.submission = :submission AND t.state = ANY(cast(:under_review AS text[]))
  AND NOT EXISTS (SELECT 1 FROM reviews r WHERE r.application_id = a.id AND r.closed_at IS NULL)
RETURNING id
""")
_REVIEW = """
SELECT id, application_id, submission, round, due_on, opened_at, claimed_by, claimed_until, recommended_by, closed_at,
       outcome
FROM reviews
"""
_READ = text(f"{_REVIEW} WHERE id = :id")
_CURRENT = text(f"{_REVIEW} WHERE application_id = :application_id AND closed_at IS NULL")
_CLOSE = text("""
UPDATE reviews SET closed_at = :now, closed_by = :by, outcome = :outcome, four_eyes = :four_eyes, claimed_by = NULL,
                   claimed_until = NULL
WHERE application_id = :application_id AND closed_at IS NULL
""")
_RECOMMENDED = text("""
UPDATE reviews SET recommended_by = :by, claimed_by = NULL, claimed_until = NULL
WHERE application_id = :application_id AND closed_at IS NULL
""")


@dataclass(frozen=True)
class Review:
    """The row of one review. `outcome` is the command that closed it."""

    id: UUID
    application_id: UUID
    submission: int
    round: int
    due_on: date
    opened_at: datetime
    claimed_by: UUID | None
    claimed_until: datetime | None
    recommended_by: UUID | None
    closed_at: datetime | None
    outcome: str | None

    @property
    def state(self) -> str:
        """What the office sees: waiting, recommended (a second officer is needed), or closed."""
        if self.closed_at is not None:
            return "closed"
        return "recommended" if self.recommended_by is not None else "waiting"

    def holder(self, now: datetime) -> UUID | None:
        """The officer whose claim has not run out."""
        return self.claimed_by if self.claimed_until is not None and now < self.claimed_until else None


async def read(session: AsyncSession, review_id: UUID) -> Review | None:
    """A review; what must not change meanwhile is read under its application's lock."""
    return _review((await session.execute(_READ, {"id": review_id})).one_or_none())


async def current(session: AsyncSession, application_id: UUID) -> Review | None:
    """The open review of an application."""
    return _review((await session.execute(_CURRENT, {"application_id": application_id})).one_or_none())


def _review(row: Any) -> Review | None:
    return None if row is None else Review(**row._mapping)


async def open_round(
    session: AsyncSession,
    programme: Programme,
    application_id: UUID,
    submission: int,
    *,
    since: datetime,
    now: datetime,
) -> bool:
    """Put a submission on the worklist if it is under review and not there yet; returns whether that was done.

    The caller holds the application's lock. The time for the decision counts from `since`.
    """
    workflow = programme.workflow
    review_id, due_on = uuid4(), review_due_on(since, programme.review_business_days)
    opened = await session.execute(
        _OPEN,
        {
            "id": review_id,
            "application_id": application_id,
            "submission": submission,
            "main": workflow.main,
            "under_review": sorted(workflow.under_review),
            "due_on": due_on,
            "now": now,
        },
    )
    if opened.one_or_none() is None:
        return False
    event = ReviewOpened(application_id=application_id, review_id=review_id, submission=submission, due_on=due_on)
    await eventlog.record(session, event, now=now)
    return True


async def follow(
    session: AsyncSession,
    before: Application,
    after: Application,
    row: Transition,
    *,
    actor_id: UUID | None,
    now: datetime,
) -> None:
    """Bring the worklist to where a step of the main track has led.

    What was filed comes to it by the event of the submission, so that a submission waits for nothing here; any other
    step into a state under review opens a round at once.
    """
    workflow = before.programme.workflow
    main = (workflow.main, before.id)
    was_at = before.tracks[main].state if main in before.tracks else ""
    filed = Effect.FILES in row.effects
    was, is_now = was_at in workflow.under_review, row.target in workflow.under_review
    where = {"application_id": before.id}
    if was and (filed or not is_now):
        closing = {"now": now, "by": actor_id, "outcome": row.command, "four_eyes": row.second_of is not None}
        await session.execute(_CLOSE, {**where, **closing})
    elif was and row.target != was_at:  # four eyes begin anew in another state
        await session.execute(_RECOMMENDED, {**where, "by": None})
    elif was and any(other.second_of == row.command for other in workflow.transitions if other.track == row.track):
        await session.execute(_RECOMMENDED, {**where, "by": actor_id})
    elif is_now and not was and not filed:
        await open_round(session, before.programme, after.id, after.submission, since=now, now=now)
