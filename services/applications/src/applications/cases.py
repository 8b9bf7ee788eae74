"""Applications as they stand in the database: opening one for somebody, and what was filed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from kit.errors import NotFound
from kit.tokens import Actor
from madoguchi_contracts import IncomeEvidence, Party
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications import desk as contexts
from applications import hot
from applications.access import OFFICE, READS, Action, Reach, allow
from applications.desk import Desk
from applications.domain import digest_of_step
from applications.programme import Programme, Share
from applications.workflow import Caller, Case, Document, Evidence, Taken, Transition

_ACCESS = text("""
INSERT INTO access_log (at, actor_id, role, action, application_id)
VALUES (:at, :actor_id, :role, :action, :application_id)
""")
_VERSION = text("""
SELECT content, documents, content_sha256, ekyc_status, submitted_at FROM application_versions
WHERE application_id = :application_id AND submission = :submission
""")
_EVIDENCE = text("SELECT document_id, result, evidence FROM income_evidence WHERE application_id = :application_id")
# What a workflow remembers: every step that was taken.
_TAKEN = text("""
SELECT track, subject, command, actor_id, at, facts FROM application_history
WHERE application_id = :application_id ORDER BY id
""")


@dataclass(frozen=True)
class Track:
    """The row of one track."""

    id: UUID
    state: str
    entered_step: int


@dataclass(frozen=True)
class Proof:
    """A one-time-password proof that was verified for the actor, this purpose, and this digest."""

    jti: UUID
    purpose: str
    digest: str


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
    parties: tuple[Party, ...]
    ekyc: Mapping[UUID, str]
    mail: str | None
    documents: tuple[Document, ...]
    taken: Mapping[tuple[str, UUID, str], tuple[Taken, ...]] = field(default_factory=dict)
    submitted: Mapping[str, Any] | None = None
    evidence: Mapping[UUID, Evidence] = field(default_factory=dict)
    came: Mapping[UUID, datetime] = field(default_factory=dict)

    @property
    def ekyc_status(self) -> str | None:
        """How the owner's identity check stands; None if nothing was told of it."""
        return self.ekyc.get(self.account_id)

    @property
    def state(self) -> str:
        """Where the main track stands."""
        return self.tracks[self.programme.workflow.main, self.id].state

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
            parties=self.parties,
            ekyc=self.ekyc,
            taken=self.taken,
            submitted=self.submitted,
            draft_version=self.draft_version,
            documents=self.documents,
            evidence=self.evidence,
            came=self.came,
        )


async def open_for(
    session: AsyncSession, desk: Desk, actor: Actor, action: Action, application_id: UUID, *, now: datetime
) -> Application:
    """The application, if the actor may do this with it; read by one of the staff, it leaves a row in the access log.

    Raises Forbidden or NotFound (see `access.allow`).
    """
    allow(actor, action)
    return await _seen_by(session, actor, action, await by_id(session, desk, application_id), now)


async def open_locked(
    session: AsyncSession, desk: Desk, actor: Actor, action: Action, application_id: UUID, *, now: datetime
) -> Application:
    """The same under the application's row lock: nothing about it changes until the transaction ends."""
    allow(actor, action)
    return await _seen_by(session, actor, action, await lock(session, desk, application_id), now)


async def lock(session: AsyncSession, desk: Desk, application_id: UUID) -> Application:
    """The application under its row lock, for the system itself. Raises NotFound."""
    await hot.lock(session, application_id)
    return await by_id(session, desk, application_id)


async def _seen_by(
    session: AsyncSession, actor: Actor, action: Action, application: Application, now: datetime
) -> Application:
    allow(actor, action, Reach(application.account_id, application.submission, application.parties))
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


async def by_id(session: AsyncSession, desk: Desk, application_id: UUID) -> Application:
    """The application, for the system itself, which tells nobody what is in it. Raises NotFound."""
    facts = await hot.read(session, application_id)
    if facts is None:
        raise NotFound
    programme = desk.programmes[facts.pop("programme")]
    tracks = {
        (track["track"], UUID(track["subject"])): Track(UUID(track["id"]), track["state"], track["entered_step"])
        for track in facts.pop("tracks") or ()
    }
    parties = in_order(Party(**one) for one in facts.pop("parties") or ())
    order = {slot.key: place for place, slot in enumerate(programme.documents.slots)}
    documents = sorted(documents_of(facts.pop("documents") or ()), key=lambda one: order.get(one.slot, len(order)))
    ekyc = {UUID(account_id): status for account_id, status in (facts.pop("ekyc") or {}).items()}
    came = {UUID(one): datetime.fromisoformat(at) for one, at in (facts.pop("came") or {}).items()}
    application = Application(
        programme=programme, tracks=tracks, parties=parties, ekyc=ekyc, documents=tuple(documents), came=came, **facts
    )
    return await _remembering(session, desk, application) if programme.workflow.remembers else application


