"""The event log: ordered, gapless, append-only, and written with what it tells about."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio
from kit.db import Database
from kit.eventlog import MAX_EVENT_BYTES, EventTooLarge, history, record, retell
from madoguchi_contracts.applications import ApplicationStarted, DocumentPolicy
from madoguchi_contracts.identity import SessionsEnded
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from support.clock import FakeClock
from support.examples import event_of
from support.kit_database import kit_database
from support.servers import FreshDatabase

NOW = FakeClock().now


@pytest_asyncio.fixture
async def database(empty_postgres_url: FreshDatabase) -> AsyncIterator[Database]:
    database = await kit_database(empty_postgres_url)
    yield database
    await database.close()


async def test_versions_of_an_aggregate_count_from_one_without_a_gap(database: Database) -> None:
    one, other = uuid4(), uuid4()
    async with database.transaction() as session:
        versions = [await record(session, event_of(one, n), now=NOW) for n in range(3)]
        assert await record(session, event_of(other), now=NOW) == 1
    assert versions == [1, 2, 3]
    async with database.transaction() as session:
        told = await history(session, one)
    assert [event.version for event in told] == [1, 2, 3]
    assert told[0].data == {"account_id": str(one)}


async def test_an_event_of_a_rolled_back_transaction_never_happened(database: Database) -> None:
    aggregate = uuid4()
    with pytest.raises(ZeroDivisionError):
        async with database.transaction() as session:
            await record(session, event_of(aggregate), now=NOW)
            raise ZeroDivisionError
    async with database.transaction() as session:
        assert await history(session, aggregate) == []
        assert (await session.execute(text("SELECT count(*) FROM outbox"))).scalar_one() == 0


async def test_two_writers_of_one_aggregate_without_its_lock_cannot_both_succeed(database: Database) -> None:
    aggregate = uuid4()
    both_recorded = asyncio.Barrier(2)

    async def write() -> None:
        async with database.transaction() as session:
            await session.execute(text("SELECT count(*) FROM events"))
            await both_recorded.wait()
            await record(session, event_of(aggregate), now=NOW)
            await asyncio.sleep(0.05)

    results = await asyncio.gather(write(), write(), return_exceptions=True)
    assert sorted(type(result) for result in results if result) == [asyncpg.UniqueViolationError]


@pytest.mark.parametrize("statement", ["UPDATE events SET type = 'x'", "DELETE FROM events"])
async def test_history_cannot_be_changed(database: Database, statement: str) -> None:
    async with database.transaction() as session:
        await record(session, event_of(uuid4()), now=NOW)
    with pytest.raises(DBAPIError, match="append-only"):
        async with database.transaction() as session:
            await session.execute(text(statement))


async def test_an_event_too_large_for_the_broker_fails_where_it_is_made(database: Database) -> None:
    ids = tuple(uuid4() for _ in range(15_000))
    with pytest.raises(EventTooLarge):
        async with database.transaction() as session:
            await record(session, SessionsEnded(account_id=uuid4(), session_ids=ids, reason="logout"), now=NOW)


async def test_the_size_of_an_event_is_counted_in_bytes_not_in_characters(database: Database) -> None:
    slot = {"key": "kanri_kiyaku", "label": "規約" * 50, "required": True}
    policy = {"slots": [slot] * 1500, "total_limit_bytes": 1}
    started = ApplicationStarted(
        application_id=uuid4(),
        programme="bond",
        account_id=uuid4(),
        reference="B26-0000-0001",
        documents=DocumentPolicy.model_validate(policy),
    )
    told = started.model_dump_json()
    assert len(told) < MAX_EVENT_BYTES < len(told.encode())
    with pytest.raises(EventTooLarge):
        async with database.transaction() as session:
            await record(session, started, now=NOW)


async def test_retelling_queues_everything_once_and_marks_it(database: Database) -> None:
    one = uuid4()
    async with database.transaction() as session:
        for n in range(3):
            await record(session, event_of(one, n), now=NOW)
        await record(session, event_of(uuid4()), now=NOW)
    async with database.transaction() as session:
        assert (await retell(session, after=0, limit=9)).queued == 0  # not told yet: nothing to tell again
        await session.execute(text("DELETE FROM outbox"))
    async with database.transaction() as session:
        batch = await retell(session, after=0, limit=9, aggregate_id=one)
        assert (batch.found, batch.queued) == (3, 3)
        batch = await retell(session, after=0, limit=9)
        assert (batch.found, batch.queued) == (4, 1)
        rows = (await session.execute(text("SELECT id, replay FROM outbox ORDER BY id"))).all()
    assert [row.replay for row in rows] == [True] * 4
