"""Keep whose income evidence it is, to find it for the person who asks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("income_evidence", sa.Column("subject", sa.Uuid))
    op.create_index("ix_income_evidence_subject", "income_evidence", ["subject"])
