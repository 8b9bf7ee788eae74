"""What can be asked about the term, the payments, and the bonus part."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from kit.areas import Answer, Area, Day, Question
from pydantic import Field

from applications.programmes.green_loan.areas.money_limit import Yen
from applications.programmes.green_loan.money import methods, repayment, term
from applications.programmes.green_loan.money.rounding import MAN_YEN

LoanYen = Annotated[int, Field(gt=0)]
Years = Annotated[int, Field(ge=1, le=50)]
Percent = Annotated[Decimal, Field(ge=0, le=100, decimal_places=6)]


class MaxTerm(Question):
    """Who borrows, whose income is added, and who succeeds."""

    applicant_birth: Day
    application_date: Day
    combiner_birth: Day | None = None
    combiner_income: Yen | None = None
    combined_amount: Yen | None = None
    relay_successor_birth: Day | None = None

    def combined(self) -> term.Combined | None:
        """The income that is added, if any. Raises ValueError where it is not known whose it is, or how much it is."""
        if not self.combined_amount:
            return None
        if self.combiner_birth is None or self.combiner_income is None:
            raise ValueError("combiner_birth and combiner_income are needed with combined_amount")
        return term.Combined(self.combiner_birth, self.combiner_income, self.combined_amount)


class MaxTermAnswer(Answer):
    """The age that decides, rounded up, and the longest term."""

    age_used_rounded_up: int
    max_term_years: int


def max_term(question: MaxTerm) -> MaxTermAnswer:
    """Calculate the longest term."""
    found = term.longest_term(
        question.applicant_birth, question.application_date, question.combined(), question.relay_successor_birth
    )
    return MaxTermAnswer(age_used_rounded_up=found.age, max_term_years=found.years)


class Leaflet(Question):
    """The loan in 10,000 yen, and the leaflet's monthly repayment per 1,000,000 yen."""

    amount_man_yen: LoanYen
    repayment_per_million: Yen


class MonthlyPayment(Answer):
    """The monthly payment."""

    monthly_payment: int


def level_payment_leaflet(question: Leaflet) -> MonthlyPayment:
    """Calculate the guide's level payment."""
    amount = MAN_YEN * question.amount_man_yen
    return MonthlyPayment(monthly_payment=repayment.guide_payment(amount, question.repayment_per_million))


class Terms(Question):
    """Amount, rate and term."""

    amount: LoanYen
    annual_rate_percent: Percent
    years: Years


class ExactPayment(Answer):
    """The derived value per 1,000,000 yen, the payment by it, and the exact annuity."""

    per_million_derived: int
    payment_leaflet_method: int
    payment_exact: int


def level_payment_exact(question: Terms) -> ExactPayment:
    """Calculate the level payment both ways, without a leaflet."""
    derived = repayment.per_million(question.annual_rate_percent, question.years, {})
    return ExactPayment(
        per_million_derived=derived.yen,
        payment_leaflet_method=repayment.guide_payment(question.amount, derived.yen),
        payment_exact=repayment.monthly_payment(question.amount, question.annual_rate_percent, question.years),
    )


class FirstPayment(Answer):
    """Principal part, interest part, and both."""

    principal: int
    interest: int
    first: int


def level_principal_first(question: Terms) -> FirstPayment:
    """Calculate the first payment with level principal."""
    found = repayment.level_principal_first(question.amount, question.annual_rate_percent, question.years)
    return FirstPayment(principal=found.principal, interest=found.interest, first=found.total)


class Amount(Question):
    """The loan."""

    amount: Yen


class BonusShare(Answer):
    """The largest bonus part."""

    max_bonus_part: int


def bonus_share_max(question: Amount) -> BonusShare:
    """Calculate the largest bonus part."""
    return BonusShare(max_bonus_part=methods.max_bonus_part(question.amount))


class BonusCheck(Question):
    """The loan and the bonus part that is wished."""

    amount: Yen
    bonus_part: int = 0


class BonusCheckAnswer(Answer):
    """Whether it is accepted, and the most that would be."""

    accepted: bool
    max_bonus_part: int


def bonus_share_check(question: BonusCheck) -> BonusCheckAnswer:
    """Judge a bonus part."""
    findings = methods.bonus_findings(question.amount, question.bonus_part, "bonus_part")
    return BonusCheckAnswer(accepted=not findings, max_bonus_part=methods.max_bonus_part(question.amount))


_TERM = tuple(f"GL-{number}" for number in range(236, 243))
_PRINCIPAL = ("GL-268", "GL-269", "GL-270", "GL-271")

AREAS = [
    Area("green_loan/max_term", _TERM, MaxTerm, MaxTermAnswer, max_term),
    Area("green_loan/level_payment_leaflet", ("GL-264",), Leaflet, MonthlyPayment, level_payment_leaflet),
    Area("green_loan/level_payment_exact", ("GL-264", "GL-266", "GL-267"), Terms, ExactPayment, level_payment_exact),
    Area("green_loan/level_principal_first", _PRINCIPAL, Terms, FirstPayment, level_principal_first),
    Area("green_loan/bonus_share_max", ("GL-246", "GL-247"), Amount, BonusShare, bonus_share_max),
    Area("green_loan/bonus_share_check", ("GL-246", "GL-247"), BonusCheck, BonusCheckAnswer, bonus_share_check),
]
