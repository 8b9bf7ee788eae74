"""What the documents service tells: the set of documents of an application.

Aggregate and Kafka key: the application, because its documents change as one set.
"""

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from madoguchi_contracts.envelope import Code, Event, Key, RuleId, Sealed, Sha256, sealed_for
from madoguchi_contracts.sealed import IncomeEvidence, Reason


class SetEntry(BaseModel):
    """One document of the set as it is after the event."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    document_id: UUID = Field(description="The document.")
    slot: Key = Field(description="The slot it is in; a slot holds one document at most (DO-03), or one per person.")
    sha256: Sha256 = Field(description="The digest of the file's bytes.")
    size_bytes: int = Field(ge=0, description="The size of the file.")
    standard_type: bool = Field(description="Whether the file is of an offered type (DO-06).")
    placeholder: bool = Field(description="Whether it only announces that papers follow by post (DO-13).")
    subject: UUID | None = Field(
        default=None, description="Whose paper it is, in a slot per person: the account. Null in other slots."
    )
    replaces: Key | None = Field(
        default=None,
        description="The slot whose paper, of the same person, the office asked for anew: this file counts there, in"
        " the place of what was there before. Of several such files the last in the list counts.",
    )


class DocumentSetEvent(Event):
    """Something happened to the documents of an application."""

    service: ClassVar[str] = "documents"
    topic: ClassVar[str] = "documents.documents.v1"
    aggregate_field: ClassVar[str] = "application_id"

    application_id: UUID = Field(description="The application whose documents these are.")


class DocumentStored(DocumentSetEvent):
    """A file passed its checks and is in the set; what was in its slot before is replaced.

    When: the upload is complete and the file is safely stored.
    """

    readers: ClassVar[tuple[str, ...]] = ("applications",)

    document_id: UUID = Field(description="The new document.")
    slot: Key = Field(description="The slot it was put into.")
    sha256: Sha256 = Field(description="The digest of the file's bytes.")
    size_bytes: int = Field(ge=0, description="The size of the file.")
    set_version: int = Field(ge=1, description="Grows by one with every change of the set.")
    set: tuple[SetEntry, ...] = Field(description="The whole set after the change.")
    total_bytes: int = Field(ge=0, description="The sum of all sizes in the set.")
    subject: UUID | None = Field(default=None, description="Whose paper it is, in a slot per person.")


class DocumentRemoved(DocumentSetEvent):
    """A document is no longer in the set; its slot is empty.

    When: the applicant deleted it, a draft's files were dropped (DO-07), or the time for which files are kept was over.
    """

    readers: ClassVar[tuple[str, ...]] = ("applications",)

    document_id: UUID = Field(description="The document that was removed.")
    slot: Key = Field(description="The slot that is empty now.")
    set_version: int = Field(ge=1, description="Grows by one with every change of the set.")
    set: tuple[SetEntry, ...] = Field(description="The whole set after the change.")
    total_bytes: int = Field(ge=0, description="The sum of all sizes in the set.")
    subject: UUID | None = Field(default=None, description="Whose paper it is, in a slot per person.")


class DocumentRefused(DocumentSetEvent):
    """A file was not taken; the set is as it was before.

    When: a check of the upload failed, such as the limit of the total size (DO-05) or an infected file.
    """

    document_id: UUID = Field(description="The id that the refused document would have had.")
    slot: Key = Field(description="The slot it was meant for.")
    code: Code = Field(description="Why, such as TOTAL_OVER_LIMIT. Open.")
    rules: tuple[RuleId, ...] = Field(description="The rules that refused it.")
    subject: UUID | None = Field(default=None, description="Whose paper it is, in a slot per person.")


class DocumentsFrozen(DocumentSetEvent):
    """These documents are part of a submission and can no longer be changed (DO-08).

    When: the submission was heard of. A rejection opens the set again.
    """

    submission: int = Field(ge=1, description="The submission that they belong to.")
    document_ids: tuple[UUID, ...] = Field(description="The frozen documents, in the order of the slots.")


class DocumentRequested(DocumentSetEvent):
    """The office asked for one more document; there is a slot for it, open until a file is in it.

    When: an officer did so, from the first submission on. Causes a mail to the account that is asked.
    """

    readers: ClassVar[tuple[str, ...]] = ("notifications",)

    slot: Key = Field(description="The new slot, the last of the set.")
    due_on: date = Field(description="The day by which it is asked for, in Japan time. Later files are taken too.")
    officer_id: UUID = Field(description="The account of the officer who asked.")
    account_id: UUID = Field(description="The account that is asked: the owner's, or the subject's.")
    programme: Key = Field(description="The programme, such as bond. Open: new programmes appear.")
    label: Annotated[Sealed, sealed_for("notifications", Reason, "What is asked for, for the mail.")]
    subject: UUID | None = Field(
        description="Whose paper is asked for: the account. Null when it need not be a certain person's."
    )


class DocumentRequestWithdrawn(DocumentSetEvent):
    """The office does not ask for that document any more; its slot is closed.

    When: an officer withdrew a request for which no file had been handed in.
    """

    slot: Key = Field(description="The slot that was made for the document.")
    officer_id: UUID = Field(description="The account of the officer who withdrew the request.")


class PaperArrived(DocumentSetEvent):
    """A paper came by post and was judged (DO-34).

    When: an officer recorded it; once more, with the same `paper_id`, when an officer corrected the record.
    """

    readers: ClassVar[tuple[str, ...]] = ("applications",)

    paper_id: UUID = Field(description="The paper.")
    kind: Key = Field(
        description="What it is: an identity paper such as passport, or the slot whose file it stands for. Open."
    )
    result: Code = Field(description="OK, or what is wrong with it, such as TOO_OLD. Open.")
    arrived_on: date = Field(description="The day of its arrival, in Japan time.")


class IncomeEvidenceRead(DocumentSetEvent):
    """A program looked whether a file comes unchanged from the income information retrieval service, and read it
    (GL-425).

    When: after a file was stored in a slot whose files are read as that. A paper of another kind is told too, as
    NOT_SIGNED: it is read by people, as ever, and no file is refused for what was found.
    """

    readers: ClassVar[tuple[str, ...]] = ("applications",)

    document_id: UUID = Field(description="The document.")
    result: Code = Field(
        description="VERIFIED, NOT_SIGNED, CHANGED (after it was issued), UNKNOWN_SIGNER or UNREADABLE. Open."
    )
    evidence: Annotated[
        Sealed | None,
        sealed_for("applications", IncomeEvidence, "What it says; null unless it is VERIFIED."),
    ]
    subject: UUID | None = Field(description="Whose paper it is, in a slot per person.")


EVENTS: tuple[type[Event], ...] = (
    DocumentStored,
    DocumentRemoved,
    DocumentRefused,
    DocumentsFrozen,
    DocumentRequested,
    DocumentRequestWithdrawn,
    PaperArrived,
    IncomeEvidenceRead,
)
