"""What is read of messages: the threads of an application, one thread, what is unread, what waits for an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from kit.tokens import Actor
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications import threads
from applications.access import OFFICE, Action, allow, caller_of
from applications.cases import open_for
from applications.desk import Desk
from applications.queries.cursors import cursor_at, moment, place_at
from applications.threads import Thread
from applications.workflow import VIEW

PAGE = 50

# To the office its own messages are nobody's to read; to everybody else only their own are.
_UNREAD = """
count(*) FILTER (
  WHERE m.number > coalesce(r.last_read, 0)
    AND CASE WHEN :office THEN m.side <> 'office' ELSE m.author_id IS DISTINCT FROM :reader_id END)
"""
_UNREAD_OF_THREADS = text(f"""
SELECT m.thread_id, {_UNREAD} AS unread
FROM messages m LEFT JOIN thread_readers r ON r.thread_id = m.thread_id AND r.reader_id = :reader_id
WHERE m.thread_id = ANY(cast(:threads AS uuid[])) GROUP BY m.thread_id
""")  # noqa: S608 - put together from our own text
# Of threads that the reader is part of: see `threads.is_part`.
_UNREAD_OF_APPLICATIONS = text(f"""
SELECT a.id, {_UNREAD} AS unread
FROM applications a JOIN threads t ON t.application_id = a.id JOIN messages m ON m.thread_id = t.id
LEFT JOIN thread_readers r ON r.thread_id = t.id AND r.reader_id = :reader_id
WHERE a.id = ANY(cast(:applications AS uuid[])) AND (
  (t.everybody OR EXISTS (SELECT 1 FROM thread_persons n WHERE n.thread_id = t.id AND n.account_id = :reader_id))
  AND (a.account_id = :reader_id
       OR EXISTS (SELECT 1 FROM application_parties p WHERE p.application_id = a.id AND p.party_id = :reader_id
                  AND p.until IS NULL AND :grant = ANY(p.grants)))
  OR EXISTS (SELECT 1 FROM thread_organisations o WHERE o.thread_id = t.id AND o.organisation_id = :organisation_id))
GROUP BY a.id
""")  # noqa: S608 - put together from our own text
_MESSAGES = text("""
SELECT id, number, side, author_id, notice, content, documents, posted_at FROM messages
WHERE thread_id = :thread_id AND number > :after ORDER BY number LIMIT :limit
""")
_WAITING = text("""
SELECT t.id AS thread_id, t.application_id, a.reference, a.programme, t.waiting_since, t.last_number
FROM threads t JOIN applications a ON a.id = t.application_id
WHERE t.waiting_since IS NOT NULL
  AND (t.waiting_since, t.id) > (cast(:since AS timestamptz), cast(:id AS uuid))
ORDER BY t.waiting_since, t.id LIMIT :limit
""")
_START = (datetime.min.replace(tzinfo=UTC), UUID(int=0))


@dataclass(frozen=True)
class ThreadItem:
    """A thread in a list. `waiting_since` is for the office alone."""

    thread_id: UUID
    topic: str | None
    subject: str
    organisations: tuple[UUID, ...]
    everybody: bool
    persons: tuple[UUID, ...]
    opened_at: datetime
    last_number: int
    last_at: datetime
    unread: int
    waiting_since: datetime | None


@dataclass(frozen=True)
class DocumentReference:
    """A document of the application's set that a message is about, with the slot that it was in then."""

    document_id: UUID
    slot: str


@dataclass(frozen=True)
class MessageItem:
    """A message. `author_id` is told to the office, and to the author; `notice` names a notice on a decision."""

    message_id: UUID
    number: int
    side: str
    own: bool
    author_id: UUID | None
    notice: str | None
    text: str
    documents: tuple[DocumentReference, ...]
    posted_at: datetime


@dataclass(frozen=True)
class ThreadView:
    """A thread with a page of its messages; `next_after` is the number behind which the next page begins."""

    item: ThreadItem
    messages: tuple[MessageItem, ...]
    next_after: int | None


@dataclass(frozen=True)
class WaitingItem:
    """A thread that waits for the office. Without its subject: looking at the list is not reading anybody's case."""

    thread_id: UUID
    application_id: UUID
    reference: str
    programme: str
    waiting_since: datetime
    last_number: int


