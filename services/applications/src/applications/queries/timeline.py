"""What happened to an application, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from kit import eventlog
from kit.tokens import Actor
from madoguchi_contracts import ReviewClaimed, ReviewOpened, Role
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications import desk as contexts
from applications.access import OFFICE, Action, caller_of
from applications.cases import Application, hears, open_for, sees
from applications.desk import Desk

_HISTORY = text("""
SELECT id, track, subject, source, command, actor_id, role, submission, facts, at FROM application_history
WHERE application_id = :application_id ORDER BY id
""")
# Who took a step, as people read it.
BY: Mapping[Role, str] = {
    Role.ASSOCIATION: "申請者",
    Role.COMPANY: "管理会社",
    Role.APPLICANT: "申請者",
    Role.JOINT_DEBTOR: "連帯債務者",
    Role.OFFICE_REVIEWER: "担当者",
    Role.OFFICE_APPROVER: "担当者",
    Role.INSPECTION_BODY: "検査機関",
    Role.BANK: "金融機関",
    Role.OPERATOR: "運用担当者",
}
# Events that are no step of a workflow, with what people read and whether the applicant sees them.
_OTHER_STEPS: Mapping[str, tuple[str, bool]] = {
    ReviewOpened.type_name: ("審査を受付", True),
    ReviewClaimed.type_name: ("担当者が審査を開始", False),
}


@dataclass(frozen=True)
class TimelineEntry:
    """One thing that happened, in words, and what was said with it; `actor_id` for the office only."""

    at: datetime
    step: str
    by: str
    submission: int | None
    actor_id: UUID | None
    facts: Mapping[str, Any] = field(default_factory=dict)


async def timeline(
    *, session: AsyncSession, desk: Desk, actor: Actor, application_id: UUID, now: datetime
) -> list[TimelineEntry]:
    """What happened to an application, in order: its steps, and what else the event log tells.

    Raises Forbidden, NotFound. The applicant does not see what stays inside the office.
    """
    application = await open_for(session, desk, actor, Action.TIMELINE, application_id, now=now)
    office = actor.role in OFFICE
    entries = [*await _steps(session, desk, application, actor), *await _other_steps(session, application, office)]
    return sorted(entries, key=lambda entry: entry.at)


async def _steps(session: AsyncSession, desk: Desk, application: Application, actor: Actor) -> list[TimelineEntry]:
    workflow, office = application.programme.workflow, actor.role in OFFICE
    entries = []
    for row in (await session.execute(_HISTORY, {"application_id": application.id})).all():
        # A step that the table does not know any more stays inside the office.
        taken = next((one for one in workflow.rows(row.track, row.command) if row.source in one.sources), None)
        if office or (taken is not None and taken.public and sees(application, caller_of(actor), row.track)):
            label = taken.label if taken is not None else row.command
            by = "システム" if row.role is None else BY[Role(row.role)]
            actor_id = row.actor_id if office else None
            facts: Mapping[str, Any] = {}
            hears_it = office or _may_hear(application, row, actor)
            if row.facts is not None and hears_it:
                facts = desk.unlock(row.facts, contexts.of_facts(application.id, row.track, row.subject, row.command))
            if taken is not None and not office:
                label, told = workflow.told(taken, facts)
                facts = told if hears_it else {}
            entries.append(TimelineEntry(row.at, label, by, row.submission or None, actor_id, facts))
    return entries


def _may_hear(application: Application, row: Any, actor: Actor) -> bool:
    """What was said about one person is for that person and for who said it; the rest is for all who take part, as far
    as it is shared with them.
    """
    personal = row.track in application.programme.workflow.personal
    told_of = not personal or actor.account_id in {row.subject, row.actor_id}
    return told_of and hears(application, caller_of(actor), row.track)


async def _other_steps(session: AsyncSession, application: Application, office: bool) -> list[TimelineEntry]:
    entries = []
    for event in await eventlog.history(session, application.id):
        label, public = _OTHER_STEPS.get(event.type, ("", False))
        if label and (office or public):
            officer = event.data.get("officer_id")
            by = "担当者" if officer else "システム"
            actor_id = UUID(officer) if office and officer else None
            entries.append(TimelineEntry(event.recorded_at, label, by, event.data.get("submission"), actor_id))
    return entries
