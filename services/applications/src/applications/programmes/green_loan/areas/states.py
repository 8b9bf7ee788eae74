"""What can be asked of the loan's states: the codes of the book, and the same table that moves an application."""

from __future__ import annotations

from typing import Literal

from kit.areas import Answer, Area, Question
from pydantic import Field

from applications.programmes.green_loan.reading import LOAN
from applications.programmes.green_loan.workflow import WORKFLOW

Code = Literal["L0", "L1", "L2", "L3", "L4", "L5", "L6", "L7", "L8", "L9", "L10", "L11", "L12", "L13", "L14", "L15"]
STATES: dict[Code, str] = {
    "L0": "draft",
    "L1": "accepted",
    "L2": "under_review",
    "L3": "approved",
    "L4": "rejected",
    "L5": "re_review",
    "L6": "cert_submitted",
    "L7": "contract_open",
    "L8": "contracted",
    "L9": "repaying",
    "L10": "overdue",
    "L11": "accelerated",
    "L12": "closed",
    "L13": "withdrawn",
    "L14": "cancelled",
    "L15": "stopped",
}
"""GL-070 to GL-086: the codes, and what the table calls them."""
CODES: dict[str, Code] = {state: code for code, state in STATES.items()}

COMMANDS = {
    "CONFIRM": ("submit",),
    "BEGIN_REVIEW": ("begin_review",),
    "APPROVE": ("approve",),
    "REJECT": ("reject",),
    "DOUBT_FOUND": ("doubt",),
    "RECORD_CERTIFICATE_SUBMISSION": ("receive",),
    "OPEN_CONTRACT": ("open_contract",),
    "LAST_SIGNATURE": ("conclude",),
    "DISBURSE": ("disburse",),
    "DEBIT_FAILED": ("miss",),
    "ARREARS_PAID": ("settle",),
    "BALANCE_ZERO": ("close", "close_with_balance"),
    "WITHDRAW": ("withdraw",),
    "CANCEL": ("cancel",),
    "ANTI_SOCIAL_FOUND": ("stop", "accelerate"),  # GL-119, GL-120: before the funds, and after
}
"""What happens, and the commands of the table that it means."""

Happening = Literal[
    "CONFIRM",
    "BEGIN_REVIEW",
    "APPROVE",
    "REJECT",
    "DOUBT_FOUND",
    "RECORD_CERTIFICATE_SUBMISSION",
    "OPEN_CONTRACT",
    "LAST_SIGNATURE",
    "DISBURSE",
    "DEBIT_FAILED",
    "ARREARS_PAID",
    "BALANCE_ZERO",
    "WITHDRAW",
    "CANCEL",
    "ANTI_SOCIAL_FOUND",
]


class Context(Question):
    """What the guards of the step look at."""

    consents_complete: bool = False
    errors: int = Field(default=0, ge=0)
    technical_state: Literal["T0", "T1", "T2", "T3", "T4", "T5", "T6", "T7"] | None = None
    all_identified: bool = False


class StateTransition(Question):
    """Where a loan stands, and what happens."""

    from_: Code = Field(alias="from")
    event: Happening
    context: Context = Context()


class StateAfter(Answer):
    """Whether that is possible, and where the loan stands then."""

    allowed: bool
    to: Code


def state_transition(question: StateTransition) -> StateAfter:
    """GL-105, with GL-072 and GL-257 at the confirmation, GL-077 at the certificate, GL-101 at the contract."""
    context = question.context
    held_back = {
        "CONFIRM": not context.consents_complete or context.errors > 0,
        "RECORD_CERTIFICATE_SUBMISSION": context.technical_state not in {"T6", "T7"},
        "LAST_SIGNATURE": not context.all_identified,
    }
    if not held_back.get(question.event, False):
        for command in COMMANDS[question.event]:
            for row in WORKFLOW.rows(LOAN, command):
                if STATES[question.from_] in row.sources:
                    return StateAfter(allowed=True, to=CODES[row.target])
    return StateAfter(allowed=False, to=question.from_)


AREAS = [
    Area(
        "green_loan/state_transition",
        (
            *("GL-072", "GL-074", "GL-075", "GL-076", "GL-077", "GL-079", "GL-081", "GL-084", "GL-085", "GL-086"),
            *("GL-093", "GL-094", "GL-101", "GL-105", "GL-119", "GL-120"),
        ),
        StateTransition,
        StateAfter,
        state_transition,
    ),
]
