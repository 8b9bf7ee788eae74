"""Let a thread belong to the persons who are named in it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Create the table. What was written so far was written to everybody, and stays so."""
    op.add_column("threads", sa.Column("everybody", sa.Boolean(), server_default=sa.text("true"), nullable=False))
    op.create_table(
        "thread_persons",
        sa.Column("thread_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("added_by", sa.Uuid(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("thread_id", "account_id", name="pk_thread_persons"),
        sa.ForeignKeyConstraint(["thread_id"], ["threads.id"], name="fk_thread_persons_thread_id"),
    )
    op.create_index("ix_thread_persons_account_id", "thread_persons", ["account_id"])
