"""Which works are required works of a menu, and the house that they are done on."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from applications.programmes.green_loan.works import house as houses
from applications.programmes.green_loan.works import kinds, required
from applications.programmes.green_loan.works.house import HouseUse
from applications.programmes.green_loan.works.kinds import Category, Menu, Proof
from applications.programmes.green_loan.works.required import Compartment, House, Work
from hypothesis import given
from hypothesis import strategies as st

PLAIN = House()
OPENINGS, INSULATION = Work("OPENINGS"), Work("INSULATION")
ZEH = Compartment(all_openings_zeh=True, worked_element_whole_zeh=True)


def codes(work: Work, house: House = PLAIN) -> list[str]:
    found = required.standard_findings(work, house, "line")
    assert all(one.field == "line" and one.message.endswith("。") for one in found)
    return [f"{one.rule} {one.code}" for one in found]


@pytest.mark.rule("GL-004")
def test_there_are_exactly_two_menus() -> None:
    assert [str(menu) for menu in Menu] == ["STANDARD", "S"]


@pytest.mark.rule("GL-158", "GL-160")
def test_openings_meet_the_standard_at_one_place_at_least_or_the_whole_house_does() -> None:
    assert codes(OPENINGS) == ["GL-158 BELOW_STANDARD"]
    assert codes(Work("OPENINGS", meets_energy_standard_at_place=True)) == []
    assert codes(OPENINGS, House(meets_energy_standard=True)) == []
    none = Work("OPENINGS", places=0, meets_energy_standard_at_place=True)
    assert codes(none) == ["GL-158 NO_PLACE"]
    assert codes(none, House(meets_energy_standard=True)) == ["GL-158 NO_PLACE"]


@pytest.mark.rule("GL-159", "GL-160")
def test_insulation_meets_the_standard_or_the_set_quantity() -> None:
    assert codes(INSULATION) == ["GL-159 BELOW_STANDARD"]
    assert codes(Work("INSULATION", meets_energy_standard_at_place=True)) == []
    assert codes(Work("INSULATION", set_quantity_met=True)) == []
    assert codes(INSULATION, House(meets_energy_standard=True)) == []
    assert codes(Work("OPENINGS", set_quantity_met=True)) == ["GL-158 BELOW_STANDARD"], "a quantity of what?"


@pytest.mark.rule("GL-162", "GL-163", "GL-164", "GL-165", "GL-166")
@pytest.mark.parametrize("kind", ["ECOCUTE", "ECOJOZU", "ECOFEEL", "HYBRID"])
def test_four_water_heaters_need_no_figure(kind: str) -> None:
    assert codes(Work(kind)) == []


@pytest.mark.rule("GL-167", "GL-627")
@pytest.mark.parametrize(
    ("capacity", "found"),
    [("0.99", ["GL-167 CAPACITY"]), ("1.00", []), ("1", []), ("6", []), (None, ["GL-167 CAPACITY"])],
)
def test_photovoltaics_have_one_kilowatt_at_least(capacity: str | None, found: list[str]) -> None:
    assert codes(Work("PV", capacity_kw=None if capacity is None else Decimal(capacity))) == found


@pytest.mark.rule("GL-168", "GL-173")
def test_whole_output_sale_and_small_arrays_are_out_even_if_a_program_can_evaluate_them() -> None:
    evaluable = frozenset({Proof.EVALUABLE})
    sold = Work("PV", capacity_kw=Decimal(6), whole_output_sale=True, proofs=evaluable)
    assert codes(sold) == ["GL-168 WHOLE_OUTPUT_SALE"]
    assert codes(Work("PV", capacity_kw=Decimal("0.5"), proofs=evaluable)) == ["GL-167 CAPACITY"]
    small_and_sold = Work("PV", capacity_kw=Decimal("0.5"), whole_output_sale=True)
    assert codes(small_and_sold) == ["GL-168 WHOLE_OUTPUT_SALE", "GL-167 CAPACITY"]


@pytest.mark.rule("GL-167")
@given(st.decimals(min_value=0, max_value=100, places=3))
def test_an_array_qualifies_by_its_capacity_alone(capacity: Decimal) -> None:
    assert (codes(Work("PV", capacity_kw=capacity)) == []) is (capacity >= 1)


PRODUCTS = [
    ("SOLAR_HEAT", "GL-169", {Proof.PROGRAMME_LIST, Proof.JIS_A_4111, Proof.EVALUABLE}),
    ("BATHTUB", "GL-170", {Proof.PROGRAMME_LIST, Proof.JIS_A_5532, Proof.EVALUABLE}),
    ("COGENERATION", "GL-171", {Proof.PORTAL_LIST, Proof.EVALUABLE}),
]


@pytest.mark.rule("GL-169", "GL-170", "GL-171", "GL-172")
@pytest.mark.parametrize(("kind", "rule", "accepted"), PRODUCTS)
@pytest.mark.parametrize("proof", Proof)
def test_each_product_is_shown_by_proofs_of_its_own(kind: str, rule: str, accepted: set[Proof], proof: Proof) -> None:
    found = codes(Work(kind, proofs=frozenset({proof})))
    assert found == ([] if proof in accepted else [f"{rule} NO_PROOF"])
    assert codes(Work(kind)) == [f"{rule} NO_PROOF"]


@pytest.mark.rule("GL-169")
def test_what_is_offered_as_proof_is_told() -> None:
    message = required.standard_findings(Work("BATHTUB"), PLAIN, "line")[0].message
    assert "JIS A 5532" in message
    assert "JIS A 4111" not in message
    assert set(kinds.PROOFS) == set(Proof)


@pytest.mark.rule("GL-153", "GL-179", "GL-180", "GL-183")
@pytest.mark.parametrize("kind", [one for one in kinds.KINDS.values() if one.category is not Category.A])
def test_no_other_kind_is_a_required_work_even_in_the_best_house(kind: kinds.Kind) -> None:
    best = House(meets_energy_standard=True, meets_zeh=True)
    assert codes(Work(kind.code, meets_energy_standard_at_place=True), best) == ["GL-153 NOT_REQUIRED_KIND"]


@pytest.mark.rule("GL-151", "GL-162", "GL-180", "GL-181", "GL-183")
def test_the_table_holds_the_kinds_of_the_guide() -> None:
    by_category: dict[Category | None, list[str]] = {}
    for one in kinds.KINDS.values():
        by_category.setdefault(one.category, []).append(one.code)
    equipment = [one for one in kinds.KINDS.values() if one.subject is kinds.Subject.EQUIPMENT]
    assert len(equipment) == 8
    assert by_category[Category.A] == ["OPENINGS", "INSULATION", *(one.code for one in equipment)]
    assert by_category[Category.B] == [
        "WATER_SAVING_TAP",
        "HEATING_COOLING",
        "HEAT_EXCHANGE_VENTILATION",
        "LED",
        "BATTERY",
        "WATER_SAVING_TOILET",
        "SEISMIC",
    ]
    assert len(by_category[Category.C]) == 10
    assert by_category[None] == ["INCIDENTAL"]


@pytest.mark.rule("GL-151")
def test_an_unknown_kind_is_no_kind() -> None:
    with pytest.raises(ValueError, match="ECOJOZU"):
        kinds.kind("SWIMMING_POOL")


def zeh(works: list[Work], compartment: Compartment, house: House = PLAIN) -> list[str]:
    return [f"{one.rule} {one.code}" for one in required.zeh_findings(works, compartment, house, "line")]


@pytest.mark.rule("GL-154", "GL-174", "GL-175", "GL-176")
def test_menu_s_needs_openings_and_insulation_of_one_compartment_at_the_zeh_level() -> None:
    both = [OPENINGS, INSULATION]
    assert zeh(both, ZEH) == []
    assert zeh([OPENINGS], ZEH) == ["GL-174 BOTH_NEEDED"]
    assert zeh([INSULATION], ZEH) == ["GL-174 BOTH_NEEDED"]
    assert zeh([Work("OPENINGS", places=0), INSULATION], ZEH) == ["GL-174 BOTH_NEEDED"]
    assert zeh(both, Compartment(all_openings_zeh=True)) == ["GL-175 BELOW_ZEH"]
    assert zeh(both, Compartment(worked_element_whole_zeh=True)) == ["GL-175 BELOW_ZEH"]
    hall = Compartment(habitable_rooms=0, all_openings_zeh=True, worked_element_whole_zeh=True)
    assert zeh(both, hall) == ["GL-176 NO_HABITABLE_ROOM"]
    assert zeh([], Compartment(habitable_rooms=0)) == [
        "GL-174 BOTH_NEEDED",
        "GL-175 BELOW_ZEH",
        "GL-176 NO_HABITABLE_ROOM",
    ]


@pytest.mark.rule("GL-177")
def test_one_new_window_is_enough_for_menu_s_if_the_whole_house_meets_the_zeh_level() -> None:
    assert zeh([OPENINGS], Compartment(), House(meets_zeh=True)) == []
    assert zeh([INSULATION], Compartment(), House(meets_zeh=True)) == []
    assert zeh([Work("ECOJOZU")], Compartment(), House(meets_zeh=True)) != []
    assert zeh([OPENINGS], Compartment(), House(meets_energy_standard=True)) != []


@pytest.mark.rule("GL-152", "GL-153", "GL-154")
def test_a_menu_asks_for_its_own_works() -> None:
    heater = Work("ECOJOZU")
    assert required.meets_requirement(Menu.STANDARD, [Work("LED"), heater], Compartment(), PLAIN)
    assert not required.meets_requirement(Menu.S, [heater], ZEH, PLAIN)
    assert not required.meets_requirement(Menu.STANDARD, [Work("LED"), Work("KITCHEN")], ZEH, PLAIN)
    assert not required.meets_requirement(Menu.STANDARD, [], ZEH, PLAIN)
    assert required.meets_requirement(Menu.S, [OPENINGS, INSULATION], ZEH, PLAIN)


@pytest.mark.rule("GL-109", "GL-137")
def test_a_house_has_one_of_three_uses() -> None:
    assert [str(one) for one in HouseUse] == ["OWN", "SECOND", "RELATIVE"]


@pytest.mark.rule("GL-134", "GL-135", "GL-136")
@pytest.mark.parametrize(
    ("residential", "finished", "found"),
    [
        (True, None, []),
        (True, date(2025, 4, 2), []),
        (True, date(2025, 4, 1), ["GL-134"]),
        (True, date(2024, 12, 1), ["GL-134"]),
        (False, None, ["GL-135"]),
        (False, date(2025, 4, 1), ["GL-135", "GL-134"]),
    ],
)
def test_a_house_is_lived_in_and_its_works_are_not_finished(
    residential: bool, finished: date | None, found: list[str]
) -> None:
    findings = houses.house_findings(
        has_residential_part=residential,
        works_finished_on=finished,
        acceptance_date=date(2025, 4, 1),
        building_field="building",
        works_field="works",
    )
    assert [one.rule for one in findings] == found
    fields: dict[str, Any] = {"GL-134": "works", "GL-135": "building"}
    assert all(one.field == fields[one.rule] for one in findings)
