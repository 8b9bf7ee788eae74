"""Reads, scoped to what the actor may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kit.errors import Forbidden, NotFound
from kit.tokens import Actor
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select, text

from documents.access import authorise, authorised, log_access, relation_to
from documents.domain import STAFF, Action, DocumentStatus, Relation
from documents.models import Document, DocumentSet, PostedPaper, SubmittedDocument


async def documents_of(
    session: AsyncSession, *, actor: Actor, application_id: UUID, now: datetime
) -> tuple[DocumentSet, Sequence[Document]]:
    """The set and its documents in the order of the slots. Raises NotFound.

    Who may change the set sees it as it is. Staff see what the last submission holds (DO-08), also while the applicant
    is already replacing files after a rejection; other parties see what is in force. Everybody but the owner is put
    down in the access log: file names may be personal.
    """
    documents = authorise(await session.get(DocumentSet, application_id), actor, Action.LIST)
    relation = relation_to(documents, actor)
    query = select(Document).where(Document.application_id == application_id)
    submission = _shown_submission(documents, relation)
    if submission is None:
        query = query.where(Document.status == DocumentStatus.STORED)
    else:
        submitted = select(SubmittedDocument.document_id).where(
            SubmittedDocument.application_id == application_id, SubmittedDocument.submission == submission
        )
        query = query.where(col(Document.id).in_(submitted), Document.status != DocumentStatus.PURGED)
    if relation is not Relation.OWNER:
        log_access(session, actor=actor, action=Action.LIST, application_id=application_id, now=now)
    place = {slot: number for number, slot in enumerate(documents.slot_keys)}
    found = (await session.execute(query)).scalars()
    return documents, sorted(found, key=lambda document: place[document.slot])


async def file_of(session: AsyncSession, *, actor: Actor, document_id: UUID, now: datetime) -> str:
    """The key of a document's file, put down in the access log. Raises NotFound.

    The owner may have what is in the set or was ever submitted, staff what was submitted, others what is in force, and
    editors what is in the set besides.
    """
    documents, document = await authorised(session, actor, document_id, Action.DOWNLOAD)
    relation = relation_to(documents, actor)
    named = select(SubmittedDocument.document_id).where(SubmittedDocument.document_id == document_id)
    if relation in (Relation.VIEWER, Relation.EDITOR) and actor.account_id != documents.account_id:
        # Not what the owner once handed in and gave up, be it somebody for whom the content is reopened.
        named = named.where(SubmittedDocument.submission == _shown_submission(documents, Relation.VIEWER))
    submitted = (await session.execute(named.limit(1))).first() is not None
    in_set = document.status == DocumentStatus.STORED and relation in (Relation.OWNER, Relation.EDITOR)
    if document.object_key is None or not (submitted or in_set):
        raise NotFound(document_id=str(document_id))
    log_access(
        session,
        actor=actor,
        action=Action.DOWNLOAD,
        application_id=documents.application_id,
        document_id=document_id,
        now=now,
    )
    return document.object_key


def _shown_submission(documents: DocumentSet, relation: Relation) -> int | None:
    """The submission whose documents are shown to somebody who stands so to the application; None: the set as it is."""
    if relation in (Relation.OWNER, Relation.EDITOR):
        return None
    if relation is Relation.VIEWER:
        return documents.approved_submission or documents.submission
    # A change that was withdrawn is no business of the office any more: a frozen set is what was handed in.
    return None if documents.frozen else documents.current_submission


# Papers by post

PAGE = 50
# A placeholder waits until a good paper for its slot is recorded (DO-13); a later version of a record replaces it.
_AWAITED = """
FROM document_sets s JOIN documents d USING (application_id)
WHERE s.frozen AND s.submission IS DISTINCT FROM s.approved_submission
  AND s.submission IS DISTINCT FROM s.withdrawn_submission AND d.status = 'stored' AND d.placeholder
  AND NOT EXISTS (
    SELECT FROM posted_papers p
    WHERE p.application_id = d.application_id AND p.kind = d.slot AND p.result = 'OK'
      AND NOT EXISTS (SELECT FROM posted_papers n WHERE n.id = p.id AND n.version > p.version))
"""
_AWAITED_OF = text(f"SELECT d.slot {_AWAITED} AND s.application_id = :application_id")
_AWAITED_PAGE = text(f"""
SELECT s.application_id, s.programme, s.submission, s.state_since, s.slots, array_agg(d.slot) AS awaited {_AWAITED}
  AND (s.state_since, s.application_id) > (:since, :after)
GROUP BY s.application_id ORDER BY s.state_since, s.application_id LIMIT :page
""")
_LATEST_PAPERS = (
    select(PostedPaper)
    .ext(distinct_on(col(PostedPaper.id)))
    .order_by(col(PostedPaper.id), col(PostedPaper.version).desc())
)


@dataclass(frozen=True)
class Awaited:
    """An application under review whose applicant announced papers by post that are not here yet."""

    application_id: UUID
    programme: str
    submission: int
    waiting_since: datetime
    slots: list[str]


async def papers_of(
    session: AsyncSession, *, actor: Actor, application_id: UUID, now: datetime
) -> tuple[list[str], Sequence[PostedPaper]]:
    """The slots whose papers are still awaited (DO-13), and what came by post, oldest first. Raises NotFound.

    Put down in the access log.
    """
    documents = authorise(await session.get(DocumentSet, application_id), actor, Action.LIST_PAPERS)
    rows = (await session.execute(_AWAITED_OF, {"application_id": application_id})).scalars()
    awaited = set(rows)
    papers = (await session.execute(_LATEST_PAPERS.where(PostedPaper.application_id == application_id))).scalars()
    log_access(session, actor=actor, action=Action.LIST_PAPERS, application_id=application_id, now=now)
    in_order = sorted(papers, key=lambda paper: (paper.arrived_on, paper.recorded_at, paper.id))
    return [slot for slot in documents.slot_keys if slot in awaited], in_order


async def awaited_papers(
    session: AsyncSession, *, actor: Actor, after: tuple[datetime, UUID], now: datetime
) -> list[Awaited]:
    """Up to 50 applications under review that wait for papers, those that wait longest first. Raises Forbidden.

    `after` is the last one of the page before. Each application shown is put down in the access log.
    """
    if actor.role not in STAFF:
        raise Forbidden
    found = []
    for row in (await session.execute(_AWAITED_PAGE, {"since": after[0], "after": after[1], "page": PAGE})).all():
        slots = [slot["key"] for slot in row.slots if slot["key"] in row.awaited]
        found.append(Awaited(row.application_id, row.programme, row.submission, row.state_since, slots))
        log_access(session, actor=actor, action=Action.LIST_PAPERS, application_id=row.application_id, now=now)
    return found
