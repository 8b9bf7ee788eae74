"""Repaying early, all or some of a loan (GL-596 to GL-607)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from itertools import accumulate, count, takewhile

from kit.errors import Finding
from kit.japan.months import add_months
from kit.japan.yen import format_yen

from applications.programmes.green_loan.money.changes import Changed
from applications.programmes.green_loan.money.methods import BONUS_EVERY_MONTHS
from applications.programmes.green_loan.money.parts import Part, part_of
from applications.programmes.green_loan.money.schedule import Loan, after, on_repayment_day, schedule


class Channel(StrEnum):
    """Where a prepayment is asked for: at the handling institution, or in 住・My Note (GL-603)."""

    COUNTER = "COUNTER"
    MY_NOTE = "MY_NOTE"


class Effect(StrEnum):
    """What a partial prepayment changes: the payment, or the term (期間短縮)."""

    LOWER_PAYMENT = "LOWER_PAYMENT"
    SHORTEN = "SHORTEN"


MINIMUM_YEN = {Channel.COUNTER: 1_000_000, Channel.MY_NOTE: 100_000}  # GL-599, GL-601
NOTICE_MONTHS = 1
NEEDS_NOTICE = frozenset(Channel)
"""interpretation (GL-606): the guide gives no shorter period for My Note, so the month's notice is asked there too."""


def notice_by(payment_on: date) -> date:
    """The last day to ask for a prepayment of that day (GL-597, GL-598).

    interpretation (GL-604): one calendar month before, clipped to the end of the month.
    """
    return add_months(payment_on, -NOTICE_MONTHS)


def cancel_until(next_due_on: date) -> date:
    """The last day on which the institution takes back a prepayment that does not come (GL-596).

    `next_due_on`: the first instalment after the day of the prepayment. interpretation: the book knows no taking back.
    It is possible until the day before that instalment is debited, since the debit has the amount of one schedule.
    """
    return next_due_on - timedelta(days=1)


@dataclass(frozen=True)
class Partial:
    """A wish to repay some of a loan. What is not known is None, and not judged.

    `units_yen`: the amounts that make the term shorter (`shortening_amounts`), in rising order. With `bonus`, one of
    them must be met; without, the lowest must be reached.
    """

    amount_yen: int
    remaining_yen: int | None
    repayment_day: int | None
    effect: Effect | None
    bonus: bool
    units_yen: Iterable[int] | None


def notice_findings(channel: Channel, *, noticed_on: date, payment_on: date, field: str) -> list[Finding]:
    """GL-597, GL-598, GL-604, GL-606: asked for at least one month before; no fee is taken."""
    last = notice_by(payment_on)
    if channel not in NEEDS_NOTICE or noticed_on <= last:
        return []
    message = "繰上返済のお申出は、返済する日の1か月前までにお願いします。返済する日を変更してください。"
    return [Finding("GL-604", "notice_late", message, field)]


def partial_findings(channel: Channel, wish: Partial, payment_on: date, field: str) -> list[Finding]:
    """GL-599 to GL-602, GL-605, GL-607: how much may be repaid early, and on which day."""
    findings = []
    if wish.remaining_yen is not None and wish.amount_yen >= wish.remaining_yen:
        # interpretation (GL-607)
        message = "残りの元金の全額以上になる場合は、全額繰上返済としてお申し出ください。"
        findings.append(Finding("GL-607", "use_full_prepayment", message, field))
    minimum = MINIMUM_YEN[channel]
    if wish.amount_yen < minimum:
        rule = "GL-601" if channel is Channel.MY_NOTE else "GL-599"
        message = f"一部繰上返済の金額は{format_yen(minimum)}以上としてください。"
        findings.append(Finding(rule, "below_minimum", message, field))
    if not _is_repayment_day(payment_on, wish.repayment_day):
        message = "一部繰上返済の日は、毎月の返済日としてください。"
        findings.append(Finding("GL-600", "not_repayment_day", message, field))
    if channel is Channel.MY_NOTE and wish.effect is Effect.SHORTEN and not _covers_units(wish):
        message = (
            "期間短縮の場合は、ボーナス払いの分を含めた6か月単位の元金に合わせた金額としてください。"
            if wish.bonus
            else "期間短縮の場合は、1か月分以上の元金に当たる金額としてください。"
        )
        findings.append(Finding("GL-602", "below_principal_unit", message, field))
    return findings


