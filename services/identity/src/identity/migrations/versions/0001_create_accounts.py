"""Create registrations, accounts and everything that belongs to an account."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from kit.tables import create_kit_tables_v1

revision = "0001"
down_revision = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """From nothing."""
    create_kit_tables_v1()
    op.create_table(
        "accounts",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("user_id_hidden", sa.String, nullable=False),
        sa.Column("user_id_index", sa.String, nullable=False),
        sa.Column("name_kanji_hidden", sa.String, nullable=False),
        sa.Column("name_kana_hidden", sa.String),
        sa.Column("mail_hidden", sa.String, nullable=False),
        sa.Column("mail_index", sa.String, nullable=False),
        sa.Column("secret_question", sa.String),
        sa.Column("secret_answer_hash", sa.String),
        sa.Column("issued_at", TIME, nullable=False),
        sa.Column("last_login_at", TIME),
        sa.Column("last_otp_login_at", TIME),
        sa.Column("lapsed_at", TIME),
        sa.Column("association_approved_at", TIME),
        sa.Column("ekyc_status", sa.String, nullable=False),
        sa.Column("ekyc_id", sa.Uuid),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.CheckConstraint(
            "role <> 'association' OR secret_question IS NOT NULL", name=op.f("ck_accounts_association_has_question")
        ),
        sa.CheckConstraint(
            "ekyc_status IN ('data_registered', 'method_chosen', 'running', 'passed', 'failed')",
            name=op.f("ck_accounts_ekyc_status"),
        ),
        sa.CheckConstraint(
            "last_otp_login_at IS NULL OR (last_login_at IS NOT NULL AND last_otp_login_at <= last_login_at)",
            name=op.f("ck_accounts_otp_login"),
        ),
        sa.CheckConstraint(
            "role IN ('association', 'company', 'applicant', 'joint_debtor', 'office_reviewer', 'office_approver', "
            "'inspection_body', 'bank', 'operator')",
            name=op.f("ck_accounts_role"),
        ),
        sa.CheckConstraint(
            "(secret_question IS NULL) = (secret_answer_hash IS NULL)", name=op.f("ck_accounts_secret_question")
        ),
        sa.UniqueConstraint("user_id_index", name="uq_accounts_user_id_index"),
    )
    op.create_index("ix_accounts_mail_index", "accounts", ["mail_index"])
    op.create_table(
        "ekyc_callbacks",
        sa.Column("event_id", sa.String, nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("event_id", name="pk_ekyc_callbacks"),
    )
    op.create_table(
        "login_locks",
        sa.Column("user_id_index", sa.String, nullable=False),
        sa.Column("wrong_in_a_row", sa.Integer, nullable=False),
        sa.Column("locked_until", TIME),
        sa.Column("one_strike_until", TIME),
        sa.Column("touched_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("user_id_index", name="pk_login_locks"),
        sa.CheckConstraint("locked_until IS NULL OR wrong_in_a_row = 0", name=op.f("ck_login_locks_locked")),
        sa.CheckConstraint("wrong_in_a_row BETWEEN 0 AND 2", name=op.f("ck_login_locks_wrong_in_a_row")),
    )
    op.create_table(
        "rate_limits",
        sa.Column("name", sa.String, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("window_started_at", TIME, nullable=False),
        sa.Column("used", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("name", "subject", name="pk_rate_limits"),
        sa.CheckConstraint("used > 0", name=op.f("ck_rate_limits_used")),
    )
    op.create_index("ix_rate_limits_window_started_at", "rate_limits", ["window_started_at"])
    op.create_table(
        "registrations",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("name_kanji_hidden", sa.String, nullable=False),
        sa.Column("name_kana_hidden", sa.String, nullable=False),
        sa.Column("mail_hidden", sa.String, nullable=False),
        sa.Column("mail_index", sa.String, nullable=False),
        sa.Column("terms_version", sa.String, nullable=False),
        sa.Column("token_sha256", sa.String, nullable=False),
        sa.Column("requested_at", TIME, nullable=False),
        sa.Column("link_expires_at", TIME, nullable=False),
        sa.Column("used_at", TIME),
        sa.Column("superseded_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_registrations"),
        sa.CheckConstraint(
            "used_at IS NULL OR superseded_at IS NULL", name=op.f("ck_registrations_used_or_superseded")
        ),
        sa.UniqueConstraint("token_sha256", name="uq_registrations_token_sha256"),
    )
    op.create_index(
        "uq_registrations_open_mail",
        "registrations",
        ["mail_index"],
        unique=True,
        postgresql_where=sa.text("used_at IS NULL AND superseded_at IS NULL"),
    )
    op.create_table(
        "ekyc_attempts",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("method", sa.String, nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("superseded_at", TIME),
        sa.Column("verification_id", sa.String),
        sa.Column("url_hidden", sa.String),
        sa.Column("token_sha256", sa.String),
        sa.Column("link_issued_at", TIME),
        sa.Column("link_expires_at", TIME),
        sa.Column("provider_status", sa.String, nullable=False),
        sa.Column("provider_sequence", sa.Integer, nullable=False),
        sa.Column("look_at", TIME),
        sa.Column("looks", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ekyc_attempts"),
        sa.CheckConstraint(
            "(link_expires_at IS NULL) = (method = 'my_number_card' OR link_issued_at IS NULL)",
            name=op.f("ck_ekyc_attempts_link_expires"),
        ),
        sa.CheckConstraint(
            "verification_id IS NULL OR (url_hidden IS NOT NULL AND link_issued_at IS NOT NULL)",
            name=op.f("ck_ekyc_attempts_link_is_whole"),
        ),
        sa.CheckConstraint(
            "(verification_id IS NULL) = (token_sha256 IS NULL)", name=op.f("ck_ekyc_attempts_link_of_a_verification")
        ),
        sa.CheckConstraint("method IN ('photo', 'my_number_card')", name=op.f("ck_ekyc_attempts_method")),
        sa.CheckConstraint(
            "provider_status IN ('pending', 'running', 'passed', 'failed')",
            name=op.f("ck_ekyc_attempts_provider_status"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_ekyc_attempts_account_id"),
        sa.UniqueConstraint("token_sha256", name="uq_ekyc_attempts_token_sha256"),
        sa.UniqueConstraint("verification_id", name="uq_ekyc_attempts_verification_id"),
    )
    op.create_index("ix_ekyc_attempts_account_id", "ekyc_attempts", ["account_id"])
    op.create_index(
        "ix_ekyc_attempts_look_at", "ekyc_attempts", ["look_at"], postgresql_where=sa.text("look_at IS NOT NULL")
    )
    op.create_index(
        "uq_ekyc_attempts_open",
        "ekyc_attempts",
        ["account_id"],
        unique=True,
        postgresql_where=sa.text("superseded_at IS NULL"),
    )
    op.create_table(
        "login_tokens",
        sa.Column("token_sha256", sa.String, nullable=False),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("token_sha256", name="pk_login_tokens"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_login_tokens_account_id"),
    )
    op.create_index("ix_login_tokens_account_id", "login_tokens", ["account_id"])
    op.create_table(
        "otp_tokens",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("secret_hidden", sa.String, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("confirmed_at", TIME),
        sa.Column("last_step", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_otp_tokens"),
        sa.CheckConstraint(
            "confirmed_at IS NULL OR last_step IS NOT NULL", name=op.f("ck_otp_tokens_confirmed_by_a_code")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_otp_tokens_account_id"),
        sa.UniqueConstraint("account_id", name="uq_otp_tokens_account_id"),
    )
    op.create_table(
        "password_links",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("purpose", sa.String, nullable=False),
        sa.Column("token_sha256", sa.String, nullable=False),
        sa.Column("issued_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("used_at", TIME),
        sa.Column("superseded_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_password_links"),
        sa.CheckConstraint("purpose IN ('first', 'reset')", name=op.f("ck_password_links_purpose")),
        sa.CheckConstraint(
            "used_at IS NULL OR superseded_at IS NULL", name=op.f("ck_password_links_used_or_superseded")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_password_links_account_id"),
        sa.UniqueConstraint("token_sha256", name="uq_password_links_token_sha256"),
    )
    op.create_index(
        "uq_password_links_open",
        "password_links",
        ["account_id"],
        unique=True,
        postgresql_where=sa.text("used_at IS NULL AND superseded_at IS NULL"),
    )
    op.create_table(
        "passwords",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("hash", sa.String, nullable=False),
        sa.Column("set_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_passwords"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_passwords_account_id"),
    )
    op.create_index("ix_passwords_account_id", "passwords", ["account_id", "id"])
    op.create_table(
        "reminders",
        sa.Column("token_sha256", sa.String, nullable=False),
        sa.Column("account_id", sa.Uuid),
        sa.Column("person_index", sa.String, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("token_sha256", name="pk_reminders"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_reminders_account_id"),
    )
    op.create_table(
        "user_sessions",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("token_sha256", sa.String, nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("last_used_at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_user_sessions"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_user_sessions_account_id"),
        sa.UniqueConstraint("token_sha256", name="uq_user_sessions_token_sha256"),
    )
    op.create_index(
        "ix_user_sessions_account_id", "user_sessions", ["account_id"], postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_index("ix_user_sessions_last_used_at", "user_sessions", ["last_used_at"])
