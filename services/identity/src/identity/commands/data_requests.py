"""Requests of people about the personal data that is held of them (開示・訂正・利用停止; GL-618, GL-622).

The person asks, being logged in and with a one-time password, since a session can be stolen. eKYC of the account that
has passed, whenever that was, identifies them then; if there is none, the office does, at the counter. One
officer proposes to answer, to refuse or to lift a suspension, another one, an approver, decides. What follows in other
services they hear: a suspension ends all provision to third parties in applications. A disclosure is not copied
anywhere: with a grant of identity the person reads from each service what it holds.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

from kit.errors import Finding, NotFound
from kit.eventlog import record
from kit.japan import to_jst
from kit.tokens import Actor
from madoguchi_contracts.identity import DataRequestAnswered, DataRequestRefused, DataUseResumed
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from identity.commands.accounts import lock_account
from identity.domain import personal_data as rules
from identity.domain.ekyc import EkycStatus
from identity.domain.personal_data import Request, RequestKind, RequestStep
from identity.errors import DataRequestNotPossible, OtherOfficerNeeded
from identity.models import Account, DataRequest, DataRequestStep
from identity.queries.data_requests import shown
from identity.tools import Tools


async def ask(
    session: AsyncSession, tools: Tools, *, actor: Actor, kind: RequestKind, details: str, now: datetime
) -> DataRequest:
    """Keep a request of the actor. eKYC that has passed identifies them at once.

    The caller has taken a one-time password of them (`otp.spend`), and does so for each step of an officer too.

    Raises DataRequestNotPossible, by `asking_findings`.
    """
    account = await lock_account(session, actor.account_id)
    known = select(col(DataRequest.state)).where(
        col(DataRequest.account_id) == account.id, col(DataRequest.kind) == kind
    )
    states = (await session.scalars(known)).all()
    if found := rules.asking_findings(kind, details, states):
        raise DataRequestNotPossible(findings=found)
    request_id = uuid.uuid4()
    row = DataRequest(
        id=request_id,
        account_id=account.id,
        kind=kind,
        state="received",
        details_hidden=tools.keys.hide(request_id, "request_text", details) if details.strip() else None,
        received_at=now,
        due_on=rules.due_on(to_jst(now).date(), tools.personal_data.answer_days),
    )
    session.add(row)
    await session.flush()
    _note(session, row, "ask", actor, now)
    if _passed(account):
        _identify(session, row, actor, rules.Identified.EKYC, now)
    return row


async def withdraw(session: AsyncSession, *, actor: Actor, request_id: UUID, now: datetime) -> None:
    """The person does not want it any more. Raises NotFound, DataRequestNotPossible."""
    _, row = await _locked(session, request_id, of=actor.account_id)
    row.state = _after(row, "withdraw", now).state
    row.closed_at = now
    _drop_proposal(row)
    row.answer_hidden = None  # proposed by one officer and decided by nobody: never to be read as an answer
    _note(session, row, "withdraw", actor, now)


async def identify(
    session: AsyncSession, *, actor: Actor, request_id: UUID, seen_at_counter: bool, now: datetime
) -> None:
    """An officer confirms that the person is the customer: seen at the counter, or by eKYC of the account, which has
    passed by now. Raises NotFound, DataRequestNotPossible.
    """
    account, row = await _locked(session, request_id)
    how = rules.identified_by(ekyc_passed=_passed(account), seen_at_counter=seen_at_counter)
    if how is None:
        message = "ご本人であることを、窓口またはeKYCで確認してください。"
        raise DataRequestNotPossible(findings=[Finding("GL-618", "NOT_IDENTIFIED", message, "seen_at_counter")])
    _identify(session, row, actor, how, now)


async def propose(
    session: AsyncSession,
    tools: Tools,
    *,
    actor: Actor,
    request_id: UUID,
    step: RequestStep,
    words: str,
    now: datetime,
) -> None:
    """An officer proposes to answer, to refuse (with the reason) or to lift; another one decides. `words` are for the
    person. A newer proposal takes the place of an older one. Raises NotFound, DataRequestNotPossible.
    """
    _, row = await _locked(session, request_id)
    _after(row, step, now, words)
    if step != "lift":  # what was said when it was suspended stays
        row.answer_hidden = tools.keys.hide(row.id, "request_answer", words) if words.strip() else None
    row.proposed_step, row.proposed_by, row.proposal = step, actor.account_id, uuid.uuid4()
    _note(session, row, f"propose_{step}", actor, now)


async def decide(
    session: AsyncSession, tools: Tools, *, actor: Actor, request_id: UUID, proposal: UUID, now: datetime
) -> None:
    """A second officer decides what was proposed; the person is told by mail that there is an answer.

    `proposal` is what they saw, step and words: another proposal meanwhile is not decided unseen. Raises NotFound,
    DataRequestNotPossible, OtherOfficerNeeded.
    """
    account, row = await _locked(session, request_id)
    if row.proposal != proposal:
        message = "この内容の提案はありません。請求の状態をご確認ください。"
        raise DataRequestNotPossible(findings=[Finding("GL-622", "NOT_PROPOSED", message, "proposal")])
    step = cast(RequestStep, row.proposed_step)
    if row.proposed_by == actor.account_id:
        raise OtherOfficerNeeded(request_id=str(request_id))
    row.state = _after(row, step, now, shown(tools, row, "request_answer")).state
    row.first_officer, row.decided_by, row.closed_at = row.proposed_by, actor.account_id, now
    _drop_proposal(row)
    if step == "answer" and row.kind == "disclosure":
        row.available_until = now + tools.personal_data.disclosure
    await session.flush()
    _note(session, row, step, actor, now)
    about: dict[str, Any] = {"account_id": account.id, "request_id": row.id}
    if step == "answer":
        await record(session, DataRequestAnswered(**about, kind=row.kind), now=now)
    elif step == "refuse":
        await record(session, DataRequestRefused(**about, kind=row.kind), now=now)
    else:
        await record(session, DataUseResumed(**about), now=now)


async def _locked(session: AsyncSession, request_id: UUID, *, of: UUID | None = None) -> tuple[Account, DataRequest]:
    """The request and its account under the account's row lock, which orders the steps. Raises NotFound."""
    whose = select(col(DataRequest.account_id)).where(col(DataRequest.id) == request_id)
    account_id = (await session.scalars(whose)).one_or_none()
    if account_id is None or of not in {None, account_id}:
        raise NotFound(request_id=str(request_id))
    account = await lock_account(session, account_id)
    return account, await session.get_one(DataRequest, request_id, populate_existing=True)


