"""Requests about personal data, as the person and the office see them, and what identity itself holds of a person."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from kit.errors import NotFound
from kit.japan import to_jst
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from identity.domain.personal_data import DECIDED, OPEN
from identity.keys import Field
from identity.models import Account, DataRequest, DataRequestStep, EkycAttempt, UserSession
from identity.queries.accounts import own_account
from identity.tools import Tools

PAGE = 100


def shown(tools: Tools, row: DataRequest, field: Field) -> str:
    """A text of a request in clear; empty where nothing was said."""
    hidden = row.details_hidden if field == "request_text" else row.answer_hidden
    return tools.keys.show(row.id, field, hidden) if hidden else ""


async def own_requests(session: AsyncSession, tools: Tools, account_id: UUID) -> list[dict[str, Any]]:
    """The requests of a person, the newest first; what was answered is shown once it was decided."""
    mine = select(DataRequest).where(col(DataRequest.account_id) == account_id)
    rows = (await session.scalars(mine.order_by(col(DataRequest.received_at).desc(), col(DataRequest.id)))).all()
    return [_own(tools, row) for row in rows]


def _own(tools: Tools, row: DataRequest) -> dict[str, Any]:
    told = row.state in DECIDED
    return {**_facts(row), "answer": shown(tools, row, "request_answer") if told else ""}


def _facts(row: DataRequest) -> dict[str, Any]:
    names = ("kind", "state", "received_at", "due_on", "identified_at", "identified_by", "closed_at", "available_until")
    return {"request_id": row.id, **{name: getattr(row, name) for name in names}}


async def waiting(session: AsyncSession, now: datetime, after: UUID | None) -> list[dict[str, Any]]:
    """What waits for the office, the most urgent first; no text of anybody. Overdue: its day in Japan is over.
    Raises NotFound: there is no request `after` which to go on.
    """
    open_ = or_(col(DataRequest.state).in_(OPEN), col(DataRequest.proposed_step).is_not(None))
    query = select(DataRequest).where(open_).order_by(col(DataRequest.due_on), col(DataRequest.id)).limit(PAGE)
    if after is not None:
        last = await session.get(DataRequest, after)
        if last is None:
            raise NotFound(request_id=str(after))
        later = (col(DataRequest.due_on) == last.due_on) & (col(DataRequest.id) > last.id)
        query = query.where((col(DataRequest.due_on) > last.due_on) | later)
    return [_waiting(row, to_jst(now).date()) for row in (await session.scalars(query)).all()]


def _waiting(row: DataRequest, today: date) -> dict[str, Any]:
    overdue = row.state in OPEN and row.due_on < today
    proposed = {"proposed_step": row.proposed_step, "proposed_by": row.proposed_by}
    return {**_facts(row), **proposed, "account_id": row.account_id, "overdue": overdue}


async def request_of(session: AsyncSession, tools: Tools, request_id: UUID, now: datetime) -> dict[str, Any]:
    """One request for the office, with its texts and what was done with it. Raises NotFound."""
    row = await session.get(DataRequest, request_id)
    if row is None:
        raise NotFound(request_id=str(request_id))
    account = await session.get_one(Account, row.account_id)
    done = select(DataRequestStep).where(col(DataRequestStep.request_id) == request_id)
    steps = (await session.scalars(done.order_by(col(DataRequestStep.id)))).all()
    return {
        **_waiting(row, to_jst(now).date()),
        "details": shown(tools, row, "request_text"),
        "answer": shown(tools, row, "request_answer"),
        "proposal": row.proposal,
        "ekyc_status": account.ekyc_status,
        "decided_by": row.decided_by,
        "steps": [{name: getattr(one, name) for name in ("step", "at", "by", "role")} for one in steps],
    }


async def open_disclosure(session: AsyncSession, account_id: UUID, request_id: UUID, now: datetime) -> DataRequest:
    """A disclosure that was answered and can still be read, by that person alone. Raises NotFound."""
    row = await session.get(DataRequest, request_id)
    readable = row is not None and row.account_id == account_id and row.state == "answered"
    if row is None or not readable or row.available_until is None or now >= row.available_until:
        raise NotFound(request_id=str(request_id))
    return row


async def held_about(session: AsyncSession, tools: Tools, account_id: UUID) -> list[dict[str, Any]]:
    """What identity holds of a person, part by part, each with its name for people. No secrets: passwords and secret
    answers are not held but as hashes, and keys of authenticators are nobody's to read.
    """
    sessions = select(UserSession).where(col(UserSession.account_id) == account_id)
    runs = select(EkycAttempt).where(col(EkycAttempt.account_id) == account_id)
    checks = (await session.scalars(runs.order_by(col(EkycAttempt.started_at)))).all()
    logins = (await session.scalars(sessions.order_by(col(UserSession.id)))).all()
    return [
        {"label": "利用者登録", "items": [await own_account(session, tools.keys, account_id)]},
        {
            "label": "本人確認(eKYC)",
            "items": [
                {"method": one.method, "started_at": one.started_at, "result": one.provider_status} for one in checks
            ],
        },
        {"label": "ログイン", "items": [{"session_id": one.id, "started_at": one.started_at} for one in logins]},
        {"label": "個人情報に関するご請求", "items": await own_requests(session, tools, account_id)},
    ]
