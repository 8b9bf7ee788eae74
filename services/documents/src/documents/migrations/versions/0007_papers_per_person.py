"""Keep whose paper a file is, and as what parties take part."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# Until now there was one programme, and the only party that it has is the company that looks after the association.
KINDS = """
UPDATE document_sets SET parties = (
  SELECT jsonb_object_agg(party, jsonb_build_object('kind', 'management_company', 'grants', grants))
  FROM jsonb_each(parties) AS known (party, grants))
WHERE parties <> '{}'
"""


def upgrade() -> None:
    """Add the column, let a slot hold one file of each person, and say of what kind the parties are."""
    op.add_column("documents", sa.Column("subject", sa.Uuid))
    op.create_index(
        "uq_documents_stored_place",
        "documents",
        ["application_id", "slot", "subject"],
        unique=True,
        postgresql_where=sa.text("status = 'stored'"),
        postgresql_nulls_not_distinct=True,
    )
    op.drop_index("uq_documents_stored_slot", table_name="documents")
    op.execute(KINDS)
