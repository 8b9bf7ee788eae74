"""Forget the names of files that are gone."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Empty the names of rows that have no file and wait for none. From now on that is done with the file."""
    op.execute("UPDATE documents SET file_name = '' WHERE object_key IS NULL AND status <> 'pending'")
