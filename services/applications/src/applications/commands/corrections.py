"""What the office asks to have mended, and how that resolves itself when it is: a field by another value in the draft,
a slot by a document that was not there before. Nothing ends by the day that is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from kit import eventlog
from kit.errors import Conflict, NotFound
from kit.japan import to_jst
from kit.tokens import Actor
from madoguchi_contracts import CorrectionRequested, CorrectionResolved
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications import desk as contexts
from applications import hot, threads
from applications.access import Action, caller_of
from applications.cases import Application, documents_of, open_locked
from applications.desk import Desk
from applications.errors import DayIsOver, NotOfThisApplication
from applications.forms import names_field, without_blanks
from applications.workflow import EDIT, Document

_REQUEST = text("""
INSERT INTO corrections (id, application_id, officer_id, requested_at, due_on)
VALUES (:id, :application_id, :officer_id, :now, :due_on)
""")
_ITEM = text("""
INSERT INTO correction_items (correction_id, position, field, slot, subject, content, was, known)
VALUES (:correction_id, :position, :field, :slot, :subject, :content, :was, cast(:known AS uuid[]))
""")
_OPEN_ITEMS = text("""
SELECT i.correction_id, i.position, i.field, i.slot, i.subject, i.was, i.known, i.mended_at
FROM corrections c JOIN correction_items i ON i.correction_id = c.id
WHERE c.application_id = :application_id AND c.closed_at IS NULL AND (i.field IS NULL) = :of_slots
""")
_MENDED = text("""
UPDATE correction_items SET mended_at = :mended_at WHERE correction_id = :correction_id AND position = :position
""")
_CLOSE_MENDED = text("""
UPDATE corrections c SET closed_at = :now, outcome = 'mended'
WHERE c.application_id = :application_id AND c.closed_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM correction_items i WHERE i.correction_id = c.id AND i.mended_at IS NULL)
RETURNING c.id
""")
_FIND = text("SELECT closed_at FROM corrections WHERE application_id = :application_id AND id = :id")
_WITHDRAW = text("UPDATE corrections SET closed_at = :now, outcome = 'withdrawn' WHERE id = :id")
# A document that was stored before the request, and is heard of after it.
_KNOWN = text("""
UPDATE correction_items i SET known = array_append(i.known, cast(:document_id AS uuid))
FROM corrections c
WHERE c.id = i.correction_id AND c.application_id = :application_id AND c.closed_at IS NULL
  AND c.requested_at > :stored_at AND i.slot IS NOT NULL
