"""The judgement: which row a command takes, what is open to whom, and what is in the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from math import ceil
from typing import NoReturn
from uuid import UUID

from kit.errors import Finding, Forbidden, Refused

from applications.errors import ImpossibleTransition, SecondOfficerNeeded
from applications.workflow.case import NOTHING, Caller, Case
from applications.workflow.rows import Effect, Transition
from applications.workflow.table import Workflow


def choose(
    workflow: Workflow,
    case: Case,
    command: str,
    caller: Caller,
    *,
    track: str | None = None,
    subject: UUID | None = None,
) -> Transition:
    """The row by which this caller's command moves the track from where it stands.

    Raises Forbidden for somebody to whom no row of the command is open, and ImpossibleTransition, with the rules of the
    command, when there is no row from the present state, or no such track about this subject.
    """
    track, subject = track or workflow.main, subject or case.application_id
    case = replace(case, about=subject)
    rows = workflow.rows(track, command)
    state = case.state(track, subject)
    if rows and not any(row.admits(caller, case, subject) for row in rows):
        raise Forbidden(application_id=str(case.application_id), command=command, role=str(caller.role))
    if subject in workflow.subjects(track, case):
        for row in rows:
            if state in row.sources and row.admits(caller, case, subject) and row.when(case):
                return row
    rules = dict.fromkeys(chain.from_iterable(row.rules for row in rows))
    raise ImpossibleTransition(
        rules=tuple(rules), application_id=str(case.application_id), command=command, state=state
    )


def choose_filing(workflow: Workflow, case: Case, command: str, caller: Caller) -> Transition:
    """The same for a command of the main track that hands in the draft; others are impossible here."""
    row = choose(workflow, case, command, caller)
    return row if Effect.FILES in row.effects else _impossible_here(row, case)


def choose_looking(workflow: Workflow, case: Case, command: str, caller: Caller) -> Transition:
    """The same for a command whose guards look at the draft, whether it hands it in or not."""
    row = choose(workflow, case, command, caller)
    return row if row.effects & {Effect.FILES, Effect.READS} else _impossible_here(row, case)


def choose_plain(
    workflow: Workflow, case: Case, command: str, caller: Caller, *, track: str | None, subject: UUID | None
) -> Transition:
    """The same for a command that hands in nothing; others are impossible here."""
    row = choose(workflow, case, command, caller, track=track, subject=subject)
    return row if Effect.FILES not in row.effects else _impossible_here(row, case)


def _impossible_here(row: Transition, case: Case) -> NoReturn:
    raise ImpossibleTransition(rules=row.rules, application_id=str(case.application_id), command=row.command)


@dataclass(frozen=True)
class Standing:
    """Where a track stands, and the rows that are open to somebody there."""

    track: str
    subject: UUID
    state: str
    open: tuple[Transition, ...]


def standings(workflow: Workflow, case: Case, caller: Caller) -> list[Standing]:
    """Every track of the application with the steps that are open to the caller, in the table's order.

    A track that has not begun is among them where the caller may begin it.
    """
    found = []
    for track in workflow.tracks():
        current = workflow.subjects(track, case)
        for subject in workflow.known_subjects(track, case):
            state, seen = case.state(track, subject), replace(case, about=subject)
            rows = tuple(
                row
                for row in workflow.transitions
                if row.track == track and state in row.sources and row.admits(caller, case, subject) and row.when(seen)
            )
            if rows or state != NOTHING:
                found.append(Standing(track, subject, state, rows if subject in current else ()))
    return found


def next_automatic(workflow: Workflow, case: Case) -> tuple[Transition, UUID] | None:
    """The first row that the system takes by itself now, and about whom; None when everything is at rest."""
    for row in workflow.automatic:
        for subject in workflow.subjects(row.track, case):
            if case.state(row.track, subject) in row.sources and row.when(replace(case, about=subject)):
                return row, subject
    return None


def possible(workflow: Workflow, case: Case, caller: Caller) -> list[str]:
    """The commands on the main track that are open to this caller in the present state, in the table's order."""
    return [row.command for one in standings(workflow, case, caller) if one.track == workflow.main for row in one.open]


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
        raise refusal(findings, case, transition.command)


def refusal(findings: Sequence[Finding], case: Case, command: str) -> Refused:
    """The answer where these findings stand in the way, with when to try again if one of them passes by itself."""
    ends = [one.until for one in findings if one.until is not None]
    wait = ceil((max(ends) - case.now).total_seconds()) if ends else None
    return Refused(
        findings=findings, retry_after_seconds=wait, application_id=str(case.application_id), command=command
    )
