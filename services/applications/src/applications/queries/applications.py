"""What applicants read: their applications, the check before submitting, the timeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from kit import eventlog
from kit.errors import Finding
from kit.tokens import Actor
from madoguchi_contracts import ReviewClaimed, ReviewOpened, Role
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications import desk as contexts
from applications.access import OFFICE, Action, allow
from applications.cases import Application, filing_of, open_for
from applications.desk import Desk
from applications.workflow import Document, choose, findings_of, possible

_OWN = text("SELECT id FROM applications WHERE account_id = :account_id ORDER BY started_at, reference LIMIT 100")
_VERSION = text("""
SELECT content, documents, content_sha256, ekyc_status, submitted_at FROM application_versions
WHERE application_id = :application_id AND submission = :submission
""")
_HISTORY = text("""
SELECT id, track, source, command, actor_id, role, submission, at FROM application_history
WHERE application_id = :application_id ORDER BY id
""")
_LAST_NOTE = text("""
SELECT submission, reason FROM application_history
WHERE application_id = :application_id AND reason IS NOT NULL ORDER BY id DESC LIMIT 1
""")

# Who took a step, as people read it.
_BY: Mapping[Role, str] = {
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
class Correction:
    """Why the last submission was sent back: the office's reason, and remarks by field."""

    submission: int
    reason: str
    remarks: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class View:
    """An application as its reader sees it: the owner the draft, the office what was submitted last."""

    application: Application
    content: Mapping[str, Any]
    actions: tuple[str, ...]
    correction: Correction | None


@dataclass(frozen=True)
class Check:
    """What submitting now would find. `confirmations` is what the confirmation screen has to ask for."""

    findings: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    confirmations: tuple[Finding, ...]
    content: Mapping[str, Any]
    content_sha256: str
    ekyc_status: str | None
    documents: tuple[Document, ...]
    may_submit: bool


@dataclass(frozen=True)
class TimelineEntry:
    """One thing that happened, in words; `actor_id` for the office only."""

    at: datetime
    step: str
    by: str
    submission: int | None
    actor_id: UUID | None


async def own_applications(*, session: AsyncSession, desk: Desk, actor: Actor, now: datetime) -> list[Application]:
    """The actor's applications, oldest first."""
    allow(actor, Action.LIST_OWN)
    ids = (await session.execute(_OWN, {"account_id": actor.account_id})).scalars().all()
    return [await open_for(session, desk, actor, Action.VIEW, one, now=now) for one in ids]


async def view_application(
    *, session: AsyncSession, desk: Desk, actor: Actor, application_id: UUID, now: datetime
) -> View:
    """One application. Raises Forbidden, NotFound."""
    application = await open_for(session, desk, actor, Action.VIEW, application_id, now=now)
    if actor.role in OFFICE:
        content = (await version(session, desk, application.id, application.submission))["content"]
    else:
        content = desk.unlock(application.draft, contexts.of_draft(application.id))
    workflow = application.programme.workflow
    actions = possible(workflow, application.case(now), role=actor.role, account_id=actor.account_id)
    return View(application, content, tuple(actions), await correction_of(session, desk, application))


async def correction_of(session: AsyncSession, desk: Desk, application: Application) -> Correction | None:
    """What is to be corrected, until it has been submitted again."""
    row = (await session.execute(_LAST_NOTE, {"application_id": application.id})).one_or_none()
    if row is None or row.submission != application.submission:
        return None
    note = desk.unlock(row.reason, contexts.of_reason(application.id, row.submission))
    remarks = tuple((remark["field"], remark["text"]) for remark in note["remarks"])
    return Correction(row.submission, note["text"], remarks)


async def version(session: AsyncSession, desk: Desk, application_id: UUID, submission: int) -> dict[str, Any]:
    """What was submitted, with its content in the clear."""
    where = {"application_id": application_id, "submission": submission}
    row = (await session.execute(_VERSION, where)).one()
    return {**row._mapping, "content": desk.unlock(row.content, contexts.of_version(application_id, submission))}


async def check_application(
    *, session: AsyncSession, desk: Desk, actor: Actor, application_id: UUID, now: datetime
) -> Check:
    """Ask the guards of the submission without submitting (AS-71, AS-75). Raises Forbidden, NotFound and, where nothing
    can be submitted, ImpossibleTransition.
    """
    application = await open_for(session, desk, actor, Action.CHECK, application_id, now=now)
    programme = application.programme
    filing = filing_of(desk, application, now=now)
    unticked = replace(application.case(now), filing=filing)
    ticked = replace(unticked, filing=replace(filing, consents=programme.consents))
    row = choose(programme.workflow, ticked, "submit", role=actor.role, account_id=actor.account_id)
    findings = findings_of(row, ticked)
    return Check(
        findings=tuple(findings),
        warnings=tuple(programme.warnings(ticked)),
        confirmations=tuple(one for one in findings_of(row, unticked) if one not in findings),
        content=filing.form.content,
        content_sha256=filing.sha256,
        ekyc_status=filing.ekyc_status,
        documents=filing.documents,
        may_submit=not findings,
    )


async def timeline(
    *, session: AsyncSession, desk: Desk, actor: Actor, application_id: UUID, now: datetime
) -> list[TimelineEntry]:
    """What happened to an application, in order: its steps, and what else the event log tells.

    Raises Forbidden, NotFound. The applicant does not see what stays inside the office.
    """
    application = await open_for(session, desk, actor, Action.TIMELINE, application_id, now=now)
    office = actor.role in OFFICE
    entries = [*await _steps(session, application, office), *await _other_steps(session, application, office)]
    return sorted(entries, key=lambda entry: entry.at)


async def _steps(session: AsyncSession, application: Application, office: bool) -> list[TimelineEntry]:
    workflow = application.programme.workflow
    entries = []
    for row in (await session.execute(_HISTORY, {"application_id": application.id})).all():
        # A step that the table does not know any more stays inside the office.
        taken = next((one for one in workflow.rows(row.track, row.command) if row.source in one.sources), None)
        if office or (taken is not None and taken.public):
            label = taken.label if taken is not None else row.command
            by = "システム" if row.role is None else _BY[Role(row.role)]
            entries.append(TimelineEntry(row.at, label, by, row.submission or None, row.actor_id if office else None))
    return entries


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
