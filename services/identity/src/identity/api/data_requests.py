"""Requests about personal data (開示・訂正・利用停止; GL-618, GL-622)."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from kit.disclosures import PURPOSE
from kit.http import NowDep, SessionDep
from kit.idempotency import OnceDep

from identity.api.deps import ContextDep, Holder, open_to, permitted, permitted_with_code
from identity.commands import audit, otp
from identity.commands import data_requests as commands
from identity.commands.audit import Deed, officer
from identity.permissions import Action, Relation
from identity.queries import data_requests as queries
from identity.schemas import data_requests as schemas

router = APIRouter(prefix="/v1", tags=["personal data"])

OWN = permitted(Action.ASK_ABOUT_DATA)
OWN_WITH_CODE = permitted_with_code(Action.ASK_ABOUT_DATA)
OFFICE = permitted(Action.HANDLE_DATA_REQUESTS, Relation.COUNTER)
OFFICE_WITH_CODE = permitted_with_code(Action.HANDLE_DATA_REQUESTS, Relation.COUNTER)
APPROVER_WITH_CODE = permitted_with_code(Action.DECIDE_DATA_REQUESTS, Relation.COUNTER)


@router.get(
    "/data-request-procedure",
    response_model=schemas.Procedure,
    dependencies=[open_to(Relation.STRANGER, Action.READ_PUBLIC)],
    summary="How long it takes, and what it costs",
)
async def procedure(context: ContextDep) -> Any:
    """The procedure and the fee of a disclosure are public (GL-618)."""
    said = context.tools.personal_data
    return {
        "answer_days": said.answer_days,
        "disclosure_fee_yen": said.fee_yen,
        "disclosure_days": said.disclosure.days,
    }


# The person


@router.post("/data-requests", status_code=201, response_model=schemas.RequestId, summary="Ask")
async def ask(
    body: schemas.NewRequest,
    holder: Annotated[Holder, OWN_WITH_CODE],
    session: SessionDep,
    context: ContextDep,
    once: OnceDep,
    now: NowDep,
) -> Response:
    """For disclosure, correction or suspension of use of the data that is held of oneself, in all services.

    With a one-time password: a session alone confirms nobody. If eKYC of the account has passed, whenever that was, the
    two together identify the person at once.
    """

    async def work() -> schemas.RequestId:
        await otp.spend(session, context.tools, actor=holder.actor, code=body.code, now=now)
        row = await commands.ask(
            session, context.tools, actor=holder.actor, kind=body.kind, details=body.details, now=now
        )
        return schemas.RequestId.model_validate({"request_id": row.id, "state": row.state, "due_on": row.due_on})

    return await once(work, status=201)


@router.get("/data-requests", response_model=schemas.OwnRequestList, summary="What one asked")
async def own(holder: Annotated[Holder, OWN], session: SessionDep, context: ContextDep) -> Any:
    """With what was answered."""
    return {"items": await queries.own_requests(session, context.tools, holder.actor.account_id)}


@router.delete("/data-requests/{request_id}", status_code=204, summary="Withdraw a request")
async def withdraw(request_id: UUID, holder: Annotated[Holder, OWN], session: SessionDep, now: NowDep) -> None:
    """Its history stays."""
    await commands.withdraw(session, actor=holder.actor, request_id=request_id, now=now)


@router.get("/data-requests/{request_id}/disclosure", response_model=schemas.Disclosure, summary="Read a disclosure")
async def disclosure(
    request_id: UUID, holder: Annotated[Holder, OWN], session: SessionDep, context: ContextDep, now: NowDep
) -> Any:
    """What identity holds, and a grant: `GET /v1/disclosure` of each other service tells what that one holds."""
    account_id = holder.actor.account_id
    row = await queries.open_disclosure(session, account_id, request_id, now)
    signer = await context.tools.signing.signer(context.database, now)
    digest = hashlib.sha256(str(account_id).encode()).hexdigest()
    return {
        "grant": signer.proof(account_id=account_id, purpose=PURPOSE, digest=digest, now=now),
        "available_until": row.available_until,
        "parts": await queries.held_about(session, context.tools, account_id),
    }


# The office


@router.get("/counter/data-requests", response_model=schemas.WaitingList, dependencies=[OFFICE], summary="What waits")
async def waiting(
    session: SessionDep,
    now: NowDep,
    after: Annotated[UUID | None, Query(description="the last request of the page before")] = None,
) -> Any:
    """Requests that are open or wait for a second officer, by the day on which they are due."""
    return {"items": await queries.waiting(session, now, after)}


@router.get("/counter/data-requests/{request_id}", response_model=schemas.OfficeRequest, summary="One request")
async def show(
    request_id: UUID, holder: Annotated[Holder, OFFICE], session: SessionDep, context: ContextDep, now: NowDep
) -> Any:
    """With its texts. Reading it is recorded."""
    found = await queries.request_of(session, context.tools, request_id, now)
    by = officer(holder.actor, "GL-618")
    await audit.note(session, Deed.READ_DATA_REQUEST, by=by, subject_id=found["account_id"], now=now)
    return found


@router.post("/counter/data-requests/{request_id}/identify", status_code=204, summary="The person is the customer")
async def identify(
    request_id: UUID,
    body: schemas.IdentifyBody,
    holder: Annotated[Holder, OFFICE_WITH_CODE],
    session: SessionDep,
    context: ContextDep,
    now: NowDep,
) -> None:
    """Seen at the counter; or eKYC of the account has passed by now, beside the one-time password that came with the
    request. With a one-time password of the officer.
    """
    await otp.spend(session, context.tools, actor=holder.actor, code=body.code, now=now)
    await commands.identify(
        session, actor=holder.actor, request_id=request_id, seen_at_counter=body.seen_at_counter, now=now
    )


@router.post("/counter/data-requests/{request_id}/propose", status_code=204, summary="Propose a decision")
async def propose(
    request_id: UUID,
    body: schemas.ProposeBody,
    holder: Annotated[Holder, OFFICE_WITH_CODE],
    session: SessionDep,
    context: ContextDep,
    now: NowDep,
) -> None:
    """Waits for another officer, an approver. With a one-time password."""
    await otp.spend(session, context.tools, actor=holder.actor, code=body.code, now=now)
    await commands.propose(
        session, context.tools, actor=holder.actor, request_id=request_id, step=body.step, words=body.words, now=now
    )


@router.post("/counter/data-requests/{request_id}/decide", status_code=204, summary="Decide what was proposed")
async def decide(
    request_id: UUID,
    body: schemas.DecideBody,
    holder: Annotated[Holder, APPROVER_WITH_CODE],
    session: SessionDep,
    context: ContextDep,
    now: NowDep,
) -> None:
    """By another officer than the one who proposed it, with a one-time password. The person is told by mail that there
    is an answer.
    """
    await otp.spend(session, context.tools, actor=holder.actor, code=body.code, now=now)
    await commands.decide(
        session, context.tools, actor=holder.actor, request_id=request_id, proposal=body.proposal, now=now
    )
