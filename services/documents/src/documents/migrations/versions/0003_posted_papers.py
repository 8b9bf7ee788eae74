"""Keep the papers that come by post."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, and let the access log say that papers were looked at."""
    op.create_table(
        "posted_papers",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("application_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("arrived_on", sa.Date, nullable=False),
        sa.Column("facts", JSONB, nullable=False),
        sa.Column("result", sa.String, nullable=False),
        sa.Column("recorded_by", sa.Uuid, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", "version", name="pk_posted_papers"),
        sa.ForeignKeyConstraint(
            ["application_id"], ["document_sets.application_id"], name="fk_posted_papers_application_id"
        ),
        sa.CheckConstraint("version >= 1", name="ck_posted_papers_version"),
    )
    op.create_index("ix_posted_papers_application_id", "posted_papers", ["application_id"])
    op.create_index(
        "ix_documents_announced",
        "documents",
        ["application_id"],
        postgresql_where=sa.text("status = 'stored' AND placeholder"),
    )
    # Its first name has the prefix twice: the naming convention added one to what was written out already.
    op.drop_constraint(op.f("ck_access_log_ck_access_log_action"), "access_log")
    op.create_check_constraint(
        op.f("ck_access_log_action"), "access_log", "action IN ('list', 'download', 'list_papers')"
    )
