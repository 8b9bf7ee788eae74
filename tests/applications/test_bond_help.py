"""What the screens say beside the fields (UI-41): the notes of the manual that no check enforces."""

import pytest
from applications.forms import _section
from applications.programmes.bond import checklist
from applications.programmes.bond.form.sections import AssociationForm
from applications.programmes.bond.help import HELP, OFFICE, PLACEHOLDER_NAME
from kit.japan.filenames import is_placeholder

PLACES = {"documents", "confirmation"}


def said(rule):
    """What is said for a rule, with the field beside which it stands."""
    return {(one.field, one.text) for one in HELP if one.rule == rule}


def test_every_text_stands_beside_a_field_that_exists():
    for one in HELP:
        model = AssociationForm
        for part in [] if one.field in PLACES else one.field.split("."):
            assert part in model.model_fields, one.field
            model = _section(model.model_fields[part].annotation) or model
        assert one.text.endswith(("。", ")")), one.text


# The words that the text of a rule must not lack, and where it is said.
WORDS = [
    pytest.param("AS-13", "name_kanji", ("管理規約", "正式", "全角"), marks=pytest.mark.rule("AS-13")),
    pytest.param("AS-14", "name_kanji", ("建物の名称だけ", "受付できない"), marks=pytest.mark.rule("AS-14")),
    pytest.param("AS-15", "name_kanji", ("団地型", "棟"), marks=pytest.mark.rule("AS-15")),
    pytest.param("AS-21", "incorporated", ("法人登記", "有"), marks=pytest.mark.rule("AS-21")),
    pytest.param("AS-31", "certificate_month", ("決算月の翌月",), marks=pytest.mark.rule("AS-31")),
    pytest.param("AS-34", "representative.name_kanji", ("機構のシステム", "ご連絡"), marks=pytest.mark.rule("AS-34")),
    pytest.param("AS-41", "meeting_month", ("定期総会", "入力不要"), marks=pytest.mark.rule("AS-41")),
    pytest.param("AS-51", "company.id", ("一覧にない", "登録"), marks=pytest.mark.rule("AS-51")),
    pytest.param("AS-52", "company.id", ("空欄", "登録内容変更手続"), marks=pytest.mark.rule("AS-52")),
    pytest.param("AS-55", "company.level", ("代行入力", "承諾"), marks=pytest.mark.rule("AS-55")),
    pytest.param("AS-63", "mailing", ("変更", "指定する"), marks=pytest.mark.rule("AS-63")),
    pytest.param("AS-72", "confirmation", ("入力画面に戻る", "残ります"), marks=pytest.mark.rule("AS-72")),
    pytest.param("AS-84", "confirmation", ("本人確認", "ご連絡"), marks=pytest.mark.rule("AS-84")),
    pytest.param("DO-04", "documents", ("マンションすまい・る債のご案内",), marks=pytest.mark.rule("DO-04")),
    pytest.param("DO-05", "documents", ("6MB",), marks=pytest.mark.rule("DO-05")),
    pytest.param(
        "DO-06", "documents", (".pdf", ".csv", ".gif", ".jpg", ".jpeg", ".png", ".zip"), marks=pytest.mark.rule("DO-06")
    ),
    pytest.param("DO-10", "documents", ("6MB", "郵送"), marks=pytest.mark.rule("DO-10")),
    pytest.param(
        "DO-11",
        "documents",
        ("①Web利用申請", "②マンション管理組合名", "③積立組合番号"),
        marks=pytest.mark.rule("DO-11"),
    ),
    pytest.param("DO-12", "documents", ("お知らせください",), marks=pytest.mark.rule("DO-12")),
    pytest.param("DO-13", "documents", ("6MBを超えたため書類を郵送します。",), marks=pytest.mark.rule("DO-13")),
    pytest.param(
        "DO-14",
        "documents",
        ("112-8570", "後楽1-4-10", "03-5800-9479", "9:00", "17:00", "年末年始"),
        marks=pytest.mark.rule("DO-14"),
    ),
    pytest.param("DO-14", "cannot_ekyc", ("112-8570",), marks=pytest.mark.rule("DO-14")),
    pytest.param("DO-30", "cannot_ekyc", ("写真付き", "不合格", "1点"), marks=pytest.mark.rule("DO-30")),
    pytest.param(
        "DO-31", "cannot_ekyc", ("①eKYC(Web)", "②管理組合名", "③積立組合番号"), marks=pytest.mark.rule("DO-31")
    ),
    pytest.param(
        "DO-32",
        "cannot_ekyc",
        ("運転免許証", "2020年2月3日", "2025年12月1日", "住民票"),
        marks=pytest.mark.rule("DO-32"),
    ),
]


@pytest.mark.parametrize(("rule", "field", "words"), WORDS)
def test_what_the_manual_wants_said_is_said(rule, field, words):
    texts = [text for place, text in said(rule) if place == field]
    assert len(texts) == 1
    for word in words:
        assert word in texts[0]


UI_41 = [
    *(f"AS-{number}" for number in (13, 14, 15, 16, 17, 18, 19, 24, 26, 27, 28, 31, 55, 65)),
    *(f"DO-{number:02}" for number in (5, 6, 10, 11, 12, 13, 14, 30, 31, 32)),
]


@pytest.mark.rule("UI-41", "AS-16", "AS-17", "AS-18", "AS-19", "AS-24", "AS-26", "AS-27", "AS-28", "AS-65")
@pytest.mark.parametrize("rule", UI_41)
def test_each_note_that_the_form_repeats_is_there(rule):
    assert said(rule)


@pytest.mark.rule("DO-05", "DO-13")
def test_limits_and_names_in_the_texts_are_those_that_are_checked():
    assert checklist.TOTAL_LIMIT_LABEL == "6MB"
    assert checklist.TOTAL_LIMIT_BYTES == 6 * 1024 * 1024
    assert is_placeholder(f"{PLACEHOLDER_NAME}.pdf")
    assert "住宅債券事務センター" in OFFICE


@pytest.mark.rule("UI-41", "AS-13")
async def test_the_texts_can_be_fetched_without_a_login(counter):
    answer = await counter.client.get("/v1/programmes/bond/help")
    assert answer.json()["items"] == [{"field": one.field, "rule": one.rule, "text": one.text} for one in HELP]
    assert (await counter.client.get("/v1/programmes/other/help")).status_code == 404
