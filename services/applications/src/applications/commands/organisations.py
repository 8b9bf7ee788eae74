"""What follows when an organisation is closed: nobody can name it, and it takes part in nothing any more."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from kit import deadlines
from kit.deadlines import Handler
from kit.errors import Permanent
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications import parties
from applications.cases import lock
from applications.desk import Desk

TIMER = "organisation.closed"
AT_ONCE = 100

_CLOSE = text("""
UPDATE organisations SET closed_at = coalesce(closed_at, :now), sequence = greatest(sequence, :sequence) WHERE id = :id
RETURNING id
""")
_TAKES_PART = text("""
SELECT DISTINCT application_id FROM application_parties WHERE party_id = :id AND until IS NULL
ORDER BY application_id LIMIT :limit
""")


async def close_organisation(*, session: AsyncSession, organisation_id: UUID, sequence: int, now: datetime) -> None:
    """From now on nobody can name it, and a timer takes it out of the applications in which it takes part.

    That is done afterwards, in transactions of their own: an approval that names the organisation at this moment has
    its application locked and holds this row, so this transaction must not wait for applications. Raises Permanent for
    an organisation that was never told.
    """
    closed = await session.execute(_CLOSE, {"id": organisation_id, "sequence": sequence, "now": now})
    if closed.one_or_none() is None:
        raise Permanent("an organisation was closed that was never registered")
    await deadlines.schedule(session, kind=TIMER, subject_id=organisation_id, due_at=now)


def on_timer(desk: Desk) -> Handler:
    """Ends the rights of a closed organisation in some applications, and comes back for the others."""

    async def take_out(session: AsyncSession, organisation_id: UUID, now: datetime) -> None:
        rows = await session.execute(_TAKES_PART, {"id": organisation_id, "limit": AT_ONCE})
        ids = rows.scalars().all()
        for application_id in ids:
            await parties.leave(session, await lock(session, desk, application_id), organisation_id, now=now)
        if len(ids) == AT_ONCE:
            again = now + timedelta(seconds=1)
            await deadlines.schedule(session, kind=TIMER, subject_id=organisation_id, due_at=again)

    return take_out
