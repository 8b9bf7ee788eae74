"""Routes of applicants."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from kit.http import ActorDep, IfMatchDep, NowDep, SessionDep, set_etag
from kit.idempotency import OnceDep

from applications.api import schemas
from applications.api.context import ContextDep, DeskDep
from applications.cases import Proof
from applications.commands import applications as commands
from applications.commands import guests, steps
from applications.queries import applications as queries
from applications.queries import lists, papers
from applications.queries.timeline import timeline as entries_of
from applications.workflow import SUBMIT

router = APIRouter(prefix="/v1", tags=["applications"])
CommandText = Annotated[str, Path(pattern="^[a-z][a-z0-9_]{0,31}$")]
CursorQuery = Annotated[str | None, Query(max_length=300)]
CommandQuery = Annotated[str, Query(pattern="^[a-z][a-z0-9_]{0,31}$", description="a step that looks at the draft")]


@router.get("/applications/{application_id}/papers")
async def needed_papers(
    application_id: UUID, session: SessionDep, actor: ActorDep, desk: DeskDep, now: NowDep
) -> schemas.PaperList:
    """The papers that this very application needs, each with the reason why it is asked."""
    found = await papers.needed_papers(session=session, desk=desk, actor=actor, application_id=application_id, now=now)
    return schemas.PaperList(items=[schemas.NeededPaperBody.model_validate(one) for one in found])


@router.post("/applications", status_code=201, response_model=schemas.Summary)
async def start(
    body: schemas.Start, once: OnceDep, session: SessionDep, actor: ActorDep, desk: DeskDep, now: NowDep
) -> Response:
    """Start an application of a programme."""

    async def work() -> schemas.Summary:
        started = await commands.start_application(
            session=session, desk=desk, actor=actor, programme=body.programme, now=now
        )
        return schemas.Summary.of(started)

    return await once(work)


@router.get("/applications")
async def mine(
    session: SessionDep, actor: ActorDep, desk: DeskDep, cursor: CursorQuery = None
) -> schemas.ApplicationList:
    """One's own applications, and those that one may view by taking part in them."""
    items, following = await lists.mine(session=session, desk=desk, actor=actor, cursor=cursor)
    return schemas.ApplicationList(items=[schemas.ListedBody.of(one) for one in items], next_cursor=following)


@router.get("/applications/{application_id}")
async def view(
    application_id: UUID, response: Response, session: SessionDep, actor: ActorDep, desk: DeskDep, now: NowDep
) -> schemas.ApplicationBody:
    """One application; the ETag is the draft's version."""
    found = await queries.view_application(
        session=session, desk=desk, actor=actor, application_id=application_id, now=now
    )
    set_etag(response, found.application.draft_version)
    return schemas.ApplicationBody.of_view(found)


@router.put("/applications/{application_id}/draft")
async def save_draft(
    application_id: UUID,
    body: schemas.Draft,
    if_match: IfMatchDep,
    response: Response,
    session: SessionDep,
    actor: ActorDep,
    desk: DeskDep,
    now: NowDep,
) -> schemas.DraftVersion:
    """Save the draft while working on it. Needs If-Match with the version that the applicant saw."""
    version = await commands.save_draft(
        session=session,
        desk=desk,
        actor=actor,
        application_id=application_id,
        content=body.content,
        version=if_match,
        now=now,
    )
    set_etag(response, version)
    return schemas.DraftVersion(version=version)


@router.post("/applications/{application_id}/draft/set-aside", response_model=schemas.DraftVersion)
async def set_aside(
    application_id: UUID,
    body: schemas.Draft,
    if_match: IfMatchDep,
    once: OnceDep,
    session: SessionDep,
    actor: ActorDep,
    desk: DeskDep,
    now: NowDep,
) -> Response:
    """一時保存: save the draft to go on another time. Files that were not submitted yet do not wait for it."""

    async def work() -> schemas.DraftVersion:
        version = await commands.set_aside(
            session=session,
            desk=desk,
            actor=actor,
            application_id=application_id,
            content=body.content,
            version=if_match,
            now=now,
        )
        return schemas.DraftVersion(version=version)

    return await once(work, status=200)


