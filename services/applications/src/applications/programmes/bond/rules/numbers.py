"""Numbers of the form (AS-04, AS-10, AS-11, AS-22 to AS-24, AS-30, AS-39).

"Half-width digits" are ASCII 0-9 and nothing else (AS-04). The patterns say `[0-9]` and are matched whole, because
Python's `\\d` and `str.isdigit` take full-width digits for digits, and `$` matches before a final line break.
"""

from __future__ import annotations

import re

from kit.errors import Finding

_ASSOCIATION_NUMBER = re.compile("3[0-9]{5}")
_CORPORATE_NUMBER = re.compile("[0-9]{13}")
_POSTAL_CODE = re.compile("[0-9]{7}")
_PHONE = re.compile("0[0-9]{9,10}")
_ACCOUNT_NUMBER = re.compile("[0-9]{7}")


def association_number_reasons(has_number: bool, number: str | None) -> list[str]:
    """Why the accumulation number (積立組合番号) does not go with 有 (`has_number`) or 無 (AS-10, AS-11, I-26)."""
    if not has_number:
        return ["NOT_ALLOWED"] if number else []
    if not number:
        return ["REQUIRED"]
    return [] if _ASSOCIATION_NUMBER.fullmatch(number) else ["FORMAT"]


def association_number_findings(has_number: bool, number: str | None, field: str) -> list[Finding]:
    """AS-11 with what to do."""
    messages = {
        "REQUIRED": "積立組合番号を入力してください。積立手帳に記載されています。",
        "FORMAT": "積立組合番号は3から始まる6桁の半角数字で入力してください。積立手帳に記載されています。",
        "NOT_ALLOWED": "積立組合番号が無い場合は、番号欄を空欄にしてください。",
    }
    reasons = association_number_reasons(has_number, number)
    return [Finding("AS-11", reason, messages[reason], field) for reason in reasons]


def corporate_check_digit(base: str) -> int:
    """The check digit of the 12 other digits of a corporate number (AS-23): 9 - (sum of Pn x Qn mod 9).

    P1 is the rightmost digit; Qn is 1 for odd n and 2 for even n.
    """
    total = sum(int(digit) * (1 if n % 2 else 2) for n, digit in enumerate(reversed(base), start=1))
    return 9 - total % 9


def corporate_number_reasons(number: str | None) -> list[str]:
    """Why a corporate number (法人番号) is not one (AS-22, AS-23); it is optional whatever AS-21 says (I-31)."""
    if not number:
        return []
    if not _CORPORATE_NUMBER.fullmatch(number):
        return ["FORMAT"]
    return [] if int(number[0]) == corporate_check_digit(number[1:]) else ["CHECK_DIGIT"]


def corporate_number_findings(number: str | None, field: str) -> list[Finding]:
    """AS-22 and AS-23 with what to do."""
    findings = {
        "FORMAT": Finding("AS-22", "FORMAT", "法人番号は13桁の半角数字で入力してください。", field),
        "CHECK_DIGIT": Finding(
            "AS-23", "CHECK_DIGIT", "法人番号に誤りがあります。番号をもう一度ご確認ください。", field
        ),
    }
    return [findings[reason] for reason in corporate_number_reasons(number)]


def is_postal_code(value: str) -> bool:
    """AS-24, I-32: seven half-width digits, no hyphen."""
    return _POSTAL_CODE.fullmatch(value) is not None


def postal_code_findings(value: str, field: str) -> list[Finding]:
    """AS-24 with what to do."""
    if is_postal_code(value):
        return []
    message = "郵便番号は7桁の半角数字(ハイフンなし)で入力してください。"
    return [Finding("AS-24", "FORMAT", message, field)]


def is_phone_number(value: str) -> bool:
    """AS-39, I-32: 10 or 11 half-width digits from 0, no hyphens; mobile numbers are allowed."""
    return _PHONE.fullmatch(value) is not None


def phone_findings(value: str, field: str) -> list[Finding]:
    """AS-39 with what to do."""
    if is_phone_number(value):
        return []
    message = "電話番号は0から始まる10桁または11桁の半角数字(ハイフンなし)で入力してください。"
    return [Finding("AS-39", "FORMAT", message, field)]


def account_number_findings(value: str, field: str) -> list[Finding]:
    """AS-30, I-33: seven half-width digits, with leading zeros."""
    if _ACCOUNT_NUMBER.fullmatch(value):
        return []
    message = "口座番号は7桁の半角数字で入力してください。7桁に満たない場合は、先頭に0を付けてください。"
    return [Finding("AS-30", "FORMAT", message, field)]
