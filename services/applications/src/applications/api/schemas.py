"""Bodies of requests and responses."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from typing import Annotated, Any
from uuid import UUID

from kit.http import FindingBody
from madoguchi_contracts import DocumentPolicy, Key
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from applications.cases import Application
from applications.commands.steps import Remark, Wish
from applications.organisations import Entry
from applications.programme import Programme
from applications.queries.applications import Check, TimelineEntry, View
from applications.queries.lists import Listed
from applications.queries.records import ContactNote
from applications.queries.reviews import QueueItem, ReviewView
from applications.workflow import SUBMIT, Document
from applications.worklist import Review

Digest = Annotated[
    str,
    Field(
        pattern=r"^[0-9a-f]{64}$",
        description="SHA-256, hexadecimal",
        examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    ),
]
ShortText = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]
LongText = Annotated[str, Field(max_length=4000, pattern=r"^[^\x00]*$")]


class Body(BaseModel):
    """A response: read from our own objects by the names of their fields."""

    model_config = ConfigDict(from_attributes=True)


# Requests


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


class RemarkBody(BaseModel):
    """What is wrong with one field."""

    model_config = ConfigDict(from_attributes=True)

    field: ShortText = Field(examples=["representative.address"])
    text: LongText = Field(examples=["住所に建物名を補ってください。"])


class Decision(BaseModel):
    """What is said with a step: the reason (of a rejection: for the mail), and remarks for the correction screen."""

    reason: LongText = Field(default="", examples=["代表者の住所に不備があります。"])
    remarks: list[RemarkBody] = Field(default_factory=list, max_length=200)

    def wish(self, command: str) -> Wish:
        """The step, on the main track."""
        return Wish(command, reason=self.reason, remarks=[Remark(one.field, one.text) for one in self.remarks])


class StepWish(BaseModel):
    """A step that hands in nothing. `track` and `subject` as the application shows them."""

    track: Key | None = Field(default=None, description="the main track if missing", examples=["registration"])
    subject: UUID | None = Field(
        default=None,
        description="the application itself if missing",
        examples=["3f0c9c66-0000-4000-8000-000000000001"],
    )
    reason: LongText = ""
    proof: str | None = Field(
        default=None,
        max_length=4096,
        description="where the step has an otp: from POST /v1/otp/proofs, with that purpose and the step's digest",
        examples=["eyJhbGciOiJFUzI1NiIsImtpZCI6InNpZ24tMSJ9.e30.c2lnbmF0dXJl"],
    )

    def wish(self, command: str) -> Wish:
        """The step."""
        return Wish(command, track=self.track, subject=self.subject, reason=self.reason)


# Responses


class ProgrammeBody(Body):
    """A programme on offer. `form` is the JSON Schema of the draft's content, `consents` the ticks of the confirmation
    screen with their words.
    """

    name: str
    title: str
    form: dict[str, Any]
    documents: DocumentPolicy
    consents: dict[str, str]

    @classmethod
    def of(cls, programme: Programme) -> ProgrammeBody:
        """The programme as applicants see it."""
        form = _schema_of(programme.form)
        return cls(
            name=programme.name,
            title=programme.title_ja,
            form=form,
            documents=programme.documents,
            consents=dict(programme.consents),
        )


class ProgrammeList(Body):
    """All programmes."""

    items: list[ProgrammeBody]


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


class HelpBody(Body):
    """What a screen says beside a field."""

    field: str = Field(examples=["name_kanji"], description="path in the form, or documents, or a step of the screen")
    rule: str = Field(examples=["AS-13"])
    text: str


class HelpList(Body):
    """The texts in the order of the screen."""

    items: list[HelpBody]


class NewContactNote(BaseModel):
    """A call or a letter."""

    about: Key = Field(description="such as name, identity, other", examples=["name"])
    text: LongText = Field(examples=["お名前の漢字の表記について、お電話で確認しました。"])
    contacted_at: AwareDatetime | None = Field(
        default=None, description="now, if missing", examples=["2026-04-01T10:00:00+09:00"]
    )


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

    @classmethod
    def of_view(cls, view: View) -> ApplicationBody:
        """The whole."""
        correction = view.correction and CorrectionBody(
            submission=view.correction.submission,
            reason=view.correction.reason,
            remarks=[RemarkBody(field=field, text=text) for field, text in view.correction.remarks],
        )
        return cls(
            **dict(Summary.of(view.application)),
            content=dict(view.content),
            saved_at=view.application.draft_saved_at,
            may_edit=view.may_edit,
            actions=view.actions,
            tracks=[TrackBody.model_validate(one) for one in view.tracks],
            correction=correction,
        )


class DraftVersion(Body):
    """The version after saving; the next save names it in If-Match."""

    version: int


class DocumentBody(Body):
    """A file in one of the slots."""

    document_id: UUID
    slot: str
    sha256: str
    size_bytes: int
    standard_type: bool
    placeholder: bool


class VersionBody(VersionItemBody):
    """One submission as it was."""

    content: dict[str, Any]
    content_sha256: Digest
    documents: list[DocumentBody]


class CheckBody(Body):
    """What submitting now would find, and what the confirmation screen shows."""

    findings: list[FindingBody] = Field(description="what blocks")
    warnings: list[FindingBody] = Field(description="what is only to be said")
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
            findings=[_finding(one) for one in check.findings],
            warnings=[_finding(one) for one in check.warnings],
            confirmations=[_finding(one) for one in check.confirmations],
            content=dict(check.content),
            content_sha256=check.content_sha256,
            ekyc_status=check.ekyc_status,
            documents=_documents(check.documents),
            may_submit=check.may_submit,
        )


class TimelineItem(Body):
    """One thing that happened."""

    at: datetime
    step: str = Field(examples=["申請"])
    by: str = Field(examples=["申請者"])
    submission: int | None
    actor_id: UUID | None = Field(description="shown to the office only")


class Timeline(Body):
    """What happened, in order."""

    items: list[TimelineItem]

    @classmethod
    def of(cls, entries: list[TimelineEntry]) -> Timeline:
        """The timeline."""
        return cls(items=[TimelineItem.model_validate(entry) for entry in entries])


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
    documents: list[DocumentBody]
    warnings: list[FindingBody]
    ekyc_status: str | None = Field(description="now")
    ekyc_status_then: str | None = Field(description="when it was submitted")
    papers: list[PaperBody] = Field(description="what came by post, with the result of looking at it")
    notes: list[ContactNoteBody] = Field(description="calls and letters that the office noted")
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
            documents=_documents(view.documents),
            warnings=[_finding(one) for one in view.warnings],
            ekyc_status=view.ekyc_status,
            ekyc_status_then=view.ekyc_status_then,
            papers=[PaperBody.model_validate(one) for one in view.papers],
            notes=[ContactNoteBody.of(one) for one in view.notes],
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


class PlaceBody(Body):
    """An address down to the neighbourhood."""

    prefecture: str = Field(examples=["東京都"])
    city: str
    neighborhood: str
    name: str = Field(description="of the large office to which the code belongs; else empty")


class Places(Body):
    """The addresses of a postal code."""

    items: list[PlaceBody]
    as_of: str = Field(description="month of the data", examples=["2026-10"])


class CompanyBody(Body):
    """A company that has registered with the agency."""

    id: UUID
    name: str
    name_kana: str
    postal_code: str
    address: str
    phone: str

    @classmethod
    def of(cls, entry: Entry) -> CompanyBody:
        """The line."""
        return cls.model_validate(entry)


class CompanyList(Body):
    """Companies that fit, by kana."""

    items: list[CompanyBody]
    next_cursor: str | None


class InstitutionBody(Body):
    """A financial institution."""

    code: str
    name: str
    kana: str
    kind: str = Field(examples=["bank"])


class InstitutionList(Body):
    """Institutions that fit."""

    items: list[InstitutionBody]
    as_of: date = Field(description="date of the data")


class BranchBody(Body):
    """A branch."""

    code: str
    name: str
    kana: str


class BranchList(Body):
    """Branches that fit."""

    items: list[BranchBody]
    as_of: date = Field(description="date of the data")


@cache
def _schema_of(form: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema of a form: the same for everybody, and slow to make."""
    return form.model_json_schema()


def _finding(finding: Any) -> FindingBody:
    return FindingBody(rule=finding.rule, code=finding.code, message=finding.message, field=finding.field)


def _documents(documents: tuple[Document, ...]) -> list[DocumentBody]:
    return [DocumentBody.model_validate(one) for one in documents]
