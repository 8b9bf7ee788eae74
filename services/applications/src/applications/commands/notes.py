"""What the office writes down of its calls and letters."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from kit.tokens import Actor
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications import desk as contexts
from applications.access import Action
from applications.cases import open_locked
from applications.desk import Desk
from applications.errors import BadContent
from applications.queries.records import ContactNote

_NOTE = text("""
INSERT INTO contact_notes (id, application_id, officer_id, about, content, contacted_at, noted_at)
VALUES (:id, :application_id, :officer_id, :about, :content, :contacted_at, :now)
""")


async def note_contact(
    *,
    session: AsyncSession,
    desk: Desk,
    actor: Actor,
    application_id: UUID,
    about: str,
    said: str,
    contacted_at: datetime,
    now: datetime,
) -> ContactNote:
    """Keep that the applicant was called or written to, and of what, for the office alone.

    Raises Forbidden, NotFound, BadContent (nothing was said, or it is still to come).
    """
    application = await open_locked(session, desk, actor, Action.NOTE, application_id, now=now)
    if not said.strip():
        raise BadContent("連絡の内容を入力してください。")
    if contacted_at > now:
        raise BadContent("連絡した日時が未来になっています。")
    note = ContactNote(uuid4(), actor.account_id, about, said, contacted_at, now)
    await session.execute(
        _NOTE,
        {
            "id": note.id,
            "application_id": application.id,
            "officer_id": actor.account_id,
            "about": about,
            "content": desk.lock_away(said, contexts.of_note(note.id)),
            "contacted_at": contacted_at,
            "now": now,
        },
    )
    return note
