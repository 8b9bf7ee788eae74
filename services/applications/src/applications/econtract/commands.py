"""What happens to envelopes: a period is announced or left, a callback comes, the provider has answered.

The provider is never called in here. Whoever changes an envelope holds the lock of its application first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import structlog
from kit import eventlog
from kit.errors import Refused
from kit.japan import JST
from kit.providers.jobs import Due
from kit.providers.pauses import next_look
from madoguchi_contracts import ContractLinks, ContractOffered
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications import tasks
from applications.cases import Application, lock
from applications.desk import Desk, Errand
from applications.econtract import rows
from applications.econtract.client import Opened, Truth
from applications.econtract.rows import PROVIDER, Envelope
from applications.errors import ImpossibleTransition
from applications.moves import move
from applications.provisions.log import record as record_provision
from applications.provisions.log import require_allowed
from applications.workflow import Case

log = structlog.get_logger(__name__)

TASK = "contract_out_of_step"

_OPEN = text("""
INSERT INTO envelopes (id, application_id, opened_step, opened_at, expires_at, terms, look_at)
VALUES (:id, :application_id, :opened_step, :now, :expires_at, :terms, :now)
""")
_SIGNER = text("""
INSERT INTO envelope_signers (envelope_id, account_id, reference) VALUES (:envelope_id, :account_id, :reference)
""")
_END = text("""
UPDATE envelopes SET ended_at = :now, look_at = CASE WHEN completed_at IS NULL THEN cast(:now AS timestamptz) END
WHERE application_id = :application_id AND ended_at IS NULL
""")
_HINT = text("""
UPDATE envelopes SET look_at = :now
WHERE provider_id = :provider_id AND completed_at IS NULL AND ended_at IS NULL AND trouble IS NULL
""")
_WRITTEN = text("UPDATE envelopes SET paper = :paper, paper_sha256 = :sha256 WHERE id = :id AND paper IS NULL")
_OFFERED = text("UPDATE envelopes SET provider_id = :provider_id, offered_at = :now, looks = 0 WHERE id = :id")
_PLACE = text("UPDATE envelope_signers SET place = :place WHERE reference = :reference")
_NEXT = text("""
UPDATE envelopes SET looks = 0, look_at = CASE WHEN look_at = :lease THEN cast(:next AS timestamptz) ELSE look_at END
WHERE id = :id
""")
_HEARD = text("UPDATE envelopes SET sequence = :sequence WHERE id = :id")
_SIGNED = text("UPDATE envelope_signers SET signed_at = :signed_at WHERE reference = :reference")
_COMPLETED = text("""
UPDATE envelopes SET completed_at = :now, signed_paper = :paper, signed_sha256 = :sha256, look_at = NULL WHERE id = :id
""")
_VOIDED = text("UPDATE envelopes SET voided_at = :now, look_at = NULL WHERE id = :id")
_TROUBLE = text("UPDATE envelopes SET trouble = :trouble, look_at = NULL WHERE id = :id")


# In the step


async def open_envelope(session: AsyncSession, desk: Desk, application: Application, case: Case) -> None:
    """A contract period was announced (GL-078, GL-483): an envelope for all who sign (GL-487), with terms of its own.

    What the provider will get of each person is kept in the log of provisions now (GL-621). Raises Refused.
    """
    now, case = case.now, application.case(case.now)
    contract = rows.contract_of(application.programme)
    last_day = contract.last_day(case)
    if last_day is None:  # the guard of the step has seen it
        raise ValueError("a contract period without days")
    envelope_id = uuid4()
    row = {
        "id": envelope_id,
        "application_id": application.id,
        "opened_step": max(track.entered_step for track in application.tracks.values()),  # the one being taken
        "now": now,
        "expires_at": datetime.combine(last_day + timedelta(days=1), time(), JST),
        "terms": desk.lock_away(contract.terms(case), rows.of_terms(envelope_id)),
    }
    await session.execute(_OPEN, row)
    for person in contract.signers(case):
        given = contract.given(case, person, PROVIDER)
        await record_provision(session, desk, given, application_id=application.id, by=None, now=now)
        signer = {"envelope_id": envelope_id, "account_id": person, "reference": uuid4()}
        await session.execute(_SIGNER, signer)


async def end_envelope(session: AsyncSession, _: Desk, application: Application, case: Case) -> None:
    """The contract period was left: nobody signs any more (GL-487), unless all have signed."""
    await session.execute(_END, {"application_id": application.id, "now": case.now})


async def take_hint(session: AsyncSession, provider_id: str, now: datetime) -> None:
    """The provider says that an envelope changed: look soon."""
    await session.execute(_HINT, {"provider_id": provider_id, "now": now})


# What the worker does


async def may_be_sent(session: AsyncSession, desk: Desk, due: Due, now: datetime) -> bool:
    """Whether the provider may be told of everybody who signs now: since the period was announced somebody may have
    had the use of their data suspended (GL-618). Where it may not, the envelope is not gone on with.
    """
    application, envelope = await _locked(session, desk, due)
    contract, case = rows.contract_of(application.programme), application.case(now)
    try:
        for person in envelope.signers:
            given = contract.given(case, person, PROVIDER)
            await require_allowed(session, given, application_id=application.id)
    except Refused as refused:
        await _refuse(session, application, envelope, "must_not_be_told", now, rule=refused.findings[0].rule)
        return False
    return True


async def keep_paper(session: AsyncSession, desk: Desk, envelope_id: UUID, content: bytes) -> Envelope:
    """The paper, written for good: what is there already stays. Returns the envelope."""
    kept = rows.lock_file(desk, content, rows.of_paper(envelope_id))
    await session.execute(_WRITTEN, {"id": envelope_id, "paper": kept, "sha256": hashlib.sha256(content).hexdigest()})
    return await rows.read(session, envelope_id)


async def offer(
    session: AsyncSession, desk: Desk, due: Due, opened: Opened, *, links: ContractLinks, poll: timedelta, now: datetime
) -> None:
    """The provider has the envelope: all who sign are told by mail what to do (GL-484)."""
    application, envelope = await _locked(session, desk, due)
    if envelope.provider_id is not None:
        return  # another worker was faster
    await session.execute(_OFFERED, {"id": envelope.id, "provider_id": opened.id, "now": now})
    for place in opened.signers:
        hidden = desk.lock_away(place.url, rows.of_place(place.reference))
        await session.execute(_PLACE, {"reference": place.reference, "place": hidden})
    if envelope.ended_at is not None:
        return  # its `look_at` says already that it is to be voided
    event = ContractOffered(
        application_id=application.id,
        programme=application.programme.name,
        signers=tuple(envelope.signers),
        links=desk.seal(links, "notifications"),
    )
    await eventlog.record(session, event, now=now)
    await session.execute(_NEXT, {"id": envelope.id, "lease": due.lease, "next": now + poll})


async def apply_truth(
    session: AsyncSession,
    desk: Desk,
    due: Due,
    truth: Truth,
    signed_paper: bytes | None,
    *,
    poll: timedelta,
    now: datetime,
) -> None:
    """What the provider says of an envelope: each new signature is a step of the system (GL-487).

    `signed_paper` is there when all have signed. A paper other than ours, signatures that cannot be, and an envelope
    that somebody else voided are not gone on with: the office looks at them.
    """
    application, envelope = await _locked(session, desk, due)
    if envelope.ended_at is not None or envelope.completed_at is not None or envelope.trouble is not None:
        return
    if truth.sequence <= envelope.sequence:
        await _look_again(session, envelope, due, poll, now)
        return
    if wrong := _wrong(desk, envelope, truth, signed_paper):
        await _refuse(session, application, envelope, wrong, now)
        return
    contract = rows.contract_of(application.programme)
    try:
        async with session.begin_nested():
            if signed_paper is not None:
                kept = rows.lock_file(desk, signed_paper, rows.of_signed_paper(envelope.id))
                done = {"paper": kept, "sha256": truth.signed_sha256}
                await session.execute(_COMPLETED, {"id": envelope.id, "now": now, **done})
            await session.execute(_HEARD, {"id": envelope.id, "sequence": truth.sequence})
            for person, signed_at in _news(envelope, truth).items():
                reference = envelope.signers[person].reference
                await session.execute(_SIGNED, {"reference": reference, "signed_at": signed_at})
                case = replace(application.case(now), facts=contract.signed(signed_at))
                application = await move(
                    session, desk, application, case, contract.command, actor=None, track=contract.track, subject=person
                )
    except ImpossibleTransition:
        await _refuse(session, application, envelope, "signed_out_of_step", now)
        return
    await _look_again(session, envelope, due, poll, now)


async def keep_void(session: AsyncSession, desk: Desk, due: Due, truth: Truth, now: datetime) -> None:
    """The provider lets nobody sign any more. When all had signed before, and we heard of it too late, the office is
    told: the contract is not concluded.
    """
    application, envelope = await _locked(session, desk, due)
    if envelope.voided_at is not None:
        return
    await session.execute(_VOIDED, {"id": envelope.id, "now": now})
    if truth.status == "completed":
        await _refuse(session, application, envelope, "completed_too_late", now)


async def _locked(session: AsyncSession, desk: Desk, due: Due) -> tuple[Application, Envelope]:
    application_id = (await rows.read(session, due.id)).application_id
    application = await lock(session, desk, application_id)
    return application, await rows.read(session, due.id, lock=True)


async def _look_again(session: AsyncSession, envelope: Envelope, due: Due, poll: timedelta, now: datetime) -> None:
    again = next_look(envelope.opened_at, now, poll)
    await session.execute(_NEXT, {"id": envelope.id, "lease": due.lease, "next": again})


def _news(envelope: Envelope, truth: Truth) -> dict[UUID, datetime]:
    """Who signed since we looked last, and when."""
    told = {one.reference: one.signed_at for one in truth.signers}
    fresh = {one.account_id: told[one.reference] for one in envelope.signers.values() if one.signed_at is None}
    return {person: at for person, at in fresh.items() if at is not None}


def _wrong(desk: Desk, envelope: Envelope, truth: Truth, signed_paper: bytes | None) -> str | None:
    """Why the provider's word is not to be gone on with; None: nothing is wrong with it."""
    if truth.status in {"void", "unknown"}:
        return "voided_elsewhere"
    if truth.sha256 != envelope.paper_sha256:
        return "another_paper"
    if signed_paper is None:
        return None
    paper = rows.unlock_file(desk, envelope.paper or "", rows.of_paper(envelope.id))
    digest = hashlib.sha256(signed_paper).hexdigest()
    # Signatures are added behind the paper: everything before them is what we sent.
    if digest != truth.signed_sha256 or not signed_paper.startswith(paper):
        return "another_signed_paper"
    return None


