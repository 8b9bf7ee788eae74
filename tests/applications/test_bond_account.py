"""The account for principal and interest."""

from __future__ import annotations

import pytest
from applications.programmes.bond import rules
from hypothesis import given
from hypothesis import strategies as st

KANA = st.text(
    alphabet=[
        *(chr(code) for code in range(0x3041, 0x30FF)),
        *(chr(code) for code in range(0xFF01, 0xFFA0)),
        *(chr(code) for code in range(0x20, 0x7F)),
        *"　¥￥゛゜\u3099\u309a\u2010\u2015\u2212漢",
    ]
)
ALLOWED = "ｦｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜﾝﾞﾟABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ()-./,｢｣¥"


@pytest.mark.rule("AS-28", "AS-29")
@pytest.mark.parametrize(
    ("text", "normalized"),
    [
        ("グリーンコート", "ｸﾞﾘ-ﾝｺ-ﾄ"),
        ("シャトー", "ｼﾔﾄ-"),
        ("マッハ", "ﾏﾂﾊ"),
        ("ウェルネス", "ｳｴﾙﾈｽ"),
        ("ｼｬﾄｰ", "ｼﾔﾄ-"),
        ("パレス　２", "ﾊﾟﾚｽ 2"),
        ("ヴィラ", "ｳﾞｲﾗ"),
        ("ヮヵヶ", "ﾜｶｹ"),
        ("ハ゜カ゛", "ﾊﾟｶﾞ"),
        ("ａｂｃ xyz", "ABC XYZ"),
        ("（カ）．／，「」￥＼", "(ｶ)./,｢｣¥¥"),
        ("\\", "¥"),
        ("ー\uff70\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d-", "-" * 11),
        (ALLOWED, ALLOWED),
        ("", ""),
    ],
)
def test_the_holder_name_is_normalised_and_not_refused(text: str, normalized: str) -> None:
    assert rules.normalize_account_kana(text) == normalized
    assert rules.account_kana_reasons(text) == []


@pytest.mark.rule("AS-29")
@pytest.mark.parametrize(
    "text", ["みどり", "緑", "ア・イ", "ｱ･ｲ", "ヰ", "ヱ", "ア、", "ア\u2016", "ア。", "ｱ\n", "ß", "ㇰ", "ア&イ"]
)
def test_what_has_no_form_in_the_bankers_set_is_refused(text: str) -> None:
    (finding,) = rules.account_kana_findings(text, "account.holder_kana")
    assert (finding.rule, finding.code, finding.field) == ("AS-29", "FORBIDDEN_CHAR", "account.holder_kana")


@pytest.mark.rule("AS-29")
@given(KANA)
def test_normalising_twice_is_normalising_once(text: str) -> None:
    once = rules.normalize_account_kana(text)
    assert rules.normalize_account_kana(once) == once
    assert rules.account_kana_reasons(once) == rules.account_kana_reasons(text)
    assert (rules.account_kana_reasons(text) == []) == (set(once) <= set(ALLOWED))


@pytest.mark.rule("AS-27")
@pytest.mark.parametrize(
    ("holder", "same"),
    [
        ("青葉台ハイツ管理組合", True),
        ("青葉台ハイツ　管理組合", True),
        ("青葉台ハイツ管理組合理事長", False),
        ("青葉台ハイツ", False),
        ("", False),
    ],
)
def test_the_holder_is_the_association(holder: str, same: bool) -> None:
    findings = rules.holder_findings(holder, "青葉台　ハイツ管理組合", "account.holder")
    assert [one.rule for one in findings] == ([] if same else ["AS-27"])


@pytest.mark.rule("AS-19", "AS-27")
def test_a_name_cut_at_the_limit_begins_the_holder_name() -> None:
    full = "長" * 45
    assert rules.holder_findings(full, full[:40], "account.holder") == []
    assert rules.holder_findings(full, full[:39], "account.holder") != []
    assert rules.holder_findings("短" + full, full[:40], "account.holder") != []


@pytest.mark.rule("AS-26")
@pytest.mark.parametrize("kind", ["bank", "shinkin", "credit_cooperative", "agricultural", "fishery", "labour", "post"])
def test_accounts_at_banks_and_cooperatives_are_taken(kind: str) -> None:
    assert rules.institution_findings(kind, "account.institution") == []


@pytest.mark.rule("AS-26")
@pytest.mark.parametrize("kind", ["securities", "insurance"])
def test_accounts_at_securities_and_insurance_companies_are_refused(kind: str) -> None:
    assert [one.rule for one in rules.institution_findings(kind, "account.institution")] == ["AS-26"]


@pytest.mark.rule("AS-30")
def test_kind_of_deposit_and_account_number() -> None:
    assert [bool(rules.deposit_kind_findings(kind, "f")) for kind in ("普通", "当座", "貯蓄")] == [False, False, True]
    numbers = ("0001234", "1234567", "1234", "12345678", "１２３４５６７", "1234567\n")
    assert [bool(rules.account_number_findings(number, "f")) for number in numbers] == [False, False, *[True] * 4]
