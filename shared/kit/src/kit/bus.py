"""Consuming events: each effect exactly once, in order per key, and no key waits for another one's trouble.

A batch of records is one transaction: parked keys are looked up, the inbox stops duplicates, handlers do their effects,
then the offsets are committed. If a handler fails, the batch is rolled back and its events are done one by one:

- a transient failure (database, network) is tried again in place, with back-off, for as long as it lasts;
- anything else parks the event's key: it and every later event of that key are kept in `parked_events` in order, and
  all other keys flow. An operator looks at it, retries or skips with a reason (`madoguchi parked`), and the rest drains
  in order before the key is free again.

Unknown event types are none of our business and are acknowledged. Known ones that cannot be read are parked.
Where the batches come from is `kit.group`, whether they get on `kit.progress`.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Protocol
from uuid import UUID

import structlog
from madoguchi_contracts import EVENTS, Event, Unparsable, parse
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kit import cloudevents
from kit.clock import Clock
from kit.db import Database, is_transient
from kit.errors import Permanent, Transient, Unavailable
from kit.inbox import Address, admit, first_time
from kit.metrics import consumed, consumer_retries, event_age_seconds, parked_keys
from kit.telemetry import span

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class EventMeta:
    """What the envelope says about an event.

    `replay`: told again (`madoguchi replay`). It may be of any age, and comes to a handler only when its effect was not
    done before: it was lost, or the service did not listen to its type yet. A late effect is better than a lost one, so
    nothing is refused here; a handler whose effect nobody wants late looks at `replay` and `occurred_at` (a mail).
    """

    event_id: UUID
    topic: str
    aggregate_id: UUID
    sequence: int
    occurred_at: datetime
    traceparent: str | None
    replay: bool


Handler = Callable[[AsyncSession, Any, EventMeta], Awaitable[None]]
BulkHandler = Callable[[AsyncSession, Sequence[tuple[Any, EventMeta]]], Awaitable[None]]


@dataclass(frozen=True)
class Bulk:
    """A handler that takes a run of events at once: for projections, which are one statement for many events."""

    handle: BulkHandler


Handlers = Mapping[type[Event], Handler | Bulk]


class Record(Protocol):
    """What we need of a Kafka record."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...


@dataclass(frozen=True)
class Incoming:
    """A record after reading: an event for a handler, or the reason why it is none."""

    record: Record
    key: str
    event_id: UUID | None = None
    type: str = "unreadable"
    event: Event | None = None
    meta: EventMeta | None = None
    error: Exception | None = None

    @property
    def address(self) -> Address:
        """The topic and key: what waits together when one of them is parked."""
        return self.record.topic, self.key


_PARK_KEY = text("""
INSERT INTO parked_keys (consumer, topic, key, parked_at, error_class) VALUES (:consumer, :topic, :key, :now, :error)
ON CONFLICT DO NOTHING
""")
_PARK_EVENT = text("""
INSERT INTO parked_events
  (consumer, topic, key, event_id, headers, body, partition, "offset", parked_at, error)
VALUES (:consumer, :topic, :key, :event_id, cast(:headers AS jsonb), :body, :partition, :offset, :now, :error)
ON CONFLICT DO NOTHING
""")
_LOCK_KEY = text("""
SELECT 1 FROM parked_keys WHERE consumer = :consumer AND topic = :topic AND key = :key FOR UPDATE
""")
_NEXT_PARKED = text("""
SELECT id, topic, key, headers, body, partition, "offset" FROM parked_events
WHERE consumer = :consumer AND topic = :topic AND key = :key AND resolution IS NULL ORDER BY id LIMIT 1
""")
_RESOLVE = text("UPDATE parked_events SET resolution = 'retried', resolved_by = :by, resolved_at = :now WHERE id = :id")
_FREE_KEY = text("DELETE FROM parked_keys WHERE consumer = :consumer AND topic = :topic AND key = :key")
_FAILED_AGAIN = text("""
WITH event AS (UPDATE parked_events SET error = :error WHERE id = :id)
UPDATE parked_keys SET retry_requested_at = NULL, error_class = :error_class
WHERE consumer = :consumer AND topic = :topic AND key = :key
""")
_ASKED = text("""
SELECT topic, key FROM parked_keys WHERE consumer = :consumer AND retry_requested_at IS NOT NULL
ORDER BY retry_requested_at
""")
_COUNT = text("SELECT count(*) FROM parked_keys WHERE consumer = :consumer")


