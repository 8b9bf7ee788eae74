"""Dates in Japanese eras, as official papers write them."""

from __future__ import annotations

from datetime import date

# First days of the eras. Before 1873-01-01 Japan used another calendar, so a Gregorian date has no era date.
_ERAS = (
    ("令和", date(2019, 5, 1)),
    ("平成", date(1989, 1, 8)),
    ("昭和", date(1926, 12, 25)),
    ("大正", date(1912, 7, 30)),
    ("明治", date(1868, 1, 25)),
)
_GREGORIAN_SINCE = date(1873, 1, 1)


def format_era(day: date) -> str:
    """For example 令和8年4月9日, and 令和元年5月1日 in an era's first year. Raises ValueError before 1873."""
    if day < _GREGORIAN_SINCE:
        raise ValueError("dates before 1873 are not Gregorian in Japan")
    name, first = next((name, first) for name, first in _ERAS if first <= day)
    year = day.year - first.year + 1
    return f"{name}{'元' if year == 1 else year}年{day.month}月{day.day}日"
