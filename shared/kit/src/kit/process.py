"""A worker process and its health: loops that run until SIGTERM, and begin again while what they need is down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial

import structlog
from aiokafka import AIOKafkaProducer
from starlette.applications import Starlette

from kit import deadlines, group, housekeeping, kafka, relay
from kit.bus import Consumer
from kit.clock import Clock
from kit.db import Database
from kit.deadlines import Handler
from kit.health import Health
from kit.schema import answers_with_its_schema
from kit.settings import ServiceSettings

log = structlog.get_logger(__name__)

Loop = Callable[[asyncio.Event], Awaitable[None]]
DRAIN_SECONDS = 25  # for the loops to finish what they hold
CLOSE_SECONDS = 3  # for what is left then to take its cancellation, and for connections to close

_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 5.0
_STEADY_SECONDS = 30  # a loop that ran for this long failed anew, not again


async def supervise(name: str, loop: Loop, stop: asyncio.Event) -> None:
    """Run `loop` until `stop`; when it fails, start it again after 0.2 s, 0.4 s, ... at most 5 s.

    A loop that returns before `stop` counts as failed, and so does one that ends in a cancellation which nobody asked
    of this task: client libraries let one of their own futures' through at times, and the loop would be gone unnoticed.
    """
    clock = asyncio.get_running_loop().time
    pause = _FIRST_PAUSE_SECONDS
    while not stop.is_set():
        started = clock()
        failure: BaseException | None = None
        try:
            await loop(stop)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            failure = error
        except Exception as error:  # noqa: BLE001 - whatever it was, the process goes on
            failure = error
        if stop.is_set():
            if failure is not None:
                log.warning("loop_failed_while_stopping", loop=name, error=type(failure).__name__, exc_info=failure)
            return
        if clock() - started > _STEADY_SECONDS:
            pause = _FIRST_PAUSE_SECONDS
        error_name = type(failure).__name__ if failure else None
        log.warning("loop_failed", loop=name, error=error_name, again_in_seconds=pause, exc_info=failure)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)
        pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


def build_worker_app(
    *,
    service: str,
    settings: ServiceSettings,
    database: Database,
    clock: Clock,
    health: Health,
    consumer: Consumer | None = None,
    deadline_handlers: Mapping[str, Handler] | None = None,
    loops: Mapping[str, Loop] | None = None,
) -> Starlette:
    """The worker of a service as an ASGI app: relay, consumer, deadlines, housekeeping, own loops.

    It starts whether or not its dependencies are up, says in /readyz what is missing, and works as soon as it is there.
    SIGTERM: not ready, loops finish what they hold (up to 25 s), connections close; 31 s at the very most.
    """
    bell = relay.Bell(database.dsn)
    database.after_events = bell.ring
    all_loops: dict[str, Loop] = {
        "bell": bell.run,
        "relay": partial(_relay, service, settings, database, health),
        "housekeeping": partial(_housekeeping, database, clock, health),
    }
    if consumer is not None:
        all_loops["consumer"] = partial(_consume, consumer, settings, health)
        all_loops["parked"] = partial(_retries, consumer, health)
    if deadline_handlers:
        all_loops["deadlines"] = partial(_deadlines, database, deadline_handlers, clock, health)
    all_loops.update(loops or {})
    health.check("database", answers_with_its_schema(database, service))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        stop = asyncio.Event()
        tasks = [asyncio.create_task(supervise(name, loop, stop), name=name) for name, loop in all_loops.items()]
        try:
            yield
        finally:
            health.draining = True
            stop.set()
            late = (await asyncio.wait(tasks, timeout=DRAIN_SECONDS))[1]
            for task in late:
                log.error("loop_did_not_stop", loop=task.get_name())
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=CLOSE_SECONDS)
            try:
                await asyncio.wait_for(database.close(), CLOSE_SECONDS)
            except TimeoutError:  # a database that hangs must not hold the process
                log.warning("database_did_not_close")

    return Starlette(routes=health.routes(), lifespan=lifespan)


def relay_producer(service: str, settings: ServiceSettings) -> AIOKafkaProducer:
    """The producer of a service's relay, not connected yet."""
    return AIOKafkaProducer(
        bootstrap_servers=settings.kafka_bootstrap,
        client_id=f"madoguchi-{service}-relay",
        acks="all",
        enable_idempotence=settings.kafka_idempotence,
        linger_ms=0,  # the relay brings its own batches
        max_batch_size=900_000,  # below the broker's usual limit of 1 MB, above the largest event
        max_request_size=1_048_576,
        **kafka.client_arguments(settings),
    )


async def _relay(
    service: str, settings: ServiceSettings, database: Database, health: Health, stop: asyncio.Event
) -> None:
    producer = relay_producer(service, settings)

    async def kafka_answers() -> None:
        await producer.client.fetch_all_metadata()

    health.check("kafka", kafka_answers)
    health.expect("relay", 120)
    try:
        await producer.start()
        publish = relay.make_publisher(producer, f"/madoguchi/{service}")
        await relay.run(database.dsn, publish, stop=stop, beat=partial(health.beat, "relay"))
    finally:
        await producer.stop()


async def _consume(consumer: Consumer, settings: ServiceSettings, health: Health, stop: asyncio.Event) -> None:
    await group.consume(consumer, settings, health, stop)


async def _retries(consumer: Consumer, health: Health, stop: asyncio.Event) -> None:
    health.expect("parked", 300)
    await consumer.run_retries(stop, partial(health.beat, "parked"))


async def _deadlines(
    database: Database, handlers: Mapping[str, Handler], clock: Clock, health: Health, stop: asyncio.Event
) -> None:
    health.expect("deadlines", 120)
    await deadlines.run(database, handlers, clock, stop=stop, beat=partial(health.beat, "deadlines"))


async def _housekeeping(database: Database, clock: Clock, health: Health, stop: asyncio.Event) -> None:
    health.expect("housekeeping", 2 * housekeeping.EVERY_SECONDS)
    await housekeeping.run(database, clock, stop=stop, beat=partial(health.beat, "housekeeping"))
