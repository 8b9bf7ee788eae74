"""Transactions: all or nothing, and what the database's troubles mean to the caller."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio
from kit.db import Database, driver, is_down, is_transient, sqlstate
from kit.errors import NotFound, Unavailable
from kit.eventlog import record
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from support.clock import FakeClock
from support.examples import event_of
from support.kit_database import kit_database
from support.network import Doorway, free_port
from support.servers import FreshDatabase

_WRITE = text("INSERT INTO effects (key, what) VALUES (gen_random_uuid(), :what)")


@pytest_asyncio.fixture
async def database(empty_postgres_url: FreshDatabase) -> AsyncIterator[Database]:
    database = await kit_database(empty_postgres_url)
    yield database
    await database.close()


async def effects(database: Database) -> list[str]:
    async with database.transaction() as session:
        return list((await session.execute(text("SELECT what FROM effects ORDER BY id"))).scalars())


async def kill(session: AsyncSession, dsn: str) -> None:
    """End the session's connection from outside, as a failover does."""
    process_id = (await session.execute(text("SELECT pg_backend_pid()"))).scalar_one()
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("SELECT pg_terminate_backend($1)", process_id)
        while await connection.fetchval("SELECT count(*) FROM pg_stat_activity WHERE pid = $1", process_id):
            await asyncio.sleep(0.01)
    finally:
        await connection.close()


