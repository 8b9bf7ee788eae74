"""The table: its rows together, and the check that it does not contradict itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any
from uuid import UUID

from applications.workflow.case import NOTHING, Caller, Case, Guard
from applications.workflow.rows import SYSTEM, Alarm, Effect, Transition, Who, admits
from applications.workflow.tasks import TaskKind

START, SUBMIT = "start", "submit"
"""The commands of the main track that the owner's routes give."""

RESERVED = frozenset({"claim", "release"})
"""What the office's routes call something else: a command of this name could never be given there."""


@dataclass(frozen=True)
class Workflow:
    """A programme's table.

    `main` is the track of the application as a whole, on which it is started, submitted and decided. `editable` says in
    which of its states the draft can be changed, and by whom; `shown` in which others somebody besides the owner sees
    it. In the states of `under_review` the application is on the office's worklist. `personal` are the tracks that are
    about persons: the owner, and the parties of these kinds; all others are about the application. With `remembers` the
    conditions of its rows see the steps that were taken before. `rules` are cited where a step is refused that no row
    stands for, such as changing a closed draft. `tasks` are what the office is to look at without a step, `alarms` what
    the system does at moments that steps may move.
    `saving` are guards that saving a draft must pass besides. `entering` and `leaving` name the errands of a state of
    a track (`Desk.errands`): what is started, or ended, outside of the table with every step that leads there, or away.
    """

    main: str
    editable: Mapping[str, tuple[Who, ...]]
    transitions: tuple[Transition, ...]
    under_review: frozenset[str] = frozenset()
    shown: Mapping[str, tuple[Who, ...]] = field(default_factory=dict)
    personal: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    remembers: bool = False
    rules: tuple[str, ...] = ()
    tasks: tuple[TaskKind, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    saving: tuple[Guard, ...] = ()
    entering: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    leaving: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
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
            self._check_row(row)
        if unknown := ({*self.editable, *self.shown} | self.under_review) - self.states(self.main):
            raise ValueError(f"{self.main} has no states {sorted(unknown)}")
        for track, state in {*self.entering, *self.leaving}:
            if state not in self.states(track):
                raise ValueError(f"{track} has no state {state}, which has errands")
        if strangers := self.personal.keys() - {row.track for row in self.transitions}:
            raise ValueError(f"there are no tracks {sorted(strangers)}")
        for track in self.tracks():
            self._check_rest(track)
        for alarm in self.alarms:
            if not any(SYSTEM in one.actors for one in self.rows(self.main, alarm.command)):
                raise ValueError(f"{self.main} has no command {alarm.command} of the system, which has an alarm")
        if len({task.kind for task in self.tasks}) < len(self.tasks):
            raise ValueError("two kinds of tasks share a name")
        if nobodys := {task.track for task in self.tasks} - {None, *self.personal}:
            raise ValueError(f"tasks are about persons of {sorted(map(str, nobodys))}, which are no personal tracks")

    def _check_row(self, row: Transition) -> None:
        if row.second_of is not None and not self.rows(row.track, row.second_of):
            raise ValueError(f"{row.track} has no command {row.second_of}, which {row.command} names")
        commands = [deadline.command for deadline in row.deadlines]
        if len(set(commands)) < len(commands):
            raise ValueError(f"two deadlines of {row.command} give the same command")
        for command in commands:
            system_rows = [one for one in self.rows(row.track, command) if SYSTEM in one.actors]
            if not any(row.target in one.sources for one in system_rows):
                raise ValueError(f"{row.track} has no command {command} of the system from {row.target}")
        if row.effects and row.track != self.main:
            raise ValueError(f"{row.command} has effects and is not on the main track")
        if Effect.FILES in row.effects and not row.otp:
            raise ValueError(f"{row.command} files something without a proof")
        if Effect.FILES in row.effects and row.target in self.under_review and row.event is None:
            raise ValueError(f"{row.command} files something into the office's hands and tells nobody")
        if row.track == self.main and row.command in RESERVED:
            raise ValueError(f"{row.command} means something else to the office's routes")
        if SYSTEM in row.actors and row.guards:
            raise ValueError(f"the system can put nothing right: {row.command} waits by `when`")
        if row.automatic and (row.actors != (SYSTEM,) or row.otp or row.second_of is not None or row.facts is not None):
            raise ValueError(f"{row.command} is automatic, and not the system's alone")
        if row.told_as is not None and not any(one.public and one.told_as is None for one in self._told_rows(row)):
            raise ValueError(f"{row.track} has no public command {row.told_as}, as which {row.command} is told")
        self._check_facts(row)

    def _told_rows(self, row: Transition) -> tuple[Transition, ...]:
        return (row,) if row.told_as is None else self.rows(row.track, row.told_as)

    def _check_facts(self, row: Transition) -> None:
        if (row.keeps is None) != (row.reckons is None):
            raise ValueError(f"{row.command} keeps what it does not reckon, or reckons what it does not keep")
        if row.keeps is not None and not (row.facts and issubclass(row.keeps, row.facts)):
            raise ValueError(f"{row.command} keeps something else than what is said")
        if row.facts is None:
            return
        if not self.remembers:
            raise ValueError(f"{row.command} is told facts in a workflow that does not remember")
        if row.otp:
            raise ValueError(f"{row.command} needs a proof, which would not cover its facts")
        if any((other.facts, other.keeps) != (row.facts, row.keeps) for other in self.rows(row.track, row.command)):
            raise ValueError(f"two rows of {row.track} for {row.command} are told different facts")

    def _check_rest(self, track: str) -> None:
        """Raise ValueError for automatic rows of a track that lead in a circle: they would never come to rest."""
        leads: dict[str, set[str]] = {}
        for row in self.automatic:
            for source in row.sources if row.track == track else ():
                leads.setdefault(source, set()).add(row.target)
        for state in leads:
            reached, ahead = set[str](), {state}
            while ahead:
                ahead = set().union(*(leads.get(one, set()) for one in ahead)) - reached
                reached |= ahead
            if state in reached:
                raise ValueError(f"automatic rows of {track} lead from {state} back to {state}")

    @property
    def automatic(self) -> tuple[Transition, ...]:
        """The rows that the system takes by itself."""
        return tuple(row for row in self.transitions if row.automatic)

    def rows(self, track: str, command: str) -> tuple[Transition, ...]:
        """The rows of a command; none if the programme does not know it."""
        return self._rows.get((track, command), ())

    def states(self, track: str) -> frozenset[str]:
        """Every state of a track."""
        return frozenset(row.target for row in self.transitions if row.track == track)

    def tracks(self) -> list[str]:
        """All tracks, in the table's order."""
        return list(dict.fromkeys(row.track for row in self.transitions))

    def told(self, row: Transition, said: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        """What those outside the office read of a step: its words, and what was said with it."""
        seen = self._told_rows(row)[0]
        return seen.label, said if seen.tells is None else seen.tells(said)

    def told_state(self, track: str, state: str) -> str:
        """The state of a track as those outside the office read it."""
        for row in self.transitions:
            if row.track == track and row.target == state and row.told_as is not None:
                return self._told_rows(row)[0].target
        return state

    def has_ended(self, case: Case) -> bool:
        """Whether no row of the main track leads anywhere from where it stands."""
        state = case.state(self.main)
        return state != NOTHING and not any(state in row.sources for row in self.transitions if row.track == self.main)

    def errands(self, track: str, source: str, target: str) -> tuple[str, ...]:
        """What a step from one state to another starts and ends outside of the table; nothing if it stays there."""
        if source == target:
            return ()
        return (*self.leaving.get((track, source), ()), *self.entering.get((track, target), ()))

    def may_edit(self, case: Case, caller: Caller) -> bool:
        """Whether the caller may change the draft now."""
        return admits(self.editable.get(case.state(self.main), ()), caller, case, case.application_id)

    def sees_draft(self, case: Case, caller: Caller) -> bool:
        """Whether the caller sees the draft now: the owner always does."""
        shown = self.shown.get(case.state(self.main), ())
        return (
            caller.account_id == case.account_id
            or self.may_edit(case, caller)
            or admits(shown, caller, case, case.application_id)
        )

    def subjects(self, track: str, case: Case) -> list[UUID]:
        """Whom or what a track is about: the application, or each person who takes part in it now."""
        if track not in self.personal:
            return [case.application_id]
        kinds = self.personal[track]
        guests = (party.party_id for party in case.parties if party.kind in kinds)
        return list(dict.fromkeys([case.account_id, *guests]))

    def known_subjects(self, track: str, case: Case) -> list[UUID]:
        """The same, and those who took part once: what became of them is still to be seen."""
        moved = (subject for name, subject in case.states if name == track)
        return list(dict.fromkeys([*self.subjects(track, case), *moved]))
