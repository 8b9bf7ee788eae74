"""Telling the event log again: all of it or one aggregate's, and after a broker forgot it, and only then."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from kit import relay
from kit.bus import Consumer, EventMeta
from kit.db import Database
from kit.eventlog import record
from kit.replay_cli import commands
from madoguchi_contracts.identity import AccountLapsed, OtpEnrolled, OtpReset
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from support.clock import FakeClock
from support.examples import event_of
from support.kit_database import kit_database
from support.network import free_port
from support.servers import MADOGUCHI, FreshDatabase
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
            await session.execute(text("ALTER TABLE events ENABLE TRIGGER events_append_only"))


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


async def test_one_topic_can_be_told_again_alone(database: Database) -> None:
    one, other = uuid4(), uuid4()
    await told_before(database, [one], "test.one.v1")
    await told_before(database, [other])
    result = await replay(database, "--topic", "test.one.v1")
    assert result.output == "3 events will be told again\n"
    assert await waiting(database) == [(one, n, True) for n in (1, 2, 3)]


async def test_an_aggregate_and_a_topic_together_are_refused(database: Database) -> None:
    result = await replay(database, "--topic", "test.one.v1", "--aggregate", str(uuid4()))
    assert result.exit_code == 2


async def test_a_replay_goes_on_where_it_was(database: Database) -> None:
    one, other = uuid4(), uuid4()
    await told_before(database, [one, other])
    async with database.transaction() as session:
        ids = list((await session.execute(text("SELECT id FROM events ORDER BY id"))).scalars())
    result = await replay(database, "--after", str(ids[3]))
    assert result.output == "2 events will be told again\n"
    assert await waiting(database) == [(other, 2, True), (other, 3, True)]


async def test_one_aggregate_goes_on_where_it_was_too(database: Database) -> None:
    one, other = uuid4(), uuid4()
    await told_before(database, [one, other])
    async with database.transaction() as session:
        first = (await session.execute(text("SELECT min(id) FROM events"))).scalar_one()
    await replay(database, "--aggregate", str(one), "--after", str(first))
    assert await waiting(database) == [(one, 2, True), (one, 3, True)]


@asynccontextmanager
async def relaying(database: Database, publish: relay.Publish) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(relay.run(database.dsn, publish, stop=stop, beat=lambda: None))
    yield
    stop.set()
    await task


class Slow:
    """A broker that remembers what it took, in order, and how long the queue of replays was."""

    def __init__(self, database: Database) -> None:
        self.told: list[tuple[UUID, int, bool]] = []
        self.longest = 0
        self._database = database

    async def __call__(self, rows: Sequence[Any]) -> relay.Told:
        self.longest = max(self.longest, sum(replay for _, _, replay in await waiting(self._database)))
        await asyncio.sleep(0.02)
        self.told += [(UUID(row["aggregate_id"]), int(row["version"]), row["replay"]) for row in rows]
        return [row["id"] for row in rows], {}


async def test_a_replay_keeps_its_rate_and_new_events_are_told_in_the_midst_of_it(database: Database) -> None:
    old, new = [uuid4() for _ in range(40)], uuid4()
    await told_before(database, old)
    broker = Slow(database)
    began = asyncio.get_running_loop().time()
    async with relaying(database, broker):
        replaying = asyncio.create_task(replay(database, "--rate", "40"))
        await asyncio.sleep(1)
        async with database.transaction() as session:
            await record(session, event_of(new), now=FakeClock().now)
        result = await replaying
        while await waiting(database):
            await asyncio.sleep(0.05)
    assert asyncio.get_running_loop().time() - began >= 3  # 120 events, 40 a second
    assert result.stdout.endswith("events will be told again\n")
    assert broker.longest <= 40  # never more than a batch ahead of the relay
    at = broker.told.index((new, 1, False))
    assert 0 < at < len(broker.told) - 1  # not behind the replay
    for aggregate in old:
        assert [version for one, version, _ in broker.told if one == aggregate] == [1, 2, 3]


async def test_a_reader_that_begins_during_a_replay_misses_nothing_that_happens_meanwhile(database: Database) -> None:
    """It passes over what does not follow on what it has; the replay brings that later, in order."""
    aggregates = [uuid4() for _ in range(30)]
    await told_before(database, aggregates)
    broker = Slow(database)
    async with relaying(database, broker):
        replaying = asyncio.create_task(replay(database, "--rate", "30"))
        while not replaying.done():
            async with database.transaction() as session:
                await record(session, event_of(aggregates[-1]), now=FakeClock().now)
            await asyncio.sleep(0.1)
        await replaying
        while await waiting(database):
            await asyncio.sleep(0.05)
    for aggregate in aggregates:
        has = 0
        for one, version, _ in broker.told:
            has = version if one == aggregate and version == has + 1 else has
        async with database.transaction() as session:
            last = text("SELECT max(version) FROM events WHERE aggregate_id = :aggregate")
            assert has == (await session.execute(last, {"aggregate": aggregate})).scalar_one()
    assert any(version > 3 and replayed for _, version, replayed in broker.told)


async def test_a_replay_waits_for_the_relay_and_can_be_cut_off(database: Database) -> None:
    await told_before(database, [uuid4() for _ in range(4)])
    command = (MADOGUCHI, "replay", "--rate", "5")
    environment = {**os.environ, "MADOGUCHI_DATABASE_URL": database.url}
    process = await asyncio.create_subprocess_exec(*command, env=environment, stderr=asyncio.subprocess.PIPE)
    assert process.stderr is not None
    async with asyncio.timeout(30):
        progress = await process.stderr.readline()
        assert (await process.stderr.readline()) == b"waiting for the relay to tell 5 events\n"
    process.terminate()
    await process.wait()
    assert len(await waiting(database)) == 5

    (after,) = re.findall(rb"5 events queued; --after ([0-9]+) goes on from here", progress)
    result = await replay(database, "--rate", "500", "--after", after.decode())
    assert result.stdout == "7 events will be told again\n"
    assert len(await waiting(database)) == 12


@pytest.mark.real
async def test_a_replay_through_kafka_does_nothing_again_and_gives_a_new_consumer_everything(
    database: Database, topic: str, kafka_bootstrap: str, kafka_idempotence: bool
) -> None:
    aggregates = [uuid4() for _ in range(5)]
    await told_before(database, aggregates, topic)
    clock = FakeClock()

    async def effect(session: AsyncSession, event: Any, meta: EventMeta) -> None:
        values = {"key": meta.aggregate_id, "what": f"{meta.sequence} {meta.replay}"}
        await session.execute(text("INSERT INTO effects (key, what) VALUES (:key, :what)"), values)

    async def effects() -> list[tuple[UUID, str]]:
        async with database.transaction() as session:
            return [(row.key, row.what) for row in await session.execute(text("SELECT * FROM effects ORDER BY id"))]

    handlers = dict.fromkeys((OtpEnrolled, OtpReset, AccountLapsed), effect)
    producer = AIOKafkaProducer(bootstrap_servers=kafka_bootstrap, enable_idempotence=kafka_idempotence)
    reader = AIOKafkaConsumer(topic, bootstrap_servers=kafka_bootstrap, auto_offset_reset="earliest")
    await producer.start()
    await reader.start()

    async def read(number: int) -> list[Any]:
        records: list[Any] = []
        async with asyncio.timeout(30):
            while len(records) < number:
                records += [one for part in (await reader.getmany(timeout_ms=200)).values() for one in part]
        return records

    try:
        async with relaying(database, relay.make_publisher(producer, "/madoguchi/identity")):
            await replay(database, "--topic", topic)
            first = await read(15)
            await Consumer("known", handlers, database=database, clock=clock).process(first)
            assert sorted(await effects()) == sorted((key, f"{n} True") for key in aggregates for n in (1, 2, 3))

            await replay(database, "--aggregate", str(aggregates[0]))
            again = await read(3)
            await replay(database, "--topic", topic)
            again += await read(15)
    finally:
        await producer.stop()
        await reader.stop()
    assert all(dict(one.headers)["ce_replay"] == b"true" for one in again)
    assert {dict(one.headers)["ce_id"] for one in again} == {dict(one.headers)["ce_id"] for one in first}
    before = await effects()
    await Consumer("known", handlers, database=database, clock=clock).process(again)
    assert await effects() == before  # nothing is done again

    await Consumer("new", handlers, database=database, clock=clock).process(again)
    begun = (await effects())[len(before) :]
    for key in aggregates:
        assert [what for one, what in begun if one == key] == ["1 True", "2 True", "3 True"]


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
