"""Consuming: one effect per event, order per key, poison parked with everything behind it, nobody else delayed."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer
from kit.bus import Bulk, Consumer, EventMeta
from kit.db import Database
from kit.errors import Permanent, Transient
from kit.group import consume
from kit.health import Health
from kit.parking_cli import commands as parked
from madoguchi_contracts import Event
from madoguchi_contracts.identity import AccountLapsed, OtpEnrolled, OtpReset
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from support.clock import FakeClock
from support.examples import event_of
from support.kit_database import kit_database
from support.records import FakeRecord, record_of
from support.servers import FreshDatabase
from typer.testing import CliRunner

TOPIC = "identity.accounts.v1"


@pytest_asyncio.fixture
async def database(empty_postgres_url: FreshDatabase) -> AsyncIterator[Database]:
    database = await kit_database(empty_postgres_url)
    yield database
    await database.close()


class Effects:
    """A service whose effect is a row; it can be told to fail for certain accounts."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.fail: dict[UUID, list[Exception]] = {}
        handlers: Any = dict.fromkeys((OtpEnrolled, OtpReset, AccountLapsed), self.write)
        self.consumer = Consumer("notifications", handlers, database=database, clock=FakeClock())

    async def write(self, session: AsyncSession, event: Any, meta: EventMeta) -> None:
        """The effect, then perhaps a failure: what was written must be gone then."""
        await session.execute(
            text("INSERT INTO effects (key, what) VALUES (:key, :what)"),
            {"key": event.account_id, "what": str(meta.sequence)},
        )
        if failures := self.fail.get(event.account_id):
            error = failures[0]
            if len(failures) > 1:
                failures.pop(0)
            raise error

    async def of(self, key: UUID) -> list[str]:
        """The effects on one key, in order."""
        async with self.database.transaction() as session:
            rows = await session.execute(text("SELECT what FROM effects WHERE key = :key ORDER BY id"), {"key": key})
            return list(rows.scalars())

    async def parked(self) -> int:
        """How many events wait."""
        async with self.database.transaction() as session:
            count = await session.execute(text("SELECT count(*) FROM parked_events WHERE resolution IS NULL"))
            return int(count.scalar_one())


@pytest.fixture
def effects(database: Database) -> Effects:
    return Effects(database)


def story(key: UUID, length: int) -> list[FakeRecord]:
    """The first `length` events of an aggregate."""
    return [record_of(event_of(key, n), sequence=n + 1) for n in range(length)]


def interleaved(stories: Sequence[Sequence[FakeRecord]], seed: int = 1) -> list[FakeRecord]:
    """The stories mixed, each in its own order."""
    left = [list(one) for one in stories]
    shuffle = random.Random(seed)
    mixed = []
    while any(left):
        mixed.append(shuffle.choice([one for one in left if one]).pop(0))
    return mixed


async def test_an_event_that_comes_twice_has_one_effect(effects: Effects) -> None:
    key = uuid4()
    (record,) = story(key, 1)
    await effects.consumer.process([record, record])
    await effects.consumer.process([record])
    assert await effects.of(key) == ["1"]


async def test_the_same_event_in_two_replicas_at_once_has_one_effect(effects: Effects) -> None:
    key = uuid4()
    records = story(key, 20)
    await asyncio.gather(effects.consumer.process(records), effects.consumer.process(records))
    assert await effects.of(key) == [str(n) for n in range(1, 21)]


async def test_events_we_do_not_listen_to_pass_without_a_trace(effects: Effects) -> None:
    record = record_of(OtpEnrolled(account_id=uuid4()), type_name="madoguchi.elsewhere.SomethingNew.v1", body=b"\xff")
    await effects.consumer.process([record])
    assert await effects.parked() == 0


def broken_versions(record: FakeRecord) -> dict[str, FakeRecord]:
    """What can be wrong with a record of a type we listen to."""

    def with_header(name: str, value: bytes) -> list[tuple[str, bytes]]:
        return [(n, value if n == name else v) for n, v in record.headers]

    return {
        "broken JSON": replace(record, value=b"{"),
        "no body": replace(record, value=None),
        "a field of the wrong type": replace(record, value=b'{"account_id": 7}'),
        "an unknown version": replace(record, headers=with_header("ce_type", b"madoguchi.identity.OtpEnrolled.v9")),
        "another aggregate in the body": replace(record, value=b'{"account_id": "%s"}' % str(uuid4()).encode()),
        "a key that is not the aggregate": replace(record, key=b"somebody"),
        "no key": replace(record, key=None),
        "a key that is no text": replace(record, key=b"\x00\xff"),
        "an endless key": replace(record, key=b"k" * 10_000),
        "no headers": replace(record, headers=[]),
        "a header that is not text": replace(record, headers=with_header("ce_id", b"\xff\xfe")),
        "no number as sequence": replace(record, headers=with_header("ce_sequence", b"first")),
        "a future CloudEvents version": replace(record, headers=with_header("ce_specversion", b"2.0")),
    }


