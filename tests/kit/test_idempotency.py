"""Idempotency-Key: the same request twice is done once, and both are told the same."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio
from fastapi import Response
from kit.db import Database
from kit.errors import NotFound
from kit.idempotency import Once
from madoguchi_contracts import Role
from pydantic import BaseModel
from sqlalchemy import text
from structlog.testing import capture_logs
from support.actors import Gate
from support.clock import FakeClock
from support.kit_app import app_on, client_of
from support.kit_database import kit_database
from support.servers import FreshDatabase

SOMEBODY = UUID("6f1e1a3c-0000-4000-8000-000000000001")
PATH = f"/v1/people/{SOMEBODY}/notes"


@pytest_asyncio.fixture
async def database(empty_postgres_url: FreshDatabase) -> AsyncIterator[Database]:
    database = await kit_database(empty_postgres_url)
    yield database
    await database.close()


@pytest_asyncio.fixture
async def client(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app_on(database, GATE.verifier, GATE.clock)) as client:
        yield client


GATE = Gate(FakeClock())


async def keep(
    client: httpx.AsyncClient, what: str, *, key: str = "k", who: UUID = SOMEBODY, milliseconds: int = 0
) -> httpx.Response:
    """A request to keep a note; see `support.kit_app.keep_for` for the notes that fail."""
    headers = GATE.headers(Role.ASSOCIATION, who, key=key)
    return await client.post(PATH, json={"text": what, "number": milliseconds}, headers=headers, timeout=60)


async def effects(database: Database) -> list[str]:
    async with database.transaction() as session:
        return list((await session.execute(text("SELECT what FROM effects ORDER BY id"))).scalars())


async def keys(database: Database) -> int:
    async with database.transaction() as session:
        return int((await session.execute(text("SELECT count(*) FROM idempotency_keys"))).scalar_one())


@pytest.mark.parametrize("key", [None, "", "x" * 201, "鍵", "a\tb"])
async def test_a_request_without_a_usable_key_is_refused_and_does_nothing(
    client: httpx.AsyncClient, database: Database, key: str | None
) -> None:
    headers = GATE.headers(Role.ASSOCIATION)
    del headers["Idempotency-Key"]
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    if key is not None:
        raw.append((b"Idempotency-Key", key.encode()))
    answer = await client.post(PATH, json={"text": "one"}, headers=raw)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")
    assert await effects(database) == []


async def test_a_repeated_request_gets_the_stored_answer_and_does_nothing(
    client: httpx.AsyncClient, database: Database
) -> None:
    first = await keep(client, "one")
    second = await keep(client, "one")
    assert first.status_code == second.status_code == 201
    assert first.content == second.content
    assert "idempotent-replay" not in first.headers
    assert second.headers["idempotent-replay"] == "true"
    assert second.headers["content-type"] == "application/json"
    assert await effects(database) == ["one"]


async def test_the_same_json_written_otherwise_is_the_same_request(client: httpx.AsyncClient) -> None:
    headers = GATE.headers(Role.ASSOCIATION, SOMEBODY, key="k") | {"Content-Type": "application/json"}
    await client.post(PATH, content=b'{"text": "a", "number": 0}', headers=headers)
    answer = await client.post(PATH, content=b'{"number":0,\n"text":"\\u0061"}', headers=headers)
    assert answer.headers["idempotent-replay"] == "true"


@pytest.mark.parametrize("path", [PATH, f"/v1/people/{uuid4()}/notes"])
async def test_a_key_used_for_another_request_is_refused(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    await keep(client, "one")
    body = {"text": "two" if path == PATH else "one", "number": 0}
    answer = await client.post(path, json=body, headers=GATE.headers(Role.ASSOCIATION, SOMEBODY, key="k"))
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert await effects(database) == ["one"]


async def test_the_keys_of_different_people_do_not_meet(client: httpx.AsyncClient, database: Database) -> None:
    answers = [await keep(client, f"of {number}", who=uuid4()) for number in range(2)]
    assert [answer.json()["text"] for answer in answers] == ["of 0", "of 1"]
    assert len(await effects(database)) == 2


async def test_twenty_at_once_have_one_effect_and_one_answer(client: httpx.AsyncClient, database: Database) -> None:
    answers = await asyncio.gather(*(keep(client, "slow", milliseconds=100) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replay" in answer.headers for answer in answers) == 19
    assert await effects(database) == ["slow"]


async def test_while_the_first_is_at_work_the_second_is_told_to_come_back(
    client: httpx.AsyncClient, database: Database
) -> None:
    first = asyncio.create_task(keep(client, "slow", milliseconds=6000))
    while not await waiting_for_work(database):
        await asyncio.sleep(0.05)
    second = await keep(client, "slow", milliseconds=6000)
    assert (second.status_code, second.json()["code"]) == (409, "request_in_progress")
    assert second.headers["retry-after"] == "3"
    assert (await first).status_code == 201
    third = await keep(client, "slow", milliseconds=6000)
    assert third.headers["idempotent-replay"] == "true"
    assert await effects(database) == ["slow"]


async def waiting_for_work(database: Database) -> bool:
    """Whether a request has claimed its key and is now at work."""
    async with database.transaction() as session:
        idle = text("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in tr%'")
        return bool((await session.execute(idle)).all())


@pytest.mark.parametrize(("failing", "status"), [("refused", 409), ("broken", 500)])
async def test_work_that_fails_leaves_neither_effect_nor_key(
    client: httpx.AsyncClient, database: Database, failing: str, status: int
) -> None:
    with capture_logs():
        answers = [await keep(client, failing) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [status, status]
    assert not any("idempotent-replay" in answer.headers for answer in answers)
    assert await effects(database) == []
    assert await keys(database) == 0
    assert (await keep(client, "one")).status_code == 201


class _Answer(BaseModel):
    told: str


async def test_who_waited_for_work_that_then_failed_does_it(database: Database) -> None:
    claimed = asyncio.Event()

    async def first() -> None:
        async with database.transaction() as session:

            async def work() -> _Answer:
                claimed.set()
                await asyncio.sleep(0.5)
                raise NotFound

            await Once(session, "somebody", "k", "sha")(work)

    async def second() -> Response:
        await claimed.wait()
        async with database.transaction() as session:

            async def work() -> _Answer:
                return _Answer(told="by the second")

            return await Once(session, "somebody", "k", "sha")(work)

    failed, answer = await asyncio.gather(first(), second(), return_exceptions=True)
    assert isinstance(failed, NotFound)
    assert isinstance(answer, Response)
    assert (answer.status_code, answer.body) == (201, b'{"told":"by the second"}')
    assert await keys(database) == 1
