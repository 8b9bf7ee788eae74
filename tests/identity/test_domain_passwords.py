"""The password policy: every example of the catalogue, and what holds for any password."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from identity.domain.passwords import (
    SPECIAL_CHARACTERS,
    canonical_password,
    form_reasons,
    is_reused,
    password_findings,
    password_reasons,
)


@pytest.mark.rule("ID-20", "ID-21", "ID-22", "ID-23")
@pytest.mark.parametrize(
    "password", ["abcd123!", "smile_2026", "A1b2C3d4-", "x9(((((((", "pass¥word1", "pass\\word1", "a1!" * 42 + "a1"]
)
def test_passwords_of_all_three_classes_are_accepted(password: str) -> None:
    assert password_reasons(password) == []


@pytest.mark.rule("ID-20", "ID-21", "ID-22", "ID-23", "ID-24")
@pytest.mark.parametrize(
    ("password", "reasons"),
    [
        ("abc12!x", ["TOO_SHORT"]),
        ("ABCD123!", ["NO_LOWERCASE"]),
        ("abcdefg!", ["NO_DIGIT"]),
        ("abcd1234", ["NO_SPECIAL"]),
        ("abcd 123!", ["FORBIDDEN_CHAR"]),
        ("abcd123&", ["FORBIDDEN_CHAR", "NO_SPECIAL"]),
        ("ａｂｃｄ123!", ["FORBIDDEN_CHAR", "NO_LOWERCASE"]),
        ("", ["NO_DIGIT", "NO_LOWERCASE", "NO_SPECIAL", "TOO_SHORT"]),
        ("abcdefg１!", ["FORBIDDEN_CHAR", "NO_DIGIT"]),
        ("abcd123￥", ["FORBIDDEN_CHAR", "NO_SPECIAL"]),
        ("abcd123!\n", ["FORBIDDEN_CHAR"]),
        ("あ" * 8, ["FORBIDDEN_CHAR", "NO_DIGIT", "NO_LOWERCASE", "NO_SPECIAL"]),
    ],
)
def test_every_reason_that_applies_is_named_in_order(password: str, reasons: list[str]) -> None:
    assert password_reasons(password) == reasons


@pytest.mark.rule("ID-22")
def test_there_are_22_special_characters_and_each_one_is_enough() -> None:
    printed = "@%+¥/’!?#$^:.(){}[]~-_"
    assert len(printed) == len(SPECIAL_CHARACTERS) == 22
    assert all(form_reasons("abcdefg1" + char) == [] for char in printed)


@pytest.mark.rule("ID-24")
@pytest.mark.parametrize("char", [*' &=*,;<>"`|', "\x00", "\x7f", "é", "ｱ", "ア", "😀"])
def test_any_other_character_forbids_the_password(char: str) -> None:
    assert form_reasons("abcdef1!" + char) == ["FORBIDDEN_CHAR"]


@pytest.mark.rule("ID-22")
def test_look_alikes_are_the_same_password() -> None:
    assert canonical_password("pass¥word1’") == canonical_password("pass\\word1'")


@pytest.mark.rule("ID-25")
def test_the_latest_three_passwords_with_the_current_one_are_refused() -> None:
    history = ["passw0rd!1", "passw0rd!2", "passw0rd!3", "passw0rd!4"]
    assert [password_reasons(old, history) for old in history] == [[], ["REUSED"], ["REUSED"], ["REUSED"]]
    assert password_reasons(history[0], history[:1]) == ["REUSED"]
    assert password_reasons(history[0]) == []


@pytest.mark.rule("ID-25")
def test_reuse_is_exact_in_letter_case_and_sees_through_look_alikes() -> None:
    assert not is_reused("Passw0rd!1", ["passw0rd!1"])
    assert is_reused("pass¥word1", ["pass\\word1"])


@pytest.mark.rule("ID-20", "ID-25")
def test_findings_carry_the_rule_and_say_what_to_do() -> None:
    findings = password_findings(["TOO_SHORT", "REUSED"])
    assert [(one.rule, one.code, one.field) for one in findings] == [
        ("ID-20", "TOO_SHORT", "password"),
        ("ID-25", "REUSED", "password"),
    ]
    assert "8文字以上" in findings[0].message


@given(st.text(max_size=30))
def test_mapping_look_alikes_twice_is_mapping_them_once(password: str) -> None:
    once = canonical_password(password)
    assert canonical_password(once) == once
    assert len(once) == len(password)
    assert password_reasons(password) == password_reasons(once)


@given(st.text(alphabet="abz", min_size=1), st.text(alphabet="019"), st.text(alphabet="@¥’\\"))
def test_a_password_is_accepted_exactly_when_long_enough_and_complete(lower: str, digits: str, special: str) -> None:
    password = lower + digits + special
    complete = bool(digits and special)
    assert (form_reasons(password) == []) == (complete and len(password) >= 8)
