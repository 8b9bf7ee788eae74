"""The one way by which a track gets to another state, with everything that follows from a step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from kit import deadlines, eventlog
from kit.errors import Conflict
from kit.tokens import Actor, ProofRefused, burn_proof
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications import desk as contexts
from applications import hot, parties, tasks, worklist
from applications.access import caller_of
from applications.cases import Application, Proof, Track, in_force
from applications.desk import Desk
from applications.posting import post_notice
from applications.programme import Programme
from applications.provisions import log as provisions
from applications.workflow import Caller, Case, Effect, Step, Taken, Transition, check, choose, next_automatic

_FIRST_OFFICER = text("""
SELECT actor_id FROM application_history
WHERE application_id = :application_id AND track = :track AND subject = :subject AND command = :command
  AND id > :entered_step
ORDER BY id DESC LIMIT 1
""")
_IN_FORCE = text("UPDATE applications SET approved_submission = submission WHERE id = :id")
_RESTORE = text("""
UPDATE applications
SET draft = :draft, draft_version = draft_version + 1, draft_saved_at = :now, draft_saved_by = coalesce(:by, account_id)
WHERE id = :id
""")


async def move(
    session: AsyncSession,
    desk: Desk,
    application: Application,
    case: Case,
    command: str,
    *,
    actor: Actor | None,
    track: str | None = None,
    subject: UUID | None = None,
    proof: Proof | None = None,
    version: Mapping[str, Any] | None = None,
    note: str | None = None,
) -> Application:
    """Take a step, and then every automatic one that it made possible; returns the application as it stands afterwards.

    The caller holds the application's lock (or has just inserted it). The row of the programme's table is found and its
    guards are asked; then state, history and event are written together, with the time of the case, and what follows
    from the row: timers, the content in force, who takes part, the draft, the worklist. `actor` None is the system;
    `note` is the encrypted reason; `version` has the columns of what is filed. A row with `otp` needs a verified proof
    for its command, which works once. Raises Forbidden, ImpossibleTransition, SecondOfficerNeeded, Refused,
    ProofRefused, Conflict: then nothing was written.
    """
    workflow = application.programme.workflow
    key = (track or workflow.main, subject or application.id)
    case = replace(case, about=key[1])
    after = await _take(
        session, desk, application, case, command, key, actor=actor, proof=proof, version=version, note=note
    )
    return await settle(session, desk, after, now=case.now)


async def settle(session: AsyncSession, desk: Desk, application: Application, *, now: datetime) -> Application:
    """Take the automatic steps that are possible now, one after the other, until everything is at rest; then the
    office's tasks and the alarms follow.

    The caller holds the application's lock. A table in which they never came to rest does not start.
    """
    while (found := next_automatic(application.programme.workflow, application.case(now))) is not None:
        row, subject = found
        case = replace(application.case(now), about=subject)
        application = await _take(session, desk, application, case, row.command, (row.track, subject))
    await tasks.follow(session, application, now=now)
    await set_alarms(session, application, now=now)
    return application


async def set_alarms(session: AsyncSession, application: Application, *, now: datetime) -> None:
    """Have the table's alarms ring when they are due by what the case says now. The caller holds the lock.

    One that is not wanted any more is left: when it rings, there is nothing to be done.
    """
    workflow, case = application.programme.workflow, application.case(now)
    for alarm in workflow.alarms:
        due_at = alarm.at(case)
        if due_at is not None:
            kind = timer_of(application.programme, workflow.main, alarm.command)
            await deadlines.schedule(session, kind=kind, subject_id=application.id, due_at=due_at)


async def _take(
    session: AsyncSession,
    desk: Desk,
    application: Application,
    case: Case,
    command: str,
    key: tuple[str, UUID],
    *,
    actor: Actor | None = None,
    proof: Proof | None = None,
    version: Mapping[str, Any] | None = None,
    note: str | None = None,
) -> Application:
    workflow = application.programme.workflow
    caller = caller_of(actor) if actor else Caller()
    row = choose(workflow, case, command, caller, track=key[0], subject=key[1])
    here = application.tracks.get(key)
    first_officer = await _first_officer(session, application.id, key, row, here)
    check(row, case, actor_id=caller.account_id, first_officer=first_officer)
    if row.reckons is not None:
        case = replace(case, facts=row.reckons(case))
    if row.otp and (proof is None or proof.purpose != command):
        raise ProofRefused(application_id=str(application.id), command=command)
    if proof is not None and version is None:  # else it is burnt together with the version
        await burn_proof(session, proof.jti, case.now)
    submission = case.filing.submission if case.filing and version is not None else case.submission
    step = {
        "application_id": application.id,
        "track": key[0],
        "subject": key[1],
        "source": case.state(*key),
        "target": row.target,
        "command": command,
        "actor_id": caller.account_id,
        "role": caller.role.value if caller.role else None,
        "submission": submission,
        "reason": note,
        "facts": _kept_facts(desk, application, key, row, case),
        "at": case.now,
        "content_sha256": None if version is None else version["content_sha256"],
    }
    if version is None and here is not None and here.state == row.target:
        await hot.remember(session, step)
        track_now = here
    else:
        track_now = await _enter(session, step, here.id if here else uuid4(), version)
        await _cancel_timers(session, application.programme, row, track_now.id)
    for deadline in row.deadlines:
        kind = timer_of(application.programme, row.track, deadline.command)
        await deadlines.schedule(session, kind=kind, subject_id=track_now.id, due_at=deadline.due(case))
    if row.event is not None:
        await eventlog.record(session, row.event(Step(case, caller.account_id, desk.seal)), now=case.now)
    for given in row.provides(case) if row.provides else ():
        await provisions.record(session, desk, given, application_id=application.id, by=caller.account_id, now=case.now)
    step_key, taken = (*key, command), Taken(case.now, caller.account_id, case.facts)
    for notice in row.notices(case) if row.notices else ():
        await post_notice(
            session=session,
            desk=desk,
            application=application,
            topic=notice.topic,
            subject=notice.subject,
            notice=notice.kind,
            said=notice.text,
            mailed=notice.mailed,
            actor=actor,
            now=case.now,
        )
    after = replace(
        application,
        tracks={**application.tracks, key: track_now},
        submission=submission,
        taken={**application.taken, step_key: (*application.taken.get(step_key, ()), taken)},
        submitted=case.filed.form.content if version is not None else application.submitted,
    )
    if row.track == workflow.main:
        await worklist.follow(session, application, after, row, actor_id=caller.account_id, now=case.now)
        after = await _have_effects(session, desk, after, row, caller.account_id, case)
    for errand in workflow.errands(key[0], case.state(*key), row.target):
        await desk.errands[errand](session, desk, after, case)
    return after


def _kept_facts(desk: Desk, application: Application, key: tuple[str, UUID], row: Transition, case: Case) -> str | None:
    """What is said with the step, encrypted. Raises NotAtHand when it is not what the row asks for."""
    if row.facts is None:
        return None
    said = case.said(row.facts).model_dump(mode="json", exclude_none=True)
    return desk.lock_away(said, contexts.of_facts(application.id, *key, row.command))


async def _enter(
    session: AsyncSession, step: Mapping[str, Any], track_id: UUID, version: Mapping[str, Any] | None
) -> Track:
    """Write a step to another state, with the version that a submission keeps."""
    where = {"application_id": str(step["application_id"]), "command": step["command"]}
    if version is None:
        entered = await hot.move(session, step, track_id)
        if entered is None:
            raise Conflict(**where)
    else:
        entered = await hot.submit(session, step, track_id, version)
        if entered is None:  # under the lock, only a used proof keeps the statement from writing
            raise ProofRefused(**where)
    return Track(track_id, step["target"], entered)


async def _first_officer(
    session: AsyncSession, application_id: UUID, key: tuple[str, UUID], row: Transition, here: Track | None
) -> UUID | None:
    """Who took the step that needs a second officer, last since the state was entered."""
    if row.second_of is None or here is None:
        return None
    found = await session.execute(
        _FIRST_OFFICER,
        {
            "application_id": application_id,
            "track": key[0],
            "subject": key[1],
            "command": row.second_of,
            "entered_step": here.entered_step,
        },
    )
    officer: UUID | None = found.scalar_one_or_none()
    return officer


async def _have_effects(
    session: AsyncSession, desk: Desk, application: Application, row: Transition, actor_id: UUID | None, case: Case
) -> Application:
    """What the row says besides the state."""
    if Effect.COMES_INTO_FORCE in row.effects:
        await session.execute(_IN_FORCE, {"id": application.id})
        application = replace(application, approved_submission=application.submission)
        application = await parties.follow(session, application, await in_force(session, desk, application), case.now)
    if Effect.INVOLVES in row.effects:
        application = await parties.follow(session, application, case.filed.form.content, case.now)
    if Effect.RESTORES in row.effects:
        content = await in_force(session, desk, application)
        draft = desk.lock_away(content or {}, contexts.of_draft(application.id))
        await session.execute(_RESTORE, {"id": application.id, "draft": draft, "now": case.now, "by": actor_id})
        application = replace(application, draft=draft, draft_version=application.draft_version + 1)
    return application


def timer_of(programme: Programme, track: str, command: str) -> str:
    """The kind under which the kit keeps a deadline of this programme."""
    return f"{programme.name}.{track}.{command}"


async def _cancel_timers(session: AsyncSession, programme: Programme, row: Transition, track_id: UUID) -> None:
    """The timers of the state that was left are off; those that the row itself starts are set anew."""
    starting = {deadline.command for deadline in row.deadlines}
    known = {
        deadline.command
        for other in programme.workflow.transitions
        if other.track == row.track
        for deadline in other.deadlines
    }
    for command in sorted(known - starting):
        await deadlines.cancel(session, kind=timer_of(programme, row.track, command), subject_id=track_id)
