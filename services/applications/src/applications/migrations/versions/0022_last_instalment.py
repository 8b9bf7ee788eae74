"""Have the last instalment told of the loans that are repaid already."""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Each is looked at once; its alarm is then set for the moment that its schedule gives."""
    op.execute(
        "INSERT INTO deadlines (kind, subject_id, due_at, not_before) "
        "SELECT 'green_loan.loan.tell_last_instalment', t.application_id, now(), now() "
        "FROM tracks t JOIN applications a ON a.id = t.application_id "
        "WHERE a.programme = 'green_loan' AND t.track = 'loan' AND t.state IN ('repaying', 'overdue')"
    )
