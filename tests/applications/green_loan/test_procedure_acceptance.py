"""The confirmation of an application: everybody's consents, no errors, and which day and rates it brings."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from applications.programmes.green_loan.procedure import acceptance
from applications.programmes.green_loan.procedure.acceptance import Person
from hypothesis import given
from hypothesis import strategies as st
from kit.japan import JST


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=JST)


def codes(findings):
    return [(finding.code, finding.field) for finding in findings]


CONFIRMED = at("2025-07-01 00:10")
APPLICANT = Person("applicant", True, at("2025-06-20 10:00"), at("2025-06-20 10:05"))
DEBTOR = Person("joint_debtors.0", True, at("2025-06-30 23:50"), at("2025-06-30 23:50"))


@pytest.mark.rule("GL-255", "GL-256", "GL-257", "GL-628")
def test_the_day_and_the_rates_are_those_of_the_confirmation_in_japan():
    assert acceptance.acceptance_findings([APPLICANT, DEBTOR], 0, CONFIRMED) == []
    accepted = acceptance.acceptance(CONFIRMED.astimezone(UTC))
    assert (accepted.on, accepted.rate_month) == (date(2025, 7, 1), "2025-07")
    assert accepted.at == CONFIRMED


@pytest.mark.rule("GL-256")
def test_an_act_after_midnight_belongs_to_the_new_day():
    assert acceptance.acceptance(at("2025-05-01 01:30")).on == date(2025, 5, 1)
    assert acceptance.acceptance(at("2025-04-30 23:59")).rate_month == "2025-04"


@pytest.mark.rule("GL-255", "GL-257")
@pytest.mark.parametrize(
    ("debtor", "found"),
    [
        (Person("d", False, DEBTOR.consented_at, DEBTOR.outline_confirmed_at), ["REGISTRATION_MISSING"]),
        (Person("d", True, None, DEBTOR.outline_confirmed_at), ["CONSENT_MISSING"]),
        (Person("d", True, DEBTOR.consented_at, None), ["OUTLINE_MISSING"]),
        (Person("d", True, CONFIRMED + timedelta(seconds=1), DEBTOR.outline_confirmed_at), ["CONSENT_MISSING"]),
        (Person("d", True, CONFIRMED, CONFIRMED), []),
        (Person("d", False, None, None), ["REGISTRATION_MISSING", "CONSENT_MISSING", "OUTLINE_MISSING"]),
    ],
)
def test_nothing_is_confirmed_while_something_of_somebody_is_missing(debtor, found):
    for people in ([APPLICANT, debtor], [debtor, APPLICANT], [debtor]):
        findings = acceptance.acceptance_findings(people, 0, CONFIRMED)
        assert codes(findings) == [(code, "d") for code in found]


@pytest.mark.rule("GL-258")
def test_errors_are_solved_before_the_confirmation_and_its_month_counts():
    first = acceptance.acceptance_findings([APPLICANT], 3, at("2025-06-30 22:00"))
    assert [(finding.rule, finding.code) for finding in first] == [("GL-258", "ERRORS")]
    assert "3件" in first[0].message
    assert acceptance.acceptance_findings([APPLICANT], 0, at("2025-07-01 06:05")) == []
    assert acceptance.acceptance(at("2025-07-01 06:05")).rate_month == "2025-07"


def test_an_application_without_people_is_a_mistake():
    with pytest.raises(ValueError, match="main applicant"):
        acceptance.acceptance_findings([], 0, CONFIRMED)


@pytest.mark.rule("GL-259")
@pytest.mark.parametrize(
    ("today", "warned"),
    [
        (date(2025, 6, 25), False),
        (date(2025, 6, 26), True),
        (date(2025, 6, 30), True),
        (date(2025, 7, 1), False),
        (date(2028, 2, 24), False),
        (date(2028, 2, 25), True),
    ],
)
def test_the_last_days_of_a_month_bring_a_warning_to_allow_time(today, warned):
    warnings = acceptance.month_end_warnings(today)
    assert bool(warnings) is warned
    assert all(f"{today.month}月中" in warning.message for warning in warnings)


@given(st.integers(0, 20 * 366 * 24 * 60))
def test_the_month_of_the_rates_is_always_that_of_the_acceptance_date(minutes):
    moment = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    accepted = acceptance.acceptance(moment)
    assert accepted.rate_month == accepted.on.isoformat()[:7]
    assert accepted.on == (moment + timedelta(hours=9)).date()
