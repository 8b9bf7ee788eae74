"""Count apart how often the process that reads a file ended without an answer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the count. Looks were no measure of it: a store that is down uses them up, too."""
    op.add_column("evidence_readings", sa.Column("failures", sa.Integer, nullable=False, server_default="0"))
