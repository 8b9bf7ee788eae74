"""Papers for the face-to-face check at the institution, where eKYC was not possible (GL-488 to GL-491)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from kit.errors import Finding

from applications.programmes.green_loan.papers.identity import branch_paper_in_time

CAREER_CERTIFICATE_FROM: Final = date(2012, 4, 1)

Kind = Literal[
    "DRIVING_LICENCE",
    "DRIVING_CAREER_CERTIFICATE",
    "MY_NUMBER_CARD",
    "PASSPORT",
    "RESIDENCE_CARD",
    "SPECIAL_PERMANENT_RESIDENT_CERTIFICATE",
    "RESIDENT_REGISTER_CARD",
    "HEALTH_CARD",
    "RESIDENT_RECORD",
    "SEAL_REGISTRATION_CERTIFICATE",
    "CASH_CARD",
    "BANKBOOK",
    "CREDIT_CARD",
    "UTILITY_BILL",
]


@dataclass(frozen=True)
class Paper:
    """A paper that somebody brings, and what the counter sees on it.

    `complete`: name, address, birth date and photo are on it (asked of the resident register card alone).
    """

    kind: Kind
    issued_on: date | None = None
    valid_until: date | None = None
    address_written: bool = False
    complete: bool = False


def _recent(paper: Paper, visited_on: date) -> bool:
    """GL-490, GL-491: made within the last 6 months before the visit."""
    return paper.issued_on is not None and branch_paper_in_time(visited_on, paper.issued_on)


def _always(_paper: Paper, _visited_on: date) -> bool:
    return True


_Test = Callable[[Paper, date], bool]

ALONE: Final[Mapping[Kind, _Test]] = {
    "DRIVING_LICENCE": _always,
    "DRIVING_CAREER_CERTIFICATE": lambda paper, _: (
        paper.issued_on is not None and paper.issued_on >= CAREER_CERTIFICATE_FROM
    ),
    "MY_NUMBER_CARD": _always,
    "PASSPORT": lambda paper, _: paper.address_written,
    "RESIDENCE_CARD": _always,
    "SPECIAL_PERMANENT_RESIDENT_CERTIFICATE": _always,
    "RESIDENT_REGISTER_CARD": lambda paper, _: paper.complete,
}
"""GL-489: what is enough by itself."""

WITH_HEALTH_CARD: Final[Mapping[Kind, _Test]] = {
    "RESIDENT_RECORD": _recent,
    "SEAL_REGISTRATION_CERTIFICATE": _recent,
    "CASH_CARD": _always,
    "BANKBOOK": _always,
    "CREDIT_CARD": lambda paper, visited_on: paper.valid_until is not None and visited_on <= paper.valid_until,
    "UTILITY_BILL": lambda paper, visited_on: paper.address_written and _recent(paper, visited_on),
}
"""GL-489: what is enough together with the health insurance card."""


def suffices(papers: Sequence[Paper], visited_on: date) -> bool:
    """GL-489: whether somebody can be identified at the counter with these papers."""
    if any(paper.kind in ALONE and ALONE[paper.kind](paper, visited_on) for paper in papers):
        return True
    beside = [paper for paper in papers if paper.kind in WITH_HEALTH_CARD]
    return any(paper.kind == "HEALTH_CARD" for paper in papers) and any(
        WITH_HEALTH_CARD[paper.kind](paper, visited_on) for paper in beside
    )


def papers_findings(papers: Sequence[Paper], visited_on: date, field: str) -> list[Finding]:
    """GL-488, GL-489: what the counter says if the papers are not enough."""
    if suffices(papers, visited_on):
        return []
    message = (
        "この書類では本人確認ができません。運転免許証やマイナンバーカードなど、ご案内の本人確認資料のいずれかをお持ちください"
        "(住民票、印鑑登録証明書、公共料金の領収書・請求書は、6か月以内に作成されたものに限ります)。"
    )
    return [Finding("GL-489", "PAPERS", message, field)]
