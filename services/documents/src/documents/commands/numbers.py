"""A paper on which an individual number (個人番号) can be read is deleted for good, and asked for anew (GL-371)."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from kit.errors import NotFound
from kit.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from documents.access import authorise
from documents.commands.parts import lock_with_set
from documents.commands.requests import Seal, ask_for_document
from documents.commands.retention import is_held, let_go
from documents.domain import Action
from documents.errors import FileHeld
from documents.models import Document

REASON = "individual_number"
"""Of the entry in the log of deleted files."""
_LABEL = "{}(個人番号が写っていたため削除しました。個人番号の写っていないもの、マイナンバーカードは表面のみ)"
LABEL_LIMIT = 200


async def delete_with_number(
    session: AsyncSession, *, actor: Actor, document_id: UUID, due_on: date, seal: Seal, now: datetime
) -> tuple[str, str]:
    """The office saw an individual number on a submitted paper: it must not be stored (GL-371).

    The file and its name are let go in this transaction, whatever submission names it, and the person is asked for the
    paper anew, with the reason; what comes counts in the place of this one. Returns the key of the object, to be
    deleted once this is committed, and the new slot. When the process dies between the two, the sweep finds the object.
    Raises NotFound (also when the file is gone already), FileHeld, DueDatePassed, and what `authorise` raises.
    """
    known = (await session.execute(select(Document.id).where(Document.id == document_id))).scalar_one_or_none()
    if known is None:
        raise NotFound(document_id=str(document_id))
    documents, document = await lock_with_set(session, document_id)
    authorise(documents, actor, Action.ASK)
    if document.object_key is None:
        raise NotFound(document_id=str(document_id))
    if await is_held(session, documents.application_id):
        raise FileHeld(application_id=str(documents.application_id))
    label = _LABEL.format(documents.slot_of[document.slot].label)[:LABEL_LIMIT]
    slot = await ask_for_document(
        session,
        actor=actor,
        application_id=documents.application_id,
        label=label,
        due_on=due_on,
        subject=document.subject,
        replaces=document.slot,
        seal=seal,
        now=now,
    )
    [key] = await let_go(session, documents, [document], REASON, since=now, months=0, now=now)
    return key, slot
