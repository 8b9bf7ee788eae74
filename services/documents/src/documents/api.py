"""The HTTP side: begin an upload, complete it, list, download, delete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from kit.http import ActorDep, AppContext, NowDep, SessionDep, context_of
from kit.idempotency import OnceDep

from documents import commands, queries
from documents.completion import Intake, complete_upload
from documents.domain import quarantine_key
from documents.models import Document, DocumentSet
from documents.schemas import (
    DocumentBody,
    DocumentSetBody,
    DownloadBody,
    SignedForm,
    SlotBody,
    UploadBody,
    UploadRequest,
)

DOWNLOAD_LIFETIME = timedelta(seconds=60)  # the link is followed at once; it works for whoever has it

router = APIRouter(prefix="/v1", tags=["documents"])


@dataclass(frozen=True)
class Context(AppContext):
    """What requests work with."""

    intake: Intake


async def _context(request: Request) -> Context:
    return cast(Context, context_of(request))


ContextDep = Annotated[Context, Depends(_context)]


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
    return _set_body(documents, found)


@router.delete("/documents/{document_id}", status_code=204)
async def delete(document_id: UUID, session: SessionDep, actor: ActorDep, now: NowDep) -> None:
    """Take a document out of the set (DO-03), or give up an upload."""
    await commands.remove_document(session, actor=actor, document_id=document_id, now=now)


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
        file_name=document.shown_name,
        content_type=document.content_type,
        size_bytes=document.size_bytes,
        sha256=document.sha256,
        standard_type=document.standard_type,
        placeholder=document.placeholder,
        scanned=document.scanned_by != "none",
        stored_at=cast(datetime, document.stored_at),
    )


def _set_body(documents: DocumentSet, found: Sequence[Document]) -> DocumentSetBody:
    in_slot = {document.slot: _document_body(document) for document in found}
    return DocumentSetBody(
        application_id=documents.application_id,
        version=documents.version,
        changeable=not documents.frozen,
        total_bytes=sum(document.size_bytes for document in found),
        total_limit_bytes=documents.total_limit_bytes,
        slots=[
            SlotBody(slot=key, label=slot["label"], required=slot["required"], document=in_slot.get(key))
            for key, slot in zip(documents.slot_keys, documents.slots, strict=True)
        ],
    )
