"""The office's tasks: what somebody has to look at without a step being asked for.

A task comes by the programme's table (`workflow.tasks`), or by `raise_task` in the transaction of whoever found its
cause. It goes by itself when its ground is gone or the application has ended, and otherwise when an officer finishes it
with a note. There is one open task per application, kind and subject at most. The words hold no personal data.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from kit import deadlines
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications.cases import Application, lock
from applications.desk import Desk
from applications.workflow import Ground, grounds

TIMER = "office_tasks"
"""The kind of the timer that looks at an application's grounds again, when one of them begins."""

_KNOWN = text("""
SELECT id, kind, subject, state, ground_at, rule, reason, due_on FROM office_tasks
WHERE application_id = :application_id AND (state = 'open' OR (state = 'done' AND ground_at IS NOT NULL))
""")
_RAISE = text("""
INSERT INTO office_tasks (id, application_id, kind, subject, rule, reason, due_on, raised_at, ground_at)
VALUES (:id, :application_id, :kind, :subject, :rule, :reason, :due_on, :now, :ground_at)
ON CONFLICT (application_id, kind, subject) WHERE state = 'open' DO NOTHING
RETURNING id
""")
_CHANGE = text("""
UPDATE office_tasks SET ground_at = :at, rule = :rule, reason = :reason, due_on = :due_on WHERE id = :id
""")
_DROPPED = "UPDATE office_tasks SET state = 'dropped', closed_at = :now, claimed_by = NULL, claimed_until = NULL"
_DROP = text(f"{_DROPPED} WHERE id = :id")
_DROP_KIND = text(
    f"{_DROPPED} WHERE application_id = :application_id AND kind = :kind AND subject = :subject AND state = 'open'"
)
_DROP_ALL = text(f"{_DROPPED} WHERE application_id = :application_id AND state = 'open'")


async def raise_task(
    session: AsyncSession,
    application: Application,
    kind: str,
    *,
    rule: str,
    reason: str,
    now: datetime,
    subject: UUID | None = None,
    due_on: date | None = None,
) -> bool:
    """Have the office look at an application; returns whether there is a new task.

    There is none when one of this kind about this subject (None: the application itself) is open, or the application
    has ended. The caller holds the application's lock. `reason` is what the office reads, without personal data.
    """
    if application.programme.workflow.has_ended(application.case(now)):
        return False
    ground = Ground(now, rule, reason, due_on)
    return await _raise(session, application.id, kind, subject or application.id, ground, None, now)


async def drop_task(
    session: AsyncSession, application_id: UUID, kind: str, *, now: datetime, subject: UUID | None = None
) -> None:
    """The cause is gone: the open task of this kind about this subject goes too; it is no error if there is none."""
    where = {"application_id": application_id, "kind": kind, "subject": subject or application_id}
    await session.execute(_DROP_KIND, {**where, "now": now})


async def follow(session: AsyncSession, application: Application, *, now: datetime) -> None:
    """Bring the tasks of an application to what the programme's table says of it now. The caller holds its lock."""
    workflow, case = application.programme.workflow, application.case(now)
    if workflow.has_ended(case):
        await session.execute(_DROP_ALL, {"application_id": application.id, "now": now})
    elif workflow.tasks:
        wanted = grounds(workflow, case)
        await _compare(session, application.id, {key: one for key, one in wanted.items() if one.at <= now}, now)
        ahead = [one.at for one in wanted.values() if one.at > now]
        if ahead:
            await deadlines.schedule(session, kind=TIMER, subject_id=application.id, due_at=min(ahead))


async def _compare(
    session: AsyncSession, application_id: UUID, wanted: Mapping[tuple[str, UUID], Ground], now: datetime
) -> None:
    """Raise what is wanted and not there, drop what came by the table and is not wanted any more."""
    known = (await session.execute(_KNOWN, {"application_id": application_id})).all()
    open_ = {(row.kind, row.subject): row for row in known if row.state == "open"}
    finished = {(row.kind, row.subject, row.ground_at) for row in known if row.state == "done"}
    for key, row in open_.items():
        if row.ground_at is not None and key not in wanted:
            await session.execute(_DROP, {"id": row.id, "now": now})
    for key, ground in wanted.items():
        if (*key, ground.at) in finished:
            continue
        here = open_.get(key)
        if here is None:
            await _raise(session, application_id, *key, ground, ground.at, now)
        elif (here.ground_at, here.rule, here.reason, here.due_on) != _columns(ground):
            await session.execute(_CHANGE, {"id": here.id, **vars(ground)})


def _columns(ground: Ground) -> tuple[Any, ...]:
    return ground.at, ground.rule, ground.reason, ground.due_on


async def _raise(
    session: AsyncSession,
    application_id: UUID,
    kind: str,
    subject: UUID,
    ground: Ground,
    ground_at: datetime | None,
    now: datetime,
) -> bool:
    row = {"id": uuid4(), "application_id": application_id, "kind": kind, "subject": subject}
    said = {"rule": ground.rule, "reason": ground.reason, "due_on": ground.due_on}
    raised = await session.execute(_RAISE, {**row, **said, "ground_at": ground_at, "now": now})
    return raised.one_or_none() is not None


def on_due(desk: Desk) -> deadlines.Handler:
    """What the timer does: look at the grounds again."""

    async def look(session: AsyncSession, application_id: UUID, now: datetime) -> None:
        await follow(session, await lock(session, desk, application_id), now=now)

    return look
