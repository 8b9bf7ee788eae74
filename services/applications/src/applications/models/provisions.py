"""What was provided to third parties of whose personal data (GL-621). Append-only."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import BigInteger, Field

from applications.models.base import Base, number_column, text_column, time_column


class Suspension(Base, table=True):
    """A person whose data is provided to nobody, as identity told it last; an older event never replaces a newer one.

    `since` null: it was lifted.
    """

    __tablename__: ClassVar[str] = "suspensions"

    account_id: UUID = Field(primary_key=True)
    request_id: UUID
    since: datetime | None = time_column(default=None)
    sequence: int = Field(sa_type=BigInteger)


class Provision(Base, table=True):
    """One provision: the data by the names of its kinds, never a value. `ground` is encrypted.

    `which` says which of several recipients of that kind. `consent_version` is the text that the person had consented
    to. `recorded_by` null is the system.
    """

    __tablename__: ClassVar[str] = "provisions"
    __table_args__: ClassVar[Any] = (
        CheckConstraint(
            "case_of IN ('LAW', 'CONSENT', 'PUBLIC_BODY', 'STATISTICS', 'CUSTOMER_BENEFIT', 'SPECIAL_REASON')",
            name="case_of",
        ),
        CheckConstraint("recipient <> '' AND purpose <> '' AND cardinality(data_fields) > 0", name="all_told"),
        CheckConstraint(
            "case_of <> 'CONSENT' OR recipient = 'customer' OR consent_version IS NOT NULL", name="by_consent"
        ),
        Index("ix_provisions_person", "person", "id"),
        Index("ix_provisions_application_id", "application_id", "id"),
    )

    id: int = number_column()
    application_id: UUID = Field(foreign_key="applications.id")
    person: UUID
    recipient: str = text_column()
    which: str = text_column()
    case_of: str = text_column()
    data_fields: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    purpose: str = text_column()
    ground: str | None = text_column(default=None)
    restricted: bool
    safety_asked: bool
    consent_version: str | None = text_column(default=None)
    provided_at: datetime = time_column()
    recorded_by: UUID | None = None
