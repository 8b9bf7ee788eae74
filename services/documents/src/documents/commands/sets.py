"""What applications and sessions tell: which documents there may be, whose, and when they are fixed, opened or dropped.

Every function may hear the same again and changes nothing then. What cannot be right, because an event before it is
missing, raises Permanent: the application's key is parked for an operator.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from kit.errors import Permanent
from kit.eventlog import record
from madoguchi_contracts.applications import AwaitedDocument, DocumentPolicy, Party
from madoguchi_contracts.applications import SubmittedDocument as Submitted
from madoguchi_contracts.documents import DocumentsFrozen
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from documents.commands.numbers import REASON as INDIVIDUAL_NUMBER
from documents.commands.parts import heard_set, in_set, tell_removed, tell_stored
from documents.domain import DocumentStatus
from documents.models import Document, DocumentSet, EvidenceReading, RetentionEntry, SubmittedDocument


async def open_set(
    session: AsyncSession,
    *,
    application_id: UUID,
    programme: str,
    account_id: UUID,
    policy: DocumentPolicy,
    now: datetime,
) -> None:
    """Keep whose application it is and which documents it may have."""
    values = {
        "application_id": application_id,
        "account_id": account_id,
        "programme": programme,
        "slots": [slot.model_dump(mode="json") for slot in policy.slots],
        "total_limit_bytes": policy.total_limit_bytes,
        "keeps_unsubmitted": policy.keeps_unsubmitted,
        "parties": {},
        "version": 0,
        "frozen": False,
        "created_at": now,
        "state_since": now,
    }
    await session.execute(insert(DocumentSet).values(values).on_conflict_do_nothing())


async def change_parties(session: AsyncSession, *, application_id: UUID, parties: Sequence[Party]) -> None:
    """Keep who besides the owner may see or change the documents."""
    documents = await heard_set(session, application_id)
    documents.parties = {str(party.party_id): {"kind": party.kind, "grants": list(party.grants)} for party in parties}


# Submissions


async def freeze_set(
    session: AsyncSession,
    *,
    application_id: UUID,
    submission: int,
    submitted: Sequence[Submitted],
    awaited: Sequence[AwaitedDocument],
    now: datetime,
) -> None:
    """Make the set what was submitted, and fix it (DO-08), but for the places that are `awaited` (GL-390).

    The applicant may have changed the set after submitting and before this service heard of it. What was submitted
    counts: it is covered by the one-time-password proof. A submission that is not newer than the last one heard of
    changes nothing. Raises Permanent when the submission names what this service does not have.
    """
    documents = await heard_set(session, application_id)
    if documents.submission is not None and submission <= documents.submission:
        return
    named = await _named(session, documents, submitted)
    documents.submission, documents.frozen, documents.editors = submission, True, None
    documents.state_since = now
    documents.slots = [
        {**slot, "awaited_of": sorted(str(one.subject) for one in awaited if one.slot == slot["key"])}
        for slot in documents.slots
    ]
    await _make(session, documents, named, now)
    session.add_all(
        SubmittedDocument(application_id=application_id, submission=submission, document_id=document_id)
        for document_id in named
    )
    in_order = tuple(document.id for document in (await in_set(session, documents)).values())
    frozen = DocumentsFrozen(application_id=application_id, submission=submission, document_ids=in_order)
    await session.flush()
    await record(session, frozen, now=now)


async def return_set(session: AsyncSession, *, application_id: UUID, submission: int, now: datetime) -> None:
    """Let the set be changed again after a rejection; its files stay (DO-08).

    A rejection of another submission than the current one changes nothing.
    """
    documents = await _heard_submission(session, application_id, submission)
    if submission == documents.current_submission:
        documents.frozen = False
        documents.state_since = now


async def approve_set(session: AsyncSession, *, application_id: UUID, submission: int, now: datetime) -> None:
    """Keep which submission is in force: it is what others than the owner are shown."""
    documents = await _heard_submission(session, application_id, submission)
    if submission > (documents.approved_submission or 0):
        documents.approved_submission = submission
        documents.state_since = now


async def reopen_for(
    session: AsyncSession, *, application_id: UUID, submission: int, editors: Sequence[UUID], now: datetime
) -> None:
    """Let `editors` prepare a change of what was approved, to be handed in as `submission` (AS-83).

    News of a change that was handed in meanwhile changes nothing. Raises Permanent when a submission before it was not
    heard of.
    """
    documents = await heard_set(session, application_id)
    if documents.submission is None or submission > documents.submission + 1:
        raise Permanent("a content is reopened whose submission was not heard of")
    if submission <= documents.submission:
        return
    # Approvals from before this service listened to them: only what was approved is reopened.
    documents.approved_submission = documents.approved_submission or documents.submission
    documents.frozen = False
    documents.editors = [str(editor) for editor in editors]
    documents.state_since = now


async def withdraw_change(
    session: AsyncSession, *, application_id: UUID, approved_submission: int, now: datetime
) -> None:
    """Forget a change that was given up: the set is what was approved once more, and fixed (AS-83)."""
    documents = await _heard_submission(session, application_id, approved_submission)
    documents.approved_submission = max(approved_submission, documents.approved_submission or 0)
    if documents.submission != documents.approved_submission:
        documents.withdrawn_submission = documents.submission
    documents.frozen, documents.editors = True, None
    documents.state_since = now
    in_force = await _submitted(session, documents, documents.approved_submission)
    await _make(session, documents, in_force, now)


async def close_set(
    session: AsyncSession, *, application_id: UUID, submission: int, outcome: str, now: datetime
) -> None:
    """Keep how the application ended: nothing of its set changes any more, and the time for which it is kept begins.

    The first news of it counts. Raises Permanent for news of a submission not heard of (0: nothing was submitted).
    """
    documents = await heard_set(session, application_id)
    if submission > (documents.submission or 0):
        raise Permanent("an application ended whose submission was not heard of")
    if documents.outcome is None:
        documents.outcome, documents.editors = outcome, None
        documents.state_since = now


# DO-07


async def set_aside(session: AsyncSession, *, application_id: UUID, set_aside_at: datetime, now: datetime) -> None:
    """Drop the files that belong to no submission, and give up uploads, because the draft was saved for later (DO-07).

    What was begun after `set_aside_at` stays: the applicant is back already, and this service heard late.
    """
    documents = await heard_set(session, application_id)
    if documents.keeps_unsubmitted or documents.frozen:
        return
    begun_before = [one for one in await _unsubmitted(session, documents) if one.created_at <= set_aside_at]
    await _drop(session, documents, begun_before, now)


async def drop_of_sessions(session: AsyncSession, *, session_ids: Sequence[UUID], now: datetime) -> None:
    """Drop the files that belong to no submission and were uploaded in sessions that timed out (DO-07)."""
    affected = (
        select(col(Document.application_id))
        .where(
            col(Document.session_id).in_(session_ids),
            col(Document.status).in_((DocumentStatus.PENDING, DocumentStatus.STORED)),
        )
        .distinct()
        .order_by(col(Document.application_id))  # locks are taken in the same order everywhere
    )
    for application_id in (await session.execute(affected)).scalars().all():
        documents = await heard_set(session, application_id)
        if documents.keeps_unsubmitted or documents.frozen:
            continue
        theirs = [one for one in await _unsubmitted(session, documents) if one.session_id in session_ids]
        await _drop(session, documents, theirs, now)


async def _unsubmitted(session: AsyncSession, documents: DocumentSet) -> Sequence[Document]:
    """The documents, stored or still pending, that no submission has named."""
    query = select(Document).where(
        Document.application_id == documents.application_id,
        col(Document.status).in_((DocumentStatus.PENDING, DocumentStatus.STORED)),
        col(Document.id).not_in(
            select(SubmittedDocument.document_id).where(SubmittedDocument.application_id == documents.application_id)
        ),
    )
    return (await session.execute(query.order_by(col(Document.created_at), col(Document.id)))).scalars().all()


async def _drop(session: AsyncSession, documents: DocumentSet, dropped: Sequence[Document], now: datetime) -> None:
    """Take documents out. A submitted file that one of them had replaced comes back (DO-08: it stays attached)."""
    settled = documents.current_submission
    submitted = {} if settled is None else await _submitted(session, documents, settled)
    replaced = {one.place: one for one in submitted.values() if one.status == DocumentStatus.REPLACED}
    gone = [document for document in dropped if document.status == DocumentStatus.STORED]
    for document in dropped:
        document.move(DocumentStatus.REMOVED, now)
    await session.flush()
    for document in gone:
        former = replaced.get(document.place)
        if former is None:
            await tell_removed(session, documents, document, now)
        else:
            await _restore(session, documents, former, now)


# Parts


async def _heard_submission(session: AsyncSession, application_id: UUID, submission: int) -> DocumentSet:
    """The set, locked. Raises Permanent for news of a submission not heard of: an event is missing before it."""
    documents = await heard_set(session, application_id)
    if documents.submission is None or submission > documents.submission:
        raise Permanent("news of a submission that was not heard of")
    return documents


async def _make(session: AsyncSession, documents: DocumentSet, wanted: Mapping[UUID, Document], now: datetime) -> None:
    """Let the set hold exactly these documents: others leave, those that had left come back; both is told."""
    here = await in_set(session, documents)
    added = [document for document in here.values() if document.id not in wanted]
    missing = [document for document in wanted.values() if document.status != DocumentStatus.STORED]
    restored_places = {document.place for document in missing}
    for document in added:
        restored = document.place in restored_places
        document.move(DocumentStatus.REPLACED if restored else DocumentStatus.REMOVED, now)
    await session.flush()
    for document in added:
        if document.place not in restored_places:
            await tell_removed(session, documents, document, now)
    for document in missing:
        await _restore(session, documents, document, now)


async def _restore(session: AsyncSession, documents: DocumentSet, document: Document, now: datetime) -> None:
    """Let a document that had left the set come back, and be read once more: what had been read in it was forgotten
    where it was told, when the document left.
    """
    document.move(DocumentStatus.STORED, now)
    await tell_stored(session, documents, document, now)
    reading = await session.get(EvidenceReading, document.id, with_for_update=True, populate_existing=True)
    if reading is not None:
        reading.look_at, reading.looks, reading.failures, reading.result = now, 0, 0, None


async def _named(
    session: AsyncSession, documents: DocumentSet, submitted: Collection[Submitted]
) -> dict[UUID, Document]:
    """The documents that a submission names. Raises Permanent unless all of them are here with their files; one that
    the office had deleted for its individual number while the submission was on its way is left out (GL-371).
    """
    deleted = select(RetentionEntry.document_id).where(
        RetentionEntry.application_id == documents.application_id, RetentionEntry.reason == INDIVIDUAL_NUMBER
    )
    numbers = set((await session.execute(deleted)).scalars())
    query = select(Document).where(
        Document.application_id == documents.application_id,
        col(Document.id).in_([one.document_id for one in submitted]),
    )
    found = {document.id: document for document in (await session.execute(query)).scalars()}
    for one in submitted:
        document = found.get(one.document_id)
        if document is None or (*document.place, document.sha256) != (one.slot, one.subject, one.sha256):
            raise Permanent("the submission names a document that is not of this application")
        if document.object_key is None and document.id not in numbers:
            raise Permanent("the submission names a document whose file is gone")
    return {key: document for key, document in found.items() if key not in numbers}


async def _submitted(session: AsyncSession, documents: DocumentSet, submission: int) -> dict[UUID, Document]:
    """The documents of a submission that was heard of, but for those whose files are gone for good."""
    query = (
        select(Document)
        .join(SubmittedDocument, col(SubmittedDocument.document_id) == col(Document.id))
        .where(SubmittedDocument.application_id == documents.application_id, SubmittedDocument.submission == submission)
        .where(Document.status != DocumentStatus.PURGED)
    )
    return {document.id: document for document in (await session.execute(query)).scalars()}
