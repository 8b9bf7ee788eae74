"""How a message comes into a thread, and what is told of it: by those who write, and by the notices that steps bring.

Whoever posts holds the application's lock.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from kit import eventlog
from kit.tokens import Actor
from madoguchi_contracts import MessagePosted
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications import threads
from applications.cases import Application
from applications.desk import Desk
from applications.errors import NotOfThisApplication
from applications.threads import TOLD_ONCE_IN, Side, Thread

_OPEN = text("""
INSERT INTO threads (id, application_id, topic, subject, everybody, opened_at, last_number, last_at, waiting_since,
                     office_told_at)
VALUES (:id, :application_id, :topic, :subject, :everybody, :opened_at, :last_number, :last_at, :waiting_since,
        :office_told_at)
""")
_ADMIT = text("""
INSERT INTO thread_organisations (thread_id, organisation_id) VALUES (:thread_id, :organisation_id)
ON CONFLICT DO NOTHING
""")
_ADMIT_PERSON = text("""
INSERT INTO thread_persons (thread_id, account_id, added_by, added_at) VALUES (:thread_id, :account_id, :by, :now)
ON CONFLICT DO NOTHING
""")
_MESSAGE = text("""
INSERT INTO messages (id, thread_id, number, side, author_id, organisation_id, notice, content, documents, posted_at)
VALUES (:id, :thread_id, :number, :side, :author_id, :organisation_id, :notice, :content,
        cast(:documents AS jsonb), :now)
""")
_GO_ON = text("""
UPDATE threads SET last_number = :number, last_at = :now, waiting_since = :waiting_since,
       office_told_at = :office_told_at
WHERE id = :id
""")
# Of an organisation it is known by this row alone who works on the thread.
_PRESENT = text("""
INSERT INTO thread_readers (thread_id, reader_id, organisation_id) VALUES (:thread_id, :reader_id, :organisation_id)
ON CONFLICT (thread_id, reader_id) DO NOTHING
""")


@dataclass(frozen=True)
class Posted:
    """A message that is in its thread now."""

    thread_id: UUID
    message_id: UUID
    number: int
    posted_at: datetime


@dataclass(frozen=True)
class Note:
    """What is to be posted: by whom (None: the system, for the office), and where it is one, the name of a notice."""

    side: Side
    author_id: UUID | None
    organisation_id: UUID | None
    said: str
    documents: Sequence[UUID] = ()
    notice: str | None = None
    mailed: bool = True


async def post_notice(
    *,
    session: AsyncSession,
    desk: Desk,
    application: Application,
    topic: str,
    subject: str,
    notice: str,
    said: str,
    mailed: bool = True,
    actor: Actor | None,
    now: datetime,
) -> Posted:
    """Post a notice of the office, such as `approval_notice`, `repayment_notice` (GL-431) or `procedure_guidance`
    (GL-432), in the transaction of the step that causes it.

    It goes into the application's one thread of that topic, which the first notice opens under `subject`. It tells, and
    answers no question that waits there. `mailed` False: no mail says that it is there. `actor` None is the system. The
    caller holds the application's lock.
    """
    author_id = actor.account_id if actor is not None else None
    note = Note(Side.OFFICE, author_id, None, said, notice=notice, mailed=mailed)
    found = await session.execute(threads.FIND_TOPIC, {"application_id": application.id, "topic": topic})
    row = found.one_or_none()
    if row is None:
        return await open_thread_with(session, desk, application, subject, note, topic=topic, now=now)
    return await go_on(session, desk, application, Thread.of(row), note, now=now)


async def open_thread_with(
    session: AsyncSession,
    desk: Desk,
    application: Application,
    subject: str,
    note: Note,
    *,
    topic: str | None = None,
    organisations: Sequence[UUID] = (),
    persons: Sequence[UUID] = (),
    now: datetime,
) -> Posted:
    """A new thread: of those who are named, or, under a topic of the office, of every person who takes part."""
    waits = None if note.side is Side.OFFICE else now
    thread = Thread(
        id=uuid4(),
        application_id=application.id,
        topic=topic,
        subject=subject,
        opened_at=now,
        last_number=1,
        answered=0,
        last_at=now,
        waiting_since=waits,
        office_told_at=waits,
        organisations=tuple(organisations),
        everybody=topic is not None,
        persons=tuple(persons),
    )
    row = {**vars(thread), "subject": desk.lock_away(subject, threads.of_subject(thread.id))}
    await session.execute(_OPEN, row)
    await admit(session, thread.id, persons, organisations, by=note.author_id, now=now)
    return await _put(session, desk, application, thread, note, number=1, to_office=waits is not None, now=now)


async def go_on(
    session: AsyncSession, desk: Desk, application: Application, thread: Thread, note: Note, *, now: datetime
) -> Posted:
    """The next message of a thread. The office's mailbox is told where nobody waited for it yet, or not lately."""
    ours = note.side is Side.OFFICE
    told_lately = thread.office_told_at is not None and thread.office_told_at > now - TOLD_ONCE_IN
    to_office = not ours and not (thread.waiting_since is not None and told_lately)
    row = {
        "id": thread.id,
        "number": thread.last_number + 1,
        "waiting_since": thread.waiting_since if ours else thread.waiting_since or now,
        "office_told_at": now if to_office else thread.office_told_at,
        "now": now,
    }
    await session.execute(_GO_ON, row)
    return await _put(
        session, desk, application, thread, note, number=thread.last_number + 1, to_office=to_office, now=now
    )


