"""Keep when balance certificates of loans are posted, as it is announced."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Create the table, append-only."""
    op.create_table(
        "certificate_postings",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("announced_by", sa.Uuid(), nullable=False),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_certificate_postings"),
        sa.CheckConstraint("first <= last", name=op.f("ck_certificate_postings_period")),
    )
    op.create_index("ix_certificate_postings_year", "certificate_postings", ["year", "id"])
    op.execute(
        "CREATE TRIGGER certificate_postings_append_only BEFORE UPDATE OR DELETE ON certificate_postings "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change_of_history()"
    )
