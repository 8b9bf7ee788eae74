"""Threads of messages as they stand in the database: who is part of one, on whose side, and who is told of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from kit.errors import NotFound
from kit.tokens import Actor
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications.access import OFFICE
from applications.cases import Application
from applications.workflow import VIEW

TOLD_ONCE_IN = timedelta(minutes=10)
"""Who has not read yet what a mail told them of is not told of the same thread again for so long: three messages in a
row are one reason to log in. After that a mail comes again, since the first may have been overlooked.
"""

_THREAD = """
SELECT t.id, t.application_id, t.topic, t.subject, t.everybody, t.opened_at, t.last_number, t.answered, t.last_at,
       t.waiting_since, t.office_told_at,
       array(SELECT o.organisation_id FROM thread_organisations o WHERE o.thread_id = t.id ORDER BY 1) AS organisations,
       array(SELECT p.account_id FROM thread_persons p WHERE p.thread_id = t.id ORDER BY 1) AS persons
FROM threads t
"""
FIND = text(f"{_THREAD} WHERE t.application_id = :application_id AND t.id = :id")
FIND_TOPIC = text(f"{_THREAD} WHERE t.application_id = :application_id AND t.topic = :topic")
PAGE = text(f"""
{_THREAD} WHERE t.application_id = :application_id
  AND (t.opened_at, t.id) > (cast(:opened_at AS timestamptz), cast(:id AS uuid))
  AND CASE cast(:side AS text)
        WHEN 'office' THEN true
        WHEN 'applicant' THEN t.everybody OR t.id IN (SELECT thread_id FROM thread_persons WHERE account_id = :reader)
        ELSE t.id IN (SELECT thread_id FROM thread_organisations WHERE organisation_id = :organisation_id) END
ORDER BY t.opened_at, t.id LIMIT :limit
""")  # noqa: S608 - put together from our own text
_ORGANISATIONS = text("SELECT id FROM organisations WHERE id = ANY(cast(:ids AS uuid[]))")
_STAFF = text("""
SELECT reader_id FROM thread_readers
WHERE thread_id = :thread_id AND organisation_id = ANY(cast(:organisations AS uuid[]))
""")
# Those who are to be told now: not who was told a short while ago and has not read that yet.
_TELL = text("""
INSERT INTO thread_readers AS known (thread_id, reader_id, told_number, told_at)
SELECT :thread_id, reader_id, :number, :now FROM unnest(cast(:readers AS uuid[])) AS one(reader_id)
ON CONFLICT (thread_id, reader_id) DO UPDATE SET told_number = excluded.told_number, told_at = excluded.told_at
WHERE known.told_at IS NULL OR known.told_at <= :not_since OR known.told_number <= known.last_read
RETURNING reader_id
""")


class Side(StrEnum):
    """On whose behalf somebody writes."""

    APPLICANT = "applicant"  # the owner, and the persons who take part
    ORGANISATION = "organisation"
    OFFICE = "office"


@dataclass(frozen=True)
class Thread:
    """A thread; `subject` is encrypted. Part of it are the organisations and persons that it lists; with `everybody`
    all persons who take part, now and later.
    """

    id: UUID
    application_id: UUID
    topic: str | None
    subject: str
    opened_at: datetime
    last_number: int
    answered: int
    last_at: datetime
    waiting_since: datetime | None
    office_told_at: datetime | None
    organisations: tuple[UUID, ...]
    everybody: bool
    persons: tuple[UUID, ...]

    @classmethod
    def of(cls, row: Any) -> Thread:
        """The thread of a row of `FIND` or `PAGE`."""
        lists = {"organisations": tuple(row.organisations), "persons": tuple(row.persons)}
        return cls(**{**row._mapping, **lists})


# The contexts of what is encrypted, as in `desk`.


def of_subject(thread_id: UUID) -> str:
    """Context of `threads.subject`."""
    return f"threads.subject:{thread_id}"


def of_message(message_id: UUID) -> str:
    """Context of `messages.content`."""
    return f"messages.content:{message_id}"


def side_of(actor: Actor, application: Application) -> Side:
    """For whom the actor writes about this application; the caller has allowed the actor."""
    if actor.role in OFFICE:
        return Side.OFFICE
    persons = {application.account_id, *(one.party_id for one in application.parties if VIEW in one.grants)}
    return Side.APPLICANT if actor.account_id in persons else Side.ORGANISATION


def is_part(actor: Actor, application: Application, thread: Thread) -> bool:
    """Whether the actor sees the thread: the office sees all of them, others those that they are part of."""
    side = side_of(actor, application)
    if side is Side.ORGANISATION:
        return actor.organisation_id in thread.organisations
    return side is Side.OFFICE or thread.everybody or actor.account_id in thread.persons


async def find(session: AsyncSession, actor: Actor, application: Application, thread_id: UUID) -> Thread:
    """A thread of the application that the actor is part of. Raises NotFound."""
    row = (await session.execute(FIND, {"application_id": application.id, "id": thread_id})).one_or_none()
    if row is None or not is_part(actor, application, thread := Thread.of(row)):
        raise NotFound
    return thread


async def organisations_of(session: AsyncSession, application: Application) -> set[UUID]:
    """The parties of the application that are organisations and may view it."""
    viewers = [one.party_id for one in application.parties if VIEW in one.grants]
    if not viewers:
        return set()
    return set((await session.execute(_ORGANISATIONS, {"ids": viewers})).scalars())


async def applicants_of(session: AsyncSession, application: Application) -> list[UUID]:
    """The accounts of the owner and of the persons who take part and may view the application."""
    organisations = await organisations_of(session, application)
    persons = {one.party_id for one in application.parties if VIEW in one.grants} - organisations
    return sorted({application.account_id, *persons})


async def to_tell(
    session: AsyncSession,
    application: Application,
    thread: Thread,
    *,
    side: Side,
    number: int,
    now: datetime,
) -> Sequence[UUID]:
    """The accounts that a mail tells of a message now, which is put down. The caller holds the application's lock.

    Those of the other sides: the persons in the thread; and of each organisation in it those who have read or written
    there, since nobody else of it is known here. Whose rights have ended is told nothing.
    """
    readers: set[UUID] = set()
    if side is not Side.APPLICANT:
        persons = set(await applicants_of(session, application))
        readers |= persons if thread.everybody else persons & set(thread.persons)
    if side is not Side.ORGANISATION and thread.organisations:
        present = await organisations_of(session, application) & set(thread.organisations)
        where = {"thread_id": thread.id, "organisations": sorted(present)}
        readers |= set((await session.execute(_STAFF, where)).scalars())
    if not readers:
        return ()
    where = {"thread_id": thread.id, "readers": sorted(readers), "number": number}
    told = await session.execute(_TELL, {**where, "now": now, "not_since": now - TOLD_ONCE_IN})
    return sorted(told.scalars())
