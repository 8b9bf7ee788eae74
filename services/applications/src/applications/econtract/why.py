"""What `madoguchi why` tells of an electronic contract."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kit.why.witness import Answer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications.econtract.rows import contract_of
from applications.programmes import PROGRAMMES

_ENVELOPE = text("""
SELECT e.id, a.programme, e.opened_at, e.offered_at, e.expires_at, e.trouble, e.ended_at, e.looks, e.look_at,
       array_agg(s.account_id) FILTER (WHERE s.signed_at IS NULL) AS unsigned
FROM envelopes e JOIN applications a ON a.id = e.application_id JOIN envelope_signers s ON s.envelope_id = e.id
WHERE e.application_id = :id AND e.completed_at IS NULL AND e.voided_at IS NULL
GROUP BY e.id, a.programme ORDER BY e.opened_step
""")


async def tell(session: AsyncSession, application_id: UUID, answer: Answer) -> None:
    """Whether a signature is waited for, or the provider, or the office."""
    for row in await session.execute(_ENVELOPE, {"id": application_id}):
        _wait(row, answer)


def _wait(row: Any, answer: Answer) -> None:
    """What is to happen at the provider of electronic contracts."""
    there = "the provider of electronic contracts"
    wait = {"since": row.offered_at or row.opened_at, "envelope": row.id, "asked_again_at": row.look_at}
    if row.ended_at is not None:
        answer.waits.append({**wait, "on": f"{there}: it is to void the contract", "unanswered": row.looks})
    elif row.trouble is not None:
        answer.waits.append({**wait, "on": f"the office: the contract is out of step ({row.trouble})"})
    elif row.offered_at is None:
        answer.waits.append({**wait, "on": f"{there}: it is to open the contract", "unanswered": row.looks})
    else:
        unsigned = ", ".join(str(one) for one in row.unsigned or ())
        answer.waits.append({**wait, "on": f"signatures at {there}: {unsigned}", "unanswered": row.looks})
        rule = contract_of(PROGRAMMES[row.programme]).rule
        answer.due.append({"what": "all signatures", "due_at": row.expires_at, "rules": [rule]})
