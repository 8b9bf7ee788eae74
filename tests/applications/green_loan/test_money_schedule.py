"""What is paid when: schedules beside a second calculation of another kind, dates, balances."""

from calendar import monthrange
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import floor

import pytest
from applications.programmes.green_loan.money.methods import Method, max_bonus_part
from applications.programmes.green_loan.money.repayment import level_principal_first, monthly_payment
from applications.programmes.green_loan.money.schedule import after, new_loan, schedule
from hypothesis import given, settings
from hypothesis import strategies as st

RATE = Decimal("1.73")


def loan_of(amount, bonus=0, *, rate=RATE, years=10, method=Method.LEVEL_PAYMENT, first=date(2026, 5, 5), month=7):
    return new_loan(
        amount_yen=amount,
        bonus_part_yen=bonus,
        annual_rate_percent=rate,
        years=years,
        method=method,
        first_due_on=first,
        repayment_day=first.day,
        bonus_month=month if bonus else None,
    )


@st.composite
def loans(draw):
    amount = draw(st.integers(10, 500)) * 10_000
    bonus = draw(st.integers(0, max_bonus_part(amount) // 10_000)) * 10_000
    day = draw(st.integers(1, 31))
    year, month = draw(st.integers(2025, 2032)), draw(st.integers(1, 12))
    return new_loan(
        amount_yen=amount,
        bonus_part_yen=bonus,
        annual_rate_percent=Decimal(draw(st.integers(0, 5_000))).scaleb(-3),
        years=draw(st.integers(1, 10)),
        method=draw(st.sampled_from(Method)),
        first_due_on=date(year, month, min(day, monthrange(year, month)[1])),
        repayment_day=day,
        bonus_month=draw(st.integers(1, 12)) if bonus else None,
    )


def counted_month_by_month(amount, bonus, rate, years, method, first, day, bonus_month):
    """The same loan by hand: fractions, a calendar walked month by month, and payments found by discounting.

    Gives (due on, principal, interest, balance) rows. Nothing of the code under test is used.
    """
    a_month = Fraction(rate) / 1200
    calendar = [divmod(first.year * 12 + first.month - 1 + n, 12) for n in range(years * 12)]
    in_bonus = [bool(bonus) and (month + 1) % 6 == bonus_month % 6 for _, month in calendar]

    def share(principal, due):
        """Rows of one part, due in the months where `due` says so: [(principal, interest)] for all months."""
        months = [number for number, yes in enumerate(due) if yes]
        discount, worth, before = Fraction(1), Fraction(0), -1
        for number in months:
            discount /= 1 + a_month * (number - before)
            worth, before = worth + discount, number
        level = floor(principal / worth) if worth else 0
        rows, before, left = [(0, 0)] * len(due), -1, principal
        for number in months:
            interest = floor(left * a_month * (number - before))
            if number == months[-1]:
                part = left
            else:
                part = level - interest if method == "level_payment" else principal // len(months)
            rows[number], left, before = (part, interest), left - part, number
        return rows

    monthly, half_yearly = share(amount - bonus, [True] * len(calendar)), share(bonus, in_bonus)
    balance, rows = amount, []
    for (year, month), (p1, i1), (p2, i2) in zip(calendar, monthly, half_yearly, strict=True):
        balance -= p1 + p2
        rows.append((date(year, month + 1, min(day, monthrange(year, month + 1)[1])), p1 + p2, i1 + i2, balance))
    return rows


@pytest.mark.rule("GL-244", "GL-245", "GL-267", "GL-271", "GL-272")
@settings(max_examples=150, deadline=None)
@given(loans(), st.integers(1, 12))
def test_a_schedule_is_what_a_second_calculation_finds_to_the_yen_and_to_the_day(loan, bonus_month):
    bonus = loan.bonus.balance_yen if loan.bonus else 0
    if loan.bonus:
        bonus_month = (loan.next_due_on.month + loan.bonus.next_in - 2) % 12 + 1
    by_hand = counted_month_by_month(
        loan.balance_yen,
        bonus,
        loan.annual_rate_percent,
        loan.monthly.count // 12,
        str(loan.method),
        loan.next_due_on,
        loan.repayment_day,
        bonus_month,
    )
    assert [(one.due_on, one.principal, one.interest, one.balance) for one in schedule(loan)] == by_hand


@pytest.mark.rule("GL-271", "GL-630")
@settings(deadline=None)
@given(loans())
def test_principal_sums_to_the_loan_and_nothing_is_ever_negative_or_rises(loan):
    rows = list(schedule(loan))
    assert sum(row.principal for row in rows) == loan.balance_yen
    assert sum(row.bonus_principal for row in rows) == (loan.bonus.balance_yen if loan.bonus else 0)
    assert rows[-1].balance == 0
    assert all(row.principal > 0 and row.interest >= 0 <= row.bonus_interest for row in rows)
    assert all(earlier.balance > later.balance for earlier, later in pairwise(rows))
    assert all(earlier.due_on < later.due_on for earlier, later in pairwise(rows))
    assert [row.number for row in rows] == list(range(1, loan.monthly.count + 1))


@pytest.mark.rule("GL-245")
@settings(deadline=None)
@given(loans())
def test_bonus_instalments_come_every_six_months_twice_a_year_in_two_months_of_the_calendar(loan):
    with_bonus = [row for row in schedule(loan) if row.bonus_principal]
    assert len(with_bonus) == (loan.monthly.count // 6 if loan.bonus else 0)
    assert len({row.due_on.month % 6 for row in with_bonus}) <= 1
    assert all(later.number - earlier.number == 6 for earlier, later in pairwise(with_bonus))


@pytest.mark.rule("GL-267", "GL-271")
def test_level_payments_are_equal_but_for_the_last_which_takes_the_rest():
    rows = list(schedule(loan_of(4_430_000)))
    assert {row.payment for row in rows[:-1]} == {monthly_payment(4_430_000, RATE, 10)} == {40_228}
    assert abs(rows[-1].payment - 40_228) < 120
    assert (rows[0].interest, rows[0].principal) == (6_386, 33_842)


@pytest.mark.rule("GL-269", "GL-270", "GL-271")
def test_level_principal_is_equal_but_for_the_last_and_its_first_payment_is_the_guides():
    rows = list(schedule(loan_of(1_000_000, rate=Decimal("1.50"), years=7, method=Method.LEVEL_PRINCIPAL)))
    first = level_principal_first(1_000_000, Decimal("1.50"), 7)
    assert (rows[0].principal, rows[0].interest) == (first.principal, first.interest)
    assert {row.principal for row in rows[:-1]} == {11_904}
    assert rows[-1].principal == 1_000_000 - 83 * 11_904 == 11_968


@pytest.mark.rule("GL-245", "GL-246")
def test_a_bonus_part_costs_the_interest_of_the_months_since_its_last_instalment():
    # The first due date is in May, the first bonus month July: three months of interest, then six.
    rows = [row for row in schedule(loan_of(1_000_000, 400_000, rate=Decimal("2.4"))) if row.bonus_principal]
    assert [row.due_on for row in rows[:3]] == [date(2026, 7, 5), date(2027, 1, 5), date(2027, 7, 5)]
    assert rows[0].bonus_interest == 400_000 * 24 * 3 // 12_000 == 2_400
    assert rows[1].bonus_interest == (400_000 - rows[0].bonus_principal) * 24 * 6 // 12_000
    payments = [row.bonus_principal + row.bonus_interest for row in rows]
    assert len(set(payments[:-1])) == 1
    assert abs(payments[-1] - payments[0]) < 20


@pytest.mark.rule("GL-625")
def test_a_month_without_the_repayment_day_ends_with_it():
    loan = new_loan(
        amount_yen=1_000_000,
        bonus_part_yen=0,
        annual_rate_percent=RATE,
        years=3,
        method=Method.LEVEL_PAYMENT,
        first_due_on=date(2026, 11, 30),
        repayment_day=31,
        bonus_month=None,
    )
    days = [row.due_on for row in schedule(loan)]
    assert days[:5] == [
        date(2026, 11, 30),
        date(2026, 12, 31),
        date(2027, 1, 31),
        date(2027, 2, 28),
        date(2027, 3, 31),
    ]
    assert date(2028, 2, 29) in days


@settings(deadline=None)
@given(loans(), st.data())
def test_a_loan_seen_later_goes_on_as_it_was_planned(loan, data):
    paid = data.draw(st.integers(0, loan.monthly.count - 1))
    rows = list(schedule(loan))
    later = after(loan, paid)
    assert list(schedule(later)) == rows[paid:]
    assert later.balance_yen == (rows[paid - 1].balance if paid else loan.balance_yen)
    further = data.draw(st.integers(0, later.monthly.count - 1))
    assert after(later, further) == after(loan, paid + further)


def test_interest_of_the_bonus_part_accrues_between_its_instalments():
    loan = loan_of(1_000_000, 400_000, rate=Decimal("2.4"))
    assert [after(loan, paid).accrued_bonus_interest_yen for paid in (0, 1, 2, 3)] == [0, 800, 1_600, 0]
    four = after(loan, 4)
    assert four.accrued_bonus_interest_yen == four.bonus.balance_yen * 24 // 12_000
    assert loan_of(1_000_000).accrued_bonus_interest_yen == 0


@pytest.mark.rule("GL-246")
@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"bonus_part_yen": 410_000}, "bonus part does not fit"),
        ({"bonus_month": None}, "needs its months"),
        ({"repayment_day": 6}, "repayment day"),
    ],
)
def test_what_makes_no_loan_is_refused(change, why):
    terms = {
        "amount_yen": 1_000_000,
        "bonus_part_yen": 400_000,
        "annual_rate_percent": RATE,
        "years": 10,
        "method": Method.LEVEL_PAYMENT,
        "first_due_on": date(2026, 5, 5),
        "repayment_day": 5,
        "bonus_month": 7,
    }
    assert new_loan(**terms).balance_yen == 1_000_000
    with pytest.raises(ValueError, match=why):
        new_loan(**{**terms, **change})


def test_a_loan_is_not_seen_after_its_end():
    loan = loan_of(1_000_000, years=1)
    with pytest.raises(ValueError, match="no instalment left"):
        after(loan, 12)
