"""The rates of the green loan, as the office imported them. Append-only: a loan keeps the rate of its acceptance."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Identity, Numeric, UniqueConstraint
from sqlmodel import BigInteger, Field

from applications.models.base import Base, text_column, time_column


class RateImport(Base, table=True):
    """A file of rates as a whole: who imported it, and why. Of two, the later one counts where they differ."""

    __tablename__: ClassVar[str] = "rate_imports"
    __table_args__: ClassVar[Any] = (
        UniqueConstraint("number"),
        CheckConstraint("period_count > 0", name="period_count"),
        CheckConstraint("reason <> ''", name="reason"),
    )

    id: UUID = Field(primary_key=True)
    number: int = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), nullable=False))
    sha256: str = text_column()
    period_count: int
    reason: str = text_column()
    imported_by: UUID
    imported_at: datetime = time_column()


class Rate(Base, table=True):
    """One of the eight rates of a period (GL-253), in percent a year, as one file said."""

    __tablename__: ClassVar[str] = "rates"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("valid_from < valid_until", name="period"),
        CheckConstraint("menu IN ('STANDARD', 'S')", name="menu"),
        CheckConstraint("danshin IN ('NONE', 'SHIN', 'DUET', 'SANDAI')", name="danshin"),
        CheckConstraint("percent > 0 AND percent < 100", name="percent"),
    )

    import_id: UUID = Field(foreign_key="rate_imports.id", primary_key=True)
    valid_from: datetime = time_column(primary_key=True)
    valid_until: datetime = time_column()
    menu: str = text_column(primary_key=True)
    danshin: str = text_column(primary_key=True)
    percent: Decimal = Field(sa_type=Numeric(6, 3))
