"""The inbox makes effects happen exactly once: `(consumer, event id)` is written in the transaction of the effect."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_INSERT = text("""
INSERT INTO inbox (consumer, event_id) SELECT :consumer, unnest(cast(:ids AS uuid[]))
ON CONFLICT DO NOTHING RETURNING event_id
""")


async def first_time(session: AsyncSession, consumer: str, event_ids: Sequence[UUID]) -> set[UUID]:
    """The ids among `event_ids` whose effect was not done before; they count as done when the caller commits.

    A concurrent transaction with the same id makes this one wait, and then see it as done.
    """
    rows = await session.execute(_INSERT, {"consumer": consumer, "ids": sorted(set(event_ids))})
    return set(rows.scalars())
