"""Late payment, acceleration, and what a prepayment needs (GL-576 to GL-588, GL-596 to GL-607)."""

from datetime import date, timedelta

import pytest
from applications.programmes.green_loan.money.arrears import (
    GROUND_RULES,
    Ground,
    LateCharge,
    Resident,
    grounds,
    is_arrears_ground,
    is_used_as_declared,
    late_charge,
)
from applications.programmes.green_loan.money.prepayment import (
    Channel,
    Effect,
    Partial,
    equal_units,
    notice_by,
    notice_findings,
    partial_findings,
)
from applications.programmes.green_loan.works.house import HouseUse
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.rule("GL-577", "GL-578", "GL-626")
@pytest.mark.parametrize(
    ("overdue", "due", "paid", "found"),
    [
        (43_210, date(2025, 9, 5), date(2025, 9, 25), LateCharge(20, 343)),
        (100_000, date(2025, 9, 5), date(2025, 9, 6), LateCharge(1, 39)),
        (100_000, date(2023, 9, 5), date(2024, 9, 5), LateCharge(366, 14_539)),
        (2_000, date(2025, 9, 5), date(2025, 9, 6), LateCharge(1, 0)),
        (100_000, date(2025, 9, 5), date(2025, 9, 5), LateCharge(0, 0)),
        (100_000, date(2025, 9, 5), date(2025, 9, 1), LateCharge(0, 0)),
        (100_000, date(2024, 2, 28), date(2024, 3, 1), LateCharge(2, 79)),
    ],
)
def test_a_late_charge_counts_the_days_after_the_due_date_on_365_days_a_year(overdue, due, paid, found):
    assert late_charge(overdue, due, paid) == found


@pytest.mark.rule("GL-578")
@given(st.integers(0, 10_000_000), st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.integers(0, 2_000))
def test_a_late_charge_never_falls_with_time_and_is_whole_yen_below_the_exact_one(overdue, due, days):
    charge = late_charge(overdue, due, due + timedelta(days=days))
    assert charge.yen * 365_000 <= overdue * 145 * days < (charge.yen + 1) * 365_000
    assert late_charge(overdue, due, due + timedelta(days=days + 1)).yen >= charge.yen


@pytest.mark.rule("GL-580", "GL-581", "GL-627")
def test_six_missed_instalments_in_a_row_are_a_ground_and_five_are_not():
    assert [is_arrears_ground(missed) for missed in (0, 5, 6, 7)] == [False, False, True, True]


@pytest.mark.rule("GL-579", "GL-581", "GL-585", "GL-586", "GL-587")
def test_what_is_found_stands_beside_the_arrears_in_the_order_of_the_guide():
    found = [Ground.ANTI_SOCIAL_FORCE, Ground.FALSE_APPLICATION, Ground.TWO_LOANS, Ground.UNTRUE_WORKS_CONTRACT]
    assert grounds(consecutive_unpaid_instalments=6, found=found, permitted=[]) == [
        Ground.ARREARS,
        Ground.TWO_LOANS,
        Ground.FALSE_APPLICATION,
        Ground.ANTI_SOCIAL_FORCE,
        Ground.UNTRUE_WORKS_CONTRACT,
    ]
    # Arrears are counted, not claimed.
    assert grounds(consecutive_unpaid_instalments=5, found=[Ground.ARREARS], permitted=[]) == []
    assert set(GROUND_RULES) == set(Ground)


@pytest.mark.rule("GL-582", "GL-583", "GL-584")
@pytest.mark.parametrize("ground", [Ground.NOT_LIVED_IN, Ground.OTHER_PURPOSE, Ground.ALTERED])
def test_what_the_agency_permitted_is_no_ground(ground):
    assert grounds(consecutive_unpaid_instalments=0, found=[ground], permitted=[]) == [ground]
    assert grounds(consecutive_unpaid_instalments=0, found=[ground], permitted=[ground]) == []


def test_a_false_application_cannot_be_permitted():
    found = [Ground.FALSE_APPLICATION]
    assert grounds(consecutive_unpaid_instalments=0, found=found, permitted=found) == found


@pytest.mark.rule("GL-582", "GL-588")
@pytest.mark.parametrize(
    ("use", "allowed"),
    [
        (HouseUse.OWN, {Resident.APPLICANT}),
        (HouseUse.SECOND, {Resident.APPLICANT, Resident.NOBODY_ALL_YEAR}),
        (HouseUse.RELATIVE, {Resident.RELATIVE}),
    ],
)
def test_the_declared_use_decides_who_has_to_live_in_the_house(use, allowed):
    assert {resident for resident in Resident if is_used_as_declared(use, resident)} == allowed


