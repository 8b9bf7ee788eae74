"""Proof of income: which papers, for whom, of which year, what stands in for it; new jobs; the retrieval service."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from applications.programmes.green_loan.papers import income
from applications.programmes.green_loan.papers.facts import MAIN_APPLICANT, Change, Income, Person, Position
from applications.programmes.green_loan.papers.income_service import income_service_warnings, is_third_weekend_day
from applications.programmes.green_loan.papers.jobs import (
    advice,
    job_change_paper_required,
    job_change_requirements,
)
from applications.programmes.green_loan.papers.kinds import Paper
from applications.programmes.green_loan.papers.requirement import Code, Due
from hypothesis import given
from hypothesis import strategies as st

SPRING = frozenset({1, 2, 3, 4, 5})
DAY = date(2025, 5, 20)
CERTIFICATES = (Paper.TAX_CERTIFICATE_INCOME, Paper.TAX_CERTIFICATE_TAX, Paper.TAX_RETURN)


def applicant(*incomes: Income, **facts: object) -> Person:
    return Person(MAIN_APPLICANT, Position.MAIN_APPLICANT, incomes=frozenset(incomes), **facts)  # type: ignore[arg-type]


def debtor(**facts: object) -> Person:
    return Person("joint_debtor_1", Position.JOINT_DEBTOR, **facts)  # type: ignore[arg-type]


@pytest.mark.rule("GL-280", "GL-376", "GL-628")
@pytest.mark.parametrize(
    ("accepted", "year"),
    [(date(2025, 1, 1), 2024), (date(2025, 12, 31), 2024), (date(2026, 1, 1), 2025)],
)
def test_the_income_of_the_year_before_the_application_counts(accepted: date, year: int) -> None:
    assert income.income_year(accepted) == (date(year, 1, 1), date(year, 12, 31))


@pytest.mark.rule("GL-376", "GL-391")
def test_in_december_2025_only_papers_of_2024_fit() -> None:
    december = date(2025, 12, 1)
    assert income.income_year_findings(december, 2024, "x") == []
    [wrong] = income.income_year_findings(december, 2025, "x")
    assert (wrong.rule, wrong.code) == ("GL-376", "WRONG_YEAR")
    assert "令和6年" in wrong.message
    assert [one.code for one in income.income_year_findings(december, None, "x")] == ["YEAR_MISSING"]


@pytest.mark.rule("GL-377", "GL-387")
def test_salary_alone_is_proved_by_one_of_several_papers() -> None:
    assert set(income.proof_ways(applicant(Income.SALARY))) == {
        (Paper.TAX_ASSESSMENT,),
        (Paper.TAX_PAYMENT_NOTICE,),
        (Paper.INCOME_SERVICE,),
        (Paper.SPECIAL_COLLECTION_NOTICE,),
        (Paper.OTHER_MUNICIPAL,),
    }


@pytest.mark.rule("GL-378", "GL-379")
def test_the_papers_come_from_the_municipality_the_employer_or_the_tax_office() -> None:
    [salary] = income.income_requirements([applicant(Income.SALARY)], DAY, SPRING)
    assert {"市区町村", "勤務先"} <= set(salary.issuers)
    [other] = income.income_requirements([applicant(Income.OTHER)], DAY, SPRING)
    assert "税務署" in other.issuers
    assert "勤務先" not in other.issuers


@pytest.mark.rule("GL-379", "GL-380", "GL-387")
def test_other_income_needs_all_three_tax_papers_or_a_certificate_with_the_tax_paid() -> None:
    ways = income.proof_ways(applicant(Income.SALARY, Income.OTHER))
    assert CERTIFICATES in ways
    assert (Paper.TAX_ASSESSMENT, Paper.RESIDENCE_TAX_CERTIFICATE) in ways
    assert (Paper.INCOME_SERVICE, Paper.RESIDENCE_TAX_CERTIFICATE) in ways
    assert (Paper.OTHER_MUNICIPAL, Paper.OTHER_MUNICIPAL_TAX) in ways
    assert all(len(way) > 1 for way in ways)
    assert not any(Paper.SPECIAL_COLLECTION_NOTICE in way for way in ways)


@pytest.mark.rule("GL-381")
def test_tax_collected_from_salary_needs_no_certificate_of_its_payment() -> None:
    ways = income.proof_ways(applicant(Income.SALARY, Income.OTHER, residence_tax_from_salary=True))
    assert (Paper.TAX_ASSESSMENT,) in ways
    assert not any(Paper.RESIDENCE_TAX_CERTIFICATE in way for way in ways)
    assert CERTIFICATES in ways


def pension_ways(person: Person) -> list[set[tuple[Paper, ...]]]:
    required = income.income_requirements([person], DAY, SPRING)
    return [set(one.accepted) for one in required if one.code is Code.PENSION_PROOF]


@pytest.mark.rule("GL-382", "GL-386")
def test_a_pension_makes_somebody_not_salary_only_and_adds_the_pension_paper() -> None:
    person = applicant(Income.SALARY, Income.PENSION, taxable_pensions=1)
    assert not income.salary_only(person)
    assert income.salary_only(applicant(Income.SALARY))
    assert not income.salary_only(applicant())
    assert pension_ways(person) == [
        {
            (Paper.TAX_ASSESSMENT,),
            (Paper.INCOME_SERVICE,),
            (Paper.PENSION_WITHHOLDING,),
            (Paper.PENSION_STATEMENT,),
            (Paper.TAX_CERTIFICATE_INCOME, Paper.TAX_RETURN),
        }
    ]
    assert pension_ways(applicant(Income.SALARY)) == []
    assert len(pension_ways(applicant(Income.PENSION))) == 1  # kinds not entered yet


@pytest.mark.rule("GL-383")
def test_each_kind_of_pension_needs_its_own_paper_in_its_own_slot() -> None:
    person = applicant(Income.PENSION, taxable_pensions=2, tax_free_pensions=1)
    ways = pension_ways(person)
    assert len(ways) == 3
    assert ways[1] == {(Paper.PENSION_WITHHOLDING,), (Paper.PENSION_STATEMENT,)}
    assert ways[2] == {(Paper.PENSION_STATEMENT,)}
    slots = [one.slots() for one in income.pension_requirements(person)]
    assert ("applicant_pension_statement",) in slots[0]
    assert ("applicant_pension_statement_2",) in slots[1]
    assert slots[2] == (("applicant_pension_statement_3",),)


@pytest.mark.rule("GL-384")
def test_a_certificate_that_reads_pension_etc_does_not_prove_the_pension() -> None:
    [ways] = pension_ways(applicant(Income.PENSION, taxable_pensions=1, certificate_reads_pension_etc=True))
    assert not {(Paper.TAX_ASSESSMENT,), (Paper.INCOME_SERVICE,)} & ways
    assert (Paper.PENSION_WITHHOLDING,) in ways


@pytest.mark.rule("GL-385")
def test_a_pension_free_of_tax_is_shown_by_a_paper_of_its_own_and_the_call_centre_is_named() -> None:
    person = applicant(Income.PENSION, tax_free_pensions=1)
    [required] = income.pension_requirements(person)
    assert required.accepted == ((Paper.PENSION_STATEMENT,),)
    assert "機構お客さまコールセンター" in required.why
    assert [(one.rule, one.field) for one in advice([person])] == [("GL-385", MAIN_APPLICANT)]


@pytest.mark.rule("GL-388", "GL-389")
@pytest.mark.parametrize(
    ("person", "papers"),
    [
        (applicant(Income.SALARY), (Paper.SALARY_WITHHOLDING,)),
        (applicant(Income.PENSION, taxable_pensions=1), (Paper.PENSION_WITHHOLDING,)),
        (applicant(Income.PENSION, tax_free_pensions=1), (Paper.PENSION_STATEMENT,)),
        (applicant(Income.SALARY, Income.PENSION), (Paper.SALARY_WITHHOLDING, Paper.PENSION_WITHHOLDING)),
        (applicant(Income.OTHER), (Paper.TAX_RETURN,)),
        (applicant(Income.SALARY, Income.OTHER), (Paper.TAX_RETURN,)),
        (applicant(Income.PENSION, Income.OTHER), (Paper.TAX_RETURN,)),
        (applicant(), (Paper.TAX_RETURN,)),
    ],
)
def test_withholding_slips_or_the_tax_return_stand_in(person: Person, papers: tuple[Paper, ...]) -> None:
    assert income.stand_in_papers(person) == papers


@pytest.mark.rule("GL-388", "GL-390", "GL-391")
def test_in_may_a_withholding_slip_is_accepted_and_the_funds_wait_for_the_proof() -> None:
    required = income.income_requirements([applicant(Income.SALARY, proof_not_yet_issued=True)], DAY, SPRING)
    now, later = required
    assert (now.code, now.due) == (Code.INCOME_PROOF, Due.APPLICATION)
    assert now.accepted == ((Paper.SALARY_WITHHOLDING,), *later.accepted)
    assert (later.code, later.due) == (Code.INCOME_PROOF_LATER, Due.FUNDS)
    assert (Paper.TAX_ASSESSMENT,) in later.accepted
    assert income.funds_blocked_by(required, checked=()) == [later]
    assert income.funds_blocked_by(required, checked={(Code.INCOME_PROOF, MAIN_APPLICANT)}) == [later]
    assert income.funds_blocked_by(required, checked={(Code.INCOME_PROOF_LATER, MAIN_APPLICANT)}) == []


@pytest.mark.rule("GL-391")
def test_the_special_case_needs_the_declaration_and_one_of_its_months() -> None:
    waits = applicant(Income.SALARY, proof_not_yet_issued=True)
    june = date(2025, 6, 1)
    assert income.special_case_applies(waits, date(2025, 5, 31), SPRING)
    assert not income.special_case_applies(waits, june, SPRING)
    assert income.special_case_applies(waits, june, SPRING | {6})
    assert not income.special_case_applies(applicant(Income.SALARY), DAY, SPRING)
    [required] = income.income_requirements([waits], june, SPRING)
    assert (Paper.SALARY_WITHHOLDING,) not in required.accepted
    assert [one.code for one in income.special_case_findings(waits, june, SPRING, "x")] == ["NOT_IN_SEASON"]
    assert income.special_case_findings(waits, DAY, SPRING, "x") == []
    assert income.special_case_findings(applicant(Income.SALARY), june, SPRING, "x") == []


@pytest.mark.rule("GL-403")
@pytest.mark.parametrize(
    ("person", "asked"),
    [
        (debtor(), False),
        (debtor(income_combined=True), True),
        (debtor(relay_successor=True), True),
        (debtor(income_combined=True, relay_successor=True), True),
    ],
)
def test_a_joint_debtor_proves_income_if_it_is_combined_or_the_relay_is_used(person: Person, asked: bool) -> None:
    required = income.income_requirements([person], DAY, SPRING)
    assert [one.code for one in required] == [Code.CODEBTOR_INCOME_PROOF] * asked
    if asked:
        [main] = income.income_requirements([applicant(Income.SALARY)], DAY, SPRING)
        assert required[0].accepted == main.accepted
        assert required[0].original_shown


@pytest.mark.rule("GL-392", "GL-412")
def test_business_leave_work_abroad_and_farming_send_people_to_the_call_centre() -> None:
    assert advice([applicant(Income.SALARY)]) == []
    for change in Change:
        [told] = advice([applicant(Income.SALARY, changes=frozenset({change}))])
        assert (told.rule, told.code) == ("GL-412", "ASK_CALL_CENTRE")
        assert "0120-0860-35" in told.message
    [farmer] = advice([applicant(Income.OTHER, in_primary_industry=True)])
    assert (farmer.rule, farmer.code) == ("GL-392", "OFFICER_DECISION")
    assert advice([debtor(in_primary_industry=True)]) == []  # whose income nobody asks


@pytest.mark.rule("GL-404", "GL-405")
@pytest.mark.parametrize(
    ("start", "required"),
    [(date(2024, 1, 1), True), (date(2023, 12, 31), False), (date(2025, 2, 28), True), (None, False)],
)
def test_a_job_since_january_of_the_year_before_is_proved(start: date | None, required: bool) -> None:
    day = date(2025, 3, 1)
    assert job_change_paper_required(day, start) is required
    found = job_change_requirements([applicant(Income.SALARY, employment_start=start)], day)
    assert [one.accepted for one in found] == [((Paper.SALARY_CERTIFICATE,), (Paper.PAY_SLIPS,))] * required
    assert all(one.original_shown for one in found)


@pytest.mark.rule("GL-404")
def test_only_main_applicant_and_combiner_prove_a_new_job() -> None:
    start = date(2024, 5, 1)
    people = [debtor(employment_start=start), debtor(employment_start=start, income_combined=True)]
    assert len(job_change_requirements(people, DAY)) == 1


@pytest.mark.rule("GL-428", "GL-429")
@pytest.mark.parametrize(
    ("day", "closed"),
    [
        (date(2025, 6, 21), True),
        (date(2025, 6, 15), True),
        (date(2025, 6, 14), False),
        (date(2025, 6, 22), False),
        (date(2025, 11, 15), True),
        (date(2025, 11, 16), True),
    ],
)
def test_the_retrieval_service_is_closed_on_the_third_saturday_and_the_third_sunday(day: date, closed: bool) -> None:
    assert is_third_weekend_day(day) is closed


@pytest.mark.rule("GL-429")
def test_announced_maintenance_warns_too_and_an_old_pdf_is_still_welcome() -> None:
    monday = date(2025, 6, 16)
    assert income_service_warnings(monday, (), "x") == []
    [warning] = income_service_warnings(monday, {monday}, "x")
    assert "取得済み" in warning.message
    assert income_service_warnings(date(2025, 6, 15), (), "x")[0].rule == "GL-428"


@given(st.integers(1990, 2090), st.integers(1, 12))
def test_every_month_has_one_third_saturday_and_one_third_sunday(year: int, month: int) -> None:
    first = date(year, month, 1)
    days = [first + timedelta(days=n) for n in range(31) if (first + timedelta(days=n)).month == month]
    closed = [day for day in days if is_third_weekend_day(day)]
    assert sorted(day.weekday() for day in closed) == [5, 6]
    for day in closed:
        assert sum(1 for one in days if one.weekday() == day.weekday() and one <= day) == 3


@pytest.mark.rule("GL-404")
def test_an_occupying_relative_proves_no_job_whatever_the_flags_say() -> None:
    relative = Person("occupant", Position.OCCUPYING_RELATIVE, income_combined=True, employment_start=DAY)
    assert job_change_requirements([relative], DAY) == []
    assert income.income_requirements([relative], DAY, SPRING) == []
