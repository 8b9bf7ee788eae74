"""Routes of the office."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from kit.http import ActorDep, NowDep, SessionDep
from kit.idempotency import OnceDep

from applications.api import schemas
from applications.api.context import DeskDep
from applications.commands import reviews as commands
from applications.domain import UNDECIDED
from applications.queries import reviews as queries

router = APIRouter(prefix="/v1/reviews", tags=["reviews"])
StateQuery = Annotated[
    Literal["waiting", "recommended", "approved", "rejected"] | None, Query(description="all undecided ones if missing")
]


@router.get("")
async def worklist(
    session: SessionDep,
    actor: ActorDep,
    now: NowDep,
    state: StateQuery = None,
    cursor: Annotated[str | None, Query(max_length=300)] = None,
) -> schemas.ReviewPage:
    """The worklist by due day and age."""
    items, next_cursor = await queries.worklist(
        session=session, actor=actor, states=[state] if state else sorted(UNDECIDED), cursor=cursor, now=now
    )
    return schemas.ReviewPage(items=[schemas.ReviewItem.of(item) for item in items], next_cursor=next_cursor)


@router.get("/{review_id}")
async def view(review_id: UUID, session: SessionDep, actor: ActorDep, desk: DeskDep, now: NowDep) -> schemas.ReviewBody:
    """One review with what was submitted. Reading it is recorded."""
    found = await queries.view_review(session=session, desk=desk, actor=actor, review_id=review_id, now=now)
    return schemas.ReviewBody.of_view(found)


@router.post("/{review_id}/claim", response_model=schemas.ReviewState)
async def claim(
    review_id: UUID, once: OnceDep, session: SessionDep, actor: ActorDep, desk: DeskDep, now: NowDep
) -> Response:
    """Take the review on for a while; again to prolong it."""

    async def work() -> schemas.ReviewState:
        return schemas.ReviewState.of(
            await commands.claim_review(session=session, desk=desk, actor=actor, review_id=review_id, now=now)
        )

    return await once(work, status=200)


@router.post("/{review_id}/release", response_model=schemas.ReviewState)
async def release(
    review_id: UUID, once: OnceDep, session: SessionDep, actor: ActorDep, desk: DeskDep, now: NowDep
) -> Response:
    """Give the review back to the worklist."""

    async def work() -> schemas.ReviewState:
        return schemas.ReviewState.of(
            await commands.release_review(session=session, desk=desk, actor=actor, review_id=review_id, now=now)
        )

    return await once(work, status=200)


@router.post("/{review_id}/recommend", response_model=schemas.ReviewState)
async def recommend(
    review_id: UUID, once: OnceDep, session: SessionDep, actor: ActorDep, desk: DeskDep, now: NowDep
) -> Response:
    """Recommend the approval to a second officer."""

    async def work() -> schemas.ReviewState:
        return schemas.ReviewState.of(
            await commands.recommend_approval(session=session, desk=desk, actor=actor, review_id=review_id, now=now)
        )

    return await once(work, status=200)


@router.post("/{review_id}/approve", response_model=schemas.ReviewState)
async def approve(
    review_id: UUID, once: OnceDep, session: SessionDep, actor: ActorDep, desk: DeskDep, now: NowDep
) -> Response:
    """承認, by another officer than the one who recommended it."""

    async def work() -> schemas.ReviewState:
        return schemas.ReviewState.of(
            await commands.approve_application(session=session, desk=desk, actor=actor, review_id=review_id, now=now)
        )

    return await once(work, status=200)


@router.post("/{review_id}/reject", response_model=schemas.ReviewState)
async def reject(
    review_id: UUID,
    body: schemas.Reject,
    once: OnceDep,
    session: SessionDep,
    actor: ActorDep,
    desk: DeskDep,
    now: NowDep,
) -> Response:
    """否認: back to the applicant for correction."""

    async def work() -> schemas.ReviewState:
        return schemas.ReviewState.of(
            await commands.reject_application(
                session=session,
                desk=desk,
                actor=actor,
                review_id=review_id,
                reason=body.reason,
                remarks=[commands.Remark(one.field, one.text) for one in body.remarks],
                now=now,
            )
        )

    return await once(work, status=200)
