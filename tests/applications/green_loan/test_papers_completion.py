"""Start and completion of the works, and the papers that follow."""

from __future__ import annotations

from datetime import date

import pytest
from applications.programmes.green_loan.papers.completion import (
    CERTIFICATES,
    HouseForm,
    Phase,
    Photograph,
    WorksPlace,
    area_change_registration_due,
    certificate_submission_findings,
    contract_ceiling_yen,
    institution_requirements,
    issued_findings,
    object_name,
    photograph_findings,
    photograph_phases,
    report_requirements,
    works_may_start,
    works_start_findings,
)
from applications.programmes.green_loan.papers.facts import WorksContract
from applications.programmes.green_loan.papers.kinds import Paper
from applications.programmes.green_loan.papers.requirement import Code, Due, HandTo, Requirement
from applications.programmes.green_loan.works.kinds import Category
from hypothesis import given
from hypothesis import strategies as st

APPROVED, CONFIRMED = date(2025, 7, 10), date(2025, 7, 15)


@pytest.mark.rule("GL-458", "GL-459")
@pytest.mark.parametrize(
    ("approved", "confirmed", "start", "allowed"),
    [
        (APPROVED, CONFIRMED, date(2025, 7, 15), True),
        (APPROVED, CONFIRMED, date(2025, 7, 14), False),
        (CONFIRMED, APPROVED, date(2025, 7, 15), True),
        (CONFIRMED, APPROVED, date(2025, 7, 14), False),
        (APPROVED, APPROVED, APPROVED, True),
        (None, CONFIRMED, date(2025, 7, 20), False),
        (APPROVED, None, date(2025, 7, 20), False),
    ],
)
def test_works_start_on_or_after_the_day_of_decision_and_plan_confirmation(
    approved: date | None, confirmed: date | None, start: date, allowed: bool
) -> None:
    assert works_may_start(approved, confirmed, start) is allowed
    assert [one.rule for one in works_start_findings(approved, confirmed, start, "x")] == ["GL-458"] * (not allowed)


@pytest.mark.rule("GL-470", "GL-471")
@pytest.mark.parametrize(
    ("completed", "due"),
    [
        (date(2025, 12, 31), date(2026, 1, 31)),
        (date(2026, 1, 30), date(2026, 2, 28)),
        (date(2028, 1, 31), date(2028, 2, 29)),
    ],
)
def test_a_changed_floor_area_is_registered_within_a_month(completed: date, due: date) -> None:
    assert area_change_registration_due(completed) == due


@given(st.dates(date(1950, 1, 1), date(2100, 1, 1)))
def test_the_registration_is_due_in_the_next_month(completed: date) -> None:
    due = area_change_registration_due(completed)
    assert (due.year * 12 + due.month) - (completed.year * 12 + completed.month) == 1
    assert due.day <= completed.day


def reported(*, building_confirmation: bool, same_body: bool) -> list[Code]:
    found = report_requirements(building_confirmation=building_confirmation, same_body=same_body)
    assert all((one.due, one.hand_to, one.copies) == (Due.REPORT, HandTo.INSPECTION_BODY, 1) for one in found)
    return [one.code for one in found]


@pytest.mark.rule("GL-461", "GL-462", "GL-467")
def test_report_and_photographs_come_from_all_and_the_inspection_certificate_from_some() -> None:
    both = [Code.COMPLETION_REPORT, Code.PHOTOGRAPHS]
    assert reported(building_confirmation=False, same_body=False) == both
    assert reported(building_confirmation=True, same_body=True) == both
    assert reported(building_confirmation=True, same_body=False) == [*both, Code.INSPECTION_CERTIFICATE]


@pytest.mark.rule("GL-462", "GL-463", "GL-464")
@pytest.mark.parametrize(
    ("place", "phases"),
    [
        (WorksPlace(0, "窓", Category.A), (Phase.BEFORE, Phase.AFTER)),
        (WorksPlace(0, "壁の断熱材", Category.A, hidden=True), (Phase.BEFORE, Phase.DURING, Phase.AFTER)),
        (WorksPlace(0, "浴槽", Category.B), (Phase.BEFORE, Phase.AFTER)),
        (WorksPlace(1, "壁紙", Category.C, hidden=True), ()),
    ],
)
def test_energy_saving_works_are_photographed_and_hidden_ones_also_during_the_works(
    place: WorksPlace, phases: tuple[Phase, ...]
) -> None:
    assert photograph_phases(place) == phases


@pytest.mark.rule("GL-462", "GL-465")
def test_each_phase_needs_a_photograph_with_date_and_object_name_in_it() -> None:
    places = [WorksPlace(0, "窓", Category.A), WorksPlace(1, "壁紙", Category.C)]
    before = Photograph(line=0, phase=Phase.BEFORE, shows_date=True, shows_object_name=True)
    after = Photograph(line=0, phase=Phase.AFTER, shows_date=True, shows_object_name=True)
    nameless = Photograph(line=0, phase=Phase.AFTER, shows_date=True, shows_object_name=False)
    dateless = Photograph(line=0, phase=Phase.AFTER, shows_date=False, shows_object_name=True)

    def codes(*photographs: Photograph) -> list[str]:
        return [one.code for one in photograph_findings(places, photographs, "x")]

    assert codes(before, after) == []
    assert codes(before) == ["PHOTOGRAPH_MISSING"]
    assert codes(before, nameless) == ["BOARD_MISSING"]
    assert codes(before, nameless, dateless) == ["BOARD_MISSING"]
    assert codes(before, nameless, after) == []


