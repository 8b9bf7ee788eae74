"""Where what is done, at which institution, when somebody may apply again, and why a loan is refused (group 20)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from kit.errors import Finding

from applications.programmes.green_loan.procedure.dates import six_month_limit


def institution_choices(handling: Collection[str], repaying_at: str | None) -> frozenset[str]:
    """GL-342, GL-343: the codes of the institutions that may be chosen.

    `handling`: all that handle this loan (GL-344). `repaying_at`: where a loan of the agency, or of its forerunner, or
    a フラット35 (買取型) is being repaid now; None: none is. Which institution is near is the applicant's choice.
    """
    if repaying_at is not None and repaying_at in handling:
        return frozenset({repaying_at})
    return frozenset(handling)


def institution_findings(
    chosen: str, *, handling: Collection[str], repaying_at: str | None, field: str
) -> list[Finding]:
    """GL-342 to GL-344: what is wrong with the chosen institution, by codes as in `institution_choices`."""
    if chosen in institution_choices(handling, repaying_at):
        return []
    if chosen in handling:
        message = (
            "機構(旧公庫)融資または【フラット35】(買取型)をご返済中の方は、"
            "現在ご返済中の取扱金融機関を選択してください。"
        )
        return [Finding("GL-342", "NOT_THE_PRESENT_ONE", message, field)]
    message = "グリーンリフォームローンを取り扱う金融機関の中から選択してください。"
    if chosen == repaying_at:
        message = (
            "ご返済中の金融機関は、グリーンリフォームローンを取り扱っていません。"
            "お近くの取扱金融機関の中から選択してください。"
        )
        return [Finding("GL-343", "NOT_HANDLING", message, field)]
    return [Finding("GL-344", "NOT_HANDLING", message, field)]


def account_institution_findings(visited: UUID, account: UUID | None, field: str) -> list[Finding]:
    """GL-345: originals are shown where the repayment account is; both are organisations."""
    if visited == account:
        return []
    message = "返済口座の金融機関は、書類の原本を提示する取扱金融機関と同じ金融機関を指定してください。"
    return [Finding("GL-345", "ANOTHER_INSTITUTION", message, field)]


@dataclass(frozen=True)
class Reason:
    """Why a loan is refused or a decision cancelled: for officers, and in the applicant's words.

    `due_in_one_sum`: when it is found out after the funds were received, the whole loan is due at once.
    """

    code: str
    rule: str
    text: str
    due_in_one_sum: bool = False


_BY_REVIEW = "審査の結果によるもの"
"""GL-121: also what is told where an anti-social force was found. A text of its own would tell as much as the code; so
more than one reason has this one.
"""

REFUSALS = (
    Reason("FALSE_STATEMENT", "GL-349", "申込内容または提出書類に虚偽の記載があったため"),
    Reason("NOT_GENUINE", "GL-350", "提出書類が真正なものではなかったため"),
    Reason("CHANGE_NOT_NOTIFIED", "GL-351", "申込内容または提出書類の記載に変更が生じたのに、届出がなかったため"),
    Reason(
        "OTHER_WORKS_CONTRACT",
        "GL-352",
        "正規の工事請負契約書と異なるものが提出されたため、または契約内容の変更について届出がなかったため",
        due_in_one_sum=True,
    ),
    Reason("REVIEW", "GL-353", _BY_REVIEW),
    Reason("ANTI_SOCIAL_FORCE", "GL-353", _BY_REVIEW, due_in_one_sum=True),  # GL-118, GL-120
)
"""GL-349 to GL-353."""

CANCELLATIONS = (
    Reason("PROCEDURE_NOT_DONE", "GL-354", "必要な手続が行われなかったため"),
    Reason("DOUBT_ABOUT_CONTENT", "GL-354", _BY_REVIEW),
    Reason("CONDITIONS_NOT_FULFILLED", "GL-354", "融資承認条件が履行されなかったため"),
    Reason("CONTRACT_TOO_LATE", "GL-354", "定められた日までに融資の契約が締結されなかったため"),
)
"""GL-354: why the receipt or the decision is cancelled (the first also of GL-099, the last of GL-493)."""


def reason_told(code: str | None) -> str:
    """Why, in the words for those who apply; without a code: an application that was stopped (GL-086, GL-121)."""
    return next((one.text for one in (*REFUSALS, *CANCELLATIONS) if one.code == code), _BY_REVIEW)


class Outcome(StrEnum):
    """What became of an earlier application."""

    DRAFT = "DRAFT"
    RUNNING = "RUNNING"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    CANCELLED = "CANCELLED"
    STOPPED = "STOPPED"
    DISBURSED = "DISBURSED"


BANNING = frozenset({Outcome.REJECTED, Outcome.WITHDRAWN, Outcome.CANCELLED, Outcome.STOPPED})
"""interpretation (GL-357): a draft bans nobody, and an additional loan may follow one that was disbursed (GL-195)."""


def ban_end(application_date: date) -> date:
    """GL-355, GL-356: the last day, that day included, on which nobody who applied on this date can apply again."""
    return six_month_limit(application_date)


def first_new_application(application_date: date) -> date:
    """GL-356: the 1st of the month after the ban."""
    return ban_end(application_date) + timedelta(days=1)


def may_apply_again(application_date: date | None, outcome: Outcome, new_application_date: date) -> bool:
    """GL-355 to GL-357: whether an earlier application lets a new one be accepted on this date.

    `application_date` is the acceptance date of the earlier one, None for a draft, also for one that was stopped
    (GL-086): a draft bans nobody. interpretation (GL-357): while the earlier one is running no other is accepted,
    however long it takes.
    """
    if outcome is Outcome.RUNNING:
        return False
    if outcome not in BANNING or application_date is None:
        return True
    return new_application_date > ban_end(application_date)


@dataclass(frozen=True)
class Earlier:
    """An earlier application: the main applicant as a person, the acceptance date (None: a draft), what became of it.

    interpretation (GL-358): `person` names a verified identity; another account or mail address is the same person.
    """

    person: str
    application_date: date | None
    outcome: Outcome


def reapplication_findings(
    person: str, earlier: Sequence[Earlier], new_application_date: date, field: str
) -> list[Finding]:
    """GL-355 to GL-358: what earlier applications of this person hinder; those of others do not count."""
    findings = []
    for one in earlier:
        if one.person != person or may_apply_again(one.application_date, one.outcome, new_application_date):
            continue
        if one.outcome is Outcome.RUNNING or one.application_date is None:
            message = "お手続中のお申込みがあるため、新たにお申し込みいただけません。"
        else:
            day = first_new_application(one.application_date)
            message = (
                "前回のお申込みから一定期間は、お申込みのやり直しができません。"
                f"{day.year}年{day.month}月{day.day}日以降にお申し込みください。"
            )
        findings.append(Finding("GL-355", "TOO_EARLY", message, field))
    return findings
