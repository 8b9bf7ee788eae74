"""What must be there before an application is sent: required fields (AS-02, AS-12) and eKYC (ID-77 to ID-80)."""

from __future__ import annotations

from collections.abc import Sequence

from kit.errors import Finding

# AS-02, I-02: the marks 必須 did not survive in the manual; requiredness follows from the wording of each field.
REQUIRED_ALWAYS = {
    "has_number": "積立組合番号の有無",
    "name_kanji": "管理組合名称(漢字)",
    "name_kana": "管理組合名称(カナ)",
    "incorporated": "法人登記の有無",
    "representative.type": "代表者の種別",
    "representative.name_kanji": "お名前(漢字)",
    "representative.name_kana": "お名前(カナ)",
    "representative.mail": "メールアドレス",
    "representative.birth_date": "生年月日",
    "representative.address": "住所",
    "representative.phone": "電話番号",
    "representative.term": "任期",
    "mailing": "送付先指定の種類",
}
REQUIRED_WITHOUT_NUMBER = {
    "location": "所在地",
    "account": "元利金振込口座情報",
    "certificate_month": "残高証明発行月",
    "meeting_month": "定期総会開催月",
}

EKYC_STATUS_LABELS = {
    "data_registered": "情報登録済",
    "method_chosen": "方式選択済",
    "running": "本人確認中",
    "passed": "合格",
    "failed": "不合格",
}
_EKYC_ALLOWS = frozenset({"method_chosen", "running", "passed"})


def required_fields(has_number: bool) -> dict[str, str]:
    """The fields that must be filled, as {key: label}: with 積立組合番号 four of them are waived (AS-12, I-25)."""
    return REQUIRED_ALWAYS if has_number else REQUIRED_ALWAYS | REQUIRED_WITHOUT_NUMBER


def missing_errors(has_number: bool, missing: Sequence[str]) -> list[str]:
    """Which of the fields left empty, named by key or label, are errors (AS-12).

    With 無 nothing is waived. With 有 only those count that are required of everybody.
    """
    if not has_number:
        return list(missing)
    required = REQUIRED_ALWAYS.keys() | REQUIRED_ALWAYS.values()
    return [name for name in missing if name in required]


def missing_findings(has_number: bool, missing: Sequence[str]) -> list[Finding]:
    """AS-02 and AS-12 with what to do, for keys of fields left empty."""
    labels = REQUIRED_ALWAYS | REQUIRED_WITHOUT_NUMBER
    return [
        Finding(
            "AS-12" if key in REQUIRED_WITHOUT_NUMBER else "AS-02",
            "REQUIRED",
            f"{labels[key]}を入力してください。",
            key,
        )
        for key in missing_errors(has_number, missing)
    ]


def ekyc_allows_submission(status: str | None, cannot_ekyc: bool) -> bool:
    """Whether an application may be sent (ID-77 to ID-80).

    `status` is a key of EKYC_STATUS_LABELS, None if verification was never started. The result takes time, so a
    running verification is enough (ID-78); 情報登録済, 不合格 and nothing are not (ID-79, I-22), unless
    eKYCの認証ができない is ticked and an identity paper comes by post (ID-80).
    """
    return cannot_ekyc or status in _EKYC_ALLOWS


def ekyc_findings(status: str | None, cannot_ekyc: bool, in_register: bool, field: str) -> list[Finding]:
    """ID-79 with what to do. `in_register`: the register copy takes the place of the check (DO-22, DO-25)."""
    if ekyc_allows_submission(status, cannot_ekyc):
        return []
    if in_register:
        message = (
            "代表者のお名前が商業登記簿謄本に記載されている場合、本人確認(eKYC)は必要ありません。"
            "「eKYCの認証ができない」にチェックを入れてください。"
        )
        return [Finding("DO-22", "EKYC_NOT_NEEDED", message, field)]
    message = (
        "本人確認(eKYC)が完了していません。eKYC画面から本人確認をやり直してください。"
        "本人確認ができない場合は「eKYCの認証ができない」にチェックを入れ、本人確認書類を郵送してください。"
    )
    return [Finding("ID-79", "EKYC_NOT_DONE", message, field)]


def certificate_month_findings(approved: int | None, month: int | None, field: str) -> list[Finding]:
    """AS-83, I-45: a change keeps the month of the balance certificate as approved, also where there was none."""
    if month == approved:
        return []
    was = "空欄のまま" if approved is None else f"{approved}月のまま"
    message = f"残高証明発行月は、この手続では変更できません。{was}にしてください。"
    return [Finding("AS-83", "NOT_ALLOWED", message, field)]


_REDO = "本人確認が終わっていません。eKYC画面から本人確認を行ってから、申請してください。"
EKYC_ADVICE = {
    None: _REDO,
    "data_registered": _REDO,
    "method_chosen": "本人確認の方法が選ばれています。このまま申請できますが、本人確認も忘れずに行ってください。",
    "running": "本人確認の結果を確認しています。結果を待たずに申請できます。",
    "passed": "本人確認に合格しました。このまま申請できます。",
    "failed": "本人確認が不合格でした。eKYC画面から、本人確認をやり直してください。",
}
EKYC_BY_REGISTER = "商業登記簿謄本で代表者を確認します。本人確認書類の郵送は必要ありません。このまま申請できます。"
EKYC_BY_POST = "本人確認書類を郵送で確認します。このまま申請し、書類を住宅債券事務センターへ郵送してください。"


def ekyc_notice(status: str | None, cannot_ekyc: bool, in_register: bool, field: str) -> Finding:
    """AS-75: what the status of the identity check means for applying: to go on, or to do it again.

    With the tick no paper is posted where the register copy names the representative (DO-22, DO-25).
    """
    name = "未実施" if status is None else EKYC_STATUS_LABELS[status]
    by_paper = EKYC_BY_REGISTER if in_register else EKYC_BY_POST
    advice = by_paper if cannot_ekyc else EKYC_ADVICE[status]
    code = "APPLY" if ekyc_allows_submission(status, cannot_ekyc) else "REDO"
    return Finding("AS-75", code, f"eKYCの実施状況: {name}。{advice}", field)
