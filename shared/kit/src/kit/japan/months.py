"""Calendar months and years. A day that the target month lacks becomes its last day (clipped)."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta


def add_months(day: date, n: int) -> date:
    """The same day n months later (earlier for a negative n), clipped: 31 January + 1 = end of February."""
    index = day.year * 12 + day.month - 1 + n
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def add_years(day: date, n: int) -> date:
    """The same day n years later, clipped: 29 February + 1 year = 28 February."""
    return add_months(day, 12 * n)


def last_day(year: int, month: int) -> date:
    """The last day of a month."""
    return date(year, month, monthrange(year, month)[1])


def end_of_previous_month(day: date) -> date:
    """The last day of the month before that of `day`."""
    return day.replace(day=1) - timedelta(days=1)
