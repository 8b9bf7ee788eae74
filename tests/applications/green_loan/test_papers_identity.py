"""Identity papers, papers for the branch and the register certificate: which are usable, and how old they may be."""

from __future__ import annotations

from datetime import date

import pytest
from applications.programmes.green_loan.papers.facts import JOINT_DEBTORS, MAIN_APPLICANT, OCCUPANT, Person, Position
from applications.programmes.green_loan.papers.identity import (
    branch_paper_in_time,
    identity_paper_findings,
    identity_paper_reasons,
    identity_requirements,
)
from applications.programmes.green_loan.papers.kinds import LEGAL_AFFAIRS, Paper
from applications.programmes.green_loan.papers.register import (
    register_certificate_valid,
    register_findings,
    register_requirement,
)
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.rule("GL-368", "GL-373")
@pytest.mark.parametrize(
    "paper",
    [
        Paper.DRIVING_LICENCE,
        Paper.MY_NUMBER_CARD,
        Paper.RESIDENT_REGISTER_CARD,
        Paper.HEALTH_INSURANCE_CARD,
        Paper.INCOME_SERVICE,
    ],
)
def test_any_of_the_listed_papers_identifies_somebody(paper: Paper) -> None:
    assert identity_paper_reasons(paper) == []


@pytest.mark.rule("GL-368")
@pytest.mark.parametrize("paper", [Paper.RESIDENT_RECORD, Paper.RESIDENCE_CARD, Paper.TAX_ASSESSMENT])
def test_other_papers_do_not_identify_anybody(paper: Paper) -> None:
    assert identity_paper_reasons(paper) == ["NOT_ACCEPTED"]
    [finding] = identity_paper_findings(paper, issued_on=None, applied_on=None, address_written=True, field="x")
    assert (finding.rule, finding.code, finding.field) == ("GL-368", "NOT_ACCEPTED", "x")


@pytest.mark.rule("GL-368")
def test_a_career_certificate_counts_from_april_2012_on() -> None:
    def reasons(day: date | None) -> list[str]:
        return identity_paper_reasons(Paper.DRIVING_CAREER_CERTIFICATE, issued_on=day)

    assert reasons(date(2012, 4, 1)) == []
    assert reasons(date(2012, 3, 31)) == ["ISSUED_TOO_EARLY"]
    assert reasons(None) == ["ISSUE_DATE_MISSING"]


@pytest.mark.rule("GL-368", "GL-370")
def test_a_passport_needs_the_address_and_an_application_before_february_4_2020() -> None:
    def reasons(day: date | None, address_written: bool = True) -> list[str]:
        return identity_paper_reasons(Paper.PASSPORT, applied_on=day, address_written=address_written)

    assert reasons(date(2020, 2, 3)) == []
    assert reasons(date(2020, 2, 4)) == ["NO_ADDRESS_COLUMN"]
    assert reasons(date(2020, 2, 3), address_written=False) == ["ADDRESS_MISSING"]
    assert reasons(None, address_written=False) == ["APPLIED_ON_MISSING", "ADDRESS_MISSING"]
    findings = identity_paper_findings(
        Paper.PASSPORT, issued_on=None, applied_on=date(2021, 1, 1), address_written=False, field="documents.x"
    )
    assert [(one.rule, one.code) for one in findings] == [
        ("GL-370", "NO_ADDRESS_COLUMN"),
        ("GL-368", "ADDRESS_MISSING"),
    ]
    assert "令和2年2月4日" in findings[0].message


@pytest.mark.rule("GL-369")
def test_main_applicant_and_each_joint_debtor_bring_one_and_nobody_else() -> None:
    people = [
        Person(MAIN_APPLICANT, Position.MAIN_APPLICANT),
        *(Person(key, Position.JOINT_DEBTOR) for key in JOINT_DEBTORS),
        Person(OCCUPANT, Position.OCCUPYING_RELATIVE),
    ]
    required = identity_requirements(people)
    assert [one.who for one in required] == [MAIN_APPLICANT, *JOINT_DEBTORS]
    assert not any(one.original_shown for one in required)
    assert all(len(way) == 1 for one in required for way in one.accepted)


@pytest.mark.rule("GL-490", "GL-491")
@pytest.mark.parametrize(
    ("issued", "in_time"),
    [
        (date(2025, 2, 28), True),
        (date(2025, 2, 27), False),
        (date(2025, 8, 31), True),
        (date(2025, 9, 1), False),
    ],
)
def test_a_paper_for_the_branch_is_made_within_six_months_before_the_visit(issued: date, in_time: bool) -> None:
    assert branch_paper_in_time(date(2025, 8, 31), issued) is in_time


@pytest.mark.rule("GL-374", "GL-375", "GL-625")
@pytest.mark.parametrize(
    ("applied", "issued", "valid"),
    [
        (date(2025, 6, 30), date(2025, 4, 30), True),
        (date(2025, 6, 30), date(2025, 4, 29), False),
        (date(2025, 4, 30), date(2025, 2, 28), True),
        (date(2025, 4, 30), date(2025, 2, 27), False),
        (date(2025, 6, 30), date(2025, 6, 30), True),
        (date(2025, 6, 30), date(2025, 7, 1), False),
    ],
)
def test_a_register_certificate_is_issued_within_two_months_before_the_application(
    applied: date, issued: date, valid: bool
) -> None:
    assert register_certificate_valid(applied, issued) is valid
    assert [one.code for one in register_findings(applied, issued, "x")] == ([] if valid else ["OUT_OF_PERIOD"])


@given(st.dates(date(1990, 1, 1), date(2090, 12, 31)), st.integers(0, 200))
def test_whoever_waits_longer_never_makes_an_old_certificate_valid_again(issued: date, days: int) -> None:
    valid = [register_certificate_valid(date.fromordinal(issued.toordinal() + n), issued) for n in range(days)]
    assert valid == sorted(valid, reverse=True)


@pytest.mark.rule("GL-374")
def test_one_register_certificate_is_asked_with_its_age_and_its_issuer() -> None:
    required = register_requirement()
    assert required.issuers == (LEGAL_AFFAIRS,)
    assert "2か月以内" in required.age_limit
    assert "登記情報サービス" in required.why
    assert not required.original_shown
    [finding] = register_findings(date(2025, 6, 30), None, "x")
    assert finding.code == "ISSUE_DATE_MISSING"
    [too_old] = register_findings(date(2025, 6, 30), date(2025, 4, 29), "x")
    assert "令和7年4月30日" in too_old.message
