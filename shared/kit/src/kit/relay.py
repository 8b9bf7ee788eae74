"""The relay tells the broker what the event log holds: per aggregate in order, at least once, through any failure.

The idea, in five sentences. `outbox` holds a pointer to each event not yet told. Every pointer lies in one of 64
buckets, chosen by its aggregate; a relay owns a bucket by a session-level advisory lock held on the very connection
that reads and deletes the pointers, so losing the connection ends the ownership in the same moment. It reads its
buckets by id, sends one batch per partition, waits for the broker's word, and deletes what was taken; what failed stays
first in line of its aggregate. A relay that hangs (its process stopped, not dead) is idle for PostgreSQL, which ends
the session, and another replica takes over; when the first wakes up it can only repeat events from the oldest untold
one on, which a reader's inbox stops.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from functools import lru_cache
from typing import Any, TypeVar

import asyncpg
import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import murmur2
from aiokafka.producer.message_accumulator import BatchBuilder

from kit.cloudevents import build_headers, constant_headers
from kit.eventlog import BUCKETS
from kit.metrics import (
    outbox_oldest_seconds,
    outbox_pending,
    relay_buckets,
    relay_failures,
    relay_published,
)

log = structlog.get_logger(__name__)

CHANNEL = "madoguchi_outbox"
BATCH = 500
POLL_SECONDS = 0.5  # the fallback for a crash between a commit and its bell
REST_SECONDS = 0.5  # before a bucket whose send failed is tried again
HANG_SECONDS = 5  # a session silent for this long has lost its buckets
PAUSE_SECONDS = 0.004  # lets a trickle under load gather into batches; see docs/benchmarks.md
LOCK_CLASS = 0x4D41  # "MA"; advisory locks of this class are relay buckets

_TAKE = """
SELECT b FROM generate_series(0, 63) AS b
WHERE b <> ALL($1::int[]) AND pg_try_advisory_lock($2, b)
"""
_READ = """
SELECT o.id, o.bucket, o.replay, e.event_id::text, e.topic, e.aggregate_id::text, e.version::text, e.type,
       e.data::text, e.traceparent, to_char(e.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS time
FROM outbox o JOIN events e ON e.id = o.id
WHERE o.bucket = ANY($1::smallint[]) AND o.id > $2
ORDER BY o.id LIMIT $3
"""
_PENDING = """
SELECT count(*) AS pending,
       coalesce(extract(epoch FROM now() - (SELECT recorded_at FROM events WHERE id = min(o.id))), 0) AS oldest
FROM outbox o WHERE NOT replay
"""

T = TypeVar("T")
Told = tuple[list[int], dict[int, BaseException]]
Publish = Callable[[Sequence[asyncpg.Record]], Coroutine[Any, Any, Told]]
"""Tells rows, given in id order, to the broker: returns the ids that it took, and the buckets that failed with their
errors. Of each aggregate it took the first rows or none; what is neither told nor failed did not fit this time."""


@lru_cache(maxsize=65_536)
def _partition_of(key: bytes, partitions: int) -> int:
    """Where Kafka's default partitioner puts a key; cached, since it is a loop in Python."""
    return int((murmur2(key) & 0x7FFFFFFF) % partitions)


def make_publisher(producer: AIOKafkaProducer, source: str) -> Publish:
    """Tell rows with one batch per partition, which the broker takes as a whole or not at all.

    That keeps order without relying on the producer: no row of a partition can pass a failed one, because there is
    never a second batch on its way. It is also several times cheaper than a future per row.
    """

    async def publish(rows: Sequence[asyncpg.Record]) -> Told:
        batches: dict[tuple[str, int], BatchBuilder] = {}
        members: dict[tuple[str, int], list[asyncpg.Record]] = {}
        full: set[tuple[str, int]] = set()
        partitions: dict[str, int] = {}
        failed: dict[int, BaseException] = {}
        for row in rows:
            topic = row["topic"]
            if topic not in partitions:
                partitions[topic] = len(await producer.partitions_for(topic))
            key = row["aggregate_id"].encode()
            place = (topic, _partition_of(key, partitions[topic]))
            if place in full:
                continue
            batch = batches.get(place) or batches.setdefault(place, producer.create_batch())
            # The data schema is the schema name of the contracts package.
            schema = "urn:" + row["type"].replace(".", ":")
            headers = build_headers(
                constant_headers(row["type"], source, schema),
                event_id=row["event_id"],
                subject=row["aggregate_id"],
                sequence=row["version"],
                time=row["time"],
                traceparent=row["traceparent"],
                replay=row["replay"],
            )
            if batch.append(timestamp=None, key=key, value=row["data"].encode(), headers=headers) is None:
                full.add(place)
                continue
            members.setdefault(place, []).append(row)

        places = list(members)
        answers = await asyncio.gather(*(_word(producer, batches[place], *place) for place in places))
        told: list[int] = []
        for place, error in zip(places, answers, strict=True):
            if error is None:
                told += [row["id"] for row in members[place]]
                relay_published.labels(place[0]).inc(len(members[place]))
            else:
                failed.update((row["bucket"], error) for row in members[place])
        return told, failed

    return publish


async def _word(producer: AIOKafkaProducer, batch: BatchBuilder, topic: str, partition: int) -> BaseException | None:
    """The broker's word on one batch: None when it was taken."""
    try:
        await (await producer.send_batch(batch, topic, partition=partition))
    except Exception as error:  # noqa: BLE001 - whatever the client raises, these rows are told again
        return error
    return None


async def run(dsn: str, publish: Publish, *, stop: asyncio.Event, beat: Callable[[], None]) -> None:
    """Relay until `stop` is set.

    Raises on a lost connection: all buckets are free then, and the caller starts it again.
    """
    connection: asyncpg.Connection = await asyncpg.connect(
        dsn,
        timeout=5,
        command_timeout=10,
        server_settings={
            "application_name": "madoguchi-relay",
            "idle_session_timeout": f"{HANG_SECONDS}s",
            "idle_in_transaction_session_timeout": f"{HANG_SECONDS}s",
        },
    )
    clock = asyncio.get_running_loop().time
    bell = asyncio.Event()
    owned: list[int] = []
    resting: dict[int, float] = {}  # bucket: not before
    after = 0
    looked = 0.0
    try:
        await connection.add_listener(CHANNEL, lambda *_: bell.set())
        while not stop.is_set():
            beat()
            if clock() - looked >= 1:
                looked = clock()
                if len(owned) < BUCKETS:
                    owned += [row["b"] for row in await connection.fetch(_TAKE, owned, LOCK_CLASS)]
                    relay_buckets.set(len(owned))
                await _measure(connection)
            bell.clear()
            resting = {bucket: until for bucket, until in resting.items() if until > clock()}
            ready = [bucket for bucket in owned if bucket not in resting]
            rows = await connection.fetch(_READ, ready, after, BATCH) if ready else []
            told: list[int] = []
            if rows:
                told, failed = await _while_holding(connection, publish(rows), beat)
                await connection.execute("DELETE FROM outbox WHERE id = ANY($1::bigint[])", told)
                for bucket, error in failed.items():
                    # Only this bucket rests; were it read again at once, its backlog would fill every batch.
                    resting[bucket] = clock() + REST_SECONDS
                    relay_failures.labels(type(error).__name__).inc()
                    log.warning("relay_send_failed", bucket=bucket, error=type(error).__name__)
            if len(told) == BATCH:
                # A full batch, all told: read on behind it, so that its dead rows are not scanned again each time.
                after = rows[-1]["id"]
                continue
            # Else from the beginning: some may be left, and a smaller id may have been committed later.
            after = 0
            if rows and len(rows) < BATCH:
                await asyncio.sleep(PAUSE_SECONDS)
            elif not rows:
                await _wait(bell, POLL_SECONDS, stop)
    finally:
        relay_buckets.set(0)
        await connection.close(timeout=2)


async def _while_holding(
    connection: asyncpg.Connection,
    work: Coroutine[Any, Any, T],
    beat: Callable[[], None],
) -> T:
    """Run `work` and show PostgreSQL every second that this relay is alive: a slow broker must not cost the buckets.

    Raises what the connection raises when it is lost: the buckets are somebody else's then, and the work is dropped.
    """
    task = asyncio.ensure_future(work)
    try:
        while not (await asyncio.wait({task}, timeout=1))[0]:
            beat()
            await connection.execute("SELECT 1")
        return task.result()
    finally:
        task.cancel()


async def _measure(connection: asyncpg.Connection) -> None:
    (row,) = await connection.fetch(_PENDING)
    outbox_pending.set(row["pending"])
    outbox_oldest_seconds.set(float(row["oldest"]))


async def _wait(event: asyncio.Event, seconds: float, other: asyncio.Event | None = None) -> None:
    """Wait for one of the events, at most `seconds`."""
    waits = [asyncio.ensure_future(e.wait()) for e in (event, other) if e is not None]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


class Bell:
    """Rings for the relay after a commit, from any process: one NOTIFY at a time on a connection of its own.

    NOTIFY inside the business transaction would queue every commit of the cluster behind one lock.
    """

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._asked = asyncio.Event()

    def ring(self) -> None:
        """Ask for a wake-up soon; never blocks, never fails."""
        self._asked.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Send the wake-ups until `stop`. Raises on a lost connection; the relay's own look covers the pause."""
        connection = await asyncpg.connect(self._dsn, timeout=5, command_timeout=5)
        try:
            while not stop.is_set():
                await _wait(self._asked, 60, stop)
                if self._asked.is_set():
                    self._asked.clear()
                    await connection.execute(f"NOTIFY {CHANNEL}")
                    await asyncio.sleep(0.002)
        finally:
            await connection.close(timeout=2)
