"""Reads, scoped to what the actor may see."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from kit.errors import NotFound
from kit.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from documents.access import authorise, authorised, log_access, relation_to
from documents.domain import Action, DocumentStatus, Relation
from documents.models import Document, DocumentSet, SubmittedDocument


async def documents_of(
    session: AsyncSession, *, actor: Actor, application_id: UUID, now: datetime
) -> tuple[DocumentSet, Sequence[Document]]:
    """The set and its documents in the order of the slots. Raises NotFound.

    Who may change the set sees it as it is. Staff see what the last submission holds (DO-08), also while the applicant
    is already replacing files after a rejection; other parties see what is in force. Everybody but the owner is put
    down in the access log: file names may be personal.
    """
    documents = authorise(await session.get(DocumentSet, application_id), actor, Action.LIST)
    relation = relation_to(documents, actor)
    query = select(Document).where(Document.application_id == application_id)
    submission = _shown_submission(documents, relation)
    if submission is None:
        query = query.where(Document.status == DocumentStatus.STORED)
    else:
        submitted = select(SubmittedDocument.document_id).where(
            SubmittedDocument.application_id == application_id, SubmittedDocument.submission == submission
        )
        query = query.where(col(Document.id).in_(submitted))
    if relation is not Relation.OWNER:
        log_access(session, actor=actor, action=Action.LIST, application_id=application_id, now=now)
    place = {slot: number for number, slot in enumerate(documents.slot_keys)}
    found = (await session.execute(query)).scalars()
    return documents, sorted(found, key=lambda document: place[document.slot])


async def file_of(session: AsyncSession, *, actor: Actor, document_id: UUID, now: datetime) -> str:
    """The key of a document's file, put down in the access log. Raises NotFound.

    Who may change the set may have what is in it or was submitted, staff what was submitted, others what is in force.
    """
    documents, document = await authorised(session, actor, document_id, Action.DOWNLOAD)
    relation = relation_to(documents, actor)
    named = select(SubmittedDocument.document_id).where(SubmittedDocument.document_id == document_id)
    if relation is Relation.VIEWER:
        named = named.where(SubmittedDocument.submission == _shown_submission(documents, relation))
    submitted = (await session.execute(named.limit(1))).first() is not None
    in_set = document.status == DocumentStatus.STORED and relation in (Relation.OWNER, Relation.EDITOR)
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


def _shown_submission(documents: DocumentSet, relation: Relation) -> int | None:
    """The submission whose documents are shown to somebody who stands so to the application; None: the set as it is."""
    if relation in (Relation.OWNER, Relation.EDITOR):
        return None
    if relation is Relation.VIEWER:
        return documents.approved_submission or documents.submission
    # A change that was withdrawn is no business of the office any more: a frozen set is what was handed in.
    return None if documents.frozen else documents.settled_submission
