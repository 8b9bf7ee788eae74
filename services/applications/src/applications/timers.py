"""Deadlines: of the programmes' tables, when the system gives a command, and of this service's own work."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import structlog
from kit.deadlines import Handler
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications import roots, tasks
from applications.cases import lock
from applications.commands import organisations
from applications.desk import Desk
from applications.errors import ImpossibleTransition
from applications.moves import move, set_alarms, timer_of
from applications.workflow import Alarm

log = structlog.get_logger(__name__)

_TRACK = text("SELECT application_id, track, subject FROM tracks WHERE id = :id")


def handlers(desk: Desk) -> Mapping[str, Handler]:
    """What is done on each kind of deadline. The subject is a row of a track, a closed organisation, the history, or an
    application.
    """
    steps = {
        timer_of(programme, row.track, deadline.command): _give(desk, deadline.command)
        for programme in desk.programmes.values()
        for row in programme.workflow.transitions
        for deadline in row.deadlines
    }
    alarms = {
        timer_of(programme, programme.workflow.main, alarm.command): _ring(desk, alarm)
        for programme in desk.programmes.values()
        for alarm in programme.workflow.alarms
    }
    others = {organisations.TIMER: organisations.on_timer(desk), roots.TIMER: roots.on_due}
    return {**steps, **alarms, **others, tasks.TIMER: tasks.on_due(desk)}


def _give(desk: Desk, command: str) -> Handler:
    async def on_due(session: AsyncSession, track_id: UUID, now: datetime) -> None:
        track = (await session.execute(_TRACK, {"id": track_id})).one()
        application = await lock(session, desk, track.application_id)
        case = application.case(now)
        try:
            await move(session, desk, application, case, command, actor=None, track=track.track, subject=track.subject)
        except ImpossibleTransition:
            # Somebody left the state while this timer waited for the lock: there is nothing to be done any more.
            log.info("deadline_overtaken", application_id=str(application.id), command=command)

    return on_due


def _ring(desk: Desk, alarm: Alarm) -> Handler:
    async def on_due(session: AsyncSession, application_id: UUID, now: datetime) -> None:
        application = await lock(session, desk, application_id)
        case = application.case(now)
        due_at = alarm.at(case)
        if due_at is not None and due_at <= now:
            await move(session, desk, application, case, alarm.command, actor=None)
        else:  # what the case says has changed
            await set_alarms(session, application, now=now)

    return on_due
