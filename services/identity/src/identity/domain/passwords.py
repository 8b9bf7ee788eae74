"""The password policy (ID-20 to ID-25).

Look-alikes of two special characters come from typesetting (ID-22): ¥ is the backslash of a Japanese keyboard
and ’ the apostrophe of a word processor. Whatever compares or hashes a password must call
`canonical_password` first, or a user who typed one form could not log in with the other.
"""

from __future__ import annotations

import string
from collections.abc import Sequence

from kit.errors import Finding

MINIMUM_LENGTH = 8
REMEMBERED_PASSWORDS = 3
SPECIAL_CHARACTERS = frozenset("@%+\\/'!?#$^:.(){}[]~-_")

_LOWERCASE = frozenset(string.ascii_lowercase)
_DIGITS = frozenset(string.digits)
_ALLOWED = frozenset(string.ascii_letters) | _DIGITS | SPECIAL_CHARACTERS
_CANONICAL = str.maketrans({"\N{YEN SIGN}": "\\", "\N{RIGHT SINGLE QUOTATION MARK}": "'"})

_FINDINGS = {
    "TOO_SHORT": ("ID-20", "パスワードは8文字以上で入力してください。"),
    "NO_LOWERCASE": ("ID-23", "半角英小文字(a~z)を1文字以上入れてください。"),
    "NO_DIGIT": ("ID-21", "半角数字(0~9)を1文字以上入れてください。"),
    "NO_SPECIAL": (
        "ID-22",
        "特殊文字(@ % + ¥ / ’ ! ? # $ ^ : . ( ) { } [ ] ~ - _)を1文字以上入れてください。",
    ),
    "FORBIDDEN_CHAR": (
        "ID-24",
        "使用できない文字が含まれています。半角の英字・数字と、画面に表示された特殊文字だけをお使いください。",
    ),
    "REUSED": ("ID-25", "直近3回に登録したパスワードは使用できません。別のパスワードを入力してください。"),
}


def canonical_password(password: str) -> str:
    """The form in which a password is compared and hashed (ID-22): ¥ as backslash, ’ as apostrophe."""
    return password.translate(_CANONICAL)


def form_reasons(password: str) -> list[str]:
    """Why the characters of a password are not acceptable (ID-20 to ID-24), sorted; empty means they are.

    I-07: there is no maximum length, and the list of characters is read as exhaustive: any other character
    forbids the password; it counts toward the length and toward no class.
    """
    text = canonical_password(password)
    characters = set(text)
    faults = {
        "TOO_SHORT": len(text) < MINIMUM_LENGTH,
        "NO_LOWERCASE": characters.isdisjoint(_LOWERCASE),
        "NO_DIGIT": characters.isdisjoint(_DIGITS),
        "NO_SPECIAL": characters.isdisjoint(SPECIAL_CHARACTERS),
        "FORBIDDEN_CHAR": not characters <= _ALLOWED,
    }
    return sorted(code for code, found in faults.items() if found)


def is_reused(password: str, history_oldest_first: Sequence[str]) -> bool:
    """Whether a new password equals one of the latest 3 registered ones, the current one included (ID-25,
    I-08).

    The service keeps hashes, not passwords: it asks its hasher about `canonical_password` and the newest
    REMEMBERED_PASSWORDS hashes instead. This function is the same rule for passwords in the clear.
    """
    latest = history_oldest_first[-REMEMBERED_PASSWORDS:]
    return canonical_password(password) in {canonical_password(old) for old in latest}


def password_reasons(password: str, history_oldest_first: Sequence[str] = ()) -> list[str]:
    """All reasons against a new password (ID-20 to ID-25), sorted by name; empty means accepted."""
    reused = ["REUSED"] if is_reused(password, history_oldest_first) else []
    return sorted(form_reasons(password) + reused)


def password_findings(reasons: Sequence[str]) -> list[Finding]:
    """What to tell the user for each of the reasons."""
    return [Finding(_FINDINGS[code][0], code, _FINDINGS[code][1], "password") for code in reasons]
