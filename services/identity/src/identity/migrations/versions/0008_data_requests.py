"""Requests of people about the personal data that is held of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

TIME = sa.DateTime(timezone=True)
OPEN = "state IN ('received', 'identified')"
IN_FORCE = f"{OPEN} OR (kind = 'suspension' AND state = 'answered')"


def upgrade() -> None:
    """Empty."""
    op.create_table(
        "data_requests",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("details_hidden", sa.String),
        sa.Column("answer_hidden", sa.String),
        sa.Column("received_at", TIME, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("identified_at", TIME),
        sa.Column("identified_by", sa.String),
        sa.Column("proposed_step", sa.String),
        sa.Column("proposed_by", sa.Uuid),
        sa.Column("proposal", sa.Uuid),
        sa.Column("first_officer", sa.Uuid),
        sa.Column("decided_by", sa.Uuid),
        sa.Column("closed_at", TIME),
        sa.Column("available_until", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_data_requests"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_data_requests_account_id"),
    )
    for name, condition in (
        ("kind", "kind IN ('disclosure', 'correction', 'suspension')"),
        ("state", "state IN ('received', 'identified', 'answered', 'refused', 'withdrawn', 'lifted')"),
        ("identified_by", "identified_by IN ('ekyc', 'counter')"),
        ("identified", "(identified_at IS NULL) = (identified_by IS NULL)"),
        ("customer", "state NOT IN ('identified', 'answered', 'lifted') OR identified_at IS NOT NULL"),
        ("closed", f"({OPEN}) = (closed_at IS NULL)"),
        ("proposed", "num_nulls(proposed_step, proposed_by, proposal) IN (0, 3)"),
        ("second_officer", "decided_by <> first_officer"),
        ("four_eyes", "state IN ('received', 'identified', 'withdrawn') OR decided_by IS NOT NULL"),
    ):
        op.create_check_constraint(op.f(f"ck_data_requests_{name}"), "data_requests", condition)
    op.create_index(
        "uq_data_requests_open",
        "data_requests",
        ["account_id", "kind"],
        unique=True,
        postgresql_where=sa.text(IN_FORCE),
    )
    op.create_index(
        "ix_data_requests_due_on",
        "data_requests",
        ["due_on", "id"],
        postgresql_where=sa.text(f"{OPEN} OR proposed_step IS NOT NULL"),
    )
    op.create_index("ix_data_requests_account_id", "data_requests", ["account_id"])
    op.create_table(
        "data_request_steps",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("request_id", sa.Uuid, nullable=False),
        sa.Column("step", sa.String, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("by", sa.Uuid, nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_data_request_steps"),
        sa.ForeignKeyConstraint(["request_id"], ["data_requests.id"], name="fk_data_request_steps_request_id"),
    )
    op.create_index("ix_data_request_steps_request_id", "data_request_steps", ["request_id", "id"])
    op.execute(
        "CREATE FUNCTION refuse_change_of_requests() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the history of requests is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER data_request_steps_append_only BEFORE UPDATE OR DELETE ON data_request_steps "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change_of_requests()"
    )
