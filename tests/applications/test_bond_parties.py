"""The representative, the management company, where papers go, and what a submission needs."""

from __future__ import annotations

from datetime import date

import pytest
from applications.programmes.bond import rules
from applications.programmes.bond.rules import RepresentativeType
from kit.errors import Finding


def fields(findings: list[Finding]) -> list[tuple[str, str, str]]:
    return [(one.rule, one.code, one.field) for one in findings]


@pytest.mark.rule("AS-35")
@pytest.mark.parametrize("kind", RepresentativeType)
def test_everybody_but_an_individual_names_company_and_position(kind: RepresentativeType) -> None:
    needed = [] if kind == "individual" else [("AS-35", "REQUIRED", "company"), ("AS-35", "REQUIRED", "position")]
    assert fields(rules.corporate_fields_findings(kind, "", "　", "company", "position")) == needed
    assert rules.corporate_fields_findings(kind, "青葉管理", "部長", "company", "position") == []


@pytest.mark.rule("AS-37")
def test_a_birth_date_is_in_the_past() -> None:
    today = date(2026, 4, 1)
    assert rules.birth_date_findings(date(2026, 3, 31), today, "birth") == []
    assert fields(rules.birth_date_findings(today, today, "birth")) == [("AS-37", "NOT_IN_PAST", "birth")]


@pytest.mark.rule("AS-40")
def test_a_term_does_not_end_before_it_starts() -> None:
    assert rules.term_findings((2026, 4), (2026, 4), "term") == []
    assert rules.term_findings((2026, 12), (2027, 1), "term") == []
    assert fields(rules.term_findings((2026, 4), (2026, 3), "term")) == [("AS-40", "ORDER", "term")]


@pytest.mark.rule("AS-53", "AS-56")
@pytest.mark.parametrize(
    ("level", "view", "enter"), [(1, True, True), (2, True, False), (3, False, False), (None, False, False)]
)
def test_levels_let_the_company_view_or_enter(level: int | None, view: bool, enter: bool) -> None:
    assert (rules.may_view(level), rules.may_enter(level)) == (view, enter)
    assert level is None or level in rules.LEVELS


@pytest.mark.rule("AS-52", "AS-54")
@pytest.mark.parametrize(
    ("company", "level", "ticked", "found"),
    [
        (False, None, False, []),
        (True, 1, False, []),
        (False, None, True, []),
        (True, None, False, [("AS-54", "REQUIRED", "level")]),
        (False, 3, False, [("AS-54", "REQUIRED", "company")]),
        (True, None, True, [("AS-54", "NOT_ALLOWED", "company")]),
        (True, 2, True, [("AS-54", "NOT_ALLOWED", "company"), ("AS-54", "NOT_ALLOWED", "level")]),
    ],
)
def test_company_level_and_tick_go_together(
    company: bool, level: int | None, ticked: bool, found: list[tuple[str, str, str]]
) -> None:
    findings = rules.company_section_findings(
        company_given=company,
        level=level,
        no_company_ticked=ticked,
        company_field="company",
        level_field="level",
    )
    assert fields(findings) == found


@pytest.mark.rule("AS-60", "AS-61", "AS-64")
def test_papers_go_to_the_representative_unless_the_company_is_chosen() -> None:
    assert rules.papers_go_to(False) == "representative"
    assert rules.papers_go_to(True) == "company_address"


@pytest.mark.rule("AS-65")
def test_level_1_only_recommends_the_company_address() -> None:
    asked = [(1, False), (1, True), (2, False), (None, False)]
    assert [rules.recommends_company_address(*one) for one in asked] == [True, False, False, False]


@pytest.mark.rule("AS-66")
@pytest.mark.parametrize(
    ("to_company", "ticked", "refused"),
    [(True, True, True), (True, False, False), (False, True, False), (False, False, False)],
)
def test_papers_cannot_go_to_a_company_there_is_not(to_company: bool, ticked: bool, refused: bool) -> None:
    findings = rules.mailing_findings(to_company=to_company, no_company_ticked=ticked, field="mailing")
    assert fields(findings) == ([("AS-66", "NOT_ALLOWED", "mailing")] if refused else [])


