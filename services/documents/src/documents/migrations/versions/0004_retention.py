"""Keep legal holds, and which files were deleted when their period was over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.add_column("document_sets", sa.Column("files_deleted_at", TIME))
    op.create_table(
        "legal_holds",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("application_id", sa.Uuid, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("set_by", sa.String, nullable=False),
        sa.Column("set_at", TIME, nullable=False),
        sa.Column("release_reason", sa.String),
        sa.Column("released_by", sa.String),
        sa.Column("released_at", TIME),
        sa.Column("lifted_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_legal_holds"),
        sa.ForeignKeyConstraint(
            ["application_id"], ["document_sets.application_id"], name="fk_legal_holds_application_id"
        ),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_legal_holds_reason")),
        sa.CheckConstraint(
            "(released_at IS NULL) = (released_by IS NULL) AND (released_at IS NULL) = (release_reason IS NULL)",
            name=op.f("ck_legal_holds_release_is_whole"),
        ),
        sa.CheckConstraint(
            "lifted_at IS NULL OR released_at IS NOT NULL", name=op.f("ck_legal_holds_lifted_after_release")
        ),
    )
    op.create_index(
        "uq_legal_holds_open",
        "legal_holds",
        ["application_id"],
        unique=True,
        postgresql_where=sa.text("released_at IS NULL"),
    )
    op.create_index(
        "ix_legal_holds_to_lift", "legal_holds", ["application_id"], postgresql_where=sa.text("lifted_at IS NULL")
    )
    op.create_table(
        "retention_log",
        sa.Column("document_id", sa.Uuid, nullable=False),
        sa.Column("application_id", sa.Uuid, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("months", sa.Integer, nullable=False),
        sa.Column("sha256", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("document_id", name="pk_retention_log"),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name="fk_retention_log_document_id"),
        sa.ForeignKeyConstraint(
            ["application_id"], ["document_sets.application_id"], name="fk_retention_log_application_id"
        ),
    )
    op.create_index("ix_retention_log_application_id", "retention_log", ["application_id"])
