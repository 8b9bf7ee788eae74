"""Methods, bonus part and the guide's formulas (GL-244 to GL-248, GL-264 to GL-272)."""

from decimal import Decimal
from fractions import Fraction

import pytest
from applications.programmes.green_loan.money.methods import METHOD_LABELS, Method, bonus_findings, max_bonus_part
from applications.programmes.green_loan.money.repayment import (
    FirstPayment,
    PerMillion,
    guide_payment,
    level_payment,
    level_principal_first,
    monthly_payment,
    per_million,
)
from applications.programmes.green_loan.money.rounding import down_to_man_yen, down_to_tenth_percent, monthly_rate
from hypothesis import given
from hypothesis import strategies as st

RATES = st.integers(0, 10_000).map(lambda milli: Decimal(milli).scaleb(-3))
MAN_YEN = st.integers(10, 500).map(lambda units: units * 10_000)


@pytest.mark.rule("GL-244", "GL-245")
def test_either_method_is_paid_every_month_and_takes_a_bonus_part():
    assert {method: METHOD_LABELS[method] for method in Method} == {
        "level_payment": "元利均等毎月払い",
        "level_principal": "元金均等毎月払い",
    }


@pytest.mark.rule("GL-246", "GL-247", "GL-626", "GL-627")
@pytest.mark.parametrize(
    ("amount", "most"), [(1_000_000, 400_000), (1_230_000, 490_000), (100_000, 40_000), (5_000_000, 2_000_000)]
)
def test_the_bonus_part_is_at_most_four_tenths_in_whole_ten_thousand_yen(amount, most):
    assert max_bonus_part(amount) == most
    assert bonus_findings(amount, most, "bonus") == []
    assert [one.code for one in bonus_findings(amount, most + 10_000, "bonus")] == ["above_maximum"]


@pytest.mark.rule("GL-246", "GL-247")
@pytest.mark.parametrize(
    ("bonus", "codes"),
    [
        (0, []),
        (10_000, []),
        (5_000, ["not_in_man_yen"]),
        (405_000, ["not_in_man_yen", "above_maximum"]),
        (-10_000, ["not_in_man_yen"]),
    ],
)
def test_a_bonus_part_is_nothing_or_a_multiple_of_ten_thousand_yen(bonus, codes):
    assert [one.code for one in bonus_findings(1_000_000, bonus, "bonus")] == codes


@pytest.mark.rule("GL-248")
def test_a_bonus_part_that_fitted_is_too_large_when_the_loan_is_reduced():
    assert bonus_findings(1_000_000, 400_000, "bonus") == []
    found = bonus_findings(900_000, 400_000, "bonus")
    assert [(one.rule, one.code) for one in found] == [("GL-246", "above_maximum")]
    assert "360,000円" in found[0].message


@pytest.mark.rule("GL-264", "GL-265")
def test_the_guide_payment_is_cut_to_whole_yen():
    assert guide_payment(2_500_000, 9_123) == 22_807
    leaflet = {(Decimal("1.73"), 10): 9_123}
    assert per_million(Decimal("1.730"), 10, leaflet) == PerMillion(9_123, derived=False)


@pytest.mark.rule("GL-266", "GL-267")
def test_without_the_leaflet_the_value_is_derived_and_says_so():
    derived = per_million(Decimal("1.73"), 10, {(Decimal("1.73"), 9): 10_000})
    assert derived == PerMillion(9_080, derived=True)
    assert guide_payment(4_430_000, derived.yen) == 40_224
    assert monthly_payment(4_430_000, Decimal("1.73"), 10) == 40_228


@pytest.mark.rule("GL-268", "GL-269", "GL-270", "GL-271")
def test_the_first_payment_of_level_principal_adds_two_parts_that_are_cut_separately():
    found = level_principal_first(1_000_000, Decimal("1.50"), 7)
    assert found == FirstPayment(principal=11_904, interest=1_250)
    assert found.total == 13_154
    # 16,666.66... and 1,041.66... would give 17,708 if they were added first.
    assert level_principal_first(1_000_000, Decimal("1.25"), 5).total == 16_666 + 1_041


@pytest.mark.rule("GL-266", "GL-267", "GL-272", "GL-630")
@given(MAN_YEN, RATES, st.integers(1, 420), st.sampled_from([(1, 1), (6, 6), (6, 1), (6, 4)]))
def test_a_level_payment_is_the_whole_yen_below_the_exact_annuity(amount, rate, count, months):
    every, first = months
    period, beginning = (Fraction(rate) * n / 1200 for n in (every, first))
    discounted = sum(1 / (1 + period) ** number for number in range(count))  # of one yen each, at the first payment
    exact = amount * (1 + beginning) / discounted
    found = level_payment(amount, rate, count, every_months=every, first_months=first)
    assert isinstance(found, int)
    assert found <= exact < found + 1


@pytest.mark.rule("GL-267", "GL-272")
@pytest.mark.parametrize(
    ("amount", "rate", "count", "payment"),
    [
        (1_200_000, "0", 120, 10_000),
        (1_000_000, "1.2", 1, 1_001_000),
        (1_200_000, "0.002", 1, 1_200_002),  # forty digits end in 1.99...: only whole numbers say that it is 2
        (1_200_000, "0.001", 1, 1_200_001),
        (1_000_000, "12", 2, 507_512),
    ],
)
def test_payments_that_are_whole_yen_are_not_cut_below_them(amount, rate, count, payment):
    assert level_payment(amount, Decimal(rate), count, every_months=1, first_months=1) == payment


@pytest.mark.rule("GL-626", "GL-630", "GL-270")
def test_amounts_are_cut_where_the_table_says():
    assert [down_to_man_yen(yen) for yen in (9_999, 10_000, 19_999, -1)] == [0, 10_000, 10_000, 0]
    assert monthly_rate(Decimal("1.23")).interest_yen(999_999, 1) == 1_024  # 1024.99...
    assert [str(down_to_tenth_percent(part, 1_000)) for part in (300, 301, 9)] == ["30.0", "30.1", "0.9"]
    assert str(down_to_tenth_percent(30_099, 100_000)) == "30.0"


@pytest.mark.rule("GL-264", "GL-630")
@given(st.integers(1, 500), st.integers(8_000, 100_000))
def test_the_guide_payment_in_man_yen_and_in_yen_is_the_same(man_yen, value):
    assert guide_payment(man_yen * 10_000, value) == man_yen * value // 100
