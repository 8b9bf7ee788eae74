"""The representative (代表者情報, AS-33 to AS-40)."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from kit.errors import Finding


class RepresentativeType(StrEnum):
    """Who represents the association (AS-35, I-38)."""

    INDIVIDUAL = "individual"
    MANAGEMENT_COMPANY = "management_company"
    OTHER_EXTERNAL = "other_external"
    CORPORATE_OWNER = "corporate_owner"


def corporate_fields_findings(
    kind: RepresentativeType, company_name: str, position: str, company_field: str, position_field: str
) -> list[Finding]:
    """AS-35, I-38: company name and position are required of everybody but an individual."""
    if kind is RepresentativeType.INDIVIDUAL:
        return []
    fields = ((company_name, company_field, "会社名"), (position, position_field, "役職名"))
    return [
        Finding("AS-35", "REQUIRED", f"外部管理者方式または代表者が法人の場合は、{label}を入力してください。", field)
        for value, field, label in fields
        if not value.strip()
    ]


def birth_date_findings(birth: date, today: date, field: str) -> list[Finding]:
    """AS-37, I-37: a date in the past; `today` is the day in Japan."""
    if birth < today:
        return []
    return [Finding("AS-37", "NOT_IN_PAST", "生年月日には過去の日付を選択してください。", field)]


def term_findings(start: tuple[int, int], end: tuple[int, int], field: str) -> list[Finding]:
    """AS-40, I-37: the term of office, as (year, month), does not end before it starts."""
    if start <= end:
        return []
    message = "任期の終了年月は、開始年月と同じか、それより後の年月を選択してください。"
    return [Finding("AS-40", "ORDER", message, field)]
