"""A loan from its funds to its end, beside a reckoning that shares no line with ours."""

from calendar import monthrange
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from math import floor

import pytest
from applications.errors import SecondOfficerNeeded
from applications.programmes.green_loan import servicing, steps
from applications.programmes.green_loan.reading import LOAN
from applications.programmes.green_loan.workflow import WORKFLOW
from applications.workflow import Caller, Taken, findings_of
from hypothesis import given, settings
from hypothesis import strategies as st
from kit.errors import Refused
from madoguchi_contracts import Role
from support.repaying import APPROVER, BANK, CLERK, MAIN, OFFICER, REVIEWER, borrowed, codes, noon, on, said

# The reckoning: one month after the other, in fractions


@dataclass
class Reckoning:
    balance: int
    bonus: int
    rate: Fraction  # of a month
    months: int
    year: int
    month: int
    day: int
    principal_level: bool
    bonus_month: int | None
    since_bonus: int = 0
    rows: list = field(default_factory=list)
    payment: int = 0
    bonus_payment: int = 0

    def due_on(self):
        return date(self.year, self.month, min(self.day, monthrange(self.year, self.month)[1]))

    def bonus_left(self):
        """How often the bonus is still paid, the month that comes now included."""
        ahead = [(self.month - 1 + step) % 12 for step in range(self.months)]
        return sum(one % 6 == (self.bonus_month - 1) % 6 for one in ahead)

    def until_bonus(self):
        return next(step for step in range(6) if (self.month - 1 + step) % 6 == (self.bonus_month - 1) % 6) + 1

    def reckon(self):
        """The payments anew, for what is left."""
        self.payment = self._level(self.balance, self.months, self.rate, self.rate)
        if self.bonus_month is not None:
            first = self.rate * (self.since_bonus + self.until_bonus())
            self.bonus_payment = self._level(self.bonus, self.bonus_left(), first, self.rate * 6)

    def _level(self, balance, count, first, later):
        if count == 0:
            return 0
        if self.principal_level:
            return balance // count
        if later == 0:
            return balance // count
        discount = 1 / (1 + later)
        return floor(balance * (1 + first) / ((1 - discount**count) / (1 - discount)))

    def month_passes(self):
        due, last = self.due_on(), self.months == 1
        interest = floor(self.balance * self.rate)
        principal = self.balance if last else self._principal(self.payment, interest, self.balance)
        self.since_bonus += 1
        more, more_interest = 0, 0
        if self.bonus_month is not None and self.until_bonus() == 1:
            more_interest = floor(self.bonus * self.rate * self.since_bonus)
            is_last = self.bonus_left() == 1
            more = self.bonus if is_last else self._principal(self.bonus_payment, more_interest, self.bonus)
            self.since_bonus = 0
            if is_last:
                self.bonus_month = None
        self.balance, self.bonus = self.balance - principal, self.bonus - more
        self.rows.append((due, principal + more, interest + more_interest, self.balance + self.bonus))
        self.months -= 1
        self.year, self.month = (self.year + 1, 1) if self.month == 12 else (self.year, self.month + 1)

    def _principal(self, payment, interest, balance):
        return min(payment if self.principal_level else payment - interest, balance)

    def repay_and_lower(self, amount):
        share = amount * self.bonus // (self.balance + self.bonus)
        self.balance, self.bonus = self.balance - (amount - share), self.bonus - share
        self.reckon()

    def repay_and_shorten(self, amount):
        """The principal of the next months is repaid; payments stay. Without bonus only."""
        left, months = self.balance - amount, self.months
        ahead, gone = self.balance, 0
        while months > 1:
            ahead -= self._principal(self.payment, floor(ahead * self.rate), ahead)
            if self.balance - ahead > amount:
                break
            gone, months = gone + 1, months - 1
        self.balance, self.months = left, self.months - gone

    def principal_of(self, months):
        """What the next months would repay; all that is left, if there are not as many."""
        ahead = deepcopy(self)
        for _ in range(min(months, self.months)):
            ahead.month_passes()
        return self.balance + self.bonus - ahead.balance - ahead.bonus

    def skip(self, months):
        """The principal of these months is repaid now: the loan goes on from behind them, in the present month."""
        ahead = deepcopy(self)
        for _ in range(months):
            ahead.month_passes()
        self.balance, self.bonus, self.bonus_month = ahead.balance, ahead.bonus, ahead.bonus_month
        self.months = ahead.months