def _is_repayment_day(day: date, repayment_day: int | None) -> bool:
    return repayment_day is None or on_repayment_day(day.year, day.month, repayment_day) == day


def _covers_units(wish: Partial) -> bool:
    """interpretation (GL-605): at least the next month's principal, or whole six-month units with bonus."""
    if wish.units_yen is None:
        return True
    reached = list(takewhile(lambda unit: unit <= wish.amount_yen, wish.units_yen))
    return bool(reached) and (not wish.bonus or reached[-1] == wish.amount_yen)


def equal_units(unit_yen: int) -> Iterable[int]:
    """The multiples of a unit above zero yen, for a simulation that knows the next one only."""
    return count(unit_yen, unit_yen)


def shortening_amounts(loan: Loan) -> list[int]:
    """The amounts in yen that are the principal of the next months, of ever more of them (GL-602, GL-605).

    Without bonus by one month each, with bonus by six months each, the bonus instalment included; all of them leave
    something of the loan.
    """
    step = BONUS_EVERY_MONTHS if loan.bonus else 1
    sums = list(accumulate(instalment.principal for instalment in schedule(loan)))
    return sums[step - 1 : -1 : step]


def lower_payment(loan: Loan, amount_yen: int) -> Changed:
    """Repay `amount_yen` after an instalment and pay less from the next one on, as often as before.

    interpretation: the amount is taken from both parts in proportion to what is left of them. Raises ValueError for an
    amount that is not below the balance (GL-607).
    """
    if not 0 < amount_yen < loan.balance_yen:
        raise ValueError("a partial prepayment leaves something of the loan")
    if loan.bonus is None:
        return Changed(replace(loan, monthly=_lowered(loan, loan.monthly, amount_yen)), 0)
    from_bonus = amount_yen * loan.bonus.balance_yen // loan.balance_yen
    interest = loan.accrued_yen(from_bonus)
    monthly = _lowered(loan, loan.monthly, amount_yen - from_bonus)
    bonus = _lowered(loan, loan.bonus, from_bonus)
    return Changed(replace(loan, monthly=monthly, bonus=bonus), interest)


def _lowered(loan: Loan, part: Part, amount_yen: int) -> Part:
    return part_of(
        part.balance_yen - amount_yen,
        loan.annual_rate_percent,
        loan.method,
        count=part.count,
        every=part.every,
        next_in=part.next_in,
        next_interest_months=part.next_interest_months,
    )


def shorten(loan: Loan, amount_yen: int) -> Changed:
    """Repay `amount_yen` after an instalment and end earlier: the principal of the next months is what is repaid.

    Payments go on as they were. Without bonus the amount may be more than whole months' principal: the rest makes the
    last instalment smaller. Raises ValueError for an amount that covers no month, or no whole six months with bonus
    (GL-602), or that is not below the balance.
    """
    amounts = shortening_amounts(loan)
    covered = sum(unit <= amount_yen for unit in amounts)
    if amount_yen >= loan.balance_yen or covered == 0 or (loan.bonus and amounts[covered - 1] != amount_yen):
        raise ValueError("the amount is not the principal of the next months")
    if loan.bonus is None:
        left = replace(loan.monthly, balance_yen=loan.balance_yen - amount_yen, count=loan.monthly.count - covered)
        return Changed(replace(loan, monthly=left), 0)
    later = after(loan, covered * BONUS_EVERY_MONTHS)
    bonus = later.bonus and replace(later.bonus, next_interest_months=loan.bonus.next_interest_months)
    interest = loan.accrued_yen(loan.bonus.balance_yen - (bonus.balance_yen if bonus else 0))
    return Changed(replace(loan, monthly=later.monthly, bonus=bonus), interest)
