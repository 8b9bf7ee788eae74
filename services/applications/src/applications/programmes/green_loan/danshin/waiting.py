"""Spans that decide about a benefit. They are told to the insured; claims are decided by the insurer (GL-575)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from kit.japan.months import add_years

CANCER_WAITING_DAYS: Final = 90
"""GL-560: counted from and including the start of the cover."""
RESTRICTION_DAYS: Final = 60
"""GL-562, GL-563: counted from and including the first consultation."""
CARE_DAYS: Final = 180
"""GL-564: counted from and including the day on which the care state began."""


def reached_on(first_day: date, days: int) -> date:
    """GL-562 to GL-564: the day on which a state has lasted `days` days, `first_day` included.

    Raises ValueError for less than one day.
    """
    if days < 1:
        raise ValueError("a state lasts one day or more")
    return first_day + timedelta(days=days - 1)


def first_cancer_cover(cover_start: date) -> date:
    """The first day on which a diagnosis of cancer is covered.

    interpretation (GL-561): day 90 is the start + 89 days, so it is the start + 90 days.
    """
    return reached_on(cover_start, CANCER_WAITING_DAYS) + timedelta(days=1)


def cancer_covered(cover_start: date, diagnosed_on: date) -> bool:
    """GL-560: no diagnosis before the start of the cover, nor in its first 90 days."""
    return diagnosed_on >= first_cancer_cover(cover_start)


def suicide_exclusion_end(cover_start: date) -> date:
    """GL-565: the last day of the year in which suicide is not covered.

    interpretation (GL-566): the first anniversary of the start still belongs to it; the first day is not counted.
    """
    return add_years(cover_start, 1)