@pytest.mark.rule("GL-466")
@pytest.mark.parametrize("form", list(HouseForm))
def test_the_board_names_the_place_of_a_detached_house_and_the_unit_of_another(form: HouseForm) -> None:
    name = object_name(form, place="後楽1-4-10", building_name="後楽マンション", unit_number="301号室")
    assert name == ("後楽1-4-10" if form is HouseForm.DETACHED else "後楽マンション 301号室")


@pytest.mark.rule("GL-469")
def test_the_inspection_body_issues_two_papers_for_the_applicant_and_one_for_the_institution() -> None:
    assert CERTIFICATES["institution"] == "住宅改良工事適合証明書(金融機関提出用)"
    assert issued_findings(["institution", "annex_table", "applicant"], "x") == []
    for missing in CERTIFICATES:
        [found] = issued_findings(set(CERTIFICATES) - {missing}, "x")
        assert (found.rule, CERTIFICATES[missing] in found.message) == ("GL-469", True)


def for_institution(contract: WorksContract, *, breakdown: bool = False) -> list[Requirement]:
    return institution_requirements(contract, breakdown_in_contract=breakdown)


@pytest.mark.rule("GL-472", "GL-473", "GL-475", "GL-476", "GL-477")
def test_with_a_contract_four_papers_are_handed_in_and_three_originals_shown() -> None:
    required = for_institution(WorksContract.CONCLUDED, breakdown=True)
    assert [one.accepted for one in required] == [
        ((Paper.CONFORMITY_CERTIFICATE,),),
        ((Paper.WORKS_CONTRACT_COPY,),),
        ((Paper.INVOICE_COPY,),),
        ((Paper.CONTRACT_BREAKDOWN,),),
    ]
    assert [one.original_shown for one in required] == [False, True, True, True]
    assert all((one.copies, one.hand_to) == (1, HandTo.INSTITUTION) for one in required)


@pytest.mark.rule("GL-399", "GL-474", "GL-475", "GL-476")
def test_without_a_contract_the_confirmation_paper_takes_its_place_as_an_original() -> None:
    required = for_institution(WorksContract.NONE)
    assert len(required) == 4
    assert required[1].accepted == ((Paper.WORKS_CONFIRMATION,),)
    assert [one.original_shown for one in required] == [False, False, True, True]
    assert (Paper.QUOTATION_COPY,) in required[3].accepted


@pytest.mark.rule("GL-397", "GL-399")
def test_a_contract_made_later_is_due_by_the_loan_contract_unless_there_is_none() -> None:
    second = for_institution(WorksContract.OPEN)[1]
    assert (second.due, second.original_shown) == (Due.CONTRACT, True)
    assert second.accepted == ((Paper.WORKS_CONTRACT_COPY,), (Paper.WORKS_CONFIRMATION,))
    assert "なるべくお早め" in second.why


@pytest.mark.rule("GL-420", "GL-476")
def test_the_works_done_are_shown_by_another_paper_if_the_contract_has_no_breakdown() -> None:
    assert (Paper.CONTRACT_BREAKDOWN,) not in for_institution(WorksContract.CONCLUDED)[3].accepted
    assert (Paper.CONTRACT_BREAKDOWN,) not in for_institution(WorksContract.NONE, breakdown=True)[3].accepted


CERTIFICATE, CONFIRMATION, INVOICE = Paper.CONFORMITY_CERTIFICATE, Paper.WORKS_CONFIRMATION, Paper.INVOICE_COPY
CONTRACT, BREAKDOWN, QUOTATION = Paper.WORKS_CONTRACT_COPY, Paper.CONTRACT_BREAKDOWN, Paper.QUOTATION_COPY


@pytest.mark.rule("GL-478")
@pytest.mark.parametrize(
    ("contract", "received", "shown", "found"),
    [
        (
            WorksContract.CONCLUDED,
            {CERTIFICATE, CONTRACT, INVOICE, BREAKDOWN},
            {CONTRACT, INVOICE, BREAKDOWN},
            [],
        ),
        (
            WorksContract.CONCLUDED,
            {CERTIFICATE, CONTRACT, INVOICE, BREAKDOWN},
            {CONTRACT, BREAKDOWN},
            [("papers.INVOICE", "ORIGINAL_NOT_SHOWN")],
        ),
        (
            WorksContract.CONCLUDED,
            {CONTRACT, INVOICE, BREAKDOWN},
            {CONTRACT, INVOICE, BREAKDOWN},
            [("papers.CONFORMITY_CERTIFICATE", "PAPER_MISSING")],
        ),
        (WorksContract.NONE, {CERTIFICATE, CONFIRMATION, INVOICE, QUOTATION}, {INVOICE, QUOTATION}, []),
        (WorksContract.OPEN, {CERTIFICATE, CONFIRMATION, INVOICE, QUOTATION}, {INVOICE, QUOTATION}, []),
        (
            WorksContract.OPEN,
            {CERTIFICATE, CONTRACT, INVOICE, QUOTATION},
            {INVOICE, QUOTATION},
            [("papers.WORKS_CONTRACT_OR_CONFIRMATION", "ORIGINAL_NOT_SHOWN")],
        ),
    ],
)
def test_the_certificate_counts_as_submitted_once_all_is_received_and_the_originals_were_shown(
    contract: WorksContract, received: set[Paper], shown: set[Paper], found: list[tuple[str, str]]
) -> None:
    required = for_institution(contract, breakdown=True)
    findings = certificate_submission_findings(required, received, shown, "papers")
    assert [(one.field, one.code) for one in findings] == found


@pytest.mark.rule("GL-479")
def test_a_lower_final_limit_lowers_the_contract_and_a_higher_one_does_not_raise_it() -> None:
    assert contract_ceiling_yen(3_000_000, 2_870_000) == 2_870_000
    assert contract_ceiling_yen(3_000_000, 3_200_000) == 3_000_000
