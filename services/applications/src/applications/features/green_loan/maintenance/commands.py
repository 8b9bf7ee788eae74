"""Announcing that a service is closed, and taking back what was announced.

Nothing is overwritten: each change is a version of its own, with who made it. What is in force is the last one.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid4

from kit.errors import NotFound, PreconditionFailed, Refused
from kit.tokens import Actor
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications.access import Action, allow
from applications.errors import MaintenanceOver
from applications.features.green_loan.maintenance.queries import Announced, history_of, in_force
from applications.programmes.green_loan.procedure.maintenance import announcement_findings, shortening_findings
from applications.workflow import Maintenance

# One at a time: each is judged by what is announced already.
_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('maintenance'))")
_KEEP = text("""
INSERT INTO maintenance_announcements (window_id, version, service, begins_at, ends_at, reason, withdrawn, told_by,
                                       told_at)
VALUES (:window_id, :version, :service, :begins_at, :ends_at, :reason, :withdrawn, :told_by, :told_at)
""")


async def announce(*, session: AsyncSession, actor: Actor, wish: Maintenance, now: datetime) -> Announced:
    """Announce a time in which a service is closed. Raises Forbidden, Refused."""
    allow(actor, Action.ANNOUNCE_MAINTENANCE)
    await session.execute(_LOCK)
    if findings := announcement_findings(wish, await in_force(session, now), now):
        raise Refused(findings=findings)
    return await _keep(session, Announced(uuid4(), 1, wish, withdrawn=False, told_by=actor.account_id, told_at=now))


async def shorten(
    *, session: AsyncSession, actor: Actor, window_id: UUID, version: int, start: datetime, end: datetime, now: datetime
) -> Announced:
    """Make it shorter, also while it goes on.

    `version` is the one that the actor has seen. Raises Forbidden, NotFound, PreconditionFailed, MaintenanceOver,
    Refused.
    """
    known = await _known(session, actor, window_id, version, now)
    wish = replace(known.maintenance, begins_at=start, ends_at=end)
    if findings := shortening_findings(known.maintenance, wish, now):
        raise Refused(findings=findings, window_id=str(window_id))
    return await _change(session, actor, replace(known, maintenance=wish), now)


async def withdraw(*, session: AsyncSession, actor: Actor, window_id: UUID, version: int, now: datetime) -> Announced:
    """Take it back; one that goes on ends at once. Raises Forbidden, NotFound, PreconditionFailed, MaintenanceOver."""
    known = await _known(session, actor, window_id, version, now)
    return await _change(session, actor, replace(known, withdrawn=True), now)


async def _known(session: AsyncSession, actor: Actor, window_id: UUID, version: int, now: datetime) -> Announced:
    allow(actor, Action.ANNOUNCE_MAINTENANCE)
    await session.execute(_LOCK)
    history = await history_of(session, window_id)
    if not history:
        raise NotFound
    known = history[-1]
    if known.version != version:
        raise PreconditionFailed(f"現在の版は {known.version} です。", window_id=str(window_id))
    if known.withdrawn or known.maintenance.ends_at <= now:
        raise MaintenanceOver(window_id=str(window_id))
    return known


async def _change(session: AsyncSession, actor: Actor, changed: Announced, now: datetime) -> Announced:
    return await _keep(session, replace(changed, version=changed.version + 1, told_by=actor.account_id, told_at=now))


async def _keep(session: AsyncSession, made: Announced) -> Announced:
    row = {name: value for name, value in vars(made).items() if name != "maintenance"}
    await session.execute(_KEEP, {**row, **vars(made.maintenance)})
    return made