LOANS = st.fixed_dictionaries(
    {
        "man": st.integers(100, 500),
        "tenths": st.integers(0, 4),
        "years": st.integers(1, 10),
        "method": st.sampled_from(["level_payment", "level_principal"]),
        "thousandths": st.integers(0, 4_000),
        "first": st.dates(date(2026, 5, 1), date(2028, 4, 30)),
        "day": st.integers(1, 31),
        "month": st.integers(1, 12),
    }
)
EVENTS = st.lists(
    st.tuples(
        st.integers(0, 60),
        st.sampled_from(["LOWER_PAYMENT", "SHORTEN", "day", "stop_bonus", "method"]),
        st.integers(1, 100),
    ),
    max_size=5,
    unique_by=lambda one: one[0],
)


@pytest.mark.rule("GL-244", "GL-245", "GL-263", "GL-270", "GL-271", "GL-576", "GL-589", "GL-596", "GL-599", "GL-602")
@settings(max_examples=150, deadline=None)
@given(LOANS, EVENTS)
def test_every_instalment_is_to_the_yen_and_the_day_what_a_reckoning_of_its_own_finds(told, events):
    amount = told["man"] * 10_000
    bonus = amount * told["tenths"] // 10 // 10_000 * 10_000
    first = told["first"].replace(day=min(told["day"], monthrange(told["first"].year, told["first"].month)[1]))
    rate = Decimal(told["thousandths"]).scaleb(-3)
    life = borrowed(
        amount=amount,
        bonus=bonus,
        years=told["years"],
        method=told["method"],
        rate=str(rate),
        first=first,
        day=told["day"],
        month=told["month"],
    )
    own = Reckoning(
        amount - bonus,
        bonus,
        Fraction(rate) / 1200,
        told["years"] * 12,
        first.year,
        first.month,
        told["day"],
        told["method"] == "level_principal",
        told["month"] if bonus else None,
    )
    own.reckon()
    given_back = 0
    waiting = sorted(events)
    for month in range(told["years"] * 12):
        if own.months == 0:
            break
        own.month_passes()
        while waiting and waiting[0][0] == month and own.months:
            _, kind, number = waiting.pop(0)
            given_back += happen(life, own, kind, number)
    whole = on(life, date(2060, 1, 1))
    assert [(one.due_on, one.principal, one.interest, one.balance) for one in whole.past] == own.rows
    assert sum(one.principal for one in whole.past) + given_back == amount
    assert (whole.balance_yen, whole.coming) == (0, ())


def happen(life, own, kind, number):
    """The same step taken in both; what is refused happens in neither. Returns what was repaid early."""
    day = own.rows[-1][0]
    if kind in {"LOWER_PAYMENT", "SHORTEN"}:
        half_years = kind == "SHORTEN" and own.bonus_month is not None
        yen = own.principal_of(6 * (number % 5 + 1)) if half_years else 100_000 + number * 10_000
        facts = {"channel": "MY_NOTE", "amount_yen": yen, "effect": kind, "payment_on": day.isoformat()}
        try:
            said(life, "prepay", BANK, day, **facts, noticed_on=(day - timedelta(days=31)).isoformat())
        except Refused:
            return 0
        if kind == "LOWER_PAYMENT":
            own.repay_and_lower(yen)
        elif half_years:
            own.skip(6 * (number % 5 + 1))
        else:
            own.repay_and_shorten(yen)
        return yen
    change = {"day": {"kind": "repayment_day", "repayment_day": number % 31 + 1}, "stop_bonus": {"kind": "stop_bonus"}}
    other = "level_payment" if own.principal_level else "level_principal"
    facts = change.get(kind, {"kind": "method", "method": other})
    try:
        said(life, "change_terms", APPROVER, day, effective_on=day.isoformat(), **facts)
    except Refused:
        return 0
    if kind == "day":
        own.day = number % 31 + 1
    elif kind == "stop_bonus":
        own.balance, own.bonus, own.bonus_month = own.balance + own.bonus, 0, None
        own.reckon()
    else:
        own.principal_level = not own.principal_level
        own.since_bonus = 0
        own.reckon()
    return 0


