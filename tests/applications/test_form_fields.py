"""Every field of 管理組合情報登録・変更, asked through the API: save a draft with one thing changed, then check it."""

import json
import re
from importlib.resources import files
from uuid import UUID

import pytest
import pytest_asyncio
from madoguchi_contracts import Role
from support.counter import MAIL, NAME, content_with, findings, organisation

NOTHING: set[tuple[str, str, str]] = set()


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def company(counter):
    """The company that the contents name has registered with the agency."""
    await counter.hear(organisation(UUID(COMPANY), "見本管理株式会社", "ミホンカンリ"))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(counter):
    """A representative and the draft in which one thing is changed."""
    owner = await counter.association()
    application = await owner.start()
    await counter.upload(application, "kanri_kiyaku", "sokai_gijiroku")

    async def found(changes):
        saved = await owner.save(application, content_with(changes))
        assert saved.status_code == 200, saved.text
        return await owner.check(application)

    return found


def case(mark, expected, **changes):
    return pytest.param(
        {path.replace("__", "."): value for path, value in changes.items()},
        expected,
        id="-".join(f"{path}={value}"[:40] for path, value in changes.items()),
        marks=mark,
    )


def number(value, *expected, has=True):
    return case(pytest.mark.rule("AS-10", "AS-11", "AS-04"), set(expected), has_number=has, number=value)


FORMAT_OF_NUMBER = ("AS-11", "FORMAT", "number")
WAIVED = {"location": None, "account": None, "certificate_month": None, "meeting_month": None}

NUMBERS = [
    number("312345"),
    *(number(bad, FORMAT_OF_NUMBER) for bad in ("412345", "31234", "3123456", "３１２３４５", "312 345", "312345\n")),
    number("3-2345", FORMAT_OF_NUMBER),
    number(None, ("AS-11", "REQUIRED", "number")),
    number("", ("AS-11", "REQUIRED", "number")),
    number("312345", ("AS-11", "NOT_ALLOWED", "number"), has=False),
    number(312345, FORMAT_OF_NUMBER),
    case(pytest.mark.rule("AS-10", "AS-02"), {("AS-02", "REQUIRED", "has_number")}, has_number=None),
    case(pytest.mark.rule("AS-12"), NOTHING, has_number=True, number="312345", **WAIVED),
    case(
        pytest.mark.rule("AS-12", "AS-24", "AS-25", "AS-31", "AS-41"),
        {("AS-12", "REQUIRED", field) for field in WAIVED},
        **WAIVED,
    ),
    case(
        pytest.mark.rule("AS-12", "AS-24"),
        {("AS-24", "FORMAT", "location.postal_code")},
        has_number=True,
        number="312345",
        location__postal_code="112857",
    ),
    case(pytest.mark.rule("AS-22", "AS-23"), NOTHING, corporate_number="7000012050002"),
    case(pytest.mark.rule("AS-23"), NOTHING, corporate_number="9000000000009"),
    case(pytest.mark.rule("AS-21", "AS-22"), NOTHING, incorporated=True),
    case(pytest.mark.rule("AS-21"), {("AS-02", "REQUIRED", "incorporated")}, incorporated=None),
    *(
        case(pytest.mark.rule("AS-22", "AS-23"), {(rule, code, "corporate_number")}, corporate_number=value)
        for value, rule, code in (
            ("8000012050002", "AS-23", "CHECK_DIGIT"),
            ("700001205000", "AS-22", "FORMAT"),
            ("0000012050002", "AS-23", "CHECK_DIGIT"),
            ("７０００012050002", "AS-22", "FORMAT"),
        )
    ),
    *(
        case(
            pytest.mark.rule("AS-24", "AS-04"), {("AS-24", "FORMAT", "location.postal_code")}, location__postal_code=bad
        )
        for bad in ("112-8570", "112857", "１１２８５７０", "1128570\n")
    ),
    case(pytest.mark.rule("AS-24"), {("AS-24", "REQUIRED", "location.address")}, location__address="  "),
    *(case(pytest.mark.rule("AS-39"), NOTHING, representative__phone=good) for good in ("0358009479", "09012345678")),
    *(
        case(
            pytest.mark.rule("AS-39", "AS-04"), {("AS-39", "FORMAT", "representative.phone")}, representative__phone=bad
        )
        for bad in ("03-5800-9479", "358009479", "090123456789", "０３５８００９４７９")
    ),
]


def name(value, *codes, holder=None):
    rules = {"ROMAN_NUMERAL": "AS-16", "GAIJI": "AS-17", "NOT_FULLWIDTH": "AS-18", "TOO_LONG": "AS-19"}
    expected = {(rules[code], code, "name_kanji") for code in codes}
    return case(
        pytest.mark.rule("AS-13", "AS-16", "AS-17", "AS-18"),
        expected,
        name_kanji=value,
        account__holder_kanji=holder or value,
    )


