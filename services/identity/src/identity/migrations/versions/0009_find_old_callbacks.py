"""Find callbacks that are old enough to go without reading all of them at every callback."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """A short lock: the table holds 30 days of callbacks."""
    op.create_index("ix_ekyc_callbacks_received_at", "ekyc_callbacks", ["received_at"])
