"""What can be asked of the rules of danshin."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from kit.areas import Answer, Area, Day, Question
from pydantic import Field

from applications.programmes.green_loan.danshin import amounts, cover, invitation, join, waiting
from applications.programmes.green_loan.danshin.join import Relationship
from applications.programmes.green_loan.danshin.kinds import Product
from applications.programmes.green_loan.people.age import full_years

Yen = Annotated[int, Field(ge=0)]


def _is_none(value: object) -> bool:
    return value is None


class JoinAge(Question):
    """Who wants to join what. `declaration_date` is the day on which the declaration is filled in."""

    birth: Day
    declaration_date: Day
    kind: Product
    ever_cancer: bool = False


class JoinAgeAnswer(Answer):
    """The age in full years, and whether the person's own conditions are met (the insurer's consent is not asked)."""

    age: int
    age_condition_met: bool


def join_age(question: JoinAge) -> JoinAgeAnswer:
    """Judge whether somebody can join."""
    birth, on = question.birth, question.declaration_date
    met = join.own_condition_met(question.kind, birth, on, ever_cancer=question.ever_cancer)
    return JoinAgeAnswer(age=full_years(birth, on), age_condition_met=met)


class Duet(Question):
    """Two people who want to join together."""

    birth_1: Day
    birth_2: Day
    declaration_date: Day
    relationship: Relationship
    kind: Product
    both_joint_debtors: bool = False


class DuetAnswer(Answer):
    """Whether they can."""

    duet_possible: bool


def duet(question: Duet) -> DuetAnswer:
    """Judge whether Duet is possible."""
    possible = join.duet_possible(
        question.kind,
        (question.birth_1, question.birth_2),
        question.declaration_date,
        question.relationship,
        joint_debtors=question.both_joint_debtors,
    )
    return DuetAnswer(duet_possible=possible)


class Cap(Question):
    """The amount of this loan, and what is insured or applied for besides; in yen."""

    this_loan: Yen
    insured_balances: Yen = 0
    simultaneous: Yen = 0


class CapAnswer(Answer):
    """The sum in yen, and whether one may join with it."""

    total: int
    join_possible: bool


def cap(question: Cap) -> CapAnswer:
    """Compare the sum of the insured amounts with its limit."""
    total = amounts.insured_total(question.this_loan, question.insured_balances, question.simultaneous)
    return CapAnswer(total=total, join_possible=amounts.insurable(total))


class HealthCertificate(Question):
    """The amount of this loan, and what is or will be insured in SANDAI besides; in yen."""

    kind: Product
    this_loan: Yen
    sandai_balances: Yen = 0
    simultaneous_sandai: Yen = 0


class HealthCertificateAnswer(Answer):
    """The sum in yen, and whether the health check certificate is needed."""

    total: int
    certificate_required: bool


def health_certificate(question: HealthCertificate) -> HealthCertificateAnswer:
    """Tell whether the health check certificate is needed."""
    total = amounts.sandai_total(question.this_loan, question.sandai_balances, question.simultaneous_sandai)
    return HealthCertificateAnswer(total=total, certificate_required=amounts.certificate_required(question.kind, total))


class CoverEnd(Question):
    """Who has joined what."""

    birth: Day
    kind: Product


class CoverEndAnswer(Answer):
    """The last day of all cover; for SANDAI only, the last day of the special cover, and from when SHIN's follows."""

    full_cover_end: date
    special_cover_end: date | None = Field(exclude_if=_is_none)
    shin_cover_from: date | None = Field(exclude_if=_is_none)


def cover_end(question: CoverEnd) -> CoverEndAnswer:
    """Date the end of the cover by age."""
    special = question.kind == "SANDAI"
    return CoverEndAnswer(
        full_cover_end=cover.cover_end_by_age("SHIN", question.birth),
        special_cover_end=cover.cover_end_by_age("SANDAI", question.birth) if special else None,
        shin_cover_from=cover.shin_from(question.birth) if special else None,
    )


class CancerWaiting(Question):
    """The start of the cover, and the day of the diagnosis."""

    cover_start: Day
    diagnosis_date: Day


class CancerWaitingAnswer(Answer):
    """From when a diagnosis is covered, and whether this one is as far as its day matters."""

    first_covered_date: date
    covered: bool


def cancer_waiting(question: CancerWaiting) -> CancerWaitingAnswer:
    """Judge the day of a diagnosis."""
    return CancerWaitingAnswer(
        first_covered_date=waiting.first_cancer_cover(question.cover_start),
        covered=waiting.cancer_covered(question.cover_start, question.diagnosis_date),
    )


class Duration(Question):
    """The first day, which counts, and how many days a state must last."""

    first_day: Day
    days_required: Annotated[int, Field(ge=1)]


class DurationAnswer(Answer):
    """The day on which it has lasted so long."""

    reached_on: date


def duration(question: Duration) -> DurationAnswer:
    """Count the days of a state."""
    return DurationAnswer(reached_on=waiting.reached_on(question.first_day, question.days_required))


class MailDue(Question):
    """The application date, and the national holidays; without them, those of Japan as they are known."""

    application_date: Day
    holidays: list[Day] | None = None


class MailDueAnswer(Answer):
    """Until when the mail of the danshin Web service is due."""

    due: date


def mail_due(question: MailDue) -> MailDueAnswer:
    """Date the mail of the danshin Web service."""
    holidays = None if question.holidays is None else frozenset(question.holidays)
    return MailDueAnswer(due=invitation.invitation_due(question.application_date, holidays))


AREAS = [
    Area("green_loan/danshin_join_age", ("GL-531", "GL-532", "GL-534"), JoinAge, JoinAgeAnswer, join_age),
    Area("green_loan/danshin_duet", ("GL-520", "GL-521", "GL-522", "GL-533"), Duet, DuetAnswer, duet),
    Area("green_loan/danshin_cap", ("GL-539", "GL-540"), Cap, CapAnswer, cap),
    Area(
        "green_loan/danshin_health_certificate",
        ("GL-535", "GL-536", "GL-538"),
        HealthCertificate,
        HealthCertificateAnswer,
        health_certificate,
    ),
    Area("green_loan/danshin_cover_end", ("GL-518", "GL-519", "GL-547"), CoverEnd, CoverEndAnswer, cover_end),
    Area(
        "green_loan/danshin_cancer_waiting",
        ("GL-560", "GL-561"),
        CancerWaiting,
        CancerWaitingAnswer,
        cancer_waiting,
    ),
    Area("green_loan/danshin_duration", ("GL-562", "GL-564"), Duration, DurationAnswer, duration),
    Area("green_loan/danshin_mail_due", ("GL-400", "GL-402", "GL-526"), MailDue, MailDueAnswer, mail_due),
]
