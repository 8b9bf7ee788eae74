"""A service's place in its consumer group: joining it, and what the broker refuses."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import (
    CorruptRecordException,
    KafkaError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
    RecordTooLargeError,
    TopicAuthorizationFailedError,
    UnsupportedCodecError,
)

from kit.bus import Consumer
from kit.health import Health
from kit.kafka import broker_security, client_arguments
from kit.metrics import consumer_failures
from kit.progress import Progress
from kit.settings import ServiceSettings

if TYPE_CHECKING:
    from faststream.kafka import KafkaBroker

log = structlog.get_logger(__name__)

BATCH = 500
BATCH_TIMEOUT_MS = 2  # FastStream waits, then sleeps this long when nothing came: part of every event's latency
LOOK_SECONDS = 2
STUCK_SECONDS = 120  # records wait and none is taken for this long: the process counts as dead
JOIN_SECONDS = 330  # the others of a group have five minutes to let a new one in
RULE_SECONDS = 30  # a topic that the broker does not let us read is tried again
RULE_ANSWER_SECONDS = 5

# What a client says of one partition. The others go on, and a new client would hear the same.
_OF_ONE_PARTITION = (
    CorruptRecordException,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
    RecordTooLargeError,
    UnsupportedCodecError,
)


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

    `refused` is what the client said of the group, of the broker or of a whole topic when it was asked for records. It
    may say so for ever: of a group that has refused its heartbeat once, it does not find out that it is let in again.
    Only a new client does.
    """

    refused: KafkaError | None = None

    def log(self, level: int, _: Any, /, *, exc_info: Any = None, extra: Any = None) -> None:
        """FastStream's own form of a logger."""
        of_one_partition = isinstance(exc_info, _OF_ONE_PARTITION)
        if level == logging.ERROR and isinstance(exc_info, KafkaError) and not of_one_partition:
            self.refused = exc_info
        elif level >= logging.ERROR:  # above all: what is done could not be acknowledged, and comes again
            name = type(exc_info).__name__
            consumer_failures.labels(name).inc()
            log.error("consumer_failed", error=name, exc_info=exc_info)


async def consume(consumer: Consumer, settings: ServiceSettings, health: Health, stop: asyncio.Event) -> None:
    """Join the service's consumer group and process until `stop`.

    A topic that the broker does not let us read is left out until it does, and holds up no other. Raises when the
    broker cannot be reached, or refuses us or every topic, also in the midst of it.
    """
    refused: set[str] = set()
    while not stop.is_set():
        try:
            await _read(consumer, refused, settings, health, stop)
        except TopicAuthorizationFailedError as error:
            found = {topic for topic in consumer.topics if topic in error.args} - refused
            refused |= found
            if not found or refused.issuperset(consumer.topics):
                raise
            log.error("topic_refused", topics=sorted(found), error=type(error).__name__)


async def may_read(topic: str, settings: ServiceSettings) -> bool:
    """Whether the broker lets us read a topic; counts and logs when it does not, or does not answer.

    Asked outside of the group, which a topic that is still refused must not unsettle.
    """
    client = AIOKafkaConsumer(topic, bootstrap_servers=settings.kafka_bootstrap, **client_arguments(settings))
    try:
        async with asyncio.timeout(RULE_ANSWER_SECONDS):
            await client.start()
            # Who may not read may often still see it: only a fetch tells, and one that was answered tells the end.
            while all(client.highwater(partition) is None for partition in client.assignment()):
                await client.getmany(timeout_ms=100)
    except (KafkaError, TimeoutError) as error:
        consumer_failures.labels(type(error).__name__).inc()
        log.error("topic_refused", topics=[topic], error=type(error).__name__)
        return False
    finally:
        await client.stop()
    return True


async def _read(
    consumer: Consumer, refused: set[str], settings: ServiceSettings, health: Health, stop: asyncio.Event
) -> None:
    """`consume` without the topics that are `refused`, until one of them may be read, which is taken out of the set."""
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
        *(topic for topic in consumer.topics if topic not in refused),
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
    # Before anything can fail, and no progress: who is neither let in nor refused, try after try, must be missed, too.
    health.allow("consumer", JOIN_SECONDS + STUCK_SECONDS)
    try:
        async with asyncio.timeout(JOIN_SECONDS):
            await broker.start()
        health.expect("consumer", STUCK_SECONDS)
        asked = time.monotonic()
        while not stop.is_set():
            if failures.refused is not None:
                raise failures.refused
            if await progress.seen(subscriber.consumer):
                health.beat("consumer")
            if refused and time.monotonic() - asked > RULE_SECONDS:
                topics = sorted(refused)
                answers = await asyncio.gather(*(may_read(topic, settings) for topic in topics))
                if any(answers):
                    refused.difference_update(topic for topic, may in zip(topics, answers, strict=True) if may)
                    return
                asked = time.monotonic()
            try:
                await asyncio.wait_for(stop.wait(), LOOK_SECONDS)
            except TimeoutError:
                continue
    except Exception as error:
        consumer_failures.labels(type(error).__name__).inc()  # logged by whoever starts this again
        if isinstance(error, KafkaError):
            health.beat("consumer")  # the broker refuses us or is not there, which is counted; a restart mends neither
        raise
    finally:
        progress.end()
        await broker.stop()
