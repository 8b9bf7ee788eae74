"""Login in two steps, sessions, one-time passwords (ID-26 to ID-48)."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Response
from kit.http import NowDep, SessionDep
from kit.idempotency import OnceDep

from identity import queries
from identity.api.deps import (
    ContextDep,
    Holder,
    IdentityContext,
    NetworkDep,
    TokenAttempt,
    access,
    by_session,
    idle_end,
    open_to,
    permitted,
    permitted_with_code,
    qr_svg,
)
from identity.commands import otp, sessions
from identity.permissions import Action, Relation
from identity.schemas import sessions as schemas
from identity.terms import guidance

router = APIRouter(prefix="/v1", tags=["sessions"])


@router.post(
    "/sessions",
    dependencies=[open_to(Relation.STRANGER, Action.LOG_IN)],
    response_model=schemas.LoggedInAnswer | schemas.OtpNext,
    summary="Log in: password",
)
async def log_in(body: schemas.LoginBody, context: ContextDep, network: NetworkDep, now: NowDep) -> Any:
    """ログイン: done at once, or a one-time password comes next (ID-35, ID-40)."""
    result = await sessions.log_in(
        context.database, context.tools, user_id=body.user_id, password=body.password, network=network, now=now
    )
    if isinstance(result, sessions.OtpDue):
        return {"login_token": result.login_token, "next": "otp" if result.enrolled else "enrol_otp"}
    return await _logged_in(context, result, now)


async def _logged_in(context: IdentityContext, result: sessions.LoggedIn, now: NowDep) -> dict[str, Any]:
    return {
        **await access(context, result.actor, result.landing, now),
        "session_expires_at": idle_end(now),
        "session_token": result.token,
        "next": "done",
    }


@router.post(
    "/otp/enrolment",
    response_model=schemas.EnrolmentAnswer,
    dependencies=[TokenAttempt, open_to(Relation.PASSWORD_GIVEN, Action.ENROL_OTP)],
    summary="New authenticator",
)
async def enrol(body: schemas.LoginTokenBody, session: SessionDep, context: ContextDep, now: NowDep) -> Any:
    """The secret for the authenticator app, told once (ID-47)."""
    made = await otp.enrol(session, context.tools, login_token=body.login_token, now=now)
    return {"otpauth_uri": made.otpauth_uri, "secret_text": made.secret, "qr_svg": qr_svg(made.otpauth_uri)}


@router.post(
    "/sessions/otp",
    response_model=schemas.LoggedInAnswer,
    dependencies=[TokenAttempt, open_to(Relation.PASSWORD_GIVEN, Action.GIVE_OTP)],
    summary="Log in: one-time password",
)
async def log_in_with_otp(body: schemas.OtpLoginBody, context: ContextDep, now: NowDep) -> Any:
    """The login is complete when the code is right (ID-35)."""
    result = await sessions.log_in_with_otp(
        context.database, context.tools, login_token=body.login_token, code=body.code, now=now
    )
    return await _logged_in(context, result, now)


@router.get(
    "/otp/guidance",
    response_model=schemas.OtpGuidance,
    dependencies=[open_to(Relation.STRANGER, Action.READ_PUBLIC)],
    summary="Authenticator apps",
)
async def otp_guidance() -> Any:
    """Which app, and the warnings to show with it (ID-44, ID-45)."""
    return guidance()["otp"]


@router.post(
    "/otp/reset",
    status_code=204,
    dependencies=[TokenAttempt, open_to(Relation.PASSWORD_GIVEN, Action.RESET_OTP)],
    summary="Void a lost authenticator",
)
async def reset_otp(body: schemas.OtpResetBody, context: ContextDep, now: NowDep) -> None:
    """ワンタイムパスワードトークンをリセットする: the next step is an enrolment (ID-46)."""
    await otp.reset(context.database, context.tools, **body.model_dump(), now=now)


# No Idempotency-Key, as everywhere with a password in the body. Repeated, it finds no authenticator any more: 409.
@router.post("/otp/void", status_code=204, summary="Void the authenticator of a stolen phone")
async def void_otp(
    body: schemas.OtpVoidBody, holder: Annotated[Holder, permitted(Action.RESET_OTP)], context: ContextDep, now: NowDep
) -> None:
    """Being logged in, with password and secret answer; other sessions end, and the next login enrols a new one."""
    await otp.void_own(context.database, context.tools, actor=holder.actor, **body.model_dump(), now=now)


@router.post("/sessions/refresh", response_model=schemas.Landed, summary="New access token")
async def refresh(
    holder: Annotated[Holder, by_session(Action.USE_SESSION)],
    session: SessionDep,
    context: ContextDep,
    now: NowDep,
) -> Any:
    """An operation of the user: the 30 minutes start again (ID-38). Send `Authorization: Session <session_token>`."""
    account = await queries.account_of(session, holder.actor.account_id)
    landed = await access(context, holder.actor, queries.landing_page(account), now)
    return {**landed, "session_expires_at": holder.session_expires_at}


@router.delete("/sessions/current", status_code=204, summary="Log out")
async def log_out(
    holder: Annotated[Holder, by_session(Action.USE_SESSION)],
    session: SessionDep,
    now: NowDep,
) -> None:
    """ログアウト (ID-39)."""
    await sessions.log_out(session, actor=holder.actor, now=now)


@router.get("/sessions", response_model=schemas.SessionList, summary="Where one is logged in")
async def list_sessions(
    holder: Annotated[Holder, permitted(Action.USE_SESSION)],
    session: SessionDep,
    now: NowDep,
) -> Any:
    """One's own sessions that are in use, the one used last first."""
    return {"items": await queries.own_sessions(session, holder.actor, now)}


