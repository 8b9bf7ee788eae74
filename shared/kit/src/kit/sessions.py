"""Sessions that have ended: their access tokens are refused at once, though they would live on for five minutes.

The worker of a service hears `SessionsEnded` and keeps the ids for as long as such tokens live. The API reads them
every quarter of a second, so that a token is refused within a second of the end of its session. What it knows is never
older: when the database does not answer, requests are refused with 503. Without it nothing could be done anyway.

A session whose account is parked (`kit.bus`) is heard of late; its tokens then end by themselves, after five minutes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import structlog
from madoguchi_contracts import Event
from madoguchi_contracts.identity import SessionsEnded
from sqlalchemy import Column, DateTime, Index, MetaData, Table, Uuid, text
from sqlalchemy.ext.asyncio import AsyncSession

from kit.db import new_metadata
from kit.errors import Unauthenticated, Unavailable
from kit.tokens import ACCESS_TOKEN_LIFETIME

log = structlog.get_logger(__name__)

LOOK_AGAIN_SECONDS = 0.25
OLD_SECONDS = 0.75  # several looks were missed: ask before anybody is let in
_TIMEOUT_SECONDS = 3
# Longer than a token lives, by what clocks may differ and an event may be late.
KEPT = ACCESS_TOKEN_LIFETIME + timedelta(minutes=5)
# A worker's row can be committed after one that was made later: the last moments are read again at every look.
_OVERLAP = timedelta(seconds=20)
_FORGET_AT_ONCE = 100

_KEEP = text("""
INSERT INTO ended_sessions (session_id, heard_at) SELECT unnest(cast(:ids AS uuid[])), clock_timestamp()
ON CONFLICT DO NOTHING
""")
_FORGET = text("""
DELETE FROM ended_sessions WHERE session_id IN (
  SELECT session_id FROM ended_sessions WHERE heard_at < clock_timestamp() - cast(:kept AS interval)
  ORDER BY heard_at LIMIT :at_once FOR UPDATE SKIP LOCKED)
""")
_HEARD = "SELECT session_id FROM ended_sessions WHERE heard_at > clock_timestamp() - $1::interval"


class SessionEnded(Unauthenticated):
    """The session of this access token has ended."""

    code = "session_over"
    title = "セッションが終了しました。もう一度ログインしてください。"
    default_rules = ("ID-38", "ID-39")


def add_ended_sessions(metadata: MetaData) -> None:
    """Declare the table on the metadata of a service that other people's tokens are shown to."""
    Table(
        "ended_sessions",
        metadata,
        Column("session_id", Uuid, primary_key=True),
        Column("heard_at", DateTime(timezone=True), nullable=False),
        Index("ix_ended_sessions_heard_at", "heard_at"),
        comment="Sessions whose access tokens may still be around. Rows go when those have run out.",
    )


def create_ended_sessions_v1() -> None:
    """Migration step: create the table."""
    from alembic import op  # noqa: PLC0415 - only migrations need it, and every process imports this module

    metadata = new_metadata()
    add_ended_sessions(metadata)
    metadata.create_all(op.get_bind(), checkfirst=False)


async def on_sessions_ended(session: AsyncSession, event: SessionsEnded, _: object) -> None:
    """Keep the ids, and forget some that nobody needs any more.

    Events from before release 1.2 may name no sessions; the tokens that were meant have run out long ago.
    """
    await session.execute(_KEEP, {"ids": list(event.session_ids or ())})
    await session.execute(_FORGET, {"kept": KEPT, "at_once": _FORGET_AT_ONCE})


HANDLERS: Mapping[type[Event], Callable[[AsyncSession, Any, Any], Awaitable[None]]] = {SessionsEnded: on_sessions_ended}
"""For the consumer of every service that has the table."""


class EndedSessions:
    """The ended sessions as one API process knows them. `run` keeps the knowledge fresh on a connection of its own.

    Not on the pool: a request that holds one of its connections would wait here for another one, and when all do, for
    ever. Without `run`, or while that fails, whoever comes looks by themselves.
    """

    def __init__(self, dsn: str, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`dsn` is the service's database, `monotonic` (seconds) says how old the knowledge is."""
        self._dsn = dsn
        self._monotonic = monotonic
        self._looking = asyncio.Lock()
        self._looked_at = float("-inf")
        self._heard: dict[UUID, float] = {}

    async def refuse(self, session_id: UUID) -> None:
        """Raise SessionEnded if the session has ended; Unavailable when that cannot be found out."""
        if self._is_old():
            async with self._looking:  # who comes meanwhile waits for this look instead of asking too
                if self._is_old():
                    await self._look_once()
        if session_id in self._heard:
            raise SessionEnded

    async def run(self, stop: asyncio.Event) -> None:
        """Look again and again until `stop`. Raises when the database does not answer; `refuse` then asks itself."""
        connection = await asyncpg.connect(self._dsn, timeout=_TIMEOUT_SECONDS, command_timeout=_TIMEOUT_SECONDS)
        try:
            while not stop.is_set():
                await self._look(connection)
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), LOOK_AGAIN_SECONDS)
        finally:
            await connection.close(timeout=_TIMEOUT_SECONDS)

    def _is_old(self) -> bool:
        return self._monotonic() - self._looked_at >= OLD_SECONDS

    async def _look_once(self) -> None:
        try:
            connection = await asyncpg.connect(self._dsn, timeout=_TIMEOUT_SECONDS, command_timeout=_TIMEOUT_SECONDS)
            try:
                await self._look(connection)
            finally:
                await connection.close(timeout=_TIMEOUT_SECONDS)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:  # OSError: also TimeoutError
            log.warning("ended_sessions_unknown", error=type(error).__name__)
            raise Unavailable(retry_after_seconds=5) from error

    async def _look(self, connection: asyncpg.Connection[Any]) -> None:
        """Read what was heard since the last look; after a long pause everything that is kept."""
        started = self._monotonic()
        pause = timedelta(seconds=min(started - self._looked_at, KEPT.total_seconds()))
        for row in await connection.fetch(_HEARD, min(pause + _OVERLAP, KEPT)):
            self._heard[row["session_id"]] = started
        self._looked_at = started
        oldest = started - KEPT.total_seconds()
        if any(heard < oldest for heard in self._heard.values()):
            self._heard = {one: heard for one, heard in self._heard.items() if heard >= oldest}
