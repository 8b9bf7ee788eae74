"""The consumer group: who is not let in is heard of; a partition that does not get on is found among those that do."""

import asyncio
import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import (
    CommitFailedError,
    CorruptRecordException,
    GroupAuthorizationFailedError,
    IllegalStateError,
    KafkaConnectionError,
    NotCoordinatorForGroupError,
    RecordTooLargeError,
    TopicAuthorizationFailedError,
    UnsupportedCodecError,
)
from faststream.kafka import KafkaBroker
from kit import group
from kit.bus import Consumer
from kit.group import JOIN_SECONDS, LOOK_SECONDS, STUCK_SECONDS, consume
from kit.health import Health
from kit.metrics import consumer_lag, consumer_oldest_seconds, consumer_partitions
from kit.process import supervise
from kit.progress import PASSED_OVER_SECONDS, Progress
from prometheus_client import REGISTRY
from structlog.testing import capture_logs
from support.network import free_port

TOPIC = "test.progress.v1"


def gauge(name: str, topic: str = TOPIC) -> float | None:
    return REGISTRY.get_sample_value(f"madoguchi_consumer_{name}", {"topic": topic})


def gauges(topic: str = TOPIC) -> tuple[float | None, ...]:
    """What this process reads of a topic, how far it is behind, and the age of what waits."""
    return tuple(gauge(name, topic) for name in ("partitions", "lag", "oldest_seconds"))


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


def listener(*topics: str) -> Consumer:
    """A consumer of a group of its own that does nothing."""
    consumer = Consumer(f"group-{uuid4().hex[:8]}", {}, database=None, clock=None)  # type: ignore[arg-type]
    consumer.topics = list(topics)

    async def nothing(_: Any) -> None: ...

    consumer.process = nothing  # type: ignore[method-assign]
    return consumer


async def test_a_broker_that_is_not_there_is_counted_and_a_consumer_that_does_not_begin_again_is_missed():
    before = failures("KafkaConnectionError")
    health = Health(clock=lambda: now[0])
    now = [0.0]
    for told_before in (consumer_partitions, consumer_lag, consumer_oldest_seconds):
        told_before.labels(TOPIC).set(700)
    with pytest.raises(KafkaConnectionError):
        await consume(listener(TOPIC), settings_for(f"127.0.0.1:{free_port()}"), health, asyncio.Event())
    assert failures("KafkaConnectionError") == before + 1
    assert gauges() == (0, 0, 0)  # there from the beginning: an alert on a series that is not there never fires
    now[0] = 10_000
    assert set(health.stuck()) == {"consumer"}


async def test_a_refusal_in_the_midst_of_it_ends_the_client_and_is_counted(
    kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch
):
    topic = await a_topic(kafka_bootstrap, 1)
    await put(kafka_bootstrap, topic)

    async def refused(*_: Any, **__: Any) -> Any:
        if gauges(topic)[:2] == (1, 1):
            raise GroupAuthorizationFailedError("secret-of-somebody")
        return {}

    monkeypatch.setattr(AIOKafkaConsumer, "getmany", refused)
    before = failures("GroupAuthorizationFailedError")
    consumer = listener(topic)
    with capture_logs() as logs, pytest.raises(GroupAuthorizationFailedError):
        async with asyncio.timeout(40):
            await consume(consumer, settings_for(kafka_bootstrap), Health(), asyncio.Event())
    assert failures("GroupAuthorizationFailedError") == before + 1
    assert "secret-of-somebody" not in str(logs)
    assert gauges(topic) == (0, 0, 0)  # another worker has it now: what stayed would be alarmed for ever


@pytest.mark.parametrize(
    ("failure", "missed"),
    [
        pytest.param(TimeoutError(), True, id="neither let in nor refused"),
        pytest.param(GroupAuthorizationFailedError(), False, id="refused"),
        pytest.param(KafkaConnectionError(), False, id="no broker"),
    ],
)
async def test_who_is_neither_let_in_nor_refused_try_after_try_is_missed(
    failure: Exception, missed: bool, monkeypatch: pytest.MonkeyPatch
):
    now, stop = [0.0], asyncio.Event()
    health, at_the_ends_of_tries = Health(clock=lambda: now[0]), []

    async def start(_: KafkaBroker) -> None:
        now[0] += JOIN_SECONDS  # as long as a try may take
        at_the_ends_of_tries.append(set(health.stuck()))
        if len(at_the_ends_of_tries) == 3:
            stop.set()
        raise failure

    monkeypatch.setattr(KafkaBroker, "start", start)
    settings = settings_for(f"127.0.0.1:{free_port()}")
    await supervise("consumer", lambda _: consume(listener(TOPIC), settings, health, stop), stop)
    later = {"consumer"} if missed else set()
    assert at_the_ends_of_tries == [set(), later, later]


