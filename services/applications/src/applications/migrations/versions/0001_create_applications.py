"""Create everything: the kit's tables, applications and their tracks, reviews, projections, access log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from kit.tables import create_kit_tables_v1
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0001"
down_revision = None

APPEND_ONLY = ("application_history", "application_versions", "access_log")


def upgrade() -> None:
    """From an empty database."""
    create_kit_tables_v1()
    op.execute(sa.schema.CreateSequence(sa.Sequence("application_numbers")))
    _create_applications()
    _create_reviews()
    _create_projections()
    _create_access_log()
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change_of_history()"
        )


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _create_applications() -> None:
    op.create_table(
        "applications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("only_one", sa.Boolean(), nullable=False),
        sa.Column("submission", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("approved_submission", sa.Integer()),
        sa.Column("draft", sa.Text(), nullable=False),
        sa.Column("draft_version", sa.Integer(), nullable=False),
        _time("draft_saved_at"),
        sa.Column("draft_saved_by", sa.Uuid(), nullable=False),
        _time("started_at"),
        sa.PrimaryKeyConstraint("id", name="pk_applications"),
        sa.UniqueConstraint("reference", name="uq_applications_reference"),
        sa.CheckConstraint("draft_version > 0", name=op.f("ck_applications_draft_version")),
        sa.CheckConstraint(
            "approved_submission BETWEEN 1 AND submission", name=op.f("ck_applications_approved_submission")
        ),
    )
    op.create_index(
        "uq_applications_only_one",
        "applications",
        ["programme", "account_id"],
        unique=True,
        postgresql_where=sa.text("only_one"),
    )
    op.create_index("ix_applications_account_id", "applications", ["account_id"])
    op.create_table(
        "application_history",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("track", sa.Text(), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid()),
        sa.Column("role", sa.Text()),
        sa.Column("submission", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text()),
        _time("at"),
        sa.PrimaryKeyConstraint("id", name="pk_application_history"),
        sa.ForeignKeyConstraint(["application_id"], ["applications.id"], name="fk_application_history_application_id"),
        sa.CheckConstraint("(actor_id IS NULL) = (role IS NULL)", name=op.f("ck_application_history_actor")),
    )
    op.create_index("ix_application_history_application_id", "application_history", ["application_id", "id"])
    op.create_table(
        "tracks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("track", sa.Text(), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        _time("entered_at"),
        sa.Column("entered_step", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tracks"),
        sa.ForeignKeyConstraint(["application_id"], ["applications.id"], name="fk_tracks_application_id"),
        sa.ForeignKeyConstraint(["entered_step"], ["application_history.id"], name="fk_tracks_entered_step"),
        sa.UniqueConstraint("application_id", "track", "subject", name="uq_tracks_application_id_track_subject"),
        sa.CheckConstraint("state <> ''", name=op.f("ck_tracks_state")),
    )
    op.create_table(
        "application_versions",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("submission", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("documents", JSONB(), nullable=False),
        sa.Column("content_sha256", sa.Text(), nullable=False),
        sa.Column("consents", ARRAY(sa.Text()), nullable=False),
        sa.Column("ekyc_status", sa.Text()),
        sa.Column("proof_jti", sa.Uuid(), nullable=False),
        sa.Column("submitted_by", sa.Uuid(), nullable=False),
        _time("submitted_at"),
        sa.PrimaryKeyConstraint("application_id", "submission", name="pk_application_versions"),
        sa.ForeignKeyConstraint(["application_id"], ["applications.id"], name="fk_application_versions_application_id"),
        sa.UniqueConstraint("proof_jti", name="uq_application_versions_proof_jti"),
        sa.CheckConstraint("submission > 0", name=op.f("ck_application_versions_submission")),
    )


def _create_reviews() -> None:
    op.create_table(
        "reviews",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("submission", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        _time("opened_at"),
        sa.Column("claimed_by", sa.Uuid()),
        _time("claimed_until", nullable=True),
        sa.Column("recommended_by", sa.Uuid()),
        sa.Column("decided_by", sa.Uuid()),
        _time("decided_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_reviews"),
        sa.ForeignKeyConstraint(
            ["application_id", "submission"],
            ["application_versions.application_id", "application_versions.submission"],
            name="fk_reviews_application_id_submission",
        ),
        sa.UniqueConstraint("application_id", "submission", name="uq_reviews_application_id_submission"),
        sa.CheckConstraint(
            "state IN ('waiting', 'recommended', 'approved', 'rejected')", name=op.f("ck_reviews_state")
        ),
        sa.CheckConstraint("(claimed_by IS NULL) = (claimed_until IS NULL)", name=op.f("ck_reviews_claim")),
        sa.CheckConstraint(
            "(state IN ('approved', 'rejected')) = (decided_at IS NOT NULL)", name=op.f("ck_reviews_decided")
        ),
        sa.CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name=op.f("ck_reviews_decided_by")),
        sa.CheckConstraint(
            "state <> 'approved' OR (recommended_by IS NOT NULL AND recommended_by <> decided_by)",
            name=op.f("ck_reviews_four_eyes"),
        ),
    )
    op.create_index("ix_reviews_queue", "reviews", ["due_on", "opened_at", "id"])


def _create_projections() -> None:
    op.create_table(
        "account_ekyc",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name="pk_account_ekyc"),
    )
    op.create_table(
        "account_contacts",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("mail", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name="pk_account_contacts"),
    )
    op.create_table(
        "document_sets",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("set_version", sa.Integer(), nullable=False),
        sa.Column("documents", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("application_id", name="pk_document_sets"),
    )


def _create_access_log() -> None:
    op.create_table(
        "access_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        _time("at"),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_access_log"),
        sa.ForeignKeyConstraint(["application_id"], ["applications.id"], name="fk_access_log_application_id"),
    )
    op.create_index("ix_access_log_application_id", "access_log", ["application_id", "id"])
