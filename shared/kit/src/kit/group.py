"""A service's place in its consumer group: joining it, and whether every partition that it was given gets on."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from kit.bus import Consumer
from kit.health import Health
from kit.kafka import broker_security
from kit.metrics import consumer_failures, consumer_lag, consumer_oldest_seconds, consumer_partitions
from kit.settings import ServiceSettings

if TYPE_CHECKING:
    from faststream.kafka import KafkaBroker

log = structlog.get_logger(__name__)

BATCH = 500
BATCH_TIMEOUT_MS = 2  # FastStream waits, then sleeps this long when nothing came: part of every event's latency
LOOK_SECONDS = 2
STUCK_SECONDS = 120  # records wait and none is taken for this long: the process counts as dead
# One partition's records wait while others' are taken. The client empties what it has fetched of one partition (1 MB)
# before it turns to the next, so a worker that catches up on many leaves each alone for minutes, and is healthy.
PASSED_OVER_SECONDS = 600
JOIN_SECONDS = 330  # the others of a group have five minutes to let a new one in


def make_broker(service: str, settings: ServiceSettings, failures: _Failures) -> KafkaBroker:
    """FastStream's side of a service's consumer, not connected yet."""
    # Here, because only a worker consumes: an API starts a second sooner and 30 MB lighter without it.
    from faststream import AckPolicy  # noqa: PLC0415
    from faststream.kafka import KafkaBroker  # noqa: PLC0415

    return KafkaBroker(
        settings.kafka_bootstrap.split(","),
        # FastStream's default acknowledges first, which loses what a crash interrupts.
        ack_policy=AckPolicy.NACK_ON_ERROR,
        client_id=f"madoguchi-{service}",
        graceful_timeout=20,
        apply_types=False,
        logger=failures,
        security=broker_security(settings),
    )


class _Failures:
    """What FastStream says of its loop, which catches the broker's refusals and goes on: that it failed, and nothing of
    the records.

    `refused` is what the client said when it was asked for records. It may say so for ever: of a group that has refused
    its heartbeat once, it does not find out that it is let in again. Only a new client does.
    """

    refused: KafkaError | None = None

    def log(self, level: int, _: Any, /, *, exc_info: Any = None, extra: Any = None) -> None:
        """FastStream's own form of a logger."""
        if level == logging.ERROR and isinstance(exc_info, KafkaError):
            self.refused = exc_info
        elif level >= logging.ERROR:  # above all: what is done could not be acknowledged, and comes again
            name = type(exc_info).__name__
            consumer_failures.labels(name).inc()
            log.error("consumer_failed", error=name, exc_info=exc_info)


async def consume(consumer: Consumer, settings: ServiceSettings, health: Health, stop: asyncio.Event) -> None:
    """Join the service's consumer group and process until `stop`. Raises when the broker cannot be reached, or refuses
    us, also in the midst of it."""
    from faststream.kafka.message import KafkaAckableMessage  # noqa: PLC0415

    failures = _Failures()
    broker = make_broker(consumer.service, settings, failures)

    async def parse_batch(records: tuple[Any, ...]) -> KafkaAckableMessage:
        # The default parser decodes every header as UTF-8: one stranger's bytes would block the partition for ever.
        return KafkaAckableMessage(
            body=b"",
            headers={},
            raw_message=records,
            consumer=subscriber.consumer,
            message_id="",
            correlation_id="",
        )

    async def records_of(message: KafkaAckableMessage) -> tuple[Any, ...]:
        records: tuple[Any, ...] = message.raw_message
        return records

    subscriber = broker.subscriber(
        *consumer.topics,
        group_id=consumer.service,
        batch=True,
        max_records=BATCH,
        batch_timeout_ms=BATCH_TIMEOUT_MS,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=settings.kafka_fetch_max_wait_ms,
        session_timeout_ms=settings.kafka_session_timeout_ms,
        heartbeat_interval_ms=settings.kafka_session_timeout_ms // 4,
        parser=parse_batch,
        decoder=records_of,
    )
    progress = Progress(consumer.topics)

    async def handle(records: Any) -> None:  # Any: the records are what they are, nothing to validate here
        with progress.in_hand(records):
            await consumer.process(records)

    def attempted() -> None:
        progress.excuse()
        health.beat("consumer")

    subscriber(handle)
    consumer.on_attempt = attempted
    # Before anything can fail: a consumer that never gets in must be missed, too.
    health.expect("consumer", JOIN_SECONDS + STUCK_SECONDS)
    try:
        async with asyncio.timeout(JOIN_SECONDS):
            await broker.start()
        health.expect("consumer", STUCK_SECONDS)
        while not stop.is_set():
            if failures.refused is not None:
                raise failures.refused
            if await progress.seen(subscriber.consumer):
                health.beat("consumer")
            try:
                await asyncio.wait_for(stop.wait(), LOOK_SECONDS)
            except TimeoutError:
                continue
    except Exception as error:
        consumer_failures.labels(type(error).__name__).inc()  # logged by whoever starts this again
        raise
    finally:
        await broker.stop()


