"""Consumers with inbox and effect: ours beside a bare client with batches, and FastStream one by one."""

import asyncio
import statistics
import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from bench.harness import Table, count, database, interleaved, mock_broker, stopwatch
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.annotations import KafkaMessage
from kit.bus import Bulk, Consumer, EventMeta
from kit.clock import system_clock
from kit.cloudevents import Envelope, encode
from kit.db import Database
from kit.group import consume
from kit.health import Health
from kit.settings import ServiceSettings
from madoguchi_contracts import Event
from madoguchi_contracts.applications import ReviewClaimed
from madoguchi_stack.servers import Servers
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

EVENTS = 10_000
KEYS = 1_000
TOPIC = ReviewClaimed.topic


def example() -> ReviewClaimed:
    """An event of ordinary size."""
    ids = {name: uuid.uuid4() for name in ("application_id", "review_id", "officer_id")}
    return ReviewClaimed(**ids, submission=1, due_on=date(2026, 4, 8))


async def publish(bootstrap: str, number: int) -> None:
    """Fill the topic."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=5, max_batch_size=262_144)
    await producer.start()
    try:
        for start in range(0, number, 500):
            sent = []
            for n in range(start, start + 500):
                event = example()
                headers = encode(_envelope(event, n))
                body = event.model_dump_json().encode()
                sent.append(await producer.send(TOPIC, body, key=str(event.application_id).encode(), headers=headers))
            await asyncio.gather(*sent)
    finally:
        await producer.stop()


def _envelope(event: Event, sequence: int) -> Envelope:
    now = datetime.now(UTC)
    return Envelope(
        uuid.uuid4(),
        "/madoguchi/applications",
        event.type_name,
        event.aggregate_id,
        sequence + 1,
        now,
        event.schema_name,
    )


def _settings(bootstrap: str) -> ServiceSettings:
    """What a consumer needs of a service's settings."""
    return ServiceSettings.model_construct(
        kafka_bootstrap=bootstrap, kafka_session_timeout_ms=4_000, kafka_fetch_max_wait_ms=5
    )


_EFFECT = text("INSERT INTO effects (key, what) VALUES (:key, :what)")
_SINGLE_INBOX = text("INSERT INTO inbox (consumer, event_id) VALUES ('single', :id) ON CONFLICT DO NOTHING RETURNING 1")
_EFFECTS = text("INSERT INTO effects (key, what) SELECT * FROM unnest(cast(:keys AS uuid[]), cast(:whats AS text[]))")


async def _one(session: AsyncSession, event: Any, meta: EventMeta) -> None:
    await session.execute(_EFFECT, {"key": event.application_id, "what": "claimed"})


async def _many(session: AsyncSession, events: Sequence[tuple[Any, EventMeta]]) -> None:
    keys = [event.application_id for event, _ in events]
    await session.execute(_EFFECTS, {"keys": keys, "whats": ["claimed"] * len(keys)})


async def _until(dsn: str, number: int) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        while await connection.fetchval("SELECT count(*) FROM effects") < number:
            await asyncio.sleep(0.02)
    finally:
        await connection.close()


async def _ours(servers: Servers, handler: Any) -> float:
    async with database(servers) as ours, mock_broker() as bootstrap:
        await publish(bootstrap, EVENTS)
        consumer = Consumer("notifications", {ReviewClaimed: handler}, database=ours, clock=system_clock)
        work = consume(consumer, _settings(bootstrap), Health(), stop := asyncio.Event())
        return await _timed(ours, work, stop, EVENTS)


async def _timed(target: Database, work: Any, stop: asyncio.Event, number: int) -> float:
    """Events a second from the first effect on: joining the group is not what is measured."""
    task = asyncio.create_task(work)
    await _until(target.dsn, 1)
    already = await count(target.dsn, "SELECT count(*) FROM effects")
    elapsed = stopwatch()
    await _until(target.dsn, number)
    seconds = elapsed()
    stop.set()
    await asyncio.wait({task}, timeout=10)
    task.cancel()
    return (number - already) / seconds


_BARE = """
WITH fresh AS (
  INSERT INTO inbox (consumer, event_id) SELECT 'bare', unnest($1::uuid[]) ON CONFLICT DO NOTHING RETURNING event_id)
INSERT INTO effects (key, what)
SELECT b.key, 'claimed' FROM unnest($1::uuid[], $2::uuid[]) AS b(event_id, key) JOIN fresh USING (event_id)
"""


async def _bare(servers: Servers) -> float:
    """The floor: getmany, typed validation, inbox and effect in one statement, one commit, then the offsets."""
    async with database(servers) as target, mock_broker() as bootstrap:
        await publish(bootstrap, EVENTS)
        stop = asyncio.Event()

        async def work() -> None:
            connection = await asyncpg.connect(target.dsn)
            client = AIOKafkaConsumer(
                TOPIC,
                bootstrap_servers=bootstrap,
                group_id="bare",
                enable_auto_commit=False,
                auto_offset_reset="earliest",
            )
            await client.start()
            while not stop.is_set():
                batches = await client.getmany(timeout_ms=10, max_records=500)
                records = [record for batch in batches.values() for record in batch]
                if records:
                    events = [ReviewClaimed.model_validate_json(record.value) for record in records]
                    ids = [uuid.UUID(dict(record.headers)["ce_id"].decode()) for record in records]
                    await connection.execute(_BARE, ids, [event.application_id for event in events])
                    await client.commit()
            await client.stop()
            await connection.close()

        return await _timed(target, work(), stop, EVENTS)


