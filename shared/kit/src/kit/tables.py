"""The tables that the kit brings into every service's database, and the migration step that creates them."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from kit.db import new_metadata


def add_kit_tables(metadata: MetaData) -> None:
    """Declare the kit's tables on a service's metadata, so that its migrations and tests know them."""
    Table(
        "events",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("event_id", Uuid, nullable=False),
        Column("topic", Text, nullable=False),
        Column("aggregate_id", Uuid, nullable=False),
        Column("version", Integer, nullable=False),
        Column("type", Text, nullable=False),
        # JSON, not JSONB: the text stays exactly as it was told, to the byte.
        Column("data", JSON, nullable=False),
        Column("traceparent", Text),
        Column("bucket", SmallInteger, nullable=False),
        Column("recorded_at", DateTime(timezone=True), nullable=False),
        UniqueConstraint("event_id"),
        # Two writers of one aggregate without its row lock: the second one fails here instead of telling lies.
        UniqueConstraint("aggregate_id", "version"),
        CheckConstraint("version > 0", name="version"),
        comment="What happened, in order. Never updated, never deleted: audit trail, timeline, source of replays.",
    )
    Table(
        "outbox",
        metadata,
        Column("id", BigInteger, ForeignKey("events.id"), primary_key=True, autoincrement=False),
        Column("bucket", SmallInteger, nullable=False),
        Column("replay", Boolean, nullable=False, server_default=text("false")),
        Index("ix_outbox_bucket_id", "bucket", "id"),
        comment="Points at the events not yet told to the broker.",
        # The table is nearly always empty; vacuum by a fixed count keeps the head of the index free of dead rows.
        postgresql_with={"autovacuum_vacuum_scale_factor": "0.0", "autovacuum_vacuum_threshold": "1000"},
    )
    Table(
        "inbox",
        metadata,
        Column("consumer", Text, primary_key=True),
        Column("event_id", Uuid, primary_key=True),
        Column("received_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
        comment="Events whose effect is done. Written in the effect's transaction: a duplicate stops here.",
    )
    Table(
        "parked_keys",
        metadata,
        Column("consumer", Text, primary_key=True),
        Column("topic", Text, primary_key=True),
        Column("key", Text, primary_key=True),
        Column("parked_at", DateTime(timezone=True), nullable=False),
        Column("error_class", Text, nullable=False),
        Column("retry_requested_at", DateTime(timezone=True)),
        comment="Aggregates whose events wait for an operator, in order.",
    )
    Table(
        "parked_events",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("consumer", Text, nullable=False),
        Column("topic", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("event_id", Uuid),
        Column("headers", JSONB, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("partition", Integer, nullable=False),
        Column("offset", BigInteger, nullable=False),
        Column("parked_at", DateTime(timezone=True), nullable=False),
        Column("error", Text, nullable=False),
        Column("resolution", Text),
        Column("resolution_reason", Text),
        Column("resolved_by", Text),
        Column("resolved_at", DateTime(timezone=True)),
        CheckConstraint("resolution IN ('retried', 'skipped')", name="resolution"),
        CheckConstraint("(resolution IS NULL) = (resolved_at IS NULL)", name="resolved_at"),
        CheckConstraint("resolution <> 'skipped' OR resolution_reason <> ''", name="skip_needs_reason"),
        # A redelivered event is parked once: by its id while it waits, by its place when it has none that can be read.
        Index(
            "uq_parked_events_event_id",
            "consumer",
            "event_id",
            unique=True,
            postgresql_where=text("event_id IS NOT NULL AND resolution IS NULL"),
        ),
        Index(
            "uq_parked_events_place",
            "consumer",
            "topic",
            "partition",
            "offset",
            unique=True,
            postgresql_where=text("event_id IS NULL AND resolution IS NULL"),
        ),
        Index("ix_parked_events_key", "consumer", "topic", "key", "id"),
    )
    Table(
        "idempotency_keys",
        metadata,
        Column("actor", Text, primary_key=True),
        Column("key", Text, primary_key=True),
        Column("request_sha256", Text, nullable=False),
        Column("status", SmallInteger),
        Column("response", Text),
        Column("created_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
        Index("ix_idempotency_keys_created_at", "created_at"),
        comment="Answers already given, written in the transaction of what they answer for.",
    )
    Table(
        "used_proofs",
        metadata,
        Column("jti", Uuid, primary_key=True),
        Column("used_at", DateTime(timezone=True), nullable=False),
        Index("ix_used_proofs_used_at", "used_at"),
        comment="One-time-password proofs already spent.",
    )
    Table(
        "deadlines",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("kind", Text, nullable=False),
        Column("subject_id", Uuid, nullable=False),
        Column("due_at", DateTime(timezone=True), nullable=False),
        Column("not_before", DateTime(timezone=True), nullable=False),  # due_at, or the next try after a failure
        Column("attempts", SmallInteger, nullable=False, server_default=text("0")),
        Column("last_error", Text),
        UniqueConstraint("kind", "subject_id"),
        Index("ix_deadlines_due_at", "due_at"),
        Index("ix_deadlines_not_before", "not_before"),
        comment="Timers. A row is removed in the transaction that does what was due.",
    )


def create_kit_tables_v1() -> None:
    """Migration step: create the tables above and the trigger that keeps the event log append-only."""
    from alembic import op  # noqa: PLC0415 - only migrations need it, and every process imports this module

    metadata = new_metadata()
    add_kit_tables(metadata)
    metadata.create_all(op.get_bind(), checkfirst=False)
    op.execute(
        "CREATE FUNCTION refuse_change_of_history() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the event log is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE ON events "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change_of_history()"
    )
