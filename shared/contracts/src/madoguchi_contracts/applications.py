"""What the applications service tells: the life of an application, and what proves that its history stands as it was.

Aggregate and Kafka key: the application; of the roots, the history of the whole service.
"""

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from madoguchi_contracts.envelope import Event, Key, Sealed, Sha256, UtcTime, sealed_for
from madoguchi_contracts.sealed import ContractLinks, Reason, ServiceLogin

Reference = Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9-]{3,31}$")]
"""The number of an application as people read it out, such as G-2026-000123."""


class _Part(BaseModel):
    """A part of an event: frozen and deaf to new fields, like the event."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class DocumentSlot(_Part):
    """One place for one file; or, per person, for one file of each person."""

    key: Key = Field(description="The slot's stable name, such as kanri_kiyaku.")
    label: str = Field(min_length=1, max_length=100, description="The slot's name on the screen, in Japanese.")
    required: bool = Field(description="Whether submitting needs a file here.")
    per_person: bool = Field(
        default=False,
        description="Whether the owner, and each person who takes part, has a file of their own here.",
    )
    seen_by: tuple[Key, ...] = Field(
        default=(),
        description="The kinds of parties that may see files of this slot besides the owner, those who may edit, and "
        "the office, such as bank. Open.",
    )
    filled_by: tuple[Key, ...] = Field(
        default=(),
        description="The kinds of parties that may put a file here, and see it, such as inspection_body. While it is "
        "empty it stays open after the submission. Open.",
    )
    read_as: Key | None = Field(
        default=None,
        description="As what a program reads the files of this slot, such as income_service: their signature is checked"
        " and told (IncomeEvidenceRead). Null: people alone read them. Open.",
    )


class DocumentPolicy(_Part):
    """Which documents an application may and must have."""

    slots: tuple[DocumentSlot, ...] = Field(description="All slots, in the order of the screen.")
    total_limit_bytes: int = Field(ge=1, description="The largest sum of all file sizes in bytes, inclusive (DO-05).")
    keeps_unsubmitted: bool = Field(
        default=False,
        description="Whether files that were never submitted outlive a draft set aside and a session timeout (DO-07).",
    )


class SubmittedDocument(_Part):
    """A document that is part of a submission."""

    document_id: UUID = Field(description="The document.")
    slot: Key = Field(description="The slot it was put into.")
    sha256: Sha256 = Field(description="The digest of the file's bytes, to prove later what was submitted.")
    subject: UUID | None = Field(
        default=None, description="Whose paper it is, in a slot per person: the account. Null in other slots."
    )


class AwaitedDocument(_Part):
    """A place that stays open after a submission while it is empty: its paper could not be had before."""

    slot: Key = Field(description="The slot, which is per person.")
    subject: UUID = Field(description="Whose paper it is: the account.")


class Party(_Part):
    """Somebody besides the owner who may do something with the application."""

    party_id: UUID = Field(description="An account, or an organisation: then everybody who acts for it.")
    kind: Key = Field(description="Who it is to the application, such as management_company. Open.")
    grants: tuple[Key, ...] = Field(
        description="What it may do: view, edit. Open: a reader ignores what it does not know."
    )


class ApplicationEvent(Event):
    """Something happened to an application."""

    service: ClassVar[str] = "applications"
    topic: ClassVar[str] = "applications.applications.v1"
    aggregate_field: ClassVar[str] = "application_id"

    application_id: UUID = Field(description="The application.")


class ApplicationStarted(ApplicationEvent):
    """A draft exists, and it is settled which documents belong to it.

    When: an account holder opened a new application of a programme.
    """

    readers: ClassVar[tuple[str, ...]] = ("documents",)

    programme: Key = Field(description="The programme, such as bond. Open: new programmes appear.")
    account_id: UUID = Field(description="The account that the application belongs to.")
    reference: Reference = Field(description="The number that people see.")
    documents: DocumentPolicy = Field(description="What may and must be handed in.")


class DraftSetAside(ApplicationEvent):
    """The applicant saved the draft to go on another time (AS-70).

    When: 一時保存. Files that belong to no submission are dropped, unless the programme keeps them (DO-07).
    """

    readers: ClassVar[tuple[str, ...]] = ("documents",)


class ApplicationPartiesChanged(ApplicationEvent):
    """Who besides the owner may see the application, or work on it.

    When: the office approved a content that names other parties, or other grants, than the one before (AS-56); an
    organisation was closed; an invitation was accepted. The list is whole: who is not in it may do nothing any more.
    """

    readers: ClassVar[tuple[str, ...]] = ("documents",)

    parties: tuple[Party, ...] = Field(description="All parties besides the owner.")


class ApplicationReopened(ApplicationEvent):
    """The content may be changed again after an approval; what was approved stays in force (AS-83).

    When: somebody began a change, handed it over to the owner, which leaves nobody to change it, or went on with one
    that the owner had declined (AS-57). It ends with the submission of that number, or when the change is withdrawn.
    After a rejection the owner corrects, whoever entered the change.
    """

    readers: ClassVar[tuple[str, ...]] = ("documents",)

    submission: int = Field(ge=2, description="The number that the coming submission will have.")
    editors: tuple[UUID, ...] = Field(
        description="Who may change it meanwhile: accounts or organisations, nobody else."
    )


class ApplicationSubmitted(ApplicationEvent):
    """The applicant handed the application in, with exactly this content and these documents.

    When: the submission passed all checks and carried a valid one-time-password proof (AS-73); after a
    rejection once more, with the next submission number. Causes the notice to the office.
    """

    readers: ClassVar[tuple[str, ...]] = ("documents", "notifications")

    programme: Key = Field(description="The programme, such as bond. Open: new programmes appear.")
    account_id: UUID = Field(description="The account that the application belongs to.")
    reference: Reference = Field(description="The number that people see.")
    submission: int = Field(ge=1, description="1 for the first submission, one more for each after a rejection.")
    content_sha256: Sha256 = Field(description="The digest of the submitted content, to which the proof was bound.")
    documents: tuple[SubmittedDocument, ...] = Field(description="The documents, in the order of the slots.")
    awaited: tuple[AwaitedDocument, ...] = Field(
        default=(), description="Where documents may still be put after this submission, once each (GL-390)."
    )


class ReviewEvent(ApplicationEvent):
    """Something happened in the review of one submission."""

    review_id: UUID = Field(description="The review.")
    submission: int = Field(ge=1, description="The submission that is reviewed.")
    due_on: date = Field(description="The last day for the decision, in Japan time.")


class ReviewOpened(ReviewEvent):
    """A review waits for an officer.

    When: together with each submission.
    """


class ReviewClaimed(ReviewEvent):
    """An officer took the review on.

    When: a reviewer claimed it, also when taking it over from another reviewer.
    """

    officer_id: UUID = Field(description="The account of the reviewer.")


class ReviewRecommended(ReviewEvent):
    """The reviewer is done; a second officer decides (four eyes).

    When: the reviewer recommended a decision. Which one stays inside the office.
    """

    officer_id: UUID = Field(description="The account of the reviewer.")


class ApplicationRejected(ApplicationEvent):
    """The office rejected the submission; the applicant may correct it and submit again (AS-81).

    When: an officer decided so. Causes mail NO-10.
    """

    readers: ClassVar[tuple[str, ...]] = ("documents", "notifications")

    account_id: UUID = Field(description="The account that the application belongs to.")
    programme: Key | None = Field(
        default=None, description="The programme, such as bond. Open: new programmes appear. Null in old events."
    )
    submission: int = Field(ge=1, description="The submission that was rejected.")
    reason: Annotated[Sealed, sealed_for("notifications", Reason, "What has to be corrected, for mail NO-10.")]
    officer_id: UUID = Field(description="The account of the officer who decided.")


class ApplicationApproved(ApplicationEvent):
    """The office approved the submission; its content is in force.

    When: the approving officer decided so. Causes mail NO-09 when it is the first approval (AS-80).
    """

    readers: ClassVar[tuple[str, ...]] = ("identity", "documents", "notifications")

    account_id: UUID = Field(description="The account that the application belongs to.")
    programme: Key = Field(description="The programme, such as bond. Open: new programmes appear.")
    submission: int = Field(ge=1, description="The submission that was approved.")
    first_approval: bool = Field(description="False when an earlier content had been approved before (a change).")
    officer_id: UUID = Field(description="The account of the officer who decided.")


class ApplicationClosed(ApplicationEvent):
    """The application came to an end that nothing follows.

    When: the office refused or cancelled it, the owner withdrew it, or what was applied for is done. A submission that
    is only sent back for correction is told by ApplicationRejected. Causes a mail to the owner and to each of `notify`,
    which does not say how it ended.
    """

    readers: ClassVar[tuple[str, ...]] = ("documents", "notifications")

    account_id: UUID = Field(description="The account that the application belongs to.")
    programme: Key = Field(description="The programme, such as green_loan. Open: new programmes appear.")
    submission: int = Field(ge=0, description="The submission that was in hand; 0 when nothing was submitted.")
    outcome: Key = Field(description="How it ended, such as refused, withdrawn, cancelled, stopped, done. Open.")
    notify: tuple[UUID, ...] = Field(
        description="The accounts of those besides the owner whom it concerns, such as joint debtors."
    )


class ContractOffered(ApplicationEvent):
    """The contract lies ready, and can be signed for some time.

    When: the office announced the time (GL-078, GL-483), and the service has opened the contract at the provider of
    electronic contracts; again, when the time ended before all had signed and another one was announced. Causes a mail
    to everybody who has to sign, which says what to do (GL-107, GL-484).
    """

    readers: ClassVar[tuple[str, ...]] = ("notifications",)

    programme: Key = Field(description="The programme, such as green_loan. Open: new programmes appear.")
    signers: tuple[UUID, ...] = Field(description="The accounts of all who have to sign.")
    links: Annotated[
        Sealed,
        sealed_for("notifications", ContractLinks, "Where to sign, and the video to be watched before; for the mail."),
    ]


class InsuranceOffered(ApplicationEvent):
    """Somebody who owes the loan can apply for its life insurance now, at the insurer's Web service.

    When: the service has opened an application there for one who wishes to join (GL-400, GL-526); again, when it had to
    be opened anew. Causes a mail to that person alone, with the user ID and the login page.
    """

    readers: ClassVar[tuple[str, ...]] = ("notifications",)

    programme: Key = Field(description="The programme, such as green_loan. Open: new programmes appear.")
    insured_id: UUID = Field(description="The account of the one who joins: the owner's, or a joint debtor's.")
    login: Annotated[Sealed, sealed_for("notifications", ServiceLogin, "User ID and login page, for the mail.")]


class ChangeWithdrawn(ApplicationEvent):
    """A change of what is in force was given up; nothing of it will be used (AS-83).

    When: the owner withdrew it, before or after submitting it.
    """

    readers: ClassVar[tuple[str, ...]] = ("documents",)

    account_id: UUID = Field(description="The account that the application belongs to.")
    programme: Key = Field(description="The programme, such as bond. Open: new programmes appear.")
    approved_submission: int = Field(ge=1, description="The submission whose content is in force, now as before.")


class MessagePosted(ApplicationEvent):
    """Somebody wrote in a thread about the application; what was written stays in the service (GL-052).

    When: one who applies or takes part, an organisation, or the office wrote. Causes a mail to each of `notify` and,
    where `to_office` says so, to the office's mailbox; neither tells what was written. Who was told of a thread and has
    not read it yet is not told of it again for ten minutes.
    """

    readers: ClassVar[tuple[str, ...]] = ("notifications",)

    programme: Key = Field(description="The programme, such as green_loan. Open: new programmes appear.")
    reference: Reference = Field(description="The number that people see.")
    thread_id: UUID = Field(description="The thread.")
    message_id: UUID = Field(description="The message.")
    sender: Key = Field(description="Whose side wrote: applicant, organisation, office. Open.")
    notify: tuple[UUID, ...] = Field(description="The accounts to be told by mail; may be nobody.")
    to_office: bool = Field(description="Whether the office's mailbox is to be told.")


class CorrectionRequested(ApplicationEvent):
    """The office asks for something to be mended; what is wrong with it stays in the service.

    When: an officer asked for it. Causes a mail to each of `notify`, without what is asked for.
    """

    readers: ClassVar[tuple[str, ...]] = ("notifications",)

    programme: Key = Field(description="The programme, such as green_loan. Open: new programmes appear.")
    correction_id: UUID = Field(description="The request.")
    due_on: date | None = Field(description="Until when, in Japan time; nothing ends by it. Null: no day was named.")
    field_count: int = Field(ge=0, description="How many fields of the form are to be changed.")
    document_count: int = Field(ge=0, description="How many documents are asked for.")
    notify: tuple[UUID, ...] = Field(description="The accounts to be told by mail.")


class CorrectionResolved(ApplicationEvent):
    """Nothing of a request for correction is open any more.

    When: the last of its fields was changed or the last of its documents stored, or an officer took it back.
    """

    correction_id: UUID = Field(description="The request.")
    outcome: Key = Field(description="How it ended: mended, withdrawn. Open.")


class HistoryEvent(Event):
    """Something happened to the history of all applications together. It names no application and nobody."""

    service: ClassVar[str] = "applications"
    topic: ClassVar[str] = "applications.history.v1"
    aggregate_field: ClassVar[str] = "history_id"

    history_id: UUID = Field(description="The history; there is one, and its id never changes.")


class HistoryRootPublished(HistoryEvent):
    """One number stands for the whole history until now: who keeps it can prove later whether anything was changed.

    When: every midnight in Japan, also after a day on which nothing happened; later when nothing runs at midnight.
    """

    number: int = Field(ge=1, description="1 for the first root, then one more each time; a gap is a missing root.")
    taken_at: UtcTime = Field(description="When it was taken.")
    heads: int = Field(ge=0, description="How many applications had gone on since the root before.")
    root: Sha256 = Field(description="The digest over the root before and the heads of those applications' chains.")
    previous_root: Sha256 | None = Field(description="The root before; null for the first.")


EVENTS: tuple[type[Event], ...] = (
    ApplicationStarted,
    DraftSetAside,
    ApplicationPartiesChanged,
    ApplicationReopened,
    ApplicationSubmitted,
    ReviewOpened,
    ReviewClaimed,
    ReviewRecommended,
    ApplicationRejected,
    ApplicationApproved,
    ApplicationClosed,
    ContractOffered,
    InsuranceOffered,
    ChangeWithdrawn,
    MessagePosted,
    CorrectionRequested,
    CorrectionResolved,
    HistoryRootPublished,
)