""")
_SET = text("SELECT documents FROM document_sets WHERE application_id = :application_id")


@dataclass(frozen=True)
class Asked:
    """One thing to be mended: a field of the form, or a slot of the documents, perhaps of one person alone."""

    text: str
    field: str | None = None
    slot: str | None = None
    subject: UUID | None = None


@dataclass(frozen=True)
class Requested:
    """A request that was made. Fields can be mended while the draft is open to those who apply: `draft_open` says
    whether it is, `opened_by` by which steps of the office it would be. If there is none, `rules` say why not.
    """

    id: UUID
    draft_open: bool
    opened_by: tuple[str, ...]
    rules: tuple[str, ...]


def of_item(correction_id: UUID, position: int) -> str:
    """Context of `correction_items.content`."""
    return f"correction_items.content:{correction_id}:{position}"


def of_value(correction_id: UUID, position: int) -> str:
    """Context of `correction_items.was`."""
    return f"correction_items.was:{correction_id}:{position}"


def value_at(content: Any, path: str) -> Any:
    """What a draft has at a dotted path, without blanks; None where there is nothing."""
    for part in path.split("."):
        if isinstance(content, list) and part.isdecimal():
            content = content[int(part)] if int(part) < len(content) else None
        else:
            content = content.get(part) if isinstance(content, dict) else None
    rest = without_blanks(content)
    return None if rest in ({}, []) else rest


def in_slot(documents: Iterable[Document], slot: str, subject: UUID | None) -> set[UUID]:
    """The documents in a slot: of that person, or of anybody."""
    return {one.document_id for one in documents if one.slot == slot and subject in {None, one.subject}}


async def request_correction(
    *,
    session: AsyncSession,
    desk: Desk,
    actor: Actor,
    application_id: UUID,
    items: Sequence[Asked],
    due_on: date | None,
    now: datetime,
) -> Requested:
    """Ask those who apply to mend something; returns the request. `due_on` is a day in Japan that they are shown.

    It changes no state: whether the draft can be changed, or a slot be filled, is the programme's table's business.
    What the table allows is told, so that nobody waits for what cannot be done.

    Raises Forbidden, NotFound; NotOfThisApplication for a field, slot or person that it does not have; DayIsOver.
    """
    application = await open_locked(session, desk, actor, Action.REQUEST_CORRECTION, application_id, now=now)
    if due_on is not None and due_on < to_jst(now).date():
        raise DayIsOver(application_id=str(application_id))
    if not all(_is_known(application, one) for one in items):
        raise NotOfThisApplication(application_id=str(application_id))
    correction_id = uuid4()
    row = {"id": correction_id, "application_id": application.id, "officer_id": actor.account_id}
    await session.execute(_REQUEST, {**row, "now": now, "due_on": due_on})
    draft = desk.unlock(application.draft, contexts.of_draft(application.id))
    for position, one in enumerate(items, start=1):
        await session.execute(_ITEM, _row(desk, application, draft, correction_id, position, one))
    event = CorrectionRequested(
        application_id=application.id,
        programme=application.programme.name,
        correction_id=correction_id,
        due_on=due_on,
        field_count=sum(one.field is not None for one in items),
        document_count=sum(one.slot is not None for one in items),
        notify=tuple(await _to_notify(session, application, items)),
    )
    await eventlog.record(session, event, now=now)
    return _requested(application, correction_id, actor, now)


def _requested(application: Application, correction_id: UUID, actor: Actor, now: datetime) -> Requested:
    workflow, case, caller = application.programme.workflow, application.case(now), caller_of(actor)
    opening = (
        row.command
        for row in workflow.transitions
        if row.track == workflow.main
        and application.state in row.sources
        and row.target in workflow.editable
        and row.admits(caller, case, application.id)
        and row.when(case)
    )
    draft_open = application.state in workflow.editable
    opened_by = () if draft_open else tuple(dict.fromkeys(opening))
    return Requested(correction_id, draft_open, opened_by, () if draft_open or opened_by else workflow.rules)


async def withdraw_correction(
    *, session: AsyncSession, desk: Desk, actor: Actor, application_id: UUID, correction_id: UUID, now: datetime
) -> None:
    """Take a request back: it was an error, or settled by other means. Raises Forbidden, NotFound, Conflict (it is not
    open any more).
    """
    application = await open_locked(session, desk, actor, Action.REQUEST_CORRECTION, application_id, now=now)
    row = (await session.execute(_FIND, {"application_id": application.id, "id": correction_id})).one_or_none()
    if row is None:
        raise NotFound
    if row.closed_at is not None:
        raise Conflict(correction_id=str(correction_id))
    await session.execute(_WITHDRAW, {"id": correction_id, "now": now})
    await _tell(session, application.id, correction_id, "withdrawn", now)


async def follow_draft(
    *, session: AsyncSession, desk: Desk, application_id: UUID, content: Mapping[str, Any], now: datetime
) -> None:
    """A draft was saved: a field is mended that has another value than when it was asked for, and one that has that
    value again is not, as long as the request is open. The caller holds the application's lock.
    """
    items = await _open_items(session, application_id, of_slots=False)
    for item in items:
        was = desk.unlock(item.was, of_value(item.correction_id, item.position))
        await _judge(session, item, value_at(content, item.field) != was, now)
    if items:
        await _close(session, application_id, now)


async def follow_documents(
    *, session: AsyncSession, application_id: UUID, stored: tuple[UUID, datetime] | None, now: datetime
) -> None:
    """The application's set of documents was told anew: a slot is mended in which there is a document that was not
    there when it was asked for. `stored` is the document that came, and when it was stored.
    """
    # Behind whoever asks right now: either this sees the request, or the request has seen this document.
    await hot.lock(session, application_id)
    if stored is not None:
        where = {"application_id": application_id, "document_id": stored[0], "stored_at": stored[1]}
        await session.execute(_KNOWN, where)
    items = await _open_items(session, application_id, of_slots=True)
    if not items:
        return
    kept = (await session.execute(_SET, {"application_id": application_id})).scalar_one_or_none()
    documents = documents_of(kept or ())
    for item in items:
        mended = in_slot(documents, item.slot, item.subject) - set(item.known)
        await _judge(session, item, bool(mended), now)
    await _close(session, application_id, now)


def _is_known(application: Application, asked: Asked) -> bool:
    persons = {None, application.account_id, *(one.party_id for one in application.parties)}
    if asked.field is not None:
        return names_field(application.programme.form, asked.field)
    slots = {one.key for one in application.programme.documents.slots} | {one.slot for one in application.documents}
    return asked.slot in slots and asked.subject in persons


def _row(
    desk: Desk, application: Application, draft: Any, correction_id: UUID, position: int, asked: Asked
) -> dict[str, Any]:
    was = None
    if asked.field is not None:
        was = desk.lock_away(value_at(draft, asked.field), of_value(correction_id, position))
    known = in_slot(application.documents, asked.slot, asked.subject) if asked.slot is not None else set()
    return {
        "correction_id": correction_id,
        "position": position,
        "field": asked.field,
        "slot": asked.slot,
        "subject": asked.subject,
        "content": desk.lock_away(asked.text, of_item(correction_id, position)),
        "was": was,
        "known": sorted(known),
    }


async def _to_notify(session: AsyncSession, application: Application, items: Sequence[Asked]) -> list[UUID]:
    """The owner, the persons who may edit, and those whose papers are asked for."""
    organisations = await threads.organisations_of(session, application)
    editors = {one.party_id for one in application.parties if EDIT in one.grants}
    subjects = {one.subject for one in items if one.subject is not None}
    return sorted(({application.account_id} | editors | subjects) - organisations)


async def _open_items(session: AsyncSession, application_id: UUID, *, of_slots: bool) -> Sequence[Any]:
    return (await session.execute(_OPEN_ITEMS, {"application_id": application_id, "of_slots": of_slots})).all()


async def _judge(session: AsyncSession, item: Any, mended: bool, now: datetime) -> None:
    if mended == (item.mended_at is not None):
        return
    where = {"correction_id": item.correction_id, "position": item.position}
    await session.execute(_MENDED, {**where, "mended_at": now if mended else None})


async def _close(session: AsyncSession, application_id: UUID, now: datetime) -> None:
    closed = await session.execute(_CLOSE_MENDED, {"application_id": application_id, "now": now})
    for correction_id in closed.scalars().all():
        await _tell(session, application_id, correction_id, "mended", now)


async def _tell(session: AsyncSession, application_id: UUID, correction_id: UUID, outcome: str, now: datetime) -> None:
    event = CorrectionResolved(application_id=application_id, correction_id=correction_id, outcome=outcome)
    await eventlog.record(session, event, now=now)
