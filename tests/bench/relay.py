"""The relay beside faststream-outbox at its best settings and the aiokafka producer alone; and its idle latency."""

import asyncio
import json
import statistics
import uuid
from datetime import UTC, datetime
from functools import partial
from typing import Any

from aiokafka import AIOKafkaProducer
from bench.harness import Table, count, database, interleaved, mock_broker, stopwatch
from faststream.kafka import KafkaBroker
from faststream_outbox import OutboxBroker, make_outbox_table
from kit import relay
from kit.db import Database
from kit.eventlog import bucket_of
from madoguchi_stack.servers import Servers
from sqlalchemy import MetaData, text
from sqlalchemy.ext.asyncio import create_async_engine

EVENTS = 20_000
KEYS = 1_000
P50 = "ours, p50 of 200 events"
TOPIC = "identity.accounts.v1"
BODY = json.dumps({"account_id": str(uuid.uuid4()), "filler": "x" * 620})

_FILL = text("""
WITH e AS (
  INSERT INTO events (event_id, topic, aggregate_id, version, type, data, bucket, recorded_at)
  SELECT gen_random_uuid(), :topic, k.id, 1 + (n / :keys), 'madoguchi.identity.OtpEnrolled.v1', cast(:body AS json),
         k.bucket, now()
  FROM generate_series(0, :events - 1) n
  JOIN unnest(cast(:ids AS uuid[]), cast(:buckets AS int[])) WITH ORDINALITY AS k(id, bucket, place)
    ON k.place = 1 + n % :keys
  ORDER BY n
  RETURNING id, bucket)
INSERT INTO outbox (id, bucket) SELECT id, bucket FROM e
""")


async def _ours(servers: Servers) -> float:
    async with database(servers) as ours, mock_broker() as bootstrap:
        ids = [uuid.uuid4() for _ in range(KEYS)]
        async with ours.transaction() as session:
            buckets = [bucket_of(one) for one in ids]
            values = {"topic": TOPIC, "keys": KEYS, "events": EVENTS, "body": BODY, "ids": ids, "buckets": buckets}
            await session.execute(_FILL, values)
        producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, linger_ms=0, max_batch_size=900_000
        )
        await producer.start()
        await producer.send_and_wait(TOPIC, b"warm", key=b"warm")
        stop = asyncio.Event()
        publish = relay.make_publisher(producer, "/madoguchi/identity")
        elapsed = stopwatch()
        task = asyncio.create_task(relay.run(ours.dsn, publish, stop=stop, beat=lambda: None))
        while await count(ours.dsn, "SELECT count(*) FROM outbox"):
            await asyncio.sleep(0.02)
        seconds = elapsed()
        stop.set()
        await task
        await producer.stop()
        return EVENTS / seconds


async def _faststream_outbox(servers: Servers) -> float:
    async with database(servers) as theirs, mock_broker() as bootstrap:
        engine = create_async_engine(theirs.url, pool_size=20)
        metadata = MetaData()
        table = make_outbox_table(metadata, table_name="fso")
        async with engine.begin() as connection:
            await connection.run_sync(metadata.create_all)
            await connection.execute(
                text("INSERT INTO fso (queue, payload) SELECT 'q', cast(:body AS bytea) FROM generate_series(1, :n)"),
                {"body": BODY.encode(), "n": EVENTS},
            )
        kafka = KafkaBroker(bootstrap, acks="all", apply_types=False, logger=None)
        outbox = OutboxBroker(engine, outbox_table=table, apply_types=False, logger=None)
        publisher = kafka.publisher(TOPIC)

        async def raw(message: Any) -> bytes:
            return bytes(message.body)

        @outbox.subscriber(
            "q", max_workers=8, fetch_batch_size=500, terminal_flush_batch_size=100, decoder=raw, max_fetch_interval=1.0
        )
        async def forward(body: Any) -> None:
            await publisher.publish(body, key=b"k")

        await kafka.start()
        elapsed = stopwatch()
        await outbox.start()
        while await count(theirs.dsn, "SELECT count(*) FROM fso"):
            await asyncio.sleep(0.02)
        seconds = elapsed()
        await outbox.stop()
        await kafka.stop()
        await engine.dispose()
        return EVENTS / seconds


