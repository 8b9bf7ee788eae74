"""The tables of the notifications service. Constraints say a second time what must never be otherwise."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kit.db import new_metadata
from kit.sessions import add_ended_sessions
from kit.tables import add_kit_tables
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

metadata = new_metadata()
add_kit_tables(metadata)
add_ended_sessions(metadata)

_STATES = "'waiting_contact', 'queued', 'sending', 'retry', 'accepted', 'failed', 'unknown', 'expired'"
_OUTCOMES = "'accepted', 'retry', 'failed', 'unknown'"


class Base(SQLModel, registry=registry(metadata=metadata)):
    """The service's tables, apart from those of other services in the same process."""


class Contact(Base, table=True):
    """Where an account holder is written to, as identity said last. Read at the moment of sending."""

    __tablename__ = "contacts"

    account_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    contact: str = Field(sa_column=Column(Text, nullable=False, comment="a sealed.Contact, under the vault"))
    # A contact that is told late (a parked event, a replay) must not replace a newer one.
    sequence: int = Field(sa_column=Column(Integer, nullable=False, comment="of the event that told it"))
    updated_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class Message(Base, table=True):
    """One mail to one recipient. Never deleted; what is secret in it is cleared once it is not needed."""

    __tablename__ = "messages"

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    seq: int = Field(sa_column=Column(BigInteger, Identity(always=True), nullable=False, unique=True))
    template: str = Field(sa_column=Column(Text, nullable=False))
    programme: str = Field(sa_column=Column(Text, nullable=False, comment="in whose words it is written"))
    subject: str = Field(sa_column=Column(Text, nullable=False))
    cause_event_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    cause_type: str = Field(sa_column=Column(Text, nullable=False))
    account_id: UUID | None = Field(sa_column=Column(Uuid, comment="null for the office"))
    lane: UUID = Field(sa_column=Column(Uuid, nullable=False, comment="mails of one lane are sent in order"))
    state: str = Field(sa_column=Column(Text, nullable=False))
    due_at: datetime | None = Field(
        sa_column=Column(DateTime(timezone=True), comment="when a courier takes it; while sending, the lease's end")
    )
    attempts: int = Field(sa_column=Column(SmallInteger, nullable=False, server_default=text("0")))
    round_attempts: int = Field(
        sa_column=Column(SmallInteger, nullable=False, server_default=text("0"), comment="since round_started_at")
    )
    round_started_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, comment="the 24 hours of trying count from here")
    )
    data_begun_at: datetime | None = Field(
        sa_column=Column(DateTime(timezone=True), comment="in this attempt; from then on its outcome may be unknown")
    )
    link_expires_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))
    content: str | None = Field(sa_column=Column(Text, comment="link, reason or reference, under the vault"))
    recipient: str | None = Field(sa_column=Column(Text, comment="the address last written to, under the vault"))
    last_code: str | None = Field(sa_column=Column(Text))
    traceparent: str | None = Field(sa_column=Column(Text))
    queued_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    finished_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))

    __table_args__ = (
        # NO-12: a duplicate event sends no second mail, even if the inbox were lost.
        UniqueConstraint("cause_event_id", "template", "lane"),
        CheckConstraint(f"state IN ({_STATES})", name="state"),
        CheckConstraint(
            "CASE WHEN state IN ('queued', 'sending', 'retry') THEN due_at IS NOT NULL"
            " WHEN state = 'unknown' THEN true ELSE due_at IS NULL END",
            name="due_at",
        ),
        CheckConstraint("(due_at IS NULL AND state <> 'waiting_contact') = (finished_at IS NOT NULL)", name="finished"),
        CheckConstraint("state NOT IN ('accepted', 'expired') OR content IS NULL", name="secrets_are_cleared"),
        CheckConstraint("state <> 'accepted' OR recipient IS NOT NULL", name="recipient_is_recorded"),
        CheckConstraint("round_attempts BETWEEN 0 AND attempts", name="attempts"),
        CheckConstraint("state <> 'waiting_contact' OR account_id IS NOT NULL", name="waits_for_somebody"),
        Index("ix_messages_due_at", "due_at", "seq", postgresql_where=text("due_at IS NOT NULL")),
        Index("ix_messages_lane", "lane", "seq", postgresql_where=text("due_at IS NOT NULL")),
        Index("ix_messages_waiting", "account_id", postgresql_where=text("state = 'waiting_contact'")),
        Index("ix_messages_secrets", "link_expires_at", postgresql_where=text("content IS NOT NULL")),
        Index("ix_messages_not_accepted", "seq", postgresql_where=text("state <> 'accepted'")),
        Index("ix_messages_account_id", "account_id", "seq"),
    )


class Participant(Base, table=True):
    """An account that was approved for a programme: whom the agency's notices of that programme go to (NO-11)."""

    __tablename__ = "participants"

    programme: str = Field(sa_column=Column(Text, primary_key=True))
    account_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    since: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class NoticeEntry(Base, table=True):
    """A notice that somebody had sent (NO-11): to one account, or to all participants of a programme."""

    __tablename__ = "notices"

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    notice_id: UUID = Field(sa_column=Column(Uuid, nullable=False, comment="the same for the same subject and text"))
    subject: str = Field(sa_column=Column(Text, nullable=False))
    programme: str = Field(sa_column=Column(Text, nullable=False))
    account_id: UUID | None = Field(sa_column=Column(Uuid, comment="null: all participants"))
    mails: int = Field(sa_column=Column(Integer, nullable=False, comment="that were not queued before"))
    done_by: str = Field(sa_column=Column(Text, nullable=False))
    done_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))

    __table_args__ = (CheckConstraint("mails >= 0", name="mails"),)


class Attempt(Base, table=True):
    """One try to send a mail, written before the relay is spoken to."""

    __tablename__ = "attempts"

    message_id: UUID = Field(sa_column=Column(Uuid, ForeignKey("messages.id"), primary_key=True))
    number: int = Field(sa_column=Column(SmallInteger, primary_key=True))
    started_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    finished_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))
    outcome: str | None = Field(sa_column=Column(Text))
    code: str | None = Field(sa_column=Column(Text))
    answer: str | None = Field(sa_column=Column(Text, comment="the relay's words, without addresses"))
    relay: str | None = Field(sa_column=Column(Text))

    __table_args__ = (
        CheckConstraint(f"outcome IN ({_OUTCOMES})", name="outcome"),
        CheckConstraint("(outcome IS NULL) = (finished_at IS NULL)", name="finished"),
        CheckConstraint("number > 0", name="number"),
    )


class Redrive(Base, table=True):
    """An operator had a mail sent again, and why."""

    __tablename__ = "redrives"

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    message_id: UUID = Field(sa_column=Column(Uuid, ForeignKey("messages.id"), nullable=False, index=True))
    from_state: str = Field(sa_column=Column(Text, nullable=False))
    reason: str = Field(sa_column=Column(Text, nullable=False))
    done_by: str = Field(sa_column=Column(Text, nullable=False))
    done_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))

    __table_args__ = (CheckConstraint("reason <> ''", name="reason"),)
