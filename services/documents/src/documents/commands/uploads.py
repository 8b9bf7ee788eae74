"""The three steps of an upload, and what becomes of a file that left its set.

`start_upload` promises a place; the browser puts the file into quarantine; `ask_completion` notes that the applicant
wants it in, and after the checks, which `completion` makes without a lock, `settle_upload` decides. Whatever refuses a
file at that point is an outcome and no error: it has to be kept and told.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from kit.errors import Forbidden
from kit.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, func, select

from documents.access import authorise, authorised, standing_of
from documents.commands.parts import (
    fits,
    in_set,
    lock_document,
    lock_with_set,
    open_while_frozen,
    refuse,
    tell_removed,
    tell_stored,
)
from documents.commands.retention import is_held
from documents.domain import Action, DocumentStatus, Refusal, fills, refusal_finding
from documents.errors import (
    CompletionInProgress,
    TooManyUploads,
    UnknownSlot,
    UploadOver,
    UploadRefused,
    WrongSubject,
)
from documents.models import Document, DocumentSet, EvidenceReading, SubmittedDocument
from documents.rules import is_placeholder, is_standard_type

UPLOAD_LIFETIME = timedelta(minutes=15)  # long enough for 6 MB over a bad mobile line
MAX_PENDING = 20  # per application: what somebody could otherwise fill the quarantine with
# Who completes an upload has it alone for so long, longer than the checks of a file take; else every repeated request
# would copy and scan it once more. Who dies loses it then. Running over time does no harm: only one decision counts.
COMPLETION_LEASE = timedelta(minutes=2)
ASK_AGAIN_SECONDS = 5


async def start_upload(
    session: AsyncSession,
    *,
    actor: Actor,
    application_id: UUID,
    slot: str,
    subject: UUID | None,
    file_name: str,
    content_type: str,
    size_bytes: int,
    sha256: str,
    now: datetime,
) -> Document:
    """Begin an upload: the file may be put into quarantine for 15 minutes.

    `subject` is whose paper it is, in a slot per person: the owner or a person who takes part. The limit is checked
    here so that nobody uploads in vain, and again when the upload is completed (DO-05). Uploads that are only begun do
    not count: many never end. Raises UnknownSlot, WrongSubject, UploadRefused, TooManyUploads and what `authorise`
    raises.
    """
    known = await session.get(DocumentSet, application_id)
    here = await in_set(session, known) if known is not None else {}
    place = slot, subject
    handed_in = known is not None and open_while_frozen(known, here, place)
    documents = authorise(known, actor, Action.HAND_IN if handed_in else Action.UPLOAD)
    its_slot = documents.slot_of.get(slot)
    if its_slot is None or its_slot.withdrawn:
        raise UnknownSlot(application_id=str(application_id))
    if subject not in documents.subjects_of(its_slot):
        raise WrongSubject(application_id=str(application_id))
    if not fills(standing_of(documents, actor), its_slot, subject):
        raise Forbidden(application_id=str(application_id))
    if not fits(here, place, size_bytes, documents.total_limit_bytes):
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
        uploaded_by=actor.account_id,
        session_id=actor.session_id,
        slot=slot,
        subject=subject,
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
    document = await lock_document(session, document_id)
    if document.status != DocumentStatus.PENDING:
        return documents, document
    if document.completion_asked_at is None:
        if document.expires_at <= now:
            raise UploadOver(document_id=str(document_id))
        document.completion_asked_at = now
    if not _take_lease(document, now):
        raise CompletionInProgress(document_id=str(document_id), retry_after_seconds=ASK_AGAIN_SECONDS)
    return documents, document


async def return_lease(session: AsyncSession, *, document: Document, until: datetime) -> None:
    """Let the next one try the completion from `until` on, after a try that decided nothing.

    Changes nothing when the lease that `document` holds ran out and somebody else has taken it.
    """
    now_held = await lock_document(session, document.id)
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

    `refusal` is what the checks of the bytes found. Under the lock of the set, a submission that came first (DO-08), a
    place that was closed meanwhile, and the limit (DO-05) can refuse it too, so that two uploads completed at once
    cannot exceed it together. If somebody else settled the document meanwhile, it is returned as it is; the caller
    compares its `object_key`.
    """
    documents, document = await lock_with_set(session, document_id)
    if document.status != DocumentStatus.PENDING:
        return document
    here = await in_set(session, documents)
    slot = documents.slot_of[document.slot]
    gone = slot.withdrawn or document.subject not in documents.subjects_of(slot)
    fixed = documents.frozen or documents.outcome is not None
    if gone or (fixed and not open_while_frozen(documents, here, document.place)):
        refusal = Refusal.SET_FROZEN
    elif refusal is None and not fits(here, document.place, document.size_bytes, documents.total_limit_bytes):
        refusal = Refusal.TOTAL_OVER_LIMIT
    if refusal is not None:
        await refuse(session, document, refusal, now)
        return document
    former = here.get(document.place)
    if former is not None:
        former.move(DocumentStatus.REPLACED, now)
        await session.flush()  # before the newcomer takes the slot: the unique index looks at each statement
    document.object_key, document.scanned_by = object_key, scanned_by
    document.move(DocumentStatus.STORED, now)
    submission = documents.current_submission
    if documents.frozen and submission is not None:
        # Handed in late, it is part of what the office decides about from now on.
        session.add(
            SubmittedDocument(application_id=documents.application_id, submission=submission, document_id=document.id)
        )
    await tell_stored(session, documents, document, now)
    if documents.read_as(document) is not None:
        session.add(EvidenceReading(id=document.id, look_at=now))
    return document


