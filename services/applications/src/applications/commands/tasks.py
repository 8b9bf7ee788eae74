"""What the office does with its tasks: take one on, and finish it with a note."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from kit.errors import NotFound
from kit.tokens import Actor
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications import desk as contexts
from applications.access import Action, allow
from applications.cases import open_locked
from applications.desk import Desk
from applications.errors import BadContent, TaskClosed, TaskHeldByAnother
from applications.queries.tasks import TaskItem, task_item

_FIND = text("SELECT application_id FROM office_tasks WHERE id = :id")
_CLAIM = text("UPDATE office_tasks SET claimed_by = :by, claimed_until = :until WHERE id = :id")
_FINISH = text("""
UPDATE office_tasks
SET state = 'done', closed_at = :now, closed_by = :by, note = :note, claimed_by = NULL, claimed_until = NULL
WHERE id = :id
""")


async def claim_task(*, session: AsyncSession, desk: Desk, actor: Actor, task_id: UUID, now: datetime) -> TaskItem:
    """Take a task on for the time of a lease; again for the same officer prolongs it.

    Raises Forbidden, NotFound, TaskClosed, TaskHeldByAnother.
    """
    task = await _open(session, desk, actor, task_id, now)
    until = now + desk.claim_lease
    await session.execute(_CLAIM, {"id": task_id, "by": actor.account_id, "until": until})
    return replace(task, claimed_by=actor.account_id, claimed_until=until)


async def finish_task(
    *, session: AsyncSession, desk: Desk, actor: Actor, task_id: UUID, note: str, now: datetime
) -> TaskItem:
    """What was done about it, for the office alone; the task is done. Raises as `claim_task`, and BadContent."""
    task = await _open(session, desk, actor, task_id, now)
    if not note.strip():
        raise BadContent("対応の内容を入力してください。")
    kept = desk.lock_away(note, contexts.of_task(task_id))
    await session.execute(_FINISH, {"id": task_id, "now": now, "by": actor.account_id, "note": kept})
    return replace(task, state="done", claimed_by=None, claimed_until=None, closed_at=now, closed_by=actor.account_id)


async def _open(session: AsyncSession, desk: Desk, actor: Actor, task_id: UUID, now: datetime) -> TaskItem:
    """The task, with its application locked; refused when it is closed, or in another officer's hands."""
    allow(actor, Action.WORK_TASK)
    application_id = (await session.execute(_FIND, {"id": task_id})).scalar_one_or_none()
    if application_id is None:
        raise NotFound
    await open_locked(session, desk, actor, Action.WORK_TASK, application_id, now=now)
    task = await task_item(session=session, task_id=task_id, now=now)
    if task.state != "open":
        raise TaskClosed(task_id=str(task_id), state=task.state)
    if task.claimed_by not in {None, actor.account_id}:
        raise TaskHeldByAnother(task_id=str(task_id))
    return task
