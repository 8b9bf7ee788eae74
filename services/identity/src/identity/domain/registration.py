"""What a registration needs (ID-06, ID-07, ID-11, ID-13), and how its holder is found again (ID-60)."""

from __future__ import annotations

import re
from collections.abc import Collection

from kit.errors import Finding

from identity.domain.accounts import canonical_answer
from identity.domain.people import has_control, looks_like_address

NAME_LIMIT = 40  # I-29: the manual gives no limit
MAIL_LIMIT = 254  # RFC 5321: the longest address that a mail server must take

# Only what every address has: old addresses of Japanese carriers have dots where RFC 5322 forbids them.
_MAIL = re.compile(r"[!-?A-~]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


def person_findings(*, name_kanji: str, name_kana: str, mail: str) -> list[Finding]:
    """What is wrong with the entries of 新規利用登録 (ID-07): all three are needed."""
    found = []
    for field, label, value in (
        ("name_kanji", "氏名(漢字)", name_kanji),
        ("name_kana", "氏名(カナ)", name_kana),
    ):
        if not value.strip():
            found.append(Finding("ID-07", "EMPTY", f"{label}を入力してください。", field))
        elif len(value) > NAME_LIMIT:
            found.append(Finding("ID-07", "TOO_LONG", f"{label}は{NAME_LIMIT}文字以内で入力してください。", field))
        elif has_control(value) or looks_like_address(value):
            found.append(Finding("ID-07", "FORMAT", f"{label}に使用できない文字が含まれています。", field))
    if not mail.strip():
        found.append(Finding("ID-07", "EMPTY", "メールアドレスを入力してください。", "mail"))
    elif len(mail) > MAIL_LIMIT or not _MAIL.fullmatch(mail):
        found.append(Finding("ID-07", "FORMAT", "メールアドレスの形式をご確認ください。", "mail"))
    return found


def question_findings(*, question: str, answer: str, questions: Collection[str]) -> list[Finding]:
    """What is wrong with the secret question and its answer (ID-11)."""
    found = []
    if question not in questions:
        found.append(Finding("ID-11", "UNKNOWN", "秘密の質問を一覧から選択してください。", "secret_question"))
    if not canonical_answer(answer):
        found.append(Finding("ID-11", "EMPTY", "秘密の質問の回答を入力してください。", "secret_answer"))
    return found


def canonical_mail(mail: str) -> str:
    """The form in which an address is looked up: as `same_mail` compares, without the case of the domain (I-36)."""
    local, at, domain = mail.rpartition("@")
    return f"{local}{at}{domain.lower()}"


def canonical_person(name: str, mail: str) -> str:
    """One text for everything that counts as the same name and address (ID-60), to count attempts under."""
    return f"{canonical_answer(name)}\n{canonical_mail(mail)}"
