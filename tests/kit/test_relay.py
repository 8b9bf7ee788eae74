"""The relay: per aggregate in order, at least once, through failing sends, lost connections and several replicas."""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from kit import relay
from kit.cloudevents import decode
from kit.db import Database
from kit.eventlog import bucket_of, record
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


async def record_many(database: Database, aggregates: Sequence[UUID], each: int) -> None:
    """`each` events for every aggregate, a transaction per round."""
    for n in range(each):
        async with database.transaction() as session:
            for aggregate in aggregates:
                await record(session, event_of(aggregate, n), now=NOW)
    database.after_events()


async def pending(database: Database) -> int:
    connection = await asyncpg.connect(database.dsn)
    try:
        return int(await connection.fetchval("SELECT count(*) FROM outbox"))
    finally:
        await connection.close()


async def until_told(database: Database) -> None:
    async with asyncio.timeout(60):
        while await pending(database):
            await asyncio.sleep(0.05)


class Broker:
    """A broker's side that remembers what it took, in order, and can fail on purpose: four partitions, each of which
    takes its part of a batch as a whole or not at all."""

    def __init__(self, failure_rate: float = 0, refuse: UUID | None = None) -> None:
        self.versions: dict[UUID, list[int]] = defaultdict(list)
        self.failures = 0
        self.refuse = refuse
        self._rate = failure_rate
        self._random = random.Random(4)

    async def __call__(self, rows: Sequence[asyncpg.Record]) -> relay.Told:
        told: list[int] = []
        failed: dict[int, BaseException] = {}
        for partition in range(4):
            part = [row for row in rows if UUID(row["aggregate_id"]).int % 4 == partition]
            if part and self._random.random() < self._rate:
                self.failures += 1
                failed.update((row["bucket"], ConnectionError("lost")) for row in part)
                if self._random.random() < 0.5:  # taken all the same, and only the answer was lost
                    self._take(part)
                continue
            refused = [row for row in part if row["aggregate_id"] == str(self.refuse)]
            failed.update((row["bucket"], ConnectionError("refused")) for row in refused)
            accepted = [row for row in part if row not in refused]
            self._take(accepted)
            told += [row["id"] for row in accepted]
        return told, failed

    def _take(self, rows: Sequence[asyncpg.Record]) -> None:
        for row in rows:
            self.versions[UUID(row["aggregate_id"])].append(int(row["version"]))

    def deduplicated(self, aggregate: UUID) -> list[int]:
        """What a reader's inbox lets through."""
        return list(dict.fromkeys(self.versions[aggregate]))


@asynccontextmanager
async def running(database: Database, publish: relay.Publish) -> AsyncIterator[asyncio.Task[None]]:
    stop = asyncio.Event()
    task = asyncio.create_task(relay.run(database.dsn, publish, stop=stop, beat=lambda: None))
    try:
        yield task
    finally:
        stop.set()
        await asyncio.gather(task, return_exceptions=True)


async def test_everything_recorded_is_told_in_order_per_aggregate(database: Database) -> None:
    told, aggregates = Broker(), [uuid4() for _ in range(40)]
    await record_many(database, aggregates, 20)
    async with running(database, told):
        await until_told(database)
    assert all(told.versions[aggregate] == list(range(1, 21)) for aggregate in aggregates)


async def test_failing_sends_delay_and_repeat_but_never_reorder_or_lose(database: Database, monkeypatch: Any) -> None:
    monkeypatch.setattr(relay, "REST_SECONDS", 0.01)
    told, aggregates = Broker(failure_rate=0.3), [uuid4() for _ in range(20)]
    async with running(database, told):
        await record_many(database, aggregates, 25)
        await until_told(database)
    assert told.failures > 0
    assert all(told.deduplicated(aggregate) == list(range(1, 26)) for aggregate in aggregates)


async def test_an_event_the_broker_refuses_holds_up_its_own_bucket_only(database: Database) -> None:
    stubborn = uuid4()
    others = [one for one in (uuid4() for _ in range(100)) if bucket_of(one) != bucket_of(stubborn)]
    told = Broker(refuse=stubborn)
    # More refused events than a batch holds: they must not fill every batch.
    await record_many(database, [stubborn], relay.BATCH + 50)
    async with running(database, told):
        await record_many(database, others, 5)
        async with asyncio.timeout(60):
            while await pending(database) > relay.BATCH + 50:
                await asyncio.sleep(0.02)
        assert all(told.versions[other] == [1, 2, 3, 4, 5] for other in others)
        told.refuse = None
        await until_told(database)
    assert told.versions[stubborn] == list(range(1, relay.BATCH + 51))