async def test_a_transaction_is_committed_at_its_end(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(_WRITE, {"what": "kept"})
    assert await effects(database) == ["kept"]


async def test_an_error_rolls_everything_back(database: Database) -> None:
    with pytest.raises(NotFound):
        async with database.transaction() as session:
            await session.execute(_WRITE, {"what": "gone"})
            raise NotFound
    assert await effects(database) == []


async def test_a_cancelled_transaction_leaves_neither_effects_nor_a_lost_connection(database: Database) -> None:
    async def slow() -> None:
        async with database.transaction() as session:
            await session.execute(_WRITE, {"what": "gone"})
            await session.execute(text("SELECT pg_sleep(30)"))

    tasks = [asyncio.create_task(slow()) for _ in range(5)]  # as many as the pool holds
    await asyncio.sleep(0.5)
    for task in tasks:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [asyncio.CancelledError] * 5
    assert await asyncio.wait_for(effects(database), 20) == []


async def test_a_database_that_is_not_there_is_unavailable_and_says_when_to_come_back() -> None:
    database = Database(f"postgresql+asyncpg://somebody:secret@127.0.0.1:{free_port()}/nothing")
    with pytest.raises(Unavailable) as caught:
        await effects(database)
    assert caught.value.retry_after_seconds == 5
    assert isinstance(caught.value.__cause__, ConnectionRefusedError)
    await database.close()


async def test_a_connection_killed_between_statements_is_unavailable_and_replaced(database: Database) -> None:
    with pytest.raises(Unavailable):
        async with database.transaction() as session:
            await session.execute(_WRITE, {"what": "gone"})
            await kill(session, database.dsn)
            await session.execute(_WRITE, {"what": "never"})
    assert await effects(database) == []


async def terminate(dsn: str, process_id: int) -> None:
    """End a connection from outside, and wait for its end."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("SELECT pg_terminate_backend($1, 5000)", process_id)
    finally:
        await connection.close()


@pytest.mark.parametrize("turns", range(6))
async def test_a_connection_is_unavailable_at_every_moment_of_its_end(database: Database, turns: int) -> None:
    """The driver has an error of its own for what is asked between the server's last word and the end of the line."""
    with pytest.raises(Unavailable):
        async with database.transaction() as session:
            process_id = (await session.execute(text("SELECT pg_backend_pid()"))).scalar_one()
            # From another thread, while this event loop stands still and must not see the last word yet.
            killer = threading.Thread(target=asyncio.run, args=(terminate(database.dsn, process_id),))
            killer.start()
            killer.join()
            for _ in range(turns):
                await asyncio.sleep(0)
            await session.execute(text("SELECT 1"))
    assert await effects(database) == []


async def test_a_connection_killed_before_the_commit_is_unavailable_and_nothing_was_changed(
    database: Database,
) -> None:
    with pytest.raises(Unavailable):
        async with database.transaction() as session:
            await session.execute(_WRITE, {"what": "gone"})
            await kill(session, database.dsn)
    assert await effects(database) == []


async def test_a_session_and_its_driver_work_in_one_transaction(database: Database) -> None:
    with pytest.raises(NotFound):
        async with database.transaction() as session:
            await session.execute(_WRITE, {"what": "by the session"})
            assert await driver(session).fetchval("SELECT what FROM effects") == "by the session"
            await driver(session).execute("INSERT INTO effects (key, what) VALUES ($1, 'by the driver')", uuid4())
            assert len((await session.execute(text("SELECT what FROM effects"))).all()) == 2
            raise NotFound
    assert await effects(database) == []


async def test_a_connection_whose_rollback_was_interrupted_never_comes_back_from_the_pool(
    empty_postgres_url: FreshDatabase,
) -> None:
    direct = await kit_database(empty_postgres_url)
    database = Database(direct.url, pool_size=1)
    try:
        async with database.engine.connect() as connection:
            left = (await connection.get_raw_connection()).driver_connection
            assert left is not None
            await left.execute("BEGIN; INSERT INTO effects (key, what) VALUES (gen_random_uuid(), 'of somebody else')")
        async with database.transaction() as session:
            assert driver(session) is not left
        assert await effects(database) == []
    finally:
        await database.close()
        await direct.close()


async def test_a_restarted_database_costs_each_pool_one_failure_at_most(
    empty_postgres_url: FreshDatabase,
) -> None:
    direct = await kit_database(empty_postgres_url)
    host, port = str(direct.engine.url.host), direct.engine.url.port or 0
    door = Doorway(host, port)
    await door.open()
    database = Database(direct.url.replace(f":{port}/", f":{door.port}/"), pool_size=3)
    try:
        await asyncio.gather(*(effects(database) for _ in range(3)))
        await door.shut()
        with pytest.raises(Unavailable):
            await effects(database)
        await door.open()
        assert await effects(database) == []
    finally:
        await database.close()
        await door.shut()
        await direct.close()


async def test_who_hangs_in_a_transaction_loses_its_locks_and_can_only_come_back(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(_WRITE, {"what": "before"})
        assert (await session.execute(text("SHOW idle_in_transaction_session_timeout"))).scalar_one() == "15s"
    with pytest.raises(Unavailable):
        async with database.transaction() as hanging:
            await hanging.execute(text("UPDATE effects SET what = 'by who hung'"))
            await hanging.execute(text("SET LOCAL idle_in_transaction_session_timeout = '200ms'"))
            async with asyncio.timeout(12), database.transaction() as other:
                await other.execute(text("UPDATE effects SET what = 'by the next'"))
    assert await effects(database) == ["by the next"]


async def test_a_request_that_finds_every_connection_in_use_is_told_to_come_back(
    empty_postgres_url: FreshDatabase,
) -> None:
    direct = await kit_database(empty_postgres_url)
    database = Database(direct.url, pool_size=1)
    try:
        async with database.transaction() as session:
            await session.execute(text("SELECT 1"))
            with pytest.raises(Unavailable):
                await effects(database)
        assert await effects(database) == []
    finally:
        await database.close()
        await direct.close()


async def test_a_violation_found_only_at_the_commit_is_raised(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(text("CREATE TABLE late (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)"))
    with pytest.raises(asyncpg.UniqueViolationError):
        async with database.transaction() as session:
            await session.execute(text("INSERT INTO late VALUES (1), (1)"))
    async with database.transaction() as session:
        assert (await session.execute(text("SELECT count(*) FROM late"))).scalar_one() == 0


async def test_an_error_never_repeats_the_values_of_its_statement(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(text("CREATE TABLE people (mail text CHECK (mail <> 'taro@example.jp'))"))

    with pytest.raises(IntegrityError) as caught:
        async with database.transaction() as session:
            await session.execute(text("INSERT INTO people VALUES (:mail)"), {"mail": "taro@example.jp"})
    assert sqlstate(caught.value) == "23514"
    assert "taro@example.jp" not in str(caught.value)


async def test_a_lost_race_is_worth_another_try(database: Database) -> None:
    first, second = uuid4(), uuid4()
    async with database.transaction() as session:
        for key in (first, second):
            await session.execute(text("INSERT INTO effects (key, what) VALUES (:key, '')"), {"key": key})
    both_hold_one = asyncio.Barrier(2)

    async def lock(one: object, other: object) -> None:
        async with database.transaction() as session:
            await session.execute(text("SELECT 1 FROM effects WHERE key = :key FOR UPDATE"), {"key": one})
            await both_hold_one.wait()
            await session.execute(text("SELECT 1 FROM effects WHERE key = :key FOR UPDATE"), {"key": other})

    results = await asyncio.gather(lock(first, second), lock(second, first), return_exceptions=True)
    (loser,) = [result for result in results if isinstance(result, BaseException)]
    assert sqlstate(loser) == "40P01"
    assert is_transient(loser)
    assert not is_down(loser)


async def test_a_table_changed_under_a_prepared_statement_is_worth_another_try(
    empty_postgres_url: FreshDatabase,
) -> None:
    """A migration runs under the old code: the first statement after it may fail, the next one works."""
    database = Database(await empty_postgres_url("notifications"), pool_size=1)

    async def run(statement: str) -> None:
        async with database.transaction() as session:
            await session.execute(text(statement))

    try:
        await run("CREATE TABLE changing (n int)")
        await run("SELECT * FROM changing")
        migration = await asyncpg.connect(database.dsn)
        await migration.execute("ALTER TABLE changing ALTER n TYPE text")
        await migration.close()
        with pytest.raises(DBAPIError) as caught:
            await run("SELECT * FROM changing")
        assert is_transient(caught.value)
        assert not is_down(caught.value)
        await run("SELECT * FROM changing")
    finally:
        await database.close()


async def test_a_value_that_does_not_fit_is_a_defect_and_not_worth_another_try(database: Database) -> None:
    with pytest.raises(DBAPIError) as caught:
        async with database.transaction() as session:
            await session.execute(text("SELECT cast(:n AS int)"), {"n": 2**40})
    assert not is_transient(caught.value)


def test_a_missing_file_is_a_defect_and_not_a_database_that_is_down(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as missing:
        (tmp_path / "nothing").read_text()
    assert not is_transient(missing.value)
    assert is_transient(ConnectionRefusedError())
    assert is_transient(TimeoutError())


async def test_the_relay_is_woken_after_a_commit_that_recorded_an_event_and_only_then(database: Database) -> None:
    rung: list[int] = []
    database.after_events = lambda: rung.append(1)
    await effects(database)
    with pytest.raises(NotFound):
        async with database.transaction() as session:
            await record(session, event_of(uuid4()), now=FakeClock().now)
            raise NotFound
    assert rung == []
    async with database.transaction() as session:
        await record(session, event_of(uuid4()), now=FakeClock().now)
        assert rung == []
    assert rung == [1]


async def test_ping_says_whether_the_database_answers(database: Database) -> None:
    await database.ping()
    gone = Database(f"postgresql+asyncpg://somebody:secret@127.0.0.1:{free_port()}/nothing")
    with pytest.raises(OSError, match="Connect call failed"):
        await gone.ping()
    await gone.close()
