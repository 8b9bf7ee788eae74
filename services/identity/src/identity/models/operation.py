"""What keeps the service going: signing keys and rate limits."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Integer
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
