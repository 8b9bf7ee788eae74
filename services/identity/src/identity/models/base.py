"""What the tables of identity are made with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kit.db import new_metadata
from kit.tables import add_kit_tables
from sqlalchemy import Column, DateTime, ForeignKey, Uuid
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

metadata = new_metadata()
add_kit_tables(metadata)


class Base(SQLModel, registry=registry(metadata=metadata)):
    """The tables of this service, apart from those of other services in the same process."""


def one_of(column: str, values: Iterable[str]) -> str:
    """SQL that lets a text column hold only these values."""
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


def at(**options: Any) -> Any:
    """A column with a moment, aware."""
    return Field(sa_type=DateTime(timezone=True), **options)


def account(**options: Any) -> Any:
    """A column that names an account."""
    return Field(sa_column=Column(Uuid, ForeignKey("accounts.id"), nullable=False, **options))
