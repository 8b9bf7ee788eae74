"""Keep which submission was withdrawn."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# A set that was fixed later than by its last submission, which is not in force, was withdrawn.
WITHDRAWN = """
UPDATE document_sets s SET withdrawn_submission = s.submission
WHERE s.frozen AND s.approved_submission < s.submission AND s.state_since > (
  SELECT max(e.recorded_at) FROM events e
  WHERE e.aggregate_id = s.application_id AND e.type = 'madoguchi.documents.DocumentsFrozen.v1')
"""


def upgrade() -> None:
    """Add the column; of what was withdrawn before, times tell."""
    op.add_column("document_sets", sa.Column("withdrawn_submission", sa.Integer))
    op.create_check_constraint(
        op.f("ck_document_sets_withdrawn_submission"), "document_sets", "withdrawn_submission <= submission"
    )
    op.execute(WITHDRAWN)