@pytest.mark.rule("AS-62")
@pytest.mark.parametrize(
    ("to_company", "ack", "refused"),
    [(True, False, True), (True, True, False), (False, False, False), (False, True, False)],
)
def test_the_company_address_needs_the_consent(to_company: bool, ack: bool, refused: bool) -> None:
    findings = rules.mailing_consent_findings(to_company=to_company, ack_ticked=ack, field="ack")
    assert fields(findings) == ([("AS-62", "REQUIRED", "ack")] if refused else [])


BLOCK = {
    "company_name": "青葉管理株式会社",
    "postal_code": "1128570",
    "prefecture": "東京都",
    "city": "文京区",
    "street": "後楽１－４－１０",
    "department": "本店　管理部",
    "contact_name": "高崎　太郎",
    "phone": "0358009479",
}


@pytest.mark.rule("AS-66")
@pytest.mark.parametrize("key", rules.COMPANY_BLOCK)
def test_each_of_the_eight_fields_is_required(key: str) -> None:
    assert len(rules.COMPANY_BLOCK) == 8
    assert rules.company_block_findings(BLOCK, "block.") == []
    expected = [("AS-66", "REQUIRED", f"block.{key}")]
    assert fields(rules.company_block_findings(BLOCK | {key: "　"}, "block.")) == expected
    without = {name: value for name, value in BLOCK.items() if name != key}
    assert fields(rules.company_block_findings(without, "block.")) == expected


@pytest.mark.rule("AS-66")
def test_the_fields_of_the_block_follow_the_rules_of_their_kind() -> None:
    wrong = {"postal_code": "112-8570", "phone": "03-5800-9479", "contact_name": "髙崎　太郎"}
    assert fields(rules.company_block_findings(BLOCK | wrong, "block.")) == [
        ("AS-24", "FORMAT", "block.postal_code"),
        ("AS-17", "GAIJI", "block.contact_name"),
        ("AS-39", "FORMAT", "block.phone"),
    ]


@pytest.mark.rule("AS-12")
def test_an_accumulation_number_waives_four_fields_and_no_other() -> None:
    four = ["所在地", "元利金振込口座情報", "残高証明発行月", "定期総会開催月"]
    assert list(rules.REQUIRED_WITHOUT_NUMBER.values()) == four
    keys = list(rules.REQUIRED_WITHOUT_NUMBER)
    for missing in (four, keys):
        assert rules.missing_errors(True, missing) == []
        assert rules.missing_errors(False, missing) == missing
        assert rules.missing_errors(True, [*missing, "name_kanji", "生年月日"]) == ["name_kanji", "生年月日"]
    assert set(rules.required_fields(False)) - set(rules.required_fields(True)) == set(keys)


@pytest.mark.rule("AS-02", "AS-12")
def test_findings_of_missing_fields_name_the_field_and_what_to_do() -> None:
    findings = rules.missing_findings(False, ["location", "name_kana"])
    assert fields(findings) == [("AS-12", "REQUIRED", "location"), ("AS-02", "REQUIRED", "name_kana")]
    assert [one.message for one in findings] == [
        "所在地を入力してください。",
        "管理組合名称(カナ)を入力してください。",
    ]


@pytest.mark.rule("ID-77", "ID-78", "ID-79", "ID-80")
@pytest.mark.parametrize(
    ("label", "allowed"),
    [
        ("情報登録済", False),
        ("方式選択済", True),
        ("本人確認中", True),
        ("合格", True),
        ("不合格", False),
        (None, False),
    ],
)
def test_the_ekyc_gate_opens_for_a_running_or_passed_verification_or_the_tick(label: str | None, allowed: bool) -> None:
    by_label = {label: status for status, label in rules.EKYC_STATUS_LABELS.items()}
    status = None if label is None else by_label[label]
    assert rules.ekyc_allows_submission(status, False) is allowed
    assert rules.ekyc_allows_submission(status, True)
    blocked = [] if allowed else [("ID-79", "EKYC_NOT_DONE", "ekyc")]
    assert fields(rules.ekyc_findings(status, False, False, "ekyc")) == blocked
