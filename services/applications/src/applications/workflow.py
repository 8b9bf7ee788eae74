"""The workflow of a programme as a table, and the judgement whether a step of it is possible.

An application moves on tracks. Each track is a small state machine of its own: the application as a whole, the
technical side, the insurance or the identity check of one person. A track stands for one subject: the application, or a
person. A programme lists its steps as rows (`Transition`); the state changes by a row of that table and no other way.

Everything here is pure. `applications.cases.move` is the one function that takes a step in the database.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from itertools import chain
from typing import Any
from uuid import UUID

from kit.errors import Finding, Forbidden, Refused
from madoguchi_contracts import Event, Role, Sealed
from madoguchi_contracts.envelope import SealedContent

from applications.errors import ImpossibleTransition, SecondOfficerNeeded

NOTHING = ""
"""The state of a track before its first step."""


class Relation(StrEnum):
    """What an actor is to the application."""

    OWNER = "owner"  # the account that the application belongs to
    SUBJECT = "subject"  # the person whom the track is about
    ANY = "any"  # nobody in particular: the role is enough


@dataclass(frozen=True)
class Who:
    """Who may take a step. `role` None is the system itself: a timer, or an event that was heard."""

    role: Role | None
    relation: Relation = Relation.ANY


SYSTEM = Who(None)


@dataclass(frozen=True)
class Document:
    """A file in one of the application's slots, as the documents service told it."""

    document_id: UUID
    slot: str
    sha256: str
    size_bytes: int
    standard_type: bool
    placeholder: bool


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
class Case:
    """All that guards and events may look at, as it is under the application's row lock."""

    application_id: UUID
    programme: str
    account_id: UUID
    reference: str
    submission: int
    approved_submission: int | None
    states: Mapping[tuple[str, UUID], str]
    now: datetime
    filing: Filing | None = None
    review: ReviewFacts | None = None
    reason: str = ""

    def state(self, track: str, subject: UUID | None = None) -> str:
        """Where a track stands: the application's own one, or that of `subject`."""
        return self.states.get((track, subject or self.application_id), NOTHING)


Guard = Callable[[Case], Sequence[Finding]]
Seal = Callable[[SealedContent, str], Sealed]


@dataclass(frozen=True)
class Step:
    """A step as it is being taken, for the event that tells it. `actor_id` None is the system."""

    case: Case
    actor_id: UUID | None
    seal: Seal


@dataclass(frozen=True)
class Deadline:
    """A timer that a step starts: at `due` the system gives `command` on the same track, unless the state was left."""

    command: str
    due: Callable[[datetime], datetime]


@dataclass(frozen=True)
class Transition:
    """One row of the table.

    `label` is what people read in the timeline; the applicant does not see rows that are not `public`. A row whose
    target is its source changes nothing but is remembered, and `second_of` names such a row: its step must have been
    taken since the state was entered, by somebody else (four eyes). `otp` is the purpose of the proof that it needs.
    """

    track: str
    command: str
    sources: tuple[str, ...]
    target: str
    actors: tuple[Who, ...]
    label: str
    rules: tuple[str, ...]
    guards: tuple[Guard, ...] = ()
    otp: str | None = None
    second_of: str | None = None
    public: bool = True
    event: Callable[[Step], Event] | None = None
    deadline: Deadline | None = None

    def admits(self, role: Role | None, account_id: UUID | None, owner: UUID, subject: UUID) -> bool:
        """Whether somebody of this role and account may take the step, as far as the person is concerned."""
        fits = {Relation.OWNER: account_id == owner, Relation.SUBJECT: account_id == subject, Relation.ANY: True}
        return any(who.role == role and fits[who.relation] for who in self.actors)


@dataclass(frozen=True)
class Workflow:
    """A programme's table. `main` is the track of the application as a whole, on which it is started, submitted and
    decided; its content can be changed while that track is in one of the states of `editable`.
    """

    main: str
    editable: frozenset[str]
    transitions: tuple[Transition, ...]
    _rows: Mapping[tuple[str, str], tuple[Transition, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Raise ValueError for a table that contradicts itself."""
        rows: dict[tuple[str, str], tuple[Transition, ...]] = {}
        for row in self.transitions:
            known = rows.get((row.track, row.command), ())
            taken = set(chain.from_iterable(other.sources for other in known))
            if taken & set(row.sources):
                raise ValueError(f"two rows of {row.track} for {row.command} from {sorted(taken & set(row.sources))}")
            rows[row.track, row.command] = (*known, row)
        object.__setattr__(self, "_rows", rows)
        for row in self.transitions:
            named = {row.second_of, row.deadline.command if row.deadline else None} - {None}
            if missing := [name for name in named if (row.track, name) not in rows]:
                raise ValueError(f"{row.track} has no command {missing}, which {row.command} names")
        if unknown := self.editable - self.states(self.main):
            raise ValueError(f"{self.main} has no states {sorted(unknown)}")

    def rows(self, track: str, command: str) -> tuple[Transition, ...]:
        """The rows of a command; none if the programme does not know it."""
        return self._rows.get((track, command), ())

    def states(self, track: str) -> frozenset[str]:
        """Every state of a track."""
        return frozenset(row.target for row in self.transitions if row.track == track)


def choose(
    workflow: Workflow,
    case: Case,
    command: str,
    *,
    role: Role | None,
    account_id: UUID | None,
    track: str | None = None,
    subject: UUID | None = None,
) -> Transition:
    """The row by which this actor's command moves the track from where it stands.

    Raises Forbidden for somebody to whom no row of the command is open, and ImpossibleTransition, with the rules of the
    command, when there is no row from the present state.
    """
    track, subject = track or workflow.main, subject or case.application_id
    rows = workflow.rows(track, command)
    state = case.state(track, subject)
    if rows and not any(row.admits(role, account_id, case.account_id, subject) for row in rows):
        raise Forbidden(application_id=str(case.application_id), command=command, role=str(role))
    for row in rows:
        if state in row.sources and row.admits(role, account_id, case.account_id, subject):
            return row
    rules = dict.fromkeys(chain.from_iterable(row.rules for row in rows))
    raise ImpossibleTransition(
        rules=tuple(rules), application_id=str(case.application_id), command=command, state=state
    )


def possible(workflow: Workflow, case: Case, *, role: Role, account_id: UUID) -> list[str]:
    """The commands on the main track that are open to this actor in the present state, in the table's order."""
    state = case.state(workflow.main)
    return [
        row.command
        for row in workflow.transitions
        if row.track == workflow.main
        and state in row.sources
        and row.admits(role, account_id, case.account_id, case.application_id)
    ]


def findings_of(transition: Transition, case: Case) -> list[Finding]:
    """Everything that the guards of a step find, not the first thing only."""
    return list(chain.from_iterable(guard(case) for guard in transition.guards))


def check(transition: Transition, case: Case, *, actor_id: UUID | None, first_officer: UUID | None) -> None:
    """Let the step pass, or raise SecondOfficerNeeded or Refused with every finding.

    `first_officer` took the step that `second_of` names, last since the state was entered; None if nobody did.
    """
    if transition.second_of is not None and first_officer in {None, actor_id}:
        raise SecondOfficerNeeded(rules=transition.rules, application_id=str(case.application_id))
    if findings := findings_of(transition, case):
        raise Refused(findings=findings, application_id=str(case.application_id), command=transition.command)
