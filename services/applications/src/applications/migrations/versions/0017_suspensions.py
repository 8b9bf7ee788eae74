"""Keep of whom nothing is provided to third parties any more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Empty: nobody has been told of any."""
    op.create_table(
        "suspensions",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True)),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name="pk_suspensions"),
    )
