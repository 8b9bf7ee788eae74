"""Keep when each file came, so that one that comes later calls the office again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Of the files that are there already it is not known. The code before this release writes none."""
    op.add_column("document_sets", sa.Column("came", JSONB))