@pytest.mark.rule("GL-625")
def test_a_repayment_day_that_a_month_lacks_is_its_last_day_and_comes_back():
    life = borrowed(first=date(2027, 12, 31), day=31)
    days = [one.due_on for one in on(life, date(2036, 1, 1)).past[:5]]
    assert days == [date(2027, 12, 31), date(2028, 1, 31), date(2028, 2, 29), date(2028, 3, 31), date(2028, 4, 30)]


# Before the funds, after the end


@pytest.mark.rule("GL-080", "GL-503")
def test_nothing_is_owed_before_the_day_of_the_funds():
    life = borrowed()
    assert on(life, date(2026, 4, 16)) is None
    assert on(life, date(2026, 4, 17)).balance_yen == 1_500_000


@pytest.mark.rule("GL-083", "GL-575")
def test_the_benefit_of_the_insurance_repays_all_that_is_left_on_its_day():
    life = borrowed(bonus=500_000)
    said(life, "miss", BANK, date(2027, 1, 20), due_on="2027-01-15")
    before = on(life, date(2027, 2, 19))
    said(life, "propose_closing", BANK, date(2027, 3, 1))
    said(life, "close_with_balance", APPROVER, date(2027, 3, 1), reason="INSURANCE", closed_on="2027-02-20")
    after = on(life, date(2030, 1, 1))
    assert (after.balance_yen, after.owed_yen, after.coming, after.late) == (0, 0, (), ())
    assert (after.ended.on, after.ended.reason) == (date(2027, 2, 20), "INSURANCE")
    assert after.ended.principal_yen == before.owed_yen > before.balance_yen
    assert [one.due_on for one in after.past][-1] == date(2027, 2, 15)
    assert on(life, date(2027, 2, 19)) == before  # the day before is told as it was


@pytest.mark.rule("GL-083")
@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"reason": "FINAL_DUE_DATE"}, {"BALANCE_LEFT"}),
        ({"reason": "FULL_PREPAYMENT"}, {"BALANCE_LEFT"}),
        ({"reason": "AFTER_ACCELERATION"}, {"NOT_CALLED"}),
        ({}, {"REQUIRED"}),
        ({"reason": "INSURANCE", "closed_on": "2027-03-02"}, {"OTHER_DAY"}),
        ({"reason": "INSURANCE", "closed_on": "2026-04-16"}, {"OTHER_DAY"}),
        ({"reason": "INSURANCE", "closed_on": "2026-04-17"}, set()),
        ({"reason": "OTHER"}, set()),
    ],
)
def test_a_debt_ends_as_is_told_only_where_that_is_so(facts, expected):
    life = borrowed()
    said(life, "propose_closing", REVIEWER, date(2027, 3, 1))
    for caller in (BANK, REVIEWER):  # a balance is left: neither ends it alone
        with pytest.raises(Refused) as refused:
            life.do("close", caller, **facts)
        assert codes(refused) == (expected or {"BALANCE_LEFT"})
    if not expected:
        life.do("close_with_balance", APPROVER, **facts)
        assert life.state() == "closed"
        return
    with pytest.raises(Refused) as refused:
        life.do("close_with_balance", APPROVER, **facts)
    assert codes(refused) == expected


@pytest.mark.rule("GL-083", "GL-104")
def test_a_debt_ends_with_a_balance_by_two_officers_who_say_why():
    life = borrowed()
    life.now = noon(date(2027, 3, 1))
    with pytest.raises(SecondOfficerNeeded):
        life.do("close_with_balance", APPROVER, reason="OTHER")
    life.do("propose_closing", REVIEWER)
    with pytest.raises(SecondOfficerNeeded):
        life.do("close_with_balance", Caller(Role.OFFICE_APPROVER, OFFICER), reason="OTHER")
    row = WORKFLOW.rows(LOAN, "close_with_balance")[0]
    unsaid = findings_of(row, life.case(facts=steps.Closing(reason="OTHER"), reason=" "))
    assert {(one.rule, one.field) for one in unsaid} == {("GL-104", "reason")}
    life.do("close_with_balance", APPROVER, reason="OTHER")


