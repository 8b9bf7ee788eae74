"""Names, mail addresses and numbers of the association's form."""

from __future__ import annotations

import pytest
from applications.programmes.bond import rules
from hypothesis import given
from hypothesis import strategies as st
from kit.errors import Finding


def codes(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(one.rule, one.code) for one in findings]


@pytest.mark.rule("AS-16", "AS-17", "AS-18")
@pytest.mark.parametrize(
    ("name", "reasons"),
    [
        ("青葉台ハイツ管理組合", []),
        ("青葉台ハイツ２管理組合", []),
        ("第１　Ａ棟管理組合", []),
        ("αβ棟管理組合", []),
        ("青葉台～ハイツ－管理組合", []),
        ("青葉台ハイツⅡ管理組合", ["ROMAN_NUMERAL"]),
        ("ⅲ棟管理組合", ["ROMAN_NUMERAL"]),
        ("\u2160", ["ROMAN_NUMERAL"]),
        ("\u2188", ["ROMAN_NUMERAL"]),
        ("\u215f", ["GAIJI"]),
        ("\u2189", ["GAIJI"]),
        ("青葉台ハイツ2管理組合", ["NOT_FULLWIDTH"]),
        ("ｱｵﾊﾞ管理組合", ["NOT_FULLWIDTH"]),
        ("青葉台 管理組合", ["NOT_FULLWIDTH"]),
        ("青葉台\n管理組合", ["NOT_FULLWIDTH"]),
        ("髙島台管理組合", ["GAIJI"]),
        ("山﨑台管理組合", ["GAIJI"]),
        ("𠮷野台管理組合", ["GAIJI"]),
        ("①番館管理組合", ["GAIJI"]),
        ("青葉台が\u3099", ["GAIJI"]),
        ("髙Ⅱa", ["GAIJI", "NOT_FULLWIDTH", "ROMAN_NUMERAL"]),
        ("", ["EMPTY"]),
        ("　", ["EMPTY"]),
    ],
)
def test_a_name_in_kanji_is_refused_for_every_reason_that_applies(name: str, reasons: list[str]) -> None:
    assert rules.name_kanji_reasons(name) == reasons


@pytest.mark.rule("AS-17")
def test_the_two_known_replacements_are_named_and_nothing_is_replaced() -> None:
    (finding,) = rules.name_kanji_findings("髙山﨑①", "name_kanji", "管理組合名称(漢字)")
    assert (finding.rule, finding.code, finding.field) == ("AS-17", "GAIJI", "name_kanji")
    assert "「髙」「﨑」「①」" in finding.message
    assert "「髙」は「高」、「﨑」は「崎」" in finding.message
    assert "「高」" not in rules.name_kanji_findings("①", "name_kanji", "名称")[0].message


@pytest.mark.rule("AS-16", "AS-18")
def test_the_hint_for_a_roman_numeral_is_to_use_digits() -> None:
    findings = rules.name_kanji_findings("Ⅱ 2", "name_kanji", "管理組合名称(漢字)")
    assert codes(findings) == [("AS-18", "NOT_FULLWIDTH"), ("AS-16", "ROMAN_NUMERAL")]
    assert "算用数字" in findings[1].message
    assert codes(rules.name_kanji_findings("", "name_kanji", "名称")) == [("AS-02", "EMPTY")]


@given(st.text(max_size=20))
def test_the_reasons_of_a_name_are_those_of_its_characters(name: str) -> None:
    of_characters = {reason for char in name for reason in rules.name_kanji_reasons(char)} - {"EMPTY"}
    empty = {"EMPTY"} if not name.strip() else set()
    assert set(rules.name_kanji_reasons(name)) == of_characters | empty


@pytest.mark.rule("AS-20")
@pytest.mark.parametrize(
    ("name", "reasons"),
    [
        ("アオバダイハイツカンリクミアイ", []),
        ("ヴィラ・ローズ　ヵヶ", []),
        ("ｱｵﾊﾞ", ["NOT_KATAKANA"]),
        ("あおば", ["NOT_KATAKANA"]),
        ("アオバ２", ["NOT_KATAKANA"]),
        ("アオバ ダイ", ["NOT_KATAKANA"]),
        ("アオバ\n", ["NOT_KATAKANA"]),
        ("ヷ", ["NOT_KATAKANA"]),
        ("゠", ["NOT_KATAKANA"]),
        ("", ["EMPTY"]),
        ("　　", ["EMPTY"]),
    ],
)
def test_a_name_in_kana_is_full_width_katakana(name: str, reasons: list[str]) -> None:
    assert rules.name_kana_reasons(name) == reasons
    assert codes(rules.name_kana_findings(name, "name_kana", "管理組合名称(カナ)")) == [
        ("AS-20", reason) for reason in reasons
    ]


