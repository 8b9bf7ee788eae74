"""The cost lines of an application: A, B, C or not financed, and whether there are required works."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from applications.programmes.green_loan.works import kinds, lines
from applications.programmes.green_loan.works.kinds import Category, Menu
from applications.programmes.green_loan.works.lines import Line, Plan
from applications.programmes.green_loan.works.required import Compartment, House, Work
from hypothesis import given
from hypothesis import strategies as st

HEATER = Work("ECOJOZU")
WINDOW = Work("OPENINGS", meets_energy_standard_at_place=True)


def line(reference: str, work: Work | str, **facts: Any) -> Line:
    what = work if isinstance(work, Work) else Work(work)
    return Line(reference, what, amount_yen=100_000, document="contract", **facts)


def judged(*given: Line, menu: Menu = Menu.STANDARD, **facts: Any) -> dict[str, str | None]:
    result = lines.judge(Plan(menu, given, **facts))
    return {one.reference: one.category for one in result.lines}


def found(*given: Line, menu: Menu = Menu.STANDARD, **facts: Any) -> list[str]:
    result = lines.judge(Plan(menu, given, **facts))
    whole = [f"{one.rule} {one.code}" for one in result.findings]
    return whole + [f"{one.field}: {one.rule} {one.code}" for each in result.lines for one in each.findings]


@pytest.mark.rule("GL-151", "GL-152", "GL-153", "GL-179", "GL-180", "GL-183")
def test_lines_fall_into_three_categories() -> None:
    given = (line("1", HEATER), line("2", "LED"), line("3", "KITCHEN"), line("4", "INSULATION"))
    assert judged(*given) == {"1": "A", "2": "B", "3": "C", "4": "B"}
    assert found(*given) == ["4: GL-159 BELOW_STANDARD"]
    assert lines.judge(Plan(Menu.STANDARD, given)).has_required_works


@pytest.mark.rule("GL-152", "GL-153")
def test_without_required_works_nothing_is_financed() -> None:
    only_b = (line("1", "LED"), line("2", "WATER_SAVING_TOILET"))
    assert judged(*only_b) == {"1": "B", "2": "B"}
    assert found(*only_b) == ["GL-153 NO_REQUIRED_WORKS"]
    assert not lines.judge(Plan(Menu.STANDARD, only_b)).has_required_works
    assert found() == ["GL-153 NO_REQUIRED_WORKS"]


@pytest.mark.rule("GL-154")
def test_equipment_is_no_required_work_of_menu_s() -> None:
    assert judged(line("1", HEATER), menu=Menu.S) == {"1": "B"}
    assert found(line("1", HEATER), menu=Menu.S) == ["GL-154 NO_REQUIRED_WORKS", "1: GL-154 NOT_INSULATION"]


@pytest.mark.rule("GL-154", "GL-174", "GL-175", "GL-176", "GL-179")
def test_menu_s_joins_the_works_of_a_compartment_and_leaves_the_rest_to_b() -> None:
    living = Compartment(all_openings_zeh=True, worked_element_whole_zeh=True)
    given = (
        line("window", "OPENINGS", compartment="居間"),
        line("wall", "INSULATION", compartment="居間"),
        line("bedroom", "OPENINGS", compartment="寝室"),
        line("door", WINDOW),
    )
    facts: dict[str, Any] = {"menu": Menu.S, "compartments": {"居間": living, "寝室": living}}
    assert judged(*given, **facts) == {"window": "A", "wall": "A", "bedroom": "B", "door": "B"}
    assert found(*given, **facts) == [
        "bedroom: GL-174 BOTH_NEEDED",
        "door: GL-174 BOTH_NEEDED",
        "door: GL-175 BELOW_ZEH",
    ]
    assert set(judged(*given, menu=Menu.S).values()) == {"B"}, "nothing is known of the compartments"


@pytest.mark.rule("GL-177")
def test_one_new_window_misses_menu_s_unless_the_whole_house_meets_the_zeh_level() -> None:
    window = line("1", "OPENINGS", compartment="居間")
    assert judged(window, menu=Menu.S) == {"1": "B"}
    assert judged(window, menu=Menu.S, house=House(meets_zeh=True)) == {"1": "A"}
    assert judged(line("1", "OPENINGS"), menu=Menu.S, house=House(meets_zeh=True)) == {"1": "A"}


@pytest.mark.rule("GL-167", "GL-168", "GL-179")
def test_a_small_array_is_other_energy_saving_and_one_that_sells_all_is_not_financed() -> None:
    small = line("1", Work("PV", capacity_kw=Decimal("0.99")))
    sold = line("2", Work("PV", capacity_kw=Decimal(6), whole_output_sale=True))
    assert judged(line("0", HEATER), small, sold) == {"0": "A", "1": "B", "2": None}
    assert judged(sold, menu=Menu.S) == {"2": None}
    assert found(line("0", HEATER), sold) == ["2: GL-168 WHOLE_OUTPUT_SALE"]


@pytest.mark.rule("GL-180")
def test_a_battery_needs_generation_equipment() -> None:
    alone, linked = line("1", "BATTERY"), line("1", Work("BATTERY", linked_to_generation=True))
    assert judged(line("0", HEATER), alone) == {"0": "A", "1": None}
    assert found(line("0", HEATER), alone) == ["1: GL-180 NOT_LINKED"]
    assert judged(line("0", HEATER), linked) == {"0": "A", "1": "B"}


@pytest.mark.rule("GL-181", "GL-182")
@pytest.mark.parametrize(
    ("beside", "purpose", "category"),
    [
        ("INSULATION", True, "B"),
        ("OPENINGS", True, "B"),
        ("PV", True, "B"),
        ("SOLAR_HEAT", True, "B"),
        ("ECOJOZU", True, "C"),
        ("PV", False, "C"),
    ],
)
def test_seismic_reinforcement_carries_what_is_installed_with_it(beside: str, purpose: bool, category: str) -> None:
    seismic = line("2", Work("SEISMIC", bears_weight_of_equipment=purpose))
    assert judged(line("1", beside), seismic)["2"] == category


@pytest.mark.rule("GL-155")
def test_incidental_works_follow_the_works_that_cause_them() -> None:
    given = (
        line("insulation", Work("INSULATION", set_quantity_met=True)),
        line("wallpaper", "INCIDENTAL", caused_by="insulation"),
        line("air conditioner", "HEATING_COOLING"),
        line("transport", "INCIDENTAL", caused_by="air conditioner"),
        line("kitchen", "KITCHEN"),
        line("waste", "INCIDENTAL", caused_by="kitchen"),
        line("sold", Work("PV", capacity_kw=Decimal(6), whole_output_sale=True)),
        line("scaffold", "INCIDENTAL", caused_by="sold"),
    )
    categories = judged(*given)
    assert [categories[name] for name in ("wallpaper", "transport", "waste", "scaffold")] == ["A", "B", "C", None]
    assert found(*given) == ["sold: GL-168 WHOLE_OUTPUT_SALE"]


@pytest.mark.rule("GL-155")
@pytest.mark.parametrize("cause", ["", "2", "3", "nothing"])
def test_incidental_works_without_works_are_not_financed(cause: str) -> None:
    given = (line("1", HEATER), line("2", "INCIDENTAL", caused_by=cause), line("3", "INCIDENTAL", caused_by="1"))
    assert judged(*given) == {"1": "A", "2": None, "3": "A"}
    assert found(*given) == ["2: GL-155 NO_CAUSE"]


@pytest.mark.rule("GL-152", "GL-193")
def test_works_on_a_shop_are_no_required_works() -> None:
    assert found(line("1", HEATER, residential=False)) == ["GL-153 NO_REQUIRED_WORKS"]
    assert found(line("1", HEATER, residential=False), line("2", "ECOCUTE")) == []


@pytest.mark.rule("GL-151", "GL-185")
def test_what_the_applicant_claims_is_compared_and_never_decides() -> None:
    same, other = line("1", HEATER, claimed=Category.A), line("2", "KITCHEN", claimed=Category.B)
    nowhere = line("3", "BATTERY", claimed=Category.B)
    assert judged(same, other, nowhere) == {"1": "A", "2": "C", "3": None}
    assert found(same, other, nowhere) == [
        "2: GL-151 OTHER_CATEGORY",
        "3: GL-180 NOT_LINKED",
        "3: GL-151 OTHER_CATEGORY",
    ]


@pytest.mark.rule("GL-185")
def test_a_line_carries_what_the_contract_shows_of_it() -> None:
    one = Line("1", HEATER, amount_yen=330_000, document="contract", claimed=Category.A, circled=True)
    assert (one.work.kind, one.amount_yen, one.document, one.circled, one.residential) == (
        "ECOJOZU",
        330_000,
        "contract",
        True,
        True,
    )
    assert judged(replace(one, circled=False)) == judged(one)
    with pytest.raises(ValueError, match="one reference"):
        judged(one, one)


@pytest.mark.rule("GL-152", "GL-153", "GL-179")
@given(st.lists(st.sampled_from(sorted(set(kinds.KINDS) - {"INCIDENTAL"})), max_size=6), st.sampled_from(Menu))
def test_every_line_is_judged_and_required_works_are_told_by_their_category(codes: list[str], menu: Menu) -> None:
    given = [line(str(number), code) for number, code in enumerate(codes)]
    result = lines.judge(Plan(menu, given))
    assert [one.reference for one in result.lines] == [one.reference for one in given]
    assert result.has_required_works is (Category.A in [one.category for one in result.lines])
    for one, code in zip(result.lines, codes, strict=True):
        kind = kinds.kind(code)
        assert one.category == (kind.otherwise if one.findings else kind.category)
