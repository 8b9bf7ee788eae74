"""Keeps rows and objects in step, whatever crashed where.

Rows lead. A row that waits is finished or given up; a row that left the set lets go of its file; and an object that no
row names is rubbish, because every file is named by its row before anybody may rely on it. So a step that deletes an
object may be lost at any time: the sweep finds it again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from kit.errors import Unavailable
from sqlalchemy import text
from sqlmodel import col, or_, select

from documents import commands
from documents.completion import Intake, delete, finish
from documents.domain import DocumentStatus, quarantine_key
from documents.errors import NotUploaded
from documents.metrics import files_missing, objects_removed
from documents.models import Document, SubmittedDocument
from documents.storage import StoredObject

log = structlog.get_logger(__name__)

ROUND_SECONDS = 30
SWEEP_EVERY = timedelta(hours=1)
BATCH = 100
# An interrupted completion is taken up after this; the applicant's own request is given the time to end before.
TAKE_UP_AFTER = timedelta(minutes=2)
# A wish that could not be met for so long, because the scanner is gone or never gives a verdict, is given up.
GIVE_UP_AFTER = timedelta(hours=24)
# Files that left a set stay this long: a submission that names them may still be on its way.
KEEP_AFTER_LEAVING = timedelta(hours=24)
# A completion that is under way has its copy in the store before its row names it.
UNNAMED_OBJECT_AGE = timedelta(hours=1)

_WAITING_KEYS = text("""
SELECT key FROM unnest(cast(:keys AS text[])) AS key
JOIN documents ON status = 'pending' AND 'quarantine/' || application_id || '/' || id = key
""")
# Both sides of the comparison are in byte order, so a page of a listing is a range of rows.
_NAMED_KEYS = text("""
SELECT object_key, stored_at < :listed_at AS was_there FROM documents
WHERE object_key > :after AND (cast(:last AS text) IS NULL OR object_key <= :last)
""")


async def run(intake: Intake, stop: asyncio.Event, *, beat: Callable[[], None]) -> None:
    """Reconcile until `stop`; several replicas do no harm to each other."""
    await intake.storage.ensure_bucket()
    swept_at: datetime | None = None
    while not stop.is_set():
        beat()
        try:
            await settle_waiting(intake, beat=beat)
            await purge_left(intake, beat=beat)
            if swept_at is None or intake.clock() - swept_at >= SWEEP_EVERY:
                await sweep(intake, beat=beat)
                swept_at = intake.clock()
        except Unavailable as error:
            log.warning("reconcile_waits", code=error.code)
        try:
            await asyncio.wait_for(stop.wait(), ROUND_SECONDS)
        except TimeoutError:
            continue


async def settle_waiting(intake: Intake, *, beat: Callable[[], None]) -> None:
    """Finish the uploads whose completion was interrupted, and give up those that nobody completed in time."""
    now = intake.clock()
    due = (
        select(Document)
        .where(
            Document.status == DocumentStatus.PENDING,
            or_(
                col(Document.completion_asked_at) <= now - TAKE_UP_AFTER,
                col(Document.completion_asked_at).is_(None) & (col(Document.expires_at) <= now),
            ),
        )
        .order_by(col(Document.expires_at))
        .limit(BATCH)
    )
    async with intake.database.transaction() as session:
        waiting = (await session.execute(due)).scalars().all()
    for document in waiting:
        beat()
        await _settle(intake, document, now)


async def _settle(intake: Intake, document: Document, now: datetime) -> None:
    asked_at = document.completion_asked_at
    if asked_at is not None and asked_at > now - GIVE_UP_AFTER:
        try:
            await finish(intake, document)
            return
        except NotUploaded:
            if document.expires_at > now:
                return
        except Unavailable as error:
            log.warning("upload_waits", document_id=str(document.id), code=error.code)
            return
    async with intake.database.transaction() as session:
        expired = await commands.expire_upload(session, document_id=document.id, now=now)
    if expired:
        log.info("upload_expired", document_id=str(document.id), completion_was_asked=asked_at is not None)
        await delete(intake.storage, quarantine_key(document.application_id, document.id))


async def purge_left(intake: Intake, *, beat: Callable[[], None]) -> None:
    """Delete the files of documents that left their set a day ago and are in no submission."""
    now = intake.clock()
    left = (
        select(Document.id)
        .where(
            col(Document.status).in_((DocumentStatus.REPLACED, DocumentStatus.REMOVED)),
            col(Document.object_key).is_not(None),
            col(Document.ended_at) <= now - KEEP_AFTER_LEAVING,
            col(Document.id).not_in(select(SubmittedDocument.document_id)),
        )
        .order_by(col(Document.ended_at))
        .limit(BATCH)
    )
    async with intake.database.transaction() as session:
        ids: Sequence[UUID] = (await session.execute(left)).scalars().all()
    for document_id in ids:
        beat()
        async with intake.database.transaction() as session:
            key = await commands.purge_document(session, document_id=document_id, now=now)
        if key is not None:
            log.info("file_purged", document_id=str(document_id))
            await delete(intake.storage, key)


async def sweep(intake: Intake, *, beat: Callable[[], None]) -> None:
    """Go through the whole store: delete what no row names, and count the rows whose file is not there."""
    async for page in intake.storage.pages("quarantine/"):
        beat()
        keys = [found.key for found in page]
        async with intake.database.transaction() as session:
            waiting = set((await session.execute(_WAITING_KEYS, {"keys": keys})).scalars())
        await _delete_unnamed(intake, page, waiting)
    missing, after, listed_at = 0, "", intake.clock()
    async for page in intake.storage.pages("files/"):
        beat()
        missing += await _compare(intake, page, after, page[-1].key, listed_at)
        after, listed_at = page[-1].key, intake.clock()
    missing += await _compare(intake, [], after, None, listed_at)
    files_missing.set(missing)
    if missing:
        log.error("files_missing", count=missing)


async def _compare(
    intake: Intake, page: Sequence[StoredObject], after: str, last: str | None, listed_at: datetime
) -> int:
    """One page of checked files against the rows that name keys in its range; returns how many files are missing."""
    where = {"after": after, "last": last, "listed_at": listed_at}
    async with intake.database.transaction() as session:
        rows = (await session.execute(_NAMED_KEYS, where)).all()
    await _delete_unnamed(intake, page, {row.object_key for row in rows})
    there = {found.key for found in page}
    missing = [row.object_key for row in rows if row.was_there and row.object_key not in there]
    for key in missing:
        log.error("file_missing", key=key)
    return len(missing)


async def _delete_unnamed(intake: Intake, page: Sequence[StoredObject], named: set[str]) -> None:
    old = intake.clock() - UNNAMED_OBJECT_AGE
    for found in page:
        if found.key not in named and found.changed_at <= old:
            await delete(intake.storage, found.key)
            objects_removed.inc()
            log.info("unnamed_object_removed", key=found.key)
