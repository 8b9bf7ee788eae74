"""What is written in threads: by those who apply, by organisations that take part, and by the office (GL-052)."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from uuid import UUID, uuid4

from kit import eventlog
from kit.errors import Forbidden
from kit.japan import JST, to_jst
from kit.tokens import Actor
from madoguchi_contracts import MessagePosted
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications import threads
from applications.access import Action
from applications.cases import Application, open_for, open_locked
from applications.desk import Desk
from applications.errors import MessageTooLong, NotOfThisApplication, NotYetSubmitted, TooManyMessages
from applications.threads import TOLD_ONCE_IN, Side, Thread

DECISION = "decision"
"""The topic of the thread that the notices on a loan decision go into (GL-431, GL-432)."""

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
_POSTED_TODAY = text("""
SELECT count(*) FROM messages m JOIN threads t ON t.id = m.thread_id
WHERE t.application_id = :application_id AND m.author_id = :author_id AND m.posted_at >= :since
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
_ANSWERED = text("""
UPDATE threads t SET answered = greatest(t.answered, :up_to), waiting_since = (
  SELECT min(m.posted_at) FROM messages m
  WHERE m.thread_id = t.id AND m.side <> 'office' AND m.number > greatest(t.answered, :up_to))
WHERE t.id = :id
RETURNING answered
""")
# Of an organisation it is known by this row alone who works on the thread.
_PRESENT = text("""
INSERT INTO thread_readers (thread_id, reader_id, organisation_id) VALUES (:thread_id, :reader_id, :organisation_id)
ON CONFLICT (thread_id, reader_id) DO NOTHING
""")
_READ = text("""
INSERT INTO thread_readers AS known (thread_id, reader_id, organisation_id, last_read)
VALUES (:thread_id, :reader_id, :organisation_id, :up_to)
ON CONFLICT (thread_id, reader_id) DO UPDATE SET last_read = greatest(known.last_read, excluded.last_read)
RETURNING last_read
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


async def open_thread(
    *,
    session: AsyncSession,
    desk: Desk,
    actor: Actor,
    application_id: UUID,
    subject: str,
    said: str,
    documents: Sequence[UUID],
    organisations: Collection[UUID],
    persons: Collection[UUID],
    now: datetime,
) -> Posted:
    """Begin a thread with its first message. `persons` and `organisations` are to be part of it besides whoever opens
    it; where that leaves no person, the owner is.

    Raises Forbidden, NotFound; NotYetSubmitted; NotOfThisApplication for a document that is not in the application's
    set, for a person who takes no part in it, and for an organisation that is not a party of it or, where an
    organisation opens it, another than that; MessageTooLong, TooManyMessages.
    """
    application = await open_locked(session, desk, actor, Action.OPEN_THREAD, application_id, now=now)
    if not application.submission:
        raise NotYetSubmitted(application_id=str(application_id))
    note = _note(actor, application, said, documents)
    await _check_limits(session, desk, application, note, now)
    named = set(organisations)
    own = {note.organisation_id} if note.organisation_id is not None else set()
    allowed = own or await threads.organisations_of(session, application)
    opener = {actor.account_id} if note.side is Side.APPLICANT else set()
    if not named <= allowed or not set(persons) <= set(await threads.applicants_of(session, application)):
        raise NotOfThisApplication(application_id=str(application_id))
    return await _begin(
        session,
        desk,
        application,
        " ".join(subject.split()),
        note,
        organisations=sorted(named | own),
        persons=sorted({*persons, *opener} or {application.account_id}),
        now=now,
    )


async def add_participants(
    *,
    session: AsyncSession,
    desk: Desk,
    actor: Actor,
    application_id: UUID,
    thread_id: UUID,
    persons: Collection[UUID],
    organisations: Collection[UUID],
    now: datetime,
) -> Thread:
    """Let others be part of a thread, who then see all of it; whoever is part of it already stays so.

    For the office, and for the persons in it: an organisation adds nobody. Raises Forbidden, NotFound;
    NotOfThisApplication for who takes no part in the application.
    """
    application = await open_locked(session, desk, actor, Action.ADD_PARTICIPANTS, application_id, now=now)
    thread = await threads.find(session, actor, application, thread_id)
    if threads.side_of(actor, application) is Side.ORGANISATION:
        raise Forbidden(account_id=str(actor.account_id))
    known = set(await threads.applicants_of(session, application))
    if not set(persons) <= known or not set(organisations) <= await threads.organisations_of(session, application):
        raise NotOfThisApplication(application_id=str(application_id))
    await _admit(session, thread.id, persons, organisations, by=actor.account_id, now=now)
    return await threads.find(session, actor, application, thread_id)


async def _admit(
    session: AsyncSession,
    thread_id: UUID,
    persons: Collection[UUID],
    organisations: Collection[UUID],
    *,
    by: UUID | None,
    now: datetime,
) -> None:
    for organisation_id in organisations:
        await session.execute(_ADMIT, {"thread_id": thread_id, "organisation_id": organisation_id})
    for account_id in persons:
        await session.execute(_ADMIT_PERSON, {"thread_id": thread_id, "account_id": account_id, "by": by, "now": now})


async def _check_limits(session: AsyncSession, desk: Desk, application: Application, note: Note, now: datetime) -> None:
    """What one person may write: so long a message, so many on one application in a day of Japan. Not the office.

    Raises MessageTooLong, TooManyMessages. The caller holds the application's lock, so two at once are counted.
    """
    if note.side is Side.OFFICE:
        return
    if len(note.said) > desk.message_length:
        raise MessageTooLong(desk.message_length)
    since = datetime.combine(to_jst(now).date(), time(), JST)
    where = {"application_id": application.id, "author_id": note.author_id, "since": since}
    if (await session.execute(_POSTED_TODAY, where)).scalar_one() >= desk.messages_per_day:
        raise TooManyMessages(desk.messages_per_day)


async def post_message(
    *,
    session: AsyncSession,
    desk: Desk,
    actor: Actor,
    application_id: UUID,
    thread_id: UUID,
    said: str,
    documents: Sequence[UUID],
    seen: int | None,
    now: datetime,
) -> Posted:
    """Write in a thread. What the office writes answers the messages up to `seen`, or all of them if that is None, so
    that a message that came while the answer was written goes on waiting for one.

    Raises Forbidden, NotFound; NotOfThisApplication for a document that is not in the application's set;
    MessageTooLong, TooManyMessages.
    """
    application = await open_locked(session, desk, actor, Action.POST_MESSAGE, application_id, now=now)
    thread = await threads.find(session, actor, application, thread_id)
    note = _note(actor, application, said, documents)
    await _check_limits(session, desk, application, note, now)
    posted = await _go_on(session, desk, application, thread, note, now=now)
    if note.side is Side.OFFICE:
        up_to = thread.last_number if seen is None else min(seen, thread.last_number)
        await session.execute(_ANSWERED, {"id": thread.id, "up_to": up_to})
    return posted


async def settle_thread(
    *, session: AsyncSession, desk: Desk, actor: Actor, application_id: UUID, thread_id: UUID, up_to: int, now: datetime
) -> int:
    """Say that the messages up to `up_to` need no answer of the office; those that came later go on waiting.

    Returns the number of the last of them. Raises Forbidden, NotFound.
    """
    application = await open_locked(session, desk, actor, Action.SETTLE_THREAD, application_id, now=now)
    thread = await threads.find(session, actor, application, thread_id)
    settled = await session.execute(_ANSWERED, {"id": thread.id, "up_to": min(up_to, thread.last_number)})
    return int(settled.scalar_one())


async def mark_read(
    *, session: AsyncSession, desk: Desk, actor: Actor, application_id: UUID, thread_id: UUID, up_to: int, now: datetime
) -> int:
    """Say that the actor has read the messages up to `up_to`; never takes back what was read.

    Returns the number up to which it is read. Raises Forbidden, NotFound.
    """
    application = await open_for(session, desk, actor, Action.MARK_READ, application_id, now=now)
    thread = await threads.find(session, actor, application, thread_id)
    row = {**_reader(actor, application, thread.id), "up_to": min(up_to, thread.last_number)}
    return int((await session.execute(_READ, row)).scalar_one())


async def post_notice(
    *,
    session: AsyncSession,
    desk: Desk,
    application: Application,
    topic: str,
    subject: str,
    notice: str,
    said: str,
    documents: Sequence[UUID] = (),
    mailed: bool = True,
    actor: Actor | None,
    now: datetime,
) -> Posted:
    """Post a notice of the office, such as `approval_notice`, `repayment_notice` (GL-431) or `procedure_guidance`
    (GL-432), in the transaction of the step that causes it.

    It goes into the application's one thread of that topic, which the first notice opens under `subject`. It tells, and
    answers no question that waits there. `mailed` False: no mail says that it is there. `actor` None is the system. The
    caller holds the application's lock. Raises NotOfThisApplication for a document that is not in the application's
    set.
    """
    author_id = actor.account_id if actor is not None else None
    note = Note(Side.OFFICE, author_id, None, said, documents, notice, mailed)
    found = await session.execute(threads.FIND_TOPIC, {"application_id": application.id, "topic": topic})
    row = found.one_or_none()
    if row is None:
        return await _begin(session, desk, application, subject, note, topic=topic, now=now)
    return await _go_on(session, desk, application, Thread.of(row), note, now=now)


def _note(actor: Actor, application: Application, said: str, documents: Sequence[UUID]) -> Note:
    side = threads.side_of(actor, application)
    organisation_id = actor.organisation_id if side is Side.ORGANISATION else None
    return Note(side, actor.account_id, organisation_id, said, documents)


def _reader(actor: Actor, application: Application, thread_id: UUID) -> dict[str, object]:
    acts_for = threads.side_of(actor, application) is Side.ORGANISATION
    organisation_id = actor.organisation_id if acts_for else None
    return {"thread_id": thread_id, "reader_id": actor.account_id, "organisation_id": organisation_id}


async def _begin(
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
    await _admit(session, thread.id, persons, organisations, by=note.author_id, now=now)
    return await _put(session, desk, application, thread, note, number=1, to_office=waits is not None, now=now)


async def _go_on(
    session: AsyncSession, desk: Desk, application: Application, thread: Thread, note: Note, *, now: datetime
) -> Posted:
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
