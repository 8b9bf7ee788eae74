"""Which papers this very application needs, and what is wrong with those that were uploaded (groups 21 to 25)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from kit.errors import Finding

from applications.programme import NeededPaper
from applications.programmes.green_loan.form import danshin, people
from applications.programmes.green_loan.form import works as form_works
from applications.programmes.green_loan.form.sections import GreenLoanForm, House, Person, Works, kept_form
from applications.programmes.green_loan.papers import facts
from applications.programmes.green_loan.papers.check import Upload, paper_findings
from applications.programmes.green_loan.papers.completion import object_name
from applications.programmes.green_loan.papers.facts import MAIN_APPLICANT, Application, WorksContract
from applications.programmes.green_loan.papers.jobs import advice
from applications.programmes.green_loan.papers.required import required_papers
from applications.programmes.green_loan.papers.requirement import HandTo, Requirement
from applications.programmes.green_loan.people.residence import JAPANESE
from applications.programmes.green_loan.works.house import HouseUse
from applications.workflow import Document

SPECIAL_CASE_MONTHS = frozenset({1, 2, 3, 4, 5})
"""interpretation (GL-391): the months of "around January to May"."""


def application_of(form: GreenLoanForm, today: date) -> Application:
    """The facts on which the set of papers depends (GL-362 to GL-412)."""
    house, works = form.house or House(), form.works or Works()
    named = [_person(key, one) for key, _, one in people.keys(form)]
    if house.use is HouseUse.RELATIVE and house.occupant is not None:
        foreign = house.occupant.status not in {None, JAPANESE}
        named.append(facts.Person(facts.OCCUPANT, facts.Position.OCCUPYING_RELATIVE, foreigner=foreign))
    return Application(
        acceptance_date=today,
        persons=tuple(named),
        house_use=house.use or HouseUse.OWN,
        works_contract=works.contract or WorksContract.OPEN,
        special_case_months=SPECIAL_CASE_MONTHS,
        same_sex_partners=tuple((one.first, one.second) for one in form.partners or () if one.first and one.second),
        health_certificates=danshin.health_certificates(form),
        breakdown_in_contract=bool(works.breakdown_in_contract),
        menu=form.menu,
        planned=form_works.planned(form),
        object_name=object_name(
            house.building_form,
            place=(house.place.address if house.place else None) or "",
            building_name=house.building_name or "",
            unit_number=house.unit_number or "",
        ),
    )


def papers_hints(form: GreenLoanForm, today: date) -> list[Finding]:
    """GL-385, GL-392, GL-412: where the papers may differ, so that the applicant asks; at the person's place."""
    places = {key: place for key, place, _ in people.keys(form)}
    return [
        Finding(one.rule, one.code, one.message, places[one.field])
        for one in advice(application_of(form, today).persons)
    ]


def requirements_of(content: Mapping[str, Any], today: date) -> list[Requirement]:
    """All papers of the application, explained, from what was kept of its form."""
    return required_papers(application_of(kept_form(content), today))


def needed(content: Mapping[str, Any], owner: UUID | None, today: date) -> list[NeededPaper]:
    """The papers of this application as the pages show them, each with the reason why it is asked (GL-366)."""
    accounts = _accounts(kept_form(content), owner)
    return [
        NeededPaper(
            key=one.key,
            code=one.code,
            title=one.title,
            label=one.label,
            who=one.who,
            subject=accounts.get(one.who),
            why=one.why,
            rules=one.rules,
            due=one.due,
            hand_to=one.hand_to,
            original_shown=one.original_shown,
            age_limit=one.age_limit,
            slots=_ways(one, one.who in accounts) if one.hand_to is HandTo.UPLOAD else (),
        )
        for one in requirements_of(content, today)
    ]


def _ways(requirement: Requirement, personal: bool) -> tuple[tuple[str, ...], ...]:
    """The slots of the documents service: that of a person's paper is the same for everybody."""
    own = f"{requirement.who}_" if personal else ""
    return tuple(tuple(slot.removeprefix(own) for slot in way) for way in requirement.slots())


def _accounts(form: GreenLoanForm, owner: UUID | None) -> dict[str, UUID | None]:
    """Whose account each key is of; None where there is none yet."""
    found = {MAIN_APPLICANT: owner}
    for (key, _, _), debtor in zip(people.keys(form)[1:], people.debtors(form), strict=False):
        found[key] = debtor.account
    return found


def papers_wrong(
    content: Mapping[str, Any], owner: UUID, documents: Sequence[Document], today: date, prefix: str
) -> list[Finding]:
    """GL-103, GL-348: which papers due at the application are missing, or cannot be used."""
    form = kept_form(content)
    stated = {one.slot: one for one in form.papers or () if one.slot is not None}
    uploads = []
    for slot in sorted(files_by_slot(form, owner, documents)):
        said = stated.get(slot)
        if said is None:
            uploads.append(Upload(slot))
        else:
            confirmed = frozenset(said.confirmed or ())
            uploads.append(Upload(slot, said.issued_on, said.applied_on, said.income_year, confirmed))
    return paper_findings(application_of(form, today), uploads, prefix=prefix)


def files_by_slot(form: GreenLoanForm, owner: UUID, documents: Sequence[Document]) -> dict[str, list[UUID]]:
    """The files in each slot, as the rules of papers name them, in which there is one.

    A file of a person lies in the slot of its paper with that person as subject; a file of somebody who is not in the
    form counts for nothing. Where the office asked for a paper anew, the last that came counts and nothing before it
    (GL-366): the old one lies in a slot that is frozen, and would stay rejected for good.
    """
    key_of = {account: key for key, account in _accounts(form, owner).items()}
    found: dict[str, list[UUID]] = {}
    for document in documents:
        slot = document.replaces or document.slot
        if document.subject is not None:
            if document.subject not in key_of:
                continue
            slot = f"{key_of[document.subject]}_{slot}"
        before = [] if document.replaces else found.get(slot, [])
        found[slot] = [*before, document.document_id]
    return found


def _person(key: str, one: Person) -> facts.Person:
    return facts.Person(
        key=key,
        position=facts.Position.MAIN_APPLICANT if key == MAIN_APPLICANT else facts.Position.JOINT_DEBTOR,
        incomes=frozenset(one.incomes or ()),
        income_combined=bool(getattr(one, "combined_yen", None)),
        relay_successor=bool(getattr(one, "successor", None)),
        taxable_pensions=one.taxable_pensions or 0,
        tax_free_pensions=one.tax_free_pensions or 0,
        certificate_reads_pension_etc=bool(one.certificate_reads_pension_etc),
        residence_tax_from_salary=bool(one.residence_tax_from_salary),
        proof_not_yet_issued=bool(one.proof_not_yet_issued),
        employment_start=one.employment_start,
        changes=frozenset(one.changes or ()),
        in_primary_industry=bool(one.in_primary_industry),
        foreigner=one.status not in {None, JAPANESE},
    )
