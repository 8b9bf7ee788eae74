"""The building register certificate (GL-374, GL-375)."""

from __future__ import annotations

from datetime import date

from kit.errors import Finding
from kit.japan.era import format_era
from kit.japan.months import add_months

from applications.programmes.green_loan.papers.kinds import Paper
from applications.programmes.green_loan.papers.requirement import APPLICATION, Code, Due, Requirement

CERTIFICATE_MONTHS = 2


def register_requirement() -> Requirement:
    """GL-374: one for the house, whoever applies; a print of the registry information service is accepted too."""
    return Requirement(
        code=Code.BUILDING_REGISTER,
        who=APPLICATION,
        accepted=((Paper.BUILDING_REGISTER,),),
        due=Due.APPLICATION,
        why="融資住宅の所有者や種類を確認するために必要です。登記情報サービスにより取得したものでも構いません。",
        rules=("GL-374", "GL-375"),
        age_limit="申込日前2か月以内に発行されたもの",
    )


def register_certificate_valid(application_date: date, issue_date: date) -> bool:
    """Whether the certificate was issued within two months before the application (GL-374).

    interpretation (GL-375): from the application date minus two calendar months, clipped to the month's end, to the
    application date, both included.
    """
    return add_months(application_date, -CERTIFICATE_MONTHS) <= issue_date <= application_date


def register_findings(application_date: date, issue_date: date | None, field: str) -> list[Finding]:
    """GL-374, GL-375 with what to do."""
    if issue_date is None:
        return [Finding("GL-374", "ISSUE_DATE_MISSING", "建物の登記事項証明書の発行日を入力してください。", field)]
    if register_certificate_valid(application_date, issue_date):
        return []
    oldest = format_era(add_months(application_date, -CERTIFICATE_MONTHS))
    message = f"建物の登記事項証明書は、申込日前2か月以内({oldest}以後)に発行されたものをアップロードしてください。"
    return [Finding("GL-374", "OUT_OF_PERIOD", message, field)]
