"""Ages, residence, all applicants, the main applicant's conditions, anti-social forces, and the use of the Web."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from applications.programmes.green_loan.money import ratio
from applications.programmes.green_loan.people import age, applicants, residence, web
from applications.programmes.green_loan.people.applicants import (
    AntiSocialCheck,
    Consequence,
    Role,
    Stage,
)
from applications.programmes.green_loan.people.residence import JAPANESE
from applications.programmes.green_loan.people.web import Device, Person, PhotoId, Route
from hypothesis import given
from hypothesis import strategies as st

BIRTH = date(1946, 8, 20)


@pytest.mark.rule("GL-110", "GL-111", "GL-116", "GL-628")
def test_somebody_becomes_too_old_on_the_birthday_itself() -> None:
    assert age.full_years(BIRTH, date(2025, 8, 19)) == 78
    assert age.full_years(BIRTH, date(2025, 8, 20)) == 79
    assert age.applicant_age_findings(BIRTH, date(2025, 8, 19), relay=False, field="birth") == []
    found = age.applicant_age_findings(BIRTH, date(2025, 8, 20), relay=False, field="birth")
    assert [(one.rule, one.code, one.field) for one in found] == [("GL-110", "TOO_OLD", "birth")]
    assert "親子リレー返済" in found[0].message
    assert age.applicant_age_findings(BIRTH, date(2025, 8, 20), relay=True, field="birth") == []


@pytest.mark.rule("GL-111")
def test_with_relay_repayment_no_age_is_too_high() -> None:
    assert age.may_apply_at(99, relay=True)
    assert not age.may_apply_at(99, relay=False)


@pytest.mark.rule("GL-116")
def test_who_is_born_on_29_february_grows_older_on_1_march() -> None:
    assert age.full_years(date(1948, 2, 29), date(2025, 2, 28)) == 76
    assert age.full_years(date(1948, 2, 29), date(2025, 3, 1)) == 77
    assert age.full_years(date(1948, 2, 29), date(2028, 2, 28)) == 79
    assert age.full_years(date(1948, 2, 29), date(2028, 2, 29)) == 80


@pytest.mark.rule("GL-116")
def test_nobody_has_an_age_before_the_birth() -> None:
    with pytest.raises(ValueError, match="before the day of birth"):
        age.full_years(BIRTH, date(1946, 8, 19))


@pytest.mark.rule("GL-116")
@given(st.dates(date(1920, 1, 1), date(2000, 12, 31)), st.integers(min_value=0, max_value=20_000))
def test_an_age_grows_by_one_a_year_and_only_on_one_day(birth: date, days: int) -> None:
    on = birth + timedelta(days=days)
    step = age.full_years(birth, on + timedelta(days=1)) - age.full_years(birth, on)
    tomorrow = on + timedelta(days=1)
    leap_birth = (birth.month, birth.day) == (2, 29)
    birthday = (tomorrow.month, tomorrow.day) == (birth.month, birth.day)
    if leap_birth and (tomorrow.month, tomorrow.day) == (3, 1) and on.day == 28:
        birthday = True
    assert step == (1 if birthday else 0)


@pytest.mark.rule("GL-114", "GL-334", "GL-335", "GL-337")
@pytest.mark.parametrize("status", [JAPANESE, "永住者", "特別永住者"])
def test_nationals_and_permanent_residents_take_part(status: str) -> None:
    assert residence.may_take_part(status)


@pytest.mark.rule("GL-114", "GL-115", "GL-148", "GL-320", "GL-333", "GL-336", "GL-337", "GL-338")
@pytest.mark.parametrize("status", ["定住者", "日本人の配偶者等", "永住者の配偶者等", "技術・人文知識・国際業務", ""])
@pytest.mark.parametrize(
    ("part", "rule"),
    [
        ("applicant", "GL-114"),
        ("joint_debtor", "GL-115"),
        ("income_combiner", "GL-320"),
        ("successor", "GL-333"),
        ("occupying_relative", "GL-148"),
    ],
)
def test_no_other_status_is_enough_in_any_part(status: str, part: str, rule: str) -> None:
    found = residence.residence_findings(part, status, "status")
    assert [(one.rule, one.code, one.field) for one in found] == [(rule, "STATUS", "status")]
    assert residence.residence_findings(part, "永住者", "status") == []


FAMILY = {
    "hanako": {Role.MAIN_APPLICANT},
    "taro": {Role.JOINT_DEBTOR, Role.INCOME_COMBINER},
    "jiro": {Role.SUCCESSOR},
    "ume": {Role.OCCUPYING_RELATIVE},
}


@pytest.mark.rule("GL-014", "GL-015", "GL-016", "GL-017", "GL-018", "GL-019")
def test_all_applicants_are_the_main_applicant_and_every_joint_debtor() -> None:
    assert applicants.all_applicants(FAMILY) == ["hanako", "taro", "jiro"]
    assert applicants.joint_debtors(FAMILY) == ["taro", "jiro"]
    assert applicants.people_findings(FAMILY, "people") == []
    assert set(applicants.ROLE_NAMES) == set(Role)


@pytest.mark.rule("GL-014", "GL-015", "GL-018", "GL-044")
@pytest.mark.parametrize(
    ("people", "found"),
    [
        ({"a": {Role.MAIN_APPLICANT}}, []),
        ({"a": {Role.MAIN_APPLICANT}} | {f"d{n}": {Role.JOINT_DEBTOR} for n in range(3)}, []),
        (
            {"a": {Role.MAIN_APPLICANT}} | {f"d{n}": {Role.JOINT_DEBTOR} for n in range(4)},
            [("GL-044", "TOO_MANY_JOINT_DEBTORS")],
        ),
        ({"a": {Role.JOINT_DEBTOR}}, [("GL-014", "MAIN_APPLICANT")]),
        ({"a": {Role.MAIN_APPLICANT}, "b": {Role.MAIN_APPLICANT}}, [("GL-014", "MAIN_APPLICANT")]),
        ({"a": {Role.MAIN_APPLICANT, Role.INCOME_COMBINER}}, [("GL-015", "BOTH")]),
        ({"a": {Role.MAIN_APPLICANT}, "b": {Role.SUCCESSOR}, "c": {Role.SUCCESSOR}}, [("GL-018", "SUCCESSORS")]),
    ],
)
def test_an_application_has_one_main_applicant_and_at_most_three_others(
    people: dict[str, set[Role]], found: list[tuple[str, str]]
) -> None:
    assert [(one.rule, one.code) for one in applicants.people_findings(people, "people")] == found


@pytest.mark.rule("GL-112", "GL-113")
@pytest.mark.parametrize(("income", "most"), [(3_999_999, 30), (4_000_000, 35)])
def test_the_ratio_that_an_income_allows_and_what_helps_above_it(income: int, most: int) -> None:
    within, above = ratio.ratio(income * most // 100, income), ratio.ratio(income * (most + 1) // 100, income)
    assert within.most_percent == above.most_percent == most
    assert ratio.ratio_findings(within, "income") == ()
    assert "収入合算" in ratio.ratio_findings(above, "income")[0].message


@pytest.mark.rule("GL-115", "GL-336")
def test_one_joint_debtor_on_a_work_visa_is_named() -> None:
    found = applicants.joint_debtors_findings({"people.1.status": JAPANESE, "people.2.status": "技能"})
    assert [(one.rule, one.field) for one in found] == [("GL-115", "people.2.status")]


@pytest.mark.rule("GL-118", "GL-119", "GL-120", "GL-353")
@pytest.mark.parametrize(
    ("stage", "consequence"),
    [
        (Stage.UNDER_REVIEW, Consequence.REFUSE),
        (Stage.AFTER_DECISION, Consequence.STOP),
        (Stage.AFTER_DISBURSEMENT, Consequence.DUE_IN_ONE_SUM),
    ],
)
def test_an_anti_social_force_is_refused_stopped_or_called_due(stage: Stage, consequence: Consequence) -> None:
    clean = AntiSocialCheck("hanako", is_hit=False, checked_on=date(2025, 8, 20))
    hit = AntiSocialCheck("taro", is_hit=True, checked_on=date(2025, 8, 21))
    assert applicants.anti_social_consequence([clean], stage) is None
    assert applicants.anti_social_consequence([clean, hit], stage) is consequence


@pytest.mark.rule("GL-121")
def test_every_applicant_is_checked_and_a_relative_who_only_lives_there_is_not() -> None:
    check = AntiSocialCheck("hanako", is_hit=False, checked_on=date(2025, 8, 20))
    assert applicants.unchecked(FAMILY, [check]) == ["taro", "jiro"]
    assert applicants.unchecked(FAMILY, []) == ["hanako", "taro", "jiro"]


PHONE = Person("hanako@example.jp", frozenset({Device.SMARTPHONE}), PhotoId.MY_NUMBER_CARD)
PC_ONLY = Person("taro@example.jp", frozenset({Device.PC}), PhotoId.MY_NUMBER_CARD)


def use(*people: Person, joint_debtors: int | None = None, elderly_special: bool = False) -> tuple[str, str | None]:
    number = len(people) - 1 if joint_debtors is None else joint_debtors
    answer = web.web_use(people, joint_debtors=number, elderly_special=elderly_special)
    assert (answer.rule is None) is (answer.reason is None) is (answer.route is Route.ALLOWED)
    return str(answer.route), answer.reason


def family(number: int) -> list[Person]:
    return [replace(PHONE, mail=f"person{n}@example.jp") for n in range(number)]


@pytest.mark.rule("GL-044")
def test_three_joint_debtors_use_the_web_and_four_do_not() -> None:
    assert use(*family(4)) == ("ALLOWED", None)
    assert use(*family(5)) == ("REFUSED", "four_or_more_joint_debtors")


@pytest.mark.rule("GL-037", "GL-041", "GL-047")
def test_a_computer_alone_needs_the_branch_and_one_such_person_is_enough() -> None:
    assert use(PC_ONLY) == ("IN_PERSON_CHECK_NEEDED", "device")
    assert use(PHONE, PC_ONLY) == ("IN_PERSON_CHECK_NEEDED", "device")
    assert use(replace(PC_ONLY, verified_at_institution=True)) == ("ALLOWED", None)
    assert use(replace(PC_ONLY, devices=frozenset({Device.PC, Device.SMARTPHONE}))) == ("ALLOWED", None)


@pytest.mark.rule("GL-041", "GL-045")
@pytest.mark.parametrize(
    ("devices", "result"),
    [
        ({Device.SMARTPHONE}, ("ALLOWED", None)),
        ({Device.CAMERA_TABLET}, ("ALLOWED", None)),
        ({Device.TABLET}, ("IN_PERSON_CHECK_NEEDED", "device")),
        ({Device.PC, Device.TABLET}, ("IN_PERSON_CHECK_NEEDED", "device")),
        ({Device.PC, Device.CAMERA_TABLET}, ("ALLOWED", None)),
    ],
)
def test_a_smartphone_or_a_tablet_with_a_camera_is_needed(devices: set[Device], result: tuple[str, str | None]) -> None:
    assert use(replace(PHONE, devices=frozenset(devices))) == result


@pytest.mark.rule("GL-038")
def test_without_any_device_there_is_no_web_service() -> None:
    nothing = replace(PHONE, devices=frozenset(), verified_at_institution=True)
    assert use(nothing) == ("REFUSED", "device")
    assert use(PC_ONLY, nothing) == ("REFUSED", "device")


@pytest.mark.rule("GL-042", "GL-043", "GL-047")
@pytest.mark.parametrize("photo_id", [*PhotoId, None])
def test_six_documents_have_a_photograph_and_the_others_lead_to_the_branch(photo_id: PhotoId | None) -> None:
    other = photo_id in (PhotoId.PASSPORT, PhotoId.HEALTH_INSURANCE_CARD, None)
    person = replace(PHONE, photo_id=photo_id)
    assert use(person) == (("IN_PERSON_CHECK_NEEDED", "photo_id") if other else ("ALLOWED", None))
    assert use(replace(person, verified_at_institution=True)) == ("ALLOWED", None)
    assert len(web.EKYC_DOCUMENTS) == 6


@pytest.mark.rule("GL-039", "GL-040", "GL-050")
@pytest.mark.parametrize("mail", ["", " ", "HANAKO@example.jp", "hanako@EXAMPLE.JP "])
def test_everybody_has_a_mail_address_of_their_own_and_no_branch_replaces_it(mail: str) -> None:
    other = replace(PHONE, mail=mail, verified_at_institution=True)
    assert use(PHONE, other) == ("REFUSED", "mail_not_own")
    assert use(PHONE, replace(other, mail="taro@example.jp")) == ("ALLOWED", None)


@pytest.mark.rule("GL-049")
def test_the_special_for_the_elderly_has_a_paper_form_only() -> None:
    assert use(PHONE, elderly_special=True) == ("REFUSED", "elderly_special")


@pytest.mark.rule("GL-037")
def test_nobody_is_no_applicant() -> None:
    with pytest.raises(ValueError, match="nobody"):
        web.web_use([], joint_debtors=0, elderly_special=False)
    with pytest.raises(ValueError, match="counted from 0"):
        web.web_use([PHONE], joint_debtors=-1, elderly_special=False)
