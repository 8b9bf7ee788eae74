"""What `madoguchi why` tells from this service: whether the owner's account can be used, the identity check, and who
was invited to the application. No names, addresses or user IDs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from kit.why.witness import Answer, Question, Witness
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_ACCOUNT = text("""
SELECT a.role, a.ekyc_status, a.ekyc_id, a.lapsed_at, a.closed_at, a.last_login_at, l.locked_until,
       EXISTS (SELECT 1 FROM passwords p WHERE p.account_id = a.id) AS has_password
FROM accounts a LEFT JOIN login_locks l ON l.user_id_index = a.user_id_index WHERE a.id = :id
""")
_EKYC = text("""
SELECT id, method, provider_status, started_at, link_expires_at, look_at, looks FROM ekyc_attempts
WHERE account_id = :id AND superseded_at IS NULL
""")
_INVITATIONS = text("""
SELECT id, role, invited_at, expires_at FROM invitations
WHERE application_id = :id AND accepted_at IS NULL AND withdrawn_at IS NULL ORDER BY invited_at
""")
_RULES = {"user_id_lapse": ("ID-02",), "ekyc_link_expiry": ("ID-76",)}


async def tell(session: AsyncSession, question: Question, answer: Answer) -> None:
    """The owner's account, the identity check that runs, open invitations."""
    for invitation in await session.execute(_INVITATIONS, {"id": question.application_id}):
        answer.waits.append(
            {
                "on": f"somebody invited as {invitation.role}",
                "since": invitation.invited_at,
                "invitation": invitation.id,
                "until": invitation.expires_at,
            }
        )
    if question.account_id is None:
        answer.states.append(
            {"account": "the owner is not known here: ask applications first, and go on with its report"}
        )
        return
    where = {"id": question.account_id}
    account = (await session.execute(_ACCOUNT, where)).one_or_none()
    if account is None:
        answer.states.append({"account": "there is no such account"})
        return
    answer.states.append(
        {
            "account": f"account: {_usable(account)}",
            "role": account.role,
            "last_login_at": account.last_login_at,
            "locked_until": account.locked_until,
            "ekyc": account.ekyc_status,
        }
    )
    for row in await session.execute(_EKYC, where):
        if row.provider_status in ("pending", "running"):
            answer.waits.append(
                {
                    "on": f"the identity check by {row.method} ({row.provider_status})",
                    "since": row.started_at,
                    "link_until": row.link_expires_at,
                    "asked": row.looks or None,
                    "asked_next_at": row.look_at,
                }
            )


def _usable(account: Any) -> str:
    if account.closed_at is not None:
        return "closed"
    if account.lapsed_at is not None:
        return "lapsed"
    return "open" if account.has_password else "open, no password yet"


async def subjects(session: AsyncSession, question: Question) -> Mapping[UUID, str]:
    """Timers are about the account and the identity check."""
    if question.account_id is None:
        return {}
    return {row.id: "identity check" for row in await session.execute(_EKYC, {"id": question.account_id})}


def rules_of(kind: str) -> Sequence[str]:
    """The rules of a kind of timer."""
    return _RULES.get(kind, ())


WITNESS = Witness(
    service="identity",
    tell=tell,
    subjects=subjects,
    rules=rules_of,
    about=lambda question: question.account_id,
)
