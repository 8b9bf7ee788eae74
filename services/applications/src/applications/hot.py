"""The statements of the hot path: opening an application under its lock, taking a step, submitting.

They are SQL text because each of them does what would be several round trips of an object mapper, and at some hundred
submissions a second the round trips are what is waited for. The numbers are in docs/benchmarks.md.
"""

from __future__ import annotations

from sqlalchemy import text

# The lock is a statement of its own, before anything is read: in one statement PostgreSQL would read other tables as
# they were before it began to wait for the lock, and a step would be judged by the state that the winner has just left.
LOCK = text("SELECT 1 FROM applications WHERE id = :id FOR UPDATE")

# One row with everything that is known here of an application: 1 round trip instead of 5.
READ = text("""
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
       c.mail, d.documents
FROM applications a
LEFT JOIN account_contacts c ON c.account_id = a.account_id
LEFT JOIN document_sets d ON d.application_id = a.id
WHERE a.id = :id
""")

# The database chains the step to the one before it (migration 0008): no round trip, and nobody can leave it out.
_STEP = """
INSERT INTO application_history
  (application_id, track, subject, source, target, command, actor_id, role, submission, reason, facts, at,
   content_sha256)
SELECT :application_id, :track, :subject, :source, :target, :command, :actor_id, :role, :submission, :reason, :facts,
       :at, :content_sha256
"""
# The first step of a track makes its row. The WHERE restates what the lock already ensures: of two steps from one state
# the second changes no row, and the caller sees it.
_TRACK = """
INSERT INTO tracks AS t (id, application_id, track, subject, state, entered_at, entered_step)
SELECT :track_id, :application_id, :track, :subject, :target, :at, step.id FROM step
ON CONFLICT (application_id, track, subject) DO UPDATE
SET state = excluded.state, entered_at = excluded.entered_at, entered_step = excluded.entered_step
WHERE t.state = :source
RETURNING t.application_id, t.entered_step
"""

# A step that was taken without a change of state.
REMEMBER = text(_STEP)

# A step to another state: 1 round trip instead of 2.
MOVE = text(f"WITH step AS ({_STEP} RETURNING id) {_TRACK}")

# A submission: the proof is burnt, the step taken, the version kept, the number of submissions raised. 1 round trip
# instead of 5. Without a proof to burn nothing is written at all, and no row comes back.
SUBMIT = text(f"""
WITH burnt AS (
  INSERT INTO used_proofs (jti, used_at) VALUES (:proof_jti, :at) ON CONFLICT DO NOTHING RETURNING jti
), step AS ({_STEP} FROM burnt RETURNING id
), track AS ({_TRACK}
), version AS (
  INSERT INTO application_versions (application_id, submission, content, documents, content_sha256, consents,
                                    ekyc_status, proof_jti, submitted_by, submitted_at)
  SELECT :application_id, :submission, :content, cast(:documents AS jsonb), :content_sha256,
         cast(:consents AS text[]), :ekyc_status, burnt.jti, :actor_id, :at
  FROM burnt
)
UPDATE applications a SET submission = :submission FROM track WHERE a.id = track.application_id
RETURNING track.entered_step
""")  # noqa: S608 - put together from our own text
