"""Organisations and staff: what an operator does for the agency, and the office looks at."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from kit.http import NowDep, SessionDep
from kit.idempotency import OnceDep

from identity import queries
from identity.api.deps import ContextDep, Holder, permitted, permitted_with_code
from identity.commands import organisations, otp, staff
from identity.commands.audit import officer
from identity.errors import OwnAccount
from identity.permissions import Action, Relation
from identity.schemas import common
from identity.schemas import organisations as schemas

router = APIRouter(prefix="/v1", tags=["organisations"])

SEES = permitted(Action.SEE_ORGANISATIONS, Relation.COUNTER)
MANAGES = permitted(Action.MANAGE_ORGANISATIONS, Relation.COUNTER)
MANAGES_WITH_CODE = permitted_with_code(Action.MANAGE_ORGANISATIONS, Relation.COUNTER)
MANAGES_STAFF = permitted_with_code(Action.MANAGE_STAFF, Relation.COUNTER)
PAGE = 100


@router.post(
    "/organisations",
    status_code=201,
    response_model=schemas.OrganisationId,
    summary="Register an organisation",
)
async def register(
    body: schemas.NewOrganisationBody,
    holder: Annotated[Holder, MANAGES],
    session: SessionDep,
    once: OnceDep,
    now: NowDep,
) -> Response:
    """A management company, inspection body or bank that works with the agency."""
    by = officer(holder.actor, body.reason)

    async def work() -> schemas.OrganisationId:
        details = organisations.Details(**body.model_dump(exclude={"kind", "reason"}))
        made = await organisations.register(session, by=by, kind=body.kind, details=details, now=now)
        return schemas.OrganisationId(organisation_id=made)

    return await once(work, status=201)


@router.get(
    "/organisations", response_model=schemas.OrganisationPage, dependencies=[SEES], summary="Registered organisations"
)
async def list_all(
    session: SessionDep,
    cursor: Annotated[UUID | None, Query(description="`next_cursor` of the page before")] = None,
) -> Any:
    """All of them, also closed ones, a hundred at a time."""
    rows = await queries.organisations(session, cursor, PAGE)
    return {"items": rows, "next_cursor": rows[-1].id if len(rows) == PAGE else None}


@router.get(
    "/organisations/{organisation_id}", response_model=schemas.OrganisationAnswer, dependencies=[SEES], summary="One"
)
async def show(organisation_id: UUID, session: SessionDep) -> Any:
    """One organisation."""
    return await queries.organisation_of(session, organisation_id)


@router.put("/organisations/{organisation_id}", status_code=204, summary="Change an organisation")
async def change(
    organisation_id: UUID,
    body: schemas.OrganisationBody,
    holder: Annotated[Holder, MANAGES],
    session: SessionDep,
    now: NowDep,
) -> None:
    """Replace its data by the whole new data."""
    details = organisations.Details(**body.model_dump(exclude={"reason"}))
    by = officer(holder.actor, body.reason)
    await organisations.change(session, by=by, organisation_id=organisation_id, details=details, now=now)


@router.post(
    "/organisations/{organisation_id}/close",
    status_code=204,
    summary="Close an organisation",
)
async def close(
    organisation_id: UUID,
    body: common.DeedBody,
    holder: Annotated[Holder, MANAGES_WITH_CODE],
    session: SessionDep,
    context: ContextDep,
    now: NowDep,
) -> None:
    """None of its people can log in any more; their sessions end. Doing it again changes nothing."""
    await otp.spend(session, context.tools, actor=holder.actor, code=body.code, now=now)
    by = officer(holder.actor, body.reason)
    await organisations.close(session, by=by, organisation_id=organisation_id, now=now)


@router.get(
    "/organisations/{organisation_id}/staff",
    response_model=schemas.StaffList,
    dependencies=[SEES],
    summary="The people of an organisation",
)
async def list_staff(organisation_id: UUID, session: SessionDep, context: ContextDep) -> Any:
    """Their accounts."""
    await queries.organisation_of(session, organisation_id)
    return {"items": await queries.staff_of(session, context.tools.keys, organisation_id)}


@router.post("/staff", status_code=201, response_model=common.Committed, summary="Open an account")
async def add_staff(
    body: schemas.StaffBody,
    holder: Annotated[Holder, MANAGES_STAFF],
    session: SessionDep,
    context: ContextDep,
    once: OnceDep,
    now: NowDep,
) -> Response:
    """For somebody of the office, or of an organisation; mails NO-03 and NO-04 follow."""
    by, details = officer(holder.actor, body.reason), body.model_dump(exclude={"code", "reason"})

    async def work() -> common.Committed:
        await otp.spend(session, context.tools, actor=holder.actor, code=body.code, now=now)
        made = await staff.add_staff(session, context.tools, by=by, **details, now=now)
        return common.Committed(account_id=made)

    return await once(work, status=201)


@router.post("/staff/{account_id}/close", status_code=204, summary="Close an account")
async def close_staff(
    account_id: UUID,
    body: common.DeedBody,
    holder: Annotated[Holder, MANAGES_STAFF],
    session: SessionDep,
    context: ContextDep,
    now: NowDep,
) -> None:
    """Somebody left: they cannot log in any more. Doing it again changes nothing."""
    if account_id == holder.actor.account_id:
        raise OwnAccount(account_id=str(account_id))  # else the last operator could lock everybody out
    await otp.spend(session, context.tools, actor=holder.actor, code=body.code, now=now)
    await staff.close(session, by=officer(holder.actor, body.reason), account_id=account_id, now=now)
