"""The two processes as they are started, with the environment alone: the API and the worker with all its loops."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from aiokafka import AIOKafkaConsumer
from identity.main import build_api, build_worker
from identity.settings import Settings
from kit import sessions
from kit.bus import Consumer
from kit.clock import system_clock
from kit.db import Database
from kit.deadlines import schedule
from kit.health import Health
from kit.process import build_worker_app
from kit.tokens import TokenVerifier
from madoguchi_contracts.identity import EkycStarted
from madoguchi_stack.ekyc.app import Settings as ProviderSettings
from madoguchi_stack.ekyc.app import build_with
from madoguchi_stack.layout import free_ports
from pydantic import SecretStr
from sqlalchemy import text
from starlette.applications import Starlette
from support.identity import CALLBACK_SECRET, World, environment_of, identity_world, settings_for
from support.kit_app import app_on
from support.kit_database import kit_database
from support.servers import FreshDatabase


@asynccontextmanager
async def served(app: Starlette, port: int) -> AsyncIterator[None]:
    """The app on a port, with its lifespan."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(20):
        while not server.started:
            await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await task


async def until(holds: Callable[[], Awaitable[Any]], seconds: float = 60) -> Any:
    """Wait until it holds; returns what it gave."""
    async with asyncio.timeout(seconds):
        while not (answer := await holds()):
            await asyncio.sleep(0.05)
        return answer


def provider(folder: Path, port: int) -> Starlette:
    """The simulated provider on a port."""
    settings = ProviderSettings(
        state=folder / "ekyc.json",
        url=f"http://127.0.0.1:{port}",
        api_key=SecretStr("the-key"),
        callback_secret=SecretStr(CALLBACK_SECRET),
    )
    return build_with(settings)


@pytest.fixture
def environment(
    monkeypatch: pytest.MonkeyPatch, kafka_bootstrap: str, kafka_idempotence: bool
) -> Callable[..., Settings]:
    """Sets the environment of a process; returns the settings it will read."""

    def set_to(url: str, **changes: Any) -> Settings:
        settings = settings_for(
            url, kafka_bootstrap=kafka_bootstrap, kafka_idempotence=kafka_idempotence, ekyc_poll_seconds=1, **changes
        )
        for name, value in environment_of(settings).items():
            monkeypatch.setenv(name, value)
        return settings

    return set_to


@pytest.mark.slow
@pytest.mark.rule("ID-74", "ID-77")
async def test_api_worker_and_provider_work_together(
    postgres_url: FreshDatabase, environment: Callable[..., Settings], tmp_path: Path
) -> None:
    ports = free_ports()
    api_port, worker_port, ekyc_port = ports["identity_api"], ports["identity_worker"], ports["ekyc"]
    url = await postgres_url("identity")
    settings = environment(
        url,
        ekyc_url=f"http://127.0.0.1:{ekyc_port}",
        ekyc_callback_url=f"http://127.0.0.1:{api_port}/v1/ekyc/callbacks",
    )
    async with (
        identity_world(url) as world,
        served(build_api(), api_port),
        served(build_worker(), worker_port),
        served(provider(tmp_path, ekyc_port), ekyc_port),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{api_port}", trust_env=False) as http,
    ):
        world.clock.now = system_clock()
        world.http = http  # the story is told to the running process, with its own clock
        member = await world.logged_in()
        ready = await until(lambda: _ok(f"http://127.0.0.1:{worker_port}/readyz"))
        assert ready == {"status": "ok"}
        started = await world.post("/v1/ekyc", {"method": "photo"}, status=201, headers=member.bearer)
        event = await until(lambda: _started(world))
        place = await world.post("/v1/ekyc/open", {"token": world.token(event)})
        verification = place["url"].rpartition("/")[2]
        async with httpx.AsyncClient(base_url=settings.ekyc_url, trust_env=False) as person:
            picked = await person.post(f"/v1/verifications/{verification}/result", json={"result": "passed"})
            assert picked.status_code == 204
        await until(lambda: _status(world, member.session, "passed"))
        assert started["status"] == "method_chosen"
        await until(lambda: _all_told(world.database))
        heard = await _from_kafka(settings.kafka_bootstrap, str(member.account_id))
        assert heard == [stored.type for stored in await world.stored(member.account_id)]


