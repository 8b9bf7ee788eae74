"""Applications at the insurer's danshin Web service."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from applications.models.base import Base, text_column, time_column


class DanshinApplication(Base, table=True):
    """One row per application at the service; its id is our reference there. Nothing of anybody's health is here.

    `provided_at` is when the service was told of the person (GL-621); from `ended_at` on nobody needs the application,
    and while `look_at` is set then, the service has still to be told so. `doubt` is why its word is not believed, or
    why it must not be told: codes of rules.
    """

    __tablename__: ClassVar[str] = "danshin_applications"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("service_id IS NULL OR provided_at IS NOT NULL", name="provided"),
        # GL-523: nobody has two at once.
        Index(
            "uq_danshin_applications_open",
            "application_id",
            "account_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_danshin_applications_look_at", "look_at", postgresql_where=text("look_at IS NOT NULL")),
    )

    id: UUID = Field(primary_key=True)
    application_id: UUID = Field(foreign_key="applications.id")
    account_id: UUID
    started_at: datetime = time_column()
    provided_at: datetime | None = time_column(default=None)
    service_id: str | None = text_column(default=None, unique=True)
    status: str | None = text_column(default=None)
    sequence: int = Field(default=-1, sa_column_kwargs={"server_default": text("-1")})
    doubt: str | None = text_column(default=None)
    ended_at: datetime | None = time_column(default=None)
    look_at: datetime | None = time_column(default=None)
    looks: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
