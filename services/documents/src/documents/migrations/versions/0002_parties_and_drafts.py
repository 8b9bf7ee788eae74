"""Keep who may do what besides the owner, which submission is in force, and in which session a file was uploaded."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from kit.sessions import create_ended_sessions_v1
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the columns. Until now there was one programme, and nobody but the owner.

    What was approved is not known of sets from before; an approval heard later tells.
    """
    create_ended_sessions_v1()
    # The defaults are for the rows that are there: they are taken away again, new rows say it themselves.
    op.add_column("document_sets", sa.Column("programme", sa.String, nullable=False, server_default="bond"))
    op.add_column("document_sets", sa.Column("keeps_unsubmitted", sa.Boolean, nullable=False, server_default="false"))
    op.add_column("document_sets", sa.Column("parties", JSONB, nullable=False, server_default="{}"))
    op.add_column("document_sets", sa.Column("approved_submission", sa.Integer))
    op.add_column("document_sets", sa.Column("editors", JSONB))
    op.add_column("document_sets", sa.Column("state_since", TIME))
    op.execute("UPDATE document_sets SET state_since = created_at")
    op.alter_column("document_sets", "state_since", nullable=False)
    for column in ("programme", "keeps_unsubmitted", "parties"):
        op.alter_column("document_sets", column, server_default=None)
    op.create_check_constraint(
        "ck_document_sets_approved_submission", "document_sets", "approved_submission <= submission"
    )
    op.create_check_constraint(
        "ck_document_sets_reopened_after_approval",
        "document_sets",
        "editors IS NULL OR (NOT frozen AND approved_submission IS NOT NULL)",
    )
    op.add_column("documents", sa.Column("uploaded_by", sa.Uuid))
    op.add_column("documents", sa.Column("session_id", sa.Uuid))
    op.create_index(
        "ix_documents_session_id",
        "documents",
        ["session_id"],
        postgresql_where=sa.text("status IN ('pending', 'stored')"),
    )
