"""What the office asks for after a submission: one more document, in a slot of its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from uuid import UUID

from kit.errors import NotFound
from kit.eventlog import record
from kit.japan import to_jst
from kit.tokens import Actor
from madoguchi_contracts import Reason, Sealed
from madoguchi_contracts.documents import DocumentRequested, DocumentRequestWithdrawn
from madoguchi_contracts.envelope import SealedContent
from sqlalchemy.ext.asyncio import AsyncSession

from documents.access import authorise
from documents.commands.parts import in_set, lock_set
from documents.domain import Action
from documents.errors import AlreadyHandedIn, DueDatePassed, UnknownSlot, WrongSubject

Seal = Callable[[SealedContent, str], Sealed]
"""Encrypts a content to a service."""


async def ask_for_document(
    session: AsyncSession,
    *,
    actor: Actor,
    application_id: UUID,
    label: str,
    due_on: date,
    subject: UUID | None,
    replaces: str | None,
    seal: Seal,
    now: datetime,
) -> str:
    """Add a slot for a document that the office needs; returns the slot's key.

    A file may be put into it while the rest of the set is frozen. It counts into the limit of the set (DO-05), and
    belongs to the submission under review from then on. The date binds nobody: a late file is better than none. Who is
    asked is the owner, or the person whose paper it is (`subject`); they are written to. Where a paper of the set was
    rejected or deleted, `replaces` is its slot: what comes counts there in its stead (GL-366), and a paper asked for a
    third time still counts in the slot in which it was due at first. Raises DueDatePassed, UnknownSlot, WrongSubject,
    and what `authorise` raises.
    """
    documents = authorise(await lock_set(session, application_id), actor, Action.ASK)
    if due_on < to_jst(now).date():
        raise DueDatePassed(application_id=str(application_id))
    if subject not in (None, *documents.persons):
        raise WrongSubject(application_id=str(application_id))
    old = documents.slot_of.get(replaces) if replaces is not None else None
    if replaces is not None and old is None:
        raise UnknownSlot(application_id=str(application_id))
    if old is not None and subject not in documents.subjects_of(old):
        raise WrongSubject(application_id=str(application_id))
    slot = f"asked_{sum('due_on' in one for one in documents.slots) + 1}"
    asked = {"key": slot, "label": label, "required": False, "due_on": due_on.isoformat()}
    whose = {"per_person": True, "subject": str(subject)} if subject else {}
    stead = {"replaces": old.replaces or old.key} if old else {}
    documents.slots = [*documents.slots, {**asked, **whose, **stead}]
    event = DocumentRequested(
        application_id=application_id,
        slot=slot,
        due_on=due_on,
        officer_id=actor.account_id,
        account_id=subject or documents.account_id,
        programme=documents.programme,
        label=seal(Reason(text=label), "notifications"),
        subject=subject,
    )
    await session.flush()
    await record(session, event, now=now)
    return slot


async def withdraw_request(
    session: AsyncSession, *, actor: Actor, application_id: UUID, slot: str, now: datetime
) -> None:
    """Ask for the document no more: nothing can be put into its slot. Doing it twice is no error.

    Raises AlreadyHandedIn when a file is in it, NotFound for a slot that the office did not ask for, and what
    `authorise` raises.
    """
    documents = authorise(await lock_set(session, application_id), actor, Action.ASK)
    asked = documents.slot_of.get(slot)
    if asked is None or asked.due_on is None:
        raise NotFound(application_id=str(application_id))
    if asked.withdrawn:
        return
    if any(filled == slot for filled, _ in await in_set(session, documents)):
        raise AlreadyHandedIn(application_id=str(application_id))
    documents.slots = [{**one, "withdrawn": True} if one["key"] == slot else one for one in documents.slots]
    event = DocumentRequestWithdrawn(application_id=application_id, slot=slot, officer_id=actor.account_id)
    await session.flush()
    await record(session, event, now=now)
