"""What a program read in a file."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kit.eventlog import record
from madoguchi_contracts import Sealed
from madoguchi_contracts.documents import IncomeEvidenceRead
from sqlalchemy.ext.asyncio import AsyncSession

from documents.commands.parts import lock_with_set
from documents.domain import DocumentStatus
from documents.models import EvidenceReading


async def settle_reading(
    session: AsyncSession, *, document_id: UUID, result: str | None, evidence: Sealed | None, now: datetime
) -> bool:
    """Keep that a file was read, and tell what it is; returns whether it was told.

    It is not when another worker did, when the file is gone (`result` None) or left the set meanwhile: what was told
    of a file is forgotten with it, and one that comes back is read again.
    """
    _, document = await lock_with_set(session, document_id)
    reading = await session.get_one(EvidenceReading, document_id, with_for_update=True, populate_existing=True)
    if reading.look_at is None:
        return False
    reading.look_at, reading.failures, reading.result = None, 0, result
    await session.flush()
    if result is None or document.status != DocumentStatus.STORED:
        return False
    event = IncomeEvidenceRead(
        application_id=document.application_id,
        document_id=document_id,
        result=result,
        evidence=evidence,
        subject=document.subject,
    )
    await record(session, event, now=now)
    return True


async def count_failure(session: AsyncSession, *, document_id: UUID) -> int:
    """Count that the process that was to read a file ended without an answer; returns how many did."""
    reading = await session.get_one(EvidenceReading, document_id, with_for_update=True, populate_existing=True)
    reading.failures += 1
    return reading.failures