NAMES = [
    name("青葉台ハイツ管理組合"),
    name("青葉台ハイツ２管理組合"),
    name("第１　Ａ棟管理組合"),
    name("青葉台ハイツⅡ管理組合", "ROMAN_NUMERAL"),
    name("青葉台ハイツⅲ管理組合", "ROMAN_NUMERAL"),
    name("青葉台ハイツ2管理組合", "NOT_FULLWIDTH"),
    name("髙島台管理組合", "GAIJI"),
    name("山﨑台管理組合", "GAIJI"),
    name("𠮷野台管理組合", "GAIJI"),
    name("①番館管理組合", "GAIJI"),
    name("あ" * 40),
    name("あ" * 41, "TOO_LONG"),
    name("あ" * 40, holder="あ" * 45),
    case(pytest.mark.rule("AS-13"), {("AS-02", "REQUIRED", "name_kanji")}, name_kanji="　"),
    *(
        case(pytest.mark.rule("AS-20"), {("AS-20", "NOT_KATAKANA", "name_kana")}, name_kana=bad)
        for bad in ("ｱｵﾊﾞ", "あおば", "アオバ２")
    ),
    case(pytest.mark.rule("AS-20"), {("AS-02", "REQUIRED", "name_kana")}, name_kana=None),
    case(
        pytest.mark.rule("AS-33", "AS-17"),
        {("AS-17", "GAIJI", "representative.name_kanji.family")},
        representative__name_kanji={"family": "髙橋", "given": "花子"},
    ),
    case(
        pytest.mark.rule("AS-33"),
        {("AS-33", "REQUIRED", "representative.name_kana.given")},
        representative__name_kana={"family": "ミホン"},
    ),
    case(
        pytest.mark.rule("AS-33"), {("AS-02", "REQUIRED", "representative.name_kanji")}, representative__name_kanji=None
    ),
]

ACCOUNTS = [
    *(case(pytest.mark.rule("AS-30"), NOTHING, account__deposit_kind=kind) for kind in ("普通", "当座")),
    case(pytest.mark.rule("AS-30"), {("AS-30", "FORMAT", "account.deposit_kind")}, account__deposit_kind="貯蓄"),
    *(
        case(pytest.mark.rule("AS-30", "AS-04"), {("AS-30", "FORMAT", "account.number")}, account__number=bad)
        for bad in ("123456", "12345678", "１２３４５６７", "123-456")
    ),
    *(
        case(pytest.mark.rule("AS-26"), NOTHING, account__institution_code=code, account__branch_code=branch)
        for code, branch in (("2215", "001"), ("9900", "008"))
    ),
    case(
        pytest.mark.rule("AS-26"),
        {("AS-26", "UNKNOWN", "account.institution_code")},
        account__institution_code="9999",
    ),
    case(pytest.mark.rule("AS-25"), {("AS-25", "UNKNOWN", "account.branch_code")}, account__branch_code="000"),
    *(
        case(pytest.mark.rule("AS-25"), {("AS-25", "REQUIRED", f"account.{part}")}, **{f"account__{part}": None})
        for part in ("institution_code", "branch_code", "deposit_kind", "number", "holder_kana", "holder_kanji")
    ),
    case(pytest.mark.rule("AS-27"), NOTHING, account__holder_kanji="青葉台ハイツ　管理組合"),
    case(
        pytest.mark.rule("AS-27"),
        {("AS-27", "HOLDER_DIFFERS", "account.holder_kanji")},
        account__holder_kanji="見本花子",
    ),
    case(
        pytest.mark.rule("AS-29"), {("AS-29", "FORBIDDEN_CHAR", "account.holder_kana")}, account__holder_kana="みどり"
    ),
]

