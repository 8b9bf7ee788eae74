"""Personal data: purposes, consents, and what may be provided to third parties (GL-608 to GL-621, GL-623). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal
from uuid import UUID

from kit.errors import Finding

DataField = Literal[
    "name",
    "address",
    "birth_date",
    "sex",
    "telephone",
    "assets",
    "annual_income",
    "workplace",
    "family",
    "health",
    "borrowings",
    "other",
]
"""GL-608: the personal data concerned."""


class LegalCase(StrEnum):
    """GL-614: the six cases in which data may be provided to a third party, in their order."""

    LAW = "LAW"
    CONSENT = "CONSENT"
    PUBLIC_BODY = "PUBLIC_BODY"
    STATISTICS = "STATISTICS"
    CUSTOMER_BENEFIT = "CUSTOMER_BENEFIT"
    SPECIAL_REASON = "SPECIAL_REASON"


CUSTOMER: Final = "customer"
"""GL-614 (2): the recipient of a provision to the customer."""
STATISTICAL_PURPOSES: Final = frozenset({"statistics", "academic_research"})
"""GL-614 (4): what is solely for statistics or academic research."""
IDENTIFYING: Final[frozenset[DataField]] = frozenset({"name", "address", "telephone"})
"""interpretation (GL-614): what statistics never need."""


@dataclass(frozen=True)
class ConsentText:
    """One version of 個人情報の取扱いに関する同意.

    It names the purposes (codes, GL-609) and the third parties (keys) to whom data may be provided (GL-615); use and
    registration at credit bureaus are among them (GL-623).
    """

    version: str
    purposes: frozenset[str]
    recipients: frozenset[str]


@dataclass(frozen=True)
class Provision:
    """interpretation (GL-621): one entry of the provision log; every provision to a third party has one.

    `ground` says in words why the case holds. `restricted` and `safety_asked`: the recipient was restricted in purpose
    and method, and asked for safety measures (GL-615).
    """

    recipient: str
    case: LegalCase
    data_fields: frozenset[DataField]
    purpose: str
    ground: str
    restricted: bool
    safety_asked: bool


@dataclass(frozen=True)
class Given:
    """A provision with whose data it gives. `which`: which of several recipients of that kind, such as a bank's id.

    `consented` is the version that the person consented to last, None without one.
    """

    person: UUID
    provision: Provision
    which: str = ""
    consented: ConsentText | None = None


def provision_findings(provision: Provision, consented: ConsentText | None) -> list[Finding]:
    """GL-609, GL-614, GL-615, GL-621: what stands against a provision.

    `consented` is the version that the customer consented to, None without one; what customers are given themselves has
    the recipient `CUSTOMER`.
    """
    found = []
    if not provision.recipient or not provision.purpose or not provision.data_fields:
        message = "提供先、提供する項目、利用目的を入力してください。"
        found.append(Finding("GL-621", "INCOMPLETE", message, "provision"))
    if provision.case is LegalCase.STATISTICS:
        found += _statistics_findings(provision)
    elif provision.case is LegalCase.CONSENT:
        found += _consent_findings(provision, consented)
    elif not provision.ground.strip():
        message = "提供できる根拠(法令の条項、事務や業務の内容、理由など)を入力してください。"
        found.append(Finding("GL-614", "GROUND_MISSING", message, "ground"))
    return found


def suspension_findings(provision: Provision, *, suspended: bool) -> list[Finding]:
    """interpretation (GL-618): of whom the use of data is suspended, nothing is provided to anybody but themselves."""
    if not suspended or provision.recipient == CUSTOMER:
        return []
    message = "ご本人のご請求により個人情報の利用を停止しています。第三者に提供することはできません。"
    return [Finding("GL-618", "SUSPENDED", message, "person")]


def _statistics_findings(provision: Provision) -> list[Finding]:
    if provision.purpose not in STATISTICAL_PURPOSES:
        message = "「専ら統計の作成または学術研究の目的」に当たりません。この場合として提供することはできません。"
        return [Finding("GL-614", "NOT_FOR_STATISTICS", message, "purpose")]
    if provision.purpose == "statistics" and provision.data_fields & IDENTIFYING:
        message = "統計の作成に、氏名、住所、電話番号は必要ありません。これらの項目を除いてください。"
        return [Finding("GL-614", "IDENTIFYING_DATA", message, "data_fields")]
    return []


def _consent_findings(provision: Provision, consented: ConsentText | None) -> list[Finding]:
    """interpretation (GL-609, GL-620): a provision by consent carries the code of a purpose that the version names to
    which the person consented last, and goes to a recipient whom that version names.
    """
    if provision.recipient == CUSTOMER:
        return []
    found = []
    if consented is None or provision.recipient not in consented.recipients:
        message = "この提供先は、お客さまの同意に記載されていません。同意をいただいてから提供してください。"
        found.append(Finding("GL-615", "RECIPIENT_NOT_CONSENTED", message, "recipient"))
    if consented is None or provision.purpose not in consented.purposes:
        message = "この利用目的は、お客さまの同意の範囲にありません。同意に記載の利用目的の範囲内でご利用ください。"
        found.append(Finding("GL-609", "PURPOSE_NOT_CONSENTED", message, "purpose"))
    if not provision.restricted:
        message = "提供先に対し、利用の目的と方法を制限してください。"
        found.append(Finding("GL-615", "NOT_RESTRICTED", message, "restricted"))
    if not provision.safety_asked:
        message = "提供先に対し、個人情報の安全管理措置を求めてください。"
        found.append(Finding("GL-615", "SAFETY_NOT_ASKED", message, "safety_asked"))
    return found
