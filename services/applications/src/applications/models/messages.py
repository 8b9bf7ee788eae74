"""What those who apply and the office write to each other, and what the office asks to have mended.

`subject`, `content` and `was` are encrypted.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy import Uuid as AnyUuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from applications.models.base import Base, text_column, time_column


class Thread(Base, table=True):
    """Messages on one subject. `topic` names the one thread of its kind that the office's notices go into.

    The office has answered the messages up to `answered`; `waiting_since` is when the first one behind it was posted
    that is not the office's own.
    """

    __tablename__: ClassVar[str] = "threads"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("last_number > 0", name="last_number"),
        CheckConstraint("answered BETWEEN 0 AND last_number", name="answered"),
        Index("ix_threads_application_id", "application_id", "opened_at", "id"),
        Index("uq_threads_topic", "application_id", "topic", unique=True, postgresql_where=text("topic IS NOT NULL")),
        Index("ix_threads_waiting", "waiting_since", "id", postgresql_where=text("waiting_since IS NOT NULL")),
    )

    id: UUID = Field(primary_key=True)
    application_id: UUID = Field(foreign_key="applications.id")
    topic: str | None = text_column(default=None)
    subject: str = text_column()
    everybody: bool = Field(sa_column_kwargs={"server_default": text("true")})
    opened_at: datetime = time_column()
    last_number: int
    answered: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    last_at: datetime = time_column()
    waiting_since: datetime | None = time_column(default=None)
    office_told_at: datetime | None = time_column(default=None)


class ThreadOrganisation(Base, table=True):
    """An organisation that is part of a thread; it sees no other threads."""

    __tablename__: ClassVar[str] = "thread_organisations"

    thread_id: UUID = Field(foreign_key="threads.id", primary_key=True)
    organisation_id: UUID = Field(primary_key=True)


class ThreadPerson(Base, table=True):
    """A person who is part of a thread, where not everybody is, and who added them."""

    __tablename__: ClassVar[str] = "thread_persons"
    __table_args__: ClassVar[Any] = (Index("ix_thread_persons_account_id", "account_id"),)

    thread_id: UUID = Field(foreign_key="threads.id", primary_key=True)
    account_id: UUID = Field(primary_key=True)
    added_by: UUID | None = None
    added_at: datetime = time_column()


class Message(Base, table=True):
    """What somebody wrote. Append-only. `author_id` null is the system, which speaks for the office.

    `notice` names what it is where it is one of the office's notices on a decision.
    """

    __tablename__: ClassVar[str] = "messages"
    __table_args__: ClassVar[Any] = (
        UniqueConstraint("thread_id", "number"),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("side IN ('applicant', 'organisation', 'office')", name="side"),
        CheckConstraint("(side = 'organisation') = (organisation_id IS NOT NULL)", name="organisation"),
        CheckConstraint("side = 'office' OR (author_id IS NOT NULL AND notice IS NULL)", name="office"),
    )

    id: UUID = Field(primary_key=True)
    thread_id: UUID = Field(foreign_key="threads.id")
    number: int
    side: str = text_column()
    author_id: UUID | None = None
    organisation_id: UUID | None = None
    notice: str | None = text_column(default=None)
    content: str = text_column()
    documents: list[dict[str, Any]] = Field(sa_type=JSONB)
    posted_at: datetime = time_column()


class ThreadReader(Base, table=True):
    """How far somebody has read a thread, and until which message a mail has told them of it."""

    __tablename__: ClassVar[str] = "thread_readers"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("last_read >= 0", name="last_read"),
        CheckConstraint("(told_number IS NULL) = (told_at IS NULL)", name="told"),
    )

    thread_id: UUID = Field(foreign_key="threads.id", primary_key=True)
    reader_id: UUID = Field(primary_key=True)
    organisation_id: UUID | None = None
    last_read: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    told_number: int | None = None
    told_at: datetime | None = time_column(default=None)


class Correction(Base, table=True):
    """That the office asked for something to be mended, and how that ended. Nothing ends by `due_on`."""

    __tablename__: ClassVar[str] = "corrections"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("(closed_at IS NULL) = (outcome IS NULL)", name="closed"),
        CheckConstraint("outcome IN ('mended', 'withdrawn')", name="outcome"),
        Index("ix_corrections_application_id", "application_id", "requested_at", "id"),
    )

    id: UUID = Field(primary_key=True)
    application_id: UUID = Field(foreign_key="applications.id")
    officer_id: UUID
    requested_at: datetime = time_column()
    due_on: date | None = None
    closed_at: datetime | None = time_column(default=None)
    outcome: str | None = text_column(default=None)


class CorrectionItem(Base, table=True):
    """One field with the value that it had (`was`), or one slot with the documents that were in it (`known`)."""

    __tablename__: ClassVar[str] = "correction_items"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("position > 0", name="position"),
        CheckConstraint("(field IS NULL) <> (slot IS NULL)", name="place"),
        CheckConstraint("(field IS NULL) = (was IS NULL)", name="was"),
        CheckConstraint("subject IS NULL OR slot IS NOT NULL", name="subject"),
    )

    correction_id: UUID = Field(foreign_key="corrections.id", primary_key=True)
    position: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    field: str | None = text_column(default=None)
    slot: str | None = text_column(default=None)
    subject: UUID | None = None
    content: str = text_column()
    was: str | None = text_column(default=None)
    known: list[UUID] = Field(sa_column=Column(ARRAY(AnyUuid()), nullable=False))
    mended_at: datetime | None = time_column(default=None)