async def remove_document(session: AsyncSession, *, actor: Actor, document_id: UUID, now: datetime) -> None:
    """Take a document out of the set (DO-03), or give up an upload. Doing it twice is no error.

    The file itself is deleted later by the worker: a submission that is already on its way may still name it. Raises
    UploadOver for a document that was never in the set, and what `authorise` raises.
    """
    await authorised(session, actor, document_id, Action.DELETE)
    documents, document = await lock_with_set(session, document_id)
    authorise(documents, actor, Action.DELETE)  # once more, now that nobody can freeze the set
    was_stored = document.status == DocumentStatus.STORED
    if document.status in (DocumentStatus.REMOVED, DocumentStatus.PURGED):
        return
    if not was_stored and document.status != DocumentStatus.PENDING:
        raise UploadOver(document_id=str(document_id))
    document.move(DocumentStatus.REMOVED, now)
    if was_stored:
        await tell_removed(session, documents, document, now)


# What the worker does


async def take_up(session: AsyncSession, *, document_id: UUID, now: datetime) -> Document | None:
    """A pending document with the lease on its completion; None when it was settled or somebody else has the lease."""
    document = await lock_document(session, document_id)
    return document if document.status == DocumentStatus.PENDING and _take_lease(document, now) else None


async def expire_upload(session: AsyncSession, *, document_id: UUID, now: datetime) -> bool:
    """Give up an upload that nobody completed in time; False when it was settled meanwhile."""
    document = await session.get(Document, document_id, with_for_update=True)
    if document is None or document.status != DocumentStatus.PENDING:
        return False
    document.move(DocumentStatus.EXPIRED, now)
    return True


async def purge_document(session: AsyncSession, *, document_id: UUID, now: datetime) -> str | None:
    """Let go of the file of a document that left the set; returns the key of the object to delete.

    None when there is nothing to let go: a submission has named the document, so its file stays; or a hold is on it.
    """
    documents, document = await lock_with_set(session, document_id)
    if await is_held(session, documents.application_id):
        return None
    named = select(SubmittedDocument).where(SubmittedDocument.document_id == document_id)
    left = document.status in (DocumentStatus.REPLACED, DocumentStatus.REMOVED) and document.object_key is not None
    if not left or (await session.execute(named.limit(1))).first() is not None:
        return None
    key, document.object_key = document.object_key, None
    document.move(DocumentStatus.PURGED, now)
    return key


def _take_lease(document: Document, now: datetime) -> bool:
    """Take the lease on the completion of a document whose row is locked; False when somebody has it."""
    if document.completing_until is not None and document.completing_until > now:
        return False
    document.completing_until = now + COMPLETION_LEASE
    return True