async def test_three_replicas_keep_order_while_their_connections_are_killed(database: Database) -> None:
    told, aggregates = Broker(), [uuid4() for _ in range(60)]

    async def keep_running() -> None:
        while True:
            try:
                await relay.run(database.dsn, told, stop=asyncio.Event(), beat=lambda: None)
            except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
                await asyncio.sleep(0.01)

    replicas = [asyncio.create_task(keep_running()) for _ in range(3)]
    killer = await asyncpg.connect(database.dsn)
    kills = 0
    try:
        writing = asyncio.create_task(record_many(database, aggregates, 60))
        while not writing.done():
            kills += await killer.fetchval(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_locks JOIN pg_stat_activity USING (pid) "
                "WHERE locktype = 'advisory' AND application_name = 'madoguchi-relay' AND objid = 7 "
                "AND datname = current_database()"
            )
            await asyncio.sleep(0.15)
        await writing
        await until_told(database)
    finally:
        for replica in replicas:
            replica.cancel()
        await asyncio.gather(*replicas, return_exceptions=True)
        await killer.close()
    assert kills >= 3
    assert all(told.deduplicated(aggregate) == list(range(1, 61)) for aggregate in aggregates)


async def test_a_relay_that_hangs_loses_its_buckets_to_the_next_one_within_seconds(
    database: Database, monkeypatch: Any
) -> None:
    monkeypatch.setattr(relay, "HANG_SECONDS", 1)
    never: asyncio.Future[object] = asyncio.get_running_loop().create_future()
    has_read = asyncio.Event()

    async def hangs(connection: asyncpg.Connection, work: Any, beat: Any) -> object:
        work.close()
        has_read.set()
        return await never

    monkeypatch.setattr(relay, "_while_holding", hangs)
    hung = asyncio.create_task(relay.run(database.dsn, Broker(), stop=asyncio.Event(), beat=lambda: None))
    await record_many(database, [uuid4()], 3)
    await asyncio.wait_for(has_read.wait(), 30)  # and hangs: no word to PostgreSQL any more
    monkeypatch.undo()
    told = Broker()
    async with running(database, told):
        await until_told(database)
    assert list(told.versions.values()) == [[1, 2, 3]]
    hung.cancel()
    await asyncio.gather(hung, return_exceptions=True)


async def test_a_slow_broker_does_not_cost_the_relay_its_buckets(database: Database, monkeypatch: Any) -> None:
    monkeypatch.setattr(relay, "HANG_SECONDS", 2)
    told = Broker()

    async def slow(rows: Sequence[asyncpg.Record]) -> relay.Told:
        await asyncio.sleep(4)
        return await told(rows)

    await record_many(database, [uuid4()], 1)
    async with running(database, slow) as task:
        await until_told(database)
        assert not task.done()
    assert list(told.versions.values()) == [[1]]


async def test_a_commit_rings_the_relay_at_once(database: Database, monkeypatch: Any) -> None:
    monkeypatch.setattr(relay, "POLL_SECONDS", 600)  # by looking alone it would not be told
    told, aggregate = Broker(), uuid4()
    bell, stop = relay.Bell(database.dsn), asyncio.Event()
    ringing = asyncio.create_task(bell.run(stop))
    database.after_events = bell.ring
    async with running(database, told):
        for n in range(10):
            async with database.transaction() as session:
                await record(session, event_of(aggregate, n), now=NOW)
            async with asyncio.timeout(30):
                while len(told.versions[aggregate]) <= n:
                    await asyncio.sleep(0.001)
            await asyncio.sleep(0.02)  # it waits again
    assert told.versions[aggregate] == list(range(1, 11))
    stop.set()
    await ringing


@pytest.mark.real
async def test_a_foreign_reader_finds_cloudevents_in_order_with_the_aggregate_as_key(
    database: Database, kafka_bootstrap: str, kafka_idempotence: bool
) -> None:
    aggregates = [uuid4() for _ in range(10)]
    producer = AIOKafkaProducer(
        bootstrap_servers=kafka_bootstrap, acks="all", enable_idempotence=kafka_idempotence, linger_ms=0
    )
    reader = AIOKafkaConsumer(
        "identity.accounts.v1", bootstrap_servers=kafka_bootstrap, auto_offset_reset="earliest", group_id=str(uuid4())
    )
    await producer.start()
    await reader.start()
    try:
        async with running(database, relay.make_publisher(producer, "/madoguchi/identity")):
            await record_many(database, aggregates, 5)
            await until_told(database)
        seen: dict[str, list[int]] = defaultdict(list)
        async with asyncio.timeout(60):
            while sum(map(len, seen.values())) < 50:
                message = await reader.getone()
                key = message.key.decode()
                if UUID(key) in aggregates:
                    envelope = decode(message.headers)
                    assert (str(envelope.aggregate_id), envelope.source) == (key, "/madoguchi/identity")
                    seen[key].append(envelope.sequence)
    finally:
        await reader.stop()
        await producer.stop()
    assert all(seen[str(aggregate)] == [1, 2, 3, 4, 5] for aggregate in aggregates)
