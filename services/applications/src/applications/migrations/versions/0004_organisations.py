"""Keep the organisations that are registered with the agency."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

TEXTS = ("kind", "name", "name_kana", "postal_code", "address", "phone", "search_text")


def upgrade() -> None:
    """Empty: identity tells them."""
    op.create_table(
        "organisations",
        sa.Column("id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in TEXTS),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_organisations"),
    )
    op.create_index("ix_organisations_list", "organisations", ["kind", "name_kana", "id"])
