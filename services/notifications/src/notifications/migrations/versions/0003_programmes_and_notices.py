"""Say in whose words a mail is written, and keep whom notices go to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the column and the tables. Until now there was one programme, and NO-09 told its approvals."""
    op.add_column(
        "messages",
        sa.Column("programme", sa.Text, nullable=False, server_default="bond", comment="in whose words it is written"),
    )
    op.alter_column("messages", "programme", server_default=None)
    op.create_table(
        "participants",
        sa.Column("programme", sa.Text, nullable=False),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.PrimaryKeyConstraint("programme", "account_id", name="pk_participants"),
    )
    op.execute("""
        INSERT INTO participants (programme, account_id, since)
        SELECT 'bond', account_id, min(queued_at) FROM messages
        WHERE template = 'NO-09' AND account_id IS NOT NULL GROUP BY account_id
    """)
    op.create_table(
        "notices",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("notice_id", sa.Uuid, nullable=False, comment="the same for the same subject and text"),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("programme", sa.Text, nullable=False),
        sa.Column("account_id", sa.Uuid, comment="null: all participants"),
        sa.Column("mails", sa.Integer, nullable=False, comment="that were not queued before"),
        sa.Column("done_by", sa.Text, nullable=False),
        sa.Column("done_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notices"),
        sa.CheckConstraint("mails >= 0", name=op.f("ck_notices_mails")),
    )
