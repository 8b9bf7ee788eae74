"""A worker process: loops that run until SIGTERM, restarted with back-off while what they need is down, and its health."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial

import structlog
from aiokafka import AIOKafkaProducer
from starlette.applications import Starlette

from kit import bus, deadlines, relay
from kit.bus import Consumer
from kit.clock import Clock
from kit.db import Database
from kit.deadlines import Handler
from kit.health import Health
from kit.settings import ServiceSettings

log = structlog.get_logger(__name__)

Loop = Callable[[asyncio.Event], Awaitable[None]]
DRAIN_SECONDS = 25


async def supervise(name: str, loop: Loop, stop: asyncio.Event) -> None:
    """Run `loop` until `stop`; when it fails, start it again after 0.2 s, 0.4 s, ... at most 5 s."""
    pause = 0.2
    while not stop.is_set():
        started = asyncio.get_running_loop().time()
        try:
            await loop(stop)
        except Exception as error:
            if asyncio.get_running_loop().time() - started > 30:
                pause = 0.2
            log.warning("loop_failed", loop=name, error=type(error).__name__, again_in_seconds=pause, exc_info=True)
            try:
                await asyncio.wait_for(stop.wait(), pause)
            except TimeoutError:
                pause = min(pause * 2, 5)


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
    """The worker of a service as an ASGI app: relay, consumer, deadlines and the service's own loops.

    It starts whether or not its dependencies are up, says in /readyz what is missing, and works as soon as it is there.
    SIGTERM: not ready, loops finish what they hold (up to 25 s), connections close.
    """
    bell = relay.Bell(database.dsn)
    database.after_events = bell.ring
    all_loops: dict[str, Loop] = {
        "bell": bell.run,
        "relay": partial(_relay, service, settings, database, health),
    }
    if consumer is not None:
        all_loops["consumer"] = partial(_consume, consumer, settings, health)
        all_loops["parked"] = partial(_retries, consumer, health)
    if deadline_handlers:
        all_loops["deadlines"] = partial(_deadlines, database, deadline_handlers, clock, health)
    all_loops.update(loops or {})
    health.check("database", database.ping)

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
            await asyncio.gather(*tasks, return_exceptions=True)
            await database.close()

    return Starlette(routes=health.routes(), lifespan=lifespan)


async def _relay(
    service: str, settings: ServiceSettings, database: Database, health: Health, stop: asyncio.Event
) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.kafka_bootstrap,
        client_id=f"madoguchi-{service}-relay",
        acks="all",
        enable_idempotence=settings.kafka_idempotence,
        linger_ms=0,  # the relay brings its own batches
        max_batch_size=900_000,  # below the broker's usual limit of 1 MB, above the largest event
        max_request_size=1_048_576,
    )

    async def kafka_answers() -> None:
        await producer.client.fetch_all_metadata()

    health.check("kafka", kafka_answers)
    health.expect("relay", 120)
    health.beat("relay")
    await producer.start()
    try:
        publish = relay.make_publisher(producer, f"/madoguchi/{service}")
        await relay.run(database.dsn, publish, stop=stop, beat=partial(health.beat, "relay"))
    finally:
        await producer.stop()


async def _consume(consumer: Consumer, settings: ServiceSettings, health: Health, stop: asyncio.Event) -> None:
    await bus.consume(consumer, settings, health, stop)


async def _retries(consumer: Consumer, health: Health, stop: asyncio.Event) -> None:
    health.expect("parked", 300)
    await consumer.run_retries(stop, partial(health.beat, "parked"))


async def _deadlines(
    database: Database, handlers: Mapping[str, Handler], clock: Clock, health: Health, stop: asyncio.Event
) -> None:
    health.expect("deadlines", 120)
    await deadlines.run(database, handlers, clock, stop=stop, beat=partial(health.beat, "deadlines"))
