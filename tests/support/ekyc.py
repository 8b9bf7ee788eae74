"""The provider of identity verification, as the local stack simulates it, without a network between."""

from __future__ import annotations

import hashlib
import hmac
import json
import tempfile
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from identity import verifications
from identity.clients import EkycClient
from identity.tools import Tools
from kit.db import Database
from kit.providers import jobs
from madoguchi_stack.ekyc.app import Settings, build_with
from madoguchi_stack.ekyc.state import Status, Verification, move
from pydantic import SecretStr

from support.clock import FakeClock
from support.identity import CALLBACK_SECRET


async def turn(database: Database, tools: Tools, client: EkycClient, clock: FakeClock) -> bool:
    """One turn of the worker's loop; whether something was due."""
    return await jobs.turn(database, verifications.jobs(database, tools, client, clock), clock)


class SimulatedProvider:
    """The simulator's own app; `down` makes it unreachable, `requests` is what it was asked."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.down = False
        self.requests: list[str] = []
        self._folder = tempfile.TemporaryDirectory(prefix="ekyc-")  # removed together with this object
        settings = Settings(
            state=Path(self._folder.name) / "state.json",
            url="http://provider.test",
            api_key=SecretStr("the-key"),
            callback_secret=SecretStr(CALLBACK_SECRET),
        )
        self._app = build_with(settings)
        self._state = self._app.state.provider.state

    def transport(self) -> httpx.AsyncBaseTransport:
        """For an EkycClient."""
        inner = httpx.ASGITransport(self._app)

        async def handle(request: httpx.Request) -> httpx.Response:
            self.requests.append(f"{request.method} {request.url.path}")
            if self.down:
                raise httpx.ConnectError("provider is down", request=request)
            answer = await inner.handle_async_request(request)
            await answer.aread()
            return answer

        return _Transport(handle)

    def urls(self) -> list[str]:
        """The addresses where people go."""
        return [f"http://provider.test/verify/{verification.id}" for verification in self._state.verifications.values()]

    def of(self, ekyc_id: str) -> Verification:
        """The verification of one of our runs."""
        return next(one for one in self._state.verifications.values() if one.reference == str(ekyc_id))

    def finish(self, ekyc_id: str, status: str) -> None:
        """A person gets so far."""
        move(self._state, self.of(ekyc_id), Status(status), self._clock())

    def callback(self, ekyc_id: str, *, event_id: str | None = None, secret: str = CALLBACK_SECRET) -> dict[str, Any]:
        """The arguments of a POST to our callback address."""
        body = {"event_id": event_id or str(uuid4()), "verification_id": str(self.of(ekyc_id).id), "status": "passed"}
        return signed_callback(json.dumps(body).encode(), str(int(self._clock().timestamp())), secret)


def signed_callback(body: bytes, timestamp: str, secret: str = CALLBACK_SECRET) -> dict[str, Any]:
    """Content and headers of a callback with this body, signed as the provider signs."""
    signature = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"content": body, "headers": {"X-Ekyc-Timestamp": timestamp, "X-Ekyc-Signature": signature}}


class _Transport(httpx.AsyncBaseTransport):
    def __init__(self, handle: Any) -> None:
        self._handle = handle

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer: httpx.Response = await self._handle(request)
        return answer
