"""What makes a change of the history evident beside the chain in its rows: where chains began, and the daily roots."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlmodel import Field

from applications.models.base import Base, text_column, time_column


class HistoryStart(Base, table=True):
    """An application that was there before there were chains: how many steps were found at `at`, and their digest."""

    __tablename__: ClassVar[str] = "history_starts"
    __table_args__: ClassVar[Any] = (CheckConstraint("steps > 0", name="steps"),)

    application_id: UUID = Field(foreign_key="applications.id", primary_key=True)
    steps: int
    digest: str = text_column()
    at: datetime = time_column()


class HistoryRoot(Base, table=True):
    """One number that stands for the whole history until `at`. Append-only; told as HistoryRootPublished."""

    __tablename__: ClassVar[str] = "history_roots"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("heads >= 0", name="heads"),
    )

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime = time_column()
    heads: int
    root: str = text_column()


class HistoryHead(Base, table=True):
    """Where the chain of an application ended at a root; only of those that had gone on since the root before."""

    __tablename__: ClassVar[str] = "history_heads"
    __table_args__: ClassVar[Any] = (CheckConstraint("position > 0", name="position"),)

    application_id: UUID = Field(foreign_key="applications.id", primary_key=True)
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    position: int
    digest: str = text_column()
