"""What one officer began needs a second one, the present representative can object, and an end has a reason."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """What is open ends: nobody was told of it, and an officer who began it alone has to find another one."""
    op.alter_column("successions", "token_sha256", nullable=True)
    op.add_column("successions", sa.Column("objection_sha256", sa.String))
    op.add_column("successions", sa.Column("withdrawn_because", sa.String))
    op.add_column("successions", sa.Column("confirmed_by", sa.Uuid))
    op.add_column("successions", sa.Column("confirmed_at", sa.DateTime(timezone=True)))
    op.execute("UPDATE successions SET withdrawn_at = now() WHERE completed_at IS NULL AND withdrawn_at IS NULL")
    op.execute("UPDATE successions SET withdrawn_because = 'before_four_eyes' WHERE withdrawn_at IS NOT NULL")
    op.execute("UPDATE successions SET token_sha256 = NULL WHERE started_by_role <> 'association'")
    op.create_unique_constraint("uq_successions_objection_sha256", "successions", ["objection_sha256"])
    for name, condition in (
        ("withdrawn_because", "(withdrawn_at IS NULL) = (withdrawn_because IS NULL)"),
        ("confirmed", "(confirmed_at IS NULL) = (confirmed_by IS NULL)"),
        ("second_officer", "confirmed_by <> started_by"),
        ("four_eyes", "token_sha256 IS NULL OR started_by_role = 'association' OR confirmed_by IS NOT NULL"),
    ):
        op.create_check_constraint(op.f(f"ck_successions_{name}"), "successions", condition)
