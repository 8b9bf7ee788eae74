"""The chain as PostgreSQL makes it: under the service's own steps, several replicas, and whoever dies in between."""

import asyncio
import json
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio
from applications import history_verifier, hot, roots
from applications.cli import commands
from applications.history_verifier import read_database, read_dump, read_roots, report, verify
from kit.db import Database, dsn_of
from kit.deadlines import fire_one
from kit.japan import JST
from kit.migrate import upgrade
from madoguchi_stack.postgres import BINARIES
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from support.chain import APPLICATION, CHANGE, NOON, by_force, go_on, start, step, take_root
from typer.testing import CliRunner, Result

# As the release before the chain wrote it.
FORMER_STEP = text("""
INSERT INTO application_history (application_id, track, subject, source, target, command, submission, at)
VALUES (:id, 'main', :id, 'draft', 'draft', 'remind', 0, :at)
""")
PUT_IN = """
INSERT INTO application_history
  (track, subject, source, target, command, submission, at, application_id, digest, position)
SELECT track, subject, source, target, command, submission, at, application_id, digest, 4 FROM application_history
WHERE application_id = $1 AND position = 3
"""
ELSEWHERE = """
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = %L', current_database(), 'Asia/Kolkata'); END $$
"""


async def published(database: Database) -> list[dict[str, object]]:
    """The roots that were told."""
    async with database.transaction() as session:
        told = await session.execute(
            text("SELECT data::text FROM events WHERE aggregate_id = :id ORDER BY version"), {"id": roots.HISTORY_ID}
        )
        return read_roots(told.scalars())


async def problems_of(database: Database) -> list[str]:
    return [str(one) for one in verify(await read_database(database.dsn), await published(database))]


@pytest_asyncio.fixture(loop_scope="session")
async def database(postgres_url):
    made = Database(await postgres_url("applications"), pool_size=8)
    yield made
    await made.close()


async def test_the_history_of_a_case_fits_and_proves_what_was_submitted(counter):
    filed = await counter.approved()
    await take_root(counter.database, counter.clock())
    assert await problems_of(counter.database) == []
    rows = await counter.rows(
        "SELECT command, h.content_sha256 = v.content_sha256 AS same FROM application_history h "
        "JOIN application_versions v USING (application_id, submission) WHERE application_id = :id ORDER BY h.id",
        id=filed.application_id,
    )
    assert tuple(rows[0]) == ("submit", True)
    forge = "UPDATE application_history SET actor_id = gen_random_uuid() WHERE application_id = $1 AND position = 2"
    await by_force(counter.database, (forge, filed.application_id))
    assert await problems_of(counter.database) == [
        f"application {filed.application_id}, step 2: it was changed, or does not follow from the one before it",
        f"application {filed.application_id}: submission 1 has no step in the history",
    ]


async def test_what_is_done_by_force_is_named(database):
    changed, cut, put_in = [await start(database) for _ in range(3)]
    for application in (changed, cut, put_in):
        for _ in range(3):
            await go_on(database, application)
    await take_root(database, datetime.now(UTC))
    assert await problems_of(database) == []
    await by_force(
        database,
        (CHANGE, changed),
        ("DELETE FROM application_history WHERE application_id = $1 AND position = 4", cut),
        ("UPDATE application_history SET position = 5 WHERE application_id = $1 AND position = 4", put_in),
        (PUT_IN, put_in),
    )
    problems = await problems_of(database)
    assert f"application {changed}, step 2: it was changed, or does not follow from the one before it" in problems
    assert f"application {cut}, step 4: it is missing, and root 1 saw it" in problems
    assert f"application {put_in}, step 4: it was changed, or does not follow from the one before it" in problems


async def test_steps_of_several_replicas_at_once_make_one_chain(database):
    other = Database(database.url, pool_size=8)
    application = await start(database)
    try:
        await asyncio.gather(*(go_on(replica, application) for replica in (database, other) for _ in range(15)))
    finally:
        await other.close()
    assert await problems_of(database) == []
    history = (await read_database(database.dsn))["application_history"]
    assert sorted(int(one["position"]) for one in history) == list(range(1, 32))


