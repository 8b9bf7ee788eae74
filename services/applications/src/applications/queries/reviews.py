"""What the office reads: its worklist, and one review with everything that a decision needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from kit.errors import Finding, NotFound
from kit.tokens import Actor
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications.access import Action, allow, caller_of
from applications.cases import Application, documents_of, in_force, open_for, version_of
from applications.desk import Desk
from applications.programme import Examined
from applications.queries.cursors import cursor_at, moment, place_at
from applications.queries.records import ContactNote, Paper, contact_notes, papers
from applications.queries.tasks import Task, tasks_of
from applications.workflow import Document, Filing, Validation, possible
from applications.worklist import Review

PAGE = 50

_ITEM = """
SELECT r.id, r.application_id, a.reference, a.programme, r.submission, r.round, r.due_on, r.opened_at,
       CASE WHEN r.claimed_until > :now THEN r.claimed_by END AS claimed_by,
       CASE WHEN r.claimed_until > :now THEN r.claimed_until END AS claimed_until,
       r.recommended_by, r.closed_at, r.outcome
FROM reviews r JOIN applications a ON a.id = r.application_id
"""
_WHICH = {
    "waiting": "r.closed_at IS NULL AND r.recommended_by IS NULL",
    "recommended": "r.closed_at IS NULL AND r.recommended_by IS NOT NULL",
    "closed": "r.closed_at IS NOT NULL",
    None: "r.closed_at IS NULL",
}
_QUEUE = f"""
{_ITEM}
WHERE {{which}}
  AND (r.due_on, r.opened_at, r.id) > (cast(:due_on AS date), cast(:opened_at AS timestamptz), cast(:id AS uuid))
ORDER BY r.due_on, r.opened_at, r.id
LIMIT :limit
"""
_QUEUES = {state: text(_QUEUE.format(which=which)) for state, which in _WHICH.items()}
_ONE = text(f"{_ITEM} WHERE r.id = :id")
_START = (date.min, datetime.min.replace(tzinfo=UTC), UUID(int=0))


@dataclass(frozen=True)
class QueueItem(Review):
    """One line of the worklist: no personal data, so that looking at the list is not reading anybody's case."""

    reference: str
    programme: str


@dataclass(frozen=True)
class ReviewView:
    """All that a decision needs. `ekyc_status` is that of now, `ekyc_status_then` that of the submission; `in_force` is
    what a change would replace, `later_documents` what was handed in after the submission.
    """

    item: QueueItem
    content: Mapping[str, Any]
    in_force: Mapping[str, Any] | None
    content_sha256: str
    submitted_at: datetime
    documents: tuple[Document, ...]
    later_documents: tuple[Document, ...]
    warnings: tuple[Finding, ...]
    ekyc_status: str | None
    ekyc_status_then: str | None
    papers: tuple[Paper, ...]
    notes: tuple[ContactNote, ...]
    tasks: tuple[Task, ...]
    examined: tuple[Examined, ...]
    actions: tuple[str, ...]


async def worklist(
    *, session: AsyncSession, actor: Actor, state: str | None, cursor: str | None, now: datetime
) -> tuple[list[QueueItem], str | None]:
    """A page of reviews in this state (None: all open ones), the most urgent first, and the cursor of the next page.

    Raises Forbidden, BadCursor.
    """
    allow(actor, Action.LIST_REVIEWS)
    due_on, opened_at, last = _START if cursor is None else place_at(cursor, date.fromisoformat, moment, UUID)
    where = {"due_on": due_on, "opened_at": opened_at, "id": last}
    rows = (await session.execute(_QUEUES[state], {**where, "now": now, "limit": PAGE + 1})).all()
    items = [QueueItem(**row._mapping) for row in rows[:PAGE]]
    following = cursor_at(items[-1].due_on, items[-1].opened_at, items[-1].id) if len(rows) > PAGE else None
    return items, following


async def view_review(*, session: AsyncSession, desk: Desk, actor: Actor, review_id: UUID, now: datetime) -> ReviewView:
    """One review with what was submitted. Leaves a row in the access log. Raises Forbidden, NotFound."""
    allow(actor, Action.VIEW_REVIEW)
    item = await review_item(session=session, review_id=review_id, now=now)
    application = await open_for(session, desk, actor, Action.VIEW_REVIEW, item.application_id, now=now)
    kept = await version_of(session, desk, application.id, item.submission)
    documents = documents_of(kept["documents"])
    filing = Filing(
        form=Validation((), (), kept["content"]),
        documents=documents,
        ekyc_status=kept["ekyc_status"],
        sha256=kept["content_sha256"],
        submission=item.submission,
    )
    return ReviewView(
        item=item,
        content=kept["content"],
        in_force=await in_force(session, desk, application),
        content_sha256=kept["content_sha256"],
        submitted_at=kept["submitted_at"],
        documents=documents,
        later_documents=_later(application, item, documents),
        warnings=tuple(application.programme.warnings(replace(application.case(now), filing=filing))),
        ekyc_status=application.ekyc_status,
        ekyc_status_then=kept["ekyc_status"],
        papers=await papers(session, application.id),
        notes=await contact_notes(session, desk, application.id),
        tasks=await tasks_of(session, desk, application.id, now),
        examined=tuple(application.programme.examined(application.case(now))),
        actions=_actions(application, item, actor, now),
    )


async def review_item(*, session: AsyncSession, review_id: UUID, now: datetime) -> QueueItem:
    """A review's line of the worklist; the caller has allowed the actor. Raises NotFound."""
    row = (await session.execute(_ONE, {"id": review_id, "now": now})).one_or_none()
    if row is None:
        raise NotFound
    return QueueItem(**row._mapping)


def _later(application: Application, item: QueueItem, submitted: tuple[Document, ...]) -> tuple[Document, ...]:
    """Files that came after the submission, because the office asked for them, while it is looked at."""
    known = {one.document_id for one in submitted}
    return tuple(one for one in application.documents if item.closed_at is None and one.document_id not in known)


def _actions(application: Application, item: QueueItem, actor: Actor, now: datetime) -> tuple[str, ...]:
    """The decisions open to this officer: none on an old submission, and not the second of four eyes to the first."""
    if item.closed_at is not None:
        return ()
    workflow = application.programme.workflow
    commands = possible(workflow, application.case(now), caller_of(actor))
    alone = item.recommended_by in {None, actor.account_id}
    return tuple(c for c in commands if not (alone and workflow.rows(workflow.main, c)[0].second_of))
