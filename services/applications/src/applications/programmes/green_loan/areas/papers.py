"""What can be asked of the green loan's rules on papers and their dates."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from kit.areas import Answer, Area, Day, Question
from pydantic import Field

from applications.programmes.green_loan.papers import (
    completion,
    identity,
    income,
    income_service,
    jobs,
    people,
    register,
    required,
    works,
)
from applications.programmes.green_loan.papers.facts import JOINT_DEBTORS, Person, Position, WorksContract
from applications.programmes.green_loan.papers.kinds import Paper
from applications.programmes.green_loan.papers.requirement import Code, Due, originals_to_show
from applications.programmes.green_loan.works.house import HouseUse

IdentityKind = Literal[
    "DRIVING_LICENCE",
    "DRIVING_CAREER_CERTIFICATE",
    "PASSPORT",
    "MY_NUMBER_CARD",
    "RESIDENT_REGISTER_CARD",
    "HEALTH_INSURANCE_CARD",
    "INCOME_SERVICE",
]
PeopleCount = Annotated[int, Field(ge=0, le=99)]
"""More than the people of any application: a question with a huge number must not make the service busy."""


class Valid(Answer):
    """Whether a paper is of the right age."""

    valid: bool


class RegisterCertificate(Question):
    """The day of the application, and when the certificate was issued."""

    application_date: Day
    issue_date: Day


def register_certificate_age(question: RegisterCertificate) -> Valid:
    """Judge the age of a building register certificate."""
    return Valid(valid=register.register_certificate_valid(question.application_date, question.issue_date))


class BranchPaper(Question):
    """The day of the visit to the branch, and when the paper was issued."""

    visit_date: Day
    issue_date: Day


def branch_paper_age(question: BranchPaper) -> Valid:
    """Judge the age of a paper for the identity check at the branch."""
    return Valid(valid=identity.branch_paper_in_time(question.visit_date, question.issue_date))


class IdentityPaper(Question):
    """An identity paper. A date that decides and is missing counts against the paper."""

    kind: IdentityKind
    applied_on: Day | None = None
    address_written: bool = False
    issued_on: Day | None = None


class Usable(Answer):
    """Whether a paper can be used."""

    usable: bool


def identity_paper(question: IdentityPaper) -> Usable:
    """Judge an identity paper for the application."""
    reasons = identity.identity_paper_reasons(
        Paper[question.kind],
        issued_on=question.issued_on,
        applied_on=question.applied_on,
        address_written=question.address_written,
    )
    return Usable(usable=not reasons)


class JobChange(Question):
    """The day of the application, and when the present employment began."""

    application_date: Day
    employment_start: Day


class JobChangeAnswer(Answer):
    """Whether a salary certificate or pay slips are needed."""

    paper_required: bool


def job_change_paper(question: JobChange) -> JobChangeAnswer:
    """Tell whether a change of job is recent enough to be proved."""
    needed = jobs.job_change_paper_required(question.application_date, question.employment_start)
    return JobChangeAnswer(paper_required=needed)


class ApplicationDay(Question):
    """The day of the application."""

    application_date: Day


class IncomeYear(Answer):
    """The first and the last day of the year whose income counts."""

    income_from: date
    income_to: date


def income_year(question: ApplicationDay) -> IncomeYear:
    """Tell which year's income counts."""
    first, last = income.income_year(question.application_date)
    return IncomeYear(income_from=first, income_to=last)


class ServiceDay(Question):
    """A day."""

    date: Day


class UnavailableDay(Answer):
    """Whether the income information retrieval service is closed for a part of that day."""

    unavailable_day: bool


def income_service_day(question: ServiceDay) -> UnavailableDay:
    """Tell whether a day is a third Saturday or Sunday."""
    return UnavailableDay(unavailable_day=income_service.is_third_weekend_day(question.date))


class WorksStart(Question):
    """When works start, the loan was approved, and the plan was confirmed; missing: not yet."""

    approval_date: Day | None = None
    plan_confirmation_date: Day | None = None
    start_date: Day


class Allowed(Answer):
    """Whether this is allowed."""

    allowed: bool


def works_start(question: WorksStart) -> Allowed:
    """Judge the day on which works start."""
    allowed = completion.works_may_start(question.approval_date, question.plan_confirmation_date, question.start_date)
    return Allowed(allowed=allowed)


class Completion(Question):
    """When works were completed that change the floor area."""

    completion_date: Day


class DueDay(Answer):
    """The last day."""

    due: date


def area_change_registration(question: Completion) -> DueDay:
    """Tell by when the changed floor area is registered."""
    return DueDay(due=completion.area_change_registration_due(question.completion_date))


