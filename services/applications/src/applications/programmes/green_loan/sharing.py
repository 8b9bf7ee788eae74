"""What a green loan gives to third parties of whose personal data, and on which consent (GL-614 to GL-623)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from applications.privacy import ConsentText, Given, LegalCase, Provision
from applications.programme import Share
from applications.programmes.green_loan import steps
from applications.programmes.green_loan.form import BANK, BODY
from applications.programmes.green_loan.procedure.consents import REGULAR, TEXTS
from applications.programmes.green_loan.reading import CONSENT, TECHNICAL, debtors
from applications.workflow import Case


def consented(case: Case, person: UUID) -> ConsentText | None:
    """GL-620: the version that a person consented to last; None if they did not."""
    for said in reversed(case.all_said(steps.Agreement, CONSENT, "agree", person)):
        if said.personal_data:
            return TEXTS.get(said.text_version or "")
    return None


def given(case: Case, person: UUID, regular: str, which: str = "") -> Given:
    """One of the provisions of `REGULAR` about a person, now, by their consent (GL-614, case 2)."""
    about = REGULAR[regular]
    provision = Provision(
        recipient=about.recipient,
        case=LegalCase.CONSENT,
        data_fields=about.data_fields,
        purpose=about.purpose,
        ground="",
        restricted=True,  # by the agreement
        safety_asked=True,
    )
    return Given(person, provision, which, consented(case, person))


def by_approval(case: Case) -> Sequence[Given]:
    """GL-021, GL-022: what comes into force is seen by the bank and the inspection body from then on; once."""
    if case.approved_submission is not None:
        return []
    parties = [(party, _REGULAR_OF[party.kind]) for party in case.parties if party.kind in _REGULAR_OF]
    return [
        given(case, person, regular, str(party.party_id))
        for party, regular in parties
        for person in _seen_of(party.kind, case)
    ]


_REGULAR_OF: Final = {BANK: "loan_procedures", BODY: "conformity"}


def _seen_of(kind: str, case: Case) -> list[UUID]:
    """Whose data a party of this kind sees: the inspection body deals with the main applicant alone."""
    return [case.account_id] if kind == BODY else debtors(case)


def by_enquiry(case: Case) -> Sequence[Given]:
    """GL-122, GL-623: the bureau is told about whom it is asked."""
    said = case.said(steps.CreditContact)
    return [given(case, person, "credit_enquiry", said.bureau or "") for person in said.persons or ()]


def by_registration(case: Case) -> Sequence[Given]:
    """GL-123, GL-623: the bureau is told of the loan."""
    said = case.said(steps.CreditContact)
    return [given(case, person, "credit_registration", said.bureau or "") for person in said.persons or ()]


def for_body(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """interpretation (GL-022, GL-609): what an inspection body needs of a content: the house, the works, and whom to
    call. Neither income nor borrowings, and nobody's family.
    """
    applicant, house = content.get("applicant", {}), content.get("house", {})
    named = {key: applicant[key] for key in ("name_kanji", "name_kana", "address", "phone") if key in applicant}
    works = {key: one for key, one in content.get("works", {}).items() if key not in ("costs", "subsidies_yen")}
    kept = {key: content[key] for key in ("menu", "inspection_body", "inspection_body_name") if key in content}
    place = {key: one for key, one in house.items() if key not in ("owners", "occupant")}
    return {**kept, "applicant": named, "house": place, "works": works}


SHARES: Final[Mapping[str, Share]] = {BODY: Share(for_body, frozenset({TECHNICAL}))}
"""Of a party that is not here all is shared: the bank does every procedure at a counter (GL-021, GL-340)."""
