"""Legal holds, and the end of the time for which files are kept. Nothing is deleted under a hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from kit.errors import NotFound
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, or_, select

from documents.commands.parts import lock_set, tell_removed
from documents.domain import DocumentStatus
from documents.errors import AlreadyHeld, NotHeld
from documents.models import Document, DocumentSet, LegalHold, RetentionEntry, SubmittedDocument
from documents.retention import Case, Periods, is_over

_FORGET_PAPERS = text("UPDATE posted_papers SET facts = '{}' WHERE application_id = :application_id")


async def hold(session: AsyncSession, *, application_id: UUID, reason: str, by: str, now: datetime) -> None:
    """Keep everything of an application, whatever period is over. Raises NotFound or AlreadyHeld."""
    if await lock_set(session, application_id) is None:
        raise NotFound(application_id=str(application_id))
    if await is_held(session, application_id):
        raise AlreadyHeld(application_id=str(application_id))
    session.add(LegalHold(application_id=application_id, reason=reason, set_by=by, set_at=now))
    await session.flush()


async def release(session: AsyncSession, *, application_id: UUID, reason: str, by: str, now: datetime) -> None:
    """End a hold: what is over its period is deleted at the next look. Raises NotHeld."""
    await lock_set(session, application_id)
    query = select(LegalHold).where(LegalHold.application_id == application_id, col(LegalHold.released_at).is_(None))
    held = (await session.execute(query)).scalar_one_or_none()
    if held is None:
        raise NotHeld(application_id=str(application_id))
    held.release_reason, held.released_by, held.released_at = reason, by, now


async def is_held(session: AsyncSession, application_id: UUID) -> bool:
    """Whether nothing of the application may be deleted. Certain only under the lock of the set."""
    query = select(LegalHold.id).where(LegalHold.application_id == application_id, col(LegalHold.released_at).is_(None))
    return (await session.execute(query)).first() is not None


async def delete_unneeded(session: AsyncSession, *, application_id: UUID, periods: Periods, now: datetime) -> list[str]:
    """Let go of the files of an application whose period is over, and put down which; returns the keys to delete.

    What is decided here is decided for good: when the process dies before the objects are gone, no row names them any
    more and the sweep deletes them. Under a hold nothing is let go.
    """
    documents = await lock_set(session, application_id)
    if documents is None or await is_held(session, application_id):
        return []
    rows = await _all_of(session, application_id)
    case = _case_of(documents)
    since = max([documents.state_since, *(document.created_at for document in rows)])
    months = None if case is None else periods.of(case, documents.outcome)
    if case is not None and months is not None and is_over(since, months, now):
        keys = await let_go(session, documents, rows, case, since, months, now)
        documents.files_deleted_at = now
        await session.execute(_FORGET_PAPERS, {"application_id": application_id})
        return keys
    keys = []
    for document in await _superseded(session, documents, rows):
        if document.ended_at is not None and is_over(document.ended_at, periods.superseded, now):
            since, months = document.ended_at, periods.superseded
            keys += await let_go(session, documents, [document], Case.SUPERSEDED, since, months, now)
    return keys


def _case_of(documents: DocumentSet) -> Case | None:
    """Why nobody may need the whole set any more; None when it is under review or something of it is in force."""
    if documents.outcome is not None:
        return Case.ENDED
    if documents.frozen or documents.approved_submission is not None:
        return None
    return Case.ABANDONED if documents.submission is None else Case.RETURNED


async def _all_of(session: AsyncSession, application_id: UUID) -> Sequence[Document]:
    """All documents that have a file, or may still get one."""
    query = select(Document).where(
        Document.application_id == application_id,
        or_(col(Document.status) == DocumentStatus.PENDING, col(Document.object_key).is_not(None)),
    )
    return (await session.execute(query.order_by(col(Document.id)))).scalars().all()


async def _superseded(session: AsyncSession, documents: DocumentSet, rows: Iterable[Document]) -> list[Document]:
    """The documents that left the set after a submission, and are neither in force nor in the current one."""
    query = select(SubmittedDocument).where(SubmittedDocument.application_id == documents.application_id)
    named = (await session.execute(query)).scalars().all()
    needed = {
        one.document_id
        for one in named
        if one.submission in (documents.current_submission, documents.approved_submission)
    }
    once = {one.document_id for one in named} - needed
    left = (DocumentStatus.REPLACED, DocumentStatus.REMOVED)
    return [document for document in rows if document.id in once and document.status in left]


async def let_go(
    session: AsyncSession,
    documents: DocumentSet,
    rows: Sequence[Document],
    reason: str,
    since: datetime,
    months: int,
    now: datetime,
) -> list[str]:
    """Forget files and their names, and tell of those that were in the set; returns the keys of their objects."""
    keys = []
    for document in rows:
        if document.status in (DocumentStatus.STORED, DocumentStatus.PENDING):
            was_stored = document.status == DocumentStatus.STORED
            document.move(DocumentStatus.REMOVED, now)
            if was_stored:
                await tell_removed(session, documents, document, now)
        if document.object_key is None:
            continue
        keys.append(document.object_key)
        document.object_key = None
        document.move(DocumentStatus.PURGED, now)
        session.add(
            RetentionEntry(
                document_id=document.id,
                application_id=documents.application_id,
                at=now,
                reason=reason,
                since=since,
                months=months,
                sha256=document.sha256,
            )
        )
    await session.flush()
    return keys


# The store's own holds

_HELD_KEYS = text("""
SELECT d.object_key FROM legal_holds h JOIN documents d USING (application_id)
WHERE h.released_at IS NULL AND d.object_key IS NOT NULL ORDER BY d.object_key
""")
_RELEASED_KEYS = text("""
SELECT h.id, array_remove(array_agg(d.object_key), NULL) AS keys
FROM legal_holds h LEFT JOIN documents d USING (application_id)
WHERE h.released_at IS NOT NULL AND h.lifted_at IS NULL
  AND NOT EXISTS (SELECT FROM legal_holds n WHERE n.application_id = h.application_id AND n.released_at IS NULL)
GROUP BY h.id
""")
_LIFTED = text("UPDATE legal_holds SET lifted_at = :now WHERE id = :id")


async def held_keys(session: AsyncSession) -> Sequence[str]:
    """The objects that are under a hold."""
    return (await session.execute(_HELD_KEYS)).scalars().all()


async def released_keys(session: AsyncSession) -> Sequence[Any]:
    """Holds that were released and of which the store was not told yet: rows of `id` and `keys`."""
    return (await session.execute(_RELEASED_KEYS)).all()


async def note_lifted(session: AsyncSession, *, hold_id: int, now: datetime) -> None:
    """The store knows of the release."""
    await session.execute(_LIFTED, {"id": hold_id, "now": now})
