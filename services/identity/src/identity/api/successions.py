"""The change of an association's representative (代表者変更, ID-12)."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Response
from kit.http import NowDep, SessionDep
from kit.idempotency import OnceDep

from identity import queries
from identity.api.deps import ContextDep, Holder, TokenAttempt, open_to, permitted, permitted_with_code
from identity.commands import successions, takeover
from identity.commands.audit import officer
from identity.domain.people import Holder as Person
from identity.permissions import Action, Relation
from identity.schemas import common
from identity.schemas import invitations as schemas
from identity.terms import secret_questions

router = APIRouter(prefix="/v1", tags=["successions"])

NEXT_ONE = open_to(Relation.MAILED_LINK, Action.TAKE_OVER)
OBJECTING = open_to(Relation.MAILED_LINK, Action.OBJECT_TO_SUCCESSION)
OWN = permitted(Action.CHANGE_REPRESENTATIVE)
OWN_WITH_CODE = permitted_with_code(Action.CHANGE_REPRESENTATIVE)
AT_COUNTER = permitted(Action.CHANGE_REPRESENTATIVE, Relation.COUNTER)
AT_COUNTER_WITH_CODE = permitted_with_code(Action.CHANGE_REPRESENTATIVE, Relation.COUNTER)


def _next_one(body: schemas.NextRepresentative) -> Person:
    return Person(name_kanji=body.name_kanji, name_kana=body.name_kana, mail=body.mail)


# The present representative


@router.post(
    "/successions",
    status_code=201,
    response_model=schemas.SuccessionId,
    summary="Name the next representative",
)
async def start_own(
    body: schemas.OwnSuccessionBody,
    holder: Annotated[Holder, OWN_WITH_CODE],
    session: SessionDep,
    context: ContextDep,
    once: OnceDep,
    now: NowDep,
) -> Response:
    """代表者変更 by the present representative, with a one-time password; the next one gets a link by mail."""
    actor, tools = holder.actor, context.tools

    async def work() -> schemas.SuccessionId:
        made = await successions.start_own(
            session, tools, actor=actor, code=body.code, next_one=_next_one(body), now=now
        )
        return schemas.SuccessionId(succession_id=made)

    return await once(work, status=201)


@router.get("/successions", response_model=schemas.OwnSuccessionList, summary="Who was to take over")
async def list_own(holder: Annotated[Holder, OWN], session: SessionDep, context: ContextDep, now: NowDep) -> Any:
    """Also what the office began for one's own association."""
    return {"items": await queries.successions(session, context.tools.keys, holder.actor.account_id, now)}


@router.delete("/successions/current", status_code=204, summary="Take that back, or object")
async def withdraw_own(holder: Annotated[Holder, OWN], session: SessionDep, now: NowDep) -> None:
    """Whoever began it: the mailed link stops working."""
    await successions.withdraw_own(session, account_id=holder.actor.account_id, now=now)


@router.post(
    "/successions/objections/inspect",
    response_model=schemas.ObjectionAnswer,
    dependencies=[TokenAttempt, OBJECTING],
    summary="What an objection would end",
)
async def inspect_objection(body: common.TokenBody, session: SessionDep, now: NowDep) -> Any:
    """For the page behind the link in the mail to the holder. Looking ends nothing (I-05)."""
    return await queries.succession_to_object(session, body.token, now)


@router.post(
    "/successions/objections",
    status_code=204,
    dependencies=[TokenAttempt, OBJECTING],
    summary="Object without a login",
)
async def object_to(body: common.TokenBody, session: SessionDep, now: NowDep) -> None:
    """Nobody takes the account over."""
    await successions.object_to(session, token=body.token, now=now)


# The office


