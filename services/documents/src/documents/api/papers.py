"""Routes of the office for papers that come by post."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from kit.http import ActorDep, IfMatchDep, NowDep, SessionDep, set_etag
from kit.idempotency import OnceDep

from documents import commands, queries
from documents.schemas import AwaitedBody, AwaitedPage, PaperBody, PaperRequest, PapersBody

router = APIRouter(prefix="/v1", tags=["papers"])

Cursor = Annotated[
    str | None,
    Query(
        pattern=r"^[0-9]{1,17}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
        description="`next_cursor` of the page before",
    ),
]


@router.post("/applications/{application_id}/papers", status_code=201, response_model=PaperBody)
async def record_paper(
    application_id: UUID, body: PaperRequest, session: SessionDep, actor: ActorDep, now: NowDep, once: OnceDep
) -> Response:
    """Record that a paper arrived; the answer says what the rule makes of it (DO-34)."""

    async def work() -> PaperBody:
        posted = await commands.record_paper(
            session, actor=actor, application_id=application_id, paper=body.paper(), now=now
        )
        return PaperBody.of(posted)

    return await once(work)


@router.put("/applications/{application_id}/papers/{paper_id}")
async def correct_paper(
    application_id: UUID,
    paper_id: UUID,
    body: PaperRequest,
    version: IfMatchDep,
    response: Response,
    session: SessionDep,
    actor: ActorDep,
    now: NowDep,
) -> PaperBody:
    """Correct a record; the paper is judged once more, and the former record is kept."""
    posted = await commands.correct_paper(
        session,
        actor=actor,
        application_id=application_id,
        paper_id=paper_id,
        version=version,
        paper=body.paper(),
        now=now,
    )
    set_etag(response, posted.version)
    return PaperBody.of(posted)


@router.get("/applications/{application_id}/papers")
async def list_papers(application_id: UUID, session: SessionDep, actor: ActorDep, now: NowDep) -> PapersBody:
    """What came by post for an application, and what is still awaited (DO-13). Reading it is recorded."""
    awaited, papers = await queries.papers_of(session, actor=actor, application_id=application_id, now=now)
    return PapersBody(awaited=awaited, papers=[PaperBody.of(paper) for paper in papers])


@router.get("/papers/awaited")
async def list_awaited(session: SessionDep, actor: ActorDep, now: NowDep, cursor: Cursor = None) -> AwaitedPage:
    """The applications under review whose papers are still in the post. Reading it is recorded."""
    items = await queries.awaited_papers(session, actor=actor, after=_place(cursor), now=now)
    more = len(items) == queries.PAGE
    return AwaitedPage(
        items=[AwaitedBody.model_validate(item) for item in items],
        next_cursor=_cursor(items[-1].waiting_since, items[-1].application_id) if more else None,
    )


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _cursor(since: datetime, application_id: UUID) -> str:
    return f"{(since - _EPOCH) // timedelta(microseconds=1)}-{application_id}"


def _place(cursor: str | None) -> tuple[datetime, UUID]:
    if cursor is None:
        return _EPOCH, UUID(int=0)
    microseconds, _, application_id = cursor.partition("-")
    return _EPOCH + timedelta(microseconds=int(microseconds)), UUID(application_id)
