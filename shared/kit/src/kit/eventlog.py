"""The event log of a service: what happened, in order, written in the transaction that made it happen.

Contract of `record`: it takes the caller's session and never commits, rolls back or opens a transaction. The caller
holds the row lock of the aggregate (or has just inserted its row), which makes id order equal to commit order per
aggregate.
"""

from __future__ import annotations

import uuid
import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from madoguchi_contracts import Event
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kit.db import driver
from kit.metrics import events_recorded
from kit.telemetry import current_traceparent

BUCKETS = 64
MAX_EVENT_BYTES = 500_000  # well below the broker's limit: an event too large to be told must fail where it is made

_RECORD = """
WITH e AS (
  INSERT INTO events (event_id, topic, aggregate_id, version, type, data, traceparent, bucket, recorded_at)
  VALUES ($1, $2, $3, coalesce((SELECT max(version) FROM events WHERE aggregate_id = $3), 0) + 1, $4, $5::json, $6, $7,
          $8)
  RETURNING id, version, bucket)
INSERT INTO outbox (id, bucket) SELECT id, bucket FROM e RETURNING (SELECT version FROM e)
"""

_HISTORY = text("""
SELECT id, event_id, version, type, data, traceparent, recorded_at FROM events
WHERE aggregate_id = :aggregate_id ORDER BY version
""")

# One aggregate's events are found by its own index, in the order of its versions, which is also that of its ids.
_WHICH = {
    "all": ("true", "id"),
    "topic": ("topic = :wanted", "id"),
    "aggregate": ("aggregate_id = :wanted", "version"),
}
_RETELL = """
WITH chosen AS (
  SELECT id, bucket FROM events WHERE {which} AND id > :after ORDER BY {order} LIMIT :limit),
queued AS (
  INSERT INTO outbox (id, bucket, replay) SELECT id, bucket, true FROM chosen ON CONFLICT (id) DO NOTHING RETURNING 1)
SELECT coalesce(max(id), :after) AS last, count(*) AS found, (SELECT count(*) FROM queued) AS queued FROM chosen
"""
_STILL_WAITING = text("SELECT count(*) FROM outbox WHERE replay")


@dataclass(frozen=True)
class StoredEvent:
    """One line of the log."""

    id: int
    event_id: UUID
    version: int
    type: str
    data: dict[str, Any]
    traceparent: str | None
    recorded_at: datetime


class EventTooLarge(Exception):
    """The event would not fit through the broker; nothing was recorded."""


def bucket_of(aggregate_id: UUID) -> int:
    """The relay bucket of an aggregate, 0 to 63."""
    return zlib.crc32(aggregate_id.bytes) % BUCKETS


async def record(session: AsyncSession, event: Event, *, now: datetime) -> int:
    """Append the event and a pointer for the relay; returns the aggregate's new version (1, 2, ...).

    Raises EventTooLarge; asyncpg's UniqueViolationError when another transaction recorded for this aggregate without
    its row lock.
    """
    data = event.model_dump_json()
    size_bytes = len(data.encode())  # Japanese text takes three bytes a character
    if size_bytes > MAX_EVENT_BYTES:
        raise EventTooLarge(f"{event.type_name}: {size_bytes} bytes")
    version: int = await driver(session).fetchval(
        _RECORD,
        uuid.uuid4(),
        event.topic,
        event.aggregate_id,
        event.type_name,
        data,
        current_traceparent(),
        bucket_of(event.aggregate_id),
        now,
    )
    session.info["events_recorded"] = True
    events_recorded.labels(event.type_name).inc()
    return version


async def history(session: AsyncSession, aggregate_id: UUID) -> list[StoredEvent]:
    """All events of one aggregate, oldest first."""
    rows = await session.execute(_HISTORY, {"aggregate_id": aggregate_id})
    return [StoredEvent(*row) for row in rows]


@dataclass(frozen=True)
class Retold:
    """One batch of a replay: the id of its last event, how many it has, and how many of them were queued.

    The others wait to be told anyway.
    """

    last: int
    found: int
    queued: int


async def retell(
    session: AsyncSession, *, after: int, limit: int, topic: str | None = None, aggregate_id: UUID | None = None
) -> Retold:
    """Queue the next events of the log behind id `after`, at most `limit`, to be told again, marked as replay.

    All events, or those of one topic or one aggregate. Consumers that have seen an event stop it at their inbox; new
    ones start from the beginning.
    """
    wanted: str | UUID | None = aggregate_id or topic
    which, order = _WHICH["aggregate" if aggregate_id else "topic" if topic else "all"]
    statement = text(_RETELL.format(which=which, order=order))
    values = {"after": after, "limit": limit, **({"wanted": wanted} if wanted else {})}
    row = (await session.execute(statement, values)).one()
    session.info["events_recorded"] = True
    return Retold(row.last, row.found, row.queued)


async def replays_waiting(session: AsyncSession) -> int:
    """How many events wait to be told again."""
    return int((await session.execute(_STILL_WAITING)).scalar_one())
