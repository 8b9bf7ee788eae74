"""The insurer's danshin Web service, as the local stack simulates it, without a network between."""

from __future__ import annotations

import hashlib
import hmac
import json
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
from applications.features.green_loan.danshin.client import DanshinClient
from applications.features.green_loan.danshin.commands import take_hint
from applications.features.green_loan.danshin.work import NAME, jobs
from applications.providers import Listener
from kit.providers import jobs as kit_jobs
from kit.providers.client import Provider
from madoguchi_stack.danshin import state as insurer
from madoguchi_stack.danshin.app import Settings, build_with
from madoguchi_stack.danshin.state import Application, Declaration, Status
from pydantic import SecretStr

from support.counter import Counter

URL = "http://insurer.test"
PROVIDER_SECRET = "the insurer signs with it"


class Insurer:
    """The simulator's own app. `down`: nobody is reached; `lost`: the answer to the next request does not arrive."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        counter.listeners[NAME] = Listener(PROVIDER_SECRET, take_hint)
        self.down = False
        self.lost = False
        self.requests: list[tuple[str, Any]] = []
        self._folder = tempfile.TemporaryDirectory(prefix="danshin-")  # removed together with this object
        settings = Settings(
            state=Path(self._folder.name) / "state.json",
            url=URL,
            api_key=SecretStr("the-key"),
            callback_secret=SecretStr(PROVIDER_SECRET),
        )
        self._app = build_with(settings)
        self.state: insurer.State = self._app.state.provider.state
        provider = Provider(NAME, URL, "the-key", "http://counter.test/callbacks", 5, False)
        self.client = DanshinClient(provider, httpx.MockTransport(self._answer))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append((f"{request.method} {request.url.path}", json.loads(request.content or b"null")))
        if self.down:
            raise httpx.ConnectError("the insurer is down", request=request)
        inner = httpx.ASGITransport(self._app)
        answer = await inner.handle_async_request(request)
        await answer.aread()
        if self.lost:
            self.lost = False
            raise httpx.ReadTimeout("the answer is lost", request=request)
        return answer

    async def turn(self) -> bool:
        """One turn of the worker's loop; whether something was due."""
        desk = self._counter
        rows = jobs(desk.database, desk.desk, self.client, desk.clock, timedelta(minutes=1))
        return await kit_jobs.turn(desk.database, rows, desk.clock)

    async def turns(self) -> None:
        """Whatever is due now."""
        while await self.turn():
            continue

    def of(self, application_id: UUID | str) -> Application:
        """The one application there is at the service with this reference."""
        (found,) = [one for one in self.state.applications.values() if str(one.wish.reference) == str(application_id)]
        return found

    def declares(self, one: Application, **told: bool) -> None:
        """The person declares, now."""
        insurer.declare(self.state, one, Declaration(statement_read=True, **told), self._counter.clock())

    def decides(self, one: Application, status: str) -> None:
        """The lead insurer does."""
        insurer.decide(self.state, one, Status(status), self._counter.clock())

    async def calls(self, one: Application, *, event_id: str | None = None, **wrong: Any) -> httpx.Response:
        """A callback about an application; `wrong` takes the place of the secret, the timestamp, or the body's id."""
        said = {"event_id": event_id or str(uuid4()), "id": wrong.get("id", str(one.id)), "status": "joined"}
        body = json.dumps(said).encode()
        timestamp = str(int(self._counter.clock().timestamp()) - wrong.get("seconds_ago", 0))
        secret = wrong.get("secret", PROVIDER_SECRET).encode()
        signature = hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        headers = {"X-Provider-Timestamp": timestamp, "X-Provider-Signature": signature}
        return await self._counter.client.post("/v1/providers/danshin/callbacks", content=body, headers=headers)
