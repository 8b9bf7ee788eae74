"""The papers of one application: computed by rules, and explained (GL-103, GL-348, GL-362, GL-366)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from applications.programmes.green_loan.papers import (
    completion,
    conformity,
    identity,
    income,
    jobs,
    people,
    register,
    works,
)
from applications.programmes.green_loan.papers.facts import (
    JOINT_DEBTORS,
    MAIN_APPLICANT,
    MOST_PENSIONS,
    OCCUPANT,
    WHO_LABELS,
    Application,
    Income,
    Person,
    Position,
    WorksContract,
)
from applications.programmes.green_loan.papers.kinds import Paper, name_of
from applications.programmes.green_loan.papers.requirement import APPLICATION, Code, Due, HandTo, Requirement, slot_of
from applications.programmes.green_loan.works.house import HouseUse


def required_papers(application: Application) -> list[Requirement]:
    """All papers that this application needs, from the application to the pay-out, in the order of the guide.

    What the inspection body wants is handed in there and not here (GL-457). Whether the works need a building
    confirmation is told with the report of completion only, so until then its paper is listed as conditional (GL-467).
    """
    persons = _persons(application)
    return [
        *identity.identity_requirements(persons),
        register.register_requirement(),
        *income.income_requirements(persons, application.acceptance_date, application.special_case_months),
        works.works_requirement(application.works_contract),
        *jobs.job_change_requirements(persons, application.acceptance_date),
        *people.foreigner_requirements(persons),
        *people.relative_requirements(application.house_use),
        *people.same_sex_partner_requirements(application.same_sex_partners),
        *health_certificate_requirements(application.health_certificates),
        *(conformity.dossier(application.menu, application.planned) if application.menu else ()),
        *completion.report_requirements(
            building_confirmation=True, same_body=False, object_name=application.object_name
        ),
        *completion.institution_requirements(
            application.works_contract, breakdown_in_contract=application.breakdown_in_contract
        ),
        *([completion.changed_works_requirement()] if application.works_changed else []),
    ]


def _persons(application: Application) -> Sequence[Person]:
    """Those whose papers are asked: an occupying relative plays no part in an OWN or SECOND house (GL-406)."""
    relative = application.house_use is HouseUse.RELATIVE
    return [one for one in application.persons if relative or one.position is not Position.OCCUPYING_RELATIVE]


def health_certificate_requirements(keys: Iterable[str]) -> list[Requirement]:
    """GL-401: the health check for the 3-disease danshin, uploaded in the danshin Web service and not here."""
    return [
        Requirement(
            code=Code.DANSHIN_HEALTH_CERTIFICATE,
            who=key,
            accepted=((Paper.HEALTH_CERTIFICATE,),),
            due=Due.DANSHIN,
            why="新3大疾病付機構団信に加入され、借入金額等が5,000万円を超えるため必要です。"
            "団信Web申込サービスでアップロードしてください。",
            rules=("GL-401",),
            hand_to=HandTo.DANSHIN_SERVICE,
            conditional=True,
        )
        for key in keys
    ]


def counted(requirements: Iterable[Requirement], code: Code) -> int:
    """How many papers of a code are required."""
    return sum(one.copies for one in requirements if one.code is code)


def all_slots() -> dict[str, str]:
    """Every slot that any application may need, with its label: the places for files that the programme declares.

    Which of them this application needs is told by `required_papers`.
    """
    borrowers = {key: _papers_of_borrower() for key in (MAIN_APPLICANT, *JOINT_DEBTORS)}
    papers = {**borrowers, OCCUPANT: [(paper, 1) for paper in _PAPERS_OF_OCCUPANT], APPLICATION: _papers_of_house()}
    return {
        slot_of(who, paper, number): _slot_label(who, paper, number)
        for who, found in papers.items()
        for paper, number in found
    }


_PAPERS_OF_OCCUPANT = (*people.FOREIGNER_PAPERS, Paper.FAMILY_REGISTER)
_PENSION_PAPERS = (Paper.PENSION_WITHHOLDING, Paper.PENSION_STATEMENT)


def _papers_of_borrower() -> list[tuple[Paper, int]]:
    samples = [Person(MAIN_APPLICANT, Position.MAIN_APPLICANT, incomes=frozenset({kind})) for kind in Income]
    proofs = [paper for sample in samples for way in income.proof_ways(sample) for paper in way]
    stand_ins = [paper for sample in samples for paper in income.stand_in_papers(sample)]
    jobs_papers = (Paper.SALARY_CERTIFICATE, Paper.PAY_SLIPS)
    once = dict.fromkeys([*identity.IDENTITY_PAPERS, *proofs, *stand_ins, *jobs_papers, *people.FOREIGNER_PAPERS])
    pensions = [(paper, number) for number in range(1, MOST_PENSIONS + 1) for paper in _PENSION_PAPERS]
    return [*((paper, 1) for paper in once if paper not in _PENSION_PAPERS), *pensions]


def _papers_of_house() -> list[tuple[Paper, int]]:
    found = [
        register.register_requirement(),
        *(works.works_requirement(contract) for contract in WorksContract),
        people.relative_requirements(HouseUse.RELATIVE)[0],
        *people.same_sex_partner_requirements([(Position.MAIN_APPLICANT, Position.JOINT_DEBTOR)]),
    ]
    return [(paper, 1) for one in found for way in one.accepted for paper in way]


def _slot_label(who: str, paper: Paper, number: int) -> str:
    several = f"({number}種類目)" if number > 1 else ""
    return f"{WHO_LABELS[who]} {name_of(paper)}{several}"
