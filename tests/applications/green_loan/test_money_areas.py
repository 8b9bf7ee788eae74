"""Questions about money that are not in the catalogue: what is missing, what is unknown, what makes no sense."""

import pytest
from applications.areas import AREAS
from kit.areas import by_name, evaluate_one

NAMED = by_name(AREAS)
LEVEL_PRINCIPAL = {"method": "level_principal", "amount": 1_000_000}
MY_NOTE = {"type": "partial", "channel": "MY_NOTE", "notice_date": "2026-01-01", "payment_date": "2026-05-05"}


def ask(area, **question):
    return evaluate_one(NAMED, {"area": f"green_loan/{area}", "input": question})


@pytest.mark.parametrize(
    ("area", "question", "told"),
    [
        ("d_cost_item", {"code": "D-18", "kind": "", "customer_share": 1}, "D-17"),
        ("d_cost_item", {"code": "D-04", "kind": "", "customer_share": 1, "evidence": "LETTER"}, "evidence"),
        ("loan_limit_lines", {"works_lines": [], "d_items": [{"code": "D-00", "amount": 1}]}, "d_items.0.code"),
        ("loan_limit_lines", {"works_lines": [{"category": "D", "amount": 1}]}, "category"),
        ("loan_limit", {"works_a": -1}, "works_a"),
        ("max_term", {"applicant_birth": "2026-01-02", "application_date": "2026-01-01"}, "birth"),
        (
            "max_term",
            {"applicant_birth": "1980-01-02", "application_date": "2026-01-01", "combined_amount": 1},
            "combiner_birth",
        ),
        ("level_payment_exact", {"amount": 1, "annual_rate_percent": "1.5", "years": 0}, "years"),
        ("level_principal_first", {"amount": 1, "annual_rate_percent": "-1", "years": 1}, "annual_rate_percent"),
        ("total_repayment_ratio", {"applicant_income": 0}, "income"),
        ("total_repayment_ratio", {"applicant_income": 1, "jhf_loan": LEVEL_PRINCIPAL}, "rate and years"),
        (
            "total_repayment_ratio",
            {"applicant_income": 1, "others": [{"kind": "yacht", "monthly": 1}]},
            "others.0.kind",
        ),
        ("borrowing_counted", {"kind": "yacht", "monthly": 1}, "kind"),
        ("prepayment", MY_NOTE, "amount"),
        ("prepayment", {**MY_NOTE, "amount": 100_000, "repayment_day": 32}, "repayment_day"),
    ],
)
def test_what_makes_no_sense_is_an_error_that_names_it(area, question, told):
    error = ask(area, **question)["error"]
    assert error["code"] == "bad_input"
    assert told in str(error)


def test_a_missing_boolean_is_no():
    line = {"category": "A", "amount": 1_000_000}
    assert ask("loan_limit_lines", works_lines=[line])["output"]["E"] == 0
    assert ask("loan_limit_lines", works_lines=[line], d_items=[{"code": "D-05", "amount": 1}])["output"]["D"] == 0
    assert ask("borrowing_counted", kind="car", monthly=1)["output"] == {"counted": False, "annual": 0}
    assert ask("borrowing_counted", kind="rent", monthly=1)["output"] == {"counted": False, "annual": 0}


def test_the_customer_pays_all_of_a_cost_that_nobody_shares_and_nobody_judged():
    item = {"code": "D-05", "amount": 33_000, "evidence_checked": True}
    assert ask("loan_limit_lines", works_lines=[], d_items=[item])["output"]["D"] == 33_000


@pytest.mark.rule("GL-266", "GL-274")
def test_without_the_leaflet_the_ratio_takes_the_derived_value():
    loan = {"method": "level_payment", "amount": 4_430_000, "rate": "1.73", "years": 10}
    assert (
        ask("total_repayment_ratio", applicant_income=5_000_000, jhf_loan=loan)["output"]["jhf_annual"] == 40_224 * 12
    )


def test_no_more_than_all_of_an_income_is_counted():
    answer = ask("total_repayment_ratio", applicant_income=1_000_000, combiner_income=5, combined_amount=6)
    assert answer["output"]["income"] == 1_000_005


def test_what_a_prepayment_does_not_tell_is_not_judged():
    assert ask("prepayment", **MY_NOTE, amount=100_000)["output"] == {"accepted": True, "reason": None}
    shorten = {**MY_NOTE, "amount": 100_000, "effect": "SHORTEN"}
    assert ask("prepayment", **shorten)["output"] == {"accepted": True, "reason": None}
