"""Routes of messages, and of what is to be mended."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from kit.http import ActorDep, NowDep, SessionDep
from kit.idempotency import OnceDep

from applications.api.context import DeskDep
from applications.api.schemas import messages as schemas
from applications.commands import corrections as correcting
from applications.commands import messages as commands
from applications.queries import corrections, messages

router = APIRouter(prefix="/v1", tags=["messages"])
CursorQuery = Annotated[str | None, Query(max_length=300)]
AfterQuery = Annotated[int, Query(ge=0, le=2**31 - 1, description="the number behind which the page begins")]


@router.get("/threads")
async def waiting(
    state: Annotated[Literal["waiting"], Query(description="those that wait for an answer of the office")],
    session: SessionDep,
    actor: ActorDep,
    cursor: CursorQuery = None,
) -> schemas.WaitingPage:
    """The office's queue of threads that wait for an answer, those that wait longest first."""
    del state  # the only one there is
    items, following = await messages.waiting(session=session, actor=actor, cursor=cursor)
    return schemas.WaitingPage(items=[schemas.WaitingBody.model_validate(one) for one in items], next_cursor=following)


@router.get("/applications/{application_id}/threads")
async def threads(
    application_id: UUID,
    session: SessionDep,
    actor: ActorDep,
    desk: DeskDep,
    now: NowDep,
    cursor: CursorQuery = None,
) -> schemas.ThreadPage:
    """The threads that one is part of. Recorded, if the office reads them."""
    items, following = await messages.list_threads(
        session=session, desk=desk, actor=actor, application_id=application_id, cursor=cursor, now=now
    )
    return schemas.ThreadPage(items=[schemas.ThreadBody.model_validate(one) for one in items], next_cursor=following)


@router.post("/applications/{application_id}/threads", status_code=201, response_model=schemas.PostedBody)
async def open_thread(
    application_id: UUID,
    body: schemas.NewThread,
    once: OnceDep,
    session: SessionDep,
    actor: ActorDep,
    desk: DeskDep,
    now: NowDep,
) -> Response:
    """Begin a thread with its first message, when something was handed in."""

    async def work() -> schemas.PostedBody:
        posted = await commands.open_thread(
            session=session,
            desk=desk,
            actor=actor,
            application_id=application_id,
            subject=body.subject,
            said=body.text,
            documents=body.documents,
            organisations=body.organisations,
            persons=body.persons,
            now=now,
        )
        return schemas.PostedBody.model_validate(posted)

    return await once(work)


@router.get("/applications/{application_id}/threads/{thread_id}")
async def view_thread(
    application_id: UUID,
    thread_id: UUID,
    session: SessionDep,
    actor: ActorDep,
    desk: DeskDep,
    now: NowDep,
    after: AfterQuery = 0,
) -> schemas.ThreadWithMessages:
    """A thread with its messages. Recorded, if the office reads it."""
    view = await messages.view_thread(
        session=session,
        desk=desk,
        actor=actor,
        application_id=application_id,
        thread_id=thread_id,
        after=after,
        now=now,
    )
    return schemas.ThreadWithMessages.of(view)


@router.post("/applications/{application_id}/threads/{thread_id}/participants", response_model=schemas.ParticipantsBody)
async def add_participants(
    application_id: UUID,
    thread_id: UUID,
    body: schemas.Participants,
    once: OnceDep,
    session: SessionDep,
    actor: ActorDep,
    desk: DeskDep,
    now: NowDep,
) -> Response:
    """Let others who take part see the thread too, from its beginning."""

    async def work() -> schemas.ParticipantsBody:
        thread = await commands.add_participants(
            session=session,
            desk=desk,
            actor=actor,
            application_id=application_id,
            thread_id=thread_id,
            persons=body.persons,
            organisations=body.organisations,
            now=now,
        )
        return schemas.ParticipantsBody(
            thread_id=thread.id, **{name: getattr(thread, name) for name in ("everybody", "persons", "organisations")}
        )

    return await once(work, status=200)


