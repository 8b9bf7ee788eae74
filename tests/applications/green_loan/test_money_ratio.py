"""The total repayment ratio, and what counts in it (GL-274 to GL-313)."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from applications.programmes.green_loan.money.borrowings import (
    KIND_LABELS,
    Borrowing,
    HouseSale,
    Kind,
    Standing,
    annual_yen,
    at_review,
    standing,
)
from applications.programmes.green_loan.money.methods import Method
from applications.programmes.green_loan.money.ratio import (
    annual_income,
    combined_income,
    counted_income,
    jhf_annual_yen,
    ratio,
    ratio_findings,
)
from hypothesis import given
from hypothesis import strategies as st

CONTRACT = date(2025, 10, 1)
LOANS = [Kind.CAR, Kind.EDUCATION, Kind.CARD, Kind.HOUSING, Kind.RENTAL_HOUSING, Kind.OTHER, Kind.GOODS_INSTALMENT]


@pytest.mark.rule("GL-274", "GL-275", "GL-276", "GL-277", "GL-626", "GL-627")
@pytest.mark.parametrize(
    ("income", "repayments", "percent", "most", "passed"),
    [
        (4_000_000, 1_403_999, "35.0", 35, True),
        (4_000_000, 1_404_000, "35.1", 35, False),
        (3_999_999, 1_203_999, "30.0", 30, True),
        (3_999_999, 1_204_000, "30.1", 30, False),
        (3_500_000, 1_100_000, "31.4", 30, False),
        (4_000_000, 1_100_000, "27.5", 35, True),
        (4_000_000, 0, "0.0", 35, True),
        (100, 250, "250.0", 30, False),
    ],
)
def test_the_ratio_has_one_decimal_and_the_cut_value_is_compared(income, repayments, percent, most, passed):
    found = ratio(repayments, income)
    assert (str(found.percent), found.most_percent, found.passed) == (percent, most, passed)
    assert (ratio_findings(found, "amount") == ()) is passed


@pytest.mark.rule("GL-276")
def test_a_ratio_that_is_too_high_says_by_how_much_and_what_to_do():
    (found,) = ratio_findings(ratio(1_404_000, 4_000_000), "amount")
    assert (found.rule, found.code, found.field) == ("GL-276", "ratio_too_high", "amount")
    assert "35.1%" in found.message
    assert "35%を超えて" in found.message


@pytest.mark.rule("GL-275", "GL-292", "GL-272")
@given(st.integers(0, 10**8), st.integers(1, 10**8))
def test_only_the_percentage_is_cut_and_twelfths_make_no_difference(repayments, income):
    exact = Fraction(repayments, 12) / Fraction(income, 12) * 100
    found = Fraction(ratio(repayments, income).percent)
    assert found <= exact < found + Fraction(1, 10)
    assert (found * 10).denominator == 1


def test_there_is_no_ratio_without_an_income():
    with pytest.raises(ValueError, match="income"):
        ratio(1, 0)


@pytest.mark.rule("GL-278", "GL-279")
def test_who_has_a_salary_only_is_judged_by_it_and_others_by_the_total_income_amount():
    assert annual_income(salary_only=True, salary_yen=5_000_000, total_income_yen=3_560_000) == 5_000_000
    assert annual_income(salary_only=False, salary_yen=5_000_000, total_income_yen=3_560_000) == 3_560_000


@pytest.mark.rule("GL-274", "GL-279", "GL-281", "GL-282")
def test_the_income_adds_what_is_combined_and_what_an_officer_confirmed_of_sold_electricity():
    income = counted_income(3_500_000, combined_income(450_000, 3_000_000), 50_000)
    assert income == 4_000_000
    assert ratio(1_400_000, income).passed
    assert not ratio(1_400_000, income - 1).passed  # below the threshold 30 % is the most


def test_no_more_than_all_of_an_income_is_combined():
    assert combined_income(3_000_001, 3_000_000) == 3_000_000
    assert combined_income(500_000, None) == 500_000


@pytest.mark.rule("GL-285", "GL-286", "GL-287")
def test_this_loan_counts_with_twelve_first_payments_as_if_there_were_no_bonus():
    terms = {"rate": Decimal("1.50"), "years": 7}
    assert jhf_annual_yen(Method.LEVEL_PAYMENT, 2_500_000, per_million_yen=9_123, **terms) == 22_807 * 12
    assert jhf_annual_yen(Method.LEVEL_PRINCIPAL, 1_000_000, per_million_yen=0, **terms) == 13_154 * 12


# Other borrowings


def borrowing(kind, **facts):
    return Borrowing(kind=kind, debtor=facts.pop("debtor", "applicant"), monthly_yen=10_000, **facts)


def how(kind, **facts):
    return standing(borrowing(kind, **facts), CONTRACT)


@pytest.mark.rule("GL-288", "GL-289", "GL-290", "GL-284")
def test_a_year_has_twelve_months_and_two_bonuses_and_rents_have_no_bonus():
    assert annual_yen(Kind.CAR, 22_000, 60_000) == 384_000
    assert annual_yen(Kind.RENT, 70_000, 5_000) == 840_000
    assert annual_yen(Kind.LAND_RENT, 20_000, 0) == 240_000
    assert annual_yen(Kind.GOODS_INSTALMENT, 3_500, 0) == 42_000
    assert annual_yen(Kind.MOBILE_HANDSET_INSTALMENT, 3_500, 0) == 0


@pytest.mark.rule("GL-283", "GL-293")
def test_what_the_applicant_or_the_combiner_owes_counts_and_what_another_joint_debtor_owes_does_not():
    assert how(Kind.CAR, debtor="applicant") is Standing.COUNTED
    assert how(Kind.CAR, debtor="combiner") is Standing.COUNTED
    assert how(Kind.CAR, debtor="joint_debtor") is Standing.EXCLUDED


@pytest.mark.rule("GL-294", "GL-295", "GL-296", "GL-297", "GL-298", "GL-299", "GL-300", "GL-301", "GL-302", "GL-309")
def test_each_kind_has_a_name_and_counts_except_the_handset():
    assert set(KIND_LABELS) == set(Kind)
    assert {kind for kind in Kind if how(kind) is not Standing.COUNTED} == {Kind.MOBILE_HANDSET_INSTALMENT}


@pytest.mark.rule("GL-295", "GL-297", "GL-300", "GL-301", "GL-312", "GL-296")
def test_business_use_is_excepted_where_the_guide_prints_it():
    excepted = {kind for kind in Kind if how(kind, business_use=True) is Standing.EXCLUDED}
    handset = Kind.MOBILE_HANDSET_INSTALMENT
    assert excepted == {Kind.CAR, Kind.CARD, Kind.OTHER, Kind.GOODS_INSTALMENT, handset}


@pytest.mark.rule("GL-302")
def test_rents_count_as_far_as_they_continue_after_the_funds():
    for kind in (Kind.RENT, Kind.LAND_RENT):
        assert how(kind, continues_after_funds=False) is Standing.EXCLUDED
        assert how(kind, continues_after_funds=True) is Standing.COUNTED
    assert how(Kind.CAR, continues_after_funds=False) is Standing.COUNTED


@pytest.mark.rule("GL-303", "GL-294")
def test_loans_count_while_they_are_repaid_and_incidentals_in_any_case():
    assert {kind for kind in LOANS if how(kind, in_repayment=False) is Standing.EXCLUDED} == set(LOANS)
    assert how(Kind.RENOVATION_INCIDENTALS, in_repayment=False) is Standing.COUNTED


@pytest.mark.rule("GL-304", "GL-311")
def test_what_ends_by_the_day_of_the_contract_does_not_count():
    assert how(Kind.CAR, final_on=date(2025, 9, 30)) is Standing.EXCLUDED
    assert how(Kind.CAR, final_on=CONTRACT) is Standing.EXCLUDED
    assert how(Kind.CAR, final_on=date(2025, 10, 2)) is Standing.COUNTED
    assert standing(borrowing(Kind.CAR, final_on=date(2025, 9, 30)), None) is Standing.COUNTED


@pytest.mark.rule("GL-305", "GL-310")
def test_a_promise_to_repay_is_provisional_until_the_certificate_is_there():
    assert how(Kind.CARD, declared_repaid_by_contract=True) is Standing.PROVISIONAL
    assert how(Kind.CARD, declared_repaid_by_contract=True, completion_checked=True) is Standing.EXCLUDED
    assert how(Kind.CARD, completion_checked=True) is Standing.COUNTED


SALE = HouseSale(9_000_000, 9_000_000, True, True, False)


@pytest.mark.rule("GL-306", "GL-307", "GL-310", "GL-298")
@pytest.mark.parametrize(
    ("sale", "result"),
    [
        (SALE, Standing.EXCLUDED),
        (HouseSale(9_000_000, 9_000_000, False, True, False), Standing.PROVISIONAL),
        (HouseSale(9_000_000, 9_000_000, True, False, False), Standing.PROVISIONAL),
        (HouseSale(9_000_000, 8_999_999, True, True, False), Standing.PROVISIONAL),
        (HouseSale(9_000_000, 8_999_999, True, True, True), Standing.EXCLUDED),
        (None, Standing.COUNTED),
    ],
)
def test_a_housing_loan_is_repaid_by_a_sale_when_papers_show_balance_price_and_the_rest(sale, result):
    assert how(Kind.HOUSING, house_sale=sale) is result


@pytest.mark.rule("GL-306")
def test_a_sale_repays_no_other_loan_than_the_housing_loan():
    assert how(Kind.CAR, house_sale=SALE) is Standing.COUNTED
    unproven = HouseSale(9_000_000, 0, False, False, False)
    repaid = {"declared_repaid_by_contract": True, "completion_checked": True}
    assert how(Kind.HOUSING, house_sale=unproven, **repaid) is Standing.EXCLUDED


@pytest.mark.rule("GL-299", "GL-308")
def test_a_whole_apartment_building_by_the_register_does_not_count_and_one_unit_does():
    assert how(Kind.RENTAL_HOUSING, whole_apartment_building=True) is Standing.EXCLUDED
    assert how(Kind.RENTAL_HOUSING) is Standing.COUNTED
    assert how(Kind.HOUSING, whole_apartment_building=True) is Standing.COUNTED


@pytest.mark.rule("GL-305", "GL-310", "GL-313")
def test_the_review_leaves_out_what_is_promised_and_remembers_whose_proof_is_outstanding():
    promised = borrowing(Kind.CARD, declared_repaid_by_contract=True)
    found = at_review([borrowing(Kind.CAR, bonus_each_yen=5_000), promised, borrowing(Kind.RENT)], CONTRACT)
    assert found.annual_yen == 130_000 + 120_000
    assert found.proof_outstanding == [promised]
