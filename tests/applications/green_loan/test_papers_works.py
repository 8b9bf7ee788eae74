"""Works papers: which one, what must stand in it, and the breakdown with its circles."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from applications.programmes.green_loan.papers.completion import changed_works_requirement
from applications.programmes.green_loan.papers.conditions import Condition, conditions_of
from applications.programmes.green_loan.papers.facts import WorksContract
from applications.programmes.green_loan.papers.kinds import Paper
from applications.programmes.green_loan.papers.requirement import Code, HandTo
from applications.programmes.green_loan.papers.works import (
    OVERHEAD_EXAMPLES,
    Breakdown,
    Line,
    LineKind,
    breakdown_findings,
    circled_yen,
    energy_works_undivided,
    planting_findings,
    sums_by_section,
    works_requirement,
)
from hypothesis import given
from hypothesis import strategies as st

INSULATION, SOLAR, INTERIOR, OVERHEAD = "断熱工事", "太陽光発電設置工事", "その他内装工事", "経費"


def energy(section: str, item: str, quantity: int, price: int, lump_sum: bool = False) -> Line:
    amount = quantity * price
    return Line(item, LineKind.ENERGY, amount, section, Decimal(quantity), price, lump_sum, True, True)


# The sample of GL-423, circled as GL-421 wants it.
SAMPLE = Breakdown(
    lines=(
        energy(INSULATION, "既存断熱材撤去", 50, 1_000),
        energy(INSULATION, "床下地組", 50, 3_000),
        energy(INSULATION, "新規フローリング", 50, 4_000),
        energy(INSULATION, "断熱材", 50, 2_000),
        energy(INSULATION, "同上施工費", 1, 70_000, lump_sum=True),
        energy(INSULATION, "養生費", 60, 500),
        energy(SOLAR, "モジュール", 20, 70_000),
        energy(SOLAR, "パワーコンディショナー", 1, 400_000),
        energy(SOLAR, "ケーブル", 5, 10_000),
        energy(SOLAR, "架台", 3, 70_000),
        energy(SOLAR, "設備工事", 1, 150_000, lump_sum=True),
        energy(SOLAR, "電気工事", 1, 150_000, lump_sum=True),
        Line("リビング 壁・天井クロス張替え", LineKind.OTHER, 50_000, INTERIOR, Decimal(50), 1_000),
        Line("キッチン 壁・天井クロス張替え", LineKind.OTHER, 10_000, INTERIOR, Decimal(10), 1_000),
        Line("清掃費", LineKind.ENERGY_OVERHEAD, 30_000, "清掃費", Decimal(60), 500, False, True, True),
        Line("資材運搬費", LineKind.ENERGY_OVERHEAD, 50_000, "運搬費", Decimal(1), 50_000, True, True, True),
    ),
    subtotal_yen=3_100_000,
    tax_yen=310_000,
    total_yen=3_410_000,
)


def codes(breakdown: Breakdown) -> list[str]:
    return [one.code for one in breakdown_findings(breakdown, "works")]


def with_line(number: int, **changes: object) -> Breakdown:
    lines = list(SAMPLE.lines)
    lines[number] = replace(lines[number], **changes)  # type: ignore[arg-type]
    return replace(SAMPLE, lines=tuple(lines))


@pytest.mark.rule("GL-393", "GL-394", "GL-418")
def test_a_contract_is_asked_if_there_is_one_and_another_paper_otherwise() -> None:
    contract = works_requirement(WorksContract.CONCLUDED)
    assert (contract.accepted, contract.original_shown) == (((Paper.WORKS_CONTRACT,),), True)
    for state in (WorksContract.OPEN, WorksContract.NONE):
        other = works_requirement(state)
        assert set(other.accepted) == {(Paper.WORKS_ORDER,), (Paper.PURCHASE_CONTRACT,), (Paper.QUOTATION,)}
        assert not other.original_shown


@pytest.mark.rule("GL-367")
def test_works_papers_are_uploaded_and_not_handed_to_the_institution() -> None:
    assert all(works_requirement(state).hand_to is HandTo.UPLOAD for state in WorksContract)


@pytest.mark.rule("GL-395")
@pytest.mark.parametrize("state", list(WorksContract))
def test_whoever_uploads_a_works_paper_confirms_breakdown_and_circles(state: WorksContract) -> None:
    for (paper,) in works_requirement(state).accepted:
        assert set(conditions_of(Code.WORKS_PAPER, paper)) == {Condition.BREAKDOWN_SHOWN, Condition.ITEMS_CIRCLED}


@pytest.mark.rule("GL-423", "GL-424")
def test_the_sample_adds_up_and_its_single_lump_sums_are_accepted() -> None:
    assert codes(SAMPLE) == []
    assert sums_by_section(SAMPLE.lines) == {
        INSULATION: 600_000,
        SOLAR: 2_360_000,
        INTERIOR: 60_000,
        "清掃費": 30_000,
        "運搬費": 50_000,
    }
    assert sum(sums_by_section(SAMPLE.lines).values()) == SAMPLE.subtotal_yen
    assert circled_yen(SAMPLE.lines) == 600_000 + 2_360_000 + 30_000 + 50_000


@pytest.mark.rule("GL-423")
def test_amounts_that_do_not_add_up_are_found_where_they_stand() -> None:
    assert codes(with_line(0, amount_yen=50_001)) == ["AMOUNT_DIFFERS", "SUBTOTAL_DIFFERS"]
    assert codes(replace(SAMPLE, total_yen=3_410_001)) == ["TOTAL_DIFFERS"]
    [finding] = breakdown_findings(replace(SAMPLE, subtotal_yen=3_000_000, total_yen=3_310_000), "works")
    assert finding.field == "works.subtotal_yen"
    assert "3,100,000円です" in finding.message
    assert codes(with_line(0, quantity=None)) == []


@pytest.mark.rule("GL-419", "GL-424")
def test_energy_saving_works_as_one_undivided_sum_are_refused() -> None:
    lump = Line("省エネルギー改修工事 一式", LineKind.ENERGY, 2_000_000, lump_sum=True)
    whole = Breakdown((lump,), 2_000_000, 200_000, 2_200_000)
    assert codes(whole) == ["UNDIVIDED"]
    cleaning = Line("清掃費", LineKind.ENERGY_OVERHEAD, 10_000)
    assert energy_works_undivided((lump, cleaning))
    assert not energy_works_undivided((lump, replace(lump, item="電気工事")))
    assert not energy_works_undivided((replace(lump, lump_sum=False),))


@pytest.mark.rule("GL-395", "GL-419")
def test_a_paper_without_energy_saving_works_is_refused() -> None:
    assert codes(Breakdown((), 0, 0, 0)) == ["NO_ENERGY_WORKS"]
    assert codes(replace(SAMPLE, lines=SAMPLE.lines[12:])) == ["NO_ENERGY_WORKS"]


@pytest.mark.rule("GL-421")
@pytest.mark.parametrize(
    ("number", "changes", "code"),
    [
        (0, {"item_circled": False}, "CIRCLE_MISSING"),
        (0, {"amount_circled": False}, "CIRCLE_MISSING"),
        (14, {"amount_circled": False}, "CIRCLE_MISSING"),
        (12, {"item_circled": True}, "CIRCLE_TOO_MANY"),
        (12, {"amount_circled": True}, "CIRCLE_TOO_MANY"),
    ],
)
def test_items_and_amounts_of_energy_saving_works_are_circled_and_no_others(
    number: int, changes: dict[str, bool], code: str
) -> None:
    [finding] = breakdown_findings(with_line(number, **changes), "works")
    assert (finding.rule, finding.code, finding.field) == ("GL-421", code, f"works.lines.{number}")


@pytest.mark.rule("GL-422")
def test_overheads_of_energy_saving_works_count_with_them() -> None:
    assert OVERHEAD_EXAMPLES == ("運搬費", "発生材処分費", "整理清掃費", "諸経費")
    for name in OVERHEAD_EXAMPLES:
        overhead = Line(name, LineKind.ENERGY_OVERHEAD, 10_000, item_circled=True, amount_circled=True)
        assert circled_yen((*SAMPLE.lines, overhead)) == circled_yen(SAMPLE.lines) + 10_000


@pytest.mark.rule("GL-398")
def test_planting_stands_as_an_item_of_its_own() -> None:
    planting = Line("植樹", LineKind.PLANTING, 100_000)
    found = planting_findings(SAMPLE.lines, includes_planting=True, field="x")
    assert [one.rule for one in found] == ["GL-398"]
    assert planting_findings((*SAMPLE.lines, planting), includes_planting=True, field="x") == []
    assert planting_findings(SAMPLE.lines, includes_planting=False, field="x") == []


@pytest.mark.rule("GL-396")
def test_changed_works_bring_a_copy_with_circles_to_the_institution() -> None:
    required = changed_works_requirement()
    assert required.hand_to is HandTo.INSTITUTION
    assert (Paper.WORKS_CONTRACT_COPY,) in required.accepted
    assert "○印" in required.why


@pytest.mark.rule("GL-423")
@given(st.lists(st.integers(0, 10_000_000), min_size=2, max_size=20), st.integers(0, 1_000_000))
def test_a_circled_breakdown_is_right_exactly_if_its_sums_are(amounts: list[int], tax: int) -> None:
    lines = tuple(
        Line(str(number), LineKind.ENERGY, yen, item_circled=True, amount_circled=True)
        for number, yen in enumerate(amounts)
    )
    right = Breakdown(lines, sum(amounts), tax, sum(amounts) + tax)
    assert codes(right) == []
    assert circled_yen(lines) == sum(amounts)
    assert codes(replace(right, subtotal_yen=right.subtotal_yen + 1)) == ["SUBTOTAL_DIFFERS", "TOTAL_DIFFERS"]
