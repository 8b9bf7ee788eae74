"""Bodies of the office."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from kit.http import FindingBody
from madoguchi_contracts import Key
from pydantic import AwareDatetime, BaseModel, Field

from applications.api.schemas.common import (
    Body,
    Digest,
    DocumentBody,
    ExaminedBody,
    LongText,
    RemarkBody,
    document_bodies,
    finding_body,
)
from applications.api.schemas.tasks import TaskBody
from applications.commands.steps import Remark, Wish
from applications.queries.lists import SubmittedItem
from applications.queries.records import ContactNote
from applications.queries.reviews import QueueItem, ReviewView
from applications.worklist import Review


class Decision(BaseModel):
    """What is said with a step: the reason (of a rejection: for the mail), and remarks for the correction screen."""

    reason: LongText = Field(default="", examples=["代表者の住所に不備があります。"])
    remarks: list[RemarkBody] = Field(default_factory=list, max_length=200)
    facts: dict[str, Any] = Field(default_factory=dict, description="as the step's schema asks", examples=[{}])

    def wish(self, command: str) -> Wish:
        """The step, on the main track."""
        remarks = [Remark(one.field, one.text) for one in self.remarks]
        return Wish(command, reason=self.reason, remarks=remarks, facts=self.facts)


class SubmittedBody(Body):
    """An application in the office's list."""

    application_id: UUID
    reference: str
    state: str
    since: datetime = Field(description="when it came into this state")
    submission: int = Field(description="how often it was submitted")

    @classmethod
    def of(cls, item: SubmittedItem) -> SubmittedBody:
        """The line."""
        return cls(application_id=item.id, **{name: value for name, value in vars(item).items() if name != "id"})


class SubmittedPage(Body):
    """Applications of one programme in one state, longest there first."""

    items: list[SubmittedBody]
    next_cursor: str | None


class NewContactNote(BaseModel):
    """A call or a letter."""

    about: Key = Field(description="such as name, identity, other", examples=["name"])
    text: LongText = Field(examples=["お名前の漢字の表記について、お電話で確認しました。"])
    contacted_at: AwareDatetime | None = Field(
        default=None, description="now, if missing", examples=["2026-04-01T10:00:00+09:00"]
    )


class ContactNoteId(Body):
    """A note was taken. Without its text, since answers to repeatable requests are kept in the clear for a while."""

    note_id: UUID
    officer_id: UUID
    noted_at: datetime


class ContactNoteBody(Body):
    """What the office noted."""

    note_id: UUID
    officer_id: UUID
    about: str
    text: str
    contacted_at: datetime
    noted_at: datetime

    @classmethod
    def of(cls, note: ContactNote) -> ContactNoteBody:
        """The note."""
        return cls(note_id=note.id, **{name: value for name, value in vars(note).items() if name != "id"})


class ContactNoteList(Body):
    """Notes, oldest first."""

    items: list[ContactNoteBody]


class PaperBody(Body):
    """A paper that came by post."""

    paper_id: UUID
    kind: str
    result: str
    arrived_on: date


class ReviewItem(Body):
    """One line of the worklist."""

    review_id: UUID
    application_id: UUID
    reference: str
    programme: str
    submission: int
    round: int = Field(description="1 for the first review of the submission, one more each time it is opened again")
    state: str = Field(examples=["waiting"], description="waiting, recommended or closed")
    outcome: str | None = Field(description="the step that closed it")
    due_on: date
    opened_at: datetime
    closed_at: datetime | None
    claimed_by: UUID | None
    claimed_until: datetime | None
    recommended_by: UUID | None

    @classmethod
    def of(cls, item: QueueItem) -> ReviewItem:
        """The line."""
        values = {name: value for name, value in vars(item).items() if name != "id"}
        return cls(review_id=item.id, state=item.state, **values)


class ReviewPage(Body):
    """The worklist, the most urgent first."""

    items: list[ReviewItem]
    next_cursor: str | None


class ReviewBody(ReviewItem):
    """A review with everything that a decision needs."""

    content: dict[str, Any]
    in_force: dict[str, Any] | None = Field(description="what was approved before, and a change would replace")
    content_sha256: Digest
    submitted_at: datetime
    documents: list[DocumentBody] = Field(description="what was submitted")
    later_documents: list[DocumentBody] = Field(description="what came later, while the review is open")
    warnings: list[FindingBody]
    ekyc_status: str | None = Field(description="now")
    ekyc_status_then: str | None = Field(description="when it was submitted")
    papers: list[PaperBody] = Field(description="what came by post, with the result of looking at it")
    notes: list[ContactNoteBody] = Field(description="calls and letters that the office noted")
    tasks: list[TaskBody] = Field(description="what the office had and has to look at")
    examined: list[ExaminedBody] = Field(description="what the office examines, and how far that is")
    actions: list[str] = Field(description="the decisions that are open to the reader")

    @classmethod
    def of_view(cls, view: ReviewView) -> ReviewBody:
        """The whole."""
        return cls(
            **dict(ReviewItem.of(view.item)),
            content=dict(view.content),
            in_force=None if view.in_force is None else dict(view.in_force),
            content_sha256=view.content_sha256,
            submitted_at=view.submitted_at,
            documents=document_bodies(view.documents),
            later_documents=document_bodies(view.later_documents),
            warnings=[finding_body(one) for one in view.warnings],
            ekyc_status=view.ekyc_status,
            ekyc_status_then=view.ekyc_status_then,
            papers=[PaperBody.model_validate(one) for one in view.papers],
            notes=[ContactNoteBody.of(one) for one in view.notes],
            tasks=[TaskBody.of_task(one) for one in view.tasks],
            examined=[ExaminedBody.model_validate(one) for one in view.examined],
            actions=list(view.actions),
        )


class ReviewState(Body):
    """A review after something was done with it."""

    review_id: UUID
    application_id: UUID
    submission: int
    state: str
    outcome: str | None
    due_on: date
    claimed_by: UUID | None
    claimed_until: datetime | None

    @classmethod
    def of(cls, review: Review) -> ReviewState:
        """The review."""
        return cls(
            review_id=review.id,
            application_id=review.application_id,
            submission=review.submission,
            state=review.state,
            outcome=review.outcome,
            due_on=review.due_on,
            claimed_by=review.claimed_by,
            claimed_until=review.claimed_until,
        )
