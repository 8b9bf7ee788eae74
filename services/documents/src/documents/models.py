"""The tables of the documents service.

Invariants that the commands keep are stated here a second time, as constraints: a slot holds one file, a stored
document has an object, and nothing else claims to have one.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from kit.db import new_metadata
from kit.sessions import add_ended_sessions
from kit.tables import add_kit_tables
from sqlalchemy import BigInteger, CheckConstraint, DateTime, Identity, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from documents.domain import PERSONS, TRANSITIONS, DocumentStatus, Place, SetState, Slot
from documents.rules import display_name

metadata = new_metadata()
add_kit_tables(metadata)
add_ended_sessions(metadata)


class Base(SQLModel, registry=registry(metadata=metadata)):
    """Binds the tables to this service's metadata, so that two services can live in one test process."""


class DocumentSet(Base, table=True):
    """The documents of one application: whose they are, which slots there are, and whether they can be changed.

    Its row lock is what keeps the set's total and its events in order.
    """

    __tablename__ = "document_sets"
    __table_args__ = (
        CheckConstraint("total_limit_bytes > 0", name="total_limit_bytes"),
        CheckConstraint("version >= 0", name="version"),
        CheckConstraint("submission >= 1", name="submission"),
        CheckConstraint("NOT frozen OR submission IS NOT NULL", name="frozen_by_submission"),
        CheckConstraint("approved_submission <= submission", name="approved_submission"),
        CheckConstraint("withdrawn_submission <= submission", name="withdrawn_submission"),
        CheckConstraint(
            "editors IS NULL OR (NOT frozen AND approved_submission IS NOT NULL)", name="reopened_after_approval"
        ),
    )

    application_id: UUID = Field(primary_key=True)
    account_id: UUID
    programme: str
    slots: list[dict[str, Any]] = Field(
        sa_type=JSONB, description="each as a domain.Slot; what is missing is as its default"
    )
    total_limit_bytes: int = Field(sa_type=BigInteger)
    keeps_unsubmitted: bool = Field(default=False, description="whether files outlive a draft set aside (DO-07)")
    parties: dict[str, dict[str, Any]] = Field(
        default_factory=dict, sa_type=JSONB, description="{account or organisation: kind, grants}, besides the owner"
    )
    version: int = 0
    submission: int | None = None
    approved_submission: int | None = None
    withdrawn_submission: int | None = Field(default=None, description="the last one that was given up (AS-83)")
    frozen: bool = False
    editors: list[str] | None = Field(
        default=None, sa_type=JSONB(none_as_null=True), description="for whom a content is reopened (AS-83)"
    )
    outcome: str | None = Field(default=None, description="how the application ended; null while it goes on")
    files_deleted_at: datetime | None = Field(
        default=None, sa_type=DateTime(timezone=True), description="when its period was over"
    )
    created_at: datetime = Field(sa_type=DateTime(timezone=True))
    state_since: datetime = Field(
        sa_type=DateTime(timezone=True), description="when it was begun, submitted, decided on, reopened or ended last"
    )

    @property
    def state(self) -> SetState:
        """Over, or draft, frozen, returned or reopened."""
        if self.outcome is not None:
            return SetState.GIVEN_UP if self.submission is None else SetState.ENDED
        if self.frozen:
            return SetState.FROZEN
        if self.editors is not None:
            return SetState.REOPENED
        return SetState.DRAFT if self.submission is None else SetState.RETURNED

    @property
    def slot_of(self) -> dict[str, Slot]:
        """The slots by key, in the order of the screen."""
        return {slot["key"]: Slot(**slot) for slot in self.slots}

    @property
    def persons(self) -> list[UUID]:
        """Who has papers of their own in slots per person: the owner, and the persons who take part.

        Who joins an application by an invitation is a party of the kind that is their role.
        """
        others = (UUID(party) for party, facts in self.parties.items() if facts["kind"] in PERSONS)
        return [self.account_id, *(person for person in others if person != self.account_id)]

    def subjects_of(self, slot: Slot) -> list[UUID | None]:
        """Whose papers go into a slot; [None] for one that holds a single file which is nobody's own."""
        if not slot.per_person:
            return [None]
        return [UUID(slot.subject)] if slot.subject else [*self.persons]

    def read_as(self, document: Document) -> str | None:
        """As what a program reads the document: what its slot says, or the slot whose paper was asked for anew."""
        slot = self.slot_of[document.slot]
        return (self.slot_of[slot.replaces] if slot.replaces else slot).read_as

    def order(self, document: Document) -> tuple[int, int, str]:
        """The document's rank in the set: by the slots of the screen, then the owner's before the others'."""
        rank = {slot["key"]: number for number, slot in enumerate(self.slots)}
        others = document.subject not in (None, self.account_id)
        return rank[document.slot], int(others), str(document.subject)

    @property
    def current_submission(self) -> int | None:
        """The submission that the set is while it is frozen, and that open changes start from; None in a draft.

        The last one, unless it was withdrawn or the one in force is being changed.
        """
        given_up = self.submission is not None and self.submission == self.withdrawn_submission
        return self.approved_submission if given_up or self.editors is not None else self.submission


