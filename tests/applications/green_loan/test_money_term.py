"""Over how many years a loan may be repaid (GL-236 to GL-243)."""

from datetime import date, timedelta

import pytest
from applications.programmes.green_loan.money.term import (
    Combined,
    LongestTerm,
    longest_term,
    rounded_up_age,
    term_findings,
)
from hypothesis import given
from hypothesis import strategies as st
from kit.japan.months import add_years


@pytest.mark.rule("GL-237", "GL-240", "GL-626")
@pytest.mark.parametrize(
    ("birth", "on", "age", "years"),
    [
        (date(1955, 6, 15), date(2025, 6, 14), 70, 10),
        (date(1955, 6, 15), date(2025, 6, 15), 70, 10),
        (date(1955, 6, 15), date(2025, 6, 16), 71, 9),
        (date(1946, 9, 2), date(2025, 9, 1), 79, 1),
        (date(1980, 2, 29), date(2025, 2, 28), 45, 10),
        (date(1980, 2, 29), date(2025, 3, 1), 45, 10),
        (date(1980, 2, 29), date(2025, 3, 2), 46, 10),
        (date(1980, 2, 29), date(2024, 2, 29), 44, 10),
    ],
)
def test_a_begun_year_of_age_counts_as_a_whole_one(birth, on, age, years):
    assert rounded_up_age(birth, on) == age
    assert longest_term(birth, on, None, None) == LongestTerm(age, years)


@pytest.mark.rule("GL-238", "GL-241", "GL-627")
@pytest.mark.parametrize(("combined", "years"), [(1_200_000, 10), (1_200_001, 4)])
def test_the_older_age_counts_when_more_than_half_of_an_income_is_added(combined, years):
    added = Combined(date(1950, 5, 5), 2_400_000, combined)
    assert longest_term(date(1980, 1, 1), date(2025, 5, 6), added, None).years == years


@pytest.mark.rule("GL-238")
def test_a_younger_combiner_does_not_make_the_term_longer():
    added = Combined(date(1990, 5, 5), 2_400_000, 2_400_000)
    assert longest_term(date(1953, 1, 1), date(2025, 5, 6), added, None) == LongestTerm(73, 7)


@pytest.mark.rule("GL-239", "GL-242")
def test_with_relay_the_successor_alone_counts():
    old, successor, on = date(1943, 3, 3), date(1972, 7, 7), date(2025, 8, 1)
    assert longest_term(old, on, None, successor) == LongestTerm(54, 10)
    assert longest_term(old, on, Combined(date(1944, 1, 1), 100, 100), successor) == LongestTerm(54, 10)
    assert longest_term(date(1990, 1, 1), on, None, date(1950, 1, 1)) == LongestTerm(76, 4)


@pytest.mark.rule("GL-236", "GL-243")
@pytest.mark.parametrize(
    ("years", "longest", "codes"),
    [(1, 10, []), (10, 10, []), (0, 10, ["term"]), (11, 10, ["term"]), (5, 4, ["term"]), (1, 0, ["no_term"])],
)
def test_a_term_is_at_least_a_year_and_at_most_the_longest(years, longest, codes):
    assert [one.code for one in term_findings(years, LongestTerm(60, longest), "years")] == codes


@pytest.mark.rule("GL-236", "GL-237", "GL-240")
@given(st.dates(date(1930, 1, 1), date(2010, 12, 31)), st.integers(1, 36_500))
def test_the_age_is_the_first_birthday_that_is_not_over_and_the_loan_ends_by_eighty(birth, days):
    on = birth + timedelta(days=days)
    age = rounded_up_age(birth, on)

    def birthday(years):
        # Somebody born on 29 February has it on 1 March in other years.
        that_year = birth.year + years
        day = add_years(birth, years)
        return date(that_year, 3, 1) if (birth.month, birth.day) == (2, 29) and day.day == 28 else day

    assert birthday(age - 1) < on <= birthday(age)
    found = longest_term(birth, on, None, None)
    assert found.years == 0 if age >= 80 else 1 <= found.years <= 10
    assert found.years == 0 or found.years + age <= 80


def test_nobody_has_an_age_before_the_birth():
    assert rounded_up_age(date(2000, 1, 1), date(2000, 1, 1)) == 0
    with pytest.raises(ValueError, match="birth"):
        rounded_up_age(date(2000, 1, 2), date(2000, 1, 1))
