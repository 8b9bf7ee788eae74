"""Ended sessions: their access tokens are refused within a second, by every process."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio
from kit import sessions
from kit.bus import Consumer
from kit.clock import system_clock
from kit.db import Database
from kit.errors import Unavailable
from kit.sessions import EndedSessions, SessionEnded
from kit.tokens import Actor
from madoguchi_contracts import Role, SessionsEnded
from sqlalchemy import text
from support.actors import Gate
from support.kit_app import app_on
from support.kit_database import kit_database
from support.network import free_port
from support.records import record_of
from support.servers import FreshDatabase


@pytest_asyncio.fixture
async def database(empty_postgres_url: FreshDatabase) -> AsyncIterator[Database]:
    database = await kit_database(empty_postgres_url)
    yield database
    await database.close()


@dataclass
class Clockwork:
    """Seconds that a test moves."""

    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


async def hear(database: Database, *ids: UUID, all_of_them: bool = False) -> None:
    """The worker of the service hears that these sessions have ended."""
    consumer = Consumer("notifications", sessions.HANDLERS, database=database, clock=system_clock)
    event = SessionsEnded(account_id=uuid4(), session_ids=None if all_of_them else ids, reason="logout")
    await consumer.process([record_of(event)])


async def rows(database: Database) -> int:
    async with database.transaction() as session:
        return int((await session.execute(text("SELECT count(*) FROM ended_sessions"))).scalar_one())


async def age(database: Database, by: timedelta) -> None:
    """Let everything that was heard have been heard so much earlier."""
    async with database.transaction() as session:
        await session.execute(text("UPDATE ended_sessions SET heard_at = heard_at - cast(:by AS interval)"), {"by": by})


@pytest.mark.rule("ID-38", "ID-39")
async def test_two_processes_refuse_the_token_of_an_ended_session_within_a_second(database: Database) -> None:
    gate = Gate(system_clock)
    leaving, staying = (Actor(uuid4(), Role.ASSOCIATION, uuid4()) for _ in range(2))
    tokens = {actor: gate.signer.access_token(actor, system_clock()) for actor in (leaving, staying)}
    apps = [app_on(Database(database.url, pool_size=2), gate.verifier) for _ in range(2)]

    async def status(app: object, actor: Actor) -> int:
        transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://sample") as client:
            answer = await client.get("/v1/me", headers={"Authorization": f"Bearer {tokens[actor]}"})
        assert answer.status_code == 200 or answer.json()["code"] == "session_over"
        return answer.status_code

    async with apps[0].router.lifespan_context(apps[0]), apps[1].router.lifespan_context(apps[1]):
        for app in apps:
            assert await status(app, leaving) == 200
        await hear(database, leaving.session_id)
        heard = time.monotonic()
        for app in apps:
            while await status(app, leaving) == 200:
                assert time.monotonic() - heard < 1
                await asyncio.sleep(0.02)
        for app in apps:
            assert await status(app, staying) == 200


async def test_without_a_loop_who_comes_looks(database: Database) -> None:
    clockwork, one = Clockwork(), uuid4()
    ended = EndedSessions(database.dsn, monotonic=clockwork)
    await ended.refuse(one)
    await hear(database, one)
    await ended.refuse(one)  # what was read a moment ago is still believed
    clockwork.seconds += sessions.OLD_SECONDS
    with pytest.raises(SessionEnded):
        await ended.refuse(one)
    await ended.refuse(uuid4())


async def test_a_crowd_after_a_pause_asks_once(database: Database) -> None:
    ended = EndedSessions(database.dsn)
    await asyncio.gather(*(ended.refuse(uuid4()) for _ in range(200)))
    async with database.transaction() as session:
        open_ones = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        assert (await session.execute(text(open_ones))).scalar_one() <= 2


async def test_when_nothing_can_be_found_out_nobody_is_let_in() -> None:
    ended = EndedSessions(f"postgresql://nobody@127.0.0.1:{free_port()}/none")
    with pytest.raises(Unavailable):
        await ended.refuse(uuid4())


async def test_what_was_known_is_not_believed_for_longer_than_a_second_when_the_database_goes(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    clockwork = Clockwork()
    ended = EndedSessions(database.dsn, monotonic=clockwork)
    await ended.refuse(uuid4())
    monkeypatch.setattr(ended, "_dsn", f"postgresql://nobody@127.0.0.1:{free_port()}/none")
    clockwork.seconds += 1
    with pytest.raises(Unavailable):
        await ended.refuse(uuid4())


async def test_a_row_that_is_committed_late_is_not_missed(database: Database) -> None:
    clockwork, early, late = Clockwork(), uuid4(), uuid4()
    ended = EndedSessions(database.dsn, monotonic=clockwork)
    other = Database(database.url, pool_size=1)
    try:
        async with other.transaction() as session:
            await session.execute(text("INSERT INTO ended_sessions VALUES (:id, clock_timestamp())"), {"id": late})
            await hear(database, early)
            with pytest.raises(SessionEnded):
                await ended.refuse(early)
    finally:
        await other.close()
    clockwork.seconds += 1
    with pytest.raises(SessionEnded):
        await ended.refuse(late)


async def test_what_is_heard_twice_or_names_nobody_does_no_harm(database: Database) -> None:
    one = uuid4()
    await hear(database, one)
    await hear(database, one)
    await hear(database, all_of_them=True)
    assert await rows(database) == 1


async def test_rows_go_when_their_tokens_have_run_out(database: Database) -> None:
    clockwork, one = Clockwork(), uuid4()
    ended = EndedSessions(database.dsn, monotonic=clockwork)
    await hear(database, one)
    with pytest.raises(SessionEnded):
        await ended.refuse(one)
    await age(database, sessions.KEPT - timedelta(seconds=30))
    await hear(database, uuid4())
    assert await rows(database) == 2
    await age(database, timedelta(minutes=1))
    await hear(database, uuid4())
    assert await rows(database) == 2
    clockwork.seconds += sessions.KEPT.total_seconds() + 1
    await ended.refuse(one)  # forgotten here too: a token of it ran out long ago
