"""Durable timers: a row says what is due when; a worker does it in one transaction with the row's removal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kit.clock import Clock
from kit.db import Database
from kit.errors import Unavailable
from kit.metrics import deadlines_overdue_seconds

log = structlog.get_logger(__name__)
Handler = Callable[[AsyncSession, UUID, datetime], Awaitable[None]]

_SCHEDULE = text("""
INSERT INTO deadlines (kind, subject_id, due_at) VALUES (:kind, :subject_id, :due_at)
ON CONFLICT (kind, subject_id) DO UPDATE SET due_at = excluded.due_at, attempts = 0, last_error = NULL
""")
_CANCEL = text("DELETE FROM deadlines WHERE kind = :kind AND subject_id = :subject_id")
_TAKE = text("""
DELETE FROM deadlines WHERE id = (
  SELECT id FROM deadlines WHERE due_at <= :now AND kind = ANY(:kinds)
  ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, kind, subject_id, due_at, attempts
""")
# Only if nobody has moved it meanwhile: a deadline that was put to next month must not fire in half a minute.
_PUT_OFF = text("""
UPDATE deadlines SET attempts = least(attempts + 1, 100), last_error = :error, due_at = :again
WHERE id = :id AND due_at = :due_at
""")
_OLDEST = text("SELECT min(due_at) FROM deadlines")


async def schedule(session: AsyncSession, *, kind: str, subject_id: UUID, due_at: datetime) -> None:
    """Have `kind` done for `subject_id` at `due_at`; a later call for the same two moves it."""
    await session.execute(_SCHEDULE, {"kind": kind, "subject_id": subject_id, "due_at": due_at})


async def cancel(session: AsyncSession, *, kind: str, subject_id: UUID) -> None:
    """Forget the deadline; it is no error if there is none."""
    await session.execute(_CANCEL, {"kind": kind, "subject_id": subject_id})


def pause_after(attempts: int) -> timedelta:
    """How long to wait after a failure that `attempts` (0, 1, ...) others came before: 30 s, doubled up to an hour."""
    return timedelta(seconds=min(30 * 2 ** min(attempts, 10), 3600))


async def fire_one(database: Database, handlers: Mapping[str, Handler], now: datetime) -> bool:
    """Do the oldest thing that is due; returns whether there was one. Raises Unavailable when the database is down.

    A handler that fails, even at the commit, leaves no trace but its error: its deadline is put off, longer each time,
    is never dropped, and holds up no other.
    """
    row = None
    try:
        async with database.transaction() as session:
            row = (await session.execute(_TAKE, {"now": now, "kinds": list(handlers)})).one_or_none()
            if row is not None:
                await handlers[row.kind](session, row.subject_id, now)
    except Exception as error:
        if row is None:
            raise
        name = type(error).__name__
        put_off = {"id": row.id, "due_at": row.due_at, "error": name, "again": now + pause_after(row.attempts)}
        async with database.transaction() as session:
            await session.execute(_PUT_OFF, put_off)
        log.error("deadline_failed", kind=row.kind, subject_id=str(row.subject_id), error=name, exc_info=error)
        return True
    if row is not None:
        log.info("deadline_fired", kind=row.kind, subject_id=str(row.subject_id))
    return row is not None


async def run(
    database: Database,
    handlers: Mapping[str, Handler],
    clock: Clock,
    *,
    stop: asyncio.Event,
    beat: Callable[[], None],
    poll_seconds: float = 1.0,
) -> None:
    """Fire deadlines until `stop`; several replicas share the work."""
    while not stop.is_set():
        beat()
        try:
            while not stop.is_set() and await fire_one(database, handlers, clock()):
                beat()
            async with database.transaction() as session:
                oldest = (await session.execute(_OLDEST)).scalar_one()
            overdue = (clock() - oldest).total_seconds() if oldest else 0
            deadlines_overdue_seconds.set(max(overdue, 0))
        except Unavailable:
            log.warning("deadlines_wait_for_database")
        try:
            await asyncio.wait_for(stop.wait(), poll_seconds)
        except TimeoutError:
            continue
