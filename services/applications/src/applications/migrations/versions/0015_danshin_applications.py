"""Keep the applications at the insurer's danshin Web service."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Create the table: one row per application there, about which the service is asked."""
    op.create_table(
        "danshin_applications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("provided_at", sa.DateTime(timezone=True)),
        sa.Column("service_id", sa.Text()),
        sa.Column("status", sa.Text()),
        sa.Column("sequence", sa.Integer(), server_default=sa.text("-1"), nullable=False),
        sa.Column("doubt", sa.Text()),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("look_at", sa.DateTime(timezone=True)),
        sa.Column("looks", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_danshin_applications"),
        sa.ForeignKeyConstraint(["application_id"], ["applications.id"], name="fk_danshin_applications_application_id"),
        sa.UniqueConstraint("service_id", name="uq_danshin_applications_service_id"),
        sa.CheckConstraint(
            "service_id IS NULL OR provided_at IS NOT NULL", name=op.f("ck_danshin_applications_provided")
        ),
    )
    op.create_index(
        "uq_danshin_applications_open",
        "danshin_applications",
        ["application_id", "account_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_danshin_applications_look_at",
        "danshin_applications",
        ["look_at"],
        postgresql_where=sa.text("look_at IS NOT NULL"),
    )
