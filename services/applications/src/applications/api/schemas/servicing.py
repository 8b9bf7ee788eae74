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
    """An instalment in arrears, and the late charge until the day of the view."""

    due_on: date
    overdue_yen: int
    days: int
    charge_yen: int


class RepaymentBody(Body):
    """A loan as it stands at the end of a day."""

    balance_yen: int
    rate_percent: Decimal | None = Field(examples=["1.60"])
    method: str | None = Field(examples=["level_payment"])
    past: list[InstalmentBody]
    coming: list[InstalmentBody]
    prepaid: list[PrepaidBody]
    late: list[LateBody]
    acceleration_ground: bool = Field(
        description="six instalments in arrears: a task for the office, nothing automatic"
    )

    @classmethod
    def of(cls, found: Standing) -> RepaymentBody:
        """The loan."""
        return cls(
            balance_yen=found.balance_yen,
            rate_percent=found.loan.annual_rate_percent if found.loan else None,
            method=found.loan.method.value if found.loan else None,
            past=[InstalmentBody.model_validate(one) for one in found.past],
            coming=[InstalmentBody.model_validate(one) for one in found.coming],
            prepaid=[PrepaidBody.model_validate(one) for one in found.prepaid],
            late=[LateBody.model_validate(one) for one in found.late],
            acceleration_ground=found.acceleration_ground,
        )
