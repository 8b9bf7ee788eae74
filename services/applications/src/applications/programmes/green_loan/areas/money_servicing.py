"""What can be asked about a loan that is being repaid: late payment, acceleration, prepayment."""

from __future__ import annotations

from typing import Annotated, Literal

from kit.areas import Answer, Area, Day, Question
from pydantic import Field

from applications.programmes.green_loan.areas.money_limit import Verdict, Yen
from applications.programmes.green_loan.areas.money_repayment import LoanYen
from applications.programmes.green_loan.money import arrears, prepayment
from applications.programmes.green_loan.money.prepayment import Channel, Effect, Partial


class Late(Question):
    """An instalment in arrears: what of it is overdue, when it was due, when it was paid."""

    overdue_amount: Yen
    due_date: Day
    paid_date: Day


class LateAnswer(Answer):
    """For how many days, and the charge."""

    days: int
    late_charge: int


def late_charge(question: Late) -> LateAnswer:
    """Calculate a late charge."""
    found = arrears.late_charge(question.overdue_amount, question.due_date, question.paid_date)
    return LateAnswer(days=found.days, late_charge=found.yen)


class Unpaid(Question):
    """How many monthly instalments in a row are not fully paid."""

    consecutive_unpaid_monthly_instalments: Annotated[int, Field(ge=0)]


class GroundAnswer(Answer):
    """Whether that is a ground for repayment in one sum."""

    ground: bool


def acceleration_arrears(question: Unpaid) -> GroundAnswer:
    """Judge arrears."""
    return GroundAnswer(ground=arrears.is_arrears_ground(question.consecutive_unpaid_monthly_instalments))


class Prepayment(Question):
    """A wish to repay early. What is missing is not judged; a partial prepayment has an amount."""

    type: Literal["full", "partial"]
    channel: Channel
    amount: LoanYen | None = None
    remaining_principal: Yen | None = None
    repayment_day: Annotated[int, Field(ge=1, le=31)] | None = None
    notice_date: Day
    payment_date: Day
    effect: Effect | None = None
    has_bonus: bool = False
    next_month_principal: LoanYen | None = None
    six_month_principal_with_bonus: LoanYen | None = None

    def partial(self) -> Partial:
        """The same in the words of the rules; further units are taken to be like the next. Raises ValueError."""
        if self.amount is None:
            raise ValueError("the amount of a partial prepayment is needed")
        unit = self.six_month_principal_with_bonus if self.has_bonus else self.next_month_principal
        return Partial(
            amount_yen=self.amount,
            remaining_yen=self.remaining_principal,
            repayment_day=self.repayment_day,
            effect=self.effect,
            bonus=self.has_bonus,
            units_yen=None if unit is None else prepayment.equal_units(unit),
        )


def prepay(question: Prepayment) -> Verdict:
    """Judge a prepayment."""
    channel, on = question.channel, question.payment_date
    findings = []
    if question.type == "partial":
        findings += prepayment.partial_findings(channel, question.partial(), on, "amount")
    findings += prepayment.notice_findings(
        channel, noticed_on=question.notice_date, payment_on=on, field="payment_date"
    )
    return Verdict(accepted=not findings, reason=findings[0].code if findings else None)


AREAS = [
    Area("green_loan/late_charge", ("GL-577", "GL-578"), Late, LateAnswer, late_charge),
    Area("green_loan/acceleration_arrears", ("GL-580", "GL-581"), Unpaid, GroundAnswer, acceleration_arrears),
    Area(
        "green_loan/prepayment",
        tuple(f"GL-{number}" for number in (*range(597, 603), *range(604, 608))),
        Prepayment,
        Verdict,
        prepay,
    ),
]
