"""Applications: what they are, what happened to them, what was submitted, who takes part."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import BigInteger, Field

from applications.models.base import Base, number_column, text_column, time_column


class Application(Base, table=True):
    """One row per application; its lock orders everything that happens to the application."""

    __tablename__: ClassVar[str] = "applications"
    __table_args__: ClassVar[Any] = (
        UniqueConstraint("reference"),
        CheckConstraint("draft_version > 0", name="draft_version"),
        CheckConstraint("approved_submission BETWEEN 1 AND submission", name="approved_submission"),
        # I-24: two clicks at once start one application.
        Index("uq_applications_only_one", "programme", "account_id", unique=True, postgresql_where=text("only_one")),
        Index("ix_applications_account_id", "account_id"),
    )

    id: UUID = Field(primary_key=True)
    programme: str = text_column()
    account_id: UUID
    reference: str = text_column()
    only_one: bool
    submission: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    approved_submission: int | None = None
    draft: str = text_column()
    draft_version: int
    draft_saved_at: datetime = time_column()
    draft_saved_by: UUID
    started_at: datetime = time_column()


class HistoryStep(Base, table=True):
    """Every step that was taken: from, to, by whom, when, why. Append-only.

    `position` and `digest` chain the steps of an application; the database fills them in (migration 0008). They are
    null in steps that were taken before there were chains.
    """

    __tablename__: ClassVar[str] = "application_history"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("(actor_id IS NULL) = (role IS NULL)", name="actor"),
        Index("ix_application_history_application_id", "application_id", "id"),
        Index("uq_application_history_position", "application_id", "position", unique=True),
    )

    id: int = number_column()
    application_id: UUID = Field(foreign_key="applications.id")
    track: str = text_column()
    subject: UUID
    source: str = text_column()
    target: str = text_column()
    command: str = text_column()
    actor_id: UUID | None = None
    role: str | None = text_column(default=None)
    submission: int
    reason: str | None = text_column(default=None)
    facts: str | None = text_column(default=None)
    at: datetime = time_column()
    content_sha256: str | None = text_column(default=None)
    position: int | None = None
    digest: str | None = text_column(default=None)


class Track(Base, table=True):
    """Where each track of an application stands. The subject is the application itself, or a person."""

    __tablename__: ClassVar[str] = "tracks"
    __table_args__: ClassVar[Any] = (
        UniqueConstraint("application_id", "track", "subject"),
        CheckConstraint("state <> ''", name="state"),
    )

    id: UUID = Field(primary_key=True)
    application_id: UUID = Field(foreign_key="applications.id")
    track: str = text_column()
    subject: UUID
    state: str = text_column()
    entered_at: datetime = time_column()
    # Steps of the history with a higher id were taken in this state: what four eyes look back to.
    entered_step: int = Field(sa_type=BigInteger, foreign_key="application_history.id")


class Version(Base, table=True):
    """What was submitted, as it was. Append-only."""

    __tablename__: ClassVar[str] = "application_versions"
    __table_args__: ClassVar[Any] = (
        UniqueConstraint("proof_jti"),
        CheckConstraint("submission > 0", name="submission"),
    )

    application_id: UUID = Field(foreign_key="applications.id", primary_key=True)
    submission: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    content: str = text_column()
    documents: list[dict[str, Any]] = Field(sa_type=JSONB)
    content_sha256: str = text_column()
    consents: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    ekyc_status: str | None = text_column(default=None)
    proof_jti: UUID
    submitted_by: UUID
    submitted_at: datetime = time_column()


class ApplicationParty(Base, table=True):
    """Who takes part besides the owner: an account, or an organisation. A change of rights ends one row and makes
    another, so that it can be told later who could see what, and when.
    """

    __tablename__: ClassVar[str] = "application_parties"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("until >= since", name="until"),
        Index(
            "uq_application_parties_current",
            "application_id",
            "party_id",
            "kind",
            unique=True,
            postgresql_where=text("until IS NULL"),
        ),
        Index("ix_application_parties_party_id", "party_id", postgresql_where=text("until IS NULL")),
    )

    id: int = number_column()
    application_id: UUID = Field(foreign_key="applications.id")
    party_id: UUID
    kind: str = text_column()
    grants: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    since: datetime = time_column()
    until: datetime | None = time_column(default=None)
    invitation_id: UUID | None = None
