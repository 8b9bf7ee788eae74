"""What all tables of this service share: their metadata, and columns of one kind."""

from __future__ import annotations

from typing import Any

from kit.db import new_metadata
from kit.sessions import add_ended_sessions
from kit.tables import add_kit_tables
from sqlalchemy import (
    Column,
    DateTime,
    Identity,
    Sequence,
    Text,
)
from sqlalchemy.orm import registry
from sqlmodel import BigInteger, Field, SQLModel

metadata = new_metadata()
add_kit_tables(metadata)
add_ended_sessions(metadata)

application_numbers = Sequence("application_numbers", metadata=metadata)


class Base(SQLModel, registry=registry(metadata=metadata)):
    """The tables of this service, apart from those of other services in the same process."""


def text_column(**options: Any) -> Any:
    """A text without a limit."""
    return Field(sa_type=Text, **options)


def time_column(**options: Any) -> Any:
    """A time with a zone."""
    return Field(sa_type=DateTime(timezone=True), **options)


def number_column() -> Any:
    """A primary key that PostgreSQL counts up."""
    return Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
