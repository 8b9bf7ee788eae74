"""Where amounts are cut (GL-626). All of it is integer or decimal arithmetic: no binary fraction (GL-272, GL-630).

| what | cut down to |
|---|---|
| loan limit, bonus part (interpretation) | 10,000 yen |
| level payment, principal part, interest part, late charge (interpretation) | 1 yen |
| total repayment ratio | 0.1 percentage point |

The age for the term is the one that goes up, to the next year: `term.rounded_up_age`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

MAN_YEN = 10_000
MOST_YEN = 10_000_000_000
"""How much a field of money may hold: no rule of the guide, but an end to what is computed with."""


def down_to_man_yen(yen: int) -> int:
    """A limit in whole 10,000 yen, nothing below zero (GL-188, GL-247)."""
    return max(0, yen // MAN_YEN * MAN_YEN)


class MonthlyRate(NamedTuple):
    """A twelfth of an annual rate as a fraction, so that interest is whole-number arithmetic."""

    numerator: int
    denominator: int

    def interest_yen(self, balance_yen: int, months: int) -> int:
        """Interest of whole months, cut to 1 yen (GL-270)."""
        return balance_yen * self.numerator * months // self.denominator


def monthly_rate(annual_rate_percent: Decimal) -> MonthlyRate:
    """A twelfth of a rate in percent a year (GL-266, GL-270)."""
    numerator, denominator = annual_rate_percent.as_integer_ratio()
    return MonthlyRate(numerator, denominator * 1200)


def down_to_tenth_percent(part: int, whole: int) -> Decimal:
    """part / whole in percent, everything from the second decimal on cut off (GL-275). Raises ZeroDivisionError."""
    return Decimal(part * 1000 // whole).scaleb(-1)
