"""Applications as they stand in the database: opening one for somebody, and the one function that moves a track."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from kit import deadlines, eventlog
from kit.errors import Conflict, NotFound
from kit.japan import to_jst
from kit.tokens import Actor, ProofRefused, burn_proof
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications import desk as contexts
from applications import hot
from applications.access import OFFICE, READS, Action, Standing, allow
from applications.desk import Desk
from applications.domain import digest_of
from applications.programme import Facts, Programme
from applications.workflow import Case, Document, Filing, Step, Transition, check, choose

_ACCESS = text("""
INSERT INTO access_log (at, actor_id, role, action, application_id)
VALUES (:at, :actor_id, :role, :action, :application_id)
""")
_FIRST_OFFICER = text("""
SELECT actor_id FROM application_history
WHERE application_id = :application_id AND track = :track AND subject = :subject AND command = :command
  AND id > :entered_step
ORDER BY id DESC LIMIT 1
""")


@dataclass(frozen=True)
class Track:
    """The row of one track."""

    id: UUID
    state: str
    entered_step: int


@dataclass(frozen=True)
class Proof:
    """A one-time-password proof that was verified for this purpose, the actor, and what is being done."""

    jti: UUID
    purpose: str


@dataclass(frozen=True)
class Application:
    """All that is known here of one application. `draft` and `mail` are encrypted."""

    id: UUID
    programme: Programme
    account_id: UUID
    reference: str
    submission: int
    approved_submission: int | None
    draft: str
    draft_version: int
    draft_saved_at: datetime
    draft_saved_by: UUID
    started_at: datetime
    tracks: Mapping[tuple[str, UUID], Track]
    ekyc_status: str | None
    mail: str | None
    documents: tuple[Document, ...]

    @property
    def state(self) -> str:
        """Where the main track stands."""
        return self.tracks[self.programme.workflow.main, self.id].state

    def after(self, row: Transition, submission: int) -> Application:
        """The application after a step of its main track, to be shown: its tracks are no rows to go on with."""
        key = (self.programme.workflow.main, self.id)
        here = self.tracks.get(key) or Track(self.id, row.target, 0)
        return replace(self, submission=submission, tracks={**self.tracks, key: replace(here, state=row.target)})

    def case(self, now: datetime) -> Case:
        """The application as guards see it."""
        return Case(
            application_id=self.id,
            programme=self.programme.name,
            account_id=self.account_id,
            reference=self.reference,
            submission=self.submission,
            approved_submission=self.approved_submission,
            states={key: track.state for key, track in self.tracks.items()},
            now=now,
        )


async def open_for(
    session: AsyncSession, desk: Desk, actor: Actor, action: Action, application_id: UUID, *, now: datetime
) -> Application:
    """The application, if the actor may do this with it; read by one of the staff, it leaves a row in the access log.

    Raises Forbidden or NotFound (see `access.allow`).
    """
    allow(actor, action)
    return await _seen_by(session, actor, action, await _read(session, desk, application_id), now)


async def open_locked(
    session: AsyncSession, desk: Desk, actor: Actor, action: Action, application_id: UUID, *, now: datetime
) -> Application:
    """The same under the application's row lock: nothing about it changes until the transaction ends."""
    allow(actor, action)
    return await _seen_by(session, actor, action, await lock(session, desk, application_id), now)


async def lock(session: AsyncSession, desk: Desk, application_id: UUID) -> Application:
    """The application under its row lock, for the system itself. Raises NotFound."""
    await session.execute(hot.LOCK, {"id": application_id})
    return await _read(session, desk, application_id)


async def _seen_by(
    session: AsyncSession, actor: Actor, action: Action, application: Application, now: datetime
) -> Application:
    allow(actor, action, Standing(application.account_id, application.submission))
    if actor.role in OFFICE and action in READS:
        await session.execute(
            _ACCESS,
            {
                "at": now,
                "actor_id": actor.account_id,
                "role": actor.role.value,
                "action": action.value,
                "application_id": application.id,
            },
        )
    return application


async def _read(session: AsyncSession, desk: Desk, application_id: UUID) -> Application:
    row = (await session.execute(hot.READ, {"id": application_id})).one_or_none()
    if row is None:
        raise NotFound
    facts = dict(row._mapping)
    programme = desk.programmes[facts.pop("programme")]
    tracks = {
        (track["track"], UUID(track["subject"])): Track(UUID(track["id"]), track["state"], track["entered_step"])
        for track in facts.pop("tracks") or ()
    }
    order = {slot.key: place for place, slot in enumerate(programme.documents.slots)}
    documents = sorted(documents_of(facts.pop("documents") or ()), key=lambda one: order.get(one.slot, len(order)))
    return Application(programme=programme, tracks=tracks, documents=tuple(documents), **facts)


