"""What is read of one application: how it stands, what is open to the reader, and the check before submitting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from kit.errors import Finding
from kit.tokens import Actor
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications import desk as contexts
from applications.access import OFFICE, Action, caller_of
from applications.cases import Application, digest_to_prove, in_force, open_for, sees, shared, version_of
from applications.desk import Desk
from applications.filing import with_filing
from applications.programme import Examined
from applications.queries.tasks import Task, tasks_of
from applications.workflow import (
    Caller,
    Case,
    Document,
    Effect,
    Transition,
    choose_looking,
    choose_plain,
    findings_of,
    standings,
)

# What was said at the step that led to where the main track stands, for as long as it stands there.
_NOTE = text("""
SELECT submission, reason FROM application_history
WHERE application_id = :application_id AND id = :step AND reason IS NOT NULL
""")


@dataclass(frozen=True)
class Correction:
    """Why the content was sent back: the reason, and remarks by field."""

    submission: int
    reason: str
    remarks: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class OpenStep:
    """A step that is open to the reader. `checked`: it looks at the draft, so a check tells what is in its way.
    `files`: it hands the draft in, so it goes with a submission.

    `otp` is the purpose of the proof that it needs, `digest` what that must be bound to; None for a step that files
    something, whose check says it. `facts` is the JSON Schema of what is said with it.
    """

    command: str
    label: str
    checked: bool
    files: bool
    otp: str | None
    digest: str | None
    facts: Mapping[str, Any] | None


@dataclass(frozen=True)
class TrackView:
    """Where a track stands, and what the reader may do there."""

    track: str
    subject: UUID
    state: str
    steps: tuple[OpenStep, ...]


@dataclass(frozen=True)
class View:
    """An application as its reader sees it. `content` is the draft to those who work on it, what was submitted last to
    the office, and what is in force to everybody else. `tasks` and `examined` are for the office alone; some states are
    told to everybody else as other ones (`Transition.told_as`).
    """

    application: Application
    state: str
    content: Mapping[str, Any]
    may_edit: bool
    tracks: tuple[TrackView, ...]
    correction: Correction | None
    tasks: tuple[Task, ...]
    examined: tuple[Examined, ...]

    @property
    def actions(self) -> list[str]:
        """The commands on the main track that are open to the reader."""
        main = self.application.programme.workflow.main
        return [step.command for one in self.tracks if one.track == main for step in one.steps]


@dataclass(frozen=True)
class Check:
    """What submitting now would find. `confirmations` is what the confirmation screen has to ask for."""

    findings: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    notices: tuple[Finding, ...]
    confirmations: tuple[Finding, ...]
    content: Mapping[str, Any]
    content_sha256: str
    ekyc_status: str | None
    documents: tuple[Document, ...]
    may_submit: bool


async def view_application(
    *, session: AsyncSession, desk: Desk, actor: Actor, application_id: UUID, now: datetime
) -> View:
    """One application. Raises Forbidden, NotFound."""
    application = await open_for(session, desk, actor, Action.VIEW, application_id, now=now)
    workflow, case, caller = application.programme.workflow, application.case(now), caller_of(actor)
    works_on_it = workflow.sees_draft(case, caller)
    if works_on_it:
        content = desk.unlock(application.draft, contexts.of_draft(application.id))
    elif actor.role in OFFICE:
        content = (await version_of(session, desk, application.id, application.submission))["content"]
    else:
        content = shared(application, caller, await in_force(session, desk, application) or {})
    office = actor.role in OFFICE
    return View(
        application=application,
        state=application.state if office else workflow.told_state(workflow.main, application.state),
        content=content,
        may_edit=workflow.may_edit(case, caller),
        tracks=_tracks(application, case, caller, office=office),
        correction=await correction_of(session, desk, application) if works_on_it else None,
        tasks=await tasks_of(session, desk, application.id, now) if office else (),
        examined=tuple(application.programme.examined(case)) if office else (),
    )


def _tracks(application: Application, case: Case, caller: Caller, *, office: bool) -> tuple[TrackView, ...]:
    workflow = application.programme.workflow
    return tuple(
        TrackView(
            one.track,
            one.subject,
            one.state if office else workflow.told_state(one.track, one.state),
            tuple(_open_step(application, row, one.subject) for row in one.open),
        )
        for one in standings(workflow, case, caller)
        if office or sees(application, caller, one.track)
    )


def _open_step(application: Application, row: Transition, subject: UUID) -> OpenStep:
    files = Effect.FILES in row.effects
    digest = digest_to_prove(application, row, subject) if row.otp and not files else None
    return OpenStep(
        command=row.command,
        label=row.label,
        checked=files or Effect.READS in row.effects,
        files=files,
        otp=row.command if row.otp else None,
        digest=digest,
        facts=row.facts.model_json_schema() if row.facts else None,
    )


async def digest_for(
    *,
    session: AsyncSession,
    desk: Desk,
    actor: Actor,
    application_id: UUID,
    command: str,
    track: str | None,
    subject: UUID | None,
    now: datetime,
) -> str:
    """What the proof for a step must be bound to: looked up before the application is locked, and checked again then.

    Raises Forbidden, NotFound, ImpossibleTransition.
    """
    application = await open_for(session, desk, actor, Action.STEP, application_id, now=now)
    case, caller = application.case(now), caller_of(actor)
    workflow = application.programme.workflow
    row = choose_plain(workflow, case, command, caller, track=track, subject=subject)
    return digest_to_prove(application, row, subject)


async def correction_of(session: AsyncSession, desk: Desk, application: Application) -> Correction | None:
    """What was said when the content was sent back to where it stands; None when it was not."""
    workflow = application.programme.workflow
    step = application.tracks[workflow.main, application.id].entered_step
    row = (await session.execute(_NOTE, {"application_id": application.id, "step": step})).one_or_none()
    if row is None or application.state not in workflow.editable:
        return None
    note = desk.unlock(row.reason, contexts.of_reason(application.id, row.submission))
    remarks = tuple((remark["field"], remark["text"]) for remark in note["remarks"])
    return Correction(row.submission, note["text"], remarks)


async def check_application(
    *, session: AsyncSession, desk: Desk, actor: Actor, application_id: UUID, command: str, now: datetime
) -> Check:
    """Ask the guards of a command that looks at the draft, without giving it. Raises Forbidden, NotFound and, where it
    is not open, ImpossibleTransition.
    """
    application = await open_for(session, desk, actor, Action.CHECK, application_id, now=now)
    programme = application.programme
    unticked = await with_filing(session, desk, application, application.case(now))
    filing = unticked.filed
    ticked = replace(unticked, filing=replace(filing, consents=frozenset(programme.consents)))
    row = choose_looking(programme.workflow, ticked, command, caller_of(actor))
    findings = findings_of(row, ticked)
    own = application.account_id == actor.account_id  # how the owner's identity check stands is the owner's to know
    return Check(
        findings=tuple(findings),
        warnings=tuple(programme.warnings(ticked)),
        notices=tuple(programme.notices(ticked)) if own else (),
        confirmations=tuple(one for one in findings_of(row, unticked) if one not in findings),
        content=filing.form.content,
        content_sha256=filing.sha256,
        ekyc_status=filing.ekyc_status if own else None,
        documents=filing.documents,
        may_submit=not findings,
    )
