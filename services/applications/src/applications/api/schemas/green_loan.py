"""Bodies about loans that are repaid. Yen, and percent a year."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from pydantic import Field

from applications.api.schemas.common import Body
from applications.programmes.green_loan.servicing import Standing


class InstalmentBody(Body):
    """What is due on a day: `payment` is what is debited, `balance` the principal that is left after it."""

    number: int
    due_on: date
    payment: int
    principal: int
    interest: int
    bonus_principal: int
    bonus_interest: int
    balance: int


class PrepaidBody(Body):
    """Something that was repaid early."""

    on: date
    amount_yen: int
    interest_yen: int


class LateBody(Body):
    """An instalment that was not paid in time, and the late charge until it was paid, or until the day of the view."""

    due_on: date
    overdue_yen: int
    days: int
    charge_yen: int
    paid_on: date | None


class EndedBody(Body):
    """How the debt ended, and the principal that was paid by that."""

    on: date
    reason: str = Field(examples=["INSURANCE"])
    principal_yen: int


class RepaymentBody(Body):
    """A loan as it stands at the end of a day."""

    balance_yen: int
    owed_yen: int = Field(description="the balance, and the principal of the instalments in arrears")
    rate_percent: Decimal | None = Field(examples=["1.60"])
    method: str | None = Field(examples=["level_payment"])
    past: list[InstalmentBody]
    coming: list[InstalmentBody]
    prepaid: list[PrepaidBody]
    late: list[LateBody]
    settled: list[LateBody] = Field(description="instalments that were in arrears, and are paid")
    called_on: date | None = Field(description="when the whole balance was called; nothing is due by instalments then")
    ended: EndedBody | None
    acceleration_ground: bool = Field(
        description="six instalments in arrears: a task for the office, nothing automatic"
    )

    @classmethod
    def of(cls, found: Standing) -> RepaymentBody:
        """The loan."""
        return cls(
            balance_yen=found.balance_yen,
            owed_yen=found.owed_yen,
            rate_percent=found.loan.annual_rate_percent if found.loan else None,
            method=found.loan.method.value if found.loan else None,
            past=[InstalmentBody.model_validate(one) for one in found.past],
            coming=[InstalmentBody.model_validate(one) for one in found.coming],
            prepaid=[PrepaidBody.model_validate(one) for one in found.prepaid],
            late=[LateBody.model_validate(one) for one in found.late],
            settled=[LateBody.model_validate(one) for one in found.settled],
            called_on=found.called_on,
            ended=EndedBody.model_validate(found.ended) if found.ended else None,
            acceleration_ground=found.acceleration_ground,
        )
