"""HTTP: what staff may see of the mails, and what a person is told that is held of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from kit.disclosures import DisclosureBody, GrantedDep
from kit.http import AppContext, SessionDep, context_of, require
from kit.vault import Vault

from notifications import queries
from notifications.delivery import State
from notifications.disclosure import held_about
from notifications.domain import Template
from notifications.permissions import MAY, Action
from notifications.schemas import MessageItem, MessagePage

router = APIRouter(prefix="/v1", tags=["messages"])


@dataclass(frozen=True)
class Context(AppContext):
    """What requests work with: the kit's, and the keys of what is kept."""

    vault: Vault


async def _vault(request: Request) -> Vault:
    return cast(Context, context_of(request)).vault


Cursor = Annotated[str | None, Query(pattern=r"^[0-9]{1,18}$", description="`next_cursor` of the page before")]


@router.get("/messages", summary="List mails", dependencies=[Depends(require(*MAY[Action.LIST_MESSAGES]))])
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


@router.get("/disclosure", summary="What is held of oneself", tags=["personal data"])
async def disclosure(
    session: SessionDep, actor: GrantedDep, vault: Annotated[Vault, Depends(_vault)]
) -> DisclosureBody:
    """What this service holds of oneself (GL-618), with the grant that identity gives once the office has answered."""
    parts = await held_about(session, vault, actor.account_id)
    return DisclosureBody.model_validate({"service": "notifications", "parts": parts})
