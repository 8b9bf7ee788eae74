"""The account for principal and interest (元利金振込口座情報, AS-25 to AS-30)."""

from __future__ import annotations

import re

from kit.errors import Finding
from kit.japan.kana import to_half_width, to_large

from applications.programmes.bond.rules.texts import NAME_LIMIT

DEPOSIT_KINDS = ("普通", "当座")  # AS-30, I-33
REFUSED_INSTITUTION_KINDS = frozenset({"securities", "insurance"})  # AS-26, I-33

# AS-29, I-35, after the change to half width: the long vowel mark and the dashes people type in its place, small
# letters, and the backslash that Japanese keyboards show as ¥.
_BANKERS_FORM = {
    **dict.fromkeys([0xFF70, *range(0x2010, 0x2016), 0x2212], "-"),
    **{code: chr(code).upper() for code in range(ord("a"), ord("z") + 1)},
    ord("\\"): "¥",
}
_ALLOWED = re.compile(r"[ｦｱ-ﾝﾞﾟA-Z0-9 ()\-./,｢｣¥]*")


def normalize_account_kana(text: str) -> str:
    """口座名義 (kana) in the form of the Japanese Bankers Association as far as it has one (AS-28, AS-29, I-35).

    Half width, small kana large, long vowel marks and dashes as a hyphen, letters upper case. Normalising twice is
    normalising once. What cannot be converted stays and is found by `account_kana_reasons`.
    """
    return to_large(to_half_width(text)).translate(_BANKERS_FORM)


def account_kana_reasons(text: str) -> list[str]:
    """Why a holder's name in kana cannot be normalised (AS-29): `FORBIDDEN_CHAR`, or nothing."""
    return [] if _ALLOWED.fullmatch(normalize_account_kana(text)) else ["FORBIDDEN_CHAR"]


def account_kana_findings(text: str, field: str) -> list[Finding]:
    """AS-29 with what to do. Small kana and the long vowel mark are no fault: they are converted."""
    message = "口座名義(カナ)は半角のカナ・英大文字・数字・記号で入力してください。漢字とひらがなは使用できません。"
    return [Finding("AS-29", reason, message, field) for reason in account_kana_reasons(text)]


def holder_findings(holder: str, association_name: str, field: str) -> list[Finding]:
    """AS-27, I-34: 口座名義(漢字) is the association's name; spaces are ignored.

    An association name that fills the limit may have been cut there (AS-19): then it must begin the holder's name.
    """
    expected, actual = _without_spaces(association_name), _without_spaces(holder)
    cut = len(association_name) >= NAME_LIMIT
    if actual == expected or (cut and actual.startswith(expected)):
        return []
    message = "口座名義(漢字)は管理組合名称(漢字)と同じものを入力してください。管理組合名義の口座に限ります。"
    return [Finding("AS-27", "HOLDER_DIFFERS", message, field)]


def institution_findings(kind: str, field: str) -> list[Finding]:
    """AS-26, I-33: accounts at securities and insurance companies are refused.

    `kind` is the kind that the institution's record carries, such as bank, shinkin, credit_cooperative.
    """
    if kind not in REFUSED_INSTITUTION_KINDS:
        return []
    message = "証券会社・保険会社の口座は指定できません。修繕積立金を管理している銀行等の口座を指定してください。"
    return [Finding("AS-26", "INSTITUTION_NOT_ALLOWED", message, field)]


def deposit_kind_findings(kind: str, field: str) -> list[Finding]:
    """AS-30, I-33: 普通 or 当座."""
    if kind in DEPOSIT_KINDS:
        return []
    return [Finding("AS-30", "FORMAT", "預金の種類は普通または当座から選択してください。", field)]


def _without_spaces(text: str) -> str:
    return "".join(text.split())
