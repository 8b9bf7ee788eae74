"""What other services told, as it was told last."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    Index,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import BigInteger, Field

from applications.models.base import Base, text_column, time_column


class AccountEkyc(Base, table=True):
    """eKYC status as identity told it last; an older event never replaces a newer one."""

    __tablename__: ClassVar[str] = "account_ekyc"

    account_id: UUID = Field(primary_key=True)
    status: str = text_column()
    sequence: int = Field(sa_type=BigInteger)


class AccountContact(Base, table=True):
    """The registered mail address, encrypted, to compare forms with and for nothing else."""

    __tablename__: ClassVar[str] = "account_contacts"

    account_id: UUID = Field(primary_key=True)
    mail: str = text_column()
    sequence: int = Field(sa_type=BigInteger)


class DocumentSet(Base, table=True):
    """The files in an application's slots as documents told them last, and when it was first told of each, by its id;
    of those from before that was kept it is not known.
    """

    __tablename__: ClassVar[str] = "document_sets"

    application_id: UUID = Field(primary_key=True)
    set_version: int
    documents: list[dict[str, Any]] = Field(sa_type=JSONB)
    came: dict[str, Any] | None = Field(default=None, sa_type=JSONB)


class PostedPaper(Base, table=True):
    """A paper that came by post, as documents told it last."""

    __tablename__: ClassVar[str] = "posted_papers"
    __table_args__: ClassVar[Any] = (Index("ix_posted_papers_application_id", "application_id"),)

    paper_id: UUID = Field(primary_key=True)
    application_id: UUID
    kind: str = text_column()
    result: str = text_column()
    arrived_on: date
    sequence: int = Field(sa_type=BigInteger)


class IncomeEvidence(Base, table=True):
    """What a file of income evidence is, and what it says (encrypted), as documents told it last."""

    __tablename__: ClassVar[str] = "income_evidence"
    __table_args__: ClassVar[Any] = (
        Index("ix_income_evidence_application_id", "application_id"),
        Index("ix_income_evidence_subject", "subject"),
    )

    document_id: UUID = Field(primary_key=True)
    application_id: UUID
    subject: UUID | None = None
    result: str = text_column()
    evidence: str | None = text_column(default=None)
    sequence: int = Field(sa_type=BigInteger)


class Organisation(Base, table=True):
    """A company, inspection body or bank as identity told it last. `search_text` is name and kana as they are compared;
    `closed_at` is when it was heard that nobody may name it any more.
    """

    __tablename__: ClassVar[str] = "organisations"
    __table_args__: ClassVar[Any] = (Index("ix_organisations_list", "kind", "name_kana", "id"),)

    id: UUID = Field(primary_key=True)
    kind: str = text_column()
    name: str = text_column()
    name_kana: str = text_column()
    postal_code: str = text_column()
    address: str = text_column()
    phone: str = text_column()
    search_text: str = text_column()
    closed_at: datetime | None = time_column(default=None)
    sequence: int = Field(sa_type=BigInteger)
