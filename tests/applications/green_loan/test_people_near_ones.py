"""Owners of the house, the relative who lives in it, income combiners and successors."""

from __future__ import annotations

from typing import Any

import pytest
from applications.programmes.green_loan.people import combining, kinship, occupant, owners, relay
from applications.programmes.green_loan.people.kinship import NAMED, Path, Relation
from applications.programmes.green_loan.people.owners import Owner
from applications.programmes.green_loan.people.relay import SuccessorResult
from applications.programmes.green_loan.people.residence import JAPANESE
from applications.programmes.green_loan.works.house import HouseUse
from hypothesis import given
from hypothesis import strategies as st
from kit.errors import Finding

COUSIN = NAMED["COUSIN"]
COUSINS_WIFE = Path(up=2, down=2, end_spouse=True)
WIFES_COUSIN = Path(start_spouse=True, up=2, down=2)
WIFES_SISTERS_HUSBAND = Path(start_spouse=True, up=1, down=1, end_spouse=True)
SECOND_COUSIN = Path(up=3, down=3)
GREAT_AUNT = Path(up=3, down=1)


def codes(findings: list[Finding]) -> list[tuple[str, str, str]]:
    return [(one.rule, one.code, one.field) for one in findings]


@pytest.mark.rule("GL-125", "GL-126", "GL-128", "GL-130")
@pytest.mark.parametrize(
    ("relation", "path", "married", "eligible"),
    [
        ("APPLICANT", None, False, True),
        ("LEGAL_SPOUSE", None, True, True),
        ("DE_FACTO", None, False, True),
        ("ENGAGED", None, False, True),
        ("SAME_SEX_PARTNER", None, False, True),
        ("OTHER", None, True, False),
        ("RELATIVE", NAMED["PARENT"], False, True),
        ("RELATIVE", COUSIN, False, True),
        ("RELATIVE", SECOND_COUSIN, False, True),
        ("RELATIVE", Path(up=3, down=4), False, False),
        ("RELATIVE", COUSINS_WIFE, True, False),
        ("RELATIVE", WIFES_COUSIN, True, True),  # (d): the spouse's relative, blood of degree 4
        ("RELATIVE", WIFES_SISTERS_HUSBAND, True, True),
        ("RELATIVE", NAMED["SPOUSE_PARENT"], True, True),
        ("RELATIVE", NAMED["SPOUSE_PARENT"], False, False),  # the mother of somebody engaged to the applicant
        ("RELATIVE", kinship.SPOUSE, False, False),
        ("RELATIVE", Path(end_spouse=True), False, False),
        ("RELATIVE", None, True, False),
    ],
)
def test_an_own_house_belongs_to_the_applicant_a_partner_or_a_relative(
    relation: str, path: Path | None, married: bool, eligible: bool
) -> None:
    owner = Owner(Relation(relation), path)
    assert owners.qualifies_for_own_house(owner, has_legal_spouse=married) is eligible


@pytest.mark.rule("GL-126")
def test_four_kinds_of_partners_are_as_a_spouse() -> None:
    assert {str(one) for one in kinship.SPOUSE_EQUIVALENT} == {
        "LEGAL_SPOUSE",
        "DE_FACTO",
        "ENGAGED",
        "SAME_SEX_PARTNER",
    }


@pytest.mark.rule("GL-131", "GL-132")
@pytest.mark.parametrize(
    ("owner", "married", "eligible"),
    [
        (Owner(Relation.APPLICANT), False, True),
        (Owner(Relation.LEGAL_SPOUSE), True, True),
        (Owner(Relation.DE_FACTO), False, False),  # only the legal spouse is printed here
        (Owner(Relation.OTHER, path_from_occupant=kinship.SELF), False, True),
        (Owner(Relation.OTHER, path_from_occupant=kinship.SPOUSE), False, True),
        (Owner(Relation.OTHER, path_from_occupant=COUSIN), False, True),
        (Owner(Relation.OTHER, path_from_occupant=WIFES_COUSIN), False, True),  # of the occupant's spouse
        (Owner(Relation.OTHER, path_from_occupant=COUSINS_WIFE), False, False),
        (Owner(Relation.OTHER), False, False),
        (Owner(Relation.RELATIVE, SECOND_COUSIN), False, True),
        (Owner(Relation.RELATIVE, WIFES_COUSIN), True, True),
        (Owner(Relation.RELATIVE, WIFES_COUSIN), False, False),
    ],
)
def test_a_relatives_house_belongs_to_one_of_either_side(owner: Owner, married: bool, eligible: bool) -> None:
    qualifies = owners.qualifies_for_relatives_house(owner, has_legal_spouse=married, occupant_has_legal_spouse=True)
    assert qualifies is eligible


