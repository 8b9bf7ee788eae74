"""Create the tables of the documents service."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from kit.tables import create_kit_tables_v1
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the kit's tables and the service's own."""
    create_kit_tables_v1()
    op.create_table(
        "document_sets",
        sa.Column("application_id", sa.Uuid, nullable=False),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("slots", JSONB, nullable=False),
        sa.Column("total_limit_bytes", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("submission", sa.Integer),
        sa.Column("frozen", sa.Boolean, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("application_id", name="pk_document_sets"),
        sa.CheckConstraint("total_limit_bytes > 0", name="ck_document_sets_total_limit_bytes"),
        sa.CheckConstraint("version >= 0", name="ck_document_sets_version"),
        sa.CheckConstraint("submission >= 1", name="ck_document_sets_submission"),
        sa.CheckConstraint("NOT frozen OR submission IS NOT NULL", name="ck_document_sets_frozen_by_submission"),
    )
    op.create_table(
        "documents",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("application_id", sa.Uuid, nullable=False),
        sa.Column("slot", sa.String, nullable=False),
        sa.Column("file_name", sa.String, nullable=False),
        sa.Column("content_type", sa.String, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.String, nullable=False),
        sa.Column("standard_type", sa.Boolean, nullable=False),
        sa.Column("placeholder", sa.Boolean, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("refusal", sa.String),
        sa.Column("scanned_by", sa.String),
        sa.Column("object_key", sa.Text(collation="C")),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("completion_asked_at", TIME),
        sa.Column("completing_until", TIME),
        sa.Column("stored_at", TIME),
        sa.Column("ended_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_documents"),
        sa.ForeignKeyConstraint(
            ["application_id"], ["document_sets.application_id"], name="fk_documents_application_id"
        ),
        sa.CheckConstraint(
            "status IN ('pending', 'stored', 'refused', 'expired', 'replaced', 'removed', 'purged')",
            name="ck_documents_status",
        ),
        sa.CheckConstraint("size_bytes >= 0", name="ck_documents_size_bytes"),
        sa.CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="ck_documents_sha256"),
        sa.CheckConstraint(
            "status NOT IN ('stored', 'replaced') OR object_key IS NOT NULL", name="ck_documents_has_object"
        ),
        sa.CheckConstraint(
            "status NOT IN ('pending', 'refused', 'expired', 'purged') OR object_key IS NULL",
            name="ck_documents_has_no_object",
        ),
        sa.CheckConstraint("(status = 'refused') = (refusal IS NOT NULL)", name="ck_documents_refusal"),
    )
    op.create_index("ix_documents_application_id", "documents", ["application_id"])
    op.create_index(
        "uq_documents_stored_slot",
        "documents",
        ["application_id", "slot"],
        unique=True,
        postgresql_where=sa.text("status = 'stored'"),
    )
    op.create_index("uq_documents_object_key", "documents", ["object_key"], unique=True)
    op.create_index("ix_documents_pending", "documents", ["expires_at"], postgresql_where=sa.text("status = 'pending'"))
    op.create_index(
        "ix_documents_ended",
        "documents",
        ["ended_at"],
        postgresql_where=sa.text("status IN ('replaced', 'removed') AND object_key IS NOT NULL"),
    )
    op.create_table(
        "submitted_documents",
        sa.Column("application_id", sa.Uuid, nullable=False),
        sa.Column("submission", sa.Integer, nullable=False),
        sa.Column("document_id", sa.Uuid, nullable=False),
        sa.PrimaryKeyConstraint("application_id", "submission", "document_id", name="pk_submitted_documents"),
        sa.ForeignKeyConstraint(
            ["application_id"], ["document_sets.application_id"], name="fk_submitted_documents_application_id"
        ),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name="fk_submitted_documents_document_id"),
    )
    op.create_index("ix_submitted_documents_document_id", "submitted_documents", ["document_id"])
    op.create_table(
        "access_log",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("session_id", sa.Uuid, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("application_id", sa.Uuid, nullable=False),
        sa.Column("document_id", sa.Uuid),
        sa.PrimaryKeyConstraint("id", name="pk_access_log"),
        sa.CheckConstraint("action IN ('list', 'download')", name="ck_access_log_action"),
    )
    op.create_index("ix_access_log_application_id_at", "access_log", ["application_id", "at"])
