"""Keep what applicants and the office write to each other, and what the office asks to have mended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0010"
down_revision = "0009"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Empty."""
    _create_threads()
    _create_corrections()


def _create_threads() -> None:
    op.create_table(
        "threads",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.Text()),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("last_at", TIME, nullable=False),
        sa.Column("waiting_since", TIME),
        sa.Column("office_told_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_threads"),
        sa.ForeignKeyConstraint(["application_id"], ["applications.id"], name="fk_threads_application_id"),
        sa.CheckConstraint("last_number > 0", name=op.f("ck_threads_last_number")),
        sa.CheckConstraint("answered BETWEEN 0 AND last_number", name=op.f("ck_threads_answered")),
    )
    op.create_index("ix_threads_application_id", "threads", ["application_id", "opened_at", "id"])
    op.create_index(
        "uq_threads_topic",
        "threads",
        ["application_id", "topic"],
        unique=True,
        postgresql_where=sa.text("topic IS NOT NULL"),
    )
    op.create_index(
        "ix_threads_waiting", "threads", ["waiting_since", "id"], postgresql_where=sa.text("waiting_since IS NOT NULL")
    )
    op.create_table(
        "thread_organisations",
        sa.Column("thread_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("thread_id", "organisation_id", name="pk_thread_organisations"),
        sa.ForeignKeyConstraint(["thread_id"], ["threads.id"], name="fk_thread_organisations_thread_id"),
    )
    op.create_table(
        "messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("thread_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Uuid()),
        sa.Column("organisation_id", sa.Uuid()),
        sa.Column("notice", sa.Text()),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("documents", JSONB(), nullable=False),
        sa.Column("posted_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.ForeignKeyConstraint(["thread_id"], ["threads.id"], name="fk_messages_thread_id"),
        sa.UniqueConstraint("thread_id", "number", name="uq_messages_thread_id_number"),
        sa.CheckConstraint("number > 0", name=op.f("ck_messages_number")),
        sa.CheckConstraint("side IN ('applicant', 'organisation', 'office')", name=op.f("ck_messages_side")),
        sa.CheckConstraint(
            "(side = 'organisation') = (organisation_id IS NOT NULL)", name=op.f("ck_messages_organisation")
        ),
        sa.CheckConstraint(
            "side = 'office' OR (author_id IS NOT NULL AND notice IS NULL)", name=op.f("ck_messages_office")
        ),
    )
    op.execute(
        "CREATE TRIGGER messages_append_only BEFORE UPDATE OR DELETE ON messages "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change_of_history()"
    )
    op.create_table(
        "thread_readers",
        sa.Column("thread_id", sa.Uuid(), nullable=False),
        sa.Column("reader_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid()),
        sa.Column("last_read", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("told_number", sa.Integer()),
        sa.Column("told_at", TIME),
        sa.PrimaryKeyConstraint("thread_id", "reader_id", name="pk_thread_readers"),
        sa.ForeignKeyConstraint(["thread_id"], ["threads.id"], name="fk_thread_readers_thread_id"),
        sa.CheckConstraint("last_read >= 0", name=op.f("ck_thread_readers_last_read")),
        sa.CheckConstraint("(told_number IS NULL) = (told_at IS NULL)", name=op.f("ck_thread_readers_told")),
    )


def _create_corrections() -> None:
    op.create_table(
        "corrections",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("requested_at", TIME, nullable=False),
        sa.Column("due_on", sa.Date()),
        sa.Column("closed_at", TIME),
        sa.Column("outcome", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_corrections"),
        sa.ForeignKeyConstraint(["application_id"], ["applications.id"], name="fk_corrections_application_id"),
        sa.CheckConstraint("(closed_at IS NULL) = (outcome IS NULL)", name=op.f("ck_corrections_closed")),
        sa.CheckConstraint("outcome IN ('mended', 'withdrawn')", name=op.f("ck_corrections_outcome")),
    )
    op.create_index("ix_corrections_application_id", "corrections", ["application_id", "requested_at", "id"])
    op.create_table(
        "correction_items",
        sa.Column("correction_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("field", sa.Text()),
        sa.Column("slot", sa.Text()),
        sa.Column("subject", sa.Uuid()),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("was", sa.Text()),
        sa.Column("known", ARRAY(sa.Uuid()), nullable=False),
        sa.Column("mended_at", TIME),
        sa.PrimaryKeyConstraint("correction_id", "position", name="pk_correction_items"),
        sa.ForeignKeyConstraint(["correction_id"], ["corrections.id"], name="fk_correction_items_correction_id"),
        sa.CheckConstraint("position > 0", name=op.f("ck_correction_items_position")),
        sa.CheckConstraint("(field IS NULL) <> (slot IS NULL)", name=op.f("ck_correction_items_place")),
        sa.CheckConstraint("(field IS NULL) = (was IS NULL)", name=op.f("ck_correction_items_was")),
        sa.CheckConstraint("subject IS NULL OR slot IS NOT NULL", name=op.f("ck_correction_items_subject")),
    )
