"""What follows when something becomes known about a person: the automatic steps of the applications it is part of."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications.cases import lock
from applications.desk import Desk
from applications.moves import settle

# In one order, so that two events about two persons of two applications do not wait for each other.
_CONCERNED = text("""
SELECT a.id FROM applications a
WHERE a.programme = ANY(cast(:programmes AS text[]))
  AND (a.account_id = :account_id
       OR EXISTS (SELECT 1 FROM application_parties p
                  WHERE p.application_id = a.id AND p.party_id = :account_id AND p.until IS NULL))
ORDER BY a.id
""")


async def settle_all_of(*, session: AsyncSession, desk: Desk, account_id: UUID, now: datetime) -> None:
    """Take the automatic steps of every application in which the account has a part, its own ones among them."""
    waiting = [name for name, programme in desk.programmes.items() if programme.workflow.automatic]
    if waiting:
        found = await session.execute(_CONCERNED, {"programmes": waiting, "account_id": account_id})
        for application_id in found.scalars().all():
            await settle(session, desk, await lock(session, desk, application_id), now=now)
