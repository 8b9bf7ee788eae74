"""Keep what programs read in papers, as documents told it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "income_evidence",
        sa.Column("document_id", sa.Uuid, primary_key=True),
        sa.Column("application_id", sa.Uuid, nullable=False),
        sa.Column("result", sa.Text, nullable=False),
        sa.Column("evidence", sa.Text),
        sa.Column("sequence", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_income_evidence_application_id", "income_evidence", ["application_id"])
