"""The inbox makes effects happen exactly once: `(consumer, event id)` is written in the transaction of the effect."""

from __future__ import annotations

from collections.abc import Mapping, Set
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit.db import driver

Address = tuple[str, str]
"""A topic and a key: what waits together when one of its events is parked."""

# One statement, because every event waits for it. FOR SHARE waits while an operator's retry drains one of the keys.
_ADMIT = """
WITH parked AS (
  SELECT topic, key FROM parked_keys
  WHERE consumer = $1 AND (topic, key) IN (SELECT * FROM unnest($2::text[], $3::text[]))
  FOR SHARE
), fresh AS (
  INSERT INTO inbox (consumer, event_id)
  SELECT $1, e.id FROM unnest($4::uuid[], $5::text[], $6::text[]) AS e (id, topic, key)
  WHERE NOT EXISTS (SELECT FROM parked p WHERE p.topic = e.topic AND p.key = e.key)
  ON CONFLICT DO NOTHING
  RETURNING event_id
)
SELECT event_id, NULL AS topic, NULL AS key FROM fresh
UNION ALL
SELECT NULL, topic, key FROM parked
"""
_INSERT = """
INSERT INTO inbox (consumer, event_id) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING true
"""


async def admit(
    session: AsyncSession, consumer: str, addresses: Set[Address], events: Mapping[UUID, Address]
) -> tuple[set[UUID], set[Address]]:
    """Which of `events` are to be done now, and which of `addresses` are parked.

    To be done are those whose effect was not done before and whose address is not parked; they count as done when the
    caller commits. A concurrent transaction with the same id makes this one wait, and then see it as done.
    """
    ids = sorted(events)  # in one order everywhere, else two consumers could wait for each other
    rows = await driver(session).fetch(
        _ADMIT,
        consumer,
        [topic for topic, _ in addresses],
        [key for _, key in addresses],
        ids,
        [events[event_id][0] for event_id in ids],
        [events[event_id][1] for event_id in ids],
    )
    fresh = {row["event_id"] for row in rows if row["event_id"] is not None}
    return fresh, {(row["topic"], row["key"]) for row in rows if row["event_id"] is None}


async def first_time(session: AsyncSession, consumer: str, event_id: UUID) -> bool:
    """Whether the event's effect was not done before, parked or not; it counts as done when the caller commits."""
    return bool(await driver(session).fetchval(_INSERT, consumer, event_id))
