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


class CoverPlan(Question):
    """Who is insured (two with Duet) in what, when the funds were received (each part), when the last instalment is
    due, and what has happened since, with its day.
    """

    kind: Product
    births: Annotated[tuple[Day, ...], Field(min_length=1, max_length=2)]
    funds_received: Annotated[tuple[Day, ...], Field(min_length=1, max_length=10)]
    final_repayment: Day
    happened: dict[cover.EndReason, Day | None] = Field(default_factory=dict)


class CoverStage(Answer):
    """What is covered from when to when, if nothing happens."""

    product: Product
    first: date
    last: date


class CoverPlanAnswer(Answer):
    """When the cover starts, what it covers for each person, when and why it ends, and until when suicide is not paid.

    `alone_after`: with Duet, the day after which the younger one is insured alone.
    """

    start: date
    stages: list[list[CoverStage]]
    end: date
    reason: cover.EndReason
    alone_after: date | None = Field(exclude_if=_is_none)
    suicide_excluded_until: date


def cover_plan(question: CoverPlan) -> CoverPlanAnswer:
    """Date a cover from its start to its end."""
    births, start = question.births, cover.cover_start(question.funds_received)
    happened = {reason: day for reason, day in question.happened.items() if day is not None}
    end = cover.cover_end(births, question.final_repayment, happened)
    planned = [cover.stages(question.kind, birth, start, question.final_repayment) for birth in births]
    return CoverPlanAnswer(
        start=start,
        stages=[[CoverStage(product=one.product, first=one.first, last=one.last) for one in each] for each in planned],
        end=end.on,
        reason=end.reason,
        alone_after=cover.duet_ends((births[0], births[1]))[0] if len(births) == 2 else None,
        suicide_excluded_until=waiting.suicide_exclusion_end(start),
    )


class AfterCoverEnd(Question):
    """What was joined originally by whom the cover ends for at 80, and the joint debtor who might follow."""

    original: Product
    birth: Day
    declaration_date: Day


class AfterCoverEndAnswer(Answer):
    """What the joint debtor may apply for; the insurer may refuse, and the rate stays the same."""

    offered: tuple[Product, ...]


def after_cover_end(question: AfterCoverEnd) -> AfterCoverEndAnswer:
    """Tell what a joint debtor may join when a cover ends."""
    return AfterCoverEndAnswer(
        offered=join.products_after_cover_end(question.original, question.birth, question.declaration_date)
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
        "green_loan/danshin_cover_plan",
        (
            *("GL-519", "GL-544", "GL-545", "GL-546", "GL-547", "GL-548", "GL-549", "GL-550", "GL-551", "GL-552"),
            *("GL-553", "GL-554", "GL-555", "GL-556", "GL-565", "GL-566"),
        ),
        CoverPlan,
        CoverPlanAnswer,
        cover_plan,
    ),
    Area("green_loan/danshin_after_cover_end", ("GL-541",), AfterCoverEnd, AfterCoverEndAnswer, after_cover_end),
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
