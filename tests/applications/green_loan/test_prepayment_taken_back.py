"""A prepayment that was arranged and does not come: as if it had never been arranged (GL-596)."""

from datetime import date, timedelta

import pytest
from applications.programmes.green_loan import notices, steps
from applications.programmes.green_loan.money import prepayment
from applications.programmes.green_loan.money.schedule import on_repayment_day
from applications.programmes.green_loan.reading import LOAN
from applications.programmes.green_loan.workflow import WORKFLOW
from applications.workflow import findings_of
from hypothesis import given, settings
from hypothesis import strategies as st
from kit.errors import Forbidden, Refused
from support.repaying import APPROVER, BANK, MAIN, REVIEWER, borrowed, codes, on, said

DAY = date(2026, 6, 15)
FULL = {"channel": "COUNTER", "payment_on": "2026-06-15", "noticed_on": "2026-05-15"}
SOME = {**FULL, "amount_yen": 1_000_000, "effect": "LOWER_PAYMENT"}
GONE = {"payment_on": "2026-06-15"}


def arranged(facts=SOME, **loan):
    """A loan as it is without the prepayment, and with it, a month ahead."""
    before, life = borrowed(**loan), borrowed(**loan)
    said(life, "prepay", BANK, date(2026, 5, 15), **facts)
    return before, life


def whole(life):
    """Every instalment to the end of the loan, and what was repaid early."""
    found = on(life, date(2060, 1, 1))
    return found.past, found.prepaid


@pytest.mark.rule("GL-596")
@pytest.mark.parametrize("facts", [SOME, FULL, {**SOME, "effect": "SHORTEN"}])
@pytest.mark.parametrize(
    ("day", "possible"),
    [
        (date(2026, 5, 15), True),  # at once
        (DAY, True),
        (DAY + timedelta(days=1), True),  # it did not come
        (date(2026, 7, 14), True),
        (date(2026, 7, 15), False),  # the next instalment is debited
    ],
)
def test_the_bank_takes_it_back_until_the_next_instalment_is_debited(facts, day, possible):
    without, life = arranged(facts)
    if possible:
        said(life, "cancel_prepayment", BANK, day, **GONE)
        assert whole(life) == whole(without)
        assert on(life, DAY) == on(without, DAY)
        return
    with pytest.raises(Refused) as refused:
        said(life, "cancel_prepayment", BANK, day, **GONE)
    assert codes(refused) == {"TOO_LATE"}
    assert "2026-07-14" in refused.value.findings[0].message
    said(life, "strike_prepayment", APPROVER, day, **GONE, reason="入金がありませんでした。")
    assert whole(life) == whole(without)


@pytest.mark.rule("GL-596")
@pytest.mark.parametrize(("next_due_on", "last"), [("2026-07-15", "2026-07-14"), ("2027-01-01", "2026-12-31")])
def test_the_last_day_is_the_one_before_the_instalment(next_due_on, last):
    assert prepayment.cancel_until(date.fromisoformat(next_due_on)) == date.fromisoformat(last)


@pytest.mark.rule("GL-596")
def test_only_the_bank_takes_it_back_and_afterwards_an_approver_who_says_why():
    _, life = arranged()
    for caller in (MAIN, REVIEWER, APPROVER):
        with pytest.raises(Forbidden):
            life.do("cancel_prepayment", caller, **GONE)
    for caller in (MAIN, REVIEWER, BANK):
        with pytest.raises(Forbidden):
            life.do("strike_prepayment", caller, **GONE, reason="x")
    with pytest.raises(Refused) as refused:
        life.do("strike_prepayment", APPROVER, **GONE)
    assert [one.rule for one in refused.value.findings] == ["GL-104"]


@pytest.mark.rule("GL-596")
def test_what_was_never_arranged_or_is_taken_back_already_cannot_be_taken_back():
    _, life = arranged()
    for facts, code in (({}, "REQUIRED"), ({"payment_on": "2026-06-16"}, "UNKNOWN")):
        with pytest.raises(Refused) as refused:
            life.do("cancel_prepayment", BANK, **facts)
        assert codes(refused) == {code}
    life.do("cancel_prepayment", BANK, **GONE)
    with pytest.raises(Refused) as refused:
        life.do("cancel_prepayment", BANK, **GONE)
    assert codes(refused) == {"UNKNOWN"}


@pytest.mark.rule("GL-596")
def test_it_can_be_arranged_anew_for_the_same_day_and_of_two_the_last_is_meant():
    _, life = arranged({**SOME, "amount_yen": 1_100_000})
    life.do("cancel_prepayment", BANK, **GONE)
    life.do("prepay", BANK, **SOME)
    assert [one.amount_yen for one in on(life, DAY).prepaid] == [1_000_000]
    life.do("prepay", BANK, **FULL)  # what is left then
    life.do("cancel_prepayment", BANK, **GONE)
    assert [one.amount_yen for one in on(life, DAY).prepaid] == [1_000_000]


