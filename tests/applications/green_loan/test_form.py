"""The draft of a green loan: one thing changed in a right one, and what is found then."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from applications.programmes.green_loan import form
from applications.programmes.green_loan.form import papers
from applications.programmes.green_loan.procedure.contract import contract_deadline
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kit.japan import to_jst
from support import green_loan as example

OWNER, WIFE = UUID(int=1), UUID(int=2)
TODAY = to_jst(example.NOW).date()


def found(content, **facts):
    return {(one.rule, one.code, one.field) for one in form.validate(content, example.facts(**facts)).findings}


def changed(**changes):
    return example.content_with(**changes)


def with_wife(**changes):
    return changed(joint_debtors=[example.joint_debtor(WIFE, **changes)])


@pytest.mark.rule("GL-258", "GL-201", "GL-254")
def test_a_right_draft_has_no_finding_and_shows_what_it_comes_to():
    answer = form.validate(example.content(), example.facts())
    assert answer.findings == ()
    assert answer.content["figures"] == {
        "limit": {
            "ceiling_yen": 5_000_000,
            "energy_saving_yen": 2_400_000,
            "works_yen": 1_500_000,
            "binding": ["WORKS"],
            "limit_yen": 1_500_000,
        },
        "rate_percent": "1.60",
        "monthly_yen": 13_534,
        "bonus_yen": 0,
        "ratio_percent": "3.2",
        "ratio_most_percent": 35,
        "longest_years": 10,
    }
    assert (answer.content["institution_name"], answer.content["inspection_body_name"]) == ("見本銀行", "見本検査機構")


@pytest.mark.rule("GL-258")
def test_an_empty_draft_is_told_everything_that_is_missing_at_once():
    codes = {code for _, code, _ in found({})}
    assert codes == {"REQUIRED"}
    fields = {field for _, _, field in found({})}
    assert {"menu", "institution", "applicant.birth", "house.use", "works.lines", "loan.amount_yen"} <= fields


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"menu": "VARIABLE"}, ("GL-004", "FORMAT", "menu"), marks=pytest.mark.rule("GL-003", "GL-004")),
        pytest.param(
            {"applicant__birth": "1946-08-20"},
            ("GL-110", "TOO_OLD", "applicant.birth"),
            marks=pytest.mark.rule("GL-110"),
        ),
        pytest.param({"applicant__birth": "2030-01-01"}, ("GL-110", "IN_THE_FUTURE", "applicant.birth"), marks=()),
        pytest.param(
            {"applicant__status": "定住者"}, ("GL-114", "STATUS", "applicant.status"), marks=pytest.mark.rule("GL-114")
        ),
        pytest.param(
            {"applicant__mail": "other@example.jp"},
            ("GL-039", "NOT_REGISTERED", "applicant.mail"),
            marks=pytest.mark.rule("GL-039"),
        ),
        pytest.param(
            {"loan__elderly_special": True},
            ("GL-049", "ELDERLY_SPECIAL", "loan.elderly_special"),
            marks=pytest.mark.rule("GL-049"),
        ),
        pytest.param(
            {"applicant__salary_yen": None},
            ("GL-278", "REQUIRED", "applicant.salary_yen"),
            marks=pytest.mark.rule("GL-278"),
        ),
        pytest.param(
            {"house__has_residential_part": False},
            ("GL-135", "NO_RESIDENTIAL_PART", "house.has_residential_part"),
            marks=pytest.mark.rule("GL-135"),
        ),
        pytest.param(
            {"house__works_finished_on": "2026-03-31"},
            ("GL-134", "WORKS_FINISHED", "house.works_finished_on"),
            marks=pytest.mark.rule("GL-134", "GL-136"),
        ),
        pytest.param(
            {"house__owners": [{"relation": "OTHER"}]},
            ("GL-128", "OWNER", "house.owners"),
            marks=pytest.mark.rule("GL-128"),
        ),
        pytest.param(
            {"house__use": "RELATIVE"},
            ("GL-146", "REQUIRED", "house.occupant.kin"),
            marks=pytest.mark.rule("GL-131", "GL-146"),
        ),
        pytest.param(
            {"works__lines__0__meets_energy_standard_at_place": False},
            ("GL-153", "NO_REQUIRED_WORKS", "works.lines"),
            marks=pytest.mark.rule("GL-152", "GL-153", "GL-158"),
        ),
        pytest.param(
            {"menu": "S"}, ("GL-154", "NO_REQUIRED_WORKS", "works.lines"), marks=pytest.mark.rule("GL-154", "GL-174")
        ),
        pytest.param(
            {"works__lines__1__kind": "GOLD"},
            ("GL-151", "UNKNOWN", "works.lines.1.kind"),
            marks=pytest.mark.rule("GL-151"),
        ),
        pytest.param(
            {
                "works__costs": [
                    {"code": "D-04", "kind": "駐車", "amount_yen": 1, "customer_share_yen": 1, "payer": "customer"}
                ]
            },
            ("GL-234", "not_in_table", "works.costs.0"),
            marks=pytest.mark.rule("GL-234"),
        ),
        pytest.param(
            {"loan__amount_yen": 1_510_000},
            ("GL-188", "above_limit", "loan.amount_yen"),
            marks=pytest.mark.rule("GL-186", "GL-188"),
        ),
        pytest.param(
            {"loan__amount_yen": 1_505_000},
            ("GL-187", "not_in_man_yen", "loan.amount_yen"),
            marks=pytest.mark.rule("GL-187"),
        ),
        pytest.param(
            {"loan__running_balance_yen": 4_950_000},
            ("GL-188", "NOT_FUNDABLE", "works"),
            marks=pytest.mark.rule("GL-195", "GL-188"),
        ),
        pytest.param(
            {"loan__bonus_part_yen": 610_000},
            ("GL-246", "above_maximum", "loan.bonus_part_yen"),
            marks=pytest.mark.rule("GL-246"),
        ),
        pytest.param({"loan__years": 11}, ("GL-236", "term", "loan.years"), marks=pytest.mark.rule("GL-236")),
        pytest.param(
            {"applicant__salary_yen": 100_000},
            ("GL-276", "ratio_too_high", "loan.amount_yen"),
            marks=pytest.mark.rule("GL-112", "GL-276"),
        ),
        pytest.param(
            {"loan__danshin": "DUET"},
            ("GL-523", "NUMBER_OF_JOINERS", "loan.danshin_joiners"),
            marks=pytest.mark.rule("GL-523"),
        ),
        pytest.param(
            {"loan__danshin": "SANDAI", "applicant__birth": "1975-04-01"},
            ("GL-532", "AGE", "loan.danshin"),
            marks=pytest.mark.rule("GL-532"),
        ),
        pytest.param(
            {
                "loan__danshin_elsewhere": [
                    {"who": "applicant", "insured_yen": 90_000_000, "simultaneous_yen": 8_500_001}
                ]
            },
            ("GL-539", "INSURED_LIMIT", "loan.danshin_elsewhere"),
            marks=pytest.mark.rule("GL-539", "GL-540"),
        ),
        pytest.param(
            {"loan__danshin_elsewhere": [{"who": "applicant", "insured_yen": 1, "sandai_insured_yen": 2}]},
            ("GL-536", "MORE_THAN_THE_WHOLE", "loan.danshin_elsewhere.0.sandai_insured_yen"),
            marks=pytest.mark.rule("GL-536"),
        ),
        pytest.param(
            {"institution": str(uuid4())},
            ("GL-344", "NOT_HANDLING", "institution"),
            marks=pytest.mark.rule("GL-344"),
        ),
        pytest.param(
            {"inspection_body": str(example.BANK)},
            ("GL-022", "UNKNOWN", "inspection_body"),
            marks=pytest.mark.rule("GL-022"),
        ),
        pytest.param(
            {"borrowings": [{"kind": "car"}]},
            ("GL-289", "REQUIRED", "borrowings.0.monthly_yen"),
            marks=pytest.mark.rule("GL-289", "GL-294"),
        ),
    ],
)
def test_what_is_wrong_is_found_by_its_rule(changes, expected):
    assert expected in found(changed(**changes))


@pytest.mark.rule("GL-249", "GL-254")
@pytest.mark.parametrize("rates", [None, example.RATES])
def test_nobody_applies_at_a_rate_that_nobody_has_fixed(rates):
    late = datetime(2027, 1, 1, tzinfo=UTC)
    assert ("GL-254", "RATE_UNKNOWN", "loan") in found(example.content(), now=late, rates=rates)


@pytest.mark.rule("GL-040", "GL-115", "GL-336")
def test_a_joint_debtor_fulfils_what_the_applicant_must():
    assert found(with_wife()) == set()
    assert ("GL-039", "MAIL_NOT_OWN", "applicant") in found(with_wife(mail=example.MAIL.upper()))
    statuses = found(with_wife(status="技術・人文知識・国際業務"))
    assert {(code, field) for _, code, field in statuses} == {("STATUS", "joint_debtors.0.status")}
    twice = changed(joint_debtors=[example.joint_debtor(WIFE)] * 2)
    assert ("GL-069", "TWICE", "joint_debtors") in found(twice)


@pytest.mark.rule("GL-314", "GL-317", "GL-321", "GL-323")
def test_an_income_is_added_of_somebody_near_who_lives_there():
    assert found(with_wife(combined_yen=2_000_000)) == set()
    apart = found(with_wife(combined_yen=2_000_000, lives_with_applicant=False))
    assert ("GL-317", "not_living_together", "joint_debtors.0") in apart
    assert ("GL-321", "RANGE", "joint_debtors.0.combined_yen") in found(with_wife(combined_yen=5_000_001))
    both = changed(
        joint_debtors=[example.joint_debtor(UUID(int=n), combined_yen=1_000, mail=f"{n}@example.jp") for n in (2, 3)]
    )
    assert ("GL-314", "TOO_MANY", "joint_debtors") in found(both)


@pytest.mark.rule("GL-274", "GL-281", "GL-321")
def test_the_ratio_counts_what_is_added_of_an_income_and_no_more():
    def ratio(content):
        return form.validate(content, example.facts()).content["figures"]["ratio_percent"]

    assert ratio(with_wife(combined_yen=5_000_000)) == "1.6"
    assert ratio(with_wife(combined_yen=1_000_000)) == "2.7"


@pytest.mark.rule("GL-111", "GL-325", "GL-326", "GL-327", "GL-239")
def test_a_child_takes_over_and_another_relative_is_put_before_an_officer():
    child = {"relation": "RELATIVE", "kin": {"down": 1}, "successor": True, "regular_income": True}
    old = {
        "applicant__birth": "1943-03-03",
        "loan__danshin_joiners": ["joint_debtor_1"],
        "joint_debtors": [example.joint_debtor(WIFE, **child)],
    }
    answer = form.validate(changed(**old), example.facts())
    assert answer.findings == ()
    assert answer.content["figures"]["longest_years"] == 10
    niece = example.joint_debtor(WIFE, **{**child, "kin": {"up": 1, "down": 2}})
    answer = form.validate(changed(joint_debtors=[niece]), example.facts())
    assert answer.findings == ()
    assert ("GL-327", "OFFICER_DECISION") in {(one.rule, one.code) for one in answer.warnings}


@pytest.mark.rule("GL-047", "GL-392", "GL-310")
def test_what_no_rule_decides_is_said_and_hinders_nobody():
    answer = form.validate(
        changed(
            applicant__photo_id="PASSPORT",
            applicant__in_primary_industry=True,
            borrowings=[
                {"kind": "car", "debtor": "applicant", "monthly_yen": 20_000, "declared_repaid_by_contract": True}
            ],
        ),
        example.facts(),
    )
    assert answer.findings == ()
    assert {one.rule for one in answer.warnings} == {"GL-047", "GL-392", "GL-310"}


@pytest.mark.rule("GL-304", "GL-311", "GL-493")
@pytest.mark.parametrize(("days", "right"), [(-1, False), (0, True)])
def test_the_planned_contract_is_not_before_today_nor_after_its_deadline(days, right):
    wrong = {("GL-493", "OUT_OF_RANGE", "loan.planned_contract_on")}
    early, late = TODAY + timedelta(days=days), contract_deadline(TODAY) - timedelta(days=days)
    for day in (early, late):
        assert found(changed(loan__planned_contract_on=day.isoformat())) == (set() if right else wrong)


@pytest.mark.rule("GL-131", "GL-146")
def test_a_house_for_a_parent_is_judged_by_who_lives_in_it():
    mother = {
        "name_kanji": {"family": "見本", "given": "和子"},
        "birth": "1950-01-01",
        "status": "JAPANESE",
        "kin": {"up": 1},
        "married": False,
        "lineal_relative_exists": True,
    }
    right = changed(house__use="RELATIVE", house__occupant=mother)
    assert found(right) == set()
    cousin = {**mother, "kin": {"up": 2, "down": 2}}
    assert ("GL-147", "NOT_NEAR_ENOUGH", "house.occupant.kin") in found(
        changed(house__use="RELATIVE", house__occupant=cousin)
    )


# Papers


@pytest.mark.rule("GL-103", "GL-348", "GL-362")
def test_the_papers_of_the_application_are_there_and_usable():
    kept = form.validate(example.content(), example.facts()).content

    def wrong(documents, content=kept):
        return {(one.rule, one.code, one.field) for one in papers.papers_wrong(content, OWNER, documents, TODAY, "")}

    assert wrong(example.documents(OWNER)) == set()
    assert {field for _, _, field in wrong([])} == {
        *("applicant_driving_licence", "applicant_tax_assessment"),
        *("application_building_register", "application_works_contract"),
    }
    # A file of a person counts for that person; one of a stranger for nobody.
    for subject in (WIFE, uuid4()):
        moved = [
            one if one.subject is None else example.document(one.slot, subject) for one in example.documents(OWNER)
        ]
        assert {field.split("_")[0] for _, _, field in wrong(moved)} == {"applicant"}
    old = {**kept, "papers": [{**one, "issued_on": "2026-01-31"} for one in kept["papers"]]}
    assert {rule for rule, _, _ in wrong(example.documents(OWNER), old)} == {"GL-374"}


@pytest.mark.rule("GL-369", "GL-403")
def test_a_joint_debtor_shows_who_they_are_and_an_income_only_where_it_counts():
    def asked(content):
        kept = form.validate(content, example.facts()).content
        return {(str(one.code), one.who) for one in papers.requirements_of(kept, TODAY)}

    assert ("IDENTITY", "joint_debtor_1") in asked(with_wife())
    assert ("CODEBTOR_INCOME_PROOF", "joint_debtor_1") not in asked(with_wife())
    assert ("CODEBTOR_INCOME_PROOF", "joint_debtor_1") in asked(with_wife(combined_yen=1_000_000))


@pytest.mark.rule("GL-401", "GL-535", "GL-536", "GL-538")
def test_who_joins_with_much_insured_against_three_diseases_already_needs_a_health_check():
    def health_checks(**elsewhere):
        told = changed(loan__danshin="SANDAI", loan__danshin_elsewhere=[{"who": "applicant", **elsewhere}])
        kept = form.validate(told, example.facts()).content
        needed = papers.requirements_of(kept, TODAY)
        return [one.who for one in needed if one.code == "DANSHIN_HEALTH_CERTIFICATE"]

    assert health_checks(insured_yen=60_000_000, sandai_insured_yen=48_500_000) == []
    assert health_checks(insured_yen=60_000_000, sandai_insured_yen=48_500_001) == ["applicant"]
    assert health_checks(simultaneous_yen=48_500_001, sandai_simultaneous_yen=48_500_001) == ["applicant"]


# Whatever is in a draft


def places(value, path=()):
    """Every place of a content."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key)
            yield from places(inner, (*path, key))
    if isinstance(value, list):
        for at, inner in enumerate(value):
            yield from places(inner, (*path, at))


FULL = with_wife(combined_yen=1_000_000, successor=True, kin={"down": 1}, regular_income=True)
VALUES = st.none() | st.booleans() | st.integers(-5, 10**12) | st.text(max_size=4) | st.lists(st.integers(), max_size=2)


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=150)
@given(st.sampled_from(sorted(places(FULL), key=str)), VALUES)
def test_no_value_anywhere_breaks_the_check_and_the_same_draft_gives_the_same_content(path, value):
    *sections, last = path
    content = example.deepcopy(FULL)
    place = content
    for section in sections:
        place = place[section]
    place[last] = value
    first, second = (form.validate(content, example.facts()) for _ in range(2))
    assert first == second
    papers.papers_wrong(first.content, OWNER, [], TODAY, "")
    form.organisations(content)