class Document(Base, table=True):
    """One file, from the wish to upload it to its deletion."""

    __tablename__ = "documents"
    __table_args__ = (
        CheckConstraint(
            "status IN ('pending', 'stored', 'refused', 'expired', 'replaced', 'removed', 'purged')", name="status"
        ),
        CheckConstraint("size_bytes >= 0", name="size_bytes"),
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256"),
        CheckConstraint("status NOT IN ('stored', 'replaced') OR object_key IS NOT NULL", name="has_object"),
        CheckConstraint(
            "status NOT IN ('pending', 'refused', 'expired', 'purged') OR object_key IS NULL", name="has_no_object"
        ),
        CheckConstraint("(status = 'refused') = (refusal IS NOT NULL)", name="refusal"),
        # DO-03: one file per slot and person, also when two uploads are completed at the same moment.
        Index(
            "uq_documents_stored_place",
            "application_id",
            "slot",
            "subject",
            unique=True,
            postgresql_where=text("status = 'stored'"),
            postgresql_nulls_not_distinct=True,
        ),
        # What the office waits for (DO-13).
        Index(
            "ix_documents_announced",
            "application_id",
            postgresql_where=text("status = 'stored' AND placeholder"),
        ),
        Index("uq_documents_object_key", "object_key", unique=True),
        # What the reconciling loop looks for.
        Index("ix_documents_session_id", "session_id", postgresql_where=text("status IN ('pending', 'stored')")),
        Index("ix_documents_pending", "expires_at", postgresql_where=text("status = 'pending'")),
        Index(
            "ix_documents_ended",
            "ended_at",
            postgresql_where=text("status IN ('replaced', 'removed') AND object_key IS NOT NULL"),
        ),
    )

    id: UUID = Field(primary_key=True)
    application_id: UUID = Field(foreign_key="document_sets.application_id", index=True)
    uploaded_by: UUID | None = Field(default=None, description="the account; null in rows older than this column")
    session_id: UUID | None = Field(default=None, description="of the upload: DO-07 drops what a timeout leaves")
    slot: str
    subject: UUID | None = Field(default=None, description="whose paper it is, in a slot per person")
    file_name: str = Field(
        description="as the applicant's computer named it, byte for byte; empty when the file is gone for good"
    )
    content_type: str
    size_bytes: int = Field(sa_type=BigInteger)
    sha256: str
    standard_type: bool
    placeholder: bool
    status: str = DocumentStatus.PENDING.value
    refusal: str | None = None
    scanned_by: str | None = None
    # Collation C: the sweep compares keys in the order in which the store lists them.
    object_key: str | None = Field(default=None, sa_type=Text(collation="C"))
    created_at: datetime = Field(sa_type=DateTime(timezone=True))
    expires_at: datetime = Field(sa_type=DateTime(timezone=True))
    completion_asked_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    completing_until: datetime | None = Field(
        default=None,
        sa_type=DateTime(timezone=True),
        description="until then nobody else completes it; afterwards, when it was last tried",
    )
    stored_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    ended_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))

    @property
    def place(self) -> Place:
        """Where it is, or shall go."""
        return self.slot, self.subject

    @property
    def shown_name(self) -> str:
        """The file name as people see it: NFC, because macOS sends decomposed kana."""
        return display_name(self.file_name)

    def move(self, to: DocumentStatus, now: datetime) -> None:
        """Go to another status; the only place that sets it. Raises ImpossibleMove.

        The name is forgotten where no file is left that could come back: it may hold the name of a person.
        """
        before = DocumentStatus(self.status)
        if to not in TRANSITIONS[before]:
            raise ImpossibleMove(f"document {self.id}: {before} -> {to}")
        self.status = to.value
        if to is DocumentStatus.STORED:
            self.stored_at, self.ended_at = now, None
        else:
            self.ended_at = now
            if self.object_key is None or to in (DocumentStatus.REFUSED, DocumentStatus.EXPIRED, DocumentStatus.PURGED):
                self.file_name = ""


