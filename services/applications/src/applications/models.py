"""The tables of applications. Every statement on them is SQL text beside its use (`hot.py` says why); the constraints
say once more what must never be otherwise.

Personal data is kept encrypted (`kit.vault`): the columns `draft`, `content`, `reason` and `mail`.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from kit.db import new_metadata
from kit.sessions import add_ended_sessions
from kit.tables import add_kit_tables
from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    Sequence,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import registry
from sqlmodel import BigInteger, Field, SQLModel

metadata = new_metadata()
add_kit_tables(metadata)
add_ended_sessions(metadata)

application_numbers = Sequence("application_numbers", metadata=metadata)


class Base(SQLModel, registry=registry(metadata=metadata)):
    """The tables of this service, apart from those of other services in the same process."""


def _text(**options: Any) -> Any:
    return Field(sa_type=Text, **options)


def _at(**options: Any) -> Any:
    return Field(sa_type=DateTime(timezone=True), **options)


def _number() -> Any:
    """A primary key that PostgreSQL counts up."""
    return Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))


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
    programme: str = _text()
    account_id: UUID
    reference: str = _text()
    only_one: bool
    submission: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    approved_submission: int | None = None
    draft: str = _text()
    draft_version: int
    draft_saved_at: datetime = _at()
    draft_saved_by: UUID
    started_at: datetime = _at()


class HistoryStep(Base, table=True):
    """Every step that was taken: from, to, by whom, when, why. Append-only."""

    __tablename__: ClassVar[str] = "application_history"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("(actor_id IS NULL) = (role IS NULL)", name="actor"),
        Index("ix_application_history_application_id", "application_id", "id"),
    )

    id: int = _number()
    application_id: UUID = Field(foreign_key="applications.id")
    track: str = _text()
    subject: UUID
    source: str = _text()
    target: str = _text()
    command: str = _text()
    actor_id: UUID | None = None
    role: str | None = _text(default=None)
    submission: int
    reason: str | None = _text(default=None)
    at: datetime = _at()


class Track(Base, table=True):
    """Where each track of an application stands. The subject is the application itself, or a person."""

    __tablename__: ClassVar[str] = "tracks"
    __table_args__: ClassVar[Any] = (
        UniqueConstraint("application_id", "track", "subject"),
        CheckConstraint("state <> ''", name="state"),
    )

    id: UUID = Field(primary_key=True)
    application_id: UUID = Field(foreign_key="applications.id")
    track: str = _text()
    subject: UUID
    state: str = _text()
    entered_at: datetime = _at()
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
    content: str = _text()
    documents: list[dict[str, Any]] = Field(sa_type=JSONB)
    content_sha256: str = _text()
    consents: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    ekyc_status: str | None = _text(default=None)
    proof_jti: UUID
    submitted_by: UUID
    submitted_at: datetime = _at()


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

    id: int = _number()
    application_id: UUID = Field(foreign_key="applications.id")
    party_id: UUID
    kind: str = _text()
    grants: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    since: datetime = _at()
    until: datetime | None = _at(default=None)
    invitation_id: UUID | None = None


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
    opened_at: datetime = _at()
    claimed_by: UUID | None = None
    claimed_until: datetime | None = _at(default=None)
    recommended_by: UUID | None = None
    closed_at: datetime | None = _at(default=None)
    closed_by: UUID | None = None
    outcome: str | None = _text(default=None)
    four_eyes: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})


class AccountEkyc(Base, table=True):
    """eKYC status as identity told it last; an older event never replaces a newer one."""

    __tablename__: ClassVar[str] = "account_ekyc"

    account_id: UUID = Field(primary_key=True)
    status: str = _text()
    sequence: int = Field(sa_type=BigInteger)


class AccountContact(Base, table=True):
    """The registered mail address, encrypted, to compare forms with and for nothing else."""

    __tablename__: ClassVar[str] = "account_contacts"

    account_id: UUID = Field(primary_key=True)
    mail: str = _text()
    sequence: int = Field(sa_type=BigInteger)


class DocumentSet(Base, table=True):
    """The files in an application's slots as documents told them last."""

    __tablename__: ClassVar[str] = "document_sets"

    application_id: UUID = Field(primary_key=True)
    set_version: int
    documents: list[dict[str, Any]] = Field(sa_type=JSONB)


class PostedPaper(Base, table=True):
    """A paper that came by post, as documents told it last."""

    __tablename__: ClassVar[str] = "posted_papers"
    __table_args__: ClassVar[Any] = (Index("ix_posted_papers_application_id", "application_id"),)

    paper_id: UUID = Field(primary_key=True)
    application_id: UUID
    kind: str = _text()
    result: str = _text()
    arrived_on: date
    sequence: int = Field(sa_type=BigInteger)


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
    about: str = _text()
    content: str = _text()
    contacted_at: datetime = _at()
    noted_at: datetime = _at()


class Organisation(Base, table=True):
    """A company, inspection body or bank as identity told it last. `search_text` is name and kana as they are compared;
    `closed_at` is when it was heard that nobody may name it any more.
    """

    __tablename__: ClassVar[str] = "organisations"
    __table_args__: ClassVar[Any] = (Index("ix_organisations_list", "kind", "name_kana", "id"),)

    id: UUID = Field(primary_key=True)
    kind: str = _text()
    name: str = _text()
    name_kana: str = _text()
    postal_code: str = _text()
    address: str = _text()
    phone: str = _text()
    search_text: str = _text()
    closed_at: datetime | None = _at(default=None)
    sequence: int = Field(sa_type=BigInteger)


class BalanceImport(Base, table=True):
    """A file of balances that the office imported, as a whole; the later of two replaces what the earlier one says."""

    __tablename__: ClassVar[str] = "balance_imports"
    __table_args__: ClassVar[Any] = (
        UniqueConstraint("sha256"),
        UniqueConstraint("number"),
        CheckConstraint("row_count > 0", name="row_count"),
    )

    id: UUID = Field(primary_key=True)
    number: int = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), nullable=False))
    sha256: str = _text()
    row_count: int
    imported_by: UUID
    imported_at: datetime = _at()


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


class AccessLogEntry(Base, table=True):
    """Which of the staff read whose personal data, and when. Append-only."""

    __tablename__: ClassVar[str] = "access_log"
    __table_args__: ClassVar[Any] = (Index("ix_access_log_application_id", "application_id", "id"),)

    id: int = _number()
    at: datetime = _at()
    actor_id: UUID
    role: str = _text()
    action: str = _text()
    application_id: UUID = Field(foreign_key="applications.id")
