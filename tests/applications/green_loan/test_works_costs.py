"""D, the costs that can be financed beside the works (GL-202 to GL-235)."""

from dataclasses import replace
from itertools import product

import pytest
from applications.programmes.green_loan.works.costs import (
    APPLICATIONS,
    LABELS,
    Bridging,
    Cost,
    Evidence,
    accepted_evidence,
    application_number,
    cost_findings,
    countable_yen,
    d_yen,
)
from hypothesis import given
from hypothesis import strategies as st

GOOD_BRIDGING = Bridging(True, True, False, False)
CUSTOMERS = {Evidence.APPLICATION_FORM, Evidence.INVOICE, Evidence.RECEIPT}


def cost(code, kind="", evidence=Evidence.RECEIPT, **facts):
    base = Cost(code, kind, 33_000, 33_000, "customer", evidence, evidence_checked=True)
    return replace(base, **facts)


def codes(item):
    return [one.code for one in cost_findings(item, "item")]


# A word that the row of a code must not lack.
ROWS = [
    pytest.param("D-01", "水道負担金", marks=pytest.mark.rule("GL-204")),
    pytest.param("D-02", "太陽光発電設備の工事費負担金", marks=pytest.mark.rule("GL-205")),
    pytest.param("D-03", "建築確認・中間検査・完了検査", marks=pytest.mark.rule("GL-206")),
    pytest.param("D-04", "各種申請費用", marks=pytest.mark.rule("GL-207")),
    pytest.param("D-05", "適合証明検査", marks=pytest.mark.rule("GL-208")),
    pytest.param("D-06", "住宅性能評価", marks=pytest.mark.rule("GL-209")),
    pytest.param("D-07", "長期優良住宅", marks=pytest.mark.rule("GL-210")),
    pytest.param("D-08", "低炭素住宅", marks=pytest.mark.rule("GL-211")),
    pytest.param("D-09", "BELS", marks=pytest.mark.rule("GL-212")),
    pytest.param("D-10", "リフォーム瑕疵保険", marks=pytest.mark.rule("GL-213")),
    pytest.param("D-11", "ホームインスペクション", marks=pytest.mark.rule("GL-214")),
    pytest.param("D-12", "石綿", marks=pytest.mark.rule("GL-215")),
    pytest.param("D-13", "印紙代", marks=pytest.mark.rule("GL-216")),
    pytest.param("D-14", "地震保険料", marks=pytest.mark.rule("GL-217")),
    pytest.param("D-15", "司法書士", marks=pytest.mark.rule("GL-219")),
    pytest.param("D-16", "D-15の登記に係る登録免許税", marks=pytest.mark.rule("GL-220", "GL-221")),
    pytest.param("D-17", "つなぎローン", marks=pytest.mark.rule("GL-222")),
]
_PAPER_OF = {
    "D-14": Evidence.INSURER_QUOTATION,
    "D-15": Evidence.REGISTRATION_QUOTATION,
    "D-16": Evidence.REGISTRATION_QUOTATION,
    "D-17": Evidence.LENDER_CALCULATION,
}


@pytest.mark.parametrize(("code", "word"), ROWS)
def test_each_listed_cost_can_be_financed_with_its_paper(code, word):
    assert word in LABELS[code]
    kind = "浄化槽申請手数料" if code == "D-04" else ""
    item = cost(code, kind, _PAPER_OF.get(code, Evidence.RECEIPT), bridging=GOOD_BRIDGING)
    assert codes(item) == []
    assert codes(replace(item, evidence=None)) == ["no_evidence"]


@pytest.mark.rule("GL-202")
def test_a_cost_that_is_not_listed_is_refused():
    assert set(LABELS) == {f"D-{number:02}" for number in range(1, 18)}
    assert codes(cost("D-18")) == ["unknown_code"]


@pytest.mark.rule("GL-203", "GL-235")
def test_the_customers_own_share_counts_once_its_evidence_is_checked():
    assert countable_yen(33_000, 22_000, eligible=True, evidence_checked=True) == 22_000
    assert countable_yen(33_000, 44_000, eligible=True, evidence_checked=True) == 33_000
    assert countable_yen(33_000, 22_000, eligible=True, evidence_checked=False) == 0
    assert countable_yen(33_000, 22_000, eligible=False, evidence_checked=True) == 0
    assert codes(cost("D-05", customer_share_yen=0)) == ["no_customer_share"]


@pytest.mark.rule("GL-202", "GL-203", "GL-217", "GL-218", "GL-223", "GL-235")
def test_d_is_the_sum_of_what_counts():
    insurance = cost("D-14", "fire_insurance", Evidence.INSURER_QUOTATION, amount_yen=30_000)
    interest = cost("D-17", "interest", Evidence.LENDER_CALCULATION, amount_yen=18_000)
    items = [
        insurance,
        replace(insurance, kind="savings_type_fire_insurance", amount_yen=120_000),
        cost("D-05", customer_share_yen=22_000),
        cost("D-13", evidence_checked=False),
        replace(interest, bridging=Bridging(False, True, False, False)),
        replace(interest, bridging=GOOD_BRIDGING),
    ]
    assert d_yen(items) == 30_000 + 22_000 + 18_000


