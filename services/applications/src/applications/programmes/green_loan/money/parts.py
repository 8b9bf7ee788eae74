"""The two parts of a loan: what is repaid every month, and what is repaid every six months with the bonus (GL-245).

Each is repaid for itself, by level payment or level principal, with interest by whole months; both together are the
loan (`schedule`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from applications.programmes.green_loan.money.methods import Method
from applications.programmes.green_loan.money.repayment import level_payment
from applications.programmes.green_loan.money.rounding import monthly_rate


@dataclass(frozen=True)
class Part:
    """What is left of one part of a loan.

    `yen` is the level payment, or the level principal, of an instalment; `count` instalments remain. They are `every`
    months apart; the next is due with the loan's instalment number `next_in` from here (1: the very next) and carries
    the interest of `next_interest_months` months.
    """

    balance_yen: int
    yen: int
    count: int
    every: int
    next_in: int
    next_interest_months: int

    def first_payment_yen(self, annual_rate_percent: Decimal, method: Method) -> int:
        """What the next instalment of this part costs."""
        first = next(payments(self, annual_rate_percent, method))
        return first.principal + first.interest


class Payment(NamedTuple):
    """One instalment of a part, in yen, and the principal that is left after it."""

    principal: int
    interest: int
    balance: int


def part_of(
    balance_yen: int,
    annual_rate_percent: Decimal,
    method: Method,
    *,
    count: int,
    every: int,
    next_in: int,
    next_interest_months: int,
) -> Part:
    """A part that begins, or begins anew, with the payment that repays it in `count` instalments."""
    if method is Method.LEVEL_PRINCIPAL:
        yen = balance_yen // count
    else:
        yen = level_payment(
            balance_yen, annual_rate_percent, count, every_months=every, first_months=next_interest_months
        )
    return Part(balance_yen, yen, count, every, next_in, next_interest_months)


def payments(part: Part, annual_rate_percent: Decimal, method: Method) -> Iterator[Payment]:
    """The instalments of a part. The last takes whatever principal is left, so the sum is exact (GL-271)."""
    balance = part.balance_yen
    months = part.next_interest_months
    rate, whole = monthly_rate(annual_rate_percent)
    level_principal = method is Method.LEVEL_PRINCIPAL
    for left in range(part.count, 0, -1):
        interest = balance * rate * months // whole
        if left == 1:
            principal = balance
        else:
            level = part.yen if level_principal else part.yen - interest
            principal = min(level, balance)  # a shortened part may need less than it still has instalments
        balance -= principal
        months = part.every
        yield Payment(principal, interest, balance)
