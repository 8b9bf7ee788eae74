"""What applicants do: start an application, save its draft, submit it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from kit import eventlog
from kit.errors import NotFound, Refused
from kit.tokens import Actor
from madoguchi_contracts import ApplicationStarted, DraftSetAside
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications import desk as contexts
from applications.access import Action, allow, caller_of
from applications.cases import Application, Proof, documents_json, open_locked
from applications.commands import corrections
from applications.desk import Desk
from applications.domain import check_keepable, reference_of
from applications.errors import ApplicationExists, ContactNotYetKnown, ContentChanged, DraftChanged, NotEditable
from applications.filing import maintenance_of, with_filing
from applications.moves import move
from applications.programme import CONTACT_NOT_YET_KNOWN
from applications.workflow import START, choose_filing, refusal

_NUMBER = text("SELECT nextval('application_numbers')")
_INSERT = text("""
INSERT INTO applications (id, programme, account_id, reference, only_one, draft, draft_version, draft_saved_at,
                          draft_saved_by, started_at)
VALUES (:id, :programme, :account_id, :reference, :only_one, :draft, 1, :now, :account_id, :now)
ON CONFLICT (programme, account_id) WHERE only_one DO NOTHING
RETURNING id
""")
_SAVE = text("""
UPDATE applications SET draft = :draft, draft_version = draft_version + 1, draft_saved_at = :now, draft_saved_by = :by
WHERE id = :id RETURNING draft_version
""")
RETRY_SECONDS = 5


async def start_application(
    *, session: AsyncSession, desk: Desk, actor: Actor, programme: str, now: datetime
) -> Application:
    """Open an empty draft. Raises Forbidden, NotFound (no such programme), ApplicationExists."""
    allow(actor, Action.START)
    chosen = desk.programmes.get(programme)
    if chosen is None:
        raise NotFound
    application_id = uuid4()
    number = (await session.execute(_NUMBER)).scalar_one()
    columns = {
        "id": application_id,
        "programme": chosen.name,
        "account_id": actor.account_id,
        "reference": reference_of(chosen.reference_prefix, now, number),
        "only_one": chosen.one_per_account,
        "draft": desk.lock_away({}, contexts.of_draft(application_id)),
        "now": now,
    }
    if (await session.execute(_INSERT, columns)).scalar_one_or_none() is None:
        raise ApplicationExists(account_id=str(actor.account_id), programme=chosen.name)
    application = await open_locked(session, desk, actor, Action.EDIT, application_id, now=now)
    case = replace(application.case(now), maintenance=await maintenance_of(session, desk, chosen, now))
    application = await move(session, desk, application, case, START, actor=actor)
    await eventlog.record(
        session,
        ApplicationStarted(
            application_id=application_id,
            programme=chosen.name,
            account_id=actor.account_id,
            reference=application.reference,
            documents=chosen.documents,
        ),
        now=now,
    )
    return application


async def save_draft(
    *,
    session: AsyncSession,
    desk: Desk,
    actor: Actor,
    application_id: UUID,
    content: Mapping[str, Any],
    version: int,
    now: datetime,
) -> int:
    """Keep the content as it is, right or wrong; returns the new version.

    `version` is the one that the actor has seen. Raises Forbidden, NotFound, BadContent, NotEditable, DraftChanged;
    Refused where the programme's table says that nothing can be saved now.
    """
    check_keepable(content)
    application = await open_locked(session, desk, actor, Action.EDIT, application_id, now=now)
    workflow = application.programme.workflow
    if not workflow.may_edit(application.case(now), caller_of(actor)):
        raise NotEditable(rules=workflow.rules, application_id=str(application_id), state=application.state)
    if application.draft_version != version:
        raise DraftChanged(application.draft_version)
    if workflow.saving:
        announced = await maintenance_of(session, desk, application.programme, now)
        case = replace(application.case(now), maintenance=announced)
        if findings := [one for guard in workflow.saving for one in guard(case)]:
            raise refusal(findings, case, "save")
    draft = desk.lock_away(content, contexts.of_draft(application_id))
    saved = await session.execute(_SAVE, {"id": application_id, "draft": draft, "now": now, "by": actor.account_id})
    version_now = int(saved.scalar_one())
    await corrections.follow_draft(session=session, desk=desk, application_id=application_id, content=content, now=now)
    return version_now


async def set_aside(
    *,
    session: AsyncSession,
    desk: Desk,
    actor: Actor,
    application_id: UUID,
    content: Mapping[str, Any],
    version: int,
    now: datetime,
) -> int:
    """Save the draft to go on another time, and tell so: what becomes of its files is not decided here.

    Raises as `save_draft`.
    """
    saved = await save_draft(
        session=session,
        desk=desk,
        actor=actor,
        application_id=application_id,
        content=content,
        version=version,
        now=now,
    )
    await eventlog.record(session, DraftSetAside(application_id=application_id), now=now)
    return saved


async def submit_application(
    *,
    session: AsyncSession,
    desk: Desk,
    actor: Actor,
    application_id: UUID,
    command: str,
    proof: Proof,
    consents: frozenset[str],
    now: datetime,
) -> Application:
    """Hand in what the confirmation screen showed, by a command whose row files something.

    `proof` was verified for the digest of what was shown. Raises Forbidden, NotFound, ContentChanged,
    ImpossibleTransition, ContactNotYetKnown, Refused with every finding, ProofRefused when the proof was used before or
    is for another command. Returns the application as it is afterwards.
    """
    application = await open_locked(session, desk, actor, Action.SUBMIT, application_id, now=now)
    case = await with_filing(session, desk, application, application.case(now), consents=consents)
    filing = case.filed
    choose_filing(application.programme.workflow, case, command, caller_of(actor))
    if filing.sha256 != proof.digest:
        raise ContentChanged(application_id=str(application_id))
    version = {
        "content": desk.lock_away(filing.form.content, contexts.of_version(application_id, filing.submission)),
        "documents": documents_json(filing.documents),
        "content_sha256": filing.sha256,
        "consents": sorted(filing.consents),
        "ekyc_status": filing.ekyc_status,
        "proof_jti": proof.jti,
    }
    try:
        return await move(session, desk, application, case, command, actor=actor, proof=proof, version=version)
    except Refused as refused:
        if any(finding.code == CONTACT_NOT_YET_KNOWN for finding in refused.findings):
            raise ContactNotYetKnown(
                findings=refused.findings, retry_after_seconds=RETRY_SECONDS, application_id=str(application_id)
            ) from None
        raise
