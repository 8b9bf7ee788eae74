"""Approvals of association information, which decide where a login lands (ID-36)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kit.errors import Permanent
from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from identity.models import Account

PROGRAMME = "bond"  # the programme whose application is the association information


async def note_approval(session: AsyncSession, *, account_id: UUID, programme: str, at: datetime) -> None:
    """Keep when the association's information was approved for the first time; later changes alter nothing (AS-83).

    Raises Permanent when there is no such account: identity issued it before anybody could apply.
    """
    if programme != PROGRAMME:
        return
    first = func.least(col(Account.association_approved_at), at)  # in PostgreSQL, least() passes over NULL
    noted = update(Account).where(col(Account.id) == account_id).values(association_approved_at=first)
    if await session.scalar(noted.returning(col(Account.id))) is None:
        raise Permanent(f"there is no account {account_id}")
