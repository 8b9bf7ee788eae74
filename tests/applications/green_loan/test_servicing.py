"""A loan that is repaid: schedule, prepayment, changes and arrears, from the steps that were taken."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from applications.programmes.green_loan import PROGRAMME, servicing, steps
from applications.programmes.green_loan.conditions import repayment
from applications.programmes.green_loan.money import prepayment, schedule
from applications.programmes.green_loan.reading import LOAN
from applications.workflow import Caller, Taken
from hypothesis import given, settings
from hypothesis import strategies as st
from kit.errors import Refused
from madoguchi_contracts import Role
from support import green_loan as example
from support.life import Life

OWNER, CLERK, SECOND = UUID(int=1), UUID(int=5), UUID(int=4)
MAIN, BANK = Caller(Role.APPLICANT, OWNER), Caller(Role.BANK, CLERK, example.BANK)
APPROVER = Caller(Role.OFFICE_APPROVER, SECOND)
FIRST = date(2026, 5, 15)


def said(life, command, facts):
    life.taken[LOAN, life.id, command] = (Taken(life.now, CLERK, facts),)


def repaying(*, amount=1_500_000, bonus=0, method="level_payment", change=None):
    """A loan of which the funds were paid, with what later steps look at."""
    life = Life(PROGRAMME, OWNER, example.NOW)
    life.facts = example.facts()
    life.submitted = example.content_with(loan__method=method, loan__bonus_part_yen=bonus) | {
        "figures": {"rate_percent": "1.60"}
    }
    life._join(PROGRAMME.parties(life.submitted))
    life.states = {(LOAN, life.id): "repaying"}
    said(life, "approve", steps.Approval(amount_yen=amount))
    said(life, "open_contract", steps.ContractPeriod(amount_yen=amount))
    said(
        life,
        "disburse",
        steps.Funds(first_due_on=FIRST, repayment_day=15, bonus_month=7 if bonus else None, paid_on=date(2026, 4, 15)),
    )
    if change is not None:
        said(life, "change_danshin", change)
    life.now = datetime(2026, 4, 20, 1, tzinfo=UTC)
    return life


def at(life, *day):
    return servicing.standing(life.case(), date(*day))


def codes(error):
    return {one.code for one in error.value.findings}


@pytest.mark.rule("GL-249", "GL-576")
def test_a_loan_is_repaid_to_the_last_yen_in_the_instalments_of_its_term():
    life = repaying()
    before, end = at(life, 2026, 4, 15), at(life, 2036, 4, 15)
    assert (before.balance_yen, len(before.coming), before.coming[0].due_on) == (1_500_000, 120, FIRST)
    assert sum(one.principal for one in before.coming) == 1_500_000
    assert (end.loan, end.balance_yen, len(end.past), end.coming) == (None, 0, 120, ())


@pytest.mark.rule("GL-260", "GL-263")
def test_the_rate_is_that_of_the_acceptance_or_of_a_change_before_the_contract():
    assert str(at(repaying(), 2026, 5, 1).loan.annual_rate_percent) == "1.60"
    change = steps.DanshinChange(
        choice="SANDAI", payment_before_yen=1, payment_after_yen=1, rate_percent=Decimal("1.80")
    )
    assert str(at(repaying(change=change), 2026, 5, 1).loan.annual_rate_percent) == "1.80"


@pytest.mark.rule("GL-597", "GL-598", "GL-600", "GL-601", "GL-602", "GL-604", "GL-607")
@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        ({"amount_yen": 100_000, "payment_on": "2026-06-15"}, set()),
        ({"amount_yen": 99_999, "payment_on": "2026-06-15"}, {"below_minimum"}),
        ({"amount_yen": 100_000, "payment_on": "2026-06-16"}, {"not_repayment_day"}),
        ({"amount_yen": 100_000, "payment_on": "2026-05-15"}, {"notice_late"}),
        ({"amount_yen": 1_500_000, "payment_on": "2026-06-15"}, {"use_full_prepayment"}),
        ({"amount_yen": 100_000, "payment_on": "2026-06-15", "effect": None}, {"REQUIRED"}),
        ({"amount_yen": 100_000}, {"REQUIRED"}),
        ({"payment_on": "2026-05-20"}, set()),
        ({"payment_on": "2026-05-19"}, {"notice_late"}),
        ({"payment_on": "2040-01-15"}, {"NOTHING_LEFT"}),
    ],
)
def test_a_prepayment_in_my_note_is_asked_for_in_time_and_in_an_amount_that_is_possible(wish, expected):
    life = repaying()
    facts = {"channel": "MY_NOTE", "effect": "LOWER_PAYMENT", **wish}
    if not expected:
        life.do("ask_prepayment", MAIN, **facts)
        return
    with pytest.raises(Refused) as refused:
        life.do("ask_prepayment", MAIN, **facts)
    assert codes(refused) == expected


@pytest.mark.rule("GL-599", "GL-604")
@pytest.mark.parametrize(
    ("amount", "noticed_on", "expected"),
    [
        (1_000_000, "2026-05-15", set()),
        (999_999, "2026-05-15", {"below_minimum"}),
        (1_000_000, "2026-05-16", {"notice_late"}),
    ],
)
def test_at_the_counter_the_notice_counts_from_the_day_that_the_bank_tells(amount, noticed_on, expected):
    life = repaying()
    life.now = datetime(2026, 6, 15, 1, tzinfo=UTC)
    facts = {
        "channel": "COUNTER",
        "amount_yen": amount,
        "effect": "SHORTEN",
        "payment_on": "2026-06-15",
        "noticed_on": noticed_on,
    }
    if expected:
        with pytest.raises(Refused) as refused:
            life.do("prepay", BANK, **facts)
        assert codes(refused) == expected
        return
    before = at(life, 2026, 6, 15)
    life.do("prepay", BANK, **facts)
    after = at(life, 2026, 6, 15)
    assert before.balance_yen - after.balance_yen == amount
    assert len(after.coming) < len(before.coming)
    assert after.coming[0].payment == before.coming[0].payment


@pytest.mark.rule("GL-596", "GL-604")
def test_a_prepayment_may_be_arranged_ahead_but_not_asked_for_ahead():
    life = repaying()
    life.now = datetime(2026, 5, 15, 14, 59, tzinfo=UTC)  # the last minute of the 15th in Japan
    told = {"channel": "COUNTER", "payment_on": "2026-06-15"}
    with pytest.raises(Refused) as refused:
        life.do("prepay", BANK, **told, noticed_on="2026-05-16")
    assert [(one.code, one.field) for one in refused.value.findings] == [("AHEAD", "noticed_on")]
    life.do("prepay", BANK, **told, noticed_on="2026-05-15")


@pytest.mark.rule("GL-597")
def test_a_full_prepayment_leaves_nothing():
    life = repaying(bonus=500_000)
    life.do("ask_prepayment", MAIN, channel="MY_NOTE", payment_on="2026-06-15")
    life.now = datetime(2026, 6, 15, 1, tzinfo=UTC)
    before = at(life, 2026, 6, 15)
    life.do("prepay", BANK, channel="MY_NOTE", payment_on="2026-06-15")
    after = at(life, 2026, 6, 15)
    (paid,) = after.prepaid
    assert (paid.amount_yen, after.balance_yen, after.coming) == (before.balance_yen, 0, ())
    assert paid.interest_yen > 0  # the bonus part has run for two months
    life.do("close", BANK, reason="FULL_PREPAYMENT")


@pytest.mark.rule("GL-589", "GL-590", "GL-591")
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"kind": "repayment_day", "repayment_day": 27}, set()),
        ({"kind": "stop_bonus"}, set()),
        ({"kind": "bonus_months", "bonus_month": 6}, set()),
        ({"kind": "split", "bonus_part_yen": 300_000, "bonus_month": 7}, set()),
        ({"kind": "split", "bonus_part_yen": 600_000, "bonus_month": 7}, {"above_maximum"}),
        ({"kind": "method", "method": "level_principal"}, set()),
        ({"kind": "method"}, {"NOT_POSSIBLE"}),
        ({"kind": "other"}, {"NOT_POSSIBLE"}),
        ({}, {"REQUIRED"}),
    ],
)
def test_a_change_is_asked_for_and_takes_effect_by_the_approval_alone(change, expected):
    life = repaying(bonus=500_000)
    facts = {"effective_on": "2026-06-15", **change}
    if expected:
        with pytest.raises(Refused) as refused:
            life.do("ask_change", MAIN, **facts)
        assert codes(refused) == expected
        return
    before = at(life, 2026, 6, 15)
    life.do("ask_change", MAIN, **facts)
    assert at(life, 2026, 6, 15) == before
    life.do("change_terms", APPROVER, **facts)
    after = at(life, 2026, 6, 15)
    assert after.coming != before.coming
    assert sum(one.principal for one in after.coming) == after.balance_yen == before.balance_yen


@pytest.mark.rule("GL-602")
def test_with_a_bonus_part_the_term_is_shortened_by_whole_half_years_at_the_counter_too():
    life = repaying(bonus=500_000)
    life.now = datetime(2026, 6, 15, 1, tzinfo=UTC)
    facts = {"channel": "COUNTER", "effect": "SHORTEN", "payment_on": "2026-06-15", "noticed_on": "2026-05-15"}
    with pytest.raises(Refused) as refused:
        life.do("prepay", BANK, amount_yen=1_000_001, **facts)
    assert codes(refused) == {"NOT_POSSIBLE"}
    loan = at(life, 2026, 6, 15).loan
    units = [one for one in prepayment.shortening_amounts(loan) if one >= 1_000_000]
    life.do("prepay", BANK, amount_yen=units[0], **facts)


@pytest.mark.rule("GL-590", "GL-591")
def test_without_a_bonus_part_its_months_cannot_be_changed():
    with pytest.raises(Refused) as refused:
        repaying().do("ask_change", MAIN, kind="stop_bonus", effective_on="2026-06-15")
    assert codes(refused) == {"NOT_POSSIBLE"}


@pytest.mark.rule("GL-577", "GL-578", "GL-081")
def test_the_late_charge_runs_by_the_day_until_the_arrears_are_paid():
    life = repaying()
    with pytest.raises(Refused) as refused:
        life.do("miss", BANK, due_on="2026-05-14")
    assert codes(refused) == {"NOT_DUE"}
    life.now = datetime(2026, 5, 18, 1, tzinfo=UTC)
    life.do("miss", BANK, due_on="2026-05-15")
    (late,) = at(life, 2026, 6, 4).late
    payment = at(life, 2026, 6, 4).past[0].payment
    assert (late.overdue_yen, late.days, late.charge_yen) == (payment, 20, payment * 145 * 20 // 365_000)
    life.now += timedelta(days=1)
    life.do("settle", BANK, paid_on="2026-05-19")
    assert at(life, 2026, 6, 4).late == ()


@pytest.mark.rule("GL-580", "GL-581")
@pytest.mark.parametrize(("months", "ground"), [(5, False), (6, True)])
def test_six_instalments_in_arrears_are_a_ground_and_change_nothing_by_themselves(months, ground):
    life = repaying()
    life.now = datetime(2027, 1, 1, 1, tzinfo=UTC)
    for month in range(months):
        life.do("miss", BANK, due_on=date(2026, 5 + month, 15).isoformat())
    found = at(life, 2027, 1, 1)
    assert (len(found.late), found.acceleration_ground) == (months, ground)
    assert life.state() == "overdue"


@pytest.mark.rule("GL-080", "GL-245", "GL-576")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"first_due_on": None}, "REQUIRED"),
        ({"repayment_day": 16}, "OTHER_DAY"),
        ({"first_due_on": date(2026, 4, 15)}, "TOO_EARLY"),
        ({"bonus": True}, "REQUIRED"),
        ({}, None),
        ({"paid_on": date(2026, 4, 16)}, "AHEAD"),
        ({"first_due_on": date(2027, 2, 28), "repayment_day": 31}, None),
    ],
)
def test_the_first_instalment_is_due_on_the_repayment_day_after_the_funds(changes, code):
    life = repaying(bonus=500_000 if changes.pop("bonus", False) else 0)
    life.now = datetime(2026, 4, 15, 14, 59, tzinfo=UTC)  # the last minute of the day in Japan
    facts = {"paid_on": date(2026, 4, 15), "first_due_on": FIRST, "repayment_day": 15, **changes}
    found = repayment.repayment_begins(life.case(facts=steps.Funds(**facts)))
    assert {one.code for one in found} == ({code} if code else set())


EVENTS = st.lists(
    st.tuples(st.integers(1, 40), st.integers(90, 200), st.sampled_from(["LOWER_PAYMENT", "SHORTEN"])), max_size=3
)


@settings(max_examples=60, deadline=None)
@given(st.integers(30, 500), st.integers(0, 4), st.sampled_from(["level_payment", "level_principal"]), EVENTS)
def test_whatever_is_repaid_early_every_yen_is_repaid_once(man_yen, tenths, method, events):
    amount = man_yen * 10_000
    bonus = amount * tenths // 10 // 10_000 * 10_000
    life = repaying(amount=amount, bonus=bonus, method=method)
    life.submitted = life.submitted | {"loan": {**life.submitted["loan"], "amount_yen": amount}}
    for months, man, effect in sorted(events):
        on = schedule.on_repayment_day(2026 + (4 + months) // 12, (4 + months) % 12 + 1, 15)
        facts = {
            "channel": "COUNTER",
            "amount_yen": man * 10_000,
            "effect": effect,
            "payment_on": on.isoformat(),
            "noticed_on": "2026-04-20",
        }
        life.now = datetime(on.year, on.month, on.day, 1, tzinfo=UTC)
        with suppress(Refused):  # what is refused is not repaid
            life.do("prepay", BANK, **facts)
    whole = servicing.standing(life.case(), date(2046, 1, 1))
    paid = sum(one.principal for one in whole.past) + sum(one.amount_yen for one in whole.prepaid)
    assert (paid, whole.balance_yen) == (amount, 0)
    assert all(one.payment > 0 for one in whole.past)
