"""What is written in threads: by those who apply, by organisations that take part, and by the office (GL-052)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, time
from uuid import UUID

from kit.errors import Forbidden
from kit.japan import JST, to_jst
from kit.tokens import Actor
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications import posting, threads
from applications.access import Action
from applications.cases import Application, open_for, open_locked
from applications.desk import Desk
from applications.errors import MessageTooLong, NotOfThisApplication, NotYetSubmitted, TooManyMessages
from applications.posting import Note, Posted
from applications.threads import Side, Thread

_POSTED_TODAY = text("""
SELECT count(*) FROM messages m JOIN threads t ON t.id = m.thread_id
WHERE t.application_id = :application_id AND m.author_id = :author_id AND m.posted_at >= :since
""")
_ANSWERED = text("""
UPDATE threads t SET answered = greatest(t.answered, :up_to), waiting_since = (
  SELECT min(m.posted_at) FROM messages m
  WHERE m.thread_id = t.id AND m.side <> 'office' AND m.number > greatest(t.answered, :up_to))
WHERE t.id = :id
RETURNING answered
""")
_READ = text("""
INSERT INTO thread_readers AS known (thread_id, reader_id, organisation_id, last_read)
VALUES (:thread_id, :reader_id, :organisation_id, :up_to)
ON CONFLICT (thread_id, reader_id) DO UPDATE SET last_read = greatest(known.last_read, excluded.last_read)
RETURNING last_read
""")


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
    return await posting.open_thread_with(
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
    await posting.admit(session, thread.id, persons, organisations, by=actor.account_id, now=now)
    return await threads.find(session, actor, application, thread_id)


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
    posted = await posting.go_on(session, desk, application, thread, note, now=now)
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


def _note(actor: Actor, application: Application, said: str, documents: Sequence[UUID]) -> Note:
    side = threads.side_of(actor, application)
    organisation_id = actor.organisation_id if side is Side.ORGANISATION else None
    return Note(side, actor.account_id, organisation_id, said, documents)


def _reader(actor: Actor, application: Application, thread_id: UUID) -> dict[str, object]:
    acts_for = threads.side_of(actor, application) is Side.ORGANISATION
    organisation_id = actor.organisation_id if acts_for else None
    return {"thread_id": thread_id, "reader_id": actor.account_id, "organisation_id": organisation_id}
