"""Identity papers at application (GL-368 to GL-373), and the age of papers for the check at the branch (GL-490)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from kit.errors import Finding
from kit.japan.months import add_months

from applications.programmes.green_loan.papers.facts import Person
from applications.programmes.green_loan.papers.kinds import Paper
from applications.programmes.green_loan.papers.requirement import Code, Due, Requirement

IDENTITY_PAPERS = (
    Paper.DRIVING_LICENCE,
    Paper.DRIVING_CAREER_CERTIFICATE,
    Paper.PASSPORT,
    Paper.MY_NUMBER_CARD,
    Paper.RESIDENT_REGISTER_CARD,
    Paper.HEALTH_INSURANCE_CARD,
    Paper.INCOME_SERVICE,
)
"""GL-368, GL-373: any one of these."""

CAREER_CERTIFICATE_SINCE = date(2012, 4, 1)
NO_ADDRESS_COLUMN_SINCE = date(2020, 2, 4)
BRANCH_PAPER_MONTHS = 6


def identity_requirements(persons: Sequence[Person]) -> list[Requirement]:
    """GL-368, GL-369: one identity paper of the main applicant and of each joint debtor; no original is shown later."""
    return [
        Requirement(
            code=Code.IDENTITY,
            who=person.key,
            accepted=tuple((paper,) for paper in IDENTITY_PAPERS),
            due=Due.APPLICATION,
            why="ご本人であることを確認するため、申込本人と連帯債務者のそれぞれの方について、いずれか1点が必要です。",
            rules=("GL-368", "GL-369", "GL-373"),
        )
        for person in persons
        if person.borrows
    ]


def identity_paper_reasons(
    paper: Paper, *, issued_on: date | None = None, applied_on: date | None = None, address_written: bool = False
) -> list[str]:
    """Why a paper cannot be used as identity paper (GL-368, GL-370); empty: it can.

    A driving career certificate counts if issued on or after 2012-04-01; a passport with the address written in if
    applied for before 2020-02-04. A date that decides and is not known counts against the paper.
    """
    if paper not in IDENTITY_PAPERS:
        return ["NOT_ACCEPTED"]
    reasons = []
    if paper is Paper.DRIVING_CAREER_CERTIFICATE:
        if issued_on is None:
            reasons.append("ISSUE_DATE_MISSING")
        elif issued_on < CAREER_CERTIFICATE_SINCE:
            reasons.append("ISSUED_TOO_EARLY")
    if paper is Paper.PASSPORT:
        if applied_on is None:
            reasons.append("APPLIED_ON_MISSING")
        elif applied_on >= NO_ADDRESS_COLUMN_SINCE:
            reasons.append("NO_ADDRESS_COLUMN")
        if not address_written:
            reasons.append("ADDRESS_MISSING")
    return reasons


def identity_paper_findings(
    paper: Paper, *, issued_on: date | None, applied_on: date | None, address_written: bool, field: str
) -> list[Finding]:
    """GL-368 and GL-370 with what to do."""
    messages = {
        "NOT_ACCEPTED": ("GL-368", "本人確認書類として使用できる書類をアップロードしてください。"),
        "ISSUE_DATE_MISSING": ("GL-368", "運転経歴証明書の発行日を入力してください。"),
        "ISSUED_TOO_EARLY": (
            "GL-368",
            "平成24年3月31日以前に発行された運転経歴証明書は使用できません。別の本人確認書類をご用意ください。",
        ),
        "APPLIED_ON_MISSING": ("GL-370", "パスポートを申請した日を入力してください。"),
        "NO_ADDRESS_COLUMN": (
            "GL-370",
            "令和2年2月4日以降に申請されたパスポートは所持人記入欄がないため使用できません。"
            "別の本人確認書類をご用意ください。",
        ),
        "ADDRESS_MISSING": (
            "GL-368",
            "パスポートは住所が記載されたものに限ります。記載を確認のうえチェックを入れるか、"
            "別の本人確認書類をご用意ください。",
        ),
    }
    reasons = identity_paper_reasons(paper, issued_on=issued_on, applied_on=applied_on, address_written=address_written)
    return [Finding(messages[reason][0], reason, messages[reason][1], field) for reason in reasons]


def branch_paper_in_time(visit_date: date, issue_date: date) -> bool:
    """Whether a resident record, seal certificate or bill for the check at the branch is recent enough (GL-490).

    interpretation (GL-491): six calendar months back from the day of the visit, clipped to the month's end; that day
    still counts. A paper issued after the visit is none.
    """
    return add_months(visit_date, -BRANCH_PAPER_MONTHS) <= issue_date <= visit_date