async def test_who_writes_without_the_lock_fails_instead_of_breaking_the_chain(database):
    application = await start(database)
    async with database.transaction() as first:
        await hot.remember(first, step(application))

        async def second() -> None:
            async with database.transaction() as session:
                await hot.remember(session, step(application))

        waiting = asyncio.create_task(second())
        await asyncio.wait({waiting}, timeout=0.3)
        assert not waiting.done()
    with pytest.raises(asyncpg.UniqueViolationError, match="uq_application_history_position"):
        await waiting
    assert await problems_of(database) == []


WRITER = """
import asyncio, sys
sys.path.insert(0, sys.argv[3])
from uuid import UUID
from kit.db import Database
from support.chain import go_on

async def main():
    database = Database(sys.argv[1])
    while True:
        await go_on(database, UUID(sys.argv[2]))
        print("step", flush=True)

asyncio.run(main())
"""


async def test_a_process_that_is_killed_in_between_leaves_a_whole_chain(database, tmp_path: Path):
    application = await start(database)
    script = tmp_path / "writer.py"
    script.write_text(WRITER)
    command = [sys.executable, str(script), database.url, str(application), str(Path(__file__).parents[1])]
    for _ in range(3):
        process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
        for _ in range(5):
            assert await process.stdout.readline() == b"step\n"
        process.send_signal(signal.SIGKILL)
        await process.wait()
    await go_on(database, application)
    assert await problems_of(database) == []
    history = (await read_database(database.dsn))["application_history"]
    assert len(history) >= 17


async def test_a_step_that_is_rolled_back_leaves_no_gap(database):
    application = await start(database)
    with pytest.raises(ZeroDivisionError):
        async with database.transaction() as session:
            await hot.remember(session, step(application))
            raise ZeroDivisionError
    await go_on(database, application)
    assert await problems_of(database) == []


async def test_the_release_before_the_chain_writes_chained_steps_too(database):
    application = await start(database)
    async with database.transaction() as session:
        await session.execute(FORMER_STEP, {"id": application, "at": datetime.now(UTC)})
    await go_on(database, application)
    assert await problems_of(database) == []


async def test_chains_of_a_database_with_a_history_begin_at_the_migration_and_are_told_at_once(empty_postgres_url):
    url = await empty_postgres_url("applications")
    await asyncio.to_thread(upgrade, "applications", url, "0007")
    made = Database(url)
    old = uuid4()
    try:
        async with made.transaction() as session:
            await session.execute(APPLICATION, {"id": old})
            for _ in range(3):
                await session.execute(FORMER_STEP, {"id": old, "at": NOON})
            await session.execute(
                text(
                    "INSERT INTO tracks (id, application_id, track, subject, state, entered_at, entered_step) "
                    "SELECT :id, :id, 'main', :id, 'draft', :at, min(id) FROM application_history"
                ),
                {"id": old, "at": NOON},
            )
        await asyncio.to_thread(upgrade, "applications", url)
        assert await fire_one(made, {roots.TIMER: roots.on_due}, datetime.now(UTC) + timedelta(seconds=5))
        await go_on(made, old)
        await start(made)
        assert await problems_of(made) == []
        tables = await read_database(made.dsn)
        assert [one["position"] for one in tables["application_history"]] == [None, None, None, "4", "1"]
        lines, fits = report(tables, await published(made))
        assert fits
        assert any("1 applications are older than the chains: 3 steps are proved since" in one for one in lines)
        harm = "UPDATE application_history SET command = 'other' WHERE position IS NULL AND id = $1"
        await by_force(made, (harm, 2))
        (problem,) = await problems_of(made)
        assert f"application {old}: the steps from before" in problem
    finally:
        await made.close()


