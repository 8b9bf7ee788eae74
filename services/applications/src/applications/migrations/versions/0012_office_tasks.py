"""Keep what the office has to look at."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Create the table, and have the grounds of every application looked at once: nothing else would tell of theirs
    before their next step.
    """
    op.create_table(
        "office_tasks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ground_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("claimed_by", sa.Uuid(), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_office_tasks"),
        sa.ForeignKeyConstraint(["application_id"], ["applications.id"], name="fk_office_tasks_application_id"),
        sa.CheckConstraint("state IN ('open', 'done', 'dropped')", name=op.f("ck_office_tasks_state")),
        sa.CheckConstraint("(state = 'open') = (closed_at IS NULL)", name=op.f("ck_office_tasks_closed")),
        sa.CheckConstraint(
            "(state = 'done') = (closed_by IS NOT NULL AND note IS NOT NULL)", name=op.f("ck_office_tasks_done")
        ),
        sa.CheckConstraint("(claimed_by IS NULL) = (claimed_until IS NULL)", name=op.f("ck_office_tasks_claim")),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_office_tasks_reason")),
    )
    still_open = sa.text("state = 'open'")
    key = ["application_id", "kind", "subject"]
    op.create_index("uq_office_tasks_open", "office_tasks", key, unique=True, postgresql_where=still_open)
    op.create_index("ix_office_tasks_application_id", "office_tasks", ["application_id", "raised_at", "id"])
    op.create_index("ix_office_tasks_queue", "office_tasks", ["raised_at", "id"], postgresql_where=still_open)
    op.execute(
        "INSERT INTO deadlines (kind, subject_id, due_at, not_before) "
        "SELECT 'office_tasks', id, now(), now() FROM applications WHERE submission > 0"
    )
