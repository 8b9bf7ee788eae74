"""Keep which callbacks of providers were taken."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Empty."""
    op.create_table(
        "provider_callbacks",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name="pk_provider_callbacks"),
    )
    op.create_index("ix_provider_callbacks_received_at", "provider_callbacks", ["received_at"])
