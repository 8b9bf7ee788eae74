"""Telling the event log again: all of it or one aggregate's, and after a broker forgot it, and only then."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from kit.db import Database
from kit.eventlog import record
from kit.replay_cli import commands
from sqlalchemy import text
from support.clock import FakeClock
from support.examples import event_of
from support.kit_database import kit_database
from support.network import free_port
from support.servers import FreshDatabase
from typer.testing import CliRunner, Result


@pytest_asyncio.fixture
async def database(empty_postgres_url: FreshDatabase) -> AsyncIterator[Database]:
    database = await kit_database(empty_postgres_url)
    yield database
    await database.close()


async def told_before(database: Database, aggregates: Sequence[UUID], topic: str | None = None) -> None:
    """Three events of each aggregate, recorded and told."""
    async with database.transaction() as session:
        for aggregate in aggregates:
            for number in range(3):
                await record(session, event_of(aggregate, number), now=FakeClock().now)
        await session.execute(text("DELETE FROM outbox"))
        if topic is not None:
            await session.execute(text("ALTER TABLE events DISABLE TRIGGER events_append_only"))
            await session.execute(text("UPDATE events SET topic = :topic"), {"topic": topic})


async def waiting(database: Database) -> list[tuple[UUID, int, bool]]:
    """What waits to be told, in the order of telling: aggregate, version, whether it is a replay."""
    async with database.transaction() as session:
        rows = await session.execute(
            text("SELECT e.aggregate_id, e.version, o.replay FROM outbox o JOIN events e ON e.id = o.id ORDER BY o.id")
        )
        return [(row.aggregate_id, row.version, row.replay) for row in rows]


async def replay(database: Database, *options: str) -> Result:
    """The command, in a thread: it runs an event loop of its own."""
    environment = {"MADOGUCHI_DATABASE_URL": database.url}
    return await asyncio.to_thread(CliRunner().invoke, commands, options, env=environment)


async def test_the_whole_log_is_queued_in_order_and_marked_as_replay(database: Database) -> None:
    one, other = uuid4(), uuid4()
    await told_before(database, [one, other])
    result = await replay(database)
    assert result.output == "6 events will be told again\n"
    queued = await waiting(database)
    assert queued == [(one, n, True) for n in (1, 2, 3)] + [(other, n, True) for n in (1, 2, 3)]


async def test_one_aggregate_can_be_told_again_alone(database: Database) -> None:
    one, other = uuid4(), uuid4()
    await told_before(database, [one, other])
    result = await replay(database, "--aggregate", str(other))
    assert result.output == "3 events will be told again\n"
    assert await waiting(database) == [(other, n, True) for n in (1, 2, 3)]


async def test_what_waits_to_be_told_for_the_first_time_is_not_queued_twice(database: Database) -> None:
    one = uuid4()
    await told_before(database, [one])
    async with database.transaction() as session:
        await record(session, event_of(one), now=FakeClock().now)
    await replay(database)
    assert await waiting(database) == [(one, 1, True), (one, 2, True), (one, 3, True), (one, 4, False)]


async def test_an_empty_log_is_no_error(database: Database) -> None:
    result = await replay(database)
    assert (result.exit_code, result.output) == (0, "0 events will be told again\n")


@pytest_asyncio.fixture
async def topic(kafka_bootstrap: str) -> str:
    """A new empty topic of four partitions."""
    name = f"test.replay.{uuid4().hex[:8]}.v1"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(name, 4, 1)])
    await admin.close()
    return name


@pytest.mark.real
async def test_a_broker_that_forgot_is_told_again_and_one_that_remembers_is_not(
    database: Database, topic: str, kafka_bootstrap: str, kafka_idempotence: bool
) -> None:
    one = uuid4()
    await told_before(database, [one], topic)
    result = await replay(database, "--if-topic-empty", kafka_bootstrap)
    assert result.output == "3 events will be told again\n"
    assert len(await waiting(database)) == 3

    async with database.transaction() as session:
        await session.execute(text("DELETE FROM outbox"))
    producer = AIOKafkaProducer(bootstrap_servers=kafka_bootstrap, enable_idempotence=kafka_idempotence)
    await producer.start()
    await producer.send_and_wait(topic, b"{}", partition=3)
    await producer.stop()
    result = await replay(database, "--if-topic-empty", kafka_bootstrap)
    assert result.output == "the broker remembers: nothing to tell again\n"
    assert await waiting(database) == []


@pytest.mark.real
async def test_a_broker_that_does_not_even_know_the_topic_is_told_again_and_makes_none(
    database: Database, kafka_bootstrap: str
) -> None:
    unknown = f"test.unknown.{uuid4().hex[:8]}.v1"
    await told_before(database, [uuid4()], unknown)
    result = await replay(database, "--if-topic-empty", kafka_bootstrap)
    assert result.output == "3 events will be told again\n"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    assert unknown not in await admin.list_topics()
    await admin.close()


async def test_a_broker_that_is_down_is_no_broker_that_forgot(database: Database) -> None:
    await told_before(database, [uuid4()])
    result = await replay(database, "--if-topic-empty", f"127.0.0.1:{free_port()}")
    assert result.exit_code == 1
    assert await waiting(database) == []
