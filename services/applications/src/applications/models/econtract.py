"""Envelopes of the electronic contract. `terms`, `paper`, `signed_paper` and `place` are encrypted."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import BigInteger, Field

from applications.models.base import Base, text_column, time_column


class Envelope(Base, table=True):
    """The contract of one application in one contract period. Its id is our reference at the provider.

    `opened_step` is the step of the history that announced the period. `paper` is what everybody signs, written once.
    `ended_at`: the period was left, however; `voided_at`: the provider has said that nobody signs any more. `trouble`
    says why the envelope is not gone on with.
    """

    __tablename__: ClassVar[str] = "envelopes"
    __table_args__: ClassVar[Any] = (
        UniqueConstraint("application_id", "opened_step"),
        UniqueConstraint("provider_id"),
        CheckConstraint("(paper IS NULL) = (paper_sha256 IS NULL)", name="paper"),
        CheckConstraint("provider_id IS NULL OR paper IS NOT NULL", name="sent"),
        CheckConstraint("(signed_paper IS NULL) = (completed_at IS NULL)", name="signed_paper"),
        CheckConstraint("(signed_paper IS NULL) = (signed_sha256 IS NULL)", name="signed_sha256"),
        CheckConstraint("voided_at IS NULL OR ended_at IS NOT NULL", name="voided"),
        Index(
            "uq_envelopes_in_force", "application_id", unique=True, postgresql_where=text("ended_at IS NULL")
        ),  # one period at a time
        Index("ix_envelopes_look_at", "look_at", postgresql_where=text("look_at IS NOT NULL")),
    )

    id: UUID = Field(primary_key=True)
    application_id: UUID = Field(foreign_key="applications.id")
    opened_step: int = Field(sa_type=BigInteger, foreign_key="application_history.id")
    opened_at: datetime = time_column()
    expires_at: datetime = time_column()
    terms: str = text_column()
    paper: str | None = text_column(default=None)
    paper_sha256: str | None = text_column(default=None)
    provider_id: str | None = text_column(default=None)
    offered_at: datetime | None = time_column(default=None)
    sequence: int = Field(default=-1, sa_column_kwargs={"server_default": text("-1")})
    ended_at: datetime | None = time_column(default=None)
    voided_at: datetime | None = time_column(default=None)
    completed_at: datetime | None = time_column(default=None)
    signed_paper: str | None = text_column(default=None)
    signed_sha256: str | None = text_column(default=None)
    trouble: str | None = text_column(default=None)
    look_at: datetime | None = time_column(default=None)
    looks: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})


class EnvelopeSigner(Base, table=True):
    """Somebody who signs. `reference` is all that the provider has of us about them, beside the name."""

    __tablename__: ClassVar[str] = "envelope_signers"
    __table_args__: ClassVar[Any] = (UniqueConstraint("reference"),)

    envelope_id: UUID = Field(foreign_key="envelopes.id", primary_key=True)
    account_id: UUID = Field(primary_key=True)
    reference: UUID
    place: str | None = text_column(default=None)
    signed_at: datetime | None = time_column(default=None)
