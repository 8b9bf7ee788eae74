"""Reads, scoped to what the actor may see."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from kit.errors import NotFound
from kit.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from documents.access import authorise, authorised, log_access
from documents.domain import STAFF, Action, DocumentStatus
from documents.models import Document, DocumentSet, SubmittedDocument


async def documents_of(
    session: AsyncSession, *, actor: Actor, application_id: UUID, now: datetime
) -> tuple[DocumentSet, Sequence[Document]]:
    """The set and its documents in the order of the slots. Raises NotFound.

    The owner sees the set as it is. Staff see what the last submission holds (DO-08), also while the applicant is
    already replacing files after a rejection, and are put down in the access log: file names may be personal.
    """
    documents = authorise(await session.get(DocumentSet, application_id), actor, Action.LIST)
    query = select(Document).where(Document.application_id == application_id)
    if actor.role in STAFF:
        submitted = select(SubmittedDocument.document_id).where(
            SubmittedDocument.application_id == application_id,
            SubmittedDocument.submission == documents.submission,
        )
        query = query.where(col(Document.id).in_(submitted))
        log_access(session, actor=actor, action=Action.LIST, application_id=application_id, now=now)
    else:
        query = query.where(Document.status == DocumentStatus.STORED)
    place = {slot: number for number, slot in enumerate(documents.slot_keys)}
    found = (await session.execute(query)).scalars()
    return documents, sorted(found, key=lambda document: place[document.slot])


async def file_of(session: AsyncSession, *, actor: Actor, document_id: UUID, now: datetime) -> str:
    """The key of a document's file, put down in the access log. Raises NotFound.

    The owner may have what is in the set or was submitted, staff what was submitted.
    """
    documents, document = await authorised(session, actor, document_id, Action.DOWNLOAD)
    named = select(SubmittedDocument.document_id).where(SubmittedDocument.document_id == document_id)
    submitted = (await session.execute(named.limit(1))).first() is not None
    in_set = document.status == DocumentStatus.STORED and actor.role not in STAFF
    if document.object_key is None or not (submitted or in_set):
        raise NotFound(document_id=str(document_id))
    log_access(
        session,
        actor=actor,
        action=Action.DOWNLOAD,
        application_id=documents.application_id,
        document_id=document_id,
        now=now,
    )
    return document.object_key