def documents_of(entries: Sequence[Mapping[str, Any]]) -> tuple[Document, ...]:
    """Documents as they are kept, in the projection and with a version."""
    return tuple(Document(**{**entry, "document_id": UUID(entry["document_id"])}) for entry in entries)


def filing_of(desk: Desk, application: Application, *, now: datetime, consents: frozenset[str] = frozenset()) -> Filing:
    """What would be handed in now: the draft as the programme reads it, the files, and the digest of both."""
    programme = application.programme
    mail = application.mail
    facts = Facts(
        registered_mail=desk.unlock(mail, contexts.of_mail(application.account_id)) if mail is not None else None,
        today=to_jst(now).date(),
        institutions=desk.institutions,
    )
    form = programme.validate(desk.unlock(application.draft, contexts.of_draft(application.id)), facts)
    return Filing(
        form=form,
        documents=application.documents,
        ekyc_status=application.ekyc_status,
        sha256=digest_of(programme.name, form.content, application.documents),
        submission=application.submission + 1,
        consents=consents,
    )


def documents_json(documents: Sequence[Document]) -> str:
    """Documents as they are kept with a version."""
    return json.dumps([{**vars(one), "document_id": str(one.document_id)} for one in documents])


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
) -> Transition:
    """Take a step: the one way by which a track gets to another state.

    The caller holds the application's lock (or has just inserted it). The row of the programme's table is found and its
    guards are asked; then state, history and event are written together, with the time of the case. `actor` None is
    the system; `note` is the encrypted reason; `version` has the columns of what is submitted. A row with `otp` needs a
    verified proof for that purpose, which works once. Raises Forbidden, ImpossibleTransition,
    SecondOfficerNeeded, Refused, ProofRefused, Conflict: then nothing was written.
    """
    workflow = application.programme.workflow
    role, actor_id = (actor.role, actor.account_id) if actor else (None, None)
    key = (track or workflow.main, subject or application.id)
    row = choose(workflow, case, command, role=role, account_id=actor_id, track=key[0], subject=key[1])
    here = application.tracks.get(key)
    first_officer = await _first_officer(session, application.id, key, row, here)
    check(row, case, actor_id=actor_id, first_officer=first_officer)
    if row.otp is not None and (proof is None or proof.purpose != row.otp):
        raise ProofRefused(application_id=str(application.id), command=command)
    if proof is not None and version is None:  # else it is burnt together with the version
        await burn_proof(session, proof.jti, case.now)
    submission = case.filing.submission if case.filing else case.submission
    step = {
        "application_id": application.id,
        "track": key[0],
        "subject": key[1],
        "source": case.state(*key),
        "target": row.target,
        "command": command,
        "actor_id": actor_id,
        "role": role.value if role else None,
        "submission": submission,
        "reason": note,
        "at": case.now,
    }
    if version is None and here is not None and here.state == row.target:
        await session.execute(hot.REMEMBER, step)
    else:
        track_id = here.id if here else uuid4()
        await _enter(session, {**step, "track_id": track_id}, version)
        await _reset_timers(session, application.programme, row, track_id, case.now)
    if row.event is not None:
        await eventlog.record(session, row.event(Step(case, actor_id, desk.seal)), now=case.now)
    return row


async def _enter(session: AsyncSession, step: Mapping[str, Any], version: Mapping[str, Any] | None) -> None:
    """Write a step to another state, with the version that a submission keeps."""
    where = {"application_id": str(step["application_id"]), "command": step["command"]}
    if version is None:
        moved = await session.execute(hot.MOVE, step)
        if moved.one_or_none() is None:
            raise Conflict(**where)
    else:
        kept = await session.execute(hot.SUBMIT, {**step, **version})
        if kept.one_or_none() is None:  # under the lock, only a used proof keeps the statement from writing
            raise ProofRefused(**where)


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


def timer_of(programme: Programme, track: str, command: str) -> str:
    """The kind under which the kit keeps a deadline of this programme."""
    return f"{programme.name}.{track}.{command}"


async def _reset_timers(
    session: AsyncSession, programme: Programme, row: Transition, track_id: UUID, now: datetime
) -> None:
    """The timers of the state that was left are off; that of the new one runs."""
    for other in programme.workflow.transitions:
        if other.track == row.track and other.deadline and other is not row:
            kind = timer_of(programme, row.track, other.deadline.command)
            await deadlines.cancel(session, kind=kind, subject_id=track_id)
    if row.deadline is not None:
        kind = timer_of(programme, row.track, row.deadline.command)
        await deadlines.schedule(session, kind=kind, subject_id=track_id, due_at=row.deadline.due(now))
