"""What the commands have in common: locks, what is in a set, and how its changes are told."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from kit.errors import NotFound, Permanent
from kit.eventlog import record
from madoguchi_contracts.documents import DocumentRefused, DocumentRemoved, DocumentStored, SetEntry
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from documents.domain import REFUSAL_RULES, DocumentStatus, Place, Refusal, SetState
from documents.models import Document, DocumentSet
from documents.rules import Attachment, attach


async def lock_with_set(session: AsyncSession, document_id: UUID) -> tuple[DocumentSet, Document]:
    """The set and the document as they are now, locked in this order, which is the same everywhere."""
    application_id = (
        await session.execute(select(Document.application_id).where(Document.id == document_id))
    ).scalar_one()
    documents = await lock_set(session, application_id)
    document = await lock_document(session, document_id)
    if documents is None:
        raise NotFound
    return documents, document


async def lock_document(session: AsyncSession, document_id: UUID) -> Document:
    """The document as it is now, locked."""
    return await session.get_one(Document, document_id, with_for_update=True, populate_existing=True)


async def lock_set(session: AsyncSession, application_id: UUID) -> DocumentSet | None:
    """The set as it is now, locked; None when the application was not heard of."""
    # NO KEY UPDATE: beginning an upload, whose foreign key shares a lock on the set, need not wait.
    return await session.get(DocumentSet, application_id, with_for_update={"key_share": True}, populate_existing=True)


async def heard_set(session: AsyncSession, application_id: UUID) -> DocumentSet:
    """The set as it is now, locked. Raises Permanent when the application was not heard of."""
    documents = await lock_set(session, application_id)
    if documents is None:
        raise Permanent("the application was not heard of")
    return documents


async def in_set(session: AsyncSession, documents: DocumentSet) -> dict[Place, Document]:
    """The documents in the set, {place: document}, in the order of the slots."""
    query = select(Document).where(
        Document.application_id == documents.application_id, Document.status == DocumentStatus.STORED
    )
    return {
        document.place: document for document in sorted((await session.execute(query)).scalars(), key=documents.order)
    }


def open_while_frozen(documents: DocumentSet, filled: Collection[Place], place: Place) -> bool:
    """Whether a file may go into this place of a frozen set: it is empty, and the office asked for it, the programme
    expects it from a party, who brings it when it is there, or it could not be had before the submission (GL-390).
    """
    slot = documents.slot_of.get(place[0])
    if slot is None or slot.withdrawn:
        return False
    late = slot.due_on is not None or bool(slot.filled_by) or str(place[1]) in slot.awaited_of
    return documents.state is SetState.FROZEN and late and place not in filled


def fits(stored: Mapping[Place, Document], place: Place, size_bytes: int, limit: int) -> bool:
    """Whether a file may go into the place of a set with these documents (DO-05)."""
    sizes = {other: document.size_bytes for other, document in stored.items()}
    return attach(sizes, place, size_bytes, limit) is Attachment.STORED


async def refuse(session: AsyncSession, document: Document, refusal: Refusal, now: datetime) -> None:
    """Refuse a pending document, and tell why."""
    document.refusal = refusal.value
    document.move(DocumentStatus.REFUSED, now)
    event = DocumentRefused(
        application_id=document.application_id,
        document_id=document.id,
        slot=document.slot,
        code=refusal.value,
        rules=(REFUSAL_RULES[refusal],),
        subject=document.subject,
    )
    await session.flush()
    await record(session, event, now=now)


async def tell_stored(session: AsyncSession, documents: DocumentSet, document: Document, now: datetime) -> None:
    """Tell that the document is in the set; counts the change."""
    entries = await changed(session, documents)
    event = DocumentStored(
        application_id=documents.application_id,
        document_id=document.id,
        slot=document.slot,
        sha256=document.sha256,
        size_bytes=document.size_bytes,
        set_version=documents.version,
        set=entries,
        total_bytes=sum(entry.size_bytes for entry in entries),
        subject=document.subject,
    )
    await record(session, event, now=now)


async def tell_removed(session: AsyncSession, documents: DocumentSet, document: Document, now: datetime) -> None:
    """Tell that the slot of the document is empty; counts the change."""
    entries = await changed(session, documents)
    event = DocumentRemoved(
        application_id=documents.application_id,
        document_id=document.id,
        slot=document.slot,
        set_version=documents.version,
        set=entries,
        total_bytes=sum(entry.size_bytes for entry in entries),
        subject=document.subject,
    )
    await record(session, event, now=now)


async def changed(session: AsyncSession, documents: DocumentSet) -> tuple[SetEntry, ...]:
    """Count the change, and list the set after it."""
    documents.version += 1
    await session.flush()
    return tuple(
        SetEntry(
            document_id=document.id,
            slot=document.slot,
            sha256=document.sha256,
            size_bytes=document.size_bytes,
            standard_type=document.standard_type,
            placeholder=document.placeholder,
            subject=document.subject,
            replaces=documents.slot_of[document.slot].replaces,
        )
        for document in (await in_set(session, documents)).values()
    )