async def _aiokafka_alone() -> float:
    async with mock_broker() as bootstrap:
        producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, linger_ms=0, max_batch_size=262_144
        )
        await producer.start()
        await producer.send_and_wait(TOPIC, b"warm", key=b"warm")
        keys, body = [str(uuid.uuid4()).encode() for _ in range(KEYS)], BODY.encode()
        elapsed = stopwatch()
        for start in range(0, EVENTS, 500):
            sent = [await producer.send(TOPIC, body, key=keys[n % KEYS]) for n in range(start, start + 500)]
            await asyncio.gather(*sent)
        seconds = elapsed()
        await producer.stop()
        return EVENTS / seconds


async def bulk(servers: Servers, rounds: int) -> Table:
    """Events a second with 20,000 events waiting."""
    table = Table(f"Relay, bulk ({EVENTS:,} waiting events of {len(BODY)} bytes, {KEYS:,} keys)", "events/s")
    variants = {
        "ours": partial(_ours, servers),
        "faststream-outbox (8 workers, fetch 500, flush 100, raw bytes)": partial(_faststream_outbox, servers),
        "aiokafka producer alone, batches of 500": _aiokafka_alone,
    }
    await interleaved(table, variants, rounds)
    ours, theirs, alone = (table.median(name) for name in table.figures)
    table.target("ours / faststream-outbox, target >= 8", ours / theirs, ours / theirs >= 8)
    table.target("ours / aiokafka alone, target >= 0.5", ours / alone, ours / alone >= 0.5)
    table.notes.append("Limit: building the CloudEvents headers and the records, in Python.")
    return table


async def idle(servers: Servers, rounds: int) -> Table:
    """Milliseconds from the return of the commit to the broker's word, one event at a time."""
    table = Table("Relay, idle: commit returned to broker's word", "ms")
    for number in range(rounds):
        async with database(servers) as ours, mock_broker() as bootstrap:
            waits = sorted(await _idle_round(ours, bootstrap))
        p50, p99 = statistics.median(waits), waits[int(len(waits) * 0.99)]
        table.figures.setdefault(P50, []).append(p50)
        table.figures.setdefault("ours, p99 of 200 events", []).append(p99)
        print(f"  relay idle: round {number + 1}/{rounds}: p50 {p50:.2f} ms, p99 {p99:.2f} ms")
    p50, p99 = (table.median(name) for name in table.figures)
    table.target("p50 in ms, target <= 2", p50, p50 <= 2)
    table.target("p99 in ms, target <= 10", p99, p99 <= 10)
    return table


async def _idle_round(ours: Database, bootstrap: str) -> list[float]:
    from kit.eventlog import record
    from madoguchi_contracts.identity import OtpEnrolled

    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, linger_ms=0)
    await producer.start()
    await producer.send_and_wait(TOPIC, b"warm", key=b"warm")
    publish = relay.make_publisher(producer, "/madoguchi/identity")
    word = asyncio.Event()

    async def noticed(rows: Any) -> relay.Told:
        told = await publish(rows)
        word.set()
        return told

    stop, bell = asyncio.Event(), relay.Bell(ours.dsn)
    ours.after_events = bell.ring
    tasks = [
        asyncio.create_task(relay.run(ours.dsn, noticed, stop=stop, beat=lambda: None)),
        asyncio.create_task(bell.run(stop)),
    ]
    await asyncio.sleep(1.5)
    waits = []
    for _ in range(200):
        word.clear()
        async with ours.transaction() as session:
            await record(session, OtpEnrolled(account_id=uuid.uuid4()), now=datetime.now(UTC))
        elapsed = stopwatch()
        await word.wait()
        waits.append(elapsed() * 1000)
        await asyncio.sleep(0.02)
    stop.set()
    await asyncio.gather(*tasks)
    await producer.stop()
    return waits
