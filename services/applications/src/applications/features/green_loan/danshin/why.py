"""What `madoguchi why` tells of the applications at the danshin Web service."""

from __future__ import annotations

from uuid import UUID

from kit.why.witness import Answer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications.programmes.green_loan.danshin.progress import Status

_ROWS = text("""
SELECT account_id, started_at, service_id, status, doubt, ended_at, look_at, looks FROM danshin_applications
WHERE application_id = :id ORDER BY started_at
""")


_AT_THE_SERVICE = {
    Status.OPEN: "the person who joins: to declare at the danshin Web service",
    Status.APPLIED: "the insurer: to decide",
    Status.CERTIFICATE_WANTED: "the person who joins: to bring a certificate to the danshin Web service",
}
"""Who is waited for while an application is open there. A doubt is a task of the office, and told as one."""


async def tell(session: AsyncSession, application_id: UUID, answer: Answer) -> None:
    """How far each application is there, and what waits on the service, the person, or the insurer."""
    for row in await session.execute(_ROWS, {"id": application_id}):
        answer.states.append(
            {
                "danshin": row.status or "not opened yet",
                "about": row.account_id,
                "since": row.started_at,
                "over_since": row.ended_at,
                "asked_next": row.look_at,
                "doubt": row.doubt,
            }
        )
        wanted = "to hear that nobody needs the application" if row.ended_at else "to open the application"
        if row.look_at is not None and (row.ended_at is not None or row.service_id is None):
            waits = {"on": f"the danshin Web service: {wanted}", "since": row.ended_at or row.started_at}
            answer.waits.append({**waits, "tries": row.looks})
        elif row.ended_at is None and row.doubt is None and row.status in _AT_THE_SERVICE:
            answer.waits.append({"on": _AT_THE_SERVICE[row.status], "about": row.account_id, "asked_next": row.look_at})