@pytest.mark.rule("GL-207", "GL-233", "GL-234")
@pytest.mark.parametrize(
    ("kind", "number"),
    [
        ("浄化槽申請手数料", 1),
        ("septic_tank", 1),
        ("市街化調整区域申請手数料", 2),
        ("建築基準法第88条工作物申請手数料", 3),
        ("中高層申請手数料", 4),
        ("文化財保護法第93条申請手数料", 5),
        ("農地転用申請手数料", 6),
        ("水路占用許可申請手数料", 7),
        ("建築基準法第43条第1項但し書き道路申請手数料", 8),
        ("河川占用許可申請手数料", 9),
        ("構造計算適合性判定手数料", 10),
        ("土地区画整理法第76条申請手数料", 11),
        ("都市計画法第53条建築許可申請手数料", 12),
        ("風致地区申請手数料", 13),
        ("狭あい道路申請手数料", 14),
        ("都市計画法第29条開発許可申請手数料", 15),
        ("ホームエレベーター申請手数料", 16),
        ("home elevator fee", 16),
        ("building_standards_act_art_88_structure", 3),
        ("Building Standards Act Art.43(1) proviso road", 8),
        ("city_planning_act_article_29", 15),
        ("city_planning_act_53", 12),
        ("city planning act", None),
        ("medium/high-rise", 4),
        ("沿道掘削申請手数料", 17),
        ("急傾斜崩壊危険区域申請手数料", 18),
        ("宅地造成及び特定盛土等規制法第12条許可申請手数料", 19),
        ("19", 19),
        ("20", None),
        ("0", None),
        ("駐車許可申請手数料", None),
        ("parking permit fee", None),
        ("浄化槽の撤去費", None),
        ("", None),
    ],
)
def test_application_fees_are_those_of_the_table(kind, number):
    assert application_number(kind) == number
    assert codes(cost("D-04", kind)) == ([] if number else ["not_in_table"])


@pytest.mark.rule("GL-233")
def test_the_table_has_nineteen_kinds_and_no_name_stands_for_two():
    assert list(APPLICATIONS) == list(range(1, 20))
    for number, names in APPLICATIONS.items():
        assert {application_number(name) for name in names} == {number}


@pytest.mark.rule("GL-217", "GL-218", "GL-230")
@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("火災保険料", []),
        ("地震保険料", []),
        ("fire_insurance_with_rider", []),
        ("火災保険の個人賠償責任特約", []),
        ("積立型火災保険", ["savings_type"]),
        ("満期返戻金特約付き火災保険", ["savings_type"]),
        ("savings_type", ["savings_type"]),
        ("fire insurance with a maturity refund", ["savings_type"]),
    ],
)
def test_insurance_that_saves_is_excluded_and_other_riders_are_included(kind, found):
    assert codes(cost("D-14", kind, Evidence.INSURER_QUOTATION)) == found


@pytest.mark.rule("GL-223", "GL-224", "GL-225", "GL-226")
@pytest.mark.parametrize(("fixed", "repaid", "only", "applied"), list(product([False, True], repeat=4)))
@pytest.mark.parametrize("earnest", [False, True])
def test_a_bridging_loan_is_fixed_in_time_and_repaid_by_this_loan_and_one_for_earnest_money_is_no_other(
    earnest, fixed, repaid, only, applied
):
    kind = "earnest_money_loan_interest" if earnest else "bridging_loan_interest"
    item = cost("D-17", kind, Evidence.LENDER_CALCULATION, bridging=Bridging(fixed, repaid, only, applied))
    is_earnest = earnest or only or applied
    wanted = []
    if is_earnest and not (only and applied):
        wanted.append("earnest_money_conditions")
    wanted += [] if fixed else ["no_evidence"]
    wanted += [] if repaid else ["not_repaid_by_this_loan"]
    assert codes(item) == wanted


@pytest.mark.rule("GL-223", "GL-224")
def test_of_a_bridging_loan_nobody_described_nothing_is_assumed():
    item = cost("D-17", "interest", Evidence.LENDER_CALCULATION)
    assert codes(item) == ["no_evidence", "not_repaid_by_this_loan"]


@pytest.mark.rule("GL-227", "GL-228", "GL-229")
@pytest.mark.parametrize("code", [f"D-{number:02}" for number in range(1, 14)])
def test_the_first_thirteen_are_shown_by_the_customers_papers_or_by_the_contractors_contract(code):
    assert accepted_evidence(code, "", "customer") == CUSTOMERS
    contractors = {Evidence.WORKS_CONTRACT, Evidence.ORDER_AND_ACKNOWLEDGEMENT}
    assert accepted_evidence(code, "", "contractor") == CUSTOMERS | contractors


@pytest.mark.rule("GL-230", "GL-231", "GL-232")
def test_insurance_registration_and_bridging_loans_have_papers_of_their_own():
    registration = CUSTOMERS | {Evidence.REGISTRATION_QUOTATION}
    assert accepted_evidence("D-14", "火災保険料", "customer") == {Evidence.INSURER_QUOTATION}
    assert accepted_evidence("D-15", "司法書士報酬", "customer") == registration
    assert accepted_evidence("D-16", "登録免許税", "customer") == registration
    assert accepted_evidence("D-17", "つなぎローンの金利", "customer") == {Evidence.LENDER_CALCULATION}
    assert accepted_evidence("D-17", "bridging loan fee", "customer") == {Evidence.LENDER_CALCULATION}
    assert accepted_evidence("D-17", "つなぎローン契約書の印紙代", "customer") > CUSTOMERS
    assert accepted_evidence("D-17", "登記に係る司法書士報酬", "customer") == registration


@pytest.mark.rule("GL-203")
@given(st.integers(0, 10**7), st.integers(0, 10**7), st.booleans(), st.booleans())
def test_no_cost_counts_with_more_than_its_amount_or_the_customers_share(amount, share, eligible, checked):
    assert 0 <= countable_yen(amount, share, eligible=eligible, evidence_checked=checked) <= min(amount, share)


def test_every_finding_says_which_field_and_ends_as_a_sentence():
    for item in (cost("D-99"), cost("D-04", "x", None), cost("D-14", "積立", None), cost("D-17", "手付金", None)):
        for one in cost_findings(item, "d_items.0"):
            assert one.field == "d_items.0"
            assert one.message.endswith("。")