async def _one_by_one(servers: Servers) -> float:
    """FastStream as its documentation shows it, made safe: one message, one transaction, one acknowledgement."""
    number = 1_500
    async with database(servers) as target, mock_broker() as bootstrap:
        await publish(bootstrap, number)
        stop = asyncio.Event()

        async def work() -> None:
            broker = KafkaBroker(bootstrap, logger=None, ack_policy=AckPolicy.NACK_ON_ERROR)

            @broker.subscriber(TOPIC, group_id="single", auto_offset_reset="earliest")
            async def handle(event: ReviewClaimed, message: KafkaMessage) -> None:
                async with target.transaction() as session:
                    event_id = uuid.UUID(message.headers["ce_id"])
                    if (await session.execute(_SINGLE_INBOX, {"id": event_id})).first():
                        await session.execute(_EFFECT, {"key": event.application_id, "what": "claimed"})

            await broker.start()
            await stop.wait()
            await broker.stop()

        return await _timed(target, work(), stop, number)


async def throughput(servers: Servers, rounds: int) -> Table:
    """Events a second with inbox and one effect row each."""
    table = Table(f"Consumers with inbox and effect ({EVENTS:,} waiting events)", "events/s")
    variants = {
        "ours, a projection (Bulk)": partial(_ours, servers, Bulk(_many)),
        "ours, a handler per event": partial(_ours, servers, _one),
        "bare client, one statement per batch of 500": partial(_bare, servers),
        "FastStream, one by one with acknowledgement": partial(_one_by_one, servers),
    }
    await interleaved(table, variants, rounds)
    projection, single, bare, framework = (table.median(name) for name in table.figures)
    table.target("projection / bare, target >= 0.75", projection / bare, projection / bare >= 0.75)
    table.target("handler per event / FastStream one by one, target >= 5", single / framework, single / framework >= 5)
    table.notes.append(
        "Limit: for projections reading headers and body; for handlers the statement round trips of the effect."
    )
    return table


OURS = "ours, p50 of 60"


async def idle(servers: Servers, rounds: int) -> Table:
    """Milliseconds from the sending to the handler, event by event, beside FastStream's single-message mode.

    The way to the broker is in both: whoever starts the clock at its word finds handlers that have already run.
    """
    table = Table("Consumer, idle: sent to handler", "ms")

    async def ours() -> float:
        async with database(servers) as target:
            seen = asyncio.Event()

            async def notice(session: AsyncSession, event: Any, meta: EventMeta) -> None:
                seen.set()

            group = f"bench-{uuid.uuid4().hex[:8]}"
            consumer = Consumer(group, {ReviewClaimed: notice}, database=target, clock=system_clock)
            stop = asyncio.Event()
            settings = _settings(servers.kafka_bootstrap)
            task = asyncio.create_task(consume(consumer, settings, Health(), stop))
            figure = await _idle_round(servers.kafka_bootstrap, seen)
            stop.set()
            await task
            return figure

    async def framework() -> float:
        seen = asyncio.Event()
        broker = KafkaBroker(servers.kafka_bootstrap, logger=None, ack_policy=AckPolicy.NACK_ON_ERROR)
        group = f"bench-{uuid.uuid4().hex[:8]}"

        @broker.subscriber(TOPIC, group_id=group, auto_offset_reset="earliest", fetch_max_wait_ms=5)
        async def handle(event: ReviewClaimed) -> None:
            seen.set()

        await broker.start()
        figure = await _idle_round(servers.kafka_bootstrap, seen)
        await broker.stop()
        return figure

    await interleaved(table, {OURS: ours, "FastStream single message, p50 of 60": framework}, rounds)
    mine, theirs = (table.median(name) for name in table.figures)
    table.target("ours / FastStream single, target <= 2", mine / theirs, mine / theirs <= 2)
    return table


async def _idle_round(bootstrap: str, seen: asyncio.Event) -> float:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=0)
    await producer.start()
    waits = []
    for n in range(70):
        event = example()
        seen.clear()
        headers = encode(_envelope(event, n))
        key = str(event.application_id).encode()
        elapsed = stopwatch()
        await producer.send_and_wait(TOPIC, event.model_dump_json().encode(), key=key, headers=headers)
        await asyncio.wait_for(seen.wait(), 30)
        if n >= 10:  # the first ones wait for the group to form
            waits.append(elapsed() * 1000)
        await asyncio.sleep(0.03)
    await producer.stop()
    return statistics.median(waits)
