"""The simulated eKYC provider keeps the contract that identity is written against."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request, Response
from madoguchi_stack.ekyc.app import Settings, build_with
from madoguchi_stack.layout import free_ports

SECRET = "callback-secret"
API_KEY = {"Authorization": "Bearer the-key"}


@dataclass
class Receiver:
    """Identity's side: takes callbacks, and refuses the first `refuse` of them."""

    refuse: int = 0
    arrived: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.post("/callbacks")
        async def take(request: Request) -> Response:
            self.arrived.append((dict(request.headers), await request.body()))
            return Response(status_code=500 if len(self.arrived) <= self.refuse else 204)

        return app

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.arrived]

    async def has(self, count: int) -> list[dict[str, Any]]:
        async with asyncio.timeout(60):
            while len(self.arrived) < count:
                await asyncio.sleep(0.02)
        return self.bodies()


@asynccontextmanager
async def served(app: FastAPI, port: int) -> AsyncIterator[None]:
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
    server.install_signal_handlers = lambda: None
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(60):
        while not server.started:
            await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await task


@pytest.fixture
def ports():
    return free_ports()


@pytest.fixture
async def receiver(ports):
    receiver = Receiver()
    async with served(receiver.app(), ports["identity_api"]):
        yield receiver


Simulator = Callable[[], Any]


@pytest.fixture
def simulator(tmp_path: Path, ports) -> Simulator:
    """`async with simulator() as client`: the provider on the same state each time."""

    @asynccontextmanager
    async def run() -> AsyncIterator[httpx.AsyncClient]:
        url = f"http://127.0.0.1:{ports['ekyc']}"
        settings = Settings(state=tmp_path / "ekyc.json", url=url, api_key="the-key", callback_secret=SECRET)
        async with served(build_with(settings), ports["ekyc"]), httpx.AsyncClient(base_url=url) as client:
            yield client

    return run


@pytest.fixture
def begin(ports) -> Callable[..., Awaitable[dict[str, str]]]:
    async def begin(client: httpx.AsyncClient, reference: str = "r-1", method: str = "photo") -> dict[str, str]:
        callback_url = f"http://127.0.0.1:{ports['identity_api']}/callbacks"
        body = {"reference": reference, "method": method, "callback_url": callback_url}
        answer = await client.post("/v1/verifications", json=body, headers=API_KEY)
        assert answer.status_code == 201
        return answer.json()

    return begin


async def pick(client: httpx.AsyncClient, started: dict[str, str], result: str) -> int:
    return (await client.post(f"/v1/verifications/{started['id']}/result", json={"result": result})).status_code


async def truth(client: httpx.AsyncClient, started: dict[str, str]) -> dict[str, Any]:
    return (await client.get(f"/v1/verifications/{started['id']}", headers=API_KEY)).json()


async def test_each_result_is_called_back_signed_and_numbered(simulator, receiver, begin):
    async with simulator() as client:
        started = await begin(client)
        assert (await truth(client, started))["status"] == "pending"
        assert await pick(client, started, "running") == 204
        assert await pick(client, started, "passed") == 204
        running, passed = await receiver.has(2)

        assert (running["status"], running["sequence"]) == ("running", 1)
        assert (passed["status"], passed["sequence"]) == ("passed", 2)
        assert running["event_id"] != passed["event_id"]
        assert {running["verification_id"], passed["verification_id"]} == {started["id"]}
        for headers, body in receiver.arrived:
            signed = headers["x-ekyc-timestamp"].encode() + b"." + body
            assert headers["x-ekyc-signature"] == hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        now = await truth(client, started)
        assert (now["reference"], now["status"], now["sequence"]) == ("r-1", "passed", 2)


async def test_a_result_is_final(simulator, receiver, begin):
    async with simulator() as client:
        started = await begin(client)
        assert await pick(client, started, "failed") == 204
        assert await pick(client, started, "passed") == 409
        assert (await truth(client, started))["status"] == "failed"


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer other"}, {"Authorization": "the-key"}])
async def test_without_the_api_key_nothing_is_started_or_told(simulator, begin, headers):
    async with simulator() as client:
        started = await begin(client)
        body = {"reference": "r-2", "method": "photo", "callback_url": "http://127.0.0.1:1/"}
        assert (await client.post("/v1/verifications", json=body, headers=headers)).status_code == 401
        assert (await client.get(f"/v1/verifications/{started['id']}", headers=headers)).status_code == 401


async def test_a_repeated_request_finds_the_verification_it_made(simulator, begin):
    async with simulator() as client:
        assert await begin(client, "same") == await begin(client, "same")
        assert await begin(client, "same") != await begin(client, "other")


async def test_duplicates_come_with_the_same_event_id(simulator, receiver, begin):
    async with simulator() as client:
        await client.post("/control", json={"duplicates": 2})
        await pick(client, await begin(client), "passed")
        bodies = await receiver.has(3)
        assert len({body["event_id"] for body in bodies}) == 1


async def test_shuffled_callbacks_come_newest_first(simulator, receiver, begin):
    async with simulator() as client:
        await client.post("/control", json={"shuffle": True, "delay_seconds": 0.5})
        started = await begin(client)
        await pick(client, started, "running")
        await pick(client, started, "passed")
        assert [body["sequence"] for body in await receiver.has(2)] == [2, 1]


async def test_a_refused_shuffled_callback_is_overtaken_and_then_sent_again_after_a_pause(simulator, receiver, begin):
    receiver.refuse = 1
    async with simulator() as client:
        await client.post("/control", json={"shuffle": True, "delay_seconds": 0.5})
        started = await begin(client)
        await pick(client, started, "running")
        await pick(client, started, "passed")
        assert [body["sequence"] for body in await receiver.has(3)] == [2, 1, 2]


async def test_a_delayed_callback_comes_late(simulator, receiver, begin):
    async with simulator() as client:
        await client.post("/control", json={"delay_seconds": 0.7})
        await pick(client, await begin(client), "passed")
        await asyncio.sleep(0.4)
        assert receiver.arrived == []
        await receiver.has(1)


async def test_a_refused_callback_is_sent_again_until_it_is_taken(simulator, receiver, begin):
    receiver.refuse = 2
    async with simulator() as client:
        await pick(client, await begin(client), "passed")
        bodies = await receiver.has(3)
        assert len({body["event_id"] for body in bodies}) == 1
        await asyncio.sleep(0.5)
        assert len(receiver.arrived) == 3


async def test_what_it_knows_and_owes_survives_a_restart(simulator, receiver, begin):
    async with simulator() as client:
        await client.post("/control", json={"delay_seconds": 1})
        started = await begin(client, method="my_number_card")
        await pick(client, started, "passed")
    assert receiver.arrived == []
    async with simulator() as client:
        assert (await truth(client, started))["status"] == "passed"
        (callback,) = await receiver.has(1)
        assert callback["status"] == "passed"


async def test_a_person_picks_the_result_on_a_japanese_page(simulator, receiver, begin):
    async with simulator() as client:
        started = await begin(client)
        page = await client.get(started["url"])
        assert "本人と確認できたことにする" in page.text
        pressed = await client.post(f"/verify/{started['id']}/passed", follow_redirects=True)
        assert "確認できました" in pressed.text
        assert "<button>" not in pressed.text
        assert [body["status"] for body in await receiver.has(1)] == ["passed"]
        assert started["id"] in (await client.get("/")).text
