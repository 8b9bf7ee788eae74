"""Who comes to the counter, how they get an account, and what is written down of an organisation.

    registers by themselves     association, applicant
    comes by invitation         joint_debtor
    is opened by an operator    office_reviewer, office_approver, operator; and for an organisation: company,
                                inspection_body, bank

The source says nothing of how management companies and the other sides of the counter get their accounts.
interpretation: the agency knows whom it works with, so its operator registers the organisation and opens the accounts.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from kit.errors import Finding

NAME_LIMIT = 100
ADDRESS_LIMIT = 200
_POSTAL_CODE = re.compile(r"[0-9]{7}")
_PHONE = re.compile(r"0[0-9]{9,10}")
_KANA = re.compile(r"[ァ-ヶー・\u3000]+")

# interpretation: the source names no time.
INVITATION_LINK = timedelta(days=7)
# Whoever has this link and the secret answer gets the account: it works as long as the links to a password (ID-16).
SUCCESSION_LINK = timedelta(hours=24)
SUCCESSION_CONFIRMATION = timedelta(days=7)  # how long what one officer began waits for a second one

# interpretation: every joint debtor of a loan has an account (GL-069), and comes by invitation of the applicant.
INVITED_AS = frozenset({"joint_debtor"})
# A bound on mails to strangers. How many joint debtors a loan may have is the programme's rule (GL-044).
OPEN_INVITATIONS_PER_APPLICATION = 10

SELF_SERVICE = frozenset({"association", "applicant", "joint_debtor"})
"""The roles whose holders gave a secret question and answer (ID-11)."""


@dataclass(frozen=True)
class Holder:
    """Who an account is for."""

    name_kanji: str
    name_kana: str | None
    mail: str


class OrganisationKind(StrEnum):
    """What an organisation does at the counter; the role of its people has the same name."""

    COMPANY = "company"  # 管理会社
    INSPECTION_BODY = "inspection_body"  # 適合証明検査機関
    BANK = "bank"  # 金融機関


def organisation_findings(*, name: str, name_kana: str, postal_code: str, address: str, phone: str) -> list[Finding]:
    """What is wrong with the data of an organisation. All of it goes to other services as it is."""
    found = []
    for field, label, value, limit in (
        ("name", "名称", name, NAME_LIMIT),
        ("name_kana", "名称(カナ)", name_kana, NAME_LIMIT),
        ("address", "所在地", address, ADDRESS_LIMIT),
    ):
        if not value.strip():
            found.append(Finding("ID-26", "EMPTY", f"{label}を入力してください。", field))
        elif len(value) > limit:
            found.append(Finding("ID-26", "TOO_LONG", f"{label}は{limit}文字以内で入力してください。", field))
        elif has_control(value):
            found.append(Finding("ID-26", "FORMAT", f"{label}に使用できない文字が含まれています。", field))
    if name_kana.strip() and not _KANA.fullmatch(name_kana):
        found.append(Finding("ID-26", "NOT_KATAKANA", "名称(カナ)は全角カタカナで入力してください。", "name_kana"))
    if not _POSTAL_CODE.fullmatch(postal_code):
        found.append(Finding("ID-26", "FORMAT", "郵便番号は半角数字7桁で入力してください。", "postal_code"))
    if not _PHONE.fullmatch(phone):
        found.append(Finding("ID-26", "FORMAT", "電話番号は半角数字で、ハイフンなしで入力してください。", "phone"))
    return found


def has_control(text: str) -> bool:
    """Line breaks and the like: a name becomes part of a mail, and must not end a line of it."""
    return any(unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp"} for character in text)


_ADDRESS_SIGNS = frozenset("/\\:@")
_DOTS = frozenset(".。․")  # after NFKC: full-width and half-width ones, and the small one


def looks_like_address(text: str) -> bool:
    """Whether a mail program could turn a part of it into a link: `example.jp`, `https://…`, `a@b`.

    A name reaches mails to addresses that nobody has confirmed: with a web address in it, a stranger could have us send
    an advertisement. A dot before a space or at the end is that of an initial.
    """
    plain = unicodedata.normalize("NFKC", text)
    if _ADDRESS_SIGNS & set(plain):
        return True
    return any(one in _DOTS and not after.isspace() for one, after in pairwise(plain))


class InvitationState(StrEnum):
    """What became of an invitation."""

    OPEN = "open"
    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


def invitation_state(*, accepted: bool, withdrawn: bool, expires_at: datetime, now: datetime) -> InvitationState:
    """The state at `now`; the link works while now < `expires_at`."""
    if accepted:
        return InvitationState.ACCEPTED
    if withdrawn:
        return InvitationState.WITHDRAWN
    return InvitationState.OPEN if now < expires_at else InvitationState.EXPIRED


class SuccessionState(StrEnum):
    """What became of a change of the representative (代表者変更)."""

    WAITING = "waiting"  # for a second officer
    OPEN = "open"  # the next representative has the link
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


def succession_state(
    *, mailed: bool, completed: bool, withdrawn: bool, expires_at: datetime, now: datetime
) -> SuccessionState:
    """The state at `now`; it can be confirmed, or its link works, while now < `expires_at`."""
    if completed:
        return SuccessionState.COMPLETED
    if withdrawn:
        return SuccessionState.WITHDRAWN
    if now >= expires_at:
        return SuccessionState.EXPIRED
    return SuccessionState.OPEN if mailed else SuccessionState.WAITING
