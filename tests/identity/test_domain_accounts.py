"""Landing screens, matching of names and answers, and the order of eKYC statuses."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from identity.domain.accounts import (
    canonical_answer,
    landing,
    reminder_matches,
    same_mail,
    same_name,
)
from identity.domain.ekyc import METHOD_LABELS, STATUS_LABELS, EkycMethod, EkycStatus, may_become


@pytest.mark.rule("ID-36", "ID-37")
@pytest.mark.parametrize(
    ("role", "approved", "screen"),
    [
        ("association", True, "association_top"),
        ("association", False, "association_form"),
        ("company", True, "company_top"),
        ("company", False, "company_top"),
    ],
)
def test_a_login_lands_by_role_and_first_approval(role: str, approved: bool, screen: str) -> None:
    assert landing(role, approved) == screen


@pytest.mark.rule("ID-60")
@pytest.mark.parametrize(
    ("typed", "same"),
    [("a@example.jp", True), ("a@EXAMPLE.jp", True), ("A@example.jp", False), ("b@example.jp", False), ("a", False)],
)
def test_only_the_domain_of_a_mail_address_ignores_letter_case(typed: str, same: bool) -> None:
    assert same_mail(typed, "a@example.jp") is same


@pytest.mark.rule("ID-62")
@pytest.mark.parametrize("typed", ["山田太郎", "山田 太郎", "山田　太郎", " 山田\t太郎 "])
def test_spaces_in_a_name_do_not_matter(typed: str) -> None:
    assert same_name(typed, "山田　太郎")


@pytest.mark.rule("ID-62")
def test_the_reminder_wants_name_and_mail_address_both_right() -> None:
    def matches(name: str, mail: str) -> bool:
        return reminder_matches(name=name, mail=mail, registered_name="山田　太郎", registered_mail="t@example.jp")

    assert matches("山田太郎", "t@example.JP")
    assert not matches("山田次郎", "t@example.jp")
    assert not matches("山田太郎", "s@example.jp")


@pytest.mark.rule("ID-62")
def test_an_answer_is_the_same_in_any_width_case_and_spacing() -> None:
    assert canonical_answer("ＡＢＣ　１２ｶﾞ") == canonical_answer("abc 12ガ") == "abc12ガ"
    assert canonical_answer("さくら") != canonical_answer("サクラ")


@given(st.text(max_size=40))
@example("か \u3099")
def test_normalising_an_answer_twice_is_normalising_it_once(answer: str) -> None:
    assert canonical_answer(canonical_answer(answer)) == canonical_answer(answer)


@pytest.mark.rule("ID-71", "ID-77")
def test_methods_and_statuses_have_the_names_of_the_screen() -> None:
    assert list(STATUS_LABELS.values()) == ["情報登録済", "方式選択済", "本人確認中", "合格", "不合格"]
    assert set(STATUS_LABELS) == set(EkycStatus)
    assert set(METHOD_LABELS) == set(EkycMethod)


@pytest.mark.rule("ID-77")
def test_verification_goes_its_way_and_a_redo_goes_back_to_the_choice_of_method() -> None:
    way = [EkycStatus.DATA_REGISTERED, EkycStatus.METHOD_CHOSEN, EkycStatus.RUNNING]
    assert all(may_become(*step) for step in pairwise(way))
    for result in (EkycStatus.PASSED, EkycStatus.FAILED):
        assert may_become(EkycStatus.RUNNING, result)
        assert may_become(result, EkycStatus.METHOD_CHOSEN)
        assert not may_become(EkycStatus.DATA_REGISTERED, result)
        assert not may_become(EkycStatus.METHOD_CHOSEN, result)
    assert not may_become(EkycStatus.PASSED, EkycStatus.FAILED)
    assert not may_become(EkycStatus.FAILED, EkycStatus.PASSED)


@pytest.mark.rule("ID-76")
def test_an_expired_photo_link_falls_back_to_data_registered() -> None:
    assert may_become(EkycStatus.METHOD_CHOSEN, EkycStatus.DATA_REGISTERED)
    assert not may_become(EkycStatus.PASSED, EkycStatus.DATA_REGISTERED)
