"""Organisations and their people, invitations, the change of a representative, keys that are replaced."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

TIME = sa.DateTime(timezone=True)


def _person() -> list[sa.Column[str]]:
    return [
        sa.Column(name, sa.String, nullable=False) for name in ("name_kanji_hidden", "name_kana_hidden", "mail_hidden")
    ]


def upgrade() -> None:
    """Accounts stay as they are; those of companies from before belong to no organisation."""
    op.create_table(
        "organisations",
        sa.Column("id", sa.Uuid, nullable=False),
        *(
            sa.Column(name, sa.String, nullable=False)
            for name in ("kind", "name", "name_kana", "postal_code", "address", "phone")
        ),
        sa.Column("registered_at", TIME, nullable=False),
        sa.Column("closed_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_organisations"),
        sa.CheckConstraint("kind IN ('company', 'inspection_body', 'bank')", name=op.f("ck_organisations_kind")),
    )
    op.add_column("accounts", sa.Column("organisation_id", sa.Uuid))
    op.add_column("accounts", sa.Column("closed_at", TIME))
    op.create_foreign_key("fk_accounts_organisation_id", "accounts", "organisations", ["organisation_id"], ["id"])
    op.create_index(
        "ix_accounts_organisation_id",
        "accounts",
        ["organisation_id"],
        postgresql_where=sa.text("organisation_id IS NOT NULL"),
    )
    op.create_check_constraint(
        op.f("ck_accounts_organisation"),
        "accounts",
        "organisation_id IS NULL OR role IN ('company', 'inspection_body', 'bank')",
    )
    op.drop_constraint("ck_accounts_association_has_question", "accounts")
    op.create_check_constraint(
        op.f("ck_accounts_question_of_holder"),
        "accounts",
        "NOT role IN ('applicant', 'association', 'joint_debtor') OR secret_question IS NOT NULL",
    )
    op.add_column("registrations", sa.Column("role", sa.String, nullable=False, server_default="association"))
    op.create_table(
        "invitations",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("invited_by", sa.Uuid, nullable=False),
        sa.Column("application_id", sa.Uuid, nullable=False),
        sa.Column("role", sa.String, nullable=False),
        *_person(),
        sa.Column("mail_index", sa.String, nullable=False),
        sa.Column("token_sha256", sa.String, nullable=False),
        sa.Column("invited_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("accepted_at", TIME),
        sa.Column("accepted_by", sa.Uuid),
        sa.Column("withdrawn_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_invitations"),
        sa.ForeignKeyConstraint(["invited_by"], ["accounts.id"], name="fk_invitations_invited_by"),
        sa.ForeignKeyConstraint(["accepted_by"], ["accounts.id"], name="fk_invitations_accepted_by"),
        sa.UniqueConstraint("token_sha256", name="uq_invitations_token_sha256"),
        sa.CheckConstraint("(accepted_at IS NULL) = (accepted_by IS NULL)", name=op.f("ck_invitations_accepted")),
        sa.CheckConstraint(
            "accepted_at IS NULL OR withdrawn_at IS NULL", name=op.f("ck_invitations_accepted_or_withdrawn")
        ),
    )
    op.create_index(
        "uq_invitations_open",
        "invitations",
        ["invited_by", "application_id", "mail_index"],
        unique=True,
        postgresql_where=sa.text("accepted_at IS NULL AND withdrawn_at IS NULL"),
    )
    op.create_table(
        "successions",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("started_by", sa.Uuid, nullable=False),
        sa.Column("started_by_role", sa.String, nullable=False),
        *_person(),
        sa.Column("token_sha256", sa.String, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("completed_at", TIME),
        sa.Column("withdrawn_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_successions"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_successions_account_id"),
        sa.UniqueConstraint("token_sha256", name="uq_successions_token_sha256"),
        sa.CheckConstraint(
            "completed_at IS NULL OR withdrawn_at IS NULL", name=op.f("ck_successions_completed_or_withdrawn")
        ),
        sa.CheckConstraint("tries >= 0", name=op.f("ck_successions_tries")),
    )
    op.create_index(
        "uq_successions_open",
        "successions",
        ["account_id"],
        unique=True,
        postgresql_where=sa.text("completed_at IS NULL AND withdrawn_at IS NULL"),
    )
    op.create_table(
        "past_representatives",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("account_id", sa.Uuid, nullable=False),
        *_person(),
        sa.Column("user_id_hidden", sa.String, nullable=False),
        sa.Column("held_from", TIME, nullable=False),
        sa.Column("held_until", TIME, nullable=False),
        sa.Column("ekyc_status", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_past_representatives"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_past_representatives_account_id"),
        sa.CheckConstraint("held_from <= held_until", name=op.f("ck_past_representatives_held")),
    )
    op.create_index("ix_past_representatives_account_id", "past_representatives", ["account_id"])
    op.create_table(
        "signing_keys",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("kid", sa.String, nullable=False),
        sa.Column("private_key_hidden", sa.String, nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("signs_from", TIME, nullable=False),
        sa.Column("withdrawn_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_signing_keys"),
        sa.UniqueConstraint("kid", name="uq_signing_keys_kid"),
    )
    # The notices before a lapse (ID-02) are given by the same timer: it now fires 90 days earlier for the first time.
    op.execute(
        "UPDATE deadlines SET due_at = due_at - interval '90 days', not_before = not_before - interval '90 days' "
        "WHERE kind = 'user_id_lapse'"
    )