@dataclass(frozen=True)
class _StoredRecord:
    """A parked event, as the record that it was."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


def explain(error: BaseException) -> str:
    """What an operator is told of an error, without the values in it, which may be personal.

    The texts of our own errors name facts and fields only; of foreign ones only the class is shown.
    """
    own = isinstance(error, (Permanent, Unparsable, cloudevents.NotACloudEvent))
    return f"{type(error).__name__}: {error}" if own else type(error).__name__


def _readable(key: bytes | None) -> str:
    """A Kafka key as text that PostgreSQL can store and index, whatever a stranger put there."""
    text_ = (key or b"").decode(errors="backslashreplace").replace("\x00", "\\x00")
    return text_ if len(text_) <= 200 else f"{text_[:60]}~sha256:{hashlib.sha256(key or b'').hexdigest()}"


class Consumer:
    """The events a service listens to, and what it does on each."""

    def __init__(self, service: str, handlers: Handlers, *, database: Database, clock: Clock) -> None:
        """`service` is the consumer group and the inbox's name; `handlers` maps event classes to functions."""
        self.service = service
        self.topics = sorted({event.topic for event in handlers})
        self._handlers = {event.type_name: handler for event, handler in handlers.items()}
        self._names = {name.rpartition(".")[0] for name in self._handlers}
        self._database = database
        self._clock = clock
        self.on_attempt: Callable[[], None] = lambda: None

    # Reading

    def read(self, record: Record) -> Incoming | None:
        """The record as an event; None when it is of a type this service does not listen to."""
        key = _readable(record.key)
        try:
            envelope = cloudevents.decode(record.headers)
        except cloudevents.NotACloudEvent as error:
            return Incoming(record, key, error=error)
        if envelope.type not in self._handlers and envelope.type.rpartition(".")[0] not in self._names:
            label = envelope.type if envelope.type in EVENTS else "unknown"
            consumed.labels(record.topic, label, "ignored").inc()
            return None
        label = envelope.type if envelope.type in EVENTS else "unknown"
        try:
            event = parse(envelope.type, record.value or b"")
            if event is None or str(event.aggregate_id) != str(envelope.aggregate_id) or key != str(event.aggregate_id):
                raise Permanent("key, ce_subject and the event's aggregate are not the same")
        except (Unparsable, Permanent) as error:
            return Incoming(record, key, envelope.event_id, label, error=error)
        meta = EventMeta(
            envelope.event_id,
            record.topic,
            envelope.aggregate_id,
            envelope.sequence,
            envelope.time,
            envelope.traceparent,
            envelope.replay,
        )
        return Incoming(record, key, envelope.event_id, label, event, meta)

    # Processing

    async def process(self, records: Sequence[Record]) -> None:
        """Take a batch, in order. When this returns, every record is done, parked or none of our business."""
        batch = [incoming for record in records if (incoming := self.read(record)) is not None]
        if not batch:
            return
        try:
            async with self._database.transaction() as session:
                done = await self._take(session, batch)
        except Exception as error:  # noqa: BLE001 - whatever it was, each event now shows its own trouble
            log.info("batch_taken_one_by_one", events=len(batch), error=type(error).__name__)
            for incoming in batch:
                await self._alone(incoming)
        else:
            self._count(done)

    async def _alone(self, incoming: Incoming) -> None:
        """One event in its own transaction; parks its key when that can never work."""

        async def attempt() -> None:
            async with self._database.transaction() as session:
                done = await self._take(session, [incoming])
            self._count(done)

        try:
            await self._patiently(attempt)
        except Exception as error:  # noqa: BLE001 - a handler's error of any kind parks its key and stops no other
            await self._patiently(partial(self._park_alone, incoming, error))

    async def _park_alone(self, incoming: Incoming, error: Exception) -> None:
        async with self._database.transaction() as session:
            await self._park(session, incoming, error)
        self._count([(incoming, "parked")])

    async def _patiently(self, attempt: Callable[[], Awaitable[None]]) -> None:
        """Try until it works or fails for good; waits 0.1 s, 0.2 s, ... at most 10 s between tries."""
        pause = 0.1
        while True:
            self.on_attempt()
            try:
                return await attempt()
            except Exception as error:
                if not (isinstance(error, (Transient, Unavailable)) or is_transient(error)):
                    raise
                consumer_retries.labels(type(error).__name__).inc()
                log.warning("transient_failure", error=type(error).__name__, again_in_seconds=round(pause, 1))
                await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - spreads replicas, keeps no secret
                pause = min(pause * 2, 10)

    async def _take(self, session: AsyncSession, batch: Sequence[Incoming]) -> list[tuple[Incoming, str]]:
        """The effects of a batch in the caller's transaction; returns each event with its outcome."""
        broken: set[Address] = set()
        new: dict[UUID, Address] = {}
        # Decided before the inbox is asked: an event that waits behind an unreadable one must not count as done.
        for incoming in batch:
            if incoming.error is not None:
                broken.add(incoming.address)
            elif incoming.event_id is not None and incoming.address not in broken:
                new.setdefault(incoming.event_id, incoming.address)
        fresh, parked = await admit(session, self.service, {incoming.address for incoming in batch}, new)
        done: list[tuple[Incoming, str]] = []
        run: list[Incoming] = []

        async def finish_run() -> None:
            if run:
                await self._handle(session, run)
                done.extend((incoming, "done") for incoming in run)
                run.clear()

        for incoming in batch:
            if incoming.error is not None:
                parked.add(incoming.address)
            if incoming.address in parked:
                await self._park(session, incoming, incoming.error)
                done.append((incoming, "parked"))
            elif incoming.event_id not in fresh:
                done.append((incoming, "duplicate"))
            else:
                fresh.discard(incoming.event_id)  # the same event twice in one batch
                if run and self._handlers[run[0].type] is not self._handlers[incoming.type]:
                    await finish_run()
                run.append(incoming)
        await finish_run()
        return done

    async def _handle(self, session: AsyncSession, run: Sequence[Incoming]) -> None:
        """Call the handler of a run of events that share it."""
        handler = self._handlers[run[0].type]
        if isinstance(handler, Bulk):
            await handler.handle(session, [(i.event, i.meta) for i in run if i.meta is not None])
            return
        for incoming in run:
            if incoming.meta is not None:
                with span(f"consume {incoming.type}", traceparent=incoming.meta.traceparent):
                    await handler(session, incoming.event, incoming.meta)

    async def _park(self, session: AsyncSession, incoming: Incoming, error: Exception | None) -> None:
        """Keep the event, byte for byte, behind its key."""
        record = incoming.record
        where = {"consumer": self.service, "topic": record.topic, "key": incoming.key, "now": self._clock()}
        if error is not None:
            await session.execute(_PARK_KEY, {**where, "error": type(error).__name__})
            log.error(
                "key_parked", topic=record.topic, key=incoming.key, event_type=incoming.type, error=explain(error)
            )
        headers = [[name.replace("\x00", "\\x00"), (value or b"").hex()] for name, value in record.headers]
        await session.execute(
            _PARK_EVENT,
            {
                **where,
                "event_id": incoming.event_id,
                "headers": json.dumps(headers),
                "body": record.value or b"",
                "partition": record.partition,
                "offset": record.offset,
                "error": explain(error) if error is not None else "waits behind an earlier event",
            },
        )

    def _count(self, done: Sequence[tuple[Incoming, str]]) -> None:
        now = self._clock()
        for incoming, outcome in done:
            consumed.labels(incoming.record.topic, incoming.type, outcome).inc()
            if outcome == "done" and incoming.meta is not None:
                age = (now - incoming.meta.occurred_at).total_seconds()
                event_age_seconds.labels(incoming.record.topic).observe(max(age, 0))

    # Parked keys

    async def drain(self, topic: str, key: str) -> bool:
        """Do a parked key's events in order until none is left; returns False if one fails again.

        Each event is its own transaction under the key's row lock: a new event of the key waits for the end of it and
        is then either behind the rest or free.
        """
        where = {"consumer": self.service, "topic": topic, "key": key}
        while True:
            event_row: Any = None
            try:
                async with self._database.transaction() as session:
                    if (await session.execute(_LOCK_KEY, where)).one_or_none() is None:
                        return True
                    event_row = (await session.execute(_NEXT_PARKED, where)).one_or_none()
                    if event_row is None:
                        await session.execute(_FREE_KEY, where)
                        log.info("key_freed", topic=topic, key=key)
                        return True
                    await self._do_parked(session, event_row)
            except Exception as error:
                if event_row is None or isinstance(error, (Transient, Unavailable)) or is_transient(error):
                    raise
                async with self._database.transaction() as session:
                    failed = {
                        "id": event_row.id,
                        "error": explain(error),
                        "error_class": type(error).__name__,
                    }
                    await session.execute(_FAILED_AGAIN, {**where, **failed})
                log.error("parked_event_failed_again", topic=topic, key=key, error=explain(error))
                return False

    async def _do_parked(self, session: AsyncSession, row: Any) -> None:
        headers = [(name, bytes.fromhex(value)) for name, value in row.headers]
        record = _StoredRecord(row.topic, row.partition, row.offset, row.key.encode(), bytes(row.body), headers)
        incoming = self.read(record)
        if incoming is not None:
            if incoming.error is not None:
                raise incoming.error
            if incoming.event_id and await first_time(session, self.service, incoming.event_id):
                await self._handle(session, [incoming])
                self._count([(incoming, "done")])
        await session.execute(_RESOLVE, {"id": row.id, "by": "operator", "now": self._clock()})

    async def run_retries(self, stop: asyncio.Event, beat: Callable[[], None]) -> None:
        """Do what operators asked for with `madoguchi parked retry`, until `stop`."""
        while not stop.is_set():
            beat()
            async with self._database.transaction() as session:
                asked = (await session.execute(_ASKED, {"consumer": self.service})).all()
                parked_keys.set((await session.execute(_COUNT, {"consumer": self.service})).scalar_one())
            for row in asked:
                await self.drain(row.topic, row.key)
            try:
                await asyncio.wait_for(stop.wait(), 1)
            except TimeoutError:
                continue