@pytest.mark.parametrize("fault", broken_versions(record_of(OtpEnrolled(account_id=uuid4()))))
async def test_what_cannot_be_read_is_parked_byte_for_byte_and_others_flow(effects: Effects, fault: str) -> None:
    key, other = uuid4(), uuid4()
    (good,) = story(other, 1)
    record = broken_versions(record_of(OtpEnrolled(account_id=key)))[fault]
    await effects.consumer.process([record, good])
    await effects.consumer.process([record, good])
    assert await effects.of(other) == ["1"]
    async with effects.database.transaction() as session:
        row = (await session.execute(text("SELECT * FROM parked_events"))).one()
    assert bytes(row.body) == (record.value or b"")
    assert [(name, bytes.fromhex(value)) for name, value in row.headers] == record.headers
    assert len(row.key) <= 200


async def test_a_poisoned_event_holds_its_key_in_order_and_no_other(effects: Effects) -> None:
    sick, healthy = uuid4(), [uuid4() for _ in range(5)]
    effects.fail[sick] = [Permanent("cannot be")]
    records = interleaved([story(key, 6) for key in (sick, *healthy)])
    await effects.consumer.process(records[:20])
    await effects.consumer.process(records[20:])
    assert await effects.of(sick) == []
    assert [await effects.of(key) for key in healthy] == [["1", "2", "3", "4", "5", "6"]] * 5
    assert await effects.parked() == 6


async def test_a_retry_after_the_cause_is_mended_does_the_events_in_order_and_frees_the_key(effects: Effects) -> None:
    sick = uuid4()
    effects.fail[sick] = [ValueError("a bug in the handler")]
    records = story(sick, 5)
    await effects.consumer.process(records[:4])
    assert not await effects.consumer.drain(TOPIC, str(sick))  # not mended yet: nothing changes
    assert (await effects.of(sick), await effects.parked()) == ([], 4)
    effects.fail.clear()
    assert await effects.consumer.drain(TOPIC, str(sick))
    await effects.consumer.process(records[4:])
    assert (await effects.of(sick), await effects.parked()) == (["1", "2", "3", "4", "5"], 0)


async def test_new_events_that_come_while_a_key_drains_neither_overtake_nor_stay_behind(effects: Effects) -> None:
    sick = uuid4()
    effects.fail[sick] = [Permanent("for now")]
    records = story(sick, 60)
    await effects.consumer.process(records[:30])
    effects.fail.clear()

    async def go_on() -> None:
        for record in records[30:]:
            await effects.consumer.process([record])

    await asyncio.gather(effects.consumer.drain(TOPIC, str(sick)), go_on())
    await effects.consumer.drain(TOPIC, str(sick))
    assert await effects.of(sick) == [str(n) for n in range(1, 61)]
    assert await effects.parked() == 0


async def test_a_transient_failure_is_tried_again_in_place_and_loses_no_order(effects: Effects) -> None:
    shaky, other = uuid4(), uuid4()
    effects.fail[shaky] = [Transient(), ConnectionError(), TimeoutError(), Transient()]
    retries = asyncio.create_task(effects.consumer.process(interleaved([story(shaky, 3), story(other, 3)])))
    await asyncio.sleep(0.5)
    effects.fail.clear()
    await retries
    assert (await effects.of(shaky), await effects.of(other)) == (["1", "2", "3"], ["1", "2", "3"])
    assert await effects.parked() == 0


async def test_a_lost_database_connection_delays_and_loses_nothing(effects: Effects) -> None:
    key = uuid4()
    records = story(key, 40)

    async def cut() -> None:
        connection = await asyncpg.connect(effects.database.dsn)
        for _ in range(5):
            await asyncio.sleep(0.03)
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        await connection.close()

    cutting = asyncio.create_task(cut())
    for record in records:
        await effects.consumer.process([record])
    await cutting
    assert await effects.of(key) == [str(n) for n in range(1, 41)]


async def test_a_projection_takes_a_run_of_events_at_once(database: Database) -> None:
    runs: list[list[int]] = []

    async def project(session: AsyncSession, events: Sequence[tuple[Event, EventMeta]]) -> None:
        runs.append([meta.sequence for _, meta in events])

    consumer = Consumer("notifications", {OtpEnrolled: Bulk(project)}, database=database, clock=FakeClock())
    records = [record_of(OtpEnrolled(account_id=uuid4()), sequence=n) for n in range(1, 5)]
    await consumer.process([*records, records[0]])
    await consumer.process(records)
    assert runs == [[1, 2, 3, 4]]


