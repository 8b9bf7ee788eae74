"""How much can be borrowed (GL-186 to GL-201)."""

from uuid import UUID

import pytest
from applications.programmes.green_loan.money.limit import (
    CostLine,
    RunningLoan,
    WorksCost,
    loan_limit,
    requested_amount_findings,
    running_balance,
    works_cost,
)
from applications.programmes.green_loan.works.kinds import Category
from hypothesis import given
from hypothesis import strategies as st

YEN = st.integers(0, 20_000_000)
ANNA, BEN, CARA, DAN = (UUID(int=number) for number in range(1, 5))


def limit_of(e, c=0, d=0, s=0, x=0):
    return loan_limit(WorksCost(e, 0, c), d_yen=d, subsidies_yen=s, running_yen=x)


@pytest.mark.rule("GL-186", "GL-188", "GL-191", "GL-194", "GL-195", "GL-196", "GL-626")
@pytest.mark.parametrize(
    ("e", "c", "d", "s", "x", "amounts", "limit"),
    [
        (2_400_000, 1_000_000, 0, 0, 0, (5_000_000, 4_800_000, 3_400_000), 3_400_000),
        (1_200_000, 2_000_000, 0, 0, 0, (5_000_000, 2_400_000, 3_200_000), 2_400_000),
        (1_234_567, 0, 45_000, 0, 0, (5_000_000, 2_514_134, 1_279_567), 1_270_000),
        (99_000, 0, 1_000, 0, 0, (5_000_000, 199_000, 100_000), 100_000),
        (3_000_000, 3_000_000, 0, 400_000, 0, (5_000_000, 6_000_000, 5_600_000), 5_000_000),
        (3_000_000, 3_000_000, 0, 400_000, 1_204_500, (3_795_500, 6_000_000, 5_600_000), 3_790_000),
        (3_256_000, 154_000, 0, 0, 0, (5_000_000, 6_512_000, 3_410_000), 3_410_000),
    ],
)
def test_the_limit_is_the_lowest_of_three_amounts_in_whole_ten_thousand_yen(e, c, d, s, x, amounts, limit):
    found = limit_of(e, c, d, s, x)
    assert (found.ceiling_yen, found.energy_saving_yen, found.works_yen) == amounts
    assert (found.limit_yen, found.fundable) == (limit, True)


@pytest.mark.rule("GL-197", "GL-191")
def test_d_is_added_to_twice_the_energy_saving_works_once():
    found = limit_of(1_000_000, 1_500_000, 50_000)
    assert (found.energy_saving_yen, found.works_yen, found.limit_yen) == (2_050_000, 2_550_000, 2_050_000)


@pytest.mark.rule("GL-156", "GL-190")
@pytest.mark.parametrize(("e", "c", "counted"), [(800, 950, 800), (700, 700, 700), (700, 699, 699), (700, 0, 0)])
def test_other_renovation_counts_up_to_the_energy_saving_works(e, c, counted):
    assert limit_of(e * 1_000, c * 1_000).limit_yen == (e + counted) * 1_000 // 10_000 * 10_000


@pytest.mark.rule("GL-198", "GL-194")
def test_subsidies_reduce_the_whole_cost_of_the_works_alone():
    without, with_subsidy = limit_of(1_000_000, 500_000), limit_of(1_000_000, 500_000, s=700_000)
    assert with_subsidy.works_yen == without.works_yen - 700_000
    assert with_subsidy.energy_saving_yen == without.energy_saving_yen
    assert with_subsidy.ceiling_yen == without.ceiling_yen


@pytest.mark.rule("GL-187", "GL-188", "GL-627")
@pytest.mark.parametrize(("e", "fundable"), [(99_999, False), (100_000, True)])
def test_nothing_is_lent_below_a_hundred_thousand_yen(e, fundable):
    assert limit_of(e).fundable is fundable


