"""Amounts, start and end of the cover, waiting times, and the mail of the danshin Web service."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from applications.programmes.green_loan.danshin import amounts, cover, invitation, waiting
from applications.programmes.green_loan.danshin.cover import End, EndReason, Stage
from applications.programmes.green_loan.procedure.dates import business_day_after
from hypothesis import given
from hypothesis import strategies as st

FAR = date(2099, 12, 31)


def codes(findings):
    return [finding.code for finding in findings]


@pytest.mark.rule("GL-539", "GL-540", "GL-627")
@pytest.mark.parametrize(
    ("this_loan", "balances", "simultaneous", "joins"),
    [
        (5_000_000, 95_000_000, 0, True),
        (5_000_000, 95_010_000, 0, False),
        (5_000_000, 0, 95_000_000, True),
        (5_000_000, 90_000_000, 5_000_001, False),
    ],
)
def test_100_million_may_be_insured_and_not_a_yen_more(this_loan, balances, simultaneous, joins):
    total = amounts.insured_total(this_loan, balances, simultaneous)
    assert total == this_loan + balances + simultaneous
    assert amounts.insurable(total) is joins
    assert codes(amounts.insured_findings(total, "danshin")) == ([] if joins else ["INSURED_LIMIT"])


@pytest.mark.rule("GL-535", "GL-536", "GL-538")
@pytest.mark.parametrize(
    ("product", "balances", "simultaneous", "required"),
    [
        ("SANDAI", 46_000_000, 0, False),
        ("SANDAI", 46_000_001, 0, True),
        ("SANDAI", 40_000_000, 6_000_000, False),
        ("SANDAI", 40_000_000, 6_000_001, True),
        ("SHIN", 90_000_000, 0, False),
    ],
)
def test_three_diseases_over_50_million_need_a_health_check(product, balances, simultaneous, required):
    total = amounts.sandai_total(4_000_000, balances, simultaneous)
    assert total == 4_000_000 + balances + simultaneous
    assert amounts.certificate_required(product, total) is required


@pytest.mark.rule("GL-518", "GL-519", "GL-547")
def test_cover_ends_with_the_month_of_the_80th_birthday_and_the_special_one_with_that_of_the_75th():
    assert cover.cover_end_by_age("SHIN", date(1955, 1, 1)) == date(2035, 1, 31)
    assert cover.cover_end_by_age("SANDAI", date(1980, 11, 30)) == date(2055, 11, 30)
    assert cover.shin_from(date(1980, 11, 30)) == date(2055, 12, 1)
    assert cover.cover_end_by_age("SHIN", date(1980, 11, 30)) == date(2060, 11, 30)
    assert cover.cover_end_by_age("SANDAI", date(1980, 2, 29)) == date(2055, 2, 28)


@pytest.mark.rule("GL-544")
def test_cover_starts_with_the_last_part_of_the_funds():
    assert cover.cover_start([date(2025, 11, 5), date(2025, 11, 25)]) == date(2025, 11, 25)
    assert cover.cover_start([date(2025, 11, 5)]) == date(2025, 11, 5)
    with pytest.raises(ValueError, match="receipt of funds"):
        cover.cover_start([])


@pytest.mark.rule("GL-519", "GL-547", "GL-549", "GL-575")
def test_three_diseases_become_the_plain_cover_until_the_loan_or_the_age_ends():
    start, birth = date(2025, 11, 25), date(1980, 11, 30)
    assert cover.stages("SHIN", birth, start, FAR) == [Stage("SHIN", start, date(2060, 11, 30))]
    assert cover.stages("SANDAI", birth, start, FAR) == [
        Stage("SANDAI", start, date(2055, 11, 30)),
        Stage("SHIN", date(2055, 12, 1), date(2060, 11, 30)),
    ]
    final = date(2035, 11, 20)
    assert cover.stages("SANDAI", birth, start, final) == [Stage("SANDAI", start, final)]
    assert cover.stages("SHIN", date(1940, 1, 1), start, final) == []


@given(
    st.sampled_from(["SHIN", "SANDAI"]),
    st.dates(date(1940, 1, 1), date(2010, 12, 31)),
    st.dates(date(2025, 1, 1), date(2030, 12, 31)),
    st.integers(0, 3660),
)
def test_stages_follow_each_other_without_gap_and_stay_within_the_loan(product, birth, start, days):
    final = start + timedelta(days=days)
    stages = cover.stages(product, birth, start, final)
    for earlier, later in pairwise(stages):
        assert later.first == earlier.last + timedelta(days=1)
    if stages:
        assert stages[0].first == start
        assert stages[-1].last == min(final, cover.cover_end_by_age("SHIN", birth))
    else:
        assert start > cover.cover_end_by_age("SHIN", birth)


@pytest.mark.rule("GL-547")
def test_the_younger_of_a_duet_continues_alone():
    births = (date(1960, 5, 5), date(1955, 1, 1))
    assert cover.duet_ends(births) == (date(2035, 1, 31), date(2040, 5, 31))
    assert cover.cover_end(births, FAR, {}) == End(date(2040, 5, 31), EndReason.AGE)


@pytest.mark.rule("GL-547", "GL-549")
def test_cover_ends_by_itself_with_the_age_or_the_last_repayment():
    assert cover.cover_end([date(1955, 1, 1)], FAR, {}) == End(date(2035, 1, 31), EndReason.AGE)
    final = date(2034, 12, 20)
    assert cover.cover_end([date(1955, 1, 1)], final, {}) == End(final, EndReason.FINAL_REPAYMENT)


@pytest.mark.rule("GL-545", "GL-546", "GL-548", "GL-550", "GL-551", "GL-552")
@pytest.mark.rule("GL-553", "GL-554", "GL-555", "GL-556")
@pytest.mark.parametrize("reason", [one for one in EndReason if one not in (EndReason.AGE, EndReason.FINAL_REPAYMENT)])
def test_what_happens_before_the_planned_end_ends_the_cover(reason):
    births, day = [date(1955, 1, 1)], date(2030, 4, 1)
    assert cover.cover_end(births, FAR, {reason: day}) == End(day, reason)
    assert cover.cover_end(births, FAR, {reason: date(2035, 2, 1)}).reason is EndReason.AGE


@pytest.mark.rule("GL-545", "GL-546", "GL-547", "GL-548", "GL-549", "GL-550")
@pytest.mark.rule("GL-551", "GL-552", "GL-553", "GL-554", "GL-555", "GL-556")
def test_there_are_twelve_reasons_for_an_end_and_the_first_one_counts():
    assert len(EndReason) == 12
    happened = {EndReason.ANTI_SOCIAL_CLAUSE: date(2031, 1, 1), EndReason.DEATH: date(2030, 1, 1)}
    assert cover.cover_end([date(1955, 1, 1)], FAR, happened).reason is EndReason.DEATH
    on_one_day = dict.fromkeys(EndReason, date(2030, 1, 1))
    assert cover.cover_end([date(1955, 1, 1)], FAR, on_one_day).reason is EndReason.DEATH


@pytest.mark.rule("GL-560", "GL-561")
def test_a_diagnosis_of_cancer_is_covered_from_the_91st_day():
    start = date(2025, 10, 1)
    assert waiting.first_cancer_cover(start) == date(2025, 12, 30)
    assert waiting.cancer_covered(start, date(2025, 12, 30))
    assert not waiting.cancer_covered(start, date(2025, 12, 29))
    assert not waiting.cancer_covered(start, date(2025, 9, 30))


@pytest.mark.rule("GL-562", "GL-563", "GL-564")
def test_60_and_180_days_count_the_first_day():
    assert waiting.reached_on(date(2026, 3, 1), waiting.RESTRICTION_DAYS) == date(2026, 4, 29)
    assert waiting.reached_on(date(2026, 1, 1), waiting.CARE_DAYS) == date(2026, 6, 29)
    assert waiting.reached_on(date(2026, 1, 1), 1) == date(2026, 1, 1)
    with pytest.raises(ValueError, match="one day or more"):
        waiting.reached_on(date(2026, 1, 1), 0)


@pytest.mark.rule("GL-565", "GL-566")
def test_suicide_is_excluded_up_to_and_including_the_first_anniversary():
    assert waiting.suicide_exclusion_end(date(2025, 10, 1)) == date(2026, 10, 1)
    assert waiting.suicide_exclusion_end(date(2028, 2, 29)) == date(2029, 2, 28)


@pytest.mark.rule("GL-400", "GL-402", "GL-526")
@pytest.mark.parametrize(
    ("applied", "holidays", "due"),
    [
        (date(2025, 6, 4), (), date(2025, 6, 6)),
        (date(2025, 6, 6), (), date(2025, 6, 10)),
        (date(2025, 6, 7), (), date(2025, 6, 10)),
        (date(2025, 7, 18), (date(2025, 7, 21),), date(2025, 7, 23)),
        (date(2025, 7, 18), (), date(2025, 7, 22)),
        (date(2025, 12, 26), (), date(2026, 1, 6)),
    ],
)
def test_the_mail_is_due_two_business_days_after_the_application(applied, holidays, due):
    assert invitation.invitation_due(applied, frozenset(holidays)) == due


@pytest.mark.rule("GL-402")
def test_without_a_calendar_the_national_holidays_are_known():
    assert invitation.invitation_due(date(2025, 7, 18)) == date(2025, 7, 23)
    assert invitation.invitation_due(date(2025, 12, 26)) == date(2026, 1, 6)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.sets(st.dates(date(2000, 1, 1), date(2000, 2, 1)), max_size=5))
def test_a_due_day_is_a_business_day_after_the_application(day, holidays):
    due = business_day_after(day, 2, holidays)
    assert due > day + timedelta(days=1)
    assert due.weekday() < 5
    assert due not in holidays
    assert business_day_after(business_day_after(day, 1, holidays), 1, holidays) == due