@pytest.mark.rule("GL-083", "GL-576")
def test_the_last_instalment_ends_the_loan_and_not_the_day_before():
    life = borrowed(years=1)
    last = date(2027, 4, 15)
    with pytest.raises(Refused) as refused:
        said(life, "close", BANK, last - timedelta(days=1), reason="FINAL_DUE_DATE")
    assert codes(refused) == {"BALANCE_LEFT"}
    said(life, "miss", BANK, last, due_on=last.isoformat())
    with pytest.raises(Refused):  # it was due, and was not paid
        said(life, "close", BANK, last + timedelta(days=5), reason="FINAL_DUE_DATE")
    said(life, "settle", BANK, last + timedelta(days=5), paid_on=(last + timedelta(days=5)).isoformat())
    said(life, "close", BANK, last + timedelta(days=5), reason="FINAL_DUE_DATE")
    assert on(life, last + timedelta(days=5)).ended.principal_yen == 0


@pytest.mark.rule("GL-082", "GL-579")
def test_a_balance_that_was_called_is_due_by_instalments_no_more():
    life = borrowed()
    life.now = noon(date(2026, 12, 20))
    life.do("propose_acceleration", REVIEWER)
    life.do("accelerate", APPROVER, reason="無断で転貸")
    before, later = on(life, date(2026, 12, 19)), on(life, date(2028, 1, 1))
    assert (before.called_on, len(before.coming)) == (None, 112)
    assert (later.called_on, later.coming, later.balance_yen) == (date(2026, 12, 20), (), before.balance_yen)
    said(life, "propose_closing", REVIEWER, date(2028, 1, 1))
    said(life, "close_with_balance", APPROVER, date(2028, 1, 1), reason="AFTER_ACCELERATION")
    assert on(life, date(2028, 1, 1)).ended.principal_yen == before.balance_yen


# Arrears


