"""What keeps the service going: signing keys, rate limits, and the record of what was done at the counter."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Identity, Index, Integer
from sqlmodel import Field

from identity.models.base import Base, at


class SigningKey(Base, table=True):
    """A key that signs tokens, made by `madoguchi keys rotate`. The first ones are in the settings."""

    __tablename__: ClassVar[str] = "signing_keys"

    id: UUID = Field(primary_key=True)
    kid: str = Field(unique=True)
    private_key_hidden: str
    made_at: datetime = at()
    signs_from: datetime = at()
    alone: bool


class RateLimit(Base, table=True):
    """How often somebody tried in the present window; see `limits`."""

    __tablename__: ClassVar[str] = "rate_limits"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("used > 0", name="used"),
        Index("ix_rate_limits_window_started_at", "window_started_at"),
    )

    name: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    window_started_at: datetime = at()
    used: int = Field(sa_type=Integer)


class AuditEntry(Base, table=True):
    """Who did what at the counter or at the console, why and when. A trigger refuses to change or remove a row."""

    __tablename__: ClassVar[str] = "audit_log"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("who <> ''", name="who"),
        CheckConstraint("reason <> ''", name="reason"),
        Index("ix_audit_log_subject_id", "subject_id"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    at: datetime = at()
    who: str
    role: str
    deed: str
    subject_id: UUID | None = Field(default=None)
    reason: str
