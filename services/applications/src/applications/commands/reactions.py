"""What follows when something becomes known about a person: the automatic steps of the applications it is part of; and
about the files of an application: the office's tasks.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications import tasks
from applications.cases import lock
from applications.desk import Desk
from applications.moves import settle

_SUBMITTED = text("SELECT programme FROM applications WHERE id = :id AND submission > 0")
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


async def follow_tasks_of(*, session: AsyncSession, desk: Desk, application_id: UUID, now: datetime) -> None:
    """Look at the office's tasks of an application whose files changed, once it was handed in."""
    programme = (await session.execute(_SUBMITTED, {"id": application_id})).scalar_one_or_none()
    if programme is not None and desk.programmes[programme].workflow.tasks:
        await tasks.follow(session, await lock(session, desk, application_id), now=now)