@router.post(
    "/accounts/{account_id}/successions",
    status_code=201,
    response_model=schemas.SuccessionId,
    summary="Name an association's next representative",
)
async def start_for(
    account_id: UUID,
    body: schemas.SuccessionBody,
    holder: Annotated[Holder, AT_COUNTER_WITH_CODE],
    session: SessionDep,
    context: ContextDep,
    once: OnceDep,
    now: NowDep,
) -> Response:
    """代表者変更 by the office, when the present representative cannot do it. Waits for a second officer."""
    actor, tools = holder.actor, context.tools

    async def work() -> schemas.SuccessionId:
        made = await successions.start(
            session,
            tools,
            actor=actor,
            by=officer(actor, body.reason),
            code=body.code,
            account_id=account_id,
            next_one=_next_one(body),
            now=now,
        )
        return schemas.SuccessionId(succession_id=made)

    return await once(work, status=201)


@router.get(
    "/accounts/{account_id}/successions",
    response_model=schemas.SuccessionList,
    dependencies=[AT_COUNTER],
    summary="Who was to take an association's account over",
)
async def list_for(account_id: UUID, session: SessionDep, context: ContextDep, now: NowDep) -> Any:
    """For the second officer to look at before confirming, and what became of earlier ones."""
    return {"items": await queries.successions(session, context.tools.keys, account_id, now)}


@router.post(
    "/accounts/{account_id}/successions/{succession_id}/confirm",
    status_code=204,
    summary="Confirm what another officer began",
)
async def confirm(
    account_id: UUID,
    succession_id: UUID,
    body: common.DeedBody,
    holder: Annotated[Holder, AT_COUNTER_WITH_CODE],
    session: SessionDep,
    context: ContextDep,
    now: NowDep,
) -> None:
    """With a one-time password; then the next representative gets a link by mail."""
    await successions.confirm(
        session,
        context.tools,
        actor=holder.actor,
        by=officer(holder.actor, body.reason),
        code=body.code,
        account_id=account_id,
        succession_id=succession_id,
        now=now,
    )


@router.post("/accounts/{account_id}/successions/withdraw", status_code=204, summary="Take that back")
async def withdraw_for(
    account_id: UUID,
    body: schemas.WithdrawalBody,
    holder: Annotated[Holder, AT_COUNTER],
    session: SessionDep,
    now: NowDep,
) -> None:
    """The mailed link stops working."""
    by = officer(holder.actor, body.reason)
    await successions.withdraw_for(session, by=by, account_id=account_id, now=now)


@router.get(
    "/accounts/{account_id}/representatives",
    response_model=schemas.Representatives,
    dependencies=[AT_COUNTER],
    summary="Who has represented an association",
)
async def representatives(account_id: UUID, session: SessionDep, context: ContextDep) -> Any:
    """The history of the account's holders, the present one last."""
    return {"items": await queries.representatives(session, context.tools.keys, account_id)}


# The next representative


@router.post(
    "/successions/inspect",
    response_model=schemas.SuccessorAnswer,
    dependencies=[TokenAttempt, NEXT_ONE],
    summary="Who is to take over",
)
async def inspect(body: common.TokenBody, session: SessionDep, context: ContextDep, now: NowDep) -> Any:
    """The secret question of the former representative, for the next one to answer (ID-12)."""
    row = await queries.open_succession(session, body.token, now)
    account = await queries.account_of(session, row.account_id)
    holder = queries.holder_of(context.tools.keys, row)
    return {
        "name_kanji": holder.name_kanji,
        "name_kana": holder.name_kana,
        "mail": holder.mail,
        "former_question": secret_questions()[account.secret_question or ""],
        "expires_at": row.expires_at,
    }


@router.post(
    "/successions/complete",
    response_model=common.Committed,
    dependencies=[TokenAttempt, NEXT_ONE],
    summary="Take over",
)
async def complete(body: schemas.TakeOverBody, context: ContextDep, now: NowDep) -> Any:
    """The former representative's answer, and a question and answer of one's own; mails NO-03 and NO-04 follow."""
    taken = await takeover.complete(context.database, context.tools, **body.model_dump(), now=now)
    return {"account_id": taken}
