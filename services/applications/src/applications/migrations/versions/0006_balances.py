"""Keep the balances that the office imports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "balance_imports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("imported_by", sa.Uuid(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_balance_imports"),
        sa.UniqueConstraint("number", name="uq_balance_imports_number"),
        sa.CheckConstraint("row_count > 0", name=op.f("ck_balance_imports_row_count")),
    )
    op.create_table(
        "balances",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("balance_yen", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("import_id", "application_id", "as_of", name="pk_balances"),
        sa.ForeignKeyConstraint(["import_id"], ["balance_imports.id"], name="fk_balances_import_id"),
        sa.ForeignKeyConstraint(["application_id"], ["applications.id"], name="fk_balances_application_id"),
        sa.CheckConstraint("balance_yen >= 0", name=op.f("ck_balances_balance_yen")),
    )
    op.create_index("ix_balances_application_id", "balances", ["application_id", "as_of"])
