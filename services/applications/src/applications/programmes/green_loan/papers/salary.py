"""The salary certificate (給与証明書, 参考書式第4の1の1号; GL-414 to GL-417)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from kit.errors import Finding
from kit.japan.yen import format_yen

MONTHS = 12
MOST_BONUSES = 3
YEARS = 2


class Case(StrEnum):
    """Why the certificate is written (GL-414)."""

    NEW_JOB = "NEW_JOB"
    MATERNITY_LEAVE = "MATERNITY_LEAVE"
    CHILD_CARE_LEAVE = "CHILD_CARE_LEAVE"
    CARE_LEAVE = "CARE_LEAVE"
    SICK_LEAVE_ENDED = "SICK_LEAVE_ENDED"
    BACK_FROM_ABROAD = "BACK_FROM_ABROAD"


LEAVES = frozenset({Case.MATERNITY_LEAVE, Case.CHILD_CARE_LEAVE, Case.CARE_LEAVE})
"""Cases with a period; the others have one day. GL-415 asks these for their consent."""


class PaidIn(StrEnum):
    """When a month's pay is paid (GL-416)."""

    SAME_MONTH = "SAME_MONTH"
    NEXT_MONTH = "NEXT_MONTH"


@dataclass(frozen=True)
class Bonus:
    """A bonus in taxable yen, by its payment date (GL-417), and the days over which it is counted."""

    paid_on: date
    amount_yen: int
    counted_from: date
    counted_to: date


@dataclass(frozen=True)
class PaidYear:
    """What was paid in a calendar year, by payment date: taxable yen a month, January first; None: not employed.

    Commuting allowance and other items free of tax are left out (GL-416).
    """

    year: int
    months_yen: tuple[int | None, ...]
    bonuses: tuple[Bonus, ...]
    total_yen: int


@dataclass(frozen=True)
class SalaryCertificate:
    """The fields of the form. `since` is the day of the case (start, return); `until` ends a leave.

    `month_from` and `month_to` are the days of the month over which pay is counted, `pay_day` the day it is paid on.
    `by_head_of_establishment`: the head of the establishment issues it, which is accepted (GL-417 注3).
    """

    institution: str
    name: str
    address: str
    case: Case
    since: date | None
    until: date | None
    agrees_to_repay_during_leave: bool
    month_from: int
    month_to: int
    paid_in: PaidIn
    pay_day: int
    years: tuple[PaidYear, ...]
    issued_on: date | None
    issuer_address: str
    issuer_name: str
    representative: str
    sealed: bool
    phone: str
    person_in_charge: str
    by_head_of_establishment: bool = False


_REQUIRED = {
    "institution": ("GL-414", "宛先の金融機関名"),
    "name": ("GL-414", "氏名"),
    "address": ("GL-414", "現住所"),
    "issued_on": ("GL-417", "作成日"),
    "issuer_address": ("GL-417", "勤務先の住所"),
    "issuer_name": ("GL-417", "勤務先の名称"),
    "representative": ("GL-417", "代表者または事業所の責任者の氏名"),
    "phone": ("GL-417", "勤務先の電話番号"),
    "person_in_charge": ("GL-417", "担当者氏名"),
}


def salary_certificate_findings(certificate: SalaryCertificate, prefix: str) -> list[Finding]:
    """GL-414 to GL-417: what is missing in the certificate or contradicts itself. `prefix` stands before the fields."""
    found = [
        Finding(rule, "REQUIRED", f"給与証明書の{label}を入力してください。", prefix + name)
        for name, (rule, label) in _REQUIRED.items()
        if getattr(certificate, name) in (None, "")
    ]
    if not certificate.sealed:
        message = "給与証明書には、代表者または事業所の責任者の押印が必要です。"
        found.append(Finding("GL-417", "NOT_SEALED", message, prefix + "sealed"))
    return [
        *found,
        *_case_findings(certificate, prefix),
        *_period_findings(certificate, prefix),
        *_year_findings(certificate, prefix),
    ]


def _case_findings(certificate: SalaryCertificate, prefix: str) -> list[Finding]:
    found = []
    leave = certificate.case in LEAVES
    if certificate.since is None:
        found.append(Finding("GL-414", "REQUIRED", "該当する事由の年月日を入力してください。", prefix + "since"))
    if leave and certificate.until is None:
        found.append(Finding("GL-414", "REQUIRED", "休業期間の末日を入力してください。", prefix + "until"))
    if not leave and certificate.until is not None:
        message = "休業以外の場合は、期間の末日を空欄にしてください。"
        found.append(Finding("GL-414", "NOT_ALLOWED", message, prefix + "until"))
    if certificate.since and certificate.until and certificate.until < certificate.since:
        message = "休業期間の末日は初日以後の日付を入力してください。"
        found.append(Finding("GL-414", "OUT_OF_RANGE", message, prefix + "until"))
    if leave and not certificate.agrees_to_repay_during_leave:
        message = "復職前に融資金を受け取った場合、復職前であっても返済が始まることをご確認のうえ、同意してください。"
        found.append(Finding("GL-415", "CONSENT_MISSING", message, prefix + "agrees_to_repay_during_leave"))
    return found


def _period_findings(certificate: SalaryCertificate, prefix: str) -> list[Finding]:
    days = {name: getattr(certificate, name) for name in ("month_from", "month_to", "pay_day")}
    return [
        Finding("GL-416", "OUT_OF_RANGE", "給与算定期間と支給日は1日から31日までで入力してください。", prefix + name)
        for name, day in days.items()
        if not 1 <= day <= 31
    ]


def _year_findings(certificate: SalaryCertificate, prefix: str) -> list[Finding]:
    found = []
    years = [year.year for year in certificate.years]
    if len(years) != YEARS or years != list(range(years[0], years[0] + YEARS)):
        message = "給与支給額は、続いた2年分を古い年から順に入力してください。"
        found.append(Finding("GL-416", "YEARS", message, prefix + "years"))
    for number, year in enumerate(certificate.years):
        place = f"{prefix}years.{number}"
        if len(year.months_yen) != MONTHS:
            found.append(Finding("GL-416", "MONTHS", "1月から12月までの支給額を入力してください。", place))
        if len(year.bonuses) > MOST_BONUSES:
            found.append(Finding("GL-416", "TOO_MANY", "ボーナスは1年につき3回まで入力できます。", place))
        if any(bonus.paid_on.year != year.year for bonus in year.bonuses):
            message = f"{year.year}年に支給されたボーナスを、支給日を基準として入力してください。"
            found.append(Finding("GL-417", "BY_PAYMENT_DATE", message, place))
        if any(bonus.counted_to < bonus.counted_from for bonus in year.bonuses):
            message = "ボーナスの算定期間の末日は初日以後の日付を入力してください。"
            found.append(Finding("GL-416", "OUT_OF_RANGE", message, place))
        amounts = [month or 0 for month in year.months_yen] + [bonus.amount_yen for bonus in year.bonuses]
        if min(amounts, default=0) < 0:
            found.append(Finding("GL-416", "NEGATIVE", "支給額は0円以上で入力してください。", place))
        if sum(amounts) != year.total_yen:
            message = f"支給額の合計は{format_yen(sum(amounts))}です。合計支給額をご確認ください。"
            found.append(Finding("GL-416", "TOTAL_DIFFERS", message, place))
    return found
