"""Who moves a green loan, the groups of its states, and how a row is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from madoguchi_contracts import Role

from applications.programmes.green_loan.form import BANK, BODY
from applications.programmes.green_loan.reading import JOINT_DEBTOR, LOAN
from applications.workflow import Relation, Transition, Who

OWNER = (Who(Role.APPLICANT, Relation.OWNER), Who(Role.JOINT_DEBTOR, Relation.OWNER))
EACH = (Who(Role.APPLICANT, Relation.SUBJECT), Who(Role.JOINT_DEBTOR, Relation.SUBJECT))
DEBTORS = (
    *OWNER,
    Who(Role.APPLICANT, Relation.PARTY, kind=JOINT_DEBTOR),
    Who(Role.JOINT_DEBTOR, Relation.PARTY, kind=JOINT_DEBTOR),
)
REVIEWER, APPROVER = Who(Role.OFFICE_REVIEWER), Who(Role.OFFICE_APPROVER)
AT_BANK = Who(Role.BANK, Relation.PARTY, kind=BANK)
AT_BODY = Who(Role.INSPECTION_BODY, Relation.PARTY, kind=BODY)
INSPECTORS = (AT_BODY, REVIEWER)
"""interpretation (GL-457): the office records the report of a body that has no access here."""

OPEN = ("accepted", "under_review", "approved", "re_review", "cert_submitted", "contract_open")
REVIEWED = ("under_review", "re_review")
DOUBTFUL = ("approved", "cert_submitted", "contract_open")
OWED = ("repaying", "overdue")


def row(
    track: str,
    command: str,
    sources: Sequence[str],
    target: str,
    who: Sequence[Who],
    label: str,
    *rules: str,
    **more: Any,
) -> Transition:
    """One row, with its rules behind its label."""
    return Transition(track, command, tuple(sources), target, tuple(who), label, rules, **more)


def here(
    command: str, states: Sequence[str], who: Sequence[Who], label: str, *rules: str, **more: Any
) -> list[Transition]:
    """A step that is remembered in each of these states, and leaves none."""
    return [row(LOAN, command, (state,), state, who, label, *rules, **more) for state in states]
