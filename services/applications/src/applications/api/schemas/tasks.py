"""Bodies of the office's tasks."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from applications.api.schemas.common import Body
from applications.queries.tasks import Task, TaskItem

NoteText = Annotated[
    str,
    Field(
        max_length=4000,
        pattern=r"^[^\x00]*[^\x00\s][^\x00]*$",
        examples=["お客さまに電話で確認し、来月末までに契約する旨の回答を得た。"],
    ),
]


class Finishing(BaseModel):
    """What was done about a task."""

    note: NoteText


class TaskItemBody(Body):
    """Something that the office has to look at."""

    task_id: UUID
    application_id: UUID
    reference: str
    programme: str
    kind: str = Field(examples=["contract_overdue"])
    subject: UUID = Field(description="the application, or the person whom it is about")
    rule: str = Field(examples=["GL-493"])
    reason: str = Field(description="what is to be looked at, in the office's words")
    due_on: date | None = Field(description="the last day in Japan by which it should be settled")
    raised_at: datetime
    state: str = Field(description="open; done by an officer; dropped because its ground is gone")
    claimed_by: UUID | None
    claimed_until: datetime | None
    closed_at: datetime | None
    closed_by: UUID | None = Field(description="the officer; null: the system")

    @classmethod
    def of(cls, item: TaskItem) -> TaskItemBody:
        """The line."""
        return cls(task_id=item.id, **{name: value for name, value in vars(item).items() if name not in {"id", "note"}})


class TaskPage(Body):
    """Open tasks, those that are due first before the others."""

    items: list[TaskItemBody]
    next_cursor: str | None


class TaskBody(TaskItemBody):
    """A task with what was noted when it was finished."""

    note: str | None

    @classmethod
    def of_task(cls, task: Task) -> TaskBody:
        """The whole."""
        return cls(**dict(TaskItemBody.of(task)), note=task.note)
