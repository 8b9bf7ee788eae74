"""The consumer group: who is not let in is heard of; a partition that does not get on is found among those that do."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import CommitFailedError, GroupAuthorizationFailedError, IllegalStateError, KafkaConnectionError
from kit.bus import Consumer
from kit.group import LOOK_SECONDS, PASSED_OVER_SECONDS, STUCK_SECONDS, Progress, consume
from kit.health import Health
from prometheus_client import REGISTRY
from structlog.testing import capture_logs
from support.network import free_port

TOPIC = "test.progress.v1"


def gauge(name: str, topic: str = TOPIC) -> float | None:
    return REGISTRY.get_sample_value(f"madoguchi_consumer_{name}", {"topic": topic})


def failures(error: str) -> float:
    return REGISTRY.get_sample_value("madoguchi_consumer_failures_total", {"error": error}) or 0


# Who is not let in


def settings_for(bootstrap: str) -> Any:
    class Settings:
        kafka_bootstrap = bootstrap
        kafka_session_timeout_ms = 4000
        kafka_fetch_max_wait_ms = 20
        kafka_security_protocol = "PLAINTEXT"

    return Settings()


def listener(topic: str) -> Consumer:
    """A consumer of a group of its own that does nothing."""
    consumer = Consumer(f"group-{uuid4().hex[:8]}", {}, database=None, clock=None)  # type: ignore[arg-type]
    consumer.topics = [topic]

    async def nothing(_: Any) -> None: ...

    consumer.process = nothing  # type: ignore[method-assign]
    return consumer


async def test_a_broker_that_is_not_there_is_counted_and_the_consumer_is_missed():
    before = failures("KafkaConnectionError")
    health = Health(clock=lambda: now[0])
    now = [0.0]
    with pytest.raises(KafkaConnectionError):
        await consume(listener(TOPIC), settings_for(f"127.0.0.1:{free_port()}"), health, asyncio.Event())
    assert failures("KafkaConnectionError") == before + 1
    assert gauge("partitions") == 0  # there from the beginning: an alert on a series that is not there never fires
    now[0] = 10_000
    assert set(health.stuck()) == {"consumer"}


async def test_a_refusal_in_the_midst_of_it_ends_the_client_and_is_counted(
    kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch
):
    async def refused(*_: Any, **__: Any) -> Any:
        raise GroupAuthorizationFailedError("secret-of-somebody")

    monkeypatch.setattr(AIOKafkaConsumer, "getmany", refused)
    before = failures("GroupAuthorizationFailedError")
    consumer = listener(await a_topic(kafka_bootstrap, 1))
    with capture_logs() as logs, pytest.raises(GroupAuthorizationFailedError):
        async with asyncio.timeout(40):
            await consume(consumer, settings_for(kafka_bootstrap), Health(), asyncio.Event())
    assert failures("GroupAuthorizationFailedError") == before + 1
    assert "secret-of-somebody" not in str(logs)


async def test_what_cannot_be_acknowledged_is_counted_and_ends_nothing(
    kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch
):
    async def refused(*_: Any, **__: Any) -> Any:
        raise CommitFailedError("a rebalance came between")

    monkeypatch.setattr(AIOKafkaConsumer, "commit", refused)
    before = failures("CommitFailedError")
    consumer, stop = listener(await a_topic(kafka_bootstrap, 1)), asyncio.Event()
    with capture_logs() as logs:
        worker = asyncio.create_task(consume(consumer, settings_for(kafka_bootstrap), Health(), stop))
        producer = AIOKafkaProducer(bootstrap_servers=kafka_bootstrap)
        await producer.start()
        await producer.send_and_wait(*consumer.topics, b"{}")
        await producer.stop()
        async with asyncio.timeout(40):
            while failures("CommitFailedError") == before:
                await asyncio.sleep(0.05)
        stop.set()
        await worker
    assert [(line["event"], line["error"]) for line in logs] == [("consumer_failed", "CommitFailedError")]


async def a_topic(bootstrap: str, partitions: int) -> str:
    topic = f"test.group.{uuid4().hex[:8]}.v1"
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, partitions, 1)])
    await admin.close()
    return topic


# Who gets on


@dataclass(frozen=True)
class Put:
    """A record as the broker keeps it."""

    partition: int
    timestamp: int  # milliseconds
    topic: str = TOPIC


@dataclass
class Reader:
    """A client with these positions and ends by partition; None: not positioned yet."""

    positions: dict[int, int | None] = field(default_factory=dict)
    ends: dict[int, int] = field(default_factory=dict)
    refused: Exception | None = None

    def assignment(self) -> set[TopicPartition]:
        return {TopicPartition(TOPIC, number) for number in self.positions}

    async def position(self, partition: TopicPartition) -> int:
        if self.refused:
            raise self.refused
        position = self.positions[partition.partition]
        if position is None:
            raise IllegalStateError
        return position

    def highwater(self, partition: TopicPartition) -> int | None:
        return self.ends.get(partition.partition)


class Watch:
    """A process that is looked at every two seconds, as `consume` does; `now` goes on with the looks."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.now = 1_000_000.0
        self.progress = Progress([TOPIC], lambda: self.now)
        self.health = Health(clock=lambda: self.now)
        self.health.expect("consumer", STUCK_SECONDS)

    async def look(self, turns: int = 1) -> bool:
        """So many looks; whether /livez says yes after each of them."""
        for _ in range(turns):
            if await self.progress.seen(self.reader):
                self.health.beat("consumer")
            if self.health.stuck():
                return False
            self.now += LOOK_SECONDS
        return True