PEOPLE = [
    *(
        case(
            pytest.mark.rule("AS-35"),
            {
                ("AS-35", "REQUIRED", "representative.company_name"),
                ("AS-35", "REQUIRED", "representative.position"),
            },
            representative__type=kind,
        )
        for kind in ("management_company", "other_external", "corporate_owner")
    ),
    case(
        pytest.mark.rule("AS-35"),
        NOTHING,
        representative__type="other_external",
        representative__company_name="見本士事務所",
        representative__position="所長",
    ),
    case(
        pytest.mark.rule("AS-35"),
        {("AS-35", "FORMAT", "representative.type")},
        representative__type="somebody",
    ),
    case(pytest.mark.rule("AS-36"), NOTHING, representative__mail="hanako@EXAMPLE.jp"),
    *(
        case(pytest.mark.rule("AS-36"), {("AS-36", code, "representative.mail")}, representative__mail=mail)
        for mail, code in (
            ("Hanako@example.jp", "NOT_REGISTERED"),
            ("taro@example.jp", "NOT_REGISTERED"),
            ("ｈanako@example.jp", "FORMAT"),
        )
    ),
    case(pytest.mark.rule("AS-36"), {("AS-02", "REQUIRED", "representative.mail")}, representative__mail=None),
    # The clock of the tests stands on 2026-04-01 in Japan.
    case(pytest.mark.rule("AS-37"), NOTHING, representative__birth_date="2026-03-31"),
    case(
        pytest.mark.rule("AS-37"),
        {("AS-37", "NOT_IN_PAST", "representative.birth_date")},
        representative__birth_date="2026-04-01",
    ),
    case(
        pytest.mark.rule("AS-37"),
        {("AS-37", "FORMAT", "representative.birth_date")},
        representative__birth_date="1970-02-30",
    ),
    case(
        pytest.mark.rule("AS-38"),
        {("AS-38", "REQUIRED", "representative.address.address")},
        representative__address={"postal_code": "1128570"},
    ),
    case(pytest.mark.rule("AS-40"), NOTHING, representative__term={"start": "2026-05", "end": "2026-05"}),
    case(
        pytest.mark.rule("AS-40"),
        {("AS-40", "ORDER", "representative.term")},
        representative__term={"start": "2026-05", "end": "2026-04"},
    ),
    case(
        pytest.mark.rule("AS-40"),
        {("AS-40", "FORMAT", "representative.term.end")},
        representative__term={"start": "2026-05", "end": "2026-13"},
    ),
    *(
        case(mark, {(mark.args[0], "FORMAT", field)}, **{field: value})
        for field, mark in (
            ("certificate_month", pytest.mark.rule("AS-31")),
            ("meeting_month", pytest.mark.rule("AS-41")),
        )
        for value in (0, 13, "4", 4.5, True)
    ),
    *(
        case(pytest.mark.rule("AS-31", "AS-41"), NOTHING, certificate_month=month, meeting_month=month)
        for month in (1, 12)
    ),
]

COMPANY = "3f0c9c66-0000-4000-8000-000000000001"
BLOCK = {
    "company_name": "見本管理株式会社",
    "postal_code": "1128570",
    "prefecture": "東京都",
    "city": "文京区",
    "street": "後楽1-4-10",
    "department": "本店管理部",
    "contact_name": "見本　太郎",
    "phone": "0358009479",
}
COMPANIES = [
    case(pytest.mark.rule("AS-52"), NOTHING, company={}),
    case(pytest.mark.rule("AS-54"), NOTHING, company={"none": True}),
    *(case(pytest.mark.rule("AS-53"), NOTHING, company={"id": COMPANY, "level": level}) for level in (2, 3)),
    case(
        pytest.mark.rule("AS-53"),
        {("AS-53", "FORMAT", "company.level")},
        company={"id": COMPANY, "level": 4},
    ),
    case(pytest.mark.rule("AS-54"), {("AS-54", "REQUIRED", "company.level")}, company={"id": COMPANY}),
    case(pytest.mark.rule("AS-54"), {("AS-54", "REQUIRED", "company.id")}, company={"level": 1}),
    case(pytest.mark.rule("AS-54"), {("AS-54", "NOT_ALLOWED", "company.id")}, company={"id": COMPANY, "none": True}),
    case(pytest.mark.rule("AS-60"), {("AS-02", "REQUIRED", "mailing")}, mailing=None),
    case(pytest.mark.rule("AS-66"), NOTHING, mailing="company", mailing_company=BLOCK),
    case(
        pytest.mark.rule("AS-64"),
        NOTHING,
        mailing="company",
        mailing_company=BLOCK,
        company={"id": COMPANY, "level": 3},
    ),
    case(
        pytest.mark.rule("AS-66"),
        {("AS-66", "REQUIRED", f"mailing_company.{part}") for part in BLOCK},
        mailing="company",
    ),
    case(
        pytest.mark.rule("AS-66", "AS-62"),
        {("AS-66", "REQUIRED", "mailing_company.department")},
        mailing="company",
        mailing_company=BLOCK | {"department": ""},
    ),
    case(
        pytest.mark.rule("AS-66"),
        {("AS-66", "NOT_ALLOWED", "mailing")},
        mailing="company",
        mailing_company=BLOCK,
        company={"none": True},
    ),
    case(pytest.mark.rule("AS-66"), NOTHING, mailing="representative", mailing_company={"phone": "wrong"}),
]