@pytest.mark.rule("AS-19")
def test_a_name_fills_the_limit_and_no_more() -> None:
    assert rules.name_length_findings("あ" * 40, "name_kanji") == []
    (finding,) = rules.name_length_findings("あ" * 41, "name_kanji")
    assert (finding.rule, finding.code) == ("AS-19", "TOO_LONG")
    assert "40文字目まで" in finding.message


@pytest.mark.rule("AS-36")
@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("a@example.jp", None),
        ("a@EXAMPLE.jp", None),
        ("A@example.jp", "NOT_REGISTERED"),
        ("b@example.jp", "NOT_REGISTERED"),
        ("ａ@example.jp", "FORMAT"),
        ("a@example", "FORMAT"),
        ("a b@example.jp", "FORMAT"),
        ("a@example.jp\n", "FORMAT"),
        ("a@b@example.jp", "FORMAT"),
        ("", "FORMAT"),
    ],
)
def test_the_mail_address_is_the_one_of_the_registration(typed: str, code: str | None) -> None:
    expected = [] if code is None else [("AS-36", code)]
    assert codes(rules.mail_findings(typed, "a@example.jp", "representative.mail")) == expected


@pytest.mark.rule("AS-10", "AS-11")
@pytest.mark.parametrize("number", ["412345", "31234", "3123456", "３１２３４５", "312 345", "312345\n", "3-2345", " "])
def test_an_accumulation_number_is_3_and_five_ascii_digits(number: str) -> None:
    assert rules.association_number_reasons(True, "312345") == []
    assert rules.association_number_reasons(True, number) == ["FORMAT"]


@pytest.mark.rule("AS-10", "AS-11")
@pytest.mark.parametrize("missing", [None, ""])
def test_the_number_is_required_of_those_who_have_one_and_refused_of_others(missing: str | None) -> None:
    assert rules.association_number_reasons(True, missing) == ["REQUIRED"]
    assert rules.association_number_reasons(False, missing) == []
    assert rules.association_number_reasons(False, "312345") == ["NOT_ALLOWED"]
    assert rules.association_number_reasons(False, "x") == ["NOT_ALLOWED"]
    assert codes(rules.association_number_findings(True, missing, "number")) == [("AS-11", "REQUIRED")]


@pytest.mark.rule("AS-22", "AS-23")
@pytest.mark.parametrize(
    ("number", "reasons"),
    [
        (None, []),
        ("", []),
        ("7000012050002", []),
        ("9000000000009", []),
        ("1180301018771", []),
        ("8000012010038", []),
        ("8000012050002", ["CHECK_DIGIT"]),
        ("0000012050002", ["CHECK_DIGIT"]),
        ("700001205000", ["FORMAT"]),
        ("70000120500022", ["FORMAT"]),
        ("7000012050002\n", ["FORMAT"]),
        ("７０００012050002", ["FORMAT"]),
        ("7000-012050002", ["FORMAT"]),
    ],
)
def test_a_corporate_number_is_optional_and_checked_when_given(number: str | None, reasons: list[str]) -> None:
    assert rules.corporate_number_reasons(number) == reasons
    assert [code for _, code in codes(rules.corporate_number_findings(number, "n"))] == reasons


@pytest.mark.rule("AS-23")
@given(st.text(alphabet="0123456789", min_size=12, max_size=12))
def test_each_base_has_exactly_one_check_digit_and_it_is_never_0(base: str) -> None:
    valid = [first for first in "0123456789" if rules.corporate_number_reasons(first + base) == []]
    assert valid == [str(rules.corporate_check_digit(base))]
    assert valid != ["0"]


@pytest.mark.rule("AS-04", "AS-24")
@pytest.mark.parametrize(
    ("value", "valid"),
    [
        ("1128570", True),
        ("0600000", True),
        ("112-8570", False),
        ("112857", False),
        ("11285700", False),
        ("１１２８５７０", False),
        ("1128570\n", False),
        ("١١٢٨٥٧٠", False),
        ("", False),
    ],
)
def test_a_postal_code_is_seven_ascii_digits(value: str, valid: bool) -> None:
    assert rules.is_postal_code(value) is valid
    assert codes(rules.postal_code_findings(value, "postal_code")) == ([] if valid else [("AS-24", "FORMAT")])


@pytest.mark.rule("AS-04", "AS-39")
@pytest.mark.parametrize(
    ("value", "valid"),
    [
        ("0358009479", True),
        ("09012345678", True),
        ("03-5800-9479", False),
        ("358009479", False),
        ("3580094790", False),
        ("090123456789", False),
        ("035800947", False),
        ("０３５８００９４７９", False),
        ("0358009479\n", False),
    ],
)
def test_a_phone_number_is_10_or_11_ascii_digits_from_0(value: str, valid: bool) -> None:
    assert rules.is_phone_number(value) is valid
    assert codes(rules.phone_findings(value, "phone")) == ([] if valid else [("AS-39", "FORMAT")])
