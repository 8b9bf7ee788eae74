"""The workflow of a programme as a table, and the judgement whether a step of it is possible.

An application moves on tracks. Each track is a small state machine of its own: the application as a whole, the
technical side, the insurance or the identity check of one person. A track stands for one subject: the application, or a
person. A programme lists its steps as rows (`Transition`); the state changes by a row of that table and no other way.

Who may take a step is part of the row: by role, and by what the caller is to the application. The office's worklist,
the content in force and the draft follow from what the table says of states and rows (`Workflow.under_review`,
`Effect`), so that no state of any programme is named elsewhere. What calls for a person and not for a step is a task of
the office (`TaskKind`).

Everything here is pure. `applications.moves.move` is the one function that takes a step in the database.
"""

from applications.workflow.case import (
    EDIT,
    NOTHING,
    VIEW,
    Caller,
    Case,
    Document,
    Evidence,
    Filing,
    Guard,
    Maintenance,
    NotAtHand,
    Other,
    ReviewFacts,
    Seal,
    Step,
    Taken,
    Validation,
)
from applications.workflow.judgement import (
    Standing,
    check,
    choose,
    choose_filing,
    choose_looking,
    choose_plain,
    findings_of,
    next_automatic,
    possible,
    refusal,
    standings,
)
from applications.workflow.rows import SYSTEM, Alarm, Deadline, Effect, Notice, Relation, Transition, Who, always
from applications.workflow.table import START, SUBMIT, Workflow
from applications.workflow.tasks import Ground, TaskKind, grounds

__all__ = [
    "EDIT",
    "NOTHING",
    "START",
    "SUBMIT",
    "SYSTEM",
    "VIEW",
    "Alarm",
    "Caller",
    "Case",
    "Deadline",
    "Document",
    "Effect",
    "Evidence",
    "Filing",
    "Ground",
    "Guard",
    "Maintenance",
    "NotAtHand",
    "Notice",
    "Other",
    "Relation",
    "ReviewFacts",
    "Seal",
    "Standing",
    "Step",
    "Taken",
    "TaskKind",
    "Transition",
    "Validation",
    "Who",
    "Workflow",
    "always",
    "check",
    "choose",
    "choose_filing",
    "choose_looking",
    "choose_plain",
    "findings_of",
    "grounds",
    "next_automatic",
    "possible",
    "refusal",
    "standings",
]