async def _remembering(session: AsyncSession, desk: Desk, application: Application) -> Application:
    """The application with what its workflow remembers."""
    taken = await _taken(session, desk, application.programme, application.id)
    remembering = replace(application, taken=taken, evidence=await _evidence(session, desk, application.id))
    if not application.submission:
        return remembering
    kept = await version_of(session, desk, application.id, application.submission)
    return replace(remembering, submitted=kept["content"])


async def _evidence(session: AsyncSession, desk: Desk, application_id: UUID) -> dict[UUID, Evidence]:
    found = {}
    for row in (await session.execute(_EVIDENCE, {"application_id": application_id})).all():
        said = None
        if row.evidence is not None:
            said = IncomeEvidence.model_validate(desk.unlock(row.evidence, contexts.of_evidence(row.document_id)))
        found[row.document_id] = Evidence(row.document_id, row.result, said)
    return found


async def _taken(
    session: AsyncSession, desk: Desk, programme: Programme, application_id: UUID
) -> dict[tuple[str, UUID, str], tuple[Taken, ...]]:
    found: dict[tuple[str, UUID, str], tuple[Taken, ...]] = {}
    for row in (await session.execute(_TAKEN, {"application_id": application_id})).all():
        model = next((one.kept for one in programme.workflow.rows(row.track, row.command)), None)
        facts = None
        if row.facts is not None and model is not None:
            context = contexts.of_facts(application_id, row.track, row.subject, row.command)
            facts = model.model_validate_json(json.dumps(desk.unlock(row.facts, context)))
        key = (row.track, row.subject, row.command)
        found[key] = (*found.get(key, ()), Taken(row.at, row.actor_id, facts))
    return found


def in_order(parties: Iterable[Party]) -> tuple[Party, ...]:
    """Parties as an application lists them."""
    return tuple(sorted(parties, key=lambda one: (one.kind, str(one.party_id))))


def documents_of(entries: Sequence[Mapping[str, Any]]) -> tuple[Document, ...]:
    """Documents as they are kept, in the projection and with a version."""
    return tuple(
        Document(
            **{
                **entry,
                "document_id": UUID(entry["document_id"]),
                "subject": UUID(entry["subject"]) if entry.get("subject") else None,
            }
        )
        for entry in entries
    )


def digest_to_prove(application: Application, row: Transition, subject: UUID | None) -> str:
    """What the proof for a step that hands in nothing is bound to."""
    about = subject or application.id
    here = application.tracks.get((row.track, about))
    return digest_of_step(application.id, row.track, about, row.command, here.entered_step if here else 0)


async def version_of(session: AsyncSession, desk: Desk, application_id: UUID, submission: int) -> dict[str, Any]:
    """What was submitted, with its content in the clear."""
    where = {"application_id": application_id, "submission": submission}
    row = (await session.execute(_VERSION, where)).one()
    return {**row._mapping, "content": desk.unlock(row.content, contexts.of_version(application_id, submission))}


async def in_force(session: AsyncSession, desk: Desk, application: Application) -> Mapping[str, Any] | None:
    """The content of the submission that was approved last; None before the first approval."""
    if application.approved_submission is None:
        return None
    kept = await version_of(session, desk, application.id, application.approved_submission)
    content: Mapping[str, Any] = kept["content"]
    return content


def shares_of(application: Application, caller: Caller) -> list[Share]:
    """What is shared with somebody who takes part as one of whom some is kept back; empty for everybody else."""
    shares = application.programme.shares
    return [shares[one.kind] for one in application.parties if caller.is_party(one) and one.kind in shares]


def shared(application: Application, caller: Caller, content: Mapping[str, Any]) -> Mapping[str, Any]:
    """As much of a content as the caller gets to see."""
    for share in shares_of(application, caller):
        content = share.extract(content)
    return content


def hears(application: Application, caller: Caller, track: str) -> bool:
    """Whether what is said with the steps of a track is for the caller, and what follows from it."""
    return all(track in share.tracks for share in shares_of(application, caller))


def sees(application: Application, caller: Caller, track: str) -> bool:
    """Whether that a track is there is for the caller: of persons only those know who hear what is said about them."""
    return track not in application.programme.workflow.personal or hears(application, caller, track)


def documents_json(documents: Sequence[Document]) -> str:
    """Documents as they are kept with a version."""
    return json.dumps([vars(one) for one in documents], default=str)
