"""Names and mail addresses (AS-13 to AS-20, AS-33, AS-36).

A full-width field is refused with every reason that applies, never corrected in silence: the name on the transfer
form must be the one the applicant saw.
"""

from __future__ import annotations

import re

from kit.errors import Finding
from kit.japan.jisx0208 import is_standard

NAME_LIMIT = 40  # I-29: the manual gives no number; characters, not bytes
GAIJI_REPLACEMENTS = {"髙": "高", "﨑": "崎"}  # AS-17 names these two

_ROMAN_NUMERALS = re.compile("[\u2160-\u2188]")
_HALF_WIDTH = re.compile("[\u0000-\u007f\uff61-\uff9f]")
_KATAKANA = re.compile("[ァ-ヶー・\u3000]")
_MAIL = re.compile(r"[\x21-\x3f\x41-\x7e]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


def name_kanji_reasons(text: str) -> list[str]:
    """Why a text cannot stand in a full-width field (AS-16 to AS-18), sorted; empty means it can.

    Each character raises at most one reason: Roman numeral first (I-27), then half width, else outside JIS X 0208
    (I-28). Spaces alone are no name.
    """
    reasons = {reason for char in text if (reason := _char_reason(char))}
    if not text.strip():
        reasons.add("EMPTY")
    return sorted(reasons)


def name_kanji_findings(text: str, field: str, label: str) -> list[Finding]:
    """AS-16 to AS-18 for the field called `label` on the screen, with the replacement where one is known."""
    findings = []
    for reason in name_kanji_reasons(text):
        chars = [char for char in dict.fromkeys(text) if _char_reason(char) == reason]
        findings.append(_KANJI_FINDINGS[reason](chars, field, label))
    return findings


def name_kana_reasons(text: str) -> list[str]:
    """Why a text is no name in full-width katakana (AS-20, I-30), sorted; empty means it is one."""
    reasons = [] if all(_KATAKANA.fullmatch(char) for char in text) else ["NOT_KATAKANA"]
    return reasons if text.strip() else sorted([*reasons, "EMPTY"])


def name_kana_findings(text: str, field: str, label: str) -> list[Finding]:
    """AS-20 for the field called `label` on the screen."""
    messages = {
        "EMPTY": f"{label}を入力してください。",
        "NOT_KATAKANA": f"{label}は全角カタカナで入力してください。数字や記号は読みをカタカナで入力します。",
    }
    return [Finding("AS-20", reason, messages[reason], field) for reason in name_kana_reasons(text)]


def name_length_findings(text: str, field: str) -> list[Finding]:
    """AS-19, I-29: longer than `NAME_LIMIT` is refused; a name cut at the limit is acceptable."""
    if len(text) <= NAME_LIMIT:
        return []
    message = (
        f"{NAME_LIMIT}文字以内で入力してください。名称が入りきらない場合は、{NAME_LIMIT}文字目までを入力してください。"
    )
    return [Finding("AS-19", "TOO_LONG", message, field)]


def same_mail(one: str, other: str) -> bool:
    """AS-36, I-36: the same address, with the letter case of the domain ignored and of nothing else."""
    return _mail_key(one) == _mail_key(other)


def mail_findings(mail: str, registered_mail: str, field: str) -> list[Finding]:
    """AS-36: half-width letters, digits and symbols, and the address entered at the user's registration."""
    if not _MAIL.fullmatch(mail):
        return [Finding("AS-36", "FORMAT", "メールアドレスを半角英数字・記号で入力してください。", field)]
    if not same_mail(mail, registered_mail):
        message = "新規利用登録で入力したメールアドレスと同じものを入力してください。"
        return [Finding("AS-36", "NOT_REGISTERED", message, field)]
    return []


def _char_reason(char: str) -> str | None:
    if _ROMAN_NUMERALS.match(char):
        return "ROMAN_NUMERAL"
    if _HALF_WIDTH.match(char):
        return "NOT_FULLWIDTH"
    return None if is_standard(char) else "GAIJI"


def _empty(_: list[str], field: str, label: str) -> Finding:
    return Finding("AS-02", "EMPTY", f"{label}を入力してください。", field)


def _gaiji(chars: list[str], field: str, label: str) -> Finding:
    hints = [f"「{old}」は「{new}」" for old, new in GAIJI_REPLACEMENTS.items() if old in chars]
    hint = "、".join(hints) + "に置き換えて" if hints else "別の文字に置き換えて"
    message = f"{label}に使用できない文字(外字)があります:{_quoted(chars)}。{hint}入力してください。"
    return Finding("AS-17", "GAIJI", message, field)


def _not_full_width(chars: list[str], field: str, label: str) -> Finding:
    del chars
    return Finding("AS-18", "NOT_FULLWIDTH", f"{label}はすべて全角で入力してください。", field)


def _roman_numeral(chars: list[str], field: str, label: str) -> Finding:
    message = f"{label}にローマ数字{_quoted(chars)}は使用できません。全角の算用数字(例:２)で入力してください。"
    return Finding("AS-16", "ROMAN_NUMERAL", message, field)


_KANJI_FINDINGS = {
    "EMPTY": _empty,
    "GAIJI": _gaiji,
    "NOT_FULLWIDTH": _not_full_width,
    "ROMAN_NUMERAL": _roman_numeral,
}


def _quoted(chars: list[str]) -> str:
    return "".join(f"「{char}」" for char in chars)


def _mail_key(mail: str) -> tuple[str, str]:
    local, _, domain = mail.rpartition("@")
    return local, domain.lower()
