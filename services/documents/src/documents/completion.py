"""From "the file is there" to a document in the set, in steps that may each be the last before a crash.

1. Note the wish, and take the lease: one at a time completes an upload (transaction).
2. Without a lock: copy the file out of quarantine to a key of its own, and check the copy: size, SHA-256, type,
   malware. The applicant's upload permit stays valid for minutes, so the file in quarantine can change at any moment;
   the copy cannot, and it is the copy that is kept.
3. Decide under the lock of the set (transaction). The document names the copy, or is refused.
4. Delete what nobody needs any more.

A crash after 1 or 2 leaves a wish that the worker picks up; after 3 it leaves objects that no row names, which the
sweep deletes. No step needs to know how far an earlier attempt came.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import structlog
from kit.clock import Clock
from kit.db import Database
from kit.errors import Unavailable
from kit.tokens import Actor

from documents import commands
from documents.domain import (
    HEAD_BYTES,
    DocumentStatus,
    Refusal,
    content_disposition,
    contradicts_its_type,
    file_key,
    quarantine_key,
    refusal_finding,
    served_content_type,
)
from documents.errors import NotUploaded, ObjectMissing, StorageUnavailable, UploadOver, UploadRefused
from documents.metrics import uploads_settled
from documents.models import Document
from documents.scanner import Scanner
from documents.storage import Storage

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Intake:
    """What completing an upload works with."""

    database: Database
    storage: Storage
    scanner: Scanner
    clock: Clock


async def complete_upload(intake: Intake, *, actor: Actor, document_id: UUID) -> Document:
    """Take the uploaded file into the set. May be called again at any time, and then gives the same answer.

    Raises UploadRefused when a check failed, NotUploaded, CompletionInProgress, UploadOver, NotFound, Forbidden;
    StorageUnavailable or ScannerUnavailable, after which the worker goes on trying.
    """
    async with intake.database.transaction() as session:
        documents, document = await commands.ask_completion(
            session, actor=actor, document_id=document_id, now=intake.clock()
        )
    if document.status == DocumentStatus.PENDING:
        document = await finish(intake, document)
    if document.refusal is not None:
        limit = documents.total_limit_bytes
        finding = refusal_finding(Refusal(document.refusal), slot=document.slot, limit_bytes=limit)
        raise UploadRefused(findings=[finding], document_id=str(document_id))
    if document.status != DocumentStatus.STORED:
        raise UploadOver(document_id=str(document_id))
    return document


async def finish(intake: Intake, document: Document) -> Document:
    """Check the file of a pending document whose lease we have, settle it, and clean up behind it.

    Raises NotUploaded, and Unavailable with the lease kept for as long as callers are told to wait. After any other
    error nobody tries before the lease ends: a file that breaks the checks must not keep everybody busy.
    """
    try:
        return await _finish(intake, document)
    except (NotUploaded, Unavailable) as error:
        until = intake.clock() + timedelta(seconds=error.retry_after_seconds or 0)
        async with intake.database.transaction() as session:
            await commands.return_lease(session, document=document, until=until)
        raise


async def _finish(intake: Intake, document: Document) -> Document:
    quarantined = quarantine_key(document.application_id, document.id)
    copy = file_key(document.application_id, document.id, uuid4())
    try:
        refusal = await _examine(intake, document, quarantined, copy)
    except ObjectMissing:
        return await _settled_meanwhile(intake, document.id)
    except Exception:
        await delete(intake.storage, copy)
        raise
    async with intake.database.transaction() as session:
        settled = await commands.settle_upload(
            session,
            document_id=document.id,
            refusal=refusal,
            object_key=copy,
            scanned_by=intake.scanner.name,
            now=intake.clock(),
        )
    if settled.object_key != copy:
        await delete(intake.storage, copy)
    await delete(intake.storage, quarantined)
    uploads_settled.labels(settled.refusal or settled.status).inc()
    log.info("upload_settled", document_id=str(settled.id), status=settled.status, refusal=settled.refusal)
    return settled


async def _settled_meanwhile(intake: Intake, document_id: UUID) -> Document:
    """The document, if a request at the same moment was faster and has cleaned up already. Raises NotUploaded."""
    async with intake.database.transaction() as session:
        document = await session.get_one(Document, document_id)
    if document.status == DocumentStatus.PENDING:
        raise NotUploaded(document_id=str(document_id))
    return document


async def _examine(intake: Intake, document: Document, quarantined: str, copy: str) -> Refusal | None:
    """Copy the file and judge the copy. Raises ObjectMissing when nothing was uploaded."""
    if await intake.storage.size(quarantined) != document.size_bytes:
        return Refusal.SIZE_MISMATCH
    await intake.storage.copy(
        quarantined,
        copy,
        content_type=served_content_type(document.content_type),
        disposition=content_disposition(document.file_name),
    )
    reading = _Reading()
    async with aclosing(intake.storage.read(copy)) as chunks:
        malware = await intake.scanner.scan(reading.through(chunks))
    if reading.size_bytes != document.size_bytes:
        return Refusal.SIZE_MISMATCH
    if reading.digest.hexdigest() != document.sha256:
        return Refusal.HASH_MISMATCH
    if contradicts_its_type(document.file_name, document.content_type, reading.head):
        return Refusal.TYPE_MISMATCH
    if malware is not None:
        log.warning("malware_found", document_id=str(document.id), signature=malware)
        return Refusal.MALWARE_FOUND
    return None


class _Reading:
    """What is learnt of a file while it streams by on its way to the scanner."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()
        self.head = b""
        self.size_bytes = 0

    async def through(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for chunk in chunks:
            self.digest.update(chunk)
            self.size_bytes += len(chunk)
            self.head += chunk[: HEAD_BYTES - len(self.head)]
            yield chunk


async def delete(storage: Storage, key: str) -> None:
    """Delete an object that nothing names. What is decided stays decided if that fails: the sweep deletes it later."""
    try:
        await storage.remove(key)
    except StorageUnavailable:
        log.warning("object_left_behind", key=key)