@router.get("/applications/{application_id}/check")
async def check(
    application_id: UUID,
    session: SessionDep,
    actor: ActorDep,
    desk: DeskDep,
    now: NowDep,
    command: CommandQuery = SUBMIT,
) -> schemas.CheckBody:
    """内容確認画面に進む: everything that submitting would find, and the digest to prove."""
    found = await queries.check_application(
        session=session, desk=desk, actor=actor, application_id=application_id, command=command, now=now
    )
    return schemas.CheckBody.of(found)


@router.post("/applications/{application_id}/submit", status_code=201, response_model=schemas.Summary)
async def submit(
    application_id: UUID,
    body: schemas.Submit,
    once: OnceDep,
    session: SessionDep,
    actor: ActorDep,
    context: ContextDep,
    now: NowDep,
) -> Response:
    """登録する: needs a proof of a right one-time password for exactly this content and this command."""

    async def work() -> schemas.Summary:
        # Before the row is locked: the verifier may have to fetch identity's keys.
        jti = await context.verifier.verify_proof(
            body.proof, account_id=actor.account_id, purpose=body.command, digest=body.content_sha256
        )
        submitted = await commands.submit_application(
            session=session,
            desk=context.desk,
            actor=actor,
            application_id=application_id,
            command=body.command,
            proof=Proof(jti, body.command, body.content_sha256),
            consents=frozenset(body.consents),
            now=now,
        )
        return schemas.Summary.of(submitted)

    return await once(work)


@router.post("/applications/{application_id}/steps/{command}", response_model=schemas.Summary)
async def step(
    application_id: UUID,
    command: CommandText,
    body: schemas.StepWish,
    once: OnceDep,
    session: SessionDep,
    actor: ActorDep,
    context: ContextDep,
    now: NowDep,
) -> Response:
    """A step that hands in nothing, as the application's tracks offer it."""

    async def work() -> schemas.Summary:
        proof = None
        if body.proof is not None:
            # Before the row is locked: the verifier may have to fetch identity's keys.
            digest = await queries.digest_for(
                session=session,
                desk=context.desk,
                actor=actor,
                application_id=application_id,
                command=command,
                track=body.track,
                subject=body.subject,
                now=now,
            )
            jti = await context.verifier.verify_proof(
                body.proof, account_id=actor.account_id, purpose=command, digest=digest
            )
            proof = Proof(jti, command, digest)
        taken = await steps.take_step(
            session=session,
            desk=context.desk,
            actor=actor,
            application_id=application_id,
            wish=body.wish(command),
            proof=proof,
            now=now,
        )
        return schemas.Summary.of(taken)

    return await once(work, status=200)


@router.delete("/applications/{application_id}/parties/{party_id}", response_model=schemas.Summary)
async def leave(
    application_id: UUID,
    party_id: UUID,
    once: OnceDep,
    session: SessionDep,
    actor: ActorDep,
    desk: DeskDep,
    now: NowDep,
) -> Response:
    """End the part of somebody who joined by an invitation: the owner's wish, or their own, before it is handed in."""

    async def work() -> schemas.Summary:
        left = await guests.leave(
            session=session, desk=desk, actor=actor, application_id=application_id, party_id=party_id, now=now
        )
        return schemas.Summary.of(left)

    return await once(work, status=200)


@router.get("/applications/{application_id}/timeline")
async def timeline(
    application_id: UUID, session: SessionDep, actor: ActorDep, desk: DeskDep, now: NowDep
) -> schemas.Timeline:
    """What happened to the application."""
    entries = await entries_of(session=session, desk=desk, actor=actor, application_id=application_id, now=now)
    return schemas.Timeline.of(entries)


@router.get("/applications/{application_id}/versions")
async def versions(
    application_id: UUID, session: SessionDep, actor: ActorDep, desk: DeskDep, now: NowDep
) -> schemas.VersionList:
    """What was submitted, first to last."""
    found = await lists.versions(session=session, desk=desk, actor=actor, application_id=application_id, now=now)
    return schemas.VersionList(items=[schemas.VersionItemBody.model_validate(one) for one in found])


@router.get("/applications/{application_id}/versions/{submission}")
async def version(
    application_id: UUID,
    submission: Annotated[int, Path(ge=1, le=2**31 - 1)],
    session: SessionDep,
    actor: ActorDep,
    desk: DeskDep,
    now: NowDep,
) -> schemas.VersionBody:
    """One submission as it was. Reading it is recorded, if the office does."""
    found = await lists.view_version(
        session=session, desk=desk, actor=actor, application_id=application_id, submission=submission, now=now
    )
    return schemas.VersionBody.model_validate(found)
