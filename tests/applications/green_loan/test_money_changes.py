"""A loan after a change of the way of repayment, or a prepayment (GL-263, GL-589 to GL-591, GL-599 to GL-607)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import accumulate, pairwise

import pytest
from applications.programmes.green_loan.money.changes import (
    CHANGE_LABELS,
    ChangeKind,
    change_bonus_months,
    change_method,
    change_repayment_day,
    change_split,
    split_findings,
    stop_bonus,
)
from applications.programmes.green_loan.money.methods import Method, max_bonus_part
from applications.programmes.green_loan.money.prepayment import (
    lower_payment,
    shorten,
    shortening_amounts,
)
from applications.programmes.green_loan.money.schedule import after, new_loan, schedule
from hypothesis import assume, given, settings
from hypothesis import strategies as st


def loan_of(amount=3_000_000, bonus=0, *, method=Method.LEVEL_PAYMENT, years=10, first=date(2026, 5, 5), rate="2.4"):
    return new_loan(
        amount_yen=amount,
        bonus_part_yen=bonus,
        annual_rate_percent=Decimal(rate),
        years=years,
        method=method,
        first_due_on=first,
        repayment_day=first.day,
        bonus_month=7 if bonus else None,
    )


@st.composite
def running_loans(draw, with_bonus=None):
    amount = draw(st.integers(40, 500)) * 10_000
    has_bonus = draw(st.booleans()) if with_bonus is None else with_bonus
    bonus = draw(st.integers(1, max_bonus_part(amount) // 10_000)) * 10_000 if has_bonus else 0
    day = draw(st.integers(1, 28))
    loan = new_loan(
        amount_yen=amount,
        bonus_part_yen=bonus,
        annual_rate_percent=Decimal(draw(st.integers(0, 5_000))).scaleb(-3),
        years=draw(st.integers(2, 10)),
        method=draw(st.sampled_from(Method)),
        first_due_on=date(2026, draw(st.integers(1, 12)), day),
        repayment_day=day,
        bonus_month=draw(st.integers(1, 12)) if bonus else None,
    )
    return after(loan, draw(st.integers(0, loan.monthly.count - 7)))


def is_sound(loan):
    """What holds of every schedule: it repays the balance exactly, and nothing in it is negative or grows."""
    rows = list(schedule(loan))
    assert sum(row.principal for row in rows) == loan.balance_yen
    assert rows[-1].balance == 0
    assert all(row.principal >= 0 <= row.interest and row.bonus_principal >= 0 <= row.bonus_interest for row in rows)
    assert all(earlier.balance >= later.balance for earlier, later in pairwise(rows))
    return rows


# Changes


@pytest.mark.rule("GL-589", "GL-590")
def test_the_changes_that_can_be_asked_for_have_names():
    assert set(CHANGE_LABELS) == set(ChangeKind)
    assert set(ChangeKind) == {"repayment_day", "bonus_months", "stop_bonus", "split", "method", "other"}


@pytest.mark.rule("GL-246", "GL-591")
def test_a_new_split_keeps_to_four_tenths_of_what_is_left():
    loan = after(loan_of(1_000_000, 400_000), 60)
    most = max_bonus_part(loan.balance_yen)
    assert most < 400_000
    assert split_findings(loan, most, "bonus") == []
    assert [one.code for one in split_findings(loan, most + 10_000, "bonus")] == ["above_maximum"]


@pytest.mark.rule("GL-589")
def test_another_repayment_day_changes_dates_and_nothing_else():
    loan = after(loan_of(1_000_000, 200_000), 9)
    changed = change_repayment_day(loan, 31)
    assert changed.interest_due_yen == 0
    before, now = list(schedule(loan)), list(schedule(changed.loan))
    assert [row.due_on for row in now[:2]] == [date(2027, 2, 28), date(2027, 3, 31)]
    assert [replace(row, due_on=date.min) for row in now] == [replace(row, due_on=date.min) for row in before]


@pytest.mark.rule("GL-589")
def test_other_bonus_months_move_the_bonus_instalments_and_settle_the_interest_until_then():
    loan = after(loan_of(1_000_000, 400_000), 4)  # a month after the instalment of July
    changed = change_bonus_months(loan, 12)
    assert changed.interest_due_yen == loan.bonus.balance_yen * 24 // 12_000
    bonus = [row for row in is_sound(changed.loan) if row.bonus_principal]
    assert {row.due_on.month for row in bonus} == {6, 12}
    assert bonus[0].due_on == date(2026, 12, 5)
    assert changed.loan.bonus.balance_yen == loan.bonus.balance_yen
    assert changed.loan.monthly == loan.monthly


@pytest.mark.rule("GL-589")
def test_when_the_bonus_stops_all_is_repaid_every_month_until_the_same_end():
    loan = after(loan_of(1_000_000, 400_000), 8)
    changed = stop_bonus(loan)
    rows = is_sound(changed.loan)
    assert not any(row.bonus_principal for row in rows)
    assert rows[-1].due_on == list(schedule(loan))[-1].due_on
    assert changed.loan.balance_yen == loan.balance_yen
    assert changed.interest_due_yen == loan.accrued_bonus_interest_yen > 0
    without = after(loan_of(), 1)
    with pytest.raises(ValueError, match="no bonus"):
        stop_bonus(without)
    with pytest.raises(ValueError, match="no bonus"):
        change_bonus_months(without, 6)


@pytest.mark.rule("GL-589", "GL-591")
def test_a_bonus_part_can_begin_later_and_not_when_no_bonus_month_is_left():
    loan = after(loan_of(), 12)
    changed = change_split(loan, 500_000, 12)
    assert (changed.loan.bonus.balance_yen, changed.interest_due_yen) == (500_000, 0)
    assert changed.loan.balance_yen == loan.balance_yen
    is_sound(changed.loan)
    late = after(loan_of(), 117)  # February, March and April are left
    with pytest.raises(ValueError, match="no bonus month"):
        change_split(late, 10_000, 5)
    in_the_last_month = [row for row in is_sound(change_split(late, 10_000, 4).loan) if row.bonus_principal]
    assert [(row.due_on, row.bonus_principal) for row in in_the_last_month] == [(date(2036, 4, 5), 10_000)]
    with pytest.raises(ValueError, match="not all of it"):
        change_split(loan, loan.balance_yen, 6)


@pytest.mark.rule("GL-589")
@pytest.mark.parametrize(
    ("before", "now"), [(Method.LEVEL_PAYMENT, Method.LEVEL_PRINCIPAL), (Method.LEVEL_PRINCIPAL, Method.LEVEL_PAYMENT)]
)
def test_the_other_method_repays_what_is_left_in_as_many_instalments(before, now):
    loan = after(loan_of(1_200_000, 400_000, method=before), 7)
    changed = change_method(loan, now)
    rows = is_sound(changed.loan)
    assert len(rows) == len(list(schedule(loan)))
    monthly = [row for row in rows[:-1] if not row.bonus_principal]
    level = {row.payment for row in monthly} if now is Method.LEVEL_PAYMENT else {row.principal for row in monthly}
    assert len(level) == 1


def interest_of(yen, months):
    """Of whole months at 2.4 % a year, cut to whole yen."""
    return yen * 24 * months // 12_000


def next_bonus_interest(loan):
    return next(row.bonus_interest for row in schedule(loan) if row.bonus_principal)


@pytest.mark.rule("GL-589", "GL-596")
def test_interest_of_the_bonus_part_is_paid_once_whatever_changes():
    loan = after(loan_of(1_000_000, 400_000), 5)  # two months after an instalment of July, four before the next
    bonus = loan.bonus.balance_yen
    other_method = change_method(loan, Method.LEVEL_PRINCIPAL)
    assert other_method.interest_due_yen == interest_of(bonus, 2)
    assert next_bonus_interest(other_method.loan) == interest_of(bonus, 4)
    lowered = lower_payment(loan, 200_000)
    taken = bonus - lowered.loan.bonus.balance_yen
    assert taken > 0
    assert lowered.interest_due_yen == interest_of(taken, 2)
    assert next_bonus_interest(lowered.loan) == interest_of(bonus - taken, 6)
    shortened = shorten(loan, shortening_amounts(loan)[1])
    taken = bonus - shortened.loan.bonus.balance_yen
    assert taken > 0
    assert shortened.interest_due_yen == interest_of(taken, 2)
    assert next_bonus_interest(shortened.loan) == interest_of(bonus - taken, 6)


@pytest.mark.rule("GL-602")
def test_a_term_that_is_shortened_at_once_keeps_the_short_first_period_of_the_bonus_part():
    loan = loan_of(1_000_000, 400_000)  # the third instalment is the first with a bonus
    shortened = shorten(loan, shortening_amounts(loan)[0])
    assert shortened.interest_due_yen == 0
    assert next_bonus_interest(shortened.loan) == interest_of(shortened.loan.bonus.balance_yen, 3)


@pytest.mark.rule("GL-263", "GL-589")
@settings(deadline=None)
@given(running_loans(), st.integers(1, 31), st.integers(1, 12), st.integers(1, 40))
def test_no_change_touches_the_rate_the_end_or_the_balance(loan, day, bonus_month, share):
    changes = [change_repayment_day(loan, day), *(change_method(loan, method) for method in Method)]
    bonus = loan.balance_yen * share // 100
    if loan.monthly.count >= 6 and bonus:
        changes.append(change_split(loan, bonus, bonus_month))
    if loan.bonus:
        changes.append(stop_bonus(loan))
        if loan.monthly.count >= 6:
            changes.append(change_bonus_months(loan, bonus_month))
    last = list(schedule(loan))[-1]
    for change in changes:
        rows = is_sound(change.loan)
        assert change.loan.annual_rate_percent == loan.annual_rate_percent
        assert change.loan.balance_yen == loan.balance_yen
        assert 0 <= change.interest_due_yen <= loan.accrued_bonus_interest_yen
        assert (rows[-1].number, rows[-1].due_on.replace(day=1)) == (last.number, last.due_on.replace(day=1))


# Prepayment


@pytest.mark.rule("GL-596", "GL-607")
@settings(deadline=None)
@given(running_loans(), st.integers(100_000, 4_000_000))
def test_a_prepayment_that_lowers_the_payment_raises_none_and_keeps_the_end(loan, amount):
    assume(amount < loan.balance_yen)
    changed = lower_payment(loan, amount)
    rows, before = is_sound(changed.loan), list(schedule(loan))
    assert changed.loan.balance_yen == loan.balance_yen - amount
    assert [row.due_on for row in rows] == [row.due_on for row in before]
    assert all(now.payment <= was.payment for now, was in zip(rows, before, strict=True))
    assert sum(row.interest for row in rows) + changed.interest_due_yen <= sum(row.interest for row in before)
    assert 0 <= changed.interest_due_yen <= loan.accrued_bonus_interest_yen


@pytest.mark.rule("GL-602", "GL-605")
@settings(deadline=None)
@given(running_loans(), st.data())
def test_whole_units_shorten_the_term_by_the_next_months_and_leave_the_others_as_they_were(loan, data):
    amounts = shortening_amounts(loan)
    assume(amounts)
    units = data.draw(st.integers(1, len(amounts)))
    changed = shorten(loan, amounts[units - 1])
    rows, before = is_sound(changed.loan), list(schedule(loan))
    months = units * (6 if loan.bonus else 1)
    assert amounts[units - 1] == sum(row.principal for row in before[:months])
    assert len(rows) == len(before) - months
    if loan.bonus is None:
        assert [row.payment for row in rows] == [row.payment for row in before[months:]]
    assert all(now.payment <= was.payment for now, was in zip(rows, before[months:], strict=True))
    assert all(now.due_on == was.due_on for now, was in zip(rows, before, strict=False))
    assert sum(row.interest for row in rows) + changed.interest_due_yen <= sum(row.interest for row in before)


@pytest.mark.rule("GL-602", "GL-605")
@settings(deadline=None)
@given(running_loans(with_bonus=False), st.integers(100_000, 4_000_000))
def test_without_bonus_more_than_whole_months_makes_the_last_instalment_smaller(loan, amount):
    first = next(schedule(loan)).principal
    assume(first <= amount < loan.balance_yen)
    changed = shorten(loan, amount)
    rows, before = is_sound(changed.loan), list(schedule(loan))
    covered = sum(total <= amount for total in accumulate(row.principal for row in before))
    assert len(rows) == len(before) - covered
    assert all(row.principal > 0 for row in rows)
    assert max(row.payment for row in rows) <= max(row.payment for row in before)


@pytest.mark.rule("GL-602", "GL-605", "GL-607")
def test_amounts_that_are_not_the_principal_of_the_next_months_do_not_shorten():
    plain, with_bonus = loan_of(), loan_of(3_000_000, 1_000_000)
    unit = shortening_amounts(with_bonus)[0]
    assert unit == sum(row.principal for row in list(schedule(with_bonus))[:6])
    for loan, amount in (
        (plain, next(schedule(plain)).principal - 1),
        (plain, 3_000_000),
        (with_bonus, unit - 1),
        (with_bonus, unit + 1),
        (with_bonus, 3_000_000),
    ):
        with pytest.raises(ValueError, match="principal of the next months"):
            shorten(loan, amount)
    for amount in (0, 3_000_000):
        with pytest.raises(ValueError, match="leaves something"):
            lower_payment(plain, amount)


def test_a_prepayment_is_taken_from_both_parts_in_proportion():
    loan = loan_of(1_000_000, 400_000)
    changed = lower_payment(loan, 100_000).loan
    assert (changed.monthly.balance_yen, changed.bonus.balance_yen) == (540_000, 360_000)
