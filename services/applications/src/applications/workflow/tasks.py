"""What the office is to look at, as part of a programme's table: a condition that calls for a person, not for a step.

A kind of task has a ground: a pure function of the case. While there is a ground, there is a task (`applications.tasks`
brings the rows of the database to what is said here, after every step and at the times that the grounds name).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from applications.workflow.case import Case

if TYPE_CHECKING:
    from applications.workflow.table import Workflow


@dataclass(frozen=True)
class Ground:
    """Why the office is to look at an application, from `at` on: the rule, and the words that it reads.

    `at` also tells one occasion from another: what was finished is not raised again for the same `at`. It may lie
    ahead. The words hold no personal data. `due_on` is the last day in Japan by which it should be settled, if any.
    """

    at: datetime
    rule: str
    reason: str
    due_on: date | None = None


@dataclass(frozen=True)
class TaskKind:
    """One kind of task. `track`: one for each person that this track is about; None: about the application.

    `ground` sees the person as `Case.subject`; None is that there is nothing to look at.
    """

    kind: str
    ground: Callable[[Case], Ground | None]
    track: str | None = None


def grounds(workflow: Workflow, case: Case) -> dict[tuple[str, UUID], Ground]:
    """Every ground that stands now or is to come, by kind and subject; nothing once the application has ended."""
    if workflow.has_ended(case):
        return {}
    found = {}
    for task in workflow.tasks:
        for subject in workflow.subjects(task.track or workflow.main, case):
            ground = task.ground(replace(case, about=subject))
            if ground is not None:
                found[task.kind, subject] = ground
    return found
