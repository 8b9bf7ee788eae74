"""Let the worker do what follows a request of a stranger, so that its answer takes the same time for everybody."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Locks that were set before are told already."""
    op.create_table(
        "reset_requests",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("user_id_index", sa.String, nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reset_requests"),
    )
    op.add_column("login_locks", sa.Column("untold", sa.Boolean, nullable=False, server_default=sa.false()))
    op.alter_column("login_locks", "untold", server_default=None)
    op.create_check_constraint(op.f("ck_login_locks_untold"), "login_locks", "NOT untold OR locked_until IS NOT NULL")
    op.create_index("ix_login_locks_untold", "login_locks", ["untold"], postgresql_where=sa.text("untold"))
