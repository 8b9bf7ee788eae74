"""Invitations to take part in an application (GL-069)."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Response
from kit.http import NowDep, SessionDep
from kit.idempotency import OnceDep

from identity import queries
from identity.api.deps import ContextDep, Holder, TokenAttempt, open_to, permitted
from identity.commands import invitations
from identity.permissions import Action, Relation
from identity.schemas import common
from identity.schemas import invitations as schemas

router = APIRouter(prefix="/v1", tags=["invitations"])

INVITED = open_to(Relation.MAILED_LINK, Action.ACCEPT_INVITATION)


@router.post("/invitations", status_code=201, response_model=schemas.InvitationId, summary="Invite somebody")
async def invite(
    body: schemas.InvitationBody,
    holder: Annotated[Holder, permitted(Action.INVITE)],
    session: SessionDep,
    context: ContextDep,
    once: OnceDep,
    now: NowDep,
) -> Response:
    """A joint debtor of one's own application; a mail with a link follows, which works for seven days, once."""

    async def work() -> schemas.InvitationId:
        made = await invitations.invite(session, context.tools, actor=holder.actor, **body.model_dump(), now=now)
        return schemas.InvitationId(invitation_id=made)

    return await once(work, status=201)


@router.get("/invitations", response_model=schemas.InvitationList, summary="Whom one invited")
async def list_own(
    holder: Annotated[Holder, permitted(Action.INVITE)],
    session: SessionDep,
    context: ContextDep,
    now: NowDep,
) -> Any:
    """The newest hundred, and what became of them."""
    return {"items": await queries.own_invitations(session, context.tools.keys, holder.actor.account_id, now)}


@router.delete("/invitations/{invitation_id:uuid}", status_code=204, summary="Withdraw an invitation")
async def withdraw(
    invitation_id: UUID,
    holder: Annotated[Holder, permitted(Action.INVITE)],
    session: SessionDep,
    now: NowDep,
) -> None:
    """Its link stops working. One that was accepted cannot be withdrawn here: the application knows its parties."""
    await invitations.withdraw(session, actor=holder.actor, invitation_id=invitation_id, now=now)


@router.post(
    "/invitations/inspect",
    response_model=schemas.InvitedAnswer,
    dependencies=[TokenAttempt, INVITED],
    summary="Who is invited",
)
async def inspect_invitation(body: common.TokenBody, session: SessionDep, context: ContextDep, now: NowDep) -> Any:
    """For the screen behind the link. Looking does not use the link up (I-05)."""
    row = await queries.open_invitation(session, body.token, now)
    holder = queries.holder_of(context.tools.keys, row)
    return {
        "name_kanji": holder.name_kanji,
        "name_kana": holder.name_kana,
        "mail": holder.mail,
        "role": row.role,
        "expires_at": row.expires_at,
    }


@router.post(
    "/invitations/register",
    status_code=201,
    response_model=common.Committed,
    dependencies=[TokenAttempt, INVITED],
    summary="Accept, with a new account",
)
async def register_invited(body: common.CommitBody, context: ContextDep, now: NowDep) -> Any:
    """Secret question and consent, as in a registration; mails NO-03 and NO-04 follow."""
    made = await invitations.accept_with_new_account(context.database, context.tools, **body.model_dump(), now=now)
    return {"account_id": made}


@router.post("/invitations/accept", response_model=schemas.AcceptedInvitation, summary="Accept, being logged in")
async def accept(
    body: common.TokenBody,
    holder: Annotated[Holder, permitted(Action.ACCEPT_INVITATION)],
    session: SessionDep,
    now: NowDep,
) -> Any:
    """With the account that one has. Used up, the link works no second time: 410."""
    return {"application_id": await invitations.accept(session, actor=holder.actor, token=body.token, now=now)}
