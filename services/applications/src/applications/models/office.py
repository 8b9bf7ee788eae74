"""What the office works with: reviews, notes, balances, and the trace of what it read."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Identity,
    Index,
    UniqueConstraint,
    text,
)
from sqlmodel import BigInteger, Field

from applications.models.base import Base, number_column, text_column, time_column


class Review(Base, table=True):
    """The office's worklist: one row per round of looking at a submission, open while the programme's table says so."""

    __tablename__: ClassVar[str] = "reviews"
    __table_args__: ClassVar[Any] = (
        ForeignKeyConstraint(
            ["application_id", "submission"],
            ["application_versions.application_id", "application_versions.submission"],
        ),
        UniqueConstraint("application_id", "submission", "round"),
        CheckConstraint("round > 0", name="round"),
        CheckConstraint("(claimed_by IS NULL) = (claimed_until IS NULL)", name="claim"),
        CheckConstraint("(outcome IS NULL) = (closed_at IS NULL)", name="outcome"),
        CheckConstraint("closed_at IS NOT NULL OR closed_by IS NULL", name="closed_by"),
        CheckConstraint("NOT four_eyes OR closed_at IS NOT NULL", name="four_eyes_closed"),
        # A decision that needs two officers was taken by two.
        CheckConstraint(
            "NOT four_eyes OR (recommended_by IS NOT NULL AND closed_by IS NOT NULL AND recommended_by <> closed_by)",
            name="four_eyes",
        ),
        # An application is looked at once at a time.
        Index("uq_reviews_open", "application_id", unique=True, postgresql_where=text("closed_at IS NULL")),
        Index("ix_reviews_queue", "due_on", "opened_at", "id", postgresql_where=text("closed_at IS NULL")),
    )

    id: UUID = Field(primary_key=True)
    application_id: UUID
    submission: int
    round: int
    due_on: date
    opened_at: datetime = time_column()
    claimed_by: UUID | None = None
    claimed_until: datetime | None = time_column(default=None)
    recommended_by: UUID | None = None
    closed_at: datetime | None = time_column(default=None)
    closed_by: UUID | None = None
    outcome: str | None = text_column(default=None)
    four_eyes: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})


class ContactNote(Base, table=True):
    """What the office wrote down of a call or a letter; `content` is encrypted. Append-only."""

    __tablename__: ClassVar[str] = "contact_notes"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("contacted_at <= noted_at", name="contacted_at"),
        Index("ix_contact_notes_application_id", "application_id", "noted_at"),
    )

    id: UUID = Field(primary_key=True)
    application_id: UUID = Field(foreign_key="applications.id")
    officer_id: UUID
    about: str = text_column()
    content: str = text_column()
    contacted_at: datetime = time_column()
    noted_at: datetime = time_column()


class BalanceImport(Base, table=True):
    """A file of balances that the office imported, as a whole; the later of two replaces what the earlier one says."""

    __tablename__: ClassVar[str] = "balance_imports"
    __table_args__: ClassVar[Any] = (
        UniqueConstraint("number"),
        CheckConstraint("row_count > 0", name="row_count"),
    )

    id: UUID = Field(primary_key=True)
    number: int = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), nullable=False))
    sha256: str = text_column()
    row_count: int
    imported_by: UUID
    imported_at: datetime = time_column()


class Balance(Base, table=True):
    """The balance of one association on one day, as one file said. Append-only."""

    __tablename__: ClassVar[str] = "balances"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("balance_yen >= 0", name="balance_yen"),
        Index("ix_balances_application_id", "application_id", "as_of"),
    )

    import_id: UUID = Field(foreign_key="balance_imports.id", primary_key=True)
    application_id: UUID = Field(foreign_key="applications.id", primary_key=True)
    as_of: date = Field(primary_key=True)
    balance_yen: int = Field(sa_type=BigInteger)


class CertificatePosting(Base, table=True):
    """When the certificates of a year are posted, as announced (GL-507); the later of two counts. Append-only."""

    __tablename__: ClassVar[str] = "certificate_postings"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("first <= last", name="period"),
        Index("ix_certificate_postings_year", "year", "id"),
    )

    id: int = number_column()
    year: int
    first: date
    last: date
    announced_by: UUID
    announced_at: datetime = time_column()


class MaintenanceAnnouncement(Base, table=True):
    """When a service is closed, as announced (GL-061, GL-429): one row per version, of which the last one counts.
    Append-only.
    """

    __tablename__: ClassVar[str] = "maintenance_announcements"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("service IN ('counter', 'income_service')", name="service"),
        CheckConstraint("begins_at < ends_at", name="period"),
        CheckConstraint("reason <> ''", name="reason"),
    )

    window_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True)
    service: str = text_column()
    begins_at: datetime = time_column()
    ends_at: datetime = time_column()
    reason: str = text_column()
    withdrawn: bool
    told_by: UUID
    told_at: datetime = time_column()


class AccessLogEntry(Base, table=True):
    """Which of the staff read whose personal data, and when. Append-only."""

    __tablename__: ClassVar[str] = "access_log"
    __table_args__: ClassVar[Any] = (Index("ix_access_log_application_id", "application_id", "id"),)

    id: int = number_column()
    at: datetime = time_column()
    actor_id: UUID
    role: str = text_column()
    action: str = text_column()
    application_id: UUID = Field(foreign_key="applications.id")


class OfficeTask(Base, table=True):
    """What somebody of the office has to look at (`applications.tasks`). `note` is encrypted.

    `ground_at` tells one occasion from another of the same kind; it is null where a task was not raised by a
    programme's table. `closed_by` null is the system.
    """

    __tablename__: ClassVar[str] = "office_tasks"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("state IN ('open', 'done', 'dropped')", name="state"),
        CheckConstraint("(state = 'open') = (closed_at IS NULL)", name="closed"),
        CheckConstraint("(state = 'done') = (closed_by IS NOT NULL AND note IS NOT NULL)", name="done"),
        CheckConstraint("(claimed_by IS NULL) = (claimed_until IS NULL)", name="claim"),
        CheckConstraint("reason <> ''", name="reason"),
        Index(
            "uq_office_tasks_open",
            "application_id",
            "kind",
            "subject",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_office_tasks_application_id", "application_id", "raised_at", "id"),
        Index("ix_office_tasks_queue", "raised_at", "id", postgresql_where=text("state = 'open'")),
    )

    id: UUID = Field(primary_key=True)
    application_id: UUID = Field(foreign_key="applications.id")
    kind: str = text_column()
    subject: UUID
    rule: str = text_column()
    reason: str = text_column()
    due_on: date | None = None
    raised_at: datetime = time_column()
    ground_at: datetime | None = time_column(default=None)
    state: str = text_column(default="open", sa_column_kwargs={"server_default": text("'open'")})
    claimed_by: UUID | None = None
    claimed_until: datetime | None = time_column(default=None)
    closed_at: datetime | None = time_column(default=None)
    closed_by: UUID | None = None
    note: str | None = text_column(default=None)
