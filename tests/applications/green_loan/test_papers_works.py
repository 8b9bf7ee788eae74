"""Works papers: which one, what must stand in it, and the breakdown with its circles."""

from __future__ import annotations

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
    energy_works_undivided,
    works_requirement,
)
from hypothesis import given
from hypothesis import strategies as st


def line(item: str, kind: LineKind, yen: int, **said: object) -> Line:
    return Line(item=item, kind=kind, amount_yen=yen, **said)  # type: ignore[arg-type]


def energy(item: str, quantity: int, price: int, kind: LineKind = LineKind.ENERGY, lump_sum: bool = False) -> Line:
    said = {"quantity": Decimal(quantity), "unit_price_yen": price, "lump_sum": lump_sum}
    return line(item, kind, quantity * price, **said, item_circled=True, amount_circled=True)


def with_(one: Line | Breakdown, **changes: object) -> Line | Breakdown:
    return one.model_copy(update=changes)


# The sample of GL-423, circled as GL-421 wants it.
SAMPLE = Breakdown(
    lines=(
        energy("既存断熱材撤去", 50, 1_000),
        energy("床下地組", 50, 3_000),
        energy("新規フローリング", 50, 4_000),
        energy("断熱材", 50, 2_000),
        energy("同上施工費", 1, 70_000, lump_sum=True),
        energy("養生費", 60, 500),
        energy("モジュール", 20, 70_000),
        energy("パワーコンディショナー", 1, 400_000),
        energy("ケーブル", 5, 10_000),
        energy("架台", 3, 70_000),
        energy("設備工事", 1, 150_000, lump_sum=True),
        energy("電気工事", 1, 150_000, lump_sum=True),
        line("リビング 壁・天井クロス張替え", LineKind.OTHER, 50_000, quantity=Decimal(50), unit_price_yen=1_000),
        line("キッチン 壁・天井クロス張替え", LineKind.OTHER, 10_000, quantity=Decimal(10), unit_price_yen=1_000),
        energy("清掃費", 60, 500, LineKind.ENERGY_OVERHEAD),
        energy("資材運搬費", 1, 50_000, LineKind.ENERGY_OVERHEAD, lump_sum=True),
    ),
    subtotal_yen=3_100_000,
    tax_yen=310_000,
    total_yen=3_410_000,
)


def codes(breakdown: Breakdown) -> list[str]:
    return [one.code for one in breakdown_findings(breakdown, "works")]


def with_line(number: int, **changes: object) -> Breakdown:
    lines = list(SAMPLE.lines or ())
    lines[number] = with_(lines[number], **changes)  # type: ignore[arg-type]
    return with_(SAMPLE, lines=tuple(lines))


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


@pytest.mark.rule("GL-423")
def test_amounts_that_do_not_add_up_are_found_where_they_stand() -> None:
    assert codes(with_line(0, amount_yen=50_001)) == ["AMOUNT_DIFFERS", "SUBTOTAL_DIFFERS"]
    assert codes(with_(SAMPLE, total_yen=3_410_001)) == ["TOTAL_DIFFERS"]
    [finding] = breakdown_findings(with_(SAMPLE, subtotal_yen=3_000_000, total_yen=3_310_000), "works")
    assert finding.field == "works.subtotal_yen"
    assert "3,100,000円です" in finding.message
    assert codes(with_line(0, quantity=None)) == []


@pytest.mark.rule("GL-419", "GL-424")
def test_energy_saving_works_as_one_undivided_sum_are_refused() -> None:
    lump = line("省エネルギー改修工事 一式", LineKind.ENERGY, 2_000_000, lump_sum=True)
    whole = Breakdown(lines=(lump,), subtotal_yen=2_000_000, tax_yen=200_000, total_yen=2_200_000)
    assert codes(whole) == ["UNDIVIDED"]
    cleaning = line("清掃費", LineKind.ENERGY_OVERHEAD, 10_000)
    assert energy_works_undivided((lump, cleaning))
    assert not energy_works_undivided((lump, with_(lump, item="電気工事")))
    assert not energy_works_undivided((with_(lump, lump_sum=False),))


@pytest.mark.rule("GL-395", "GL-419")
def test_a_paper_without_energy_saving_works_is_refused() -> None:
    assert codes(Breakdown(lines=())) == ["NO_ENERGY_WORKS"]
    assert codes(with_(SAMPLE, lines=(SAMPLE.lines or ())[12:])) == ["NO_ENERGY_WORKS"]


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
@pytest.mark.parametrize("name", OVERHEAD_EXAMPLES)
def test_overheads_of_energy_saving_works_are_circled_with_them(name: str) -> None:
    overhead = line(name, LineKind.ENERGY_OVERHEAD, 10_000, item_circled=True, amount_circled=True)
    more = {"subtotal_yen": 3_110_000, "total_yen": 3_420_000}
    assert codes(with_(SAMPLE, lines=(*(SAMPLE.lines or ()), overhead), **more)) == []
    bare = with_(overhead, amount_circled=False)
    assert codes(with_(SAMPLE, lines=(*(SAMPLE.lines or ()), bare), **more)) == ["CIRCLE_MISSING"]


@pytest.mark.rule("GL-395")
@pytest.mark.parametrize("field", ["item", "kind", "amount_yen"])
def test_each_line_says_what_it_is_and_what_it_costs(field: str) -> None:
    assert "REQUIRED" in codes(with_line(12, **{field: None}))


@pytest.mark.rule("GL-398")
def test_planting_stands_as_an_item_of_its_own() -> None:
    planting = line("植樹", LineKind.PLANTING, 100_000)
    sums = {"subtotal_yen": 3_200_000, "total_yen": 3_510_000}
    assert codes(with_(SAMPLE, planting=True)) == ["PLANTING_NOT_SEPARATE"]
    assert codes(with_(SAMPLE, planting=True, lines=(*(SAMPLE.lines or ()), planting), **sums)) == []
    assert codes(with_(SAMPLE, planting=False)) == []


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
        line(str(number), LineKind.ENERGY, yen, item_circled=True, amount_circled=True)
        for number, yen in enumerate(amounts)
    )
    right = Breakdown(lines=lines, subtotal_yen=sum(amounts), tax_yen=tax, total_yen=sum(amounts) + tax)
    assert codes(right) == []
    assert codes(with_(right, subtotal_yen=sum(amounts) + 1)) == ["SUBTOTAL_DIFFERS", "TOTAL_DIFFERS"]
