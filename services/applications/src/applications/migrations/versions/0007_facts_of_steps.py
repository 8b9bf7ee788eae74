"""Keep what is said with a step."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the column; a step that was taken before said nothing."""
    op.add_column("application_history", sa.Column("facts", sa.Text(), nullable=True))
