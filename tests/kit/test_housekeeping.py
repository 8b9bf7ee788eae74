"""Housekeeping: what has served goes, in small batches and by several workers; what a replay needs stays."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from kit import housekeeping
from kit.clock import system_clock
from kit.db import Database
from kit.health import Health
from kit.housekeeping import run, tidy
from kit.process import build_worker_app
from kit.settings import ServiceSettings
from sqlalchemy import text
from structlog.testing import capture_logs
from support.clock import FakeClock
from support.kit_app import environment
from support.kit_database import kit_database
from support.network import free_port
from support.servers import FreshDatabase

NOW = FakeClock().now
MOMENT = timedelta(microseconds=1)


@pytest_asyncio.fixture
async def database(empty_postgres_url: FreshDatabase) -> AsyncIterator[Database]:
    database = await kit_database(empty_postgres_url)
    yield database
    await database.close()


async def keep(database: Database, *, answers: list[timedelta], proofs: list[timedelta], received: timedelta) -> None:
    """Rows of these ages."""
    async with database.transaction() as session:
        for number, age in enumerate(answers):
            await session.execute(
                text(
                    "INSERT INTO idempotency_keys (actor, key, request_sha256, created_at) VALUES ('a', :key, '', :at)"
                ),
                {"key": str(number), "at": NOW - age},
            )
        for age in proofs:
            await session.execute(
                text("INSERT INTO used_proofs (jti, used_at) VALUES (:jti, :at)"), {"jti": uuid4(), "at": NOW - age}
            )
        await session.execute(
            text("INSERT INTO inbox (consumer, event_id, received_at) VALUES ('c', :id, :at)"),
            {"id": uuid4(), "at": NOW - received},
        )


async def ages(database: Database) -> dict[str, list[timedelta]]:
    """The ages of what is left."""
    every = text("""
SELECT 'idempotency_keys' AS of, created_at AS at FROM idempotency_keys
UNION ALL SELECT 'used_proofs', used_at FROM used_proofs
UNION ALL SELECT 'inbox', received_at FROM inbox
""")
    left: dict[str, list[timedelta]] = {}
    async with database.transaction() as session:
        for row in await session.execute(every):
            left.setdefault(row.of, []).append(NOW - row.at)
    return left


async def test_answers_are_kept_for_thirty_days_proofs_for_one_and_the_inbox_for_ever(database: Database) -> None:
    month, day, year = timedelta(days=30), timedelta(days=1), timedelta(days=365)
    await keep(database, answers=[month, month + MOMENT], proofs=[day, day + MOMENT], received=year)
    async with database.transaction() as session:
        assert await tidy(session, NOW) == 2
    assert await ages(database) == {"idempotency_keys": [month], "used_proofs": [day], "inbox": [year]}


async def test_a_batch_is_small_and_leaves_what_somebody_else_holds(database: Database) -> None:
    old = timedelta(days=60)
    await keep(database, answers=[old] * 5, proofs=[], received=old)
    async with database.transaction() as one, database.transaction() as other:
        assert await tidy(one, NOW, batch=2) == 2
        assert await tidy(other, NOW, batch=10) == 3


async def test_the_loop_goes_on_until_nothing_is_left_and_beats(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "EVERY_SECONDS", 0.05)
    old, beats, stop = timedelta(days=60), [0], asyncio.Event()
    await keep(database, answers=[old] * 5, proofs=[old] * 3, received=old)
    with capture_logs() as logs:
        loop = asyncio.create_task(run(database, lambda: NOW, stop=stop, beat=lambda: beats.append(1)))
        async with asyncio.timeout(30):
            while len(logs) < 2:
                await asyncio.sleep(0.02)
        stop.set()
        await loop
    told: list[Any] = [(entry["event"], entry["rows"]) for entry in logs]
    assert told[:2] == [("tidied", 8), ("tidied", 0)]
    assert len(beats) >= 4


async def test_the_loop_outlives_a_database_that_is_down_in_every_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"postgresql+asyncpg://nobody@127.0.0.1:{free_port()}/nothing"
    for name, value in environment(url).items():
        monkeypatch.setenv(name, value)
    app = build_worker_app(
        service="notifications",
        settings=ServiceSettings(),
        database=Database(url),
        clock=system_clock,
        health=Health(),
    )
    with capture_logs() as logs:
        async with app.router.lifespan_context(app), asyncio.timeout(30):
            while not [entry for entry in logs if entry["event"] == "housekeeping_waits_for_database"]:
                await asyncio.sleep(0.02)
    assert not [entry for entry in logs if entry["event"] == "loop_failed" and entry["loop"] == "housekeeping"]
