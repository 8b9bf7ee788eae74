"""What the office asks for after a submission: one more document, in a slot of its own."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from kit.eventlog import record
from kit.japan import to_jst
from kit.tokens import Actor
from madoguchi_contracts.documents import DocumentRequested
from sqlalchemy.ext.asyncio import AsyncSession

from documents.access import authorise
from documents.commands.parts import lock_set
from documents.domain import Action
from documents.errors import DueDatePassed


async def ask_for_document(
    session: AsyncSession, *, actor: Actor, application_id: UUID, label: str, due_on: date, now: datetime
) -> str:
    """Add a slot for a document that the office needs; returns the slot's key.

    A file may be put into it while the rest of the set is frozen. It counts into the limit of the set (DO-05), and
    belongs to the submission under review from then on. The date binds nobody: a late file is better than none. Raises
    DueDatePassed, and what `authorise` raises.
    """
    documents = authorise(await lock_set(session, application_id), actor, Action.ASK)
    if due_on < to_jst(now).date():
        raise DueDatePassed(application_id=str(application_id))
    slot = f"asked_{sum('due_on' in one for one in documents.slots) + 1}"
    asked = {"key": slot, "label": label, "required": False, "due_on": due_on.isoformat()}
    documents.slots = [*documents.slots, asked]
    event = DocumentRequested(application_id=application_id, slot=slot, due_on=due_on, officer_id=actor.account_id)
    await session.flush()
    await record(session, event, now=now)
    return slot
