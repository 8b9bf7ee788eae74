"""Where a login lands (ID-36, ID-37), and whether somebody named the right person (ID-46, ID-60 to ID-62)."""

from __future__ import annotations

import unicodedata
from enum import StrEnum


class Landing(StrEnum):
    """The first screen after login."""

    ASSOCIATION_TOP = "association_top"  # 管理組合トップページ (UI-20)
    ASSOCIATION_FORM = "association_form"  # 管理組合情報登録・変更 (UI-13)
    COMPANY_TOP = "company_top"  # 管理会社トップページ (UI-21)
    APPLICANT_TOP = "applicant_top"  # the loans' applicants and joint debtors
    STAFF_TOP = "staff_top"  # スタッフ画面 (UI-30)


# interpretation: applicants of loans have a page of their own; who works for the office or beside it sees UI-30.
_LANDINGS = {
    "company": Landing.COMPANY_TOP,
    "applicant": Landing.APPLICANT_TOP,
    "joint_debtor": Landing.APPLICANT_TOP,
    "office_reviewer": Landing.STAFF_TOP,
    "office_approver": Landing.STAFF_TOP,
    "inspection_body": Landing.STAFF_TOP,
    "bank": Landing.STAFF_TOP,
    "operator": Landing.STAFF_TOP,
}


def landing(role: str, association_approved: bool) -> Landing:
    """The landing screen of somebody with this role.

    An association sees its top page once its information has been approved for the first time; until then,
    also while an application is under review or rejected, the registration screen (ID-36, I-57).
    """
    if role == "association":
        return Landing.ASSOCIATION_TOP if association_approved else Landing.ASSOCIATION_FORM
    return _LANDINGS[role]


def same_mail(one: str, other: str) -> bool:
    """Whether two mail addresses are the same: exactly, except for the letter case of the domain (I-36)."""
    return _mail_key(one) == _mail_key(other)


def same_name(one: str, other: str) -> bool:
    """Whether two names are the same for the reminder (ID-62).

    interpretation: the manual only says that the name must match. Spaces and the width of characters are
    ignored, because 山田 太郎 and 山田　太郎 are the same entry to the person who typed it.
    """
    return _loose(one) == _loose(other)


def canonical_answer(answer: str) -> str:
    """The form in which the answer to a secret question is hashed and compared (ID-11, ID-62).

    interpretation: spaces, width and letter case are ignored; nobody remembers after years how they typed
    them. Changing this function makes every stored answer wrong.
    """
    return _loose(answer)


def reminder_matches(*, name: str, mail: str, registered_name: str, registered_mail: str) -> bool:
    """Whether name and mail address of ID-60 are those of the registered person.

    The caller tells nobody which of them was wrong (ID-62, I-19), and never tells the user ID on the screen.
    """
    return same_name(name, registered_name) and same_mail(mail, registered_mail)


def _mail_key(mail: str) -> str:
    local, at, domain = mail.rpartition("@")
    return f"{local}{at}{domain.lower()}"


def _loose(text: str) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    # Once more, because a mark that stood alone after a space may now join the letter before it.
    return unicodedata.normalize("NFKC", "".join(folded.split()))
