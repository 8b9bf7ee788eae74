"""What a program read in the file of the income information retrieval service, beside what was declared."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from applications.programmes.green_loan.papers.income_evidence import Declared, evidence_findings, same_person
from madoguchi_contracts import IncomeEvidence

EVIDENCE = IncomeEvidence(
    name="見本 太郎",
    birth=date(1980, 5, 17),
    year=2025,
    issued_on=date(2026, 4, 1),
    salary_yen=5_000_000,
    pension_yen=None,
    total_income_yen=3_560_000,
)
DECLARED = Declared("見本太郎", date(1980, 5, 17), salary_only=True, income_yen=5_000_000)
ACCEPTED = date(2026, 4, 2)


def codes(
    evidence: IncomeEvidence | None = EVIDENCE,
    declared: Declared = DECLARED,
    *,
    result: str = "VERIFIED",
    accepted: date = ACCEPTED,
) -> list[tuple[str, str]]:
    found = evidence_findings(result, evidence, declared, accepted, "documents.applicant_income_service")
    assert {one.field for one in found} <= {"documents.applicant_income_service"}
    return [(one.rule, one.code) for one in found]


def with_(**changes: Any) -> IncomeEvidence:
    return EVIDENCE.model_copy(update=changes)


def declaring(**changes: Any) -> Declared:
    return Declared(**{**vars(DECLARED), **changes})


@pytest.mark.rule("GL-425", "GL-278", "GL-376")
def test_what_says_the_same_as_the_application_needs_no_word():
    assert codes() == []


@pytest.mark.rule("GL-429")
def test_a_paper_that_is_not_signed_is_a_paper_like_any_other():
    assert codes(None, result="NOT_SIGNED") == []


@pytest.mark.rule("GL-425")
@pytest.mark.parametrize("result", ["CHANGED", "UNKNOWN_SIGNER", "UNREADABLE", "SOMETHING_NEW"])
def test_a_file_that_is_not_as_the_service_issued_it_is_to_be_fetched_anew(result):
    (finding,) = evidence_findings(result, None, DECLARED, ACCEPTED, "x")
    assert (finding.rule, finding.code) == ("GL-425", f"EVIDENCE_{result}")
    assert "改めて取得" in finding.message
    assert ("発行後に変更" in finding.message) == (result == "CHANGED")


@pytest.mark.rule("GL-425")
@pytest.mark.parametrize(
    ("name", "birth", "same"),
    [
        ("見本太郎", date(1980, 5, 17), True),
        ("見本 太郎", date(1980, 5, 17), True),
        (None, None, True),
        ("見本花子", date(1980, 5, 17), False),
        ("見本太郎", date(1980, 5, 18), False),
    ],
)
def test_it_is_of_the_person_whose_name_and_birth_are_declared(name, birth, same):
    declared = declaring(name=name, birth=birth)
    assert same_person(EVIDENCE, declared) is same
    assert codes(declared=declared) == ([] if same else [("GL-425", "EVIDENCE_OF_SOMEBODY_ELSE")])


@pytest.mark.rule("GL-376", "GL-391")
@pytest.mark.parametrize(
    ("year", "accepted", "right"),
    [
        (2025, date(2026, 1, 1), True),
        (2024, date(2026, 1, 1), False),  # in January to May too: another paper stands in, not an older one
        (2024, date(2026, 5, 31), False),
        (2025, date(2026, 12, 31), True),
        (2026, date(2026, 12, 31), False),
    ],
)
def test_it_is_of_the_year_before_the_application(year, accepted, right):
    evidence = with_(year=year, salary_yen=1)
    assert codes(evidence, accepted=accepted) == [("GL-278", "INCOME_DIFFERS") if right else ("GL-376", "WRONG_YEAR")]


@pytest.mark.rule("GL-278")
@pytest.mark.parametrize(
    ("declared", "said"),
    [
        (declaring(income_yen=4_999_999), "支払給与の総額は5,000,000円、お申込みの内容は4,999,999円で、1円の差"),
        (declaring(income_yen=6_000_000), "1,000,000円の差"),
        (declaring(salary_only=False, income_yen=3_000_000), "所得金額は3,560,000円"),
        (declaring(salary_only=False, income_yen=3_560_000), None),
        (declaring(income_yen=None), None),
    ],
)
def test_the_officer_sees_by_how_much_the_declared_income_differs(declared, said):
    found = evidence_findings("VERIFIED", EVIDENCE, declared, ACCEPTED, "x")
    assert [said in one.message for one in found] == ([] if said is None else [True])


@pytest.mark.rule("GL-278")
def test_who_declares_a_salary_and_has_none_differs_by_all_of_it():
    (finding,) = evidence_findings("VERIFIED", with_(salary_yen=None), DECLARED, ACCEPTED, "x")
    assert "5,000,000円の差" in finding.message
