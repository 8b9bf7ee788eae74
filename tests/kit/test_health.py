"""Health: alive while loops get on, ready while dependencies answer, and neither asks more than it must."""

import asyncio
from typing import Any

import httpx
import pytest
from kit.health import Health
from starlette.applications import Starlette
from support.network import free_port


class Seconds:
    """A monotonic clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def health(seconds: Seconds) -> Health:
    return Health(seconds)


async def ask(health: Health, path: str) -> tuple[int, Any]:
    transport = httpx.ASGITransport(Starlette(routes=health.routes()))
    async with httpx.AsyncClient(transport=transport, base_url="http://worker.test") as client:
        answer = await client.get(path)
        return answer.status_code, answer.json()


async def refused() -> None:
    await asyncio.open_connection("127.0.0.1", free_port())


async def fine() -> None:
    return


async def hangs() -> None:
    await asyncio.sleep(60)


async def test_a_loop_is_alive_as_long_as_it_beats_within_its_limit(health: Health, seconds: Seconds) -> None:
    health.expect("relay", 10)
    health.expect("courier", 60)
    seconds.now += 10
    assert await ask(health, "/livez") == (200, {"status": "ok"})
    seconds.now += 0.5
    assert await ask(health, "/livez") == (503, {"status": "stuck", "no_progress_seconds": {"relay": 10.5}})
    health.beat("relay")
    assert (await ask(health, "/livez"))[0] == 200


async def test_a_loop_that_nobody_expects_anything_of_is_not_missed(health: Health, seconds: Seconds) -> None:
    health.beat("bell")
    seconds.now += 10_000
    assert (await ask(health, "/livez"))[0] == 200


async def test_a_dependency_that_is_down_makes_the_process_unready_but_not_dead(health: Health) -> None:
    health.check("database", refused)
    health.check("kafka", fine)
    assert await ask(health, "/readyz") == (
        503,
        {"status": "not_ready", "reasons": {"database": "ConnectionRefusedError"}},
    )
    assert (await ask(health, "/livez"))[0] == 200


async def test_every_reason_is_told_at_once_and_a_hanging_dependency_costs_two_seconds(health: Health) -> None:
    health.check("database", hangs)
    health.check("kafka", hangs)
    health.check("smtp", refused)
    started = asyncio.get_running_loop().time()
    _, body = await ask(health, "/readyz")
    assert body["reasons"] == {"database": "TimeoutError", "kafka": "TimeoutError", "smtp": "ConnectionRefusedError"}
    assert asyncio.get_running_loop().time() - started < 4


async def test_dependencies_are_asked_once_in_two_seconds_however_many_ask(health: Health, seconds: Seconds) -> None:
    asked = 0

    async def count() -> None:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0.05)

    health.check("database", count)
    await asyncio.gather(*(ask(health, "/readyz") for _ in range(10)))
    seconds.now += 1.9
    await ask(health, "/readyz")
    assert asked == 1
    seconds.now += 0.1
    await ask(health, "/readyz")
    assert asked == 2


async def test_a_dependency_that_comes_back_is_noticed(health: Health, seconds: Seconds) -> None:
    health.check("database", refused)
    assert (await ask(health, "/readyz"))[0] == 503
    health.check("database", fine)
    seconds.now += 2
    assert await ask(health, "/readyz") == (200, {"status": "ok"})


async def test_a_process_that_drains_is_not_ready_at_once(health: Health) -> None:
    health.check("database", fine)
    assert (await ask(health, "/readyz"))[0] == 200
    health.draining = True
    assert await ask(health, "/readyz") == (503, {"status": "not_ready", "reasons": {"process": "draining"}})
    assert (await ask(health, "/livez"))[0] == 200
