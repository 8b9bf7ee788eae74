"""Bodies about messages, and about what is to be mended."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from madoguchi_contracts import Key
from pydantic import BaseModel, ConfigDict, Field

from applications.api.schemas.common import Body
from applications.commands.corrections import Asked
from applications.queries.messages import ThreadView

SaidText = Annotated[
    str,
    Field(max_length=4000, pattern=r"^[^\x00]*[^\x00\s][^\x00]*$", examples=["どの書類が必要でしょうか。"]),
]
Subject = Annotated[str, Field(max_length=100, pattern=r"^[^\x00]*[^\x00\s][^\x00]*$", examples=["提出書類について"])]
Number = Annotated[int, Field(ge=0, le=2**31 - 1, examples=[1])]
DocumentIds = Annotated[
    list[UUID],
    Field(
        default_factory=list,
        max_length=20,
        description="documents of the application's set that the message is about",
        examples=[[]],
    ),
]
FieldPath = Annotated[
    str,
    Field(
        max_length=200,
        pattern=r"^[a-z][a-z0-9_]*(\.([a-z][a-z0-9_]*|[0-9]{1,3}))*$",
        description="a path in the form, with entries of lists by their place",
        examples=["representative.address"],
    ),
]


class NewMessage(BaseModel):
    """What is written."""

    text: SaidText
    documents: DocumentIds
    seen: Number | None = Field(
        default=None,
        examples=[1],
        description="by the office: the newest message that the answer answers; all of them if missing",
    )


class NewThread(BaseModel):
    """A thread with its first message."""

    subject: Subject
    text: SaidText
    documents: DocumentIds
    organisations: list[UUID] = Field(
        default_factory=list,
        max_length=20,
        description="parties of the application that are to be part of the thread; they see no others",
        examples=[[]],
    )
    persons: list[UUID] = Field(
        default_factory=list,
        max_length=20,
        description="persons who take part and are to see the thread besides who opens it; if none is left, the owner",
        examples=[[]],
    )


class Participants(BaseModel):
    """Who is to be part of a thread from now on; they see all of it."""

    persons: list[UUID] = Field(default_factory=list, max_length=20, examples=[[]])
    organisations: list[UUID] = Field(default_factory=list, max_length=20, examples=[[]])


class ParticipantsBody(Body):
    """Who is part of a thread."""

    thread_id: UUID
    everybody: bool
    persons: list[UUID]
    organisations: list[UUID]


class UpTo(BaseModel):
    """The number of a message, and all before it."""

    up_to: Number


class PostedBody(Body):
    """A message was posted. Without its text: answers to repeatable requests are kept in the clear for a while."""

    thread_id: UUID
    message_id: UUID
    number: int
    posted_at: datetime


class ThreadBody(Body):
    """A thread in a list."""

    thread_id: UUID
    topic: str | None = Field(description="such as decision, of the thread that the office's notices go into")
    subject: str
    organisations: list[UUID] = Field(description="the organisations that are part of it")
    everybody: bool = Field(description="every person who takes part is part of it, now and later")
    persons: list[UUID] = Field(description="the persons who are part of it, where not everybody is")
    opened_at: datetime
    last_number: int = Field(description="the number of its newest message")
    last_at: datetime
    unread: int = Field(description="messages that the reader has not read")
    waiting_since: datetime | None = Field(description="since when it waits for an answer; shown to the office only")


class ThreadPage(Body):
    """Threads, oldest first."""

    items: list[ThreadBody]
    next_cursor: str | None


class DocumentReferenceBody(Body):
    """A document that a message is about; the documents service says whether the reader may have the file."""

    document_id: UUID
    slot: str


class MessageBody(Body):
    """A message."""

    message_id: UUID
    number: int
    side: str = Field(description="applicant, organisation or office")
    own: bool = Field(description="whether the reader wrote it")
    author_id: UUID | None = Field(description="shown to the office and to the author; null also for the system")
    notice: str | None = Field(description="such as approval_notice, of a notice on a decision")
    text: str
    documents: list[DocumentReferenceBody]
    posted_at: datetime


class ThreadWithMessages(ThreadBody):
    """A thread with its messages, oldest first."""

    messages: list[MessageBody]
    next_after: int | None = Field(description="ask again with this as `after`, where there is more")

    @classmethod
    def of(cls, view: ThreadView) -> ThreadWithMessages:
        """The whole."""
        return cls(
            **dict(ThreadBody.model_validate(view.item)),
            messages=[MessageBody.model_validate(one) for one in view.messages],
            next_after=view.next_after,
        )


class Done(Body):
    """How far the thread is read, or answered."""

    thread_id: UUID
    up_to: int


class WaitingBody(Body):
    """A thread that waits for the office; who opens it is put down, who looks at this list is not."""

    thread_id: UUID
    application_id: UUID
    reference: str
    programme: str
    waiting_since: datetime
    last_number: int


class WaitingPage(Body):
    """Threads that wait, longest first."""

    items: list[WaitingBody]
    next_cursor: str | None


class FieldToMend(BaseModel):
    """A field of the form is to be changed."""

    model_config = ConfigDict(extra="forbid")

    field: FieldPath
    text: SaidText

    def asked(self) -> Asked:
        """The wish."""
        return Asked(self.text, field=self.field)


class SlotToFill(BaseModel):
    """A document is to be handed in, or another one."""

    model_config = ConfigDict(extra="forbid")

    slot: Key = Field(examples=["kanri_kiyaku"])
    subject: UUID | None = Field(default=None, description="whose paper, in a slot per person")
    text: SaidText

    def asked(self) -> Asked:
        """The wish."""
        return Asked(self.text, slot=self.slot, subject=self.subject)


class NewCorrection(BaseModel):
    """What is to be mended, and until when; nothing is cancelled by that day."""

    items: list[FieldToMend | SlotToFill] = Field(
        min_length=1,
        max_length=50,
        examples=[[{"field": "representative.address", "text": "住所に建物名を補ってください。"}]],
    )
    due_on: date | None = Field(default=None, description="a day in Japan", examples=["2030-04-30"])


class CorrectionId(Body):
    """A request was taken back. Without what it asks for, which is not kept in the clear."""

    correction_id: UUID


class RequestedBody(CorrectionId):
    """A request was made; and whether fields can be mended by it."""

    draft_open: bool = Field(description="the draft can be changed now")
    opened_by: list[str] = Field(description="the office's steps that would open it, such as reject")
    rules: list[str] = Field(description="why it stays closed, where neither is so")


class CorrectionItemBody(Body):
    """One thing to be mended."""

    field: str | None
    slot: str | None
    subject: UUID | None
    text: str
    mended: bool


class CorrectionRequestBody(Body):
    """A request for correction."""

    correction_id: UUID
    requested_at: datetime
    due_on: date | None
    overdue: bool = Field(description="its day is over, which ends nothing")
    outcome: str | None = Field(description="mended or withdrawn; null while something is open")
    closed_at: datetime | None
    officer_id: UUID | None = Field(description="shown to the office only")
    items: list[CorrectionItemBody]


class CorrectionPage(Body):
    """Requests for correction, oldest first."""

    items: list[CorrectionRequestBody]
    next_cursor: str | None
