"""Which rate applies (GL-249 to GL-254), and what a change before the contract does to it (GL-260 to GL-263)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import get_args

from applications.programmes.green_loan.danshin.kinds import Choice
from applications.programmes.green_loan.money.methods import Method
from applications.programmes.green_loan.money.parts import part_of
from applications.programmes.green_loan.works.kinds import Menu

RateKey = tuple[Menu, Choice]
KEYS: tuple[RateKey, ...] = tuple((menu, danshin) for menu in Menu for danshin in get_args(Choice))
"""Menu S or not, and kind of danshin or none (GL-251, GL-252): eight rates in force at a time."""


class RateUnknown(LookupError):
    """No rate is known for this moment."""


@dataclass(frozen=True)
class Period:
    """The rates from one moment until just before another, aware, in percent a year (interpretation, GL-253)."""

    valid_from: datetime
    valid_until: datetime
    rates: Mapping[RateKey, Decimal]

    def __post_init__(self) -> None:
        """Raise ValueError for a period that is empty or lacks a rate."""
        if self.valid_until <= self.valid_from:
            raise ValueError("a period ends after it begins")
        if set(self.rates) != set(KEYS):
            raise ValueError("a period has a rate for each menu and each kind of danshin")


@dataclass(frozen=True)
class RateTable:
    """Periods one after the other, in principle a month each (GL-250)."""

    periods: Sequence[Period]

    def __post_init__(self) -> None:
        """Raise ValueError for periods that leave a gap, overlap, or are not in order."""
        if any(earlier.valid_until != later.valid_from for earlier, later in pairwise(self.periods)):
            raise ValueError("each period begins when the one before it ends")


def rate_at(table: RateTable, accepted_at: datetime, menu: Menu, danshin: Choice) -> Decimal:
    """The rate in percent at the date and time of acceptance (GL-249, GL-254), for the whole term.

    Raises RateUnknown for a moment that the table does not cover, ValueError for a naive datetime.
    """
    if accepted_at.tzinfo is None:
        raise ValueError("a naive datetime names no moment")
    for period in table.periods:
        if period.valid_from <= accepted_at < period.valid_until:
            return period.rates[menu, danshin]
    raise RateUnknown(f"no rate is known for {accepted_at.isoformat()}")


@dataclass(frozen=True)
class Payments:
    """What an instalment costs in yen: the monthly part, and the bonus part on top of it in its months."""

    monthly: int
    bonus: int


def first_payments(
    amount_yen: int, bonus_part_yen: int, annual_rate_percent: Decimal, years: int, method: Method
) -> Payments:
    """The first payments of both parts, the bonus one after a whole half year."""
    parts = (
        (amount_yen - bonus_part_yen, 12 * years, 1),
        (bonus_part_yen, 2 * years, 6),
    )
    made = [
        part_of(
            yen, annual_rate_percent, method, count=count, every=every, next_in=every, next_interest_months=every
        ).first_payment_yen(annual_rate_percent, method)
        for yen, count, every in parts
    ]
    return Payments(monthly=made[0], bonus=made[1])


@dataclass(frozen=True)
class RateChange:
    """The rate before and after a change, in percent, and the first payments at both."""

    before: Decimal
    after: Decimal
    was: Payments
    becomes: Payments

    @property
    def review_again(self) -> bool:
        """Whether the case is reviewed anew: a payment rises, in whatever month (GL-261)."""
        return self.becomes.monthly > self.was.monthly or self.becomes.bonus > self.was.bonus


def rate_change(
    table: RateTable,
    accepted_at: datetime,
    before: RateKey,
    after: RateKey,
    *,
    amount_yen: int,
    bonus_part_yen: int,
    years: int,
    method: Method,
) -> RateChange:
    """What another kind of danshin, or another menu, does between application and contract (GL-260, GL-261).

    interpretation (GL-262): the new rate is that of the original acceptance; menu changes are handled alike; without a
    higher payment, in any month, there is no new review. Raises RateUnknown.
    """
    old, new = (rate_at(table, accepted_at, *key) for key in (before, after))
    was, becomes = (first_payments(amount_yen, bonus_part_yen, rate, years, method) for rate in (old, new))
    return RateChange(old, new, was, becomes)
