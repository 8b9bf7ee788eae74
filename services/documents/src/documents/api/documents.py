"""Routes of files: begin an upload, complete it, list, download, delete; ask for one more."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import cast
from uuid import UUID

from fastapi import APIRouter, Response
from kit.http import ActorDep, NowDep, SessionDep
from kit.idempotency import OnceDep
from kit.tokens import Actor

from documents import commands, queries
from documents.access import may, standing_of
from documents.api.context import Context, ContextDep
from documents.commands.parts import open_while_frozen
from documents.completion import complete_upload
from documents.completion import delete as delete_object
from documents.domain import Action, Place, Slot, fills, quarantine_key, sees
from documents.models import Document, DocumentSet
from documents.programmes import POST_OFFICES
from documents.schemas import (
    DocumentBody,
    DocumentRequest,
    DocumentSetBody,
    DownloadBody,
    NumberSeen,
    PostBody,
    RequestedSlotBody,
    SignedForm,
    SlotBody,
    UploadBody,
    UploadRequest,
)

DOWNLOAD_LIFETIME = timedelta(seconds=60)  # the link is followed at once; it works for whoever has it

router = APIRouter(prefix="/v1", tags=["documents"])


@router.post("/applications/{application_id}/documents", status_code=201, response_model=UploadBody)
async def start_upload(
    application_id: UUID,
    body: UploadRequest,
    context: ContextDep,
    session: SessionDep,
    actor: ActorDep,
    now: NowDep,
    once: OnceDep,
) -> Response:
    """Begin to attach a file (DO-03): answers where to put it. It is in the set only after `complete`."""

    async def start() -> UploadBody:
        document = await commands.start_upload(
            session, actor=actor, application_id=application_id, now=now, **body.model_dump()
        )
        return _upload_body(context, document)

    return await once(start)


@router.post("/documents/{document_id}/complete")
async def complete(document_id: UUID, context: ContextDep, actor: ActorDep) -> DocumentBody:
    """Check the uploaded file and take it into its slot, in place of what was there (DO-03, DO-05).

    Needs no Idempotency-Key: the document itself remembers the outcome, and a repeated request gets it again.
    """
    return _document_body(await complete_upload(context.intake, actor=actor, document_id=document_id))


@router.get("/applications/{application_id}/documents")
async def list_documents(application_id: UUID, session: SessionDep, actor: ActorDep, now: NowDep) -> DocumentSetBody:
    """All slots and what is in them; for the office, what was submitted (DO-08)."""
    documents, found = await queries.documents_of(session, actor=actor, application_id=application_id, now=now)
    return _set_body(documents, found, actor)


@router.delete("/documents/{document_id}", status_code=204)
async def delete(document_id: UUID, session: SessionDep, actor: ActorDep, now: NowDep) -> None:
    """Take a document out of the set (DO-03), or give up an upload."""
    await commands.remove_document(session, actor=actor, document_id=document_id, now=now)


@router.post("/applications/{application_id}/documents/requests", status_code=201, response_model=RequestedSlotBody)
async def ask_for_document(
    application_id: UUID,
    body: DocumentRequest,
    context: ContextDep,
    session: SessionDep,
    actor: ActorDep,
    now: NowDep,
    once: OnceDep,
) -> Response:
    """The office asks for one more document: a slot for it, open while the rest of the set is frozen. It is mailed."""

    async def ask() -> RequestedSlotBody:
        slot = await commands.ask_for_document(
            session, actor=actor, application_id=application_id, seal=context.seal, now=now, **body.model_dump()
        )
        return RequestedSlotBody(slot=slot, due_on=body.due_on)

    return await once(ask)


@router.delete("/applications/{application_id}/documents/requests/{slot}", status_code=204)
async def withdraw_request(application_id: UUID, slot: str, session: SessionDep, actor: ActorDep, now: NowDep) -> None:
    """The office does not need the document after all: its slot closes, unless a file is in it."""
    await commands.withdraw_request(session, actor=actor, application_id=application_id, slot=slot, now=now)


@router.post("/documents/{document_id}/delete-with-number")
async def delete_with_number(
    document_id: UUID, body: NumberSeen, context: ContextDep, actor: ActorDep, now: NowDep
) -> RequestedSlotBody:
    """The office saw an individual number on a paper: the file is deleted for good at once, and the person is asked
    for the paper anew, with the reason (GL-371). Doing it again finds nothing.
    """
    async with context.database.transaction() as session:
        key, slot = await commands.delete_with_number(
            session, actor=actor, document_id=document_id, due_on=body.due_on, seal=context.seal, now=now
        )
    await delete_object(context.intake.storage, key)
    return RequestedSlotBody(slot=slot, due_on=body.due_on)


@router.get("/documents/{document_id}/download")
async def download(
    document_id: UUID, context: ContextDep, session: SessionDep, actor: ActorDep, now: NowDep
) -> DownloadBody:
    """A link to the file that works for a minute. It saves the file under its own name and never shows it in place."""
    key = await queries.file_of(session, actor=actor, document_id=document_id, now=now)
    url = context.intake.storage.sign_download(key, lifetime=DOWNLOAD_LIFETIME)
    return DownloadBody(url=url, expires_at=now + DOWNLOAD_LIFETIME)


def _upload_body(context: Context, document: Document) -> UploadBody:
    signed = context.intake.storage.sign_upload(
        quarantine_key(document.application_id, document.id),
        size_bytes=document.size_bytes,
        content_type=document.content_type,
        expires_at=document.expires_at,
    )
    form = SignedForm(url=signed.url, fields=signed.fields, expires_at=document.expires_at)
    return UploadBody(document_id=document.id, upload=form)


def _document_body(document: Document) -> DocumentBody:
    return DocumentBody(
        document_id=document.id,
        slot=document.slot,
        subject=document.subject,
        file_name=document.shown_name,
        content_type=document.content_type,
        size_bytes=document.size_bytes,
        sha256=document.sha256,
        standard_type=document.standard_type,
        placeholder=document.placeholder,
        scanned=document.scanned_by != "none",
        stored_at=cast(datetime, document.stored_at),
    )


def _places(documents: DocumentSet, here: Collection[Place]) -> Iterator[tuple[Slot, UUID | None]]:
    """All places of the set; also those where papers still are, though nobody could bring them any more."""
    for key, slot in documents.slot_of.items():
        open_to = [] if slot.withdrawn else documents.subjects_of(slot)
        filled = (subject for other, subject in here if other == key)
        yield from ((slot, subject) for subject in dict.fromkeys([*open_to, *filled]))


def _set_body(documents: DocumentSet, found: Sequence[Document], actor: Actor) -> DocumentSetBody:
    here = {document.place: _document_body(document) for document in found}
    who = standing_of(documents, actor)
    post = POST_OFFICES.get(documents.programme)
    changeable = may(documents, actor, Action.UPLOAD)
    may_hand_in = may(documents, actor, Action.HAND_IN)
    return DocumentSetBody(
        application_id=documents.application_id,
        version=documents.version,
        changeable=changeable,
        total_bytes=sum(document.size_bytes for document in found),
        total_limit_bytes=documents.total_limit_bytes,
        slots=[
            SlotBody(
                slot=slot.key,
                subject=subject,
                label=slot.label,
                required=slot.required,
                due_on=date.fromisoformat(slot.due_on) if slot.due_on else None,
                changeable=fills(who, slot, subject)
                and (changeable or (may_hand_in and open_while_frozen(documents, here, (slot.key, subject)))),
                document=here.get((slot.key, subject)),
            )
            for slot, subject in _places(documents, here)
            if sees(who, slot, subject)
        ],
        files_deleted_at=documents.files_deleted_at,
        post=None if post is None else PostBody.model_validate(post),
    )
