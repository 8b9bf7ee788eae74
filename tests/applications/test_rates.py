"""The rates of the green loan: the office's import, what everybody sees, and what an acceptance finds."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import httpx
import pytest
import pytest_asyncio
from applications.features.green_loan.rates.queries import rate_table
from applications.features.green_loan.rates.rules import continuation_findings, overlaid
from applications.programmes.green_loan.money.rate_file import HEADER
from applications.programmes.green_loan.money.rates import KEYS, Period, RateTable, rate_at
from hypothesis import given
from hypothesis import strategies as st
from kit.japan import JST
from madoguchi_contracts import Role
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from support.counter import Counter, findings, open_counter
from support.servers import FreshDatabase

SEPTEMBER, OCTOBER, NOVEMBER, DECEMBER = (datetime(2026, month, 1, tzinfo=JST) for month in (9, 10, 11, 12))
PATH = "/v1/programmes/green_loan/rates"


# How one file continues the others


def period(begin: datetime, end: datetime, rate: int) -> Period:
    return Period(begin, end, dict.fromkeys(KEYS, Decimal(rate)))


def hours(*edges: int) -> list[datetime]:
    return [SEPTEMBER + timedelta(hours=edge) for edge in edges]


@st.composite
def tables(draw: st.DrawFn) -> RateTable:
    edges = hours(*sorted(draw(st.sets(st.integers(0, 40), min_size=2, max_size=6))))
    return RateTable([period(a, b, draw(st.integers(1, 9))) for a, b in pairwise(edges)])


def rate_or_none(table: RateTable, moment: datetime) -> Decimal | None:
    return next((one.rates[KEYS[0]] for one in table.periods if one.valid_from <= moment < one.valid_until), None)


@pytest.mark.rule("GL-253", "GL-254")
@given(tables(), tables())
def test_where_two_files_speak_of_the_same_moment_the_later_one_counts(earlier: RateTable, later: RateTable) -> None:
    edges = (*earlier.periods, *later.periods)
    leaves_a_gap = (
        later.periods[0].valid_from > earlier.periods[-1].valid_until
        or earlier.periods[0].valid_from > later.periods[-1].valid_until
    )
    if leaves_a_gap:
        with pytest.raises(ValueError, match="begins when"):
            overlaid(earlier, later)
        return
    both = overlaid(earlier, later)
    for moment in {one.valid_from for one in edges} | {one.valid_until for one in edges}:
        for near in (moment, moment - timedelta(microseconds=1)):
            newest = rate_or_none(later, near)
            assert rate_or_none(both, near) == (rate_or_none(earlier, near) if newest is None else newest)


@pytest.mark.rule("GL-253")
def test_the_first_file_continues_nothing() -> None:
    table = RateTable([period(SEPTEMBER, OCTOBER, 1)])
    assert overlaid(RateTable([]), table) == overlaid(table, RateTable([])) == table
    assert continuation_findings(RateTable([]), table, DECEMBER) == []


@pytest.mark.rule("GL-249", "GL-254")
@pytest.mark.parametrize(
    ("new", "codes"),
    [
        ([period(OCTOBER, NOVEMBER, 2)], []),
        ([period(SEPTEMBER, OCTOBER, 1), period(OCTOBER, NOVEMBER, 2)], []),  # says again what is known
        ([period(SEPTEMBER, OCTOBER, 2)], [("rows.2", "STARTED")]),
        ([period(SEPTEMBER + timedelta(days=14), OCTOBER, 2)], []),  # from now on
        ([period(SEPTEMBER + timedelta(days=13, hours=23), OCTOBER, 2)], [("rows.2", "STARTED")]),
        ([period(SEPTEMBER, OCTOBER, 1), period(OCTOBER, NOVEMBER, 1)], []),
        ([period(NOVEMBER, DECEMBER, 2)], [("rows.2", "GAP")]),
    ],
)
def test_a_rate_that_has_begun_to_apply_is_not_changed_and_no_moment_is_left_out(
    new: list[Period], codes: list[tuple[str, str]]
) -> None:
    known = RateTable([period(SEPTEMBER, OCTOBER, 1)])
    found = continuation_findings(known, RateTable(new), SEPTEMBER + timedelta(days=14))
    assert [(one.field, one.code) for one in found] == codes
    assert all(one.message.endswith("ください。") for one in found)


# At work


@pytest_asyncio.fixture(loop_scope="session")
async def counter(postgres_url: FreshDatabase) -> AsyncIterator[Counter]:
    async with open_counter(await postgres_url("applications")) as opened:
        opened.clock.now = datetime(2026, 9, 20, 3, 0, tzinfo=UTC)
        yield opened


def row(begin: str, end: str, first: str = "1.200") -> str:
    return f"2026-{begin} 00:00,2026-{end} 00:00,{first},1.400,1.580,1.640,0.900,1.100,1.280,1.340"


def csv(*rows: str) -> bytes:
    return "\r\n".join([",".join(HEADER), *rows, ""]).encode("cp932")


async def bring(
    counter: Counter, content: bytes, role: Role = Role.OFFICE_APPROVER, **query: str | bool
) -> httpx.Response:
    officer = counter.person(role)
    headers = {**counter.gate.headers(role, officer.account_id), "Content-Type": "text/csv"}
    params = {"reason": "10月の金利改定", **query}
    return await counter.client.post(f"{PATH}/imports", content=content, headers=headers, params=params)


async def shown(counter: Counter) -> httpx.Response:
    return await counter.client.get(PATH)


@pytest.mark.rule("GL-249", "GL-250", "GL-253", "GL-254")
async def test_everybody_sees_the_rates_of_this_moment_and_none_that_come_later(counter: Counter) -> None:
    assert (await shown(counter)).status_code == 404
    made = await bring(counter, csv(row("09-01", "10-01"), row("10-01", "11-01", "1.250")))
    assert (made.status_code, made.json()["periods"], made.json()["repeated"]) == (201, 2, False)
    september = (await shown(counter)).json()
    assert datetime.fromisoformat(september["valid_until"]) == OCTOBER
    assert september["rates"][0] == {"menu": "STANDARD", "danshin": "NONE", "percent": "1.200"}
    assert [(one["menu"], one["danshin"]) for one in september["rates"]] == list(KEYS)
    counter.clock.now = OCTOBER - timedelta(microseconds=1)
    assert (await shown(counter)).json() == september
    counter.clock.now = OCTOBER
    assert (await shown(counter)).json()["rates"][0]["percent"] == "1.250"
    counter.clock.now = NOVEMBER
    assert (await shown(counter)).status_code == 404


@pytest.mark.rule("GL-254")
async def test_an_acceptance_finds_the_rate_of_its_moment_through_all_files(counter: Counter) -> None:
    await bring(counter, csv(row("09-01", "10-01")))
    await bring(counter, csv(row("10-01", "11-01", "1.250")))
    await bring(counter, csv(row("10-01", "11-01", "1.260")), reason="印刷の誤りを訂正")
    async with counter.database.transaction() as session:
        table = await rate_table(session)
    found = [rate_at(table, moment, *KEYS[0]) for moment in (SEPTEMBER, OCTOBER - timedelta(seconds=1), OCTOBER)]
    assert found == [Decimal("1.200"), Decimal("1.200"), Decimal("1.260")]


@pytest.mark.rule("GL-253")
async def test_who_imported_a_file_and_why_is_kept_and_cannot_be_changed(counter: Counter) -> None:
    officer = counter.person(Role.OFFICE_APPROVER)
    headers = {**counter.gate.headers(Role.OFFICE_APPROVER, officer.account_id), "Content-Type": "text/csv"}
    content = csv(row("09-01", "10-01"))
    await counter.client.post(f"{PATH}/imports", content=content, headers=headers, params={"reason": "初回の登録"})
    (kept,) = await counter.rows("SELECT imported_by, reason, imported_at FROM rate_imports")
    assert (kept.imported_by, kept.reason, kept.imported_at) == (officer.account_id, "初回の登録", counter.clock.now)
    for statement in ("UPDATE rates SET percent = 2", "DELETE FROM rates", "DELETE FROM rate_imports"):
        with pytest.raises(DBAPIError, match="append-only"):
            async with counter.database.transaction() as session:
                await session.execute(text(statement))


@pytest.mark.rule("GL-253")
async def test_of_a_file_with_a_fault_nothing_is_imported_and_every_fault_is_told(counter: Counter) -> None:
    refused = await bring(counter, csv(row("09-01", "10-01", "25"), row("10-02", "11-01", "")))
    assert (refused.status_code, refused.json()["code"]) == (409, "rates_refused")
    assert findings(refused) == {
        ("GL-253", "ABSURD", "rows.2.通常・団信なし"),
        ("GL-253", "GAP", "rows.3"),
        ("GL-253", "MISSING", "rows.3.通常・団信なし"),
    }
    assert findings(await bring(counter, b"x")) == {("GL-253", "HEADER", "")}
    assert await counter.rows("SELECT 1 FROM rates UNION ALL SELECT 1 FROM rate_imports") == []


@pytest.mark.rule("GL-249", "GL-254")
async def test_a_file_continues_those_before_it(counter: Counter) -> None:
    await bring(counter, csv(row("09-01", "10-01")))
    assert findings(await bring(counter, csv(row("09-01", "10-01", "1.300")))) == {("GL-253", "STARTED", "rows.2")}
    assert findings(await bring(counter, csv(row("10-02", "11-01")))) == {("GL-253", "GAP", "rows.2")}
    assert (await bring(counter, csv(row("09-25", "11-01", "1.300")))).status_code == 201


@pytest.mark.rule("GL-253")
async def test_what_looks_odd_is_imported_when_somebody_has_looked_at_it(counter: Counter) -> None:
    odd = csv(row("09-01", "10-01"), row("10-01", "11-01", "1.800"))
    refused = await bring(counter, odd)
    assert (refused.status_code, refused.json()["code"]) == (409, "rates_strange")
    assert {code for _, code, _ in findings(refused)} == {"JUMP", "BELOW_NONE"}
    assert (await shown(counter)).status_code == 404
    assert (await bring(counter, odd, warnings_accepted=True)).status_code == 201
    # What is wrong is wrong, whoever looked at it.
    wrong = csv(row("10-01", "11-01", "25"))
    assert (await bring(counter, wrong, warnings_accepted=True)).json()["code"] == "rates_refused"


@pytest.mark.rule("GL-253")
async def test_the_same_file_again_does_nothing(counter: Counter) -> None:
    file = csv(row("09-01", "10-01"))
    first = (await bring(counter, file)).json()
    assert (await bring(counter, file)).json() == {**first, "repeated": True}
    assert len(await counter.rows("SELECT 1 FROM rates")) == 8


@pytest.mark.rule("GL-253")
async def test_nobody_but_an_approver_imports_rates_and_nobody_without_a_reason(counter: Counter) -> None:
    file = csv(row("09-01", "10-01"))
    for role in set(Role) - {Role.OFFICE_APPROVER}:
        assert (await bring(counter, file, role)).status_code == 403, role
    for reason in ("", "  ", "長" * 201):
        assert (await bring(counter, file, reason=reason)).status_code == 422
    anonymous = await counter.client.post(f"{PATH}/imports", content=file, params={"reason": "x"})
    assert anonymous.status_code == 401
    assert await counter.rows("SELECT 1 FROM rate_imports") == []
