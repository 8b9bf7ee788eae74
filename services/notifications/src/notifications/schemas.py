"""What the API answers. No address, name, link or subject line: a mail is named by its template and its id."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from notifications.delivery import State
from notifications.domain import Template


class MessageItem(BaseModel):
    """One mail."""

    id: UUID
    template: Template = Field(examples=["NO-02"])
    state: State
    account_id: UUID | None = Field(description="whom it is for; null for a notice to the office")
    cause_event_id: UUID = Field(description="the event that caused it")
    attempts: int = Field(description="tries so far")
    last_code: str | None = Field(description="the relay's code, or a word, of the last try", examples=["250"])
    queued_at: datetime
    due_at: datetime | None = Field(
        description="when it is tried next; null when it is done with, or waits for a contact"
    )
    finished_at: datetime | None


class MessagePage(BaseModel):
    """Mails, newest first."""

    items: list[MessageItem]
    next_cursor: str | None = Field(description="pass it as `cursor` for the next page; null at the end")