async def list_threads(
    *, session: AsyncSession, desk: Desk, actor: Actor, application_id: UUID, cursor: str | None, now: datetime
) -> tuple[list[ThreadItem], str | None]:
    """A page of the threads that the actor is part of, oldest first. Raises Forbidden, NotFound, BadCursor."""
    opened_at, last = _START if cursor is None else place_at(cursor, moment, UUID)
    application = await open_for(session, desk, actor, Action.LIST_THREADS, application_id, now=now)
    where = {
        "application_id": application.id,
        "side": threads.side_of(actor, application).value,
        "reader": actor.account_id,
        "organisation_id": actor.organisation_id,
        "opened_at": opened_at,
        "id": last,
        "limit": PAGE + 1,
    }
    found = [Thread.of(row) for row in (await session.execute(threads.PAGE, where)).all()]
    shown = found[:PAGE]
    unread = await _unread(session, actor, shown)
    items = [_item(desk, actor, one, unread) for one in shown]
    return items, cursor_at(shown[-1].opened_at, shown[-1].id) if len(found) > PAGE else None


async def view_thread(
    *,
    session: AsyncSession,
    desk: Desk,
    actor: Actor,
    application_id: UUID,
    thread_id: UUID,
    after: int,
    now: datetime,
) -> ThreadView:
    """A thread with its messages behind number `after`, oldest first. What is read is said by `mark_read`, not here.

    Raises Forbidden, NotFound.
    """
    application = await open_for(session, desk, actor, Action.VIEW_THREAD, application_id, now=now)
    thread = await threads.find(session, actor, application, thread_id)
    where = {"thread_id": thread.id, "after": after, "limit": PAGE + 1}
    rows = (await session.execute(_MESSAGES, where)).all()
    messages = tuple(_message(desk, actor, row) for row in rows[:PAGE])
    return ThreadView(
        item=_item(desk, actor, thread, await _unread(session, actor, [thread])),
        messages=messages,
        next_after=messages[-1].number if len(rows) > PAGE else None,
    )


async def unread_of(*, session: AsyncSession, actor: Actor, application_ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """How many messages the actor has not read, by application; those without any may be missing.

    The caller has allowed the actor to see these applications. Not for the office, which has its queue.
    """
    caller = caller_of(actor)
    where = {"reader_id": caller.account_id, "organisation_id": caller.organisation_id, "grant": VIEW, "office": False}
    rows = await session.execute(_UNREAD_OF_APPLICATIONS, {**where, "applications": list(application_ids)})
    return {row.id: row.unread for row in rows}


async def waiting(*, session: AsyncSession, actor: Actor, cursor: str | None) -> tuple[list[WaitingItem], str | None]:
    """A page of the threads that wait for an answer of the office, those that wait longest first.

    Raises Forbidden, BadCursor.
    """
    allow(actor, Action.LIST_WAITING)
    since, last = _START if cursor is None else place_at(cursor, moment, UUID)
    rows = (await session.execute(_WAITING, {"since": since, "id": last, "limit": PAGE + 1})).all()
    items = [WaitingItem(**row._mapping) for row in rows[:PAGE]]
    return items, cursor_at(items[-1].waiting_since, items[-1].thread_id) if len(rows) > PAGE else None


async def _unread(session: AsyncSession, actor: Actor, found: Sequence[Thread]) -> dict[UUID, int]:
    where = {"reader_id": actor.account_id, "office": actor.role in OFFICE, "threads": [one.id for one in found]}
    return {row.thread_id: row.unread for row in await session.execute(_UNREAD_OF_THREADS, where)}


def _item(desk: Desk, actor: Actor, thread: Thread, unread: Mapping[UUID, int]) -> ThreadItem:
    return ThreadItem(
        thread_id=thread.id,
        topic=thread.topic,
        subject=desk.unlock(thread.subject, threads.of_subject(thread.id)),
        organisations=thread.organisations,
        everybody=thread.everybody,
        persons=thread.persons,
        opened_at=thread.opened_at,
        last_number=thread.last_number,
        last_at=thread.last_at,
        unread=unread.get(thread.id, 0),
        waiting_since=thread.waiting_since if actor.role in OFFICE else None,
    )


def _message(desk: Desk, actor: Actor, row: Any) -> MessageItem:
    own = row.author_id == actor.account_id
    return MessageItem(
        message_id=row.id,
        number=row.number,
        side=row.side,
        own=own,
        author_id=row.author_id if own or actor.role in OFFICE else None,
        notice=row.notice,
        text=desk.unlock(row.content, threads.of_message(row.id)),
        documents=tuple(DocumentReference(UUID(one["document_id"]), one["slot"]) for one in row.documents),
        posted_at=row.posted_at,
    )
