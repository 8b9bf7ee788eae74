"""Durable timers: a row says what is due when; a worker does it in one transaction with the row's removal.

`due_at` is when it should have happened and stays what it was; `not_before` is when it is tried (again).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
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
_LOOK_AT = 50  # due deadlines at a time: more than workers that can be busy with the first ones

_SCHEDULE = text("""
INSERT INTO deadlines (kind, subject_id, due_at, not_before) VALUES (:kind, :subject_id, :due_at, :due_at)
ON CONFLICT (kind, subject_id) DO UPDATE
SET due_at = excluded.due_at, not_before = excluded.due_at, attempts = 0, last_error = NULL
""")
_CANCEL = text("DELETE FROM deadlines WHERE kind = :kind AND subject_id = :subject_id")
_DUE = text("""
SELECT id, kind, subject_id, due_at, attempts FROM deadlines
WHERE not_before <= :now AND kind = ANY(:kinds) ORDER BY not_before LIMIT :look_at
""")
_CLAIM_CLASS = 0x4D44  # "MD"; advisory locks of this class are deadlines that a worker is busy with
_CLAIM = text("SELECT pg_try_advisory_xact_lock(:class, hashint8(:id))")
# A statement of its own: what another worker finished just before it let the claim go is seen only by a new look.
_STILL_DUE = text("SELECT 1 FROM deadlines WHERE id = :id AND due_at = :due_at AND not_before <= :now")
_DONE = text("DELETE FROM deadlines WHERE id = :id AND due_at = :due_at RETURNING id")
# Only if nobody has moved it meanwhile: a deadline that was put to next month must not fire in half a minute.
_PUT_OFF = text("""
UPDATE deadlines SET attempts = least(attempts + 1, 100), last_error = :error, not_before = :again
WHERE id = :id AND due_at = :due_at
""")
_OLDEST = text("SELECT min(due_at) FROM deadlines")


async def schedule(session: AsyncSession, *, kind: str, subject_id: UUID, due_at: datetime) -> None:
    """Have `kind` done for `subject_id` at `due_at`; a later call for the same two moves it."""
    await _settle(session, kind, subject_id)
    await session.execute(_SCHEDULE, {"kind": kind, "subject_id": subject_id, "due_at": due_at})


async def cancel(session: AsyncSession, *, kind: str, subject_id: UUID) -> None:
    """Forget the deadline; it is no error if there is none."""
    await _settle(session, kind, subject_id)
    await session.execute(_CANCEL, {"kind": kind, "subject_id": subject_id})


def pause_after(attempts: int) -> timedelta:
    """How long to wait after a failure that `attempts` (0, 1, ...) others came before: 30 s, doubled up to an hour."""
    return timedelta(seconds=min(30 * 2 ** min(attempts, 10), 3600))


async def fire_one(database: Database, handlers: Mapping[str, Handler], now: datetime) -> bool:
    """Do the oldest thing that is due; returns whether there was one. Raises Unavailable when the database is down.

    The row is claimed by an advisory lock and removed last, after the handler has locked its aggregate: a request takes
    the two in the same order, the aggregate and then its deadline, so that neither waits for the other for ever. When
    the deadline was moved or cancelled before the handler had its aggregate, its work is rolled back.

    A handler that fails, even at the commit, leaves no trace but its error: its deadline is put off, longer each time,
    is never dropped, and holds up no other.
    """
    row: Any = None
    try:
        async with database.transaction() as session:
            row = await _claim(session, list(handlers), now)
            if row is not None:
                session.info["firing"] = row
                await handlers[row.kind](session, row.subject_id, now)
                await _settle(session, row.kind, row.subject_id)
    except _Overtaken:
        log.info("deadline_overtaken", kind=row.kind, subject_id=str(row.subject_id))
        return True
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


class _Overtaken(Exception):
    """Somebody moved or cancelled the deadline while its handler worked."""


async def _claim(session: AsyncSession, kinds: list[str], now: datetime) -> Any:
    """The oldest due deadline that no other worker is busy with, for this transaction, or None. Locks no row."""
    for row in (await session.execute(_DUE, {"now": now, "kinds": kinds, "look_at": _LOOK_AT})).all():
        claimed = await session.execute(_CLAIM, {"class": _CLAIM_CLASS, "id": row.id})
        if claimed.scalar_one():
            still = {"id": row.id, "due_at": row.due_at, "now": now}
            if (await session.execute(_STILL_DUE, still)).one_or_none() is not None:
                return row
    return None


async def _settle(session: AsyncSession, kind: str, subject_id: UUID) -> None:
    """Remove the deadline that this transaction fires, if it is this one; raises _Overtaken when somebody changed it.

    Also before its handler sets or cancels the deadline anew: afterwards its change would look like somebody else's.
    """
    row = session.info.get("firing")
    if row is None or (row.kind, row.subject_id) != (kind, subject_id):
        return
    del session.info["firing"]
    if (await session.execute(_DONE, {"id": row.id, "due_at": row.due_at})).one_or_none() is None:
        raise _Overtaken


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
