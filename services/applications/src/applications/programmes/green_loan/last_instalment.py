"""The last instalment: which it is as things stand, and when those who owe the loan are told of it (GL-083, GL-576)."""

from __future__ import annotations

from datetime import date, datetime, time

from kit.japan import JST
from kit.japan.months import add_months

from applications.programmes.green_loan import reading, steps
from applications.programmes.green_loan.money.schedule import Instalment
from applications.programmes.green_loan.reading import LOAN
from applications.programmes.green_loan.servicing import standing
from applications.workflow import Case

COMMAND = "tell_last_instalment"
NOTICE_MONTHS = 1
TOLD_FROM = time(9)


def notice_at(due_on: date) -> datetime:
    """When the notice of a last instalment goes out (GL-083, GL-107).

    interpretation: the book names no such notice, and no days. A calendar month before, clipped to the end of the month
    as the notice of a prepayment is (GL-604), at nine in the morning in Japan.
    """
    return datetime.combine(add_months(due_on, -NOTICE_MONTHS), TOLD_FROM, JST)


def last_instalment(case: Case) -> Instalment | None:
    """The instalment that ends the loan, with everything that is arranged; None when it is over, and where something
    else ends the loan: a full prepayment, or the call of the whole balance.
    """
    found = standing(case, date.max)
    if found is None or found.called_on is not None or found.ended is not None or not found.past:
        return None
    last = found.past[-1]
    return last if last.balance == 0 and last.due_on >= reading.today(case) else None


def told_at(case: Case) -> datetime | None:
    """When it is told; None where nothing is to be told. It is told once, and again when its day or amount changes."""
    last = last_instalment(case)
    if last is None or case.said_before(steps.LastInstalment, LOAN, COMMAND) == _as_told(last):
        return None
    return notice_at(last.due_on)


def is_due(case: Case) -> bool:
    """Whether it is to be told now."""
    at = told_at(case)
    return at is not None and at <= case.now


def reckoned(case: Case) -> steps.LastInstalment:
    """What is told, and kept: of a case in which it is due."""
    last = last_instalment(case)
    return steps.LastInstalment() if last is None else _as_told(last)


def _as_told(last: Instalment) -> steps.LastInstalment:
    return steps.LastInstalment(due_on=last.due_on, payment_yen=last.payment)
