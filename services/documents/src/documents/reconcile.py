"""Keeps rows and objects in step, whatever crashed where.

Rows lead. A row that waits is finished or given up; a row that left the set lets go of its file; and an object that no
row names is rubbish, because every file is named by its row before anybody may rely on it. So a step that deletes an
object may be lost at any time: the sweep finds it again. Unless the rows themselves are lost: a sweep that would delete
suspiciously much deletes nothing and calls the operator.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from kit.errors import Unavailable
from sqlalchemy import text
from sqlmodel import col, or_, select

from documents import commands
from documents.completion import Intake, delete, finish
from documents.domain import DocumentStatus, quarantine_key
from documents.errors import NotUploaded, ObjectMissing
from documents.metrics import files_missing, objects_removed, sweep_refused
from documents.models import Document, LegalHold, SubmittedDocument
from documents.retention import Periods
from documents.storage import StoredObject

log = structlog.get_logger(__name__)

ROUND_SECONDS = 30
SWEEP_EVERY = timedelta(hours=1)
BATCH = 100
# A wish that could not be met for so long, because the scanner is gone or never gives a verdict, is given up.
GIVE_UP_AFTER = timedelta(hours=24)
# Files that left a set stay this long: a submission that names them may still be on its way, while the worker is down
# or the application's key is parked. As long as the topics keep events, so that whoever can still hear of the
# submission still has its files, and longer than anybody may take over a parked key.
KEEP_AFTER_LEAVING = timedelta(days=30)
# A completion that is under way has its copy in the store before its row names it.
UNNAMED_OBJECT_AGE = timedelta(hours=1)
# Crashes leave a handful of unnamed files. More than both of these: the database was restored, or is another one.
UNNAMED_FILES = 20
UNNAMED_PERCENT = 5

_HELD = select(LegalHold.application_id).where(col(LegalHold.released_at).is_(None))
# The shortest period is a month: what was touched within 28 days need not be looked at. In the order of their ids, so
# that a look goes on where the one before ended, whatever it found.
_MAYBE_UNNEEDED = text("""
SELECT s.application_id, s.programme FROM document_sets s
WHERE s.application_id > :after AND s.programme = ANY(:programmes)
  AND EXISTS (
    SELECT FROM documents d WHERE d.application_id = s.application_id AND d.object_key IS NOT NULL
      AND ((NOT s.frozen OR s.outcome IS NOT NULL) AND s.state_since <= :before
        OR d.status IN ('replaced', 'removed') AND d.ended_at <= :before
          AND d.id IN (SELECT document_id FROM submitted_documents)))
  AND NOT EXISTS (SELECT FROM legal_holds h WHERE h.application_id = s.application_id AND h.released_at IS NULL)
