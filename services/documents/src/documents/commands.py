"""Writes: one function per use case, in the caller's transaction, under the row lock of the application's set.

An upload takes three steps. `start_upload` promises a place; the browser puts the file into quarantine;
`ask_completion` notes that the applicant wants it in, and after the checks, which `completion` makes without a lock,
`settle_upload` decides. Whatever refuses a file at that point is an outcome and no error: it has to be kept and told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from kit.errors import NotFound, Permanent
from kit.eventlog import record
from kit.tokens import Actor
from madoguchi_contracts.applications import DocumentPolicy
from madoguchi_contracts.applications import SubmittedDocument as Submitted
from madoguchi_contracts.documents import (
    DocumentRefused,
    DocumentRemoved,
    DocumentsFrozen,
    DocumentStored,
    SetEntry,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, func, select

from documents.access import authorise, authorised
from documents.domain import (
    REFUSAL_RULES,
    Action,
    DocumentStatus,
    Refusal,
    refusal_finding,
)
from documents.errors import CompletionInProgress, TooManyUploads, UnknownSlot, UploadOver, UploadRefused
from documents.models import Document, DocumentSet, SubmittedDocument
from documents.rules import Attachment, attach, is_placeholder, is_standard_type

UPLOAD_LIFETIME = timedelta(minutes=15)  # long enough for 6 MB over a bad mobile line
MAX_PENDING = 20  # per application: what somebody could otherwise fill the quarantine with
# Who completes an upload has it alone for so long, longer than the checks of a file take; else every repeated request
# would copy and scan it once more. Who dies loses it then. Running over time does no harm: only one decision counts.
COMPLETION_LEASE = timedelta(minutes=2)
ASK_AGAIN_SECONDS = 5


# What applicants do


async def start_upload(
    session: AsyncSession,
    *,
    actor: Actor,
    application_id: UUID,
    slot: str,
    file_name: str,
    content_type: str,
    size_bytes: int,
    sha256: str,
    now: datetime,
) -> Document:
    """Begin an upload: the file may be put into quarantine for 15 minutes.

    The limit is checked here so that nobody uploads in vain, and again when the upload is completed (DO-05). Uploads
    that are only begun do not count: many never end. Raises UnknownSlot, UploadRefused, TooManyUploads and what
    `authorise` raises.
    """
    documents = authorise(await session.get(DocumentSet, application_id), actor, Action.UPLOAD)
    if slot not in documents.slot_keys:
        raise UnknownSlot(application_id=str(application_id))
    if not _fits(await _stored(session, documents), slot, size_bytes, documents.total_limit_bytes):
        limit = documents.total_limit_bytes
        finding = refusal_finding(Refusal.TOTAL_OVER_LIMIT, slot=slot, limit_bytes=limit)
        raise UploadRefused(findings=[finding], application_id=str(application_id))
    pending = select(func.count(col(Document.id))).where(
        Document.application_id == application_id,
        Document.status == DocumentStatus.PENDING,
        Document.expires_at > now,
    )
    if (await session.execute(pending)).scalar_one() >= MAX_PENDING:
        raise TooManyUploads(retry_after_seconds=int(UPLOAD_LIFETIME.total_seconds()))
    document = Document(
        id=uuid4(),
        application_id=application_id,
        slot=slot,
        file_name=file_name,
        content_type=content_type,
        size_bytes=size_bytes,
        sha256=sha256,
        standard_type=is_standard_type(file_name),
        placeholder=is_placeholder(file_name),
        created_at=now,
        expires_at=now + UPLOAD_LIFETIME,
    )
    session.add(document)
    await session.flush()
    return document


async def ask_completion(
    session: AsyncSession, *, actor: Actor, document_id: UUID, now: datetime
) -> tuple[DocumentSet, Document]:
    """Note that the applicant says the file is there; from now on the worker finishes the upload if nobody else does.

    A pending document is returned with the lease on its completion. One that is settled already is returned as it is,
    so that a repeated request gets the same answer. Raises UploadOver, CompletionInProgress and what `authorise`
    raises.
    """
    documents, _ = await authorised(session, actor, document_id, Action.COMPLETE)
    document = await _lock_document(session, document_id)
    if document.status != DocumentStatus.PENDING:
        return documents, document
    if document.completion_asked_at is None:
        if document.expires_at <= now:
            raise UploadOver(document_id=str(document_id))
        document.completion_asked_at = now
    if not _lease(document, now):
        raise CompletionInProgress(document_id=str(document_id), retry_after_seconds=ASK_AGAIN_SECONDS)
    return documents, document


async def return_lease(session: AsyncSession, *, document: Document, until: datetime) -> None:
    """Let the next one try the completion from `until` on, after a try that decided nothing.

    Changes nothing when the lease that `document` holds ran out and somebody else has taken it.
    """
    now_held = await _lock_document(session, document.id)
    if now_held.completing_until == document.completing_until:
        now_held.completing_until = until


async def settle_upload(
    session: AsyncSession,
    *,
    document_id: UUID,
    refusal: Refusal | None,
    object_key: str,
    scanned_by: str,
    now: datetime,
) -> Document:
    """Decide on a checked upload: take it into its slot in place of what was there (DO-03), or refuse it.

    `refusal` is what the checks of the bytes found. Under the lock of the set, a submission that came first (DO-08) and
    the limit (DO-05) can refuse it too, so that two uploads completed at once cannot exceed it together. If somebody
    else settled the document meanwhile, it is returned as it is; the caller compares its `object_key`.
    """
    documents, document = await _lock_with_set(session, document_id)
    if document.status != DocumentStatus.PENDING:
        return document
    stored = await _stored(session, documents)
    if documents.frozen:
        refusal = Refusal.SET_FROZEN
    elif refusal is None and not _fits(stored, document.slot, document.size_bytes, documents.total_limit_bytes):
        refusal = Refusal.TOTAL_OVER_LIMIT
    if refusal is not None:
        await _refuse(session, document, refusal, now)
        return document
    former = stored.get(document.slot)
    if former is not None:
        former.move(DocumentStatus.REPLACED, now)
        await session.flush()  # before the newcomer takes the slot: the unique index looks at each statement
    document.object_key, document.scanned_by = object_key, scanned_by
    document.move(DocumentStatus.STORED, now)
    await _tell_stored(session, documents, document, now)
    return document


async def remove_document(session: AsyncSession, *, actor: Actor, document_id: UUID, now: datetime) -> None:
    """Take a document out of the set (DO-03), or give up an upload. Doing it twice is no error.

    The file itself is deleted later by the worker: a submission that is already on its way may still name it. Raises
    UploadOver for a document that was never in the set, and what `authorise` raises.
    """
    await authorised(session, actor, document_id, Action.DELETE)
    documents, document = await _lock_with_set(session, document_id)
    authorise(documents, actor, Action.DELETE)  # once more, now that nobody can freeze the set
    was_stored = document.status == DocumentStatus.STORED
    if document.status in (DocumentStatus.REMOVED, DocumentStatus.PURGED):
        return
    if not was_stored and document.status != DocumentStatus.PENDING:
        raise UploadOver(document_id=str(document_id))
    document.move(DocumentStatus.REMOVED, now)
    if was_stored:
        await _tell_removed(session, documents, document, now)


# What the worker does


async def take_up(session: AsyncSession, *, document_id: UUID, now: datetime) -> Document | None:
    """A pending document with the lease on its completion; None when it was settled or somebody else has the lease."""
    document = await _lock_document(session, document_id)
    return document if document.status == DocumentStatus.PENDING and _lease(document, now) else None


async def expire_upload(session: AsyncSession, *, document_id: UUID, now: datetime) -> bool:
    """Give up an upload that nobody completed in time; False when it was settled meanwhile."""
    document = await session.get(Document, document_id, with_for_update=True)
    if document is None or document.status != DocumentStatus.PENDING:
        return False
    document.move(DocumentStatus.EXPIRED, now)
    return True


async def purge_document(session: AsyncSession, *, document_id: UUID, now: datetime) -> str | None:
    """Let go of the file of a document that left the set; returns the key of the object to delete.

    None when there is nothing to let go: a submission has named the document, so its file stays.
    """
    _, document = await _lock_with_set(session, document_id)
    named = select(SubmittedDocument).where(SubmittedDocument.document_id == document_id)
    left = document.status in (DocumentStatus.REPLACED, DocumentStatus.REMOVED) and document.object_key is not None
    if not left or (await session.execute(named.limit(1))).first() is not None:
        return None
    key, document.object_key = document.object_key, None
    document.move(DocumentStatus.PURGED, now)
    return key


# What applications tell


async def open_set(
    session: AsyncSession, *, application_id: UUID, account_id: UUID, policy: DocumentPolicy, now: datetime
) -> None:
    """Keep whose application it is and which documents it may have. Hearing it twice changes nothing."""
    values = {
        "application_id": application_id,
        "account_id": account_id,
        "slots": [slot.model_dump() for slot in policy.slots],
        "total_limit_bytes": policy.total_limit_bytes,
        "version": 0,
        "frozen": False,
        "created_at": now,
    }
    await session.execute(insert(DocumentSet).values(values).on_conflict_do_nothing())


async def freeze_set(
    session: AsyncSession, *, application_id: UUID, submission: int, submitted: Sequence[Submitted], now: datetime
) -> None:
    """Make the set what was submitted, and fix it (DO-08).

    The applicant may have changed the set after submitting and before this service heard of it. What was submitted
    counts: it is covered by the one-time-password proof. So documents that were replaced or removed in between come
    back, and those that were added leave; both is told. A submission that is not newer than the last one heard of
    changes nothing. Raises Permanent when the submission names what this service does not have.
    """
    documents = await _heard_set(session, application_id)
    if documents.submission is not None and submission <= documents.submission:
        return
    named = await _named(session, documents, submitted)
    documents.submission, documents.frozen = submission, True
    stored = await _stored(session, documents)
    added = [document for slot, document in stored.items() if document.id not in named]
    missing = [document for document in named.values() if document.status != DocumentStatus.STORED]
    restored_slots = {document.slot for document in missing}
    for document in added:
        restored = document.slot in restored_slots
        document.move(DocumentStatus.REPLACED if restored else DocumentStatus.REMOVED, now)
    await session.flush()
    for document in added:
        if document.slot not in restored_slots:
            await _tell_removed(session, documents, document, now)
    for document in missing:
        document.move(DocumentStatus.STORED, now)
        await _tell_stored(session, documents, document, now)
    session.add_all(
        SubmittedDocument(application_id=application_id, submission=submission, document_id=document_id)
        for document_id in named
    )
    in_order = tuple(document.id for document in (await _stored(session, documents)).values())
    frozen = DocumentsFrozen(application_id=application_id, submission=submission, document_ids=in_order)
    await session.flush()
    await record(session, frozen, now=now)


async def reopen_set(session: AsyncSession, *, application_id: UUID, submission: int) -> None:
    """Let the set be changed again after a rejection; its files stay (DO-08).

    A rejection of an earlier submission than the last one heard of changes nothing. Raises Permanent for one of a
    submission not heard of: an event is missing before it.
    """
    documents = await _heard_set(session, application_id)
    if documents.submission is None or submission > documents.submission:
        raise Permanent("rejection of a submission that was not heard of")
    if submission == documents.submission:
        documents.frozen = False


# Parts


async def _lock_with_set(session: AsyncSession, document_id: UUID) -> tuple[DocumentSet, Document]:
    """The set and the document as they are now, locked in this order, which is the same everywhere."""
    application_id = (
        await session.execute(select(Document.application_id).where(Document.id == document_id))
    ).scalar_one()
    documents = await _lock_set(session, application_id)
    document = await _lock_document(session, document_id)
    if documents is None:
        raise NotFound
    return documents, document


async def _lock_document(session: AsyncSession, document_id: UUID) -> Document:
    return await session.get_one(Document, document_id, with_for_update=True, populate_existing=True)


def _lease(document: Document, now: datetime) -> bool:
    """Take the lease on the completion of a document whose row is locked; False when somebody has it."""
    if document.completing_until is not None and document.completing_until > now:
        return False
    document.completing_until = now + COMPLETION_LEASE
    return True


async def _lock_set(session: AsyncSession, application_id: UUID) -> DocumentSet | None:
    # NO KEY UPDATE: beginning an upload, whose foreign key shares a lock on the set, need not wait.
    return await session.get(DocumentSet, application_id, with_for_update={"key_share": True}, populate_existing=True)


async def _heard_set(session: AsyncSession, application_id: UUID) -> DocumentSet:
    documents = await _lock_set(session, application_id)
    if documents is None:
        raise Permanent("the application was not heard of")
    return documents


async def _stored(session: AsyncSession, documents: DocumentSet) -> dict[str, Document]:
    """The documents in the set, {slot: document}, in the order of the slots."""
    query = select(Document).where(
        Document.application_id == documents.application_id, Document.status == DocumentStatus.STORED
    )
    by_slot = {document.slot: document for document in (await session.execute(query)).scalars()}
    return {slot: by_slot[slot] for slot in documents.slot_keys if slot in by_slot}


async def _named(session: AsyncSession, documents: DocumentSet, submitted: Sequence[Submitted]) -> dict[UUID, Document]:
    """The documents that a submission names. Raises Permanent unless all of them are here with their files."""
    query = select(Document).where(
        Document.application_id == documents.application_id,
        col(Document.id).in_([one.document_id for one in submitted]),
    )
    found = {document.id: document for document in (await session.execute(query)).scalars()}
    for one in submitted:
        document = found.get(one.document_id)
        if document is None or (document.slot, document.sha256) != (one.slot, one.sha256):
            raise Permanent("the submission names a document that is not of this application")
        if document.object_key is None:
            raise Permanent("the submission names a document whose file is gone")
    return found


def _fits(stored: Mapping[str, Document], slot: str, size_bytes: int, limit: int) -> bool:
    sizes = {document.slot: document.size_bytes for document in stored.values()}
    return attach(sizes, slot, size_bytes, limit) is Attachment.STORED


async def _refuse(session: AsyncSession, document: Document, refusal: Refusal, now: datetime) -> None:
    document.refusal = refusal.value
    document.move(DocumentStatus.REFUSED, now)
    event = DocumentRefused(
        application_id=document.application_id,
        document_id=document.id,
        slot=document.slot,
        code=refusal.value,
        rules=(REFUSAL_RULES[refusal],),
    )
    await session.flush()
    await record(session, event, now=now)


async def _tell_stored(session: AsyncSession, documents: DocumentSet, document: Document, now: datetime) -> None:
    entries = await _changed(session, documents)
    event = DocumentStored(
        application_id=documents.application_id,
        document_id=document.id,
        slot=document.slot,
        sha256=document.sha256,
        size_bytes=document.size_bytes,
        set_version=documents.version,
        set=entries,
        total_bytes=sum(entry.size_bytes for entry in entries),
    )
    await record(session, event, now=now)


async def _tell_removed(session: AsyncSession, documents: DocumentSet, document: Document, now: datetime) -> None:
    entries = await _changed(session, documents)
    event = DocumentRemoved(
        application_id=documents.application_id,
        document_id=document.id,
        slot=document.slot,
        set_version=documents.version,
        set=entries,
        total_bytes=sum(entry.size_bytes for entry in entries),
    )
    await record(session, event, now=now)


async def _changed(session: AsyncSession, documents: DocumentSet) -> tuple[SetEntry, ...]:
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
        )
        for document in (await _stored(session, documents)).values()
    )
