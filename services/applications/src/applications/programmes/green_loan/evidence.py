"""The files of the income information retrieval service in a case, each with what there is to look at (GL-425)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from kit.errors import Finding
from kit.japan.era import format_era

from applications.programme import Examined
from applications.programmes.green_loan import reading
from applications.programmes.green_loan.form import papers as form_papers
from applications.programmes.green_loan.form import people
from applications.programmes.green_loan.form.sections import Person
from applications.programmes.green_loan.papers.facts import WHO_LABELS, Income
from applications.programmes.green_loan.papers.income_evidence import Declared, evidence_findings
from applications.programmes.green_loan.papers.kinds import Paper, name_of
from applications.programmes.green_loan.papers.requirement import slot_of
from applications.workflow import Case, Evidence


class Found(NamedTuple):
    """A file that was read: whose it is (the key of the person), and what is to be looked at."""

    who: str
    evidence: Evidence
    findings: list[Finding]


def evidence_in(case: Case) -> Iterator[Found]:
    """Each person's file that counts now, if it was read already: reading waits for nobody, and nobody for it."""
    form = reading.form_of(case)
    files = form_papers.files_by_slot(form, case.account_id, case.documents)
    for who, _place, person in people.keys(form):
        slot = slot_of(who, Paper.INCOME_SERVICE)
        for document in files.get(slot, ()):
            one = case.evidence.get(document)
            if one is not None:
                said, accepted = _declared(person), reading.accepted_on(case)
                yield Found(who, one, evidence_findings(one.result, one.said, said, accepted, f"documents.{slot}"))


def _declared(person: Person) -> Declared:
    name = person.name_kanji
    salary_only = set(person.incomes or ()) <= {Income.SALARY}
    return Declared(
        name=f"{name.family}{name.given}" if name is not None and name.family and name.given else None,
        birth=person.birth,
        salary_only=salary_only,
        income_yen=person.salary_yen if salary_only else person.total_income_yen,
    )


def to_be_shown(case: Case) -> list[Finding]:
    """What the applicant is told of these files before anything is handed in, and what to do."""
    return [finding for one in evidence_in(case) for finding in one.findings]


def examined(case: Case) -> Iterator[Examined]:
    """What the officer sees of them; the state is what the program found (`verified` and so on)."""
    for who, one, findings in evidence_in(case):
        label = f"{WHO_LABELS[who]} {name_of(Paper.INCOME_SERVICE)}"
        if one.said is not None:
            label += f"({format_era(date(one.said.year, 12, 31)).partition('年')[0]}年分)"
        yield Examined(
            kind="evidence",
            key=str(one.document_id),
            label=label,
            state=one.result.lower(),
            rule="GL-425",
            on=one.said.issued_on if one.said is not None else None,
            document_id=one.document_id,
            findings=findings,
        )
