"""Late payment, and when the whole loan falls due (GL-576 to GL-588)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from applications.programmes.green_loan.works.house import HouseUse

LATE_CHARGE_PER_MILLE = 145  # 14.5 % a year (GL-577)
DAYS_OF_A_YEAR = 365  # also in leap years (GL-578)
UNPAID_INSTALMENTS = 6


@dataclass(frozen=True)
class LateCharge:
    """For how many days an instalment was late, and what that costs in yen."""

    days: int
    yen: int


def late_charge(overdue_yen: int, due_on: date, paid_on: date) -> LateCharge:
    """The late charge of one instalment in arrears, principal and interest (GL-577), cut to whole yen.

    interpretation (GL-578): the days are those after the due date, the day of payment included; the guide does not
    name the base, which is what the caller passes.
    """
    days = max(0, (paid_on - due_on).days)
    return LateCharge(days, overdue_yen * LATE_CHARGE_PER_MILLE * days // (1000 * DAYS_OF_A_YEAR))


def is_arrears_ground(consecutive_unpaid_instalments: int) -> bool:
    """GL-580. interpretation (GL-581): six monthly instalments in a row that are not, or not fully, paid."""
    return consecutive_unpaid_instalments >= UNPAID_INSTALMENTS


class Ground(StrEnum):
    """Why the balance can fall due in one sum (GL-579). Each raises a task for the agency; nothing is automatic."""

    ARREARS = "arrears"
    NOT_LIVED_IN = "not_lived_in"
    OTHER_PURPOSE = "other_purpose"
    ALTERED = "altered"
    TWO_LOANS = "two_loans"
    FALSE_APPLICATION = "false_application"
    ANTI_SOCIAL_FORCE = "anti_social_force"
    UNTRUE_WORKS_CONTRACT = "untrue_works_contract"


GROUND_RULES = {
    Ground.ARREARS: "GL-580",
    Ground.NOT_LIVED_IN: "GL-582",
    Ground.OTHER_PURPOSE: "GL-583",
    Ground.ALTERED: "GL-584",
    Ground.TWO_LOANS: "GL-585",
    Ground.FALSE_APPLICATION: "GL-586",
    Ground.ANTI_SOCIAL_FORCE: "GL-587",
    Ground.UNTRUE_WORKS_CONTRACT: "GL-352",
}
GROUND_LABELS = {
    Ground.ARREARS: "6か月以上の延滞",
    Ground.NOT_LIVED_IN: "承認なく居住していない、または貸与・譲渡",
    Ground.OTHER_PURPOSE: "承認なく住宅以外の用途に使用",
    Ground.ALTERED: "承認なく一部を変更するなど、機構を害する行為",
    Ground.TWO_LOANS: "機構融資の重複",
    Ground.FALSE_APPLICATION: "虚偽または不正な申込み",
    Ground.ANTI_SOCIAL_FORCE: "反社会的勢力に該当",
    Ground.UNTRUE_WORKS_CONTRACT: "事実と異なる工事請負契約書等の提出",
}
PERMITTABLE = frozenset({Ground.NOT_LIVED_IN, Ground.OTHER_PURPOSE, Ground.ALTERED})
"""GL-582 to GL-584: these are grounds only as far as the agency has not permitted them."""


def grounds(
    *, consecutive_unpaid_instalments: int, found: Collection[Ground], permitted: Collection[Ground]
) -> Sequence[Ground]:
    """The grounds that stand, in the order of the guide: what an officer found, less what the agency permitted."""
    standing = set(found) - (PERMITTABLE & set(permitted))
    standing.discard(Ground.ARREARS)
    if is_arrears_ground(consecutive_unpaid_instalments):
        standing.add(Ground.ARREARS)
    return [ground for ground in Ground if ground in standing]


class Resident(StrEnum):
    """Who uses the house."""

    APPLICANT = "applicant"
    RELATIVE = "relative"
    NOBODY_ALL_YEAR = "nobody_all_year"
    TENANT_OR_BUYER = "tenant_or_buyer"


_DECLARED_USE = {
    HouseUse.OWN: {Resident.APPLICANT},
    HouseUse.SECOND: {Resident.APPLICANT, Resident.NOBODY_ALL_YEAR},
    HouseUse.RELATIVE: {Resident.RELATIVE},
}


def is_used_as_declared(use: HouseUse, resident: Resident) -> bool:
    """Whether the house is lived in as GL-582 wants.

    interpretation (GL-588): of a second house and a relative's house the declared use is what counts.
    """
    return resident in _DECLARED_USE[use]
