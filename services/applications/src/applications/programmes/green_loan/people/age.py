"""Age in full years, and the age that an application allows."""

from __future__ import annotations

from datetime import date

from kit.errors import Finding

AGE_LIMIT_YEARS = 79
"""GL-110, GL-315, GL-328: who applies, lends an income or succeeds is younger than this."""


def full_years(birth: date, on: date) -> int:
    """The age in full years at the start of a day in Japan. Raises ValueError for a day before the birth.

    interpretation (GL-116): the age changes on the birthday itself, not on the day before it; somebody born on
    29 February grows older on 1 March in a year without that day.
    """
    if on < birth:
        raise ValueError("nobody has an age before the day of birth")
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))


def is_below_limit(age: int) -> bool:
    """GL-110, GL-315, GL-328: below full 79 years; 79 itself is too old (GL-627)."""
    return age < AGE_LIMIT_YEARS


def may_apply_at(age: int, *, relay: bool) -> bool:
    """GL-110, GL-111: below full 79, or of any age with the parent-child relay repayment."""
    return relay or is_below_limit(age)


def applicant_age_findings(birth: date, application_date: date, *, relay: bool, field: str) -> list[Finding]:
    """GL-110, GL-111, GL-116: the main applicant's age on the acceptance date (GL-628)."""
    if may_apply_at(full_years(birth, application_date), relay=relay):
        return []
    message = "お申込み時の年齢が満79歳以上の方は、親子リレー返済をご利用になる場合にお申込みいただけます。"
    return [Finding("GL-110", "TOO_OLD", message, field)]