@pytest.mark.parametrize(
    ("error", "new_client"),
    [
        (GroupAuthorizationFailedError(), True),
        (NotCoordinatorForGroupError(), True),
        (TopicAuthorizationFailedError(TOPIC), True),  # without that topic
        (CorruptRecordException(), False),
        (RecordTooLargeError(), False),
        (UnsupportedCodecError(), False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_is_the_matter_with_one_partition_is_counted_and_gives_up_no_other(error: Exception, new_client: bool):
    before, heard = failures(type(error).__name__), group._Failures()
    heard.log(logging.ERROR, "Kafka error occurred", exc_info=error)
    assert heard.refused is (error if new_client else None)
    assert failures(type(error).__name__) == before + (not new_client)  # a refusal is counted when it ends the client


async def test_a_topic_that_is_refused_holds_up_no_other_and_is_read_when_it_may_be(
    kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch
):
    open_, closed = await a_topic(kafka_bootstrap, 1), await a_topic(kafka_bootstrap, 2)
    rules: set[str] = {open_}
    getmany, highwater = AIOKafkaConsumer.getmany, AIOKafkaConsumer.highwater

    async def gets(client: AIOKafkaConsumer, *args: Any, **kwargs: Any) -> Any:
        if refused := set(client.subscription()) - rules:
            raise TopicAuthorizationFailedError(*refused)
        return await getmany(client, *args, **kwargs)

    def ends(client: AIOKafkaConsumer, partition: TopicPartition) -> int | None:
        return highwater(client, partition) if partition.topic in rules else None

    monkeypatch.setattr(AIOKafkaConsumer, "getmany", gets)
    monkeypatch.setattr(AIOKafkaConsumer, "highwater", ends)
    monkeypatch.setattr(group, "RULE_SECONDS", 0)
    monkeypatch.setattr(group, "LOOK_SECONDS", 0.2)
    before, taken, stop = failures("TopicAuthorizationFailedError"), [], asyncio.Event()
    consumer = listener(open_, closed)

    async def take(records: Any) -> None:
        taken.extend(record.topic for record in records)

    consumer.process = take  # type: ignore[method-assign]
    for topic in (open_, closed):
        await put(kafka_bootstrap, topic)
    with capture_logs() as logs:
        worker = asyncio.create_task(consume(consumer, settings_for(kafka_bootstrap), Health(), stop))
        async with asyncio.timeout(60):
            while failures("TopicAuthorizationFailedError") < before + 3:
                assert not worker.done(), await worker
                await asyncio.sleep(0.05)
            assert taken == [open_]
            assert (gauge("partitions", open_), gauge("partitions", closed)) == (1, 0)
            rules.add(closed)
            while taken != [open_, closed] or gauge("partitions", closed) != 2:
                assert not worker.done(), await worker
                await asyncio.sleep(0.05)
        stop.set()
        await worker
    assert {(line["event"], *line["topics"]) for line in logs} == {("topic_refused", closed)}


async def test_who_may_see_no_topic_is_refused_when_each_was_left_out(
    kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch
):
    async def refused(client: AIOKafkaConsumer) -> None:
        raise TopicAuthorizationFailedError(min(client.subscription()))

    monkeypatch.setattr(AIOKafkaConsumer, "start", refused)
    before = failures("TopicAuthorizationFailedError")
    with pytest.raises(TopicAuthorizationFailedError):
        await consume(listener("test.a.v1", "test.b.v1"), settings_for(kafka_bootstrap), Health(), asyncio.Event())
    assert failures("TopicAuthorizationFailedError") == before + 2


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
        await put(kafka_bootstrap, *consumer.topics)
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


async def put(bootstrap: str, topic: str) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    await producer.send_and_wait(topic, b"{}", partition=0)
    await producer.stop()


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


async def test_the_age_goes_on_over_a_rebalance_that_leaves_the_partition_here(watch: Watch):
    reader = watch.reader
    reader.positions, reader.ends = {0: 0, 1: 5}, {0: 3, 1: 5}
    await watch.look(5)
    assert gauges() == (2, 3, 4 * LOOK_SECONDS)
    reader.positions = {0: None, 1: None}
    await watch.look()
    assert gauges() == (0, 3, 5 * LOOK_SECONDS)
    reader.positions, unknown, reader.ends = {0: 0, 1: 5}, dict(reader.ends), {}
    await watch.look()  # positioned, and no fetch was answered yet
    assert gauges() == (0, 3, 6 * LOOK_SECONDS)
    reader.ends = unknown
    await watch.look()
    assert gauges() == (2, 3, 7 * LOOK_SECONDS)
    reader.positions = {1: 5}  # the other one is somebody else's now, who may have done it
    await watch.look()
    assert gauges() == (1, 0, 0)
    reader.positions |= {0: 0}
    await watch.look()
    assert gauges() == (2, 3, 0)
    watch.progress.end()
    assert gauges() == (0, 0, 0)


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
