"""Routes of the log of what is provided to third parties."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from kit.http import ActorDep, NowDep, SessionDep
from kit.idempotency import OnceDep

from applications.api.context import DeskDep
from applications.api.schemas.provisions import NewProvision, ProvisionBody, ProvisionPage, Recorded
from applications.provisions import commands, queries

router = APIRouter(prefix="/v1", tags=["personal data"])
CursorQuery = Annotated[str | None, Query(max_length=300)]


@router.get("/provisions")
async def about_me(session: SessionDep, actor: ActorDep, cursor: CursorQuery = None) -> ProvisionPage:
    """What was given to third parties about oneself: to whom, which data, what for, when."""
    items, following = await queries.about_me(session=session, actor=actor, cursor=cursor)
    return ProvisionPage(items=[ProvisionBody.model_validate(one) for one in items], next_cursor=following)


@router.get("/applications/{application_id}/provisions")
async def of_application(
    application_id: UUID,
    session: SessionDep,
    actor: ActorDep,
    desk: DeskDep,
    now: NowDep,
    cursor: CursorQuery = None,
) -> ProvisionPage:
    """The log of an application, for the office. Reading it is recorded."""
    items, following = await queries.of_application(
        session=session, desk=desk, actor=actor, application_id=application_id, cursor=cursor, now=now
    )
    return ProvisionPage(items=[ProvisionBody.model_validate(one) for one in items], next_cursor=following)


@router.post("/applications/{application_id}/provisions", status_code=201, response_model=Recorded)
async def record(
    application_id: UUID,
    body: NewProvision,
    once: OnceDep,
    session: SessionDep,
    actor: ActorDep,
    desk: DeskDep,
    now: NowDep,
) -> Response:
    """Record what the office gives to somebody outside of any step, before it does; refused where that may not be."""

    async def work() -> Recorded:
        await commands.record_by_hand(
            session=session,
            desk=desk,
            actor=actor,
            application_id=application_id,
            person=body.person,
            which=body.which,
            provision=body.provision(),
            now=now,
        )
        return Recorded(provided_at=now)

    return await once(work)
