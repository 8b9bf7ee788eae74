"""The relay tells the broker what the event log holds: per aggregate in order, at least once, through any failure.

The idea, in five sentences. `outbox` holds a pointer to each event not yet told. Every pointer lies in one of 64
buckets, chosen by its aggregate; a relay owns a bucket by a session-level advisory lock held on the very connection
that reads and deletes the pointers, so losing the connection ends the ownership in the same moment. It reads its buckets
by id, sends, waits for the broker's word, deletes. When a send fails, nothing behind it in that bucket is told before
it. A relay that hangs (its process stopped, not dead) is idle for PostgreSQL, which ends the session, and another
replica takes over; when the first wakes up it can only repeat events from the oldest untold one on, which a reader's
inbox stops.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import structlog
from aiokafka import AIOKafkaProducer

from kit.cloudevents import Envelope, encode
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
_LOCK_CLASS = 0x4D41  # "MA"; advisory locks of this class are relay buckets

_TAKE = """
SELECT b FROM generate_series(0, 63) AS b
WHERE b <> ALL($1::int[]) AND pg_try_advisory_lock($2, b)
"""
_READ = """
SELECT o.id, o.bucket, o.replay, e.event_id, e.topic, e.aggregate_id, e.version, e.type, e.data::text AS data,
       e.traceparent, e.recorded_at
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
Send = Callable[[asyncpg.Record], Awaitable[Awaitable[object]]]


def make_sender(producer: AIOKafkaProducer, source: str) -> Send:
    """The function that hands one row to the producer and returns the future of the broker's word."""

    async def send(row: asyncpg.Record) -> Awaitable[object]:
        headers = encode(
            Envelope(
                event_id=row["event_id"],
                source=source,
                type=row["type"],
                aggregate_id=row["aggregate_id"],
                sequence=row["version"],
                time=row["recorded_at"],
                dataschema="urn:" + row["type"].replace(".", ":"),  # the schema name of the contracts package
                traceparent=row["traceparent"],
                replay=row["replay"],
            )
        )
        future: Awaitable[object] = await producer.send(
            row["topic"], row["data"].encode(), key=str(row["aggregate_id"]).encode(), headers=headers
        )
        return future

    return send


async def tell(
    rows: Sequence[asyncpg.Record], send: Send, *, pipelined: bool
) -> tuple[list[int], dict[int, BaseException]]:
    """Send the rows in order and wait for the broker's word.

    Returns the ids that were told, and the buckets that stopped with the error of each. What follows a failure in its
    bucket is told again behind it. `pipelined` sends everything at once, which keeps order only with a producer that
    never lets a batch pass a failed one (an idempotent one); else an event leaves only after the broker took the one
    before it of the same aggregate.
    """
    told: list[int] = []
    stopped: dict[int, BaseException] = {}
    for round_ in [rows] if pipelined else _rounds(rows):
        waiting: list[tuple[asyncpg.Record, Awaitable[object]]] = []
        for row in round_:
            if row["bucket"] in stopped:
                continue
            try:
                waiting.append((row, await send(row)))
            except Exception as error:  # noqa: BLE001 - whatever the client raises, the bucket stops and is tried again
                stopped[row["bucket"]] = error
        results = await asyncio.gather(*(future for _, future in waiting), return_exceptions=True)
        for (row, _), result in zip(waiting, results, strict=True):
            if isinstance(result, BaseException):
                stopped.setdefault(row["bucket"], result)
            elif row["bucket"] not in stopped:
                told.append(row["id"])
                relay_published.labels(row["topic"]).inc()
    return told, stopped


def _rounds(rows: Sequence[asyncpg.Record]) -> list[list[asyncpg.Record]]:
    """The first event of each aggregate, then the second of each, and so on."""
    seen: Counter[UUID] = Counter()
    rounds: list[list[asyncpg.Record]] = []
    for row in rows:
        place = seen[row["aggregate_id"]]
        seen[row["aggregate_id"]] += 1
        if place == len(rounds):
            rounds.append([])
        rounds[place].append(row)
    return rounds


async def run(dsn: str, send: Send, *, pipelined: bool, stop: asyncio.Event, beat: Callable[[], None]) -> None:
    """Relay until `stop` is set; `pipelined` as for `tell`.

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
                    owned += [row["b"] for row in await connection.fetch(_TAKE, owned, _LOCK_CLASS)]
                    relay_buckets.set(len(owned))
                await _measure(connection)
            bell.clear()
            resting = {bucket: until for bucket, until in resting.items() if until > clock()}
            ready = [bucket for bucket in owned if bucket not in resting]
            rows = await connection.fetch(_READ, ready, after, BATCH) if ready else []
            if rows:
                told, stopped = await _while_holding(connection, tell(rows, send, pipelined=pipelined), beat)
                await connection.execute("DELETE FROM outbox WHERE id = ANY($1::bigint[])", told)
                for bucket, error in stopped.items():
                    # Only this bucket rests; were it read again at once, its backlog would fill every batch.
                    resting[bucket] = clock() + REST_SECONDS
                    relay_failures.labels(type(error).__name__).inc()
                    log.warning("relay_send_failed", bucket=bucket, error=type(error).__name__)
            if len(rows) == BATCH and not resting:
                # A full batch: read on behind it, so that the dead rows at the head are not scanned again each time.
                after = rows[-1]["id"]
                continue
            # Else from the beginning: an event with a smaller id may have been committed later.
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
