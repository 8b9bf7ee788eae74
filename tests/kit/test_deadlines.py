"""Timers: fired when due, once, by whichever worker; a failing one is put off and never lost, and holds up no other."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from kit.db import Database
from kit.deadlines import cancel, fire_one, pause_after, run, schedule
from kit.errors import Unavailable
from prometheus_client import REGISTRY
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.testing import capture_logs
from support.clock import FakeClock
from support.kit_database import kit_database
from support.network import Doorway
from support.servers import FreshDatabase

NOW = FakeClock().now
_EFFECT = text("INSERT INTO effects (key, what) VALUES (:key, :what)")


@pytest_asyncio.fixture
async def database(empty_postgres_url: FreshDatabase) -> AsyncIterator[Database]:
    database = await kit_database(empty_postgres_url)
    with capture_logs():
        yield database
    await database.close()


async def effect(session: AsyncSession, subject_id: UUID, now: datetime) -> None:
    """What is done when a deadline is due."""
    await session.execute(_EFFECT, {"key": subject_id, "what": now.isoformat()})


async def due(database: Database, at: datetime = NOW, kind: str = "lapse", subject_id: UUID | None = None) -> UUID:
    subject_id = subject_id or uuid4()
    async with database.transaction() as session:
        await schedule(session, kind=kind, subject_id=subject_id, due_at=at)
    return subject_id


async def rows(database: Database) -> dict[UUID, Any]:
    async with database.transaction() as session:
        found = await session.execute(
            text("SELECT subject_id, due_at, not_before, attempts, last_error FROM deadlines")
        )
        return {row.subject_id: row for row in found}


async def effects(database: Database) -> list[UUID]:
    async with database.transaction() as session:
        return list((await session.execute(text("SELECT key FROM effects ORDER BY id"))).scalars())


async def fire_all(database: Database, handlers: Any, now: datetime) -> int:
    fired = 0
    while await fire_one(database, handlers, now):
        fired += 1
    return fired


async def test_a_deadline_fires_at_its_moment_and_not_a_microsecond_before(database: Database) -> None:
    subject = await due(database)
    assert not await fire_one(database, {"lapse": effect}, NOW - timedelta(microseconds=1))
    assert await fire_one(database, {"lapse": effect}, NOW)
    assert not await fire_one(database, {"lapse": effect}, NOW)
    assert await effects(database) == [subject]
    assert await rows(database) == {}


async def test_the_oldest_comes_first(database: Database) -> None:
    late, early = await due(database, NOW), await due(database, NOW - timedelta(days=1))
    await fire_all(database, {"lapse": effect}, NOW)
    assert await effects(database) == [early, late]


async def test_scheduling_again_moves_it_and_cancelling_forgets_it(database: Database) -> None:
    moved, cancelled = await due(database), await due(database)
    await due(database, NOW + timedelta(days=1), subject_id=moved)
    async with database.transaction() as session:
        await cancel(session, kind="lapse", subject_id=cancelled)
        await cancel(session, kind="lapse", subject_id=uuid4())
    assert await fire_all(database, {"lapse": effect}, NOW) == 0
    assert await fire_all(database, {"lapse": effect}, NOW + timedelta(days=1)) == 1
    assert await effects(database) == [moved]


async def test_a_kind_that_nobody_handles_waits_for_who_does(database: Database) -> None:
    subject = await due(database, kind="of another release")
    assert not await fire_one(database, {"lapse": effect}, NOW)
    assert set(await rows(database)) == {subject}


async def test_what_is_scheduled_in_a_transaction_that_fails_is_not(database: Database) -> None:
    with pytest.raises(Unavailable):
        async with database.transaction() as session:
            await schedule(session, kind="lapse", subject_id=uuid4(), due_at=NOW)
            raise Unavailable
    assert await rows(database) == {}


async def test_several_workers_share_the_work_and_fire_nothing_twice(database: Database) -> None:
    subjects = {await due(database) for _ in range(40)}

    async def slowly(session: AsyncSession, subject_id: UUID, now: datetime) -> None:
        await effect(session, subject_id, now)
        await asyncio.sleep(0.01)

    fired = await asyncio.gather(*(fire_all(database, {"lapse": slowly}, NOW) for _ in range(4)))
    assert sum(fired) == 40
    assert all(fired), "each had its share"
    assert sorted(await effects(database)) == sorted(subjects)


async def test_a_handler_may_set_the_next_deadline_of_its_own_kind(database: Database) -> None:
    subject = await due(database)

    async def every_day(session: AsyncSession, subject_id: UUID, now: datetime) -> None:
        await effect(session, subject_id, now)
        await schedule(session, kind="lapse", subject_id=subject_id, due_at=now + timedelta(days=1))

    for day in range(3):
        assert await fire_all(database, {"lapse": every_day}, NOW + timedelta(days=day)) == 1
    assert await effects(database) == [subject] * 3


async def test_a_handler_may_cancel_the_deadline_that_it_is_called_for(database: Database) -> None:
    subject = await due(database)

    async def closes_the_case(session: AsyncSession, subject_id: UUID, now: datetime) -> None:
        await effect(session, subject_id, now)
        await cancel(session, kind="lapse", subject_id=subject_id)

    assert await fire_all(database, {"lapse": closes_the_case}, NOW) == 1
    assert await effects(database) == [subject]
    assert await rows(database) == {}


@pytest.mark.parametrize("change", ["cancelled", "moved"])
@pytest.mark.parametrize("own", [None, cancel, schedule], ids=["plain", "cancels its own", "schedules its own"])
async def test_a_request_that_holds_the_aggregate_may_change_the_deadline_that_fires(
    database: Database, change: str, own: Any
) -> None:
    """The two wait for each other in no order of events, and who had the aggregate first is right."""
    aggregate = uuid4()
    async with database.transaction() as session:
        await session.execute(_EFFECT, {"key": aggregate, "what": "aggregate"})
    await due(database, subject_id=aggregate)
    next_month = NOW + timedelta(days=30)

    async def locks_first(session: AsyncSession, subject_id: UUID, now: datetime) -> None:
        await session.execute(text("SELECT 1 FROM effects WHERE key = :key FOR UPDATE"), {"key": subject_id})
        await effect(session, subject_id, now)
        if own is not None:
            await own(session, kind="lapse", subject_id=subject_id, **({"due_at": now} if own is schedule else {}))

    async with database.transaction() as request:
        await request.execute(text("SELECT 1 FROM effects WHERE key = :key FOR UPDATE"), {"key": aggregate})
        firing = asyncio.create_task(fire_one(database, {"lapse": locks_first}, NOW))
        async with asyncio.timeout(30):
            while not await waiting_for_a_row(database):
                await asyncio.sleep(0.01)
        if change == "cancelled":
            await cancel(request, kind="lapse", subject_id=aggregate)
        else:
            await schedule(request, kind="lapse", subject_id=aggregate, due_at=next_month)
    assert await firing
    assert await effects(database) == [aggregate], "the handler left nothing beside the aggregate itself"
    left = {id: (row.due_at, row.attempts, row.last_error) for id, row in (await rows(database)).items()}
    assert left == ({} if change == "cancelled" else {aggregate: (next_month, 0, None)})


async def waiting_for_a_row(database: Database) -> bool:
    """Whether somebody in this database waits for a lock that another transaction has."""
    async with database.transaction() as session:
        waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        return bool((await session.execute(text(waiting))).all())


async def test_one_that_fails_and_is_put_off_counts_as_overdue_from_when_it_was_due(database: Database) -> None:
    await due(database, NOW - timedelta(hours=2))
    stop, failed = asyncio.Event(), asyncio.Event()

    async def fails(session: AsyncSession, subject_id: UUID, now: datetime) -> None:
        failed.set()
        raise RuntimeError

    loop = asyncio.create_task(
        run(database, {"lapse": fails}, lambda: NOW, stop=stop, beat=lambda: None, poll_seconds=0.05)
    )
    async with asyncio.timeout(30):
        await failed.wait()
        while REGISTRY.get_sample_value("madoguchi_deadlines_overdue_seconds") != 7200:
            await asyncio.sleep(0.02)
    stop.set()
    await loop


async def broken(session: AsyncSession, subject_id: UUID, now: datetime) -> None:
    await effect(session, subject_id, now)
    raise RuntimeError("taro@example.jp")


async def broken_at_the_commit(session: AsyncSession, subject_id: UUID, now: datetime) -> None:
    await session.execute(text("CREATE TEMP TABLE late (n int UNIQUE DEFERRABLE INITIALLY DEFERRED) ON COMMIT DROP"))
    await session.execute(text("INSERT INTO late VALUES (1), (1)"))


async def losing_every_race(session: AsyncSession, subject_id: UUID, now: datetime) -> None:
    await session.execute(text("SET LOCAL statement_timeout = '10ms'"))
    await session.execute(text("SELECT pg_sleep(1)"))


async def waiting_for_somebody_else(session: AsyncSession, subject_id: UUID, now: datetime) -> None:
    raise TimeoutError


@pytest.mark.parametrize(
    "handler", [broken, broken_at_the_commit, losing_every_race, waiting_for_somebody_else], ids=lambda h: h.__name__
)
async def test_one_that_fails_is_put_off_with_its_reason_and_holds_up_no_other(
    database: Database, handler: Any
) -> None:
    failing = await due(database, NOW - timedelta(hours=1), kind="failing")
    fine = await due(database)
    assert await fire_all(database, {"failing": handler, "lapse": effect}, NOW) == 2
    assert await effects(database) == [fine]
    (row,) = (await rows(database)).values()
    assert (row.subject_id, row.attempts, row.not_before) == (failing, 1, NOW + timedelta(seconds=30))
    assert row.due_at == NOW - timedelta(hours=1)
    assert row.last_error in {"RuntimeError", "UniqueViolationError", "DBAPIError", "Unavailable"}


async def test_it_is_tried_again_after_growing_pauses_for_ever_until_it_works(database: Database) -> None:
    subject = await due(database)
    now, waits = NOW, []
    for _ in range(10):
        assert await fire_all(database, {"lapse": broken}, now) == 1
        again = (await rows(database))[subject].not_before
        waits.append((again - now).total_seconds())
        assert not await fire_one(database, {"lapse": broken}, again - timedelta(microseconds=1))
        now = again
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    assert await fire_all(database, {"lapse": effect}, now) == 1
    assert await effects(database) == [subject]


async def test_the_count_of_failures_never_grows_out_of_its_column(database: Database) -> None:
    subject = await due(database)
    async with database.transaction() as session:
        await session.execute(text("UPDATE deadlines SET attempts = 32767"))
    assert await fire_all(database, {"lapse": broken}, NOW) == 1
    assert (await rows(database))[subject].not_before == NOW + timedelta(hours=1)


async def test_one_that_somebody_moves_while_it_fails_stays_where_it_was_moved(database: Database) -> None:
    subject = await due(database)
    next_month = NOW + timedelta(days=30)

    async def fails_while_it_is_moved(session: AsyncSession, subject_id: UUID, now: datetime) -> None:
        await due(database, next_month, subject_id=subject)
        raise RuntimeError

    await fire_one(database, {"lapse": fails_while_it_is_moved}, NOW)
    row = (await rows(database))[subject]
    assert (row.due_at, row.not_before, row.attempts) == (next_month, next_month, 0)


async def test_a_worker_that_is_killed_in_the_middle_leaves_the_deadline_to_the_next(database: Database) -> None:
    subject = await due(database)

    async def killed(session: AsyncSession, subject_id: UUID, now: datetime) -> None:
        await effect(session, subject_id, now)
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await fire_one(database, {"lapse": killed}, NOW)
    assert await effects(database) == []
    assert await fire_all(database, {"lapse": effect}, NOW) == 1
    assert await effects(database) == [subject]


async def test_a_connection_lost_in_the_middle_leaves_the_deadline_due_or_put_off(database: Database) -> None:
    subject = await due(database)

    async def disconnected(session: AsyncSession, subject_id: UUID, now: datetime) -> None:
        await effect(session, subject_id, now)
        process_id = (await session.execute(text("SELECT pg_backend_pid()"))).scalar_one()
        connection = await asyncpg.connect(database.dsn)
        await connection.execute("SELECT pg_terminate_backend($1, 5000)", process_id)
        await connection.close()

    await fire_one(database, {"lapse": disconnected}, NOW)
    assert await effects(database) == []
    assert await fire_all(database, {"lapse": effect}, NOW + timedelta(seconds=30)) == 1
    assert await effects(database) == [subject]


async def test_the_loop_outlives_a_database_that_is_down(empty_postgres_url: FreshDatabase) -> None:
    direct = await kit_database(empty_postgres_url)
    port = direct.engine.url.port or 0
    door = Doorway("127.0.0.1", port)
    database = Database(direct.url.replace(f":{port}/", f":{door.port}/"), pool_size=2)
    stop, beats = asyncio.Event(), []
    subject = await due(direct)
    with capture_logs() as logs:
        loop = asyncio.create_task(
            run(database, {"lapse": effect}, lambda: NOW, stop=stop, beat=lambda: beats.append(1), poll_seconds=0.05)
        )
        async with asyncio.timeout(60):
            while not [entry for entry in logs if entry["event"] == "deadlines_wait_for_database"]:
                await asyncio.sleep(0.05)
            await door.open()
            while not await effects(direct):
                await asyncio.sleep(0.05)
        stop.set()
        await asyncio.wait_for(loop, 30)
    assert await effects(direct) == [subject]
    assert beats
    await database.close()
    await door.shut()
    await direct.close()


@given(st.integers(0, 32767))
def test_pauses_grow_and_stay_between_half_a_minute_and_an_hour(attempts: int) -> None:
    pause = pause_after(attempts)
    assert timedelta(seconds=30) <= pause <= timedelta(hours=1)
    assert pause == min(2 * pause_after(attempts - 1), timedelta(hours=1)) if attempts else pause.seconds == 30