async def test_a_root_is_taken_every_midnight_in_japan_and_told(database):
    handlers = {roots.TIMER: roots.on_due}
    await start(database)
    async with database.transaction() as session:
        first = (await session.execute(text("SELECT due_at FROM deadlines WHERE kind = 'history.root'"))).scalar_one()
    assert first.astimezone(JST).time().isoformat() == "00:00:00"
    assert await fire_one(database, handlers, first + timedelta(hours=30))  # nothing ran for a day
    assert not await fire_one(database, handlers, first + timedelta(hours=40))
    assert await fire_one(database, handlers, first + timedelta(hours=48))
    tables = await read_database(database.dsn)
    assert [one["heads"] for one in tables["history_roots"]] == ["1", "0"]
    assert await published(database) == [
        {"number": int(one["number"]), "root": one["root"]} for one in tables["history_roots"]
    ]
    assert await problems_of(database) == []


@pytest.mark.parametrize(
    ("now", "midnight"),
    [
        ("2026-04-01T00:00:00+09:00", "2026-04-02T00:00:00+09:00"),
        ("2026-04-01T23:59:59+09:00", "2026-04-02T00:00:00+09:00"),
        ("2026-03-31T15:00:00+00:00", "2026-04-02T00:00:00+09:00"),
    ],
)
def test_the_next_root_is_due_when_the_day_in_japan_ends(now, midnight):
    assert roots.next_midnight(datetime.fromisoformat(now)) == datetime.fromisoformat(midnight)


async def test_of_two_roots_at_once_one_fails(database):
    async with database.transaction() as session:
        await roots.on_due(session, roots.HISTORY_ID, NOON)
        waiting = asyncio.create_task(take_root(database, NOON))
        await asyncio.wait({waiting}, timeout=0.3)
    with pytest.raises(IntegrityError):
        await waiting
    assert len(await published(database)) == 1
    assert await problems_of(database) == []


async def test_a_dump_says_the_same_as_the_database(database, tmp_path: Path):
    application = await start(database)
    async with database.transaction() as session:
        await hot.remember(session, {**step(application), "reason": "back\\slash\ttab\nline\r\u2028\x1e\\N"})
    await take_root(database, datetime.now(UTC))
    dump = tmp_path / "dump.sql"
    await asyncio.to_thread(subprocess.run, [BINARIES / "pg_dump", f"--file={dump}", database.dsn], check=True)
    with dump.open(encoding="utf-8", newline="\n") as file:
        tables = read_dump(file)
    assert tables == await read_database(database.dsn)
    assert verify(tables, await published(database)) == []
    assert history_verifier.main(["--dump", str(dump)]) == 0


async def test_the_roots_are_found_whatever_zone_the_database_shows_times_in(database):
    await start(database)
    await take_root(database, datetime.now(UTC))
    async with database.transaction() as session:
        await session.execute(text(ELSEWHERE))
    assert "+05:30" in (await read_database(database.dsn))["history_roots"][0]["at"]
    assert await problems_of(database) == []


def test_the_dsn_of_a_service_s_url_is_what_the_verifier_takes():
    assert dsn_of("postgresql+asyncpg://a@b/c") == "postgresql://a@b/c"


async def test_the_command_says_what_does_not_fit_and_ends_with_1(database, tmp_path: Path):
    application = await start(database)
    await take_root(database, datetime.now(UTC))
    told = tmp_path / "roots.jsonl"
    told.write_text("\n".join(json.dumps(one) for one in await published(database)))
    environment = {"MADOGUCHI_DATABASE_URL": database.url}

    async def verified() -> Result:
        arguments = ["verify", "--roots", str(told)]
        return await asyncio.to_thread(CliRunner().invoke, commands, arguments, env=environment)

    assert (await verified()).exit_code == 0
    await by_force(database, ("DELETE FROM tracks WHERE application_id = $1", application))
    await by_force(database, ("DELETE FROM application_history WHERE application_id = $1", application))
    result = await verified()
    assert f"application {application}, step 1: it is missing, and root 1 saw it" in result.stdout
    assert result.exit_code == 1


async def test_a_root_can_be_asked_for_at_once(database):
    environment = {"MADOGUCHI_DATABASE_URL": database.url}
    result = await asyncio.to_thread(CliRunner().invoke, commands, ["root"], env=environment)
    assert result.exit_code == 0
    assert await fire_one(database, {roots.TIMER: roots.on_due}, datetime.now(UTC))
    assert len(await published(database)) == 1