ORDER BY s.application_id LIMIT :limit
""")
_ANY_ROWS = text("SELECT EXISTS (SELECT FROM documents)")
_WAITING_KEYS = text("""
SELECT key FROM unnest(cast(:keys AS text[])) AS key
JOIN documents ON status = 'pending' AND 'quarantine/' || application_id || '/' || id = key
""")
# Both sides of the comparison are in byte order, so a page of a listing is a range of rows.
_NAMED_KEYS = text("""
SELECT object_key, stored_at < :listed_at AS was_there FROM documents
WHERE object_key > :after AND (cast(:last AS text) IS NULL OR object_key <= :last)
""")


async def run(
    intake: Intake,
    stop: asyncio.Event,
    *,
    beat: Callable[[], None],
    sweep_anyway: bool,
    periods: Mapping[str, Periods],
) -> None:
    """Reconcile until `stop`; several replicas do no harm to each other."""
    await intake.storage.ensure_bucket()
    swept_at: datetime | None = None
    while not stop.is_set():
        beat()
        try:
            await settle_waiting(intake, beat=beat)
            await purge_left(intake, beat=beat)
            if swept_at is None or intake.clock() - swept_at >= SWEEP_EVERY:
                await tell_holds(intake, beat=beat)
                await end_retention(intake, periods, beat=beat)
                await sweep(intake, beat=beat, anyway=sweep_anyway)
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
        select(Document.id)
        .where(
            Document.status == DocumentStatus.PENDING,
            or_(col(Document.completion_asked_at).is_not(None), col(Document.expires_at) <= now),
            or_(col(Document.completing_until).is_(None), col(Document.completing_until) <= now),
        )
        # By the last try: files that never get a verdict must not stand before all others for a day.
        .order_by(col(Document.completing_until).nulls_first(), col(Document.expires_at))
        .limit(BATCH)
    )
    async with intake.database.transaction() as session:
        ids: Sequence[UUID] = (await session.execute(due)).scalars().all()
    for document_id in ids:
        beat()
        with _apart(document_id):
            await _settle(intake, document_id)


@contextmanager
def _apart(document_id: UUID) -> Iterator[None]:
    """The trouble of one document does not keep the others waiting; what is down is down for all of them."""
    try:
        yield
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001 - logged without its words, which may hold a file name
        log.error("document_not_reconciled", document_id=str(document_id), error=type(error).__name__)


async def _settle(intake: Intake, document_id: UUID) -> None:
    now = intake.clock()
    async with intake.database.transaction() as session:
        document = await commands.take_up(session, document_id=document_id, now=now)
    if document is None:
        return
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
    """Delete the files of documents that left their set 30 days ago and are in no submission."""
    now = intake.clock()
    left = (
        select(Document.id)
        .where(
            col(Document.status).in_((DocumentStatus.REPLACED, DocumentStatus.REMOVED)),
            col(Document.object_key).is_not(None),
            col(Document.ended_at) <= now - KEEP_AFTER_LEAVING,
            col(Document.id).not_in(select(SubmittedDocument.document_id)),
            col(Document.application_id).not_in(_HELD),
        )
        .order_by(col(Document.ended_at))
        .limit(BATCH)
    )
    async with intake.database.transaction() as session:
        ids: Sequence[UUID] = (await session.execute(left)).scalars().all()
    for document_id in ids:
        beat()
        with _apart(document_id):
            async with intake.database.transaction() as session:
                key = await commands.purge_document(session, document_id=document_id, now=now)
            if key is not None:
                log.info("file_purged", document_id=str(document_id))
                await delete(intake.storage, key)


async def end_retention(intake: Intake, periods: Mapping[str, Periods], *, beat: Callable[[], None]) -> None:
    """Delete the files whose period is over, application by application; cut off, it goes on at the next look."""
    now, after = intake.clock(), UUID(int=0)
    while True:
        where = {"after": after, "programmes": list(periods), "before": now - timedelta(days=28), "limit": BATCH}
        async with intake.database.transaction() as session:
            rows = (await session.execute(_MAYBE_UNNEEDED, where)).all()
        for row in rows:
            beat()
            with _apart(row.application_id):
                await _delete_unneeded(intake, row.application_id, periods[row.programme], now)
        if len(rows) < BATCH:
            return
        after = rows[-1].application_id


async def _delete_unneeded(intake: Intake, application_id: UUID, periods: Periods, now: datetime) -> None:
    async with intake.database.transaction() as session:
        keys = await commands.delete_unneeded(session, application_id=application_id, periods=periods, now=now)
    if keys:
        log.info("retention_over", application_id=str(application_id), files=len(keys))
    for key in keys:
        await delete(intake.storage, key)


async def tell_holds(intake: Intake, *, beat: Callable[[], None]) -> None:
    """Tell a store that can hold objects which of them are held; also those that came after the hold was set."""
    if not intake.storage.object_lock:
        return
    async with intake.database.transaction() as session:
        held, released = await commands.held_keys(session), await commands.released_keys(session)
    for key in held:
        beat()
        with suppress(ObjectMissing):  # the sweep counts and names it
            await intake.storage.hold(key)
    for row in released:
        beat()
        for key in row.keys:
            with suppress(ObjectMissing):
                await intake.storage.lift(key)
        async with intake.database.transaction() as session:
            await commands.note_lifted(session, hold_id=row.id, now=intake.clock())


async def sweep(intake: Intake, *, beat: Callable[[], None], anyway: bool = False) -> None:
    """Go through the whole store: delete what no row names, and count the rows whose file is not there.

    Deletes no upload and no file when that would be suspiciously much, unless the operator has looked: `anyway`.
    """
    old = intake.clock() - UNNAMED_OBJECT_AGE
    async for page in intake.storage.pages("health/"):  # what looks at the store left when their process died
        beat()
        for key in _unnamed(page, set(), old):
            await delete(intake.storage, key)
    uploads: list[str] = []
    async for page in intake.storage.pages("quarantine/"):
        beat()
        keys = [found.key for found in page]
        async with intake.database.transaction() as session:
            waiting = set((await session.execute(_WAITING_KEYS, {"keys": keys})).scalars())
        uploads += _unnamed(page, waiting, old)
    files: list[str] = []
    listed, missing, after, listed_at = 0, 0, "", intake.clock()
    async for page in intake.storage.pages("files/"):
        beat()
        rows = await _named_between(intake, after, page[-1].key, listed_at)
        files += _unnamed(page, set(rows), old)
        missing += _count_missing(rows, page)
        listed += len(page)
        after, listed_at = page[-1].key, intake.clock()
    missing += _count_missing(await _named_between(intake, after, None, listed_at), [])
    files_missing.set(missing)
    if missing:
        log.error("files_missing", count=missing)
    async with intake.database.transaction() as session:
        any_rows = (await session.execute(_ANY_ROWS)).scalar_one()
    unnamed = len(files) + len(uploads)
    if not anyway and (too_many(len(files), listed) or (unnamed and not any_rows)):
        sweep_refused.set(unnamed)
        log.error("sweep_refused", files=len(files), files_listed=listed, uploads=len(uploads), any_rows=any_rows)
        return
    sweep_refused.set(0)
    for key in uploads + files:
        beat()
        await delete(intake.storage, key)
        objects_removed.inc()
        log.info("unnamed_object_removed", key=key)


def too_many(unnamed: int, listed: int) -> bool:
    """Whether so many unnamed files out of so many listed are more than crashes leave."""
    return unnamed > UNNAMED_FILES and unnamed * 100 > listed * UNNAMED_PERCENT


async def _named_between(intake: Intake, after: str, last: str | None, listed_at: datetime) -> dict[str, bool]:
    """The keys in the range of one page that rows name: {key: whether its file must be in the listing}."""
    where = {"after": after, "last": last, "listed_at": listed_at}
    async with intake.database.transaction() as session:
        return {row.object_key: row.was_there for row in (await session.execute(_NAMED_KEYS, where)).all()}


def _count_missing(rows: dict[str, bool], page: Sequence[StoredObject]) -> int:
    there = {found.key for found in page}
    missing = [key for key, was_there in rows.items() if was_there and key not in there]
    for key in missing:
        log.error("file_missing", key=key)
    return len(missing)


def _unnamed(page: Sequence[StoredObject], named: set[str], old: datetime) -> list[str]:
    return [found.key for found in page if found.key not in named and found.changed_at <= old]
