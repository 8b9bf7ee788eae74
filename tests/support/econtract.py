"""The provider of electronic contracts, as the local stack simulates it, without a network between."""

from __future__ import annotations

import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import httpx
from applications.econtract import work
from applications.econtract.client import EContractClient
from applications.econtract.commands import take_hint
from applications.providers import Listener
from kit.providers import jobs
from kit.providers.client import Provider
from madoguchi_stack.callbacks import signature
from madoguchi_stack.econtract import state as provider
from madoguchi_stack.econtract.app import Settings, build_with
from pydantic import SecretStr

from support.counter import Counter, Person

SECRET = "c" * 32
URL = "http://contracts.test"
VIDEO = "http://contracts.test/video"
POLL = timedelta(minutes=1)


class Contracts:
    """The simulator's own app beside the service under test; `down` makes it unreachable, `asked` is what it heard."""

    def __init__(self, desk: Counter, folder: Path) -> None:
        """Callbacks reach the service at its own address."""
        self.desk, self.down = desk, False
        self.asked: list[str] = []
        settings = Settings(
            state=folder / "state.json", url=URL, api_key=SecretStr("the-key"), callback_secret=SecretStr(SECRET)
        )
        app = build_with(settings)
        self.state: provider.State = app.state.provider.state
        inner = httpx.ASGITransport(app)

        async def handle(request: httpx.Request) -> httpx.Response:
            self.asked.append(f"{request.method} {request.url.path.split('/')[2]}")
            if self.down:
                raise httpx.ConnectError("down", request=request)
            answer = await inner.handle_async_request(request)
            await answer.aread()
            return answer

        self.client = EContractClient(
            Provider("econtract", URL, "the-key", "http://test/callbacks", 5, https_only=False), _Transport(handle)
        )
        desk.listeners["econtract"] = Listener(SECRET, take_hint)

    def jobs(self) -> jobs.Jobs:
        """What the worker's loop does."""
        desk = self.desk
        return work.jobs(
            desk.database, desk.desk, self.client, desk.clock, poll=POLL, portal="http://portal.test", video_url=VIDEO
        )

    async def work(self) -> int:
        """The worker's loop until nothing is due; how often something was."""
        turns = 0
        while await jobs.turn(self.desk.database, self.jobs(), self.desk.clock):
            turns += 1
        return turns

    def envelope(self) -> provider.Envelope:
        """The one that was opened last."""
        return list(self.state.envelopes.values())[-1]

    async def place(self, person: Person, application: UUID) -> httpx.Response:
        """The way to the page where somebody signs."""
        return await person.get(f"/v1/applications/{application}/contract/place")

    async def press(self, person: Person, application: UUID) -> None:
        """Somebody signs on their page."""
        answer = await self.place(person, application)
        assert answer.status_code == 200, answer.text
        provider.sign(self.state, UUID(answer.json()["url"].rpartition("/")[2]), self.desk.clock())

    async def call_back(self, *, event: str | None = None, secret: str = SECRET) -> int:
        """The provider's hint on its last envelope; the status of our answer."""
        body = json.dumps({"event_id": event or str(uuid4()), "id": str(self.envelope().id)}).encode()
        timestamp = str(int(self.desk.clock().timestamp()))
        headers = {"X-Provider-Timestamp": timestamp, "X-Provider-Signature": signature(secret, timestamp, body)}
        url = "/v1/providers/econtract/callbacks"
        return (await self.desk.client.post(url, content=body, headers=headers)).status_code

    async def sign(self, person: Person, application: UUID) -> str:
        """The video, the page, the callback, and the worker: the state of the loan afterwards."""
        where = {"track": "signature", "subject": str(person.account_id)}
        watched = await person.step(application, "watch", **where)
        assert watched.status_code == 200, watched.text
        await self.press(person, application)
        assert await self.call_back() == 204
        await self.work()
        return str((await person.view(application))["state"])


@asynccontextmanager
async def contracts_of(desk: Counter) -> AsyncIterator[Contracts]:
    """The provider, for a service under test."""
    with tempfile.TemporaryDirectory(prefix="econtract-") as folder:
        contracts = Contracts(desk, Path(folder))
        async with contracts.client:
            yield contracts


class _Transport(httpx.AsyncBaseTransport):
    def __init__(self, handle: object) -> None:
        self._handle = handle

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer: httpx.Response = await self._handle(request)  # type: ignore[operator]
        return answer
