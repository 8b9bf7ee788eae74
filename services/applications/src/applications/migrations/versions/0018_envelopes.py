"""Keep the electronic contracts and how far they have come at their provider."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Empty. A contract period that is announced already has no envelope: the office ends it and announces another."""
    op.create_table(
        "envelopes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("opened_step", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("paper", sa.Text()),
        sa.Column("paper_sha256", sa.Text()),
        sa.Column("provider_id", sa.Text()),
        sa.Column("offered_at", TIME),
        sa.Column("sequence", sa.Integer(), nullable=False, server_default=sa.text("-1")),
        sa.Column("ended_at", TIME),
        sa.Column("voided_at", TIME),
        sa.Column("completed_at", TIME),
        sa.Column("signed_paper", sa.Text()),
        sa.Column("signed_sha256", sa.Text()),
        sa.Column("trouble", sa.Text()),
        sa.Column("look_at", TIME),
        sa.Column("looks", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.PrimaryKeyConstraint("id", name="pk_envelopes"),
        sa.ForeignKeyConstraint(["application_id"], ["applications.id"], name="fk_envelopes_application_id"),
        sa.ForeignKeyConstraint(["opened_step"], ["application_history.id"], name="fk_envelopes_opened_step"),
        sa.UniqueConstraint("application_id", "opened_step", name="uq_envelopes_application_id_opened_step"),
        sa.UniqueConstraint("provider_id", name="uq_envelopes_provider_id"),
        sa.CheckConstraint("(paper IS NULL) = (paper_sha256 IS NULL)", name=op.f("ck_envelopes_paper")),
        sa.CheckConstraint("provider_id IS NULL OR paper IS NOT NULL", name=op.f("ck_envelopes_sent")),
        sa.CheckConstraint("(signed_paper IS NULL) = (completed_at IS NULL)", name=op.f("ck_envelopes_signed_paper")),
        sa.CheckConstraint("(signed_paper IS NULL) = (signed_sha256 IS NULL)", name=op.f("ck_envelopes_signed_sha256")),
        sa.CheckConstraint("voided_at IS NULL OR ended_at IS NOT NULL", name=op.f("ck_envelopes_voided")),
    )
    op.create_index(
        "uq_envelopes_in_force",
        "envelopes",
        ["application_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("ix_envelopes_look_at", "envelopes", ["look_at"], postgresql_where=sa.text("look_at IS NOT NULL"))
    op.create_table(
        "envelope_signers",
        sa.Column("envelope_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Text()),
        sa.Column("signed_at", TIME),
        sa.PrimaryKeyConstraint("envelope_id", "account_id", name="pk_envelope_signers"),
        sa.ForeignKeyConstraint(["envelope_id"], ["envelopes.id"], name="fk_envelope_signers_envelope_id"),
        sa.UniqueConstraint("reference", name="uq_envelope_signers_reference"),
    )
