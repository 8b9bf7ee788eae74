"""Business days: not a Saturday, a Sunday, a national holiday, nor a day of the yearly closure.

National holidays, with substitute and in-between holidays, come from jpholiday. The two closures differ: the
agency is closed from 29 December (its own setting, I-39), banks from 31 December (order for the Banking Act,
article 5). Every function takes the closure by keyword and uses the agency's unless told otherwise.
"""

from __future__ import annotations

from collections.abc import Set
from datetime import date, timedelta
from functools import lru_cache

import jpholiday

Closure = Set[tuple[int, int]]
"""Days closed every year, as (month, day)."""

AGENCY_CLOSURE: Closure = frozenset({(12, 29), (12, 30), (12, 31), (1, 1), (1, 2), (1, 3)})
BANK_CLOSURE: Closure = frozenset({(12, 31), (1, 1), (1, 2), (1, 3)})

# The holiday act took effect in 1948; the formula for the equinoxes, which are holidays, ends with 2150.
FIRST_YEAR = 1949
LAST_YEAR = 2150

_WEEKEND = (5, 6)


def is_business_day(day: date, *, closure: Closure = AGENCY_CLOSURE) -> bool:
    """Whether `day` is a business day. Raises ValueError outside 1949 to 2150: no holidays are known."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"holidays are known for the years {FIRST_YEAR} to {LAST_YEAR} only")
    return day.weekday() not in _WEEKEND and (day.month, day.day) not in closure and not is_holiday(day)


def nth_business_day(year: int, month: int, n: int, *, closure: Closure = AGENCY_CLOSURE) -> date:
    """The n-th business day (1 is the first) of a month. Raises ValueError if the month has no such day."""
    if n < 1:
        raise ValueError("business days are counted from 1")
    day = date(year, month, 1)
    left = n
    while day.month == month:
        left -= is_business_day(day, closure=closure)
        if left == 0:
            return day
        day += timedelta(days=1)
    raise ValueError(f"{year}-{month:02} has no {n} business days")


def add_business_days(day: date, n: int, *, closure: Closure = AGENCY_CLOSURE) -> date:
    """The n-th business day after `day`, or before it for a negative n; for 0, `day` whatever it is."""
    step = timedelta(days=1 if n > 0 else -1)
    left = abs(n)
    while left:
        day += step
        left -= is_business_day(day, closure=closure)
    return day


@lru_cache(maxsize=4096)
def is_holiday(day: date) -> bool:
    """Whether `day` is a national holiday of Japan, a substitute or an in-between one."""
    return bool(jpholiday.is_holiday(date(day.year, day.month, day.day)))
