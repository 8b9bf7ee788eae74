"""The management company: its permissions (AS-50 to AS-56) and the mailing destination (AS-60 to AS-66).

Permission and destination are independent (AS-64): a company that may enter everything still gets no paper unless
the association says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from kit.errors import Finding

from applications.programmes.bond.rules.numbers import phone_findings, postal_code_findings
from applications.programmes.bond.rules.texts import name_kanji_findings

LEVELS = {
    1: "情報確認、代行入力ともに許可する",
    2: "情報確認のみ許可する",
    3: "情報確認、代行入力ともに許可しない",
}
REGISTERED_KIND = "company"
"""What a management company is among the organisations of the agency."""
COMPANY_BLOCK = {
    "company_name": "委託している管理会社名",
    "postal_code": "郵便番号",
    "prefecture": "都道府県",
    "city": "市・区・郡",
    "street": "区町村名・番地",
    "department": "担当部署名(支店名を含む)",
    "contact_name": "担当者名",
    "phone": "電話番号",
}


class Destination(StrEnum):
    """Where transfer request forms and other papers go."""

    REPRESENTATIVE = "representative"
    COMPANY_ADDRESS = "company_address"


def may_view(approved_level: int | None) -> bool:
    """Whether the company sees the association's data (AS-53, AS-56).

    The level is that of the approved data: one that still waits for approval has no effect (I-42).
    """
    return approved_level in {1, 2}


def may_enter(approved_level: int | None) -> bool:
    """Whether the company may enter data by proxy (AS-53, AS-56), by the approved level (I-42)."""
    return approved_level == 1


def company_section_findings(
    *,
    company_given: bool,
    level: int | None,
    no_company_ticked: bool,
    company_field: str,
    level_field: str,
) -> list[Finding]:
    """AS-54, I-43: with 管理会社に委託していない ticked, company and level are empty; otherwise one needs the other.

    Nothing at all is allowed too (AS-52).
    """
    if no_company_ticked:
        message = "「管理会社に委託していない」を選択した場合は、管理会社と権限を空欄にしてください。"
        given = ((company_given, company_field), (level is not None, level_field))
        return [Finding("AS-54", "NOT_ALLOWED", message, field) for is_given, field in given if is_given]
    if company_given and level is None:
        return [Finding("AS-54", "REQUIRED", "管理会社に与える権限を選択してください。", level_field)]
    if level is not None and not company_given:
        return [Finding("AS-54", "REQUIRED", "権限を与える管理会社を指定してください。", company_field)]
    return []


def company_findings(kind: str | None, field: str) -> list[Finding]:
    """AS-50, AS-51: a management company that has registered with the agency; `kind` None is one that has not."""
    if kind == REGISTERED_KIND:
        return []
    message = (
        "管理会社を一覧から選択してください。一覧にない場合は、管理会社に機構へのデータ登録をご依頼ください。"
        "登録が済むまでは空欄のまま申請できます。"
    )
    return [Finding("AS-50", "UNKNOWN", message, field)]


def mailing_findings(*, to_company: bool, no_company_ticked: bool, field: str) -> list[Finding]:
    """AS-66, I-44: papers cannot go to a company that the association says it does not have."""
    if not (to_company and no_company_ticked):
        return []
    message = (
        "「管理会社に委託していない」を選択した場合、送付先を管理会社に指定することはできません。"
        "どちらかの選択を変更してください。"
    )
    return [Finding("AS-66", "NOT_ALLOWED", message, field)]


def mailing_consent_findings(*, to_company: bool, ack_ticked: bool, field: str) -> list[Finding]:
    """AS-62, I-44: without 資料の確認及び承認 nothing is registered. Asked on the confirmation screen."""
    if not to_company or ack_ticked:
        return []
    message = (
        "《重要》送付先指定にあたってのお願い及び留意事項をお読みのうえ、"
        "「資料の確認及び承認」にチェックを入れてください。"
    )
    return [Finding("AS-62", "REQUIRED", message, field)]


def papers_go_to(to_company: bool) -> Destination:
    """AS-61, AS-64: to the representative, unless 送付先を管理会社に指定する is chosen."""
    return Destination.COMPANY_ADDRESS if to_company else Destination.REPRESENTATIVE


def recommends_company_address(level: int | None, to_company: bool) -> bool:
    """AS-65: with level 1 the screen recommends 指定する, and does not force it."""
    return level == 1 and not to_company


def company_block_findings(block: Mapping[str, str], field_prefix: str) -> list[Finding]:
    """AS-66, I-44: all eight fields of COMPANY_BLOCK are required where the block is shown.

    Ask only with 指定する; without it the block is ignored. `field_prefix` stands before the keys, such as
    "mailing_company.".
    """
    findings = []
    for key, label in COMPANY_BLOCK.items():
        value, field = block.get(key, ""), field_prefix + key
        if not value.strip():
            findings.append(Finding("AS-66", "REQUIRED", f"{label}を入力してください。", field))
        elif key == "postal_code":
            findings += postal_code_findings(value, field)
        elif key == "phone":
            findings += phone_findings(value, field)
        elif key == "contact_name":
            findings += name_kanji_findings(value, field, label)
    return findings