@pytest.mark.rule("GL-596")
def test_what_was_repaid_in_full_since_was_paid_with_it():
    _, life = arranged()
    said(life, "prepay", BANK, date(2026, 5, 20), **FULL | {"payment_on": "2026-06-20"})
    for day, code in ((date(2026, 6, 19), None), (date(2026, 6, 20), "BUILT_ON")):
        life.now = life.now.replace(month=day.month, day=day.day)
        row = WORKFLOW.rows(LOAN, "cancel_prepayment")[0]
        found = findings_of(row, life.case(facts=steps.PrepaymentCancelled(payment_on=DAY)))
        assert {one.code for one in found} == ({code} if code else set())
    # The full one did not come either: it goes first.
    life.do("cancel_prepayment", BANK, payment_on="2026-06-20")
    life.do("cancel_prepayment", BANK, **GONE)
    assert on(life, DAY).prepaid == ()


@pytest.mark.rule("GL-596", "GL-602")
def test_a_later_one_that_fits_only_with_it_keeps_it_there():
    without, life = arranged({**SOME, "channel": "MY_NOTE", "amount_yen": 100_000}, bonus=500_000)
    later = {"channel": "MY_NOTE", "effect": "SHORTEN", "payment_on": "2026-07-15", "noticed_on": "2026-05-15"}
    units = prepayment.shortening_amounts(on(life, date(2026, 7, 15)).loan)
    fits = next(one for one in units if one >= 100_000)
    assert fits not in prepayment.shortening_amounts(on(without, date(2026, 7, 15)).loan)
    life.do("prepay", BANK, **later, amount_yen=fits)
    with pytest.raises(Refused) as refused:
        life.do("cancel_prepayment", BANK, **GONE)
    assert codes(refused) == {"BUILT_ON"}
    life.do("cancel_prepayment", BANK, payment_on="2026-07-15")
    life.do("cancel_prepayment", BANK, **GONE)
    assert whole(life) == whole(without)


@pytest.mark.rule("GL-577", "GL-596")
def test_arrears_are_of_the_instalment_that_was_due_without_it():
    without, life = arranged({**SOME, "payment_on": "2026-06-15"})
    for one in (without, life):
        said(one, "miss", BANK, date(2026, 7, 15), due_on="2026-07-15")
    assert on(life, date(2026, 7, 20)).late[0].overdue_yen < on(without, date(2026, 7, 20)).late[0].overdue_yen
    said(life, "strike_prepayment", APPROVER, date(2026, 7, 20), **GONE, reason="入金がありませんでした。")
    assert on(life, date(2026, 7, 20)) == on(without, date(2026, 7, 20))


@pytest.mark.rule("GL-596")
def test_those_who_owe_the_loan_are_told_how_it_goes_on():
    without, life = arranged()
    life.do("cancel_prepayment", BANK, **GONE)
    kept = life.taken[LOAN, life.id, "cancel_prepayment"][0].facts
    del life.taken[LOAN, life.id, "cancel_prepayment"]
    (notice,) = notices.of_cancelled_prepayment(life.case(facts=kept))
    coming = on(without, DAY - timedelta(days=31)).coming[0]
    assert (notice.topic, notice.kind, notice.mailed) == ("repayment", "prepayment_cancelled", True)
    assert "2026-06-15の繰上返済は" in notice.text
    assert f"次回のご返済: {coming.due_on} {coming.payment:,}円" in notice.text


PREPAID = st.lists(
    st.tuples(
        st.integers(1, 40),
        st.integers(10, 200),
        st.sampled_from(["LOWER_PAYMENT", "SHORTEN", None]),
        st.booleans(),
        st.integers(0, 31),
    ),
    min_size=1,
    max_size=5,
)


@pytest.mark.rule("GL-596")
@settings(max_examples=80, deadline=None)
@given(st.integers(100, 500), st.integers(0, 4), PREPAID)
def test_whatever_is_arranged_and_taken_back_the_loan_is_what_the_others_alone_make_of_it(man, tenths, told):
    amount = man * 10_000
    loan = {"amount": amount, "bonus": amount * tenths // 10 // 10_000 * 10_000}
    both, alone = borrowed(**loan), borrowed(**loan)
    for months, tens, effect, comes, late in sorted(told, key=lambda one: one[0]):
        day = on_repayment_day(2026 + (4 + months) // 12, (4 + months) % 12 + 1, 15)
        facts = {"channel": "MY_NOTE", "payment_on": day.isoformat(), "noticed_on": "2026-04-17"}
        facts |= {"amount_yen": tens * 10_000, "effect": effect} if effect else {}
        try:
            said(both, "prepay", BANK, day - timedelta(days=20), **facts)
        except Refused:
            continue
        if comes:
            said(alone, "prepay", BANK, day - timedelta(days=20), **facts)
            continue
        on_day = day + timedelta(days=late)
        command, caller = ("cancel_prepayment", BANK) if late < 28 else ("strike_prepayment", APPROVER)
        said(both, command, caller, on_day, payment_on=day.isoformat(), reason="入金がありませんでした。")
    assert whole(both) == whole(alone)
