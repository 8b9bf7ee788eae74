"""What is missing or unusable among the uploads: for the error check and for the office (GL-103, GL-348).

Papers that are due later, or that go to the danshin service, the inspection body or the institution, keep nobody from
applying.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from kit.errors import Finding

from applications.programmes.green_loan.papers import identity, income, register
from applications.programmes.green_loan.papers.conditions import Condition, conditions_of, unconfirmed_finding
from applications.programmes.green_loan.papers.facts import WHO_LABELS, Application
from applications.programmes.green_loan.papers.identity import IDENTITY_PAPERS
from applications.programmes.green_loan.papers.kinds import Paper, name_of
from applications.programmes.green_loan.papers.required import required_papers
from applications.programmes.green_loan.papers.requirement import Code, Due, HandTo, Requirement

PAPER_MISSING = "PAPER_MISSING"

_INCOME_PROOFS = frozenset({Code.INCOME_PROOF, Code.CODEBTOR_INCOME_PROOF})
_OF_A_YEAR = _INCOME_PROOFS | {Code.PENSION_PROOF, Code.INCOME_PROOF_LATER}


@dataclass(frozen=True)
class Upload:
    """A file in a slot, and what the applicant states of the paper in it.

    `issued_on`: register certificate, career certificate. `applied_on`: passport. `income_year`: the calendar year
    whose income the paper shows. `confirmed`: the ticks of `conditions.conditions_of`.
    """

    slot: str
    issued_on: date | None = None
    applied_on: date | None = None
    income_year: int | None = None
    confirmed: frozenset[Condition] = frozenset()


def missing_papers(
    requirements: Iterable[Requirement], filled_slots: Collection[str], *, due: Due, prefix: str
) -> list[Finding]:
    """One finding for each required upload, due at that event, of which no accepted way is complete (GL-348, GL-103).

    `prefix` stands before the slot in the finding's field: the first empty one of the way that lacks least.
    """
    filled = set(filled_slots)
    return [_missing(one, filled, prefix) for one in requirements if _asked(one, due) and not _is_met(one, filled)]


def paper_findings(application: Application, uploads: Iterable[Upload], *, prefix: str) -> list[Finding]:
    """All that keeps the papers due at application from being complete and usable: the error check (GL-103, GL-348).

    A requirement is met by one way whose papers are all there and usable. If none is, the findings are those of the
    first complete way, or that the paper is missing.
    """
    requirements = required_papers(application)
    by_slot = {upload.slot: upload for upload in uploads}
    found = missing_papers(requirements, by_slot.keys(), due=Due.APPLICATION, prefix=prefix)
    for requirement in requirements:
        if _asked(requirement, Due.APPLICATION):
            found += _unusable(requirement, by_slot, application.acceptance_date, prefix)
    unproved = {one.who for one in requirements if one.code in _INCOME_PROOFS and not _is_met(one, set(by_slot))}
    for person in application.persons:
        if person.key in unproved:  # a tick that is not needed hurts nobody
            found += income.special_case_findings(
                person,
                application.acceptance_date,
                application.special_case_months,
                f"{prefix}{person.key}.proof_not_yet_issued",
            )
    return list(dict.fromkeys(found))  # one paper that serves twice is wrong once


def _asked(requirement: Requirement, due: Due) -> bool:
    return requirement.hand_to is HandTo.UPLOAD and requirement.due is due


def _is_met(requirement: Requirement, filled: set[str]) -> bool:
    return any(filled.issuperset(way) for way in requirement.slots())


def _missing(requirement: Requirement, filled: set[str], prefix: str) -> Finding:
    def gaps(way: tuple[tuple[Paper, ...], tuple[str, ...]]) -> tuple[bool, int]:
        """Ways that are begun first, and those that lack least before others."""
        begun = not filled.isdisjoint(way[1])
        return not begun, sum(slot not in filled for slot in way[1]) if begun else 0

    papers, slots = min(zip(requirement.accepted, requirement.slots(), strict=True), key=gaps)
    empty = [(paper, slot) for paper, slot in zip(papers, slots, strict=True) if slot not in filled]
    message = f"{WHO_LABELS[requirement.who]}の{requirement.title}をアップロードしてください。"
    if len(empty) < len(papers):
        message += f"{'と'.join(name_of(paper) for paper, _ in empty)}が不足しています。"
    return Finding(requirement.rules[0], PAPER_MISSING, message, prefix + empty[0][1])


def _unusable(
    requirement: Requirement, by_slot: Mapping[str, Upload], acceptance_date: date, prefix: str
) -> list[Finding]:
    ways = [
        [
            finding
            for paper, slot in zip(papers, slots, strict=True)
            for finding in upload_findings(requirement.code, paper, by_slot[slot], acceptance_date, prefix + slot)
        ]
        for papers, slots in zip(requirement.accepted, requirement.slots(), strict=True)
        if set(slots) <= by_slot.keys()
    ]
    return [] if not ways or [] in ways else ways[0]


def upload_findings(code: Code, paper: Paper, upload: Upload, acceptance_date: date, field: str) -> list[Finding]:
    """What is wrong with one paper for what it serves for: age, year, and what was not confirmed of it."""
    found: list[Finding] = []
    if code is Code.IDENTITY and paper in IDENTITY_PAPERS:
        found += identity.identity_paper_findings(
            paper,
            issued_on=upload.issued_on,
            applied_on=upload.applied_on,
            address_written=Condition.ADDRESS_WRITTEN in upload.confirmed,
            field=field,
        )
    if code is Code.BUILDING_REGISTER:
        found += register.register_findings(acceptance_date, upload.issued_on, field)
    if code in _OF_A_YEAR:
        found += income.income_year_findings(acceptance_date, upload.income_year, field)
    already = {Condition.ADDRESS_WRITTEN}  # judged with the passport's date above
    found += [
        unconfirmed_finding(condition, name_of(paper), field)
        for condition in conditions_of(code, paper)
        if condition not in upload.confirmed | already
    ]
    return found
