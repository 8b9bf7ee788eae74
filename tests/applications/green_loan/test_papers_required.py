"""The papers of one application, explained; what is missing or unusable among the uploads; where files go."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from applications.programmes.green_loan.areas.papers import DocumentSet, document_set
from applications.programmes.green_loan.papers.check import Upload, missing_papers, paper_findings, upload_findings
from applications.programmes.green_loan.papers.conditions import Condition, conditions_of, text_of
from applications.programmes.green_loan.papers.facts import (
    JOINT_DEBTORS,
    MAIN_APPLICANT,
    OCCUPANT,
    WHO_LABELS,
    Application,
    Income,
    Person,
    Position,
    WorksContract,
)
from applications.programmes.green_loan.papers.kinds import Paper, issuer_of, name_of
from applications.programmes.green_loan.papers.required import all_slots, counted, required_papers
from applications.programmes.green_loan.papers.requirement import (
    APPLICATION,
    Code,
    Due,
    HandTo,
    Requirement,
    State,
    originals_to_show,
    paper_state,
    slot_of,
)
from applications.programmes.green_loan.works.house import HouseUse
from hypothesis import given, settings
from hypothesis import strategies as st
from madoguchi_contracts import DocumentSlot

DAY = date(2025, 6, 30)
SPRING = frozenset({1, 2, 3, 4, 5})
ALONE = Application(
    acceptance_date=DAY,
    persons=(Person(MAIN_APPLICANT, Position.MAIN_APPLICANT),),
    house_use=HouseUse.OWN,
    works_contract=WorksContract.OPEN,
    special_case_months=SPRING,
)
COMBINER = Person("joint_debtor_1", Position.JOINT_DEBTOR, income_combined=True)
TOGETHER = replace(ALONE, persons=(*ALONE.persons, COMBINER), works_contract=WorksContract.CONCLUDED)


def at_application(application: Application) -> list[Requirement]:
    return [one for one in required_papers(application) if one.due is Due.APPLICATION]


@pytest.mark.rule("GL-359", "GL-369", "GL-374", "GL-376", "GL-393", "GL-403")
def test_two_people_with_salary_and_a_contract_upload_six_papers() -> None:
    required = at_application(TOGETHER)
    assert [(one.code, one.who) for one in required] == [
        (Code.IDENTITY, MAIN_APPLICANT),
        (Code.IDENTITY, "joint_debtor_1"),
        (Code.BUILDING_REGISTER, APPLICATION),
        (Code.INCOME_PROOF, MAIN_APPLICANT),
        (Code.CODEBTOR_INCOME_PROOF, "joint_debtor_1"),
        (Code.WORKS_PAPER, APPLICATION),
    ]
    assert sum(one.copies for one in required) == 6


@pytest.mark.rule("GL-359", "GL-394", "GL-397", "GL-399")
def test_one_person_with_a_quotation_uploads_four_papers_and_brings_contract_or_confirmation_later() -> None:
    assert len(at_application(ALONE)) == 4
    [later] = [one for one in required_papers(ALONE) if one.due is Due.CONTRACT]
    assert later.accepted == ((Paper.WORKS_CONTRACT_COPY,), (Paper.WORKS_CONFIRMATION,))
    assert later.hand_to is HandTo.INSTITUTION


@pytest.mark.rule("GL-403")
def test_a_joint_debtor_without_combined_income_or_relay_shows_only_an_identity_paper() -> None:
    quiet = Person("joint_debtor_1", Position.JOINT_DEBTOR)
    application = replace(TOGETHER, persons=(*ALONE.persons, quiet))
    assert [one.code for one in at_application(application) if one.who == "joint_debtor_1"] == [Code.IDENTITY]


EVERYTHING = replace(
    TOGETHER,
    persons=(
        Person(MAIN_APPLICANT, Position.MAIN_APPLICANT, employment_start=date(2024, 1, 1)),
        replace(COMBINER, incomes=frozenset({Income.PENSION}), taxable_pensions=1),
        Person(OCCUPANT, Position.OCCUPYING_RELATIVE, foreigner=True),
    ),
    house_use=HouseUse.RELATIVE,
    same_sex_partners=((Position.MAIN_APPLICANT, Position.JOINT_DEBTOR),),
    health_certificates=(MAIN_APPLICANT,),
    breakdown_in_contract=True,
    works_changed=True,
)


@pytest.mark.rule("GL-361", "GL-362")
def test_starred_papers_are_shown_in_the_original_and_no_others() -> None:
    starred = {one.code for one in originals_to_show(required_papers(EVERYTHING), due=Due.APPLICATION)}
    assert starred == {
        Code.INCOME_PROOF,
        Code.CODEBTOR_INCOME_PROOF,
        Code.PENSION_PROOF,
        Code.WORKS_PAPER,
        Code.SALARY_CERTIFICATE_OR_PAYSLIPS,
        Code.SAME_SEX_PARTNER_PAPER,
    }
    assert Code.WORKS_PAPER not in {one.code for one in originals_to_show(required_papers(ALONE), due=Due.APPLICATION)}


@pytest.mark.rule("GL-401")
def test_the_health_certificate_goes_to_the_danshin_service() -> None:
    [health] = [one for one in required_papers(EVERYTHING) if one.code is Code.DANSHIN_HEALTH_CERTIFICATE]
    assert (health.due, health.hand_to, health.who) == (Due.DANSHIN, HandTo.DANSHIN_SERVICE, MAIN_APPLICANT)
    assert "5,000万円" in health.why
    assert not any("health_certificate" in slot for slot in all_slots())


@pytest.mark.rule("GL-396")
def test_changed_works_ask_for_the_changed_paper() -> None:
    assert counted(required_papers(EVERYTHING), Code.CHANGED_WORKS_PAPER) == 1
    assert counted(required_papers(TOGETHER), Code.CHANGED_WORKS_PAPER) == 0


@pytest.mark.rule("GL-406", "GL-408")
def test_a_relative_plays_no_part_unless_the_relative_lives_in_the_house() -> None:
    assert counted(required_papers(EVERYTHING), Code.FOREIGNER_PAPER) == 1
    own = required_papers(replace(EVERYTHING, house_use=HouseUse.OWN))
    assert counted(own, Code.FOREIGNER_PAPER) == 0
    assert counted(own, Code.KINSHIP_PROOF) == 0


@pytest.mark.rule("GL-366")
def test_every_required_paper_says_whose_why_by_when_from_where_and_by_which_rule() -> None:
    for one in required_papers(EVERYTHING):
        assert one.who in WHO_LABELS
        assert one.why.endswith("。")
        assert one.rules[0].startswith("GL-")
        assert one.issuers
        assert one.title
        assert all(name_of(paper) in one.label for way in one.accepted for paper in way)
    aged = {one.code: one.age_limit for one in required_papers(EVERYTHING) if one.age_limit}
    assert "2か月" in aged[Code.BUILDING_REGISTER]
    assert "令和6年" in aged[Code.INCOME_PROOF]
    conditional = {one.code for one in at_application(EVERYTHING) if one.conditional}
    assert not conditional & {Code.IDENTITY, Code.BUILDING_REGISTER, Code.INCOME_PROOF, Code.WORKS_PAPER}
    assert {Code.FOREIGNER_PAPER, Code.KINSHIP_PROOF, Code.CODEBTOR_INCOME_PROOF} <= conditional


@pytest.mark.rule("GL-366")
@pytest.mark.parametrize(
    ("uploaded", "checked", "rejected", "original_shown", "state"),
    [
        (False, False, False, False, State.MISSING),
        (True, False, False, False, State.UPLOADED),
        (True, True, False, False, State.CHECKED),
        (True, False, True, False, State.REJECTED),
        (True, True, False, True, State.ORIGINAL_SHOWN),
        (False, False, False, True, State.ORIGINAL_SHOWN),
        (True, True, True, True, State.REJECTED),
        (False, True, True, False, State.MISSING),
    ],
)
def test_a_paper_is_missing_uploaded_rejected_checked_or_shown(
    uploaded: bool, checked: bool, rejected: bool, original_shown: bool, state: State
) -> None:
    found = paper_state(uploaded=uploaded, checked=checked, rejected=rejected, original_shown=original_shown)
    assert found is state


@pytest.mark.rule("GL-366")
def test_every_paper_has_a_name_and_an_issuer() -> None:
    assert all(name_of(paper) and issuer_of(paper) for paper in Paper)
    assert len({name_of(paper) for paper in Paper}) == len(Paper)
    assert all(replace(required_papers(ALONE)[0], code=code).title for code in Code)


# Uploads, and the findings among them.

ALL_CONFIRMED = frozenset(Condition)
REGISTER = Upload("application_building_register", issued_on=DAY)
LICENCE = Upload("applicant_driving_licence")
ASSESSMENT = Upload("applicant_tax_assessment", income_year=2024, confirmed=ALL_CONFIRMED)
QUOTATION = Upload("application_quotation", confirmed=ALL_CONFIRMED)
COMPLETE = (REGISTER, LICENCE, ASSESSMENT, QUOTATION)


def found(application: Application, *uploads: Upload) -> list[tuple[str, str]]:
    findings = paper_findings(application, uploads, prefix="documents.")
    return [(one.field.removeprefix("documents."), one.code) for one in findings]


@pytest.mark.rule("GL-103", "GL-348")
def test_without_all_papers_due_at_application_the_error_check_is_not_clean() -> None:
    assert found(ALONE, *COMPLETE) == []
    for upload in COMPLETE:
        rest = [one for one in COMPLETE if one is not upload]
        assert [code for _, code in found(ALONE, *rest)] == ["PAPER_MISSING"]
    assert len(found(ALONE)) == 4


@pytest.mark.rule("GL-103")
def test_papers_due_later_keep_nobody_from_applying() -> None:
    application = replace(ALONE, health_certificates=(MAIN_APPLICANT,), works_changed=True)
    assert found(application, *COMPLETE) == []


@pytest.mark.rule("GL-348")
def test_a_missing_paper_is_named_and_a_begun_way_with_what_it_lacks() -> None:
    business = replace(ALONE, persons=(replace(ALONE.persons[0], incomes=frozenset({Income.OTHER})),))
    required = required_papers(business)

    def message(*slots: str) -> tuple[str, str]:
        findings = missing_papers(required, slots, due=Due.APPLICATION, prefix="")
        [one] = [one for one in findings if one.rule == "GL-376"]
        return one.field, one.message

    field, text = message()
    assert field == "applicant_tax_certificate_income"
    assert text == "申込本人の収入および納税に関する公的証明書をアップロードしてください。"
    field, text = message("applicant_tax_certificate_income", "applicant_tax_return")
    assert field == "applicant_tax_certificate_tax"
    assert text.endswith(f"{name_of(Paper.TAX_CERTIFICATE_TAX)}が不足しています。")
    field, text = message("applicant_tax_assessment")
    assert field == "applicant_residence_tax_certificate"


@pytest.mark.rule("GL-373")
def test_retrieved_evidence_is_uploaded_once_and_serves_for_identity_and_income() -> None:
    evidence = Upload("applicant_income_service", income_year=2024)
    assert found(ALONE, REGISTER, QUOTATION, evidence) == []


@pytest.mark.rule("GL-370", "GL-371", "GL-372")
@pytest.mark.parametrize(
    ("upload", "code"),
    [
        (Upload("applicant_passport", applied_on=date(2020, 2, 4), confirmed=ALL_CONFIRMED), "NO_ADDRESS_COLUMN"),
        (Upload("applicant_passport", applied_on=date(2020, 2, 3)), "ADDRESS_MISSING"),
        (Upload("applicant_my_number_card"), "FRONT_ONLY"),
        (Upload("applicant_health_insurance_card"), "NUMBERS_BLACKED_OUT"),
        (Upload("applicant_resident_register_card"), "DETAILS_WRITTEN"),
        (Upload("applicant_driving_career_certificate", issued_on=date(2012, 3, 31)), "ISSUED_TOO_EARLY"),
    ],
)
def test_an_identity_paper_that_cannot_be_used_is_found_unless_there_is_another(upload: Upload, code: str) -> None:
    assert found(ALONE, REGISTER, ASSESSMENT, QUOTATION, upload) == [(upload.slot, code)]
    assert found(ALONE, *COMPLETE, upload) == []


@pytest.mark.rule("GL-371", "GL-372")
def test_cards_are_fine_once_their_numbers_are_kept_out() -> None:
    for slot, condition in (
        ("applicant_my_number_card", Condition.FRONT_ONLY),
        ("applicant_health_insurance_card", Condition.NUMBERS_BLACKED_OUT),
    ):
        card = Upload(slot, confirmed=frozenset({condition}))
        assert found(ALONE, REGISTER, ASSESSMENT, QUOTATION, card) == []
    assert "裏面を含まない" in text_of(Condition.FRONT_ONLY)
    assert "二次元コード" in text_of(Condition.NUMBERS_BLACKED_OUT)


@pytest.mark.rule("GL-375", "GL-376", "GL-387", "GL-395")
@pytest.mark.parametrize(
    ("upload", "codes"),
    [
        (replace(REGISTER, issued_on=date(2025, 4, 29)), ["OUT_OF_PERIOD"]),
        (replace(ASSESSMENT, income_year=2023), ["WRONG_YEAR"]),
        (replace(ASSESSMENT, confirmed=frozenset()), ["SHOWS_AMOUNT"]),
        (replace(QUOTATION, confirmed=frozenset({Condition.BREAKDOWN_SHOWN})), ["ITEMS_CIRCLED"]),
        (replace(QUOTATION, confirmed=frozenset({Condition.ITEMS_CIRCLED})), ["BREAKDOWN_SHOWN"]),
    ],
)
def test_a_paper_that_is_too_old_or_does_not_show_what_it_must_is_found(upload: Upload, codes: list[str]) -> None:
    uploads = [upload if one.slot == upload.slot else one for one in COMPLETE]
    assert found(ALONE, *uploads) == [(upload.slot, code) for code in codes]


@pytest.mark.rule("GL-388", "GL-391")
def test_in_december_a_withholding_slip_is_no_proof_whatever_its_year() -> None:
    december = replace(
        ALONE,
        acceptance_date=date(2025, 12, 1),
        persons=(replace(ALONE.persons[0], proof_not_yet_issued=True),),
    )
    register = replace(REGISTER, issued_on=date(2025, 12, 1))
    for year in (2024, 2025):
        slip = Upload("applicant_salary_withholding", income_year=year)
        assert [code for _, code in found(december, register, LICENCE, QUOTATION, slip)] == [
            "PAPER_MISSING",
            "NOT_IN_SEASON",
        ]
    assert found(december, register, LICENCE, QUOTATION, ASSESSMENT) == []
    may = replace(december, acceptance_date=date(2025, 5, 20))
    register = replace(REGISTER, issued_on=date(2025, 5, 20))
    slip = Upload("applicant_salary_withholding", income_year=2024)
    assert found(may, register, LICENCE, QUOTATION, slip) == []
    assert found(may, register, LICENCE, QUOTATION, ASSESSMENT) == []
    assert found(may, register, LICENCE, QUOTATION) == [("applicant_salary_withholding", "PAPER_MISSING")]


@pytest.mark.rule("GL-407")
def test_a_resident_record_that_serves_twice_must_show_both() -> None:
    record = Upload("occupant_resident_record", confirmed=frozenset({Condition.KINSHIP_READABLE}))
    assert upload_findings(Code.KINSHIP_PROOF, Paper.RESIDENT_RECORD, record, DAY, "x") == []
    [unreadable] = upload_findings(Code.FOREIGNER_PAPER, Paper.RESIDENT_RECORD, record, DAY, "x")
    assert (unreadable.rule, unreadable.code) == ("GL-406", "STATUS_READABLE")
    assert conditions_of(Code.INCOME_PROOF, Paper.RESIDENT_RECORD) == ()


# The slots, and any application at all.


@pytest.mark.rule("GL-367")
def test_every_slot_fits_into_the_policy_that_the_programme_declares() -> None:
    for key, label in all_slots().items():
        assert DocumentSlot(key=key, label=label, required=False).key == key
    assert "applicant_pension_withholding_4" in all_slots()
    assert "applicant_pension_withholding_5" not in all_slots()
    assert slot_of("applicant", Paper.TAX_ASSESSMENT, 2) == "applicant_tax_assessment"


FLAGS = st.booleans()
SLOTS = all_slots()


@st.composite
def people(draw: st.DrawFn, key: str, position: Position) -> Person:
    return Person(
        key,
        position,
        incomes=draw(st.frozensets(st.sampled_from(Income))),
        income_combined=draw(FLAGS),
        relay_successor=draw(FLAGS),
        taxable_pensions=draw(st.integers(0, 2)),
        tax_free_pensions=draw(st.integers(0, 2)),
        certificate_reads_pension_etc=draw(FLAGS),
        residence_tax_from_salary=draw(FLAGS),
        proof_not_yet_issued=draw(FLAGS),
        employment_start=draw(st.none() | st.dates(date(2020, 1, 1), date(2026, 1, 1))),
        foreigner=draw(FLAGS),
    )


@st.composite
def applications(draw: st.DrawFn) -> Application:
    debtors = draw(st.integers(0, len(JOINT_DEBTORS)))
    persons = [draw(people(MAIN_APPLICANT, Position.MAIN_APPLICANT))]
    persons += [draw(people(key, Position.JOINT_DEBTOR)) for key in JOINT_DEBTORS[:debtors]]
    if draw(FLAGS):
        persons.append(draw(people(OCCUPANT, Position.OCCUPYING_RELATIVE)))
    return Application(
        acceptance_date=draw(st.dates(date(2024, 1, 1), date(2026, 12, 31))),
        persons=tuple(persons),
        house_use=draw(st.sampled_from(HouseUse)),
        works_contract=draw(st.sampled_from(WorksContract)),
        special_case_months=SPRING,
        same_sex_partners=tuple(draw(st.lists(st.tuples(*[st.sampled_from(Position)] * 2), max_size=2))),
        breakdown_in_contract=draw(FLAGS),
        works_changed=draw(FLAGS),
    )


@pytest.mark.rule("GL-103", "GL-348")
@settings(deadline=None, max_examples=40)
@given(applications(), st.randoms(use_true_random=False))
def test_for_any_application_each_upload_has_a_slot_and_one_way_of_each_paper_is_enough(
    application: Application, random: object
) -> None:
    required = required_papers(application)
    uploads = [one for one in required if one.hand_to is HandTo.UPLOAD]
    assert all(slot in SLOTS for one in uploads for way in one.slots() for slot in way)
    due = [one for one in uploads if one.due is Due.APPLICATION]
    assert len({(one.code, one.who, one.number) for one in required}) == len(required)
    missing = missing_papers(required, (), due=Due.APPLICATION, prefix="")
    assert len(missing) == len(due)
    chosen = {slot for one in due for slot in random.choice(one.slots())}  # type: ignore[attr-defined]
    assert missing_papers(required, chosen, due=Due.APPLICATION, prefix="") == []


@pytest.mark.rule("GL-103")
@settings(deadline=None, max_examples=40)
@given(applications(), st.data())
def test_another_file_never_makes_more_papers_missing(application: Application, data: st.DataObject) -> None:
    required = required_papers(application)
    some = data.draw(st.sets(st.sampled_from(sorted(SLOTS))))
    more = some | {data.draw(st.sampled_from(sorted(SLOTS)))}

    def number(filled: set[str]) -> int:
        return len(missing_papers(required, filled, due=Due.APPLICATION, prefix=""))

    assert number(more) <= number(some)


@pytest.mark.rule("GL-362", "GL-369", "GL-403", "GL-404", "GL-406", "GL-408", "GL-409")
@settings(deadline=None)
@given(
    debtors=st.integers(1, 3),
    combined=FLAGS,
    changed=FLAGS,
    foreign=FLAGS,
    use=st.sampled_from(HouseUse),
    partners=FLAGS,
    concluded=FLAGS,
)
def test_the_counts_of_the_area_are_those_of_the_application(
    debtors: int, combined: bool, changed: bool, foreign: bool, use: HouseUse, partners: bool, concluded: bool
) -> None:
    start = DAY if changed else None
    first = replace(COMBINER, income_combined=combined, foreigner=foreign)
    rest = [Person(key, Position.JOINT_DEBTOR) for key in JOINT_DEBTORS[1:debtors]]
    application = replace(
        ALONE,
        persons=(replace(ALONE.persons[0], employment_start=start), first, *rest),
        house_use=use,
        same_sex_partners=((Position.MAIN_APPLICANT, Position.JOINT_DEBTOR),) * partners,
        works_contract=WorksContract.CONCLUDED if concluded else WorksContract.OPEN,
    )
    answer = document_set(
        DocumentSet(
            joint_debtors=debtors,
            income_combined=combined,
            persons_with_job_change=int(changed),
            foreign_persons=int(foreign),
            house_use=use,
            same_sex_partner_constellation=partners,
            works_contract_concluded=concluded,
        )
    )
    required = at_application(application)
    counts = answer.model_dump()
    assert counts.pop("originals_to_show") == sum(one.original_shown for one in required)
    assert counts == {name: counted(required, Code[name]) for name in counts}
    assert sum(counts.values()) == len(required)
