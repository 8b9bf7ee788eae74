"""Online identity verification (ID-70 to ID-77)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from kit.http import NowDep, SessionDep
from kit.idempotency import OnceDep
from kit.providers.callbacks import check_callback, read_hint

from identity import queries
from identity.api.deps import ContextDep, Holder, TokenAttempt, open_to, permitted, qr_svg
from identity.clients import Callback
from identity.commands import ekyc
from identity.domain.ekyc import METHOD_LABELS, EkycMethod, EkycStatus
from identity.permissions import Action, Relation
from identity.schemas import common
from identity.schemas import ekyc as schemas
from identity.terms import guidance

router = APIRouter(prefix="/v1/ekyc", tags=["ekyc"])


@router.post("", status_code=201, response_model=schemas.EkycStarted, summary="Start identity verification")
async def start(
    body: schemas.EkycBody,
    holder: Annotated[Holder, permitted(Action.START_EKYC)],
    context: ContextDep,
    session: SessionDep,
    once: OnceDep,
    now: NowDep,
) -> Response:
    """受付: mail NO-08 follows; an earlier run becomes void (ID-74, I-22)."""

    async def work() -> schemas.EkycStarted:
        # Each run costs a call to the provider and a mail.
        await context.tools.limiter.count(session, "ekyc_account", str(holder.actor.account_id), now)
        attempt = await ekyc.start(session, actor=holder.actor, method=body.method, now=now)
        return schemas.EkycStarted(ekyc_id=attempt.id, status=EkycStatus.METHOD_CHOSEN)

    return await once(work, status=201)


@router.get("", response_model=schemas.EkycAnswer, summary="How far it has come")
async def show(
    holder: Annotated[Holder, permitted(Action.SEE_EKYC)],
    session: SessionDep,
) -> Any:
    """eKYCの実施状況 (ID-77)."""
    return await queries.own_ekyc(session, holder.actor.account_id)


@router.get(
    "/methods",
    response_model=schemas.EkycMethods,
    dependencies=[open_to(Relation.STRANGER, Action.READ_PUBLIC)],
    summary="Methods to choose from",
)
async def methods() -> Any:
    """本人確認方法の選択: what each needs (ID-71 to ID-73)."""
    told = guidance()["ekyc"]
    return {"methods": [{"method": one, "label": METHOD_LABELS[one], **told[one]} for one in EkycMethod]}


@router.post(
    "/open",
    response_model=schemas.EkycPlace,
    dependencies=[TokenAttempt, open_to(Relation.MAILED_LINK, Action.OPEN_EKYC_LINK)],
    summary="The QR code page",
)
async def open_link(body: common.TokenBody, session: SessionDep, context: ContextDep, now: NowDep) -> Any:
    """For the screen behind the link of mail NO-08 (ID-75)."""
    url = await ekyc.open_link(session, context.tools, token=body.token, now=now)
    return {"url": url, "qr_svg": qr_svg(url)}


@router.post(
    "/callbacks",
    status_code=204,
    dependencies=[open_to(Relation.STRANGER, Action.TELL_OF_EKYC)],
    summary="For the provider",
    # The signature is over the bytes as they came, so the body is read here and not by FastAPI.
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/json": {"schema": Callback.model_json_schema()}}}
    },
)
async def callback(
    request: Request,
    session: SessionDep,
    context: ContextDep,
    now: NowDep,
    x_ekyc_timestamp: Annotated[str, Header()] = "",
    x_ekyc_signature: Annotated[str, Header()] = "",
) -> None:
    """A hint that a verification changed, signed by the provider: HMAC-SHA256 of `<timestamp>.<body>`, hex."""
    body = await request.body()
    secret = context.ekyc_callback_secret
    check_callback(secret, timestamp=x_ekyc_timestamp, signature=x_ekyc_signature, body=body, now=now)
    hint = read_hint(Callback, body)
    await ekyc.take_callback(session, event_id=hint.event_id, verification_id=hint.verification_id, now=now)
