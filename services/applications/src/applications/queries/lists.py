"""Lists for those who apply and take part: their applications, the versions of one, the companies that can be named."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from kit.errors import NotFound
from kit.tokens import Actor
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications import desk as contexts
from applications import organisations
from applications.access import GRANTS, Action, allow, caller_of
from applications.cases import documents_of, open_for, version_of
from applications.desk import Desk
from applications.queries.cursors import cursor_at, moment, place_at, plain
from applications.queries.messages import unread_of
from applications.workflow import Document

PAGE = 50

_MINE = text("""
SELECT a.id, a.programme, a.account_id, a.reference, a.submission, a.approved_submission, a.draft_version, a.started_at,
       a.draft, v.content,
       (SELECT jsonb_object_agg(t.track, t.state) FROM tracks t
        WHERE t.application_id = a.id AND t.subject = a.id) AS states
FROM applications a
LEFT JOIN application_versions v ON v.application_id = a.id AND v.submission = a.approved_submission
WHERE a.id IN (
  SELECT o.id FROM applications o WHERE o.account_id = :account_id
  UNION
  SELECT p.application_id FROM application_parties p
  WHERE p.party_id IN (:account_id, cast(:organisation_id AS uuid)) AND p.until IS NULL AND :grant = ANY(p.grants)
) AND (a.started_at, a.reference) > (cast(:started_at AS timestamptz), :reference)
ORDER BY a.started_at, a.reference LIMIT :limit
""")
_SUBMITTED = text("""
SELECT a.id, a.reference, t.state, t.entered_at AS since, a.submission
FROM tracks t JOIN applications a ON a.id = t.application_id AND t.subject = a.id
WHERE a.programme = :programme AND t.track = :main AND t.state = :state AND a.submission > 0
  AND (t.entered_at, a.reference) > (cast(:since AS timestamptz), :reference)