BEHIND: Mapping[int, int | None] = dict.fromkeys(range(4), 0)


@pytest.fixture
def watch() -> Watch:
    """Four partitions, each a thousand records behind."""
    return Watch(Reader(dict(BEHIND), dict.fromkeys(BEHIND, 1000)))


async def test_partitions_that_are_emptied_in_turn_are_healthy_for_as_long_as_it_takes(watch: Watch):
    for number in BEHIND:
        for position in range(10, 1001, 10):  # 200 seconds each, in which the others wait
            watch.reader.positions[number] = position
            assert await watch.look(), (number, position)


async def test_a_partition_that_never_gets_its_turn_among_others_that_move_is_found(watch: Watch):
    watch.reader.ends = dict.fromkeys(BEHIND, 1_000_000)
    for turn in range(1, 1000):
        watch.reader.positions |= dict.fromkeys((1, 2, 3), turn)
        if not await watch.look():
            break
    waited = turn * LOOK_SECONDS
    assert PASSED_OVER_SECONDS < waited <= PASSED_OVER_SECONDS + STUCK_SECONDS + 2 * LOOK_SECONDS


async def test_when_records_wait_and_none_is_taken_the_process_counts_as_dead(watch: Watch):
    assert await watch.look(STUCK_SECONDS // LOOK_SECONDS)
    assert not await watch.look(3)


async def test_a_batch_that_never_ends_is_found_also_when_nothing_waits_behind_it(watch: Watch):
    watch.reader.positions = dict.fromkeys(BEHIND, 1000)
    with suppress(ZeroDivisionError), watch.progress.in_hand((Put(0, 1000),)):
        assert await watch.look(STUCK_SECONDS // LOOK_SECONDS)
        assert not await watch.look(3)
        raise ZeroDivisionError
    assert await watch.look()


async def test_a_database_that_is_down_is_no_reason_for_a_restart_also_when_it_comes_back(watch: Watch):
    with watch.progress.in_hand((Put(0, 1000),)):
        for _ in range(PASSED_OVER_SECONDS):
            watch.progress.excuse()
            watch.health.beat("consumer")
            assert await watch.look()
    for position in range(100):
        watch.reader.positions[0] = position
        assert await watch.look()


async def test_partitions_that_change_hands_are_not_held_against_who_gets_them(watch: Watch):
    for turn in range(200):
        mine = {turn % 4, (turn + 1) % 4} if turn % 3 else set()
        watch.reader.positions = dict.fromkeys(mine, None if turn % 5 == 0 else 0)
        assert await watch.look(), turn
    watch.reader.positions = {0: 0}
    assert await watch.look(10)


async def test_a_refusal_is_told_by_whoever_hears_of_it_first(watch: Watch):
    watch.reader.refused = GroupAuthorizationFailedError()
    with pytest.raises(GroupAuthorizationFailedError):
        await watch.look()


async def test_only_partitions_with_a_position_count_as_read(watch: Watch):
    await watch.look()
    assert gauge("partitions") == 4
    watch.reader.positions |= {0: None}
    await watch.look()
    assert gauge("partitions") == 3
    watch.reader.positions = {}
    assert await watch.look()  # a worker more than there are partitions has none, and is healthy
    assert gauge("partitions") == 0


# How far behind


async def test_the_age_is_that_of_the_oldest_record_in_hand_or_waiting(watch: Watch):
    reader, began = watch.reader, watch.now
    reader.positions, reader.ends = {0: 0, 1: 0}, {0: 0, 1: 0}
    ages = []

    async def age() -> float | None:
        await watch.look()
        ages.append(gauge("oldest_seconds"))
        return ages[-1]

    assert await age() == 0
    reader.ends[0] = 3
    assert await age() == LOOK_SECONDS  # it came after the last look
    assert await age() == 2 * LOOK_SECONDS
    reader.positions[0] = 2
    hand = (Put(0, int((began - 300) * 1000)), Put(0, int((began - 200) * 1000)))
    with watch.progress.in_hand(hand):
        assert await age() == 300 + 3 * LOOK_SECONDS
    assert await age() == 200 + 4 * LOOK_SECONDS  # the one that waits is younger than the last that is done
    reader.positions[0] = 3
    assert await age() == 0
    assert gauge("lag") == 0


async def test_what_a_failed_batch_leaves_undone_keeps_its_age(watch: Watch):
    await watch.look()
    with suppress(ZeroDivisionError), watch.progress.in_hand((Put(0, int(watch.now * 1000)),)):
        raise ZeroDivisionError
    await watch.look(5)
    assert gauge("oldest_seconds") == 5 * LOOK_SECONDS


async def test_the_lag_counts_what_is_not_taken_and_is_zero_when_all_is(
    kafka_bootstrap: str, kafka_idempotence: bool
) -> None:
    topic = await a_topic(kafka_bootstrap, 2)
    producer = AIOKafkaProducer(bootstrap_servers=kafka_bootstrap, enable_idempotence=kafka_idempotence)
    reader = AIOKafkaConsumer(bootstrap_servers=kafka_bootstrap, auto_offset_reset="earliest")
    progress = Progress([topic])
    lags: list[float | None] = []

    async def look() -> None:
        await progress.seen(reader)
        lags.append(gauge("lag", topic))

    await producer.start()
    await reader.start()
    try:
        for partition in (0, 0, 0, 1, 1):
            await producer.send_and_wait(topic, b"{}", partition=partition)
        await look()
        reader.assign([TopicPartition(topic, 0), TopicPartition(topic, 1)])
        async with asyncio.timeout(30):
            while {reader.highwater(partition) for partition in reader.assignment()} != {3, 2}:
                await asyncio.sleep(0.05)
            await look()
            for taken in range(5):
                record = await reader.getone()
                assert abs(record.timestamp / 1000 - time.time()) < 60  # what ages are reckoned from
                if taken in (1, 4):
                    await look()
        reader.assign([TopicPartition(topic, 1)])
        await look()
    finally:
        await reader.stop()
        await producer.stop()
    assert lags == [0, 5, 3, 0, 0]
