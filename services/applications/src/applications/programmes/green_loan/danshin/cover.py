"""When the cover starts, what it covers then, and when it ends (GL-518, GL-519, GL-544 to GL-556)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from kit.japan.months import add_years, last_day

from applications.programmes.green_loan.danshin.kinds import Product

COVER_UNTIL_AGE: Final[Mapping[Product, int]] = {"SHIN": 80, "SANDAI": 75}
"""GL-518, GL-519: until the end of the month of this birthday."""


class EndReason(StrEnum):
    """Why a cover ends, in the order of the rules GL-545 to GL-556."""

    DEATH = "DEATH"
    BENEFIT_PAID = "BENEFIT_PAID"
    AGE = "AGE"
    DEBT_ENDED = "DEBT_ENDED"
    FINAL_REPAYMENT = "FINAL_REPAYMENT"
    BENEFIT_OF_TIME_LOST = "BENEFIT_OF_TIME_LOST"
    FALSE_DECLARATION = "FALSE_DECLARATION"
    FRAUD = "FRAUD"
    PARTNER_PAID = "PARTNER_PAID"
    GRAVE_REASON = "GRAVE_REASON"
    EQUAL_GRAVE_REASON = "EQUAL_GRAVE_REASON"
    ANTI_SOCIAL_CLAUSE = "ANTI_SOCIAL_CLAUSE"


@dataclass(frozen=True)
class Stage:
    """What is covered from `first` to `last`, both included."""

    product: Product
    first: date
    last: date


@dataclass(frozen=True)
class End:
    """The last day of a cover, and why it ends."""

    on: date
    reason: EndReason


def cover_start(funds_received: Collection[date]) -> date:
    """GL-544: the day the funds are received, the last one if in parts. Raises ValueError if there is none."""
    if not funds_received:
        raise ValueError("a cover starts with the receipt of funds")
    return max(funds_received)


def cover_end_by_age(product: Product, birth: date) -> date:
    """GL-518, GL-519: the last day of the month of the birthday up to which a product covers.

    Who is born on 29 February has the birthday in February in every year.
    """
    birthday = add_years(birth, COVER_UNTIL_AGE[product])
    return last_day(birthday.year, birthday.month)


def shin_from(birth: date) -> date:
    """GL-519, GL-547: from when somebody who joined SANDAI has the cover of SHIN."""
    return cover_end_by_age("SANDAI", birth) + timedelta(days=1)


def stages(product: Product, birth: date, start: date, final_repayment: date) -> list[Stage]:
    """What is covered when, if nothing happens (GL-544, GL-547, GL-549): SANDAI becomes SHIN, SHIN ends at 80.

    Nothing is covered before `start` or after `final_repayment`; empty if the age is over at the start already.
    """
    end = min(cover_end_by_age("SHIN", birth), final_repayment)
    planned = [Stage("SHIN", start, end)]
    if product == "SANDAI":
        special_end = min(cover_end_by_age("SANDAI", birth), final_repayment)
        planned = [Stage("SANDAI", start, special_end), Stage("SHIN", max(start, shin_from(birth)), end)]
    return [stage for stage in planned if stage.first <= stage.last]


def duet_ends(births: tuple[date, date]) -> tuple[date, date]:
    """GL-547: until when both of a Duet are covered by age, and until when the younger one continues alone."""
    first, last = sorted(cover_end_by_age("SHIN", birth) for birth in births)
    return first, last


def cover_end(births: Collection[date], final_repayment: date, happened: Mapping[EndReason, date]) -> End:
    """GL-545 to GL-556: the earliest of the planned ends and of what happened; on one day, the first of the rules.

    `births` are those of who is insured: with two (Duet) the cover ends by age with the younger one.
    """
    planned = {
        EndReason.AGE: max(cover_end_by_age("SHIN", birth) for birth in births),
        EndReason.FINAL_REPAYMENT: final_repayment,
    }
    ends = {**happened, **planned}
    reason = min(EndReason, key=lambda one: ends.get(one, date.max))
    return End(ends[reason], reason)
