"""Routes of the office."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from kit.http import ActorDep, NowDep, SessionDep
from kit.idempotency import OnceDep

from applications.api import schemas
from applications.api.context import DeskDep
from applications.commands import notes
from applications.commands import reviews as commands
from applications.queries import lists, records
from applications.queries import reviews as queries

router = APIRouter(prefix="/v1/reviews", tags=["reviews"])
notes_router = APIRouter(prefix="/v1", tags=["reviews"])
StateQuery = Annotated[
    Literal["waiting", "recommended", "closed"] | None, Query(description="all open ones if missing")
]
NOTHING_SAID = schemas.Decision()
CommandText = Annotated[str, Path(pattern="^[a-z][a-z0-9_]{0,31}$")]


@router.get("")
async def worklist(
    session: SessionDep,
    actor: ActorDep,
    now: NowDep,
    state: StateQuery = None,
    cursor: Annotated[str | None, Query(max_length=300)] = None,
) -> schemas.ReviewPage:
    """The worklist by due day and age."""
    items, next_cursor = await queries.worklist(session=session, actor=actor, state=state, cursor=cursor, now=now)
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


@router.post("/{review_id}/{command}", response_model=schemas.ReviewState)
async def decide(
    review_id: UUID,
    command: CommandText,
    once: OnceDep,
    session: SessionDep,
    actor: ActorDep,
    desk: DeskDep,
    now: NowDep,
    body: schemas.Decision = NOTHING_SAID,
) -> Response:
    """A step of the programme's table that this review is about, such as recommend, approve (by another officer) or
    reject (back to the applicant, with a reason).
    """

    async def work() -> schemas.ReviewState:
        wish = body.wish(command)
        return schemas.ReviewState.of(
            await commands.decide(session=session, desk=desk, actor=actor, review_id=review_id, wish=wish, now=now)
        )

    return await once(work, status=200)


@notes_router.get("/programmes/{programme}/applications")
async def submitted(
    programme: Annotated[str, Path(max_length=32)],
    session: SessionDep,
    actor: ActorDep,
    desk: DeskDep,
    state: Annotated[str, Query(max_length=32)],
    cursor: Annotated[str | None, Query(max_length=300)] = None,
) -> schemas.SubmittedPage:
    """A programme's applications in one state of the main track, those that are there longest first."""
    items, following = await lists.submitted(
        session=session, desk=desk, actor=actor, programme=programme, state=state, cursor=cursor
    )
    return schemas.SubmittedPage(items=[schemas.SubmittedBody.of(one) for one in items], next_cursor=following)


@notes_router.get("/applications/{application_id}/contact-notes")
async def contact_notes(
    application_id: UUID, session: SessionDep, actor: ActorDep, desk: DeskDep, now: NowDep
) -> schemas.ContactNoteList:
    """Calls and letters that the office noted. Reading them is recorded."""
    found = await records.list_contact_notes(
        session=session, desk=desk, actor=actor, application_id=application_id, now=now
    )
    return schemas.ContactNoteList(items=[schemas.ContactNoteBody.of(one) for one in found])


@notes_router.post(
    "/applications/{application_id}/contact-notes", status_code=201, response_model=schemas.ContactNoteId
)
async def note_contact(
    application_id: UUID,
    body: schemas.NewContactNote,
    once: OnceDep,
    session: SessionDep,
    actor: ActorDep,
    desk: DeskDep,
    now: NowDep,
) -> Response:
    """Note that the applicant was called or written to outside of the system, and of what."""

    async def work() -> schemas.ContactNoteId:
        note = await notes.note_contact(
            session=session,
            desk=desk,
            actor=actor,
            application_id=application_id,
            about=body.about,
            said=body.text,
            contacted_at=body.contacted_at or now,
            now=now,
        )
        return schemas.ContactNoteId(note_id=note.id, officer_id=note.officer_id, noted_at=note.noted_at)

    return await once(work)
