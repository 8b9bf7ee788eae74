"""What the office reads of its tasks: the queue, and those of one application."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from kit.errors import NotFound
from kit.japan import to_jst
from kit.tokens import Actor
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications import desk as contexts
from applications.access import Action, allow
from applications.desk import Desk
from applications.queries.cursors import cursor_at, moment, place_at

PAGE = 50

_ITEM = """
SELECT t.id, t.application_id, a.reference, a.programme, t.kind, t.subject, t.rule, t.reason, t.due_on, t.raised_at,
       t.state, t.closed_at, t.closed_by,
       CASE WHEN t.claimed_until > :now THEN t.claimed_by END AS claimed_by,
       CASE WHEN t.claimed_until > :now THEN t.claimed_until END AS claimed_until
FROM office_tasks t JOIN applications a ON a.id = t.application_id
"""
# Those without a day come last.
_PLACE = "(coalesce(t.due_on, DATE '9999-12-31'), t.raised_at, t.id)"
_QUEUE = text(f"""
{_ITEM}
WHERE t.state = 'open' AND (cast(:kind AS text) IS NULL OR t.kind = :kind)
  AND (NOT cast(:overdue AS boolean) OR t.due_on < cast(:today AS date))
  AND {_PLACE} > (cast(:due_on AS date), cast(:raised_at AS timestamptz), cast(:id AS uuid))
ORDER BY {_PLACE}
LIMIT :limit
""")
_ONE = text(f"{_ITEM} WHERE t.id = :id")
_OF_APPLICATION = text(f"""
{_ITEM.replace("t.closed_by", "t.closed_by, t.note")}
WHERE t.application_id = :application_id ORDER BY t.raised_at, t.id
""")
_START = (date.min, datetime.min.replace(tzinfo=UTC), UUID(int=0))


@dataclass(frozen=True)
class TaskItem:
    """One line of the queue: no personal data, so that looking at the list is not reading anybody's case.

    `subject` is the application, or the person whom it is about. `state`: open, done by an officer, or dropped because
    there was no ground for it any more. `closed_by` None is the system.
    """

    id: UUID
    application_id: UUID
    reference: str
    programme: str
    kind: str
    subject: UUID
    rule: str
    reason: str
    due_on: date | None
    raised_at: datetime
    state: str
    claimed_by: UUID | None
    claimed_until: datetime | None
    closed_at: datetime | None
    closed_by: UUID | None


@dataclass(frozen=True)
class Task(TaskItem):
    """A task with what was noted when it was finished."""

    note: str | None


async def queue(
    *,
    session: AsyncSession,
    actor: Actor,
    kind: str | None,
    overdue: bool,
    cursor: str | None,
    now: datetime,
) -> tuple[list[TaskItem], str | None]:
    """A page of the open tasks, of one kind or all, those that are due first before the others, and the cursor of the
    next page. `overdue`: only those whose day in Japan is over. Raises Forbidden, BadCursor.
    """
    allow(actor, Action.LIST_TASKS)
    due_on, raised_at, last = _START if cursor is None else place_at(cursor, date.fromisoformat, moment, UUID)
    where = {"due_on": due_on, "raised_at": raised_at, "id": last, "kind": kind, "overdue": overdue}
    found = await session.execute(_QUEUE, {**where, "today": to_jst(now).date(), "now": now, "limit": PAGE + 1})
    rows = found.all()
    items = [TaskItem(**row._mapping) for row in rows[:PAGE]]
    if len(rows) <= PAGE:
        return items, None
    return items, cursor_at(items[-1].due_on or date.max, items[-1].raised_at, items[-1].id)


async def task_item(*, session: AsyncSession, task_id: UUID, now: datetime) -> TaskItem:
    """A task's line of the queue; the caller has allowed the actor. Raises NotFound."""
    row = (await session.execute(_ONE, {"id": task_id, "now": now})).one_or_none()
    if row is None:
        raise NotFound
    return TaskItem(**row._mapping)


async def tasks_of(session: AsyncSession, desk: Desk, application_id: UUID, now: datetime) -> tuple[Task, ...]:
    """Every task of an application, oldest first; the caller has allowed the actor, who is of the office."""
    rows = (await session.execute(_OF_APPLICATION, {"application_id": application_id, "now": now})).all()
    found = []
    for row in rows:
        facts = dict(row._mapping)
        kept = facts.pop("note")
        found.append(Task(**facts, note=None if kept is None else desk.unlock(kept, contexts.of_task(row.id))))
    return tuple(found)
