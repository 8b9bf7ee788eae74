"""Let reviews follow the programmes' tables instead of having states of their own; add those who take part."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Keep every review with what became of it."""
    _change_reviews()
    _create_parties()


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _change_reviews() -> None:
    op.add_column("reviews", sa.Column("round", sa.Integer(), nullable=False, server_default="1"))
    op.alter_column("reviews", "round", server_default=None)
    op.add_column("reviews", sa.Column("outcome", sa.Text()))
    op.add_column("reviews", sa.Column("four_eyes", sa.Boolean(), nullable=False, server_default=sa.text("false")))
    for name in ("state", "decided", "decided_by", "four_eyes"):
        op.drop_constraint(f"ck_reviews_{name}", "reviews")
    op.drop_constraint("uq_reviews_application_id_submission", "reviews")
    op.drop_index("ix_reviews_queue", "reviews")
    op.alter_column("reviews", "decided_at", new_column_name="closed_at")
    op.alter_column("reviews", "decided_by", new_column_name="closed_by")
    op.execute(
        "UPDATE reviews SET outcome = CASE state WHEN 'approved' THEN 'approve' ELSE 'reject' END, "
        "four_eyes = state = 'approved' WHERE closed_at IS NOT NULL"
    )
    op.drop_column("reviews", "state")
    for name, condition in {
        "round": "round > 0",
        "outcome": "(outcome IS NULL) = (closed_at IS NULL)",
        "closed_by": "closed_at IS NOT NULL OR closed_by IS NULL",
        "four_eyes_closed": "NOT four_eyes OR closed_at IS NOT NULL",
        "four_eyes": "NOT four_eyes OR (recommended_by IS NOT NULL AND closed_by IS NOT NULL "
        "AND recommended_by <> closed_by)",
    }.items():
        op.create_check_constraint(op.f(f"ck_reviews_{name}"), "reviews", condition)
    op.create_unique_constraint(
        "uq_reviews_application_id_submission_round", "reviews", ["application_id", "submission", "round"]
    )
    still_open = sa.text("closed_at IS NULL")
    op.create_index("uq_reviews_open", "reviews", ["application_id"], unique=True, postgresql_where=still_open)
    op.create_index("ix_reviews_queue", "reviews", ["due_on", "opened_at", "id"], postgresql_where=still_open)


def _create_parties() -> None:
    op.create_table(
        "application_parties",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("grants", ARRAY(sa.Text()), nullable=False),
        _time("since"),
        _time("until", nullable=True),
        sa.Column("invitation_id", sa.Uuid()),
        sa.PrimaryKeyConstraint("id", name="pk_application_parties"),
        sa.ForeignKeyConstraint(["application_id"], ["applications.id"], name="fk_application_parties_application_id"),
        sa.CheckConstraint("until >= since", name=op.f("ck_application_parties_until")),
    )
    current = sa.text("until IS NULL")
    op.create_index(
        "uq_application_parties_current",
        "application_parties",
        ["application_id", "party_id", "kind"],
        unique=True,
        postgresql_where=current,
    )
    op.create_index("ix_application_parties_party_id", "application_parties", ["party_id"], postgresql_where=current)