async def test_a_type_that_a_service_learns_later_is_new_to_it_in_a_replay_and_says_that_it_is_one(
    database: Database,
) -> None:
    heard: list[tuple[str, bool]] = []

    async def hear(_: AsyncSession, event: Event, meta: EventMeta) -> None:
        heard.append((type(event).__name__, meta.replay))

    key = uuid4()
    told = [record_of(event_of(key, n), sequence=n + 1) for n in range(2)]  # OtpEnrolled, OtpReset
    again = [replace(record, headers=[*record.headers, ("ce_replay", b"true")]) for record in told]
    first, second = (type(event_of(key, n)) for n in range(2))
    before = Consumer("notifications", {first: hear}, database=database, clock=FakeClock())
    since = Consumer("notifications", {first: hear, second: hear}, database=database, clock=FakeClock())
    await before.process(told)
    await since.process(again)
    await since.process(again)
    assert heard == [(first.__name__, False), (second.__name__, True)]


async def test_an_operator_lists_explains_skips_with_a_reason_and_retries(effects: Effects) -> None:
    sick = uuid4()
    records = story(sick, 3)
    broken = replace(records[0], value=b'{"account_id": "secret@example.jp"}')
    await effects.consumer.process([broken, *records[1:]])
    environment = {"MADOGUCHI_DATABASE_URL": effects.database.url}
    where = ["notifications", TOPIC, str(sick)]

    async def run(*arguments: str) -> Any:
        return await asyncio.to_thread(CliRunner().invoke, parked, arguments, env=environment)

    (line,) = (await run("list")).stdout.splitlines()
    assert (json.loads(line)["key"], json.loads(line)["waiting"]) == (str(sick), 3)
    explained = (await run("explain", *where)).stdout
    assert "Unparsable" in json.loads(explained.splitlines()[0])["error"]
    assert "secret@example.jp" not in explained

    assert (await run("skip", *where, "--reason", " ", "--by", "hanako")).exit_code == 2
    # In a container nobody has a name of their own, so there is none to fall back on.
    assert (await run("skip", *where, "--reason", "sent by mistake")).exit_code == 2
    assert (await run("skip", *where, "--reason", "sent by mistake", "--by", "hanako")).exit_code == 0
    async with asyncio.timeout(30):
        stop = asyncio.Event()
        retries = asyncio.create_task(effects.consumer.run_retries(stop, lambda: None))
        while await effects.parked():
            await asyncio.sleep(0.05)
        stop.set()
        await retries
    assert await effects.of(sick) == ["2", "3"]
    await effects.consumer.process([records[0]])  # skipped stays skipped, even if a right one of the same id comes
    assert await effects.of(sick) == ["2", "3"]
    async with effects.database.transaction() as session:
        row = (await session.execute(text("SELECT * FROM parked_events WHERE resolution = 'skipped'"))).one()
    assert (row.resolution_reason, row.resolved_by) == ("sent by mistake", "hanako")
    assert (await run("retry", *where)).exit_code == 1  # free again: there is nothing to retry


@pytest.mark.real
async def test_on_the_real_bus_poison_parks_its_key_and_a_restart_repeats_nothing(
    effects: Effects, kafka_bootstrap: str, kafka_idempotence: bool
) -> None:
    sick, healthy = uuid4(), [uuid4() for _ in range(8)]
    records = interleaved([story(key, 5) for key in (sick, *healthy)])
    at = next(i for i, record in enumerate(records) if record.key == str(sick).encode())
    records[at] = replace(records[at], value=b"{")
    consumer = Consumer(
        f"notifications-{uuid4().hex[:8]}",
        dict.fromkeys((OtpEnrolled, OtpReset, AccountLapsed), effects.write),
        database=effects.database,
        clock=FakeClock(),
    )

    class Settings:
        kafka_session_timeout_ms = 4000
        kafka_fetch_max_wait_ms = 20
        kafka_security_protocol = "PLAINTEXT"

    settings: Any = Settings()
    settings.kafka_bootstrap = kafka_bootstrap
    producer = AIOKafkaProducer(bootstrap_servers=kafka_bootstrap, acks="all", enable_idempotence=kafka_idempotence)
    await producer.start()

    async def send(some: Sequence[FakeRecord]) -> None:
        for record in some:
            await producer.send_and_wait(record.topic, record.value, key=record.key, headers=record.headers)

    async def until_done(keys: Sequence[UUID], count: int) -> None:
        async with asyncio.timeout(90):
            while [len(await effects.of(key)) for key in keys] != [count] * len(keys):
                await asyncio.sleep(0.1)

    try:
        await send(records)
        for _ in range(2):  # the second time: a restarted worker, and every record told again
            stop = asyncio.Event()
            worker = asyncio.create_task(consume(consumer, settings, Health(), stop))
            await until_done(healthy, 5)
            await send([record_of(event_of(key, 5), sequence=6) for key in healthy[:1]])
            await send(records)
            async with asyncio.timeout(90):
                while len(await effects.of(healthy[0])) < 6:
                    await asyncio.sleep(0.1)
            stop.set()
            await worker
            async with effects.database.transaction() as session:
                await session.execute(text("DELETE FROM effects WHERE what = '6'"))
    finally:
        await producer.stop()
    assert [await effects.of(key) for key in healthy] == [["1", "2", "3", "4", "5"]] * 8
    assert await effects.of(sick) == []
    assert await effects.parked() == 5
