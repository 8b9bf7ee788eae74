"""What providers told us, so that a repeated callback asks nothing of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Index

from applications.models.base import Base, text_column, time_column


class ProviderCallback(Base, table=True):
    """A callback that was taken: `<provider>:<its id of the message>`. Rows go after 30 days."""

    __tablename__: ClassVar[str] = "provider_callbacks"
    # Old rows go at each callback (kit.providers.callbacks).
    __table_args__: ClassVar[Any] = (Index("ix_provider_callbacks_received_at", "received_at"),)

    event_id: str = text_column(primary_key=True)
    received_at: datetime = time_column()