@dataclass
class _Partition:
    position: int
    moved: float  # when its position was last seen to move, or nothing waited
    since: float  # no record that waits in it was put there before


class Progress:
    """Whether the consumer gets on, and how far it is behind.

    A rebalance counts as progress: partitions without a position yet are not held against the process. They do not
    count as read either, so a group that is not let in shows as one that reads nothing.
    """

    def __init__(self, topics: Iterable[str], now: Callable[[], float] = time.time) -> None:
        """`now` is in seconds since 1970, as records' timestamps are in milliseconds."""
        self._topics = tuple(topics)
        self._now = now
        self._partitions: dict[TopicPartition, _Partition] = {}
        self._hand: Sequence[Any] = ()
        self._hand_seen: Sequence[Any] = ()
        for topic in self._topics:
            consumer_partitions.labels(topic).set(0)

    @contextmanager
    def in_hand(self, records: Sequence[Any]) -> Iterator[None]:
        """While these records of the broker are worked on."""
        self._hand = records
        try:
            yield
            for record in records:  # what waits behind them came later
                partition = self._partitions.get(TopicPartition(record.topic, record.partition))
                if partition is not None:
                    partition.since = record.timestamp / 1000
        finally:
            self._hand = ()

    def excuse(self) -> None:
        """Nobody gets on right now, for a reason that a restart would not mend: a database that is down."""
        for partition in self._partitions.values():
            partition.moved = self._now()

    async def seen(self, consumer: Any) -> bool:
        """Look once; False when records wait and nothing was taken or finished since the last look, or when those of
        one partition have waited for ten minutes while others were taken."""
        now = self._now()
        found = {
            partition: where
            for partition in (consumer.assignment() if consumer else ())
            if (where := await _where(consumer, partition)) is not None
        }
        behind = {partition: high - position for partition, (position, high) in found.items() if position < high}
        moved = self._hand is not self._hand_seen
        former, self._partitions, self._hand_seen = self._partitions, {}, self._hand
        for partition, (position, _) in found.items():
            known = former.get(partition, _Partition(-1, now, now))
            if position != known.position:
                moved = True
                known = _Partition(position, now, known.since)
            self._partitions[partition] = known if partition in behind else _Partition(position, now, now)
        self._tell(behind, now)
        passed_over = any(now - self._partitions[partition].moved > PASSED_OVER_SECONDS for partition in behind)
        return (moved or not (behind or self._hand)) and not passed_over

    def _tell(self, behind: dict[TopicPartition, int], now: float) -> None:
        """The gauges; also of a topic whose partitions went to another worker."""
        waiting = [(partition.topic, self._partitions[partition].since) for partition in behind]
        held = [(record.topic, record.timestamp / 1000) for record in self._hand]
        for topic in self._topics:
            consumer_partitions.labels(topic).set(sum(one.topic == topic for one in self._partitions))
            consumer_lag.labels(topic).set(sum(n for one, n in behind.items() if one.topic == topic))
            oldest = min((at for of, at in (*waiting, *held) if of == topic), default=now)
            consumer_oldest_seconds.labels(topic).set(max(now - oldest, 0))


async def _where(consumer: Any, partition: TopicPartition) -> tuple[int, int] | None:
    """The position in a partition and the end of it, as far as they are known; None while it is not positioned.

    Raises KafkaError for a refusal, which the client tells once, to whoever asks first.
    """
    try:
        position: int = await asyncio.wait_for(consumer.position(partition), 0.2)
        return position, consumer.highwater(partition) or 0
    except (IllegalStateError, TimeoutError, AssertionError):
        return None  # not assigned any more, or not positioned yet: a rebalance is going on
