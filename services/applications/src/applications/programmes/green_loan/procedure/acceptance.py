"""The confirmation of an application by the main applicant, which is its acceptance (GL-255 to GL-259)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from kit.errors import Finding
from kit.japan import to_jst
from kit.japan.months import last_day

MONTH_END_WARNING_DAYS: Final = 5
"""interpretation (GL-259): "near month end" is the last five days of a month."""


@dataclass(frozen=True)
class Person:
    """The main applicant or a joint debtor, and what this person has done. `field` is where a finding points to.

    `registered`: the main registration of the user ID. The moments are aware; None: not done.
    """

    field: str
    registered: bool
    consented_at: datetime | None
    outline_confirmed_at: datetime | None


@dataclass(frozen=True)
class Acceptance:
    """When an application was accepted: the moment, the day in Japan (申込受理日), the month of its rates (YYYY-MM)."""

    at: datetime
    on: date
    rate_month: str


def person_findings(person: Person, confirmed_at: datetime) -> list[Finding]:
    """GL-255: what one person has still to do at the moment of the confirmation."""
    findings = []
    if not person.registered:
        message = "ユーザーIDの本登録がお済みでない方がいます。本登録のうえ、ログインしてお手続きください。"
        findings.append(Finding("GL-255", "REGISTRATION_MISSING", message, person.field))
    if not _done(person.consented_at, confirmed_at):
        message = "「個人情報の取扱いに関する同意」がお済みでない方がいます。ログインして同意のお手続きをしてください。"
        findings.append(Finding("GL-255", "CONSENT_MISSING", message, person.field))
    if not _done(person.outline_confirmed_at, confirmed_at):
        message = "「商品概要説明書の確認」がお済みでない方がいます。ログインしてご確認ください。"
        findings.append(Finding("GL-255", "OUTLINE_MISSING", message, person.field))
    return findings


def acceptance_findings(people: Sequence[Person], errors: int, confirmed_at: datetime) -> list[Finding]:
    """What stands against the confirmation. Raises ValueError if there are no people.

    interpretation (GL-257): the confirmation is refused while anything of any person is missing. `errors` is how many
    the check of the form and papers has found (GL-258).
    """
    if not people:
        raise ValueError("an application has a main applicant")
    findings = [finding for person in people for finding in person_findings(person, confirmed_at)]
    if errors:
        message = f"入力内容に{errors}件のエラーがあります。エラーを解消してから、もう一度申込確定をしてください。"
        findings.append(Finding("GL-258", "ERRORS", message))
    return findings


def acceptance(confirmed_at: datetime) -> Acceptance:
    """GL-256: the acceptance that a confirmation without findings makes. Its day is what every rule calls the
    application date; interpretation (GL-628): お申込みの日, 申込日, 借入申込時 and 借入申込日現在 all mean it."""
    on = to_jst(confirmed_at).date()
    return Acceptance(at=confirmed_at, on=on, rate_month=f"{on:%Y-%m}")


def month_end_warnings(today: date) -> list[Finding]:
    """GL-259: near the end of a month, that errors take time to be solved."""
    if (last_day(today.year, today.month) - today).days >= MONTH_END_WARNING_DAYS:
        return []
    message = (
        f"{today.month}月中のお申込みをご希望の方は、エラーを解消するための再入力などの時間を考えて、"
        "早めに申込内容を入力してください。申込確定が翌月になると、翌月の金利が適用されます。"
    )
    return [Finding("GL-259", "MONTH_END", message)]


def _done(at: datetime | None, confirmed_at: datetime) -> bool:
    return at is not None and at <= confirmed_at
