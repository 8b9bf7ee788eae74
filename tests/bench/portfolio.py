"""The schedules of very many loans at once: how far our arithmetic carries. Not a part of the product, whose loans are
looked at one by one: to read and decrypt a loan's steps costs more than to calculate it.

The same whole-yen arithmetic as `parts`, one instalment of all parts at a time in 64-bit integers of numpy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from applications.programmes.green_loan.money.methods import Method
from applications.programmes.green_loan.money.parts import Part
from numpy.typing import NDArray

Yen = NDArray[np.int64]
_LARGEST = 2**63 - 1
_MILLION = 1_000_000


@dataclass(frozen=True)
class Payments:
    """Yen, one row for each instalment and one column for each part; 0 after a part's last instalment."""

    principal: Yen
    interest: Yen
    balance: Yen


def payments_of_all(parts: Sequence[Part], rates_percent: Sequence[Decimal], method: Method) -> Payments:
    """The instalments of parts with these annual rates, to the yen what `parts.payments` gives for each alone.

    Raises ValueError for rates of more than six decimals and for balances that would not fit into 64 bits: the figures
    would be wrong without a word.
    """
    columns = [_column(part, rate) for part, rate in zip(parts, rates_percent, strict=True)]
    balance, level, count, rate, later = np.array(columns, dtype=np.int64).reshape(-1, 5).T.copy()
    shape = (max((part.count for part in parts), default=0), len(parts))
    found = Payments(*(np.zeros(shape, dtype=np.int64) for _ in range(3)))
    shortest = min((part.count for part in parts), default=0)
    for number, (principal, interest, left) in enumerate(
        zip(found.principal, found.interest, found.balance, strict=True)
    ):
        np.floor_divide(balance * rate, 1200 * _MILLION, out=interest)
        np.minimum(level if method is Method.LEVEL_PRINCIPAL else level - interest, balance, out=principal)
        if number >= shortest - 1:
            np.copyto(principal, balance, where=number >= count - 1)
        np.subtract(balance, principal, out=left)
        balance, rate = left, later
    return found


def _column(part: Part, rate_percent: Decimal) -> tuple[int, int, int, int, int]:
    """Balance, payment and count of a part, and the rates of the next instalment and of those after it.

    Rates are in millionths of a percent, so that one denominator serves all.
    """
    rate = int(rate_percent * _MILLION)
    if rate != rate_percent * _MILLION:
        raise ValueError("a rate has at most six decimals")
    rates = rate * part.next_interest_months, rate * part.every
    if part.balance_yen * max(rates) > _LARGEST:
        raise ValueError("a balance is too large for 64 bits")
    return part.balance_yen, part.yen, part.count, *rates