@pytest.mark.rule("GL-131")
def test_the_relatives_of_an_occupants_partner_need_a_marriage() -> None:
    owner = Owner(Relation.OTHER, path_from_occupant=WIFES_COUSIN)
    assert not owners.qualifies_for_relatives_house(owner, has_legal_spouse=True, occupant_has_legal_spouse=False)


@pytest.mark.rule("GL-125", "GL-128", "GL-129", "GL-131")
@pytest.mark.parametrize(
    ("use", "rule"), [(HouseUse.OWN, "GL-128"), (HouseUse.SECOND, "GL-128"), (HouseUse.RELATIVE, "GL-131")]
)
def test_one_owner_in_the_circle_is_enough_and_none_is_too_few(use: HouseUse, rule: str) -> None:
    friend, mother = Owner(Relation.OTHER), Owner(Relation.RELATIVE, NAMED["PARENT"])
    facts: dict[str, Any] = {"use": use, "has_legal_spouse": False, "occupant_has_legal_spouse": False}
    assert owners.owners_findings([friend, mother], **facts, field="owners") == []
    assert codes(owners.owners_findings([friend], **facts, field="owners")) == [(rule, "OWNER", "owners")]
    assert codes(owners.owners_findings([], **facts, field="owners")) == [(rule, "OWNER", "owners")]


@pytest.mark.rule("GL-125", "GL-131")
def test_a_partner_owns_an_own_house_and_not_a_relatives() -> None:
    facts: dict[str, Any] = {"has_legal_spouse": False, "occupant_has_legal_spouse": False, "field": "owners"}
    assert owners.owners_findings([Owner(Relation.DE_FACTO)], use=HouseUse.OWN, **facts) == []
    assert owners.owners_findings([Owner(Relation.DE_FACTO)], use=HouseUse.RELATIVE, **facts) != []


@pytest.mark.rule("GL-146", "GL-147", "GL-150")
@pytest.mark.parametrize(
    ("path", "married", "rule"),
    [
        (NAMED["PARENT"], False, "GL-146"),
        (NAMED["GRANDCHILD"], False, "GL-146"),
        (Path(up=3), False, "GL-146"),  # great-grandmother, degree 3
        (NAMED["CHILD_SPOUSE"], False, "GL-146"),
        (NAMED["SPOUSE_PARENT"], True, "GL-146"),
        (Path(start_spouse=True, up=4), True, "GL-146"),  # lineal by blood from the spouse's side
        (Path(start_spouse=True, up=4), False, None),
        (NAMED["BROTHER"], False, "GL-147"),
        (NAMED["UNCLE"], False, "GL-147"),
        (NAMED["NIECE"], False, "GL-147"),
        (WIFES_SISTERS_HUSBAND, True, "GL-147"),
        (WIFES_SISTERS_HUSBAND, False, None),
        (COUSIN, True, None),
        (GREAT_AUNT, True, None),
        (kinship.SPOUSE, True, None),
        (kinship.SELF, True, None),
        (Path(up=2, down=1, end_spouse=True), False, "GL-147"),  # an uncle's wife
    ],
)
def test_the_occupying_relative_is_in_line_or_else_within_three_degrees(
    path: Path, married: bool, rule: str | None
) -> None:
    assert occupant.occupant_rule(path, has_legal_spouse=married, lineal_relative_exists=False) == rule


@pytest.mark.rule("GL-147", "GL-149")
def test_a_living_lineal_relative_closes_the_second_rule_only() -> None:
    assert occupant.occupant_rule(NAMED["BROTHER"], has_legal_spouse=False, lineal_relative_exists=True) is None
    assert occupant.occupant_rule(NAMED["CHILD"], has_legal_spouse=False, lineal_relative_exists=True) == "GL-146"


