"""What providers told us, so that a repeated callback asks nothing of them."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from applications.models.base import Base, text_column, time_column


class ProviderCallback(Base, table=True):
    """A callback that was taken: `<provider>:<its id of the message>`. Rows go after 30 days."""

    __tablename__: ClassVar[str] = "provider_callbacks"

    event_id: str = text_column(primary_key=True)
    received_at: datetime = time_column()
