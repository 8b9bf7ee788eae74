"""Create the contacts, the mails and their tries."""

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
        "contacts",
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("contact", sa.Text, nullable=False, comment="a sealed.Contact, under the vault"),
        sa.Column("sequence", sa.Integer, nullable=False, comment="of the event that told it"),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("account_id", name="pk_contacts"),
    )
    op.create_table(
        "messages",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("seq", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("template", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("cause_event_id", sa.Uuid, nullable=False),
        sa.Column("cause_type", sa.Text, nullable=False),
        sa.Column("account_id", sa.Uuid, comment="null for the office"),
        sa.Column("lane", sa.Uuid, nullable=False, comment="mails of one lane are sent in order"),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("due_at", TIME, comment="when a courier takes it; while sending, the lease's end"),
        sa.Column("attempts", sa.SmallInteger, nullable=False, server_default=sa.text("0")),
        sa.Column(
            "round_attempts",
            sa.SmallInteger,
            nullable=False,
            server_default=sa.text("0"),
            comment="since round_started_at",
        ),
        sa.Column("round_started_at", TIME, nullable=False, comment="the 24 hours of trying count from here"),
        sa.Column("data_begun_at", TIME, comment="in this attempt; from then on its outcome may be unknown"),
        sa.Column("link_expires_at", TIME),
        sa.Column("content", sa.Text, comment="link, reason or reference, under the vault"),
        sa.Column("recipient", sa.Text, comment="the address last written to, under the vault"),
        sa.Column("last_code", sa.Text),
        sa.Column("traceparent", sa.Text),
        sa.Column("queued_at", TIME, nullable=False),
        sa.Column("finished_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.UniqueConstraint("seq", name="uq_messages_seq"),
        sa.UniqueConstraint("cause_event_id", "template", "lane", name="uq_messages_cause_event_id_template_lane"),
        sa.CheckConstraint(
            "state IN ('waiting_contact', 'queued', 'sending', 'retry', 'accepted', 'failed', 'unknown', 'expired')",
            name=op.f("ck_messages_state"),
        ),
        sa.CheckConstraint(
            "CASE WHEN state IN ('queued', 'sending', 'retry') THEN due_at IS NOT NULL"
            " WHEN state = 'unknown' THEN true ELSE due_at IS NULL END",
            name=op.f("ck_messages_due_at"),
        ),
        sa.CheckConstraint(
            "(due_at IS NULL AND state <> 'waiting_contact') = (finished_at IS NOT NULL)",
            name=op.f("ck_messages_finished"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('accepted', 'expired') OR content IS NULL", name=op.f("ck_messages_secrets_are_cleared")
        ),
        sa.CheckConstraint(
            "state <> 'accepted' OR recipient IS NOT NULL", name=op.f("ck_messages_recipient_is_recorded")
        ),
        sa.CheckConstraint("round_attempts BETWEEN 0 AND attempts", name=op.f("ck_messages_attempts")),
        sa.CheckConstraint(
            "state <> 'waiting_contact' OR account_id IS NOT NULL", name=op.f("ck_messages_waits_for_somebody")
        ),
    )
    unfinished = sa.text("due_at IS NOT NULL")
    op.create_index("ix_messages_due_at", "messages", ["due_at", "seq"], postgresql_where=unfinished)
    op.create_index("ix_messages_lane", "messages", ["lane", "seq"], postgresql_where=unfinished)
    op.create_index(
        "ix_messages_waiting", "messages", ["account_id"], postgresql_where=sa.text("state = 'waiting_contact'")
    )
    op.create_index(
        "ix_messages_secrets", "messages", ["link_expires_at"], postgresql_where=sa.text("content IS NOT NULL")
    )
    op.create_index("ix_messages_not_accepted", "messages", ["seq"], postgresql_where=sa.text("state <> 'accepted'"))
    op.create_index("ix_messages_account_id", "messages", ["account_id", "seq"])
    op.create_table(
        "attempts",
        sa.Column("message_id", sa.Uuid, nullable=False),
        sa.Column("number", sa.SmallInteger, nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("finished_at", TIME),
        sa.Column("outcome", sa.Text),
        sa.Column("code", sa.Text),
        sa.Column("answer", sa.Text, comment="the relay's words, without addresses"),
        sa.Column("relay", sa.Text),
        sa.PrimaryKeyConstraint("message_id", "number", name="pk_attempts"),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_attempts_message_id"),
        sa.CheckConstraint("outcome IN ('accepted', 'retry', 'failed', 'unknown')", name=op.f("ck_attempts_outcome")),
        sa.CheckConstraint("(outcome IS NULL) = (finished_at IS NULL)", name=op.f("ck_attempts_finished")),
        sa.CheckConstraint("number > 0", name=op.f("ck_attempts_number")),
    )
    op.create_table(
        "redrives",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("message_id", sa.Uuid, nullable=False),
        sa.Column("from_state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("done_by", sa.Text, nullable=False),
        sa.Column("done_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_redrives"),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_redrives_message_id"),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_redrives_reason")),
    )
    op.create_index("ix_redrives_message_id", "redrives", ["message_id"])
