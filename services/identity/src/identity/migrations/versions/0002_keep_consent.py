"""Keep with the account which terms of use its holder consented to, and when: a registration's row does not stay."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Empty for accounts from before, and for those that the office opens."""
    op.add_column("accounts", sa.Column("terms_version", sa.String))
    op.add_column("accounts", sa.Column("terms_accepted_at", sa.DateTime(timezone=True)))
    op.create_check_constraint(
        op.f("ck_accounts_terms"), "accounts", "(terms_version IS NULL) = (terms_accepted_at IS NULL)"
    )
