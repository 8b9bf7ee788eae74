"""What the rules of papers are told of an application: facts only, no decision."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from applications.programmes.green_loan.papers.conformity import PlannedWorks
from applications.programmes.green_loan.papers.requirement import APPLICATION
from applications.programmes.green_loan.people.applicants import MAX_JOINT_DEBTORS
from applications.programmes.green_loan.works.house import HouseUse
from applications.programmes.green_loan.works.kinds import Menu

MAIN_APPLICANT = "applicant"
"""The key of the main applicant."""
JOINT_DEBTORS = tuple(f"joint_debtor_{number}" for number in range(1, MAX_JOINT_DEBTORS + 1))
"""The keys of the joint debtors."""
OCCUPANT = "occupant"
"""The key of the relative who lives in a RELATIVE house."""

MOST_PENSIONS = 4
"""For so many kinds of pension of one person there are slots."""


class Position(StrEnum):
    """What a person is to the papers. A combiner and a successor are joint debtors; see the flags of Person."""

    MAIN_APPLICANT = "MAIN_APPLICANT"
    JOINT_DEBTOR = "JOINT_DEBTOR"
    OCCUPYING_RELATIVE = "OCCUPYING_RELATIVE"
    CO_OWNER = "CO_OWNER"


class Income(StrEnum):
    """A kind of income. OTHER: business, real estate and whatever else is declared to the tax office."""

    SALARY = "SALARY"
    PENSION = "PENSION"
    OTHER = "OTHER"


class WorksContract(StrEnum):
    """Whether there is a works contract (工事請負契約)."""

    CONCLUDED = "CONCLUDED"
    OPEN = "OPEN"  # not concluded yet, and may still be
    NONE = "NONE"  # none will be made


class Change(StrEnum):
    """What else may have happened to somebody's income since January of the year before the application (GL-412)."""

    BUSINESS_STARTED = "BUSINESS_STARTED"
    PENSION_STARTED = "PENSION_STARTED"
    FAMILY_LEAVE = "FAMILY_LEAVE"
    WORKED_ABROAD = "WORKED_ABROAD"


@dataclass(frozen=True)
class Person:
    """A main applicant, joint debtor or occupying relative. A relative who is also a joint debtor is listed as such.

    - `income_combined`, `relay_successor`: what a joint debtor's income is asked for.
    - `taxable_pensions`, `tax_free_pensions`: how many kinds of public pension; above 0 only with Income.PENSION.
    - `certificate_reads_pension_etc`: the certificate says 公的年金等収入 where 公的年金収入 would suffice (GL-384).
    - `residence_tax_from_salary`: the certificate shows that all residence tax is collected from salary (GL-381).
    - `proof_not_yet_issued`: declares that the proof of the year before cannot be issued yet (GL-391).
    """

    key: str
    position: Position
    incomes: frozenset[Income] = frozenset({Income.SALARY})
    income_combined: bool = False
    relay_successor: bool = False
    taxable_pensions: int = 0
    tax_free_pensions: int = 0
    certificate_reads_pension_etc: bool = False
    residence_tax_from_salary: bool = False
    proof_not_yet_issued: bool = False
    employment_start: date | None = None
    changes: frozenset[Change] = frozenset()
    in_primary_industry: bool = False
    foreigner: bool = False

    @property
    def borrows(self) -> bool:
        """Main applicant or joint debtor."""
        return self.position in {Position.MAIN_APPLICANT, Position.JOINT_DEBTOR}

    @property
    def combines_income(self) -> bool:
        """The income combiner."""
        return self.position is Position.JOINT_DEBTOR and self.income_combined

    @property
    def income_asked(self) -> bool:
        """Whether this person's income is proved: always the main applicant's; a joint debtor's by GL-403."""
        if self.position is Position.JOINT_DEBTOR:
            return self.income_combined or self.relay_successor
        return self.position is Position.MAIN_APPLICANT


@dataclass(frozen=True)
class Application:
    """What the set of papers depends on.

    - `acceptance_date`: the day of acceptance, in a draft the present day in Japan (GL-628).
    - `same_sex_partners`: each pair of same-sex partners, as the two roles they have.
    - `health_certificates`: keys of those from whom the 3-disease danshin wants a health check (GL-401); the part
      danshin decides it.
    - `breakdown_in_contract`: the works contract has a breakdown attached, which suffices after completion (GL-476).
    - `works_changed`: works or amounts have changed since the approval (GL-396).
    - `menu`, `planned`: the works for which the inspection body wants papers (GL-440 to GL-448); no menu: none yet.
    - `object_name`: what the boards in the photographs say (GL-466).
    - `special_case_months`: the months "around January to May" of GL-391, as numbers; the agency sets them.
    """

    acceptance_date: date
    persons: tuple[Person, ...]
    house_use: HouseUse
    works_contract: WorksContract
    special_case_months: Collection[int]
    same_sex_partners: tuple[tuple[Position, Position], ...] = ()
    health_certificates: tuple[str, ...] = ()
    breakdown_in_contract: bool = False
    works_changed: bool = False
    menu: Menu | None = None
    planned: frozenset[PlannedWorks] = frozenset()
    object_name: str = ""


WHO_LABELS = {
    APPLICATION: "お申込み全体",
    MAIN_APPLICANT: "申込本人",
    **{key: f"連帯債務者{number}" for number, key in enumerate(JOINT_DEBTORS, start=1)},
    OCCUPANT: "融資住宅に入居する親族",
}
"""Whose a paper is, as the applicant reads it."""
