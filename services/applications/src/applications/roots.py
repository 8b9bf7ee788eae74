"""The daily root: one number that stands for the whole history of all applications, told to everybody.

Who has the number can prove later that nothing before it was changed (`history_verifier`): each root covers the one
before it and the heads of all chains that have gone on since, so the last one covers everything.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from kit import deadlines, eventlog
from kit.japan import JST, to_jst
from madoguchi_contracts import HistoryRootPublished
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

TIMER = "history.root"
# One history for the whole service, and so one key: the roots are told in their order. It names nobody.
HISTORY_ID = uuid5(NAMESPACE_URL, "urn:madoguchi:applications:history")

# One statement, so one view of all chains. A chain that ends before the place where a root has seen it gets no new
# head: the verifier has to find the one that does not fit. Two writers at once break the primary key.
_TAKE = text("""
WITH last AS (
  SELECT number, root FROM history_roots ORDER BY number DESC LIMIT 1
), next AS (
  SELECT coalesce((SELECT number FROM last), 0) + 1 AS number
), heads AS (
  INSERT INTO history_heads (application_id, number, position, digest)
  SELECT a.id, next.number, head.position, head.digest
  FROM applications a
  CROSS JOIN next
  CROSS JOIN LATERAL (
    (SELECT position, digest FROM application_history
     WHERE application_id = a.id AND position IS NOT NULL ORDER BY position DESC LIMIT 1)
    UNION ALL SELECT steps, digest FROM history_starts WHERE application_id = a.id
    ORDER BY position DESC LIMIT 1
  ) AS head
  LEFT JOIN LATERAL (
    SELECT position FROM history_heads WHERE application_id = a.id ORDER BY number DESC LIMIT 1
  ) AS known ON true
  WHERE known.position IS NULL OR known.position < head.position
  RETURNING application_id, position, digest
)
INSERT INTO history_roots (number, at, heads, root)
SELECT next.number, :now, count(heads.application_id),
       history_digest(
         'madoguchi root 1', next.number::text, history_time(:now), (SELECT root FROM last),
         string_agg(history_text(heads.application_id::text, heads.position::text, heads.digest), E'\\n'
                    ORDER BY heads.application_id) FILTER (WHERE heads.application_id IS NOT NULL))
FROM next LEFT JOIN heads ON true GROUP BY next.number
RETURNING number, at, heads, root, (SELECT root FROM last) AS previous_root
""")


async def on_due(session: AsyncSession, history_id: UUID, now: datetime) -> None:
    """Take the root of now, tell it, and have the next one taken tomorrow. A day without a step has its root too: a
    number that is missing must not look like a quiet day.
    """
    row = (await session.execute(_TAKE, {"now": now})).one()
    event = HistoryRootPublished(
        history_id=history_id,
        number=row.number,
        taken_at=row.at,
        heads=row.heads,
        root=row.root,
        previous_root=row.previous_root,
    )
    await eventlog.record(session, event, now=now)
    await deadlines.schedule(session, kind=TIMER, subject_id=history_id, due_at=next_midnight(now))


def next_midnight(now: datetime) -> datetime:
    """When the day in Japan ends."""
    return datetime.combine(to_jst(now).date() + timedelta(days=1), time(), tzinfo=JST)
