"""Rows that have served: removed every hour, a few at a time, so that their tables do not grow for ever.

Not the inbox: a replay tells events of any age again, and only the inbox knows which of them are done. Not the events
and what was parked either: they are the audit trail.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kit.clock import Clock
from kit.db import Database
from kit.errors import Unavailable

log = structlog.get_logger(__name__)

EVERY_SECONDS = 3600
BATCH = 1000  # rows a transaction: short locks, and little to do again when it is cut off

# What is removed, after what age. A client repeats a request within minutes, a person perhaps after a holiday; a proof
# is refused for its age five minutes after it was made.
_KEPT = {
    text("""
DELETE FROM idempotency_keys WHERE (actor, key) IN (
  SELECT actor, key FROM idempotency_keys WHERE created_at < :before LIMIT :batch FOR UPDATE SKIP LOCKED)
RETURNING 1
"""): timedelta(days=30),
    text("""
DELETE FROM used_proofs WHERE jti IN (
  SELECT jti FROM used_proofs WHERE used_at < :before LIMIT :batch FOR UPDATE SKIP LOCKED)
RETURNING 1
"""): timedelta(days=1),
}


async def tidy(session: AsyncSession, now: datetime, batch: int = BATCH) -> int:
    """Remove up to `batch` rows of each table that are too old at `now`; returns how many in all."""
    removed = 0
    for statement, age in _KEPT.items():
        removed += len((await session.execute(statement, {"before": now - age, "batch": batch})).all())
    return removed


async def run(database: Database, clock: Clock, *, stop: asyncio.Event, beat: Callable[[], None]) -> None:
    """Tidy now and every hour until `stop`; several replicas share the work."""
    while not stop.is_set():
        beat()
        try:
            removed, more = 0, True
            while more and not stop.is_set():
                async with database.transaction() as session:
                    more = bool(count := await tidy(session, clock()))
                removed += count
                beat()
            log.info("tidied", rows=removed)
        except Unavailable:
            log.warning("housekeeping_waits_for_database")
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), EVERY_SECONDS)
