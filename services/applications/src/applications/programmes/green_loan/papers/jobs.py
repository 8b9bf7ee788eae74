"""Change of job and other events that change how income is looked at (GL-385, GL-392, GL-404, GL-405, GL-412)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from kit.errors import Finding

from applications.programmes.green_loan.papers.facts import Person, Position
from applications.programmes.green_loan.papers.kinds import Paper
from applications.programmes.green_loan.papers.requirement import Code, Due, Requirement

_CALL_CENTRE = "提出書類や手続が異なる場合がありますので、機構お客さまコールセンター(0120-0860-35)にお問合せください。"


def job_change_paper_required(acceptance_date: date, employment_start: date | None) -> bool:
    """Whether somebody has a new job or the first one since January of the year before the application (GL-404).

    interpretation (GL-405): the employment began on or after 1 January of that year. What the pay comes to in a year
    is an officer's input: the guide gives no formula.
    """
    return employment_start is not None and employment_start >= date(acceptance_date.year - 1, 1, 1)


def job_change_requirements(persons: Sequence[Person], acceptance_date: date) -> list[Requirement]:
    """GL-404: a salary certificate of the new employer, or all pay slips, of main applicant and income combiner."""
    return [
        Requirement(
            code=Code.SALARY_CERTIFICATE_OR_PAYSLIPS,
            who=person.key,
            accepted=((Paper.SALARY_CERTIFICATE,), (Paper.PAY_SLIPS,)),
            due=Due.APPLICATION,
            why="申込年の前年1月以降に転職または就職をされたため、現在の勤務先の収入を確認するために必要です。"
            "給与証明書は転・就職後の勤務先が発行したもの、給与明細書は割戻対象期間の全期間分に限ります。",
            rules=("GL-404", "GL-405"),
            original_shown=True,
            conditional=True,
        )
        for person in persons
        if (person.position is Position.MAIN_APPLICANT or person.combines_income)
        and job_change_paper_required(acceptance_date, person.employment_start)
    ]


def advice(persons: Sequence[Person]) -> list[Finding]:
    """Where the papers may differ, so that the applicant asks and an officer decides; it blocks nothing.

    GL-412: business, pension, leave or work abroad since January of the year before. GL-392: agriculture, forestry,
    fishery. GL-385: pensions free of tax. The field is the person's key.
    """
    found = []
    for person in persons:
        if not person.income_asked:
            continue
        if person.changes:
            why = "申込年の前年1月以降に、事業の開始、年金の受給開始、産休・育休または海外勤務のある方は、"
            found.append(Finding("GL-412", "ASK_CALL_CENTRE", why + _CALL_CENTRE, person.key))
        if person.in_primary_industry:
            why = "農林漁業に従事されている方は、収入証明書の"
            found.append(Finding("GL-392", "OFFICER_DECISION", why + _CALL_CENTRE, person.key))
        if person.tax_free_pensions:
            why = "非課税の年金(遺族年金、障害者年金等)は、住民税課税証明書で確認できないことがあります。"
            found.append(Finding("GL-385", "ASK_CALL_CENTRE", why + _CALL_CENTRE, person.key))
    return found
