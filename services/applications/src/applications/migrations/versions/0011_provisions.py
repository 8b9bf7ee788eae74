"""Keep the log of what is provided to third parties."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Create the table, append-only."""
    op.create_table(
        "provisions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("person", sa.Uuid(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("which", sa.Text(), nullable=False),
        sa.Column("case_of", sa.Text(), nullable=False),
        sa.Column("data_fields", ARRAY(sa.Text()), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("ground", sa.Text()),
        sa.Column("restricted", sa.Boolean(), nullable=False),
        sa.Column("safety_asked", sa.Boolean(), nullable=False),
        sa.Column("consent_version", sa.Text()),
        sa.Column("provided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid()),
        sa.PrimaryKeyConstraint("id", name="pk_provisions"),
        sa.ForeignKeyConstraint(["application_id"], ["applications.id"], name="fk_provisions_application_id"),
        sa.CheckConstraint(
            "case_of IN ('LAW', 'CONSENT', 'PUBLIC_BODY', 'STATISTICS', 'CUSTOMER_BENEFIT', 'SPECIAL_REASON')",
            name=op.f("ck_provisions_case_of"),
        ),
        sa.CheckConstraint(
            "recipient <> '' AND purpose <> '' AND cardinality(data_fields) > 0", name=op.f("ck_provisions_all_told")
        ),
        sa.CheckConstraint(
            "case_of <> 'CONSENT' OR recipient = 'customer' OR consent_version IS NOT NULL",
            name=op.f("ck_provisions_by_consent"),
        ),
    )
    op.create_index("ix_provisions_person", "provisions", ["person", "id"])
    op.create_index("ix_provisions_application_id", "provisions", ["application_id", "id"])
    op.execute(
        "CREATE TRIGGER provisions_append_only BEFORE UPDATE OR DELETE ON provisions "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change_of_history()"
    )