class ImpossibleMove(Exception):
    """A document cannot go from one status to the other: an error in this service, never in a request."""


class EvidenceReading(Base, table=True):
    """That a program reads a document (`id`), when next (null: it has), and as what it was told. As kit.providers.jobs
    wants it. `failures`: processes that ended without an answer since it is to be read.
    """

    __tablename__ = "evidence_readings"
    __table_args__ = (Index("ix_evidence_readings_look_at", "look_at", postgresql_where=text("look_at IS NOT NULL")),)

    id: UUID = Field(primary_key=True, foreign_key="documents.id")
    look_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    looks: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    failures: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    result: str | None = None


class SubmittedDocument(Base, table=True):
    """A document that is part of a submission. Its file is kept: it is what the office decides about (DO-08)."""

    __tablename__ = "submitted_documents"

    application_id: UUID = Field(primary_key=True, foreign_key="document_sets.application_id")
    submission: int = Field(primary_key=True)
    document_id: UUID = Field(primary_key=True, foreign_key="documents.id", index=True)


class PostedPaper(Base, table=True):
    """A paper that came by post, as an officer recorded it (DO-34). A correction is a further version."""

    __tablename__ = "posted_papers"
    __table_args__ = (CheckConstraint("version >= 1", name="version"),)

    id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True)
    application_id: UUID = Field(foreign_key="document_sets.application_id", index=True)
    kind: str = Field(description="an identity paper, or the slot whose file it stands for")
    arrived_on: date
    facts: dict[str, Any] = Field(sa_type=JSONB, description="what else was seen: dates, sides, pages")
    result: str
    recorded_by: UUID
    recorded_at: datetime = Field(sa_type=DateTime(timezone=True))


class LegalHold(Base, table=True):
    """Nothing of the application is deleted while it is held, whatever period is over."""

    __tablename__ = "legal_holds"
    __table_args__ = (
        CheckConstraint("reason <> ''", name="reason"),
        CheckConstraint(
            "(released_at IS NULL) = (released_by IS NULL) AND (released_at IS NULL) = (release_reason IS NULL)",
            name="release_is_whole",
        ),
        CheckConstraint("lifted_at IS NULL OR released_at IS NOT NULL", name="lifted_after_release"),
        Index("uq_legal_holds_open", "application_id", unique=True, postgresql_where=text("released_at IS NULL")),
        Index("ix_legal_holds_to_lift", "application_id", postgresql_where=text("lifted_at IS NULL")),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=[Identity(always=True)])
    application_id: UUID = Field(foreign_key="document_sets.application_id")
    reason: str
    set_by: str
    set_at: datetime = Field(sa_type=DateTime(timezone=True))
    release_reason: str | None = None
    released_by: str | None = None
    released_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    lifted_at: datetime | None = Field(
        default=None, sa_type=DateTime(timezone=True), description="when the store was told of the release"
    )


class RetentionEntry(Base, table=True):
    """A file that was deleted because its period was over."""

    __tablename__ = "retention_log"

    document_id: UUID = Field(primary_key=True, foreign_key="documents.id")
    application_id: UUID = Field(foreign_key="document_sets.application_id", index=True)
    at: datetime = Field(sa_type=DateTime(timezone=True))
    reason: str = Field(description="the case, such as returned")
    since: datetime = Field(sa_type=DateTime(timezone=True), description="from when the period was counted")
    months: int
    sha256: str


class AccessLogEntry(Base, table=True):
    """Who was shown what. File names and files are personal."""

    __tablename__ = "access_log"
    __table_args__ = (
        CheckConstraint("action IN ('list', 'download', 'list_papers')", name="action"),
        Index("ix_access_log_application_id_at", "application_id", "at"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=[Identity(always=True)])
    at: datetime = Field(sa_type=DateTime(timezone=True))
    account_id: UUID
    role: str
    session_id: UUID
    action: str
    application_id: UUID
    document_id: UUID | None = None