@pytest.mark.rule("GL-597", "GL-598", "GL-604", "GL-606")
@pytest.mark.parametrize(
    ("payment", "last"),
    [
        (date(2026, 3, 31), date(2026, 2, 28)),
        (date(2028, 3, 31), date(2028, 2, 29)),
        (date(2026, 5, 5), date(2026, 4, 5)),
        (date(2026, 1, 15), date(2025, 12, 15)),
    ],
)
@pytest.mark.parametrize("channel", list(Channel))
def test_a_prepayment_is_asked_for_a_month_before(channel, payment, last):
    assert notice_by(payment) == last
    assert notice_findings(channel, noticed_on=last, payment_on=payment, field="on") == []
    late = notice_findings(channel, noticed_on=last + timedelta(days=1), payment_on=payment, field="on")
    assert [(one.code, one.field) for one in late] == [("notice_late", "on")]


def wish(amount, **known):
    nothing = {"remaining_yen": None, "repayment_day": None, "effect": None, "bonus": False, "units_yen": None}
    return Partial(amount_yen=amount, **{**nothing, **known})


def codes(channel, wanted, on=date(2026, 5, 5)):
    return [one.code for one in partial_findings(channel, wanted, on, "amount")]


@pytest.mark.rule("GL-599", "GL-601", "GL-627")
@pytest.mark.parametrize(
    ("channel", "amount", "rules"),
    [
        (Channel.COUNTER, 999_999, ["GL-599"]),
        (Channel.COUNTER, 1_000_000, []),
        (Channel.MY_NOTE, 99_999, ["GL-601"]),
        (Channel.MY_NOTE, 100_000, []),
    ],
)
def test_a_partial_prepayment_has_the_minimum_of_its_channel(channel, amount, rules):
    assert [one.rule for one in partial_findings(channel, wish(amount), date(2026, 5, 5), "amount")] == rules


@pytest.mark.rule("GL-600")
@pytest.mark.parametrize(
    ("day", "on", "fits"),
    [
        (5, date(2026, 5, 5), True),
        (5, date(2026, 5, 6), False),
        (31, date(2026, 6, 30), True),
        (30, date(2028, 2, 29), True),
        (29, date(2027, 2, 28), True),
        (28, date(2028, 2, 29), False),
    ],
)
def test_a_partial_prepayment_is_made_on_a_repayment_day(day, on, fits):
    found = codes(Channel.COUNTER, wish(1_000_000, repayment_day=day), on)
    assert found == ([] if fits else ["not_repayment_day"])


@pytest.mark.rule("GL-607")
def test_an_amount_that_leaves_nothing_is_a_full_prepayment():
    assert codes(Channel.COUNTER, wish(2_999_999, remaining_yen=3_000_000)) == []
    assert codes(Channel.COUNTER, wish(3_000_000, remaining_yen=3_000_000)) == ["use_full_prepayment"]


@pytest.mark.rule("GL-602", "GL-605")
@pytest.mark.parametrize(
    ("amount", "bonus", "unit", "fits"),
    [
        (110_000, False, 125_000, False),
        (125_000, False, 125_000, True),
        (130_000, False, 125_000, True),
        (299_999, True, 300_000, False),
        (300_000, True, 300_000, True),
        (450_000, True, 300_000, False),
        (600_000, True, 300_000, True),
    ],
)
def test_to_shorten_the_term_takes_whole_principal_of_the_next_months(amount, bonus, unit, fits):
    short = wish(amount, effect=Effect.SHORTEN, bonus=bonus, units_yen=equal_units(unit))
    assert codes(Channel.MY_NOTE, short) == ([] if fits else ["below_principal_unit"])
    lower = wish(amount, effect=Effect.LOWER_PAYMENT, bonus=bonus, units_yen=equal_units(unit))
    assert codes(Channel.MY_NOTE, lower) == []


def test_everything_that_is_wrong_with_a_prepayment_is_told_at_once():
    short = wish(
        50_000, remaining_yen=40_000, repayment_day=6, effect=Effect.SHORTEN, bonus=True, units_yen=[70_000, 140_000]
    )
    assert codes(Channel.MY_NOTE, short) == [
        "use_full_prepayment",
        "below_minimum",
        "not_repayment_day",
        "below_principal_unit",
    ]
