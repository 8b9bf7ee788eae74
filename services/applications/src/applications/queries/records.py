"""What the office keeps beside an application: papers that came by post, and when somebody was called or written to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from kit.tokens import Actor
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications import desk as contexts
from applications.access import Action
from applications.cases import open_for
from applications.desk import Desk

_PAPERS = text("""
SELECT paper_id, kind, result, arrived_on FROM posted_papers WHERE application_id = :id ORDER BY arrived_on, paper_id
""")
_NOTES = text("""
SELECT id, officer_id, about, content, contacted_at, noted_at FROM contact_notes WHERE application_id = :id
ORDER BY noted_at, id
""")


@dataclass(frozen=True)
class Paper:
    """A paper that came by post, and what became of it."""

    paper_id: UUID
    kind: str
    result: str
    arrived_on: date


@dataclass(frozen=True)
class ContactNote:
    """That an officer spoke or wrote to the applicant outside of the system, and of what."""

    id: UUID
    officer_id: UUID
    about: str
    text: str
    contacted_at: datetime
    noted_at: datetime


async def papers(session: AsyncSession, application_id: UUID) -> tuple[Paper, ...]:
    """The papers of an application, oldest first; the caller has allowed the actor."""
    rows = (await session.execute(_PAPERS, {"id": application_id})).all()
    return tuple(Paper(**row._mapping) for row in rows)


async def contact_notes(session: AsyncSession, desk: Desk, application_id: UUID) -> tuple[ContactNote, ...]:
    """The notes on an application, oldest first; the caller has allowed the actor."""
    rows = (await session.execute(_NOTES, {"id": application_id})).all()
    notes = []
    for row in rows:
        facts = dict(row._mapping)
        said = desk.unlock(facts.pop("content"), contexts.of_note(row.id))
        notes.append(ContactNote(**facts, text=said))
    return tuple(notes)


async def list_contact_notes(
    *, session: AsyncSession, desk: Desk, actor: Actor, application_id: UUID, now: datetime
) -> tuple[ContactNote, ...]:
    """The same for the office alone; leaves a row in the access log. Raises Forbidden, NotFound."""
    application = await open_for(session, desk, actor, Action.VIEW_NOTES, application_id, now=now)
    return await contact_notes(session, desk, application.id)
