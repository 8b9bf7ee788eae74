"""What a green loan gives to third parties, on whose consent, and what is kept back from them."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from applications.privacy import ConsentText, provision_findings
from applications.programmes.green_loan import PROGRAMME, sharing
from applications.programmes.green_loan.procedure import consents
from applications.programmes.green_loan.reading import CONSENT, JOINT_DEBTOR
from applications.programmes.green_loan.slots import SLOTS
from applications.workflow import Caller
from kit.errors import Refused
from madoguchi_contracts import Role
from support import green_loan as example
from support.life import Life

OWNER, DEBTOR, OFFICER, SECOND = (UUID(int=n) for n in range(1, 5))
MAIN, WIFE = Caller(Role.APPLICANT, OWNER), Caller(Role.JOINT_DEBTOR, DEBTOR)
REVIEWER, APPROVER = Caller(Role.OFFICE_REVIEWER, OFFICER), Caller(Role.OFFICE_APPROVER, SECOND)


@pytest.fixture
def life():
    """A couple whose loan is under review."""
    life = Life(PROGRAMME, OWNER, example.NOW)
    life.facts = example.facts()
    life.do("start", MAIN)
    life.join(DEBTOR, JOINT_DEBTOR, "view")
    card = {"slot": "joint_debtor_1_my_number_card", "confirmed": ["front_only"]}
    life.draft = example.content_with(
        joint_debtors=[example.joint_debtor(DEBTOR)], papers=[*example.content()["papers"], card]
    )
    life.documents = [*example.documents(OWNER), example.document("my_number_card", DEBTOR)]
    said = {"draft_version": 1, "text_version": "2026-04", "personal_data": True, "outline": True}
    for caller, person in ((MAIN, OWNER), (WIFE, DEBTOR)):
        life.do("agree", caller, track=CONSENT, about=person, **said)
    life.do("submit", MAIN)
    life.do("examine", REVIEWER, **example.examination(life.documents, OWNER, DEBTOR))
    return life


def told(life):
    """Who was given whose data, in short."""
    return [(one.provision.recipient, one.which, one.person) for one in life.provided]


@pytest.mark.rule("GL-021", "GL-022", "GL-614", "GL-621")
def test_the_approval_gives_the_bank_everybodys_data_and_the_inspection_body_whom_to_call(life):
    assert told(life) == []  # before it, neither sees anything about a person
    life.do("recommend", REVIEWER)
    life.do("approve", APPROVER, amount_yen=1_500_000)
    assert told(life) == [
        ("handling_institution", str(example.BANK), OWNER),
        ("handling_institution", str(example.BANK), DEBTOR),
        ("inspection_body", str(example.BODY), OWNER),
    ]
    assert {one.consented.version for one in life.provided} == {"2026-04"}
    body = life.provided[-1].provision.data_fields
    assert body == {"name", "address", "telephone"}
    again = replace(life.case(), approved_submission=1)  # a second approval gives nothing that was not given
    assert sharing.by_approval(again) == []


@pytest.mark.rule("GL-122", "GL-623", "GL-621")
def test_an_enquiry_at_a_bureau_names_it_and_persons_who_owe_the_loan(life):
    life.do("enquire_credit", REVIEWER, bureau="KSC", persons=[str(OWNER), str(DEBTOR)])
    assert told(life) == [("credit_bureau", "KSC", OWNER), ("credit_bureau", "KSC", DEBTOR)]
    assert "borrowings" not in life.provided[0].provision.data_fields
    for wrong in ([], [str(uuid4())], [str(OWNER), str(OWNER)]):
        with pytest.raises(Refused) as refused:
            life.do("enquire_credit", REVIEWER, bureau="KSC", persons=wrong)
        assert {one.code for one in refused.value.findings} == {"PERSONS"}
    with pytest.raises(Refused):
        life.do("enquire_credit", REVIEWER, persons=[str(OWNER)])


@pytest.mark.rule("GL-123", "GL-623")
def test_a_loan_is_registered_at_a_bureau_once_it_is_owed(life):
    rows = PROGRAMME.workflow.rows("loan", "register_credit")
    assert {row.target for row in rows} == {"repaying", "overdue"}
    said = rows[0].facts(bureau="CIC", persons=(DEBTOR,))
    (given,) = sharing.by_registration(replace(life.case(), facts=said))
    assert (given.person, given.which, given.provision.purpose) == (DEBTOR, "CIC", "credit_registration")
    assert "borrowings" in given.provision.data_fields


@pytest.mark.rule("GL-615", "GL-620", "GL-623")
def test_what_the_consent_does_not_name_is_not_given_and_the_step_is_refused(life, monkeypatch):
    old = ConsentText("2026-04", frozenset({"review"}), frozenset({"handling_institution"}))
    monkeypatch.setitem(consents.TEXTS, "2026-04", old)
    life.do("recommend", REVIEWER)
    with pytest.raises(Refused) as refused:
        life.do("approve", APPROVER, amount_yen=1_500_000)
    assert "PURPOSE_NOT_CONSENTED" in {one.code for one in refused.value.findings}
    assert life.state() == "under_review"
    with pytest.raises(Refused) as refused:
        life.do("enquire_credit", REVIEWER, bureau="KSC", persons=[str(OWNER)])
    assert "RECIPIENT_NOT_CONSENTED" in {one.code for one in refused.value.findings}


@pytest.mark.rule("GL-614", "GL-615", "GL-616", "GL-623")
@pytest.mark.parametrize("regular", consents.REGULAR)
def test_every_regular_provision_is_named_by_every_consent_in_use(life, regular):
    given = sharing.given(life.case(), OWNER, regular)
    assert provision_findings(given.provision, given.consented) == []
    stranger = sharing.given(life.case(), uuid4(), regular)
    assert provision_findings(stranger.provision, stranger.consented) != []


@pytest.mark.rule("GL-022", "GL-609")
def test_an_inspection_body_is_shown_the_house_and_the_works_and_nobodys_money():
    shown = PROGRAMME.shares["inspection_body"].extract(example.content())
    assert shown["applicant"].keys() == {"name_kanji", "name_kana", "address", "phone"}
    assert shown["house"]["place"]
    assert shown["works"]["lines"]
    assert not {"loan", "borrowings", "joint_debtors", "papers", "figures", "institution"} & shown.keys()
    assert sharing.for_body({}) == {"applicant": {}, "house": {}, "works": {}}


@pytest.mark.rule("GL-621")
def test_no_paper_is_open_to_a_third_party_so_that_downloads_are_no_provisions():
    assert [slot.key for slot in SLOTS if slot.seen_by or slot.filled_by] == []
