"""Dates that several parts count with. All are calendar dates in Japan; months are clipped (GL-625)."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from kit.japan import business_days
from kit.japan.months import add_months, last_day

LIMIT_MONTHS: Final = 6


@dataclass(frozen=True)
class Period:
    """A period that the agency has announced; both days belong to it. Raises ValueError if it runs backwards."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError("a period cannot end before it begins")

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


def six_month_limit(application_date: date) -> date:
    """The last day of the month that holds the day on which six months have passed since the application.

    Until then nobody can apply again (GL-355), and the contract must be concluded (GL-493). The date itself belongs to
    both. interpretation (GL-356, GL-494): the first day is not counted, so it is the month of the application + 6.
    """
    passed = add_months(application_date, LIMIT_MONTHS)
    return last_day(passed.year, passed.month)


def business_day_after(day: date, n: int, holidays: Set[date] | None = None) -> date:
    """The n-th business day after `day`, which is day 0.

    interpretation (GL-402): Monday to Friday except national holidays and the closure at the turn of the year.
    `holidays` is the calendar of national holidays; without it, that of `kit.japan`.
    """
    if holidays is None:
        return business_days.add_business_days(day, n)
    left = n
    while left:
        day += timedelta(days=1)
        closed = (day.month, day.day) in business_days.AGENCY_CLOSURE
        left -= day.weekday() < 5 and day not in holidays and not closed
    return day