@pytest.mark.rule("GL-146", "GL-147", "GL-148", "GL-149", "GL-338")
@pytest.mark.parametrize(
    ("path", "exists", "status", "found"),
    [
        (NAMED["CHILD"], True, JAPANESE, []),
        (NAMED["CHILD"], True, "永住者", []),
        (NAMED["CHILD"], True, "定住者", [("GL-148", "STATUS", "status")]),
        (NAMED["BROTHER"], True, JAPANESE, [("GL-149", "LINEAL_EXISTS", "kin")]),
        (NAMED["BROTHER"], False, "特別永住者", []),
        (COUSIN, False, "定住者", [("GL-147", "NOT_NEAR_ENOUGH", "kin"), ("GL-148", "STATUS", "status")]),
    ],
)
def test_everything_against_an_occupant_is_told_at_once(
    path: Path, exists: bool, status: str, found: list[tuple[str, str, str]]
) -> None:
    findings = occupant.occupant_findings(
        path,
        has_legal_spouse=False,
        lineal_relative_exists=exists,
        status=status,
        path_field="kin",
        status_field="status",
    )
    assert codes(findings) == found


def combiner(**changed: Any) -> list[str]:
    facts: dict[str, Any] = {
        "use": HouseUse.OWN,
        "relation": Relation.RELATIVE,
        "path": NAMED["CHILD"],
        "lives_with_applicant": True,
        "in_occupants_household": False,
        "age": 40,
        "joint_debtor": True,
        "status": JAPANESE,
        "field": "combiner",
    }
    return [f"{one.rule} {one.code}" for one in combining.combiner_findings(**(facts | changed))]


@pytest.mark.rule("GL-315", "GL-316", "GL-320")
def test_a_combiner_is_young_enough_liable_and_allowed_to_stay() -> None:
    assert combiner() == []
    assert combiner(age=78) == []
    assert combiner(age=79) == ["GL-315 age"]
    assert combiner(joint_debtor=False) == ["GL-316 not_joint_debtor"]
    assert combiner(status="定住者") == ["GL-320 status"]
    assert combiner(age=80, joint_debtor=False, path=COUSIN, status="留学") == [
        "GL-315 age",
        "GL-316 not_joint_debtor",
        "GL-317 relation",
        "GL-320 status",
    ]


@pytest.mark.rule("GL-317", "GL-318", "GL-319", "GL-323")
@pytest.mark.parametrize(
    ("use", "relation", "path", "together", "household", "found"),
    [
        ("OWN", "RELATIVE", "BROTHER", True, False, ["GL-317 relation"]),
        ("OWN", "RELATIVE", "SPOUSE_PARENT", True, False, []),
        ("OWN", "RELATIVE", "CHILD_SPOUSE", True, False, []),
        ("OWN", "RELATIVE", "CHILD", False, False, ["GL-317 not_living_together"]),
        ("OWN", "ENGAGED", None, True, False, []),
        ("OWN", "DE_FACTO", None, False, False, ["GL-317 not_living_together"]),
        ("OWN", "OTHER", None, True, True, ["GL-317 relation"]),
        ("SECOND", "ENGAGED", None, False, False, []),
        ("SECOND", "RELATIVE", "PARENT", False, False, []),
        ("SECOND", "RELATIVE", "NIECE", True, True, ["GL-318 relation"]),
        ("RELATIVE", "RELATIVE", "BROTHER", False, True, []),
        ("RELATIVE", "OTHER", None, False, True, []),
        ("RELATIVE", "RELATIVE", "BROTHER", True, False, ["GL-319 relation"]),
        ("RELATIVE", "LEGAL_SPOUSE", None, True, False, []),
        ("RELATIVE", "SAME_SEX_PARTNER", None, False, False, ["GL-319 not_living_together"]),
        ("RELATIVE", "RELATIVE", "CHILD", False, False, ["GL-319 not_living_together"]),
        ("OWN", "RELATIVE", "SPOUSE", True, False, []),
    ],
)
def test_a_combiner_is_near_enough_for_the_use_of_the_house(
    use: str, relation: str, path: str | None, together: bool, household: bool, found: list[str]
) -> None:
    facts = {
        "use": HouseUse(use),
        "relation": Relation(relation),
        "path": None if path is None else NAMED[path],
        "lives_with_applicant": together,
        "in_occupants_household": household,
    }
    assert combiner(**facts) == found


@pytest.mark.rule("GL-314")
def test_the_income_of_one_person_is_combined() -> None:
    assert combining.combiners_findings(0, "people") == []
    assert combining.combiners_findings(1, "people") == []
    assert codes(combining.combiners_findings(2, "people")) == [("GL-314", "TOO_MANY", "people")]