@router.post(
    "/applications/{application_id}/threads/{thread_id}/messages", status_code=201, response_model=schemas.PostedBody
)
async def post_message(
    application_id: UUID,
    thread_id: UUID,
    body: schemas.NewMessage,
    once: OnceDep,
    session: SessionDep,
    actor: ActorDep,
    desk: DeskDep,
    now: NowDep,
) -> Response:
    """Write in a thread."""

    async def work() -> schemas.PostedBody:
        posted = await commands.post_message(
            session=session,
            desk=desk,
            actor=actor,
            application_id=application_id,
            thread_id=thread_id,
            said=body.text,
            documents=body.documents,
            seen=body.seen,
            now=now,
        )
        return schemas.PostedBody.model_validate(posted)

    return await once(work)


@router.post("/applications/{application_id}/threads/{thread_id}/read", response_model=schemas.Done)
async def mark_read(
    application_id: UUID,
    thread_id: UUID,
    body: schemas.UpTo,
    once: OnceDep,
    session: SessionDep,
    actor: ActorDep,
    desk: DeskDep,
    now: NowDep,
) -> Response:
    """Say up to which message one has read the thread."""

    async def work() -> schemas.Done:
        read = await commands.mark_read(
            session=session,
            desk=desk,
            actor=actor,
            application_id=application_id,
            thread_id=thread_id,
            up_to=body.up_to,
            now=now,
        )
        return schemas.Done(thread_id=thread_id, up_to=read)

    return await once(work, status=200)


@router.post("/applications/{application_id}/threads/{thread_id}/settle", response_model=schemas.Done)
async def settle(
    application_id: UUID,
    thread_id: UUID,
    body: schemas.UpTo,
    once: OnceDep,
    session: SessionDep,
    actor: ActorDep,
    desk: DeskDep,
    now: NowDep,
) -> Response:
    """Say up to which message no answer of the office is needed any more."""

    async def work() -> schemas.Done:
        settled = await commands.settle_thread(
            session=session,
            desk=desk,
            actor=actor,
            application_id=application_id,
            thread_id=thread_id,
            up_to=body.up_to,
            now=now,
        )
        return schemas.Done(thread_id=thread_id, up_to=settled)

    return await once(work, status=200)


@router.get("/applications/{application_id}/corrections")
async def list_corrections(
    application_id: UUID,
    session: SessionDep,
    actor: ActorDep,
    desk: DeskDep,
    now: NowDep,
    cursor: CursorQuery = None,
) -> schemas.CorrectionPage:
    """What the office asked to have mended, and what of it is open. Recorded, if the office reads it."""
    items, following = await corrections.list_corrections(
        session=session, desk=desk, actor=actor, application_id=application_id, cursor=cursor, now=now
    )
    return schemas.CorrectionPage(
        items=[schemas.CorrectionRequestBody.model_validate(one) for one in items], next_cursor=following
    )


@router.post("/applications/{application_id}/corrections", status_code=201, response_model=schemas.RequestedBody)
async def request_correction(
    application_id: UUID,
    body: schemas.NewCorrection,
    once: OnceDep,
    session: SessionDep,
    actor: ActorDep,
    desk: DeskDep,
    now: NowDep,
) -> Response:
    """Ask for fields to be changed and documents to be handed in. It changes no state: the answer says whether the
    draft is open, by which step it would be, or why it stays closed.
    """

    async def work() -> schemas.RequestedBody:
        requested = await correcting.request_correction(
            session=session,
            desk=desk,
            actor=actor,
            application_id=application_id,
            items=[one.asked() for one in body.items],
            due_on=body.due_on,
            now=now,
        )
        facts = {name: value for name, value in vars(requested).items() if name != "id"}
        return schemas.RequestedBody(correction_id=requested.id, **facts)

    return await once(work)


@router.post("/applications/{application_id}/corrections/{correction_id}/withdraw", response_model=schemas.CorrectionId)
async def withdraw_correction(
    application_id: UUID,
    correction_id: UUID,
    once: OnceDep,
    session: SessionDep,
    actor: ActorDep,
    desk: DeskDep,
    now: NowDep,
) -> Response:
    """Take a request back, as long as something of it is open."""

    async def work() -> schemas.CorrectionId:
        await correcting.withdraw_correction(
            session=session,
            desk=desk,
            actor=actor,
            application_id=application_id,
            correction_id=correction_id,
            now=now,
        )
        return schemas.CorrectionId(correction_id=correction_id)

    return await once(work, status=200)
