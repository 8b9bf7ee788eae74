"""A worker: it starts whatever is down, works as soon as it can, restarts what fails, and ends in time."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import pairwise
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio
from kit import process
from kit.clock import system_clock
from kit.db import Database
from kit.deadlines import schedule
from kit.eventlog import record
from kit.health import Health
from kit.process import Loop, build_worker_app, supervise
from kit.settings import ServiceSettings
from madoguchi_contracts.identity import OtpEnrolled
from sqlalchemy import text
from starlette.applications import Starlette
from structlog.testing import capture_logs
from support.kit_app import environment, running
from support.kit_database import kit_database
from support.network import Doorway, free_port
from support.servers import FreshDatabase

# The supervision of one loop


async def supervised(loop: Loop, times: int, seconds: float = 0) -> list[float]:
    """When the loop was started, until it was so many times and some seconds have gone; then it is stopped."""
    starts: list[float] = []
    enough = asyncio.Event()

    async def noted(stop: asyncio.Event) -> None:
        starts.append(asyncio.get_running_loop().time())
        if len(starts) == times:
            enough.set()
        await loop(stop)

    stop = asyncio.Event()
    task = asyncio.create_task(supervise("sample", noted, stop))
    await asyncio.wait_for(enough.wait(), 60)
    await asyncio.sleep(seconds)
    stop.set()
    await asyncio.wait_for(task, 30)
    return starts


async def raises(stop: asyncio.Event) -> None:
    raise ConnectionError


async def returns(stop: asyncio.Event) -> None:
    return


async def is_cancelled_from_within(stop: asyncio.Event) -> None:
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    future.cancel()
    await future


@pytest.mark.parametrize("loop", [raises, returns, is_cancelled_from_within], ids=lambda loop: loop.__name__)
async def test_a_loop_that_ends_is_started_again_after_growing_pauses(loop: Loop) -> None:
    with capture_logs() as logs:
        starts = await supervised(loop, 4)
    pauses = [entry["again_in_seconds"] for entry in logs if entry["event"] == "loop_failed"]
    assert pauses[:3] == [0.2, 0.4, 0.8]
    gaps = [later - earlier for earlier, later in pairwise(starts)]
    assert all(gap > pause - 0.01 for gap, pause in zip(gaps, pauses[:3], strict=True)), gaps


async def test_a_loop_that_runs_is_left_alone_and_ends_with_stop() -> None:
    async def waits(stop: asyncio.Event) -> None:
        await stop.wait()

    with capture_logs() as logs:
        assert len(await supervised(waits, 1, seconds=0.3)) == 1
    assert logs == []


async def test_a_failure_while_stopping_is_told_and_ends_the_loop() -> None:
    async def fails_at_the_end(stop: asyncio.Event) -> None:
        await stop.wait()
        raise ConnectionError

    with capture_logs() as logs:
        assert len(await supervised(fails_at_the_end, 1)) == 1
    assert [entry["event"] for entry in logs] == ["loop_failed_while_stopping"]


async def test_a_cancellation_from_outside_is_obeyed() -> None:
    task = asyncio.create_task(supervise("sample", lambda stop: asyncio.sleep(60), asyncio.Event()))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


# The end of a worker


def worker_with(monkeypatch: pytest.MonkeyPatch, loop: Loop) -> tuple[Starlette, Health]:
    """A worker that reaches neither database nor broker, with one loop of its own."""
    url = f"postgresql+asyncpg://nobody@127.0.0.1:{free_port()}/nothing"
    for name, value in environment(url).items():
        monkeypatch.setenv(name, value)
    health = Health()
    app = build_worker_app(
        service="notifications",
        settings=ServiceSettings(),
        database=Database(url),
        clock=system_clock,
        health=health,
        loops={"own": loop},
    )
    return app, health


async def time_to_stop(app: Starlette) -> float:
    clock = asyncio.get_running_loop().time
    with capture_logs():
        async with app.router.lifespan_context(app):
            await asyncio.sleep(0.5)
            begun = clock()
    return clock() - begun


async def test_a_loop_may_finish_what_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    finished = asyncio.Event()

    async def finishes(stop: asyncio.Event) -> None:
        await stop.wait()
        await asyncio.sleep(0.5)
        finished.set()

    app, health = worker_with(monkeypatch, finishes)
    assert 0.5 <= await time_to_stop(app) < 15
    assert finished.is_set()
    assert health.draining


@pytest.mark.parametrize("stubborn", [False, True])
async def test_a_loop_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch, stubborn: bool) -> None:
    monkeypatch.setattr(process, "DRAIN_SECONDS", 0.5)
    monkeypatch.setattr(process, "CLOSE_SECONDS", 0.5)
    free = asyncio.Event()

    async def never_ends(stop: asyncio.Event) -> None:
        while not free.is_set():
            try:
                await asyncio.wait_for(free.wait(), 30)
            except asyncio.CancelledError:
                if not stubborn:
                    raise

    app, _ = worker_with(monkeypatch, never_ends)
    assert await time_to_stop(app) < 15
    free.set()


# A worker as a process


@pytest_asyncio.fixture
async def database(empty_postgres_url: FreshDatabase) -> AsyncIterator[Database]:
    database = await kit_database(empty_postgres_url)
    yield database
    await database.close()


async def effects(database: Database, what: str) -> list[UUID]:
    async with database.transaction() as session:
        found = await session.execute(text("SELECT key FROM effects WHERE what = :what ORDER BY id"), {"what": what})
        return list(found.scalars())


async def until(truth: Callable[[], Awaitable[object]], seconds: float = 60) -> None:
    """Wait for `truth` to return something true."""
    async with asyncio.timeout(seconds):
        while not await truth():
            await asyncio.sleep(0.1)


async def taken(database: Database) -> bool:
    """Whether a worker is busy with the only deadline."""
    async with database.transaction() as session:
        claims = await session.execute(
            text(
                "SELECT 1 FROM pg_locks JOIN pg_database d ON d.oid = database WHERE datname = current_database() "
                "AND locktype = 'advisory' AND classid = 19780"  # "MD"
            )
        )
        return bool(claims.all())


def through(door: Doorway, url: str) -> str:
    """The URL of a database, by way of the door."""
    head, _, name = url.rpartition("/")
    return f"{head.rpartition(':')[0]}:{door.port}/{name}"


@pytest.mark.slow
async def test_a_worker_starts_with_everything_down_works_when_it_comes_and_drains_at_sigterm(
    database: Database, kafka_bootstrap: str
) -> None:
    host, _, kafka_port = kafka_bootstrap.rpartition(":")
    to_postgres = Doorway("127.0.0.1", database.engine.url.port or 0)
    to_kafka = Doorway(host, int(kafka_port))
    variables = environment(through(to_postgres, database.url), kafka_bootstrap=f"127.0.0.1:{to_kafka.port}") | {
        "SAMPLE_REMINDER_SECONDS": "2"
    }
    account_id, reminded = uuid4(), uuid4()

    async with running("build_worker", variables) as worker, httpx.AsyncClient(base_url=worker.url) as client:

        async def reasons() -> dict[str, str]:
            answer = await client.get("/readyz")
            told = answer.json().get("reasons", {})
            assert answer.status_code == (503 if told else 200)
            return dict(told)

        async def until_missing(*names: str) -> None:
            async def missing() -> bool:
                return set(await reasons()) == set(names)

            await until(missing)

        await until_missing("database", "kafka")
        assert (await client.get("/livez")).status_code == 200

        await to_postgres.open()
        await until_missing("kafka")
        async with database.transaction() as session:
            await record(session, OtpEnrolled(account_id=account_id), now=system_clock())
        await to_kafka.open()
        await until_missing()

        async def heard() -> bool:  # beside whatever else is on the topic
            return (await effects(database, "heard")).count(account_id) == 1

        await until(heard)

        # The database goes away and comes back: the worker lives through it.
        await to_postgres.shut()
        await until_missing("database")
        assert (await client.get("/livez")).status_code == 200
        await to_postgres.open()
        await until_missing()

        async with database.transaction() as session:
            await schedule(session, kind="reminder", subject_id=reminded, due_at=system_clock())
        await until(lambda: taken(database))
        worker.process.terminate()
        await worker.stopped(seconds=35)

    assert await effects(database, "reminded") == [reminded]
    lines = [json.loads(line) for line in worker.output]
    assert not [line for line in lines if line["event"] in ("loop_did_not_stop", "database_did_not_close")]
    assert {line["loop"] for line in lines if line["event"] == "loop_failed"} <= {
        "bell",
        "relay",
        "consumer",
        "parked",
        "deadlines",
    }
    assert worker.errors == []


async def test_a_worker_without_its_dependencies_ends_at_once() -> None:
    variables = environment(f"postgresql+asyncpg://nobody@127.0.0.1:{free_port()}/nothing")
    async with running("build_worker", variables) as worker:
        await asyncio.sleep(1)
        begun = asyncio.get_running_loop().time()
        worker.process.terminate()
        await worker.stopped(seconds=20)
        assert asyncio.get_running_loop().time() - begun < 10
    assert worker.errors == []
    assert all(json.loads(line) for line in worker.output)
