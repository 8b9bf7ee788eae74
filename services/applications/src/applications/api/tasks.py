"""Routes of the office's tasks."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from kit.http import ActorDep, NowDep, SessionDep
from kit.idempotency import OnceDep
from madoguchi_contracts import Key

from applications.api.context import DeskDep
from applications.api.schemas import tasks as schemas
from applications.commands import tasks as commands
from applications.queries import tasks as queries

router = APIRouter(prefix="/v1/tasks", tags=["tasks"])


@router.get("")
async def queue(
    session: SessionDep,
    actor: ActorDep,
    now: NowDep,
    kind: Annotated[Key | None, Query(description="all kinds if missing")] = None,
    overdue: Annotated[bool, Query(description="only those whose day is over")] = False,
    cursor: Annotated[str | None, Query(max_length=300)] = None,
) -> schemas.TaskPage:
    """What the office has to look at, those that are due first before the others."""
    items, following = await queries.queue(
        session=session, actor=actor, kind=kind, overdue=overdue, cursor=cursor, now=now
    )
    return schemas.TaskPage(items=[schemas.TaskItemBody.of(one) for one in items], next_cursor=following)


@router.post("/{task_id}/claim", response_model=schemas.TaskItemBody)
async def claim(
    task_id: UUID, once: OnceDep, session: SessionDep, actor: ActorDep, desk: DeskDep, now: NowDep
) -> Response:
    """Take the task on for a while; again to prolong it."""

    async def work() -> schemas.TaskItemBody:
        return schemas.TaskItemBody.of(
            await commands.claim_task(session=session, desk=desk, actor=actor, task_id=task_id, now=now)
        )

    return await once(work, status=200)


@router.post("/{task_id}/finish", response_model=schemas.TaskItemBody)
async def finish(
    task_id: UUID,
    body: schemas.Finishing,
    once: OnceDep,
    session: SessionDep,
    actor: ActorDep,
    desk: DeskDep,
    now: NowDep,
) -> Response:
    """Say what was done about it, for the office alone: the task is done."""

    async def work() -> schemas.TaskItemBody:
        return schemas.TaskItemBody.of(
            await commands.finish_task(
                session=session, desk=desk, actor=actor, task_id=task_id, note=body.note, now=now
            )
        )

    return await once(work, status=200)
