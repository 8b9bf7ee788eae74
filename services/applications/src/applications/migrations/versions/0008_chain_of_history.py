"""Chain the steps of every application, and keep the daily roots over all of them.

The chain is made by the database, in the statement that writes the step: whoever writes one, the release before this
one included, cannot leave it out. docs/decisions/0006-tamper-evidence.md says how it is made, and how a stranger
checks it.

The steps that were there before have no place in a chain, and get none. What is found of them at this migration is kept
as one digest an application, with the time: from then on nobody changes them unnoticed, and nothing is said of before.
Whoever wants to write or read steps waits while those digests are made: five seconds for a hundred thousand steps.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

# In PL/pgSQL, whose plans are kept: as functions in SQL the same took four times as long for every step.
# Every value with its length in bytes, so that no two lists of values have one text; '-' is NULL.
TEXT = """
CREATE FUNCTION history_text(VARIADIC parts text[]) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  part text;
  made text[] := '{}';
BEGIN
  FOREACH part IN ARRAY parts LOOP
    made := made || coalesce(octet_length(part) || ':' || part, '-');
  END LOOP;
  RETURN array_to_string(made, ',');
END $$
"""
TIME = """
CREATE FUNCTION history_time(at timestamptz) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$
"""
STEP = """
CREATE FUNCTION history_step(step application_history) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN history_text(
    'madoguchi step 1', step.id::text, step.application_id::text, step.position::text, step.track, step.subject::text,
    step.source, step.target, step.command, step.actor_id::text, step.role, step.submission::text, step.content_sha256,
    step.reason, step.facts, history_time(step.at));
END $$
"""
DIGEST = """
CREATE FUNCTION history_digest(VARIADIC parts text[]) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN encode(sha256(convert_to(history_text(VARIADIC parts), 'UTF8')), 'hex');
END $$
"""
# Each query of a volatile function sees what was committed last: whoever waited for the application's lock goes on from
# the winner's step. Whoever writes without the lock breaks the unique index instead of the chain.
CHAIN = """
CREATE FUNCTION chain_history() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  before record;
BEGIN
  SELECT position, digest INTO before FROM application_history
  WHERE application_id = NEW.application_id AND position IS NOT NULL ORDER BY position DESC LIMIT 1;
  IF NOT FOUND THEN
    SELECT steps AS position, digest INTO before FROM history_starts WHERE application_id = NEW.application_id;
  END IF;
  NEW.position := coalesce(before.position, 0) + 1;
  NEW.digest := history_digest(coalesce(before.digest, ''), history_step(NEW));
  RETURN NEW;
END $$
"""
STARTS = """
INSERT INTO history_starts (application_id, steps, digest, at)
SELECT step.application_id, count(*), history_digest(string_agg(history_step(step), E'\\n' ORDER BY step.id)), now()
FROM application_history step GROUP BY step.application_id
"""
# What is found is told to the world at once; where there is nothing yet, after the first day.
FIRST_ROOT = """
INSERT INTO deadlines (kind, subject_id, due_at, not_before)
SELECT 'history.root', '24749449-e19b-5bc6-a914-8e55f4b6f0a4', due, due
FROM (SELECT CASE WHEN EXISTS (SELECT FROM history_starts) THEN now()
             ELSE (date_trunc('day', now() AT TIME ZONE 'Asia/Tokyo') + interval '1 day') AT TIME ZONE 'Asia/Tokyo'
             END AS due) AS first
"""


def upgrade() -> None:
    """Make the tables, keep what is found, and chain from here on."""
    op.add_column("application_history", sa.Column("content_sha256", sa.Text()))
    op.add_column("application_history", sa.Column("position", sa.Integer()))
    op.add_column("application_history", sa.Column("digest", sa.Text()))
    op.create_index(
        "uq_application_history_position", "application_history", ["application_id", "position"], unique=True
    )
    _create_tables()
    for statement in (TEXT, TIME, STEP, DIGEST, CHAIN, STARTS, FIRST_ROOT):
        op.execute(statement)
    op.execute(
        "CREATE TRIGGER application_history_chain BEFORE INSERT ON application_history "
        "FOR EACH ROW EXECUTE FUNCTION chain_history()"
    )
    for table in ("history_starts", "history_roots", "history_heads"):
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change_of_history()"
        )


def _create_tables() -> None:
    op.create_table(
        "history_starts",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("application_id", name="pk_history_starts"),
        sa.ForeignKeyConstraint(["application_id"], ["applications.id"], name="fk_history_starts_application_id"),
        sa.CheckConstraint("steps > 0", name=op.f("ck_history_starts_steps")),
    )
    op.create_table(
        "history_roots",
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("heads", sa.Integer(), nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_history_roots"),
        sa.CheckConstraint("number > 0", name=op.f("ck_history_roots_number")),
        sa.CheckConstraint("heads >= 0", name=op.f("ck_history_roots_heads")),
    )
    op.create_table(
        "history_heads",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("application_id", "number", name="pk_history_heads"),
        sa.ForeignKeyConstraint(["application_id"], ["applications.id"], name="fk_history_heads_application_id"),
        sa.CheckConstraint("position > 0", name=op.f("ck_history_heads_position")),
    )
