"""Papers for certain people, form No. 13 and the salary certificate."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from applications.forms import read
from applications.programmes.green_loan.papers import people
from applications.programmes.green_loan.papers.conditions import Condition, conditions_of
from applications.programmes.green_loan.papers.declaration import (
    Declaration,
    Relation,
    declaration_findings,
)
from applications.programmes.green_loan.papers.facts import MAIN_APPLICANT, OCCUPANT, Person, Position
from applications.programmes.green_loan.papers.kinds import Paper
from applications.programmes.green_loan.papers.requirement import Code
from applications.programmes.green_loan.papers.salary import (
    LEAVES,
    Bonus,
    Case,
    PaidIn,
    PaidYear,
    SalaryCertificate,
    salary_certificate_findings,
)
from applications.programmes.green_loan.works.house import HouseUse

MAIN, DEBTOR, OWNER = Position.MAIN_APPLICANT, Position.JOINT_DEBTOR, Position.CO_OWNER


@pytest.mark.rule("GL-406", "GL-407")
def test_every_foreigner_shows_the_residence_status_by_one_of_four_papers() -> None:
    everybody = [
        Person(MAIN_APPLICANT, MAIN),
        Person("joint_debtor_1", DEBTOR, foreigner=True),
        Person(OCCUPANT, Position.OCCUPYING_RELATIVE, foreigner=True),
    ]
    required = people.foreigner_requirements(everybody)
    assert [one.who for one in required] == ["joint_debtor_1", OCCUPANT]
    assert required[0].accepted == (
        (Paper.RESIDENCE_CARD,),
        (Paper.SPECIAL_PERMANENT_RESIDENT,),
        (Paper.ALIEN_REGISTRATION,),
        (Paper.RESIDENT_RECORD,),
    )
    for (paper,) in required[0].accepted:
        assert conditions_of(Code.FOREIGNER_PAPER, paper) == (Condition.STATUS_READABLE,)


@pytest.mark.rule("GL-408")
def test_a_relatives_house_needs_the_declaration_and_proof_of_kinship() -> None:
    declaration, kinship = people.relative_requirements(HouseUse.RELATIVE)
    assert declaration.accepted == ((Paper.RESIDENCE_DECLARATION,),)
    assert kinship.accepted == ((Paper.FAMILY_REGISTER,), (Paper.RESIDENT_RECORD,))
    assert people.relative_requirements(HouseUse.OWN) == []
    assert people.relative_requirements(HouseUse.SECOND) == []


@pytest.mark.rule("GL-409")
@pytest.mark.parametrize(
    ("first", "second", "needed"),
    [
        (MAIN, DEBTOR, True),
        (DEBTOR, MAIN, True),
        (MAIN, OWNER, True),
        (OWNER, DEBTOR, True),
        (DEBTOR, DEBTOR, False),
        (OWNER, OWNER, False),
        (MAIN, Position.OCCUPYING_RELATIVE, False),
    ],
)
def test_same_sex_partners_prove_it_in_three_constellations(first: Position, second: Position, needed: bool) -> None:
    assert people.partners_need_paper(first, second) is needed
    assert len(people.same_sex_partner_requirements([(first, second), (OWNER, OWNER)])) == needed


@pytest.mark.rule("GL-410", "GL-411")
def test_a_partnership_is_proved_by_certificate_or_deed_in_the_original() -> None:
    [required] = people.same_sex_partner_requirements([(MAIN, DEBTOR), (MAIN, OWNER)])
    assert required.accepted == ((Paper.PARTNERSHIP_CERTIFICATE,), (Paper.NOTARIAL_DEED,))
    assert required.original_shown
    assert all(conditions_of(required.code, paper) for (paper,) in required.accepted)


@pytest.mark.rule("GL-410")
def test_a_partnership_certificate_is_of_the_right_place_and_not_void() -> None:
    def codes(**said: object) -> list[str]:
        certificate = people.PartnershipCertificate(**{"issued_by": "札幌市", "number": "16", **said})
        return [one.code for one in people.partnership_certificate_findings(certificate, "x")]

    assert codes(municipality_fits=True, published_as_void=False) == []
    assert codes(municipality_fits=True, published_as_void=True) == ["VOID"]
    assert codes(municipality_fits=False, published_as_void=False) == ["WRONG_ISSUER"]
    assert codes(municipality_fits=True) == ["REQUIRED"]  # nobody looked
    assert codes(issued_by=None, municipality_fits=True, published_as_void=True) == ["WRONG_ISSUER", "VOID"]


@pytest.mark.rule("GL-411")
@pytest.mark.parametrize(
    ("love", "life", "codes"),
    [
        (True, True, []),
        (False, True, ["RELATIONSHIP_NOT_STATED"]),
        (True, False, ["SHARED_LIFE_NOT_STATED"]),
        (False, False, ["RELATIONSHIP_NOT_STATED", "SHARED_LIFE_NOT_STATED"]),
    ],
)
def test_a_notarial_deed_states_relationship_and_shared_life(love: bool, life: bool, codes: list[str]) -> None:
    deed = people.NotarialDeed(states_love_and_trust=love, states_shared_life=life)
    found = people.notarial_deed_findings(deed, "x")
    assert [one.code for one in found] == codes


def with_(one: Any, **changes: object) -> Any:
    return one.model_copy(update=changes)


FILLED = Declaration(
    entered_on=date(2025, 6, 30),
    applicant_name="山田太郎",
    family_name="山田",
    given_name="花子",
    family_name_kana="ヤマダ",
    given_name_kana="ハナコ",
    japanese=True,
    persons_moving_in=1,
    age=79,
    birth_date=date(1946, 6, 30),
    postal_code="1120004",
    address="東京都文京区後楽1-4-10",
    address_kana="トウキョウトブンキョウクコウラク",
    phone="0358009479",
    jhf_loan_in_repayment=False,
    relation=Relation.MOTHER,
)


def found_in(declaration: Declaration) -> list[tuple[str, str]]:
    return [
        (one.field.removeprefix("declaration."), one.code) for one in declaration_findings(declaration, "declaration.")
    ]


@pytest.mark.rule("GL-413")
def test_a_filled_declaration_is_right_and_an_empty_one_lacks_every_field() -> None:
    assert found_in(FILLED) == []
    optional = {"institution", "other_relation", "institution_use"}
    assert found_in(Declaration()) == [(name, "REQUIRED") for name in Declaration.model_fields if name not in optional]


@pytest.mark.rule("GL-413")
@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"age": 78}, ("age", "AGE_DIFFERS")),
        ({"entered_on": date(2025, 6, 29)}, ("age", "AGE_DIFFERS")),
        ({"birth_date": date(1912, 7, 29), "age": 112}, ("birth_date", "OUT_OF_RANGE")),
        ({"birth_date": date(2025, 7, 1), "age": 0}, ("birth_date", "OUT_OF_RANGE")),
        ({"persons_moving_in": 0}, ("persons_moving_in", "OUT_OF_RANGE")),
        ({"postal_code": "112-0004"}, ("postal_code", "FORMAT")),
        ({"phone": "03-5800-9479"}, ("phone", "FORMAT")),
        ({"jhf_loan_in_repayment": True}, ("institution", "REQUIRED")),
        ({"institution": "銀行"}, ("institution", "NOT_ALLOWED")),
        ({"relation": Relation.OTHER}, ("other_relation", "REQUIRED")),
        ({"other_relation": "おば"}, ("other_relation", "NOT_ALLOWED")),
        ({"institution_use": "1"}, ("institution_use", "NOT_ALLOWED")),
    ],
)
def test_a_declaration_that_contradicts_itself_is_found(changes: dict[str, object], found: tuple[str, str]) -> None:
    assert found_in(with_(FILLED, **changes)) == [found]  # type: ignore[arg-type]


@pytest.mark.rule("GL-413")
def test_the_form_offers_the_printed_relations_and_the_eras_from_taisho_on() -> None:
    assert [*Relation] == ["FATHER", "MOTHER", "GRANDFATHER", "GRANDMOTHER", "CHILD", "GRANDCHILD", "OTHER"]
    other = with_(
        FILLED, relation=Relation.OTHER, other_relation="おば", jhf_loan_in_repayment=True, institution="銀行"
    )
    assert found_in(other) == []
    assert found_in(with_(FILLED, birth_date=date(1912, 7, 30), age=112)) == []


def year_of(number: int, month_yen: int | None = 300_000, bonuses: tuple[Bonus, ...] = ()) -> PaidYear:
    total = 12 * (month_yen or 0) + sum(bonus.amount_yen or 0 for bonus in bonuses)
    return PaidYear(year=number, months_yen=(month_yen,) * 12, bonuses=bonuses, total_yen=total)


SUMMER = Bonus(
    paid_on=date(2025, 6, 30), amount_yen=500_000, counted_from=date(2024, 10, 1), counted_to=date(2025, 3, 31)
)
CERTIFICATE = SalaryCertificate(
    institution="銀行",
    name="山田太郎",
    address="東京都文京区後楽1-4-10",
    case=Case.NEW_JOB,
    since=date(2024, 5, 1),
    until=None,
    agrees_to_repay_during_leave=False,
    month_from=1,
    month_to=31,
    paid_in=PaidIn.NEXT_MONTH,
    pay_day=25,
    years=(year_of(2024, None), year_of(2025, bonuses=(SUMMER,))),
    issued_on=date(2026, 1, 10),
    issuer_address="東京都千代田区1-1",
    issuer_name="株式会社",
    representative="鈴木一郎",
    sealed=True,
    phone="0312345678",
    person_in_charge="佐藤",
)


def wrong(certificate: SalaryCertificate) -> list[tuple[str, str, str]]:
    found = salary_certificate_findings(certificate, "salary.")
    return [(one.rule, one.code, one.field.removeprefix("salary.")) for one in found]


@pytest.mark.rule("GL-414", "GL-416", "GL-417")
def test_a_complete_salary_certificate_is_right_and_an_empty_one_lacks_all() -> None:
    assert wrong(CERTIFICATE) == []
    lacking = {field for _, code, field in wrong(SalaryCertificate()) if code == "REQUIRED"}
    assert lacking >= {"institution", "case", "since", "month_from", "paid_in", "pay_day", "issued_on", "phone"}


@pytest.mark.rule("GL-414")
@pytest.mark.parametrize("name", ["institution", "name", "address"])
def test_the_certificate_names_addressee_and_employee(name: str) -> None:
    assert wrong(with_(CERTIFICATE, **{name: ""})) == [("GL-414", "REQUIRED", name)]  # type: ignore[arg-type]


@pytest.mark.rule("GL-414", "GL-415")
@pytest.mark.parametrize("case", list(Case))
def test_a_leave_has_a_period_and_a_consent_and_the_other_cases_have_a_day(case: Case) -> None:
    leave = case in LEAVES
    period = with_(CERTIFICATE, case=case, since=date(2025, 4, 1), until=date(2026, 3, 31))
    consent = ("GL-415", "CONSENT_MISSING", "agrees_to_repay_during_leave")
    assert wrong(period) == ([consent] if leave else [("GL-414", "NOT_ALLOWED", "until")])
    agreed = with_(period, agrees_to_repay_during_leave=True)
    if leave:
        assert wrong(agreed) == []
        assert wrong(with_(agreed, until=None)) == [("GL-414", "REQUIRED", "until")]
        assert wrong(with_(agreed, until=date(2025, 3, 31))) == [("GL-414", "OUT_OF_RANGE", "until")]
    assert wrong(with_(CERTIFICATE, since=None)) == [("GL-414", "REQUIRED", "since")]


@pytest.mark.rule("GL-415")
def test_maternity_child_care_and_care_leave_need_the_consent() -> None:
    assert {Case.MATERNITY_LEAVE, Case.CHILD_CARE_LEAVE, Case.CARE_LEAVE} == LEAVES


@pytest.mark.rule("GL-416", "GL-417")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"years": (year_of(2025),)}, "YEARS"),
        ({"years": (year_of(2025), year_of(2024))}, "YEARS"),
        ({"years": ()}, "YEARS"),
        ({"years": (year_of(2024), with_(year_of(2025), months_yen=(0,) * 11, total_yen=0))}, "MONTHS"),
        ({"years": (year_of(2024), with_(year_of(2025), total_yen=3_600_001))}, "TOTAL_DIFFERS"),
        ({"years": (year_of(2024), year_of(2025, bonuses=(SUMMER,) * 4))}, "TOO_MANY"),
        ({"years": (year_of(2024, bonuses=(SUMMER,)), year_of(2025))}, "BY_PAYMENT_DATE"),
        (
            {"years": (year_of(2024), year_of(2025, bonuses=(with_(SUMMER, counted_to=date(2024, 9, 30)),)))},
            "OUT_OF_RANGE",
        ),
        ({"month_from": None}, "REQUIRED"),
        ({"pay_day": None}, "REQUIRED"),
    ],
)
def test_pay_is_stated_for_two_years_by_payment_date_and_adds_up(changes: dict[str, object], code: str) -> None:
    assert [one[1] for one in wrong(with_(CERTIFICATE, **changes))] == [code]  # type: ignore[arg-type]


@pytest.mark.rule("GL-416")
@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"month_from": 0}, "month_from"),
        ({"pay_day": 32}, "pay_day"),
        ({"years": [{"months_yen": [-1]}]}, "years.0.months_yen"),
    ],
)
def test_days_of_the_month_and_amounts_of_pay_have_their_limits(said: dict[str, object], field: str) -> None:
    _, [found] = read(SalaryCertificate, said)
    assert (found.rule, found.code, found.field) == ("GL-416", "FORMAT", field)


@pytest.mark.rule("GL-416")
def test_three_bonuses_a_year_are_allowed() -> None:
    assert wrong(with_(CERTIFICATE, years=(year_of(2024), year_of(2025, bonuses=(SUMMER,) * 3)))) == []


@pytest.mark.rule("GL-417")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"issued_on": None}, "REQUIRED"),
        ({"issuer_address": ""}, "REQUIRED"),
        ({"issuer_name": ""}, "REQUIRED"),
        ({"representative": ""}, "REQUIRED"),
        ({"phone": ""}, "REQUIRED"),
        ({"person_in_charge": ""}, "REQUIRED"),
        ({"sealed": False}, "NOT_SEALED"),
    ],
)
def test_the_employer_certifies_with_date_name_seal_and_contact(changes: dict[str, object], code: str) -> None:
    [(rule, found, field)] = wrong(with_(CERTIFICATE, **changes))  # type: ignore[arg-type]
    assert (rule, found, [field]) == ("GL-417", code, list(changes))
