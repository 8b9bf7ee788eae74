"""Rows about which a provider is to be asked, and the worker's loop that asks.

A table of such rows has `id` (uuid), `look_at` (when to ask next; null: not at all) and `looks` (questions since the
last answer), with an index on `look_at`. The rows lie in the database of the service, beside what they are about, and
are written in the transaction of the step that wants something: a crash loses none.

Each turn: lease the row that has been due longest (one transaction), do its work, which asks the provider while no
transaction is open and keeps the answer in another one. A provider that is down delays a row and never ends it;
several workers share the rows; a row whose work fails is put off and holds up no other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple, TypeVar
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kit.clock import Clock
from kit.db import Database
from kit.errors import Unavailable
from kit.health import Health
from kit.metrics import provider_failures, provider_unanswered_seconds
from kit.providers.client import Client, ProviderDown
from kit.providers.pauses import after_silence, unanswered_for

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=60)  # a worker that dies with a row in hand leaves it to the others after this
POLL_SECONDS = 0.5
MEASURED_EVERY = timedelta(seconds=15)

C = TypeVar("C", bound=Client)


class Due(NamedTuple):
    """A row in the hands of this worker. While its `look_at` is the lease, nobody has asked for another look."""

    id: UUID
    looks: int
    lease: datetime


Work = Callable[[Due], Awaitable[None]]
"""Asks the provider about a row, keeps the answer, and says when to look next. Raises ProviderDown: again later."""


class Jobs(NamedTuple):
    """The rows of one table, all about one provider (its name, for metrics and logs)."""

    provider: str
    table: str
    work: Work


async def claim(session: AsyncSession, table: str, now: datetime) -> Due | None:
    """The row that has been due longest, leased to the caller; None if none is due."""
    statement = text(f"""
UPDATE {table} SET look_at = :lease, looks = looks + 1
WHERE id = (SELECT id FROM {table} WHERE look_at <= :now ORDER BY look_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, looks, look_at
""")  # noqa: S608 - the table is a constant of the caller
    row = (await session.execute(statement, {"now": now, "lease": now + LEASE})).one_or_none()
    return Due(*row) if row else None


async def put_off(session: AsyncSession, table: str, due: Due, now: datetime) -> None:
    """Again after a pause that grows, or as soon as somebody asks for it (a callback sets `look_at`)."""
    statement = text(f"UPDATE {table} SET look_at = :again WHERE id = :id AND look_at = :lease")  # noqa: S608
    await session.execute(statement, {"again": now + after_silence(due.looks), "id": due.id, "lease": due.lease})


async def turn(database: Database, jobs: Jobs, clock: Clock) -> bool:
    """Serve the row that has been due longest; returns whether there was one."""
    async with database.transaction() as session:
        due = await claim(session, jobs.table, clock())
    if due is None:
        return False
    try:
        await jobs.work(due)
    except Unavailable:
        raise
    except Exception as error:
        provider_failures.labels(jobs.provider).inc()
        where = {"provider": jobs.provider, "id": str(due.id), "tries": due.looks}
        if isinstance(error, ProviderDown):
            log.warning("provider_down", error=str(error), **where)
        else:
            log.error("provider_job_failed", error=type(error).__name__, exc_info=error, **where)
        async with database.transaction() as session:
            await put_off(session, jobs.table, due, clock())
    return True


async def measure(database: Database, jobs: Jobs) -> None:
    """Tell for how long the row that has been asked about longest has had no usable answer.

    By the rows and not by failures: one row that waits makes a question in five minutes, too rare for any rate.
    """
    # While it waits for its second question a row has one look, too: of a first question that nobody has answered yet.
    statement = text(f"SELECT coalesce(max(looks), 0) FROM {jobs.table} WHERE look_at IS NOT NULL")  # noqa: S608
    async with database.transaction() as session:
        looks: int = (await session.execute(statement)).scalar_one()
    provider_unanswered_seconds.labels(jobs.provider).set(unanswered_for(looks).total_seconds())


async def run(database: Database, jobs: Jobs, clock: Clock, *, stop: asyncio.Event, beat: Callable[[], None]) -> None:
    """Serve rows until `stop`."""
    measured: datetime | None = None
    while not stop.is_set():
        beat()
        served = False
        try:
            if measured is None or clock() - measured >= MEASURED_EVERY:
                measured = clock()
                await measure(database, jobs)
            served = await turn(database, jobs, clock)
        except Unavailable:
            log.warning("provider_jobs_wait_for_database", provider=jobs.provider)
        if not served:
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), POLL_SECONDS)


def loop(
    database: Database, clock: Clock, health: Health, *, client: Callable[[], C], jobs: Callable[[C], Jobs]
) -> Callable[[asyncio.Event], Awaitable[None]]:
    """The loop of a worker that serves these rows, with a client that keeps its connections open."""

    async def serve(stop: asyncio.Event) -> None:
        async with client() as opened:
            name = opened.provider.name
            health.expect(name, 120)
            await run(database, jobs(opened), clock, stop=stop, beat=partial(health.beat, name))

    return serve