async def _refuse(
    session: AsyncSession,
    application: Application,
    envelope: Envelope,
    trouble: str,
    now: datetime,
    *,
    rule: str | None = None,
) -> None:
    """Go on with the envelope no more, and have the office look at it, by the programme's rule if by no other."""
    rule = rule or rows.contract_of(application.programme).rule
    log.error("contract_out_of_step", application_id=str(application.id), envelope=str(envelope.id), trouble=trouble)
    await session.execute(_TROUBLE, {"id": envelope.id, "trouble": trouble})
    reason = _REASONS[trouble]
    await tasks.raise_task(session, application, TASK, rule=rule, reason=reason, now=now)


_STOP = "契約手続を中止し、電子契約サービスに確認してください。"
_AGAIN = "改めて契約手続を案内してください。"
_REASONS: dict[str, str] = {
    "must_not_be_told": f"電子契約サービスへの情報の提供が認められない方がいます。解消した後、{_AGAIN}",
    "another_paper": f"電子契約サービスにある契約書が、機構の契約書と一致しません。{_STOP}",
    "another_signed_paper": f"署名済みの契約書が、機構の契約書と一致しません。{_STOP}",
    "signed_out_of_step": f"説明動画の確認前など、本来できない時点の署名が届きました。{_STOP}",
    "voided_elsewhere": f"電子契約サービス側で契約手続が無効にされました。{_AGAIN}",
    "completed_too_late": f"全員が期間内に署名していましたが、その知らせが期間の終了後に届きました。{_AGAIN}",
}


def state_of(envelope: Envelope, now: datetime) -> str:
    """In a word, for people and for operators."""
    known: tuple[tuple[Any, str], ...] = (
        (envelope.completed_at, "completed"),
        (envelope.trouble, "in_trouble"),
        (envelope.ended_at, "ended"),
        (envelope.expires_at <= now, "ended"),
        (envelope.provider_id, "open"),
    )
    return next((word for holds, word in known if holds), "being_prepared")


ERRANDS: Mapping[str, Errand] = {"contract.begin": open_envelope, "contract.end": end_envelope}
"""By the names that the table gives them."""
