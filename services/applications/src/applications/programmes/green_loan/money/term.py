"""Over how many years a loan may be repaid (GL-236 to GL-243)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from kit.errors import Finding

from applications.programmes.green_loan.people.age import full_years
from applications.programmes.green_loan.people.combining import exceeds_half

LONGEST_YEARS = 10
SHORTEST_YEARS = 1  # interpretation (GL-243)
AGE_AT_THE_END = 80


@dataclass(frozen=True)
class Combined:
    """An income that is added: its owner, all of it, and what is taken of it, in yen a year."""

    birth: date
    income_yen: int
    combined_yen: int


@dataclass(frozen=True)
class LongestTerm:
    """The age that decides, in years rounded up, and the longest term in years; 0 means that no loan is possible."""

    age: int
    years: int


def rounded_up_age(birth: date, on: date) -> int:
    """The age with a begun year counted as a whole one (GL-237).

    interpretation (GL-240): full years, and one more unless the day is the birthday itself. Raises ValueError for a
    day before the birth.
    """
    if on == birth:
        return 0
    return full_years(birth, on - timedelta(days=1)) + 1


def longest_term(
    applicant_birth: date, on: date, combined: Combined | None, successor_birth: date | None
) -> LongestTerm:
    """The shorter of 10 years and 80 minus the age on the acceptance date, rounded up (GL-236, GL-237).

    The age is the main applicant's, or that of an older person of whose income more than half is added (GL-238).
    interpretation (GL-242): with parent-child relay repayment the successor's age alone counts (GL-239).
    """
    if successor_birth is not None:
        birth = successor_birth
    elif combined is not None and exceeds_half(combined.combined_yen, combined.income_yen):
        birth = min(applicant_birth, combined.birth)
    else:
        birth = applicant_birth
    age = rounded_up_age(birth, on)
    return LongestTerm(age, max(0, min(LONGEST_YEARS, AGE_AT_THE_END - age)))


def term_findings(years: int, longest: LongestTerm, field: str) -> list[Finding]:
    """GL-236, GL-243: whole years, from 1 up to the longest term."""
    if longest.years < SHORTEST_YEARS:
        message = "年齢による最長返済期間が1年に満たないため、お申込みいただけません。親子リレー返済をご検討ください。"
        return [Finding("GL-243", "no_term", message, field)]
    if not SHORTEST_YEARS <= years <= longest.years:
        message = f"返済期間は{SHORTEST_YEARS}年以上{longest.years}年以内(1年単位)で入力してください。"
        return [Finding("GL-236", "term", message, field)]
    return []