@pytest.mark.parametrize(("changes", "expected"), [*NUMBERS, *NAMES, *ACCOUNTS, *PEOPLE, *COMPANIES])
async def test_a_check_finds_exactly_what_is_wrong(desk, changes, expected):
    answer = await desk(changes)
    assert findings(answer) == expected
    assert answer["may_submit"] == (not expected)


@pytest.mark.rule("AS-02", "AS-71")
async def test_an_empty_form_is_told_every_missing_field_at_once(counter):
    owner = await counter.association(ekyc=None)
    application = await owner.start()
    answer = await owner.check(application)
    assert {field for _, code, field in findings(answer) if code == "REQUIRED"} == {
        *("has_number", "name_kanji", "name_kana", "incorporated", "mailing"),
        *(f"representative.{part}" for part in ("type", "name_kanji", "name_kana", "mail", "birth_date")),
        *(f"representative.{part}" for part in ("address", "phone", "term")),
    }
    assert {rule for rule, code, _ in findings(answer) if code == "REQUIRED_SLOT_EMPTY"} == {"DO-02"}
    assert ("ID-79", "EKYC_NOT_DONE", "cannot_ekyc") in findings(answer)


@pytest.mark.rule("AS-28", "AS-29")
@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("グリーンコート", "ｸﾞﾘ-ﾝｺ-ﾄ"),
        ("シャトー", "ｼﾔﾄ-"),
        ("マッハ", "ﾏﾂﾊ"),
        ("ウェルネス", "ｳｴﾙﾈｽ"),
        ("ｼｬﾄｰ", "ｼﾔﾄ-"),
        ("パレス　２", "ﾊﾟﾚｽ 2"),
        ("ｸﾞﾘ-ﾝｺ-ﾄ", "ｸﾞﾘ-ﾝｺ-ﾄ"),
    ],
)
async def test_the_account_kana_is_kept_as_banks_write_it(desk, typed, kept):
    answer = await desk({"account.holder_kana": typed})
    assert answer["findings"] == []
    assert answer["content"]["account"]["holder_kana"] == kept


@pytest.mark.rule("AS-26")
async def test_the_institution_is_kept_with_its_name_and_kind(desk):
    account = (await desk({"account.institution_code": "2215", "account.branch_code": "001"}))["content"]["account"]
    assert (account["institution_name"], account["institution_kind"]) == ("東京証券信組", "credit_cooperative")
    assert account["branch_name"]


async def test_the_complete_draft_of_the_readme_is_complete(counter):
    readme = files("applications") / "programmes" / "bond" / "README.md"
    content = json.loads(re.search(r"```json\n(.*?)```", readme.read_text(), re.DOTALL)[1])
    owner = await counter.association()
    application = await owner.start()
    await counter.upload(application, "kanri_kiyaku", "sokai_gijiroku")
    await owner.save(application, content)
    check = await owner.check(application)
    assert (check["findings"], check["warnings"]) == ([], [])
    kept = check["content"]
    kept["account"] = {key: value for key, value in kept["account"].items() if key in content["account"]}
    kept["account"]["holder_kana"] = content["account"]["holder_kana"]
    assert kept["company"].pop("name") == "見本管理株式会社"
    assert kept == content


@pytest.mark.rule("AS-17")
async def test_a_character_outside_the_set_is_answered_with_its_replacement(desk):
    answer = await desk({"name_kanji": "髙島台管理組合", "account.holder_kanji": "髙島台管理組合"})
    (finding,) = answer["findings"]
    assert "「髙」は「高」" in finding["message"]


@pytest.mark.rule("AS-65")
async def test_proxy_input_with_papers_to_the_representative_is_only_commented(desk):
    answer = await desk({"company": {"id": COMPANY, "level": 1}})
    assert answer["may_submit"]
    assert [(one["rule"], one["field"]) for one in answer["warnings"]] == [("AS-65", "mailing")]


@pytest.mark.rule("AS-66", "AS-61")
async def test_the_company_block_is_not_kept_when_papers_go_to_the_representative(desk):
    answer = await desk({"mailing_company": BLOCK})
    assert "mailing_company" not in answer["content"]


async def test_a_section_that_is_no_section_is_one_finding_and_what_is_in_no_field_is_left_out(desk):
    answer = await desk({"representative": "花子", "unknown": {"field": 1}})
    assert findings(answer) == {("AS-33", "FORMAT", "representative")}
    assert "unknown" not in answer["content"]


@pytest.mark.rule("AS-36")
async def test_without_a_known_contact_the_mail_address_cannot_be_judged_yet(counter):
    owner = counter.person(Role.ASSOCIATION)
    application = await owner.start()
    await owner.save(application, content_with({"representative.mail": MAIL, "name_kanji": NAME}))
    assert ("AS-36", "CONTACT_NOT_YET_KNOWN", "representative.mail") in findings(await owner.check(application))
