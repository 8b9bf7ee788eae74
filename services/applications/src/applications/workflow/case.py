"""What a step is judged by: the application, the caller, and what is being filed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

from kit.errors import Finding
from madoguchi_contracts import IncomeEvidence, Party, Role, Sealed
from madoguchi_contracts.envelope import SealedContent
from pydantic import BaseModel

NOTHING = ""
"""The state of a track before its first step."""

Facts = TypeVar("Facts", bound=BaseModel)

VIEW, EDIT = "view", "edit"
"""What a party may be granted; a programme may have others."""


@dataclass(frozen=True)
class Caller:
    """Somebody who wants to take a step, or the system itself (all None)."""

    role: Role | None = None
    account_id: UUID | None = None
    organisation_id: UUID | None = None

    def is_party(self, party: Party) -> bool:
        """Whether the caller is this party, or acts for it."""
        return party.party_id in {self.account_id, self.organisation_id}


@dataclass(frozen=True)
class Document:
    """A file in one of the application's slots, as the documents service told it.

    `subject` is whose paper it is, in a slot per person. `replaces` is the slot whose paper the office asked for anew:
    the file counts there.
    """

    document_id: UUID
    slot: str
    sha256: str
    size_bytes: int
    standard_type: bool
    placeholder: bool
    subject: UUID | None = None
    replaces: str | None = None


@dataclass(frozen=True)
class Evidence:
    """What a program read in a file, as the documents service told it: what it is, such as VERIFIED, and what it says.

    Files that are not read by a program, or not yet, have none.
    """

    document_id: UUID
    result: str
    said: IncomeEvidence | None


@dataclass(frozen=True)
class Validation:
    """What came of a look at a form: what blocks, what is only to be said, and the content as it will be kept."""

    findings: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    content: Mapping[str, Any]


@dataclass(frozen=True)
class Filing:
    """What is handed in by a submission. `sha256` is the digest of content and documents together."""

    form: Validation
    documents: tuple[Document, ...]
    ekyc_status: str | None
    sha256: str
    submission: int
    consents: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ReviewFacts:
    """The review that a decision belongs to."""

    review_id: UUID
    due_on: date


@dataclass(frozen=True)
class Taken:
    """A step that was taken, and what was said with it (`Transition.facts`). `actor_id` None is the system."""

    at: datetime
    actor_id: UUID | None
    facts: BaseModel | None


@dataclass(frozen=True)
class Maintenance:
    """A time announced by the office in which a service of a programme is closed: from `begins_at` until before
    `ends_at`, aware. `service` is a code of the programme, `reason` what people read.
    """

    service: str
    begins_at: datetime
    ends_at: datetime
    reason: str


@dataclass(frozen=True)
class Other:
    """Another application of the same account for the same programme. `submitted_at` is when it was handed in first."""

    application_id: UUID
    state: str
    submitted_at: datetime | None


class NotAtHand(Exception):
    """A step needs what was not looked up for it: a defect of the table or of the code that takes the step."""


@dataclass(frozen=True)
class Case:
    """All that guards and events may look at, as it is under the application's row lock.

    `subject` is whom the step is about: the application itself, or a person. `in_force` is the approved content, where
    a step files something over it. `ekyc` has the status of each person that is known of. `facts` is what is said with
    the step that is being taken. `documents` are the files as they are now, `came` is when it was first told of each,
    where that is known. `dated` is what the office keeps for the programme with dates of validity, such as rates; it is
    looked up for rows that want it (`Transition.dated`).
    `maintenance` is what the office has announced, looked up for rows that want it (`Transition.counter`), where
    something is filed, and where a draft is saved. `others` are looked up where something is filed. In a workflow that
    remembers, `submitted` is what was handed in last, `taken` has every step that was taken, by track, subject and
    command, and `evidence` what programs read in files, by document.
    """

    application_id: UUID
    programme: str
    account_id: UUID
    reference: str
    submission: int
    approved_submission: int | None
    states: Mapping[tuple[str, UUID], str]
    now: datetime
    parties: tuple[Party, ...] = ()
    draft_version: int = 0
    in_force: Mapping[str, Any] | None = None
    submitted: Mapping[str, Any] | None = None
    filing: Filing | None = None
    review: ReviewFacts | None = None
    reason: str = ""
    about: UUID | None = None
    facts: BaseModel | None = None
    ekyc: Mapping[UUID, str] = field(default_factory=dict)
    taken: Mapping[tuple[str, UUID, str], tuple[Taken, ...]] = field(default_factory=dict)
    others: tuple[Other, ...] = ()
    documents: tuple[Document, ...] = ()
    evidence: Mapping[UUID, Evidence] = field(default_factory=dict)
    came: Mapping[UUID, datetime] = field(default_factory=dict)
    dated: object = None
    maintenance: tuple[Maintenance, ...] | None = None

    @property
    def announced(self) -> tuple[Maintenance, ...]:
        """The times in which services are closed. Raises NotAtHand where they were not looked up: a guard that saw none
        would let everything pass.
        """
        if self.maintenance is None:
            raise NotAtHand("maintenance")
        return self.maintenance

    @property
    def subject(self) -> UUID:
        """Whom the step is about."""
        return self.about or self.application_id

    def state(self, track: str, subject: UUID | None = None) -> str:
        """Where a track stands: the application's own one, or that of `subject`."""
        return self.states.get((track, subject or self.application_id), NOTHING)

    @property
    def filed(self) -> Filing:
        """What is handed in. Raises NotAtHand on a row without Effect.FILES or READS: a guard that found nothing there
        would let everything pass.
        """
        if self.filing is None:
            raise NotAtHand("filing")
        return self.filing

    def last(self, track: str, command: str, subject: UUID | None = None) -> Taken | None:
        """The step of this command that was taken last, on the application's own track or that of `subject`."""
        every = self.taken.get((track, subject or self.application_id, command), ())
        return every[-1] if every else None

    def said(self, facts: type[Facts]) -> Facts:
        """What is said with this step. Raises NotAtHand where the row takes other facts, or none."""
        if not isinstance(self.facts, facts):
            raise NotAtHand(facts.__name__)
        return self.facts

    def said_before(self, facts: type[Facts], track: str, command: str, subject: UUID | None = None) -> Facts | None:
        """What was said with the last step of this command; None if it was not taken."""
        every = self.all_said(facts, track, command, subject)
        return every[-1] if every else None

    def all_said(self, facts: type[Facts], track: str, command: str, subject: UUID | None = None) -> list[Facts]:
        """The same for every step of this command, first to last. Raises NotAtHand."""
        found = []
        for step in self.taken.get((track, subject or self.application_id, command), ()):
            if not isinstance(step.facts, facts):
                raise NotAtHand(facts.__name__)
            found.append(step.facts)
        return found


Guard = Callable[[Case], Sequence[Finding]]
Seal = Callable[[SealedContent, str], Sealed]


@dataclass(frozen=True)
class Step:
    """A step as it is being taken, for the event that tells it. `actor_id` None is the system."""

    case: Case
    actor_id: UUID | None
    seal: Seal
