"""What is read: the mails as operators and staff see them, without personal data, and the state of the queue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.delivery import State

_COLUMNS = """
id, seq, template, state, account_id, cause_event_id, cause_type, attempts, last_code, queued_at, due_at, finished_at,
link_expires_at
"""
_LIST = f"""
SELECT {_COLUMNS} FROM messages
WHERE seq < :before AND (cast(:state AS text) IS NULL OR state = :state)
  AND (cast(:template AS text) IS NULL OR template = :template)
  AND (cast(:account_id AS uuid) IS NULL OR account_id = :account_id)
  AND {{only}}
ORDER BY seq DESC LIMIT :limit
"""  # noqa: S608 - the columns are written above
_LIST_ALL = text(_LIST.format(only="true"))
_LIST_NOT_ACCEPTED = text(_LIST.format(only="state <> 'accepted'"))  # literal, for the partial index
_SHOW = text(f"SELECT {_COLUMNS}, subject FROM messages WHERE id = :id")  # noqa: S608
_ATTEMPTS = text("""
SELECT number, started_at, finished_at, outcome, code, answer, relay
FROM attempts WHERE message_id = :id ORDER BY number
""")
_REDRIVES = text("SELECT from_state, reason, done_by, done_at FROM redrives WHERE message_id = :id ORDER BY id")
_QUEUE = text("""
SELECT state, due_at IS NOT NULL OR state = 'waiting_contact' AS unsent, count(*) AS mails, min(queued_at) AS oldest
FROM messages WHERE state <> 'accepted' AND state <> 'expired' GROUP BY 1, 2
""")
NEWEST = 2**62


async def list_messages(
    session: AsyncSession,
    *,
    before: int = NEWEST,
    limit: int,
    state: State | None = None,
    template: str | None = None,
    account_id: UUID | None = None,
    not_accepted: bool = False,
) -> Sequence[Row[Any]]:
    """The mails with `seq` below `before`, newest first; `not_accepted` leaves out what a relay has taken."""
    where = {"before": before, "limit": limit, "state": state, "template": template, "account_id": account_id}
    query = _LIST_NOT_ACCEPTED if not_accepted else _LIST_ALL
    return (await session.execute(query, where)).all()


async def show_message(session: AsyncSession, message_id: UUID) -> dict[str, Any] | None:
    """One mail with its tries and what operators did about it; None if there is none."""
    row = (await session.execute(_SHOW, {"id": message_id})).one_or_none()
    if row is None:
        return None
    attempts = await session.execute(_ATTEMPTS, {"id": message_id})
    redrives = await session.execute(_REDRIVES, {"id": message_id})
    return {
        **row._mapping,
        "tries": [dict(attempt._mapping) for attempt in attempts],
        "redrives": [dict(redrive._mapping) for redrive in redrives],
    }


@dataclass(frozen=True)
class Queue:
    """How many mails stand in each state that is not done with, and since when the oldest unsent one waits."""

    by_state: dict[str, int]
    oldest_unsent: datetime | None


async def queue_of(session: AsyncSession) -> Queue:
    """The queue right now."""
    rows = (await session.execute(_QUEUE)).all()
    by_state: dict[str, int] = {}
    for row in rows:
        by_state[row.state] = by_state.get(row.state, 0) + row.mails
    return Queue(by_state, min((row.oldest for row in rows if row.unsent), default=None))