class DocumentSet(Question):
    """What the set of papers depends on, as numbers of people and facts.

    `persons_with_job_change` counts main applicant and income combiner, `foreign_persons` everybody whose status is
    proved, the occupying relative included.
    """

    joint_debtors: PeopleCount = 0
    income_combined: bool = False
    relay: bool = False
    persons_with_job_change: PeopleCount = 0
    foreign_persons: PeopleCount = 0
    house_use: HouseUse
    same_sex_partner_constellation: bool = False
    works_contract_concluded: bool = False


class DocumentSetAnswer(Answer):
    """How many papers of each kind are uploaded with the application, and how many originals are shown later."""

    IDENTITY: int
    BUILDING_REGISTER: int
    INCOME_PROOF: int
    WORKS_PAPER: int
    CODEBTOR_INCOME_PROOF: int
    SALARY_CERTIFICATE_OR_PAYSLIPS: int
    FOREIGNER_PAPER: int
    RELATIVE_RESIDENCE_DECLARATION: int
    KINSHIP_PROOF: int
    SAME_SEX_PARTNER_PAPER: int
    originals_to_show: int


_SOME_DAY = date(2025, 6, 30)
"""The counts do not depend on the day: whoever changed the job did so on the day of the application."""


def document_set(question: DocumentSet) -> DocumentSetAnswer:
    """Count the papers due at application, everybody having salary only.

    Each group of papers is asked for those whom the question counts for it, so that the counts hold for any numbers.
    The income of one joint debtor is asked, who is combiner or successor or both.
    """
    applicant = Person("applicant", Position.MAIN_APPLICANT)
    debtors = [Person(f"joint_debtor_{number + 1}", Position.JOINT_DEBTOR) for number in range(question.joint_debtors)]
    supporter = Person(
        JOINT_DEBTORS[0],
        Position.JOINT_DEBTOR,
        income_combined=question.income_combined,
        relay_successor=question.relay,
    )
    changed = Person("applicant", Position.MAIN_APPLICANT, employment_start=_SOME_DAY)
    partners = [(Position.MAIN_APPLICANT, Position.JOINT_DEBTOR)] if question.same_sex_partner_constellation else []
    papers = [
        *identity.identity_requirements([applicant, *debtors]),
        register.register_requirement(),
        *income.income_requirements([applicant, supporter], _SOME_DAY, special_case_months=()),
        works.works_requirement(WorksContract.CONCLUDED if question.works_contract_concluded else WorksContract.OPEN),
        *jobs.job_change_requirements([changed] * question.persons_with_job_change, _SOME_DAY),
        *people.foreigner_requirements(
            [Person("applicant", Position.MAIN_APPLICANT, foreigner=True)] * question.foreign_persons
        ),
        *people.relative_requirements(question.house_use),
        *people.same_sex_partner_requirements(partners),
    ]
    counts = {name: required.counted(papers, Code[name]) for name in DocumentSetAnswer.model_fields if name.isupper()}
    return DocumentSetAnswer(**counts, originals_to_show=len(originals_to_show(papers, due=Due.APPLICATION)))


AREAS = [
    Area(
        "green_loan/register_certificate_age",
        ("GL-374", "GL-375"),
        RegisterCertificate,
        Valid,
        register_certificate_age,
    ),
    Area("green_loan/branch_paper_age", ("GL-490", "GL-491"), BranchPaper, Valid, branch_paper_age),
    Area("green_loan/identity_paper", ("GL-368", "GL-370"), IdentityPaper, Usable, identity_paper),
    Area("green_loan/job_change_paper", ("GL-404", "GL-405"), JobChange, JobChangeAnswer, job_change_paper),
    Area("green_loan/income_year", ("GL-280", "GL-628"), ApplicationDay, IncomeYear, income_year),
    Area("green_loan/income_service_day", ("GL-428", "GL-429"), ServiceDay, UnavailableDay, income_service_day),
    Area("green_loan/works_start", ("GL-458", "GL-459"), WorksStart, Allowed, works_start),
    Area(
        "green_loan/area_change_registration",
        ("GL-470", "GL-471"),
        Completion,
        DueDay,
        area_change_registration,
    ),
    Area(
        "green_loan/document_set",
        (
            *("GL-362", "GL-369", "GL-374", "GL-376", "GL-393", "GL-394"),
            *("GL-403", "GL-404", "GL-406", "GL-408", "GL-409"),
        ),
        DocumentSet,
        DocumentSetAnswer,
        document_set,
    ),
]
