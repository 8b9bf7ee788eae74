"""The tables of applications. Every statement on them is SQL text beside its use; the constraints say once more what
must never be otherwise.

Personal data is kept encrypted (`kit.vault`): the columns `draft`, `content`, `reason` and `mail`.
"""

from __future__ import annotations

from kit.db import new_metadata
from kit.tables import add_kit_tables
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    Sequence,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = new_metadata()
add_kit_tables(metadata)

application_numbers = Sequence("application_numbers", metadata=metadata)

applications = Table(
    "applications",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("programme", Text, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("reference", Text, nullable=False),
    Column("only_one", Boolean, nullable=False),
    Column("submission", Integer, nullable=False, server_default=text("0")),
    Column("approved_submission", Integer),
    Column("draft", Text, nullable=False),
    Column("draft_version", Integer, nullable=False),
    Column("draft_saved_at", DateTime(timezone=True), nullable=False),
    Column("draft_saved_by", Uuid, nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("reference"),
    CheckConstraint("draft_version > 0", name="draft_version"),
    CheckConstraint("approved_submission BETWEEN 1 AND submission", name="approved_submission"),
    # I-24: two clicks at once start one application.
    Index("uq_applications_only_one", "programme", "account_id", unique=True, postgresql_where=text("only_one")),
    Index("ix_applications_account_id", "account_id"),
    comment="One row per application; its lock orders everything that happens to the application.",
)

application_history = Table(
    "application_history",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("application_id", Uuid, ForeignKey("applications.id"), nullable=False),
    Column("track", Text, nullable=False),
    Column("subject", Uuid, nullable=False),
    Column("source", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("command", Text, nullable=False),
    Column("actor_id", Uuid),
    Column("role", Text),
    Column("submission", Integer, nullable=False),
    Column("reason", Text),
    Column("at", DateTime(timezone=True), nullable=False),
    CheckConstraint("(actor_id IS NULL) = (role IS NULL)", name="actor"),
    Index("ix_application_history_application_id", "application_id", "id"),
    comment="Every step that was taken: from, to, by whom, when, why. Append-only.",
)

tracks = Table(
    "tracks",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("application_id", Uuid, ForeignKey("applications.id"), nullable=False),
    Column("track", Text, nullable=False),
    Column("subject", Uuid, nullable=False),
    Column("state", Text, nullable=False),
    Column("entered_at", DateTime(timezone=True), nullable=False),
    # Steps of the history with a higher id were taken in this state: what four eyes look back to.
    Column("entered_step", BigInteger, ForeignKey("application_history.id"), nullable=False),
    UniqueConstraint("application_id", "track", "subject"),
    CheckConstraint("state <> ''", name="state"),
    comment="Where each track of an application stands. The subject is the application itself, or a person.",
)

application_versions = Table(
    "application_versions",
    metadata,
    Column("application_id", Uuid, ForeignKey("applications.id"), primary_key=True),
    Column("submission", Integer, primary_key=True),
    Column("content", Text, nullable=False),
    Column("documents", JSONB, nullable=False),
    Column("content_sha256", Text, nullable=False),
    Column("consents", ARRAY(Text), nullable=False),
    Column("ekyc_status", Text),
    Column("proof_jti", Uuid, nullable=False),
    Column("submitted_by", Uuid, nullable=False),
    Column("submitted_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("proof_jti"),
    CheckConstraint("submission > 0", name="submission"),
    comment="What was submitted, as it was. Append-only (AS-82: earlier versions are kept).",
)

reviews = Table(
    "reviews",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("application_id", Uuid, nullable=False),
    Column("submission", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("claimed_by", Uuid),
    Column("claimed_until", DateTime(timezone=True)),
    Column("recommended_by", Uuid),
    Column("decided_by", Uuid),
    Column("decided_at", DateTime(timezone=True)),
    ForeignKeyConstraint(
        ["application_id", "submission"],
        ["application_versions.application_id", "application_versions.submission"],
    ),
    # A submission heard of twice is reviewed once.
    UniqueConstraint("application_id", "submission"),
    CheckConstraint("state IN ('waiting', 'recommended', 'approved', 'rejected')", name="state"),
    CheckConstraint("(claimed_by IS NULL) = (claimed_until IS NULL)", name="claim"),
    CheckConstraint("(state IN ('approved', 'rejected')) = (decided_at IS NOT NULL)", name="decided"),
    CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name="decided_by"),
    CheckConstraint(
        "state <> 'approved' OR (recommended_by IS NOT NULL AND recommended_by <> decided_by)", name="four_eyes"
    ),
    Index("ix_reviews_queue", "due_on", "opened_at", "id"),
    comment="The office's worklist: one row per submission.",
)

account_ekyc = Table(
    "account_ekyc",
    metadata,
    Column("account_id", Uuid, primary_key=True),
    Column("status", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    comment="eKYC status as identity told it last; an older event never replaces a newer one.",
)

account_contacts = Table(
    "account_contacts",
    metadata,
    Column("account_id", Uuid, primary_key=True),
    Column("mail", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    comment="The registered mail address, encrypted, for the check of AS-36 and nothing else.",
)

document_sets = Table(
    "document_sets",
    metadata,
    Column("application_id", Uuid, primary_key=True),
    Column("set_version", Integer, nullable=False),
    Column("documents", JSONB, nullable=False),
    comment="The files in an application's slots as documents told them last.",
)

access_log = Table(
    "access_log",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("actor_id", Uuid, nullable=False),
    Column("role", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("application_id", Uuid, ForeignKey("applications.id"), nullable=False),
    Index("ix_access_log_application_id", "application_id", "id"),
    comment="Which of the staff read whose personal data, and when. Append-only.",
)
