"""What `madoguchi why` tells of persons whose data must not be used."""

from __future__ import annotations

from uuid import UUID

from kit.why.witness import Answer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_SUSPENDED = text("""
SELECT s.account_id, s.request_id, s.since FROM suspensions s
WHERE s.since IS NOT NULL AND s.account_id IN (
  SELECT account_id FROM applications WHERE id = :id
  UNION SELECT party_id FROM application_parties WHERE application_id = :id AND until IS NULL)
ORDER BY s.since, s.account_id
""")


async def tell(session: AsyncSession, application_id: UUID, answer: Answer) -> None:
    """Of whom nothing is given to anybody until the suspension is lifted (GL-618): steps and sendings that would are
    refused meanwhile.
    """
    for row in await session.execute(_SUSPENDED, {"id": application_id}):
        answer.waits.append(
            {
                "on": "the office: the use of this person's data is suspended, and two officers lift it",
                "about": row.account_id,
                "since": row.since,
                "request_id": row.request_id,
                "rules": ["GL-618"],
            }
        )
