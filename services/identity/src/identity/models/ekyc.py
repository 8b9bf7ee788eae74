"""Runs of online identity verification."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Integer, text
from sqlmodel import Field

from identity.domain.ekyc import EkycMethod
from identity.models.base import Base, account, at, one_of


class EkycAttempt(Base, table=True):
    """One run of identity verification. The account's current run is `Account.ekyc_id`; earlier ones are void."""

    __tablename__: ClassVar[str] = "ekyc_attempts"
    __table_args__: ClassVar[Any] = (
        CheckConstraint(one_of("method", EkycMethod), name="method"),
        CheckConstraint("provider_status IN ('pending', 'running', 'passed', 'failed')", name="provider_status"),
        CheckConstraint("(verification_id IS NULL) = (token_sha256 IS NULL)", name="link_of_a_verification"),
        CheckConstraint(
            "verification_id IS NULL OR (url_hidden IS NOT NULL AND link_issued_at IS NOT NULL)", name="link_is_whole"
        ),
        CheckConstraint(
            "(link_expires_at IS NULL) = (method = 'my_number_card' OR link_issued_at IS NULL)", name="link_expires"
        ),
        # I-05: a newer run replaces the older one.
        Index("uq_ekyc_attempts_open", "account_id", unique=True, postgresql_where=text("superseded_at IS NULL")),
        Index("ix_ekyc_attempts_look_at", "look_at", postgresql_where=text("look_at IS NOT NULL")),
        Index("ix_ekyc_attempts_account_id", "account_id"),
    )

    id: UUID = Field(primary_key=True)
    account_id: UUID = account()
    method: str
    started_at: datetime = at()
    superseded_at: datetime | None = at(default=None)
    verification_id: str | None = Field(default=None, unique=True)
    url_hidden: str | None = Field(default=None)
    token_sha256: str | None = Field(default=None, unique=True)
    link_issued_at: datetime | None = at(default=None)
    link_expires_at: datetime | None = at(default=None)
    provider_status: str = Field(default="pending")
    provider_sequence: int = Field(default=-1, sa_type=Integer)
    look_at: datetime | None = at(default=None)
    looks: int = Field(default=0, sa_type=Integer)


class EkycCallback(Base, table=True):
    """Callbacks that were taken, so that a repeated one asks the provider nothing."""

    __tablename__: ClassVar[str] = "ekyc_callbacks"
    # Old rows go at each callback (kit.providers.callbacks).
    __table_args__: ClassVar[Any] = (Index("ix_ekyc_callbacks_received_at", "received_at"),)

    event_id: str = Field(primary_key=True)
    received_at: datetime = at()
