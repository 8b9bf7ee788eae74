"""Keep when services are closed, as it is announced."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Create the table, append-only."""
    op.create_table(
        "maintenance_announcements",
        sa.Column("window_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("told_by", sa.Uuid(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("window_id", "version", name="pk_maintenance_announcements"),
        sa.CheckConstraint("version > 0", name=op.f("ck_maintenance_announcements_version")),
        sa.CheckConstraint(
            "service IN ('counter', 'income_service')", name=op.f("ck_maintenance_announcements_service")
        ),
        sa.CheckConstraint("begins_at < ends_at", name=op.f("ck_maintenance_announcements_period")),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_maintenance_announcements_reason")),
    )
    op.execute(
        "CREATE TRIGGER maintenance_announcements_append_only BEFORE UPDATE OR DELETE ON maintenance_announcements "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change_of_history()"
    )
