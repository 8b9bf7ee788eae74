"""Very many schedules at once are, to the yen, the same as one by one."""

from decimal import Decimal

import pytest
from applications.programmes.green_loan.money.methods import Method
from applications.programmes.green_loan.money.parts import part_of, payments
from bench.portfolio import payments_of_all
from hypothesis import given, settings
from hypothesis import strategies as st

RATES = st.integers(0, 9_999_999).map(lambda millionths: Decimal(millionths).scaleb(-6))


@st.composite
def parts(draw):
    every = draw(st.sampled_from([1, 6]))
    next_in = draw(st.integers(1, every))
    rate, method = draw(RATES), draw(st.sampled_from(Method))
    return rate, [method, draw(st.integers(1, 10**10)), draw(st.integers(1, 60)), every, next_in]


def made(rate, method, terms):
    _, balance, count, every, next_in = terms
    return part_of(balance, rate, method, count=count, every=every, next_in=next_in, next_interest_months=next_in)


@settings(max_examples=60, deadline=None)
@given(st.lists(parts(), max_size=12), st.sampled_from(Method))
def test_all_at_once_is_one_by_one(several, method):
    rates = [rate for rate, _ in several]
    together = [made(rate, method, terms) for rate, terms in several]
    found = payments_of_all(together, rates, method)
    for column, (part, rate) in enumerate(zip(together, rates, strict=True)):
        alone = list(payments(part, rate, method))
        assert found.principal[:, column].tolist()[: part.count] == [one.principal for one in alone]
        assert found.interest[:, column].tolist()[: part.count] == [one.interest for one in alone]
        assert found.balance[:, column].tolist()[: part.count] == [one.balance for one in alone]
        assert not found.principal[part.count :, column].any()
        assert not found.interest[part.count :, column].any()
        assert not found.balance[part.count :, column].any()


def test_what_would_be_calculated_wrongly_is_refused():
    part = made(Decimal("1.5"), Method.LEVEL_PRINCIPAL, [None, 10**10, 12, 1, 1])
    assert payments_of_all([part], [Decimal("1.123456")], Method.LEVEL_PRINCIPAL).interest[0, 0] > 0
    with pytest.raises(ValueError, match="six decimals"):
        payments_of_all([part], [Decimal("1.1234567")], Method.LEVEL_PRINCIPAL)
    large = made(Decimal("1.5"), Method.LEVEL_PRINCIPAL, [None, 10**13, 12, 1, 1])
    with pytest.raises(ValueError, match="64 bits"):
        payments_of_all([large], [Decimal("1.5")], Method.LEVEL_PRINCIPAL)
