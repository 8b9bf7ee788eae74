"""What is open of what the office asked to have mended, and what was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from kit.japan import to_jst
from kit.tokens import Actor
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications.access import OFFICE, Action, caller_of
from applications.cases import Application, open_for
from applications.commands.corrections import of_item
from applications.desk import Desk
from applications.queries.cursors import cursor_at, moment, place_at
from applications.workflow import EDIT

PAGE = 50

_PAGE = text("""
SELECT c.id, c.officer_id, c.requested_at, c.due_on, c.closed_at, c.outcome,
       (SELECT jsonb_agg(jsonb_build_object('position', i.position, 'field', i.field, 'slot', i.slot, 'subject',
               i.subject, 'content', i.content, 'mended', i.mended_at IS NOT NULL) ORDER BY i.position)
        FROM correction_items i WHERE i.correction_id = c.id
          AND (cast(:only_of AS uuid) IS NULL OR i.subject = :only_of)) AS items
FROM corrections c
WHERE c.application_id = :application_id
  AND (c.requested_at, c.id) > (cast(:requested_at AS timestamptz), cast(:id AS uuid))
  AND (cast(:only_of AS uuid) IS NULL
       OR EXISTS (SELECT 1 FROM correction_items i WHERE i.correction_id = c.id AND i.subject = :only_of))
ORDER BY c.requested_at, c.id LIMIT :limit
""")
_START = (datetime.min.replace(tzinfo=UTC), UUID(int=0))


@dataclass(frozen=True)
class Item:
    """A field or a slot, what is to be done about it, and whether that has happened."""

    field: str | None
    slot: str | None
    subject: UUID | None
    text: str
    mended: bool


@dataclass(frozen=True)
class CorrectionView:
    """A request. `outcome` None: it is open. `overdue`: its day in Japan is over, which ends nothing.

    `officer_id` is told to the office alone.
    """

    correction_id: UUID
    requested_at: datetime
    due_on: date | None
    overdue: bool
    outcome: str | None
    closed_at: datetime | None
    officer_id: UUID | None
    items: tuple[Item, ...]


async def list_corrections(
    *, session: AsyncSession, desk: Desk, actor: Actor, application_id: UUID, cursor: str | None, now: datetime
) -> tuple[list[CorrectionView], str | None]:
    """A page of the requests on an application, oldest first; to a party that may not edit it only what asks for that
    person's papers. Raises Forbidden, NotFound, BadCursor.
    """
    requested_at, last = _START if cursor is None else place_at(cursor, moment, UUID)
    application = await open_for(session, desk, actor, Action.VIEW_CORRECTIONS, application_id, now=now)
    where = {
        "application_id": application.id,
        "only_of": None if _sees_all(actor, application) else actor.account_id,
        "requested_at": requested_at,
        "id": last,
        "limit": PAGE + 1,
    }
    rows = (await session.execute(_PAGE, where)).all()
    items = [_view(desk, actor, row, to_jst(now).date()) for row in rows[:PAGE]]
    return items, cursor_at(items[-1].requested_at, items[-1].correction_id) if len(rows) > PAGE else None


def _sees_all(actor: Actor, application: Application) -> bool:
    caller = caller_of(actor)
    edits = any(caller.is_party(one) and EDIT in one.grants for one in application.parties)
    return actor.role in OFFICE or application.account_id == actor.account_id or edits


def _view(desk: Desk, actor: Actor, row: Any, today: date) -> CorrectionView:
    items = [
        Item(
            field=one["field"],
            slot=one["slot"],
            subject=UUID(one["subject"]) if one["subject"] else None,
            text=desk.unlock(one["content"], of_item(row.id, one["position"])),
            mended=one["mended"],
        )
        for one in row.items
    ]
    return CorrectionView(
        correction_id=row.id,
        requested_at=row.requested_at,
        due_on=row.due_on,
        overdue=row.due_on is not None and row.outcome is None and row.due_on < today,
        outcome=row.outcome,
        closed_at=row.closed_at,
        officer_id=row.officer_id if actor.role in OFFICE else None,
        items=tuple(items),
    )
