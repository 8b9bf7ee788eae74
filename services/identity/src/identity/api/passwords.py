"""Passwords (ID-16 to ID-18, ID-49 to ID-53) and the user ID reminder (ID-60 to ID-62)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from kit.http import NowDep, SessionDep

from identity import queries
from identity.api.deps import ACCEPTED, ContextDep, Holder, NetworkDep, TokenAttempt, open_to, permitted
from identity.commands import passwords, reminders
from identity.permissions import Action, Relation
from identity.schemas import common
from identity.schemas import passwords as schemas

router = APIRouter(prefix="/v1", tags=["passwords"])


@router.post(
    "/passwords/inspect",
    response_model=schemas.PasswordLinkAnswer,
    dependencies=[TokenAttempt, open_to(Relation.MAILED_LINK, Action.SET_PASSWORD)],
    summary="What a password link is for",
)
async def inspect(body: common.TokenBody, session: SessionDep, now: NowDep) -> Any:
    """For the screen 次の操作を実行します: a mail scanner that gets here uses nothing up (ID-16)."""
    link = await queries.open_password_link(session, body.token, now)
    return {"purpose": link.purpose}


@router.post(
    "/passwords/set",
    status_code=204,
    dependencies=[TokenAttempt, open_to(Relation.MAILED_LINK, Action.SET_PASSWORD)],
    summary="Set the password",
)
async def set_password(body: schemas.SetPasswordBody, context: ContextDep, now: NowDep) -> None:
    """送信 on パスワード更新: mail NO-05 follows (ID-18, ID-51)."""
    await passwords.set_password(context.database, context.tools, **body.model_dump(), now=now)


# No Idempotency-Key: it keeps a fast hash of the request, from which the passwords in it could be guessed. A repeated
# request is refused, because the current password in it is not the current one any more.
@router.post("/passwords/change", status_code=204, summary="Change the password")
async def change(
    body: schemas.ChangePasswordBody,
    holder: Annotated[Holder, permitted(Action.CHANGE_PASSWORD)],
    context: ContextDep,
    now: NowDep,
) -> None:
    """更新 on パスワード変更; only with `confirmed` anything changes (ID-49)."""
    await passwords.change_password(context.database, context.tools, actor=holder.actor, **body.model_dump(), now=now)


@router.post(
    "/passwords/reset-requests",
    dependencies=[open_to(Relation.STRANGER, Action.ASK_FOR_RESET)],
    status_code=202,
    response_model=common.Accepted,
    summary="Forgotten password",
)
async def request_reset(
    body: schemas.ResetRequestBody, session: SessionDep, context: ContextDep, network: NetworkDep, now: NowDep
) -> Any:
    """送信 on パスワードをお忘れですか?: the same answer for every user ID (ID-53)."""
    await passwords.request_reset(session, context.tools, user_id=body.user_id, network=network, now=now)
    return ACCEPTED


@router.post(
    "/user-id-reminders",
    dependencies=[open_to(Relation.STRANGER, Action.ASK_FOR_USER_ID)],
    response_model=schemas.ReminderQuestion,
    summary="Forgotten user ID",
)
async def ask(
    body: schemas.ReminderBody, session: SessionDep, context: ContextDep, network: NetworkDep, now: NowDep
) -> Any:
    """次へ進む: the secret question; strangers get one too (ID-61, I-19)."""
    asked = await reminders.ask(session, context.tools, name=body.name, mail=body.mail, network=network, now=now)
    return {"secret_question": asked.secret_question, "reminder_token": asked.token}


@router.post(
    "/user-id-reminders/answer",
    status_code=202,
    response_model=common.Accepted,
    dependencies=[TokenAttempt, open_to(Relation.STRANGER, Action.ASK_FOR_USER_ID)],
    summary="Answer the secret question",
)
async def answer(body: schemas.ReminderAnswerBody, context: ContextDep, now: NowDep) -> Any:
    """再通知メールを受け取る: mail NO-07 follows (ID-62)."""
    await reminders.answer(
        context.database, context.tools, token=body.reminder_token, secret_answer=body.answer, now=now
    )
    return ACCEPTED
