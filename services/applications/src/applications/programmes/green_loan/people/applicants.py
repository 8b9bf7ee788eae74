"""All applicants of an application (GL-014 to GL-019), the main applicant's conditions, and anti-social forces."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from kit.errors import Finding

from applications.programmes.green_loan.people.residence import residence_findings

MAX_JOINT_DEBTORS = 3
"""GL-044: with four or more the Web service cannot be used."""


class Role(StrEnum):
    """What somebody is in an application; one person may be several (GL-014, GL-015, GL-017 to GL-019)."""

    MAIN_APPLICANT = "MAIN_APPLICANT"
    JOINT_DEBTOR = "JOINT_DEBTOR"
    INCOME_COMBINER = "INCOME_COMBINER"
    SUCCESSOR = "SUCCESSOR"
    OCCUPYING_RELATIVE = "OCCUPYING_RELATIVE"


ROLE_NAMES = {
    Role.MAIN_APPLICANT: "申込本人",
    Role.JOINT_DEBTOR: "連帯債務者",
    Role.INCOME_COMBINER: "収入合算者",
    Role.SUCCESSOR: "後継者",
    Role.OCCUPYING_RELATIVE: "融資住宅に入居する親族",
}
JOINTLY_LIABLE = frozenset({Role.JOINT_DEBTOR, Role.INCOME_COMBINER, Role.SUCCESSOR})
"""Who combines an income or succeeds is a joint debtor (GL-017, GL-018)."""


def joint_debtors(people: Mapping[str, Collection[Role]]) -> list[str]:
    """GL-015, GL-017, GL-018: the ids of the people who are liable besides the main applicant."""
    return [
        person
        for person, roles in people.items()
        if JOINTLY_LIABLE.intersection(roles) and Role.MAIN_APPLICANT not in roles
    ]


def all_applicants(people: Mapping[str, Collection[Role]]) -> list[str]:
    """GL-016: お申込人全員, by the ids of `people`: the main applicant, then every joint debtor.

    Consents, checks of identity and signatures are needed of each. A relative who only lives there is none of them.
    """
    return [person for person, roles in people.items() if Role.MAIN_APPLICANT in roles] + joint_debtors(people)


def people_findings(people: Mapping[str, Collection[Role]], field: str) -> list[Finding]:
    """GL-014, GL-018, GL-044: one main applicant, at most three joint debtors, one successor; nobody is both."""
    findings = []
    holders = {role: [person for person, roles in people.items() if role in roles] for role in Role}
    if len(holders[Role.MAIN_APPLICANT]) != 1:
        findings.append(Finding("GL-014", "MAIN_APPLICANT", "申込本人を1名登録してください。", field))
    if any(Role.MAIN_APPLICANT in roles and JOINTLY_LIABLE.intersection(roles) for roles in people.values()):
        message = "申込本人は、連帯債務者、収入合算者、後継者を兼ねることができません。別の方を登録してください。"
        findings.append(Finding("GL-015", "BOTH", message, field))
    if len(joint_debtors(people)) > MAX_JOINT_DEBTORS:
        message = (
            "連帯債務者が4名以上いる場合は、Web申込サービスをご利用いただけません。"
            "お客さまコールセンターへご相談ください。"
        )
        findings.append(Finding("GL-044", "TOO_MANY_JOINT_DEBTORS", message, field))
    if len(holders[Role.SUCCESSOR]) > 1:
        findings.append(Finding("GL-018", "SUCCESSORS", "後継者は1名を登録してください。", field))
    return findings


def joint_debtors_findings(status_by_field: Mapping[str, str]) -> list[Finding]:
    """GL-115, GL-336: the status of residence of each joint debtor, by the field where it is entered."""
    return [
        finding
        for field, status in status_by_field.items()
        for finding in residence_findings("joint_debtor", status, field)
    ]


@dataclass(frozen=True)
class AntiSocialCheck:
    """The result of one check of one applicant, for officers only.

    interpretation (GL-121): the main applicant and every joint debtor are checked, and the day is kept.
    """

    person: str
    is_hit: bool
    checked_on: date


class Stage(StrEnum):
    """How far an application has come when a check tells something."""

    UNDER_REVIEW = "UNDER_REVIEW"
    AFTER_DECISION = "AFTER_DECISION"
    AFTER_DISBURSEMENT = "AFTER_DISBURSEMENT"


class Consequence(StrEnum):
    """What follows when an applicant turns out to be an anti-social force."""

    REFUSE = "REFUSE"
    STOP = "STOP"
    DUE_IN_ONE_SUM = "DUE_IN_ONE_SUM"


CONSEQUENCES = {
    Stage.UNDER_REVIEW: Consequence.REFUSE,  # GL-118
    Stage.AFTER_DECISION: Consequence.STOP,  # GL-119
    Stage.AFTER_DISBURSEMENT: Consequence.DUE_IN_ONE_SUM,  # GL-120
}


def anti_social_consequence(checks: Sequence[AntiSocialCheck], stage: Stage) -> Consequence | None:
    """GL-118 to GL-120: what one hit among the checks means at this stage; None without a hit."""
    return CONSEQUENCES[stage] if any(check.is_hit for check in checks) else None


def unchecked(people: Mapping[str, Collection[Role]], checks: Sequence[AntiSocialCheck]) -> list[str]:
    """GL-121: of all applicants those whom nobody has checked yet."""
    checked = {check.person for check in checks}
    return [person for person in all_applicants(people) if person not in checked]
