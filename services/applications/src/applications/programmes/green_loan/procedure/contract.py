"""The loan contract, concluded by electronic contract (GL-480 to GL-495)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal

from kit.errors import Finding

from applications.programmes.green_loan.procedure.dates import Period, six_month_limit

IdentityState = Literal["K0", "K1", "K2"]
"""GL-100: unverified, verified online (eKYC), verified at the institution's counter."""


def contract_deadline(application_date: date) -> date:
    """GL-493: after this day the decision can be cancelled. It is the end of the ban on a new application (GL-494)."""
    return six_month_limit(application_date)


def in_time(application_date: date, contract_date: date) -> bool:
    """GL-494: whether a contract is in time; on the deadline it is."""
    return contract_date <= contract_deadline(application_date)


def contract_findings(
    *,
    period: Period | None,
    today: date,
    identity: Sequence[IdentityState],
    conditions_done: bool,
    works_contract_copy_received: bool,
    certificate_submitted: date | None,
    signed: Sequence[bool],
) -> list[Finding]:
    """What stands against the conclusion of the contract today, the first thing to settle first.

    `period` is the 契約手続可能期間 that the agency has announced, None: not yet. interpretation (GL-495): it is open,
    everybody is K1 or K2 (GL-101), the approval conditions are done (GL-435), the works contract's copy is there
    (GL-397; where no contract is made, the works confirmation paper, GL-474), and the conformity certificate was
    submitted today or before (GL-485). Then the contract is concluded when everybody has signed (GL-487). A day before
    the certificate was submitted is no day of the contract either, whatever period was announced: it has the code of a
    day outside the period. `identity` and `signed` are those of the main applicant and all joint debtors: about nobody,
    nothing is fulfilled.
    """
    found = [
        *_period_findings(period, today),
        *blocking_findings(
            identity=identity,
            conditions_done=conditions_done,
            works_contract_copy_received=works_contract_copy_received,
            certificate_submitted=certificate_submitted,
            today=today,
        ),
    ]
    if not signed or not all(signed):
        message = "契約手続を完了していない方がいます。期間内に、申込本人と連帯債務者の全員がお手続きください。"
        found.append(Finding("GL-487", "not_all_signed", message))
    return found


def blocking_findings(
    *,
    identity: Sequence[IdentityState],
    conditions_done: bool,
    works_contract_copy_received: bool,
    certificate_submitted: date | None,
    today: date,
) -> list[Finding]:
    """What stands against the contract whoever signs it, and keeps everybody from signing: as `contract_findings`."""
    found = []
    if not identity or "K0" in identity:
        message = (
            "本人確認がお済みでない方がいます。契約の前に、eKYCまたは取扱金融機関の窓口で本人確認をお受けください。"
        )
        found.append(Finding("GL-101", "identity_not_verified", message))
    if not conditions_done:
        message = "融資承認条件が未了です。融資承認通知書に記載の条件について、お手続きをお願いします。"
        found.append(Finding("GL-435", "approval_condition_open", message))
    if not works_contract_copy_received:
        message = (
            "工事請負契約書の写しが未提出です。原本をご提示のうえ、取扱金融機関にご提出ください"
            "(契約書を作成しない場合は、住宅改良工事確認書が必要です)。"
        )
        found.append(Finding("GL-397", "works_contract_copy_missing", message))
    if certificate_submitted is None or today < certificate_submitted:
        message = "適合証明書等が未提出です。取扱金融機関に提出された日から、契約のお手続きができます。"
        found.append(Finding("GL-485", "outside_contract_period", message))
    return found


def signing_findings(
    *, video_watched: bool, content_confirmed: bool, period: Period | None, today: date
) -> list[Finding]:
    """What stands against the signature of one person: the video comes first, and the content (GL-486), in the period.

    At any hour of the day (GL-483): the hours of the Web service do not count here (GL-064).
    """
    found = _period_findings(period, today)
    if not video_watched:
        found.append(Finding("GL-486", "video_not_watched", "ご契約の前に、契約内容の説明動画をご覧ください。"))
    if not content_confirmed:
        found.append(Finding("GL-486", "content_not_confirmed", "ご契約の前に、契約書の内容をご確認ください。"))
    return found


def concluded_on(signed_on: Sequence[date | None], period: Period) -> date | None:
    """GL-487: the day of the last signature, if everybody has signed within the period; otherwise None.

    A signature outside the period counts for nothing: all sign again in a new period.
    """
    days = [day for day in signed_on if day is not None and day in period]
    return max(days) if days and len(days) == len(signed_on) else None


def _period_findings(period: Period | None, today: date) -> list[Finding]:
    if period is not None and today in period:
        return []
    message = "契約手続可能期間ではありません。機構からお知らせする期間内にお手続きください。"
    return [Finding("GL-483", "outside_contract_period", message)]
