"""Say of a signing key that no older one is believed beside it; find idle sessions among the open ones only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """No key was made before."""
    op.drop_column("signing_keys", "withdrawn_at")
    op.add_column("signing_keys", sa.Column("alone", sa.Boolean, nullable=False))
    op.create_index(
        "ix_user_sessions_open", "user_sessions", ["last_used_at"], postgresql_where=sa.text("ended_at IS NULL")
    )
