"""Changes of the way of repayment, asked for by the customer and approved by the agency (GL-589 to GL-591).

Each function takes the loan as it stands after an instalment and gives it as it goes on. The rate stays (GL-263), and
so does the month of the last instalment. interpretation: interest of the bonus part that has run since its last
instalment is due with the change, where the change begins that part anew or ends it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from kit.errors import Finding

from applications.programmes.green_loan.money.methods import Method, bonus_findings
from applications.programmes.green_loan.money.parts import Part, part_of
from applications.programmes.green_loan.money.schedule import Loan, bonus_part_of, on_repayment_day


class ChangeKind(StrEnum):
    """What can be asked for (GL-589); OTHER is agreed with the handling institution (GL-590)."""

    REPAYMENT_DAY = "repayment_day"
    BONUS_MONTHS = "bonus_months"
    STOP_BONUS = "stop_bonus"
    SPLIT = "split"
    METHOD = "method"
    OTHER = "other"


CHANGE_LABELS = {
    ChangeKind.REPAYMENT_DAY: "返済日の変更",
    ChangeKind.BONUS_MONTHS: "ボーナス返済月の変更",
    ChangeKind.STOP_BONUS: "ボーナス払いの取りやめ",
    ChangeKind.SPLIT: "毎月返済分とボーナス返済分との内訳変更",
    ChangeKind.METHOD: "元利均等返済と元金均等返済との変更",
    ChangeKind.OTHER: "その他の返済方法の変更",
}


@dataclass(frozen=True)
class Changed:
    """The loan as it goes on, and the interest in yen that is due with the change."""

    loan: Loan
    interest_due_yen: int


def split_findings(loan: Loan, bonus_part_yen: int, field: str) -> Sequence[Finding]:
    """GL-591: a new split keeps to GL-246, of the balance that is left."""
    return bonus_findings(loan.balance_yen, bonus_part_yen, field)


def change_repayment_day(loan: Loan, repayment_day: int) -> Changed:
    """Another day of the month, 1 to 31, from the next instalment on, which stays in its month.

    interpretation: that instalment still carries one month's interest; the guide names no interest by days.
    """
    due_on = on_repayment_day(loan.next_due_on.year, loan.next_due_on.month, repayment_day)
    return Changed(replace(loan, repayment_day=repayment_day, next_due_on=due_on), 0)


def change_bonus_months(loan: Loan, bonus_month: int) -> Changed:
    """Other bonus months, six months apart; `bonus_month` (1 to 12) is one of them. Raises ValueError without bonus."""
    if loan.bonus is None:
        raise ValueError("the loan has no bonus part")
    return change_split(loan, loan.bonus.balance_yen, bonus_month)


def stop_bonus(loan: Loan) -> Changed:
    """No bonus payment any more: all that is left is repaid every month. Raises ValueError without bonus."""
    if loan.bonus is None:
        raise ValueError("the loan has no bonus part")
    monthly = _again(loan, loan.monthly, loan.balance_yen)
    return Changed(replace(loan, monthly=monthly, bonus=None), loan.accrued_bonus_interest_yen)


def change_split(loan: Loan, bonus_part_yen: int, bonus_month: int) -> Changed:
    """Another bonus part of what is left, in yen, from here on; `split_findings` says whether it may be chosen.

    Raises ValueError when no bonus month is left, and for a part that is not below the balance.
    """
    if not 0 < bonus_part_yen < loan.balance_yen:
        raise ValueError("a bonus part is some of the balance, and not all of it")
    monthly = _again(loan, loan.monthly, loan.balance_yen - bonus_part_yen)
    changed = replace(loan, monthly=monthly, bonus=None)
    changed = replace(changed, bonus=bonus_part_of(changed, bonus_part_yen, bonus_month))
    return Changed(changed, loan.accrued_bonus_interest_yen)


def change_method(loan: Loan, method: Method) -> Changed:
    """From level payment to level principal or back: both parts are repaid in as many instalments as before."""
    changed = replace(loan, method=method)
    monthly = _again(changed, loan.monthly, loan.monthly.balance_yen)
    if loan.bonus is None:
        return Changed(replace(changed, monthly=monthly), 0)
    restarted = replace(loan.bonus, next_interest_months=loan.bonus.next_in)
    bonus = _again(changed, restarted, loan.bonus.balance_yen)
    return Changed(replace(changed, monthly=monthly, bonus=bonus), loan.accrued_bonus_interest_yen)


def _again(loan: Loan, part: Part, balance_yen: int) -> Part:
    """The part with another balance or by the loan's present method, in the instalments that it has left."""
    return part_of(
        balance_yen,
        loan.annual_rate_percent,
        loan.method,
        count=part.count,
        every=part.every,
        next_in=part.next_in,
        next_interest_months=part.next_interest_months,
    )
