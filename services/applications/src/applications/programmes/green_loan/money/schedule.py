"""What is paid when: the schedule of a loan, and what is left of it on any day.

The guide prints formulas for the first payment only. interpretation: interest runs by whole months, from one month
before the first due date, at a twelfth of the annual rate each; a bonus instalment carries the months since the one
before it. The loan keeps its rate to the end (GL-249, GL-263): nothing here changes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import islice

from kit.japan.months import add_months, last_day

from applications.programmes.green_loan.money.methods import BONUS_EVERY_MONTHS, Method, bonus_findings
from applications.programmes.green_loan.money.parts import Part, part_of, payments
from applications.programmes.green_loan.money.rounding import monthly_rate


@dataclass(frozen=True)
class Loan:
    """A loan as it stands between two instalments. `next_number` counts from 1 at the first instalment of all."""

    annual_rate_percent: Decimal
    method: Method
    next_number: int
    next_due_on: date
    repayment_day: int
    monthly: Part
    bonus: Part | None

    @property
    def balance_yen(self) -> int:
        """The principal that is left."""
        return self.monthly.balance_yen + (self.bonus.balance_yen if self.bonus else 0)

    @property
    def accrued_bonus_interest_yen(self) -> int:
        """Interest of the bonus part for the months since its last instalment, which is not due yet."""
        return 0 if self.bonus is None else self.accrued_yen(self.bonus.balance_yen)

    def accrued_yen(self, of_bonus_yen: int) -> int:
        """The same for a share of the bonus part."""
        if self.bonus is None:
            return 0
        months = self.bonus.next_interest_months - self.bonus.next_in
        return monthly_rate(self.annual_rate_percent).interest_yen(of_bonus_yen, months)


@dataclass(frozen=True)
class Instalment:
    """What is due on a day, in yen: both parts, what of it is the bonus part's, and the principal left after it."""

    number: int
    due_on: date
    principal: int
    interest: int
    bonus_principal: int
    bonus_interest: int
    balance: int

    @property
    def payment(self) -> int:
        """What is debited."""
        return self.principal + self.interest


def on_repayment_day(year: int, month: int, repayment_day: int) -> date:
    """The repayment day of a month; a month that lacks the day ends with it (GL-625)."""
    last = last_day(year, month)
    return last.replace(day=min(repayment_day, last.day))


def new_loan(
    *,
    amount_yen: int,
    bonus_part_yen: int,
    annual_rate_percent: Decimal,
    years: int,
    method: Method,
    first_due_on: date,
    repayment_day: int,
    bonus_month: int | None,
) -> Loan:
    """A loan before its first instalment.

    `repayment_day` is 1 to 31, `bonus_month` (1 to 12) one of the two bonus months, six months apart; both of them lie
    within the term as often as it has half years. Raises ValueError for a first due date that is not the repayment
    day, for a bonus part against GL-246, and for one without a month.
    """
    if on_repayment_day(first_due_on.year, first_due_on.month, repayment_day) != first_due_on:
        raise ValueError("the first instalment is due on the repayment day")
    if bonus_findings(amount_yen, bonus_part_yen, ""):
        raise ValueError("the bonus part does not fit the loan")
    monthly = part_of(
        amount_yen - bonus_part_yen,
        annual_rate_percent,
        method,
        count=years * 12,
        every=1,
        next_in=1,
        next_interest_months=1,
    )
    loan = Loan(annual_rate_percent, method, 1, first_due_on, repayment_day, monthly, None)
    if bonus_part_yen == 0:
        return loan
    if bonus_month is None:
        raise ValueError("a bonus part needs its months")
    return replace(loan, bonus=bonus_part_of(loan, bonus_part_yen, bonus_month))


def bonus_part_of(loan: Loan, balance_yen: int, bonus_month: int) -> Part:
    """A bonus part that begins here, with the first instalment in a bonus month and the last before the loan ends.

    Raises ValueError when no bonus month is left.
    """
    next_in = (bonus_month - loan.next_due_on.month) % BONUS_EVERY_MONTHS + 1
    if next_in > loan.monthly.count:
        raise ValueError("no bonus month is left")
    return part_of(
        balance_yen,
        loan.annual_rate_percent,
        loan.method,
        count=(loan.monthly.count - next_in) // BONUS_EVERY_MONTHS + 1,
        every=BONUS_EVERY_MONTHS,
        next_in=next_in,
        next_interest_months=next_in,
    )


def schedule(loan: Loan) -> Iterator[Instalment]:
    """All instalments to come. Their principal sums to the balance exactly."""
    monthly = payments(loan.monthly, loan.annual_rate_percent, loan.method)
    bonus = payments(loan.bonus, loan.annual_rate_percent, loan.method) if loan.bonus else iter(())
    bonus_left = loan.bonus.balance_yen if loan.bonus else 0
    first_of_month = loan.next_due_on.replace(day=1)
    for offset, every_month in enumerate(monthly):
        month = add_months(first_of_month, offset)
        with_bonus = next(bonus) if loan.bonus and _has_bonus(loan.bonus, offset) else None
        bonus_left = with_bonus.balance if with_bonus else bonus_left
        bonus_principal, bonus_interest = (with_bonus.principal, with_bonus.interest) if with_bonus else (0, 0)
        yield Instalment(
            number=loan.next_number + offset,
            due_on=on_repayment_day(month.year, month.month, loan.repayment_day),
            principal=every_month.principal + bonus_principal,
            interest=every_month.interest + bonus_interest,
            bonus_principal=bonus_principal,
            bonus_interest=bonus_interest,
            balance=every_month.balance + bonus_left,
        )


def _has_bonus(bonus: Part, offset: int) -> bool:
    since_next, too_early_or_late = divmod(offset + 1 - bonus.next_in, bonus.every)
    return too_early_or_late == 0 and 0 <= since_next < bonus.count


def after(loan: Loan, instalments: int) -> Loan:
    """The loan after so many more of its instalments are paid. Raises ValueError when none would be left."""
    if not 0 <= instalments < loan.monthly.count:
        raise ValueError("the loan has no instalment left after that")
    month = add_months(loan.next_due_on.replace(day=1), instalments)
    return replace(
        loan,
        next_number=loan.next_number + instalments,
        next_due_on=on_repayment_day(month.year, month.month, loan.repayment_day),
        monthly=_advanced(loan, loan.monthly, instalments),
        bonus=_advanced_bonus(loan, loan.bonus, instalments) if loan.bonus else None,
    )


def _advanced(loan: Loan, part: Part, paid: int) -> Part:
    """The part after `paid` of its instalments."""
    if paid == 0:
        return part
    last = next(islice(payments(part, loan.annual_rate_percent, loan.method), paid - 1, None))
    return replace(
        part, balance_yen=last.balance, count=part.count - paid, next_in=part.every, next_interest_months=part.every
    )


def _advanced_bonus(loan: Loan, bonus: Part, months: int) -> Part | None:
    paid = min(bonus.count, max(0, (months - bonus.next_in) // bonus.every + 1))
    if paid == bonus.count:
        return None
    left = _advanced(loan, bonus, paid)
    return replace(left, next_in=bonus.next_in + paid * bonus.every - months)