@pytest.mark.rule("GL-577", "GL-578")
def test_a_past_day_is_told_with_the_arrears_of_that_day():
    life = borrowed()
    said(life, "miss", BANK, date(2028, 2, 16), due_on="2028-02-15")
    said(life, "miss", BANK, date(2028, 3, 16), due_on="2028-03-15")
    said(life, "settle", BANK, date(2028, 3, 20), paid_on="2028-03-18")
    for day, late, settled in (
        (date(2028, 2, 14), [], []),
        (date(2028, 2, 15), [(date(2028, 2, 15), 0)], []),
        (date(2028, 3, 1), [(date(2028, 2, 15), 15)], []),  # 29 February counts
        (date(2028, 3, 17), [(date(2028, 2, 15), 31), (date(2028, 3, 15), 2)], []),
        (date(2028, 3, 18), [], [(date(2028, 2, 15), 32), (date(2028, 3, 15), 3)]),
        (date(2030, 1, 1), [], [(date(2028, 2, 15), 32), (date(2028, 3, 15), 3)]),
    ):
        found = on(life, day)
        assert [(one.due_on, one.days) for one in found.late] == late, day
        assert [(one.due_on, one.days) for one in found.settled] == settled, day
        assert all(one.charge_yen == one.overdue_yen * 145 * one.days // 365_000 for one in found.late)
        assert found.owed_yen == found.balance_yen + sum(one.instalment.principal for one in found.late)


@pytest.mark.rule("GL-577")
def test_a_missed_debit_is_told_once_and_only_when_it_was_due():
    life = borrowed()
    for day, due_on, code in (
        (date(2026, 5, 14), "2026-05-15", "NOT_DUE"),
        (date(2026, 5, 15), "2026-05-15", None),
        (date(2026, 5, 16), "2026-05-15", "KNOWN"),
    ):
        if code is None:
            said(life, "miss", BANK, day, due_on=due_on)
            continue
        with pytest.raises(Refused) as refused:
            said(life, "miss", BANK, day, due_on=due_on)
        assert codes(refused) == {code}


@pytest.mark.rule("GL-577")
@pytest.mark.parametrize(("paid_on", "right"), [("2026-05-14", False), ("2026-05-15", True), ("2026-06-02", False)])
def test_arrears_are_paid_between_their_due_date_and_today(paid_on, right):
    life = borrowed()
    said(life, "miss", BANK, date(2026, 5, 16), due_on="2026-05-15")
    if right:
        said(life, "settle", BANK, date(2026, 6, 1), paid_on=paid_on)
        return
    with pytest.raises(Refused) as refused:
        said(life, "settle", BANK, date(2026, 6, 1), paid_on=paid_on)
    assert codes(refused) == {"OTHER_DAY"}


@pytest.mark.rule("GL-580", "GL-581")
def test_six_missed_instalments_are_a_ground_in_a_row_only():
    life = borrowed()
    months = [(2026, month) for month in (5, 6, 7, 9, 10, 11)]
    for year, month in months:
        said(life, "miss", BANK, date(year, month, 16), due_on=date(year, month, 15).isoformat())
    assert not on(life, date(2026, 11, 20)).acceleration_ground
    said(life, "miss", BANK, date(2026, 11, 20), due_on="2026-08-15")
    assert on(life, date(2026, 11, 20)).acceleration_ground


# Changes and prepayment


@pytest.mark.rule("GL-591", "GL-625")
@pytest.mark.parametrize(("day", "possible"), [(10, False), (11, True), (15, True), (31, True)])
def test_the_next_instalment_is_never_due_before_the_change_that_moves_it(day, possible):
    life = borrowed()
    facts = {"kind": "repayment_day", "repayment_day": day, "effective_on": "2026-06-10"}
    if not possible:
        with pytest.raises(Refused) as refused:
            said(life, "ask_change", MAIN, date(2026, 6, 1), **facts)
        assert codes(refused) == {"NOT_POSSIBLE"}
        return
    said(life, "change_terms", APPROVER, date(2026, 6, 1), **facts)
    assert on(life, date(2026, 6, 10)).coming[0].due_on == date(2026, 6, min(day, 30))


@pytest.mark.rule("GL-604", "GL-606")
def test_another_prepayment_asked_for_since_does_not_make_the_first_one_late():
    life = borrowed()
    wish = {"channel": "MY_NOTE", "amount_yen": 100_000, "effect": "LOWER_PAYMENT"}
    said(life, "ask_prepayment", MAIN, date(2026, 5, 10), **wish, payment_on="2026-06-15")
    said(life, "ask_prepayment", MAIN, date(2026, 6, 10), **wish, payment_on="2026-07-15")
    said(life, "prepay", BANK, date(2026, 6, 15), **wish, payment_on="2026-06-15")
    assert on(life, date(2026, 6, 15)).prepaid[0].amount_yen == 100_000


@pytest.mark.rule("GL-248", "GL-433")
def test_a_reduced_loan_has_a_bonus_part_that_fits_it():
    life = borrowed(amount=1_500_000, bonus=600_000)
    life.submitted = {**life.submitted, "loan": {**life.submitted["loan"], "danshin": "NONE", "danshin_joiners": []}}
    life.states = {(LOAN, life.id): "cert_submitted"}
    receipt = steps.CheckedReceipt(final_limit_yen=1_000_000)
    life.taken[LOAN, life.id, "receive"] = (Taken(life.now, CLERK, receipt),)
    period = {"first": life.now.date().isoformat(), "last": life.now.date().isoformat(), "amount_yen": 1_000_000}
    with pytest.raises(Refused) as refused:
        life.do("open_contract", REVIEWER, **period)
    assert codes(refused) == {"above_maximum"}
    life.do("open_contract", REVIEWER, **period, bonus_part_yen=400_000)
    loan = servicing.contracted(life.case())
    assert (loan.balance_yen, loan.bonus.balance_yen) == (1_000_000, 400_000)
