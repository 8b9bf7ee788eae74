"""The salary certificate (給与証明書, 参考書式第4の1の1号; GL-414 to GL-417)."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

from kit.errors import Finding
from kit.japan.yen import format_yen
from pydantic import Field

from applications.forms import Form, asked
from applications.programmes.green_loan.money.rounding import MOST_YEN

MONTHS = 12
MOST_BONUSES = 3
YEARS = 2
MonthYen = Annotated[int, Field(ge=0, le=MOST_YEN)]


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


class Bonus(Form):
    """A bonus in taxable yen, by its payment date (GL-417), and the days over which it is counted (GL-416)."""

    paid_on: date | None = asked("ボーナスの支給日", "GL-417")
    amount_yen: int | None = asked("ボーナスの支給額", "GL-416", ge=0, le=MOST_YEN)
    counted_from: date | None = asked("ボーナスの算定期間の初日", "GL-416")
    counted_to: date | None = asked("ボーナスの算定期間の末日", "GL-416")


class PaidYear(Form):
    """What was paid in a calendar year, by payment date: taxable yen a month, January first; null: not employed.

    Commuting allowance and other items free of tax are left out (GL-416).
    """

    year: int | None = asked("支給の年", "GL-416", ge=1900, le=2999)
    months_yen: tuple[MonthYen | None, ...] | None = asked("各月の支給額", "GL-416", max_length=MONTHS)
    bonuses: tuple[Bonus, ...] | None = asked("ボーナス", "GL-416", max_length=12)
    total_yen: int | None = asked("合計支給額", "GL-416", ge=0, le=MOST_YEN)


class SalaryCertificate(Form):
    """The fields of the form, as an officer reads them. `since` is the day of the case (start, return); `until` ends a
    leave.

    `month_from` and `month_to` are the days of the month over which pay is counted, `pay_day` the day it is paid on.
    The head of the establishment may issue it too (GL-417 注3).
    """

    institution: str | None = asked("宛先の金融機関名", "GL-414", max_length=100)
    name: str | None = asked("氏名", "GL-414", max_length=100)
    address: str | None = asked("現住所", "GL-414", max_length=200)
    case: Case | None = asked("該当する事由", "GL-414")
    since: date | None = asked("事由の年月日", "GL-414")
    until: date | None = asked("休業期間の末日", "GL-414")
    agrees_to_repay_during_leave: bool | None = asked("復職前の返済開始への同意", "GL-415")
    month_from: int | None = asked("給与算定期間の初日", "GL-416", ge=1, le=31)
    month_to: int | None = asked("給与算定期間の末日", "GL-416", ge=1, le=31)
    paid_in: PaidIn | None = asked("支給月", "GL-416")
    pay_day: int | None = asked("支給日", "GL-416", ge=1, le=31)
    years: tuple[PaidYear, ...] | None = asked("給与支給額", "GL-416", max_length=YEARS)
    issued_on: date | None = asked("作成日", "GL-417")
    issuer_address: str | None = asked("勤務先の住所", "GL-417", max_length=200)
    issuer_name: str | None = asked("勤務先の名称", "GL-417", max_length=100)
    representative: str | None = asked("代表者または事業所の責任者の氏名", "GL-417", max_length=100)
    sealed: bool | None = asked("押印", "GL-417")
    phone: str | None = asked("勤務先の電話番号", "GL-417", max_length=20)
    person_in_charge: str | None = asked("担当者氏名", "GL-417", max_length=100)


_REQUIRED = {
    **dict.fromkeys(("institution", "name", "address", "case"), "GL-414"),
    **dict.fromkeys(("month_from", "month_to", "paid_in", "pay_day"), "GL-416"),
    **dict.fromkeys(
        ("issued_on", "issuer_address", "issuer_name", "representative", "phone", "person_in_charge"), "GL-417"
    ),
}


def salary_certificate_findings(certificate: SalaryCertificate, prefix: str) -> list[Finding]:
    """GL-414 to GL-417: what is missing in the certificate or contradicts itself. `prefix` stands before the fields."""
    fields = SalaryCertificate.model_fields
    found = [
        Finding(rule, "REQUIRED", f"給与証明書の{fields[name].title}を入力してください。", prefix + name)
        for name, rule in _REQUIRED.items()
        if getattr(certificate, name) in (None, "")
    ]
    if not certificate.sealed:
        message = "給与証明書には、代表者または事業所の責任者の押印が必要です。"
        found.append(Finding("GL-417", "NOT_SEALED", message, prefix + "sealed"))
    return [
        *found,
        *_case_findings(certificate, prefix),
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


def _year_findings(certificate: SalaryCertificate, prefix: str) -> list[Finding]:
    found = []
    paid = certificate.years or ()
    years = [year.year or 0 for year in paid]
    if len(years) != YEARS or years != list(range(years[0], years[0] + YEARS)):
        message = "給与支給額は、続いた2年分を古い年から順に入力してください。"
        found.append(Finding("GL-416", "YEARS", message, prefix + "years"))
    for number, year in enumerate(paid):
        place, bonuses = f"{prefix}years.{number}", year.bonuses or ()
        if len(year.months_yen or ()) != MONTHS:
            found.append(Finding("GL-416", "MONTHS", "1月から12月までの支給額を入力してください。", place))
        if len(bonuses) > MOST_BONUSES:
            found.append(Finding("GL-416", "TOO_MANY", "ボーナスは1年につき3回まで入力できます。", place))
        if any(bonus.paid_on is None or bonus.paid_on.year != year.year for bonus in bonuses):
            message = f"{year.year}年に支給されたボーナスを、支給日を基準として入力してください。"
            found.append(Finding("GL-417", "BY_PAYMENT_DATE", message, place))
        if any((one.counted_to or date.min) < (one.counted_from or date.max) for one in bonuses):
            message = "ボーナスの算定期間の初日と、それ以後の末日を入力してください。"
            found.append(Finding("GL-416", "OUT_OF_RANGE", message, place))
        amounts = [month or 0 for month in year.months_yen or ()] + [one.amount_yen or 0 for one in bonuses]
        if sum(amounts) != year.total_yen:
            message = f"支給額の合計は{format_yen(sum(amounts))}です。合計支給額をご確認ください。"
            found.append(Finding("GL-416", "TOTAL_DIFFERS", message, place))
    return found
