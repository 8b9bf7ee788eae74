"""Bodies about applications: for applicants and for those who take part."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from kit.http import FindingBody
from madoguchi_contracts import Key
from pydantic import BaseModel, Field

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
from applications.cases import Application
from applications.commands.steps import Wish
from applications.queries.applications import Check, View
from applications.queries.lists import Listed
from applications.queries.timeline import TimelineEntry
from applications.workflow import SUBMIT


class Start(BaseModel):
    """Open an application."""

    programme: str = Field(max_length=32, examples=["bond"])


class Draft(BaseModel):
    """The content as it is, complete or not."""

    content: dict[str, Any] = Field(examples=[{"has_number": True, "number": "312345"}])


class Submit(BaseModel):
    """登録する: what was confirmed, and the proof of a right one-time password for it."""

    command: Key = Field(default=SUBMIT, description="the step that hands in the draft, and the purpose of the proof")
    content_sha256: Digest
    proof: str = Field(
        max_length=4096,
        description="from POST /v1/otp/proofs, with the command as purpose and content_sha256 as digest",
        examples=["eyJhbGciOiJFUzI1NiIsImtpZCI6InNpZ24tMSJ9.e30.c2lnbmF0dXJl"],
    )
    consents: list[Key] = Field(
        default_factory=list,
        max_length=20,
        description="what was ticked on the confirmation screen",
        examples=[["mailing_notes"]],
    )


class StepWish(BaseModel):
    """A step that hands in nothing. `track` and `subject` as the application shows them."""

    track: Key | None = Field(default=None, description="the main track if missing", examples=["registration"])
    subject: UUID | None = Field(
        default=None,
        description="the application itself if missing",
        examples=["3f0c9c66-0000-4000-8000-000000000001"],
    )
    reason: LongText = ""
    facts: dict[str, Any] = Field(default_factory=dict, description="as the step's schema asks", examples=[{}])
    proof: str | None = Field(
        default=None,
        max_length=4096,
        description="where the step has an otp: from POST /v1/otp/proofs, with that purpose and the step's digest",
        examples=["eyJhbGciOiJFUzI1NiIsImtpZCI6InNpZ24tMSJ9.e30.c2lnbmF0dXJl"],
    )

    def wish(self, command: str) -> Wish:
        """The step."""
        return Wish(command, track=self.track, subject=self.subject, reason=self.reason, facts=self.facts)


class Summary(Body):
    """An application in a list."""

    application_id: UUID
    programme: str
    reference: str
    state: str = Field(examples=["draft"])
    submission: int = Field(description="how often it was submitted")
    approved_submission: int | None = Field(description="whose content is in force")
    draft_version: int
    started_at: datetime

    @classmethod
    def of(cls, application: Application) -> Summary:
        """The application without its content."""
        return cls(
            application_id=application.id,
            programme=application.programme.name,
            reference=application.reference,
            state=application.state,
            submission=application.submission,
            approved_submission=application.approved_submission,
            draft_version=application.draft_version,
            started_at=application.started_at,
        )


class ListedBody(Body):
    """An application in a list."""

    application_id: UUID
    programme: str
    reference: str
    subject: str = Field(description="what it is about, such as the association's name")
    own: bool = Field(description="false where one takes part in somebody else's")
    state: str = Field(examples=["draft"])
    submission: int = Field(description="how often it was submitted")
    approved_submission: int | None = Field(description="whose content is in force")
    draft_version: int
    started_at: datetime
    unread: int = Field(description="messages that the reader has not read")

    @classmethod
    def of(cls, item: Listed) -> ListedBody:
        """The line."""
        return cls(application_id=item.id, **{name: value for name, value in vars(item).items() if name != "id"})


class ApplicationList(Body):
    """Applications, oldest first."""

    items: list[ListedBody]
    next_cursor: str | None


class VersionItemBody(Body):
    """One submission."""

    submission: int
    submitted_at: datetime
    in_force: bool


class VersionList(Body):
    """What was submitted, first to last."""

    items: list[VersionItemBody]


class CorrectionBody(Body):
    """Why the content was sent back."""

    submission: int
    reason: str
    remarks: list[RemarkBody]


class OpenStepBody(Body):
    """A step that is open to the reader."""

    command: str
    label: str = Field(examples=["申請"])
    checked: bool = Field(description="looks at the draft: the check with this command tells what is in its way")
    files: bool = Field(description="hands in the draft: submit with this command")
    otp: str | None = Field(description="purpose of the proof that the step needs")
    digest: Digest | None = Field(description="what that proof is bound to; of a step that files something, see check")
    facts: dict[str, Any] | None = Field(description="JSON Schema of what is said with the step")


class TrackBody(Body):
    """Where a track stands."""

    track: str = Field(examples=["registration"])
    subject: UUID = Field(description="the application, or the person whom the track is about")
    state: str
    steps: list[OpenStepBody]


class ApplicationBody(Summary):
    """An application: with the draft to those who work on it, with what was submitted last to the office, with what is
    in force to everybody else.
    """

    content: dict[str, Any]
    saved_at: datetime
    may_edit: bool = Field(description="whether the reader may save the draft now")
    actions: list[str] = Field(description="the steps of the main track that are open to the reader now")
    tracks: list[TrackBody]
    correction: CorrectionBody | None
    tasks: list[TaskBody] = Field(description="what the office had and has to look at; shown to the office only")
    examined: list[ExaminedBody] = Field(description="what the office examines; shown to the office only")

    @classmethod
    def of_view(cls, view: View) -> ApplicationBody:
        """The whole."""
        correction = view.correction and CorrectionBody(
            submission=view.correction.submission,
            reason=view.correction.reason,
            remarks=[RemarkBody(field=field, text=text) for field, text in view.correction.remarks],
        )
        return cls(
            **(dict(Summary.of(view.application)) | {"state": view.state}),
            content=dict(view.content),
            saved_at=view.application.draft_saved_at,
            may_edit=view.may_edit,
            actions=view.actions,
            tracks=[TrackBody.model_validate(one) for one in view.tracks],
            correction=correction,
            tasks=[TaskBody.of_task(one) for one in view.tasks],
            examined=[ExaminedBody.model_validate(one) for one in view.examined],
        )


class DraftVersion(Body):
    """The version after saving; the next save names it in If-Match."""

    version: int


class VersionBody(VersionItemBody):
    """One submission as it was."""

    content: dict[str, Any]
    content_sha256: Digest
    documents: list[DocumentBody]


class CheckBody(Body):
    """What submitting now would find, and what the confirmation screen shows."""

    findings: list[FindingBody] = Field(description="what blocks")
    warnings: list[FindingBody] = Field(description="what is only to be said")
    notices: list[FindingBody] = Field(description="how things stand, to be shown on the confirmation screen")
    confirmations: list[FindingBody] = Field(description="what the confirmation screen asks to be ticked")
    content: dict[str, Any] = Field(description="as it will be kept")
    content_sha256: Digest
    ekyc_status: str | None
    documents: list[DocumentBody]
    may_submit: bool

    @classmethod
    def of(cls, check: Check) -> CheckBody:
        """The check."""
        return cls(
            findings=[finding_body(one) for one in check.findings],
            warnings=[finding_body(one) for one in check.warnings],
            notices=[finding_body(one) for one in check.notices],
            confirmations=[finding_body(one) for one in check.confirmations],
            content=dict(check.content),
            content_sha256=check.content_sha256,
            ekyc_status=check.ekyc_status,
            documents=document_bodies(check.documents),
            may_submit=check.may_submit,
        )


class TimelineItem(Body):
    """One thing that happened."""

    at: datetime
    step: str = Field(examples=["申請"])
    by: str = Field(examples=["申請者"])
    submission: int | None
    actor_id: UUID | None = Field(description="shown to the office only")
    facts: dict[str, Any] = Field(description="what was said with the step")


class Timeline(Body):
    """What happened, in order."""

    items: list[TimelineItem]

    @classmethod
    def of(cls, entries: list[TimelineEntry]) -> Timeline:
        """The timeline."""
        return cls(items=[TimelineItem.model_validate(entry) for entry in entries])