async def admit(
    session: AsyncSession,
    thread_id: UUID,
    persons: Collection[UUID],
    organisations: Collection[UUID],
    *,
    by: UUID | None,
    now: datetime,
) -> None:
    """Let organisations and persons be part of a thread; whoever is part of it already stays so."""
    for organisation_id in organisations:
        await session.execute(_ADMIT, {"thread_id": thread_id, "organisation_id": organisation_id})
    for account_id in persons:
        await session.execute(_ADMIT_PERSON, {"thread_id": thread_id, "account_id": account_id, "by": by, "now": now})


async def _put(
    session: AsyncSession,
    desk: Desk,
    application: Application,
    thread: Thread,
    note: Note,
    *,
    number: int,
    to_office: bool,
    now: datetime,
) -> Posted:
    """Write the message and tell of it. Under the application's lock messages are numbered in the order in which they
    are committed, so nobody who has read up to a number has missed one before it.
    """
    posted = Posted(thread.id, uuid4(), number, now)
    row = {
        "id": posted.message_id,
        "thread_id": thread.id,
        "number": number,
        "side": note.side.value,
        "author_id": note.author_id,
        "organisation_id": note.organisation_id,
        "notice": note.notice,
        "content": desk.lock_away(note.said, threads.of_message(posted.message_id)),
        "documents": _referred_to(application, note.documents),
        "now": now,
    }
    await session.execute(_MESSAGE, row)
    if note.organisation_id is not None:
        present = {"thread_id": thread.id, "reader_id": note.author_id, "organisation_id": note.organisation_id}
        await session.execute(_PRESENT, present)
    notify: Sequence[UUID] = ()
    if note.mailed:
        notify = await threads.to_tell(session, application, thread, side=note.side, number=number, now=now)
    event = MessagePosted(
        application_id=application.id,
        programme=application.programme.name,
        reference=application.reference,
        thread_id=thread.id,
        message_id=posted.message_id,
        sender=note.side.value,
        notify=tuple(notify),
        to_office=to_office,
    )
    await eventlog.record(session, event, now=now)
    return posted


def _referred_to(application: Application, documents: Sequence[UUID]) -> str:
    """The documents as the message keeps them. They stay in the documents service, which lets nobody have a file who
    may not have it anyway: a message refers to it and grants nothing.
    """
    known = {one.document_id: one.slot for one in application.documents}
    if not known.keys() >= set(documents):
        raise NotOfThisApplication(application_id=str(application.id))
    return json.dumps([{"document_id": str(one), "slot": known[one]} for one in dict.fromkeys(documents)])
