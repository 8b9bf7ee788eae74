"""The balance certificate: the office's file of balances, the page, and the paper."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio
from applications.csv_files import NotReadable
from applications.features.bond.certificates import balances
from applications.features.bond.certificates.balances import Balance, read
from applications.features.bond.certificates.queries import Certificate, paper_of
from applications.features.bond.certificates.rules import shown_on
from applications.printing import Paper, write
from hypothesis import given, settings
from hypothesis import strategies as st
from madoguchi_contracts import Role
from support.counter import Counter, Filed, Person, findings, open_counter
from support.pdf import printed
from support.servers import FreshDatabase

HEADER = "受付番号,基準日,残高(円)"
TODAY = date(2026, 4, 1)
ROW = "B-2026-000001,2026-03-31,1234567"


def csv(*rows: str, header: str = HEADER) -> bytes:
    return "\r\n".join([header, *rows, ""]).encode()


# Which one is shown


@pytest.mark.rule("AS-32")
@pytest.mark.parametrize(
    ("today", "month", "as_of", "since", "next_on"),
    [
        # The manual's example: closing month March, chosen month April.
        (date(2026, 4, 9), 4, date(2026, 3, 31), date(2026, 4, 9), date(2027, 4, 9)),
        (date(2026, 4, 8), 4, date(2025, 3, 31), date(2025, 4, 9), date(2026, 4, 9)),
        (date(2026, 12, 31), 4, date(2026, 3, 31), date(2026, 4, 9), date(2027, 4, 9)),
        (date(2026, 1, 13), 1, date(2024, 12, 31), date(2025, 1, 15), date(2026, 1, 14)),
        (date(2026, 1, 14), 1, date(2025, 12, 31), date(2026, 1, 14), date(2027, 1, 13)),
        (date(2028, 3, 9), 3, date(2028, 2, 29), date(2028, 3, 9), date(2029, 3, 9)),
    ],
)
def test_a_certificate_is_shown_from_the_seventh_business_day_until_the_next(
    today: date, month: int, as_of: date, since: date, next_on: date
) -> None:
    shown = shown_on(today, month)
    assert (shown.certificate.as_of, shown.certificate.display_on, shown.next_on) == (as_of, since, next_on)


@pytest.mark.rule("AS-31", "AS-32")
@settings(deadline=None)  # holidays are looked up for the first time
@given(st.dates(date(1952, 1, 1), date(2140, 12, 31)), st.integers(1, 12))
def test_on_every_day_exactly_one_certificate_is_shown_and_it_is_never_of_the_future(today: date, month: int) -> None:
    shown = shown_on(today, month)
    assert shown.certificate.as_of < shown.certificate.display_on <= today < shown.next_on
    assert shown.certificate.display_on.month == month
    assert shown_on(shown.next_on, month).certificate.display_on == shown.next_on


# The file


@pytest.mark.rule("AS-32")
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
@pytest.mark.parametrize("line_end", ["\r\n", "\n"])
def test_a_file_is_read_in_the_encodings_of_spreadsheets(encoding: str, line_end: str) -> None:
    content = f"{HEADER}{line_end}{ROW}{line_end}".encode(encoding)
    assert read(content, TODAY) == ([Balance(2, "B-2026-000001", date(2026, 3, 31), 1_234_567)], [])


@pytest.mark.rule("AS-32")
@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "HEADER"),
        (csv(ROW, header="受付番号,残高(円),基準日"), "HEADER"),
        (csv(ROW, header="受付番号,基準日"), "HEADER"),
        (ROW.encode(), "HEADER"),
        (csv().rstrip(b"\r\n"), "EMPTY"),
        (csv(ROW)[:-2] + b"\xff\xff", "ENCODING"),
        (csv('B-2026-000001,"2026-03-31,1'), "CSV"),
    ],
)
def test_a_file_that_is_not_of_this_form_is_refused_as_a_whole(content: bytes, code: str) -> None:
    with pytest.raises(NotReadable, match=code):
        read(content, TODAY)


@pytest.mark.rule("AS-32")
@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("B-2026-000001,2026-03-31", "COLUMNS"),
        ("B-2026-000001,2026-03-31,1,x", "COLUMNS"),
        ("", "COLUMNS"),
        (f"{'B' * 65},2026-03-31,1", "COLUMNS"),
        ("B-2026-000001,2026-02-30,1", "DATE"),
        ("B-2026-000001,20260331,1", "DATE"),
        ("B-2026-000001,2026/3/31,1", "DATE"),
        ("B-2026-000001,2026-03-30,1", "NOT_MONTH_END"),
        ("B-2026-000001,2026-04-30,1", "NOT_OVER"),
        ("B-2026-000001,2026-03-31,-1", "AMOUNT"),
        ("B-2026-000001,2026-03-31,1.0", "AMOUNT"),
        ('B-2026-000001,2026-03-31,"1,000"', "AMOUNT"),
        ("B-2026-000001,2026-03-31,１００", "AMOUNT"),
        ("B-2026-000001,2026-03-31,1_000", "AMOUNT"),
        ("B-2026-000001,2026-03-31,", "AMOUNT"),
        (f"B-2026-000001,2026-03-31,{10**15 + 1}", "AMOUNT"),
    ],
)
def test_a_bad_row_is_told_with_its_number_and_rule(row: str, code: str) -> None:
    good, found = read(csv(ROW.replace("0001", "0002"), row), TODAY)
    assert [one.line for one in good] == [2]
    assert [(one.rule, one.code, one.field) for one in found] == [("AS-32", code, "rows.3")]
    assert found[0].message.startswith("3行目：")


@pytest.mark.rule("AS-32")
def test_the_limits_of_rows_are_inclusive() -> None:
    good, found = read(csv(f"B-2026-000001,2026-03-31,{10**15}", "B-2026-000002,2026-02-28,0"), TODAY)
    assert ([one.yen for one in good], found) == ([10**15, 0], [])
    assert read(csv(ROW), date(2026, 3, 31))[1][0].code == "NOT_OVER"  # its day is not over


@pytest.mark.rule("AS-32")
def test_one_association_has_one_row_a_day() -> None:
    other_day = ROW.replace("03-31", "02-28")
    good, found = read(csv(ROW, other_day, ROW.replace("1234567", "1")), TODAY)
    assert [one.line for one in good] == [2, 3]
    assert [(one.code, one.field) for one in found] == [("DUPLICATE", "rows.4")]


@given(st.binary(max_size=200))
def test_whatever_comes_is_read_or_refused(content: bytes) -> None:
    for file in (content, csv() + content):
        try:
            good, found = read(file, TODAY)
        except NotReadable:
            continue
        assert len(good) + len(found) >= 1


# At work


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def counter(postgres_url: FreshDatabase) -> AsyncIterator[Counter]:
    async with open_counter(await postgres_url("applications")) as opened:
        yield opened


@pytest.fixture(autouse=True)
def noon(counter: Counter) -> None:
    """9 April 2026 in Japan: the certificate of April is shown since today."""
    counter.clock.now = datetime(2026, 4, 9, 3, 0, tzinfo=UTC)


async def bring(counter: Counter, content: bytes, role: Role = Role.OFFICE_REVIEWER) -> httpx.Response:
    officer = counter.person(role)
    headers = {**counter.gate.headers(role, officer.account_id), "Content-Type": "text/csv"}
    return await counter.client.post("/v1/balance-certificates/imports", content=content, headers=headers)


async def reference(counter: Counter, filed: Any) -> str:
    rows = await counter.rows("SELECT reference FROM applications WHERE id = :id", id=filed.application_id)
    return str(rows[0].reference)


async def page(person: Person, application_id: UUID, end: str = "") -> httpx.Response:
    return await person.get(f"/v1/applications/{application_id}/balance-certificate{end}")


@pytest.mark.rule("AS-31", "AS-32")
async def test_the_certificate_states_the_balance_of_the_office_from_the_seventh_business_day_on(
    counter: Counter,
) -> None:
    filed = await counter.approved()
    number = await reference(counter, filed)
    waiting = (await page(filed.owner, filed.application_id)).json()
    assert (waiting["as_of"], waiting["balance_yen"]) == ("2026-03-31", None)
    assert (await page(filed.owner, filed.application_id, ".pdf")).status_code == 404

    made = await bring(counter, csv(f"{number},2026-03-31,1234567", f"{number},2025-03-31,1000000"))
    assert (made.status_code, made.json()["rows"], made.json()["repeated"]) == (201, 2, False)
    shown = (await page(filed.owner, filed.application_id)).json()
    assert shown == {
        "application_id": str(filed.application_id),
        "reference": number,
        "association": "青葉台ハイツ管理組合",
        "number": None,
        "month": 4,
        "as_of": "2026-03-31",
        "shown_since": "2026-04-09",
        "balance_yen": 1_234_567,
        "next_on": "2027-04-09",
    }
    # Midnight in Japan decides: a second before it was still the one of the year before.
    counter.clock.now = datetime(2026, 4, 8, 14, 59, 59, tzinfo=UTC)
    before = (await page(filed.owner, filed.application_id)).json()
    assert (before["as_of"], before["balance_yen"]) == ("2025-03-31", 1_000_000)
    counter.clock.now = datetime(2026, 4, 8, 15, 0, tzinfo=UTC)
    assert (await page(filed.owner, filed.application_id)).json() == shown


@pytest.mark.rule("AS-32")
async def test_of_a_file_with_a_bad_row_nothing_is_imported_and_every_bad_row_is_told(counter: Counter) -> None:
    filed, waiting = await counter.approved(), await counter.applied()
    good, not_yet = await reference(counter, filed), await reference(counter, waiting)
    rows = [f"{good},2026-03-31,1", f"{not_yet},2026-03-31,1", "X-1,2026-03-31,1", f"{good},2026-02-27,1"]
    refused = await bring(counter, csv(*rows))
    assert (refused.status_code, refused.json()["code"]) == (409, "balances_refused")
    assert [(one["code"], one["field"]) for one in refused.json()["findings"]] == [
        ("NOT_APPROVED", "rows.3"),
        ("UNKNOWN_REFERENCE", "rows.4"),
        ("NOT_MONTH_END", "rows.5"),
    ]
    assert "誤りのある行は3件です。" in refused.json()["detail"]
    assert findings(await bring(counter, b"x")) == {("AS-32", "HEADER", "")}
    assert await counter.rows("SELECT 1 FROM balances WHERE application_id = :id", id=filed.application_id) == []
    assert (await page(filed.owner, filed.application_id)).json()["balance_yen"] is None


@pytest.mark.rule("AS-32")
async def test_the_same_file_again_does_nothing_and_a_later_one_corrects(counter: Counter) -> None:
    filed = await counter.approved()
    number = await reference(counter, filed)
    file = csv(f"{number},2026-03-31,100")
    first = (await bring(counter, file)).json()
    again = await bring(counter, file)
    assert (again.status_code, again.json()) == (201, {**first, "repeated": True})
    await bring(counter, csv(f"{number},2026-03-31,200"))
    assert (await page(filed.owner, filed.application_id)).json()["balance_yen"] == 200
    corrected = await bring(counter, file)  # the one between was wrong
    assert (corrected.status_code, corrected.json()["repeated"]) == (201, False)
    assert (await page(filed.owner, filed.application_id)).json()["balance_yen"] == 100


async def test_of_very_many_bad_rows_the_first_are_shown(counter: Counter) -> None:
    refused = (await bring(counter, csv(*(f"X-{n},2026-03-31,1" for n in range(250))))).json()
    assert len(refused["findings"]) == 200
    assert "誤りのある行は250件です。" in refused["detail"]


# Who


@pytest.mark.rule("AS-32")
@pytest.mark.parametrize("role", sorted(set(Role) - {Role.OFFICE_REVIEWER, Role.OFFICE_APPROVER}))
async def test_nobody_but_the_office_imports_balances(counter: Counter, role: Role) -> None:
    assert (await bring(counter, csv(ROW), role)).status_code == 403


@pytest.mark.rule("AS-32", "AS-53", "AS-56")
@pytest.mark.parametrize(("level", "status"), [(1, 200), (2, 200), (3, 404)])
async def test_a_company_sees_it_at_the_levels_that_let_it_look(counter: Counter, level: int, status: int) -> None:
    managed = await counter.managed(level)
    number = await reference(counter, managed)
    assert (await bring(counter, csv(f"{number},2026-03-31,5"))).status_code == 201
    assert (await page(managed.clerk, managed.application_id)).status_code == status
    assert (await page(managed.clerk, managed.application_id, ".pdf")).status_code == status


@pytest.mark.rule("AS-32")
async def test_the_office_leaves_a_trace_and_strangers_see_nothing(counter: Counter) -> None:
    filed = await counter.approved()
    await bring(counter, csv(f"{await reference(counter, filed)},2026-03-31,7"))
    officer = counter.person(Role.OFFICE_REVIEWER)
    assert (await page(officer, filed.application_id)).status_code == 200
    assert (await page(officer, filed.application_id, ".pdf")).status_code == 200
    await page(filed.owner, filed.application_id)
    rows = await counter.rows(
        "SELECT actor_id, action FROM access_log WHERE application_id = :id AND action = 'view_certificate'",
        id=filed.application_id,
    )
    assert [row.actor_id for row in rows] == [officer.account_id] * 2
    for stranger in (counter.person(Role.ASSOCIATION), counter.person(Role.COMPANY, organisation_id=uuid4())):
        assert (await page(stranger, filed.application_id)).status_code == 404
    assert (await page(counter.person(Role.OPERATOR), filed.application_id)).status_code == 403
    assert (await page(filed.owner, uuid4())).status_code == 404


@pytest.mark.rule("AS-32")
async def test_there_is_none_before_the_first_approval(counter: Counter) -> None:
    filed: Filed = await counter.applied()
    assert (await page(filed.owner, filed.application_id)).status_code == 404


# The paper

CERTIFICATE = Certificate(
    application_id=UUID(int=1),
    reference="B-2026-000123",
    association="青葉台ハイツ管理組合",
    number="123456",
    month=4,
    as_of=date(2026, 3, 31),
    shown_since=date(2026, 4, 9),
    balance_yen=12_345_678,
    next_on=date(2027, 4, 9),
)


@pytest.mark.rule("AS-32")
def test_the_paper_states_whose_balance_it_is_and_of_which_day() -> None:
    texts = printed(write(paper_of(CERTIFICATE, 12_345_678)))
    assert "残 高 証 明 書" in texts
    assert "青葉台ハイツ管理組合 御中" in texts
    assert "令和8年3月31日現在" in texts
    assert "金 12,345,678円" in texts
    assert "令和8年4月9日" in texts
    assert {"B-2026-000123", "123456", "独立行政法人 住宅金融支援機構"} <= set(texts)


def test_a_long_name_goes_on_in_the_next_line_and_a_missing_number_has_no_row() -> None:
    name = "青葉台ハイツ" * 12 + "管理組合"
    texts = printed(write(paper_of(replace(CERTIFICATE, association=name, number=None), 0)))
    lines = [text for text in texts if text in f"{name} 御中"]
    assert len([line for line in lines if len(line) > 10]) == 3
    assert "積立組合番号" not in texts
    assert "金 0円" in texts


def test_a_row_grows_with_what_it_says() -> None:
    names = [f"見本 {number}郎" for number in range(1, 5)] * 3
    paper = Paper("証明書", TODAY, ("見本 太郎 様",), "残高です。", (("債務者", "、".join(names)), ("残高", "金 1円")))
    texts = printed(write(paper))
    assert "".join(text for text in texts if "郎、" in text or text.endswith("4郎")).count("見本 4郎") == 3
    assert "金 1円" in texts


def test_the_same_certificate_gives_the_same_bytes() -> None:
    assert write(paper_of(CERTIFICATE, 1)) == write(paper_of(CERTIFICATE, 1))


@pytest.mark.rule("AS-32")
async def test_the_paper_is_saved_under_its_own_name(counter: Counter) -> None:
    filed = await counter.approved()
    number = await reference(counter, filed)
    await bring(counter, csv(f"{number},2026-03-31,42"))
    answer = await page(filed.owner, filed.application_id, ".pdf")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.content.startswith(b"%PDF-")
    assert f"_{number}_2026-03-31.pdf" in answer.headers["content-disposition"]
    assert "金 42円" in printed(answer.content)


def test_every_finding_of_the_file_says_what_to_do() -> None:
    for found in (
        *read(csv("x"), TODAY)[1],
        *balances.not_ours([Balance(2, "B-1", TODAY, 1), Balance(3, "B-2", TODAY, 1)], {"B-2": False}),
    ):
        assert found.message.endswith(("ください。", "ありません。", "承認されていません。"))
