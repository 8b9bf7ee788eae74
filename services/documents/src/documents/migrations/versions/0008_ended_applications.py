"""Keep how an application ended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column. Until now no application came to such an end."""
    op.add_column("document_sets", sa.Column("outcome", sa.String))
