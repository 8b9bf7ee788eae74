"""The dossier for the inspection body before the works start."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from applications.programmes.green_loan.papers.conformity import (
    InspectionRecord,
    InsulationData,
    PlannedWorks,
    annex_findings,
    dossier,
    dossier_findings,
    inspection_record_findings,
    insulation_data_findings,
    insulation_quantity_findings,
    works_content_findings,
)
from applications.programmes.green_loan.papers.kinds import Paper
from applications.programmes.green_loan.papers.requirement import Due, HandTo
from applications.programmes.green_loan.works.kinds import Menu


def ways(menu: Menu, *works: PlannedWorks) -> list[set[Paper]]:
    return [{paper for way in one.accepted for paper in way} for one in dossier(menu, works)]


@pytest.mark.rule("GL-440", "GL-441", "GL-449")
def test_everybody_hands_in_application_register_copy_and_the_annex_of_the_menu() -> None:
    assert ways(Menu.STANDARD) == [
        {Paper.CONFORMITY_APPLICATION},
        {Paper.BUILDING_REGISTER_COPY},
        {Paper.ANNEX_1, Paper.SUBSIDY_APPLICATION},
    ]
    assert ways(Menu.S)[2] == {Paper.ANNEX_2, Paper.SUBSIDY_APPLICATION}
    for one in dossier(Menu.S, ()):
        assert (one.due, one.hand_to, one.copies) == (Due.PLAN, HandTo.INSPECTION_BODY, 1)


@pytest.mark.parametrize(
    ("menu", "works", "papers"),
    [
        pytest.param(Menu.STANDARD, PlannedWorks.OPENINGS, [{Paper.OPENINGS_DATA}], marks=pytest.mark.rule("GL-442")),
        pytest.param(
            Menu.STANDARD,
            PlannedWorks.INSULATION_STANDARD,
            [{Paper.INSULATION_DATA}],
            marks=pytest.mark.rule("GL-443"),
        ),
        pytest.param(
            Menu.STANDARD,
            PlannedWorks.INSULATION_QUANTITY,
            [{Paper.INSULATION_QUANTITY_DATA}],
            marks=pytest.mark.rule("GL-444"),
        ),
        pytest.param(
            Menu.STANDARD, PlannedWorks.WHOLE_HOUSE, [{Paper.DESIGN_DOCUMENTS}], marks=pytest.mark.rule("GL-445")
        ),
        pytest.param(Menu.STANDARD, PlannedWorks.EQUIPMENT, [{Paper.EQUIPMENT_DATA}], marks=pytest.mark.rule("GL-446")),
        pytest.param(
            Menu.S,
            PlannedWorks.COMPARTMENT_ZEH,
            [{Paper.COMPARTMENT_PLAN}, {Paper.OPENINGS_DATA}, {Paper.INSULATION_DATA}],
            marks=pytest.mark.rule("GL-447"),
        ),
        pytest.param(
            Menu.S,
            PlannedWorks.WHOLE_HOUSE_ZEH,
            [{Paper.DESIGN_DOCUMENTS}, {Paper.OPENINGS_DATA, Paper.INSULATION_DATA}],
            marks=pytest.mark.rule("GL-448"),
        ),
    ],
)
def test_each_kind_of_works_adds_its_papers(menu: Menu, works: PlannedWorks, papers: list[set[Paper]]) -> None:
    assert ways(menu, works)[3:] == papers


@pytest.mark.rule("GL-441", "GL-447")
def test_works_of_the_other_menu_are_no_dossier() -> None:
    with pytest.raises(ValueError, match="STANDARD"):
        dossier(Menu.STANDARD, [PlannedWorks.OPENINGS, PlannedWorks.COMPARTMENT_ZEH])
    with pytest.raises(ValueError, match="menu S"):
        dossier(Menu.S, [PlannedWorks.EQUIPMENT])


@pytest.mark.rule("GL-441")
def test_papers_of_several_works_are_numbered_in_the_order_of_the_guide() -> None:
    found = dossier(Menu.STANDARD, {PlannedWorks.EQUIPMENT, PlannedWorks.OPENINGS})[3:]
    assert [(one.number, one.rules) for one in found] == [(1, ("GL-442",)), (2, ("GL-446",))]


@pytest.mark.rule("GL-441", "GL-447", "GL-449")
@pytest.mark.parametrize(
    ("menu", "annex", "shows", "found"),
    [
        (Menu.STANDARD, Paper.ANNEX_1, False, []),
        (Menu.S, Paper.ANNEX_2, False, []),
        (Menu.S, Paper.ANNEX_1, False, [("GL-447", "WRONG_ANNEX")]),
        (Menu.STANDARD, Paper.ANNEX_2, False, [("GL-441", "WRONG_ANNEX")]),
        (Menu.S, Paper.SUBSIDY_APPLICATION, True, []),
        (Menu.STANDARD, Paper.SUBSIDY_APPLICATION, False, [("GL-449", "PERFORMANCE_NOT_SHOWN")]),
    ],
)
def test_the_annex_is_that_of_the_menu_or_a_subsidys_form_with_performance_values(
    menu: Menu, annex: Paper, shows: bool, found: list[tuple[str, str]]
) -> None:
    findings = annex_findings(menu, annex, shows_performance=shows, field="x")
    assert [(one.rule, one.code) for one in findings] == found


ONE = Decimal("0.024")


@pytest.mark.rule("GL-443", "GL-448")
@pytest.mark.parametrize(
    ("data", "codes"),
    [
        (InsulationData(thermal_resistance=Decimal("2.7")), []),
        (InsulationData(transmittance=Decimal("0.48")), []),
        (InsulationData(conductivity=ONE, thickness_mm=Decimal(65)), []),
        (InsulationData(conductivity=ONE), ["THICKNESS_MISSING"]),
        (InsulationData(thickness_mm=Decimal(65)), ["PERFORMANCE_MISSING"]),
        (InsulationData(), ["PERFORMANCE_MISSING"]),
    ],
)
def test_conductivity_alone_is_incomplete_without_the_thickness(data: InsulationData, codes: list[str]) -> None:
    assert [one.code for one in insulation_data_findings(data, "x")] == codes


@pytest.mark.rule("GL-448")
@pytest.mark.parametrize(
    ("paper", "data", "codes"),
    [
        (Paper.OPENINGS_DATA, InsulationData(), []),
        (Paper.INSULATION_DATA, InsulationData(), ["PERFORMANCE_MISSING"]),
        (Paper.INSULATION_DATA, InsulationData(conductivity=ONE), ["THICKNESS_MISSING"]),
        (Paper.INSULATION_DATA, InsulationData(conductivity=ONE, thickness_mm=Decimal(65)), []),
    ],
)
def test_a_whole_house_at_zeh_level_shows_the_performance_where_its_data_is_of_insulation(
    paper: Paper, data: InsulationData, codes: list[str]
) -> None:
    found = dossier_findings(
        Menu.S,
        [PlannedWorks.WHOLE_HOUSE_ZEH],
        [Paper.CONFORMITY_APPLICATION, Paper.BUILDING_REGISTER_COPY, Paper.ANNEX_2, Paper.DESIGN_DOCUMENTS, paper],
        shows_performance=False,
        insulation=data,
        field="x",
    )
    assert [one.code for one in found] == codes


@pytest.mark.rule("GL-444")
@pytest.mark.parametrize(
    ("data", "codes"),
    [
        (InsulationData(volume_m3=Decimal("4.2")), ["CONDUCTIVITY_MISSING"]),
        (InsulationData(volume_m3=Decimal("4.2"), conductivity=ONE), []),
        (InsulationData(conductivity=ONE), ["QUANTITY_MISSING"]),
        (InsulationData(), ["CONDUCTIVITY_MISSING", "QUANTITY_MISSING"]),
    ],
)
def test_insulation_by_quantity_needs_conductivity_and_cubic_metres(data: InsulationData, codes: list[str]) -> None:
    assert [one.code for one in insulation_quantity_findings(data, "x")] == codes


@pytest.mark.rule("GL-454")
def test_the_works_are_the_same_as_in_the_loan_application() -> None:
    assert works_content_findings(["PV", "WINDOW"], ["WINDOW", "PV"], "x") == []
    assert [one.code for one in works_content_findings(["PV"], ["PV", "WINDOW"], "x")] == ["WORKS_DIFFER"]
    assert [one.rule for one in works_content_findings(["PV", "WINDOW"], ["PV"], "x")] == ["GL-454"]


@pytest.mark.rule("GL-451", "GL-457")
def test_a_report_of_the_inspection_body_is_kept_with_name_number_and_date() -> None:
    assert inspection_record_findings(InspectionRecord("検査機関", "R7-12", date(2025, 7, 1)), "plan.") == []
    empty = inspection_record_findings(InspectionRecord("", "", None), "plan.")
    assert [one.field for one in empty] == ["plan.body_name", "plan.reference_number", "plan.reported_on"]
