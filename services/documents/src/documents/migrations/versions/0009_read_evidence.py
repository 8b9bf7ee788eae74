"""Keep which files wait to be read by a program."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table. No slot of an application that was begun before says that its files are read."""
    op.create_table(
        "evidence_readings",
        sa.Column("id", sa.Uuid, sa.ForeignKey("documents.id"), primary_key=True),
        sa.Column("look_at", sa.DateTime(timezone=True)),
        sa.Column("looks", sa.Integer, nullable=False, server_default="0"),
        sa.Column("result", sa.String),
    )
    op.create_index(
        "ix_evidence_readings_look_at", "evidence_readings", ["look_at"], postgresql_where="look_at IS NOT NULL"
    )
