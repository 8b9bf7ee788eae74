"""What everything of a green loan reads of a case: its tracks, its people, its content, its days in Japan."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from kit.japan import to_jst

from applications.programmes.green_loan import steps
from applications.programmes.green_loan.danshin.kinds import Choice
from applications.programmes.green_loan.form.sections import GreenLoanForm, kept_form
from applications.programmes.green_loan.papers.facts import JOINT_DEBTORS, MAIN_APPLICANT
from applications.programmes.green_loan.procedure import acceptance
from applications.workflow import Case

LOAN, TECHNICAL, CONSENT, IDENTITY, DANSHIN, SIGNATURE = (
    "loan",
    "technical",
    "consent",
    "identity",
    "danshin",
    "signature",
)
PAID_OUT = ("repaying", "overdue", "accelerated", "closed")
"""The states of a loan whose funds were paid."""
JOINT_DEBTOR = "joint_debtor"
"""The kind of a party who owes the loan too."""
VERIFIED = frozenset({"verified_online", "verified_in_person"})
"""The states of somebody whose identity is known."""


def today(case: Case) -> date:
    """The day of the step in Japan (GL-063)."""
    return day_of(case.now)


def day_of(moment: datetime) -> date:
    """GL-063: the day in Japan on which an act happens. Raises ValueError for a naive datetime.

    interpretation: 1:30 at night belongs to the new day, though the hours of service began on the day before.
    """
    return to_jst(moment).date()


def debtors(case: Case) -> list[UUID]:
    """お申込人全員 (GL-016): the main applicant, and everybody who joined as joint debtor."""
    return [case.account_id, *(party.party_id for party in case.parties if party.kind == JOINT_DEBTOR)]


def content(case: Case) -> Mapping[str, Any]:
    """What is being filed; after that, what was submitted."""
    return case.filing.form.content if case.filing is not None else case.submitted or {}


def form_of(case: Case) -> GreenLoanForm:
    """The same as a form, as far as it can be read."""
    return kept_form(content(case))


def accepted_on(case: Case) -> date:
    """申込受理日 (GL-256): the day of the confirmation; before it, today."""
    confirmed = case.last(LOAN, "submit")
    return acceptance.acceptance(confirmed.at).on if confirmed else today(case)


def key_of(case: Case, person: UUID) -> str | None:
    """What the form calls somebody: applicant, joint_debtor_1 and so on; None for who is not in it."""
    if person == case.account_id:
        return MAIN_APPLICANT
    named = content(case).get("joint_debtors", [])
    for number, one in enumerate(named[: len(JOINT_DEBTORS)]):
        if one.get("account") == str(person):
            return JOINT_DEBTORS[number]
    return None


def danshin_choice(case: Case) -> Choice:
    """GL-252, GL-260: the kind that was applied for, or changed to last."""
    change = case.said_before(steps.DanshinChange, LOAN, "change_danshin")
    choice: Choice = content(case)["loan"]["danshin"] if change is None or change.choice is None else change.choice
    return choice
