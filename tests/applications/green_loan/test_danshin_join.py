"""Who may join danshin: ages, couples, several debtors, and what can be chosen again."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from applications.programmes.green_loan.danshin import join, kinds
from applications.programmes.green_loan.people.age import full_years
from hypothesis import given
from hypothesis import strategies as st
from kit.japan.months import add_years

DECLARED = date(2025, 6, 15)
AGE_RULES = {"SHIN": "GL-531", "SANDAI": "GL-532"}


def born(years_ago: int, later_by_days: int = 0) -> date:
    """The birth of somebody whose birthday of that age is the declaration date, or some days after it."""
    return add_years(DECLARED, -years_ago) + timedelta(days=later_by_days)


def codes(findings):
    return [finding.code for finding in findings]


@pytest.mark.rule("GL-531", "GL-532", "GL-627")
@pytest.mark.parametrize(
    ("product", "birth", "met"),
    [
        ("SHIN", born(70, later_by_days=1), True),
        ("SHIN", born(70), False),
        ("SANDAI", born(51, later_by_days=1), True),
        ("SANDAI", born(51), False),
        ("SHIN", born(15), True),
        ("SHIN", born(15, later_by_days=1), False),
        ("SANDAI", born(15), True),
        ("SANDAI", born(15, later_by_days=1), False),
    ],
)
def test_one_joins_from_15_until_the_day_before_70_or_51(product, birth, met):
    assert join.age_met(product, birth, DECLARED) is met
    findings = join.joining_age_findings(product, [born(40), birth], DECLARED, "danshin")
    assert [(one.rule, one.code) for one in findings] == ([] if met else [(AGE_RULES[product], "AGE")])
    assert join.joining_age_findings("NONE", [birth], DECLARED, "danshin") == []


@given(st.dates(date(1930, 1, 1), date(2024, 1, 1)), st.sampled_from(["SHIN", "SANDAI"]))
def test_who_may_join_three_diseases_by_age_may_join_the_other_too(birth, product):
    if join.age_met(product, birth, DECLARED):
        assert join.age_met("SHIN", birth, DECLARED)
    assert join.age_met("SHIN", birth, DECLARED) == (15 <= full_years(birth, DECLARED) < 70)


@pytest.mark.rule("GL-534")
def test_who_ever_had_cancer_cannot_join_three_diseases_but_the_other():
    assert not join.own_condition_met("SANDAI", born(40), DECLARED, ever_cancer=True)
    assert join.own_condition_met("SANDAI", born(40), DECLARED, ever_cancer=False)
    assert join.own_condition_met("SHIN", born(40), DECLARED, ever_cancer=True)


@pytest.mark.rule("GL-520", "GL-521", "GL-522")
@pytest.mark.parametrize(
    ("relationship", "possible"),
    [
        ("LEGAL_SPOUSE", True),
        ("DE_FACTO", True),
        ("ENGAGED", True),
        ("SAME_SEX_PARTNER", True),
        ("PARENT_CHILD", False),
        ("SIBLING", False),
        ("OTHER", False),
    ],
)
def test_couples_who_are_joint_debtors_may_join_together(relationship, possible):
    births = (born(40), born(38))
    assert join.duet_possible("SHIN", births, DECLARED, relationship, joint_debtors=True) is possible
    assert not join.duet_possible("SHIN", births, DECLARED, relationship, joint_debtors=False)
    assert not join.duet_possible("SANDAI", births, DECLARED, relationship, joint_debtors=True)


@pytest.mark.rule("GL-533")
def test_both_of_a_duet_have_the_right_age():
    for births, possible in [
        ((born(70, later_by_days=1), born(69)), True),
        ((born(70), born(40)), False),
        ((born(40), born(70)), False),
    ]:
        assert join.duet_possible("SHIN", births, DECLARED, "LEGAL_SPOUSE", joint_debtors=True) is possible
        assert codes(join.joining_age_findings("DUET", births, DECLARED, "danshin")) == ([] if possible else ["AGE"])


@pytest.mark.rule("GL-513", "GL-523", "GL-524")
@pytest.mark.parametrize(
    ("choice", "joiners", "found"),
    [
        ("NONE", [], []),
        ("NONE", ["taro"], ["NUMBER_OF_JOINERS"]),
        ("SHIN", ["hanako"], []),
        ("SANDAI", ["taro"], []),
        ("SHIN", ["taro", "hanako"], ["NUMBER_OF_JOINERS"]),
        ("SANDAI", [], ["NUMBER_OF_JOINERS"]),
        ("DUET", ["taro", "hanako"], []),
        ("DUET", ["taro"], ["NUMBER_OF_JOINERS"]),
        ("DUET", ["taro", "taro"], ["NUMBER_OF_JOINERS"]),
        ("DUET", ["taro", "hanako", "hanako"], ["NUMBER_OF_JOINERS"]),
        ("SHIN", ["neighbour"], ["NOT_A_DEBTOR"]),
    ],
)
@pytest.mark.parametrize("others", [[], ["jiro", "saburo"]])
def test_one_debtor_joins_or_a_couple_by_duet_however_many_debtors_there_are(choice, joiners, found, others):
    findings = join.joiners_findings(choice, joiners, ["taro", "hanako", *others], "LEGAL_SPOUSE", "danshin")
    assert codes(findings) == found


@pytest.mark.rule("GL-521")
def test_duet_is_refused_to_who_is_no_couple():
    found = join.joiners_findings("DUET", ["taro", "jiro"], ["taro", "jiro"], "PARENT_CHILD", "danshin")
    assert codes(found) == ["NOT_A_COUPLE"]
    found = join.joiners_findings("SHIN", ["jiro"], ["taro", "jiro"], "PARENT_CHILD", "danshin")
    assert codes(found) == []


@pytest.mark.rule("GL-541")
@pytest.mark.parametrize(
    ("original", "birth", "offered"),
    [
        ("SHIN", born(70, later_by_days=1), ("SHIN",)),
        ("SHIN", born(70), ()),
        ("SHIN", born(40), ("SHIN",)),
        ("SANDAI", born(51, later_by_days=1), ("SHIN", "SANDAI")),
        ("SANDAI", born(51), ("SHIN",)),
        ("SANDAI", born(70), ()),
    ],
)
def test_a_younger_joint_debtor_may_join_when_a_cover_ends_at_80(original, birth, offered):
    assert join.products_after_cover_end(original, birth, DECLARED) == offered


@pytest.mark.rule("GL-512", "GL-522")
def test_duet_is_the_plain_product_for_two():
    assert [kinds.product_of(choice) for choice in ("NONE", "SHIN", "DUET", "SANDAI")] == [
        None,
        "SHIN",
        "SHIN",
        "SANDAI",
    ]


@pytest.mark.rule("GL-529")
def test_the_kind_stays_once_joined():
    assert codes(join.switch_findings("SHIN", "SANDAI", has_joined=True, field="danshin")) == ["JOINED"]
    assert codes(join.switch_findings("SHIN", "SANDAI", has_joined=False, field="danshin")) == []
    assert codes(join.switch_findings("SHIN", "SHIN", has_joined=True, field="danshin")) == []
