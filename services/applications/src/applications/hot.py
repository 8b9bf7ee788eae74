"""The statements of the hot path: opening an application under its lock, taking a step, submitting.

They go straight to the driver, and each of them does what would be several round trips of an object mapper: at some
hundred submissions a second the statements are what is waited for. The numbers are in docs/benchmarks.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from kit.db import driver
from sqlalchemy.ext.asyncio import AsyncSession

# The lock is a statement of its own, before anything is read: in one statement PostgreSQL would read other tables as
# they were before it began to wait for the lock, and a step would be judged by the state that the winner has just left.
_LOCK = "SELECT 1 FROM applications WHERE id = $1 FOR UPDATE"

# One row with everything that is known here of an application: 1 round trip instead of 5.
_READ = """
SELECT a.id, a.programme, a.account_id, a.reference, a.submission, a.approved_submission,
       a.draft, a.draft_version, a.draft_saved_at, a.draft_saved_by, a.started_at,
       (SELECT jsonb_agg(jsonb_build_object('id', t.id, 'track', t.track, 'subject', t.subject, 'state', t.state,
                                            'entered_step', t.entered_step))
        FROM tracks t WHERE t.application_id = a.id) AS tracks,
       (SELECT jsonb_agg(jsonb_build_object('party_id', p.party_id, 'kind', p.kind, 'grants', p.grants))
        FROM application_parties p WHERE p.application_id = a.id AND p.until IS NULL) AS parties,
       (SELECT jsonb_object_agg(e.account_id, e.status) FROM account_ekyc e
        WHERE e.account_id = a.account_id
           OR e.account_id IN (SELECT p.party_id FROM application_parties p
                               WHERE p.application_id = a.id AND p.until IS NULL)) AS ekyc,
       c.mail, d.documents, d.came
FROM applications a
LEFT JOIN account_contacts c ON c.account_id = a.account_id
LEFT JOIN document_sets d ON d.application_id = a.id
WHERE a.id = $1
"""

# The database chains the step to the one before it (migration 0008): no round trip, and nobody can leave it out.
_STEP_FACTS = (
    "application_id", "track", "subject", "source", "target", "command", "actor_id", "role", "submission", "reason",
    "facts", "at", "content_sha256",
)  # fmt: skip
_STEP = """
INSERT INTO application_history
  (application_id, track, subject, source, target, command, actor_id, role, submission, reason, facts, at,
   content_sha256)
SELECT $1::uuid, $2::text, $3::uuid, $4::text, $5::text, $6::text, $7::uuid, $8::text, $9::int, $10::text, $11::text,
       $12::timestamptz, $13::text
"""
# The first step of a track makes its row. The WHERE restates what the lock already ensures: of two steps from one state
# the second changes no row, and the caller sees it.
_TRACK = """
INSERT INTO tracks AS t (id, application_id, track, subject, state, entered_at, entered_step)
SELECT $14::uuid, $1, $2, $3, $5, $12, step.id FROM step
ON CONFLICT (application_id, track, subject) DO UPDATE
SET state = excluded.state, entered_at = excluded.entered_at, entered_step = excluded.entered_step
WHERE t.state = $4
RETURNING t.application_id, t.entered_step
"""
_MOVE = f"WITH step AS ({_STEP} RETURNING id), track AS ({_TRACK}) SELECT entered_step FROM track"  # noqa: S608

# A submission: the proof is burnt, the step taken, the version kept, the number of submissions raised. 1 round trip
# instead of 5. Without a proof to burn nothing is written at all, and no row comes back.
_VERSION_FACTS = ("proof_jti", "content", "documents", "consents", "ekyc_status")
_SUBMIT = f"""
WITH burnt AS (
  INSERT INTO used_proofs (jti, used_at) VALUES ($15, $12) ON CONFLICT DO NOTHING RETURNING jti
), step AS ({_STEP} FROM burnt RETURNING id
), track AS ({_TRACK}
), version AS (
  INSERT INTO application_versions (application_id, submission, content, documents, content_sha256, consents,
                                    ekyc_status, proof_jti, submitted_by, submitted_at)
  SELECT $1, $9, $16::text, $17::jsonb, $13, $18::text[], $19::text, burnt.jti, $7, $12
  FROM burnt
)
UPDATE applications a SET submission = $9 FROM track WHERE a.id = track.application_id
RETURNING track.entered_step
"""  # noqa: S608 - put together from our own text


async def lock(session: AsyncSession, application_id: UUID) -> None:
    """Wait for the application's row lock, and hold it until the transaction ends."""
    await driver(session).execute(_LOCK, application_id)


async def read(session: AsyncSession, application_id: UUID) -> dict[str, Any] | None:
    """All that is known here of an application, by the names in the statement."""
    row = await driver(session).fetchrow(_READ, application_id)
    return None if row is None else dict(row)


async def remember(session: AsyncSession, step: Mapping[str, Any]) -> None:
    """A step that is taken without a change of state."""
    await driver(session).execute(_STEP, *_values(step, _STEP_FACTS))


async def move(session: AsyncSession, step: Mapping[str, Any], track_id: UUID) -> int | None:
    """A step to another state: its number in the history, or None when the track was not in the state of `source`."""
    entered: int | None = await driver(session).fetchval(_MOVE, *_values(step, _STEP_FACTS), track_id)
    return entered


async def submit(
    session: AsyncSession, step: Mapping[str, Any], track_id: UUID, version: Mapping[str, Any]
) -> int | None:
    """The same for a step that keeps a version and burns its proof; None also when the proof was burnt before."""
    values = (*_values(step, _STEP_FACTS), track_id, *_values(version, _VERSION_FACTS))
    entered: int | None = await driver(session).fetchval(_SUBMIT, *values)
    return entered


def _values(facts: Mapping[str, Any], names: tuple[str, ...]) -> list[Any]:
    return [facts[name] for name in names]