def _drop_proposal(row: DataRequest) -> None:
    row.proposed_step = row.proposed_by = row.proposal = None


def _passed(account: Account) -> bool:
    return account.ekyc_status == EkycStatus.PASSED.value


def _identify(session: AsyncSession, row: DataRequest, actor: Actor, how: rules.Identified, now: datetime) -> None:
    row.state = _after(row, "identify", now).state
    row.identified_at, row.identified_by = now, how.value
    _note(session, row, "identify", actor, now)


def _after(row: DataRequest, step: RequestStep, now: datetime, reason: str = "") -> Request:
    """The request after a step, by the rules. Raises DataRequestNotPossible."""
    request = Request(
        kind=row.kind,  # type: ignore[arg-type]
        customer=str(row.account_id),
        requester=str(row.account_id),  # whoever asks is logged in to the account whose data it is
        received_on=_day(row.received_at),
        state=row.state,  # type: ignore[arg-type]
        identified_on=None if row.identified_at is None else _day(row.identified_at),
        closed_on=None if row.closed_at is None else _day(row.closed_at),
    )
    on = _day(now)
    if found := rules.step_findings(request, step, on, reason):
        raise DataRequestNotPossible(findings=found)
    return rules.after_step(request, step, on, reason)


def _day(moment: datetime) -> date:
    return to_jst(moment).date()


def _note(session: AsyncSession, row: DataRequest, step: str, actor: Actor, now: datetime) -> None:
    session.add(DataRequestStep(request_id=row.id, step=step, at=now, by=actor.account_id, role=actor.role.value))
