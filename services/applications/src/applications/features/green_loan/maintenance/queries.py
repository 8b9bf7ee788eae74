"""What is announced: to everybody, to the guards of the counter, and to the office with who announced it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from kit.errors import NotFound
from kit.tokens import Actor
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications.access import Action, allow
from applications.programmes.green_loan.procedure.maintenance import TOLD_AHEAD
from applications.workflow import Maintenance

_LAST = text("""
SELECT * FROM (
  SELECT DISTINCT ON (window_id) window_id, version, service, begins_at, ends_at, reason, withdrawn, told_by, told_at
  FROM maintenance_announcements ORDER BY window_id, version DESC
) announced
WHERE ends_at > :now ORDER BY begins_at, window_id
""")
_HISTORY = text("""
SELECT window_id, version, service, begins_at, ends_at, reason, withdrawn, told_by, told_at
FROM maintenance_announcements WHERE window_id = :window_id ORDER BY version
""")


@dataclass(frozen=True)
class Announced:
    """An announcement as one of the office made it, or changed it: its so-many-th version, from 1."""

    window_id: UUID
    version: int
    maintenance: Maintenance
    withdrawn: bool
    told_by: UUID
    told_at: datetime


async def in_force(session: AsyncSession, now: datetime) -> tuple[Maintenance, ...]:
    """What is announced and not over, by its beginning."""
    return tuple(one.maintenance for one in await _not_over(session, now) if not one.withdrawn)


async def told_to_everybody(*, session: AsyncSession, now: datetime) -> list[Maintenance]:
    """The same as far as it begins in the next days: the banner of the pages."""
    return [one for one in await in_force(session, now) if one.begins_at < now + TOLD_AHEAD]


async def told_to_office(*, session: AsyncSession, actor: Actor, now: datetime) -> list[Announced]:
    """Everything that is not over, however far ahead, with what was withdrawn. Raises Forbidden."""
    allow(actor, Action.LIST_MAINTENANCE)
    return await _not_over(session, now)


async def versions(*, session: AsyncSession, actor: Actor, window_id: UUID) -> list[Announced]:
    """One announcement as it was made and changed, first to last. Raises Forbidden, NotFound."""
    allow(actor, Action.LIST_MAINTENANCE)
    if not (history := await history_of(session, window_id)):
        raise NotFound
    return history


async def history_of(session: AsyncSession, window_id: UUID) -> list[Announced]:
    """The same for the system itself; empty where there is none."""
    return [_announced(row) for row in await session.execute(_HISTORY, {"window_id": window_id})]


async def _not_over(session: AsyncSession, now: datetime) -> list[Announced]:
    return [_announced(row) for row in await session.execute(_LAST, {"now": now})]


def _announced(row: Any) -> Announced:
    maintenance = Maintenance(row.service, row.begins_at, row.ends_at, row.reason)
    return Announced(row.window_id, row.version, maintenance, row.withdrawn, row.told_by, row.told_at)
