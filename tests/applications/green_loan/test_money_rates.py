"""Which rate applies, and what a change before the contract does (GL-249 to GL-254, GL-260 to GL-262)."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from applications.programmes.green_loan.money.methods import Method
from applications.programmes.green_loan.money.rates import (
    KEYS,
    Payments,
    Period,
    RateTable,
    RateUnknown,
    first_payments,
    rate_at,
    rate_change,
)
from hypothesis import given
from hypothesis import strategies as st
from kit.japan import JST

JUNE, JULY, AUGUST = (datetime(2025, month, 1, tzinfo=JST) for month in (6, 7, 8))


def rates(base):
    """Eight different rates; each kind of danshin costs more than the one before, menu S less than the other."""
    return {
        (menu, danshin): Decimal(base) + Decimal(index).scaleb(-1) - (Decimal("0.5") if menu == "S" else 0)
        for menu in ("STANDARD", "S")
        for index, danshin in enumerate(("NONE", "SHIN", "DUET", "SANDAI"))
    }


TABLE = RateTable([Period(JUNE, JULY, rates("1.2")), Period(JULY, AUGUST, rates("1.3"))])


@pytest.mark.rule("GL-251", "GL-252", "GL-253")
def test_there_are_eight_rates_at_a_time():
    assert len(set(KEYS)) == 8
    found = {key: rate_at(TABLE, JUNE, *key) for key in KEYS}
    assert found == rates("1.2")
    assert found["STANDARD", "NONE"] == Decimal("1.2")
    assert found["S", "SANDAI"] == Decimal("1.0")


@pytest.mark.rule("GL-249", "GL-250", "GL-254")
@pytest.mark.parametrize(
    ("accepted", "rate"),
    [
        (datetime(2025, 6, 30, 23, 59, 59, tzinfo=JST), "1.2"),
        (datetime(2025, 6, 30, 14, 59, 59, tzinfo=UTC), "1.2"),
        (datetime(2025, 6, 30, 15, 0, tzinfo=UTC), "1.3"),
        (datetime(2025, 7, 1, 0, 10, tzinfo=JST), "1.3"),
        (datetime(2025, 7, 1, 6, 5, tzinfo=JST), "1.3"),
    ],
)
def test_the_rate_is_that_of_the_moment_of_acceptance_in_japan(accepted, rate):
    assert rate_at(TABLE, accepted, "STANDARD", "NONE") == Decimal(rate)


@pytest.mark.rule("GL-254")
@pytest.mark.parametrize("moment", [JUNE - timedelta(microseconds=1), AUGUST])
def test_no_rate_is_made_up_for_a_moment_without_one(moment):
    with pytest.raises(RateUnknown):
        rate_at(TABLE, moment, "S", "SHIN")
    with pytest.raises(ValueError, match="naive"):
        rate_at(TABLE, moment.replace(tzinfo=None), "S", "SHIN")


@pytest.mark.rule("GL-253")
def test_a_table_has_every_rate_and_neither_gap_nor_overlap_nor_disorder():
    june, july = TABLE.periods
    with pytest.raises(ValueError, match="a rate for each"):
        Period(JUNE, JULY, {key: rate for key, rate in rates("1").items() if key != ("S", "DUET")})
    with pytest.raises(ValueError, match="ends after"):
        Period(JUNE, JUNE, rates("1"))
    for periods in (
        [july, june],
        [june, Period(JULY + timedelta(days=1), AUGUST, rates("1"))],
        [june, Period(JULY - timedelta(days=1), AUGUST, rates("1"))],
    ):
        with pytest.raises(ValueError, match="begins when"):
            RateTable(periods)


@pytest.mark.rule("GL-260", "GL-261", "GL-262")
@pytest.mark.parametrize(
    ("before", "after", "again"),
    [
        (("STANDARD", "SANDAI"), ("STANDARD", "SHIN"), False),
        (("STANDARD", "SHIN"), ("STANDARD", "SANDAI"), True),
        (("STANDARD", "SHIN"), ("STANDARD", "SHIN"), False),
        (("S", "SHIN"), ("STANDARD", "SHIN"), True),
        (("STANDARD", "SHIN"), ("S", "SHIN"), False),
    ],
)
@pytest.mark.parametrize("method", list(Method))
def test_a_change_takes_the_rate_of_the_first_acceptance_and_a_higher_payment_a_new_review(
    method, before, after, again
):
    accepted = datetime(2025, 6, 15, 12, tzinfo=JST)
    found = rate_change(
        TABLE, accepted, before, after, amount_yen=3_000_000, bonus_part_yen=1_000_000, years=10, method=method
    )
    assert (found.before, found.after) == (rates("1.2")[before], rates("1.2")[after])
    assert found.review_again is again


@pytest.mark.rule("GL-261", "GL-262")
def test_a_higher_rate_that_raises_no_payment_needs_no_review():
    slightly = RateTable([Period(JUNE, JULY, {key: Decimal("1.200") for key in KEYS} | {KEYS[1]: Decimal("1.201")})])
    terms = {"bonus_part_yen": 0, "years": 1, "method": Method.LEVEL_PAYMENT}
    small = rate_change(slightly, JUNE, KEYS[0], KEYS[1], amount_yen=100_000, **terms)
    large = rate_change(slightly, JUNE, KEYS[0], KEYS[1], amount_yen=5_000_000, **terms)
    assert small.after > small.before
    assert (small.review_again, large.review_again) == (False, True)


@pytest.mark.rule("GL-261")
def test_a_higher_bonus_payment_alone_needs_a_review():
    low, high = (first_payments(100_000, 40_000, Decimal(rate), 1, Method.LEVEL_PRINCIPAL) for rate in ("1.2", "1.21"))
    assert low == Payments(monthly=5_060, bonus=20_240)
    assert high == Payments(monthly=5_060, bonus=20_242)
    table = RateTable([Period(JUNE, JULY, {key: Decimal("1.2") for key in KEYS} | {KEYS[3]: Decimal("1.21")})])
    found = rate_change(
        table,
        JUNE,
        KEYS[0],
        KEYS[3],
        amount_yen=100_000,
        bonus_part_yen=40_000,
        years=1,
        method=Method.LEVEL_PRINCIPAL,
    )
    assert found.review_again


@pytest.mark.rule("GL-254", "GL-249")
@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=12), st.data())
def test_every_moment_of_a_table_has_the_rate_of_exactly_one_period(minutes, data):
    edges = [JUNE]
    for length in minutes:
        edges.append(edges[-1] + timedelta(minutes=length))
    periods = [
        Period(start, end, {key: Decimal(number) for key in KEYS})
        for number, (start, end) in enumerate(pairwise(edges), start=1)
    ]
    moment = data.draw(st.datetimes(JUNE.replace(tzinfo=None), edges[-1].replace(tzinfo=None))).replace(tzinfo=JST)
    expected = sum(edge <= moment for edge in edges)
    if expected > len(periods):
        with pytest.raises(RateUnknown):
            rate_at(RateTable(periods), moment, *KEYS[0])
    else:
        assert rate_at(RateTable(periods), moment, *KEYS[0]) == expected
