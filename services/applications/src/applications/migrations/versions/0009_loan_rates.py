"""Keep the rates of the green loan that the office imports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "rate_imports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("period_count", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("imported_by", sa.Uuid(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_rate_imports"),
        sa.UniqueConstraint("number", name="uq_rate_imports_number"),
        sa.CheckConstraint("period_count > 0", name=op.f("ck_rate_imports_period_count")),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_rate_imports_reason")),
    )
    op.create_table(
        "rates",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("menu", sa.Text(), nullable=False),
        sa.Column("danshin", sa.Text(), nullable=False),
        sa.Column("percent", sa.Numeric(6, 3), nullable=False),
        sa.PrimaryKeyConstraint("import_id", "valid_from", "menu", "danshin", name="pk_rates"),
        sa.ForeignKeyConstraint(["import_id"], ["rate_imports.id"], name="fk_rates_import_id"),
        sa.CheckConstraint("valid_from < valid_until", name=op.f("ck_rates_period")),
        sa.CheckConstraint("menu IN ('STANDARD', 'S')", name=op.f("ck_rates_menu")),
        sa.CheckConstraint("danshin IN ('NONE', 'SHIN', 'DUET', 'SANDAI')", name=op.f("ck_rates_danshin")),
        sa.CheckConstraint("percent > 0 AND percent < 100", name=op.f("ck_rates_percent")),
    )
    for table in ("rate_imports", "rates"):
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change_of_history()"
        )