@router.delete("/sessions/others", status_code=204, summary="Log out everywhere else")
async def end_others(
    holder: Annotated[Holder, by_session(Action.USE_SESSION)],
    session: SessionDep,
    now: NowDep,
) -> None:
    """End all of one's own sessions but this one; every service refuses their tokens within a second."""
    await sessions.end_others(session, actor=holder.actor, now=now)


# Only what has the form of an id: other words after /sessions/ are pages of their own.
@router.delete("/sessions/{session_id:uuid}", status_code=204, summary="End one session")
async def end_one(
    session_id: UUID,
    holder: Annotated[Holder, by_session(Action.USE_SESSION)],
    session: SessionDep,
    now: NowDep,
) -> None:
    """One of one's own, as `GET /v1/sessions` names it."""
    await sessions.end_one(session, actor=holder.actor, session_id=session_id, now=now)


@router.get("/me", response_model=schemas.Me, summary="Own account")
async def me(
    holder: Annotated[Holder, permitted(Action.SEE_ACCOUNT)],
    session: SessionDep,
    context: ContextDep,
) -> Any:
    """Who is logged in. The user ID is not shown: it comes by mail only (ID-62)."""
    return await queries.own_account(session, context.tools.keys, holder.actor.account_id)


@router.post(
    "/otp/proofs",
    status_code=201,
    response_model=schemas.ProofAnswer,
    summary="One-time password for another service",
)
async def prove(
    body: schemas.ProofBody,
    holder: Annotated[Holder, permitted_with_code(Action.PROVE_OTP)],
    session: SessionDep,
    context: ContextDep,
    once: OnceDep,
    now: NowDep,
) -> Response:
    """Uses the code up, and says so in a signed statement for this purpose and content (ID-40 c, d)."""
    actor, tools = holder.actor, context.tools

    async def work() -> otp.Given:
        return await otp.prove(session, tools, actor=actor, code=body.code, now=now)

    # What is kept for a repeated request cannot be used as a proof; the proof itself is nowhere in the database.
    kept = await once(work, status=201)
    given = otp.Given.model_validate_json(bytes(kept.body))
    signer = await tools.signing.signer(context.database, now)
    proof = given.signed(signer, actor=actor, purpose=body.purpose, digest=body.digest)
    answer = schemas.ProofAnswer(proof=proof).model_dump_json()
    replay = {name: value for name, value in kept.headers.items() if name == "idempotent-replay"}
    return Response(answer, kept.status_code, replay, media_type="application/json")