@pytest.mark.rule("GL-321", "GL-324", "GL-330")
@pytest.mark.parametrize(
    ("amount", "refused"), [(0, True), (1, False), (3_000_001, False), (3_000_002, True), (-1, True)]
)
def test_from_one_yen_to_the_whole_income_is_combined(amount: int, refused: bool) -> None:
    found = codes(combining.combined_amount_findings(amount, 3_000_001, "amount"))
    assert found == ([("GL-321", "RANGE", "amount")] if refused else [])


@pytest.mark.rule("GL-322", "GL-324")
def test_half_of_an_odd_income_is_compared_exactly() -> None:
    assert not combining.exceeds_half(1_500_000, 3_000_001)
    assert combining.exceeds_half(1_500_001, 3_000_001)
    assert not combining.exceeds_half(1_500_000, 3_000_000)
    assert combining.exceeds_half(1_500_001, 3_000_000)


@pytest.mark.rule("GL-322")
@given(st.integers(min_value=1, max_value=100_000_000), st.integers(min_value=1, max_value=100_000_000))
def test_more_than_half_leaves_less_than_half(combined: int, income: int) -> None:
    assert combining.exceeds_half(combined, income) is (income - combined < combined)


def successor(path: Path | None, **changed: Any) -> SuccessorResult:
    facts: dict[str, Any] = {"regular_income": True, "age": 45, "applicant_has_descendant": True}
    return relay.successor_result(path, **(facts | changed))


@pytest.mark.rule("GL-325")
@pytest.mark.parametrize("name", ["CHILD", "CHILD_SPOUSE", "GRANDCHILD", "GRANDCHILD_SPOUSE"])
@pytest.mark.parametrize("has_descendant", [True, False])
def test_children_grandchildren_and_their_spouses_succeed(name: str, has_descendant: bool) -> None:
    assert successor(NAMED[name], applicant_has_descendant=has_descendant) is SuccessorResult.ELIGIBLE
    assert successor(NAMED[name], regular_income=False) is SuccessorResult.REFUSED


@pytest.mark.rule("GL-328")
def test_a_successor_is_younger_than_seventy_nine() -> None:
    assert successor(NAMED["CHILD"], age=78) is SuccessorResult.ELIGIBLE
    assert successor(NAMED["CHILD"], age=79) is SuccessorResult.REFUSED


@pytest.mark.rule("GL-326", "GL-327")
@pytest.mark.parametrize("name", ["NIECE", "NEPHEW", "BROTHER", "PARENT", "SPOUSE_CHILD", "GREAT_GRANDCHILD"])
def test_an_officer_decides_on_other_relatives_of_who_has_no_descendant(name: str) -> None:
    assert successor(NAMED[name], applicant_has_descendant=False) is SuccessorResult.OFFICER_DECISION
    assert successor(NAMED[name], applicant_has_descendant=True) is SuccessorResult.REFUSED


@pytest.mark.rule("GL-326")
@pytest.mark.parametrize("path", [kinship.SPOUSE, Path(end_spouse=True), None, kinship.SELF, COUSINS_WIFE])
def test_neither_the_spouse_nor_somebody_unrelated_succeeds(path: Path | None) -> None:
    assert successor(path, applicant_has_descendant=False) is SuccessorResult.REFUSED


@pytest.mark.rule("GL-325", "GL-326", "GL-328", "GL-329", "GL-333")
def test_everything_against_a_successor_is_told_at_once() -> None:
    facts: dict[str, Any] = {"applicant_has_descendant": True, "field": "successor"}
    good = relay.successor_findings(
        NAMED["CHILD"], regular_income=True, age=45, joint_debtor=True, status=JAPANESE, **facts
    )
    assert good == []
    bad = relay.successor_findings(
        NAMED["NEPHEW"], regular_income=False, age=79, joint_debtor=False, status="定住者", **facts
    )
    assert [(one.rule, one.code) for one in bad] == [
        ("GL-325", "INCOME"),
        ("GL-328", "TOO_OLD"),
        ("GL-326", "RELATION"),
        ("GL-329", "NOT_JOINT_DEBTOR"),
        ("GL-333", "STATUS"),
    ]
    assert {one.field for one in bad} == {"successor"}


@pytest.mark.rule("GL-327")
def test_a_case_for_an_officer_is_no_finding() -> None:
    findings = relay.successor_findings(
        NAMED["NEPHEW"],
        regular_income=True,
        age=45,
        applicant_has_descendant=False,
        joint_debtor=True,
        status="永住者",
        field="successor",
    )
    assert findings == []
