"""HTTP: what staff may see of the mails."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from kit.http import SessionDep, require

from notifications import queries
from notifications.delivery import State
from notifications.domain import Template
from notifications.permissions import MAY, Action
from notifications.schemas import MessageItem, MessagePage

router = APIRouter(prefix="/v1/messages", tags=["messages"])

Cursor = Annotated[str | None, Query(pattern=r"^[0-9]{1,18}$", description="`next_cursor` of the page before")]


@router.get("", summary="List mails", dependencies=[Depends(require(*MAY[Action.LIST_MESSAGES]))])
async def list_messages(
    session: SessionDep,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    state: State | None = None,
    template: Template | None = None,
    account_id: UUID | None = None,
) -> MessagePage:
    """The mails, newest first, for the office and operators: what was sent when and how often it was tried."""
    before = int(cursor) if cursor else queries.NEWEST
    rows = await queries.list_messages(
        session, before=before, limit=limit, state=state, template=template, account_id=account_id
    )
    items = [MessageItem.model_validate(row, from_attributes=True) for row in rows]
    return MessagePage(items=items, next_cursor=str(rows[-1].seq) if len(rows) == limit else None)