def test_without_required_works_nothing_is_lent():
    assert not loan_limit(WorksCost(0, 900_000, 0), d_yen=0, subsidies_yen=0, running_yen=0).fundable
    assert loan_limit(WorksCost(1, 900_000, 0), d_yen=0, subsidies_yen=0, running_yen=0).fundable


@pytest.mark.rule("GL-189", "GL-192", "GL-193")
def test_lines_are_summed_by_category_as_they_stand_in_the_contract_without_what_is_no_residence():
    lines = [
        CostLine(Category.A, 550_000, True),
        CostLine(Category.A, 110_000, True),
        CostLine(Category.A, 330_000, False),
        CostLine(Category.B, 200_000, True),
        CostLine(Category.C, 80_000, True),
        CostLine(Category.C, 90_000, False),
    ]
    cost = works_cost(lines)
    assert (cost.a_yen, cost.b_yen, cost.c_yen, cost.energy_saving_yen) == (660_000, 200_000, 80_000, 860_000)


@pytest.mark.rule("GL-195", "GL-199")
def test_each_running_loan_of_a_debtor_counts_once():
    loans = [
        RunningLoan(UUID(int=10), 1_000_000, frozenset({ANNA, BEN})),
        RunningLoan(UUID(int=10), 1_000_000, frozenset({ANNA, BEN})),
        RunningLoan(UUID(int=11), 200_000, frozenset({BEN, DAN})),
        RunningLoan(UUID(int=12), 30_000, frozenset({DAN})),
    ]
    assert running_balance(loans, [ANNA, BEN, CARA]) == 1_200_000
    assert running_balance(loans, [CARA]) == 0
    assert limit_of(5_000_000, x=1_200_000).ceiling_yen == 3_800_000


@pytest.mark.rule("GL-201")
def test_the_screen_learns_which_amount_binds():
    assert limit_of(2_400_000, 1_000_000).binding == ("WORKS",)
    assert limit_of(1_200_000, 2_000_000).binding == ("ENERGY_SAVING",)
    assert limit_of(9_000_000).binding == ("CEILING",)
    assert limit_of(1_000_000, 1_000_000).binding == ("ENERGY_SAVING", "WORKS")


@pytest.mark.rule("GL-187", "GL-188", "GL-627")
@pytest.mark.parametrize(
    ("requested", "codes"),
    [
        (100_000, []),
        (1_270_000, []),
        (90_000, ["below_minimum"]),
        (1_280_000, ["above_limit"]),
        (1_265_000, ["not_in_man_yen"]),
        (95_000, ["below_minimum", "not_in_man_yen"]),
        (0, ["below_minimum"]),
    ],
)
def test_the_requested_amount_is_whole_ten_thousand_yen_between_the_minimum_and_the_limit(requested, codes):
    findings = requested_amount_findings(1_270_000, requested, "amount")
    assert [one.code for one in findings] == codes
    assert all(one.field == "amount" and one.message.endswith("ください。") for one in findings)


@pytest.mark.rule("GL-186", "GL-190", "GL-196", "GL-630")
@given(YEN, YEN, YEN, YEN, st.integers(0, 2_000_000), YEN, st.integers(0, 6_000_000))
def test_a_limit_stays_below_every_amount_and_other_works_bring_no_more_than_energy_saving_ones(a, b, c, more, d, s, x):
    found = loan_limit(WorksCost(a, b, c), d_yen=d, subsidies_yen=s, running_yen=x)
    lowest = min(found.ceiling_yen, found.energy_saving_yen, found.works_yen)
    assert found.limit_yen % 10_000 == 0
    assert found.limit_yen == 0 if lowest < 10_000 else lowest - 10_000 < found.limit_yen <= lowest
    assert found.limit_yen <= max(0, 2 * (a + b) + d)
    assert loan_limit(WorksCost(a, b, c + more), d_yen=d, subsidies_yen=s, running_yen=x).limit_yen >= found.limit_yen