ORDER BY t.entered_at, a.reference LIMIT :limit
""")
_VERSIONS = text("""
SELECT v.submission, v.submitted_at, v.submission = a.approved_submission AS in_force
FROM application_versions v JOIN applications a ON a.id = v.application_id
WHERE v.application_id = :id ORDER BY v.submission
""")


@dataclass(frozen=True)
class Listed:
    """An application in a list; `subject` is what it is about, by the draft to its owner, else by what is in force."""

    id: UUID
    programme: str
    reference: str
    subject: str
    own: bool
    state: str
    submission: int
    approved_submission: int | None
    draft_version: int
    started_at: datetime
    unread: int


@dataclass(frozen=True)
class SubmittedItem:
    """An application in the office's list: no personal data, so looking at the list is not reading anybody's case."""

    id: UUID
    reference: str
    state: str
    since: datetime
    submission: int


@dataclass(frozen=True)
class VersionItem:
    """One submission; whether it is in force."""

    submission: int
    submitted_at: datetime
    in_force: bool


@dataclass(frozen=True)
class VersionView:
    """What was submitted once."""

    submission: int
    submitted_at: datetime
    in_force: bool
    content: dict[str, Any]
    content_sha256: str
    documents: tuple[Document, ...]


async def mine(
    *, session: AsyncSession, desk: Desk, actor: Actor, cursor: str | None
) -> tuple[list[Listed], str | None]:
    """A page of the applications of the actor, or that the actor may view by taking part in them; oldest first.

    Raises Forbidden, BadCursor.
    """
    allow(actor, Action.LIST_OWN)
    started_at, last = (datetime.min.replace(tzinfo=UTC), "")
    if cursor is not None:
        started_at, last = place_at(cursor, moment, plain)
    caller = caller_of(actor)
    where = {"account_id": caller.account_id, "organisation_id": caller.organisation_id}
    place = {"started_at": started_at, "reference": last, "limit": PAGE + 1, "grant": GRANTS[Action.LIST_OWN]}
    rows = (await session.execute(_MINE, {**where, **place})).all()
    unread = await unread_of(session=session, actor=actor, application_ids=[row.id for row in rows[:PAGE]])
    items = [_listed(desk, row, row.account_id == actor.account_id, unread.get(row.id, 0)) for row in rows[:PAGE]]
    return items, cursor_at(items[-1].started_at, items[-1].reference) if len(rows) > PAGE else None


def _listed(desk: Desk, row: Any, own: bool, unread: int) -> Listed:
    programme = desk.programmes[row.programme]
    if own:
        content = desk.unlock(row.draft, contexts.of_draft(row.id))
    elif row.approved_submission is not None:
        content = desk.unlock(row.content, contexts.of_version(row.id, row.approved_submission))
    else:
        content = {}
    return Listed(
        id=row.id,
        programme=row.programme,
        reference=row.reference,
        subject=programme.subject(content),
        own=own,
        state=programme.workflow.told_state(programme.workflow.main, row.states[programme.workflow.main]),
        submission=row.submission,
        approved_submission=row.approved_submission,
        draft_version=row.draft_version,
        started_at=row.started_at,
        unread=unread,
    )


async def submitted(
    *, session: AsyncSession, desk: Desk, actor: Actor, programme: str, state: str, cursor: str | None
) -> tuple[list[SubmittedItem], str | None]:
    """A page of a programme's submitted applications whose main track is in this state, those that are there longest
    first: what the office does outside of reviews. Raises Forbidden, NotFound (no such programme or state), BadCursor.
    """
    allow(actor, Action.LIST_SUBMITTED)
    chosen = desk.programmes.get(programme)
    if chosen is None or state not in chosen.workflow.states(chosen.workflow.main):
        raise NotFound
    since, last = (datetime.min.replace(tzinfo=UTC), "")
    if cursor is not None:
        since, last = place_at(cursor, moment, plain)
    place = {"programme": programme, "main": chosen.workflow.main, "state": state, "since": since, "reference": last}
    rows = (await session.execute(_SUBMITTED, {**place, "limit": PAGE + 1})).all()
    items = [SubmittedItem(**row._mapping) for row in rows[:PAGE]]
    return items, cursor_at(items[-1].since, items[-1].reference) if len(rows) > PAGE else None


async def versions(
    *, session: AsyncSession, desk: Desk, actor: Actor, application_id: UUID, now: datetime
) -> list[VersionItem]:
    """Everything that was submitted, first to last. Raises Forbidden, NotFound."""
    application = await open_for(session, desk, actor, Action.LIST_VERSIONS, application_id, now=now)
    rows = (await session.execute(_VERSIONS, {"id": application.id})).all()
    return [VersionItem(row.submission, row.submitted_at, bool(row.in_force)) for row in rows]


async def view_version(
    *, session: AsyncSession, desk: Desk, actor: Actor, application_id: UUID, submission: int, now: datetime
) -> VersionView:
    """One submission as it was. Read by the office, it leaves a row in the access log. Raises Forbidden, NotFound."""
    application = await open_for(session, desk, actor, Action.VIEW_VERSION, application_id, now=now)
    if not 1 <= submission <= application.submission:
        raise NotFound
    kept = await version_of(session, desk, application.id, submission)
    return VersionView(
        submission=submission,
        submitted_at=kept["submitted_at"],
        in_force=submission == application.approved_submission,
        content=kept["content"],
        content_sha256=kept["content_sha256"],
        documents=documents_of(kept["documents"]),
    )


async def companies(
    *, session: AsyncSession, kind: str, query: str, cursor: str | None
) -> tuple[list[organisations.Entry], str | None]:
    """A page of the registered organisations of a kind whose name or kana contains the query. Raises BadCursor."""
    after = None if cursor is None else place_at(cursor, plain, UUID)
    found, following = await organisations.search(
        session=session, kind=kind, query=query, after=None if after is None else (after[0], after[1])
    )
    return found, following and cursor_at(*following)
