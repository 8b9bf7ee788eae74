"""Removing what has served its time, so that tables which grow with every attempt stay small.

What every service has, such as the answers to repeated requests, `kit.housekeeping` removes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from kit.clock import Clock
from kit.db import Database
from kit.errors import Unavailable
from sqlalchemy import TextClause, text

from identity.domain.durations import USER_ID_YEARS

log = structlog.get_logger(__name__)

Work = Callable[[Database, datetime], Awaitable[int]]
"""What is done again and again; returns how much there was to do."""

EVERY_SECONDS = 600
ROWS_AT_ONCE = 1000

# What is old, by table. A session's row stays a day after its end for questions about it. A registration is of no use
# after its link: the account has the data, or nobody came.
# A lock state goes when it says what no row would say, or when a user ID nobody used for so long has lapsed (ID-02):
# wrong passwords do not age (I-10). That anybody has the user ID plays no part, or its lock would tell so (ID-34).
_OLD: tuple[tuple[str, str, timedelta], ...] = (
    ("login_tokens", "expires_at <= :before", timedelta()),
    ("reminders", "expires_at <= :before", timedelta()),
    ("rate_limits", "window_started_at <= :before", timedelta(days=31)),  # longer than the longest window
    ("user_sessions", "last_used_at <= :before AND ended_at IS NOT NULL", timedelta(days=1)),
    (
        "login_locks",
        "wrong_in_a_row = 0 AND NOT untold AND greatest(touched_at, one_strike_until) <= :before",
        timedelta(days=1),
    ),
    ("login_locks", "touched_at <= :before", timedelta(days=(USER_ID_YEARS + 1) * 366)),
    ("password_links", "expires_at <= :before", timedelta(days=30)),
    ("registrations", "link_expires_at <= :before", timedelta(days=30)),
    # Nobody asks for an invitation or a change of the representative that came to nothing; the others are history.
    ("invitations", "expires_at <= :before AND accepted_at IS NULL", timedelta(days=365)),
    ("successions", "expires_at <= :before AND completed_at IS NULL", timedelta(days=365)),
)


def _removal(table: str, condition: str) -> TextClause:
    """A batch at a time, so that no row stays locked for long; rows in use are left for the next sweep."""
    some = f"SELECT t.ctid FROM {table} t WHERE {condition} LIMIT :rows FOR UPDATE SKIP LOCKED"  # noqa: S608 - constants
    return text(f"DELETE FROM {table} WHERE ctid = ANY(ARRAY({some}))")  # noqa: S608


async def sweep(database: Database, now: datetime) -> int:
    """Remove everything that is old, a batch a transaction; returns the number of rows."""
    removed = 0
    for table, condition, age in _OLD:
        batch = ROWS_AT_ONCE
        while batch == ROWS_AT_ONCE:
            async with database.transaction() as session:
                result = await session.execute(_removal(table, condition), {"before": now - age, "rows": ROWS_AT_ONCE})
            batch = int(getattr(result, "rowcount", 0))
            removed += batch
            if batch:
                log.info("rows_removed", table=table, rows=batch)
    return removed


async def repeat(
    work: Work, database: Database, clock: Clock, *, every_seconds: float, stop: asyncio.Event, beat: Callable[[], None]
) -> None:
    """Do `work` now and again and again until `stop`, at once again while it finds something to do."""
    while not stop.is_set():
        beat()
        try:
            while await work(database, clock()) and not stop.is_set():
                beat()
        except Unavailable:
            log.warning("housekeeping_waits_for_database")
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), every_seconds)
