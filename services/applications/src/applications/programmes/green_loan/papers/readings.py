"""What an officer reads in a paper that somebody brought: per kind of paper, what is entered and what judges it.

The officer enters it with the step `examine`; anybody may ask before anything is sent (`areas.readings`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from kit.errors import Finding

from applications.forms import Form
from applications.programmes.green_loan.papers import declaration, people, salary, works
from applications.programmes.green_loan.papers.kinds import Paper


@dataclass(frozen=True)
class Reading:
    """One kind of reading: `facts` are entered of one of `papers`; `findings` are told below a field."""

    title: str
    rules: tuple[str, ...]
    papers: tuple[Paper, ...]
    facts: type[Form]
    findings: Callable[[Any, str], list[Finding]]


def _dotted(function: Callable[[Any, str], list[Finding]]) -> Callable[[Any, str], list[Finding]]:
    return lambda facts, field: function(facts, f"{field}.")


READINGS = {
    "works_breakdown": Reading(
        "工事の内訳",
        ("GL-395", "GL-398", "GL-419", "GL-421", "GL-422", "GL-423", "GL-424"),
        (Paper.WORKS_CONTRACT, Paper.WORKS_ORDER, Paper.PURCHASE_CONTRACT, Paper.QUOTATION),
        works.Breakdown,
        works.breakdown_findings,
    ),
    "residence_declaration": Reading(
        "親族居住に関する申出書",
        ("GL-413",),
        (Paper.RESIDENCE_DECLARATION,),
        declaration.Declaration,
        _dotted(declaration.declaration_findings),
    ),
    "salary_certificate": Reading(
        "給与証明書",
        ("GL-414", "GL-415", "GL-416", "GL-417"),
        (Paper.SALARY_CERTIFICATE,),
        salary.SalaryCertificate,
        _dotted(salary.salary_certificate_findings),
    ),
    "partnership_certificate": Reading(
        "パートナーシップ証明書",
        ("GL-410",),
        (Paper.PARTNERSHIP_CERTIFICATE,),
        people.PartnershipCertificate,
        people.partnership_certificate_findings,
    ),
    "notarial_deed": Reading(
        "公正証書", ("GL-411",), (Paper.NOTARIAL_DEED,), people.NotarialDeed, people.notarial_deed_findings
    ),
}
"""By the field of `steps.PaperReading` that holds the facts, which is also the area's name."""


def of_paper(kind: str, slot: str) -> bool:
    """Whether a file at this slot is a paper of this kind: slots are named after person and paper."""
    return any(slot == paper or slot.endswith(f"_{paper}") for paper in READINGS[kind].papers)


def reading_findings(read: Collection[tuple[str, Form]], field: str) -> list[Finding]:
    """Everything that is wrong with what was read of a file, each kind below its own field."""
    return [found for kind, facts in read for found in READINGS[kind].findings(facts, f"{field}.{kind}")]