@pytest.mark.slow
@pytest.mark.rule("ID-38", "ID-39")
async def test_another_service_refuses_the_token_of_an_ended_session_within_a_second(
    postgres_url: FreshDatabase, empty_postgres_url: FreshDatabase, environment: Callable[..., Settings]
) -> None:
    """From the logout at identity over its event log and Kafka to the other service's answer, as processes do it."""
    ports = free_ports()
    api_port, other_port = ports["identity_api"], ports["documents_api"]
    url = await postgres_url("identity")
    settings = environment(url, kafka_fetch_max_wait_ms=20)
    theirs = await kit_database(empty_postgres_url)
    jwks = f"http://127.0.0.1:{api_port}/.well-known/jwks.json"
    verifier = TokenVerifier(jwks, settings.token_issuer, system_clock)
    name = str(theirs.engine.url.database)  # a consumer group of its own
    their_worker = build_worker_app(
        service=name,
        settings=settings,
        database=Database(theirs.url, pool_size=3),
        clock=system_clock,
        health=Health(),
        consumer=Consumer(name, sessions.HANDLERS, database=theirs, clock=system_clock),
    )
    took = []
    async with (
        identity_world(url) as world,
        served(build_api(), api_port),
        served(build_worker(), ports["identity_worker"]),
        served(their_worker, ports["documents_worker"]),
        served(app_on(Database(theirs.url, pool_size=3), verifier), other_port),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{api_port}", trust_env=False) as http,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{other_port}", trust_env=False) as other,
    ):
        world.clock.now = system_clock()
        world.http = http
        member = await world.logged_in()
        for _ in range(5):
            shown = await other.get("/v1/me", headers=member.bearer)
            assert shown.status_code == 200, shown.text
            leaving = member.bearer
            assert (await http.delete("/v1/sessions/current", headers=member.session)).status_code == 204
            ended = time.monotonic()
            await until(lambda headers=leaving: _refused(other, headers))
            took.append(time.monotonic() - ended)
            await world.log_in(member)
    # The first one may wait for the consumer to join its group; a busy machine may delay some, never all.
    assert sorted(took)[1] < 1, took
    await theirs.close()


async def _refused(other: httpx.AsyncClient, headers: dict[str, str]) -> bool:
    answer = await other.get("/v1/me", headers=headers)
    assert answer.status_code == 200 or answer.json()["code"] == "session_over"
    return answer.status_code == 401


@pytest.mark.slow
@pytest.mark.rule("ID-02")
async def test_the_worker_fires_the_timers_of_identity(
    postgres_url: FreshDatabase, environment: Callable[..., Settings]
) -> None:
    url = await postgres_url("identity")
    environment(url)
    async with identity_world(url) as world:
        member = await world.member()
        async with world.database.transaction() as session:
            await session.execute(text("UPDATE accounts SET issued_at = issued_at - interval '6 years'"))
            await schedule(session, kind="user_id_lapse", subject_id=member.account_id, due_at=world.clock())
        async with served(build_worker(), free_ports()["identity_worker"]):
            await until(lambda: _lapsed(world))
    assert "AccountLapsed" in await _names(url, member.account_id)


async def _ok(url: str) -> Any:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(url)
    return answer.json() if answer.status_code == 200 else None


async def _started(world: World) -> Any:
    return next((event for event in await world.all_events() if isinstance(event, EkycStarted)), None)


async def _status(world: World, headers: dict[str, str], status: str) -> bool:
    shown = await world.get("/v1/ekyc", headers=headers)
    return bool(shown["status"] == status)


async def _all_told(database: Database) -> bool:
    async with database.transaction() as session:
        return (await session.execute(text("SELECT count(*) FROM outbox"))).scalar_one() == 0


async def _lapsed(world: World) -> bool:
    async with world.database.transaction() as session:
        return bool((await session.execute(text("SELECT lapsed_at FROM accounts"))).scalar_one())


async def _names(url: str, account_id: Any) -> list[str]:
    async with identity_world(url) as world:
        return await world.names(account_id)


async def _from_kafka(bootstrap: str, key: str) -> list[str]:
    """The types of the records with this key, in order."""
    consumer = AIOKafkaConsumer(
        "identity.accounts.v1", bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False
    )
    await consumer.start()
    types: list[str] = []
    try:
        while records := await consumer.getmany(timeout_ms=2000):
            for record in (record for batch in records.values() for record in batch):
                if (record.key or b"").decode() == key:
                    headers = dict(record.headers)
                    types.append(headers["ce_type"].decode())
                    json.loads(record.value)
    finally:
        await consumer.stop()
    return types


async def test_the_description_of_the_api_covers_every_route_and_its_problems(world: World) -> None:
    document = await world.get("/openapi.json")
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], (method, path)
            assert "application/problem+json" in operation["responses"]["default"]["content"], (method, path)


async def test_a_simulation_answers_with_the_rules_that_judge(world: World) -> None:
    answer = await world.post("/v1/simulations/bond/password", {"password": "abc12!x"})
    assert answer == {"accepted": False, "reasons": ["TOO_SHORT"]}


async def test_the_public_keys_may_be_cached_for_a_minute(world: World) -> None:
    answer = await world.http.get("/.well-known/jwks.json")
    assert answer.headers["Cache-Control"] == "public, max-age=60"
