"""What is kept of other services' events. A later fact is never replaced by an earlier one that arrives late."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from madoguchi_contracts import IncomeEvidence, SetEntry
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications import desk as contexts
from applications.cases import documents_json
from applications.desk import Desk
from applications.workflow import Document

_EKYC = text("""
INSERT INTO account_ekyc AS known (account_id, status, sequence) VALUES (:account_id, :status, :sequence)
ON CONFLICT (account_id) DO UPDATE SET status = excluded.status, sequence = excluded.sequence
WHERE known.sequence < excluded.sequence
""")
_CONTACT = text("""
INSERT INTO account_contacts AS known (account_id, mail, sequence) VALUES (:account_id, :mail, :sequence)
ON CONFLICT (account_id) DO UPDATE SET mail = excluded.mail, sequence = excluded.sequence
WHERE known.sequence < excluded.sequence
""")
_PAPER = text("""
INSERT INTO posted_papers AS known (paper_id, application_id, kind, result, arrived_on, sequence)
VALUES (:paper_id, :application_id, :kind, :result, :arrived_on, :sequence)
ON CONFLICT (paper_id) DO UPDATE
SET kind = excluded.kind, result = excluded.result, arrived_on = excluded.arrived_on, sequence = excluded.sequence
WHERE known.sequence < excluded.sequence
""")
_EVIDENCE = text("""
INSERT INTO income_evidence AS known (document_id, application_id, subject, result, evidence, sequence)
VALUES (:document_id, :application_id, :subject, :result, :evidence, :sequence)
ON CONFLICT (document_id) DO UPDATE
SET result = excluded.result, evidence = excluded.evidence, sequence = excluded.sequence
WHERE known.sequence < excluded.sequence
""")
_FORGET = text("""
DELETE FROM income_evidence WHERE application_id = :application_id AND document_id <> ALL(cast(:documents AS uuid[]))
""")
_DOCUMENTS = text("""
INSERT INTO document_sets AS known (application_id, set_version, documents, came)
VALUES (:application_id, :set_version, cast(:documents AS jsonb), cast(:came AS jsonb))
ON CONFLICT (application_id) DO UPDATE SET set_version = excluded.set_version, documents = excluded.documents, came = (
  SELECT jsonb_object_agg(one.key, coalesce(known.came -> one.key, one.value))
  FROM jsonb_each(excluded.came) AS one
  WHERE known.came ? one.key
     OR NOT known.documents @> jsonb_build_array(jsonb_build_object('document_id', one.key))
)
WHERE known.set_version < excluded.set_version
RETURNING set_version
""")


async def keep_paper(
    *,
    session: AsyncSession,
    paper_id: UUID,
    application_id: UUID,
    kind: str,
    result: str,
    arrived_on: date,
    sequence: int,
) -> None:
    """A paper that came by post, as the office recorded it last."""
    await session.execute(
        _PAPER,
        {
            "paper_id": paper_id,
            "application_id": application_id,
            "kind": kind,
            "result": result,
            "arrived_on": arrived_on,
            "sequence": sequence,
        },
    )


async def keep_ekyc_status(*, session: AsyncSession, account_id: UUID, status: str, sequence: int) -> None:
    """The account's eKYC status; `sequence` is the event's place in the account's history."""
    await session.execute(_EKYC, {"account_id": account_id, "status": status, "sequence": sequence})


async def keep_contact(*, session: AsyncSession, desk: Desk, account_id: UUID, mail: str, sequence: int) -> None:
    """The account's registered mail address, encrypted."""
    locked = desk.lock_away(mail, contexts.of_mail(account_id))
    await session.execute(_CONTACT, {"account_id": account_id, "mail": locked, "sequence": sequence})


async def keep_income_evidence(
    *,
    session: AsyncSession,
    desk: Desk,
    application_id: UUID,
    document_id: UUID,
    subject: UUID | None,
    result: str,
    evidence: IncomeEvidence | None,
    sequence: int,
) -> None:
    """What a file of income evidence is (GL-425), and what it says, encrypted."""
    said = None
    if evidence is not None:
        said = desk.lock_away(evidence.model_dump(mode="json"), contexts.of_evidence(document_id))
    await session.execute(
        _EVIDENCE,
        {
            "document_id": document_id,
            "application_id": application_id,
            "subject": subject,
            "result": result,
            "evidence": said,
            "sequence": sequence,
        },
    )


async def keep_document_set(
    *, session: AsyncSession, application_id: UUID, set_version: int, entries: Sequence[SetEntry], at: datetime
) -> None:
    """The files of an application, told at a time: those of which it was not known came then.

    What was read in a file that is in the set no more, be it taken out or replaced, is forgotten: documents reads a
    file again that comes back.
    """
    kept = [
        Document(
            document_id=entry.document_id,
            slot=entry.slot,
            sha256=entry.sha256,
            size_bytes=entry.size_bytes,
            standard_type=entry.standard_type,
            placeholder=entry.placeholder,
            subject=entry.subject,
            replaces=entry.replaces,
        )
        for entry in entries
    ]
    came = {str(entry.document_id): at.isoformat() for entry in entries}
    where = {"application_id": application_id, "set_version": set_version}
    told = {**where, "documents": documents_json(kept), "came": json.dumps(came)}
    if (await session.execute(_DOCUMENTS, told)).first() is None:  # a newer set is known
        return
    here = [entry.document_id for entry in entries]
    await session.execute(_FORGET, {"application_id": application_id, "documents": here})
