"""Business days, months, eras, and the clocks of Japan."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import jpholiday
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from kit.japan import JST, from_jst, to_jst
from kit.japan.business_days import (
    AGENCY_CLOSURE,
    BANK_CLOSURE,
    Closure,
    add_business_days,
    is_business_day,
    nth_business_day,
)
from kit.japan.era import format_era
from kit.japan.months import add_months, add_years, end_of_previous_month, last_day

HOLIDAYS_2026 = (
    "01-01 01-12 02-11 02-23 03-20 04-29 05-03 05-04 05-05 05-06 07-20 08-11 09-21 09-22 09-23 10-12 11-03 11-23"
)

days = st.dates(min_value=date(1960, 1, 1), max_value=date(2140, 12, 31))
# Looking up a holiday for the first time takes over a millisecond, and an example looks up many.
patient = settings(deadline=None)
closures = st.sampled_from([AGENCY_CLOSURE, BANK_CLOSURE])


@pytest.mark.rule("AS-32")
def test_the_business_days_of_2026_are_those_of_the_official_calendar() -> None:
    """The list of the Cabinet Office: 6 May stands in for Sunday 3 May, 22 September lies between two holidays."""
    holidays = {date.fromisoformat(f"2026-{day}") for day in HOLIDAYS_2026.split()}
    closed = {date(2026, month, day) for month, day in AGENCY_CLOSURE}
    for ordinal in range(date(2026, 1, 1).toordinal(), date(2027, 1, 1).toordinal()):
        day = date.fromordinal(ordinal)
        assert is_business_day(day) == (day.weekday() < 5 and day not in holidays | closed), day


@pytest.mark.rule("AS-32")
def test_the_agency_closes_on_29_december_and_banks_on_the_31st() -> None:
    """Winters enough that every one of their days falls on a working day of the week."""
    winters = (date(year, 12, 1) + timedelta(days=i) for year in range(2024, 2030) for i in range(70))
    for day in winters:
        if day.weekday() >= 5 or jpholiday.is_holiday(day):
            assert not is_business_day(day)
            assert not is_business_day(day, closure=BANK_CLOSURE)
        else:
            year_end = f"{day:%m-%d}"
            assert is_business_day(day) == (year_end not in "12-29 12-30 12-31 01-02 01-03")
            assert is_business_day(day, closure=BANK_CLOSURE) == (year_end not in "12-31 01-02 01-03")


@pytest.mark.parametrize("day", [date(1948, 12, 31), date(2151, 1, 1)])
def test_years_without_known_holidays_are_refused(day: date) -> None:
    with pytest.raises(ValueError, match="holidays are known"):
        is_business_day(day)


def test_the_first_and_the_last_year_with_known_holidays_are_answered() -> None:
    assert is_business_day(date(1949, 1, 5))
    assert is_business_day(date(2150, 12, 28))


@pytest.mark.rule("AS-32")
@pytest.mark.parametrize(
    ("month", "day"), [(1, date(2026, 1, 14)), (4, date(2026, 4, 9)), (5, date(2026, 5, 14)), (9, date(2026, 9, 9))]
)
def test_the_seventh_business_day(month: int, day: date) -> None:
    assert nth_business_day(2026, month, 7) == day


@pytest.mark.parametrize("n", [0, -1, 24])
def test_a_month_has_no_such_business_day(n: int) -> None:
    with pytest.raises(ValueError, match="business days"):
        nth_business_day(2026, 4, n)


@patient
@given(st.integers(1960, 2140), st.integers(1, 12), closures)
def test_business_days_of_a_month_follow_each_other(year: int, month: int, closure: Closure) -> None:
    found = []
    for n in range(1, 24):
        try:
            found.append(nth_business_day(year, month, n, closure=closure))
        except ValueError:
            break
    every_day = [date(year, month, 1) + timedelta(days=i) for i in range(last_day(year, month).day)]
    assert found == [day for day in every_day if is_business_day(day, closure=closure)]


@patient
@given(days, st.integers(1, 60), closures)
def test_adding_business_days_lands_on_one_and_skips_as_many(day: date, n: int, closure: Closure) -> None:
    later = add_business_days(day, n, closure=closure)
    between = [day + timedelta(days=i) for i in range(1, (later - day).days + 1)]
    assert is_business_day(later, closure=closure)
    assert sum(is_business_day(one, closure=closure) for one in between) == n


@patient
@given(days, st.integers(-60, 60))
def test_adding_business_days_can_be_undone_from_a_business_day(day: date, n: int) -> None:
    assume(is_business_day(day))
    assert add_business_days(add_business_days(day, n), -n) == day


def test_adding_no_business_day_changes_nothing() -> None:
    sunday = date(2026, 4, 5)
    assert add_business_days(sunday, 0) == sunday
    assert add_business_days(sunday, 1) == date(2026, 4, 6)
    assert add_business_days(sunday, -1) == date(2026, 4, 3)


@pytest.mark.rule("DO-26")
@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2025, 11, 30), 3, date(2026, 2, 28)),
        (date(2027, 11, 30), 3, date(2028, 2, 29)),
        (date(2029, 1, 31), 3, date(2029, 4, 30)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 1, 15), -13, date(2024, 12, 15)),
    ],
)
def test_months_are_clipped_to_the_last_day(start: date, months: int, end: date) -> None:
    assert add_months(start, months) == end


def test_years_are_clipped_too() -> None:
    assert add_years(date(2028, 2, 29), 5) == date(2033, 2, 28)
    assert add_years(date(2028, 2, 29), 4) == date(2032, 2, 29)


@given(days, st.integers(-600, 600))
def test_adding_months_moves_by_that_many_months_and_keeps_the_day_if_it_can(day: date, n: int) -> None:
    moved = add_months(day, n)
    assert (moved.year * 12 + moved.month) - (day.year * 12 + day.month) == n
    assert moved.day == min(day.day, last_day(moved.year, moved.month).day)


@given(days, days, st.integers(-600, 600))
def test_adding_months_keeps_the_order_of_dates(one: date, other: date, n: int) -> None:
    first, second = sorted((one, other))
    assert add_months(first, n) <= add_months(second, n)


@pytest.mark.rule("AS-32")
@given(days)
def test_the_end_of_the_previous_month_is_the_day_before_the_first(day: date) -> None:
    end = end_of_previous_month(day)
    assert end + timedelta(days=1) == day.replace(day=1)


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (date(2026, 4, 9), "令和8年4月9日"),
        (date(2019, 5, 1), "令和元年5月1日"),
        (date(2019, 4, 30), "平成31年4月30日"),
        (date(1989, 1, 8), "平成元年1月8日"),
        (date(1989, 1, 7), "昭和64年1月7日"),
        (date(1926, 12, 25), "昭和元年12月25日"),
        (date(1926, 12, 24), "大正15年12月24日"),
        (date(1912, 7, 30), "大正元年7月30日"),
        (date(1912, 7, 29), "明治45年7月29日"),
        (date(1873, 1, 1), "明治6年1月1日"),
    ],
)
def test_dates_in_eras(day: date, text: str) -> None:
    assert format_era(day) == text


def test_there_is_no_era_date_before_the_gregorian_calendar() -> None:
    with pytest.raises(ValueError, match="1873"):
        format_era(date(1872, 12, 31))


def test_japan_is_nine_hours_ahead_and_naive_times_are_read_there() -> None:
    moment = datetime(2026, 3, 31, 15, tzinfo=UTC)
    assert to_jst(moment) == moment
    assert to_jst(moment).date() == date(2026, 4, 1)
    assert from_jst(datetime(2026, 4, 1)) == moment  # noqa: DTZ001 - what people type has no offset
    assert from_jst(datetime(2026, 4, 1, tzinfo=JST)) == moment
    assert from_jst(moment).tzinfo is UTC


def test_a_naive_time_names_no_moment() -> None:
    with pytest.raises(ValueError, match="naive"):
        to_jst(datetime(2026, 4, 1))  # noqa: DTZ001
