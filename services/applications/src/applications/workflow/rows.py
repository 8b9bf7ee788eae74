"""A row of the table: who may take the step, what it must pass, and what it causes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from madoguchi_contracts import Event, Role

from applications.forms import Form
from applications.privacy import Given
from applications.workflow.case import Caller, Case, Guard, Step


class Relation(StrEnum):
    """What an actor is to the application."""

    OWNER = "owner"  # the account that the application belongs to
    SUBJECT = "subject"  # the person whom the track is about
    PARTY = "party"  # somebody who takes part: an account, or an organisation by one of its accounts
    ANY = "any"  # nobody in particular: the role is enough


@dataclass(frozen=True)
class Who:
    """Who may take a step. `role` None is the system itself: a timer, or an event that was heard.

    With Relation.PARTY, `kind` and `grant` say which parties, if not all.
    """

    role: Role | None
    relation: Relation = Relation.ANY
    kind: str | None = None
    grant: str | None = None


SYSTEM = Who(None)


@dataclass(frozen=True)
class Deadline:
    """A timer that a step starts: at `due` the system gives `command` on the same track, unless the state was left.

    `due` sees the case as it was when the step was judged.
    """

    command: str
    due: Callable[[Case], datetime]


@dataclass(frozen=True)
class Alarm:
    """A step of the system on the main track at a moment that follows from the case, whatever steps move it.

    `at` is asked after every step, and again when the moment has come: None is that there is nothing to be done.
    """

    command: str
    at: Callable[[Case], datetime | None]


class Effect(StrEnum):
    """What a step of the main track does beside changing the state."""

    FILES = "files"  # hands in the draft and the files: a version is kept
    READS = "reads"  # its guards look at what would be handed in, and nothing is
    COMES_INTO_FORCE = "comes_into_force"  # what was submitted last is in force from now on
    RESTORES = "restores"  # the draft is again what is in force
    INVOLVES = "involves"  # those whom the submitted content names take part from now on


@dataclass(frozen=True)
class Notice:
    """A message of the office that a step brings with it, in the thread of a topic; `kind` is what it is.

    `mailed` False: no mail says that it is there, since the event of the step brings one to the same persons.
    """

    topic: str
    subject: str
    kind: str
    text: str
    mailed: bool = True


def always(case: Case) -> bool:
    """The condition of a row that has none."""
    del case
    return True


@dataclass(frozen=True)
class Transition:
    """One row of the table.

    `label` is what people read in the timeline; the applicant does not see rows that are not `public`. A row whose
    target is its source changes nothing but is remembered, and `second_of` names such a row: its step must have been
    taken since the state was entered, by somebody else (four eyes). `otp`: the step needs a proof of a one-time
    password, whose purpose is the command. `facts` is the form of what is said with the step; it is kept encrypted.
    While `when` is not true there is no such row: nobody is offered the step. A guard is what can be put right, and the
    system can put nothing right: its rows have none. The system takes an `automatic` row by itself as soon as `when`
    is true, in the transaction that made it so. `notices` are messages to those who apply, which the step brings.
    `dated`: the guards look at what the office keeps for the programme with dates of validity; `counter`: they look at
    when services are closed. `reckons` makes what is
    kept (`keeps`) of what is said: what follows from rules is computed, and typed by nobody.
    `tells` makes of what is said what those outside the office read of it, where that is not all; `told_as` is another
    command of the track, as which they read the whole step: its words, what it tells, and its target as the state.
    `provides` is what of whose personal data the step gives to third parties: it is put into the log of provisions, and
    a provision that may not be hinders the step.
    """

    track: str
    command: str
    sources: tuple[str, ...]
    target: str
    actors: tuple[Who, ...]
    label: str
    rules: tuple[str, ...]
    guards: tuple[Guard, ...] = ()
    otp: bool = False
    second_of: str | None = None
    public: bool = True
    event: Callable[[Step], Event] | None = None
    deadlines: tuple[Deadline, ...] = ()
    effects: frozenset[Effect] = frozenset()
    when: Callable[[Case], bool] = always
    facts: type[Form] | None = None
    automatic: bool = False
    notices: Callable[[Case], Sequence[Notice]] | None = None
    provides: Callable[[Case], Sequence[Given]] | None = None
    dated: bool = False
    counter: bool = False
    keeps: type[Form] | None = None
    reckons: Callable[[Case], Form] | None = None
    tells: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None
    told_as: str | None = None

    @property
    def kept(self) -> type[Form] | None:
        """The form of what is kept of the step."""
        return self.keeps or self.facts

    def admits(self, caller: Caller, case: Case, subject: UUID) -> bool:
        """Whether the caller may take the step, as far as the person is concerned."""
        return admits(self.actors, caller, case, subject)


def admits(actors: Sequence[Who], caller: Caller, case: Case, subject: UUID) -> bool:
    """Whether the caller is one of these. `subject` is whom the track is about."""
    return any(who.role == caller.role and _relates(who, caller, case, subject) for who in actors)


def _relates(who: Who, caller: Caller, case: Case, subject: UUID) -> bool:
    if who.relation is Relation.PARTY:
        return any(
            caller.is_party(party)
            and who.kind in {None, party.kind}
            and (who.grant is None or who.grant in party.grants)
            for party in case.parties
        )
    wanted = {Relation.OWNER: case.account_id, Relation.SUBJECT: subject}
    return who.relation is Relation.ANY or caller.account_id == wanted[who.relation]
