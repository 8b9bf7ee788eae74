"""What can be asked of the rules of acceptance and contract."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from kit.areas import Answer, Area, Day, Moment, Question
from pydantic import AfterValidator, Field

from applications.programmes.green_loan.procedure import acceptance, contract, disbursement
from applications.programmes.green_loan.procedure.contract import IdentityState
from applications.programmes.green_loan.procedure.dates import Period

NotGiven = Literal["not_given"]


class AcceptanceQuestion(Question):
    """When each person (`applicant`, `codebtor`, ...) has given the consents (`not_given` or null: not yet); when the
    confirmation was pressed; and how many errors the check has found then."""

    consents: dict[str, Moment | NotGiven | None]
    confirm_pressed: Moment
    errors: Annotated[int, Field(ge=0)] = 0


class AcceptanceAnswer(Answer):
    """Whether the application is accepted by this, on which day, and the month (YYYY-MM) of its rates."""

    accepted: bool
    acceptance_date: date | None
    rate_month: str | None


class AcceptanceArea(Area):
    """An area in which null is a consent that is missing: elsewhere null is a missing field, and a joint debtor who has
    not consented would be taken for one who does not exist. There always is a main applicant."""

    def answer(self, question: object) -> Any:
        """The answer to a question, with consents that are null as `not_given`. Raises BadQuestion."""
        if isinstance(question, dict) and isinstance(question.get("consents"), dict):
            consents = {who: "not_given" if at is None else at for who, at in question["consents"].items()}
            question = {**question, "consents": {"applicant": "not_given", **consents}}
        return super().answer(question)


def accept(question: AcceptanceQuestion) -> AcceptanceAnswer:
    """Judge a confirmation."""
    people = [
        acceptance.Person(who, registered=True, consented_at=given, outline_confirmed_at=given)
        for who, at in question.consents.items()
        for given in [at if isinstance(at, datetime) else None]
    ]
    if acceptance.acceptance_findings(people, question.errors, question.confirm_pressed):
        return AcceptanceAnswer(accepted=False, acceptance_date=None, rate_month=None)
    accepted = acceptance.acceptance(question.confirm_pressed)
    return AcceptanceAnswer(accepted=True, acceptance_date=accepted.on, rate_month=accepted.rate_month)


class ContractDeadline(Question):
    """The application date, and the day of the contract."""

    application_date: Day
    contract_date: Day


class ContractDeadlineAnswer(Answer):
    """Until when the contract must be concluded, and whether it was."""

    deadline: date
    in_time: bool


def contract_deadline(question: ContractDeadline) -> ContractDeadlineAnswer:
    """Date the contract's deadline."""
    return ContractDeadlineAnswer(
        deadline=contract.contract_deadline(question.application_date),
        in_time=contract.in_time(question.application_date, question.contract_date),
    )


def _first_and_last(days: tuple[date, ...]) -> tuple[date, ...]:
    if len(days) not in (0, 2) or list(days) != sorted(days):
        raise ValueError("the first and the last day are needed, or no day")
    return days


class ContractGuard(Question):
    """Where an application stands when the contract is to be concluded.

    `period`: the first and the last day, nothing as long as none is announced. `identity` and `signed` are those of
    the main applicant and all joint debtors.
    """

    certificate_submitted: Day | None = None
    period: Annotated[tuple[Day, ...], AfterValidator(_first_and_last)] = ()
    today: Day
    identity: tuple[IdentityState, ...] = ()
    conditions_done: bool = False
    works_contract_copy_received: bool = False
    signed: tuple[bool, ...] = ()


class ContractGuardAnswer(Answer):
    """Whether the contract is concluded, and if not, what is to be settled first."""

    allowed: bool
    reason: str | None


def contract_guard(question: ContractGuard) -> ContractGuardAnswer:
    """Ask the guard of the contract."""
    findings = contract.contract_findings(
        period=Period(*question.period) if question.period else None,
        today=question.today,
        identity=question.identity,
        conditions_done=question.conditions_done,
        works_contract_copy_received=question.works_contract_copy_received,
        certificate_submitted=question.certificate_submitted,
        signed=question.signed,
    )
    return ContractGuardAnswer(allowed=not findings, reason=findings[0].code if findings else None)


class FundsEstimate(Question):
    """The day of the contract, and of the completion of the works."""

    contract_date: Day
    completion_date: Day


class FundsEstimateAnswer(Answer):
    """When the funds may be expected, which depends on the institution: from and to by the contract, about when by the
    completion.
    """

    earliest: date
    latest: date
    about: date


def funds_estimate(question: FundsEstimate) -> FundsEstimateAnswer:
    """Estimate when the funds arrive."""
    found = disbursement.estimate(question.contract_date, question.completion_date)
    return FundsEstimateAnswer(earliest=found.earliest, latest=found.latest, about=found.about)


AREAS = [
    AcceptanceArea(
        "green_loan/acceptance", ("GL-255", "GL-256", "GL-257", "GL-258"), AcceptanceQuestion, AcceptanceAnswer, accept
    ),
    Area(
        "green_loan/contract_deadline",
        ("GL-493", "GL-494"),
        ContractDeadline,
        ContractDeadlineAnswer,
        contract_deadline,
    ),
    Area("green_loan/funds_estimate", ("GL-098",), FundsEstimate, FundsEstimateAnswer, funds_estimate),
    Area(
        "green_loan/contract_guard",
        ("GL-101", "GL-397", "GL-485", "GL-487", "GL-495"),
        ContractGuard,
        ContractGuardAnswer,
        contract_guard,
    ),
]
