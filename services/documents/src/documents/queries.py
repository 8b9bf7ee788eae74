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

from documents.access import authorise, authorised, log_access, standing_of
from documents.domain import STAFF, Action, DocumentStatus, Relation, Standing, fills, sees
from documents.models import Document, DocumentSet, PostedPaper, SubmittedDocument


async def documents_of(
    session: AsyncSession, *, actor: Actor, application_id: UUID, now: datetime
) -> tuple[DocumentSet, Sequence[Document]]:
    """The set and those of its documents that the actor sees, in the order of the slots. Raises NotFound.

    Places that somebody may change they see as they are. Staff see what the last submission holds (DO-08), also while
    the applicant is already replacing files after a rejection; other parties see what is in force. Everybody but the
    owner is put down in the access log: file names may be personal.
    """
    documents = authorise(await session.get(DocumentSet, application_id), actor, Action.LIST)
    who = standing_of(documents, actor)
    query = select(Document).where(Document.application_id == application_id)
    stored = (await session.execute(query.where(Document.status == DocumentStatus.STORED))).scalars().all()
    submission = _shown_submission(documents, who)
    if submission is None:
        shown = stored
    else:
        submitted = select(SubmittedDocument.document_id).where(
            SubmittedDocument.application_id == application_id, SubmittedDocument.submission == submission
        )
        query = query.where(col(Document.id).in_(submitted), Document.status != DocumentStatus.PURGED)
        shown = (await session.execute(query)).scalars().all()
    if who.relation is not Relation.OWNER:
        log_access(session, actor=actor, action=Action.LIST, application_id=application_id, now=now)
    slot_of = documents.slot_of
    found = [one for one in stored if fills(who, slot_of[one.slot], one.subject)]
    for one in shown:
        slot = slot_of[one.slot]
        if sees(who, slot, one.subject) and not fills(who, slot, one.subject):
            found.append(one)
    return documents, sorted(found, key=documents.order)


async def file_of(session: AsyncSession, *, actor: Actor, document_id: UUID, now: datetime) -> str:
    """The key of a document's file, put down in the access log. Raises NotFound.

    The owner may have what is in the set or was ever submitted, staff what was submitted, others what is in force, and
    whoever may change the file's place what is in the set besides. A person's own papers are theirs as the owner's are.
    """
    documents, document = await authorised(session, actor, document_id, Action.DOWNLOAD)
    who = standing_of(documents, actor)
    named = select(SubmittedDocument.document_id).where(SubmittedDocument.document_id == document_id)
    theirs = actor.account_id in (documents.account_id, document.subject)
    if who.relation in (Relation.VIEWER, Relation.EDITOR) and not theirs:
        # Not what the owner once handed in and gave up, be it somebody for whom the content is reopened.
        named = named.where(SubmittedDocument.submission == _in_force(documents))
    submitted = (await session.execute(named.limit(1))).first() is not None
    in_set = document.status == DocumentStatus.STORED and fills(who, documents.slot_of[document.slot], document.subject)
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


def _in_force(documents: DocumentSet) -> int | None:
    """The submission whose documents others are shown: the last approved one, or the last while none is approved."""
    return documents.approved_submission or documents.submission


def _shown_submission(documents: DocumentSet, who: Standing) -> int | None:
    """The submission whose documents somebody is shown who may not change them; None: the set as it is."""
    if who.relation in (Relation.OWNER, Relation.EDITOR):
        return None
    if who.relation is Relation.VIEWER:
        return _in_force(documents)
    # A change that was withdrawn is no business of the office any more: a frozen set is what was handed in.
    return None if documents.frozen else documents.current_submission


# Papers by post

PAGE = 50
# A placeholder waits until a good paper for its slot is recorded (DO-13); a later version of a record replaces it.
_AWAITED = """
FROM document_sets s JOIN documents d USING (application_id)
WHERE s.frozen AND s.outcome IS NULL AND s.submission IS DISTINCT FROM s.approved_submission
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
    return [slot for slot in documents.slot_of if slot in awaited], in_order


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
