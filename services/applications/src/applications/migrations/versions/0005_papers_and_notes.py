"""Keep papers that came by post, and what the office notes of its calls."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Empty."""
    op.create_table(
        "posted_papers",
        sa.Column("paper_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("arrived_on", sa.Date(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("paper_id", name="pk_posted_papers"),
    )
    op.create_index("ix_posted_papers_application_id", "posted_papers", ["application_id"])
    op.create_table(
        "contact_notes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("contacted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_contact_notes"),
        sa.ForeignKeyConstraint(["application_id"], ["applications.id"], name="fk_contact_notes_application_id"),
        sa.CheckConstraint("contacted_at <= noted_at", name=op.f("ck_contact_notes_contacted_at")),
    )
    op.create_index("ix_contact_notes_application_id", "contact_notes", ["application_id", "noted_at"])
    op.execute(
        "CREATE TRIGGER contact_notes_append_only BEFORE UPDATE OR DELETE ON contact_notes "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change_of_history()"
    )
